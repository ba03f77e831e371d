"""Walking the graph backwards by whole stretches of a chain, not event by event.

    line A   0 ─ 1 ─ 2 ─ 3 ─ 4           from y = A4: A's seqs 0..4 are in the past at once;
                  ╲       ╲              only the deps of that stretch (two of them) are followed,
    line B   0 ─ 1 ─ 2 ─ 3 ─ 4           and each line is walked once

Law: x is an ancestor of y when y reaches x through parents; an event is its own ancestor
here, as in ``kernels.graph_ancestry``.

Reads: nothing. Read by: heads, vector, store (StoreGraph), replica.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

_NEVER: Final = 1 << 63


class Graph(Protocol):
    """What a walk needs to know. Rows of parents are smaller than their children's.

    A **line** is a chain or one side of it: its own seqs begin at ``base(line)[2]`` and go on
    from the event before on another line; a chain that never split has no base.
    """

    def line(self, row: int) -> int:
        """The line of an event."""
        ...

    def seq(self, row: int) -> int:
        """Its number in its chain."""
        ...

    def lamport(self, row: int) -> int:
        """1 + the greatest of its parents', 0 for the genesis event."""
        ...

    def parents(self, row: int) -> Sequence[int]:
        """Rows of all its parents; for seq 0 the genesis event is one."""
        ...

    def row(self, line: int, seq: int) -> int:
        """The row of one seq of a line (own seqs only)."""
        ...

    def base(self, line: int) -> tuple[int, int] | None:
        """(row of the event before, first own seq) of a side; None for a whole chain."""
        ...

    def deps(self, line: int, begin: int, end: int) -> Iterable[int]:
        """Rows named as deps by the line's own seqs begin..end-1.

        The genesis event is one of them when seq 0 of another author is in the range.
        """
        ...


class _Walk:
    """Lines and how far each has been seen; stretches below a lamport are skipped.

    Args:
        goals: line -> a seq; the walk ends where it comes upon one of them.
    """

    def __init__(
        self, graph: Graph, *, above: int = -1, goals: Mapping[int, int] | None = None
    ) -> None:
        self.graph = graph
        self.above = above
        self.found = False
        self._goals = goals or {}
        self.named: dict[int, int] = {}
        self._seen: dict[int, int] = {}
        self._stack: list[int] = []

    def start(self, row: int) -> None:
        """Walk from an event whose own place counts as not named."""
        self._stack.append(row)
        self._stretch(row)

    def name(self, row: int) -> None:
        """An event reached through a parent link: it and its chain before it are in the past."""
        line, seq = self.graph.line(row), self.graph.seq(row)
        if seq > self.named.get(line, -1):
            self.named[line] = seq
            self._stack.append(row)
            self.found = self.found or seq >= self._goals.get(line, _NEVER)

    def _stretch(self, row: int) -> None:
        while self._stack and not self.found:
            row = self._stack.pop()
            graph, line, seq = self.graph, self.graph.line(row), self.graph.seq(row)
            base = graph.base(line)
            first = 0 if base is None else base[1]
            low = max(first, self._seen.get(line, 0))
            if seq < low:
                continue
            self._seen[line] = seq + 1
            begin = self._first_above(line, low, seq + 1)
            for dep in graph.deps(line, begin, seq + 1):
                if graph.lamport(dep) >= self.above:
                    self.name(dep)
                    if self.found:
                        return
            if base is not None and low == first and graph.lamport(base[0]) >= self.above:
                self.name(base[0])

    def _first_above(self, line: int, low: int, high: int) -> int:
        """The first seq in [low, high) with a lamport beyond ``above`` (they grow along a line)."""
        if self.above < 0:
            return low
        while low < high:
            middle = (low + high) // 2
            if self.graph.lamport(self.graph.row(line, middle)) > self.above:
                high = middle
            else:
                low = middle + 1
        return low


def is_ancestor(graph: Graph, x: int, y: int) -> bool:
    """Whether x is y or in y's past.

    Cost: the deps, newer than x, of the lines in y's past; nothing when both are on one line.
    """
    return has_ancestor(graph, (x,), y)


def has_ancestor(graph: Graph, xs: Iterable[int], y: int) -> bool:
    """Whether one of some events is y or in y's past: the first that is come upon will do.

    Cost: that of one walk, as far down as the oldest of them, and no further than the first.
    """
    goals: dict[int, int] = {}
    lamports: list[int] = []
    mine, own, newest = graph.line(y), graph.seq(y), graph.lamport(y)
    for x in xs:
        line, seq, lamport = graph.line(x), graph.seq(x), graph.lamport(x)
        if x == y or (line == mine and seq < own):
            return True
        if line != mine and x < y and lamport < newest:
            goals[line] = min(seq, goals.get(line, _NEVER))
            lamports.append(lamport)
    if not goals:
        return False
    walk = _Walk(graph, above=min(lamports), goals=goals)
    walk.start(y)
    return walk.found


def maximal(graph: Graph, rows: Iterable[int]) -> set[int]:
    """The antichain of those events that are in no other's past: what a frontier is made of.

    Cost: the deps of the lines in their past that are newer than the oldest of them.
    """
    newest: dict[int, int] = {}
    for row in rows:
        line = graph.line(row)
        if line not in newest or graph.seq(newest[line]) < graph.seq(row):
            newest[line] = row
    if len(newest) < 2:
        return set(newest.values())
    walk = _Walk(graph, above=min(graph.lamport(row) for row in newest.values()))
    for row in newest.values():
        walk.start(row)
    return {row for line, row in newest.items() if walk.named.get(line, -1) < graph.seq(row)}


def past(graph: Graph, rows: Iterable[int], *, above: int = -1) -> dict[int, int]:
    """What is in the past of these events, them included: line -> number of its first seqs.

    A side's count includes the seqs of its base before the split, and its base appears too.

    Args:
        above: a lamport; lines of which only events below it are in the past may be left out.

    Cost: the deps, newer than ``above``, of all lines in the past.
    """
    walk = _Walk(graph, above=above)
    for row in rows:
        walk.name(row)
        walk.start(row)
    return {line: seq + 1 for line, seq in sorted(walk.named.items())}
