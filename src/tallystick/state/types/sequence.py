"""Text and list: sequences that many people write, character by character, element by element.

    Ana types "helo", Ben puts the missing l in, Cy deletes "he"    each character has an author
    Cy is excluded: "hello"                                         and so does each deletion

An **insert** hangs its characters (a list's: its elements) from one that is there and says what
came next; it takes an op index for each. A **delete** names characters. Where the characters go is
the sequence kernel's to say; here is only what ops look like in frames.

    insert   refs: what it hangs from, right origin     numbers: n, how
             how 0 right of the start · 1 right of ref 0 · 2 right of the start, right origin ref 0
                 3 right of ref 0, right origin ref 1 · 4 left of ref 0     no right origin: the end
    delete   refs: where each stretch begins            numbers: how long each is

What a concurrent writer sees: both texts whole, one after the other, never interleaved. What
exclusion does: the characters of an excluded author are not shown, those they deleted are; what
others wrote in between stays where it was.

**Law:** a character is shown when its insert counts and none of its deletions does.

Reads: limits, types.base. Read by: types, state.
Source: state.md of the specification, "Text"; spec/ops.md; spec/sequence.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.limits import STRETCH_MAX
from tallystick.state.types.base import Type, Verb

INSERT_TEXT: Final = 7
DELETE_TEXT: Final = 8
INSERT_ITEMS: Final = 9
DELETE_ITEMS: Final = 10

FROM_START, FROM_LEFT, BEFORE_RIGHT, BETWEEN, LEFT_OF = range(5)
"""How an insert hangs: its second number."""
REFS: Final = {FROM_START: 0, FROM_LEFT: 1, BEFORE_RIGHT: 1, BETWEEN: 2, LEFT_OF: 1}
"""How many references each takes."""


ABSENT_CHAR: Final = "\ufffd"
"""What stands for a character that is not here, erased, or malformed."""
ELEMENT: Final = "\ufffc"
"""What stands in a list's sequence for an element."""


def _insert_fault(numbers: Sequence[int], refs: int) -> str | None:
    if len(numbers) != 2 or refs != REFS.get(numbers[1], refs):
        return "void/frame"
    count, how = numbers
    return None if how in REFS and 1 <= count <= STRETCH_MAX else "void/value"


def _delete_fault(numbers: Sequence[int], refs: int) -> str | None:
    if not refs or len(numbers) != refs:
        return "void/frame"
    return None if all(1 <= count <= STRETCH_MAX for count in numbers) else "void/value"


def _type(name: str, insert: int, delete: int) -> Type:
    return Type(
        name=name,
        verbs=(
            Verb(
                insert, "insert", name, replaces=frozenset({insert}), valued=True, ordered=True,
                wide=True, fault=_insert_fault,
            ),
            Verb(
                delete, "delete", name, replaces=frozenset({insert}), holds=False, ordered=True,
                fault=_delete_fault,
            ),
        ),
        sequence=True,
    )  # fmt: skip


TEXT: Final = _type("text", INSERT_TEXT, DELETE_TEXT)
LIST: Final = _type("list", INSERT_ITEMS, DELETE_ITEMS)
INSERTS: Final = frozenset({INSERT_TEXT, INSERT_ITEMS})
