"""Rows 1 and 2: writing, one durable event at a time and in commits of 1,000.

The replica's own verbs, from plain content to the durable acknowledgement: encoded, sealed, signed,
stored, judged, reduced into the view of places. Bare SQLite takes its turn after each of ours,
peers after every hundred events (row 1) or every commit (row 2).
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.context import Bench
from bench.figures import Figure
from bench.measure import Bare, median, settle, timed
from bench.peers import Turns
from bench.worlds import BATCH, RATING, rating

import tallystick

TURNS = 2
"""Times ``runs``: of a hundred events each."""
SINGLES = 100
TEXT = "a note of some length, as people write them"


def append(bench: Bench) -> Iterator[Figure]:
    """Row 1: one event, one durable transaction."""
    bare, turns = Bare(bench.folder), Turns(bench.peers, 1, "eventsourcing", "hypercore")
    took: list[float] = []
    with tallystick.open(bench.folder / "append.tally", create=True) as replica:
        replica.write("note/text", {"text": "first"})
        settle()
        for _ in range(TURNS * bench.runs):
            for n in range(SINGLES):
                content = {"text": TEXT, "n": n}
                took.append(timed(lambda content=content: replica.write("note/text", content)))
                bare.insert(1)
            turns.take("append", units=1, count=SINGLES)
    bare.close()
    beside = [bare.rate(1), *turns.beside()]
    work = "append, one durable event at a time"
    yield Figure(1, work, 1 / median(took), "events/s", 4_000, beside)


def commits(bench: Bench) -> Iterator[Figure]:
    """Row 2: commits of 1,000 events, each durable."""
    bare, turns = Bare(bench.folder), Turns(bench.peers, 2, "hypercore", "eventsourcing")
    took: list[float] = []
    rows = [(RATING, rating(0, n)) for n in range(BATCH)]
    with tallystick.open(bench.folder / "commits.tally", create=True) as replica:
        replica.write("note/text", {"text": "first"})
        settle()
        for _ in range(5 * bench.runs):
            took.append(timed(lambda: replica.write_many(rows)))
            bare.insert(BATCH)
            turns.take("commit", units=BATCH, count=BATCH)
    bare.close()
    beside = [bare.rate(BATCH), *turns.beside()]
    work = "append in durable commits of 1,000"
    yield Figure(2, work, BATCH / median(took), "events/s", 100_000, beside)
