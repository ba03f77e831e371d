"""What the judge may know of a log, read from the store as it asks.

Law: only complete, valid events are known; answers change only with the store.

Reads: store, policy.facts. Read by: replica.judging.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from tallystick.limits import DIGEST_BYTES
from tallystick.policy.facts import EventFact, LineFact
from tallystick.replica.grounds import Grounds
from tallystick.replica.kinds import ground_rule
from tallystick.replica.source import LogSource
from tallystick.state import titles
from tallystick.state.overs import Overs
from tallystick.state.views_places import PlacesView
from tallystick.store.grounds import standing_on
from tallystick.store.lookups import facts_at, void_events
from tallystick.store.rows import EventRow, LineRow
from tallystick.store.store import Store

CACHED_MAX = 100_000
"""Event facts held in memory (about 200 bytes each); more and the cache starts afresh."""


class LogFacts:
    """``policy.facts.Facts`` over one log of a store."""

    def __init__(self, store: Store, log_no: int) -> None:
        self._store = store
        self._log_no = log_no
        self._events: dict[bytes, EventFact] = {}
        self._voids: dict[bytes, list[bytes]] | None = None
        self._grounds = Grounds(store)
        self._named: dict[bytes, tuple[bytes, ...]] = {}
        self._stood_on: dict[tuple[int, int], set[int]] = {}
        places = PlacesView()
        places.suffix = "" if log_no == 1 else f"_{log_no}"
        self._overs = Overs(store.db, LogSource(store, log_no), places)
        self._over: dict[bytes, tuple[bytes, ...]] = {}

    def event(self, id: bytes) -> EventFact | None:
        """The event, or None when it is not here (or is another log's)."""
        found = self._events.get(id)
        if found is None:
            row = self._store.row_of(id)
            if row is None:
                return None
            (fact,) = facts_at(self._store, [row])
            line = self._store.line(fact[1])
            if line.log != self._log_no:
                return None
            found = EventFact(fact[0], line.author, fact[2], fact[3], fact[1], fact[4])
            if len(self._events) >= CACHED_MAX:
                self._events.clear()
            self._events[id] = found
        return found

    def forget_voids(self, ids: Iterable[bytes]) -> None:
        """Drop what is remembered of events that were found void after they were read."""
        self._voids = None
        for id in ids:
            self._events.pop(id, None)

    def note_grounds(self, stood_on: dict[tuple[int, int], set[int]]) -> None:
        """What the spans of the batch now being judged stand on, by (line, first seq)."""
        self._stood_on = stood_on

    def lines(self, author: bytes) -> Sequence[LineFact]:
        """All lines of an author, a base before those that split from it."""
        return [_line(line) for line in self._store.lines(self._log_no, author)]

    def line(self, line: int) -> LineFact:
        """One line."""
        return _line(self._store.line(line))

    def ids_on(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Ids of seqs begin..end-1 of a line."""
        found = self._store.leaf_ids(line, begin, end)
        return [found[at : at + DIGEST_BYTES] for at in range(0, len(found), DIGEST_BYTES)]

    def kinds(self) -> Iterable[str]:
        """Kinds that occur in the store."""
        return self._store.kinds()

    def everyone(self) -> Iterable[bytes]:
        """Every author with a line in the log."""
        return sorted({line.author for line in self._store.lines(self._log_no)})

    def voids(self, author: bytes) -> Sequence[bytes]:
        """Ids of the author's void events."""
        if self._voids is None:
            self._voids = {}
            for key, id in void_events(self._store, self._log_no):
                self._voids.setdefault(key, []).append(id)
        return self._voids.get(author, ())

    def grounds(self, id: bytes) -> Sequence[bytes]:
        """Events the event stands on."""
        found = self._named.get(id)
        if found is None:
            fact = self.event(id)
            if fact is None or fact.void is not None or ground_rule(fact.kind) is None:
                return ()
            deed = self._grounds.deed(id)
            assert deed is not None, "it is here"
            if len(self._named) >= CACHED_MAX:
                self._named.clear()
            found = self._named[id] = self._grounds.of(deed)
        return found

    def restitution(self, id: bytes) -> str | None:
        """The asset type whose rule of restitution says whether the grounds are asked for."""
        fact = self.event(id)
        rule = None if fact is None else ground_rule(fact.kind)
        deed = None if rule is None or rule.restitution is None else self._grounds.deed(id)
        return None if deed is None else self._grounds.restitution(deed)

    def stands_on(self, id: bytes) -> Sequence[bytes]:
        """Events that stand on the event."""
        row = self._store.row_of(id)
        return () if row is None else self._ids(standing_on(self._store, row))

    def stood_on(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events that events of the range stand on, each once."""
        rows = self._stood_on.get((line, begin))
        if rows is None:  # not the batch that is being judged
            found = {id for own in self.ids_on(line, begin, end) for id in self.grounds(own)}
            return sorted(found)
        return self._store.ids_at(sorted(rows))

    def standing_in(self, ground: bytes, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events of the range that stand on the event."""
        on_row = self._store.row_of(ground)
        if on_row is None:
            return ()
        found: list[tuple[int, int]] = []
        for row, count in self._store.ranges(line, begin, end):
            found += standing_on(self._store, on_row, begin=row, end=row + count)
        return self._ids(found)

    def leaning(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events (anywhere) that stand on an event of the range."""
        found: list[tuple[int, int]] = []
        for row, count in self._store.ranges(line, begin, end):
            found += standing_on(self._store, row, count)
        return self._ids(found)

    def over(self, id: bytes) -> Sequence[bytes]:
        """Other events that the event's ops go over; none if one of its ops goes over nothing."""
        found = self._over.get(id)
        if found is None:
            event = self._event_row(id)
            if event is None:
                return ()
            if len(self._over) >= CACHED_MAX:
                self._over.clear()
            found = self._over[id] = tuple(self._store.ids_at(self._overs.over(event)))
        return found

    def followers(self, id: bytes) -> Sequence[bytes]:
        """Events with an op that goes over one of the event's; some without may be among them."""
        event = self._event_row(id)
        if event is None:
            return ()
        if event.kind in titles.KINDS:
            return self.stands_on(id)
        return self._store.ids_at(self._overs.followers(event))

    def going_over(
        self, line: int, begin: int, end: int, named: AbstractSet[tuple[bytes, int]]
    ) -> Sequence[bytes]:
        """Events of the range with an op that goes over one of some events, by (author, seq)."""
        ranges = self._store.ranges(line, begin, end)
        return self._store.ids_at(self._overs.going_over(ranges, named))

    def _event_row(self, id: bytes) -> EventRow | None:
        row = self._store.row_of(id)
        event = None if row is None else self._store.event(row)
        return event if event is not None and event.log == self._log_no else None

    def _ids(self, ranges: Iterable[tuple[int, int]]) -> Sequence[bytes]:
        rows = {at for row, count in ranges for at in range(row, row + count)}
        return self._store.ids_at(sorted(rows)) if rows else ()


def _line(line: LineRow) -> LineFact:
    return LineFact(line.no, line.author, line.base, line.first_seq, line.size, line.side)
