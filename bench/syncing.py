"""Rows 11 to 13: what a sync costs beyond the events it carries, in bytes and round trips.

Two replicas in one process; the messages are those of any transport, and counted as sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.context import Bench
from bench.figures import Beside, Figure
from bench.peers import LISTED
from bench.worlds import BATCH, World

import tallystick
from tallystick.chain.slice import Slice
from tallystick.replica.holdings import LogHoldings
from tallystick.store import Store
from tallystick.sync.vector import Keyed, encode_vector

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
        total = report.bytes_in + report.bytes_out
        yield Figure(11, f"{what}: bytes", total, "B", 200, _git(bench))
        yield Figure(11, f"{what}: round trips", report.round_trips, "", 1)
        theirs.receive([_more(slices)])
        report = ours.sync(theirs)
        assert (report.events_in, report.equal) == (NEW, True)
        what = f"sync of {NEW} new by one author at the tail of {events:,}"
        yield Figure(12, f"{what}: bytes beyond events", report.overhead_bytes, "B", 2_000)
        yield Figure(12, f"{what}: round trips", report.round_trips, "", 2)


def _git(bench: Bench) -> list[Beside]:
    """What a fetch sends when there is nothing new."""
    bench.peers.ask("git", "fill", count=NEW)
    found = bench.peers.ask("git", "equal")
    return [] if found is None else [Beside("git", found["bytes"], LISTED[11, "git"])]


def _more(slices: Sequence[Slice]) -> Slice:
    """What one author writes after that history, in a world where nobody else wrote anything."""
    world = World()
    for one in slices:
        if one.author == world.keys[WRITER].public:
            world.slice(WRITER, one.count)
    return world.slice(WRITER, NEW)


def many_authors(bench: Bench) -> Iterator[Figure]:
    """Row 13: strangers who hold thousands of authors; 100 of these wrote one event more.

    Half of that is new at one replica, half at the other. Beside it: the vector of all authors.
    """
    people = bench.scaled(PEOPLE, 0.1)
    changed = min(NEW, people // 2)
    world = World(people)
    first = [world.slice(author, 1) for author in range(1, people)]
    paths = (bench.folder / "people-a.tally", bench.folder / "people-b.tally")
    with tallystick.init(paths[0]) as ours, tallystick.init(paths[1]) as theirs:
        for replica in (ours, theirs):
            replica.receive([world.genesis], log=world.log)
            for at in range(0, len(first), BATCH):
                replica.receive(first[at : at + BATCH])
        for n in range(changed):
            (ours, theirs)[n % 2].receive([world.slice(n * (people // changed), 1)])
        report = ours.sync(theirs)
        assert report.equal
        assert report.events_in + report.events_out == changed
    with Store.open(paths[1]) as store:
        records = LogHoldings(store, 1).records()
    vector = Beside("vector of all", len(encode_vector(Keyed(world.log, bytes(8)), records)))
    what = f"sync of {people:,} authors, {changed} of them changed"
    yield Figure(13, f"{what}: bytes beyond events", report.overhead_bytes, "B", 60_000, [vector])
    yield Figure(13, f"{what}: round trips", report.round_trips, "", 3)
