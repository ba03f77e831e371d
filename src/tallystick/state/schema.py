"""Schemas of collections: which fields records have, of which type, and what they read by default.

    a class with type hints ─┐
                             ├─► Schema ─► fields by name ─► places (collection, record, field...)
    a JSON Schema ───────────┘             (x-crdt: text, counter, flag, set, list, map, multi)

A schema is its reader's: it is not part of the log, and two people may read one collection by
different schemas. What a schema does not know is kept, and reads as what was written.

**Law:** the definition of a schema is plain data; equal definitions read equal values.

Reads: errors, fields, state.places. Read by: state.views_records, replica.collections.
Source: state.md of the specification, "Records"; https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from tallystick import fields as f
from tallystick.errors import BadInput
from tallystick.kernels import encode_item
from tallystick.state.places import SEGMENTS_MAX, fits

KINDS: Final = (
    *("register", "timed", "multi", "flag", "off-flag"),
    *("counter", "set", "list", "text", "map", "record"),
)
"""What a field can be, as definitions and JSON Schemas (``x-crdt``) name it."""
TYPES: Final = {
    "register": "register", "timed": "register", "multi": "register", "flag": "flag",
    "off-flag": "flag", "counter": "counter", "set": "set", "list": "list", "text": "text",
}  # fmt: skip
"""The type of place each is written at."""
MODES: Final = {"timed": "time", "multi": "all", "flag": "enable", "off-flag": "disable"}
"""Ways of reading other than the type's default."""
_MARKERS: Final[dict[Any, str]] = {
    f.Text: "text", f.Counter: "counter", f.Flag: "flag", f.OffFlag: "off-flag", f.Set: "set",
    f.List: "list", f.Map: "map", f.Multi: "multi", f.Timed: "timed",
}  # fmt: skip
_JSON: Final[dict[Any, str]] = {
    str: "string", int: "integer", float: "number", bool: "boolean", dict: "object",
    list: "array", type(None): "null",
}  # fmt: skip
_EMPTY: Final[dict[str, Any]] = {"counter": 0, "flag": False, "off-flag": False, "text": ""}
NESTED_MAX: Final = SEGMENTS_MAX - 2
"""Collection and record take two segments."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Args:
        kind: one of ``KINDS``.
        json: the JSON types its values (elements) may have; empty: any.
        default: what it reads where nothing was written.
        fields: of a ``record``, those below it.
    """

    name: str
    kind: str
    json: tuple[str, ...] = ()
    default: Any = None
    fields: Mapping[str, Field] = field(default_factory=dict)

    def definition(self) -> list[Any]:
        """As plain data."""
        below = [one.definition() for one in self.fields.values()]
        return [self.name, self.kind, list(self.json), self.default, below]

    @property
    def empty(self) -> Any:
        """What it reads where nothing was written."""
        if self.default is not None:
            return self.default
        if self.kind in {"set", "list", "multi"}:
            return []
        return {} if self.kind == "map" else _EMPTY.get(self.kind)

    def check(self, value: Any, where: str) -> None:
        """Refuse a value of another type. Raises BadInput (state/schema) that says where."""
        found = _json_type(value)
        if (
            self.json
            and found not in self.json
            and (found, "number" in self.json) != ("integer", True)
        ):
            raise BadInput(
                "state/schema", "the schema has another type there", where=where,
                expected=" or ".join(self.json), got=repr(value)[:80],
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of the records of a collection, by name."""

    fields: Mapping[str, Field]

    def definition(self) -> list[Any]:
        """As plain data: what makes two schemas one."""
        return [one.definition() for one in self.fields.values()]


def schema_of(source: Any) -> Schema:
    """A schema of a class with type hints, a JSON Schema, or one's definition.

    Raises:
        BadInput: state/schema, for what cannot be a schema.
    """
    if isinstance(source, Schema):
        return source
    if isinstance(source, list):
        return Schema({one.name: one for one in map(_from_definition, source)})
    if isinstance(source, Mapping):
        return Schema(_json_fields(source, "the schema"))
    if isinstance(source, type):
        return Schema(_class_fields(source, 0))
    raise _bad("the schema", "a class with type hints, or a JSON Schema", source)


# --- classes -------------------------------------------------------------------------------------


def _class_fields(cls: type, depth: int) -> dict[str, Field]:
    if depth > NESTED_MAX:
        raise _bad(cls.__name__, f"records at most {NESTED_MAX} deep", "a class within itself")
    try:
        hints = get_type_hints(cls)
    except (NameError, TypeError) as error:
        raise _bad(cls.__name__, "type hints that can be read", error) from error
    if not hints:
        raise _bad(cls.__name__, "fields: names with type hints", "none")
    found = {}
    for name, hint in hints.items():
        default = getattr(cls, name, None)
        found[name] = _hinted(name, hint, default, f"{cls.__name__}.{name}", depth)
    return found


def _hinted(name: str, hint: Any, default: Any, where: str, depth: int) -> Field:
    _check_name(name, where)
    origin = get_origin(hint)
    kind = _MARKERS.get(hint) or _MARKERS.get(origin)
    if kind is not None:
        (value,) = get_args(hint) or (Any,)
        return Field(name, kind, _json_of(value, where), _plain(default, where))
    if isinstance(hint, type) and hint not in _JSON and hint.__module__ != "builtins":
        return Field(name, "record", fields=_class_fields(hint, depth + 1))
    return Field(name, "register", _json_of(hint, where), _plain(default, where))


def _json_of(hint: Any, where: str) -> tuple[str, ...]:
    """The JSON types of a hint; empty for any."""
    if hint is Any or hint is object:
        return ()
    if get_origin(hint) in {Union, types.UnionType}:
        parts = [_json_of(one, where) for one in get_args(hint)]
        return () if () in parts else tuple(sorted({one for part in parts for one in part}))
    plain = get_origin(hint) or hint
    if hint is None or plain is type(None):
        return ("null",)
    if plain not in _JSON:
        raise _bad(where, "plain data, or a type of tallystick.fields", hint)
    return (_JSON[plain],)


# --- JSON Schema ---------------------------------------------------------------------------------


def _json_fields(schema: Mapping[str, Any], where: str, depth: int = 0) -> dict[str, Field]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties or depth > NESTED_MAX:
        raise _bad(where, "an object schema with properties", schema)
    found = {}
    for name, one in properties.items():
        at = f"{where}: {name}"
        if not isinstance(name, str) or not isinstance(one, Mapping):
            raise _bad(at, "a schema", one)
        _check_name(name, at)
        found[name] = _json_field(name, one, at, depth)
    return found


def _json_field(name: str, schema: Mapping[str, Any], where: str, depth: int) -> Field:
    kind = schema.get("x-crdt")
    if kind is None:
        nested = schema.get("type") == "object" and schema.get("properties")
        kind = "record" if nested else "register"
    if kind not in KINDS:
        raise _bad(f"{where}: x-crdt", " or ".join(KINDS), kind)
    if kind == "record":
        return Field(name, kind, fields=_json_fields(schema, where, depth + 1))
    if kind in {"set", "list", "multi", "map"}:
        schema = {**schema, **_elements(schema)}
    json = schema.get("type", ()) if kind not in {"text", "counter", "flag", "off-flag"} else ()
    json = (json,) if isinstance(json, str) else tuple(sorted(json))
    if not set(json) <= set(_JSON.values()):
        raise _bad(f"{where}: type", " or ".join(_JSON.values()), json)
    return Field(name, kind, json, _plain(schema.get("default"), where))


def _elements(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Of a schema of several values the type of one."""
    of = schema.get("items", schema.get("additionalProperties", {}))
    return {"type": of.get("type", ()) if isinstance(of, Mapping) else ()}


# --- both ----------------------------------------------------------------------------------------


def _from_definition(item: Any) -> Field:
    name, kind, json, default, below = item
    fields = {one.name: one for one in map(_from_definition, below)}
    return Field(name, kind, tuple(json), default, fields)


def _check_name(name: str, where: str) -> None:
    if not fits(("c", "r", name)) or name.startswith("_"):
        raise _bad(where, "a name of 1 to 200 bytes that does not begin with _", name)


def _plain(default: Any, where: str) -> Any:
    try:
        encode_item(default, floats=True)
    except BadInput as error:
        raise _bad(where, "a default that is plain data", default) from error
    return default


def _json_type(value: Any) -> str:
    for type_ in (bool, int, float, str, list, dict, type(None)):
        if isinstance(value, type_):
            return _JSON[type_]
    return type(value).__name__


def _bad(where: str, expected: str, got: Any) -> BadInput:
    return BadInput(
        "state/schema", "that cannot be a schema", where=where, expected=expected,
        got=str(got)[:80],
    )  # fmt: skip
