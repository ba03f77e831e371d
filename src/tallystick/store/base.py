"""What all parts of a store share: the adapter, the transaction, the caches' life.

A part is a class over one group of tables. It overrides ``_forget`` (drop what is cached) and
``_flush`` (write what was put off until commit) and calls the next part's.

    with store.write():    BEGIN IMMEDIATE ─ another process wrote? forget ─ ... ─ flush, COMMIT
                           any exception ──► ROLLBACK, forget

Law: caches never outlive the transaction that filled them if it failed, nor a commit of
another process.

Reads: store/adapter. Read by: every part of the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tallystick.errors import UsageError
from tallystick.store.adapter import Adapter


class Base:
    """The adapter and the transaction."""

    def __init__(self, db: Adapter) -> None:
        self.db = db
        self._depth = 0
        self._writing = False
        self._failed = False
        self._closed = False
        self._version = db.version()
        self.forgotten = 0
        """Counts how often the caches were dropped: who caches what the store says looks here."""

    def _forget(self) -> None:
        """Drop every cache; parts override."""
        self.forgotten += 1

    def _flush(self) -> None:
        """Write what was put off until commit; parts override."""

    @contextmanager
    def write(self) -> Iterator[None]:
        """One durable transaction; when the block ends well, all of it is on disk.

        A block inside another joins it. An exception undoes everything, also what an outer block
        wrote before: an outer block that swallows it fails at its own end.

        Raises:
            StoreError: ``store/busy``, ``store/full``, ``store/io``; nothing was kept.
            UsageError: ``usage/closed``.
        """
        self._check_open()
        if self._depth:
            assert self._writing, "write() inside read()"
            yield from self._joined()
            return
        self.db.begin(write=True)
        self._depth, self._writing, self._failed = 1, True, False
        try:
            self._notice_others()
            yield
            assert not self._failed, "an inner write() failed and its error was swallowed"
            self._flush()
            self.db.commit()
        except BaseException:
            self._forget()
            self.db.rollback()
            raise
        finally:
            self._depth, self._writing = 0, False

    @contextmanager
    def read(self) -> Iterator[None]:
        """One consistent snapshot; a block inside another (of either sort) joins it."""
        self._check_open()
        if self._depth:
            yield from self._joined()
            return
        self.db.begin(write=False)
        self._depth = 1
        try:
            self._notice_others()
            yield
        finally:
            self._depth = 0
            self.db.rollback()

    def notice(self) -> None:
        """Drop the caches if another process has committed; every block does so by itself."""
        self._check_open()
        if not self._depth:
            self._notice_others()

    def _joined(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        except BaseException:
            self._failed = True
            raise
        finally:
            self._depth -= 1

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError("usage/closed", where=self.db.where)

    def _notice_others(self) -> None:
        version = self.db.version()
        if version != self._version:
            self._version = version
            self._forget()

    def _must_write(self) -> None:
        assert self._writing, "a change outside write()"
