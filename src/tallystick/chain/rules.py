"""Void rules of the kinds fixed below the policy: what of them has no weight for anyone.

    log/create           the frame is empty                    (its content is {name, purpose})
    log/merge            frame and content are empty
    proof/equivocation   the frame proves an equivocation in this log

The other fixed kinds have theirs where they are read: trust/* in policy, record/* and the like in
state. Application kinds have none.

Law: a void rule reads the event's own header and frame alone: never content, policy, clock or
arrival; so an event is void for everyone or for no one.

Reads: chain.equivocation, event.rules. Read by: replica.
Source: spec/equivocation.md, spec/packs.md.
"""

from __future__ import annotations

from tallystick.chain.equivocation import KIND as EQUIVOCATION
from tallystick.chain.equivocation import verify_equivocation
from tallystick.event.rules import LOG_KINDS, void_log


def has_rule(kind: str) -> bool:
    """Whether ``void`` has anything to say about a kind: asked once per kind of a batch."""
    return kind in LOG_KINDS or kind == EQUIVOCATION


def void(kind: str, *, frame: bytes, content_size: int, log: bytes) -> str | None:
    """The reason why an event is void, or None.

    Args:
        kind: from the header.
        frame: its bytes.
        content_size: from the header.
        log: 32 bytes, the log the event belongs to.

    Returns:
        void/frame, void/proof, or None; None for every kind without a rule here.
    """
    if kind == EQUIVOCATION:
        found = verify_equivocation(frame, log)
        return found if isinstance(found, str) else None
    return void_log(kind, frame=frame, content_size=content_size)
