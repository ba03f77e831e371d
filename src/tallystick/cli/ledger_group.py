"""``tally ledger``: what is counted, who has it, who pays whom, and what does not count.

Law: amounts are text in ``--json``, with all digits of the asset; nothing asks before it writes,
because what is paid can be given back.

Reads: replica. Read by: cli.values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from tallystick.cli.common import AS, LOG, STORE, day, opened, verb
from tallystick.cli.output import Output, table
from tallystick.errors import BadInput

if TYPE_CHECKING:
    from tallystick.replica.ledger_reading import LedgerReading
    from tallystick.replica.replica import Replica

SHORT = 16
"""Characters of an id in a table: enough to be a TARGET."""
ACCOUNT = click.argument("account")
TO = click.argument("to", metavar="ACCOUNT")
AMOUNT = click.argument("units", metavar="AMOUNT")
ASSET = click.argument("asset", required=False)
MEMO = click.option("--memo", metavar="TEXT", help="In words; it can be erased.")
AT = click.option("--at", "version", metavar="VERSION", help="As of a version.")
BEGIN = "tally ledger asset ana.tally EUR && tally ledger issue ana.tally me 100"


@click.group("ledger")
def ledger_verb() -> None:
    """Count hours or money: issue, pay, give back; balances and debts.

    An asset goes by its code, or by its id where codes are the same; with one asset it can be left
    out. Nothing is refused for lack of funds: what is missing shows as a debt, with its causes.
    """


@verb("asset", group=ledger_verb, example="tally ledger asset ana.tally EUR --precision 2")
@STORE
@click.argument("code", required=False)
@click.option("--precision", type=int, default=2, show_default=True, help="Digits after the point.")
@click.option("--name", metavar="TEXT", help="In words.")
@click.option("--issuer", "issuers", multiple=True, metavar="ACTOR", help="Who may issue it (you).")
@click.option("--credit", metavar="AMOUNT", help="How far below zero an account should go: advice.")
@LOG
def asset_verb(
    out: Output,
    store: str,
    code: str | None,
    precision: int,
    name: str | None,
    issuers: tuple[str, ...],
    credit: str | None,
    log: str | None,
) -> None:
    """Declare an asset; without CODE list those there are."""
    with opened(store, log, writes=code is not None) as replica:
        if code is not None:
            made = replica.ledger.create_asset(
                code, precision=precision, name=name, issuers=issuers, credit=credit
            )
            out.result({"id": made}, made)
            return
        found = replica.ledger.assets()
    rows = [(one.code, one.name, one.issued, one.credit, one.id[:SHORT]) for one in found]
    out.result(
        {"assets": [one.as_dict() for one in found]},
        table(("code", "name", "issued", "credit", "id"), map(_texts, rows)),
    )


@verb("issue", group=ledger_verb, example=BEGIN)
@STORE
@TO
@AMOUNT
@ASSET
@MEMO
@LOG
def issue_verb(
    out: Output, store: str, to: str, units: str, asset: str | None, memo: str | None,
    log: str | None,
) -> None:  # fmt: skip
    """Make an AMOUNT of an asset for an ACCOUNT.

    Only its issuers may.
    """
    _written(out, store, log, lambda one: one.ledger.issue(to, units, asset, memo=memo))


@verb("pay", group=ledger_verb, example=f"{BEGIN} && tally ledger pay ana.tally eve 12.50 EUR")
@STORE
@TO
@AMOUNT
@ASSET
@click.option("--from", "payer", metavar="ACCOUNT", help="Of somebody who let you pay for them.")
@MEMO
@LOG
def pay_verb(
    out: Output, store: str, to: str, units: str, asset: str | None, payer: str | None,
    memo: str | None, log: str | None,
) -> None:  # fmt: skip
    """Pay AMOUNT to ACCOUNT."""
    _written(out, store, log, lambda one: one.ledger.pay(to, units, asset, payer=payer, memo=memo))


@verb(
    "transfer",
    group=ledger_verb,
    example=f"{BEGIN} && tally ledger transfer ana.tally me=-3 eve=3:EUR",
)
@STORE
@click.argument("legs", nargs=-1, required=True, metavar="ACCOUNT=AMOUNT[:ASSET]...")
@MEMO
@LOG
def transfer_verb(
    out: Output, store: str, legs: tuple[str, ...], memo: str | None, log: str | None
) -> None:
    """Move several amounts at once, all or none.

    Below zero pays. What is paid of an asset and what is received are the same.
    """
    _written(out, store, log, lambda one: one.ledger.transfer(list(map(_leg, legs)), memo=memo))


@verb(
    "refund",
    group=ledger_verb,
    example="tally ledger asset ana.tally EUR"
    " && tally ledger refund ana.tally $(tally ledger issue ana.tally me 5)",
)
@STORE
@click.argument("transfer")
@MEMO
@LOG
def refund_verb(out: Output, store: str, transfer: str, memo: str | None, log: str | None) -> None:
    """Give the payment TRANSFER back, whole; who received it may."""
    _written(out, store, log, lambda one: one.ledger.refund(transfer, memo=memo))


@verb("delegate", group=ledger_verb, example="tally ledger delegate ana.tally eve")
@STORE
@TO
@ASSET
@MEMO
@LOG
def delegate_verb(
    out: Output, store: str, to: str, asset: str | None, memo: str | None, log: str | None
) -> None:
    """Let ACCOUNT pay and give back for you, in one asset or in all."""
    _written(out, store, log, lambda one: one.ledger.delegate(to, asset, memo=memo))


@verb("balances", group=ledger_verb, example=f"{BEGIN} && tally ledger balances ana.tally")
@STORE
@click.argument("account", required=False)
@click.option("--asset", metavar="ASSET", help="Only this one.")
@AS
@AT
@LOG
def balances_verb(
    out: Output, store: str, account: str | None, asset: str | None, as_actor: str | None,
    version: str | None, log: str | None,
) -> None:  # fmt: skip
    """List who has what; below zero is owed."""
    with opened(store, log) as replica:
        found = _reading(replica, as_actor, version).balances(account, asset)
    rows = [(one.account_name, one.balance, one.code) for one in found]
    out.result(
        {"balances": [one.as_dict() for one in found]},
        table(("account", "balance", "asset"), map(_texts, rows)),
    )


@verb("statement", group=ledger_verb, example=f"{BEGIN} && tally ledger statement ana.tally me")
@STORE
@ACCOUNT
@ASSET
@click.option("--after", metavar="EVENT", help="Only what follows this event: the next page.")
@click.option("--limit", type=int, default=1_000, show_default=True, help="At most so many lines.")
@AS
@AT
@LOG
def statement_verb(
    out: Output, store: str, account: str, asset: str | None, after: str | None, limit: int,
    as_actor: str | None, version: str | None, log: str | None,
) -> None:  # fmt: skip
    """List what moved ACCOUNT, with the balance after each line.

    What does not count and what was given back is marked, and moves nothing.
    """
    with opened(store, log) as replica:
        reading = _reading(replica, as_actor, version)
        found = reading.statement(account, asset, after=after, limit=limit)
    rows = [
        (
            day(one.time),
            " and ".join(one.others_names),
            one.amount,
            one.balance,
            "does not count" if not one.counts else "given back" if one.refunded_by else "",
            one.memo,
            one.event[:SHORT],
        )
        for one in found
    ]
    head = ("day", "with", "amount", "balance", "", "memo", "event")
    out.result({"lines": [one.as_dict() for one in found]}, table(head, map(_texts, rows)))


@verb("debts", group=ledger_verb, example="tally ledger debts ana.tally")
@STORE
@click.argument("account", required=False)
@click.option("--over-credit", is_flag=True, help="Only those beyond the asset's credit limit.")
@AS
@AT
@LOG
def debts_verb(
    out: Output, store: str, account: str | None, as_actor: str | None, version: str | None,
    log: str | None, *, over_credit: bool,
) -> None:  # fmt: skip
    """List who is below zero, and what that comes from.

    Payments in that do not count explain a debt, oldest first; the rest is more than came in.
    """
    with opened(store, log) as replica:
        found = _reading(replica, as_actor, version).debts(account)
    found = [one for one in found if one.over_credit or not over_credit]
    none = "nobody owes more than is advised" if over_credit else "nobody owes anything"
    lines = [
        one.sentence + (" (beyond the credit limit)" if one.over_credit else "") for one in found
    ]
    out.result({"debts": [one.as_dict() for one in found]}, lines or [none])


@verb("why", group=ledger_verb, example=f"{BEGIN} && tally ledger why ana.tally me")
@STORE
@ACCOUNT
@ASSET
@AS
@AT
@LOG
def why_verb(
    out: Output, store: str, account: str, asset: str | None, as_actor: str | None,
    version: str | None, log: str | None,
) -> None:  # fmt: skip
    """Say why an ACCOUNT has what it has.

    Every payment behind it, and those that do not count, with the reason.
    """
    with opened(store, log) as replica:
        found = _reading(replica, as_actor, version).why(account, asset)
        out.result(found.as_dict(), found.sentences())


def _written(out: Output, store: str, log: str | None, act: Callable[[Replica], str]) -> None:
    with opened(store, log, writes=True) as replica:
        made = act(replica)
    out.result({"id": made}, made)


def _reading(replica: Replica, as_actor: str | None, version: str | None) -> LedgerReading:
    if as_actor is not None:
        return replica.as_seen_by(as_actor, at=version).ledger
    return replica.ledger if version is None else replica.at(version).ledger


def _leg(text: str) -> tuple[str, str, str | None]:
    account, is_there, rest = text.rpartition("=")
    amount, _, asset = rest.partition(":")
    if not is_there or not account:
        raise BadInput("usage/argument", where="leg", expected="ACCOUNT=AMOUNT[:ASSET]", got=text)
    return account, amount, asset or None


def _texts(row: tuple[Any, ...]) -> list[str]:
    return ["" if value is None else str(value) for value in row]
