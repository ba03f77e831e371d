"""Standing in one cell: strata by adoption distance, kept up to date from the nearest outwards.

    rank 0   me ── reads ──► candidates ── tally of ranks <= 0 ──► rank 1 | stopped at the door
    rank 1   ............... candidates ── tally of ranks <= 1 ──► rank 2 | stopped at the door
      :                                                              :
    the end  never adopted ─ tally of all voters ────────────────► banned | not

Each candidate is decided once, at the first level that adopts it, by voters strictly nearer. So a
change is settled level by level: whoever it may touch (**pending**) is asked again at each level
until decided; a voter whose place changed takes back what it said and says it again from the new
place, which makes its targets pending. From scratch is the same with everything pending, hence the
one code path and never a dearer one.

Law: a place depends on strictly nearer voters only, so negation is stratified and there is exactly
one answer, whatever the order in which statements came.

Reads: book, tally, facts, scope. Read by: judge, counting, explain.
Source: stratified negation, Apt, Blair, Walker 1988.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tallystick.policy.book import Book, Key
from tallystick.policy.facts import ActedFacts, prefixes
from tallystick.policy.policy import Policy
from tallystick.policy.scope import ANY, Signature
from tallystick.policy.statement import (
    ADOPTION,
    AGAINST,
    EVENT,
    SLOT,
    STANDING,
    Cut,
    Statement,
)
from tallystick.policy.tally import NO_RANK, UNLIMITED, Limit, Place, tally

Held = tuple[dict[bytes, Statement], dict[bytes, Statement], dict[bytes, Statement]]
"""What one voter says in a cell: slot -> target -> the statement that holds."""
Votes = dict[bytes, dict[bytes, Statement]]
"""Target -> voter -> the voter's statement that holds."""
EVERYTHING: Final = None
"""All of a voter's slots are to be read again."""
Rereads = dict[bytes, set[Key] | None]


@dataclass(slots=True)
class Context:
    """What all cells share; the judge replaces the policy in place."""

    facts: ActedFacts
    book: Book
    policy: Policy
    equivocations: dict[bytes, int]
    """Author -> seq at which its standing as a voter ends."""
    supposed: frozenset[bytes] = frozenset()
    """Events taken as excluded by my own word, while asking what they are needed for."""

    @property
    def me(self) -> bytes:
        """The viewer's actor."""
        return self.facts.actor(self.policy.viewer)


@dataclass(slots=True)
class Moved:
    """What a settling touched."""

    actors: set[bytes] = field(default_factory=set)
    """Actors whose place, ban or votes about them may differ."""
    events: set[bytes] = field(default_factory=set)
    """Events about which somebody with a vote speaks differently."""


