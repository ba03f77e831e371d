"""The power goes at every operation of a workload; what is left must be what was acknowledged.

    workload ── op ── op ── op ──►        before each op the disk is cut as a power loss would
                 │     │     │            leave it, each time differently (``SimDisk.cut``)
                 ▼     ▼     ▼
               left  left  left           open, compare with the ledger, check, sync, check

Law: whatever survives of unsynced writes, a recovered store is the outcome of one of its
transactions, and no transaction whose commit had returned is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.crash.findings import Tally, sort_of
from tests.crash.oracle import Ledger, check_store, dump, integrity
from tests.crash.workload import World, begin, go_on, run_step, script
from tests.disk.adapter import Simulated
from tests.disk.sim_disk import Op, SimDisk

from tallystick.errors import TallyError
from tallystick.store import Store

STEPS = 30
AGAIN = 8
"""One recovery in so many is cut off in its turn, and what that leaves is checked."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A disk as a power loss left it.

    Args:
        number: of the point in its run.
        least, most: which of the ledger's states it may hold.
        key: ana's key file at that moment.
    """

    number: int
    op: Op
    left: SimDisk
    ben: SimDisk
    key: bytes | None
    least: int
    step: int


class PowerRun:
    """One workload of one seed, cut at every operation."""

    def __init__(
        self, seed: int, *, synchronous: str, tally: Tally, only: int | None, every: int = 1
    ) -> None:
        self.seed = seed
        self.synchronous = synchronous
        self.tally = tally
        self.only = only
        self.every = every
        self.number = 0
        self.cuts: list[Cut] = []
        self.checked: set[str] = set()
        self.ben = (-1, SimDisk())
        """ben's disk as it was after so many operations: most cuts find him as the last one did."""

    def run(self, limit: int, told: Callable[[Tally], None]) -> None:
        """Cuts at most ``limit`` times."""
        with TemporaryDirectory() as folder:
            w = begin(self.seed, Path(folder), synchronous=self.synchronous)
            steps = script(self.seed, STEPS)
            ledger = Ledger(str(w.path), w.disk)
            w.opened = ledger.tap
            w.disk.watch = lambda op: self._cut(w, ledger, op)
            for number in range(len(steps)):
                run_step(w, steps, number)
                w.disk.watch, watch = None, w.disk.watch
                for cut in self.cuts[:limit]:
                    self._check(w, ledger, cut)
                    told(self.tally)
                limit -= len(self.cuts[:limit])
                self.cuts.clear()
                w.disk.watch = watch
                if not limit:
                    break
            self.tally.acked += w.acked
            w.disk.watch = None
            w.close()

    def _cut(self, w: World, ledger: Ledger, op: Op) -> None:
        number = self.number
        self.number += 1
        if number != self.only if self.only is not None else number % self.every:
            return
        key = w.folder / "ana.tally.key"
        if self.ben[0] != w.ben_disk.ops:
            self.ben = (w.ben_disk.ops, w.ben_disk.clone())
        self.cuts.append(
            Cut(
                number, op, w.disk.cut(Random(f"{self.seed}/{number}")), self.ben[1],
                key.read_bytes() if key.exists() else None, len(ledger.states) - 1, w.step,
            )
        )  # fmt: skip

    def _check(self, w: World, ledger: Ledger, cut: Cut) -> None:
        self.tally.points += 1
        replay = (
            f"--mode power --seed {self.seed} --only {cut.number} --sync {self.synchronous.lower()}"
        )
        where = f"{cut.op.kind} {cut.op.name.rpartition('/')[2]} in step {cut.step}"
        key = w.folder / "ana.tally.key"
        now = key.read_bytes() if key.exists() else None
        try:
            put_key(key, cut.key)
            self._recover(w, ledger, cut)
        except Lost as lost:
            self.tally.found("lost", f"{lost} ({where})", replay)
        except Exception as error:  # noqa: BLE001  # all of it is news
            what = f"{type(error).__name__}: {error} ({where})"
            self.tally.found(sort_of(error), what, replay)
        finally:
            put_key(key, now)

    def _recover(self, w: World, ledger: Ledger, cut: Cut) -> None:
        found = self._state(ledger, cut.left, cut.least)
        again = Random(f"{self.seed}/{cut.number}/again")
        if again.randrange(AGAIN) == 0:
            left = self._cut_again(w, cut, again)
            least = max(at for at, state in enumerate(ledger.states) if state == found)
            if self._state(ledger, left, least) != found:
                raise AssertionError(f"a recovery cut short left another state than {least}")
            self.tally.note("again")
            cut = Cut(cut.number, cut.op, left, cut.ben, cut.key, least, cut.step)
        there = World(
            self.seed, w.folder, cut.left, cut.ben.clone(), self.synchronous, 1000 + cut.number
        )
        try:
            integrity(there.ana)
            if found not in self.checked:
                check_store(there.ana)
                self.checked.add(found)
            go_on(there)
        finally:
            there.close()

    def _state(self, ledger: Ledger, left: SimDisk, least: int) -> str:
        """The state found; one that the ledger has, and none before ``least``."""
        found = dump(left, ledger.path)
        if found in ledger.states[least : least + 2]:
            return found
        if found in ledger.states:
            raise Lost(f"state {ledger.states.index(found)} where {least} was acknowledged")
        raise AssertionError("what is left is the outcome of no transaction")

    def _cut_again(self, w: World, cut: Cut, rng: Random) -> SimDisk:
        """Opens what is left, and cuts the power at some operation of that."""
        disk, lefts = cut.left.clone(), []
        there = World(self.seed, w.folder, disk, cut.ben.clone(), self.synchronous, 999)
        stop = rng.randrange(12)
        disk.watch = lambda op: lefts.append(disk.cut(rng)) if op.number == stop else None
        if cut.key is not None:
            with suppress(TallyError):
                Store.open(w.path, disk=Simulated(disk)).close()
        disk.watch = None
        there.close()
        return lefts[0] if lefts else cut.left


class Lost(AssertionError):
    """Something acknowledged is not there."""


def put_key(path: Path, content: bytes | None) -> None:
    """Makes a key file what it was at some moment."""
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)


def run_power(
    points: int,
    seed: int,
    *,
    synchronous: str = "FULL",
    only: int | None = None,
    every: int = 1,
    told: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Cuts the power ``points`` times, at every ``every``-th operation, one seed after another."""
    tally = Tally(f"power-{synchronous.lower()}")
    while tally.points < points:
        run = PowerRun(seed, synchronous=synchronous, tally=tally, only=only, every=every)
        before = tally.points
        run.run(10**9 if only is not None else points - before, told)
        if only is not None:
            break
        seed += 1
    return tally
