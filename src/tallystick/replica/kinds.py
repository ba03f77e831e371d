"""The rules of all kinds fixed in the specification, gathered from the rooms that own them.

Law: a void rule reads header and frame alone, so it is asked once, when an event comes in.

Reads: chain.rules, policy.statement, state.ops. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from tallystick.chain import rules
from tallystick.policy.statement import ACTOR_KINDS, parse_statement
from tallystick.replica.statements import TRUST, is_watched
from tallystick.state import ledger, ops, titles
from tallystick.state.grounds import GroundRule

GROUND_RULES: Final[Mapping[str, GroundRule]] = {**ledger.GROUND_RULES, **titles.GROUND_RULES}
"""Kinds whose events stand on others; their whole rule is there, asked with what they name."""


def ground_rule(kind: str) -> GroundRule | None:
    """The rule of a kind whose events stand on others, None for all other kinds."""
    return GROUND_RULES.get(kind)


@lru_cache(maxsize=1_024)
def is_ruled(kind: str) -> bool:
    """Whether events of a kind can be void."""
    return kind == ops.KIND or is_watched(kind) or rules.has_rule(kind)


def void_code(kind: str, *, frame: bytes, content_size: int, log: bytes) -> str | None:
    """Why an event has no weight for anyone, or None."""
    if kind == ops.KIND:
        return ops.void(frame, content_size)
    if kind.startswith(TRUST) or kind in ACTOR_KINDS:
        found = parse_statement(kind, frame, id=b"", voter=b"", seq=0)
        return found if isinstance(found, str) else None
    return rules.void(kind, frame=frame, content_size=content_size, log=log)
