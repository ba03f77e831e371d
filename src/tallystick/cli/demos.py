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
    """Load a known data set into a store, as a log."""


@verb("otc", group=load_verb)
@STORE
@click.argument("file", type=click.Path(dir_okay=False))
def otc_verb(out: Output, store: str, file: str) -> None:
    """Load the Bitcoin-OTC ratings: rows source,target,rating,time; .csv or .csv.gz."""
    from tallystick.demo import otc

    with opened(store) as replica, out.progress() as progress:
        done = otc.load(replica, file, progress=progress)
    text = f"{done['events']} events by {done['authors']} authors in {done['seconds']:.1f} s"
    out.result(done, text)


@verb("tour")
@click.option(
    "--data",
    type=click.Path(file_okay=False),
    help="Where bitcoin-otc lies; else TALLYSTICK_DATA, ../shared/data, or a story of our own.",
)
def tour_verb(out: Output, data: str | None) -> int:
    """See it work: replicas sync over TCP, judge one log differently, and explain it."""
    from tallystick.demo.tour import run

    given = data or os.environ.get("TALLYSTICK_DATA")
    return run(None if given is None else Path(given), as_json=out.as_json)
