"""Rows 15 to 20: collaborative text, on published traces, beside three libraries for it.

Our side is the kernel's ``Sequence``: what text is in the end, after events were verified and
judged. Peers neither sign nor verify either. A trace is typed before a clock starts; whatever is
timed begins with bytes and ends with text that has been read.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.context import Bench
from bench.figures import Beside, Figure
from bench.kernels import u32
from bench.measure import median, settle, timed
from bench.peers import LABELS
from bench.texts import Text, made_up
from bench.traces import Trace

from tallystick.state.snapshot import open_snapshot

ALL = ("loro", "pycrdt", "diamond")
PAPER, FRIENDS, NODE, GIT = "automerge-paper", "friendsforever", "node_nodecc", "git-makefile"
SLOW = {("loro", GIT)}
"""Who is not asked about what: Loro takes 40 ms an update there, more than a minute a run."""
GROWTH_MAX = 1.5


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of work: its row, what peers call it, and in what its time is told.

    Args:
        bars: trace -> (bar, {peer: what it did when the bar was set}).
        scale: of seconds to the unit; ``each`` divides by so many.
    """

    row: int
    do: str
    unit: str
    scale: float
    bars: dict[str, tuple[float, dict[str, float]]]
    peers: tuple[str, ...] = ALL


LOAD = Task(15, "load", "ms", 1e3, {
    PAPER: (0.40, {"loro": 0.44, "pycrdt": 3.8, "diamond": 3.1}),
    FRIENDS: (0.40, {"loro": 0.53, "pycrdt": 1.5}),
})  # fmt: skip
MERGE = Task(16, "merge", "ms", 1e3, {
    PAPER: (3.0, {"loro": 8.8, "pycrdt": 3.9, "diamond": 3.2}),
    FRIENDS: (1.4, {"loro": 25, "pycrdt": 1.43, "diamond": 9.0}),
    NODE: (20, {"loro": 214, "pycrdt": 27, "diamond": 69}),
    GIT: (12, {"pycrdt": 17}),
})  # fmt: skip
EACH = Task(17, "each", "us", 1e6, {FRIENDS: (5, {"loro": 43, "pycrdt": 7.3, "diamond": 11})})
EACH_WHOLE = Task(17, "each", "ms", 1e3, {GIT: (150, {"pycrdt": 268})})
LOCAL = Task(18, "local", "us", 1e6, {PAPER: (0.8, {"loro": 0.42})}, ("loro",))
BATCH = Task(18, "local", "us", 1e6, {PAPER: (0.1, {})}, ())
OUT = Task(19, "undo", "ms", 1e3, {FRIENDS: (0.5, {"pycrdt": 25})}, ("pycrdt",))
SIZE = Task(20, "prepare", "B", 1, {
    PAPER: (130_000, {"loro": 229_433, "pycrdt": 223_411, "diamond": 108_993}),
    FRIENDS: (40_000, {"loro": 72_212, "pycrdt": 38_742, "diamond": 35_893}),
})  # fmt: skip


class Race:
    """One task on one text, ours and the peers' in turns."""

    def __init__(self, bench: Bench, text: Text, task: Task, *, units: int = 1) -> None:
        self._bench, self._text, self._task = bench, text, task
        self._scale = task.scale / units
        self._names = [name for name in task.peers if (name, text.name) not in SLOW]
        self._theirs: dict[str, list[list[float]]] = {name: [] for name in self._names}
        for name in self._names:
            text.ask(name, "prepare")

    def run(self, *works: Callable[[], object], **given: Any) -> list[list[float]]:
        """Seconds of each of our works, turn by turn; peers are asked once a turn."""
        settle()
        ours: list[list[float]] = [[] for _ in works]
        for _ in range(self._bench.runs):
            for took, work in zip(ours, works, strict=True):
                took.append(timed(work))
            for name in self._names:
                found = self._text.ask(name, self._task.do, **given)
                if found is not None:
                    self._theirs[name].append(found["seconds"])
        return ours

    def figure(self, work: str, seconds: Sequence[float], nth: int = 0) -> Figure:
        """The median of ours, and beside it of the nth timing of each peer's turn."""
        task, name = self._task, self._text.name
        bar, listed = task.bars.get(name, (None, {}))
        beside = [
            Beside(LABELS[who], self._scale * median(t[nth] for t in took), listed.get(who))
            for who, took in self._theirs.items()
            if took
        ]
        return Figure(task.row, work, self._scale * median(seconds), task.unit, bar, beside)


