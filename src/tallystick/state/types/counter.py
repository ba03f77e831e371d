"""Counter: the sum of its live increments, each a whole number of either sign.

Increments go over nothing and nothing goes over them, so they need not be told apart: sums per
place and author are enough, and leaving an author out is one subtraction. Sums are 128 bits wide
(2**63 events of 2**63 each cannot overflow) and cross formats as an int where 64 bits will do, as
16 bytes where they will not.

**Law:** the value is the sum over included increments, whatever their order.

Reads: limits, types.base. Read by: types, state.views.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.limits import INT_MAX, INT_MIN
from tallystick.state.types.base import LiveOp, Type, Verb

INC: Final = 6
_SUM_BYTES: Final = 16


def total(live: Sequence[LiveOp]) -> int:
    """The sum of increments given one by one (the views keep running sums instead)."""
    return sum(op.value for op in live)


def pack_sum(value: int) -> int | bytes:
    """A sum as a canonical item holds it: an int, or 16 bytes (big-endian, two's complement)."""
    if INT_MIN <= value <= INT_MAX:
        return value
    return value.to_bytes(_SUM_BYTES, "big", signed=True)


def column_sum(value: int) -> int | str:
    """A sum as an SQL column holds it: an integer, or its decimal digits where 64 bits fail."""
    return value if INT_MIN <= value <= INT_MAX else str(value)


TYPE: Final = Type(
    name="counter",
    verbs=(Verb(INC, "inc", "counter", numbers=1),),
    modes={"sum": total},
    sums=True,
)
