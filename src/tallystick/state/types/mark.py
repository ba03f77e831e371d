"""Mark: bold, a link, a comment: what is said about a stretch of a text, character by character.

    text     T h e   f o x           place doc/body
    bold       ──────                place doc/body/bold     from before "h" to before "o"
    link               ────────      place doc/body/link     from before "f" to after "x"

Ends are anchors before or after a character, which may be deleted or not count: it keeps its
place. An end *before the next* character grows with what is typed there, one *after the last* does
not. For each character and name the marks are a register: a mark goes over the live ones its author
saw, for the characters both have; of several live ones the last decides, and null takes the mark
off.

**Law:** what a character carries is a function of the marks that count and reach it.

Reads: types.base. Read by: types, state.views_texts_marks.
Source: G. Litt and others, "Peritext: A CRDT for Collaborative Rich Text Editing", 2022;
spec/ops.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.state.types.base import Type, Verb

MARK: Final = 11

HAS_START, AFTER_START, HAS_END, AFTER_END = 1, 2, 4, 8
"""Bits of its number: there is a reference to where it starts (ends); it starts (ends) after that
character, not before it. Without a reference it is the start (the end) of the text."""


def anchors(numbers: Sequence[int]) -> int:
    """How many of its references are anchors: the first ones; the rest are marks it goes over."""
    return bool(numbers[0] & HAS_START) + bool(numbers[0] & HAS_END)


def _fault(numbers: Sequence[int], refs: int) -> str | None:
    if len(numbers) != 1:
        return "void/frame"
    how = numbers[0]
    if not 0 <= how < 2 * AFTER_END:
        return "void/value"
    if (how & AFTER_START and not how & HAS_START) or (how & AFTER_END and not how & HAS_END):
        return "void/value"
    return "void/frame" if refs < anchors(numbers) else None


TYPE: Final = Type(
    name="mark",
    verbs=(
        Verb(
            MARK, "mark", "mark", replaces=frozenset({MARK}), valued=True, ordered=True,
            fault=_fault,
        ),
    ),
    sequence=True,
)  # fmt: skip
