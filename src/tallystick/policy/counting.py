"""What counts: standing and single events turned into spans, and changes of them into flips.

    author level   reach: how far each line of an author counts, per cell; only authors who are
                   not at the stance's default are written down
    event level    noted: events with a reason of their own (a word about them, a retract, a
                   cascade, a ground that does not count, the genesis); each has its own answer

Law: a noted event flips alone and is left out of every span, so nothing flips twice; the memory
this takes grows with what was judged, never with what is in the log.

Reads: standing, book, facts, scope. Read by: judge, explain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tallystick.policy.facts import (
    END,
    EventFact,
    Flip,
    LineFact,
    Reach,
    Span,
    Why,
    nearer,
    reach_at,
)
from tallystick.policy.marks import Marks
from tallystick.policy.rules import CellOf, Opinion, Rules
from tallystick.policy.scope import Signature
from tallystick.policy.standing import Context, Strata


class Grouping(NamedTuple):
    """Kinds that share a cell, as they were and as they are."""

    before: Strata | None
    after: Strata
    kinds: frozenset[str]


def grouped(old: Mapping[str, Strata], now: Mapping[str, Strata], base: Strata) -> list[Grouping]:
    """Kinds by (cell before, cell now); the cell of ``*`` always stands first."""
    always = base.signature
    kinds: dict[tuple[Signature | None, Signature], set[str]] = {(always, always): set()}
    found: dict[Signature, Strata] = {always: base}
    known = set(old.values())
    for kind, cell in now.items():
        before = old.get(kind)
        if before is None and (cell is base or cell in known):
            before = cell  # a kind that is new in a cell that is not
        for strata in (cell, before):
            if strata is not None:
                found[strata.signature] = strata
        key = (None if before is None else before.signature, cell.signature)
        kinds.setdefault(key, set()).add(kind)
    return [
        Grouping(None if b is None else found[b], found[a], frozenset(group))
        for (b, a), group in kinds.items()
    ]


class Counting:
    """Which events count now, and what flips when standing moves.

    Args:
        cell_of: the cell of a kind.
        base: the cell that only ``*`` matches.
    """

    def __init__(self, context: Context, cell_of: CellOf, base: Strata) -> None:
        self._context = context
        self.rules = Rules(context, cell_of, base)
        self.reach: dict[Signature, dict[bytes, Reach]] = {}
        """Cell -> author -> reach, where it differs from the stance's default."""
        self._noted: dict[bytes, tuple[EventFact, bool]] = {}
        self._noted_on = Marks()
        self._silent = 0
        """How many noted events do not count."""
        self._voids = Marks()
        self.awaited: set[bytes] = set()
        """Events somebody with a vote speaks about that are not here yet."""
        self._was: dict[bytes, bool] = {}
        self._old_reach: dict[bytes, dict[Signature, Reach]] = {}
        self._fresh_from: dict[int, int] = {}
        self._old_cell_of = cell_of

    def judge(self, fact: EventFact, *, granted: bytes | None = None) -> Opinion:
        """The whole precedence, from void to stance; ``granted`` is a ground taken to count."""
        if fact.id == self._context.policy.log:
            return Opinion(True, "none")
        if fact.void is not None or self._voids.holds(fact.line, fact.seq, fact.id):
            return Opinion(False, "void")
        for ground in self._asked(fact.id):
            if ground != granted and not self.counts(ground):
                return Opinion(False, "ungrounded", ground)
        cell = self.rules.cell(fact)
        undone = self.rules.retracted(fact, cell)
        if undone is not None:
            return Opinion(False, "retracted", undone.id)
        return self.rules.opinion(fact, cell)

    def _asked(self, id: bytes) -> Sequence[bytes]:
        """The grounds that must count; none of a thing that the viewer lets its buyer keep."""
        facts = self._context.facts
        grounds = facts.grounds(id)
        if grounds and "keep" in self._context.policy.restitution.values():
            type_ = facts.restitution(id)
            if type_ is not None and self._context.policy.restitution.get(type_) == "keep":
                return ()
        return grounds

    # --- now ------------------------------------------------------------------------------------

    def counts(self, id: bytes) -> bool:
        """Whether an event counts now (as far as the flips handed out say)."""
        found = self._noted.get(id)
        if found is not None:
            return found[1]
        fact = self._context.facts.event(id)
        return fact is not None and self._plain(fact)

    def _plain(self, fact: EventFact) -> bool:
        """What an event without a reason of its own does: as its author's line."""
        if fact.void is not None or self._voids.holds(fact.line, fact.seq, fact.id):
            return False
        reach = self.reach_of(self.rules.cell_of(fact.kind), fact.author)
        return fact.seq < reach_at(reach, fact.line)

    def reach_of(self, cell: Strata, author: bytes) -> Reach:
        """How far an author's lines count in a cell, as written down."""
        return self.reach.get(cell.signature, {}).get(author, self.rules.default)

    def spans(self, groups: Sequence[Grouping]) -> Iterator[Span]:
        """Everything that counts, as few spans as there are lines where nothing was judged."""
        for author in self._context.facts.everyone():
            for kinds, reach in self._by_reach(author, groups):
                for line in self._context.facts.lines(author):
                    end = min(reach_at(reach, line.line), line.size)
                    if end > line.first_seq:
                        without = self._left_out(line.line, line.first_seq, end)
                        yield Span(line.line, line.first_seq, end, kinds, without)
        for fact, counts in self._noted.values():
            if counts:
                yield Span(fact.line, fact.seq, fact.seq + 1)

    def _by_reach(
        self, author: bytes, groups: Sequence[Grouping]
    ) -> list[tuple[frozenset[str] | None, Reach]]:
        """The author's reach per set of kinds; None for all kinds when they agree."""
        found: list[tuple[frozenset[str], Reach]] = []
        for group in groups:
            reach = self.reach_of(group.after, author)
            for at, (kinds, other) in enumerate(found):
                if other == reach:
                    found[at] = (kinds | group.kinds, reach)
                    break
            else:
                found.append((group.kinds, reach))
        if len(found) == 1:
            return [(None, found[0][1])]
        return [(kinds, reach) for kinds, reach in found if kinds]

    def _left_out(self, line: int, begin: int, end: int) -> frozenset[bytes]:
        """Ids of a range that do not go with it: noted events and void ones."""
        noted = self._noted_on.between(line, begin, end)
        return frozenset((*noted, *self._voids.between(line, begin, end)))

    def noted(self) -> list[bytes]:
        """Events with a reason of their own."""
        return list(self._noted)

    def drop(self, cells: Mapping[Signature, Strata]) -> None:
        """Forgets the reaches of cells that are no more."""
        for name in [name for name in self.reach if name not in cells]:
            del self.reach[name]

    def difference(
        self,
        old: Counting,
        old_groups: Sequence[Grouping],
        groups: Sequence[Grouping],
        fresh_from: Mapping[int, int],
        voids: frozenset[bytes],
    ) -> list[Flip]:
        """What flips from another judge's answers to these: a policy with other parameters.

        Args:
            fresh_from: line -> seq from which events are new and counted nowhere yet.
            voids: ids of new events that never count.
        """
        flips: list[Flip] = []
        single = {*self._noted, *old._noted, *self._voids, *old._voids, *voids}
        on: dict[int, dict[bytes, int]] = {}
        for id in single:
            fact = self._context.facts.event(id)
            if fact is None:
                continue
            on.setdefault(fact.line, {})[id] = fact.seq
            was = fact.seq < fresh_from.get(fact.line, END) and old.counts(id)
            if was != self.counts(id):
                fresh = fact.seq >= fresh_from.get(fact.line, END)
                why: Why = ("arrived",) if fresh else ("policy",)
                flips.append(Flip(Span(fact.line, fact.seq, fact.seq + 1), -1 if was else 1, why))
        before = {kind: g.after for g in old_groups for kind in g.kinds}
        for author in self._context.facts.everyone():
            flips += self._moved_lines(
                old, author, before=before, groups=groups, fresh_from=fresh_from, on=on
            )
        return flips

    def _moved_lines(
        self,
        old: Counting,
        author: bytes,
        *,
        before: Mapping[str, Strata],
        groups: Sequence[Grouping],
        fresh_from: Mapping[int, int],
        on: Mapping[int, Mapping[bytes, int]],
    ) -> list[Flip]:
        moves: list[tuple[Reach, Reach, frozenset[str]]] = []
        for group in groups:
            now = self.reach_of(group.after, author)
            moves += [
                (old.reach_of(before.get(kind, old.rules.base), author), now, frozenset((kind,)))
                for kind in group.kinds
            ] or [(old.reach_of(old.rules.base, author), now, frozenset())]
        flips = []
        for was, now, kinds in _merged(moves):
            for line in self._context.facts.lines(author):
                start = min(fresh_from.get(line.line, line.size), line.size)
                a = max(line.first_seq, min(reach_at(was, line.line), start))
                b = max(line.first_seq, min(reach_at(now, line.line), line.size))
                for begin, end, weight, why in _steps(a, b, start):
                    out = {i for i, seq in on.get(line.line, {}).items() if begin <= seq < end}
                    span = Span(line.line, begin, end, kinds, frozenset(out))
                    flips.append(Flip(span, weight, why))
        return flips

    # --- one update -----------------------------------------------------------------------------

    def update(
        self,
        groups: Sequence[Grouping],
        *,
        authors: set[bytes],
        events: Iterable[bytes],
        arrived: Sequence[Span],
        cause: Why,
        old_cell_of: CellOf,
    ) -> list[Flip]:
        """Flips of one update, after all cells have settled.

        Args:
            authors: whose reach may differ.
            events: which may have a reason of their own now, or no longer.
            cause: of what flips without a nearer reason.
            old_cell_of: kind -> its cell before this update.
        """
        self._was, self._old_reach = {}, {}
        self._old_cell_of = old_cell_of
        self._fresh_from = {}
        for span in arrived:
            begin = self._fresh_from.get(span.line, END)
            self._fresh_from[span.line] = min(begin, span.begin)
            self._note_voids(span)
        work = _Worklist()
        ranges = self._move_authors(groups, authors, work, cause)
        ranges += self._arrive(groups, arrived, work)
        self._awake(events, work)
        singles = self._settle_events(work, cause)
        flips = [
            Flip(Span(line, begin, end, kinds, self._left_out(line, begin, end)), weight, why)
            for line, begin, end, kinds, weight, why in ranges
        ]
        self._forget(work)
        return flips + singles

    def _note_voids(self, span: Span) -> None:
        for id in span.without:
            fact = self._context.facts.event(id)
            if fact is not None:
                self._voids.add(fact.line, fact.seq, id)

    def note_voids_of(self, author: bytes) -> Iterator[bytes]:
        """Takes down an author's void events; yields what stands on them."""
        for id in self._context.facts.voids(author):
            fact = self._context.facts.event(id)
            if fact is not None and id != self._context.policy.log:
                self._voids.add(fact.line, fact.seq, id)
                yield from self._context.facts.stands_on(id)

    def _move_authors(
        self,
        groups: Sequence[Grouping],
        authors: set[bytes],
        work: _Worklist,
        cause: Why,
    ) -> list[_Range]:
        """Writes down new reaches; ranges of older events that flip with them."""
        ranges: list[_Range] = []
        for author in sorted(authors):
            old = {g.before.signature: self.reach_of(g.before, author) for g in groups if g.before}
            new: dict[Signature, Reach] = {}
            actor = self._context.facts.actor(author)
            forked = self.rules.forked(author)
            for group in groups:
                cell = group.after
                if cell.signature not in new:
                    new[cell.signature] = nearer(forked, self.rules.heeded(cell, actor))
            self._old_reach[author] = old
            self._write_reach(author, new)
            changed = _differing(
                [
                    (old[g.before.signature], new[g.after.signature], g.kinds)
                    for g in groups
                    if g.before is not None
                ]
            )
            ranges += self._ranges(author, changed, work, cause)
            split = len(new) + len(old) > 2 and (
                len({_frozen(r) for r in new.values()}) > 1
                or len({_frozen(r) for r in old.values()}) > 1
            )
            if self._noted or split:
                self._touch_author(author, work, retracts=split)
        return ranges

    def _write_reach(self, author: bytes, new: dict[Signature, Reach]) -> None:
        for signature, reach in new.items():
            table = self.reach.setdefault(signature, {})
            if reach == self.rules.default:
                table.pop(author, None)
            else:
                table[author] = reach

    def _ranges(
        self,
        author: bytes,
        changed: list[tuple[Reach, Reach, frozenset[str] | None]],
        work: _Worklist,
        cause: Why,
    ) -> list[_Range]:
        out: list[_Range] = []
        for before, after, kinds in changed:
            for line in self._context.facts.lines(author):
                size = self._fresh_from.get(line.line, line.size)
                old, new = (
                    max(line.first_seq, min(reach_at(r, line.line), size)) for r in (before, after)
                )
                if old != new:
                    begin, end = min(old, new), max(old, new)
                    out.append((line.line, begin, end, kinds, 1 if new > old else -1, cause))
                    work.touch(self._context.facts.leaning(line.line, begin, end))
        return out

    def _touch_author(self, author: bytes, work: _Worklist, *, retracts: bool) -> None:
        for line in self._context.facts.lines(author):
            work.touch(self._noted_on.on(line.line))
        if retracts:
            actor = self._context.facts.actor(author)
            work.touch(self._context.book.own_events.get(actor, ()))

    def _arrive(
        self, groups: Sequence[Grouping], arrived: Sequence[Span], work: _Worklist
    ) -> list[_Range]:
        out: list[_Range] = []
        clean = self._is_clean()
        for span in arrived:
            line: LineFact = self._context.facts.line(span.line)
            for kinds, reach in self._by_reach(line.author, groups):
                end = min(span.end, reach_at(reach, span.line))
                if end > span.begin:
                    out.append((span.line, span.begin, end, kinds, 1, ("arrived",)))
            if not clean:
                self._touch_ungrounded(span, work)
            if out_by_cascade := self.rules.cascades.out:
                facts = self._context.facts
                work.touch(facts.going_over(span.line, span.begin, span.end, out_by_cascade))
        return out

    def _touch_ungrounded(self, span: Span, work: _Worklist) -> None:
        """Of new events those that stand on one that does not count: few, so the rest are not seen.

        A ground that stops counting later in this update touches them itself.
        """
        facts = self._context.facts
        for ground in facts.stood_on(span.line, span.begin, span.end):
            if not self.counts(ground):
                work.touch(facts.standing_in(ground, span.line, span.begin, span.end))

    def _is_clean(self) -> bool:
        """Whether everything that is here counts, so that every ground does."""
        return (
            self.rules.default == END
            and not any(self.reach.values())
            and not self._voids
            and not self._silent
        )

    def _awake(self, events: Iterable[bytes], work: _Worklist) -> None:
        facts = self._context.facts
        for id in events:
            if facts.event(id) is None:
                self.awaited.add(id)
            else:
                work.touch((id,))
        if self._fresh_from:
            came = [id for id in self.awaited if facts.event(id) is not None]
            self.awaited.difference_update(came)
            work.touch(came)

    def _settle_events(self, work: _Worklist, cause: Why) -> list[Flip]:
        """Asks touched events again until no ground moves any more; one flip each at most."""
        facts = self._context.facts
        answers: dict[bytes, Opinion] = {}
        while work.todo:
            id = work.todo.pop()
            fact = facts.event(id)
            if fact is None:
                continue
            first, before = id not in work.asked, self.counts(id)
            if first:
                work.asked.add(id)
                self._was[id] = self._originally(fact)
            if self.rules.cascades.settle(fact):
                work.again(facts.followers(id))
            answer = answers[id] = self.judge(fact)
            self._note(fact, counts=answer.counts)
            if answer.counts != before:
                work.again(facts.stands_on(id))
            if answer.counts != before or first:
                work.again(self._undone_by(id))
        return [
            Flip(Span(f.line, f.seq, f.seq + 1), 1 if answers[i].counts else -1, why)
            for i, was in self._was.items()
            if answers[i].counts != was
            for f, why in [(self._noted[i][0], self._why(i, answers[i], cause))]
        ]

    def _undone_by(self, id: bytes) -> list[bytes]:
        """What an event undoes: a retract its target, a withdraw of a retract that one's."""
        by_id = self._context.book.by_id
        s = by_id.get(id)
        if s is not None and s.verb == "withdraw":
            s = by_id.get(s.target)
        return [s.target] if s is not None and s.verb in ("retract", "restore") else []

    def _originally(self, fact: EventFact) -> bool:
        """Whether the event counted before this update."""
        if fact.seq >= self._fresh_from.get(fact.line, END):
            return False
        found = self._noted.get(fact.id)
        if found is not None:
            return found[1]
        if fact.void is not None or self._voids.holds(fact.line, fact.seq, fact.id):
            return False
        cell = self._old_cell_of(fact.kind)
        reach = self._old_reach.get(fact.author, {}).get(cell.signature)
        if reach is None:
            reach = self.reach_of(cell, fact.author)
        return fact.seq < reach_at(reach, fact.line)

    def _why(self, id: bytes, answer: Opinion, cause: Why) -> Why:
        fact = self._noted[id][0]
        if answer.counts:
            fresh = fact.seq >= self._fresh_from.get(fact.line, END)
            return ("arrived",) if fresh else cause
        if answer.reason == "ungrounded" and answer.by is not None:
            return ("ground", answer.by)
        if answer.reason == "retracted" and answer.by is not None:
            return ("statement", answer.by)
        if answer.reason == "equivocation":
            return ("equivocation", fact.author)
        return cause

    def _note(self, fact: EventFact, *, counts: bool) -> None:
        known = self._noted.get(fact.id)
        self._silent += (not counts) - (known is not None and not known[1])
        self._noted[fact.id] = (fact, counts)
        self._noted_on.add(fact.line, fact.seq, fact.id)

    def _forget(self, work: _Worklist) -> None:
        """Takes events off the list that go with their line again."""
        for id in work.asked:
            fact, counts = self._noted[id]
            if counts == self._plain(fact) and not self._has_reason(fact):
                del self._noted[id]
                self._silent -= not counts
                self._noted_on.discard(fact.line, fact.seq, id)

    def _has_reason(self, fact: EventFact) -> bool:
        id, book = fact.id, self._context.book
        if id in book.undoings or id == self._context.policy.log or self.rules.cascades.touches(id):
            return True
        return id in self.rules.cell(fact).words or any(
            not self.counts(ground) for ground in self._asked(id)
        )


