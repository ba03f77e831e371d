"""Many arrival orders of one history: a tree whose paths are orders, cut into batches.

                 ┌─ {c} ─ {d, e}          every path is an order: what is said at its end is
    ─ {a, b} ────┤                        compared with what was said where the same events,
                 └─ {d} ─┬─ {c, e}        and the same contents, had come in the first order
                         └─ {e} ─ {c}

A **pair** is one order against the first order of the same events. By *whole* replicas: orders of
the whole history, each against a replica to which it came as it was written. By the *pure* rooms:
orders of the whole history against that same replica, and, since every place of the tree is the
end of an order of a part of it (closed under parents), of these parts against the first order of
that part. No order is counted twice.

Law: what is compared is equal for every policy and every order, or the run says which seed.

Reads: tests.orders.{histories, pure, whole}. Read by: tests.orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from tests.orders.histories import History, history
from tests.orders.pure import Answers, Item, Known, Pure, Tables, next_batch
from tests.orders.whole import Said, Whole, differences, verdicts

from tallystick.chain.slice import Slice

QUICK, THOROUGH = 4, 64
"""Of the pure pairs every fourth is asked for verdicts with causes, and of the complete ones every
64th for thorough ones. Whole replicas always are."""
PER_HISTORY = 1_000
"""Orders of one history at most; small ones have fewer."""
WHOLE_SHARE = 0.02
"""Of the pairs, by whole replicas."""
Path = tuple[tuple[Item, ...], ...]


@dataclass
class Figures:
    """Counts of one run; ``diverged`` names (kind, seed, what differs) of every pair that did."""

    histories: int = 0
    events: int = 0
    pure_pairs: int = 0
    pure_complete: int = 0
    """those of the pure pairs in which the whole history had come"""
    whole_pairs: int = 0
    rebuilt: int = 0
    diverged: list[str] = field(default_factory=list)

    def compare(self, kind: str, seed: int, one: object, other: object) -> None:
        found = differences(one, other)
        if found:
            self.diverged.append(f"{kind} of seed {seed}: {', '.join(found)}")


def run(
    pairs: int,
    seed: int,
    *,
    per_history: int = PER_HISTORY,
    whole_share: float = WHOLE_SHARE,
    told: Callable[[Figures], None] = lambda _figures: None,
) -> Figures:
    """Pairs over as many histories as it takes, the seeds counting up from ``seed``.

    Args:
        per_history: orders of one history at most; small ones have fewer.
        whole_share: of the pairs, by whole replicas; the others by the pure rooms.
        told: called after each history.
    """
    figures, number = Figures(), seed
    while figures.pure_pairs + figures.whole_pairs < pairs:
        left = pairs - figures.pure_pairs - figures.whole_pairs
        orders = min(per_history, left)
        one_history(history(number), round(orders * whole_share), orders, figures)
        told(figures)
        number += 1
    return figures


def one_history(one: History, wholes: int, orders: int, figures: Figures) -> None:
    """Up to ``orders`` orders of one history, ``wholes`` of them by whole replicas."""
    first = first_order(one)
    said = first.said()
    figures.histories += 1
    figures.events += len(one.parcels)
    figures.compare("rebuilt", one.seed, said, first.rebuilt())
    figures.rebuilt += 1
    WholeWalk(one, said, wholes, figures).run()
    PureWalk(first, said, orders - wholes, figures).run()
    first.close()


def first_order(one: History) -> Whole:
    """A replica to which everything came in the order it was written, whole, one by one."""
    whole = Whole(one)
    for statement in one.private:
        whole.say(statement)
    for parcel in one.parcels:
        whole.receive([parcel.bare if parcel.id in one.absent else parcel.late])
    return whole


def fork(left: int) -> int:
    """Ways on from a place of the tree: fewer near the root, more where little is left."""
    return 2 if left > 7 else 3


def size(random: Random) -> int:
    """Of the next batch."""
    return random.choice((1, 1, 2, 3, 5))


# --- the pure rooms -----------------------------------------------------------------------------


Came = tuple[frozenset[bytes], frozenset[bytes]]
"""The events that have come, and those of them without their content."""


class PureWalk:
    """Causal orders, in batches, contents sometimes later; copied at every fork of the tree."""

    def __init__(self, first: Whole, said: Said, orders: int, figures: Figures) -> None:
        one = first.history
        self.seed, self.known = one.seed, Known.of(first)
        self.orders, self.figures = orders, figures
        judge = first.one._log.judging.judge
        quick = verdicts(judge, first.ids, one.people, thorough=False)
        base = Answers(said.policy, said.counted, said.standing, said.hashes, None)
        self.all: Came = (frozenset(first.ids), one.absent)
        self.expected = {
            (self.all, "thorough"): replace(base, verdicts=said.verdicts),
            (self.all, "quick"): replace(base, verdicts=quick),
            (self.all, "none"): base,
        }
        self.random = Random(f"pure/{one.seed}")
        self.seen: set[Path] = set()
        self.pairs = 0

    def run(self) -> None:
        """Grows trees until there are enough pairs, or no new ones."""
        idle = 0
        while self.pairs < self.orders and idle < 3:
            before, tables = self.pairs, Tables()
            self._walk(Pure(self.known, tables), (), 0)
            tables.close()
            idle = idle + 1 if self.pairs == before else 0

    def _walk(self, at: Pure, path: Path, depth: int) -> None:
        r, left = self.random, self._left(at)
        if not left:
            return
        chosen = {next_batch(r, at, most=size(r)) for _ in range(fork(left))}
        frozen = at.freeze() if len(chosen) > 1 else b""
        for number, batch in enumerate(sorted(chosen, key=lambda b: [(i.id, i.part) for i in b])):
            if self.pairs >= self.orders:
                return
            on = at.branch(frozen) if number + 1 < len(chosen) else at
            at.tables.mark(depth)
            on.receive(batch)
            self._check(on, (*path, batch))
            self._walk(on, (*path, batch), depth + 1)
            at.tables.back(depth)

    def _check(self, at: Pure, path: Path) -> None:
        """One order at its end: the first of its events is kept, every other one is a pair."""
        if path in self.seen:
            return
        self.seen.add(path)
        came = (frozenset(at.source.row), frozenset(at.source.absent))
        if (came, "none") not in self.expected:
            first = at.answers("quick")
            self.expected[came, "quick"] = first
            self.expected[came, "none"] = replace(first, verdicts=None)
            return
        ask = "quick" if self.pairs % QUICK == 0 else "none"
        if came == self.all:
            self.figures.pure_complete += 1
            if self.figures.pure_complete % THOROUGH == 0:
                ask = "thorough"
        self.pairs += 1
        self.figures.pure_pairs += 1
        self.figures.compare("pure", self.seed, self.expected[came, ask], at.answers(ask))

    def _left(self, at: Pure) -> int:
        """Events that have not come, and contents that have not and will."""
        known, source = self.known, at.source
        return len(known.ids) - len(source.order) + len(source.absent - known.absent)


# --- whole replicas -----------------------------------------------------------------------------


class WholeWalk:
    """Any orders, causal or not: pending, twice, bare first, a replica reopened at every fork."""

    def __init__(self, one: History, said: Said, orders: int, figures: Figures) -> None:
        self.one, self.said, self.orders, self.figures = one, said, orders, figures
        self.random = Random(f"whole/{one.seed}")
        self.seen: set[tuple[object, ...]] = set()

    def run(self) -> None:
        """Grows trees until there are enough orders, or no new ones."""
        idle = 0
        while len(self.seen) < self.orders and idle < 3:
            before = len(self.seen)
            self._walk(Whole(self.one), self._things(), ())
            idle = idle + 1 if len(self.seen) == before else 0

    def _things(self) -> list[tuple[str, int]]:
        """Everything that has to come, some of it more than once."""
        r, things = self.random, []
        for at, parcel in enumerate(self.one.parcels):
            if parcel.id in self.one.absent:
                things.append(("bare", at))
            else:
                things.append((r.choice(("early", "late")), at))
                if r.random() < 0.15:
                    things.append(("bare", at))
            if r.random() < 0.2:
                again = "bare" if parcel.id in self.one.absent else r.choice(("early", "late"))
                things.append((again, at))
        for number, stretch in enumerate(self.one.stretches):
            if r.random() < 0.4:
                instead = r.random() < 0.6  # of its events one by one
                if instead:
                    things = [
                        (form, at)
                        for form, at in things
                        if form == "stretch" or at not in stretch.places
                    ]
                things.append(("stretch", number))
        return things

    def _walk(self, whole: Whole, left: list[tuple[str, int]], path: tuple[object, ...]) -> None:
        if not left:
            self._leaf(whole, path)
            whole.close()
            return
        snapshot, tried = whole.snapshot(), set()
        for _ in range(fork(len(left))):
            if tried and len(self.seen) >= self.orders:
                return
            batch, rest = self._batch(left)
            if tuple(batch) in tried:
                continue
            on = whole.copied(snapshot) if tried else whole
            tried.add(tuple(batch))
            self._deliver(on, batch)
            self._walk(on, rest, (*path, tuple(batch)))

    def _batch(
        self, left: list[tuple[str, int]]
    ) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        shuffled = list(left)
        self.random.shuffle(shuffled)
        count = size(self.random)
        return shuffled[:count], shuffled[count:]

    def _deliver(self, whole: Whole, batch: Sequence[tuple[str, int]]) -> None:
        slices: list[Slice] = [
            self.one.stretches[at].slice
            if form == "stretch"
            else getattr(self.one.parcels[at], form)
            for form, at in batch
        ]
        whole.receive(slices)

    def _leaf(self, whole: Whole, path: tuple[object, ...]) -> None:
        for statement in self.one.private:
            whole.say(statement)
        if path in self.seen:
            return
        self.seen.add(path)
        found = whole.said()
        self.figures.whole_pairs += 1
        self.figures.compare("whole", self.one.seed, self.said, found)
        if self.random.random() < 0.1:
            self.figures.rebuilt += 1
            self.figures.compare("rebuilt", self.one.seed, found, whole.rebuilt())
