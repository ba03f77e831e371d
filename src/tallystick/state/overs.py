"""Which events go over which, whole: what a cascade follows from an event to those built on it.

    over(row)        the other events its ops go over; none if one of its ops goes over nothing
    followers(row)   events with an op that goes over one of its ops
    going_over(...)  of new events those that name one of some events

What an event is over is read from its frame, as the one law reads it. Who is over it is known to
the view ``places``, as far as that has come; the frames after that are looked through.

**Law:** the answers depend on events and their pasts alone: not on policy, nor on how far the view
is. Only whoever follows a cascade asks, so nobody else pays.

Reads: state.ops, titles, types, source, view. Read by: replica.facts.
Source: spec/policy.md, "Cascade".
"""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from tallystick.state import titles
from tallystick.state.ops import KIND, OWN, Frame, Op, Ref, op_row, parse_frame, parse_frames
from tallystick.state.source import EventRow, EventSource
from tallystick.state.types import TYPES, VERBS
from tallystick.state.view import Db
from tallystick.state.views_places import PlacesView

Named: TypeAlias = tuple[bytes, int]
"""(author, seq), by which an op names the events it goes over."""
EDGES_MAX: Final = 1_000_000
"""Edges remembered (about 100 bytes each); more and memory starts afresh."""


class Overs:
    """The edges of one log, for whoever follows them.

    Args:
        places: the log's view of that name; its tables need not be there.
    """

    def __init__(self, db: Db, source: EventSource, places: PlacesView) -> None:
        self._db, self._source, self._places = db, source, places
        self._cursor = -1
        self._of_place: dict[int, dict[int, list[int]]] = {}
        """place number -> row -> rows over it, of places asked about"""
        self._edges = 0
        self._tail: dict[Named, list[int]] = {}
        """rows after the view's cursor, by the events they name"""
        self._tail_end = 0

    # --- downwards ------------------------------------------------------------------------------

    def over(self, event: EventRow) -> tuple[int, ...]:
        """Rows of the other events that an event's ops go over; none unless each goes over some."""
        if event.void is not None:
            return ()
        if event.kind == titles.TRANSFER:
            row = self._source.row_of(self._passed(event.author, event.frame))
            return () if row is None else (row,)
        frame = parse_frame(event.frame) if event.kind == KIND else None
        if not isinstance(frame, Frame):
            return ()
        found: dict[int, None] = {}
        for op in frame.ops:
            targets = list(self._targets(event.row, frame, op))
            if not targets:
                return ()
            found.update(dict.fromkeys(targets))
        found.pop(event.row, None)
        return tuple(found)

    def _targets(self, row: int, frame: Frame, op: Op) -> Iterator[int]:
        """Rows of the ops an op is over: those it names that are in its past, and fit."""
        known = VERBS.get(op.verb)
        replaces = known.replaces if known and not TYPES[known.type].sequence else ()
        for ref in op.over if replaces else ():
            if ref[0] == OWN:
                at, other = row, frame
            else:
                below = self._named(ref, row, frame)
                if below is None:
                    continue
                at, other = below
            target = other.at(ref[2])
            if target is not None and target.place == op.place and target.verb in replaces:
                yield at

    def _named(self, ref: Ref, row: int, frame: Frame) -> tuple[int, Frame] | None:
        author, side = frame.authors[ref[0]]
        at = self._source.resolve(author, ref[1], at_row=row, side=side)
        if at is None or at >= row:
            return None
        for _, _, data, _, _ in self._source.bodies([(at, 1)], kind=KIND):
            found = parse_frame(data)
            if isinstance(found, Frame):
                return at, found
        return None

    def _passed(self, author: bytes, frame: bytes) -> bytes:
        op = titles.parse_title(titles.TRANSFER, frame, author)
        assert isinstance(op, titles.Passed), "a transfer that is not void"
        return op.over

    # --- upwards --------------------------------------------------------------------------------

    def followers(self, event: EventRow) -> list[int]:
        """Rows of edits with an op over one of an edit's; of some it is only named.

        Cost: O(ops at the places of the edit) the first time, then O(answer).
        """
        if event.kind != KIND:
            return []
        self._catch_up()
        found: dict[int, None] = {}
        if event.row < self._cursor:
            ops = self._places.own("op")
            for (place,) in self._db.rows(
                f"SELECT DISTINCT place FROM {ops} WHERE op >= ? AND op < ?",
                (event.row << 20, (event.row + 1) << 20),
            ):
                found.update(dict.fromkeys(self._at(place).get(event.row, ())))
        found.update(dict.fromkeys(self._tail.get((event.author, event.seq), ())))
        found.pop(event.row, None)
        return list(found)

    def going_over(self, ranges: Sequence[tuple[int, int]], named: Container[Named]) -> list[int]:
        """Rows of the ranges whose ops name one of some events. Cost: O(events of the ranges)."""
        found = [row for row, names in self._edits(ranges) if any(name in named for name in names)]
        for row, author, data, _, _ in self._source.bodies(ranges, kind=titles.TRANSFER):
            over = self._source.row_of(self._passed(author, data))
            events = () if over is None else self._source.events(over, 1)
            found += [row for event in events if (event.author, event.seq) in named]
        return found

    def _at(self, place: int) -> dict[int, list[int]]:
        """Who is over whom at a place, as far as the view has come."""
        known = self._of_place.get(place)
        if known is None:
            known = {}
            for op, over in self._db.rows(
                f"SELECT op, over FROM {self._places.own('op')}"
                " WHERE place = ? AND over IS NOT NULL ORDER BY op",
                (place,),
            ):
                for target in array("q", over):
                    known.setdefault(op_row(target), []).append(op_row(op))
                    self._edges += 1
            if self._edges > EDGES_MAX:
                self._of_place.clear()
                self._edges = 0
            self._of_place[place] = known
        return known

    def _catch_up(self) -> None:
        """Forgets what the view has overtaken, and looks through what it has not."""
        cursor, end = self._view_end(), self._source.end_row()
        if cursor != self._cursor or end < self._tail_end:
            self._cursor, self._tail_end = cursor, cursor
            self._of_place.clear()
            self._tail.clear()
            self._edges = 0
        if end > self._tail_end:
            for row, names in self._edits([(self._tail_end, end - self._tail_end)]):
                for name in names:
                    self._tail.setdefault(name, []).append(row)
            self._tail_end = end

    def _view_end(self) -> int:
        table = self._places.own("cursor")
        if not self._db.rows("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)):
            return 0
        return self._places.cursor(self._db)

    def _edits(self, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Iterable[Named]]]:
        """Edits of some rows, and the events their ops name."""
        bodies = list(self._source.bodies(ranges, kind=KIND))
        for (row, *_), frame in zip(bodies, parse_frames([b[2] for b in bodies]), strict=True):
            if isinstance(frame, Frame):
                authors = frame.authors
                yield (
                    row,
                    {
                        (authors[table][0], seq)
                        for op in frame.ops
                        for table, seq, _ in op.over
                        if table != OWN
                    },
                )
