"""The spine, from a written event to a value read: rows 1-5, 7-9, 11, 12 and 14 of the bars.

    .venv/bin/python -m bench.spine [--json] [--events 100000] [--only append,commits,...]

Everything goes through ``Replica``: verified, stored durably, judged, reduced into the view of
places and (where said) into a sum per target. Bare SQLite stands beside rows 1 to 3 (and one
durable row of it beside 7 and 8): one table ``(row, id, body)``, bodies of the same size,
``synchronous = FULL``, taking turns with the work itself, so that a slow disk slows both. Packs
are sealed and signed before a clock starts, except in rows 1 and 2, where that is the work.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import tallystick
from tallystick import kernels
from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.slice import Slice
from tallystick.event.rules import CREATE, log_content
from tallystick.identity.did import did_key
from tallystick.identity.keys import SigningKey
from tallystick.kernels import Draft, encode_item
from tallystick.replica.replica import Replica
from tallystick.store import Store

RUNS = 5
BATCH = 1_000
AUTHORS = 10
KIND = "rating/rate"
TARGETS = [did_key(SigningKey(bytes([200, n]) * 16).public) for n in range(50)]
NOW_MS = 1_700_000_000_000
_SERIAL = count()


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one row of the bars; ``beside`` is bare SQLite's, taken in turns."""

    row: int
    name: str
    value: float
    unit: str
    bar: float | None = None
    beside: float | None = None

    @property
    def ok(self) -> bool | None:
        """Whether it meets the bar; None where there is none."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.unit.endswith("/s") else self.value <= self.bar


class World:
    """Authors who write ratings, as slices ready to be sent; the first made the log."""

    def __init__(self, authors: int) -> None:
        self.keys = [SigningKey(bytes([1 + n]) * 32) for n in range(authors)]
        self.ends = [ChainEnd() for _ in self.keys]
        draft = Draft(
            [0], [NOW_MS], [CREATE], [b""], [b""], [b""], [log_content("bench", "")], [bytes(16)]
        )
        commit = prepare(self.keys[0], b"", ChainEnd(), draft)
        self.log = commit.opened.log
        self.ends[0] = commit.end
        self.genesis = Slice(self.log, self.keys[0].public, 0, 1, commit.pack, commit.head, b"")

    def slice(self, author: int, events: int) -> Slice:
        """The author's next events under a head of their own."""
        key, end = self.keys[author], self.ends[author]
        first = end.lamport + 1
        draft = Draft(
            list(range(first, first + events)),
            [NOW_MS + n for n in range(events)],
            [KIND] * events,
            [b""] * events,
            [b""] * events,
            [b""] * events,
            [
                encode_item({"target": TARGETS[(author + n) % 50], "rating": n % 21 - 10})
                for n in range(events)
            ],
            [os.urandom(16) for _ in range(events)],
        )
        commit = prepare(key, self.log, end, draft)
        self.ends[author] = commit.end
        return Slice(self.log, key.public, end.size, events, commit.pack, commit.head, b"")

    def slices(self, events: int, each: int) -> list[Slice]:
        """Slices of ``each`` events, the authors taking turns."""
        return [self.slice(n % len(self.keys), each) for n in range(events // each)]


class Bare:
    """SQLite and nothing else: rows of an id and a body."""

    def __init__(self, folder: Path) -> None:
        path = folder / f"bare{next(_SERIAL)}.db"
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA wal_autocheckpoint = 16384")
        self._db.execute("CREATE TABLE t (row INTEGER PRIMARY KEY, id BLOB, body BLOB)")

    def insert(self, rows: int) -> float:
        """One durable transaction; the seconds it took."""
        batch = [(os.urandom(32), bytes(90)) for _ in range(rows)]
        begin = time.perf_counter()
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO t (id, body) VALUES (?, ?)", batch)
        self._db.execute("COMMIT")
        return time.perf_counter() - begin


def timed(call: Callable[[], object]) -> float:
    """Seconds."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def fresh(folder: Path, world: World | None = None, *, view: bool = False) -> Replica:
    """A new replica, of the world's log if one is given."""
    replica = tallystick.init(folder / f"{next(_SERIAL)}.tally")
    if world is not None:
        replica.receive([world.genesis], log=world.log)
        if view:
            replica.define_sum("reputation", kind=KIND)
    return replica


def filled(folder: Path, world: World, events: int, *, view: bool = True) -> Replica:
    """A replica that holds so many events of the world."""
    replica = fresh(folder, world, view=view)
    for one in world.slices(events, BATCH):
        replica.receive([one])
    return replica


# --- rows 1 and 2: writing --------------------------------------------------------------------


def append(folder: Path, _: int) -> Iterator[Figure]:
    """Row 1: one event, one durable transaction."""
    bare = Bare(folder)
    took: list[float] = []
    beside: list[float] = []
    with tallystick.open(folder / "append.tally", create=True) as replica:
        replica.write("note/text", {"text": "first"})
        for n in range(1_000):
            content = {"text": "a note of some length, as people write them", "n": n}
            took.append(timed(lambda content=content: replica.write("note/text", content)))
            beside.append(bare.insert(1))
    value, limit = 1 / statistics.median(took), 1 / statistics.median(beside)
    yield Figure(1, "append one durable event at a time", value, "events/s", 4_000, limit)


def commits(folder: Path, _: int) -> Iterator[Figure]:
    """Row 2: commits of 1,000 events."""
    bare = Bare(folder)
    took: list[float] = []
    beside: list[float] = []
    rows = [(KIND, {"target": TARGETS[n % 50], "rating": n % 21 - 10}) for n in range(BATCH)]
    with tallystick.open(folder / "commits.tally", create=True) as replica:
        for _run in range(5 * RUNS):
            took.append(timed(lambda: replica.write_many(rows)))
            beside.append(bare.insert(BATCH))
    value, limit = BATCH / statistics.median(took), BATCH / statistics.median(beside)
    yield Figure(2, "append in commits of 1,000", value, "events/s", 100_000, limit)


# --- rows 3 to 5: from a peer -----------------------------------------------------------------


def ingest_rate(folder: Path, events: int, runs: int) -> tuple[float, float]:
    """Events per second in slices of 1,000 into a replica with a sum, and bare SQLite's."""
    bare, world = Bare(folder), World(AUTHORS)
    slices = world.slices(events, BATCH)
    rates, limits = [], []
    for _ in range(runs):
        with fresh(folder, world, view=True) as replica:
            gc.collect()
            took = beside = 0.0
            for one in slices:
                took += timed(lambda one=one, replica=replica: replica.receive([one]))
                beside += bare.insert(BATCH)
            assert sum(log.events for log in replica.logs()) == 1 + len(slices) * BATCH
        rates.append(len(slices) * BATCH / took)
        limits.append(len(slices) * BATCH / beside)
    return statistics.median(rates), statistics.median(limits)


def ingest(folder: Path, events: int) -> Iterator[Figure]:
    """Row 3: slices of 1,000, one sum; at a tenth and at all of the events, to see it grow."""
    bar = 100_000 if kernels.active_name == "native" else 15_000
    row = 3 if kernels.active_name == "native" else 5
    for size in (events // 10, events):
        rate, limit = ingest_rate(folder, size, RUNS if size <= 100_000 else 1)
        name = f"ingest {size} events in slices of 1,000 into one view"
        yield Figure(row, name, rate, "events/s", bar, limit)


def live(folder: Path, _: int) -> Iterator[Figure]:
    """Row 4: every event a slice under its own head, 1,000 of them a message."""
    world = World(AUTHORS)
    slices = world.slices(BATCH * RUNS, 1)
    with fresh(folder, world, view=True) as replica:
        took = [
            timed(lambda at=at: replica.receive(slices[at : at + BATCH]))
            for at in range(0, len(slices), BATCH)
        ]
    rate = BATCH / statistics.median(took)
    yield Figure(4, "ingest, every event under its own head", rate, "events/s", 15_000)


def reference(_: Path, events: int) -> Iterator[Figure]:
    """Row 5: row 3 on the reference kernels, a tenth of it, in a process of its own."""
    if kernels.active_name != "native":
        return
    command = [sys.executable, "-m", "bench.spine", "--json", "--only", "ingest"]
    out = subprocess.run(
        [*command, "--events", str(max(events // 10, 10 * BATCH))],
        env=os.environ | {"TALLYSTICK_KERNELS": "reference"},
        check=True,
        capture_output=True,
        text=True,
    )
    for line in out.stdout.splitlines():
        found = json.loads(line)
        if "row" in found:
            names = ("row", "name", "value", "unit", "bar", "beside")
            yield Figure(**{name: found[name] for name in names})


# --- rows 7 and 8: excluded and included again ------------------------------------------------


def exclude(folder: Path, events: int) -> Iterator[Figure]:
    """Rows 7 and 8: an author of 100, an author of a tenth, by a private word; both views move."""
    world, bare = World(AUTHORS + 1), Bare(folder)
    few = AUTHORS
    with fresh(folder, world, view=True) as replica:
        replica.receive([world.slice(few, 100)])
        for n in range(events // BATCH):
            replica.receive([world.slice(n % AUTHORS, BATCH)])
        for row, author, share, bar in (
            (7, few, "100 events", 3.0),
            (8, 1, f"{events // AUTHORS} events", 150.0),
        ):
            target = did_key(world.keys[author].public)
            out, back, beside = [], [], []
            replica.withdraw(replica.ban(target, private=True))  # what is loaded lazily is loaded
            for _ in range(RUNS):
                begin = time.perf_counter()
                said = replica.ban(target, private=True)
                middle = time.perf_counter()
                replica.withdraw(said)
                out.append(1e3 * (middle - begin))
                back.append(1e3 * (time.perf_counter() - middle))
                beside.append(1e3 * bare.insert(1))
            limit = statistics.median(beside)
            name = f"an author of {share} in {events}"
            yield Figure(row, f"exclude {name}", statistics.median(out), "ms", bar, limit)
            yield Figure(row, f"include {name}", statistics.median(back), "ms", bar, limit)


# --- rows 9 and 14: opening and size ----------------------------------------------------------


def opening(folder: Path, events: int) -> Iterator[Figure]:
    """Row 9: a store opened and one value read; the command that does least, from the shell."""
    with filled(folder, World(AUTHORS), events) as replica:
        path = replica.path
    assert path is not None

    def once() -> None:
        with tallystick.open(path) as again:
            assert again.view("reputation", key=TARGETS[3]) is not None

    took = [timed(once) for _ in range(4 * RUNS)]
    name = f"open a store of {events} events and read one value"
    yield Figure(9, name, 1e3 * statistics.median(took), "ms", 50)
    command = [sys.executable, "-m", "tallystick.cli", "id", str(path)]
    shell = [
        timed(lambda: subprocess.run(command, check=True, capture_output=True))
        for _ in range(2 * RUNS)
    ]
    yield Figure(9, "tally id, from the shell", 1e3 * statistics.median(shell), "ms", 150)


def size(folder: Path, events: int) -> Iterator[Figure]:
    """Row 14: bytes of the file beyond bodies, without a sum; memory of the store at work."""
    with filled(folder, World(AUTHORS), events, view=False) as replica:
        path = replica.path
        assert path is not None
        bodies = replica.sql(
            "SELECT sum(length(frame) + coalesce(length(content), 0) + length(seal)) FROM event"
        ).rows[0][0]
        last = replica.history(limit=1)[0].id
    with Store.open(path) as store:
        while store.maintain():
            pass
    stored = path.stat().st_size - bodies
    yield Figure(14, "bytes on disk per event beyond its body", stored / events, "B", 160)
    gc.collect()
    tracemalloc.start()
    with tallystick.open(path) as replica:
        replica.verdict(last)
        memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    yield Figure(14, "bytes of memory per event of an open store", memory / events, "B", 64)


# --- rows 11 and 12: syncing ------------------------------------------------------------------


def syncing(folder: Path, events: int) -> Iterator[Figure]:
    """Rows 11 and 12: equal replicas; 100 new events of one author in one commit at the tail."""
    world = World(AUTHORS)
    slices = [world.genesis, *world.slices(events, BATCH)]
    ours, theirs = fresh(folder, world), fresh(folder, world)
    with ours, theirs:
        for one in slices[1:]:
            ours.receive([one])
            theirs.receive([one])
        report = ours.sync(theirs)  # two strangers; what they agreed on is remembered
        for name in ("first", "again"):
            report = ours.sync(theirs)
            total = report.bytes_in + report.bytes_out
            assert report.equal
            yield Figure(11, f"sync, equal, {events} events, {name}: bytes", total, "B", 200)
            yield Figure(11, f"sync, equal, {name}: round trips", report.round_trips, "", 1)
        theirs.receive([world.slice(2, 100)])
        report = ours.sync(theirs)
        assert report.events_in == 100
        overhead = report.overhead_bytes
        yield Figure(12, "sync, 100 new at the tail: overhead bytes", overhead, "B", 2_000)
        yield Figure(12, "sync, 100 new at the tail: round trips", report.round_trips, "", 2)


PARTS: dict[str, Callable[[Path, int], Iterator[Figure]]] = {
    "append": append,
    "commits": commits,
    "ingest": ingest,
    "live": live,
    "reference": reference,
    "exclude": exclude,
    "opening": opening,
    "syncing": syncing,
    "size": size,
}


def show(figure: Figure, *, as_json: bool) -> None:
    """One line."""
    beside = figure.beside
    if as_json:
        ratio = None if beside is None else round(figure.value / beside, 4)
        print(json.dumps(asdict(figure) | {"ratio": ratio, "ok": figure.ok}), flush=True)
        return
    places = 0 if figure.value >= 1_000 else 2
    mark = {True: "ok", False: "--", None: ""}[figure.ok]
    bar = "" if figure.bar is None else f"bar {figure.bar:,.0f}"
    ratio = ""
    if beside is not None:
        limit = f"{beside:,.{0 if beside >= 1_000 else 2}f}"
        ratio = f"{figure.value / beside:.2f} of bare SQLite's {limit}"
    line = f"{figure.row:3} {figure.name:60} {figure.value:14,.{places}f} {figure.unit:9}"
    print(f"{line} {bar:12} {mark:2} {ratio}".rstrip(), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table, or one JSON object a line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true")
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    wish = options.parse_args(arguments)
    print(f"kernels: {kernels.active_name}, {os.cpu_count()} cores", file=sys.stderr)
    for name in wish.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            for figure in PARTS[name](Path(folder), wish.events):
                show(figure, as_json=wish.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
