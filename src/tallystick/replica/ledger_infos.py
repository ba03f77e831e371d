"""What the ledger's verbs hand back: frozen values that know how to become plain data.

Law: amounts are exact decimal numbers here and text in plain data, with all digits of the asset.

Reads: replica.reports. Read by: replica.ledger_reading, cli, users.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from tallystick.replica.reports import Report


class _Amounts(Report):
    """Mixin: decimal numbers are text in plain data."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """Fields by name, nested values included."""
        # Every subclass is a data class, which a mixin cannot say.
        found: dict[str, Any] = _plain(asdict(self))  # type: ignore[call-overload]
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


@dataclass(frozen=True, slots=True)
class AssetInfo(_Amounts):
    """Something that is counted.

    Args:
        id: of its declaration; that is its name for the formats, codes may repeat.
        precision: digits after the point.
        issuers: did:keys that may issue it.
        credit: how far below zero an account should go at most (advice); None: no word.
        issued: what there is of it.
        counts: whether its declaration counts.
    """

    id: str
    code: str
    name: str | None
    precision: int
    issuers: tuple[str, ...]
    credit: Decimal | None
    issued: Decimal
    counts: bool


@dataclass(frozen=True, slots=True)
class BalanceInfo(_Amounts):
    """What an account has of an asset; below zero it owes."""

    account: str
    account_name: str
    asset: str
    code: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class StatementLine(_Amounts):
    """What one event did to an account.

    Args:
        others: who paid, or was paid; of an issue the issuer.
        balance: of the account after this line.
        counts: whether the event counts; refunded ones and those that do not count have no effect.
        refunded_by: ids of the refunds that count.
    """

    event: str
    time: int
    kind: str
    author: str
    amount: Decimal
    balance: Decimal
    others: tuple[str, ...]
    others_names: tuple[str, ...]
    memo: str | None
    counts: bool
    refunded_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DebtCause(_Amounts):
    """A part of a debt: a payment in that does not count, because of its payer."""

    event: str
    payers: tuple[str, ...]
    payers_names: tuple[str, ...]
    amount: Decimal
    verdict: str


@dataclass(frozen=True, slots=True)
class DebtInfo(_Amounts):
    """What an account owes of an asset, and where that comes from.

    Args:
        causes: with ``overdraft`` they add up to ``amount``.
        overdraft: what no payment that is missing explains: more was spent than came in.
        over_credit: whether it is more than the asset's credit limit advises.
    """

    account: str
    account_name: str
    asset: str
    code: str
    amount: Decimal
    causes: tuple[DebtCause, ...]
    overdraft: Decimal
    over_credit: bool
    sentence: str
