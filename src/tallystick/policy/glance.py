"""A judge of a few events under one of many policies: the book is shared, nothing is kept.

    book (one for all policies) ─┬─► strata of the cells asked about ─► verdicts of the events asked
    policy ──────────────────────┘

A ``Judge`` knows at once what counts of the whole log and what flips next; to poll hundreds of
policies about one place that is too much. A glance evaluates the cells it is asked about and
judges one event at a time, by the same rules.

Law: its verdicts are those of a ``Judge`` of the same policy over the same log.

Reads: counting, standing, explain, policy, facts. Read by: replica.polling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tallystick.policy.actors import ActorFacts
from tallystick.policy.book import Book
from tallystick.policy.counting import Counting
from tallystick.policy.explain import Explainer
from tallystick.policy.facts import EventFact, Facts
from tallystick.policy.linking import settle
from tallystick.policy.policy import Policy
from tallystick.policy.rules import CellOf, Opinion
from tallystick.policy.scope import ANY, Signature, signature
from tallystick.policy.standing import Context, Strata
from tallystick.policy.statement import ADOPTION, SLOT
from tallystick.policy.verdict import Verdict


class Glance:
    """Verdicts about single events and actors under one policy.

    Args:
        book: of all the log's statements; shared and not changed.
        about: authors of the events, and actors, that will be asked about, those of grounds
            included; others must not be.
        supposed: statements taken as excluded by the viewer's own word, to see what turns on them.

    Cost: O(statements of people with a vote) for the first question about a cell, then
    O(statements about what is asked).
    """

    def __init__(
        self,
        policy: Policy,
        facts: Facts,
        book: Book,
        equivocations: Mapping[bytes, int],
        *,
        about: Iterable[bytes],
        supposed: frozenset[bytes] = frozenset(),
    ) -> None:
        self._facts, self._book, self._about = ActorFacts(facts), book, tuple(about)
        if book.claims:  # whose keys are whose is the policy's own: its book differs
            said, splits = list(book.by_id.values()), dict(equivocations)
            _, self._context, _ = settle(self._facts, policy, said, splits, supposed)
        else:
            self._context = Context(self._facts, book, policy, dict(equivocations), supposed)
        self._patterns = frozenset({ANY} | {s.scope for s in policy.statements})
        self._concern = self._concerned()
        self._cells: dict[Signature, Strata] = {}
        self._of_kind: dict[str, Strata] = {}
        self._base = self._cell(ANY)
        self._counting = _Single(self._context, self._cell, self._base)
        self._explainer = Explainer(self._context, self._counting, self._base)

    @property
    def policy(self) -> Policy:
        """The policy judged by."""
        return self._context.policy

    def counts(self, id: bytes) -> bool:
        """Whether an event counts; False when it is not here."""
        return self._counting.counts(id)

    def heeds(self, actor: bytes) -> bool:
        """Whether an actor as a whole is heeded."""
        return self._explainer.actor_value(self._base, self._facts.actor(actor))[0]

    def event_verdict(self, id: bytes) -> Verdict:
        """Why an event counts or does not; no cause is marked."""
        return self._explainer.event(id)

    def actor_verdict(self, actor: bytes) -> Verdict:
        """Why an actor is heeded or not; no cause is marked."""
        return self._explainer.actor(self._base, self._facts.actor(actor))

    def without(self, statement: bytes) -> Glance:
        """The same policy, had its viewer excluded one statement.

        Of a published word of the viewer's own, what it replaced holds again.
        """
        policy, book = self.policy, self._book
        if any(s.id == statement for s in policy.statements):
            said = [s for s in book.said(policy.viewer) if s.id != statement]
            taken_back = [w for s in said for w in book.withdrawals.get(s.id, ())]
            said += [w for w in taken_back if self._facts.actor(w.voter) == policy.viewer]
            policy = policy.with_statements(tuple(said))
        return Glance(
            policy,
            self._facts,
            self._book,
            self._context.equivocations,
            about=self._about,
            supposed=self._context.supposed | {statement},
        )

    def _concerned(self) -> frozenset[bytes] | None:
        """Whose standing decides the answers; None: everybody's may.

        Where adoption ends with the viewer's own, only these can get a vote, and what voters say
        about anybody else is not read.
        """
        policy, actor_of = self.policy, self._facts.actor
        if policy.max_depth > 1:
            return None
        adopted = {actor_of(s.target) for s in policy.statements if SLOT[s.verb] == ADOPTION}
        return frozenset(adopted.union(map(actor_of, self._about)))

    def _cell(self, kind: str) -> Strata:
        """The cell of a kind; patterns that its voters name may set it further apart."""
        found = self._of_kind.get(kind)
        if found is not None:
            return found
        patterns = self._patterns
        while True:
            name = signature(patterns, kind)
            cell = self._cells.get(name)
            if cell is None:
                cell = self._cells[name] = Strata(self._context, name, self._concern)
            if cell.scopes <= patterns:
                break
            patterns = patterns | cell.scopes
        self._of_kind[kind] = cell
        return cell


class _Single(Counting):
    """Counting without notes: every question goes through the whole precedence."""

    def __init__(self, context: Context, cell_of: CellOf, base: Strata) -> None:
        super().__init__(context, cell_of, base)
        self._known: dict[bytes, bool] = {}
        self._settled: set[bytes] = set()
        mine = context.policy.statements
        self._cascades = context.book.cascades or any(s.cascade for s in mine)

    def judge(self, fact: EventFact, *, granted: bytes | None = None) -> Opinion:
        """The whole precedence; what the event was built on is looked at first."""
        if self._cascades:
            self._settle_below(fact.id)
        return super().judge(fact, granted=granted)

    def _settle_below(self, id: bytes) -> None:
        """Whether cascades reach an event, from the bottom up. Cost: O(what it was built on)."""
        facts, todo = self._context.facts, [id]
        while todo:
            fact = facts.event(todo[-1])
            if fact is None or fact.id in self._settled:
                todo.pop()
                continue
            below = [under for under in facts.over(fact.id) if under not in self._settled]
            below = [under for under in below if facts.event(under) is not None]
            if below:
                todo += below
                continue
            self._settled.add(todo.pop())
            self.rules.cascades.settle(fact)

    def counts(self, id: bytes) -> bool:
        """Whether an event counts; grounds are asked in turn, which ends as they are older."""
        known = self._known.get(id)
        if known is None:
            fact = self._context.facts.event(id)
            known = self._known[id] = fact is not None and self.judge(fact).counts
        return known
