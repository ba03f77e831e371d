"""Disputes: what the people a viewer heeds make of a claim about an event.

    dispute D about event E          a claim; by itself it does nothing
      ├─ uphold(E, D)  by Ana        Ana's own exclude of E  ┐ the slot *one event* about E, which
      ├─ dismiss(E, D) by Bo         Bo's own include of E   ├ the judge tallies: one vote a branch
      └─ exclude(E)    by Cy         answers no dispute      ┘

    my word, or the tally at the threshold ──► upheld
    my word, or the tally at minus it      ──► dismissed         neither ──► open

Law: a status is a reading of what the judge counts anyway, so it adds no weight and contradicts no
verdict: a dispute is upheld exactly while the rule about single events excludes what it is about.
Who answered which dispute is told beside it; deadlines are told to nobody here.

Reads: judge, standing, tally, facts. Read by: replica.
Source: spec/policy.md, "Disputes".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tallystick.policy.facts import ActedFacts, EventFact, Facts
from tallystick.policy.judge import Judge
from tallystick.policy.scope import moves_standing
from tallystick.policy.standing import Strata
from tallystick.policy.statement import AGAINST, Statement
from tallystick.policy.tally import NO_RANK, against, branch_votes

OPEN: Final = "open"
UPHELD: Final = "upheld"
DISMISSED: Final = "dismissed"
STATUSES: Final = (OPEN, UPHELD, DISMISSED)
_UNDOINGS: Final = ("trust/retract", "trust/restore")


@dataclass(frozen=True, slots=True)
class BranchVote:
    """What one branch says about an event.

    Args:
        branch: the first person after the viewer.
        path: people from the branch to the voter, both included; one person if they are the same.
        force: weight, > 0 against the event and < 0 for it.
        counted: whether the voter is near enough to its author for the vote to count.
    """

    branch: bytes
    voter: bytes
    path: tuple[bytes, ...]
    rank: int
    statement: Statement
    force: int
    counted: bool


@dataclass(frozen=True, slots=True)
class Matter:
    """Where an event stands in the slot *one event*: the same for every dispute about it.

    Args:
        author: of the event; None while it is not here.
        tally: weight against less weight for, over the branches that count; the viewer's own word
            decides without it.
        silent: branches of which nobody says anything about the event.
        included: whether the event counts, for whatever reason.
    """

    event: bytes
    author: bytes | None
    kind: str | None
    status: str
    contested: bool
    mine: Statement | None
    tally: int
    votes: tuple[BranchVote, ...]
    silent: tuple[bytes, ...]
    included: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One dispute under one policy.

    Args:
        counts: whether the dispute itself is an event that counts.
        withdrawn: whether a withdraw of its author's that counts takes it back.
        answered: whether the viewer, or a branch that counts, answered this very dispute.
    """

    dispute: Statement
    matter: Matter
    counts: bool
    withdrawn: bool
    answered: bool


def cases(judge: Judge, facts: Facts, statements: Iterable[Statement]) -> list[Case]:
    """Every dispute among the statements that is here, in their order.

    Args:
        facts: what the judge judges.
        statements: all of the log's, anybody's.

    Cost: O(statements), and for each event in dispute the votes about it and the branches.
    """
    said, actor_of = list(statements), judge.facts.actor
    disputed = [s for s in said if s.verb == "dispute" and facts.event(s.id) is not None]
    about = {s.target for s in disputed}
    own = {s.id for s in disputed}
    undoings = {s.id: s.target for s in said if s.id in about and s.kind in _UNDOINGS}
    withdraws: dict[bytes, list[Statement]] = {}
    for s in said:
        if s.verb == "withdraw" and s.target in own:
            withdraws.setdefault(s.target, []).append(s)
    matters = {event: matter(judge, facts, event, undoings.get(event)) for event in about}
    found = []
    for s in disputed:
        at, actor = matters[s.target], actor_of(s.voter)
        said_so = [vote.statement for vote in at.votes if vote.counted]
        mine = () if at.mine is None else (at.mine,)
        found.append(
            Case(
                s,
                at,
                judge.counts(s.id),
                any(
                    actor_of(w.voter) == actor and judge.counts(w.id)
                    for w in withdraws.get(s.id, ())
                ),
                any(answer.dispute == s.id for answer in (*said_so, *mine)),
            )
        )
    return found


def matter(judge: Judge, facts: Facts, event: bytes, undone: bytes | None = None) -> Matter:
    """Where one event stands in the slot *one event*.

    Args:
        undone: of a retract or restore, the event it names: that one's kind decides who judges.
    """
    fact = facts.event(event)
    cell = judge.cell(cell_kind(facts, fact, undone))
    said = cell.words.get(event, {})
    mine = said.get(cell.me)
    within = 0 if fact is None else _reach(cell, judge.facts, fact)
    votes = [v for v in branch_votes(said, cell.places) if v.force]
    counted = [v for v in votes if v.place.rank <= within]
    total = sum(vote.force for vote in counted)
    threshold = judge.policy.threshold
    if mine is not None:
        status = UPHELD if mine.verb in AGAINST else DISMISSED
    elif total >= threshold:
        status = UPHELD
    else:
        status = DISMISSED if -total >= threshold else OPEN
    spoken = {vote.place.branch for vote in votes}
    branches = {place.branch for actor, place in cell.places.items() if actor != cell.me}
    return Matter(
        event=event,
        author=None if fact is None else fact.author,
        kind=None if fact is None else fact.kind,
        status=status,
        contested=mine is None and status != UPHELD and against(votes) >= threshold,
        mine=mine,
        tally=total,
        votes=tuple(
            BranchVote(
                vote.place.branch,
                vote.voter,
                path(cell, judge.facts, vote.voter),
                vote.place.rank,
                vote.statement,
                vote.force,
                vote in counted,
            )
            for vote in votes
        ),
        silent=tuple(sorted(branches - spoken)),
        included=judge.counts(event),
    )


def all_cells(judge: Judge, facts: Facts) -> list[Strata]:
    """The cell of ``*``, and those of the kinds that statements divide off."""
    return list({id(cell): cell for cell in map(judge.cell, (None, *facts.kinds()))}.values())


def path(cell: Strata, facts: ActedFacts, voter: bytes) -> tuple[bytes, ...]:
    """People on the way from the viewer (left out) to a voter, the voter last."""
    found: list[bytes] = []
    at = voter
    while at != cell.me:
        found.append(at)
        place = cell.places[at]
        assert place.way is not None, "everybody but the viewer was adopted"
        at = facts.actor(place.way.voter)
    return tuple(reversed(found))


def _reach(cell: Strata, facts: ActedFacts, fact: EventFact) -> int:
    """The greatest rank of a voter whose word about an event counts."""
    rank = cell.rank(facts.actor(fact.author))
    return rank - 1 if moves_standing(fact.kind) and rank < NO_RANK else rank


def cell_kind(facts: Facts, fact: EventFact | None, undone: bytes | None) -> str | None:
    """The kind whose voters judge an event; None: those of ``*``."""
    if undone is not None and fact is not None and fact.kind in _UNDOINGS:
        fact = facts.event(undone)
    if fact is None or moves_standing(fact.kind):
        return None
    return fact.kind
