"""Rows 9 and 14: opening a large store and reading one value; what an event weighs at rest."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator

from bench.context import Bench
from bench.figures import Beside, Figure
from bench.ingest import growth
from bench.measure import median, settle, timed
from bench.peers import LISTED
from bench.worlds import FEW_EVENTS, RATING, SUM, TARGETS

import tallystick

HYPERCORE_BLOCKS = 10_000


def opening(bench: Bench) -> Iterator[Figure]:
    """Row 9: ``open``, one key of a sum, ``close``, imports done; the least verb from the shell."""
    path = bench.ratings.copy(bench.events)
    with tallystick.open(path) as replica:
        replica.define_sum(SUM, kind=RATING)

    def once() -> None:
        with tallystick.open(path) as again:
            assert again.view(SUM, key=TARGETS[3]) is not None

    once()
    settle()
    took = [timed(once) for _ in range(4 * bench.runs)]
    work = f"open a store of {bench.events:,} events and read one value"
    yield Figure(9, work, 1e3 * median(took), "ms", 50)
    command = [sys.executable, "-m", "tallystick.cli", "id", str(path)]
    shell = [
        timed(lambda: subprocess.run(command, check=True, capture_output=True))
        for _ in range(2 * bench.runs)
    ]
    path.unlink()
    yield Figure(9, "tally id, from the shell", 1e3 * median(shell), "ms", 150)


def weight(bench: Bench) -> Iterator[Figure]:
    """Row 14: bytes of the closed file beyond bodies, no sum defined; memory of an open store."""
    weights = []
    for events in bench.sizes:
        bench.ratings.store(events)
        size, bodies = bench.ratings.sizes[events]
        weights.append((size - bodies) / (1 + FEW_EVENTS + events))
        work = f"bytes on disk of an event beyond its body, at {events:,}"
        beside = _hypercore(bench) if len(weights) == 1 else []
        yield Figure(14, work, weights[-1], "B", 160, beside)
    if len(weights) > 1:
        yield growth(14, "disk", bench.sizes, weights)
    path = bench.ratings.store(bench.events)
    settle()
    tracemalloc.start()
    with tallystick.open(path) as replica:
        last = replica.history(limit=1, order="arrival", newest=True)[0].id
        assert replica.verdict(last)
        memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    work = f"bytes of memory per event of an open store of {bench.events:,}"
    yield Figure(14, work, memory / bench.events, "B", 64)


def _hypercore(bench: Bench) -> list[Beside]:
    count = bench.scaled(HYPERCORE_BLOCKS, 1)
    found = bench.peers.ask("hypercore", "size", count=count)
    if found is None:
        return []
    return [
        Beside("hypercore", (found["bytes"] - found["bodies"]) / count, LISTED[14, "hypercore"])
    ]
