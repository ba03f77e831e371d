"""A store: one SQLite file that keeps many logs, and everything a replica must not lose.

    Base ─ Names ─ Lines ─ Ids ─ Merkle ─ Events ─ Insert ─ Feed ─ Pending ─ Notes ─ Verify ─ Store

Each part is one file over one group of tables (``schema.sql``) and builds on the one before it;
``Store`` is all of them, and opens, creates and closes the file.

    store = Store.create(path, now=clock())          store = Store.open(path)
    with store.write():                              with store.read():
        row = store.insert(line, pack, 0, n)             events = store.events(row, n)

Write-ahead log, ``synchronous = FULL``: what a ``write()`` block wrote is on the disk when the
block ends. Several processes may use one file; several threads must take turns.

Law: a store that is killed at any moment holds exactly the transactions that had ended.

Reads: every part of this room. Read by: replica, sync, state, cli.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Self

from tallystick.errors import StoreError
from tallystick.store.adapter import Adapter
from tallystick.store.crc import insert_into
from tallystick.store.disk import FILES, Disk, Found
from tallystick.store.verify import Verify
from tallystick.store.walk import StoreGraph

FORMAT: Final = 2
"""``user_version`` of the file; another number is another format."""
APPLICATION: Final = 0x54414C59
"""``application_id`` of the file: "TALY"."""


class Store(Verify):
    """See the module's text. Made by ``create``, ``open`` or ``memory``."""

    @classmethod
    def create(cls, path: str | Path, *, now: int, disk: Disk = FILES) -> Self:
        """A new store at ``path`` of a disk; ``now`` in milliseconds since 1970.

        Raises:
            StoreError: ``store/exists`` when anything is there, ``store/io``.
        """
        path = Path(path)
        if disk.look(path) is Found.OTHER:
            raise _exists(path)
        db = disk.open(path, create=True)
        try:
            if db.row("SELECT 1 FROM sqlite_master LIMIT 1") is not None:
                raise _exists(path)
            db.row("PRAGMA journal_mode = WAL")
            db.begin(write=True)
            if db.row("SELECT 1 FROM sqlite_master LIMIT 1") is not None:
                raise _exists(path)
            _make(db, now)
            db.commit()
            return cls(db)
        except BaseException:
            db.close()
            raise

    @classmethod
    def open(cls, path: str | Path, *, disk: Disk = FILES) -> Self:
        """The store at ``path`` of a disk. Takes the same time however long its history is.

        Raises:
            StoreError: ``store/missing``, ``store/not-a-store``, ``store/version``, ``store/io``.
        """
        path = Path(path)
        found = disk.look(path)
        if found is Found.NOTHING:
            raise StoreError("store/missing", where=path, hint="Make one with `tally init`.")
        if found is Found.OTHER:
            raise StoreError("store/not-a-store", where=path)
        db = disk.open(path, create=False)
        try:
            application = db.row("PRAGMA application_id")
            version = db.row("PRAGMA user_version")
            if application != (APPLICATION,):
                raise StoreError("store/not-a-store", where=path)
            if version != (FORMAT,):
                raise StoreError("store/version", where=path, expected=FORMAT, got=version)
            return cls(db)
        except BaseException:
            db.close()
            raise

    @staticmethod
    def is_blank(path: Path, *, disk: Disk = FILES) -> bool:
        """Whether a database is there that nobody has put anything into."""
        db = disk.open(path, create=False)
        try:
            return db.row("SELECT 1 FROM sqlite_master LIMIT 1") is None
        finally:
            db.close()

    @classmethod
    def memory(cls) -> Self:
        """A store that lives as long as the process: the same tables, no file."""
        db = Adapter(None, create=True)
        db.begin(write=True)
        _make(db, 0)
        db.commit()
        return cls(db)

    @property
    def created_ms(self) -> int:
        """When the store was made, as its maker's clock had it; 0 in memory."""
        found = self.db.row("SELECT value FROM meta WHERE name = 'created_ms'")
        assert found is not None
        return int(found[0])

    def graph(self) -> StoreGraph:
        """The stored events as a graph to walk (``graph.is_ancestor``, ``past``, ``maximal``)."""
        return StoreGraph(self)

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file and empty it (after an erasure, before a copy).

        Raises:
            StoreError: ``store/busy`` when a reader in another process holds older pages.
        """
        assert not self.db.in_transaction
        found = self.db.row("PRAGMA wal_checkpoint(TRUNCATE)")
        if found is not None and found[0]:
            raise StoreError("store/busy", where=self.db.where)

    def close(self) -> None:
        """Close the file. Closing twice is fine; using a closed store is ``usage/closed``."""
        if not self._closed:
            self._closed = True
            self._forget()
            self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _make(db: Adapter, now: int) -> None:
    """Make the tables inside the open transaction."""
    from importlib import resources

    db.script(resources.files(__package__).joinpath("schema.sql").read_text(encoding="utf-8"))
    db.execute(insert_into("meta"), ("created_ms", now))


def _exists(path: Path) -> StoreError:
    return StoreError("store/exists", where=path, hint="Name another path, or open this one.")
