"""The one door to SQLite: begin, commit, rollback, execute, executemany, rows.

Law: nobody else imports ``sqlite3``. Whatever SQLite raises leaves here as a ``StoreError``
with a code; a transaction is either committed whole or gone.

Reads: errors. Read by: store, state/views (their own tables).
Source: https://www.sqlite.org/wal.html, https://www.sqlite.org/rescode.html.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from tallystick.errors import StoreError, TallyError, UsageError
from tallystick.store.crc import row_crc

BUSY_TIMEOUT_MS: Final = 10_000
"""How long a writer waits for another process before ``store/busy``."""
WAL_PAGES: Final = 16_384
"""64 MiB of write-ahead log before it is folded into the file: folding often costs more than it
saves, since the same index pages are written again and again."""
CACHE_KIB: Final = 8_192
"""Pages held in memory by one open store."""
STATEMENTS_CACHED: Final = 256
"""Prepared statements; a store and its views use about a hundred."""

SQLITE_VERSION: Final = sqlite3.sqlite_version
Value = int | float | str | bytes | memoryview | None
Params = Sequence[Value]

PRAGMAS: Final = (
    "synchronous = FULL",
    f"wal_autocheckpoint = {WAL_PAGES}",
    f"journal_size_limit = {WAL_PAGES * 4096}",
    f"cache_size = -{CACHE_KIB}",
    "temp_store = MEMORY",
    "trusted_schema = OFF",
)
"""Said to every connection, whichever binding makes it."""
_CODES: Final = {
    sqlite3.SQLITE_BUSY: "store/busy",
    sqlite3.SQLITE_LOCKED: "store/busy",
    sqlite3.SQLITE_FULL: "store/full",
    sqlite3.SQLITE_CORRUPT: "store/damaged",
    sqlite3.SQLITE_NOTADB: "store/not-a-store",
}
_HINTS: Final = {
    "store/busy": "Wait for the other process, or stop it, and try again.",
    "store/full": "Nothing of this batch was kept; free some space and try again.",
    "store/damaged": "Run `tally verify`, or restore a backup and sync.",
    "store/not-a-store": "Name the file that `tally init` made.",
    "store/io": "Check the path, its permissions and the disk.",
}


def store_error(number: int, said: str, where: str) -> StoreError:
    """The ``StoreError`` for one of SQLite's result codes (extended or not) and its words."""
    code = _CODES.get(number & 0xFF, "store/io")
    return StoreError(code, where=where, got=said, hint=_HINTS[code])


def _translated(error: sqlite3.DatabaseError, where: str) -> TallyError:
    """The disk's trouble as a ``StoreError``; a mistake of ours is raised as what it is."""
    if isinstance(error, sqlite3.ProgrammingError) and "closed database" in str(error):
        return UsageError("usage/closed", where=where)
    if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
        raise error
    return store_error(getattr(error, "sqlite_errorcode", 0), str(error), where)


_READING: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_DESCRIBING: Final = frozenset({"table_info", "table_list", "table_xinfo", "index_list"})


def _only_reading(action: int, first: str | None, *_: object) -> int:
    """SQLite's authorizer: queries, and the pragmas that describe tables."""
    if action in _READING or (action == sqlite3.SQLITE_PRAGMA and first in _DESCRIBING):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


class Adapter:
    """One connection to one SQLite file (or to memory), used by one thread at a time.

    Args:
        path: the file, or None for a database in memory.
        create: whether the file may be new.

    Raises:
        StoreError: ``store/io``, ``store/not-a-store``.
    """

    def __init__(self, path: Path | None, *, create: bool) -> None:
        self.where = ":memory:" if path is None else str(path)
        if path is None:
            uri = ":memory:"
        else:
            uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        try:
            self._db = sqlite3.connect(
                uri,
                uri=path is not None,
                timeout=BUSY_TIMEOUT_MS / 1000,
                isolation_level=None,
                cached_statements=STATEMENTS_CACHED,
                check_same_thread=False,
            )
        except sqlite3.DatabaseError as error:
            raise _translated(error, self.where) from error
        self._db.create_function("row_crc", -1, row_crc, deterministic=True)
        for pragma in PRAGMAS:
            try:
                self._db.execute(f"PRAGMA {pragma}")
            except sqlite3.DatabaseError as error:
                self._db.close()
                raise _translated(error, self.where) from error

    def begin(self, *, write: bool) -> None:
        """Start a transaction; a writer takes the file's write lock at once."""
        self.execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def commit(self) -> None:
        """End the transaction; when it returns, what was written is durable."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction, if SQLite has not done so itself (it does on a full disk)."""
        if self.in_transaction:
            self.execute("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one statement; returns the last inserted rowid (meaningful after an INSERT)."""
        try:
            return self._db.execute(sql, params).lastrowid or 0
        except sqlite3.DatabaseError as error:
            raise _translated(error, self.where) from error

    def executemany(self, sql: str, batch: Iterable[Params]) -> None:
        """Run one statement for each row of parameters."""
        try:
            self._db.executemany(sql, batch)
        except sqlite3.DatabaseError as error:
            raise _translated(error, self.where) from error

    def script(self, sql: str) -> None:
        """Run several statements, one after the other, inside the open transaction."""
        statement = ""
        for line in sql.splitlines():
            statement += line + "\n"
            if sqlite3.complete_statement(statement):
                self.execute(statement)
                statement = ""

    def rows(self, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        try:
            return self._db.execute(sql, params).fetchall()
        except sqlite3.DatabaseError as error:
            raise _translated(error, self.where) from error

    def row(self, sql: str, params: Params = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        try:
            found: tuple[Any, ...] | None = self._db.execute(sql, params).fetchone()
        except sqlite3.DatabaseError as error:
            raise _translated(error, self.where) from error
        return found

    def read_only(
        self, sql: str, params: Params = ()
    ) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
        """Columns and rows of somebody's query, on a connection that can change nothing.

        Raises:
            UsageError: state/sql, when it is no query or SQLite refuses it.
        """
        if self.where == ":memory:":
            db = self._db
        else:
            uri = f"{Path(self.where).absolute().as_uri()}?mode=ro"
            db = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000)
        db.set_authorizer(_only_reading)
        try:
            cursor = db.execute(sql, params)
            if cursor.description is None:
                raise UsageError("state/sql", "that is not a query", got=sql[:80])
            return tuple(name for name, *_ in cursor.description), tuple(cursor.fetchall())
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise UsageError("state/sql", got=str(error), where=sql[:80]) from None
        finally:
            db.set_authorizer(None)
            if db is not self._db:
                db.close()

    def version(self) -> int:
        """A number that changes when another connection has committed to the file."""
        found = self.row("PRAGMA data_version")
        assert found is not None
        return int(found[0])

    def close(self) -> None:
        """Close the file; an open transaction is undone."""
        self._db.close()
