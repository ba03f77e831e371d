"""Values: change what stands at a place, read it under any policy and version, ask why.

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from tallystick.cli.common import LOG, STORE, opened, verb, word_or_json
from tallystick.cli.output import Output, pairs, shown, table
from tallystick.errors import BadInput

PLACE = click.argument("place")
VALUE = click.argument("value")
PLACES: Final = "places"
"""The view of all records: what ``tally view`` shows when no name is given."""
DASHES: Final = {"ignore_unknown_options": True}
"""So that ``inc STORE PLACE -3`` takes a number, not an option."""


def changed(out: Output, store: str, log: str | None, act: Callable[[Any], str]) -> None:
    """Does one edit and says which event it became."""
    with opened(store, log) as replica:
        made = act(replica)
    out.result({"id": made}, made)


def dashed(command: click.Command) -> click.Command:
    """The command, taking negative numbers as values."""
    command.context_settings = DASHES
    command.ignore_unknown_options = True
    return command


@dashed
@verb("set")
@STORE
@PLACE
@VALUE
@LOG
def set_verb(out: Output, store: str, place: str, value: str, log: str | None) -> None:
    """Set the register at PLACE (segments with / between) to VALUE: JSON, or a bare word."""
    wanted = word_or_json(value)
    changed(out, store, log, lambda replica: replica.set(place, wanted))


@dashed
@verb("add")
@STORE
@PLACE
@VALUE
@LOG
def add_verb(out: Output, store: str, place: str, value: str, log: str | None) -> None:
    """Add VALUE to the set at PLACE."""
    wanted = word_or_json(value)
    changed(out, store, log, lambda replica: replica.add(place, wanted))


@dashed
@verb("remove")
@STORE
@PLACE
@VALUE
@LOG
def remove_verb(out: Output, store: str, place: str, value: str, log: str | None) -> None:
    """Remove VALUE from the set at PLACE; adds that you have not seen stay."""
    wanted = word_or_json(value)
    changed(out, store, log, lambda replica: replica.remove(place, wanted))


@dashed
@verb("inc")
@STORE
@PLACE
@click.argument("value", default="1", metavar="[N]")
@LOG
def inc_verb(out: Output, store: str, place: str, value: str, log: str | None) -> None:
    """Add N (default 1, may be negative) to the counter at PLACE."""
    amount = word_or_json(value)
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise BadInput("usage/argument", expected="a whole number", got=value, where="N")
    changed(out, store, log, lambda replica: replica.inc(place, amount))


@verb("enable")
@STORE
@PLACE
@LOG
def enable_verb(out: Output, store: str, place: str, log: str | None) -> None:
    """Enable the flag at PLACE."""
    changed(out, store, log, lambda replica: replica.enable(place))


@verb("disable")
@STORE
@PLACE
@LOG
def disable_verb(out: Output, store: str, place: str, log: str | None) -> None:
    """Disable the flag at PLACE."""
    changed(out, store, log, lambda replica: replica.disable(place))


@verb("define")
@STORE
@click.argument("name")
@click.option("--kind", required=True, help="Of the events to be summed up.")
@click.option("--key", required=True, metavar="FIELD", help="Content field to group by.")
@click.option("--amount", required=True, metavar="FIELD", help="Content field to sum up.")
@LOG
def define_verb(
    out: Output, store: str, name: str, kind: str, key: str, amount: str, log: str | None
) -> None:
    """Define view NAME: the sum of --amount per --key over events that count."""
    with opened(store, log) as replica:
        replica.define_sum(name, kind=kind, key=key, amount=amount)
    out.result({"view": name, "kind": kind, "key": key, "amount": amount}, name)


@verb("views")
@STORE
@LOG
def views_verb(out: Output, store: str, log: str | None) -> None:
    """List the views; each is a table for tally sql."""
    with opened(store, log) as replica:
        views = [one.as_dict() for one in replica.views()]
    head = tuple(views[0]) if views else ("name",)
    out.result({"views": views}, table(head, [tuple(one.values()) for one in views]))


@verb("view")
@STORE
@click.argument("name", default=PLACES)
@click.option("--key", help="Only this key or place.")
@click.option("--as", "as_actor", metavar="ACTOR", help="As seen by somebody else.")
@click.option(
    "--at",
    "version",
    metavar="VERSION",
    help="An event, ids with commas, claimed:TIME or received:TIME.",
)
@LOG
def view_verb(
    out: Output,
    store: str,
    name: str,
    key: str | None,
    as_actor: str | None,
    version: str | None,
    log: str | None,
) -> None:
    """Read view NAME (default: all places)."""
    with opened(store, log) as replica:
        reading = chosen(replica, as_actor, version)
        value = reading.view(name, key=key)
        digest = None if key is not None else reading.state_hash(name)
    data = {"view": name, "value": value, "state_hash": digest}
    if key is not None:
        data = {"view": name, "key": key, "value": value}
    nested = isinstance(value, dict) and any(isinstance(one, dict) for one in value.values())
    if nested:
        lines = nested_lines(value)
    else:
        lines = pairs(value) if isinstance(value, dict) else [shown(value)]
    out.result(data, lines)


def nested_lines(value: dict[str, Any]) -> list[str]:
    """A map of maps: a line per key, its fields after it."""
    rows = []
    for key, one in value.items():
        fields = one.items() if isinstance(one, dict) else [("", one)]
        rows.append((key, "  ".join(f"{name} {shown(field)}".strip() for name, field in fields)))
    return table(("key", "value"), rows)


def chosen(replica: Any, as_actor: str | None, version: str | None) -> Any:
    """The replica itself, or its reading as somebody else or at another time."""
    if as_actor is not None and version is not None:
        raise BadInput("usage/argument", "--as and --at do not go together")
    if as_actor is not None:
        return replica.as_seen_by(as_actor)
    return replica if version is None else replica.at(version)


@verb("why")
@STORE
@PLACE
@click.option("--view", metavar="NAME", help="The view whose key PLACE is.")
@click.option("--as", "as_actor", metavar="ACTOR", help="As seen by somebody else.")
@click.option("--at", "version", metavar="VERSION", help="As of a version (see tally view).")
@LOG
def why_verb(
    out: Output,
    store: str,
    place: str,
    view: str | None,
    as_actor: str | None,
    version: str | None,
    log: str | None,
) -> None:
    """Explain what stands at PLACE: what made it, what lost, what does not count and why."""
    with opened(store, log) as replica:
        explanation = chosen(replica, as_actor, version).why(place, view=view)
        out.result(explanation.as_dict(), str(explanation))
