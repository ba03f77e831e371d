"""The stored graph, as the graph room wants to walk it.

    is_ancestor(store.graph(), row_a, row_b)        past(store.graph(), heads)

Stretches of a chain are read as ranges of rows, and only rows that have deps come back, so a long
chain without deps costs a query, not a step per event.

Law: the same answers as ``MemoryGraph`` over the same events.

Reads: graph (its protocol), store/store. Read by: replica, state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from tallystick.store.events import unpack_deps

if TYPE_CHECKING:
    from tallystick.store.verify import Verify

LINKS_CACHED_MAX: Final = 16_384
"""Events whose links one walk holds, about 300 bytes each."""


class StoreGraph:
    """A ``graph.Graph`` over a store; make a fresh one per question or per transaction."""

    def __init__(self, store: Verify) -> None:
        self._store = store
        self._links: dict[int, tuple[int, int, int, tuple[int, ...]]] = {}

    def _of(self, row: int) -> tuple[int, int, int, tuple[int, ...]]:
        found = self._links.get(row)
        if found is None:
            if len(self._links) >= LINKS_CACHED_MAX:
                self._links.clear()
            found = self._links[row] = self._store.links(row)
        return found

    def line(self, row: int) -> int:
        """The line of an event."""
        return self._of(row)[0]

    def seq(self, row: int) -> int:
        """Its number in its chain."""
        return self._of(row)[1]

    def lamport(self, row: int) -> int:
        """1 + the greatest of its parents', 0 for the genesis event."""
        return self._of(row)[2]

    def parents(self, row: int) -> Sequence[int]:
        """Rows of all its parents: prev (for seq 0 the genesis event), then deps."""
        return self._store.parents(row)

    def row(self, line: int, seq: int) -> int:
        """The row of one seq of a line."""
        return self._store.row_at(line, seq)

    def base(self, line: int) -> tuple[int, int] | None:
        """(row of the event before, first own seq) of a side; None for a whole chain."""
        found = self._store.line(line)
        if found.base is None:
            return None
        return self._store.row_at(found.base, found.first_seq - 1), found.first_seq

    def deps(self, line: int, begin: int, end: int) -> Iterator[int]:
        """Rows named as deps by the line's own seqs begin..end-1.

        The genesis event is one of them when seq 0 of another author is in the range.
        """
        store = self._store
        for first, count in store.ranges(line, begin, end):
            for row, packed in store.db.rows(
                "SELECT row, deps FROM event WHERE row >= ? AND row < ? AND deps IS NOT NULL",
                (first, first + count),
            ):
                yield from unpack_deps(row, packed)
        if begin == 0 < end:
            genesis = store.genesis_row(store.line(line).log)
            if genesis is not None and genesis != store.row_at(line, 0):
                yield genesis
