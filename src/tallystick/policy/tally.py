"""The tally: one vote per branch, that of the branch's closest voter.

    branch   voters (rank, vote)                 speaks        weighs
    ana      ana (1, allow), eve (2, ban)        ana           -1
    bo       bo (1, -), cy (2, ban), di (2, ban) heavier of    +2        tally +1: at threshold 1
                                                 cy and di               the target is banned

Law: a branch never weighs more than its closest voter, so fifty puppets behind one delegate are
one voice. At equal rank a ban speaks before an allow, an allow before a ban that spares the event
in question, then the heavier, then the smaller id. A closest voter who spares weighs nothing, and
nobody behind speaks instead.

Reads: statement. Read by: standing, counting, explain.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from tallystick.policy.facts import END
from tallystick.policy.statement import AGAINST, Statement

NO_RANK: Final = END
"""Rank of somebody without a vote: further than anybody."""
UNLIMITED: Final = END
"""The viewer's own weight: more than every edge can carry. It never enters a sum."""


class Limit(NamedTuple):
    """Which of a voter's statements are read: leading seqs per line; None reads them all."""

    as_of: dict[int, int] | None = None
    spared: dict[int, int] | None = None


class Place(NamedTuple):
    """Where somebody with a vote stands.

    Args:
        branch: the first person after the viewer on the way; empty for the viewer.
        depth: how many more steps of adoption lead on from here.
        way: the adoption that leads here; None for the viewer.
    """

    rank: int
    weight: int
    depth: int
    branch: bytes
    way: Statement | None = None
    limit: Limit | None = None


class Vote(NamedTuple):
    """What one branch says about a target; ``force`` > 0 against, < 0 for, 0 spares."""

    voter: bytes
    place: Place
    statement: Statement
    force: int


Reaching = AbstractSet[bytes] | None
"""Ids of the bans that reach the event in question (a cut may spare it); None: all do."""


def branch_votes(
    votes: Mapping[bytes, Statement],
    places: Mapping[bytes, Place],
    *,
    within: int = NO_RANK,
    reaching: Reaching = None,
) -> list[Vote]:
    """The one vote of every branch, by voters of rank 1..within, sorted by branch."""
    best: dict[bytes, tuple[tuple[int, int, int, bytes], bytes]] = {}
    for voter, s in votes.items():
        place = places[voter]
        if not 0 < place.rank <= within:
            continue
        turn = 1 if s.verb not in AGAINST else 0 if reaching is None or s.id in reaching else 2
        key = (place.rank, turn, -place.weight, s.id)
        found = best.get(place.branch)
        if found is None or key < found[0]:
            best[place.branch] = (key, voter)
    out = []
    for _, (key, voter) in sorted(best.items()):
        place = places[voter]
        out.append(Vote(voter, place, votes[voter], (place.weight, -place.weight, 0)[key[1]]))
    return out


def tally(
    votes: Mapping[bytes, Statement],
    places: Mapping[bytes, Place],
    *,
    within: int = NO_RANK,
    reaching: Reaching = None,
) -> int:
    """Weight of bans minus weight of allows over the branches.

    Cost: O(votes). The two frequent cases, one vote and one voter per branch, are done in place.
    """
    total = 0
    seen: set[bytes] = set()
    for voter, s in votes.items():
        place = places[voter]
        if not 0 < place.rank <= within:
            continue
        if place.branch in seen:
            found = branch_votes(votes, places, within=within, reaching=reaching)
            return sum(vote.force for vote in found)
        seen.add(place.branch)
        if s.verb not in AGAINST:
            total -= place.weight
        elif reaching is None or s.id in reaching:
            total += place.weight
    return total


def against(votes: list[Vote]) -> int:
    """Weight of the branches whose one vote is a ban, alone: what makes a verdict contested."""
    return sum(vote.force for vote in votes if vote.force > 0)
