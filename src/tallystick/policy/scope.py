"""Scopes: which kinds a statement is about, and the cells they divide all kinds into.

A scope is a kind, ``prefix/*`` (any depth below, not the prefix itself) or ``*``. Nothing that
begins with ``trust`` can be one: statements about statements are judged everywhere.

    patterns in use   { *, review/*, review/film }
    kind              review/film     review/book    chat
    cell              all three       *, review/*    *          standing is judged once per cell

Law: two kinds of one cell are told apart by no statement of anybody with a vote, so one evaluation
serves both. Statements about ``trust/*`` and ``actor/*`` are judged in every cell; the cell that
only ``*`` matches is the one shown.

Reads: limits. Read by: statement, standing, judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tallystick.errors import BadInput
from tallystick.limits import KIND_BYTES_MAX

ANY: Final = "*"
_SCOPE: Final = re.compile(r"(?!trust)[a-z0-9-]+(/[a-z0-9-]+)*(/\*)?")
STANDING_KINDS: Final = ("trust/", "actor/")
"""Kinds of events that move standing; they belong to every cell and are shown in ``*``."""


def is_scope(text: str) -> bool:
    """Whether the text is a scope."""
    if not _is_text(text):
        return False
    return text == ANY or (len(text) <= KIND_BYTES_MAX and _SCOPE.fullmatch(text) is not None)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def check_scope(text: str) -> str:
    """The scope itself. Raises BadInput policy/scope."""
    if not is_scope(text):
        raise BadInput("policy/scope", expected="a kind, prefix/* or *", got=repr(text))
    return text


def covers(scope: str, probe: str) -> bool:
    """Whether a scope matches a kind, or every kind that another scope matches.

    >>> covers("review/*", "review/film"), covers("review/*", "review"), covers("*", "a/*")
    (True, False, True)
    """
    if scope in (ANY, probe):
        return True
    return scope.endswith("/*") and probe.startswith(scope[:-1])


def moves_standing(kind: str) -> bool:
    """Whether events of this kind move standing, so that only nearer people can exclude them."""
    return kind.startswith(STANDING_KINDS)


Signature = frozenset[str]
"""A cell's name: the patterns in use that match its kinds."""


def signature(patterns: Iterable[str], probe: str) -> Signature:
    """The cell of a kind: the patterns in use that match it (``*`` always does)."""
    if moves_standing(probe):
        return frozenset((ANY,))
    return frozenset(p for p in patterns if covers(p, probe)) | {ANY}
