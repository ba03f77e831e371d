"""Rows 7 and 8: an author is excluded by a private word, then counts again; every view moves.

``ban`` and ``withdraw`` through the replica, durable, in a log with a sum and the view of places:
an author of 100 events in logs of growing size, then one of a tenth of the largest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from bench.context import Bench
from bench.figures import Beside, Figure
from bench.ingest import GROWTH_MAX
from bench.measure import Bare, Recomputed, median, settle
from bench.worlds import AUTHORS, FEW, FEW_EVENTS, RATING, SUM, Histories

import tallystick
from tallystick.replica.replica import Replica
from tallystick.replica.reports import Receipt

MANY = 1
"""An author of a tenth of everything."""


def few(bench: Bench) -> Iterator[Figure]:
    """Row 7, growing."""
    costs = []
    for events in bench.sizes:
        out, back, beside = _moved(bench, events, FEW)
        work = f"an author of {FEW_EVENTS} in {events:,}, all views"
        yield Figure(7, f"exclude {work}", out, "ms", 3, beside)
        yield Figure(7, f"include {work}", back, "ms", 3, beside)
        costs.append(out + back)
    if len(costs) > 1:
        first, last = bench.sizes[0], bench.sizes[-1]
        work = f"exclude and include the same 100: cost at {last:,}, of that at {first:,}"
        yield Figure(7, work, costs[-1] / costs[0], "times", GROWTH_MAX)


def many(bench: Bench) -> Iterator[Figure]:
    """Row 8: an author of a tenth of the largest log."""
    out, back, beside = _moved(bench, bench.events, MANY)
    work = f"an author of {bench.events // AUTHORS:,} in {bench.events:,}, all views"
    yield Figure(8, f"exclude {work}", out, "ms", 150, beside)
    yield Figure(8, f"include {work}", back, "ms", 150, beside)


def _moved(bench: Bench, events: int, author: int) -> tuple[float, float, list[Beside]]:
    target = bench.ratings.world.did(author)
    return moved(bench, bench.ratings, events, lambda replica: replica.ban(target, private=True))


def moved(
    bench: Bench, histories: Histories, events: int, say: Callable[[Replica], Receipt]
) -> tuple[float, float, list[Beside]]:
    """Milliseconds to exclude and to include; one durable row, and recomputing all, beside.

    Args:
        say: the word that excludes.
    """
    bare, anew = Bare(bench.folder), Recomputed(bench.folder, events)
    path = histories.copy(events)
    out, back = [], []
    with tallystick.open(path) as replica:
        if histories is bench.ratings:
            replica.define_sum(SUM, kind=RATING)
        replica.withdraw(say(replica))  # what is loaded lazily is loaded
        settle()
        for _ in range(bench.runs):
            begin = time.perf_counter()
            said = say(replica)
            middle = time.perf_counter()
            replica.withdraw(said)
            out.append(1e3 * (middle - begin))
            back.append(1e3 * (time.perf_counter() - middle))
            bare.insert(1)
            anew.run()
    path.unlink()
    bare.close()
    anew.close()
    return median(out), median(back), [bare.milliseconds(), anew.milliseconds()]
