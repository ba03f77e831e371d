"""The feed of changes: which events began or ceased to count, gap-free, per log.

    pos   0 1 2 3 4 5 6 7 8 9 ...          one entry = many ranges of rows, one weight, one cause
         └── entry ──┘└─ entry ─┘          next pos = pos + count

An entry that goes on where the last one ended (next rows, same weight and cause) only makes it
longer: a hundred thousand appended events are one row of this table.

Law: reading from any pos gives exactly the changes appended after it, once, in order.

Reads: store/insert. Read by: replica (appends), state (reads).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Final

from tallystick.store.adapter import Adapter
from tallystick.store.crc import insert_into
from tallystick.store.insert import Insert
from tallystick.store.rows import FeedRange

ENTRY_RANGES_MAX: Final = 4_096
"""Ranges in one entry (32 KiB); more are cut into several, so that reading stays bounded."""
_INSERT: Final = insert_into("feed")


class Feed(Insert):
    """The table feed."""

    def __init__(self, db: Adapter) -> None:
        super().__init__(db)
        self._feed_last: dict[int, tuple[Any, ...]] = {}

    def _forget(self) -> None:
        self._feed_last.clear()
        super()._forget()

    def feed_append(
        self, log_no: int, ranges: Iterable[tuple[int, int]], *, weight: int, cause: str = ""
    ) -> int:
        """Append changes: rows of (row, count) ranges, all of one weight (+1, -1) and cause.

        Returns the feed's new end. Neighbouring ranges are joined.
        """
        self._must_write()
        assert weight in {1, -1}
        joined = _join(ranges)
        for at in range(0, len(joined), ENTRY_RANGES_MAX):
            self._append_entry(log_no, joined[at : at + ENTRY_RANGES_MAX], weight, cause)
        return self.feed_end(log_no)

    def _append_entry(
        self, log_no: int, ranges: list[tuple[int, int]], weight: int, cause: str
    ) -> None:
        last = self._last_entry(log_no)
        row, count = ranges[0]
        if last is not None and last[2] + last[1] == row and last[3:] == (None, weight, cause):
            last = (last[0], last[1] + count, *last[2:])
            self.db.execute(
                "UPDATE feed SET count = ?3,"
                " crc = row_crc(log, pos, ?3, row, ranges, weight, cause)"
                " WHERE log = ?1 AND pos = ?2",
                (log_no, last[0], last[1]),
            )
            self._feed_last[log_no] = last
            if len(ranges) > 1:
                self._append_entry(log_no, ranges[1:], weight, cause)
            return
        pos = 0 if last is None else last[0] + last[1]
        packed = None
        if len(ranges) > 1:
            packed = array("I", [part for pair in ranges for part in pair]).tobytes()
            count = sum(count for _, count in ranges)
        entry = (pos, count, row, packed, weight, cause)
        self.db.execute(_INSERT, (log_no, *entry))
        self._feed_last[log_no] = entry

    def feed_end(self, log_no: int) -> int:
        """The position after the last change: how many changes there have been."""
        last = self._last_entry(log_no)
        return 0 if last is None else last[0] + last[1]

    def feed_read(self, log_no: int, after_pos: int, limit: int) -> list[FeedRange]:
        """Changes from position ``after_pos`` on (0: from the first), at most ``limit`` of them.

        A reader that has taken in everything up to ``pos + count`` of the last range asks with
        that number next; an empty list means that there is nothing more.
        """
        assert after_pos >= 0
        found: list[FeedRange] = []
        stop = after_pos + limit
        while after_pos < stop:
            entry = self._last_entry(log_no)
            if entry is not None and after_pos < entry[0]:
                entry = self.db.row(
                    "SELECT pos, count, row, ranges, weight, cause FROM feed"
                    " WHERE log = ? AND pos <= ? ORDER BY pos DESC LIMIT 1",
                    (log_no, after_pos),
                )
            if entry is None or entry[0] + entry[1] <= after_pos:
                break
            for part in _expand(entry):
                begin, end = max(part.pos, after_pos), min(part.pos + part.count, stop)
                if begin < end:
                    row = part.row + begin - part.pos
                    found.append(FeedRange(begin, row, end - begin, part.weight, part.cause))
            after_pos = entry[0] + entry[1]
        return found

    def _last_entry(self, log_no: int) -> tuple[Any, ...] | None:
        """(pos, count, row, ranges, weight, cause) of the newest entry."""
        last = self._feed_last.get(log_no)
        if last is None:
            last = self.db.row(
                "SELECT pos, count, row, ranges, weight, cause FROM feed WHERE log = ?"
                " ORDER BY pos DESC LIMIT 1",
                (log_no,),
            )
            if last is not None:
                self._feed_last[log_no] = last
        return last


def _join(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same rows in the same order, neighbouring ranges as one."""
    joined: list[tuple[int, int]] = []
    end = -1
    for row, count in ranges:
        if count <= 0:
            continue
        if row == end:
            joined[-1] = (joined[-1][0], joined[-1][1] + count)
        else:
            joined.append((row, count))
        end = row + count
    return joined


def _expand(entry: tuple[Any, ...]) -> Iterator[FeedRange]:
    pos, count, row, packed, weight, cause = entry
    if packed is None:
        yield FeedRange(pos, row, count, weight, cause)
        return
    flat = memoryview(packed).cast("I").tolist()
    for first, length in zip(flat[::2], flat[1::2], strict=True):
        yield FeedRange(pos, first, length, weight, cause)
        pos += length
