"""Processes that work on real files are killed; what they had said is durable is there.

    parent ── fork ──► worker: opens the store, writes, and says each id once its verb returned
       │◄── pipe ───────┘
       └─ after some lines, and a moment: kill -9, read what else was said, open, look

Law: an id that left the process is in the store, the store verifies, and its chain is not forked.

A kill keeps what the system had cached: it shows torn transactions, not lost writes (``power``
does). The workers are forked from a process that has everything imported: 25 kills a second.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.crash.findings import Tally, sort_of
from tests.crash.oracle import check_store

import tallystick
from tallystick.event.ids import parse_cid
from tallystick.replica.replica import Replica

ROUND = 40
"""Kills of one pair of stores before new ones are made: histories stay short, checks quick."""
DEEP = 10
"""One kill in so many is followed by a check of every verdict and view."""


def worker_append(one: Replica, other: Path, rng: Random, say: Callable[[list[str]], None]) -> None:
    while True:
        say([one.write("note", {"n": rng.randrange(1000), "text": "x" * rng.randrange(400)})])


def worker_many(one: Replica, other: Path, rng: Random, say: Callable[[list[str]], None]) -> None:
    while True:
        count = rng.randrange(2, 200)
        say(one.write_many([("note/many", {"n": n}) for n in range(count)]))


def worker_edit(one: Replica, other: Path, rng: Random, say: Callable[[list[str]], None]) -> None:
    one.define_sum("sums", kind="rating/rate")
    while True:
        say([one.set(f"list/{rng.randrange(4)}/title", f"w{rng.randrange(99)}")])
        say([one.write("rating/rate", {"target": one.did, "rating": rng.randrange(9)})])


def worker_sync(one: Replica, other: Path, rng: Random, say: Callable[[list[str]], None]) -> None:
    """Both stores belong to the process that is killed; both must hold what it said."""
    with tallystick.open(other) as two:
        while True:
            ids = two.write_many([("note", {"n": n}) for n in range(rng.randrange(1, 60))])
            ids += one.write_many([("note", {"n": n}) for n in range(rng.randrange(1, 60))])
            one.sync(two)
            say([f"both {id}" for id in ids])


def worker_import(one: Replica, other: Path, rng: Random, say: Callable[[list[str]], None]) -> None:
    """Imports what another store exports, over and over with more in it."""
    with tallystick.open(other) as two:
        for number in range(10_000):
            ids = two.write_many([("note", {"n": n}) for n in range(rng.randrange(1, 120))])
            bundle = other.with_suffix(f".{os.getpid()}.{number}.bundle")
            two.export(bundle)
            one.import_bundle(bundle)
            bundle.unlink()
            say([f"both {id}" for id in ids])


def worker_tcp(one: Replica, other: Path, rng: Random, say: Callable[[list[str]], None]) -> None:
    """Syncs over TCP with a process that serves the other store and lives on."""
    address = (other.parent / "address").read_text()
    while True:
        ids = one.write_many([("note", {"n": n}) for n in range(rng.randrange(1, 60))])
        one.sync(address)
        say([f"both {id}" for id in ids])


WORKERS = (worker_append, worker_many, worker_edit, worker_sync, worker_import, worker_tcp)


def child(act: Callable[[Callable[[list[str]], None]], None]) -> tuple[int, int]:
    """A forked process that says lines; (its id, where to read)."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 0
    try:
        os.close(reading)
        act(lambda lines: _say(writing, lines))
    except BaseException as error:  # noqa: BLE001  # the parent reads it
        _say(writing, [f"error {type(error).__name__}: {error}".replace("\n", " ")])
        code = 1
    os._exit(code)
    return 0, 0


def _say(handle: int, lines: list[str]) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    while data:
        data = data[os.write(handle, data) :]


def listen(handle: int, lines: int, moment: float) -> bytes:
    """Reads at least so many lines, then whatever comes within a moment."""
    said = b""
    while said.count(b"\n") < lines:
        part = os.read(handle, 65_536)
        if not part:
            break
        said += part
    if moment:
        select.select([], [], [], moment)
    return said


