"""One log's events as views read them: by row, in bulk, and by the references inside them.

Law: rows of other logs in the same store are not there; ancestry decides what a reference means.

Reads: store, graph. Read by: replica.reading, state through it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tallystick.errors import NotFound
from tallystick.graph.ancestry import is_ancestor
from tallystick.store.rows import EventRow
from tallystick.store.store import Store
from tallystick.store.walk import StoreGraph

Span = tuple[int, int]


class LogSource:
    """``state.source.EventSource`` over one log of a store."""

    def __init__(self, store: Store, log_no: int) -> None:
        self._store = store
        self._log_no = log_no

    def events(self, row: int, count: int) -> Sequence[EventRow]:
        """Events of rows row..row+count-1 that belong to this log, by row."""
        found = self._store.events(row, count)
        return [event for event in found if event.log == self._log_no]

    def iter_rows(self, first_row: int, end_row: int) -> Iterator[EventRow]:
        """All complete events of this log in first_row..end_row-1, by row, excluded ones too."""
        for event in self._store.iter_events([(first_row, max(end_row - first_row, 0))]):
            if event.log == self._log_no:
                yield event

    def bodies(
        self, ranges: Sequence[Span], *, kind: str
    ) -> Iterable[tuple[int, bytes, bytes, bytes | None, bool]]:
        """(row, author, frame, content, erased) of the events of one kind, by row, none void."""
        number = self._store.find_kind(kind)
        if number is None:
            return
        authors: dict[int, bytes] = {}
        for row, count in ranges:
            for at, line, frame, content, erased in self._store.db.rows(
                "SELECT row, line, frame, content, erased FROM event"
                " WHERE row >= ? AND row < ? AND kind = ? AND void IS NULL ORDER BY row",
                (row, row + count, number),
            ):
                author = authors.get(line)
                if author is None:
                    author = authors[line] = self._author_of(line)
                if author:
                    yield at, author, frame, content, erased is not None

    def end_row(self) -> int:
        """One past the last row."""
        return self._store.next_row

    def row_of(self, id: bytes) -> int | None:
        """The row of an event, None when it is not here."""
        row = self._store.row_of(id)
        return row if row is not None and self._is_ours(row) else None

    def in_past(self, x: int, y: int) -> bool:
        """Whether row x is row y or an ancestor of it."""
        return is_ancestor(StoreGraph(self._store), x, y)

    def resolve(self, author: bytes, seq: int, *, at_row: int, side: bytes | None) -> int | None:
        """The row of the one event of (author, seq) in the past of ``at_row``.

        With ``side`` (an event's id): the one on the way to that event. None when there is no
        such event in that past, or when there are two and no side says which.
        """
        graph = StoreGraph(self._store)
        found = {
            row
            for line in self._store.lines(self._log_no, author)
            if (row := self._row_at(line.no, seq)) is not None
            and row <= at_row
            and is_ancestor(graph, row, at_row)
        }
        if side is not None:
            end = self.row_of(side)
            if end is None or self._store.event(end).author != author:
                return None
            found = {row for row in found if is_ancestor(graph, row, end)}
        return found.pop() if len(found) == 1 else None

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
