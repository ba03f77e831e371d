"""A graph in lists: for batches not stored yet, for tests, and to be read.

Law: the same answers as any other ``Graph`` over the same events.

Reads: nothing. Read by: tests, layout users, replica (small batches).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class MemoryGraph:
    """Events appended one by one; row = order of appending.

    Lines are made by ``add_line``; a side names the event before it and begins one seq later.
    The first event of all is the genesis event and a parent of every other seq 0.
    """

    def __init__(self) -> None:
        self._line: list[int] = []
        self._seq: list[int] = []
        self._lamport: list[int] = []
        self._parents: list[tuple[int, ...]] = []
        self._deps: list[tuple[int, ...]] = []
        self._bases: list[tuple[int, int] | None] = []
        self._rows: list[list[int]] = []

    def __len__(self) -> int:
        return len(self._line)

    def add_line(self, base_row: int | None = None) -> int:
        """A new line; ``base_row`` is the event after which a side goes its own way."""
        base = None if base_row is None else (base_row, self._seq[base_row] + 1)
        self._bases.append(base)
        self._rows.append([])
        return len(self._bases) - 1

    def append(self, line: int, deps: Sequence[int] = ()) -> int:
        """The next event of a line; returns its row."""
        row, base, rows = len(self._line), self._bases[line], self._rows[line]
        before: tuple[int, ...] = ()
        if rows:
            before = (rows[-1],)
        elif base is not None:
            before = (base[0],)
        elif row:
            before = (0,)
        parents = tuple(dict.fromkeys((*before, *deps)))
        assert all(parent < row for parent in parents)
        self._line.append(line)
        self._seq.append(len(rows) + (0 if base is None else base[1]))
        self._lamport.append(max((1 + self._lamport[parent] for parent in parents), default=0))
        self._parents.append(parents)
        self._deps.append(tuple(deps))
        rows.append(row)
        return row

    def line(self, row: int) -> int:
        """The line of an event."""
        return self._line[row]

    def seq(self, row: int) -> int:
        """Its number in its chain."""
        return self._seq[row]

    def lamport(self, row: int) -> int:
        """1 + the greatest of its parents', 0 for the genesis event."""
        return self._lamport[row]

    def parents(self, row: int) -> Sequence[int]:
        """Rows of all its parents."""
        return self._parents[row]

    def row(self, line: int, seq: int) -> int:
        """The row of one own seq of a line."""
        base = self._bases[line]
        return self._rows[line][seq - (0 if base is None else base[1])]

    def base(self, line: int) -> tuple[int, int] | None:
        """(row of the event before, first own seq) of a side; None for a whole chain."""
        return self._bases[line]

    def deps(self, line: int, begin: int, end: int) -> Iterator[int]:
        """Rows named as deps by the line's own seqs begin..end-1, and the genesis event."""
        for seq in range(begin, end):
            row = self.row(line, seq)
            yield from self._deps[row]
            if seq == 0 and row:
                yield 0