# --- the rows, of one text ------------------------------------------------------------------------


def load(bench: Bench, text: Text) -> Iterator[Figure]:
    """Row 15: from kept bytes to what is shown; and to a sequence that merges and edits."""
    saved = text.saved

    def whole() -> None:
        sequence = text.fresh()
        open_snapshot(saved).fill(sequence)
        sequence.plan(0, 0)  # a kernel may leave the history unread until somebody asks
        sequence.text()

    race = Race(bench, text, LOAD)
    read, ready = race.run(lambda: open_snapshot(saved).text(), whole)
    yield race.figure(f"{text.name}: load to readable text", read)
    yield Figure(15, f"{text.name}: load, ready to merge", 1e3 * median(ready), "ms")
    yield from memory(text)


def merge(bench: Bench, text: Text) -> Iterator[Figure]:
    """Row 16: the whole history in one call."""
    stream, said = text.whole

    def work() -> None:
        sequence = text.fresh()
        sequence.merge(stream, said)
        sequence.text()

    race = Race(bench, text, MERGE)
    (took,) = race.run(work)
    yield race.figure(f"{text.name}: merge the whole history in one call", took)


def each(bench: Bench, text: Text) -> Iterator[Figure]:
    """Row 17: one call an event, then the text is read once."""
    updates = [(update.stream, update.text) for update in text.updates]

    def work() -> None:
        sequence = text.fresh()
        for stream, said in updates:
            sequence.merge(stream, said)
        sequence.text()

    whole = text.name in EACH_WHOLE.bars
    task, units = (EACH_WHOLE, 1) if whole else (EACH, len(updates))
    race = Race(bench, text, task, units=units)
    (took,) = race.run(work)
    what = f"all {len(updates):,} updates" if whole else f"{len(updates):,} updates, each"
    yield race.figure(f"{text.name}: merge update by update, {what}", took)


def local(bench: Bench, text: Text) -> Iterator[Figure]:
    """Row 18: typing, as one event: a call a patch, or one for all."""
    patches = [patch for txn in text.trace.txns for patch in txn.patches]
    positions, deleted = (u32([patch[n] for patch in patches]) for n in (0, 1))
    columns = positions, deleted, u32([len(patch[2]) for patch in patches])
    said = "".join(patch[2] for patch in patches)

    def begun() -> Any:
        sequence = text.fresh()
        sequence.begin(1, text.trace.txns[0].author, 0)
        return sequence

    def single() -> None:
        sequence = begun()
        for position, gone, new in patches:
            sequence.edit(position, gone, new)

    race = Race(bench, text, LOCAL, units=len(patches))
    one, many = race.run(single, lambda: begun().edit_many(*columns, said))
    batch = Race(bench, text, BATCH, units=len(patches))
    yield race.figure(f"{text.name}: local edit, a call a patch", one)
    yield batch.figure(f"{text.name}: local edit, all patches in one call", many)


def exclude(bench: Bench, text: Text) -> Iterator[Figure]:
    """Row 19: an author's events cease to count, then count again; the text is read both times."""
    author = max(text.trace.authors)
    events = text.trace.events_of(author)
    sequence = text.fresh()
    sequence.merge(*text.whole)
    before = sequence.save()

    def moved(*, on: bool) -> Callable[[], object]:
        def work() -> None:
            sequence.count(events, on=on)
            sequence.text()

        return work

    race = Race(bench, text, OUT)
    out, back = race.run(moved(on=False), moved(on=True), author=author)
    assert sequence.save() == before
    share = f"an author of {sum(many for _, many in events):,} events in {len(text.updates):,}"
    yield race.figure(f"{text.name}: exclude {share}", out, 0)
    yield race.figure(f"{text.name}: include {share}", back, 1)


def size(bench: Bench, text: Text) -> Iterator[Figure]:  # noqa: ARG001  # nothing is timed
    """Row 20: bytes kept, with all history and everything that was deleted."""
    bar, listed = SIZE.bars.get(text.name, (None, {}))
    found = [(who, text.ask(who, "prepare")) for who in SIZE.peers if (who, text.name) not in SLOW]
    beside = [Beside(LABELS[who], got["bytes"], listed.get(who)) for who, got in found if got]
    yield Figure(20, f"{text.name}: bytes kept", len(text.saved), "B", bar, beside)
    yield Figure(20, f"{text.name}: bytes kept, packed hard", len(text.smallest), "B", bar, beside)


