"""Resolvers: what a field reads where several people wrote at the same time, by the reader's rule.

    live writes of a field, the winner last ─► f([...]) ─► what get, find and iteration read

Like the schema a resolver is its reader's: it is in no log, and the table in SQL knows none.

**Law:** a resolver changes what is read, never what was written.

Reads: errors, state.schema. Read by: state.records, replica.collections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.errors import BadInput, UsageError
from tallystick.state.schema import Field, Schema

Resolver = Callable[[list[Any]], Any]
"""All live values of a field, the winner last; absent ones as ``Missing``, ``Erased``, ``Bad``."""
RESOLVED: Final = frozenset(("register", "timed", "multi"))
"""Kinds of fields that keep concurrent writes apart."""


@dataclass(frozen=True, slots=True)
class Resolvers:
    """The resolvers of one reader of a collection.

    Args:
        fields: field, or path of fields (``address/city``) -> its resolver.
        default: that of every other register of the schema, entries of maps left out.
    """

    fields: Mapping[str, Resolver] = field(default_factory=dict)
    default: Resolver | None = None

    def __bool__(self) -> bool:
        return bool(self.fields) or self.default is not None

    def check(self, schema: Schema) -> None:
        """Refuse what cannot resolve. Raises BadInput (state/schema)."""
        for path, one in {**self.fields, "resolver": self.default}.items():
            if one is not None and not callable(one):
                raise BadInput(
                    "state/schema", where=path, expected="a function", got=repr(one)[:80]
                )
        for path in self.fields:
            found = _find(schema.fields, path) if isinstance(path, str) else None
            if found is None or found.kind not in RESOLVED:
                raise BadInput(
                    "state/schema", "only registers have resolvers", where=str(path)[:80],
                    expected=" or ".join(sorted(RESOLVED)),
                    got="no such field" if found is None else found.kind,
                )  # fmt: skip

    def of(self, at: Sequence[str]) -> Resolver | None:
        """The resolver of a field, if it has one."""
        return self.fields.get("/".join(at), self.default)


def resolved(resolver: Resolver, values: list[Any], where: str) -> Any:
    """What a resolver makes of the live values. Raises UsageError (state/resolver) if it raises."""
    try:
        return resolver(values)
    except Exception as error:
        raise UsageError(
            "state/resolver", where=where, got=f"{type(error).__name__}: {error}"[:200]
        ) from error


def _find(fields: Mapping[str, Field], path: str) -> Field | None:
    name, _, below = path.partition("/")
    found = fields.get(name)
    return _find(found.fields, below) if found is not None and below else found
