"""A log in memory, as far as a judge can see it: events, lines, kinds, grounds. No bytes, no keys.

    world = World()
    note = world.write(ana, "note")
    world.say(bo, "ban", ana, cut=(world.entry(note),))
    judge = Judge(Policy(viewer=bo, log=world.genesis), world, world.statements)

Law: an event is added once, after its parents and grounds, as a store would; lines are numbered in
the order in which sides arrive, so two worlds may number them differently and mean the same.

Reads: policy. Read by: tests, users' tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from tallystick.policy import CutEntry, EventFact, LineFact, Span, Statement


@dataclass(frozen=True, slots=True)
class Event:
    """An event as others would send it, its place in a store left open.

    Args:
        prev: id of the author's event before; empty for the first.
        statement: what it says, if it is a statement.
        over: events its ops go over; every one of its ops goes over something, if any does.
        type: the asset type whose rule of restitution its grounds follow.
    """

    id: bytes
    author: bytes
    seq: int
    prev: bytes
    kind: str
    void: str | None = None
    grounds: tuple[bytes, ...] = ()
    statement: Statement | None = None
    over: tuple[bytes, ...] = ()
    type: str | None = None


class World:
    """An in-memory log that answers as ``policy.Facts``; Cost: O(1) per event added."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.equivocations: dict[bytes, int] = {}
        """Author -> smallest seq with two events here."""
        self._facts: dict[bytes, EventFact] = {}
        self._lines: list[LineFact] = []
        self._of_author: dict[bytes, list[int]] = {}
        self._last: dict[int, bytes] = {}
        self._kinds: dict[str, None] = {}
        self._grounds: dict[bytes, tuple[bytes, ...]] = {}
        self._dependents: dict[bytes, list[bytes]] = {}
        self._by_id: dict[bytes, Event] = {}
        self._followers: dict[bytes, list[bytes]] = {}
        self._voids: dict[bytes, list[bytes]] = {}
        self._ids_on: dict[int, dict[int, bytes]] = {}

    # --- writing --------------------------------------------------------------------------------

    def add(self, event: Event) -> Span:
        """Stores an event whose parents are here; returns where it went."""
        assert event.id not in self._facts, "an event is added once"
        line = self._line_for(event)
        found = self._lines[line]
        self._lines[line] = found._replace(size=event.seq + 1)
        self._last[line] = event.id
        fact = EventFact(event.id, event.author, event.seq, event.kind, line, event.void)
        self._facts[event.id] = fact
        self._ids_on.setdefault(line, {})[event.seq] = event.id
        self._kinds[event.kind] = None
        self._grounds[event.id] = event.grounds
        for ground in event.grounds:
            self._dependents.setdefault(ground, []).append(event.id)
        for below in event.over:
            self._followers.setdefault(below, []).append(event.id)
        self._by_id[event.id] = event
        self.events.append(event)
        without = frozenset((event.id,)) if event.void else frozenset[bytes]()
        if event.void:
            self._voids.setdefault(event.author, []).append(event.id)
        return Span(line, event.seq, event.seq + 1, None, without)

    def _line_for(self, event: Event) -> int:
        own = self._of_author.setdefault(event.author, [])
        for line in own:
            if event.seq and self._last.get(line) == event.prev:
                return line
        base: int | None = None
        if own:
            base = own[0] if event.seq == 0 else self._facts[event.prev].line
            known = self.equivocations.get(event.author, event.seq)
            self.equivocations[event.author] = min(known, event.seq)
        line = len(self._lines)
        own.append(line)
        side = event.id if base is not None else b""
        self._lines.append(LineFact(line, event.author, base, event.seq, event.seq, side))
        return line

    def write(self, author: bytes, kind: str, **more: Any) -> bytes:
        """Writes one event at the end of an author's first line; returns its id."""
        event = self.draft(author, kind, **more)
        self.add(event)
        return event.id

    def draft(
        self,
        author: bytes,
        kind: str,
        *,
        prev: bytes | None = None,
        void: str | None = None,
        grounds: Sequence[bytes] = (),
        over: Sequence[bytes] = (),
        type: str | None = None,
    ) -> Event:
        """The next event of an author, not added yet; ``prev`` names another one to follow."""
        if prev is None:
            own = self._of_author.get(author)
            prev = self._last[own[0]] if own else b""
        seq = self._facts[prev].seq + 1 if prev else 0
        mark = f"{author.hex()}/{seq}/{kind}/{len(self.events)}".encode()
        id = hashlib.sha256(mark + prev).digest()
        return Event(id, author, seq, prev, kind, void, tuple(grounds), over=tuple(over), type=type)

    def say(
        self, author: bytes, verb: str, target: bytes, *, prev: bytes | None = None, **more: Any
    ) -> Statement:
        """Writes one statement."""
        room = "actor" if verb in ("key", "repair") else "trust"
        draft = self.draft(author, f"{room}/{verb}", prev=prev)
        statement = Statement(draft.id, author, draft.seq, verb, target, **more)
        self.add(Event(draft.id, author, draft.seq, draft.prev, draft.kind, statement=statement))
        return statement

    # --- reading --------------------------------------------------------------------------------

    def ids_on(self, line: int, begin: int, end: int) -> list[bytes]:
        """Ids of a line's own seqs begin..end-1."""
        on = self._ids_on.get(line, {})
        return [on[seq] for seq in range(begin, end)]

    @property
    def genesis(self) -> bytes:
        """Id of the first event."""
        return self.events[0].id

    @property
    def statements(self) -> list[Statement]:
        """All statements, in the order they were added."""
        return [event.statement for event in self.events if event.statement is not None]

    def entry(self, id: bytes) -> CutEntry:
        """An event as the entry of a cut."""
        fact = self._facts[id]
        return CutEntry(fact.author, fact.seq, id)

    def ids(self, spans: Iterable[Span]) -> list[bytes]:
        """The events some spans mean, in their order."""
        out = []
        for span in spans:
            on = self._ids_on.get(span.line, {})
            for seq in range(span.begin, span.end):
                id = on[seq]
                fits = span.kinds is None or self._facts[id].kind in span.kinds
                if fits and id not in span.without:
                    out.append(id)
        return out

    # --- policy.Facts ---------------------------------------------------------------------------

    def event(self, id: bytes) -> EventFact | None:
        """The event, or None."""
        return self._facts.get(id)

    def lines(self, author: bytes) -> Sequence[LineFact]:
        """All lines of an author."""
        return [self._lines[line] for line in self._of_author.get(author, ())]

    def line(self, line: int) -> LineFact:
        """One line."""
        return self._lines[line]

    def kinds(self) -> Iterable[str]:
        """Kinds that occur."""
        return self._kinds

    def everyone(self) -> Iterable[bytes]:
        """Every author."""
        return self._of_author

    def voids(self, author: bytes) -> Sequence[bytes]:
        """The author's void events."""
        return self._voids.get(author, ())

    def grounds(self, id: bytes) -> Sequence[bytes]:
        """Events the event stands on."""
        return self._grounds.get(id, ())

    def stands_on(self, id: bytes) -> Sequence[bytes]:
        """Events that stand on the event."""
        return self._dependents.get(id, ())

    def restitution(self, id: bytes) -> str | None:
        """The asset type whose rule says whether the event's grounds are asked for."""
        return self._by_id[id].type

    def stood_on(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events that events of the range stand on."""
        return sorted({g for id in self._range(line, begin, end) for g in self._grounds[id]})

    def standing_in(self, ground: bytes, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events of the range that stand on the event."""
        return [id for id in self._range(line, begin, end) if ground in self._grounds[id]]

    def over(self, id: bytes) -> Sequence[bytes]:
        """Events that all ops of the event go over."""
        found = self._by_id.get(id)
        return () if found is None or found.void else found.over

    def followers(self, id: bytes) -> Sequence[bytes]:
        """Events that go over the event."""
        return self._followers.get(id, ())

    def going_over(
        self, line: int, begin: int, end: int, named: AbstractSet[tuple[bytes, int]]
    ) -> Sequence[bytes]:
        """Events of the range that go over one of some events."""
        return [
            id
            for id in self._range(line, begin, end)
            if any((e.author, e.seq) in named for e in map(self._by_id.get, self.over(id)) if e)
        ]

    def leaning(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events that stand on an event of the range."""
        found = (self._dependents.get(id, ()) for id in self._range(line, begin, end))
        return [id for ids in found for id in ids]

    def _range(self, line: int, begin: int, end: int) -> list[bytes]:
        on = self._ids_on.get(line, {})
        return [on[seq] for seq in range(begin, end) if seq in on]
