"""What a value reads as when it cannot be read: not here yet, erased, or not what it should be.

    Missing   the bytes are not on this replica; they may come
    Erased    an accepted erase statement took them
    Bad       they are here and match their commitment, but are not what the kind or schema asks

Law: absence is a value, never an exception and never None, which people may write themselves.

Reads: nothing. Read by: event.event, state, replica.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Absent(Enum):
    """The three ways in which a value can be absent; each is falsy."""

    MISSING = "Missing"
    ERASED = "Erased"
    BAD = "Bad"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return self.value

    def __str__(self) -> str:
        return self.value


Missing: Final = Absent.MISSING
Erased: Final = Absent.ERASED
Bad: Final = Absent.BAD
