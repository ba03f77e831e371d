"""Every operation of a workload fails, once and for ever; nothing acknowledged may be lost by it.

    step n-1 ──► step n, whose k-th operation fails ──► (once) steps n+1, n+2 in the same process
                                                   └──► power cut, opened on a healthy disk

Law: a failing disk is told as a ``StoreError`` with a code; a commit that returned stays; after a
fault that was one-off the same process, its caches and all, goes on as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.crash.findings import Tally, sort_of
from tests.crash.oracle import Ledger, check_store, coded, dump, integrity
from tests.crash.power import STEPS, put_key
from tests.crash.workload import World, begin, go_on, run_step, script
from tests.disk.sim_disk import Plan

from tallystick.errors import StoreError, TallyError

CODES = {"store/io", "store/full", "store/busy", "store/damaged", "store/not-a-store"}
"""What a failing disk may be called."""
ON = 2
"""Steps that the same process does after a one-off fault."""
ALIVE = 4
"""One point in so many is checked whole whether or not its state is known by now: in the process
that met the fault, and after opening."""
SORTS = ("once", "once-part", "full", "sticky")
"""One operation; one, a write in part; writes as on a full disk, until the step ends; all."""


@dataclass(frozen=True, slots=True)
class Point:
    """One fault: the k-th operation of a step, in one of four ways."""

    step: int
    op: int
    sort: str

    def plan(self, first: int) -> Plan:
        at = first + self.op
        part = 0.5 if self.sort == "once-part" else 0.0
        return Plan(at, sticky=self.sort in {"sticky", "full"}, part=part, full=self.sort == "full")


class FaultRun:
    """One workload of one seed, each operation of which fails in turn."""

    def __init__(self, seed: int, folder: Path, tally: Tally) -> None:
        self.seed = seed
        self.tally = tally
        self.steps = script(seed, STEPS)
        self.worlds = [begin(seed, folder)]
        """Before each step; nobody has anything open there."""
        self.ops: list[int] = []
        """How many operations each step makes in a process that did the one before."""
        self.checked: set[str] = set()
        self.alive: set[str] = set()
        """States that were looked at in a process that had met a fault."""
        self.key = b""

    def rehearse(self) -> None:
        """Runs the workload once without faults: where each step begins, and what it does."""
        for number in range(len(self.steps)):
            w = self.worlds[-1].copy()
            run_step(w, self.steps, number)
            self.worlds.append(w.copy())
            w.close()
        self.key = (w.folder / "ana.tally.key").read_bytes()
        for number in range(len(self.steps)):
            w, before = self._warm(number)
            run_step(w, self.steps, number)
            self.ops.append(w.disk.ops - before)
            w.close()

    def points(self) -> list[Point]:
        """Every operation of every step, each in every way that can differ."""
        return [
            Point(step, op, sort)
            for step, count in enumerate(self.ops)
            for op in range(count)
            for sort in SORTS
        ]

    def _warm(self, number: int) -> tuple[World, int]:
        """A world in which the step before was just done, and how many operations that took."""
        at = max(0, number - 1)
        w = self.worlds[at].copy()
        put_key(w.folder / "ana.tally.key", self.key if at else None)
        if number:
            run_step(w, self.steps, number - 1)
        return w, w.disk.ops

    def try_point(self, point: Point) -> None:
        """Lets one operation fail, and checks all that must hold then."""
        replay = f"--mode io --seed {self.seed} --only {point.step}/{point.op}/{point.sort}"
        w, before = self._warm(point.step)
        ledger = Ledger(str(w.path), w.disk, [dump(w.disk, str(w.path))])
        w.opened = ledger.tap
        if w._ana is not None:
            ledger.tap(w._ana._store.db)
        self.tally.points += 1
        acked = w.acked
        try:
            self._run(w, ledger, point, before)
        except Exception as error:  # noqa: BLE001  # all of it is news
            failed = [f"{op.kind} {op.name.rpartition('/')[2]}" for op in w.disk.failed[:1]]
            what = f"{type(error).__name__}: {error} ({failed} in {self._name(point)})"
            sort = "lost" if isinstance(error, LookupError) else sort_of(error)
            self.tally.found(sort, what, replay)
        finally:
            w.disk.plan = None
            self.tally.acked += w.acked - acked
            w.close()

    def _name(self, point: Point) -> str:
        return self.steps[point.step].__name__

    def _run(self, w: World, ledger: Ledger, point: Point, before: int) -> None:
        w.disk.plan = point.plan(before)
        error = coded(lambda: run_step(w, self.steps, point.step))
        once = point.sort != "sticky"
        if once:
            w.disk.plan = None
        self._look_at(w, error)
        if once:
            for number in range(point.step + 1, min(point.step + 1 + ON, len(self.steps))):
                refused = coded(lambda number=number: run_step(w, self.steps, number))
                if isinstance(refused, StoreError):
                    raise AssertionError(f"still failing in the same process: {refused}")
            again = self.tally.points % ALIVE == 0
            if w._ana is not None and (again or ledger.states[-1] not in self.alive):
                check_store(w._ana)
                self.alive.add(ledger.states[-1])
        self._reopen(w, ledger, point)

    def _look_at(self, w: World, error: TallyError | None) -> None:
        if error is None:
            self.tally.note("unnoticed")
            return
        if not w.disk.failed:
            raise AssertionError(f"an error without a fault: {error}")
        if not isinstance(error, StoreError) or error.code not in CODES:
            raise AssertionError(f"told as {error.code}: {error}")
        self.tally.note(error.code.replace("/", "-"))

    def _reopen(self, w: World, ledger: Ledger, point: Point) -> None:
        left = w.disk.cut(Random(f"{self.seed}/{point}"))
        found = dump(left, ledger.path)
        newest = ledger.states[-1]
        if not found and not w.acked:
            self.tally.note("unmade")  # making the store failed, and left nothing behind
        elif found != newest:
            if found in ledger.states[:-1]:
                raise LookupError(f"state {ledger.states.index(found)} of {len(ledger.states)}")
            if not ledger.unsure:
                raise AssertionError("what is left is the outcome of no transaction")
            self.tally.note("failed-commits-kept")
        there = World(
            self.seed, w.folder, left, w.ben_disk.clone(), step=5_000, acked=0,
            shelved=w.shelved,
        )  # fmt: skip
        try:
            integrity(there.ana)
            known = found in self.checked
            if not known:
                check_store(there.ana)
                self.checked.add(found)
            if not known or self.tally.points % ALIVE == 1:
                go_on(there)
        finally:
            there.close()


def run_faults(
    points: int,
    seed: int,
    *,
    only: str | None = None,
    told: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Makes ``points`` operations fail: all of one seed's, then of the next, and a sample last."""
    tally = Tally("io")
    while tally.points < points:
        with TemporaryDirectory() as folder:
            run = FaultRun(seed, Path(folder), tally)
            run.rehearse()
            wanted = run.points()
            left = points - tally.points
            if only is not None:
                step, op, sort = only.split("/")
                wanted = [Point(int(step), int(op), sort)]
            elif len(wanted) > left:
                wanted = sorted(
                    Random(seed).sample(wanted, left), key=lambda x: (x.step, x.op, x.sort)
                )
            for point in wanted:
                run.try_point(point)
                told(tally)
        if only is not None:
            break
        seed += 1
    return tally
