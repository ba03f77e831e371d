"""Cascades: an exclude that takes along what was built on the event, and on nothing else.

    X excluded with cascade ◄── A goes over X ──────► taken along
         ▲                       ▲
         └──── B goes over A and X ─────────────────► taken along: all it goes over is out or taken
               C goes over A and Y ─────────────────► stays: Y is nobody's cascade

Votes count towards a cascade apart from the plain tally: of those against, only the ones that ask
for it. As single events are, each event is judged by voters no further than its author, all the
way down: whoever may not exclude my event may not take it along either. So what is kept of an event
is not one answer but one per rank, in one integer:

    bit r = out when only voters of rank <= r are asked        bits go on for ever, as Python's do
    ...1110 = rank 1 and further        ...0000 = never        ...1111 = my own word, final for all

Law: an event's bits follow from the votes about it and the bits of what it goes over, which lies in
its past; so an update costs what it touches, and nothing while nobody asks for a cascade.

Reads: standing, tally, facts. Read by: rules, counting, explain.
Source: spec/policy.md, "Cascade".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from tallystick.policy.facts import EventFact
from tallystick.policy.standing import Context, Strata
from tallystick.policy.statement import AGAINST, Statement
from tallystick.policy.tally import NO_RANK, Vote, branch_votes, tally

ALWAYS: Final = -1
"""Every bit: my own word."""


class Root(NamedTuple):
    """An event whose exclusion takes others along, and the votes that do it, as seen from one."""

    id: bytes
    cell: Strata
    votes: tuple[Vote, ...]
    mine: Statement | None


class Cascades:
    """Which events are excluded by cascade or taken along, kept up to date.

    Args:
        cell: the cell that judges an event.
    """

    def __init__(self, context: Context, cell: Callable[[EventFact], Strata]) -> None:
        self._context = context
        self._cell = cell
        self._bits: dict[bytes, int] = {}
        self._held: set[bytes] = set()
        """Events that would be taken along but for their author's rank or my own word."""
        self._at: dict[tuple[bytes, int], set[bytes]] = {}

    @property
    def out(self) -> AbstractSet[tuple[bytes, int]]:
        """(author, seq) of the events that are out, as seen from some rank."""
        return self._at.keys()

    def touches(self, id: bytes) -> bool:
        """Whether an event is out, or would be if its author stood further away."""
        return id in self._bits or id in self._held

    def takes(self, id: bytes, rank: int) -> bool:
        """Whether an event is taken along, given that neither word nor tally decides about it.

        Args:
            rank: its author's.
        """
        return id in self._bits and _bit(self._built_on(id), rank)

    def settle(self, fact: EventFact) -> bool:
        """Looks at one event again; whether what goes over it must be looked at too."""
        cell = self._cell(fact)
        rank = self._rank(cell, fact)
        votes = cell.words.get(fact.id)
        bits = self._built_on(fact.id)
        held = bool(bits)
        bits = _up_to(bits, rank)
        if votes is not None:
            mine = votes.get(cell.me)
            if mine is not None and mine.verb not in AGAINST:
                bits = 0
            elif mine is not None:
                bits |= ALWAYS if mine.cascade else 0
            elif asked := _asking(votes):
                bits |= self._voted(cell, votes, asked, rank)
        if held and not bits:
            self._held.add(fact.id)
        else:
            self._held.discard(fact.id)
        if bits == self._bits.get(fact.id, 0):
            return False
        at = (fact.author, fact.seq)
        if bits:
            self._bits[fact.id] = bits
            self._at.setdefault(at, set()).add(fact.id)
        else:
            del self._bits[fact.id]
            self._at[at].discard(fact.id)
            if not self._at[at]:
                del self._at[at]
        return True

    def _rank(self, cell: Strata, fact: EventFact) -> int:
        return cell.rank(self._context.facts.actor(fact.author))

    def _built_on(self, id: bytes) -> int:
        """At which ranks all that an event goes over is out."""
        if not self._bits:
            return 0
        over = self._context.facts.over(id)
        bits = ALWAYS if over else 0
        for target in over:
            bits &= self._bits.get(target, 0)
        return bits

    def _voted(
        self, cell: Strata, votes: Mapping[bytes, Statement], asked: frozenset[bytes], rank: int
    ) -> int:
        """At which ranks the tally of votes for a cascade reaches the threshold."""
        ranks = sorted({cell.places[voter].rank for voter in votes})
        ends = [*ranks[1:], None]
        bits = 0
        for at, end in zip(ranks, ends, strict=True):
            if at > rank:
                break
            if tally(votes, cell.places, within=at, reaching=asked) < self._threshold:
                continue
            bits |= ALWAYS << at if end is None else (1 << end) - (1 << at)
        return _up_to(bits, rank)

    @property
    def _threshold(self) -> int:
        return self._context.policy.threshold

    # --- why ------------------------------------------------------------------------------------

    def roots(self, fact: EventFact) -> Iterator[Root]:
        """What takes an event along, each root once, with the votes that reach that far.

        Cost: O(what lies between the event and its roots).
        """
        facts = self._context.facts
        seen: set[tuple[bytes, int]] = set()
        todo = [(id, self._rank(self._cell(fact), fact)) for id in facts.over(fact.id)]
        while todo:
            id, within = todo.pop()
            found = facts.event(id)
            if found is None:
                continue
            cell = self._cell(found)
            within = min(within, self._rank(cell, found))
            if (id, within) in seen:
                continue
            seen.add((id, within))
            votes = cell.words.get(id, {})
            asked = _asking(votes)
            mine = votes.get(cell.me)
            if mine is not None and mine.id in asked:
                yield Root(id, cell, (), mine)
                continue
            if mine is None and asked:
                decisive = branch_votes(votes, cell.places, within=within, reaching=asked)
                if sum(vote.force for vote in decisive) >= self._threshold:
                    yield Root(id, cell, tuple(v for v in decisive if v.force > 0), None)
                    continue
            todo += [(below, within) for below in facts.over(id)]


def _asking(votes: Mapping[bytes, Statement]) -> frozenset[bytes]:
    """Of the votes against an event, ids of those that ask for a cascade."""
    return frozenset(s.id for s in votes.values() if s.cascade and s.verb in AGAINST)


def _bit(bits: int, rank: int) -> bool:
    return bool(bits >> min(rank, bits.bit_length()) & 1)


def _up_to(bits: int, rank: int) -> int:
    """Bits of ranks beyond one are as its own: further voters are not asked."""
    if not bits or rank == NO_RANK:
        return bits
    low = bits & ((1 << rank) - 1)
    return low | ALWAYS << rank if _bit(bits, rank) else low
