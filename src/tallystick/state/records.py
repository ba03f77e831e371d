"""A record as its schema reads it: values at places become one dictionary.

    todos/7f            record   created          ┐
    todos/7f/title      register "milk"           ├─►  {"title": "milk", "tags": ["a"],
    todos/7f/tags       set      a                │     "at": {"x": 1}}
    todos/7f/at/x       register 1                ┘

Fields the schema has read by its kind, and their default where nothing was written. Others are kept
and read as what was written, by the type of their place.

**Law:** a record is a function of the values of its places and of the schema.

Reads: state.schema, types, places, map_keys, resolving. Read by: state.views_records,
replica.collections.
Source: state.md of the specification, "Records".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.state import views_places_read as places_read
from tallystick.state import views_texts_read as texts_read
from tallystick.state.explain import Item
from tallystick.state.map_keys import entries
from tallystick.state.places import SEGMENT_BYTES_MAX, Place, parse_place, place_text
from tallystick.state.resolving import RESOLVED, Resolvers, resolved
from tallystick.state.schema import MODES, TYPES, Field, Schema
from tallystick.state.source import EventSource
from tallystick.state.types import LiveOp
from tallystick.state.view import Db
from tallystick.state.views_places import PlacesView
from tallystick.state.views_texts import TextsView

Places = tuple[PlacesView, Db]
Texts = tuple[TextsView, Db]
"""A view, and the database it is read in."""
NO_RESOLVERS: Final = Resolvers()
_PLAIN: Final = ("text", "list", "counter", "set", "flag", "register")
"""In which order types are asked where a schema says nothing."""


def paths_of(places: Places, texts: Texts, record: Place) -> list[Place]:
    """Paths below a record at which anything acts, counted or not."""
    prefix = f"{place_text(record)}/"
    found: set[str] = set()
    for view, db in (places, texts):
        query = (
            f"SELECT path FROM {view.own('place')} WHERE path > ? AND path < ? AND type <> 'mark'"
        )
        found.update(path for (path,) in db.rows(query, (prefix, prefix[:-1] + "0")))
    return [parse_place(path)[len(record) :] for path in sorted(found)]


def exists(places: Places, record: Place) -> bool:
    """Whether a record was created and not deleted."""
    return bool(places_read.value(*places, record, type_="record", default=False))


def check_id(id: str) -> None:
    """Refuse what cannot be a record's id. Raises BadInput (state/record)."""
    if not id or len(id.encode(errors="replace")) > SEGMENT_BYTES_MAX:
        raise BadInput(
            "state/record", expected=f"an id of 1 to {SEGMENT_BYTES_MAX} bytes", got=id[:80]
        )


def record_fields(
    places: Places, texts: Texts, record: Place, schema: Schema, resolvers: Resolvers = NO_RESOLVERS
) -> dict[str, Any]:
    """What a record reads, there or not; absent values as ``Missing``, ``Erased`` or ``Bad``.

    Raises:
        UsageError: state/resolver, when a resolver raises.
    """
    reader = _Reader(places, texts, record, resolvers)
    return reader.fields(schema.fields, (), paths_of(places, texts, record))


def history(
    places: Places, texts: Texts, source: EventSource, record: Place
) -> list[tuple[str, Item]]:
    """(place, what was done) of every op at a record and below it, in canonical order.

    Cost: the ops there; of a field that is a counter, all edits of the log.
    """
    found: list[tuple[int, str, Item]] = []
    for path in (record, *((*record, *below) for below in paths_of(places, texts, record))):
        text = place_text(path)
        for type_ in _types_at(*places, text):
            past = places_read.history(*places, source, path, type_=type_)
            found += [(step.lamport, text, step.item) for step in past]
        for type_ in _types_at(*texts, text):
            steps = texts_read.history(*texts, source, path, type_=type_)
            found += [(step.lamport, text, step.item) for step in steps]
    found.sort(key=lambda f: (f[0], f[2].author, f[2].seq, f[2].event, f[2].index))
    return [(text, item) for _, text, item in found]


