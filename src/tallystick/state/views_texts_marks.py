"""Marks on texts, kept beside the sequences: which reach what is shown, and which of them decide.

    state_mark_texts   op, place, ends (row, index), counts, over, order keys, value

    shown   T h e   f o x          bold  [1, 4)  live: op 7        op 9 over op 7 for [2, 6)
            0 1 2 3 4 5 6                [1, 2) op 7  ·  [2, 4) op 9  ·  [4, 6) op 9

**Law:** a mark is covered at a character when some mark over it that reaches it counts, or is
covered there; of the live ones the greatest in canonical order decides.

Reads: kernels, state.types.mark. Read by: views_texts, views_texts_write.
Source: spec/ops.md; state.md of the specification.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Protocol

from tallystick.event.absent import Absent, Bad, Erased, Missing
from tallystick.kernels import Sequence as Characters
from tallystick.kernels import decode_item
from tallystick.state.types.mark import AFTER_END, AFTER_START, HAS_END, HAS_START
from tallystick.state.view import Db

_ABSENT: Final = (None, Missing, Erased, Bad)
_COLUMNS: Final = (
    "op, counts, how, start_row, start_idx, end_row, end_idx, over, lamport, time, author, seq,"
    " event, absent, value"
)


class Tables(Protocol):
    """What is needed of the view whose marks these are."""

    def own(self, part: str) -> str:
        """The view's own tables."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark as it reaches what is shown: characters ``start`` to ``end``."""

    op: int
    start: int
    end: int
    counts: bool
    over: tuple[int, ...]
    order: tuple[Any, ...]
    event: bytes
    value: Any


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters that carry the same: by which mark."""

    start: int
    end: int
    mark: Mark

    @property
    def value(self) -> Any:
        """What they carry; never null."""
        return self.mark.value


def marks_at(view: Tables, db: Db, place: int, sequence: Characters) -> list[Mark]:
    """The marks of one name, and which characters of the text they reach, counted or not.

    Args:
        place: the number of the mark's place.
        sequence: of the text.
    """
    rows = db.rows(
        f"SELECT {_COLUMNS} FROM {view.own('mark')} WHERE place = ? ORDER BY op", (place,)
    )
    return [_mark(row, sequence) for row in rows]


def _mark(row: Sequence[Any], sequence: Characters) -> Mark:
    op, counts, how, start_row, start_idx, end_row, end_idx, over, *order, event, absent, value = (
        row
    )
    start, end = 0, len(sequence)
    if how & HAS_START:
        start = _boundary(sequence, start_row, start_idx, after=bool(how & AFTER_START), none=0)
    if how & HAS_END:
        end = _boundary(sequence, end_row, end_idx, after=bool(how & AFTER_END), none=end)
    index = op & ((1 << 20) - 1)
    said = _ABSENT[absent] if absent else decode_item(value, floats=True)
    above = tuple(array("q", over)) if over else ()
    return Mark(op, start, end, bool(counts), above, (*order, event, index), event, said)


def _boundary(sequence: Characters, row: int, index: int, *, after: bool, none: int) -> int:
    """How many characters are shown before an anchor; ``none`` for one that is not there."""
    try:
        before, shown = sequence.position(row, index)
    except KeyError:
        return none
    return before + (after and shown)


def live_marks(marks: Iterable[Mark], position: int) -> list[Mark]:
    """The live marks at one character, the one that decides last."""
    here = [mark for mark in marks if mark.start <= position < mark.end]
    bears: dict[int, bool] = {}
    live = []
    for mark in sorted(here, key=lambda mark: mark.op, reverse=True):  # what goes over comes later
        covered = any(
            bears[other.op] and mark.op in other.over for other in here if other.op in bears
        )
        bears[mark.op] = mark.counts or covered
        if mark.counts and not covered:
            live.append(mark)
    return sorted(live, key=lambda mark: mark.order)


def stretches(marks: Sequence[Mark]) -> list[Stretch]:
    """What the characters carry by one name, in stretches; those that carry nothing left out.

    Cost: marks times stretches.
    """
    edges = sorted({edge for mark in marks for edge in (mark.start, mark.end)})
    found: list[Stretch] = []
    for start, end in pairwise(edges):
        live = live_marks(marks, start)
        if not live or live[-1].value is None:
            continue
        last = found[-1] if found else None
        if last is not None and last.end == start and last.mark == live[-1]:
            found[-1] = Stretch(last.start, end, last.mark)
        else:
            found.append(Stretch(start, end, live[-1]))
    return found


def spans_value(found: Iterable[Stretch]) -> list[list[Any]]:
    """[[start, end, [value] or the word for an absent one], ...]; equal neighbours are one."""
    spans: list[list[Any]] = []
    for stretch in found:
        value = stretch.value
        said = value.value if isinstance(value, Absent) else [value]
        if spans and spans[-1][1] == stretch.start and spans[-1][2] == said:
            spans[-1][1] = stretch.end
        else:
            spans.append([stretch.start, stretch.end, said])
    return spans
