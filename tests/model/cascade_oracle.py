"""Cascades as the specification's sentence says them, asked anew for every event."""

from __future__ import annotations


def is_out(oracle, id, within):
    """Whether an event is excluded by cascade or taken along, asking voters of rank <= within."""
    event = oracle.events.get(id)
    if event is None:
        return False
    cell = oracle.cell(oracle.kind_of(event))
    rank = cell.voters.get(oracle.actor(event.author), (10**9,))[0]
    within = min(within, rank)
    mine = cell.said[cell.me].get(("event", id))
    if mine is not None and mine.verb not in ("exclude", "uphold"):
        return False
    if mine is not None and mine.cascade:
        return True
    if mine is None and asked(oracle, cell, id, within) >= oracle.policy.threshold:
        return True
    return is_taken(oracle, id, within)


def is_taken(oracle, id, within):
    """Whether all that all of an event's ops go over is out, and they go over something."""
    event = oracle.events[id]
    over = () if event.void else event.over
    return bool(over) and all(is_out(oracle, below, within) for below in over)


def asked(oracle, cell, id, within):
    """The tally about one event in which only those who ask for a cascade are against it."""
    best = {}
    for voter, slots in cell.said.items():
        s = slots.get(("event", id))
        rank, weight, _, branch, _ = cell.voters[voter]
        if s is None or rank == 0 or rank > within:
            continue
        against = s.verb in ("exclude", "uphold")
        turn = 0 if against and s.cascade else 2 if against else 1
        key = (rank, turn, -weight)
        best[branch] = min(best.get(branch, key), key)
    return sum({0: -w, 1: w, 2: 0}[turn] for _, turn, w in best.values())
