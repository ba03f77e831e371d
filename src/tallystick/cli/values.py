"""Values: change what stands at a place, read it under any policy and version, ask why.

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from tallystick.cli.common import AS, LOG, STORE, opened, verb, word_or_json
from tallystick.cli.ledger_group import ledger_verb
from tallystick.cli.output import Output, pairs, shown, table
from tallystick.errors import BadInput

__all__ = ["ledger_verb"]
PLACE = click.argument("place")
VALUE = click.argument("value")
PLACES: Final = "places"
LEDGER: Final = "ledger"
"""The view of all records: what ``tally view`` shows when no name is given."""


def changed(out: Output, store: str, log: str | None, act: Callable[[Any], str]) -> None:
    """Does one edit and says which event it became."""
    with opened(store, log, writes=True) as replica:
        made = act(replica)
    out.result({"id": made}, made)


@verb("set", example="tally set ana.tally todo/1/title 'buy bread'")
@STORE
@PLACE
@VALUE
@LOG
def set_verb(out: Output, store: str, place: str, value: str, log: str | None) -> None:
    """Set the register at PLACE to VALUE.

    A place is segments with / between (~1 is a / inside one, ~0 a ~); the first edit makes it.
    VALUE is JSON, or a bare word. Of values set at the same time one wins, and why names the rest.
    """
    wanted = word_or_json(value)
    changed(out, store, log, lambda replica: replica.set(place, wanted))


@verb("add", example="tally add ana.tally todo/1/tags food")
@STORE
@PLACE
@VALUE
@LOG
def add_verb(out: Output, store: str, place: str, value: str, log: str | None) -> None:
    """Add VALUE to the set at PLACE; JSON, or a bare word."""
    wanted = word_or_json(value)
    changed(out, store, log, lambda replica: replica.add(place, wanted))


@verb(
    "remove",
    example="tally add ana.tally todo/1/tags old && tally remove ana.tally todo/1/tags old",
)
@STORE
@PLACE
@VALUE
@LOG
def remove_verb(out: Output, store: str, place: str, value: str, log: str | None) -> None:
    """Remove VALUE from the set at PLACE.

    What is removed are the adds that you have seen; one made elsewhere at the same time stays.
    """
    wanted = word_or_json(value)
    changed(out, store, log, lambda replica: replica.remove(place, wanted))


@verb("inc", example="tally inc ana.tally stock/bread -3")
@STORE
@PLACE
@click.argument("value", default="1", metavar="[N]")
@LOG
def inc_verb(out: Output, store: str, place: str, value: str, log: str | None) -> None:
    """Add N to the counter at PLACE: 1 by default, or negative.

    Everybody's additions count, whoever made them at the same time.
    """
    amount = word_or_json(value, where="N")
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise BadInput("usage/argument", expected="a whole number", got=value, where="N")
    changed(out, store, log, lambda replica: replica.inc(place, amount))


@verb("enable", example="tally enable ana.tally todo/1/done")
@STORE
@PLACE
@LOG
def enable_verb(out: Output, store: str, place: str, log: str | None) -> None:
    """Enable the flag at PLACE.

    Enabling wins over disabling at the same time.
    """
    changed(out, store, log, lambda replica: replica.enable(place))


@verb("disable", example="tally disable ana.tally todo/1/done")
@STORE
@PLACE
@LOG
def disable_verb(out: Output, store: str, place: str, log: str | None) -> None:
    """Disable the flag at PLACE.

    What is disabled is what you have seen enabled; enabled elsewhere at the same time, it stays on.
    """
    changed(out, store, log, lambda replica: replica.disable(place))


@verb(
    "define",
    example="tally define ana.tally stars --kind review/post --key shop --amount stars",
)
@STORE
@click.argument("name")
@click.option("--kind", required=True, help="Of the events to be summed up.")
@click.option("--key", required=True, metavar="FIELD", help="Content field to group by.")
@click.option("--amount", required=True, metavar="FIELD", help="Content field to sum up.")
@LOG
def define_verb(
    out: Output, store: str, name: str, kind: str, key: str, amount: str, log: str | None
) -> None:
    """Define view NAME: a sum per key over events that count.

    It is kept up to date from then on, as a table of that name for tally sql.
    """
    with opened(store, log) as replica:
        replica.define_sum(name, kind=kind, key=key, amount=amount)
    out.result({"view": name, "kind": kind, "key": key, "amount": amount}, name)


@verb("views", example="tally views ana.tally")
@STORE
@LOG
def views_verb(out: Output, store: str, log: str | None) -> None:
    """List the views; each is a table for tally sql.

    places (all records) is there from the beginning; tally define and folds in Python add others.
    """
    with opened(store, log) as replica:
        views = [one.as_dict() for one in replica.views()]
    head = tuple(views[0]) if views else ("name",)
    out.result({"views": views}, table(head, [tuple(one.values()) for one in views]))


@verb("view", example='tally view ana.tally places --as bob --at "claimed:2030-01-01"')
@STORE
@click.argument("name", default=PLACES)
@click.option("--key", help="Only this key or place.")
@AS
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
    """Read view NAME (default places: all records).

    --as reads it under the policy that an actor's published statements make, --at as of a version:
    events and all before them, or a time (milliseconds since 1970, or ISO 8601) as authors claim
    it or as things came here. Both together work. A key of the ledger is ACCOUNT or ACCOUNT/ASSET.
    """
    with opened(store, log) as replica:
        reading = chosen(replica, as_actor, version)
        if name == LEDGER and key is not None:
            account, _, asset = key.partition("/")
            value: Any = str(reading.ledger.balance(account, asset or None))
        else:
            value = reading.view(name, key=key)
        balances = reading.ledger.balances() if name == LEDGER else []
        digest = None if key is not None else reading.state_hash(name)
    data = {"view": name, "value": value, "state_hash": digest}
    if key is not None:
        data = {"view": name, "key": key, "value": value}
    if balances and key is None:
        rows = [(one.account_name, str(one.balance), one.code) for one in balances]
        out.result(data, table(("account", "balance", "asset"), rows))
        return
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
    if as_actor is not None:
        return replica.as_seen_by(as_actor, at=version)
    return replica if version is None else replica.at(version)


@verb("why", example="tally inc ana.tally visits && tally why ana.tally visits")
@STORE
@PLACE
@click.option("--view", metavar="NAME", help="The view whose key PLACE is, if several know it.")
@AS
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
    """Explain a value: what made it, what lost, what is left out.

    PLACE is a place, or a key of another view (--view says which, if several know it), an event
    or an actor, or the name of a thing. With --view ledger it is an ACCOUNT or ACCOUNT/ASSET and
    the answer is why it has or owes what it does; with --view titles a thing.
    """
    with opened(store, log) as replica:
        explanation = chosen(replica, as_actor, version).why(place, view=view)
        out.result(explanation.as_dict(), str(explanation))


@verb("sql", example="tally sql ana.tally 'select place, value from places'")
@STORE
@click.argument("query")
@LOG
def sql_verb(out: Output, store: str, query: str, log: str | None) -> None:
    """Ask the store's tables in SQL; read-only.

    Each view is a table (tally views lists them). One query at a time; nothing can be changed.
    """
    with opened(store, log) as replica:
        found = replica.sql(query)
    data = {"columns": list(found.columns), "rows": [list(row) for row in found.rows]}
    out.result(data, table(found.columns, found.rows))
