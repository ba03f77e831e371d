"""The stream of a sequence: what was inserted and deleted, as varints, in the order it came in.

    stream  = count span* op*                      varints (LEB128), signed ones zigzag
    span    = skip events author seq               events begin `skip` after the span before
    op      = code skip index count ref*           its event is `skip` after the op before's last
    ref     = back index                           an event `back` before the op's own; an index

    code    bits 0-1   0 insert right of, 1 insert left of, 2 delete, 3 delete backwards
            bit 2      EACH: its characters are of as many events, one each; else of one event
            bit 3      LEFT: there is a ref to the character it hangs from (an insert), or STEP: the
                       characters deleted are of as many events, one each
            bit 4      RIGHT: there is a ref to the right origin (kind 0)
            bit 5      NEXT: the right origin is what follows the left one as the stream is read

A character is named (event, index). Of an insert with EACH the characters are (event, index),
(event + 1, index)...; else (event, index), (event, index + 1)... Those after the first hang to the
right of the one before. A deletion names its first target and how many follow it (precede it,
backwards); with EACH a deletion is of as many events, a target each. Ops come in the order of their
events and, in an event, of their indices: so names ascend as characters come in. Every event, index
and seq is below 2^62, and the difference of two fits a signed number of 63 bits.

**Law:** ``read(write(x)) == x``. What is no stream raises ``ValueError`` and is never half taken.

Reads: kernels.varint. Read by: kernels.reference.sequence, kernels.native, state.
Source: spec/sequence.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from tallystick.kernels.varint import uvarint

CharId: TypeAlias = tuple[int, int]
"""(event, index): a character by the event that inserted it."""

RIGHT_OF, LEFT_OF, DELETE, DELETE_BACK = range(4)
_WAYS: Final = tuple((kind, step) for step in (False, True) for kind in (DELETE, DELETE_BACK))
EACH: Final = 1 << 2
LEFT: Final = 1 << 3
RIGHT: Final = 1 << 4
NEXT: Final = 1 << 5
STEP: Final = LEFT
"""Of a deletion."""
LIMIT: Final = 1 << 62
"""Every event, index and seq is below it."""
_VARINT_BITS: Final = 63


class Span(NamedTuple):
    """``count`` events from ``event`` on, by one author, at ``seq`` and the next ones."""

    event: int
    count: int  # type: ignore[assignment]  # the field, not tuple.count
    author: int
    seq: int

    @property
    def end(self) -> int:
        """The event after its last."""
        return self.event + self.count


class Run(NamedTuple):
    """``count`` characters inserted one after the other, or deleted one after the other.

    Args:
        event, index: of the first.
        each: one event a character; else one event in all.
        first: of an insert what it hangs from, None for the start; of a deletion its target.
        right: of an insert to the right of something its right origin, None for the end.
        step: of a deletion: targets are of as many events; else of one event.
        next: the right origin is whatever comes next as the stream is read. ``read`` leaves
            ``right`` to it; runs that were taken in have both.
    """

    kind: int
    event: int
    index: int  # type: ignore[assignment]  # the fields, not tuple's methods
    count: int  # type: ignore[assignment]
    each: bool = False
    first: CharId | None = None
    right: CharId | None = None
    step: bool = False
    next: bool = False

    @property
    def last_event(self) -> int:
        """The last event it is of."""
        return self.event + self.count - 1 if self.each else self.event

    @property
    def stop(self) -> CharId:
        """No later run is of an earlier event, or of the same one and a smaller index."""
        return self.last_event, self.index + self.inserts * (1 if self.each else self.count)

    @property
    def inserts(self) -> bool:
        """Whether it inserts."""
        return self.kind < DELETE

    def at(self, nth: int) -> CharId:
        """The name of its nth character; of a deletion the event and index it is of."""
        if self.each:
            return self.event + nth, self.index
        return self.event, self.index + nth * self.inserts

    def target(self, nth: int) -> CharId:
        """What the nth deletion deletes."""
        assert self.first is not None
        event, index = self.first
        n = nth if self.kind == DELETE else -nth
        return (event + n, index) if self.step else (event, index + n)

    def normal(self) -> Run:
        """The same, in the one way that a single character is written."""
        if self.count > 1:
            return self
        return self._replace(kind=min(self.kind, DELETE), each=False, step=False)

    def of(self, event: int) -> Run | None:
        """What of it one event wrote; None when nothing is."""
        if not self.event <= event <= self.last_event:
            return None
        nth = event - self.event
        if not self.each or nth == 0 == self.count - 1:
            return self
        if not self.inserts:
            return Run(DELETE, event, self.index, 1, first=self.target(nth))
        if nth == 0:
            return self._replace(count=1, each=False)
        return Run(RIGHT_OF, event, self.index, 1, first=self.at(nth - 1), right=self._after)

    @property
    def _after(self) -> CharId | None:
        """What comes after all of an insert, as its writer saw it."""
        return self.first if self.kind == LEFT_OF else self.right

    def joined(self, other: Run) -> Run | None:
        """One run for both when ``other`` goes on where this one ends; None when it does not."""
        if self.inserts is not other.inserts:
            return None
        for each in (False, True):
            for kind, step in _WAYS if not self.inserts else ((self.kind, False),):
                long = self._replace(
                    count=self.count + other.count, each=each, kind=kind, step=step
                )
                if self._is(long, 0) and other._is(long, self.count):
                    return long
        return None

    def _is(self, long: Run, start: int) -> bool:
        """Whether this is what ``long`` has from its ``start`` on."""
        if (self.event, self.index) != long.at(start):
            return False
        if self.count > 1 and self.each is not long.each:
            return False
        if self.inserts:
            ends = self.first == long.at(start - 1), self.right == long._after
            return start == 0 or (self.kind == RIGHT_OF and all(ends))
        if self.count > 1 and (self.kind, self.step) != (long.kind, long.step):
            return False
        return self.first == long.target(start)


def write(spans: Iterable[Span], runs: Iterable[Run]) -> bytes:
    """The bytes of a stream."""
    spans = list(spans)
    numbers, event = [len(spans)], 0
    for span in spans:
        numbers += [span.event - event, span.count, span.author, span.seq]
        event = span.event + span.count
    event = 0
    for run in runs:
        code = run.kind | (EACH if run.each else 0) | (NEXT if run.next else 0)
        if run.kind in {DELETE, DELETE_BACK}:
            code |= STEP if run.step else 0
            refs = [run.first]
        else:
            code |= LEFT if run.first is not None else 0
            right = None if run.next else run.right
            code |= RIGHT if right is not None else 0
            refs = [run.first, right]
        numbers += [code, run.event - event, run.index, run.count]
        for ref in refs:
            if ref is not None:
                numbers += [_zigzag(run.event - ref[0]), ref[1]]
        event = run.last_event
    return b"".join(map(_varint, numbers))


def read(data: bytes) -> tuple[list[Span], list[Run]]:
    """Spans and runs of a stream. Raises ValueError."""
    numbers = _Numbers(data)
    spans, event = [], 0
    for _ in range(numbers.take()):
        span = Span(event + numbers.take(), *(numbers.take() for _ in range(3)))
        if max(span.event, span.seq) + span.count > LIMIT:
            raise ValueError("a number beyond 2^62")
        event = span.end
        spans.append(span)
    runs, before = [], (0, 0)
    while numbers.more():
        run = _read_run(numbers, before)
        before = run.stop
        runs.append(run)
    return spans, runs


def _read_run(numbers: _Numbers, before: CharId) -> Run:
    code = numbers.take()
    event, index, count = before[0] + numbers.take(), numbers.take(), numbers.take()
    kind, deletes = code & 3, code & 3 >= DELETE
    if count < 1 or code >= NEXT << 1 or (kind and code & (NEXT | RIGHT)):
        raise ValueError("a run that cannot be")
    if code & NEXT and code & RIGHT:
        raise ValueError("a run with two right origins")
    if max(event, index) + count > LIMIT:
        raise ValueError("a number beyond 2^62")
    if (event, index) < before:
        raise ValueError("a run before the one before")

    def ref() -> CharId:
        found = event - numbers.signed(), numbers.take()
        if not (0 <= found[0] < LIMIT and found[1] < LIMIT):
            raise ValueError("a reference to no event")
        return found

    run = Run(
        kind, event, index, count,
        each=bool(code & EACH),
        first=ref() if deletes or code & LEFT else None,
        right=ref() if code & RIGHT else None,
        step=deletes and bool(code & STEP),
        next=bool(code & NEXT),
    )  # fmt: skip
    if deletes and not all(0 <= number < LIMIT for number in run.target(count - 1)):
        raise ValueError("a deletion of what cannot be")
    return run


class _Numbers:
    """Varints, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def more(self) -> bool:
        return self._at < len(self._data)

    def take(self) -> int:
        value, shift = 0, 0
        while True:
            if not self.more() or shift >= _VARINT_BITS:
                raise ValueError("a stream cut off, or a number too long")
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def signed(self) -> int:
        value = self.take()
        return value >> 1 if value % 2 == 0 else -(value + 1 >> 1)


def _varint(value: int) -> bytes:
    if not 0 <= value < 1 << _VARINT_BITS:
        raise ValueError(f"{value} is beyond 63 bits: runs out of order, or numbers beyond 2^62")
    return uvarint(value)


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1
