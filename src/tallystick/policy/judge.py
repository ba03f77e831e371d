"""The judge: statements and facts in, verdicts out, and signed flips when any of them changes.

    statements ─► book ─┐
    policy ─────────────┼─► strata per cell ─► reach of authors ─┬─► flips (+1 | -1) ─► the feed
    facts (lines, ids) ─┘                 └──► noted events ─────┘
                                          └──► standing, verdicts with causes, what if

Law: the flips of an event, summed up, are 1 while it counts and 0 otherwise, whatever the order
and batching in which things came, and equal to a judge made from scratch. Nothing below this room
knows of bans, and nothing above it knows of statements.

Reads: counting, standing, explain, policy, facts. Read by: replica.
Source: spec/policy.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from tallystick.policy.actors import ActorFacts, own_words
from tallystick.policy.book import Book
from tallystick.policy.counting import Counting, Grouping, grouped
from tallystick.policy.explain import Explainer, Preview
from tallystick.policy.facts import END, Facts, Flip, Span, Why, nearest_cause
from tallystick.policy.linking import linked, links_of, mended, settle, split_in
from tallystick.policy.policy import Policy
from tallystick.policy.scope import ANY, Signature, signature
from tallystick.policy.standing import EVERYTHING, Rereads, Strata
from tallystick.policy.statement import EVENT, SLOT, Statement
from tallystick.policy.suspects import SUSPECTS_MAX, Suspects
from tallystick.policy.verdict import Standing, Verdict

_BASE: Signature = frozenset((ANY,))


class Judge:
    """Who is heeded under one policy over one log, kept up to date.

    Args:
        policy: whose word counts, and by which parameters; the viewer's opinions are read here.
        facts: the log; must stay readable, and be up to date before every ``update``.
        statements: all of the log's, in any order; the viewer's opinions among them wait until
            a policy holds them.
        equivocations: author -> smallest seq of which two events are known and proven.

    Cost: O(statements of people with a vote and about their targets); never O(events).
    """

    def __init__(
        self,
        policy: Policy,
        facts: Facts,
        statements: Iterable[Statement] = (),
        equivocations: Mapping[bytes, int] | None = None,
    ) -> None:
        self._facts = ActorFacts(facts)
        self.said: Sequence[Statement] | None = None
        """All the viewer ever said; None: as log and policy tell, without replaced private words"""
        self._build(policy, list(statements), dict(equivocations or {}))

    def _build(
        self,
        policy: Policy,
        statements: Sequence[Statement],
        equivocations: dict[bytes, int],
        supposed: frozenset[bytes] = frozenset(),
    ) -> None:
        self._base, self._context, self._linked_by = settle(
            self._facts, policy, statements, equivocations, supposed
        )
        self._patterns: set[str] = {ANY} | {s.scope for s in policy.statements}
        self._cells: dict[Signature, Strata] = {_BASE: self._base}
        self._evaluate()

    def _is_relinked(self) -> bool:
        """Whether the cells as they are now take other keys for one actor's than they did."""
        links = links_of(self._context, self._base)
        if links != self._linked_by and linked(self._context, links) != self._facts.actors:
            return True
        self._linked_by = links
        return False

    def _evaluate(self) -> None:
        book = self._context.book
        self._asked: dict[Signature, Strata] = {}
        """Cells of no kind that occurs, kept up to date until the next update."""
        self._of_kind: dict[str, Strata] = {}
        self._steady: list[Grouping] | None = None
        """How kinds are grouped while no cell changes; made when it is first asked for."""
        self._divide()
        self._counting = Counting(self._context, self._cell_of, self._base)
        authors, events = self._everything()
        self._counting.update(
            self._groups(self._of_kind),
            authors=authors,
            events=events,
            arrived=(),
            cause=("policy",),
            old_cell_of=self._cell_of,
        )
        self._absent = {target for target in book.undoings if self._facts.event(target) is None}
        """Events that are retracted or restored and not here: their kind decides the cell in
        which the retract itself is judged, so it is judged again when they come."""
        self._explainer = Explainer(self._context, self._counting, self._base)
        self._suspects: Suspects | None = None

    @property
    def facts(self) -> ActorFacts:
        """The log with this viewer's actors in it."""
        return self._facts

    @property
    def policy(self) -> Policy:
        """The policy judged by."""
        return self._context.policy

    @property
    def book(self) -> Book:
        """All statements of the log, for others to read."""
        return self._context.book

    # --- cells ----------------------------------------------------------------------------------

    def _cell_of(self, kind: str) -> Strata:
        return self._of_kind.get(kind, self._base)

    def _cell(self, probe: str) -> Strata:
        """The cell of a kind or pattern, evaluated when it is new."""
        name = signature(self._patterns, probe)
        cell = self._cells.get(name)
        if cell is None:
            cell = self._cells[name] = Strata(self._context, name)
        return cell

    def _divide(self) -> list[Strata]:
        """Puts every kind into its cell until no voter names a pattern that divides one.

        Returns the cells that are new.
        """
        before = set(map(id, self._cells.values()))
        kinds = sorted(self._facts.kinds())
        self._steady = None
        while True:
            self._of_kind = {kind: self._cell(kind) for kind in kinds}
            used = {
                id(cell): cell
                for cell in (self._base, *self._of_kind.values(), *self._asked.values())
            }
            self._cells = {cell.signature: cell for cell in used.values()}
            seen = set().union(*(cell.scopes for cell in used.values())) - self._patterns
            if not seen:
                return [cell for key, cell in used.items() if key not in before]
            self._patterns |= seen

    def _groups(self, old: Mapping[str, Strata]) -> list[Grouping]:
        """Kinds by (cell before, cell now)."""
        return grouped(old, self._of_kind, self._base)

    def _everything(self) -> tuple[set[bytes], set[bytes]]:
        """Authors and events that may not be at the stance's default, for a fresh judge."""
        book, facts = self._context.book, self._facts
        authors = set(self._context.equivocations)
        events = {self.policy.log, *book.undoings}
        events.update(i for ids in book.own_events.values() for i in ids if len(self._cells) > 1)
        events = {i for i in events if facts.event(i) is not None} | {self.policy.log}
        for cell in self._cells.values():
            authors |= self._judged(cell)
            events.update(cell.words)
        invited = self.policy.stance == "invited"
        for author in facts.everyone():
            events.update(self._counting.note_voids_of(author))
            if invited:
                for line in facts.lines(author):
                    events.update(facts.leaning(line.line, line.first_seq, line.size))
        return authors, events

    def _judged(self, cell: Strata) -> set[bytes]:
        """Authors of whom a cell may think other than the stance's default."""
        actors = set(cell.banned)
        if self.policy.stance == "invited":
            actors.update(cell.places, cell.standings)
        return self._keys(actors)

    def _keys(self, actors: Iterable[bytes]) -> set[bytes]:
        authors_of = self._facts.authors
        return {author for actor in actors for author in authors_of(actor)}

    # --- change ---------------------------------------------------------------------------------

    def update(
        self,
        *,
        statements: Iterable[Statement] = (),
        arrived: Sequence[Span] = (),
        equivocations: Mapping[bytes, int] | None = None,
        policy: Policy | None = None,
    ) -> list[Flip]:
        """Takes in what is new and says what starts or stops counting.

        The facts are up to date when this is called.

        Args:
            statements: new ones of the log, anybody's; known ones are passed over.
            arrived: spans of new events, void ones in ``without``; no event twice.
            equivocations: author -> seq, new or smaller.
            policy: replaces the one judged by; only its statements changed: incremental.

        Returns:
            Flips, each event at most once.

        Cost: O(what is touched); one statement by somebody without a vote, or a span of an
        author nobody judged: O(1). Other parameters of the policy: from scratch.
        """
        self._suspects = None
        for name in self._asked:
            self._cells.pop(name, None)
        self._asked.clear()
        if policy is not None and not policy.is_akin(self.policy):
            return self._rebuild(policy, statements, arrived, equivocations or {})
        new = self._context.book.write(statements)
        return self._apply(new, arrived, equivocations or {}, policy)

    def _apply(
        self,
        new: Sequence[Statement],
        arrived: Sequence[Span],
        equivocations: Mapping[bytes, int],
        policy: Policy | None,
        cause: Why | None = None,
    ) -> list[Flip]:
        context, actor_of = self._context, self._facts.actor
        authors, events = self._arrivals(arrived)
        rereads = self._rereads(new)
        events |= self._undoings(new)
        for author, seq in equivocations.items():
            if seq < context.equivocations.get(author, END):
                context.equivocations[author] = seq
                rereads[actor_of(author)] = EVERYTHING
                authors.add(author)
        authors |= split_in(self._facts, new)
        if policy is not None and policy is not self.policy:
            context.policy = policy
            self._patterns |= {s.scope for s in policy.statements}
            rereads[context.me] = EVERYTHING
        return self._settle(
            rereads=rereads,
            authors=authors,
            events=events,
            arrived=arrived,
            cause=cause or nearest_cause(new, equivocations),
        )

    def _settle(
        self,
        *,
        rereads: Rereads,
        authors: set[bytes],
        events: set[bytes],
        arrived: Sequence[Span],
        cause: Why,
    ) -> list[Flip]:
        """Settles every cell, divides the kinds anew if need be, and counts what flips."""
        old, moved_actors = self._of_kind, set[bytes]()
        for cell in list(self._cells.values()):
            mine = {v: keys for v, keys in rereads.items() if v in cell.places}
            due = cell.come(span.line for span in arrived)
            if mine or due:
                moved = cell.settle(due, mine)
                moved_actors |= moved.actors
                events |= moved.events
        if self._is_relinked():
            return self._relink(arrived)
        authors |= mended(self._context, events)
        if rereads or self._of_kind.keys() != set(self._facts.kinds()):
            self._regroup(authors, events)
        if self._of_kind is old and self._steady is None:
            self._steady = self._groups(old)
        self._moved = moved_actors
        flips = self._counting.update(
            self._groups(old) if self._steady is None else self._steady,
            authors=authors | self._keys(moved_actors),
            events=events,
            arrived=arrived,
            cause=cause,
            old_cell_of=lambda kind: old.get(kind, self._base),
        )
        self._counting.drop(self._cells)
        return flips

    def _arrivals(self, arrived: Sequence[Span]) -> tuple[set[bytes], set[bytes]]:
        """Authors and events that an arrival alone may move: those of a chain that is split."""
        facts, book = self._facts, self._context.book
        authors, events = set[bytes](), set[bytes]()
        if self._absent:
            came = {i for span in arrived for i in facts.ids_on(*span[:3])} & self._absent
            undoings = [s.id for target in came for s in book.undoings.get(target, ())]
            events.update(i for i in undoings if facts.event(i) is not None)
            self._absent -= came
        for span in arrived:
            line = facts.line(span.line)
            split = line.base is not None and span.begin == line.first_seq
            if split or line.author in self._context.equivocations:
                authors.add(line.author)
                for own in book.own_events.get(facts.actor(line.author), ()):
                    target = book.by_id[own].target
                    if facts.event(target) is not None:
                        events.add(target)
        return authors, events

    def _rereads(self, new: Iterable[Statement]) -> Rereads:
        """Slots that new (or struck) statements of voters may change."""
        book, actor_of = self._context.book, self._facts.actor
        out: Rereads = {}
        for s in new:
            actor = actor_of(s.voter)
            if actor == self._context.me or not any(
                actor in cell.places for cell in self._cells.values()
            ):
                continue
            if s.verb == "withdraw":
                found = book.by_id.get(s.target)
                if found is None:
                    continue
                s = found  # noqa: PLW2901 - what the withdraw is about
            if SLOT[s.verb] <= EVENT and actor_of(s.voter) == actor:
                keys = out.setdefault(actor, set())
                if keys is not EVERYTHING:
                    keys.add(book.key(s))
        return out

    def _undoings(self, new: Iterable[Statement]) -> set[bytes]:
        """Events that new retracts, restores and withdraws of them may move."""
        facts, by_id = self._facts, self._context.book.by_id
        out: set[bytes] = set()
        for s in new:
            found = by_id.get(s.target) if s.verb == "withdraw" else s
            if found is not None and found.verb in ("retract", "restore"):
                out.update(i for i in (s.id, found.target) if facts.event(i) is not None)
                if found.target not in out:
                    self._absent.add(found.target)
        return out

    def _regroup(self, authors: set[bytes], events: set[bytes]) -> None:
        """Divides the kinds anew; where that makes new cells, whoever is judged may move."""
        before = dict(self._of_kind)
        fresh = self._divide()
        changed = any(cell is not self._of_kind.get(kind) for kind, cell in before.items())
        if not fresh and not changed:
            return
        for table in self._counting.reach.values():
            authors.update(table)
        for cell in fresh:
            authors |= self._judged(cell)
            events.update(cell.words)
        authors.update(self._context.equivocations)
        own = self._context.book.own_events.values()
        events.update(i for ids in own for i in ids if self._facts.event(i) is not None)
        events.update(self._counting.noted())

    def _rebuild(
        self,
        policy: Policy,
        statements: Iterable[Statement],
        arrived: Sequence[Span],
        equivocations: Mapping[bytes, int],
    ) -> list[Flip]:
        """Other parameters: a new judge, and the difference between what counted and counts."""
        merged = dict(self._context.equivocations)
        for author, seq in equivocations.items():
            merged[author] = min(seq, merged.get(author, END))
        everything = [*self._context.book.by_id.values(), *statements]
        old_counting, old_groups = self._counting, self._groups(self._of_kind)
        old_of_kind, old_base = self._of_kind, self._base
        old_counting.rules.cell_of = lambda kind: old_of_kind.get(kind, old_base)
        fresh_from = {span.line: END for span in arrived}
        for span in arrived:
            fresh_from[span.line] = min(span.begin, fresh_from[span.line])
        voids = frozenset().union(*(span.without for span in arrived))
        self._build(policy, everything, merged, self._context.supposed)
        return self._counting.difference(
            old_counting, old_groups, self._groups(self._of_kind), fresh_from, voids
        )

    def _relink(self, arrived: Sequence[Span]) -> list[Flip]:
        """Other actors than before: a new judge, and the difference. Cost: that of a new one."""
        before = self._keys({*self._base.places, *self._base.standings})
        flips = self._rebuild(self.policy, (), arrived, {})
        self._moved = before | self._keys({*self._base.places, *self._base.standings})
        return flips

    # --- questions ------------------------------------------------------------------------------

    def counted(self) -> Iterator[Span]:
        """Everything that counts now, void and other left-out events named in ``without``."""
        return self._counting.spans(self._groups(self._of_kind))

    def counts(self, id: bytes) -> bool:
        """Whether an event counts; False when it is not here."""
        return self._counting.counts(id)

    def links(self, claim: Statement) -> bool:
        """Whether a claim of one key about another counts; both must, for them to be one actor."""
        split = self._context.equivocations.get(claim.voter, END)
        return claim.id not in self._linked_by[1] and claim.seq < split

    def has_vote(self, author: bytes) -> bool:
        """Whether the statements of an author's actor count, in any cell."""
        actor = self._facts.actor(author)
        return any(actor in cell.places for cell in self._cells.values())

    def cell(self, scope: str | None = None) -> Strata:
        """The cell of a kind or pattern, the one of ``*`` by default."""
        if scope is None or scope == ANY:
            return self._base
        patterns = self._patterns
        while True:
            name = signature(patterns, scope)
            found = self._cells.get(name) or Strata(self._context, name)
            if found.scopes <= patterns:
                if name not in self._cells:
                    self._cells[name] = self._asked[name] = found
                return found
            patterns = patterns | found.scopes

    def standing(self, scope: str | None = None) -> Standing:
        """Everybody with a vote, everybody banned, and whose standing is contested.

        Cost: O(people judged and votes about them).
        """
        return self._explainer.standing(self.cell(scope))

    def actor_verdict(
        self, actor: bytes, scope: str | None = None, *, thorough: bool = True
    ) -> Verdict:
        """Whether an actor is heeded, and why.

        Args:
            thorough: find out which causes are necessary, and name what matters aside; otherwise
                nothing is marked and the verdict is not ``complete``.

        Cost: thorough: one hypothetical update per cause, and per statement that might be one.
        """
        named = self._facts.actor
        verdict = self._explainer.actor(self.cell(scope), named(actor))
        if not thorough:
            return replace(verdict, complete=False)
        return self._explained(
            verdict,
            lambda: self.cell(scope),
            lambda: self._explainer.actor_value(self.cell(scope), named(actor)),
        )

    def event_verdict(self, id: bytes, *, thorough: bool = True) -> Verdict:
        """Whether an event counts, and why; ``actor_verdict`` says what ``thorough`` means.

        An event that is not here does not count.
        """
        verdict = self._explainer.event(id)
        fact = self._facts.event(id)
        if fact is None:
            return verdict
        if not thorough:
            return replace(verdict, complete=False)
        return self._explained(
            verdict,
            lambda: self._counting.rules.cell(fact),
            lambda: self._explainer.event_value(id),
        )

    def counts_if(self, id: bytes, ground: bytes) -> bool:
        """Whether an event would count if one of those it stands on did."""
        fact = self._facts.event(id)
        return fact is not None and self._counting.judge(fact, granted=ground).counts

    # --- what if --------------------------------------------------------------------------------

    def what_if(self, statement: Statement) -> Preview:
        """What would change if the statement were made; changes nothing.

        Cost: that of two updates.
        """
        with self.supposing(statement) as flips:
            touched = set(self._moved)
            after = {a: self._explainer.actor(self._base, self._facts.actor(a)) for a in touched}
        before = {a: self._explainer.actor(self._base, self._facts.actor(a)) for a in touched}
        actors = {
            a: (before[a], after[a]) for a in sorted(touched) if before[a].answer != after[a].answer
        }
        return Preview(tuple(flips), actors)

    @contextmanager
    def supposing(self, statement: Statement) -> Iterator[list[Flip]]:
        """The judge as it would be if the statement were made, until the block is left."""
        said, policy = self._hypothesis(statement)
        before, new = self.policy, self._context.book.write(said)
        cause: Why = ("statement", said[0].id) if said else ("policy",)
        try:
            yield self._apply(new, (), {}, policy, cause)
        finally:
            rereads = self._rereads(new) | {self._context.me: EVERYTHING}
            authors, events = split_in(self._facts, new), self._undoings(new)
            for s in new:
                self._context.book.strike(s)
            self._context.policy = before
            self._settle(
                rereads=rereads, authors=authors, events=events, arrived=(), cause=("policy",)
            )

    @contextmanager
    def under(self, policy: Policy) -> Iterator[list[Flip]]:
        """The judge as it would be under a policy that is akin, until the block is left.

        Cost: that of two updates: what the two policies differ in.
        """
        assert policy.is_akin(self.policy)
        before, said = self.policy, self.said
        self._suspects, self.said = None, None
        try:
            yield self._apply((), (), {}, policy)
        finally:
            self._suspects, self.said = None, said
            self._apply((), (), {}, before)

    def difference(self, other: Judge) -> list[Flip]:
        """What flips from this judge's answers to another's, of the same facts.

        Cost: O(authors and single events judged by either).
        """
        groups = other._groups(other._of_kind)
        return other._counting.difference(
            self._counting, self._groups(self._of_kind), groups, {}, frozenset()
        )

    def _hypothesis(self, s: Statement) -> tuple[list[Statement], Policy]:
        """Statements of the log and the policy that there would be."""
        if self._facts.actor(s.voter) != self._context.me and s.verb != "key":
            return [s], self.policy
        return [] if s.private else [s], self.policy.with_statements(self._mine(s))

    def _mine(self, *more: Statement) -> tuple[Statement, ...]:
        """All the viewer said, as far as it is known here, and what they might say."""
        book, known, me = self._context.book, self.said, self.policy.viewer
        claims = (*book.claims.values(), *(s for s in more if s.verb == "key"))
        if known is None:
            known = self.policy.statements
        if self.said is None or any(s.voter == me for s in claims):  # what my other keys say
            known = tuple({s.id: s for s in (*known, *book.by_id.values())}.values())
        return tuple(own_words(me, (*known, *more), claims, self._context.equivocations))

    def _explained(
        self, verdict: Verdict, cell: Callable[[], Strata], value: Callable[[], tuple[bool, bool]]
    ) -> Verdict:
        """Marks what alone would change the answer, and names what was not named but would."""
        now = value()
        causes = [
            replace(cause, necessary=self._without(cause.statement, value) != now)
            for cause in verdict.causes
        ]
        named = {cause.statement for cause in causes}
        complete = True
        if self._suspects is None:
            self._suspects = Suspects(self._context, self._mine())
        suspects = self._suspects.near(verdict.subject)
        for tried, s in enumerate(s for s in suspects if s.id not in named):
            if tried == SUSPECTS_MAX:
                complete = False
                break
            if self._without(s.id, value) != now:
                causes.append(self._explainer.aside(cell(), s))
        return replace(verdict, causes=tuple(causes), complete=complete)

    def _without(self, id: bytes, value: Callable[[], tuple[bool, bool]]) -> tuple[bool, bool]:
        """A value as it would be if I excluded one statement.

        Of a word of my own, what it replaced holds again.
        """
        policy = self.policy
        mine = any(s.id == id for s in policy.statements)
        if mine:
            kept = tuple(s for s in self._mine() if s.id != id)
            self._context.policy = policy.with_statements(kept)
        self._suppose_excluded(frozenset((id,)), mine=mine)
        found, self._context.policy = value(), policy
        self._suppose_excluded(frozenset(), mine=mine)
        return found

    def _suppose_excluded(self, ids: frozenset[bytes], *, mine: bool) -> None:
        """Judges as if my own word excluded these statements, in place of those before."""
        context = self._context
        touched = ids | context.supposed
        context.supposed = ids
        known = [s for id in touched if (s := context.book.by_id.get(id)) is not None]
        rereads = self._rereads(known)
        if mine:
            rereads[context.me] = EVERYTHING
        events = self._undoings(known) | {i for i in touched if self._facts.event(i) is not None}
        self._settle(rereads=rereads, authors=set(), events=events, arrived=(), cause=("policy",))