def memory(text: Text) -> Iterator[Figure]:
    """Beside row 15: by how much a fresh process grows that holds a text."""
    beside = [
        Beside(LABELS[who], got["bytes"] / 1024)
        for who in ("loro", "pycrdt")
        if (who, text.name) not in SLOW and (got := text.ask(who, "memory"))
    ]
    for part, what in (("text", "readable"), ("whole", "ready to merge")):
        value = weighed(text, part) / 1024
        yield Figure(15, f"{text.name}: memory when {what}", value, "KiB", None, beside)


def weighed(text: Text, part: str) -> int:
    """Bytes of memory, in a process of its own (``bench.weigh``)."""
    path = text.folder / f"{text.name}.{part}"
    path.write_bytes(text.saved)
    authors = ",".join(map(str, sorted(text.trace.authors)))
    command = [sys.executable, "-m", "bench.weigh", str(path), part, authors]
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return int(done.stdout)


# --- growth ---------------------------------------------------------------------------------------


def growth(bench: Bench) -> Iterator[Figure]:
    """Texts that are made up: ten times the runs, and a thousand times the authors."""
    most = bench.scaled(100_000, 0.1)
    few, many = (bench.texts.of(made_up(runs, authors=10)) for runs in (most // 10, most))
    crowd = bench.texts.of(made_up(most // 10, authors=most // 10))
    for what, task in (("merged", _merged), ("excluded", _excluded), ("in memory", _weight)):
        cost = {name: task(bench, text) for name, text in (("few", few), ("many", many))}
        work = f"text: cost of a run {what} at {most:,}, of that at {most // 10:,}"
        yield Figure(16, work, cost["many"] / cost["few"], "times", GROWTH_MAX)
        if what != "excluded":
            work = f"text: cost of a run {what} with {most // 10:,} authors, of that with 10"
            yield Figure(16, work, task(bench, crowd) / cost["few"], "times")


def _merged(bench: Bench, text: Text) -> float:
    stream, said = text.whole
    settle()
    took = [timed(lambda: text.fresh().merge(stream, said)) for _ in range(bench.runs)]
    return median(took) / len(text.updates)


def _excluded(bench: Bench, text: Text) -> float:
    """Of a tenth of all runs."""
    events, sequence = text.trace.events_of(1), text.fresh()
    sequence.merge(*text.whole)
    settle()
    took = []
    for _ in range(bench.runs):
        took.append(timed(lambda: sequence.count(events, on=False)))
        took.append(timed(lambda: sequence.count(events, on=True)))
    return median(took) / len(events)


def _weight(bench: Bench, text: Text) -> float:  # noqa: ARG001  # it is asked once
    return max(1, weighed(text, "whole")) / len(text.updates)


# --- the rows, of the texts their bars are about --------------------------------------------------

Measure = Callable[[Bench, Text], Iterator[Figure]]
OF_ONE: tuple[Measure, ...] = (load, merge, each, local, exclude, size)


def _of(measure: Measure, *names: str) -> Callable[[Bench], Iterator[Figure]]:
    def rows(bench: Bench) -> Iterator[Figure]:
        for name in names:
            yield from measure(bench, bench.texts.named(name))

    rows.__name__ = f"text_{measure.__name__}"
    return rows


row15 = _of(load, PAPER, FRIENDS)
row17 = _of(each, FRIENDS, GIT)
row18 = _of(local, PAPER)
row19 = _of(exclude, FRIENDS)
row20 = _of(size, PAPER, FRIENDS)


def row16(bench: Bench) -> Iterator[Figure]:
    """Merging whole histories, and how its cost grows."""
    yield from _of(merge, PAPER, FRIENDS, NODE, GIT)(bench)
    yield from growth(bench)


def of_trace(bench: Bench, trace: Trace) -> Iterator[Figure]:
    """Everything that fits one trace."""
    text = bench.texts.of(trace)
    for measure in OF_ONE:
        alone = len(trace.authors) == 1
        if (measure is local and trace.concurrent) or (measure is exclude and alone):
            continue
        yield from measure(bench, text)
