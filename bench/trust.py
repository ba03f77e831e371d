"""Row 10: trust from scratch over 10 k actors and 100 k statements, and one more statement.

    python bench/trust.py [--json] [--actors N] [--statements N]

The graph is random: 45 % bans, 20 % allows, 30 % adoptions (depth 0..4), 5 % words about events,
for the most active of the actors; threshold 2, depth 5. "One more" is a random statement of a
random actor of the same mix.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import time

from tallystick.policy import Judge, Policy, Statement
from tallystick.testing.world import Event, World

MIX = ("ban",) * 9 + ("allow",) * 4 + ("adopt",) * 6 + ("exclude",)
VIEWER = (0).to_bytes(32, "big")


def log(actors: int, statements: int, seed: int = 1) -> tuple[World, random.Random, list[bytes]]:
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


def measure(actors: int, statements: int) -> dict[str, float]:
    """Milliseconds from scratch (median of 5) and for one more statement (median, p99)."""
    world, draw, notes = log(actors, statements)
    people = [n.to_bytes(32, "big") for n in range(actors)]
    mine = tuple(
        Statement(draw.randbytes(32), VIEWER, n, "adopt", draw.choice(people), depth=5)
        for n in range(20)
    )
    policy = Policy(VIEWER, world.genesis, threshold=2, max_depth=5, statements=mine)
    said = world.statements
    scratch = []
    for _ in range(5):
        gc.collect()
        begin = time.perf_counter()
        judge = Judge(policy, world, said)
        scratch.append((time.perf_counter() - begin) * 1e3)
    standing = judge.standing()
    one, stranger = [], []
    for _ in range(1000):
        voter = draw.choice(people)
        event = world.draft(voter, "trust/ban")
        more = say(draw, voter, event.seq, people, notes)
        world.add(Event(more.id, voter, more.seq, event.prev, more.kind, statement=more))
        begin = time.perf_counter()
        judge.update(statements=[more])
        took = (time.perf_counter() - begin) * 1e3
        (one if voter in standing.rank else stranger).append(took)
    everyone = sorted(one + stranger)
    return {
        "actors": actors,
        "statements": statements,
        "voters": len(standing.rank),
        "banned": len(standing.banned),
        "scratch_ms": round(statistics.median(scratch), 1),
        "one_more_ms": round(statistics.median(everyone), 4),
        "one_more_by_voter_ms": round(statistics.median(one), 4) if one else 0.0,
        "one_more_p99_ms": round(everyone[int(len(everyone) * 0.99)], 2),
        "one_more_max_ms": round(everyone[-1], 2),
    }


def main() -> None:
    """Prints one line per figure, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--actors", type=int, default=10_000)
    parser.add_argument("--statements", type=int, default=100_000)
    given = parser.parse_args()
    figures = measure(given.actors, given.statements)
    if given.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:24} {value:>12}")


if __name__ == "__main__":
    main()
