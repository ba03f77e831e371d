"""Canonical order: the one total order that everybody computes alike.

    (lamport, author, seq, id)      lamport first: it extends causal order whatever clocks say

Law: x before y causally implies x before y canonically; nothing local enters.

Reads: kernels. Read by: state, replica.
Source: spec/order.md.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Protocol

from tallystick import kernels


class Ordered(Protocol):
    """An event's place in canonical order."""

    @property
    def lamport(self) -> int:
        """1 + the greatest of the parents'."""
        ...

    @property
    def author(self) -> bytes:
        """Key, 32 bytes."""
        ...

    @property
    def seq(self) -> int:
        """Number in the author's chain."""
        ...

    @property
    def id(self) -> bytes:
        """Digest, 32 bytes."""
        ...


def canonical_key(event: Ordered) -> tuple[int, bytes, int, bytes]:
    """The sort key of one event."""
    return event.lamport, event.author, event.seq, event.id


def canonical_order(events: Sequence[Ordered]) -> list[int]:
    """Positions of ``events`` in canonical order. Cost: n log n, in the kernel."""
    order = kernels.graph_order(
        array("Q", [event.lamport for event in events]).tobytes(),
        b"".join(event.author for event in events),
        array("Q", [event.seq for event in events]).tobytes(),
        b"".join(event.id for event in events),
    )
    return memoryview(order).cast("I").tolist()
