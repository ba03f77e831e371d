"""One bit is flipped at every byte of a store: verify names it, opening refuses it, or it is free.

    byte ── of nothing at all ──► all of them are flipped at once; verify and every answer as before
         ── of an event's row ──► the row is read and hashed, as verify does with every row
         ── of anything else  ──► SQLite's own check, then verify, then every answer compared

Law: no flipped bit changes an answer without being named. The short ways above are steps of
``verify``: whatever takes one of them is also held against the whole of it, one byte in a thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import apsw
from tests.crash.findings import Tally
from tests.crash.pages import PAGE, cells, chain, trunks, used_bytes
from tests.crash.workload import World, begin, means, run_step, script
from tests.disk.adapter import Simulated
from tests.disk.sim_disk import SimDisk
from tests.disk.vfs import NAME, mounted

from tallystick.errors import TallyError
from tallystick.replica.replica import Replica, open_replica
from tallystick.store import Store
from tallystick.store.verify import UNREADABLE

SIZE = 1 << 20
STEPS = 30
WHOLE = 1_000
"""Of the flips that a short way names, one in so many goes through the whole of verify as well."""


def grown(seed: int, folder: Path, size: int = SIZE) -> tuple[World, bytes]:
    """A closed store of at least ``size`` bytes in which everything has happened; its file."""
    w = begin(seed, folder)
    steps = script(seed, STEPS)
    for number in range(STEPS):
        run_step(w, steps, number)
    rng = Random(f"grown/{seed}")
    while True:
        w.close()
        image = w.disk.content(str(w.path))
        if len(image) >= size:
            return w, image
        rows = [("note/grown", {"n": n, "text": "g" * rng.randrange(500)}) for n in range(200)]
        w.ana.write_many(rows)
        w.ana.sync(w.ben)


def answers(one: Replica, folder: Path) -> str:
    """A digest of everything a reader can be told, and of an export."""
    found = sha256()
    wanted = one._wanted
    for log in one.logs():
        one._wanted = log.id
        tell = [
            one.digest(), one.state_hash(), one.standing(), one.view(), one.history(), one.heads(),
            one.history(order="arrival"), one.policy.bytes(), one.views(), one.graph(), log,
            [one.verdict(event.author) for event in one.heads()],
            [one.why(f"list/{number}/title") for number in range(3)],
            one._log.judging.mine, one._store.policy_history(one._log.no),
            one._store.pending_of(one._log.no), one._store.equivocations(one._log.no),
            one._store.feed_read(one._log.no, 0, 1 << 20),
        ]  # fmt: skip
        tell += [one.view(view.name) for view in one.views()]
        found.update(repr(tell).encode())
        bundle = folder / "answers.bundle"
        bundle.unlink(missing_ok=True)
        one.export(bundle)
        found.update(bundle.read_bytes())
    one._wanted = wanted
    found.update(repr((one.names(), one.did, one.name, one._store.created_ms)).encode())
    return found.hexdigest()


class Rot:
    """One store, flipped byte by byte."""

    def __init__(self, w: World, image: bytes, tally: Tally) -> None:
        self.w, self.image, self.tally = w, image, tally
        self.path = str(w.path)
        self.tables: dict[int, str] = {}
        self.rows: dict[int, int] = {}
        """Byte -> row of the event it belongs to."""
        self._map()
        self.truth = self._told(self._disk(image))
        self.disk = self._disk(image)
        self.store = Store.open(w.path, disk=Simulated(self.disk))

    def close(self) -> None:
        self.store.close()

    def _disk(self, image: bytes) -> SimDisk:
        disk = SimDisk()
        disk.put(self.path, image)
        return disk

    def _map(self) -> None:
        disk = self._disk(self.image)
        db = apsw.Connection(mounted(disk) + self.path, apsw.SQLITE_OPEN_READWRITE, vfs=NAME)
        db.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        pages = db.execute("SELECT pageno, name, pagetype FROM dbstat").fetchall()
        db.close()
        self.tables = {page: name for page, name, _ in pages}
        btrees = {page for page, _, kind in pages if kind != "overflow"}
        self.used = used_bytes(self.image, btrees, trunks(self.image))
        for page, name, kind in pages:
            if name != "event" or kind != "leaf":
                continue
            for cell in cells(self.image, page):
                stretches = [(cell.begin, cell.end), *chain(self.image, cell)]
                for start, end in stretches:
                    self.rows.update(dict.fromkeys(range(start, end), cell.row))

    def _told(self, disk: SimDisk) -> str | None:
        """What a replica on a disk answers; None when it is refused or verify names something."""
        with_means = means(f"{self.w.seed}/rot", disk)
        try:
            with open_replica(self.w.path, means=with_means, log=self.w.cast.log) as one:
                return answers(one, self.w.folder) if one.verify().ok else None
        except TallyError:
            return None

    def free(self) -> None:
        """All bytes that nothing looks at, flipped at once."""
        rng = Random(f"{self.w.seed}/free")
        image = bytearray(self.image)
        spots = [at for at, used in enumerate(self.used) if not used]
        for at in spots:
            image[at] ^= 1 << rng.randrange(8)
        if self._told(self._disk(bytes(image))) == self.truth:
            self.tally.points += len(spots)
            self.tally.note("free", len(spots))
        else:
            self.tally.found("corrupt", "free bytes are not free", "--mode bitrot --only free")

    def flip(self, at: int) -> None:
        """One bit of one byte that something looks at."""
        rng = Random(f"{self.w.seed}/{at}")
        bit = rng.randrange(8)
        self.tally.points += 1
        row = self.rows.get(at)
        if row is not None and self._row_is_wrong(at, bit, row):
            short = "by-hash"
        elif self._is_refused(at, bit):
            short = "by-sqlite"
        else:
            self._whole(at, bit)
            return
        self.tally.note(short)
        if rng.randrange(WHOLE) == 0:
            self.tally.note("held-against-verify")
            if self._told(self._flipped(at, bit)) is not None:
                self._silent(at, bit, f"{short}, and verify says nothing")

    def _flipped(self, at: int, bit: int) -> SimDisk:
        disk = self._disk(self.image)
        disk.flip(self.path, at, bit)
        return disk

    def _row_is_wrong(self, at: int, bit: int, row: int) -> bool:
        """Reads one row as verify reads every row, with the bit turned in what SQLite reads."""
        self.disk.flip(self.path, at, bit)
        self.store.db._db.release_memory()
        try:
            event = self.store.event(row)
            return sha256(self.store.header(event)).digest() != event.id
        except UNREADABLE:
            return True
        finally:
            self.disk.flip(self.path, at, bit)
            self.store.db._db.release_memory()

    def _is_refused(self, at: int, bit: int) -> bool:
        """SQLite's own look at all pages, and the rows' checksums: the first thing verify does."""
        disk = self._flipped(at, bit)
        try:
            with Store.open(self.w.path, disk=Simulated(disk)) as store:
                return next(store.scan_rows(), None) is not None
        except TallyError:
            return True

    def _whole(self, at: int, bit: int) -> None:
        try:
            told = self._told(self._flipped(at, bit))
        except Exception as error:  # noqa: BLE001  # all of it is news
            self._silent(at, bit, f"{type(error).__name__}: {error}")
            return
        if told is None:
            self.tally.note("by-verify")
        elif told == self.truth:
            self.tally.note("without-effect")
        else:
            self._silent(at, bit, "answers differ and verify says nothing")

    def _silent(self, at: int, bit: int, what: str) -> None:
        where = f"byte {at} bit {bit}, page {at // PAGE + 1} of {self._table(at)}"
        self.tally.found("corrupt", f"{what}: {where}", f"--mode bitrot --seed {self.w.seed}"
                         f" --only {at}")  # fmt: skip

    def _table(self, at: int) -> str:
        return self.tables.get(at // PAGE + 1, "no table")


def run_bitrot(
    points: int | None,
    seed: int,
    *,
    only: str | None = None,
    size: int = SIZE,
    told: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Flips a bit at every byte of a store (or at ``points`` of those that are looked at)."""
    tally = Tally("bitrot")
    with TemporaryDirectory() as folder:
        w, image = grown(seed, Path(folder), size)
        rot = Rot(w, image, tally)
        tally.note("size", len(image))
        wanted = [at for at, used in enumerate(rot.used) if used]
        tally.note("looked-at", len(wanted))
        if only is not None and only != "free":
            wanted = [int(only)]
        elif only == "free":
            wanted = []
        elif points is not None and points < len(wanted):
            wanted = sorted(Random(f"bitrot/{seed}").sample(wanted, points))
        if only in (None, "free"):
            rot.free()
        for at in wanted:
            rot.flip(at)
            told(tally)
        with suppress(TallyError):
            rot.close()
    return tally
