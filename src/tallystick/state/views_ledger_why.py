"""Why an account has what it has, as data and as a sentence.

    Bob has 12.50 EUR because of 20.00 from Ana (2 payments), less 7.50 to Cy (1 payment);
    1 payment was given back: 5.00 from Dan; 2 payments do not count: 2 by Mallory (because ...)

**Law:** the parts named in the first sentence add up to the balance.

Reads: state.explain, amounts, views_ledger_read. Read by: replica.ledger_reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tallystick.identity.did import did_key
from tallystick.state.amounts import amount_text
from tallystick.state.explain import (
    SHOWN_MAX,
    Explanation,
    Item,
    Names,
    VerdictOf,
    number,
    uncounted,
    was,
)
from tallystick.state.ledger import ISSUE
from tallystick.state.views_ledger_read import AssetRow, Debt, Line


class Part(NamedTuple):
    """What ``events`` many events moved together; ``way`` is ``from``, ``to`` or ``issued by``."""

    way: str
    amount: str
    others: tuple[bytes, ...]
    events: int


@dataclass(frozen=True, slots=True)
class BalanceExplanation(Explanation):
    """Everything behind one balance; ``covered`` are payments that were given back.

    Args:
        account: 32-byte key.
        code: of the asset.
        parts: what was received and paid, to or from whom, greatest first.
        returned: the same of what was given back.
        debt: where the balance is below zero, what that comes from.
    """

    account: bytes = b""
    code: str = ""
    parts: tuple[Part, ...] = ()
    returned: tuple[Part, ...] = ()
    debt: Debt | None = None

    def sentences(self, names: Names) -> list[str]:
        """The balance and what makes it, what was given back, and what does not count and why."""
        who = names(self.account)
        has = "have" if who == "you" else "has"
        lines = [f"{who} {has} {self.value} {self.code}"]
        if self.parts:
            lines[0] += f" because of {_told(self.parts, names)}"
        elif not (self.excluded or self.covered):
            lines[0] += ": nothing was paid to or from it"
        if self.returned:
            count = sum(part.events for part in self.returned)
            noun = number(count, "payment")
            lines.append(f"{noun} {was(count)} given back: {_told(self.returned, names)}")
        if self.excluded:
            lines.append(uncounted(self.excluded, names, noun="payment"))
        if self.debt is not None:
            lines.append(owes(self.debt, names))
        return lines


def explain(
    account: bytes, asset: AssetRow, lines: Sequence[Line], verdict_of: VerdictOf,
    *, balance: int, debt: Debt | None = None,
) -> BalanceExplanation:  # fmt: skip
    """A balance by the lines of its account.

    Args:
        lines: all of them, those without effect too.
    """
    live, covered, excluded = [], [], []
    for line in lines:
        if line.effect:
            live.append(_item(line, asset))
        elif line.included:
            covered.append(_item(line, asset, by=line.refunds))
        else:
            excluded.append(_item(line, asset, verdict_of=verdict_of))
    return BalanceExplanation(
        subject=did_key(account),
        type="balance",
        value=amount_text(balance, asset.precision),
        live=tuple(live),
        covered=tuple(covered),
        excluded=tuple(excluded),
        view="ledger",
        account=account,
        code=asset.code,
        parts=_parts([line for line in lines if line.effect], asset),
        returned=_parts([line for line in lines if line.included and line.refunds], asset),
        debt=debt,
    )


def _item(
    line: Line, asset: AssetRow, *, by: tuple[bytes, ...] = (), verdict_of: VerdictOf | None = None
) -> Item:
    event, amount = line.event, amount_text(abs(line.amount), asset.precision)
    return Item(
        event=event.id,
        author=event.author,
        seq=event.seq,
        time=event.time,
        what=f"{'paid in' if line.amount > 0 else 'paid out'} {amount} {asset.code}",
        value=amount_text(line.amount, asset.precision),
        by=by,
        verdict=None if verdict_of is None else verdict_of(event.id),
    )


def _parts(lines: Sequence[Line], asset: AssetRow) -> tuple[Part, ...]:
    sums: defaultdict[tuple[str, tuple[bytes, ...]], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        came = "issued by" if line.event.kind == ISSUE else "from"
        found = sums[came if line.amount > 0 else "to", line.others]
        found[0] += abs(line.amount)
        found[1] += 1
    ranked = sorted(sums.items(), key=lambda one: (one[0][0] == "to", -one[1][0], one[0][1]))
    return tuple(
        Part(way, amount_text(total, asset.precision), others, count)
        for (way, others), (total, count) in ranked
    )


def _told(parts: Sequence[Part], names: Names) -> str:
    """``20.00 from Ana (2 payments), less 7.50 to Cy (1 payment)``; ``7.50 paid to Cy``."""
    less = "" if parts[0].way == "to" else "less "  # those who paid come last
    said = []
    for way, amount, others, count in parts[:SHOWN_MAX]:
        who = " and ".join(map(names, others))
        noun = "issue" if way == "issued by" else "payment"
        moved = f"{less}{amount} {'' if less else 'paid '}to" if way == "to" else f"{amount} {way}"
        said.append(f"{moved} {who} ({number(count, noun)})")
    if len(parts) > SHOWN_MAX:
        said.append(f"and {number(len(parts) - SHOWN_MAX, 'more account')}")
    return ", ".join(said)


def owes(debt: Debt, names: Names) -> str:
    """``Bob owes 5.00 EUR: 3.00 because of Mallory, 2.00 more than came in``."""
    asset = debt.asset
    because: dict[tuple[bytes, ...], int] = {}
    for cause in debt.causes:
        because[cause.payers] = because.get(cause.payers, 0) + cause.amount
    parts = [
        f"{amount_text(units, asset.precision)} because of {' and '.join(map(names, payers))}"
        for payers, units in because.items()
    ]
    if debt.overdraft:
        parts.append(f"{amount_text(debt.overdraft, asset.precision)} more than came in")
    who = names(debt.account)
    owe = "owe" if who == "you" else "owes"
    amount = amount_text(debt.amount, asset.precision)
    return f"{who} {owe} {amount} {asset.code}: {', '.join(parts)}"
