"""Set (add-wins): elements that somebody added and nobody removed afterwards.

    Ana: add "x" (1)        Ben: remove over (1)      Cy: add "x" (2), without having seen Ben
    live adds of "x": (2)   so "x" is in the set

The element stands in the content (it may be personal, and can be erased); a remove names adds,
so it is right whatever the element reads as. An add goes over nothing; a remove goes over the live
adds of the element its author saw, and has no value of its own.

**Law:** an element is in the set exactly while it has a live add.

Reads: types.base. Read by: types.
Source: RR-7506, section 3.3.5 (OR-Set).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tallystick.event.absent import Absent
from tallystick.state.types.base import LiveOp, Type, Verb

ADD: Final = 4
REMOVE: Final = 5


def members(live: Sequence[LiveOp]) -> list[Any]:
    """The elements once each, in the order of their canonical bytes, absent ones at the end."""
    there = {op.encoded: op.value for op in live if not isinstance(op.value, Absent)}
    gone = sorted(
        (op for op in live if isinstance(op.value, Absent)), key=lambda op: (op.id, op.index)
    )
    return [there[key] for key in sorted(there)] + [op.value for op in gone]


TYPE: Final = Type(
    name="set",
    verbs=(
        Verb(ADD, "add", "set", valued=True),
        Verb(REMOVE, "remove", "set", replaces=frozenset({ADD}), holds=False),
    ),
    modes={"members": members},
    elements=True,
)
