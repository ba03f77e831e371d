"""Single events of each line, kept by seq: those that do not simply go with their line.

    line 7   ──●──────●●───────►      add(7, 3, id) ... between(7, 2, 6) -> the ids from seq 2 to 5

Law: a question about a stretch of a line costs what is marked in that stretch, however much is
marked elsewhere: who retracts ten thousand events pays nothing for the next one.

Reads: nothing. Read by: counting.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

Mark = tuple[int, bytes]
"""(seq, id)"""


class Marks:
    """A sorted set of events per line."""

    def __init__(self) -> None:
        self._lines: dict[int, list[Mark]] = {}

    def __bool__(self) -> bool:
        return bool(self._lines)

    def __iter__(self) -> Iterator[bytes]:
        return (id for marks in self._lines.values() for _, id in marks)

    def add(self, line: int, seq: int, id: bytes) -> None:
        """Marks an event; marking it again changes nothing. Cost: O(1) at a line's end."""
        marks, mark = self._lines.setdefault(line, []), (seq, id)
        if not marks or marks[-1] < mark:
            marks.append(mark)
        elif not self.holds(line, seq, id):
            insort(marks, mark)

    def discard(self, line: int, seq: int, id: bytes) -> None:
        """Takes a mark away, if there is one."""
        if self.holds(line, seq, id):
            marks = self._lines[line]
            del marks[bisect_left(marks, (seq, id))]
            if not marks:
                del self._lines[line]

    def holds(self, line: int, seq: int, id: bytes) -> bool:
        """Whether an event is marked."""
        marks = self._lines.get(line, ())
        at = bisect_left(marks, (seq, id))
        return at < len(marks) and marks[at] == (seq, id)

    def on(self, line: int) -> list[bytes]:
        """All marked events of a line, by seq."""
        return [id for _, id in self._lines.get(line, ())]

    def between(self, line: int, begin: int, end: int) -> list[bytes]:
        """Marked events with ``begin <= seq < end``. Cost: O(log marks + how many)."""
        marks = self._lines.get(line)
        if not marks or marks[-1][0] < begin:
            return []
        low, high = bisect_left(marks, (begin, b"")), bisect_left(marks, (end, b""))
        return [id for _, id in marks[low:high]]
