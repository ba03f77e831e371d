"""Clocks, medians, and bare SQLite: the least that anything durable in a file could cost."""

from __future__ import annotations

import gc
import os
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

from bench.figures import Beside

_SERIAL = count()


def timed(call: Callable[[], object]) -> float:
    """Seconds."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def settle() -> None:
    """Collect what earlier runs left, and keep the collector away from what this one holds ready.

    Input by the million would otherwise be looked through again and again while a clock runs.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class Recomputed:
    """What leaving an author out costs whoever keeps no sums: all of them anew, not written back.

    One table ``(row, author, key, amount)`` of 10 k authors and 100 k keys, already decoded.
    """

    LISTED_EVENTS = 1_000_000
    LISTED_MS = 789.0

    def __init__(self, folder: Path, events: int) -> None:
        self._events = events
        self._db = sqlite3.connect(folder / f"recomputed{next(_SERIAL)}.db")
        self._db.execute(
            "CREATE TABLE t (row INTEGER PRIMARY KEY, author INT, key INT, amount INT)"
        )
        rows = ((n * 7_919 % 10_000, n * 31 % 100_000, n % 21 - 10) for n in range(events))
        self._db.executemany("INSERT INTO t (author, key, amount) VALUES (?, ?, ?)", rows)
        self._db.commit()
        self.seconds: list[float] = []

    def run(self) -> None:
        """Once; its time is kept."""
        query = "SELECT key, SUM(amount), COUNT(*) FROM t WHERE author <> 7 GROUP BY key"
        self.seconds.append(timed(lambda: self._db.execute(query).fetchall()))

    def milliseconds(self) -> Beside:
        """The median; it was listed for a million events."""
        listed = self.LISTED_MS if self._events == self.LISTED_EVENTS else None
        return Beside("recompute in SQLite", 1e3 * median(self.seconds), listed)

    def close(self) -> None:
        """The file stays until its folder goes."""
        self._db.close()


class Bare:
    """SQLite and nothing else: rows of an id and a body in one table, durable."""

    def __init__(self, folder: Path) -> None:
        path = folder / f"bare{next(_SERIAL)}.db"
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA wal_autocheckpoint = 16384")
        self._db.execute("CREATE TABLE t (row INTEGER PRIMARY KEY, id BLOB, body BLOB)")
        self.seconds: list[float] = []

    def insert(self, rows: int) -> None:
        """One durable transaction; its time is kept."""
        batch = [(os.urandom(32), bytes(90)) for _ in range(rows)]
        begin = time.perf_counter()
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO t (id, body) VALUES (?, ?)", batch)
        self._db.execute("COMMIT")
        self.seconds.append(time.perf_counter() - begin)

    def rate(self, rows: int) -> Beside:
        """Rows a second, by the median transaction of so many."""
        return Beside("bare SQLite", rows / median(self.seconds))

    def milliseconds(self) -> Beside:
        """The median transaction."""
        return Beside("one bare row", 1e3 * median(self.seconds))

    def close(self) -> None:
        """The file stays until its folder goes."""
        self._db.close()
