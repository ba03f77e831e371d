"""Who counts for a viewer, through whom: as data, as a tree of lines, and as a picture.

    rings are ranks            0: the viewer, 1: whom they adopt, 2: whom those adopt ...
    a sector is a branch       everybody in it has one vote together
    the outermost ring         who is banned, beside somebody whose vote did it

Law: drawn is what the judge counts; a picture leaves names out before it tells anything untrue.

Reads: policy, replica.{reading, reports}. Read by: replica.trusts, cli.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tallystick.identity.did import did_key
from tallystick.policy.facts import ActedFacts
from tallystick.policy.judge import Judge
from tallystick.policy.scope import check_scope
from tallystick.policy.standing import Strata
from tallystick.policy.statement import AGAINST
from tallystick.policy.tally import UNLIMITED
from tallystick.replica.arguments import check_limit
from tallystick.replica.reading import Reading
from tallystick.replica.trust_reports import TrustGraph

PEOPLE_MAX = 1_000
"""People in a graph, unless it is asked for more: no picture of more can be read."""
Called = Callable[[bytes], str]
"""How an actor is called."""


def trust_graph(
    reading: Reading, *, scope: str | None = None, limit: int | None = None
) -> TrustGraph:
    """Everybody with a vote, everybody banned, and what they say of each other.

    Raises:
        BadInput: policy/scope, usage/argument.

    Cost: O(voters and their statements about people).
    """
    if scope is not None:
        check_scope(scope)
    check_limit(limit)
    with reading.log.store.read():
        judge = reading.judge
        return graph_of(judge, judge.facts, reading.name_of, scope=scope, limit=limit)


def graph_of(
    judge: Judge,
    facts: ActedFacts,
    called: Called,
    *,
    scope: str | None = None,
    limit: int | None = None,
) -> TrustGraph:
    """The graph a judge's standing makes; ``called`` gives names."""
    cell = judge.cell(scope)
    standing = judge.standing(scope)
    contested = set(standing.contested) - {cell.me}
    order = [*standing.voters, *(a for a in standing.banned if a not in cell.places)]
    order += sorted(contested - set(order))
    people = tuple(
        _person(cell, facts, called, actor, is_contested=actor in contested)
        for actor in order[:limit]
    )
    shown = {person["actor"] for person in people}
    everyone = {did_key(facts.actor(author)) for author in facts.everyone()}
    return TrustGraph(
        viewer=did_key(cell.me),
        name=called(cell.me),
        people=people,
        adoptions=tuple(one for one in _adoptions(cell) if shown.issuperset(_ends(one))),
        bans=tuple(one for one in _bans(cell) if shown.issuperset(_ends(one))),
        left_out=len(order) - len(people),
        outside=len(everyone - {did_key(actor) for actor in order}),
    )


def _ends(said: dict[str, Any]) -> tuple[str, str]:
    return said["from"], said["to"]


def _person(
    cell: Strata, facts: ActedFacts, called: Called, actor: bytes, *, is_contested: bool
) -> dict[str, Any]:
    place = cell.places.get(actor)
    way = None if place is None else place.way
    spared = cell.banned.get(actor)
    return {
        "actor": did_key(actor),
        "name": called(actor),
        "rank": None if place is None else place.rank,
        "branch": None if place is None or not place.branch else did_key(place.branch),
        "weight": None if place is None or place.weight == UNLIMITED else place.weight,
        "depth": None if place is None else place.depth,
        "through": None if way is None else did_key(facts.actor(way.voter)),
        "banned": spared is not None,
        "partly": bool(spared),
        "contested": is_contested,
    }


def _adoptions(cell: Strata) -> list[dict[str, Any]]:
    found = []
    for target, edges in sorted(cell.adoptions.items()):
        place = cell.places.get(target)
        for voter, s in sorted(edges.items()):
            used = place is not None and place.way is not None and place.way.id == s.id
            ends = {"from": did_key(voter), "to": did_key(target)}
            found.append({**ends, "weight": s.weight, "depth": s.depth, "used": used})
    return found


def _bans(cell: Strata) -> list[dict[str, Any]]:
    found = []
    for target, votes in sorted(cell.standings.items()):
        for voter, s in sorted(votes.items()):
            if s.verb in AGAINST:
                ends = {"from": did_key(voter), "to": did_key(target)}
                found.append({**ends, "weight": _weight(cell, voter), "cut": s.cut is not None})
    return found


def _weight(cell: Strata, voter: bytes) -> int | None:
    weight = cell.places[voter].weight
    return None if weight == UNLIMITED else weight


# --- as lines -----------------------------------------------------------------------------------


def tree_lines(graph: TrustGraph) -> list[str]:
    """The graph as a tree a terminal shows; the banned below, with who banned them.

    A line per person: the name, then weight, and what is to be known about them.
    """
    names = {person["actor"]: person["name"] for person in graph.people}
    children = children_of(graph)
    people = {person["actor"]: person for person in graph.people}
    lines = [graph.name]
    first = children[graph.viewer]
    waiting = [(child, "", child == first[-1]) for child in reversed(first)]
    while waiting:
        actor, before, is_last = waiting.pop()
        corner = "└─ " if is_last else "├─ "
        lines.append(before + corner + _described(people[actor], graph, names))
        inside = before + ("   " if is_last else "│  ")
        below = children.get(actor, [])
        waiting += [(child, inside, child == below[-1]) for child in reversed(below)]
    banned = [person for person in graph.people if person["banned"]]
    if banned:
        lines.append("banned")
        lines += [f"  {person['name']}: by {_by(person, graph, names)}" for person in banned]
    if graph.left_out:
        lines.append(f"{graph.left_out} more have a vote, or are banned or contested: --limit")
    if graph.outside:
        lines.append(f"{graph.outside} more wrote here and have no vote")
    return lines


def children_of(graph: TrustGraph) -> dict[str, list[str]]:
    """Voter -> those who came to have a vote through them, heaviest first."""
    found: dict[str, list[str]] = {graph.viewer: []}
    for person in graph.people:
        if person["through"] is not None:
            found.setdefault(person["through"], []).append(person["actor"])
    weight = {
        person["actor"]: (-(person["weight"] or 0), person["name"]) for person in graph.people
    }
    for below in found.values():
        below.sort(key=lambda actor: weight[actor])
    return found


def _described(person: dict[str, Any], graph: TrustGraph, names: dict[str, str]) -> str:
    marks = [] if person["weight"] in (None, 1) else [f"weight {person['weight']}"]
    if person["contested"]:
        marks.append(f"contested: banned by {_by(person, graph, names)}")
    if person["partly"]:
        marks.append("banned beyond a cut")
    return f"{person['name']}  ({'; '.join(marks)})" if marks else str(person["name"])


def _by(person: dict[str, Any], graph: TrustGraph, names: dict[str, str]) -> str:
    who = [names[ban["from"]] for ban in graph.bans if ban["to"] == person["actor"]]
    return ", ".join(who) or "nobody with a vote"


def counted(graph: TrustGraph) -> str:
    """The graph in one sentence."""
    voters = [person for person in graph.people if person["rank"]]
    branches = {person["branch"] for person in voters}
    banned = sum(person["banned"] for person in graph.people)
    contested = sum(person["contested"] for person in graph.people)
    more = f", and {graph.left_out} more people" if graph.left_out else ""
    return (
        f"{_many(len(voters), 'voter', 'voters')} in {_many(len(branches), 'branch', 'branches')}, "
        f"{banned} banned, {contested} contested{more}"
    )


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"
