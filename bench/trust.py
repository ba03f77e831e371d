"""Row 10: trust from scratch over 10 k actors and 100 k statements, and one more statement.

The graph is random: 45 % bans, 20 % allows, 30 % adoptions (depth 0..4), 5 % words about events,
for the most active of the actors; threshold 2, depth 5. Statements are decoded, as a store's table
holds them. "One more" is a random statement of a random actor of the same mix.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.context import Bench
from bench.figures import Figure
from bench.measure import median, settle, timed

from tallystick.policy import Judge, Policy, Statement
from tallystick.testing.world import Event, World

MIX = ("ban",) * 9 + ("allow",) * 4 + ("adopt",) * 6 + ("exclude",)
VIEWER = (0).to_bytes(32, "big")


def community(
    actors: int, statements: int, seed: int = 1
) -> tuple[World, random.Random, list[bytes]]:
    """A log in which random people say random things about random people."""
    draw, world = random.Random(seed), World()
    people = [n.to_bytes(32, "big") for n in range(actors)]
    seqs = dict.fromkeys(people, 0)
    for person in people:
        world.add(Event(draw.randbytes(32), person, 0, b"", "note"))
    notes = [event.id for event in world.events]
    last = dict(zip(people, notes, strict=True))
    for _ in range(statements):
        voter = draw.choice(people)
        seqs[voter] += 1
        said = say(draw, voter, seqs[voter], people, notes)
        world.add(Event(said.id, voter, said.seq, last[voter], said.kind, statement=said))
        last[voter] = said.id
    return world, draw, notes


def say(
    draw: random.Random, voter: bytes, seq: int, people: list[bytes], notes: list[bytes]
) -> Statement:
    """One random statement."""
    verb = draw.choice(MIX)
    target = draw.choice(notes if verb == "exclude" else people)
    depth = draw.choice((0, 1, 2, 3, 4)) if verb == "adopt" else 0
    return Statement(draw.randbytes(32), voter, seq, verb, target, depth=depth)


def trust(bench: Bench) -> Iterator[Figure]:
    """Row 10."""
    actors, statements = bench.scaled(10_000, 0.01), bench.scaled(100_000, 0.1)
    world, draw, notes = community(actors, statements)
    people = [n.to_bytes(32, "big") for n in range(actors)]
    mine = tuple(
        Statement(draw.randbytes(32), VIEWER, n, "adopt", draw.choice(people), depth=5)
        for n in range(20)
    )
    policy = Policy(VIEWER, world.genesis, threshold=2, max_depth=5, statements=mine)
    said = world.statements
    settle()
    scratch = [timed(lambda: Judge(policy, world, said)) for _ in range(bench.runs)]
    work = f"trust of {actors:,} actors, {statements:,} statements, from scratch"
    yield Figure(10, work, 1e3 * median(scratch), "ms", 100)
    judge = Judge(policy, world, said)
    heeded, took, of_heeded = judge.standing().rank, [], []
    for _ in range(min(1_000, statements)):
        voter = draw.choice(people)
        event = world.draft(voter, "trust/ban")
        more = say(draw, voter, event.seq, people, notes)
        world.add(Event(more.id, voter, more.seq, event.prev, more.kind, statement=more))
        took.append(1e3 * timed(lambda more=more: judge.update(statements=[more])))
        if voter in heeded:
            of_heeded.append(took[-1])
    yield Figure(10, "trust: one more statement, of anybody", median(took), "ms", 2)
    if of_heeded:
        work = "trust: one more statement, of somebody with a vote"
        yield Figure(10, work, median(of_heeded), "ms", 2)
