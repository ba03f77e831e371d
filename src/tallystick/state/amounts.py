"""Amounts as people write them: ``12.50`` for 1250 of the smallest unit of an asset.

    "12.50", precision 2 ─► 1250 ─► Decimal("12.50")

**Law:** an amount is exact or refused; nothing is ever rounded.

Reads: errors, limits. Read by: state.views_ledger_why, replica.ledger.
Source: spec/ledger.md ("Amounts").
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from tallystick.errors import BadInput
from tallystick.limits import INT_MAX

_AMOUNT: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")


def to_units(amount: str | int | Decimal, precision: int) -> int:
    """An amount in smallest units.

    Args:
        amount: ``"12.50"``, 12, Decimal("12.5"); never a float, which cannot hold 0.1.
        precision: digits after the point that the asset has.

    Raises:
        BadInput: ledger/amount: no number, too many digits after the point, beyond 64 bits.
    """
    text = str(amount)
    if isinstance(amount, bool | float) or not _AMOUNT.fullmatch(text):
        raise BadInput(
            "ledger/amount", expected="a decimal number like 12.50, as text, int or Decimal",
            got=repr(amount)[:80],
        )  # fmt: skip
    whole, _, part = text.partition(".")
    if len(part) > precision and part[precision:].strip("0"):
        raise BadInput(
            "ledger/amount", "the asset has fewer digits after the point",
            expected=f"at most {precision}", got=text,
            hint="Round it yourself; whoever rounds decides who gets the rest.",
        )  # fmt: skip
    units = int(whole + part[:precision].ljust(precision, "0"))
    if abs(units) > INT_MAX:
        raise BadInput("ledger/amount", expected=f"at most {to_decimal(INT_MAX, precision)}",
                       got=text)  # fmt: skip
    return units


def to_decimal(units: int, precision: int) -> Decimal:
    """Smallest units as a decimal number with all digits of the asset."""
    return Decimal(f"{units}E-{precision}")


def amount_text(units: int, precision: int) -> str:
    """The same as text, never in scientific notation: ``12.50``."""
    return format(to_decimal(units, precision), "f")
