"""The production adapter's interface over apsw, and a ``Disk`` whose files are simulated.

    Store.create("/a.tally", now=0, disk=Simulated(SimDisk()))
    Means(now=..., entropy=..., disk=Simulated(disk))

Law: the same SQL, pragmas and error codes as ``store/adapter.py``; only ``locking_mode`` differs
(see ``tests/disk/vfs.py``), and ``synchronous`` where a test asks for less.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import apsw
from tests.disk.sim_disk import DiskFailure, SimDisk
from tests.disk.vfs import NAME, mounted

from tallystick.errors import UsageError
from tallystick.store import adapter
from tallystick.store.adapter import Adapter, store_error
from tallystick.store.crc import row_crc
from tallystick.store.disk import BESIDE, FILES, Found, found_in

_READING = {
    apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE,
}  # fmt: skip
_TROUBLE = (apsw.Error, UnicodeDecodeError)
"""What damage looks like; sqlite3 calls text that is no text an OperationalError."""
_OURS = (apsw.ConstraintError, apsw.BindingsError)
"""Mistakes of ours: raised as what they are."""


def _only_reading(action, first, *_):
    if action in _READING or (action == apsw.SQLITE_PRAGMA and first in adapter._DESCRIBING):
        return apsw.SQLITE_OK
    return apsw.SQLITE_DENY


class ApswAdapter(Adapter):
    """``Adapter`` on apsw.

    Args:
        filename: as SQLite's VFS wants it; ``where`` is what errors say.
        vfs: None is SQLite's own, with real files.
        synchronous: FULL as in production, or NORMAL to show that the harness sees loss.
    """

    def __init__(self, filename, *, where, create, vfs=None, synchronous="FULL") -> None:
        self.where = where
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
        self._filename = filename
        try:
            self._db = apsw.Connection(
                filename, flags, vfs=vfs, statementcachesize=adapter.STATEMENTS_CACHED
            )
        except (apsw.Error, DiskFailure) as error:
            raise self._translated(error) from error
        self._db.create_scalar_function("row_crc", row_crc, deterministic=True)
        self._db.set_busy_timeout(0 if vfs else adapter.BUSY_TIMEOUT_MS)
        own = [] if vfs is None else ["locking_mode = EXCLUSIVE"]
        wanted = [f"synchronous = {synchronous}" if x.startswith("synchronous") else x
                  for x in adapter.PRAGMAS]  # fmt: skip
        try:
            for pragma in [*own, *wanted]:
                self.execute(f"PRAGMA {pragma}")
        except BaseException:
            self.close()
            raise

    @property
    def in_transaction(self):
        return self._db.in_transaction

    def execute(self, sql, params=()):
        try:
            for _ in self._db.execute(sql, tuple(params)):
                pass  # apsw runs a statement only as far as its rows are fetched
            return self._db.last_insert_rowid()
        except _TROUBLE as error:
            raise self._translated(error) from error

    def executemany(self, sql, batch):
        try:
            for _ in self._db.executemany(sql, batch):
                pass
        except _TROUBLE as error:
            raise self._translated(error) from error

    def script(self, sql):
        statement = ""
        for line in sql.splitlines():
            statement += line + "\n"
            if apsw.complete(statement):
                self.execute(statement)
                statement = ""

    def rows(self, sql, params=()):
        try:
            return self._db.execute(sql, tuple(params)).fetchall()
        except _TROUBLE as error:
            raise self._translated(error) from error

    def row(self, sql, params=()):
        try:
            cursor = self._db.execute(sql, tuple(params))
            found = cursor.fetchone()
            cursor.fetchone()  # as sqlite3 does: a pragma is done only after its last row
            cursor.close(force=True)
        except _TROUBLE as error:
            raise self._translated(error) from error
        return found

    def read_only(self, sql, params=()):
        self._db.authorizer = _only_reading
        try:
            cursor = self._db.execute(sql, tuple(params))
            try:
                names = tuple(name for name, *_ in cursor.get_description())
            except apsw.ExecutionCompleteError:  # a query without rows does not say its columns
                names = tuple(name for name, *_ in self._described(sql, params))
            if not names:
                raise UsageError("state/sql", "that is not a query", got=sql[:80])
            return names, tuple(cursor.fetchall())
        except apsw.Error as error:
            raise UsageError("state/sql", got=str(error), where=sql[:80]) from None
        finally:
            self._db.authorizer = None

    def _described(self, sql, params):
        found = []

        def note(cursor, *_):
            found.extend(cursor.description or ())
            return True

        cursor = self._db.cursor()
        cursor.exec_trace = note
        cursor.execute(sql, tuple(params)).fetchall()
        return found

    def close(self):
        with suppress(apsw.Error):  # as sqlite3: what cannot be folded now is folded next time
            self._db.close(force=True)

    def _translated(self, error):
        if isinstance(error, apsw.ConnectionClosedError):
            return UsageError("usage/closed", where=self.where)
        if isinstance(error, _OURS):
            raise error
        number = getattr(error, "extendedresult", 0) or getattr(error, "result", 0)
        return store_error(number, str(error), self.where)


class ApswFiles:
    """A ``Disk`` of real files behind apsw: shows that the two bindings agree."""

    def open(self, path, *, create):
        return ApswAdapter(str(path), where=str(path), create=create)

    def look(self, path):
        return FILES.look(path)

    def remove(self, path):
        FILES.remove(path)


class Simulated:
    """A ``Disk`` whose files are a ``SimDisk``'s.

    Args:
        opened: told of every adapter that is opened.
    """

    def __init__(self, disk: SimDisk, *, synchronous: str = "FULL", opened=None) -> None:
        self.disk = disk
        self.synchronous = synchronous
        self._opened = opened

    def look(self, path: Path) -> Found:
        name = str(path)
        if name not in self.disk.names():
            return Found.NOTHING
        journal = name + "-journal"
        beside = self.disk.content(journal)[:16] if journal in self.disk.names() else b""
        return found_in(self.disk.content(name)[:16], beside)

    def open(self, path: Path, *, create: bool) -> ApswAdapter:
        made = ApswAdapter(
            mounted(self.disk) + str(path), where=str(path), create=create, vfs=NAME,
            synchronous=self.synchronous,
        )  # fmt: skip
        made.disk = self.disk  # keeps the disk mounted while the connection lives
        if self._opened is not None:
            self._opened(made)
        return made

    def remove(self, path: Path) -> None:
        for end in ("", *BESIDE):
            self.disk.remove(str(path) + end)
