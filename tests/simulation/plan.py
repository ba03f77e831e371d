"""A plan: everything that will happen in one world, written down before it begins.

    seed ──► make_plan ──► Plan(people, edges, clocks, acts) ──► World ──► findings
                              │
                              └──► without some acts or people: still a plan (shrinking)

Law: a plan is a function of its seed and size; each act has randomness of its own, by its number,
so that leaving others out does not change what it does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from random import Random

from tests.simulation.timeline import HOUR_MS, SECOND_MS

YEAR_MS = 365 * 24 * HOUR_MS
SIZES = {2: 12, 3: 24, 4: 24, 5: 14, 6: 8, 7: 5, 8: 4, 10: 3, 12: 2, 16: 2, 24: 1, 50: 1}
"""How many replicas -> how often."""
SHAPES = ("line", "ring", "star", "random", "clusters")
EVERYBODY = -1

HONEST = {
    "write": 10, "write_many": 4, "edit": 14, "rate": 6, "say": 18, "judge": 10, "policy": 4,
    "sync": 34, "follow": 5,
}  # fmt: skip
"""What honest people do -> how often."""
TROUBLE = {
    "hang_up": 3, "cut": 4, "weather": 6, "partition": 4, "one_way": 4, "heal": 3, "clock": 3,
}  # fmt: skip
"""What befalls them -> how often."""
MISHAPS = {
    "crash": 6, "kill": 3, "falter": 6, "full": 3, "save": 5, "put_back": 3, "rot": 3,
}  # fmt: skip
"""What befalls those whose stores lie on disks -> how often."""
WILES = {
    "lie_to": 20, "babble": 5, "equivocate": 6, "backdate": 5, "flood": 2, "wide": 3, "deep": 3,
    "withhold": 5, "hand_over": 4, "forge_events": 6, "ban_war": 4, "accuse": 4,
}  # fmt: skip
"""What liars do -> how often."""


TRADE = {
    "declare": 2, "issue": 8, "pay": 24, "split": 4, "let_pay": 4, "pay_for": 6, "refund": 5,
    "refund_for": 4, "create": 4, "pass_on": 10, "restitute": 2, "argue": 14,
}  # fmt: skip
"""What people do at a market besides -> how often."""
MARKET_EVERY = 4
"""One world in so many is a market; the others are as they are without."""
FIRST_TRADE = 10_000

WRITING = {
    "splice": 30, "splice_list": 10, "mark": 10, "write_record": 14, "edit_record": 12,
    "drop_record": 5, "rethink": 12,
}  # fmt: skip
"""What people do besides where they write together -> how often."""
QUILLS = {"type_twice": 3, "garble": 4}
"""What liars do there."""
WRITING_EVERY, WRITING_AT = 4, 2
"""One world in so many is one of writers: none of them a market."""
FIRST_WRITING = 20_000


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens.

    Args:
        number: its place in the whole plan; its randomness hangs on it.
        at: milliseconds since the world began.
        who: whom it happens to, or ``EVERYBODY``.
    """

    number: int
    at: int
    who: int
    verb: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One world.

    Args:
        people: honest replicas 0..people-1; the first makes the log.
        liars: replicas people..people+liars-1.
        often: how often a liar lies about a message.
        shape: of the links: ``SHAPES``.
        edges: who talks with whom, each pair once.
        skews: how far each clock is off, in milliseconds.
        disks: whose stores lie on disks that fail; all others' live in memory.
        late: who joins while the world runs.
        gone: who was left out while shrinking.
    """

    seed: int
    hours: float
    people: int
    liars: int
    often: float
    shape: str
    edges: tuple[tuple[int, int], ...]
    skews: tuple[int, ...]
    disks: frozenset[int]
    late: frozenset[int]
    acts: tuple[Act, ...]
    gone: frozenset[int] = field(default_factory=frozenset)

    @property
    def size(self) -> int:
        return self.people + self.liars

    @property
    def writers(self) -> bool:
        """Whether people write texts and records here."""
        return self.seed % WRITING_EVERY == WRITING_AT

    def keeping(self, numbers: Iterable[int]) -> Plan:
        """The same world with some of its acts only."""
        kept = set(numbers)
        return replace(self, acts=tuple(act for act in self.acts if act.number in kept))

    def leaving_out(self, people: Iterable[int]) -> Plan:
        """The same world without some people: they are never there."""
        gone = self.gone | set(people)
        return replace(self, gone=gone, acts=tuple(a for a in self.acts if a.who not in gone))


def make_plan(seed: int, *, hours: float = 1.0, people: int | None = None) -> Plan:
    """The plan of a seed.

    Args:
        hours: how long the world lasts.
        people: honest replicas; None lets the seed choose.
    """
    rng = Random(f"plan/{seed}")
    chosen = rng.choices(list(SIZES), list(SIZES.values()))[0]
    count = chosen if people is None else people
    shape = rng.choice(SHAPES)
    skewed = rng.random() < 0.5
    skews = tuple(_skew(rng) if skewed and rng.random() < 0.6 else 0 for _ in range(count))
    liars = rng.choice((0, 1, 1, 2)) if count < 30 else rng.choice((0, 1))
    often = rng.choice((0.0, 0.1, 0.5))
    late = frozenset(n for n in range(1, count) if count > 2 and rng.random() < 0.15)
    edges = tuple(sorted(make_edges(rng, shape, count + liars)))
    order = [one for one in _outward(edges) if one < count]
    disks = frozenset(rng.sample(range(count), rng.choice((0, 1, 1, 2))))
    acts = _acts(rng, order, liars=liars, disks=disks, late=late, span=int(hours * HOUR_MS))
    if seed % MARKET_EVERY == 0:
        acts = tuple(sorted((*acts, *_trades(seed, count, acts[-1].at)), key=lambda act: act.at))
    if seed % WRITING_EVERY == WRITING_AT:
        more = _writing(seed, count, liars, acts[-1].at)
        acts = tuple(sorted((*acts, *more), key=lambda act: act.at))
    return Plan(seed, hours, count, liars, often, shape, edges, skews, disks, late, acts)


def _skew(rng: Random) -> int:
    return rng.choice((rng.randint(-90, 90) * SECOND_MS, rng.randint(-12 * YEAR_MS, 12 * YEAR_MS)))


def _outward(edges: Iterable[tuple[int, int]]) -> list[int]:
    """Everybody, nearest to the founder first."""
    order = [0]
    for one in order:
        near = sorted(n for edge in edges if one in edge for n in edge)
        order += [n for n in near if n not in order]
    return order


def _acts(
    rng: Random,
    order: list[int],
    *,
    liars: int,
    disks: frozenset[int],
    late: frozenset[int],
    span: int,
) -> tuple[Act, ...]:
    """People join one after the other; then deeds and troubles at random times, and two quiets."""
    count = len(order)
    early = [who for who in order if who and who not in late]
    found = [(2 * SECOND_MS * n, who, "join") for n, who in enumerate(early)]
    deeds = rng.randint(20, 45) + 2 * count
    for _ in range(deeds):
        verb = rng.choices(list(HONEST), list(HONEST.values()))[0]
        found.append((rng.randrange(span), rng.randrange(count), verb))
    for _ in range(rng.choice((0, 8, 16, 24))):
        verb = rng.choices(list(TROUBLE), list(TROUBLE.values()))[0]
        found.append((rng.randrange(span), rng.randrange(count), verb))
    for liar in range(count, count + liars):
        found += [(2 * SECOND_MS * (count + n), liar, "lie_to") for n in range(4)]
        for _ in range(rng.choice((4, 8, 16))):
            verb = rng.choices(list(WILES), list(WILES.values()))[0]
            found.append((rng.randrange(span), liar, verb))
    for who in sorted(disks):
        for _ in range(rng.randint(2, 7)):
            verb = rng.choices(list(MISHAPS), list(MISHAPS.values()))[0]
            found.append((rng.randrange(span), who, verb))
    for who in sorted(late):
        found.append((rng.randrange(span), who, "join"))
        if rng.random() < 0.3:
            found.append((rng.randrange(span), who, "leave"))
    found.append((int(span * rng.uniform(0.3, 0.7)), EVERYBODY, "quiet"))
    found.sort()
    found.append((span, EVERYBODY, "quiet"))
    return tuple(Act(number, *one) for number, one in enumerate(found))


def _trades(seed: int, count: int, span: int) -> list[Act]:
    """Deeds of a market, all before the last quiet, numbered apart from everything else."""
    rng = Random(f"trade/{seed}")
    deeds = rng.randint(40, 70) + 2 * count
    verbs = rng.choices(list(TRADE), list(TRADE.values()), k=deeds)
    return [
        Act(FIRST_TRADE + n, rng.randrange(span), rng.randrange(count), verb)
        for n, verb in enumerate(verbs)
    ]


def _writing(seed: int, count: int, liars: int, span: int) -> list[Act]:
    """Deeds of writers and their liars, all before the last quiet."""
    rng = Random(f"writing/{seed}")
    found = [
        (rng.randrange(span), rng.randrange(count), verb)
        for verb in rng.choices(
            list(WRITING), list(WRITING.values()), k=rng.randint(40, 70) + count
        )
    ]
    for liar in range(count, count + liars):
        verbs = rng.choices(list(QUILLS), list(QUILLS.values()), k=rng.randint(3, 10))
        found += [(rng.randrange(span), liar, verb) for verb in verbs]
    return [Act(FIRST_WRITING + n, *one) for n, one in enumerate(found)]


def make_edges(rng: Random, shape: str, count: int) -> set[tuple[int, int]]:
    """Pairs (a, b), a < b, that connect everybody."""
    order = list(range(count))
    rng.shuffle(order)
    line = list(pairwise(order))
    if shape == "ring" and count > 2:
        line.append((order[-1], order[0]))
    elif shape == "star":
        line = [(order[0], other) for other in order[1:]]
    elif shape == "random":
        line += [tuple(rng.sample(order, 2)) for _ in range(count)] if count > 1 else []
    elif shape == "clusters" and count > 3:
        half = count // 2
        sides = (order[:half], order[half:])
        line = [tuple(rng.sample(side, 2)) for side in sides for _ in side if len(side) > 1]
        line += [pair for side in sides for pair in pairwise(side)]
        line.append((sides[0][0], sides[1][0]))
    return {(min(pair), max(pair)) for pair in line}
