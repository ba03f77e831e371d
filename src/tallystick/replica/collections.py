"""Collections of records: documents whose every field is a CRDT, and a table in SQL.

    todos = replica.collection("todos", Todo)
    milk = todos.add(title="milk")                       an event
    with todos.edit(milk) as todo:                       one event, however much is changed
        todo.done = True
        todo.notes.insert(0, "semi-skimmed")
    todos.find({"done": False}, order="title")

Law: one block of edits is one event; what a reader's policy leaves out is left out of every field.

Reads: state.{records, schema, edits, resolving}, replica.{changing, reading}.
Read by: replica.reads.
Source: state.md of the specification, "Records".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from tallystick.errors import BadInput, NotFound
from tallystick.event.jsonio import to_json
from tallystick.replica.arguments import checked
from tallystick.replica.changing import ChangeInfo
from tallystick.replica.reading import Reading
from tallystick.replica.record_edit import RecordEdit
from tallystick.state import records
from tallystick.state.edits import Edit
from tallystick.state.places import Place, place_text
from tallystick.state.resolving import Resolvers
from tallystick.state.selecting import select_sql, selects
from tallystick.state.views_records import RecordsView, plain

Write = Callable[[Edit], str]
Changed = tuple[int, list[ChangeInfo]]


@checked
class Records:
    """A collection as one reading reads it. Records are dictionaries; ids are text."""

    def __init__(
        self, reading: Reading, view: RecordsView, resolvers: Resolvers = records.NO_RESOLVERS
    ) -> None:
        resolvers.check(view.shape)
        self._reading, self._view, self._resolvers = reading, view, resolvers

    @property
    def name(self) -> str:
        """Of the collection, and of its table."""
        return self._view.name

    def get(self, id: str, default: Any = None) -> Any:
        """A record; ``default`` where none exists. What is absent reads ``Missing`` and so on.

        Raises:
            UsageError: state/resolver, when a resolver raises.
        """
        place = (self.name, _id(id))
        with self._reading.places_and_texts() as (places, texts):
            if not records.exists(places, place):
                return default
            return {"id": id, **self._read(places, texts, place)}

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and id in self._all()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.find())

    def find(
        self,
        selector: Mapping[str, Any] | None = None,
        *,
        order: str | Sequence[str] = (),
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Records that fit, absent values as None.

        Args:
            selector: field -> value, or field -> {operator: value}: ``=``, ``!=``, ``<``, ``<=``,
                ``>``, ``>=``, ``in``, ``contains`` (an element, a key, or a part of a text).
            order: fields, each with ``-`` before it for descending; then by id.

        Raises:
            BadInput: state/schema, for a field or operator that is not there.
            UsageError: state/resolver, when a resolver raises. Selectors and orders go by the
                table, which no resolver changes.
        """
        wanted = dict(selector or {})
        by = [order] if isinstance(order, str) else list(order)
        if not self._reading.is_own:
            return self._resolved(selects(self._all(), self._view.shape, wanted, by, limit))
        query, params = select_sql(self._view, wanted, by, limit)
        with self._reading.view_and_db(self._view.name) as (view, db):
            found = [id for (id,) in db.rows(query, params)]
            values = view.values(db, found)
        return self._resolved([{"id": id, **self._in_order(values[id])} for id in found])

    def _resolved(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same records as the resolvers read them."""
        if not self._resolvers:
            return rows
        with self._reading.places_and_texts() as (places, texts):
            return [
                {"id": row["id"], **plain(self._read(places, texts, (self.name, row["id"])))}
                for row in rows
            ]

    def _read(self, places: records.Places, texts: records.Texts, place: Place) -> dict[str, Any]:
        return records.record_fields(places, texts, place, self._view.shape, self._resolvers)

    def _all(self) -> dict[str, dict[str, Any]]:
        found = self._reading.view(self._view)
        return {id: self._in_order(value) for id, value in found.items()}

    def _in_order(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Fields as the schema has them, then the others."""
        return {name: record[name] for name in self._view.shape.fields} | dict(record)

    def why(self, id: str, field: str | None = None) -> Any:
        """Why a record is there or not, or why a field (``title``, ``scores/ana``) reads so."""
        where: Place = (self.name, _id(id))
        if field is not None:
            with self._reading.places_and_texts() as (places, texts):
                at = tuple(field.split("/"))
                where = records.entry_place(places, texts, where, at, self._view.shape)
        return self._reading.why(place_text(where), type="record" if field is None else None)

    def history(self, id: str) -> list[dict[str, Any]]:
        """What every event did to a record, counted or not, in canonical order."""
        return self._reading.record_history(place_text((self.name, _id(id))))

    def diff(self, other: Records) -> dict[str, tuple[Any, Any]]:
        """Record -> (here, in the other reading) of those that differ; None where there is none."""
        one, two = self._all(), other._all()
        return {
            id: (one.get(id), two.get(id))
            for id in sorted(one.keys() | two.keys())
            if to_json(one.get(id)) != to_json(two.get(id))
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """All records as plain data, by id: what data frames are made of."""
        return [{"id": id, **value} for id, value in sorted(self._all().items())]

    def to_pandas(self) -> Any:
        """A data frame, a row for each record; needs pandas."""
        pandas = import_module("pandas")  # optional, and slow to import
        return pandas.DataFrame(self.to_rows())

    def to_arrow(self) -> Any:
        """A table of Arrow, a row for each record; needs pyarrow."""
        arrow = import_module("pyarrow")  # optional, and slow to import
        return arrow.Table.from_pylist(self.to_rows())


@checked
class Collection(Records):
    """Reads as ``Records`` does, and writes. Made by ``replica.collection``."""

    def __init__(
        self, reading: Reading, view: RecordsView, *, edit: Callable[[], Edit], write: Write,
        fresh: Callable[[], str], at: Callable[[str], Reading],
        changes: Callable[[int], Changed], resolvers: Resolvers = records.NO_RESOLVERS,
    ) -> None:  # fmt: skip
        super().__init__(reading, view, resolvers)
        self._new, self._write, self._fresh, self._at = edit, write, fresh, at
        self._changes = changes

    def at(self, version: str) -> Records:
        """The collection as of an earlier version: see ``Replica.at``."""
        return Records(self._at(version), self._view, self._resolvers)

    def changes(self, *, since: int = 0) -> Changed:
        """Which records changed since a position: see ``Replica.changes``."""
        return self._changes(since)

    def add(self, id: str | None = None, **fields: Any) -> str:
        """A new record; its id, random unless given.

        Raises:
            BadInput: state/schema; state/record, when there is one of that id.
        """
        key = self._fresh() if id is None else _id(id)
        if id is not None and self._exists(key):
            raise BadInput(
                "state/record", "there is a record of that id", where=f"{self.name}/{key}",
                hint="Use upsert, or edit it.",
            )  # fmt: skip
        self.upsert(key, fields)
        return key

    def upsert(self, id: str, fields: Mapping[str, Any]) -> str | None:
        """Makes a record read these fields, made if it is not there; None if it does already.

        Raises:
            BadInput: state/schema.
        """
        return self.bulk_upsert({id: fields})

    def bulk_upsert(self, rows: Mapping[str, Mapping[str, Any]]) -> str | None:
        """Upserts many records as one event; its id, or None if nothing is to be written."""
        edit = self._new()
        for id, fields in rows.items():
            one = self._editing(edit, _id(id))
            one.create()
            one.update(fields)
        return self._write(edit) if edit.drafts else None

    @contextmanager
    def edit(self, id: str) -> Iterator[RecordEdit]:
        """Changes of one record as one event: ``with todos.edit(id) as todo: todo.title = "x"``.

        Raises:
            NotFound: state/record, for one that does not exist.
        """
        key = _id(id)
        if not self._exists(key):
            raise NotFound(
                "state/record", "there is no such record", where=f"{self.name}/{key}",
                hint="Add it, or restore it if it was deleted.",
            )  # fmt: skip
        edit = self._new()
        yield self._editing(edit, key)
        if edit.drafts:
            self._write(edit)

    def delete(self, id: str) -> str:
        """Says that a record is not there any more; its fields are kept, unseen. The edit's id."""
        return self._write(self._new().delete((self.name, _id(id))))

    def restore(self, id: str) -> str:
        """Says that a deleted record is there again, with all that was written meanwhile."""
        return self._write(self._new().restore((self.name, _id(id))))

    def _exists(self, id: str) -> bool:
        with self._reading.places_and_texts() as (places, _):
            return records.exists(places, (self.name, id))

    def _editing(self, edit: Edit, id: str) -> RecordEdit:
        with self._reading.places_and_texts() as (places, texts):
            there = records.exists(places, (self.name, id))
            now = records.record_fields(places, texts, (self.name, id), self._view.shape)
        return RecordEdit(edit, (self.name, id), self._view.shape.fields, now, there=there)


def _id(id: str) -> str:
    records.check_id(id)
    return id
