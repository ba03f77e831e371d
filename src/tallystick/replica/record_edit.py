"""Changing a record inside one edit: fields by attribute or by name, each by its type.

    todo.title = "milk"                register: set
    todo.done = True                   flag: enable or disable
    todo.votes.add(1)                  counter          todo["votes"].add(1)
    todo.tags.add("a")                 set              todo.tags.remove("b")
    todo.notes.insert(0, "Hi")         text, list       todo.notes.delete(0, 2)   .replace(...)
    todo.scores["ana"] = 3             map
    todo.address.city = "Bern"         a record within

Assigning to a set, list, text or counter writes what is needed for it to read that.

**Law:** every change is an op of the one edit; a value of another type is refused first.

Reads: state.{edits, schema}. Read by: replica.collections.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from tallystick.errors import BadInput
from tallystick.state.edits import Edit
from tallystick.state.places import Place
from tallystick.state.schema import Field

OWN = frozenset(("_edit", "_place", "_fields", "_now", "_there"))


class RecordEdit:
    """A record, or a record within one, that is being changed.

    Args:
        now: what it reads.
        there: whether it exists.
    """

    def __init__(
        self, edit: Edit, place: Place, fields: Mapping[str, Field], now: Mapping[str, Any],
        *, there: bool = True,
    ) -> None:  # fmt: skip
        self._edit, self._place, self._fields, self._now = edit, place, fields, dict(now)
        self._there = there

    def create(self) -> None:
        """Say that it is there, unless it is."""
        if not self._there:
            self._edit.create(self._place)
            self._there = True

    def update(self, fields: Mapping[str, Any]) -> None:
        """Make fields read these values; those that do already are not written."""
        for name, value in fields.items():
            self[name] = value

    def __getitem__(self, name: str) -> Any:
        one, place = self._field(name), (*self._place, name)
        if one.kind == "record":
            return RecordEdit(self._edit, place, one.fields, self._now.get(name) or {})
        if one.kind in _HANDLES:
            return _HANDLES[one.kind](self._edit, place, one, self._now.get(name))
        return self._now.get(name, one.empty)

    def __setitem__(self, name: str, value: Any) -> None:
        one, place = self._field(name), (*self._place, name)
        now, where = self._now.get(name, one.empty), "/".join(place)
        if one.kind == "record":
            if not isinstance(value, Mapping):
                raise _other(where, "an object", value)
            RecordEdit(self._edit, place, one.fields, now or {}).update(value)
        elif one.kind in _HANDLES:
            _HANDLES[one.kind](self._edit, place, one, self._now.get(name)).become(value)
        elif one.kind in {"flag", "off-flag"}:
            if not isinstance(value, bool):
                raise _other(where, "true or false", value)
            if value is not now or name not in self._now:
                (self._edit.enable if value else self._edit.disable)(place)
        else:
            one.check(value, where)
            alone = [value] if one.kind == "multi" else value
            if not _same(alone, now) or not self._there:
                self._edit.set(place, value)
        self._now[name] = value

    def __delitem__(self, name: str) -> None:
        """Write null into a register."""
        self[name] = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in OWN:
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def _field(self, name: str) -> Field:
        """A field of the schema; another name is a register that takes anything."""
        if not isinstance(name, str):
            raise _other("/".join(self._place), "the name of a field", name)
        return self._fields.get(name) or Field(name, "register")


class _Handle:
    """What changes one field that is more than a value."""

    def __init__(self, edit: Edit, place: Place, one: Field, now: Any) -> None:
        self._edit, self._place, self._one = edit, place, one
        self._where, self.now = "/".join(place), one.empty if now is None else now
        """What it read when the edit began."""


class CounterEdit(_Handle):
    """Adds up."""

    def add(self, amount: int = 1) -> None:
        """Add to it; the amount may be negative."""
        self._edit.inc(self._place, amount)

    def become(self, value: Any) -> None:
        """Add what is missing to a sum."""
        if type(value) is not int:
            raise _other(self._where, "a whole number", value)
        if value != self.now:
            self.add(value - self.now)


class SetEdit(_Handle):
    """Elements come and go."""

    def add(self, *elements: Any) -> None:
        """Put elements in."""
        for element in elements:
            self._one.check(element, self._where)
            self._edit.add(self._place, element)

    def remove(self, *elements: Any) -> None:
        """Take elements out. Raises BadInput (state/place) for one that is not there."""
        for element in elements:
            self._edit.remove(self._place, element)

    def become(self, value: Any) -> None:
        """Add and remove what differs."""
        if not isinstance(value, list | tuple | set | frozenset):
            raise _other(self._where, "several elements", value)
        wanted = list(value)
        self.add(*(one for one in wanted if not any(_same(one, had) for had in self.now)))
        self.remove(*(had for had in self.now if not any(_same(one, had) for one in wanted)))


class TextEdit(_Handle):
    """Characters are inserted and deleted."""

    def __str__(self) -> str:
        return self._edit.reads(self._place)

    def __len__(self) -> int:
        return len(str(self))

    def insert(self, position: int, text: str) -> None:
        """Insert before a position; negative ones count from the end."""
        self.replace(position, position, text)

    def append(self, text: str) -> None:
        """Insert at the end."""
        self.insert(len(self), text)

    def delete(self, start: int, end: int) -> None:
        """Delete characters ``start`` to ``end``."""
        self.replace(start, end, "")

    def replace(self, start: int, end: int, text: str) -> None:
        """Put a text in the place of characters ``start`` to ``end``."""
        size = len(self)
        start, end = (size + at if at < 0 else at for at in (start, end))
        self._edit.splice(self._place, start, end - start, text)

    def mark(
        self, start: int, end: int, name: str, *, value: Any = True, grows: bool = True
    ) -> None:
        """Mark characters: see ``Edit.mark``."""
        self._edit.mark(self._place, start, end, name, value=value, grows=grows)

    def become(self, value: Any) -> None:
        """Insert and delete what differs, as few characters as a comparison finds."""
        if not isinstance(value, str):
            raise _other(self._where, "text", value)
        _edit_into(str(self), value, self._edit.splice, self._place)


class ListEdit(_Handle):
    """Elements are inserted and deleted."""

    def insert(self, position: int, *elements: Any) -> None:
        """Insert before a position."""
        self.replace(position, position, *elements)

    def delete(self, start: int, end: int) -> None:
        """Delete elements ``start`` to ``end``."""
        self.replace(start, end)

    def append(self, *elements: Any) -> None:
        """Insert at the end."""
        self.insert(self._edit.length(self._place), *elements)

    def replace(self, start: int, end: int, *elements: Any) -> None:
        """Put elements in the place of elements ``start`` to ``end``."""
        for element in elements:
            self._one.check(element, self._where)
        size = self._edit.length(self._place)
        start, end = (size + at if at < 0 else at for at in (start, end))
        self._edit.splice_list(self._place, start, end - start, list(elements))

    def become(self, value: Any) -> None:
        """Insert and delete what differs."""
        if not isinstance(value, list | tuple):
            raise _other(self._where, "a list", value)
        for element in value:
            self._one.check(element, self._where)
        keys = [[_key(one) for one in some] for some in (self.now, value)]
        shift = 0
        for tag, a, b, c, d in SequenceMatcher(
            None, keys[0], keys[1], autojunk=False
        ).get_opcodes():
            if tag != "equal":
                self._edit.splice_list(self._place, a + shift, b - a, list(value[c:d]))
                shift += (d - c) - (b - a)


class MapEdit(_Handle):
    """Registers by key."""

    def __setitem__(self, key: str, value: Any) -> None:
        self._one.check(value, f"{self._where}/{key}")
        self._edit.entry(self._place, key, value)

    def become(self, value: Any) -> None:
        """Write the keys that differ; those that are missing become null."""
        if not isinstance(value, Mapping):
            raise _other(self._where, "an object", value)
        for key, one in value.items():
            self._one.check(one, f"{self._where}/{key}")
        for key in {**self.now, **value}:
            if key not in value or not _same(value[key], self.now.get(key, _NO)):
                self._edit.entry(self._place, key, value.get(key))


_NO: Any = object()
_HANDLES: dict[str, Any] = {
    "counter": CounterEdit, "set": SetEdit, "text": TextEdit, "list": ListEdit, "map": MapEdit,
}  # fmt: skip


def _edit_into(now: str, wanted: str, splice: Any, place: Place) -> None:
    shift = 0
    for tag, a, b, c, d in SequenceMatcher(None, now, wanted, autojunk=False).get_opcodes():
        if tag != "equal":
            splice(place, a + shift, b - a, wanted[c:d])
            shift += (d - c) - (b - a)


def _key(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _other(where: str, expected: str, got: Any) -> BadInput:
    return BadInput(
        "state/schema", "the schema has another type there", where=where, expected=expected,
        got=repr(got)[:80],
    )  # fmt: skip
