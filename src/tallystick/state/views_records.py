"""A collection as a table: a row for each record that exists, a column for each field.

    todos                 id, title, done, tags...           for people, SQL, Datasette
    state_record_todos    id -> the record as plain data     what is hashed

The view reads what the views of places and of texts hold, which take in the same changes before it;
of a batch it reads anew the records whose events it holds, and no others.

**Law:** the table holds the records that exist, each as its places read it.

Reads: state.records, schema, view. Read by: state.views, replica.collections.
Source: state.md of the specification, "Records".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Self

from tallystick.errors import BadInput
from tallystick.event.absent import Absent
from tallystick.event.jsonio import to_json
from tallystick.kernels import decode_item, encode_item
from tallystick.limits import INT_MAX, INT_MIN
from tallystick.state.ops import KIND, Frame, parse_frame
from tallystick.state.places import Place
from tallystick.state.records import exists, record_fields
from tallystick.state.schema import Field, Schema, schema_of
from tallystick.state.source import Changes, EventSource, Spans
from tallystick.state.view import Db, View, check_name
from tallystick.state.views_places import PlacesView
from tallystick.state.views_texts import TextsView

CHUNK_ROWS: Final = 16_384
_COLUMN: Final = {"counter": "INTEGER", "flag": "INTEGER", "off-flag": "INTEGER"}
_JSON_COLUMN: Final = {"integer": "INTEGER", "boolean": "INTEGER", "number": "REAL"}
_KEY: Final = "id"


class RecordsView(View):
    """The table of one collection.

    Args:
        name: of the collection, and of its table.
        schema: see ``state.schema.schema_of``.
        indexes: names of fields to be found quickly by.

    Raises:
        BadInput: state/view, for a name that cannot be a view's; state/schema.
    """

    parts = ("record",)
    after = ("places", "texts")

    def __init__(self, name: str, *, schema: Any, indexes: Sequence[str] = ()) -> None:
        super().__init__(check_name(name), reducer="records", version=1)
        self.shape: Schema = schema_of(schema)
        self.indexes = tuple(sorted(set(indexes)))
        clash = [one for one in self.shape.fields if one.lower() == _KEY]
        unknown = [one for one in self.indexes if one not in self.shape.fields]
        folded = {one.lower() for one in self.shape.fields}
        if clash or unknown or len(folded) < len(self.shape.fields):
            raise BadInput(
                "state/schema", where=name, got=(clash or unknown or sorted(self.shape.fields))[0],
                expected=f"fields that differ in more than case, none called {_KEY!r},"
                " and indexes on them",
            )  # fmt: skip
        self._places, self._texts = PlacesView(), TextsView()

    def anew(self) -> Self:
        """With views of places and texts of its own."""
        return type(self)(self.name, schema=self.shape, indexes=self.indexes)

    def definition(self) -> dict[str, Any]:
        """The schema and the indexes."""
        return {"schema": self.shape.definition(), "indexes": list(self.indexes)}

    def reads_only(self) -> tuple[str, ...]:
        """Edits."""
        return (KIND,)

    def create(self, db: Db) -> None:
        """Make empty tables."""
        columns = "".join(
            f", {quoted(name)} {_column(one)}" for name, one in self.shape.fields.items()
        )
        db.execute(f"CREATE TABLE {self.people} ({_KEY} TEXT PRIMARY KEY{columns}, _extra TEXT)")
        for name in self.indexes:
            index = quoted(f"state_record_{self.table}_by_{name}")
            db.execute(f"CREATE INDEX {index} ON {self.people} ({quoted(name)})")
        record = self.own("record")
        db.execute(
            f"CREATE TABLE {record} (id TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
        )

    def change(self, db: Db, source: EventSource, changes: Changes) -> None:
        """Take in changes. Cost: the records they touch."""
        for spans in (changes.removed, changes.refreshed, changes.added):
            for part in spans.pieces(CHUNK_ROWS):
                ids = sorted({id for id, _ in self._records(source, part)})
                self._write(db, ids)

    def _records(self, source: EventSource, spans: Spans) -> Iterator[tuple[str, int]]:
        """(record, row) of each record an event acts on."""
        for row, _, data, _, _ in source.bodies(spans.ranges, kind=KIND):
            frame = parse_frame(data)
            if isinstance(frame, Frame):
                ids = {
                    op.place[1] for op in frame.ops if len(op.place) > 1 and self._mine(op.place)
                }
                yield from ((id, row) for id in ids)

    def _mine(self, place: Place) -> bool:
        return place[0] == self.name

    def _write(self, db: Db, ids: Sequence[str]) -> None:
        places, texts = self._inner()
        gone, rows, kept = [], [], []
        for id in ids:
            place = (self.name, id)
            if not exists((places, db), place):
                gone.append((id,))
                continue
            value = plain(record_fields((places, db), (texts, db), place, self.shape))
            kept.append((id, encode_item(value, floats=True)))
            known = [cell(one, value.pop(name)) for name, one in self.shape.fields.items()]
            rows.append((id, *known, to_json(value) if value else None))
        db.executemany(f"DELETE FROM {self.people} WHERE {_KEY} = ?", gone)
        db.executemany(f"DELETE FROM {self.own('record')} WHERE id = ?", gone)
        marks = ", ".join("?" * (len(self.shape.fields) + 2))
        db.executemany(f"INSERT OR REPLACE INTO {self.people} VALUES ({marks})", rows)
        db.executemany(f"INSERT OR REPLACE INTO {self.own('record')} VALUES (?, ?)", kept)

    def _inner(self) -> tuple[PlacesView, TextsView]:
        self._places.suffix = self._texts.suffix = self.suffix
        return self._places, self._texts

    # --- what there is ---------------------------------------------------------------------------

    def state(self, db: Db) -> Any:
        """{record: {field: value}}: those that exist; absent values are null."""
        found = db.rows(f"SELECT id, value FROM {self.own('record')} ORDER BY id")
        return {id: decode_item(value, floats=True) for id, value in found}

    def touched(self, db: Db, source: EventSource, spans: Spans) -> Iterator[tuple[str, int]]:
        """Record and row of each event that acts on one."""
        del db
        return self._records(source, spans)

    def rows_of(self, db: Db, source: EventSource, key: str) -> list[int]:
        """Rows of the events that act on a record, counted or not. Cost: all edits."""
        del db
        everything = Spans([(0, source.end_row())])
        return [row for id, row in self._records(source, everything) if id == key]

    def values(self, db: Db, keys: Iterable[str]) -> dict[str, Any]:
        """Records by id, those that do not exist left out."""
        found = {}
        for key in keys:
            for (value,) in db.rows(f"SELECT value FROM {self.own('record')} WHERE id = ?", (key,)):
                found[key] = decode_item(value, floats=True)
        return found


def plain(value: Any) -> Any:
    """The same with null for what is absent."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, Absent) else value


def quoted(name: str) -> str:
    """A name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _column(one: Field) -> str:
    if one.kind in {"register", "timed"} and len(set(one.json) - {"null"}) == 1:
        (json,) = set(one.json) - {"null"}
        return _JSON_COLUMN.get(json, "TEXT")
    return _COLUMN.get(one.kind, "TEXT")


def cell(one: Field, value: Any) -> Any:
    """A value as SQL holds it: what is no plain number or text is JSON."""
    if value is None or (isinstance(value, str | float) and one.kind != "multi"):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if INT_MIN <= value <= INT_MAX else str(value)
    return to_json(value)
