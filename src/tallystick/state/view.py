"""A view: named readable state, kept in tables of its own, fed by changes alone.

    create(db) ─► apply(db, source, ranges) ... ─► state(db)          drop(db)
                  └ net ─► change(db, source, Changes)  ◄ what each kind of view writes

``Db`` is the part of the store's adapter that views use. A view opens no transaction: its tables
and its position in the feed change in whatever transaction the caller has open, so that both are
kept or neither.

**Law:** ``state(db)`` is a function of the events that count, not of how they came to.

Reads: kernels, errors, state.source. Read by: state.views, replica.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from hashlib import sha256
from typing import Any, ClassVar, Final, Protocol, Self

from tallystick.errors import BadInput
from tallystick.kernels import encode_item
from tallystick.state.source import ChangeRange, Changes, EventSource, Spans, net

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TABLES_OF_STORE: Final = """
arrival author code equivocation event feed ground id_page id_run kept kind ledger line log merkle
meta peer pending petname places policy policy_history private_statement run schema_ref source
statement titles view
"""
RESERVED: Final = frozenset(_TABLES_OF_STORE.split())
"""Tables of the store and of standard views; nothing named ``state_*`` or ``sqlite_*`` either."""
_LONG: Final = 64
"""Ranges of this many rows are queried by themselves, shorter ones together, row by row."""
_STATE_TAG: Final = b"tallystick/state/1\x00"


class Db(Protocol):
    """What views ask of a database (``store.adapter.Adapter`` fits)."""

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run one statement; the last inserted rowid."""

    def executemany(self, sql: str, batch: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""


class View(ABC):
    """Base of all views. An object serves one log; ``suffix`` tells its tables from others'.

    Args:
        name: of the view and its SQL table: [a-z][a-z0-9_]*, at most 40 characters.
        reducer: which code reads the events.
        version: of that code; another version is another view and is built anew.
    """

    parts: ClassVar[tuple[str, ...]]
    """Its tables but the one for people, by the names that ``schema`` has for them."""
    after: ClassVar[tuple[str, ...]] = ()
    """Views, by name, that take in the same changes before it, as it reads what they hold."""
    schema: ClassVar[str]
    """The statements that make them empty; ``{people}`` is the table for people."""

    def __init__(self, name: str, *, reducer: str, version: int = 1) -> None:
        self.name = name
        self.reducer = reducer
        self.version = version
        self.suffix = ""

    def definition(self) -> Any:
        """The rest of what the view is, as plain data; another definition is another view."""
        return None

    def reads_only(self) -> tuple[str, ...] | None:
        """The kinds of events that can move it; None when a list of kinds does not say."""
        return None

    def definition_bytes(self) -> bytes:
        """Canonical bytes of [reducer, version, definition]."""
        return encode_item([self.reducer, self.version, self.definition()])

    def anew(self) -> Self:
        """The same view for another database, in which it is the only one of its name."""
        one = copy(self)
        one.suffix = ""
        return one

    @property
    def table(self) -> str:
        """The table that people read."""
        return f"{self.name}{self.suffix}"

    @property
    def people(self) -> str:
        """The same, quoted for SQL: a view may be called ``order``."""
        return f'"{self.table}"'

    def own(self, part: str) -> str:
        """The name of a table of the view's own."""
        return f"state_{part}_{self.name}{self.suffix}"

    def tables(self) -> list[str]:
        """All of the view's tables, the one for people first."""
        return [self.table, *(self.own(part) for part in self.parts)]

    def create(self, db: Db) -> None:
        """Make empty tables."""
        names = {part: self.own(part) for part in self.parts} | {"people": self.people}
        for statement in self.schema.format(**names).split(";\n"):
            db.execute(statement)

    def cursor(self, db: Db) -> int:
        """Rows below it are kept, counted or not; of views that keep what does not count, too."""
        return int(db.rows(f"SELECT row FROM {self.own('cursor')}")[0][0])

    @abstractmethod
    def change(self, db: Db, source: EventSource, changes: Changes) -> None:
        """Take in changes that were netted."""

    @abstractmethod
    def state(self, db: Db) -> Any:
        """The whole state as plain data: what is hashed. Cost: its size."""

    def damage(self, db: Db, source: EventSource) -> Iterator[str]:
        """What its own tables say otherwise than the events they were made of.

        For what the state does not show: it is compared by its hash. Cost: linear in the events.
        """
        del db, source
        return iter(())

    def differs(self, db: Db, fresh: View, fresh_db: Db) -> Iterator[str]:
        """What its own tables say otherwise than those of the same view made from scratch.

        For what the state does not show. Cost: the tables.
        """
        del db, fresh, fresh_db
        return iter(())

    # --- key by key: what comparing and polling ask, so that they cost what they touch ----------

    def touched(
        self, db: Db, source: EventSource, spans: Spans
    ) -> Iterable[tuple[str, int]] | None:
        """(key, row) of each event among ``spans`` and each key it has a part in.

        None: the view cannot say, and its whole state is compared.
        """
        del db, source, spans
        return None

    def rows_of(self, db: Db, source: EventSource, key: str) -> Sequence[int] | None:
        """Rows of all events that have a part in one key, counted or not; None: it cannot say."""
        del db, source, key
        return None

    def values(self, db: Db, keys: Iterable[str]) -> dict[str, Any]:
        """The values of some keys as people read them, those without one left out.

        A view whose ``touched`` and ``rows_of`` say nothing has no keys.
        """
        del db, keys
        return {}

    # --- its tables -----------------------------------------------------------------------------

    def load(self, db: Db, source: EventSource) -> None:
        """Make sure ``state`` can answer, on a freshly opened database."""
        del db, source

    def settle(self, db: Db, source: EventSource) -> None:
        """Bring the table that people read up to date, where it may lag."""
        del db, source

    def drop(self, db: Db) -> None:
        """Remove the tables."""
        for table in self.tables():
            db.execute(f'DROP TABLE IF EXISTS "{table}"')

    def apply(self, db: Db, source: EventSource, ranges: Iterable[ChangeRange]) -> None:
        """Take in a batch of the feed, in its order.

        Raises:
            UsageError: state/fold, when a fold's own code fails; roll back then.
        """
        self.change(db, source, net(ranges))


def check_name(name: str) -> str:
    """A name for a view, checked.

    Raises:
        BadInput: state/view, when the pattern does not fit or the name is taken by the store.
    """
    own = name.startswith(("state_", "sqlite_"))
    if not NAME.fullmatch(name) or name in RESERVED or own:
        raise BadInput(
            "state/view",
            "that name cannot be a view's",
            expected="[a-z][a-z0-9_]*, at most 40 characters, not a table of the store",
            got=repr(name),
        )
    return name


def state_hash(view: View, db: Db) -> bytes:
    """SHA-256("tallystick/state/1" ‖ 0 ‖ [name, reducer, version, state]): 32 bytes.

    Policy, position and arrival are not part of it: replicas that agree on what counts agree on it.
    """
    item = [view.name, view.reducer, view.version, view.state(db)]
    return sha256(_STATE_TAG + encode_item(item, floats=True)).digest()


def row_list(rows: Iterable[int]) -> str:
    """Row numbers as a JSON array, for ``json_each``."""
    return f"[{','.join(map(str, rows))}]"


def within(table: str, spans: Spans) -> Iterator[tuple[str, tuple[int | str, ...]]]:
    """FROM and WHERE over the lines ``p`` of a table with the given rows, and their parameters.

    One for each long range, one for all short ones.
    """
    short: list[int] = []
    for row, count in spans.ranges:
        if count < _LONG:
            short += range(row, row + count)
        else:
            yield f"{table} p WHERE p.row >= ? AND p.row < ?", (row, row + count)
    if short:
        joined = f"json_each(?) j CROSS JOIN {table} p ON p.row = j.value WHERE 1"
        yield joined, (row_list(short),)
