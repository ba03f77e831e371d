"""Whether events carry the lamport their parents give them.

Law: lamport = 1 + the greatest of the parents'; an event with another one is invalid.

Reads: nothing. Read by: replica.
Source: L. Lamport, Time, clocks, and the ordering of events in a distributed system (1978).
"""

from __future__ import annotations

from collections.abc import Sequence


def first_wrong_lamport(
    lamports: Sequence[int], before: int, deps: Sequence[Sequence[int]] = ()
) -> int | None:
    """The first of consecutive events of a chain whose lamport is wrong, or None.

    Args:
        lamports: of the events, in chain order.
        before: lamport of the parent of the first one: prev's, or the genesis event's for seq 0
            (-1 for the genesis event itself).
        deps: lamports of each event's deps; empty when none has any.
    """
    if not deps:
        first = before + 1
        if list(lamports) == list(range(first, first + len(lamports))):
            return None
    for at, lamport in enumerate(lamports):
        greatest = max(before, *deps[at]) if deps and deps[at] else before
        if lamport != greatest + 1:
            return at
        before = lamport
    return None
