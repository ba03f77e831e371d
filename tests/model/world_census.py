"""Which quarrels a random world holds, so that a fight over ten thousand of them is about each."""

from __future__ import annotations

from itertools import combinations

from tests.model.policy_worlds import Scene

from tallystick.policy import Judge, Statement
from tallystick.policy.scope import covers
from tallystick.policy.statement import EVENT, SLOT

KINDS = ("note", "review/film", "review/book", "chat")
BRANCH = 3
"""Voters behind one delegate that are called puppets."""
WANTED = (
    "puppets behind one delegate",
    "a ban war",
    *(f"a circle of bans of {n}" for n in (2, 3, 4, 5)),
    "an event slipped in beside a cut",
    "an equivocating voter",
    "a voter banned after being adopted",
    "a candidate banned at the door",
    "a voter banned beyond a cut",
    "adopted and un-adopted",
    "overlapping scopes",
    *(f"threshold {n}" for n in range(1, 6)),
    *(f"depth {n}" for n in range(5)),
    *(f"rank {n}" for n in range(1, 4)),
    "stance open",
    "stance invited",
    "a private word against a public one",
    "a pinned adoption",
    "a chain that is split",
    "something retracted",
    "something ungrounded",
    "something taken along by a cascade",
    "somebody contested",
    "an actor of several keys",
)


def census(scene: Scene, judge: Judge) -> set[str]:
    """What of ``WANTED`` a world holds, as its judge sees it."""
    cell, policy = judge.cell(), judge.policy
    ranks = {actor: place.rank for actor, place in cell.places.items()}
    found = {
        f"threshold {policy.threshold}",
        f"depth {policy.max_depth}",
        f"stance {policy.stance}",
        *(f"rank {rank}" for rank in ranks.values()),
    }
    branches = [place.branch for place in cell.places.values() if place.rank]
    bans = {
        (voter, target)
        for target, votes in cell.standings.items()
        for voter, s in votes.items()
        if s.verb == "ban" and target in ranks and voter != target
    }
    names = judge.facts.actor
    split = scene.world.equivocations
    reasons = {judge.event_verdict(event.id, thorough=False).reason for event in scene.world.events}
    found |= {f"a circle of bans of {n}" for n in circles(bans)}
    tests = {
        "puppets behind one delegate": any(branches.count(b) >= BRANCH for b in branches),
        "a ban war": is_war(scene),
        "an event slipped in beside a cut": is_backdated(scene),
        "an equivocating voter": any(names(author) in ranks for author in split),
        "a voter banned after being adopted": bool(bans),
        "a candidate banned at the door": any(a in cell.banned for a in cell.adoptions),
        "a voter banned beyond a cut": any(spared for a, spared in cell.banned.items()),
        "adopted and un-adopted": is_unadopted(scene),
        "overlapping scopes": is_overlapping(scene),
        "a private word against a public one": is_double(scene),
        "a pinned adoption": any(p.way and p.way.as_of is not None for p in cell.places.values()),
        "a chain that is split": bool(split),
        "something retracted": "retracted" in reasons,
        "something ungrounded": "ungrounded" in reasons,
        "something taken along by a cascade": "cascade" in reasons,
        "somebody contested": bool(judge.standing().contested),
        "an actor of several keys": any(len(judge.facts.authors(a)) > 1 for a in scene.people),
    }
    return (found | {name for name, holds in tests.items() if holds}) & set(WANTED)


def circles(bans: set[tuple[bytes, bytes]]) -> set[int]:
    """Lengths, up to 5, of the circles in who bans whom."""
    after: dict[bytes, list[bytes]] = {}
    for one, other in bans:
        after.setdefault(one, []).append(other)
    found = set()
    for first in after:
        ways = [(first,)]
        while ways:
            way = ways.pop()
            for other in after.get(way[-1], ()):
                if other == first and len(way) > 1:
                    found.add(len(way))
                elif other > first and other not in way and len(way) < 5:
                    ways.append((*way, other))
    return found


def is_war(scene: Scene) -> bool:
    """Two who ban each other, and one of them again after the other's answer."""
    bans = [(s.voter, s.target) for s in scene.world.statements if s.verb == "ban"]
    return any(
        bans[i] == bans[k] and bans[j] == bans[i][::-1]
        for i, j, k in combinations(range(len(bans)), 3)
    )


def is_backdated(scene: Scene) -> bool:
    """An event of the banned at or below the seq a cut spares them to, beside what it names."""
    chains = {e.id: e for e in scene.world.events}
    for s in (*scene.world.statements, *scene.private):
        for author, seq, id in s.cut or ():
            if id not in chains or chains[id].author != author or chains[id].seq != seq:
                continue
            spared, at = set(), id
            while at in chains:
                spared.add(at)
                at = chains[at].prev
            if any(
                e.author == author and e.seq <= seq and e.id not in spared
                for e in scene.world.events
            ):
                return True
    return False


def by_slot(said: list[Statement]) -> dict[tuple[bytes, int, bytes], list[Statement]]:
    found: dict[tuple[bytes, int, bytes], list[Statement]] = {}
    for s in said:
        if SLOT[s.verb] <= EVENT:
            found.setdefault((s.voter, SLOT[s.verb], s.target), []).append(s)
    return found


def is_unadopted(scene: Scene) -> bool:
    """An adoption that its author took back, by weight 0 or by withdraw."""
    said = scene.world.statements
    withdrawn = {(s.voter, s.target) for s in said if s.verb == "withdraw"}
    return any(
        (s.voter, s.id) in withdrawn or any(t.weight == 0 for t in words[at + 1 :])
        for words in by_slot([s for s in said if s.verb == "adopt"]).values()
        for at, s in enumerate(words)
        if s.weight
    )


def is_overlapping(scene: Scene) -> bool:
    """Different words in one slot about one target, whose scopes differ and share a kind."""
    said = [*scene.world.statements, *scene.private]
    return any(
        a.scope != b.scope
        and a.verb != b.verb
        and any(covers(a.scope, kind) and covers(b.scope, kind) for kind in KINDS)
        for words in by_slot(said).values()
        for a, b in combinations(words, 2)
    )


def is_double(scene: Scene) -> bool:
    """The viewer said one thing aloud and another in private, in one slot about one target."""
    viewer = scene.parameters["viewer"]
    aloud = by_slot([s for s in scene.world.statements if s.voter == viewer])
    return any(
        any(a.verb != s.verb for a in aloud.get((viewer, SLOT[s.verb], s.target), ()))
        for s in scene.private
    )
