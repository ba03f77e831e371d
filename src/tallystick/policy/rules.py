"""The precedence of verdicts, rule by rule: why an event counts, or does not.

    void > ungrounded > retracted > equivocation > the event: my word, tally, cascade >
    its author: my word, tally > stance

The first two need to know what else counts and stand in ``counting``; the rest are here.

Law: a rule looks at standing, at statements and at where an event stands in its chain; nothing is
remembered but which events cascades take along, so asking twice gives the same answer.

Reads: cascade, standing, tally, facts, scope. Read by: counting, explain.
Source: spec/policy.md, "Verdicts".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tallystick.policy.cascade import Cascades
from tallystick.policy.facts import END, EventFact, Reach, nearer, reach_at, side_of
from tallystick.policy.scope import moves_standing
from tallystick.policy.standing import Context, Strata
from tallystick.policy.statement import AGAINST, Statement, is_retractable
from tallystick.policy.tally import NO_RANK, tally

CellOf = Callable[[str], Strata]
"""Kind -> its cell."""


class Opinion(NamedTuple):
    """Whether something counts, and which rule of the precedence says so."""

    counts: bool
    reason: str
    by: bytes | None = None
    """The ground, retract or author the rule turned on."""


class Rules:
    """From equivocation to stance, and retracts.

    Args:
        cell_of: the cell of a kind.
        base: the cell that only ``*`` matches.
    """

    def __init__(self, context: Context, cell_of: CellOf, base: Strata) -> None:
        self._context = context
        self.cell_of = cell_of
        self.base = base
        self.cascades = Cascades(context, self.cell)

    @property
    def default(self) -> Reach:
        """Reach of an author nobody said anything about."""
        return END if self._context.policy.stance == "open" else 0

    def cell(self, fact: EventFact) -> Strata:
        """The cell that judges an event: its kind's; a retract's is its target's."""
        if fact.kind in ("trust/retract", "trust/restore"):
            s = self._context.book.by_id.get(fact.id)
            target = None if s is None else self._context.facts.event(s.target)
            return self.base if target is None else self.cell_of(target.kind)
        return self.cell_of(fact.kind)

    def forked(self, author: bytes) -> Reach:
        """How far the fork rule lets an author's lines count."""
        facts = self._context.facts
        seq = self._context.equivocations.get(author)
        rule = self._context.policy.fork_rule
        if seq is None:
            return END
        kept: Reach | None = None
        if rule.startswith("side:"):
            kept = side_of(bytes.fromhex(rule.removeprefix("side:")), author, facts)
        if kept is None and (repair := self.repaired(author)) is not None:
            kept = side_of(repair.target, author, facts)
        if kept is not None:
            return kept
        if rule == "prefix":
            return seq
        if rule == "none":
            return 0
        return END

    def repaired(self, author: bytes) -> Statement | None:
        """The latest repair that counts of an author's split chain, by another key of the actor.

        Cost: O(repairs of the log).
        """
        facts, actor = self._context.facts, self._context.facts.actor(author)
        found: list[Statement] = []
        for side, repairs in self._context.book.repairs.items():
            fact = facts.event(side)
            if fact is not None and fact.author == author:
                found += [s for s in repairs if s.voter != author and self._mends(s, actor)]
        return max(found, key=lambda s: s.order, default=None)

    def _mends(self, s: Statement, actor: bytes) -> bool:
        """Whether a repair is the actor's, made before its own key split, and included."""
        context = self._context
        if context.facts.actor(s.voter) != actor:
            return False
        if s.seq >= context.equivocations.get(s.voter, END):
            return False
        word = self.base.word(s.id, rank=self.base.rank(actor), strictly=True)
        if word is not None:
            return word
        fact = context.facts.event(s.id) or self._supposed(s)
        return fact.seq < reach_at(self.heeded(self.base, actor), fact.line)

    def heeded(self, cell: Strata, actor: bytes) -> Reach:
        """How far an actor's lines count in a cell by what is said about the actor."""
        if actor == cell.me:
            return END
        spared = cell.banned.get(actor)
        reach: Reach = END if spared is None else spared or 0
        if self._context.policy.stance == "open" or actor in cell.places:
            return reach
        votes = cell.standings.get(actor)
        if votes is None:
            return 0
        mine = votes.get(cell.me)
        if mine is not None and mine.verb not in AGAINST:
            return reach
        threshold = self._context.policy.threshold
        if tally(votes, cell.places) <= -threshold:
            return reach
        welcome = cell.steps(actor, within=NO_RANK, below=1 - threshold)
        return nearer(reach, welcome) if welcome else 0

    def opinion(self, fact: EventFact, cell: Strata) -> Opinion:
        """The rules from equivocation to stance."""
        facts = self._context.facts
        if fact.seq >= reach_at(self.forked(fact.author), fact.line):
            return Opinion(False, "equivocation", fact.author)
        actor = facts.actor(fact.author)
        rank = cell.rank(actor)
        word = cell.word(fact.id, rank=rank, strictly=moves_standing(fact.kind))
        if word is not None:
            mine = fact.id in self._context.supposed or cell.me in cell.words[fact.id]
            return Opinion(word, "my-word" if mine else "tally")
        if self.cascades.takes(fact.id, rank):
            return Opinion(False, "cascade")
        counts = fact.seq < reach_at(self.heeded(cell, actor), fact.line)
        return Opinion(counts, self._author_reason(cell, actor, fact, counts=counts), actor)

    def _author_reason(self, cell: Strata, actor: bytes, fact: EventFact, *, counts: bool) -> str:
        votes = cell.standings.get(actor, {})
        spared = cell.banned.get(actor)
        banned = spared is not None and fact.seq >= spared.get(fact.line, 0)
        if cell.me in votes and (counts or banned):
            return "actor-my-word"
        if banned:
            return "actor-tally"
        return "stance" if self._context.policy.stance == "invited" else "none"

    def retracted(self, fact: EventFact, cell: Strata) -> Statement | None:
        """The included retract that holds about an event, if one does."""
        undoings = self._context.book.undoings.get(fact.id)
        if undoings is None or not is_retractable(fact.kind):
            return None
        actor_of = self._context.facts.actor
        actor = actor_of(fact.author)
        mine = [s for s in undoings if actor_of(s.voter) == actor]
        for s in sorted(mine, key=lambda s: s.order, reverse=True):
            if self._is_included(s, cell) and not any(
                actor_of(w.voter) == actor and self._is_included(w, cell)
                for w in self._context.book.withdrawals.get(s.id, ())
            ):
                return s if s.verb == "retract" else None
        return None

    def _is_included(self, s: Statement, cell: Strata) -> bool:
        fact = self._context.facts.event(s.id) or self._supposed(s)
        return fact.void is None and self.opinion(fact, cell).counts

    def _supposed(self, s: Statement) -> EventFact:
        """Where a statement would stand that is not written yet (*what if*): last in its chain."""
        lines = self._context.facts.lines(s.voter)
        return EventFact(s.id, s.voter, s.seq, s.kind, lines[0].line if lines else -1)
