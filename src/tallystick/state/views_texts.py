"""The view ``texts``: every text and every list, as sequences that are kept and go on.

    texts              place, type, value, length                    for people, when asked for
    state_place_texts  the places and how many inserting events count there
    state_edit_texts   (row, place) -> inserts?, counts?, absent?    which events act where
    state_writer_texts, state_author_texts                           whose chains they are
    state_kept_texts   a sequence as it was once
    state_tail_texts   what came since: streams taken in, events that began or ceased to count
    state_item_texts   (place, row, index) -> an element of a list
    state_mark_texts   marks: see views_texts_marks

A keystroke adds a line to the tail, not a copy of the text: when the tail has grown to a part of
what is kept, both are written anew as one. Sequences in use stay in memory; each is told from what
the tables say by a hash over all that was done to it, so a transaction undone, or another process,
is noticed.

**Law:** after every batch a text shows the characters whose inserts count and whose deletions do
not, in the one order that all of them have; what does not count is kept.

Reads: state.view, views_texts_write, sequences. Read by: state.views, views_texts_read, replica.
Source: state.md of the specification, "Text"; spec/ops.md; spec/sequence.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Self

from tallystick.errors import StoreError
from tallystick.event.absent import Absent, Bad, Erased, Missing
from tallystick.event.jsonio import to_json
from tallystick.kernels import decode_item
from tallystick.state.ops import KIND, Frame, op_number, parse_frame
from tallystick.state.places import Place, parse_place, place_text
from tallystick.state.source import END, Changes, EventSource, Spans
from tallystick.state.types import TYPES, VERBS
from tallystick.state.view import Db, View
from tallystick.state.views_texts_keep import Kept
from tallystick.state.views_texts_marks import Mark, marks_at, spans_value, stretches
from tallystick.state.views_texts_write import Batch

NAME: Final = "texts"
CHUNK_ROWS: Final = 16_384
"""Rows taken in at a time; bounds memory, not results."""
ABSENT: Final[tuple[Absent | None, ...]] = (None, Missing, Erased, Bad)
"""The column ``absent``: 0 is a value."""

_TABLES: Final = """
CREATE TABLE {people} (
  id INTEGER PRIMARY KEY,
  place TEXT NOT NULL,
  type TEXT NOT NULL,
  value TEXT NOT NULL,
  length INTEGER NOT NULL
);
CREATE INDEX {place}_shown ON {people} (place);
CREATE TABLE {place} (
  no INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  type TEXT NOT NULL,
  counted INTEGER NOT NULL,
  stale INTEGER NOT NULL,
  UNIQUE (path, type)
);
CREATE TABLE {edit} (
  row INTEGER NOT NULL,
  place INTEGER NOT NULL,
  inserts INTEGER NOT NULL,
  counts INTEGER NOT NULL,
  absent INTEGER NOT NULL,
  PRIMARY KEY (row, place)
) WITHOUT ROWID;
CREATE INDEX {edit}_place ON {edit} (place, counts);
CREATE TABLE {writer} (place INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY (place, no))
  WITHOUT ROWID;
