"""The view ``places``: every op of every edit, which are live, and what the places hold.

    state_op_places      op = row << 20 | index, place, verb, over, included, blocked     all ops
    state_live_places    the live ones with value and order keys                    what is read
    state_count_places   (place, author) -> total, count, seen                          counters
    places               place, type, value (JSON), conflict, event, author, time    for people

The index of ops is policy-free: ops of excluded events are in it, because others stand on their
shoulders (``state.law``). Counters keep no ops, only sums. A set is shown as one row per element.
A value that is absent (not here, erased, malformed) is NULL in the table for people; a JSON null
is the text ``null``.

**Law:** after every batch the tables are what the ops of counted events come to by the one law.

Reads: state.law, ops, types, source. Read by: state.views, replica.
Source: state.md of the specification.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from tallystick.event.absent import Absent, Bad, Erased, Missing
from tallystick.kernels import Link, decode_item
from tallystick.state.ops import KIND, Frame, parse_frame, places_of
from tallystick.state.places import Place, parse_place, place_text
from tallystick.state.source import END, Changes, EventSource, Spans
from tallystick.state.types import TYPES, LiveOp
from tallystick.state.types.counter import pack_sum
from tallystick.state.view import Db, View
from tallystick.state.views_places_write import Batch

CHUNK_ROWS: Final = 16_384
"""Rows taken in at a time; bounds memory, not results."""
ABSENT: Final[tuple[Absent | None, ...]] = (None, Missing, Erased, Bad)
"""The column ``absent``: 0 is a value."""

_TABLES: Final = """
CREATE TABLE {people} (
  id INTEGER PRIMARY KEY,
  place TEXT NOT NULL,
  type TEXT NOT NULL,
  value TEXT,
  conflict INTEGER NOT NULL,
  event TEXT,
  author TEXT,
  time INTEGER
);
CREATE INDEX {place}_shown ON {people} (place, type);
CREATE TABLE {place} (
  no INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  type TEXT NOT NULL,
  UNIQUE (path, type)
);
CREATE TABLE {op} (
  op INTEGER PRIMARY KEY,
  place INTEGER NOT NULL,
  verb INTEGER NOT NULL,
  included INTEGER NOT NULL,
  blocked INTEGER NOT NULL,
  over BLOB
);
CREATE INDEX {op}_place ON {op} (place);
CREATE TABLE {live} (
  op INTEGER PRIMARY KEY,
  place INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  verb INTEGER NOT NULL,
  lamport INTEGER NOT NULL,
  time INTEGER NOT NULL,
  author BLOB NOT NULL,
  seq INTEGER NOT NULL,
  event BLOB NOT NULL,
  absent INTEGER NOT NULL,
  value BLOB
);
CREATE INDEX {live}_place ON {live} (place, mark);
CREATE TABLE {count} (
  place INTEGER NOT NULL,
  author BLOB NOT NULL,
  total NOT NULL,
  count INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  PRIMARY KEY (place, author)
) WITHOUT ROWID;
CREATE TABLE {sum} (place INTEGER PRIMARY KEY, total NOT NULL, count INTEGER NOT NULL);
CREATE TABLE {cursor} (row INTEGER NOT NULL);
INSERT INTO {cursor} VALUES (0)
"""


class PlacesView(View):
    """The view of all places. Every replica has it; there is one per log."""

    parts = ("place", "op", "live", "count", "sum", "cursor")
    schema = _TABLES

    def __init__(self) -> None:
        super().__init__("places", reducer="places", version=1)

    def reads_only(self) -> tuple[str, ...]:
        """Edits."""
        return (KIND,)

    def change(self, db: Db, source: EventSource, changes: Changes) -> None:
        """Take in changes: first what leaves, then what changed, then what enters or is new."""
        for part in changes.removed.pieces(CHUNK_ROWS):
            batch = Batch(self, db, source)
            batch.count(source.bodies(part.ranges, kind=KIND), -1)
            batch.flip(batch.numbers(part), included=False)
            batch.settle()
        for part in changes.refreshed.pieces(CHUNK_ROWS):
            batch = Batch(self, db, source)
            batch.refresh(batch.numbers(part))
            batch.settle()
        cursor = self.cursor(db)
        for part in changes.added.clip(0, cursor).pieces(CHUNK_ROWS):
            batch = Batch(self, db, source)
            batch.count(source.bodies(part.ranges, kind=KIND), 1)
            batch.flip(batch.numbers(part), included=True)
            batch.settle()
        self._index(db, source, cursor, changes.added.clip(cursor, END))

    def _index(self, db: Db, source: EventSource, cursor: int, added: Spans) -> None:
        """Take in the events that are new here, counted or not."""
        end = source.end_row()
        for first in range(cursor, end, CHUNK_ROWS):
            count = min(CHUNK_ROWS, end - first)
            batch = Batch(self, db, source)
            bodies = list(source.bodies([(first, count)], kind=KIND))
            whole = added.covers(first, count)
            fresh = batch.index(bodies)
            counted = bodies if whole else [body for body in bodies if body[0] in added]
            batch.count(counted, 1)
            batch.flip(fresh if whole else [op for op in fresh if op >> 20 in added], included=True)
            batch.settle()
        if end > cursor:
            db.execute(f"UPDATE {self.own('cursor')} SET row = ?", (end,))

    # --- what there is ---------------------------------------------------------------------------

    def places(self, db: Db) -> list[tuple[Place, str]]:
        """Every place that has a value, with its type, sorted."""
        found = db.rows(
            f"SELECT path, type FROM {self.own('place')} WHERE no IN"
            f" (SELECT place FROM {self.own('live')} UNION SELECT place FROM {self.own('sum')})"
        )
        return sorted((parse_place(path), type_) for path, type_ in found)

    def live_at(self, db: Db, no: int) -> list[LiveOp]:
        """The live ops of a place by its number, in no particular order."""
        return [
            live_op(row)
            for row in db.rows(
                "SELECT op, verb, lamport, time, author, seq, event, absent, value"
                f" FROM {self.own('live')} WHERE place = ?",
                (no,),
            )
        ]

    def total_at(self, db: Db, no: int) -> int | None:
        """The sum of a counter by its number, None when nothing is counted there."""
        found = db.rows(f"SELECT total FROM {self.own('sum')} WHERE place = ?", (no,))
        return int(found[0][0]) if found else None

    # --- key by key ------------------------------------------------------------------------------

    def touched(self, db: Db, source: EventSource, spans: Spans) -> Iterator[tuple[str, int]]:
        """Place and row of each op; an event with two ops at one place comes twice."""
        del db
        for row, _, data, _, _ in source.bodies(spans.ranges, kind=KIND):
            frame = parse_frame(data)
            if isinstance(frame, Frame):
                yield from ((place_text(place), row) for place, _ in places_of(frame))

    def rows_of(self, db: Db, source: EventSource, key: str) -> list[int]:
        """Rows of the events that act at a place, counted or not.

        Cost: the ops of the place; of one that holds a counter, all edits of the log.
        """
        place = parse_place(key)
        numbers = dict(
            db.rows(
                f"SELECT type, no FROM {self.own('place')} WHERE path = ?", (place_text(place),)
            )
        )
        begin = self.cursor(db)
        found: set[int] = set()
        for type_, no in numbers.items():
            if TYPES[type_].sums:
                begin = 0  # a counter keeps no ops
            query = f"SELECT DISTINCT op >> 20 FROM {self.own('op')} WHERE place = ?"
            found.update(row for (row,) in db.rows(query, (no,)))
        later = Spans([(begin, source.end_row() - begin)])
        found.update(row for name, row in self.touched(db, source, later) if name == key)
        return sorted(found)

    def values(self, db: Db, keys: Iterable[str]) -> dict[str, Any]:
        """Values of some places; of a second type at one place under ``place (type)``."""
        found: dict[str, Any] = {}
        query = f"SELECT type, no FROM {self.own('place')} WHERE path = ? ORDER BY type"
        for key in keys:
            for type_, no in db.rows(query, (place_text(parse_place(key)),)):
                kind = TYPES[type_]
                live = () if kind.sums else self.live_at(db, no)
                value = self.total_at(db, no) if kind.sums else None
                if value is None and not live:
                    continue
                if live:
                    value = kind.modes[kind.default_mode](live)
                found[f"{key} ({type_})" if key in found else key] = value
        return found

    def state(self, db: Db) -> list[Any]:
        """[place, type, what is live there] for every place that has a value, sorted.

        What is live: a counter's sum; a set's elements (sorted by their bytes) and its absent
        ones; otherwise [verb, value, event, index] in the order in which the last wins.
        Cost: everything that is live.
        """
        numbers = {
            (parse_place(path), type_): no
            for no, path, type_ in db.rows(f"SELECT no, path, type FROM {self.own('place')}")
        }
        found = []
        for place, name in self.places(db):
            no, type_ = numbers[place, name], TYPES[name]
            if type_.sums:
                total = self.total_at(db, no)
                assert total is not None
                found.append([list(place), name, pack_sum(total)])
                continue
            live = sorted(self.live_at(db, no), key=lambda op: op.order)
            found.append([list(place), name, (_elements if type_.elements else _writes)(live)])
        return found


def live_op(row: Sequence[Any]) -> LiveOp:
    """A row of the table of live ops as a value."""
    op, verb, lamport, time, author, seq, event, absent, encoded = row
    value: Any = ABSENT[absent]
    if not absent:
        value = decode_item(encoded, floats=True) if encoded else None
    index = op & ((1 << 20) - 1)
    return LiveOp(verb, value, encoded or b"", lamport, time, author, seq, event, index, op)


def _wrapped(value: Any) -> Any:
    """A value as state holds it: in a list of one, so that absence, a text, cannot be faked."""
    return value.value if isinstance(value, Absent) else [value]


def _writes(live: Sequence[LiveOp]) -> list[Any]:
    return [[op.verb, _wrapped(op.value), Link(op.id), op.index] for op in live]


def _elements(live: Sequence[LiveOp]) -> list[Any]:
    there = {op.encoded: op.value for op in live if not isinstance(op.value, Absent)}
    gone = sorted((op.id, op.index, op.value.value) for op in live if isinstance(op.value, Absent))
    return [
        [there[key] for key in sorted(there)],
        [[name, Link(id), index] for id, index, name in gone],
    ]
