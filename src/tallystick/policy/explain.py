"""Explaining: the statements a verdict turns on, and the way by which each voter came to speak.

Named are the votes that decide (for what counts: those that hold the others off, and the others if
it is contested), the retract, my own word, and every adoption on the way from me to a voter named.

Law: taking away everything named together changes the answer or leaves it without explanation;
whether one of them alone changes it is found by trying, so *necessary* is never a guess.

Reads: counting, standing, tally. Read by: judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tallystick.policy.counting import Counting
from tallystick.policy.facts import END, EventFact, Flip
from tallystick.policy.scope import moves_standing
from tallystick.policy.standing import Context, Strata
from tallystick.policy.statement import AGAINST, STANDING, Statement
from tallystick.policy.tally import (
    NO_RANK,
    Reaching,
    Vote,
    against,
    branch_votes,
    tally,
)
from tallystick.policy.verdict import Cause, Standing, Verdict, Voter

Value = tuple[bool, bool]
"""(included, contested)"""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a statement would do: the flips, and the actors whose verdict would change."""

    flips: tuple[Flip, ...]
    actors: Mapping[bytes, tuple[Verdict, Verdict]]


class Explainer:
    """Verdicts with their causes, read off the cells; marks nothing necessary by itself."""

    def __init__(self, context: Context, counting: Counting, base: Strata) -> None:
        self._context = context
        self._counting = counting
        self._base = base

    # --- actors ---------------------------------------------------------------------------------

    def actor_value(self, cell: Strata, actor: bytes) -> Value:
        """(included, contested) of an actor as a whole."""
        included = self._counting.rules.heeded(cell, actor) == END
        return included, self._is_contested(cell, actor, None)

    def _is_contested(self, cell: Strata, actor: bytes, reaching: Reaching) -> bool:
        votes = cell.standings.get(actor, {})
        if actor in cell.banned and reaching is None:
            return False
        if cell.me in votes:
            return False
        found = branch_votes(votes, cell.places, reaching=reaching)
        return against(found) >= self._context.policy.threshold

    def actor(self, cell: Strata, actor: bytes) -> Verdict:
        """The verdict about an actor as a whole, by what no cut spares."""
        included, contested = self.actor_value(cell, actor)
        reason = self._actor_reason(cell, actor)
        rank = cell.rank(actor)
        return Verdict(
            actor,
            "actor",
            included,
            contested,
            reason,
            tuple(self._actor_causes(cell, actor, None, contested=contested)),
            rank=None if rank == NO_RANK else rank,
            partly=isinstance(self._counting.rules.heeded(cell, actor), dict),
        )

    def _actor_reason(self, cell: Strata, actor: bytes) -> str:
        votes = cell.standings.get(actor, {})
        if cell.me in votes:
            return "my-word"
        if actor in cell.banned:
            return "tally"
        return "stance" if self._context.policy.stance == "invited" else "none"

    def _actor_causes(
        self, cell: Strata, actor: bytes, reaching: Reaching, *, contested: bool
    ) -> list[Cause]:
        votes = cell.standings.get(actor, {})
        mine = votes.get(cell.me)
        if mine is not None:
            return [self._cause(cell, mine)]
        level = cell.level.get(actor, NO_RANK)
        decisive = branch_votes(votes, cell.places, within=level, reaching=reaching)
        threshold = self._context.policy.threshold
        total = sum(vote.force for vote in decisive)
        if total >= threshold:
            return self._votes(cell, [v for v in decisive if v.force > 0])
        named = [v for v in decisive if v.force <= 0] if against(decisive) >= threshold else []
        if contested:
            named += branch_votes(votes, cell.places, reaching=reaching)
        if self._context.policy.stance == "invited":
            named += [v for v in decisive if v.force < 0]
            place = cell.places.get(actor)
            if place is not None and place.way is not None:
                return self._votes(cell, named) + self._path(cell, actor)
        return self._votes(cell, named)

    def banned(self, cell: Strata, actor: bytes) -> Verdict:
        """The verdict about a banned actor; votes are marked by counting again without each.

        Exact for votes, since nothing said about an actor moves who speaks about it. Adoptions on
        the way are left to ``actor``.
        """
        verdict = self.actor(cell, actor)
        votes = cell.standings[actor]
        within = cell.level.get(actor, NO_RANK)
        causes = []
        for cause in verdict.causes:
            if not cause.path:
                others = dict(votes)
                del others[cause.voter]
                before = cell.latest(cause.voter, (STANDING, actor), without=cause.statement)
                if before is not None:
                    others[cause.voter] = before
                mine = others.get(cell.me)
                total = tally(others, cell.places, within=within)
                still = (
                    mine.verb in AGAINST
                    if mine is not None
                    else total >= self._context.policy.threshold
                )
                causes.append(replace(cause, necessary=not still))
        return Verdict(
            actor,
            "actor",
            included=False,
            contested=False,
            reason=verdict.reason,
            causes=tuple(causes),
            rank=verdict.rank,
            partly=verdict.partly,
        )

    def standing(self, cell: Strata) -> Standing:
        """Everybody with a vote, everybody banned, and whose standing is contested."""
        voters = {
            actor: Voter(place.rank, place.branch, place.weight, place.depth)
            for actor, place in sorted(
                cell.places.items(), key=lambda item: (item[1].rank, item[0])
            )
        }
        contested = tuple(
            actor
            for actor, votes in sorted(cell.standings.items())
            if actor not in cell.banned
            and cell.me not in votes
            and against(branch_votes(votes, cell.places)) >= self._context.policy.threshold
        )
        banned = {actor: self.banned(cell, actor) for actor in sorted(cell.banned)}
        return Standing(cell.me, voters, banned, contested)

    # --- events ---------------------------------------------------------------------------------

    def event_value(self, id: bytes) -> Value:
        """(included, contested) of an event."""
        fact = self._context.facts.event(id)
        if fact is None:
            return False, False
        opinion = self._counting.judge(fact)
        return opinion.counts, opinion.counts and self._event_contested(fact)

    def _event_contested(self, fact: EventFact) -> bool:
        cell = self._counting.rules.cell(fact)
        votes = cell.words.get(fact.id, {})
        if cell.me in votes or fact.id == self._context.policy.log:
            return False
        if against(branch_votes(votes, cell.places)) >= self._context.policy.threshold:
            return True
        actor = self._context.facts.actor(fact.author)
        return self._is_contested(cell, actor, self._reaching(cell, actor, fact))

    def _reaching(self, cell: Strata, actor: bytes, fact: EventFact) -> Reaching:
        """The bans of an actor that reach this event; None when all do."""
        votes = cell.standings.get(actor, {})
        if all(s.cut is None for s in votes.values()):
            return None
        return {
            s.id
            for s in votes.values()
            if fact.seq >= cell.prefixes(s.cut, actor).get(fact.line, 0)
        }

    def event(self, id: bytes) -> Verdict:
        """The verdict about an event; of an ungrounded one the causes are its ground's."""
        fact = self._context.facts.event(id)
        if fact is None:
            return Verdict(id, "event", included=False, contested=False, reason="none")
        opinion = self._counting.judge(fact)
        contested = opinion.counts and self._event_contested(fact)
        causes: Iterable[Cause] = ()
        at, deepest = opinion, fact
        while at.reason == "ungrounded" and at.by is not None:
            ground = self._context.facts.event(at.by)
            if ground is None:
                break
            at, deepest = self._counting.judge(ground), ground
        by = None
        cell = self._counting.rules.cell(deepest)
        if at.reason == "retracted" and at.by is not None:
            causes = [self._cause(cell, self._context.book.by_id[at.by])]
        elif at.reason == "cascade":
            causes, by = self._cascade_causes(deepest)
        elif at.reason not in ("void", "equivocation", "ungrounded"):
            causes = self._event_causes(cell, deepest, at.reason, contested=contested)
        by = opinion.by if opinion.reason != "cascade" else by
        return Verdict(id, "event", opinion.counts, contested, opinion.reason, tuple(causes), by)

    def _cascade_causes(self, fact: EventFact) -> tuple[list[Cause], bytes | None]:
        """What takes an event along: the votes for each root, and the root with the smallest id."""
        causes: list[Cause] = []
        roots = sorted(self._counting.rules.cascades.roots(fact), key=lambda root: root.id)
        for _, cell, votes, mine in roots:
            causes += self._votes(cell, votes) if mine is None else [self._cause(cell, mine)]
        return _unique(causes), roots[0].id if roots else None

    def _event_causes(
        self, cell: Strata, fact: EventFact, reason: str, *, contested: bool
    ) -> list[Cause]:
        votes = cell.words.get(fact.id, {})
        if reason == "my-word":
            return [self._cause(cell, votes[cell.me])]
        actor = self._context.facts.actor(fact.author)
        rank = cell.rank(actor)
        within = rank - 1 if moves_standing(fact.kind) and rank < NO_RANK else rank
        decisive = branch_votes(votes, cell.places, within=within)
        if reason == "tally":
            return self._votes(cell, [v for v in decisive if v.force > 0])
        held = against(decisive) >= self._context.policy.threshold
        named = [v for v in decisive if v.force <= 0] if held else []
        if contested and cell.me not in votes:
            named += branch_votes(votes, cell.places)
        reaching = self._reaching(cell, actor, fact)
        author = self._actor_causes(cell, actor, reaching, contested=contested)
        return _unique(self._votes(cell, named) + author)

    # --- naming ---------------------------------------------------------------------------------

    def _votes(self, cell: Strata, votes: Iterable[Vote]) -> list[Cause]:
        """Votes as causes, then the adoptions by which their voters came to speak."""
        found = list(votes)
        causes = [self._cause(cell, vote.statement) for vote in found]
        for vote in found:
            causes += self._path(cell, vote.voter)
        return _unique(causes)

    def _path(self, cell: Strata, actor: bytes) -> list[Cause]:
        """Adoptions from the viewer to an actor, the nearest to the actor first."""
        causes = []
        place = cell.places.get(actor)
        while place is not None and place.way is not None:
            causes.append(self._cause(cell, place.way, path=True))
            place = cell.places.get(self._context.facts.actor(place.way.voter))
        return causes

    def aside(self, cell: Strata, s: Statement) -> Cause:
        """A statement that decides without being a vote or a way: found by trying."""
        return replace(self._cause(cell, s), necessary=True, aside=True)

    def _cause(self, cell: Strata, s: Statement, *, path: bool = False) -> Cause:
        actor = self._context.facts.actor(s.voter)
        place = cell.places.get(actor)
        rank = NO_RANK if place is None else place.rank
        return Cause(
            s.id,
            s.verb,
            actor,
            s.target,
            b"" if place is None else place.branch,
            -1 if rank == NO_RANK else rank,
            None if place is None or rank == 0 else place.weight,
            path,
        )


def _unique(causes: list[Cause]) -> list[Cause]:
    seen: dict[bytes, Cause] = {}
    for cause in causes:
        seen.setdefault(cause.statement, cause)
    return list(seen.values())
