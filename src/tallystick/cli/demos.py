"""Things to try Tallystick on: load a real log, take the tour.

Reads: demo, replica. Read by: cli.app.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from tallystick.cli.common import STORE, opened, verb
from tallystick.cli.output import Output


@click.group("load")
def load_verb() -> None:
    """Load a known data set into a store, as a log.

    The same file makes the same log, byte for byte, wherever it is loaded.
    """


@verb(
    "otc",
    group=load_verb,
    example="tally init otc.tally && tally load otc otc.tally ratings.csv",
)
@STORE
@click.argument("file", type=click.Path(dir_okay=False))
def otc_verb(out: Output, store: str, file: str) -> None:
    """Load the ratings of the Bitcoin-OTC market.

    FILE has rows source,target,rating,time (a header row may be there), .csv or .csv.gz. Each
    row becomes a rating, and what it says about trust: a ban for -10, an adoption from 3 on.
    """
    from tallystick.demo import otc

    with opened(store, writes=True) as replica, out.progress() as progress:
        done = otc.load(replica, file, progress=progress)
    text = f"{done['events']} events by {done['authors']} authors in {done['seconds']:.1f} s"
    out.result(done, text)


@verb("tour", example="tally tour")
@click.option(
    "--data",
    type=click.Path(file_okay=False),
    help="Where bitcoin-otc lies; else TALLYSTICK_DATA, ../shared/data, or a story of our own.",
)
def tour_verb(out: Output, data: str | None) -> int:
    """See replicas sync, judge one log differently, and explain it.

    Four replicas of a market's log sync over TCP; three people's policies disagree about it; a
    ban is made, explained and taken back. Exit 0 only if every check on the way held.
    """
    from tallystick.demo.tour import run

    given = data or os.environ.get("TALLYSTICK_DATA")
    return run(None if given is None else Path(given), as_json=out.as_json)
