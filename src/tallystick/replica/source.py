"""One log's events as views read them: by row, in bulk, and by the references inside them.

Law: rows of other logs in the same store are not there; ancestry decides what a reference means.

Reads: store, graph. Read by: replica.reading, state through it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tallystick.errors import NotFound
from tallystick.graph.ancestry import is_ancestor
from tallystick.store.rows import EventRow
from tallystick.store.store import Store
from tallystick.store.walk import StoreGraph

Span = tuple[int, int]
SHORT_ROWS = 64
RANGES_A_QUERY = 2_048
_ONE = (
    "SELECT {} FROM event e WHERE e.kind = ?1 AND e.row >= ?2 AND e.row < ?3 AND e.void IS NULL"
    " ORDER BY e.row"
)
_JOINED = (
    "SELECT {} FROM json_each(?2) r JOIN event e ON e.row >= json_extract(r.value, '$[0]')"
    " AND e.row < json_extract(r.value, '$[1]') WHERE e.kind = ?1 AND e.void IS NULL"
    " ORDER BY e.row"
)


class LogSource:
    """``state.source.EventSource`` over one log of a store."""

    def __init__(self, store: Store, log_no: int) -> None:
        self._store = store
        self._log_no = log_no

    def events(self, row: int, count: int) -> Sequence[EventRow]:
        """Events of rows row..row+count-1 that belong to this log, by row."""
        found = self._store.events(row, count)
        return [event for event in found if event.log == self._log_no]

    def events_at(self, rows: Sequence[int]) -> Sequence[EventRow]:
        """Events of some rows that belong to this log, by row."""
        return [event for event in self._store.events_at(rows) if event.log == self._log_no]

    def iter_rows(self, first_row: int, end_row: int) -> Iterator[EventRow]:
        """All complete events of this log in first_row..end_row-1, by row, excluded ones too."""
        for event in self._store.iter_events([(first_row, max(end_row - first_row, 0))]):
            if event.log == self._log_no:
                yield event

    def bodies(
        self, ranges: Sequence[Span], *, kind: str
    ) -> Iterable[tuple[int, bytes, bytes, bytes | None, bool]]:
        """(row, author, frame, content, erased) of the events of one kind, by row, none void."""
        columns = "e.row, e.line, e.frame, e.content, e.erased"
        for found, authors in self._found(columns, ranges, kind):
            yield from [
                (at, authors[line], frame, content, erased is not None)
                for at, line, frame, content, erased in found
                if authors[line]
            ]

    def frames(
        self, ranges: Sequence[Span], *, kind: str
    ) -> Sequence[tuple[int, bytes, int, bytes]]:
        """(row, author, lamport, frame) of the events of one kind, by row, none void."""
        return [
            (at, authors[line], lamport, frame)
            for found, authors in self._found("e.row, e.line, e.lamport, e.frame", ranges, kind)
            for at, line, lamport, frame in found
            if authors[line]
        ]

    def _found(
        self, columns: str, ranges: Sequence[Span], kind: str
    ) -> Iterator[tuple[list[tuple[Any, ...]], Mapping[int, bytes]]]:
        """Columns of events, and line -> author; b"" for a line of another log."""
        number = self._store.find_kind(kind)
        if number is None:
            return
        authors: dict[int, bytes] = {}
        for query, params in _queries(ranges):
            found = self._store.db.rows(query.format(columns), (number, *params))
            for line in {row[1] for row in found}.difference(authors):
                authors[line] = self._author_of(line)
            yield found, authors

    def end_row(self) -> int:
        """One past the last row."""
        return self._store.next_row

    def row_of(self, id: bytes) -> int | None:
        """The row of an event, None when it is not here."""
        row = self._store.row_of(id)
        return row if row is not None and self._is_ours(row) else None

    def chain(self, row: int) -> int:
        """The number, here, of the chain an event is in."""
        return self._store.links(row)[0]

    def chains(self, author: bytes) -> list[tuple[int, bytes]]:
        """(number, side) of each chain of an author: see ``EventSource``."""
        lines = {line.no: line for line in self._store.lines(self._log_no, author)}
        found = []
        for no, line in lines.items():
            way, end = {no: line.size}, no  # chain -> where the way leaves it
            while (base := lines[end].base) is not None:
                way[base], end = lines[end].first_seq, base
            splits = {
                side.first_seq
                for side in lines.values()
                if (side.base in way and side.first_seq <= way[side.base]) or side.no in way
            }
            seqs = sorted(seq for seq in splits if seq < line.size)
            rows = [self._store.row_at(no, seq) for seq in seqs]
            found.append((no, b"".join(self._store.ids_at(rows))))
        return found

    def in_past(self, x: int, y: int) -> bool:
        """Whether row x is row y or an ancestor of it."""
        return is_ancestor(StoreGraph(self._store), x, y)

    def resolve(self, author: bytes, seq: int, *, at_row: int, side: bytes | None) -> int | None:
        """The row of the one event of (author, seq) in the past of ``at_row``.

        With ``side`` (an event's id): the one on the way to that event. None when there is no
        such event in that past, or when there are two and no side says which.
        """
        graph = StoreGraph(self._store)
        if side is not None:
            return self._on_side(graph, author, seq, at_row, side)
        found = {
            row
            for line in self._store.lines(self._log_no, author)
            if (row := self._row_at(line.no, seq)) is not None
            and row <= at_row
            and is_ancestor(graph, row, at_row)
        }
        return found.pop() if len(found) == 1 else None

    def _on_side(
        self, graph: StoreGraph, author: bytes, seq: int, at_row: int, side: bytes
    ) -> int | None:
        """The author's event at ``seq`` on the chain that leads to the event ``side``."""
        end = self.row_of(side)
        if end is None or end > at_row or not is_ancestor(graph, end, at_row):
            return None
        event = self._store.event(end)
        if event.author != author or seq > event.seq:
            return None
        return self._store.row_at(event.line, seq)

    def _row_at(self, line: int, seq: int) -> int | None:
        try:
            return self._store.row_at(line, seq)
        except NotFound:
            return None

    def _author_of(self, line_no: int) -> bytes:
        line = self._store.line(line_no)
        return line.author if line.log == self._log_no else b""

    def _is_ours(self, row: int) -> bool:
        return self._store.line(self._store.links(row)[0]).log == self._log_no


def _queries(ranges: Sequence[Span]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """SQL over (row, count) ranges, its columns open: one for a long one, one for many short."""
    if len(ranges) == 1:
        ((row, count),) = ranges
        yield _ONE, (row, row + count)
        return
    short: list[Span] = []
    for row, count in ranges:
        if count < SHORT_ROWS:
            short.append((row, row + count))
        if short and (count >= SHORT_ROWS or len(short) == RANGES_A_QUERY):
            yield _JOINED, (_pairs(short),)
            short = []
        if count >= SHORT_ROWS:
            yield _ONE, (row, row + count)
    if short:
        yield _JOINED, (_pairs(short),)


def _pairs(ranges: Sequence[Span]) -> str:
    return f"[{','.join(f'[{first},{end}]' for first, end in ranges)}]"
