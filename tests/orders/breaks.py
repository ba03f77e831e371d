"""Production code broken on purpose, to see that the harness notices.

Each entry of ``BREAKS`` is what ``monkeypatch.setattr`` takes.

Reads: policy, state. Read by: tests.orders.test_*.
"""

from __future__ import annotations

from typing import Any

from tallystick.policy import Judge
from tallystick.state.types import LiveOp
from tallystick.state.views_sum import GroupSum


def by_arrival(op: LiveOp) -> int:
    return op.op


def take_nothing_away(self: Any, db: Any, spans: Any, deltas: Any) -> None:
    """What leaves, and what enters again with its content, stays in the sum."""


real_update = Judge.update


def only_what_arrives(self: Judge, **news: Any) -> list[Any]:
    """A ban that takes effect for what comes after it, and leaves what was there alone."""
    return [flip for flip in real_update(self, **news) if flip.cause[0] == "arrived"]


def deaf_to_withdrawals(self: Judge, **news: Any) -> list[Any]:
    """What was said once holds for ever."""
    said = [s for s in news.pop("statements", ()) if s.verb != "withdraw"]
    return real_update(self, statements=said, **news)


BREAKS = {
    "the last of several writes is the last to arrive": (LiveOp, "order", property(by_arrival)),
    "sums forget to take away": (GroupSum, "_take_away", take_nothing_away),
    "a ban takes effect for later arrivals alone": (Judge, "update", only_what_arrives),
}
DEAF = (Judge, "update", deaf_to_withdrawals)
"""The same for every order: only an oracle can tell."""
