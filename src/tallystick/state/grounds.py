"""Grounds: which events an event stands on, as the kinds that name any say it.

    ledger/refund ──► ledger/transfer ──► ledger/asset         counts only while all it stands on do
                             └──────────► ledger/delegate

A kind with grounds is a ``GroundRule``: ``read`` looks at the event's own author and frame, and
``check`` also at the events it names, which are in its past and not void by then. Which event is
where is found out by who keeps them (``replica.grounds``); that an ungrounded event does not count
is the judge's (``policy.counting``).

**Law:** void depends on header and frame of the event and of those it names, so it is the same for
everyone, for ever.

Reads: nothing. Read by: the kinds that name grounds, replica.
Source: spec/validity.md, spec/policy.md ("Verdicts").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Deed(NamedTuple):
    """An event as a rule may see it: id, author, kind and frame."""

    id: bytes
    author: bytes
    kind: str
    frame: bytes


class GroundRule(NamedTuple):
    """The rule of a kind whose events stand on others.

    Args:
        read: (author, frame) -> ids of the events stood on (digests, none twice), or the void code
            of an event that breaks its rule by itself. Never raises, whatever the bytes.
        check: (the event, those it named in that order) -> void code or None.
        restitution: (the event, those it named) -> the asset type whose rule of restitution says
            whether the grounds are asked for (``return``) or not (``keep``); None: they always are.
        sole: (author, frames) -> for each event the one ground that alone decides whether it is
            void; None where there is more to it. Of events of one kind and chain with one sole
            ground those after a good one are good, and are not asked one by one.
    """

    read: Callable[[bytes, bytes], tuple[bytes, ...] | str]
    check: Callable[[Deed, Sequence[Deed]], str | None]
    restitution: Callable[[Deed, Sequence[Deed]], str | None] | None = None
    sole: Callable[[bytes, Sequence[bytes]], Sequence[bytes | None]] | None = None
