"""Row 6: a history read again into a fresh view.

The sum goes through the replica: defined over a store that holds the events, read from the file,
decoded, summed per target and kept durably. The counters are the view of places alone, into memory,
as when somebody looks with another's eyes. eventsourcing rebuilds one aggregate from its events.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.context import Bench
from bench.figures import Figure
from bench.ingest import growth
from bench.measure import median, settle, timed
from bench.peers import Turns
from bench.worlds import FEW_EVENTS, RATING

import tallystick
from tallystick.replica.source import LogSource
from tallystick.state.views import evaluate
from tallystick.state.views_places import PlacesView
from tallystick.store import Store

AGGREGATE_EVENTS = 10_000


def replay(bench: Bench) -> Iterator[Figure]:
    """Row 6: sums, growing, then counters."""
    rates = []
    turns = Turns(bench.peers, 6, "eventsourcing")
    turns.fill("eventsourcing", bench.scaled(AGGREGATE_EVENTS, 1))
    for events in bench.sizes:
        turns.forget()
        rates.append(_sums(bench, events, turns))
        work = f"replay {events:,} transfers from the store into a fresh sum"
        yield Figure(6, work, rates[-1], "events/s", 500_000, turns.beside())
    if len(rates) > 1:
        yield growth(6, "replay", bench.sizes, [1 / rate for rate in rates])
    events = min(bench.events, 1_000_000)
    work = f"replay {events:,} counter events from the store into fresh places"
    yield Figure(6, work, _counters(bench, events), "events/s", 500_000)


def _sums(bench: Bench, events: int, turns: Turns) -> float:
    path, took = bench.ratings.copy(events), []
    with tallystick.open(path) as replica:
        settle()
        for n in range(bench.runs_of(events)):
            took.append(timed(lambda n=n: replica.define_sum(f"sum{n}", kind=RATING)))
            turns.take("replay")
    path.unlink()
    return (events + FEW_EVENTS) / median(took)


def _counters(bench: Bench, events: int) -> float:
    total = 1 + FEW_EVENTS + events
    with Store.open(bench.counters.store(events)) as store:
        settle()
        took = [
            timed(lambda: evaluate(PlacesView(), LogSource(store, 1), [(1, total)]))
            for _ in range(bench.runs)
        ]
    return total / median(took)
