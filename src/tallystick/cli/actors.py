"""Actors: my other devices, which keys somebody has, and the side of a split chain that counts.

    actor link KEY, on both stores ──► one actor        actor repair EVENT ──► that side counts

Law: a link takes both keys; what a stranger says of my keys makes nobody me.

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

from typing import Final

import click

from tallystick.cli.common import LOG, STORE, TARGET, opened, verb
from tallystick.cli.output import Output, table

REPAIR: Final = (
    """tally actor link ana.tally bob && tally actor link bob.tally "$(tally id ana.tally)" && """
    """e="$(tally write ana.tally note/text '"hi"')" && tally sync ana.tally bob.tally && """
    """tally actor repair bob.tally "$e\""""
)


@click.group("actor")
def actor_verb() -> None:
    """People with several keys: link, show, repair."""


@verb("link", group=actor_verb, example="tally actor link ana.tally bob")
@STORE
@TARGET
@LOG
def actor_link_verb(out: Output, store: str, target: str, log: str | None) -> None:
    """Say that a key is another key of yours.

    It holds once the other key says the same of this one. From then on both are one actor: whoever
    names either names both, and the latest word of either is yours.
    """
    with opened(store, log, writes=True) as replica:
        replica.link_key(target)
        found = replica.actor(target)
    text = "linked" if found.mine else "said; it holds once the other key says the same"
    out.result(found.as_dict(), text)


@verb("show", group=actor_verb, example="tally actor show ana.tally me")
@STORE
@TARGET
@LOG
def actor_show_verb(out: Output, store: str, target: str, log: str | None) -> None:
    """Show the keys of an actor, and what links them for you."""
    with opened(store, log) as replica:
        found = replica.actor(target)
    rows = [(one["key"], one["of"], "yes" if one["counts"] else "no") for one in found.links]
    lines = [f"{found.name}: {', '.join(found.keys)}"]
    out.result(found.as_dict(), lines + (table(("says", "of", "counts"), rows) if rows else []))


@verb("repair", group=actor_verb, example=REPAIR)
@STORE
@TARGET
@LOG
def actor_repair_verb(out: Output, store: str, target: str, log: str | None) -> None:
    """Choose which side of a split chain counts.

    The chain is another key's of yours, TARGET an event of that side. It holds for everyone who
    heeds you and did not choose themselves; as a voter the split key ends where it split.
    """
    with opened(store, log, writes=True) as replica:
        receipt = replica.repair(target)
    out.result({"id": receipt.id}, receipt.id)
