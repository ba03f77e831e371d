"""Rows 11 to 13: what a sync costs beyond the events it carries, in bytes and round trips.

Two replicas in one process; the messages are those of any transport, and counted as sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.context import Bench
from bench.figures import Figure
from bench.worlds import World

import tallystick
from tallystick.chain.slice import Slice

EVENTS = 100_000
NEW = 100
WRITER = 2
PEOPLE = 10_000


def few_authors(bench: Bench) -> Iterator[Figure]:
    """Rows 11 and 12: equal replicas; 100 new events by one author in one commit at the tail."""
    events = bench.scaled(EVENTS, 1)
    slices = list(bench.ratings.slices(events))
    with bench.ratings.start(summed=True) as ours, bench.ratings.start(summed=True) as theirs:
        for one in slices:
            ours.receive([one])
            theirs.receive([one])
        ours.sync(theirs)  # two strangers; what they agreed on is remembered
        report = ours.sync(theirs)
        assert report.equal
        what = f"sync of equal replicas, {events:,} events"
        yield Figure(11, f"{what}: bytes", report.bytes_in + report.bytes_out, "B", 200)
        yield Figure(11, f"{what}: round trips", report.round_trips, "", 1)
        theirs.receive([_more(slices)])
        report = ours.sync(theirs)
        assert (report.events_in, report.equal) == (NEW, True)
        what = f"sync of {NEW} new by one author at the tail of {events:,}"
        yield Figure(12, f"{what}: bytes beyond events", report.overhead_bytes, "B", 2_000)
        yield Figure(12, f"{what}: round trips", report.round_trips, "", 2)


def _more(slices: Sequence[Slice]) -> Slice:
    """What one author writes after that history, in a world where nobody else wrote anything."""
    world = World()
    for one in slices:
        if one.author == world.keys[WRITER].public:
            world.slice(WRITER, one.count)
    return world.slice(WRITER, NEW)


def many_authors(bench: Bench) -> Iterator[Figure]:
    """Row 13: thousands of authors, 100 of whom wrote one event more."""
    people = bench.scaled(PEOPLE, 0.1)
    changed = min(NEW, people // 2)
    world = World(people)
    start = [world.genesis, *(world.slice(n, 1) for n in range(1, people))]
    news = [world.slice(n * (people // changed), 1) for n in range(changed)]
    paths = (bench.folder / "people-a.tally", bench.folder / "people-b.tally")
    with tallystick.init(paths[0]) as ours, tallystick.init(paths[1]) as theirs:
        for replica in (ours, theirs):
            replica.receive(start, log=world.log)
        ours.sync(theirs)
        theirs.receive(news)
        report = ours.sync(theirs)
        assert (report.events_in, report.equal) == (changed, True)
        what = f"sync of {people:,} authors, {changed} of them changed"
        yield Figure(13, f"{what}: bytes beyond events", report.overhead_bytes, "B", 60_000)
        yield Figure(13, f"{what}: round trips", report.round_trips, "", 3)