class Strata:
    """Standing in one cell.

    Args:
        signature: the patterns that match the cell's kinds.
        concern: actors of whom alone the standing is asked; None: everybody. Whoever may get a
            vote must be among them.
    """

    def __init__(
        self, context: Context, signature: Signature, concern: frozenset[bytes] | None = None
    ) -> None:
        self._context = context
        self._concern = concern
        self.signature = signature
        self.me = context.me
        self.places: dict[bytes, Place] = {}
        self.level: dict[bytes, int] = {}
        """Actor -> rank of the voters who decided it as a candidate."""
        self.banned: dict[bytes, dict[int, int]] = {}
        """Banned actor -> leading seqs of its lines that a cut spares."""
        self.slots: tuple[Votes, Votes, Votes] = ({}, {}, {})
        self.standings, self.adoptions, self.words = self.slots
        self.scopes: set[str] = set()
        """Every scope a voter of the cell ever used."""
        self.awaited: set[bytes] = set()
        """Authors of cut entries whose events are not here yet."""
        self._held: dict[bytes, Held] = {}
        self._population: dict[int, int] = {}
        self.settle(set(), {})

    # --- questions ------------------------------------------------------------------------------

    def rank(self, actor: bytes) -> int:
        """Adoption distance; NO_RANK without a vote."""
        place = self.places.get(actor)
        return NO_RANK if place is None else place.rank

    def word(self, event: bytes, *, rank: int, strictly: bool) -> bool | None:
        """What voters say about one event: True include, False exclude, None nothing decisive.

        Args:
            rank: the author's.
            strictly: whether only voters nearer than the author count (statements).
        """
        if event in self._context.supposed:
            return False
        votes = self.words.get(event)
        if votes is None:
            return None
        mine = votes.get(self.me)
        if mine is not None:
            return mine.verb not in AGAINST
        within = rank - 1 if strictly and rank < NO_RANK else rank
        reached = tally(votes, self.places, within=within) >= self._context.policy.threshold
        return False if reached else None

    def links(self, claim: Statement) -> bool:
        """Whether nobody strictly nearer than either of the keys that it links excludes a claim.

        Nearer than the nearer of them: both would stand there. Who is refused, or stopped at the
        door, is settled there too.
        """
        actor_of = self._context.facts.actor
        nearest = min(self._decided_by(actor_of(k)) for k in (claim.voter, claim.target))
        rank = NO_RANK if nearest == NO_RANK else nearest + 1
        return self.word(claim.id, rank=rank, strictly=True) is not False

    def _decided_by(self, actor: bytes) -> int:
        """Rank of the first voters who speak of adopting an actor; NO_RANK if nobody does."""
        if actor == self.me:
            return -1
        voters = self.adoptions.get(actor, ())
        return min((self.places[voter].rank for voter in voters), default=NO_RANK)

    def speaks(self, s: Statement, place: Place) -> bool:
        """Whether a statement of the voter at ``place`` counts as a vote in this cell."""
        if not self._is_heard(s, place):
            return False
        actor_of = self._context.facts.actor
        return not any(
            actor_of(w.voter) == actor_of(s.voter) and self._is_heard(w, place)
            for w in self._context.book.withdrawals.get(s.id, ())
        )

    def _is_heard(self, s: Statement, place: Place) -> bool:
        """Said while the voter had standing, and not excluded by anybody nearer."""
        if s.seq >= self._context.equivocations.get(s.voter, NO_RANK):
            return False
        if place.limit is not None and not self._within(s, place.limit):
            return False
        return self.word(s.id, rank=place.rank, strictly=True) is not False

    def _within(self, s: Statement, limit: Limit) -> bool:
        fact = self._context.facts.event(s.id)
        if fact is None:
            return False
        return all(
            lengths is None or fact.seq < lengths.get(fact.line, 0)
            for lengths in (limit.as_of, limit.spared)
        )

    def come(self, lines: Iterable[int]) -> set[bytes]:
        """Actors about whom a cut names events that may have come now, on these lines."""
        if not self.awaited:
            return set()
        facts = self._context.facts
        came = {facts.line(line).author for line in lines} & self.awaited
        self.awaited -= came
        return {facts.actor(author) for author in came}

    # --- settling -------------------------------------------------------------------------------

    def settle(self, pending: set[bytes], rereads: Rereads) -> Moved:
        """Brings the cell up to date.

        Args:
            pending: actors whose decision may differ for a reason that is no statement.
            rereads: voters some of whose statements may have come, gone or changed.

        Cost: O(statements of the voters and about the targets that are touched).
        """
        moved = Moved()
        work = _Work(set(pending), dict(rereads), moved)
        if self.me not in self.places:
            self._put(self.me, Place(0, UNLIMITED, self._context.policy.max_depth, b""), work)
        rank = 0
        while True:
            self._read_stratum(rank, work)
            self._decide_level(rank, work)
            rank += 1
            if not self._population.get(rank) or not (work.pending or work.rereads or work.fresh):
                break
        self._clear_beyond(rank, work)
        for actor in work.pending:
            if actor not in work.done and actor not in self.level and actor != self.me:
                self._ban(actor, self._spared(actor, NO_RANK), work)
        moved.actors |= work.pending
        return moved

    def _read_stratum(self, rank: int, work: _Work) -> None:
        """Lets voters of one rank say what changed: all, of those whose place is new."""
        for voter in work.fresh.pop(rank, ()):
            work.rereads.pop(voter, None)
            self._publish(voter, self._read(voter), work, always=True)
        while due := [v for v in work.rereads if self.rank(v) == rank]:
            for voter in due:
                keys = work.rereads.pop(voter)
                if keys is EVERYTHING or voter == self.me:
                    self._publish(voter, self._read(voter), work)
                else:
                    self._publish_slots(voter, keys, work)

    def _decide_level(self, rank: int, work: _Work) -> None:
        levels, adoptions = self.level, self.adoptions
        for actor in list(work.pending):
            if actor not in adoptions and actor not in levels:
                continue  # nobody adopts it: judged at the end
            level = levels.get(actor, NO_RANK)
            if actor == self.me or actor in work.done or level < rank:
                work.moved.actors.add(actor)
                work.pending.discard(actor)
                continue
            place = self._way(actor, rank)
            if place is None:
                if level == rank:
                    self._unseat(actor, work)
                continue
            work.done.add(actor)
            work.pending.discard(actor)
            work.moved.actors.add(actor)
            self.level[actor] = rank
            self._seat(actor, place, self._spared(actor, rank), work)

    def _seat(self, actor: bytes, place: Place, spared: dict[int, int] | None, work: _Work) -> None:
        """Decides a candidate: a place, a place up to a cut, or stopped at the door."""
        self._ban(actor, spared, work)
        if spared is not None:
            if not spared:
                self._remove(actor, work)
                return
            limit = place.limit or Limit()
            place = place._replace(limit=limit._replace(spared=spared))
        self._put(actor, place, work)

    def _clear_beyond(self, rank: int, work: _Work) -> None:
        """Nobody has this rank any more: whoever was decided there or further no longer is."""
        while stale := [
            a for a in work.pending if a not in work.done and self.level.get(a, -1) >= rank
        ]:
            for actor in stale:
                self._unseat(actor, work)

    def _unseat(self, actor: bytes, work: _Work) -> None:
        del self.level[actor]
        self._remove(actor, work)

    # --- deciding one actor ---------------------------------------------------------------------

    def _way(self, actor: bytes, rank: int) -> Place | None:
        """The best way by which voters of one rank adopt the actor, or None."""
        edges = self.adoptions.get(actor)
        if edges is None:
            return None
        mine = edges.get(self.me)
        if mine is not None and mine.weight == 0:
            return None  # my own word is final
        best: tuple[tuple[int, int, bytes, bool, bytes], Statement] | None = None
        for voter, s in edges.items():
            place = self.places[voter]
            if place.rank != rank or place.depth < 1 or not s.weight:
                continue
            weight = min(place.weight, s.weight)
            depth = min(place.depth - 1, s.depth)
            key = (-weight, -depth, place.branch or actor, s.as_of is not None, s.id)
            if best is None or key < best[0]:
                best = (key, s)
        if best is None:
            return None
        (weight, depth, branch, pinned, _), way = best
        limit = Limit(as_of=self.prefixes(way.as_of, actor)) if pinned else None
        return Place(rank + 1, -weight, -depth, branch, way, limit)

    def _spared(self, actor: bytes, within: int) -> dict[int, int] | None:
        """None when the actor is not banned; otherwise what cuts spare, per line."""
        votes = self.standings.get(actor)
        if votes is None:
            return None
        mine = votes.get(self.me)
        if mine is not None:
            if mine.verb not in AGAINST:
                return None
            return self.prefixes(mine.cut, actor)
        threshold = self._context.policy.threshold
        if tally(votes, self.places, within=within) < threshold:
            return None
        if all(s.cut is None for s in votes.values()):
            return {}
        return self.steps(actor, within=within, below=threshold)

    def steps(self, actor: bytes, *, within: int, below: int) -> dict[int, int]:
        """Leading seqs per line at which the tally stays under ``below``.

        A tally is a step function along each chain: the earlier the event, the more cuts spare
        it, so it only rises and one length per line says all.
        """
        votes = self.standings.get(actor, {})
        cuts = {v: self.prefixes(s.cut, actor) for v, s in votes.items() if s.verb in AGAINST}
        spared: dict[int, int] = {}
        for author in self._context.facts.authors(actor):
            for line in self._context.facts.lines(author):
                ends = sorted({cut.get(line.line, 0) for cut in cuts.values()} - {0})
                begin = 0
                for end in ends:
                    within_reach = {
                        votes[v].id for v, cut in cuts.items() if cut.get(line.line, 0) <= begin
                    }
                    total = tally(votes, self.places, within=within, reaching=within_reach)
                    if total >= below:
                        break
                    spared[line.line] = begin = end
        return spared

    def prefixes(self, cut: Cut | None, actor: bytes) -> dict[int, int]:
        """Leading seqs per line that a cut names; entries not here yet are waited for."""
        if not cut:
            return {}
        lengths, absent = prefixes(cut, actor, self._context.facts)
        self.awaited.update(absent)
        return lengths

    # --- writing down ---------------------------------------------------------------------------

    def _ban(self, actor: bytes, spared: dict[int, int] | None, work: _Work) -> None:
        if spared != self.banned.get(actor):
            work.moved.actors.add(actor)
            if spared is None:
                del self.banned[actor]
            else:
                self.banned[actor] = spared

    def _put(self, actor: bytes, place: Place, work: _Work) -> None:
        old = self.places.get(actor)
        if old == place:
            return
        if old is not None:
            self._population[old.rank] -= 1
        self.places[actor] = place
        self._population[place.rank] = self._population.get(place.rank, 0) + 1
        work.fresh.setdefault(place.rank, []).append(actor)

    def _remove(self, actor: bytes, work: _Work) -> None:
        """Takes a vote away; what it said is taken back at once."""
        if actor in self.places:
            work.moved.actors.add(actor)
            self._publish(actor, ({}, {}, {}), work)
            self._population[self.places.pop(actor).rank] -= 1
            self._held.pop(actor, None)

    # --- reading one voter ----------------------------------------------------------------------

    def _read(self, voter: bytes) -> Held:
        """What the voter says here: the latest statement of each slot that counts."""
        if voter == self.me:
            return self._read_mine()
        context = self._context
        held: Held = ({}, {}, {})
        place = self.places[voter]
        words, withdrawals = self.words, context.book.withdrawals
        slot_of, actor_of, concern = SLOT, context.facts.actor, self._concern
        doubtful = (
            place.limit is not None
            or bool(context.supposed)
            or any(author in context.equivocations for author in context.facts.authors(voter))
        )
        for s in context.book.said(voter):
            if s.scope != ANY and not self._matches(s.scope):
                continue
            slot, target = slot_of[s.verb], s.target
            if slot != EVENT:
                target = actor_of(target)
                if target == voter:
                    continue  # what people say about themselves
                if concern is not None and target not in concern:
                    continue
            doubt = doubtful or s.id in words or s.id in withdrawals
            if not doubt or self.speaks(s, place):
                held[slot][target] = s
        return held

    def _read_mine(self) -> Held:
        """My policy's statements, the latest first: what my own word excludes does not hold."""
        held: Held = ({}, {}, {})
        struck = set(self._context.supposed)
        for s in reversed(self._context.policy.statements):
            if s.id in struck or (s.scope != ANY and not self._matches(s.scope)):
                continue
            slot, target = self._context.book.key(s)
            if target in held[slot] or (target == self.me and slot != EVENT):
                continue
            held[slot][target] = s
            if slot == EVENT and s.verb in AGAINST:
                struck.add(target)
        return held

    def _matches(self, scope: str) -> bool:
        """Whether a scope is about this cell; one that is new may divide it, which the judge does.

        Kinds that a new scope is about leave for a cell of their own, so for those that stay it is
        right that it does not match.
        """
        self.scopes.add(scope)
        return scope in self.signature

    def _publish(self, voter: bytes, new: Held, work: _Work, *, always: bool = False) -> None:
        """Replaces what a voter says; ``always`` when its place changed, so that all of it does."""
        old = self._held.get(voter, ({}, {}, {}))
        self._held[voter] = new
        for slot in (STANDING, ADOPTION, EVENT):
            before, after, votes = old[slot], new[slot], self.slots[slot]
            gone = [target for target in before if target not in after]
            for target in gone:
                del votes[target][voter]
                if not votes[target]:
                    del votes[target]
            fresh = after
            if before and not always:
                fresh = {t: s for t, s in after.items() if before.get(t) is not s}
            for target, s in fresh.items():
                said = votes.get(target)
                if said is None:
                    votes[target] = {voter: s}
                else:
                    said[voter] = s
            self._touch(slot, gone, work)
            self._touch(slot, fresh, work)

    def _publish_slots(self, voter: bytes, keys: Iterable[Key], work: _Work) -> None:
        held = self._held[voter]
        for slot, target in keys:
            if target == voter and slot != EVENT:
                continue
            latest = self.latest(voter, (slot, target))
            if latest is held[slot].get(target):
                continue
            votes = self.slots[slot]
            if latest is None:
                del held[slot][target]
                del votes[target][voter]
                if not votes[target]:
                    del votes[target]
            else:
                held[slot][target] = latest
                votes.setdefault(target, {})[voter] = latest
            self._touch(slot, (target,), work)

    def latest(self, voter: bytes, key: Key, *, without: bytes | None = None) -> Statement | None:
        """What holds in one slot of a voter, as if one statement had not been made."""
        place = self.places[voter]
        if voter == self.me:
            spoken = [
                s for s in self._context.policy.statements if self._context.book.key(s) == key
            ]
        else:
            spoken = self._context.book.slot(voter, key)
        for s in reversed(spoken):
            fits = s.scope == ANY or self._matches(s.scope)
            if s.id != without and fits and (voter == self.me or self.speaks(s, place)):
                return s
        return None

    def _touch(self, slot: int, targets: Iterable[bytes], work: _Work) -> None:
        if slot != EVENT:
            work.pending.update(targets)
            return
        by_id = self._context.book.by_id
        for event in targets:
            work.moved.events.add(event)
            s = by_id.get(event)
            if s is not None and s.verb == "withdraw":
                s = by_id.get(s.target)
            if s is None or SLOT[s.verb] > EVENT:
                continue
            keys = work.rereads.setdefault(self._context.facts.actor(s.voter), set())
            if keys is not EVERYTHING:
                keys.add(self._context.book.key(s))


class _Work:
    """What is still to be done in one settling."""

    __slots__ = ("done", "fresh", "moved", "pending", "rereads")

    def __init__(self, pending: set[bytes], rereads: Rereads, moved: Moved) -> None:
        self.pending = pending
        self.rereads = rereads
        self.moved = moved
        self.done: set[bytes] = set()
        self.fresh: dict[int, list[bytes]] = {}