def rest(handle: int) -> bytes:
    """What a process that is gone had said besides."""
    said = b""
    while part := os.read(handle, 1 << 20):
        said += part
    os.close(handle)
    return said


class KillRun:
    """A pair of stores, and kills of whoever works on them."""

    def __init__(self, folder: Path, seed: int, tally: Tally) -> None:
        self.one, self.two = folder / "a.tally", folder / "b.tally"
        self.seed, self.tally = seed, tally
        self.said: dict[Path, set[str]] = {self.one: set(), self.two: set()}
        with tallystick.open(self.one, create=True, name="a") as a:
            a.create_log("kill")
            with tallystick.open(self.two, create=True, name="b") as b:
                b.sync(a)

    def kill_once(self, number: int) -> None:
        """One worker, one kill, one look."""
        rng = Random(f"{self.seed}/{number}")
        work = WORKERS[number % len(WORKERS)]
        served = child(self._serve) if work is worker_tcp else None
        try:
            if served is not None:
                address = listen(served[1], 1, 0.0).decode().strip()
                (self.one.parent / "address").write_text(address)
            pid, reading = child(lambda say: self._work(work, rng, say))
            said = listen(reading, rng.randrange(0, 8), rng.random() * 0.02)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            said += rest(reading)
        finally:
            if served is not None:
                os.kill(served[0], signal.SIGKILL)
                os.waitpid(served[0], 0)
                os.close(served[1])
        self.tally.points += 1
        self._take(said, work.__name__)
        self._look(number)

    def _serve(self, say: Callable[[list[str]], None]) -> None:
        with tallystick.open(self.two) as two:
            two.serve("tcp://127.0.0.1:0", ready=lambda address: say([address]))

    def _work(self, work: Callable, rng: Random, say: Callable[[list[str]], None]) -> None:
        with tallystick.open(self.one) as one:
            work(one, self.two, rng, say)

    def _take(self, said: bytes, who: str) -> None:
        for line in said.decode().split("\n")[:-1]:
            word, _, id = line.rpartition(" ")
            if line.startswith("error "):
                raise AssertionError(f"{who} failed by itself: {line}")
            self.said[self.one].add(id)
            if word == "both":
                self.said[self.two].add(id)
            self.tally.acked += 1

    def _look(self, number: int) -> None:
        for path in (self.one, self.two):
            with closing(tallystick.open(path)) as replica:
                ids = [parse_cid(id) for id in self.said[path]]
                missing = replica._store.rows_of(ids).count(None)
                if missing:
                    raise LookupError(f"{missing} of {len(ids)} acknowledged events")
                if number % DEEP == 0:
                    check_store(replica)
                else:
                    verified = replica.verify()
                    assert verified.ok, verified.problems
                if path == self.two and number % DEEP == 0:
                    with tallystick.open(self.one) as one:
                        report = one.sync(replica)
                        assert report.equal, report
                        assert one.digest() == replica.digest(), "digest"


def run_kill(points: int, seed: int, *, told: Callable[[Tally], None] = lambda _: None) -> Tally:
    """Kills ``points`` processes."""
    tally = Tally("kill")
    while tally.points < points:
        first = tally.points
        with TemporaryDirectory() as folder, suppress(Stop):
            run = KillRun(Path(folder), seed, tally)
            for number in range(first, min(points, first + ROUND)):
                try:
                    run.kill_once(number)
                except Exception as error:  # noqa: BLE001  # all of it is news
                    sort = "lost" if isinstance(error, LookupError) else sort_of(error)
                    replay = f"--mode kill --seed {seed} --points {number + 1}"
                    tally.found(sort, f"{type(error).__name__}: {error}", replay)
                    raise Stop from None  # what comes after a finding says nothing
                told(tally)
    return tally


class Stop(Exception):
    """Go on with new stores."""
