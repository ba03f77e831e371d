"""Things to try Tallystick on: load a real log, take the tour.

Reads: demo, replica. Read by: cli.app.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

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
    out.result(done, sentence(done))


@verb(
    "git-dag",
    group=load_verb,
    example="tally init git.tally && tally load git-dag git.tally git.csv",
)
@STORE
@click.argument("file", type=click.Path(dir_okay=False))
def git_verb(out: Output, store: str, file: str) -> None:
    """Load the commits of a git repository.

    FILE has rows commit,parents,author,time (a header row may be there), .csv or .csv.gz: commits
    are numbered from 0 in the order of the file, parents are earlier numbers separated by spaces.

    An author's commits, in the order of the file, become their chain. Parents by others become
    deps (of several by one author the last: the others are in its past); parents by the same
    author are in the chain already. git's own parents stand in each event's content.
    """
    from tallystick.demo import git

    with opened(store, writes=True) as replica, out.progress() as progress:
        done = git.load(replica, file, progress=progress)
    out.result(done, sentence(done))


def sentence(done: dict[str, Any]) -> str:
    """What was loaded, for a person."""
    return f"{done['events']} events by {done['authors']} authors in {done['seconds']:.1f} s"


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
