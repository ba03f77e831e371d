"""Contested: who clashes with whom, and which one word of mine would settle it.

    ana ─ban─► bo         a circle: both are heeded, both are contested
     ▲          │         ban ana  settles both (her ban of bo goes with her vote)
     └───ban────┘         allow ana  settles her alone

Law: an option is offered only with what it was seen to settle: the word is supposed, the judge
settles, and the marks are read again. Nothing is guessed from the picture.

Reads: judge, dispute, standing, tally, facts. Read by: replica.
Source: spec/policy.md, "Contested".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from tallystick.policy.dispute import all_cells, cell_kind, matter
from tallystick.policy.facts import Facts, Flip
from tallystick.policy.judge import Judge
from tallystick.policy.standing import Strata
from tallystick.policy.statement import AGAINST, Statement
from tallystick.policy.tally import Vote, against, branch_votes

CLASHES_MAX: Final = 256
"""Clashes worked out in one answer; each option costs two updates."""
CIRCLE_MAX: Final = 16
"""Members of one circle for whom words are tried."""
_LATER: Final = 2**62
"""Seq of a word that is only supposed: later than all that is written."""


@dataclass(frozen=True, slots=True)
class Option:
    """One word of the viewer's and what it settles.

    Args:
        settles: of everything contested, what no longer is.
        raises: what is contested only then.
        flips: events that would start or stop counting.
    """

    said: Statement
    settles: tuple[bytes, ...]
    raises: tuple[bytes, ...]
    flips: tuple[Flip, ...]


@dataclass(frozen=True, slots=True)
class Clash:
    """Something contested.

    Args:
        subjects: the actors of a circle of bans, sorted; else one actor or event.
        about: ``circle``, ``actor`` or ``event``.
        votes: what each branch says about each subject.
        options: the words that settle something of it, those that settle most first.
    """

    about: str
    subjects: tuple[bytes, ...]
    votes: Mapping[bytes, tuple[Vote, ...]]
    options: tuple[Option, ...]

    @property
    def is_settled_by_one(self) -> bool:
        """Whether a single word settles all of it."""
        return any(set(option.settles) >= set(self.subjects) for option in self.options)


def contested(
    judge: Judge, facts: Facts, statements: Iterable[Statement], scope: str | None = None
) -> list[Clash]:
    """Everything contested: circles, then other actors, then events, each sorted by subject.

    Args:
        facts: what the judge judges.
        statements: all of the log's, anybody's.
        scope: whose cell's actors; events are those of every cell.

    Cost: two updates of the judge for each word tried; the judge is left as it was.
    """
    undone = {s.id: s.target for s in statements if s.verb in ("retract", "restore")}
    actors = _actors(judge.cell(scope), judge.policy.threshold)
    events = _events(judge, facts, undone)
    circles = _circles(judge.cell(scope), actors)
    alone = actors - {actor for circle in circles for actor in circle}
    found = []
    asked = _Asked(judge, facts, undone, scope, frozenset(actors), frozenset(events))
    for circle in circles[:CLASHES_MAX]:
        words = [
            supposed_word(judge.policy.viewer, v, a)
            for a in circle[:CIRCLE_MAX]
            for v in ("ban", "allow")
        ]
        found.append(asked.clash("circle", circle, words))
    for actor in sorted(alone)[: CLASHES_MAX - len(found)]:
        words = [supposed_word(judge.policy.viewer, verb, actor) for verb in ("ban", "allow")]
        found.append(asked.clash("actor", (actor,), words))
    for event in sorted(events)[: CLASHES_MAX - len(found)]:
        words = [supposed_word(judge.policy.viewer, verb, event) for verb in ("exclude", "include")]
        found.append(asked.clash("event", (event,), words))
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """A judge, and what is contested before any word is supposed."""

    judge: Judge
    facts: Facts
    undone: Mapping[bytes, bytes]
    scope: str | None
    actors: AbstractSet[bytes]
    events: AbstractSet[bytes]

    def clash(self, about: str, subjects: Sequence[bytes], words: Iterable[Statement]) -> Clash:
        """A clash with the words that settle something of it."""
        votes = {subject: self._votes(about, subject) for subject in subjects}
        tried = [self._option(word) for word in words]
        useful = [option for option in tried if set(option.settles) & set(subjects)]
        useful.sort(key=lambda o: (-len(o.settles), len(o.raises), o.said.target, o.said.verb))
        return Clash(about, tuple(subjects), votes, tuple(useful))

    def _votes(self, about: str, subject: bytes) -> tuple[Vote, ...]:
        if about == "event":
            cell = _cell(self.judge, self.facts, subject, self.undone)
            return tuple(branch_votes(cell.words.get(subject, {}), cell.places))
        cell = self.judge.cell(self.scope)
        return tuple(branch_votes(cell.standings.get(subject, {}), cell.places))

    def _option(self, word: Statement) -> Option:
        before = self.actors | self.events
        with self.judge.supposing(word) as flips:
            after: set[bytes] = _actors(self.judge.cell(self.scope), self.judge.policy.threshold)
            after |= _events(self.judge, self.facts, self.undone)
        return Option(
            word, tuple(sorted(before - after)), tuple(sorted(after - before)), tuple(flips)
        )


def supposed_word(viewer: bytes, verb: str, target: bytes) -> Statement:
    """A word of the viewer's as it would be said now, later than all that was."""
    id = hashlib.sha256(b"supposed" + target + verb.encode()).digest()
    return Statement(id, viewer, _LATER, verb, target, lamport=_LATER)


