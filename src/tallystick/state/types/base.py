"""What every type says of itself: its verbs and its value.

**Law:** a type never looks at policy, arrival or clock: it gets live ops and gives a value.

Reads: event.absent. Read by: the types, state.ops, state.views.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing an op can do.

    Args:
        number: in frames, for ever.
        name: for people.
        type: name of the type it belongs to.
        replaces: verbs (numbers) it can go over; references to others are ignored.
        numbers: how many integers its ops carry in the frame, none of them zero.
        valued: whether its ops carry a value in the content.
        holds: whether a live op of it takes part in the value (a remove only covers).
        ordered: whether its references have roles, told by their order.
        wide: whether its first number says how many op indices it takes, and how many characters
            or elements its value has; other ops take one.
        fault: (numbers, how many references) -> the void code of an op whose numbers do not fit;
            None is the rule of ``numbers`` alone.
    """

    number: int
    name: str
    type: str
    replaces: frozenset[int] = frozenset()
    numbers: int = 0
    valued: bool = False
    holds: bool = True
    ordered: bool = False
    wide: bool = False
    fault: Callable[[Sequence[int], int], str | None] | None = None

    def void(self, numbers: Sequence[int], refs: int) -> str | None:
        """The void code of an op with these numbers and so many references; None when it fits."""
        if self.fault is not None:
            return self.fault(numbers, refs)
        if len(numbers) != self.numbers:
            return "void/frame"
        return None if all(numbers) else "void/value"

    def width(self, numbers: Sequence[int]) -> int:
        """How many op indices an op takes."""
        return numbers[0] if self.wide else 1


class LiveOp(NamedTuple):
    """A live op as a type sees it. ``encoded`` is the value's canonical bytes (b"" if absent)."""

    verb: int
    value: Any
    encoded: bytes
    lamport: int
    time: int
    author: bytes
    seq: int
    id: bytes
    index: int  # type: ignore[assignment]  # the field, not tuple.index
    op: int = -1

    @property
    def order(self) -> tuple[int, int, bytes, int, bytes, int]:
        """(lamport, time, author, seq, id, index): the last of the live writes wins."""
        return self.lamport, self.time, self.author, self.seq, self.id, self.index

    @property
    def order_by_time(self) -> tuple[int, int, bytes, int, bytes, int]:
        """The same with the claimed time first, for people who trust each other's clocks."""
        return self.time, self.lamport, self.author, self.seq, self.id, self.index


@dataclass(frozen=True, slots=True)
class Type:
    """A type of place.

    Args:
        modes: ways of reading, the default first; each gives the value of a non-empty list of
            live ops whose verbs hold. A place without live ops has no value.
        winner: the live op that gives the default value, when it is one op.
        elements: whether the value is a collection, shown as one row per element.
        sums: whether its ops are only added up, never told apart.
        sequence: whether it is a sequence, kept by the view ``texts``; else by ``places``.
    """

    name: str
    verbs: tuple[Verb, ...]
    modes: dict[str, Callable[[Sequence[LiveOp]], Any]] = field(default_factory=dict)
    winner: Callable[[Sequence[LiveOp]], LiveOp] | None = None
    elements: bool = False
    sums: bool = False
    sequence: bool = False

    @property
    def default_mode(self) -> str:
        """The way of reading when none is named."""
        return next(iter(self.modes))