def map_writes(
    places: Places, record: Place, at: Place, paths: Iterable[Place]
) -> Iterator[tuple[str, LiveOp]]:
    """(segment, live write) of the entries of a map at a path below a record."""
    for path in paths:
        if path[: len(at)] == at and len(path) == len(at) + 1:
            live = places_read.live_ops(*places, (*record, *path), "register")
            yield from ((path[-1], op) for op in live)


def entry_place(places: Places, texts: Texts, record: Place, at: Place, schema: Schema) -> Place:
    """Where a path of field names and a key acts: the key of a map as its winning segment."""
    known = schema.fields
    for depth, name in enumerate(at[:-1]):
        one = known.get(name)
        if one is not None and one.kind == "map" and depth == len(at) - 2:
            writes = map_writes(places, record, at[:-1], paths_of(places, texts, record))
            segment, _ = entries(writes).get(at[-1], (at[-1], None))
            return (*record, *at[:-1], segment)
        known = {} if one is None else one.fields
    return (*record, *at)


def _types_at(view: PlacesView | TextsView, db: Db, path: str) -> list[str]:
    query = f"SELECT type FROM {view.own('place')} WHERE path = ? ORDER BY type"
    return [type_ for (type_,) in db.rows(query, (path,))]


class _Reader:
    """Reads the fields of one record."""

    def __init__(self, places: Places, texts: Texts, record: Place, resolvers: Resolvers) -> None:
        self._places, self._texts, self._record = places, texts, record
        self._resolvers = resolvers

    def fields(
        self, known: Mapping[str, Field], above: Place, paths: Iterable[Place]
    ) -> dict[str, Any]:
        """A dictionary of the fields below a path: those known first, then the others."""
        below = [path for path in paths if path[: len(above)] == above and len(path) > len(above)]
        names = list(dict.fromkeys([*known, *(path[len(above)] for path in below)]))
        found = {}
        for name in names:
            at = (*above, name)
            one = known.get(name)
            value = self._unknown(at, below) if one is None else self._field(one, at, below)
            if value is not _NOTHING:
                found[name] = value
        return found

    def _field(self, one: Field, at: Place, paths: Iterable[Place]) -> Any:
        if one.kind == "record":
            return self.fields(one.fields, at, paths)
        if one.kind == "map":
            return self._entries(at, paths) or one.empty
        resolver = self._resolvers.of(at) if one.kind in RESOLVED else None
        if resolver is not None:
            values = self._concurrent(at, one)
            where = place_text((*self._record, *at))
            return resolved(resolver, values, where) if values else one.empty
        value = self._value(at, TYPES[one.kind], MODES.get(one.kind))
        return one.empty if value is _NOTHING else value

    def _concurrent(self, at: Place, one: Field) -> list[Any]:
        """All live values of a register, the winner last."""
        live = places_read.live_ops(*self._places, (*self._record, *at), "register")
        if one.kind == "timed":
            live.sort(key=lambda op: op.order_by_time)
        return [op.value for op in live]

    def _entries(self, at: Place, paths: Iterable[Place]) -> dict[str, Any]:
        found = entries(map_writes(self._places, self._record, at, paths))
        return {key: value for key, (_, value) in found.items()}

    def _unknown(self, at: Place, paths: Iterable[Place]) -> Any:
        for type_ in _PLAIN:
            value = self._value(at, type_, None)
            if value is not _NOTHING:
                return value
        return self.fields({}, at, paths) or _NOTHING

    def _value(self, at: Place, type_: str, mode: str | None) -> Any:
        place = (*self._record, *at)
        if type_ in {"text", "list"}:
            return self._texts_value(place, type_)
        return places_read.value(*self._places, place, type_=type_, mode=mode, default=_NOTHING)

    def _texts_value(self, place: Place, type_: str) -> Any:
        view, db = self._texts
        no = view.find(db, place, type_)
        if no is None or not view.has_value(db, no):
            return _NOTHING
        return view.value(db, no, type_)


_NOTHING: Final = object()
