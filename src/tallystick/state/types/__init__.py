"""The types: for each, which ops go over which, and how live ones combine. One file per type.

    type      verbs                goes over                         value
    register  set                  the live writes it saw            the last | all | the one
    flag      enable, disable      the live ones it saw              on/off, enable- or disable-wins
    set       add, remove          a remove: live adds it saw        elements with a live add
    counter   inc                  nothing                           128-bit sum
    record    create, delete,      the live ones it saw              there or not
              restore
    text      insert, delete       (characters it names)             what is shown
    list      insert, delete       (elements it names)               what is shown
    mark      mark                 live marks it saw, by character   stretches of a text

A new type is a file with ``TYPE = Type(...)`` and a line in ``_ALL``; the laws in the tests find it
there and refuse to run until it has a strategy.

**Law:** a value is a function of the live ops alone, in no particular order.

Reads: errors, limits, event.absent. Read by: state.ops, state.views.
Source: state.md of the specification; M. Shapiro et al., "A comprehensive study of Convergent
and Commutative Replicated Data Types", INRIA RR-7506.
"""

from __future__ import annotations

from typing import Final

from tallystick.state.types import counter, flag, mark, record, register, sequence, set_
from tallystick.state.types.base import LiveOp, Type, Verb

_ALL: Final = (
    *(register.TYPE, flag.TYPE, set_.TYPE, counter.TYPE, record.TYPE),
    *(sequence.TEXT, sequence.LIST, mark.TYPE),
)

TYPES: Final[dict[str, Type]] = {type_.name: type_ for type_ in _ALL}
"""Every type by its name, which is part of the identity of a place."""
VERBS: Final[dict[int, Verb]] = {verb.number: verb for type_ in _ALL for verb in type_.verbs}
"""Every verb by its number in frames."""
assert len(VERBS) == sum(len(type_.verbs) for type_ in _ALL)

__all__ = ["TYPES", "VERBS", "LiveOp", "Type", "Verb"]
