"""Rows 3 to 5: events from a peer, verified, stored, judged, reduced into a sum, durably.

Ten authors take turns with slices of 1,000, one slice a transaction, every slice under its own
head (row 3); or every event is a slice under its own head, 1,000 of them a transaction (row 4). A
fresh store each run. Row 5 is row 3 in a process with the reference kernels.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.context import Bench
from bench.figures import FIELDS, Beside, Figure
from bench.measure import Bare, median, settle, timed
from bench.peers import Turns
from bench.worlds import BATCH, Histories, World
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tallystick import kernels
from tallystick.identity.keys import SigningKey

GIT_COMMITS = 10_000
HYPERCORE_BLOCKS = 2_000
REFERENCE_EVENTS = 100_000
VERIFIED = 1_000
VERIFY_LISTED = 15_700.0
"""Signatures a second on one core when the bar was set."""
GROWTH_MAX = 1.5
"""What an event may cost at the largest size, of what it costs at the smallest."""


def ingest(bench: Bench) -> Iterator[Figure]:
    """Row 3, growing."""
    rates = []
    turns = Turns(bench.peers, 3, "git", "hypercore")
    turns.fill("git", bench.scaled(GIT_COMMITS, 1))
    turns.fill("hypercore", bench.scaled(HYPERCORE_BLOCKS, 1))
    for events in bench.sizes:
        turns.forget()
        rate, limit = rate_of(bench, bench.ratings, events, turns)
        rates.append(rate)
        work = f"ingest {events:,} events in slices of 1,000 into one view"
        yield Figure(3, work, rate, "events/s", 100_000, [limit, *turns.beside()])
    if len(rates) > 1:
        yield growth(3, "ingest", bench.sizes, [1 / rate for rate in rates])


def growth(row: int | str, what: str, sizes: list[int], costs: list[float]) -> Figure:
    """How much more an event costs in the largest history than in the smallest."""
    work = f"{what}: cost of an event at {sizes[-1]:,}, of that at {sizes[0]:,}"
    return Figure(row, work, costs[-1] / costs[0], "times", GROWTH_MAX)


def rate_of(bench: Bench, histories: Histories, events: int, turns: Turns) -> tuple[float, Beside]:
    """Events per second into a replica, and rows per second into bare SQLite.

    Ratings are summed besides what every replica keeps: places, accounts, things.
    """
    bare, rates = Bare(bench.folder), []
    for _ in range(bench.runs_of(events)):
        with histories.start(summed=histories is bench.ratings) as replica:
            slices = histories.slices(events)
            settle()
            took, taken = 0.0, 0
            for one in slices:
                took += timed(lambda one=one, replica=replica: replica.receive([one]))
                taken += one.count
                bare.insert(BATCH)
            assert replica.logs()[0].events == histories.before + taken
            rates.append(taken / took)
            path = replica.path
        assert path is not None
        path.unlink()
        turns.take("replicate")
    bare.close()
    return median(rates), bare.rate(BATCH)


def live(bench: Bench) -> Iterator[Figure]:
    """Row 4: every event a slice under its own head, 1,000 of them a message."""
    slices = list(World().turns(BATCH * bench.runs, 1))
    took, alone = [], []
    with bench.ratings.start(summed=True) as replica:
        settle()
        for at in range(0, len(slices), BATCH):
            took.append(timed(lambda at=at: replica.receive(slices[at : at + BATCH])))
            alone.append(timed(_verify))
    work = "ingest, every event under its own head"
    beside = [Beside("Ed25519, one core", VERIFIED / median(alone), VERIFY_LISTED)]
    yield Figure(4, work, BATCH / median(took), "events/s", 15_000, beside)


def _verify() -> None:
    """What row 4 cannot be without, by the library of the reference kernels, on one core."""
    key = SigningKey(bytes(32))
    message = bytes(150)
    signature, public = key.sign(message), Ed25519PublicKey.from_public_bytes(key.public)
    for _ in range(VERIFIED):
        public.verify(signature, message)


def reference(bench: Bench) -> Iterator[Figure]:
    """Row 5: row 3 on the reference kernels, in a process of its own unless this is one."""
    events = bench.scaled(REFERENCE_EVENTS, 1)
    if kernels.active_name == "reference":
        rate, limit = rate_of(bench, bench.ratings, events, Turns(bench.peers, 3))
        work = f"ingest {events:,} events as in row 3, reference kernels"
        yield Figure(5, work, rate, "events/s", 15_000, [limit])
        return
    command = [sys.executable, "-m", "bench", "5", "--json", "--no-peers"]
    out = subprocess.run(
        [*command, "--events", str(events), "--runs", str(bench.runs)],
        env=os.environ | {"TALLYSTICK_KERNELS": "reference", "TMPDIR": str(bench.folder)},
        cwd=Path(__file__).resolve().parent.parent,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    for line in out.stdout.splitlines():
        row, work, value, unit, bar, peer, peer_value, _ = map(json.loads(line).get, FIELDS)
        yield Figure(row, work, value, unit, bar, [Beside(peer, peer_value)])