CREATE TABLE {kept} (place INTEGER PRIMARY KEY, digest BLOB NOT NULL, data BLOB NOT NULL);
CREATE TABLE {tail} (
  id INTEGER PRIMARY KEY,
  place INTEGER NOT NULL,
  digest BLOB NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX {tail}_place ON {tail} (place);
CREATE TABLE {item} (
  place INTEGER NOT NULL,
  row INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  absent INTEGER NOT NULL,
  value BLOB,
  PRIMARY KEY (place, row, idx)
) WITHOUT ROWID;
CREATE TABLE {mark} (
  op INTEGER PRIMARY KEY,
  place INTEGER NOT NULL,
  counts INTEGER NOT NULL,
  how INTEGER NOT NULL,
  start_row INTEGER,
  start_idx INTEGER,
  end_row INTEGER,
  end_idx INTEGER,
  over BLOB,
  lamport INTEGER NOT NULL,
  time INTEGER NOT NULL,
  author BLOB NOT NULL,
  seq INTEGER NOT NULL,
  event BLOB NOT NULL,
  absent INTEGER NOT NULL,
  value BLOB
);
CREATE INDEX {mark}_place ON {mark} (place);
CREATE TABLE {author} (no INTEGER PRIMARY KEY, key BLOB NOT NULL, side BLOB NOT NULL);
CREATE TABLE {cursor} (row INTEGER NOT NULL);
INSERT INTO {cursor} VALUES (0)
"""
_KEPT: Final = {
    "places": "SELECT path, type, counted FROM {place} WHERE counted <> 0",
    "events": (
        "SELECT p.path, p.type, e.row, e.inserts, e.counts, e.counts * e.absent"
        " FROM {edit} e LEFT JOIN {place} p ON p.no = e.place WHERE e.row < {end}"
    ),
    "elements": (
        "SELECT p.path, i.row, i.idx, i.absent, i.value FROM {item} i"
        " LEFT JOIN {place} p ON p.no = i.place"
        " JOIN {edit} e ON e.row = i.row AND e.place = i.place WHERE e.counts = 1"
    ),
    "marks": (
        "SELECT p.path, m.op, m.counts, m.how, m.start_row, m.start_idx, m.end_row, m.end_idx,"
        " m.over, m.lamport, m.time, m.author, m.seq, m.event,"
        " iif(m.counts, m.absent, 0), iif(m.counts, m.value, NULL)"
        " FROM {mark} m LEFT JOIN {place} p ON p.no = m.place WHERE m.op < {end_op}"
    ),
}
"""What another making of the view has alike. What does not count may lag: its newest events are
taken in with the next that do, its contents when it does."""


class TextsView(View):
    """The view of all texts and lists. Every replica has it; there is one per log."""

    parts = ("place", "edit", "writer", "kept", "tail", "item", "mark", "author", "cursor")
    schema = _TABLES

    def __init__(self) -> None:
        super().__init__(NAME, reducer=NAME, version=1)
        self.kept = Kept(self)

    def anew(self) -> Self:
        """Without what it holds in memory, which is told from tables of that name."""
        one = super().anew()
        one.kept = Kept(one)
        return one

    def reads_only(self) -> tuple[str, ...]:
        """Edits."""
        return (KIND,)

    def change(self, db: Db, source: EventSource, changes: Changes) -> None:
        """Take in changes. Cost: the runs of characters that they touch."""
        batch = Batch(self, db, source)
        for part in changes.removed.pieces(CHUNK_ROWS):
            batch.count(part, on=False)
        for part in changes.refreshed.pieces(CHUNK_ROWS):
            batch.refresh(part)
        cursor = self.cursor(db)
        for part in changes.added.clip(0, cursor).pieces(CHUNK_ROWS):
            batch.count(part, on=True)
        end, new = source.end_row(), changes.added.clip(cursor, END)
        for first in range(cursor, end, CHUNK_ROWS):
            batch.enter(first, min(CHUNK_ROWS, end - first), new)
        batch.settle()
        if end > cursor:
            db.execute(f"UPDATE {self.own('cursor')} SET row = ?", (end,))

    # --- what there is ---------------------------------------------------------------------------

    def find(self, db: Db, place: Place, type_: str) -> int | None:
        """The number of a place that events act on, counted or not."""
        found = db.rows(
            f"SELECT no FROM {self.own('place')} WHERE path = ? AND type = ?",
            (place_text(place), type_),
        )
        return int(found[0][0]) if found else None

    def has_value(self, db: Db, no: int) -> bool:
        """Whether an event that counts inserts (or marks) anything there."""
        table = self.own("place")
        return bool(db.rows(f"SELECT 1 FROM {table} WHERE no = ? AND counted > 0", (no,)))

    def value(self, db: Db, no: int, type_: str) -> Any:
        """What a place shows: a text; the elements of a list; the stretches of a mark.

        Absent elements and values of marks stand there as such.
        """
        if type_ == "mark":
            return [(s.start, s.end, s.value) for s in stretches(self.marks(db, no))]
        sequence = self.kept.get(db, no)
        if type_ == "text":
            return sequence.text()
        return [value for _, _, value in self.elements(db, no, 0, len(sequence))]

    def marks(self, db: Db, no: int) -> list[Mark]:
        """The marks at a place, counted or not, and what they reach of its text."""
        ((path,),) = db.rows(f"SELECT path FROM {self.own('place')} WHERE no = ?", (no,))
        text = self.find(db, parse_place(path)[:-1], "text")
        return [] if text is None else marks_at(self, db, no, self.kept.get(db, text))

    def elements(self, db: Db, no: int, start: int, end: int) -> Iterator[tuple[int, int, Any]]:
        """(row, index, value) of the elements shown from ``start`` to ``end``."""
        for row, index, count in self.kept.get(db, no).ids(start, end):
            found = db.rows(
                f"SELECT idx, absent, value FROM {self.own('item')}"
                " WHERE place = ? AND row = ? AND idx >= ? AND idx < ? ORDER BY idx",
                (no, row, index, index + count),
            )
            for at, absent, data in found:
                value = ABSENT[absent] if absent else decode_item(data, floats=True)
                yield row, at, value

    def state(self, db: Db) -> Any:
        """[[place, type, text or elements], ...] of the places where an insert counts, sorted.

        An element is [value], or "Missing", "Erased", "Bad"; of a mark: [start, end, element] of
        each stretch, marks that reach nothing left out.
        """
        found = []
        for no, path, type_ in self._counted(db):
            if type_ == "mark":
                value: Any = spans_value(stretches(self.marks(db, no)))
                if not value:
                    continue
            else:
                value = self.value(db, no, type_)
            if type_ == "list":
                value = [v.value if isinstance(v, Absent) else [v] for v in value]
            found.append([list(parse_place(path)), type_, value])
        return sorted(found, key=lambda entry: ([part.encode() for part in entry[0]], entry[1]))

    def _counted(self, db: Db) -> list[tuple[int, str, str]]:
        return db.rows(f"SELECT no, path, type FROM {self.own('place')} WHERE counted > 0")

    def settle(self, db: Db, source: EventSource) -> None:
        """Bring the table for people up to date: the places that changed since."""
        del source
        stale = db.rows(f"SELECT no, path, type, counted FROM {self.own('place')} WHERE stale = 1")
        for no, path, type_, counted in stale:
            db.execute(f"DELETE FROM {self.people} WHERE id = ?", (no,))
            if counted:
                value = self.value(db, no, type_)
                shown = value if type_ == "text" else to_json(_plain(value))
                db.execute(
                    f"INSERT INTO {self.people} VALUES (?, ?, ?, ?, ?)",
                    (no, path, type_, shown, len(value)),
                )
        if stale:
            db.execute(f"UPDATE {self.own('place')} SET stale = 0 WHERE stale = 1")

    # --- key by key ------------------------------------------------------------------------------

    def touched(self, db: Db, source: EventSource, spans: Spans) -> Iterator[tuple[str, int]]:
        """Place and row of each event that acts on a sequence."""
        del db
        for row, _, data, _, _ in source.bodies(spans.ranges, kind=KIND):
            frame = parse_frame(data)
            if isinstance(frame, Frame):
                yield from ((place_text(place), row) for place, _ in sequences_of(frame))

    def rows_of(self, db: Db, source: EventSource, key: str) -> list[int]:
        """Rows of the events that act at a place, counted or not."""
        del source
        found = db.rows(
            f"SELECT DISTINCT e.row FROM {self.own('edit')} e JOIN {self.own('place')} p"
            " ON e.place = p.no WHERE p.path = ? ORDER BY e.row",
            (key,),
        )
        return [row for (row,) in found]

    def values(self, db: Db, keys: Iterable[str]) -> dict[str, Any]:
        """What places show, those without a value left out."""
        found: dict[str, Any] = {}
        for key in keys:
            for no, type_ in db.rows(
                f"SELECT no, type FROM {self.own('place')} WHERE path = ? AND counted > 0"
                " ORDER BY type", (key,),
            ):  # fmt: skip
                value = self.value(db, no, type_)
                found[key] = _plain(value)
        return found

    def damage(self, db: Db, source: EventSource) -> Iterator[str]:
        """Events that act on a sequence and are not listed so, and what is kept of sequences.

        What is shown is the state; here is what is not shown, out of the tables alone.
        """
        if self.cursor(db) > source.end_row():
            yield "it has taken in rows that are not here"
        listed = set(db.rows(f"SELECT row, place FROM {self.own('edit')}"))
        numbers = {
            (p, t): no for no, p, t in db.rows(f"SELECT no, path, type FROM {self.own('place')}")
        }
        for row, _, data, _, _ in source.bodies([(0, self.cursor(db))], kind=KIND):
            frame = parse_frame(data)
            for place, type_ in sequences_of(frame) if isinstance(frame, Frame) else ():
                if (row, numbers.get((place_text(place), type_))) not in listed:
                    yield f"event row {row} acts on {place_text(place)} and is not listed"
                listed.discard((row, numbers.get((place_text(place), type_), -1)))
        yield from (
            f"event row {row} is listed and acts on no such place" for row, _ in sorted(listed)
        )
        yield from self._damaged_sequences(db, source)

    def differs(self, db: Db, fresh: View, fresh_db: Db) -> Iterator[str]:
        """What is listed of events, places, elements and marks, counted or not."""
        end = self.cursor(db)
        bounds = {"end": str(end), "end_op": str(op_number(end, 0))}
        for what, query in _KEPT.items():
            own = bounds | {part: self.own(part) for part in self.parts}
            others = bounds | {part: fresh.own(part) for part in self.parts}
            here, there = set(db.rows(query.format(**own))), fresh_db.rows(query.format(**others))
            if here != set(there):
                yield f"its {what} are not what the events say"

    def _damaged_sequences(self, db: Db, source: EventSource) -> Iterator[str]:
        """What is kept of each sequence, and who its authors are."""
        self.kept.forget()
        edit = self.own("edit")
        for no, path, type_ in db.rows(f"SELECT no, path, type FROM {self.own('place')}"):
            if type_ == "mark":
                continue
            try:
                out = self.kept.get(db, no).save()[3]
            except StoreError as error:
                yield f"{type_} {path}: {error}"
                continue
            rows = {row for first, many in out for row in range(first, first + many)}
            told = db.rows(f"SELECT row FROM {edit} WHERE place = ? AND counts = 0", (no,))
            if rows != {row for (row,) in told}:
                yield f"{type_} {path}: other events count there than are listed to"
        known: dict[bytes, list[tuple[bytes, int]]] = {}
        for number, key, side in db.rows(f"SELECT no, key, side FROM {self.own('author')}"):
            known.setdefault(key, []).append((side, number))
        for key, sides in known.items():
            numbers = [number for _, number in sorted(sides)]
            now = sorted((side, number) for number, side in source.chains(key))
            if numbers != [number for _, number in now if number in numbers]:
                yield f"chains {numbers} are not those of {key.hex()} in their order"


def sequences_of(frame: Frame) -> Sequence[tuple[Place, str]]:
    """The (place, type) pairs of sequences that a frame acts on."""
    pairs = ((op.place, VERBS[op.verb].type) for op in frame.ops if op.verb in VERBS)
    return list(dict.fromkeys(pair for pair in pairs if TYPES[pair[1]].sequence))


def _plain(value: Any) -> Any:
    """The same with null for what is absent."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, Absent) else value
