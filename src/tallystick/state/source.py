"""What views read: changes out of the feed, and the events these point at.

    feed ──► ChangeRange(pos, row, count, +1 | -1, cause) ... ──► net ──► Changes
                                                              added, removed, refreshed: Spans
    EventSource: events by row, raw bodies by the thousand, and what a reference leads to

Whoever ties the rooms together implements ``EventSource`` over the store; tests do in memory.

**Law:** a batch of changes is what it comes to: an event that leaves and enters again within it has
not moved, and is looked at anew only if its content changed.

Reads: nothing. Read by: state.views, replica.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple, Protocol

CONTENT: Final = "content"
"""The cause under which an event whose content arrived or was erased enters again."""
_ROW: Final = itemgetter(1)
END: Final = 1 << 62
"""A row beyond every row."""


class ChangeRange(NamedTuple):
    """Changes pos, pos + 1, ...: the events of rows row, row + 1, ... with one weight and cause."""

    pos: int
    row: int
    count: int  # type: ignore[assignment]  # the field, not tuple.count
    weight: int
    cause: str


class EventRow(Protocol):
    """What a view may know of one event (``store.rows.EventRow`` fits)."""

    @property
    def row(self) -> int:
        """Number in this store: arrival order, parents before children."""

    @property
    def author(self) -> bytes:
        """32-byte key."""

    @property
    def seq(self) -> int:
        """Position in its author's chain."""

    @property
    def id(self) -> bytes:
        """32-byte digest."""

    @property
    def lamport(self) -> int:
        """1 + the greatest of the parents'."""

    @property
    def time(self) -> int:
        """Milliseconds since 1970, as claimed."""

    @property
    def kind(self) -> str:
        """``record/edit`` and so on."""

    @property
    def frame(self) -> bytes:
        """Always here."""

    @property
    def content(self) -> bytes | None:
        """None when it is not here."""

    @property
    def void(self) -> str | None:
        """A code when the event counts for nobody."""

    @property
    def erased(self) -> bool:
        """Whether an accepted erase statement took the content."""


class Body(NamedTuple):
    """The part of an event that bulk readers need. A plain tuple of this order will do."""

    row: int
    author: bytes
    frame: bytes
    content: bytes | None
    erased: bool


class EventSource(Protocol):
    """The events of one log, as views read them. Rows of other logs are not there."""

    def events(self, row: int, count: int) -> Sequence[EventRow]:
        """Events of rows row..row+count-1 that belong to this log, by row."""

    def events_at(self, rows: Sequence[int]) -> Sequence[EventRow]:
        """Events of some rows that belong to this log, by row."""

    def iter_rows(self, first_row: int, end_row: int) -> Iterable[EventRow]:
        """All complete events of this log in first_row..end_row-1, by row, excluded ones too."""

    def bodies(
        self, ranges: Sequence[tuple[int, int]], *, kind: str
    ) -> Iterable[tuple[int, bytes, bytes, bytes | None, bool]]:
        """``Body`` tuples of the events of one kind in (row, count) ranges, by row, none void."""

    def frames(
        self, ranges: Sequence[tuple[int, int]], *, kind: str
    ) -> Sequence[tuple[int, bytes, int, bytes]]:
        """(row, author, lamport, frame) of the same events, for views of what is all frame."""

    def end_row(self) -> int:
        """One past the last row."""

    def row_of(self, id: bytes) -> int | None:
        """The row of an event, None when it is not here."""

    def chain(self, row: int) -> int:
        """The number, here, of the chain an event is in; a side of a split is one of its own."""

    def chains(self, author: bytes) -> Sequence[tuple[int, bytes]]:
        """(number, side) of each chain of an author.

        Side: ids of the chain's events at each seq where another parts from it, one after the
        other; sorted by it, chains of one key are in the same order everywhere.
        """

    def resolve(self, author: bytes, seq: int, *, at_row: int, side: bytes | None) -> int | None:
        """The row of the one event of (author, seq) in the past of ``at_row``.

        With ``side`` (an event's id): the one that is that event or comes before it in its own
        chain (by prev alone), the side itself being in the past of ``at_row`` too: what is not
        in that past, here or not, never matters. None when there is no such event, or when
        there are two and no side says which.
        """