def _actors(cell: Strata, threshold: int) -> set[bytes]:
    """Actors whose standing in a cell is contested; me nobody can ban for me, whatever is said."""
    return {
        actor
        for actor, votes in cell.standings.items()
        if actor != cell.me
        and actor not in cell.banned
        and cell.me not in votes
        and against(branch_votes(votes, cell.places)) >= threshold
    }


def _events(judge: Judge, facts: Facts, undone: Mapping[bytes, bytes]) -> set[bytes]:
    """Events that count and are contested by the votes about them."""
    threshold = judge.policy.threshold
    named = {
        event
        for cell in all_cells(judge, facts)
        for event, votes in cell.words.items()
        if cell.me not in votes and against(branch_votes(votes, cell.places)) >= threshold
    }
    found: set[bytes] = set()
    for event in named:
        if facts.event(event) is None or event == judge.policy.log:
            continue
        at = matter(judge, facts, event, undone.get(event))
        if at.included and at.contested:
            found.add(event)
    return found


def _cell(judge: Judge, facts: Facts, event: bytes, undone: Mapping[bytes, bytes]) -> Strata:

    return judge.cell(cell_kind(facts, facts.event(event), undone.get(event)))


def _circles(cell: Strata, actors: AbstractSet[bytes]) -> list[tuple[bytes, ...]]:
    """Sets of contested actors each of whom bans, by way of others, each of the others."""
    bans: dict[bytes, set[bytes]] = {actor: set() for actor in actors}
    for target in actors:
        for voter, s in cell.standings[target].items():
            if voter in bans and s.verb in AGAINST:
                bans[voter].add(target)
    reached = {actor: _reachable(actor, bans) for actor in sorted(actors)}
    found, seen = [], set[bytes]()
    for actor, reach in reached.items():
        if actor in seen:
            continue
        circle = tuple(sorted(other for other in reach if actor in reached[other]))
        seen.update(circle)
        if len(circle) > 1:
            found.append(circle)
    return found


def _reachable(actor: bytes, bans: Mapping[bytes, AbstractSet[bytes]]) -> set[bytes]:
    """Everybody an actor bans, and whom those ban, and so on."""
    found: set[bytes] = set()
    waiting = [actor]
    while waiting:
        for target in bans[waiting.pop()]:
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found
