"""Where store files lie: what is at a path, a connection to it, removing it.

    Store.create(path, now=..., disk=FILES)      production: the machine's file system
    Store.create(path, now=..., disk=simulated)  tests: power cuts, faults, flipped bits

Law: the store looks at files through a ``Disk`` and in no other way, so that the code which runs
on a real disk is the code which is tested on a failing one.

Reads: store/adapter, errors. Read by: store/store, replica (which is handed one in its means).
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from stat import S_ISREG
from typing import Final, Protocol

from tallystick.errors import StoreError
from tallystick.store.adapter import Adapter

MAGIC: Final = b"SQLite format 3\x00"
"""How every SQLite file begins."""
JOURNAL: Final = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
"""How a rollback journal begins: SQLite keeps one until a new file is in write-ahead mode."""
BESIDE: Final = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database."""


class Found(Enum):
    """What lies at a path."""

    NOTHING = "nothing"
    EMPTY = "an empty file"
    DATABASE = "a file that begins like a database"
    OTHER = "something else"


class Disk(Protocol):
    """A place for store files."""

    def look(self, path: Path) -> Found:
        """What is at a path. Raises StoreError: store/io, for a path that cannot be one."""
        ...

    def open(self, path: Path, *, create: bool) -> Adapter:
        """A connection to the file at a path. Raises StoreError."""
        ...

    def remove(self, path: Path) -> None:
        """Takes a store file and what SQLite keeps beside it away, as far as they are there."""
        ...


class Files:
    """The file system of this machine."""

    def look(self, path: Path) -> Found:
        """See ``Disk``."""
        try:
            if not S_ISREG(path.stat().st_mode):
                return Found.OTHER
            return found_in(_head(path), _head(path.with_name(path.name + "-journal")))
        except (FileNotFoundError, NotADirectoryError):
            return Found.NOTHING
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
            got = getattr(error, "strerror", None) or str(error)
            raise StoreError("store/io", where=path, got=got) from error

    def open(self, path: Path, *, create: bool) -> Adapter:
        """See ``Disk``."""
        return Adapter(path, create=create)

    def remove(self, path: Path) -> None:
        """See ``Disk``."""
        for end in ("", *BESIDE):
            path.with_name(path.name + end).unlink(missing_ok=True)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC))
    except FileNotFoundError:
        return b""


def found_in(head: bytes, journal: bytes) -> Found:
    """What a file is, by its first bytes and those of the journal beside it.

    When the power goes while SQLite writes the first page of a file, the page may be torn; the
    journal is what SQLite makes it whole with when the file is opened.
    """
    if not head:
        return Found.EMPTY
    torn = journal.startswith(JOURNAL)
    return Found.DATABASE if torn or head == MAGIC else Found.OTHER


FILES: Final = Files()
"""The disk of everybody who is handed no other."""