_Range = tuple[int, int, int, frozenset[str] | None, int, Why]
"""(line, begin, end, kinds, weight, cause)"""


class _Worklist:
    """Events still to be asked; each is asked at least once, and again when a ground moved."""

    __slots__ = ("asked", "todo")

    def __init__(self) -> None:
        self.todo: set[bytes] = set()
        self.asked: set[bytes] = set()

    def touch(self, ids: Iterable[bytes]) -> None:
        self.todo.update(id for id in ids if id not in self.asked)

    def again(self, ids: Iterable[bytes]) -> None:
        self.todo.update(ids)


def _differing(
    moves: list[tuple[Reach, Reach, frozenset[str]]],
) -> list[tuple[Reach, Reach, frozenset[str] | None]]:
    """Moves that are none left out, equal ones made one; kinds None when all kinds move alike."""
    return [(b, a, k) for b, a, k in _merged(moves) if b != a]


def _merged(
    moves: list[tuple[Reach, Reach, frozenset[str]]],
) -> list[tuple[Reach, Reach, frozenset[str] | None]]:
    """Equal moves made one; kinds None when all kinds move alike."""
    merged: list[tuple[Reach, Reach, frozenset[str]]] = []
    for before, after, kinds in moves:
        for at, (b, a, k) in enumerate(merged):
            if b == before and a == after:
                merged[at] = (b, a, k | kinds)
                break
        else:
            merged.append((before, after, kinds))
    if len(merged) == 1:
        return [(merged[0][0], merged[0][1], None)]
    return [(b, a, k) for b, a, k in merged if k]


def _steps(was: int, now: int, start: int) -> list[tuple[int, int, int, Why]]:
    """(begin, end, weight, cause) from counting below ``was`` to below ``now``; new from start."""
    if now < was:
        return [(now, was, -1, ("policy",))]
    out: list[tuple[int, int, int, Why]] = []
    if min(now, start) > was:
        out.append((was, min(now, start), 1, ("policy",)))
    if now > max(was, start):
        out.append((max(was, start), now, 1, ("arrived",)))
    return out


def _frozen(reach: Reach) -> object:
    return reach if isinstance(reach, int) else tuple(sorted(reach.items()))
