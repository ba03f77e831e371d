"""Register: holds one value; a write replaces the writes its author saw.

    A ── B        B is over A: B is live
     └── C        B and C are concurrent: both are live, and that is a conflict

Read as *last* (default), one of the live writes wins: the greatest (lamport, time, author, seq, id,
index). *time* puts the claimed time first. *all* is the multi-value register: every live write,
in that order. *one* refuses to choose. They are readings of the same ops: nobody has to decide
when writing.

**Law:** merging keeps exactly the writes that no included write has replaced.

Reads: errors, types.base. Read by: types.
Source: RR-7506, sections 3.2.1 (LWW) and 3.2.2 (MV-Register).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tallystick.errors import UsageError
from tallystick.state.types.base import LiveOp, Type, Verb

SET: Final = 1


def last(live: Sequence[LiveOp]) -> LiveOp:
    """The live write that wins by canonical order."""
    return max(live, key=lambda op: op.order)


def last_by_time(live: Sequence[LiveOp]) -> LiveOp:
    """The live write that wins by claimed time."""
    return max(live, key=lambda op: op.order_by_time)


def every(live: Sequence[LiveOp]) -> list[Any]:
    """All live values, the winner last."""
    return [op.value for op in sorted(live, key=lambda op: op.order)]


def only(live: Sequence[LiveOp]) -> Any:
    """The value, when nobody disagrees.

    Raises:
        UsageError: state/conflict, when several writes are live.
    """
    if len(live) > 1:
        raise UsageError(
            "state/conflict",
            expected="one live write",
            got=f"{len(live)}: {', '.join(repr(value) for value in every(live)[:5])}",
            hint='Read it with mode="all" or "last", or write again to settle it.',
        )
    return live[0].value


TYPE: Final = Type(
    name="register",
    verbs=(Verb(SET, "set", "register", replaces=frozenset({SET}), valued=True),),
    modes={
        "last": lambda live: last(live).value,
        "time": lambda live: last_by_time(live).value,
        "all": every,
        "one": only,
    },
    winner=last,
)
