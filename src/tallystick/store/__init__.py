"""KEPT: what arrived, in one SQLite file, found again in the order it is needed.

    from tallystick.store import Store

Law: stored means durable, complete, valid and never changed; contents alone may come late or
be erased.

Reads: kernels, proofs, errors, limits. Read by: sync, state, replica.
"""

from __future__ import annotations

from tallystick.store.adapter import Adapter
from tallystick.store.disk import Disk
from tallystick.store.rows import (
    ArrivalRow,
    Damage,
    EquivocationRow,
    EventRow,
    FeedRange,
    LineRow,
    LogRow,
    PendingRow,
    PolicyRow,
    PrivateRow,
    StatementRow,
    ViewRow,
)
from tallystick.store.store import Store

__all__ = [
    "Adapter",
    "ArrivalRow",
    "Damage",
    "Disk",
    "EquivocationRow",
    "EventRow",
    "FeedRange",
    "LineRow",
    "LogRow",
    "PendingRow",
    "PolicyRow",
    "PrivateRow",
    "StatementRow",
    "Store",
    "ViewRow",
]
