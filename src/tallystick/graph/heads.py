"""The current tips of a graph, kept up to date batch by batch.

    add:      a new event is a head; its parents no longer are
    retreat:  a head that ceases to count gives way to its nearest ancestors that do

Retreat walks through what is out and stops at what counts, so it costs what was taken out at the
tips, however long the log is. A head taken out in the middle of the graph changes nothing: what
it covered is still covered by what stands on it.

Law: heads are the maximal events, in the whole graph's order, of those that count.

Reads: graph/ancestry. Read by: replica.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator

from tallystick.graph.ancestry import Graph, maximal


class Heads:
    """A set of rows."""

    def __init__(self, rows: Iterable[int] = ()) -> None:
        self._rows = set(rows)

    @classmethod
    def from_bytes(cls, data: bytes) -> Heads:
        """Read what ``bytes(heads)`` wrote."""
        return cls(memoryview(data).cast("Q"))

    def __bytes__(self) -> bytes:
        return array("Q", sorted(self._rows)).tobytes()

    def add(self, row: int, parents: Iterable[int]) -> None:
        """One more event that counts; parents come before children."""
        self._rows.difference_update(parents)
        self._rows.add(row)

    def add_run(self, first: int, count: int, parents: Iterable[int]) -> None:
        """Consecutive events of one chain in rows first..; ``parents`` of all of them together."""
        if count > 0:
            self._rows.difference_update(parents)
            self._rows.add(first + count - 1)

    def settle(
        self, graph: Graph, included: Callable[[int], bool], more: Iterable[int] = ()
    ) -> None:
        """Bring the heads up to date after verdicts changed.

        Args:
            graph: where parents are found.
            included: whether an event counts now.
            more: events that count again (the newest of each line is enough).
        """
        rows = retreat(graph, self._rows, included)
        rows.update(row for row in more if included(row))
        self._rows = maximal(graph, rows)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._rows))

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row: object) -> bool:
        return row in self._rows


def retreat(graph: Graph, rows: Iterable[int], included: Callable[[int], bool]) -> set[int]:
    """The rows that count, and for each other one its nearest ancestors that count.

    The answer may hold ancestors of one another: ``maximal`` sorts them out.
    """
    found: set[int] = set()
    seen: set[int] = set()
    stack = list(rows)
    while stack:
        row = stack.pop()
        if row in seen:
            continue
        seen.add(row)
        if included(row):
            found.add(row)
        else:
            stack.extend(graph.parents(row))
    return found
