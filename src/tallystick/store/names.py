"""Logs, authors, kinds, schemas: said once, then named by number.

Law: a name has one number in one store, for ever; numbers never leave the store.

Reads: store/base. Read by: lines, events, notes.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from tallystick.errors import NotFound, StoreError
from tallystick.store.adapter import Adapter
from tallystick.store.base import Base
from tallystick.store.crc import insert_into
from tallystick.store.rows import LogRow

Name = TypeVar("Name", str, bytes)

CACHED_MAX: Final = 65_536
"""Names of one table held in memory (about 10 MB at worst); more and the cache starts afresh."""


class Interned(Generic[Name]):
    """One table (no, name) with both directions cached."""

    def __init__(self, db: Adapter, table: str) -> None:
        self._db = db
        self._select_no = f"SELECT no FROM {table} WHERE name = ?"
        self._select_name = f"SELECT name FROM {table} WHERE no = ?"
        self._insert = f"INSERT INTO {table} (name) VALUES (?)"
        self._no: dict[Name, int] = {}
        self._name: dict[int, Name] = {}

    def forget(self) -> None:
        """Drop the cache."""
        self._no.clear()
        self._name.clear()

    def find(self, name: Name) -> int | None:
        """The number of a name, or None when it was never said here."""
        no = self._no.get(name)
        if no is None:
            found = self._db.row(self._select_no, (name,))
            if found is None:
                return None
            no = self._remember(int(found[0]), name)
        return no

    def no(self, name: Name) -> int:
        """The number of a name, given one if it is new (inside a write)."""
        no = self.find(name)
        return self._remember(self._db.execute(self._insert, (name,)), name) if no is None else no

    def name(self, no: int) -> Name:
        """The name behind a number. Raises StoreError (store/damaged) when there is none."""
        name = self._name.get(no)
        if name is None:
            found = self._db.row(self._select_name, (no,))
            if found is None or found[0] is None:
                raise StoreError("store/damaged", where=self._db.where, got=f"no name {no}")
            name = found[0]
            self._remember(no, name)
        return name

    def _remember(self, no: int, name: Name) -> int:
        if len(self._no) >= CACHED_MAX:
            self.forget()
        self._no[name] = no
        self._name[no] = name
        return no


class Names(Base):
    """The tables log, author, kind, schema_ref, code, source."""

    def __init__(self, db: Adapter) -> None:
        super().__init__(db)
        self._authors: Interned[bytes] = Interned(db, "author")
        self._kinds: Interned[str] = Interned(db, "kind")
        self._schemas: Interned[bytes] = Interned(db, "schema_ref")
        self._codes: Interned[str] = Interned(db, "code")
        self._sources: Interned[bytes] = Interned(db, "source")
        self._logs: dict[int, LogRow] | None = None
        self._kind_names: dict[str, None] | None = None

    def _forget(self) -> None:
        for table in (self._authors, self._schemas, self._sources):
            table.forget()
        self._kinds.forget()
        self._codes.forget()
        self._logs = None
        self._kind_names = None
        super()._forget()

    def add_log(self, id: bytes, *, name: str, purpose: str) -> int:
        """A new log by its genesis id (32 bytes); returns its number. It must not be here yet."""
        self._must_write()
        assert len(id) == 32
        found = self.db.row("SELECT coalesce(max(no), 0) + 1 FROM log")
        assert found is not None
        no = self.db.execute(insert_into("log"), (found[0], id, name, purpose))
        self._logs = None
        return no

    def set_log(self, no: int, *, name: str, purpose: str) -> None:
        """What the genesis event says the log is about, once its content is here."""
        self._must_write()
        self.db.execute(
            "UPDATE log SET name = ?2, purpose = ?3, crc = row_crc(no, id, ?2, ?3) WHERE no = ?1",
            (no, name, purpose),
        )
        self._logs = None

    def drop_log(self, no: int) -> None:
        """Forget a log of which there is no event."""
        self._must_write()
        assert self.db.row("SELECT 1 FROM line WHERE log = ?", (no,)) is None, "it has events"
        self.db.execute("DELETE FROM log WHERE no = ?", (no,))
        self._logs = None

    def logs(self) -> list[LogRow]:
        """Every log of the store, in the order they were added."""
        return list(self._all_logs().values())

    def log(self, no: int) -> LogRow:
        """One log by number."""
        return self._all_logs()[no]

    def find_log(self, id: bytes) -> int | None:
        """The number of a log, or None when it is not here."""
        return next((row.no for row in self._all_logs().values() if row.id == id), None)

    def log_no(self, id: bytes) -> int:
        """The number of a log.

        Raises:
            NotFound: ``usage/not-found`` when the store does not hold it.
        """
        no = self.find_log(id)
        if no is None:
            raise NotFound("usage/not-found", where=f"log {id.hex()}")
        return no

    def _all_logs(self) -> dict[int, LogRow]:
        if self._logs is None:
            found = self.db.rows("SELECT no, id, name, purpose FROM log ORDER BY no")
            self._logs = {no: LogRow(no, id, name, purpose) for no, id, name, purpose in found}
        return self._logs

    def author_no(self, key: bytes) -> int:
        """The number of an author key, given one if it is new (inside a write)."""
        return self._authors.no(key)

    def find_author(self, key: bytes) -> int | None:
        """The number of an author key, or None when nothing here is by it."""
        return self._authors.find(key)

    def author_key(self, no: int) -> bytes:
        """The key behind an author's number."""
        return self._authors.name(no)

    def authors_by_prefix(self, low: bytes, high: bytes) -> list[bytes]:
        """Author keys in [low, high], ascending; for finding one by the start of its text."""
        found = self.db.rows(
            "SELECT name FROM author WHERE name BETWEEN ? AND ? ORDER BY name", (low, high)
        )
        return [name for (name,) in found]

    def kind_no(self, name: str) -> int:
        """The number of a kind, given one if it is new (inside a write)."""
        if self._kinds.find(name) is None:
            self._kind_names = None
        return self._kinds.no(name)

    def find_kind(self, name: str) -> int | None:
        """The number of a kind, or None when no event here is of it."""
        return self._kinds.find(name) if name in self._all_kinds() else None

    def kind_name(self, no: int) -> str:
        """The kind behind a number."""
        return self._kinds.name(no)

    def code_name(self, no: int) -> str:
        """The void code behind a number."""
        return self._codes.name(no)

    def kinds(self) -> list[str]:
        """Every kind that occurs in the store."""
        return list(self._all_kinds())

    def _all_kinds(self) -> dict[str, None]:
        """The kinds, by name; views ask for some that no event is of with every batch."""
        if self._kind_names is None:
            found = self.db.rows("SELECT name FROM kind ORDER BY name")
            self._kind_names = dict.fromkeys(name for (name,) in found)
        return self._kind_names
