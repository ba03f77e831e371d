"""Actors: the keys that one viewer takes for one person, by pairs of events that name each other.

    key A ── actor/key{B} ──►  key B        a pair: each key names the other, both events count
          ◄── actor/key{A} ──                for this viewer; an actor is what pairs connect, its
                                             name the smallest key

A pair is judged by voters strictly nearer than whoever it would make one, before these are
decided. So whose word counts about a pair depends on pairs further in only; the judge starts with
every pair and asks again until no answer moves, which is after as many rounds as there are levels
and pairs at most, and after one where nobody speaks about pairs.

Law: one answer, whatever the order of arrival; a pair beyond its author's split links nobody.

Reads: facts, statement. Read by: judge, replica.
Source: spec/policy.md, "Actors".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from tallystick.policy.facts import END, EventFact, Facts, LineFact
from tallystick.policy.statement import AGAINST, EVENT, SLOT, Statement


class Actors:
    """Which keys are whose. Keys that nothing links are actors of their own.

    Args:
        pairs: keys that are one actor's.

    Cost: O(pairs) to make, O(1) to ask.
    """

    __slots__ = ("_actor", "_keys")

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._keys: dict[bytes, tuple[bytes, ...]] = {}
        groups: dict[bytes, list[bytes]] = {}
        for a, b in pairs:
            one, other = groups.setdefault(a, [a]), groups.setdefault(b, [b])
            if one is other:
                continue
            small, large = sorted((one, other), key=len)
            large += small
            groups.update(dict.fromkeys(small, large))
        self._actor: dict[bytes, bytes] = {}
        for keys in {id(keys): keys for keys in groups.values()}.values():
            name = min(keys)
            self._keys[name] = tuple(sorted(keys))
            self._actor.update(dict.fromkeys(keys, name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Actors) and self._actor == other._actor

    def __hash__(self) -> int:
        return hash(frozenset(self._actor.items()))

    def of(self, key: bytes) -> bytes:
        """The actor a key belongs to; any 32 bytes have one."""
        return self._actor.get(key, key)

    def keys(self, actor: bytes) -> Sequence[bytes]:
        """The keys of an actor, the smallest first."""
        return self._keys.get(actor, (actor,))


def paired(
    claims: Iterable[Statement],
    equivocations: Mapping[bytes, int],
    left_out: AbstractSet[bytes] = frozenset(),
) -> Actors:
    """The actors that claims make.

    Args:
        claims: ``actor/key`` events; two that name each other are a pair.
        equivocations: author -> seq from which its claims link nobody.
        left_out: claims that do not count.
    """
    named = {
        (s.voter, s.target)
        for s in claims
        if s.id not in left_out and s.seq < equivocations.get(s.voter, END)
    }
    return Actors(sorted((a, b) for a, b in named if a < b and (b, a) in named))


def own_words(
    viewer: bytes,
    spoken: Iterable[Statement],
    claims: Iterable[Statement],
    equivocations: Mapping[bytes, int],
) -> list[Statement]:
    """What a viewer of several keys said, by any of them.

    Which keys are the viewer's is said by the viewer's own key alone: by others of them, words
    about those pairs, and about what the own key said of them, are left out.

    Args:
        viewer: the own key.
        spoken: statements of anybody; private ones are the viewer's.
    """
    spoken = list(spoken)
    by_id = {s.id: s for s in claims}
    first = [s for s in spoken if s.voter == viewer]
    if not any(s.voter == viewer for s in by_id.values()):
        return first
    about = _held_about(first, by_id)
    refused = {target for target, s in about.items() if s.verb in AGAINST}
    actors = paired(by_id.values(), equivocations, refused)
    keys = set(actors.keys(actors.of(viewer)))
    matters = set(by_id) | {s.id for s in first if s.target in by_id}
    return [
        s
        for s in spoken
        if s.voter == viewer
        or (s.voter in keys and not (SLOT[s.verb] == EVENT and s.target in matters))
    ]


def _held_about(
    spoken: list[Statement], about: Mapping[bytes, Statement]
) -> dict[bytes, Statement]:
    """One key's latest words about some events: what it withdrew or excluded does not hold."""
    withdrawn = {s.target for s in spoken if s.verb == "withdraw"}
    struck: set[bytes] = set()
    held: dict[bytes, Statement] = {}
    opinions = [s for s in spoken if SLOT[s.verb] == EVENT and s.id not in withdrawn]
    seen: set[bytes] = set()
    for s in sorted(opinions, key=lambda s: s.order, reverse=True):
        if s.id in struck or s.scope != "*" or s.target in seen:
            continue
        seen.add(s.target)
        if s.target in about:
            held[s.target] = s
        if s.verb in AGAINST:
            struck.add(s.target)
    return held


class ActorFacts:
    """A log as one viewer sees it: the facts everybody shares, and the viewer's own actors."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.actors = Actors()

    def actor(self, author: bytes) -> bytes:
        """The actor an author key belongs to."""
        return self.actors.of(author)

    def authors(self, actor: bytes) -> Sequence[bytes]:
        """The keys of an actor."""
        return self.actors.keys(actor)

    def event(self, id: bytes) -> EventFact | None:
        """The event, or None when it is not here."""
        return self._facts.event(id)

    def lines(self, author: bytes) -> Sequence[LineFact]:
        """All lines of an author key."""
        return self._facts.lines(author)

    def line(self, line: int) -> LineFact:
        """One line."""
        return self._facts.line(line)

    def ids_on(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Ids of seqs begin..end-1 of a line."""
        return self._facts.ids_on(line, begin, end)

    def kinds(self) -> Iterable[str]:
        """Kinds that occur in the log."""
        return self._facts.kinds()

    def everyone(self) -> Iterable[bytes]:
        """Every author key with a line in the log."""
        return self._facts.everyone()

    def voids(self, author: bytes) -> Sequence[bytes]:
        """Ids of an author's void events."""
        return self._facts.voids(author)

    def grounds(self, id: bytes) -> Sequence[bytes]:
        """Events the event stands on."""
        return self._facts.grounds(id)

    def stands_on(self, id: bytes) -> Sequence[bytes]:
        """Events that stand on the event."""
        return self._facts.stands_on(id)

    def restitution(self, id: bytes) -> str | None:
        """The asset type whose rule of restitution decides about the event's grounds."""
        return self._facts.restitution(id)

    def stood_on(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events that events of the range stand on."""
        return self._facts.stood_on(line, begin, end)

    def standing_in(self, ground: bytes, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events of the range that stand on the event."""
        return self._facts.standing_in(ground, line, begin, end)

    def leaning(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events that stand on an event of the range."""
        return self._facts.leaning(line, begin, end)

    def over(self, id: bytes) -> Sequence[bytes]:
        """Other events that the event's ops go over."""
        return self._facts.over(id)

    def followers(self, id: bytes) -> Sequence[bytes]:
        """Events with an op that goes over one of the event's."""
        return self._facts.followers(id)

    def going_over(
        self, line: int, begin: int, end: int, named: AbstractSet[tuple[bytes, int]]
    ) -> Sequence[bytes]:
        """Events of the range with an op that goes over one of some events."""
        return self._facts.going_over(line, begin, end, named)