class Spans:
    """A set of rows as sorted, disjoint, non-adjacent (row, count) ranges."""

    __slots__ = ("firsts", "ranges")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        merged: list[tuple[int, int]] = []
        first, end = 0, -1
        for row, count in sorted(ranges):
            if row <= end:
                if row + count > end:
                    end = row + count
                    merged[-1] = (first, end - first)
            elif count:
                first, end = row, row + count
                merged.append((row, count))
        self.ranges = merged
        self.firsts = [row for row, _ in merged]

    @classmethod
    def _made(cls, ranges: list[tuple[int, int]]) -> Spans:
        """Ranges that are sorted, disjoint and non-adjacent already."""
        made = cls.__new__(cls)
        made.ranges = ranges
        made.firsts = [row for row, _ in ranges]
        return made

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __len__(self) -> int:
        return sum(count for _, count in self.ranges)

    def __contains__(self, row: int) -> bool:
        return self.covers(row, 1)

    def end_row(self) -> int:
        """The row after its last; 0 when there is none."""
        return sum(self.ranges[-1]) if self.ranges else 0

    def rows(self) -> Iterator[int]:
        """Every row, ascending."""
        for row, count in self.ranges:
            yield from range(row, row + count)

    def covers(self, row: int, count: int) -> bool:
        """Whether all of row..row+count-1 are in it."""
        at = bisect_right(self.firsts, row) - 1
        return at >= 0 and row + count <= sum(self.ranges[at])

    def clip(self, first: int, end: int) -> Spans:
        """The rows of it that lie in first..end-1."""
        at = max(0, bisect_right(self.firsts, first) - 1)
        found = self.ranges[at : bisect_left(self.firsts, end)]
        for place in {0, len(found) - 1} if found else ():
            row, count = found[place]
            low = max(row, first)
            found[place] = (low, min(row + count, end) - low)
        return Spans._made([(row, count) for row, count in found if count > 0])

    def without(self, other: Spans) -> Spans:
        """The rows of it that are not in another set."""
        found: list[tuple[int, int]] = []
        for row, count in self.ranges:
            at, end = row, row + count
            for gone, many in other.clip(at, end).ranges:
                if gone > at:
                    found.append((at, gone - at))
                at = gone + many
            if at < end:
                found.append((at, end - at))
        return Spans(found)

    def pieces(self, most: int) -> Iterator[Spans]:
        """The same rows in parts of at most ``most`` rows each, in order."""
        part: list[tuple[int, int]] = []
        room = most
        for row, count in self.ranges:
            at, left = row, count
            while left:
                take = min(left, room)
                part.append((at, take))
                at, left, room = at + take, left - take, room - take
                if not room:
                    yield Spans._made(part)
                    part, room = [], most
        if part:
            yield Spans._made(part)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch of the feed comes to. No row is in two of the three."""

    added: Spans
    removed: Spans
    refreshed: Spans
    """Counted before and counts now; the content changed in between."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.refreshed)


def net(ranges: Iterable[ChangeRange]) -> Changes:
    """What changes come to when they are read together.

    Cost: linear in ranges when they do not overlap (the usual case), otherwise in their pieces.
    """
    ordered = list(ranges)
    added: list[tuple[int, int]] = []
    removed: list[tuple[int, int]] = []
    end = -1
    for _, row, count, weight, _ in sorted(ordered, key=_ROW):
        if row < end:
            return _swept(ordered)
        end = row + count
        (added if weight > 0 else removed).append((row, count))
    return Changes(Spans(added), Spans(removed), Spans())


def _swept(ordered: Sequence[ChangeRange]) -> Changes:
    """``net`` where ranges overlap: cut all of them at every border, then read each piece alone."""
    borders = sorted({edge for r in ordered for edge in (r.row, r.row + r.count)})
    place = {edge: i for i, edge in enumerate(borders)}
    met: defaultdict[int, list[ChangeRange]] = defaultdict(list)
    for change in ordered:
        for i in range(place[change.row], place[change.row + change.count]):
            met[i].append(change)
    found: dict[int, list[tuple[int, int]]] = {1: [], -1: [], 0: []}
    for i, changes in met.items():
        weight = sum(change.weight for change in changes)
        assert -1 <= weight <= 1, (borders[i], weight)
        stayed = changes[0].weight < 0
        if weight or (stayed and any(is_content(change.cause) for change in changes)):
            found[weight].append((borders[i], borders[i + 1] - borders[i]))
    return Changes(Spans(found[1]), Spans(found[-1]), Spans(found[0]))


def is_content(cause: str) -> bool:
    """Whether a cause says that the content changed (and not the verdict)."""
    return cause.partition(":")[0] == CONTENT
