"""``tally trust``: who counts for you and through whom, who is new, whose word grew old.

Law: everything but ``start`` only shows; ``start`` shows before it asks.

Reads: replica. Read by: cli.together.
"""

from __future__ import annotations

from typing import Final

import click

from tallystick.cli.common import AS, LOG, SCOPE, STORE, day, moment, opened, verb
from tallystick.cli.output import Output, table

DECLINED: Final = 1
DAY_MS: Final = 86_400_000


@click.group("trust")
def trust_verb() -> None:
    """Draw whom you heed, see who is new, start from another's list.

    graph draws, newcomers lists strangers and what would let them in, stale shows adoptions that
    have grown old, start takes somebody's word out of a bundle.
    """


@verb("graph", group=trust_verb, example="tally trust graph ana.tally --svg trust.svg")
@STORE
@click.option("--ascii", "as_ascii", is_flag=True, help="A tree of lines (the default).")
@click.option("--svg", "svg", metavar="FILE", help="A picture, into a new file.")
@click.option("--limit", type=int, default=1_000, show_default=True, help="At most so many people.")
@AS
@SCOPE
@LOG
def graph_verb(
    out: Output,
    store: str,
    svg: str | None,
    limit: int,
    as_actor: str | None,
    scope: str | None,
    log: str | None,
    *,
    as_ascii: bool,
) -> None:
    """Draw who counts for you and through whom, and who is banned.

    In the picture you are in the middle, rings are ranks, colours are branches; the banned stand
    outside in red, joined to those who banned them; what is contested is amber.
    --limit leaves out the furthest; how many is said.
    """
    from tallystick.errors import BadInput
    from tallystick.replica.trust_graph import counted, tree_lines

    if as_ascii and svg is not None:
        raise BadInput("usage/argument", where="--svg", expected="either --ascii or --svg")
    with opened(store, log) as replica:
        found = replica.trust_graph(scope=scope, as_actor=as_actor, limit=limit)
        if svg is not None:
            replica.draw_trust_graph(svg, scope=scope, as_actor=as_actor, limit=limit)
    if svg is None:
        out.result(found.as_dict(), tree_lines(found))
    else:
        out.result(found.as_dict() | {"file": svg}, f"{svg}: {counted(found)}")


@verb("newcomers", group=trust_verb, example="tally trust newcomers ana.tally")
@STORE
@click.option("--since", metavar="TIME", help="Only who came then or later.")
@click.option("--limit", type=int, default=100, show_default=True, help="At most so many.")
@LOG
def newcomers_verb(out: Output, store: str, since: str | None, limit: int, log: str | None) -> None:
    """List who is new, whether they count, and what lets them in.

    New is who wrote here, has no rank for you, and of whom you have said nothing.
    """
    with opened(store, log) as replica:
        begin = 0 if since is None else moment(since, where="--since")
        found = replica.newcomers(since=begin, limit=limit)
    rows = [
        (
            one.name,
            one.events,
            day(one.received),
            "yes" if one.counts else "no",
            " or ".join(one.lets_in)
            + (f", or allows of weight {one.missing}" if one.missing else ""),
            one.sentence,
        )
        for one in found
    ]
    head = ("who", "events", "since", "counts", "let in by", "because")
    out.result({"newcomers": [one.as_dict() for one in found]}, table(head, rows))


@verb("stale", group=trust_verb, example="tally trust stale ana.tally --all")
@STORE
@click.option(
    "--days", type=int, default=180, show_default=True, help="Silence that makes it stale."
)
@click.option("--all", "everything", is_flag=True, help="Also adoptions that are not stale.")
@LOG
def stale_verb(out: Output, store: str, days: int, log: str | None, *, everything: bool) -> None:
    """List adoptions that have grown old.

    Whoever has said nothing for long, and whoever you adopted as of a point and has spoken since:
    what came after the point is not read until you adopt anew.
    """
    from tallystick.errors import BadInput
    from tallystick.replica.means import system_means

    if days < 0:
        raise BadInput("usage/argument", where="--days", expected="0 or more", got=days)
    with opened(store, log) as replica:
        found = replica.adoptions(now=system_means().now(), quiet_ms=days * DAY_MS)
    shown = [one for one in found if everything or one.stale]
    rows = [
        (
            one.name,
            "stale" if one.stale else "fresh",
            "" if one.last_spoke is None else day(one.last_spoke),
            one.statements,
            one.newer if one.pinned else "",
            one.sentence,
        )
        for one in shown
    ]
    head = ("who", "list", "last spoke", "statements", "since the pin", "because")
    out.result({"adoptions": [one.as_dict() for one in shown]}, table(head, rows))


@verb(
    "start",
    group=trust_verb,
    example="tally export bob.tally bob.bundle && tally trust start ana.tally bob.bundle bob --yes",
)
@STORE
@click.argument("bundle", type=click.Path(dir_okay=False))
@click.argument("actor")
@click.option("--preview", is_flag=True, help="Take the bundle in and show; adopt nobody.")
@click.option("--weight", type=int, default=1, show_default=True, help="Of the vote.")
@click.option("--depth", type=int, default=0, show_default=True, help="How far beyond the actor.")
@click.option("--private", is_flag=True, help="Keep the adoption in your policy alone.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@LOG
def start_verb(
    out: Output,
    store: str,
    bundle: str,
    actor: str,
    weight: int,
    depth: int,
    log: str | None,
    *,
    preview: bool,
    private: bool,
    yes: bool,
) -> int:
    """Start from somebody's word as it stands in a bundle.

    The bundle is taken in; then you see whose bans and exclusions you would inherit. Adopted is
    the actor as of the bundle: what they say later waits until you adopt anew (trust stale).
    """
    with opened(store, log, writes=not (private or preview)) as replica:
        found = replica.start_from(bundle, actor, log=log, weight=weight, depth=depth)
        data = {"id": None} | found.as_dict()
        if preview:
            out.result(data, found.preview.sentences())
            return 0
        for line in found.preview.sentences():
            out.talk(line)
        if not (yes or out.confirm(f"adopt {actor} as of {bundle}?")):
            out.talk("nobody was adopted")
            out.result(data, ())
            return DECLINED
        as_of = [str(one["event"]) for one in found.cut]
        receipt = replica.adopt(actor, private=private, weight=weight, depth=depth, as_of=as_of)
    out.result(data | {"id": receipt.id}, receipt.id)
    return 0
