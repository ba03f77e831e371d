"""Graphs that are meant to be dear: the work they cause grows as n log n, the same each time.

Work is counted (``work.py``), not timed: calls and steps of SQLite's machine while all of a
graph arrives, in messages, in an order that fits nobody.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from math import log2
from random import Random

from tests.attacks.registry import Run, attack
from tests.attacks.talk import Talk
from tests.attacks.work import Counted
from tests.attacks.world import Hand, cbor, check, founded, joined, log_of

from tallystick.chain.slice import Slice
from tallystick.sync.messages import Slices

SMALL, LARGE = 32, 128
SLACK = {"nested": 1.75}
"""Above n log n, otherwise 1.25: what a smaller graph was spared by chance. Where a side of sides
begins, up to 256 leaves are read from as many lines, a bound that small graphs are below."""
MESSAGE_SLICES = 8
DEPTH = 250
"""Sides within sides, and frames that the stack may hold meanwhile."""


def wide(log: bytes, count: int, random: Random) -> list[Slice]:
    """Many authors of one event, each on 8 others'."""
    made: list[tuple[bytes, int]] = []
    slices = []
    for number in range(count):
        deps = random.sample(made, min(len(made), 8))
        lamport = 1 + max((at for _, at in deps), default=0)
        hand = Hand(f"wide {number}", log)
        slices.append(hand.write(number, deps=[id for id, _ in deps], lamport=lamport))
        made.append((hand.ids[0], lamport))
    return slices


def deep(log: bytes, count: int, random: Random) -> list[Slice]:
    """Two authors who answer each other, so that no event has a sibling."""
    hands = [Hand("deep 0", log), Hand("deep 1", log)]
    slices, last = [], b""
    for number in range(count):
        hand = hands[number % 2]
        slices.append(hand.write(number, deps=[last] if last else [], lamport=number + 1))
        last = hand.ids[-1]
    return slices


def crossed(log: bytes, count: int, random: Random) -> list[Slice]:
    """Eight authors, each on the last event of all others: paths double with every round."""
    hands = [Hand(f"crossed {number}", log) for number in range(8)]
    slices = []
    for level in range(count // 8):
        before = [hand.ids[-1] for hand in hands] if level else []
        for place, hand in enumerate(hands):
            deps = [id for other, id in enumerate(before) if other != place]
            slices.append(hand.write(level, deps=deps, lamport=level + 1))
    return slices


def sides(log: bytes, count: int, random: Random) -> list[Slice]:
    """One key that signs as many histories as it can, from the same few events on."""
    hand = Hand("sides", log)
    slices = [hand.write(*range(4))]
    return slices + [hand.at(random.randint(0, 4)).write(f"{n}") for n in range(count - 4)]


def nested(log: bytes, count: int, random: Random) -> list[Slice]:
    """Sides of sides of sides."""
    hand = Hand("nested", log)
    slices = [hand.write(0, 1)]
    for number in range(1, count // 2):
        hand = hand.at(number)
        slices.append(hand.write(f"a{number}", f"b{number}"))
    return slices


def wars(log: bytes, count: int, random: Random) -> list[Slice]:
    """A crowd of people who adopt and ban each other in turn."""
    hands = [Hand(f"wars {number}", log) for number in range(max(4, count // 12))]
    slices = []
    for _ in range(count):
        hand, other = random.sample(hands, 2)
        verb = random.choice(["adopt", "adopt", "ban", "allow"])
        frame = {"actor": other.public} | ({"depth": 9} if verb == "adopt" else {})
        slices.append(hand.write(frames=[cbor(frame)], kind=f"trust/{verb}"))
    return slices


SHAPES: dict[str, Callable[[bytes, int, Random], list[Slice]]] = {
    shape.__name__: shape for shape in (wide, deep, crossed, sides, nested, wars)
}


@attack("costly merge", source="CVE-2024-31208", seeds=1)
def costly(run: Run) -> None:
    for name, shape in SHAPES.items():
        small, large = (cost(run, name, shape, count) for count in (SMALL, LARGE))
        most = LARGE * log2(LARGE) / (SMALL * log2(SMALL)) * SLACK.get(name, 1.25)
        run.work[f"{name} {SMALL}"] += small
        run.work[f"{name} {LARGE}"] += large
        assert large <= most * small, (name, small, large, large / small, most)
    deeper(run)


def cost(run: Run, name: str, shape: Callable[..., list[Slice]], count: int) -> int:
    """What it takes to take in one graph of so many events."""
    one = founded("costly")
    author = Hand("wars 0", log_of(one)).did
    slices = shape(log_of(one), count, run.random)
    if name == "wars":
        Talk(one).send(slices[0])
        one.adopt(author, depth=9)
    order = run.random.sample(slices, len(slices))
    talk = Talk(one)
    with Counted(one) as counted:
        for at in range(0, len(order), MESSAGE_SLICES):
            talk.send(*order[at : at + MESSAGE_SLICES])
    assert not talk.codes(), talk.codes()
    assert one._store.pending_stats() == (0, 0)
    events = sum(part.count for part in slices)
    assert len(one.history()) >= events
    other = joined("costly too", one)
    assert other.digest() == one.digest()
    check(one)
    return counted.work


def deeper(run: Run) -> None:
    """Whatever is asked of sides within sides, the stack does not feel how deep they lie."""
    one = founded("deeper")
    slices = nested(log_of(one), 2 * DEPTH, run.random)
    talk = Talk(one)
    talk.send(*slices)
    author = slices[0].author
    deepest = max(one._store.lines(one._log.no, author), key=lambda line: line.size)
    whole = list(one._log.holdings._slices(deepest, 0, deepest.size))
    limit, frames = sys.getrecursionlimit(), len(inspect.stack(0))
    sys.setrecursionlimit(frames + DEPTH)
    try:
        talk.send(*whole)
        talk.say([6, [[author, deepest.side, 0, deepest.size]]])
        said = [part for part in talk.heard if isinstance(part, Slices)]
        assert sum(part[2] for message in said for part in message.slices) == deepest.size
        check(one)
    finally:
        sys.setrecursionlimit(limit)
    assert not talk.codes()
    run.work["depth"] += deepest.size
