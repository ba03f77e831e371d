"""Answers across policies: where two differ, what many say, what you believed when.

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.common import LOG, STORE, instant, opened, verb
from tallystick.cli.output import Output, table

VIEW = click.option("--view", metavar="NAME", help="The view that is asked about.")
BAR_CHARS = 30
"""Of the bar of all who were asked."""
NAMED_MAX = 4
"""Names beside one bar; the rest is counted."""


@verb("compare", example="tally compare ana.tally me bob")
@STORE
@click.argument("a")
@click.argument("b", default="me")
@VIEW
@LOG
def compare_verb(
    out: Output, store: str, a: str, b: str, view: str | None, log: str | None
) -> None:
    """Compare two policies: the values that differ, and why.

    A and B are me, me@TIME (your policy as it was then), or an actor: the policy that his
    published statements make. B is me unless given. Each value comes with the events that count
    for one of the two alone, and the verdicts about them. People who write around somebody show
    here: what only he added stays away from those who do not heed him.
    """
    with opened(store, log) as replica:
        found = replica.compare(a, b, view=view)
    out.result(found.as_dict(), found.sentences())


@verb("poll", example="tally add ana.tally poll/1 x && tally poll ana.tally poll/1")
@STORE
@click.argument("subject")
@VIEW
@click.option("--among", multiple=True, metavar="ACTOR", help="Whom to ask (again for more).")
@click.option("--limit", type=int, default=200, show_default=True, help="How many at most.")
@click.option("--threshold", type=int, help="Read their policies with this threshold.")
@click.option("--max-depth", type=int, help="And with this reach of adoption.")
@LOG
def poll_verb(
    out: Output,
    store: str,
    subject: str,
    view: str | None,
    among: tuple[str, ...],
    limit: int,
    threshold: int | None,
    max_depth: int | None,
    log: str | None,
) -> None:
    """Ask what the policies of others make of something.

    SUBJECT is a place, a key of a view, an event, an actor or a thing; with --view ledger an
    account. Asked are those who published an
    opinion, people with a vote for you first. Between the two largest groups the statements are
    named on which it turns: each was left out, and moved somebody to the other group.
    """
    with opened(store, log) as replica:
        found = replica.poll(
            subject,
            among=among or None,
            view=view,
            limit=limit,
            threshold=threshold,
            max_depth=max_depth,
        )
    rows = [
        (one.text, one.count, bar(one.count, found.asked), people(one.who)) for one in found.answers
    ]
    lines = table(("value", "count", "", "who"), rows)
    said = [] if found.majority is not None else ["no value has a majority"]
    said += found.turning_sentences()
    out.result(found.as_dict(), lines + said)


def bar(count: int, whole: int) -> str:
    """A bar as long as its share; never empty for somebody.

    >>> bar(1, 2), bar(1, 1000)
    ('###############', '#')
    """
    return "#" * max(1, count * BAR_CHARS // whole)


def people(who: tuple[dict[str, Any], ...]) -> str:
    """A few by name, the rest counted."""
    named = ", ".join(one["name"] for one in who[:NAMED_MAX])
    return named if len(who) <= NAMED_MAX else f"{named} and {len(who) - NAMED_MAX} more"


@verb("believed", example="tally set ana.tally sky blue && tally believed ana.tally sky")
@STORE
@click.argument("subject")
@VIEW
@LOG
def believed_verb(out: Output, store: str, subject: str, view: str | None, log: str | None) -> None:
    """Show what you believed about something, since when, and why.

    SUBJECT is a place, a key of a view or a thing; with --view ledger an account. A line per change
    of its value here: events that arrived, and statements and parameters that let events count or
    not. Times are this machine's.
    """
    with opened(store, log) as replica:
        found = replica.beliefs(subject, view=view)
    rows = [
        ("" if one.since_ms is None else instant(one.since_ms), one.text, one.sentence)
        for one in found
    ]
    data = {"subject": subject, "beliefs": [one.as_dict() for one in found]}
    out.result(data, table(("since", "value", "because"), rows))
