"""What one edit does to one sequence: positions become names of characters, at the writer.

    splice(position, deleted, said) ─► plan (what is there, by name) ─► drafts of ops
             second one of the same edit ─► on a copy that has the first

Positions mean nothing to others, who may see another text under another policy; names do.

**Law:** the sequence that is read stays as it is: what an edit does comes back with its event.

Reads: kernels, state.ops, types.sequence. Read by: state.edits.
Source: state.md of the specification, "Text".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.kernels import Sequence
from tallystick.kernels.stream import LEFT_OF, CharId
from tallystick.state.ops import Draft, Target, op_index, op_row
from tallystick.state.places import Place, place_text
from tallystick.state.types import sequence as how
from tallystick.state.types.mark import AFTER_END, HAS_END, HAS_START, MARK
from tallystick.state.types.sequence import ELEMENT
from tallystick.state.views_texts_marks import Mark, live_marks

OWN_EVENT: Final = 1 << 41
"""The event being written, in a copy: later than every other."""
_NOBODY: Final = 1 << 31

Named = Callable[[int], Target]
"""A row -> its event as a target (at index 0)."""


class Splices:
    """The splices of one edit at one place.

    Args:
        sequence: what is there now.
        named: row -> target.
        outside: (sequence, position) -> events that the writer's past will not hold, of those
            whose characters follow what is shown before a position.
        marks: (place of a mark, sequence of its text) -> the marks there.
    """

    def __init__(
        self, place: Place, type_: str, sequence: Sequence, *, named: Named,
        outside: Callable[[Sequence, int], Iterable[int]],
        marks: Callable[[Place, Sequence], list[Mark]],
    ) -> None:  # fmt: skip
        self._place, self._is_text, self._marks = place, type_ == "text", marks
        self._sequence, self._named, self._outside = sequence, named, outside
        self._done: list[tuple[int, int, int, str]] = []
        self._copy: Sequence | None = None

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> Sequence:
        """The sequence with all splices so far."""
        if self._done and self._copy is None:
            self._copy = self._sequence.clone()
            self._copy.author(_NOBODY, b"")
            for splice in self._done:
                self._repeat(self._copy, splice)
        return self._copy or self._sequence

    def _repeat(self, copy: Sequence, splice: tuple[int, int, int, str]) -> None:
        index, position, deleted, text = splice
        copy.begin(OWN_EVENT, _NOBODY, 0, index)
        copy.edit(position, deleted, text, self._outside(copy, position))

    def text(self) -> str:
        """What the text will read."""
        return self._now().text()

    def splice(self, index: int, position: int, deleted: int, said: Any) -> list[Draft]:
        """The ops that delete some characters and insert others: (op index of the first is given).

        Args:
            said: text, or a list of elements; empty to insert nothing.

        Raises:
            BadInput: state/text, for a position or length beyond what is shown.
        """
        now = self._now()
        text = said if self._is_text else ELEMENT * len(said)
        try:
            kind, first, right, gone = now.plan(position, deleted, self._outside(now, position))
        except IndexError:
            raise BadInput(
                "state/text", "that is beyond what is there", where=place_text(self._place),
                expected=f"within 0 to {len(now)}", got=f"{deleted} at {position}",
            ) from None  # fmt: skip
        drafts = []
        if gone:
            names = tuple(self._target((event, at)) for event, at, _ in gone)
            verb = how.DELETE_TEXT if self._is_text else how.DELETE_ITEMS
            drafts.append(Draft(verb, self._place, names, tuple(n for *_, n in gone)))
        if text:
            verb = how.INSERT_TEXT if self._is_text else how.INSERT_ITEMS
            hangs, refs = self._hangs(kind, first, right)
            drafts.append(Draft(verb, self._place, refs, (len(text), hangs), said))
        if drafts:
            splice = (index, position, deleted, text)
            self._done.append(splice)
            if self._copy is not None:
                self._repeat(self._copy, splice)
        return drafts

    def mark(self, start: int, end: int, name: str, value: Any, *, grows: bool) -> Draft:
        """The op that marks characters ``start`` to ``end``, over the live marks they carry.

        Args:
            grows: whether what is typed directly after the last is reached, too.

        Raises:
            BadInput: state/text, for an empty stretch or one beyond the text.
        """
        bits, named = self._anchors(start, end, grows=grows)
        marks = self._marks((*self._place, name), self._now())
        edges = {start} | {e for m in marks for e in (m.start, m.end) if start <= e < end}
        live = {mark.op: mark for edge in edges for mark in live_marks(marks, edge)}
        named += [self._target((op_row(op), op_index(op))) for op in sorted(live)]
        return Draft(MARK, (*self._place, name), tuple(named), (bits,), value)

    def _anchors(self, start: int, end: int, *, grows: bool) -> tuple[int, list[Target | int]]:
        now = self._now()
        if not 0 <= start < end <= len(now):
            raise BadInput(
                "state/text", "that is no stretch of what is there",
                where=place_text(self._place), got=f"{start} to {end}",
                expected=f"characters within 0 to {len(now)}",
            )  # fmt: skip

        def name(position: int) -> Target | int:
            ((event, index, _),) = now.ids(position, position + 1)
            return self._target((event, index))

        if not grows:
            return HAS_START | HAS_END | AFTER_END, [name(start), name(end - 1)]
        if end == len(now):
            return HAS_START, [name(start)]
        return HAS_START | HAS_END, [name(start), name(end)]

    def _hangs(
        self, kind: int, first: CharId | None, right: CharId | None
    ) -> tuple[int, tuple[Target | int, ...]]:
        refs = tuple(self._target(name) for name in (first, right) if name is not None)
        if kind == LEFT_OF:
            return how.LEFT_OF, refs
        if right is None:
            return (how.FROM_START if first is None else how.FROM_LEFT), refs
        return (how.BEFORE_RIGHT if first is None else how.BETWEEN), refs

    def _target(self, name: CharId) -> Target | int:
        event, index = name
        if event == OWN_EVENT:
            return index
        target = self._named(event)
        return Target(target.author, target.seq, target.id, index)
