"""Ops: the steps inside the frame of a ``record/edit`` event, read, checked and written.

    frame   = [authors, ops]                                           canonical DAG-CBOR
    authors = [ bytes32 | [bytes32, link], ... ]                       whose ops are named below
    op      = [ verb, place, over, number ... ]                        place = [text, ...]
    over    = [ ref, ... ]      ref = [table index, seq, op index]     an op of an earlier event
                                    | [op index]                       an op of this event, before
    content = [ value | null, ... ]                                    parallel to ops

    verb  1 set (register) · 2 enable · 3 disable (flag) · 4 add · 5 remove (set) · 6 inc (counter)
          7 insert · 8 delete (text) · 9 insert · 10 delete (list) · 12 create · 13 delete ·
          14 restore (record)

An op has one index, the next one free in its event; an insert of n characters has n, one each.
What a reference resolves to depends on the event's past (``EventSource.resolve``); one that leads
nowhere, to another place or to a verb its own may not replace is ignored. A verb this version
does not know keeps its shape and has no effect. The shape itself is read by the kernels.

**Law:** ``void`` depends on the frame alone, so it is the same for everyone, for ever.

Reads: kernels, errors, limits, state.places, state.types. Read by: state.views, replica.
Source: spec/ops.md.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeAlias

from tallystick.errors import BadInput
from tallystick.event.absent import Absent, Bad, Erased, Missing
from tallystick.kernels import Link, decode_item, encode_item, open_frames
from tallystick.state.places import Place, fits, place_text
from tallystick.state.types import TYPES, VERBS
from tallystick.state.types.sequence import INSERTS

KIND: Final = "record/edit"
OWN: Final = -1
"""The table index of a reference to the event itself."""
OP_BITS: Final = 20
"""A frame of 1 MiB holds fewer than 2**20 ops, so (row, index) packs into row << 20 | index."""
_FRAMES_CACHED: Final = 4096
"""Frames of counters repeat ("plus one, there"); a parsed one is used again."""
_CACHED_BYTES_MAX: Final = 512
_FRAMES_AT_ONCE: Final = 256
"""Opened by one call, so that no more tuples are alive than the caller keeps."""
_HARMLESS: Final = (0, ("a",), ())
"""An op of no known verb: at the end of a frame it changes no verdict."""


Ref: TypeAlias = tuple[int, int, int]
"""One op that another goes over: (table, seq, index) is ``authors[table]``'s event ``seq``, its op
``index``; with ``OWN`` it is an earlier op of the same event, and seq is 0."""


class Op(NamedTuple):
    """One step: a verb at a place, over other ops, with its type's numbers."""

    verb: int
    place: Place
    over: tuple[Ref, ...]
    numbers: tuple[int, ...] = ()


class Frame(NamedTuple):
    """A frame that is not void. ``authors`` are (key, side id or None)."""

    authors: tuple[tuple[bytes, bytes | None], ...]
    ops: tuple[Op, ...]

    def indexed(self) -> Iterable[tuple[int, Op]]:
        """Each op with its (first) index."""
        return zip(_indices(self.ops), self.ops, strict=False)

    def at(self, index: int) -> Op | None:
        """The op that has an index, None beyond the last."""
        ends = list(_indices(self.ops))
        return self.ops[bisect(ends, index) - 1] if 0 <= index < ends[-1] else None

    def values(self, content: bytes | None, *, erased: bool = False) -> dict[int, Any]:
        """(First) index of each op -> its value: see ``op_values``."""
        said = op_values(content, len(self.ops), erased=erased)
        return dict(zip(_indices(self.ops), said, strict=False))


@dataclass(frozen=True, slots=True)
class Target:
    """An op to go over, as a writer's view names it; ``id`` is its event's."""

    author: bytes
    seq: int
    id: bytes
    index: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An op to be written.

    Args:
        over: what it names: ops of other events, and indices of earlier ops of its own.
    """

    verb: int
    place: Place
    over: tuple[Target | int, ...] = ()
    numbers: tuple[int, ...] = ()
    value: Any = None


# --- Reading ------------------------------------------------------------------------------------


def parse_frame(frame: bytes) -> Frame | str:
    """The ops of a frame, or the void code that says why it has none.

    Never raises because of the bytes. Parsed small frames are remembered.
    """
    return _remembered(frame) if len(frame) <= _CACHED_BYTES_MAX else _parse(frame)


def parse_frames(frames: Sequence[bytes]) -> Iterator[Frame | str]:
    """Of each frame the ops, or the void code; the way for many frames that differ."""
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        some = frames[start : start + _FRAMES_AT_ONCE]
        yield from map(_judged, open_frames(some), some)


def void(frame: bytes, content_size: int) -> str | None:
    """The void code of a ``record/edit`` frame: void/frame, void/value, or None when it is good.

    Args:
        content_size: bytes of the content as the header says; each character inserted takes one.
    """
    parsed = parse_frame(frame)
    if isinstance(parsed, str):
        return parsed
    inserted = sum(op.numbers[0] for op in parsed.ops if op.verb in INSERTS)
    return "void/value" if inserted > content_size else None


def _parse(frame: bytes) -> Frame | str:
    return _judged(open_frames([frame])[0], frame)


_remembered = lru_cache(maxsize=_FRAMES_CACHED)(_parse)


def _judged(parts: Any, frame: bytes) -> Frame | str:
    """What ``open_frames`` made of a frame, with places, numbers of numbers and amounts looked at.

    Reads from left to right, as the code told is that of the first fault.
    """
    if isinstance(parts, int):
        return _misshapen(frame)
    authors, steps = parts
    ops = []
    index = 0
    for verb, place, over, numbers in steps:
        if not fits(place):
            return "void/value"
        if any(ref[0] == OWN and ref[2] >= index for ref in over):
            return "void/frame"
        known = VERBS.get(verb)
        if known is not None:
            code = known.void(numbers, len(over))
            if code is not None:
                return code
            index += known.width(numbers)
        else:
            index += 1
        ops.append(Op(verb, place, over, numbers))
    return Frame(authors, tuple(ops))


def _indices(ops: Sequence[Op]) -> Iterator[int]:
    """The first index of each op."""
    return accumulate((_width(op.verb, op.numbers) for op in ops), initial=0)


def _width(verb: int, numbers: Sequence[int]) -> int:
    return VERBS[verb].width(numbers) if verb in VERBS else 1


def _misshapen(frame: bytes) -> str:
    """The code of a frame that does not open: void/value when such a fault lies before the other.

    Cost: O(n log n) for n ops, as the first misshapen one is searched for.
    """
    try:
        item = decode_item(frame)
    except BadInput:
        return "void/frame"
    if type(item) is not list or len(item) != 2 or type(item[1]) is not list or not item[1]:
        return "void/frame"
    authors, steps = item

    def judged(some: list[Any]) -> Frame | str | None:
        data = encode_item([authors, [*some, _HARMLESS]])
        (parts,) = open_frames([data])
        return None if isinstance(parts, int) else _judged(parts, data)

    good = bisect(range(len(steps) + 1), False, key=lambda n: judged(steps[:n]) is None) - 1
    if good < 0:
        return "void/frame"
    before, step = steps[:good], steps[good]
    begun = [[*step[:2], []]] if type(step) is list and len(step) > 2 else []
    found = judged(before + begun) or judged(before)
    return found if isinstance(found, str) else "void/frame"


def op_values(content: bytes | None, count: int, *, erased: bool = False) -> list[Any]:
    """The values of an event's ops: as written, or ``Missing``, ``Erased`` or ``Bad`` for each.

    Args:
        content: bytes of the content, None when it is not here.
        count: how many ops the frame has; a content of another length is Bad throughout.
    """
    if content is None:
        return [Erased if erased else Missing] * count
    try:
        values = decode_item(content, floats=True)
    except BadInput:
        return [Bad] * count
    if type(values) is not list or len(values) != count:
        return [Bad] * count
    return values


# --- Writing ------------------------------------------------------------------------------------


def build(
    drafts: Sequence[Draft], *, side_of: Callable[[Target], bytes | None] = lambda _target: None
) -> tuple[bytes, bytes]:
    """Frame and content of an edit.

    Args:
        drafts: the ops, at least one.
        side_of: None when the writer's past holds one event at the target's author and seq;
            otherwise the id of the last event, in that past, of the side the target is on.

    Raises:
        BadInput: state/place, for a place or number the format does not allow; codec/*, for a
            value that is not plain data.
    """
    table: dict[tuple[bytes, bytes | None], int] = {}

    def ref(target: Target | int) -> list[int]:
        if isinstance(target, int):
            return [target]
        entry = (target.author, side_of(target))
        return [table.setdefault(entry, len(table)), target.seq, target.index]

    ops = []
    for draft in drafts:
        named = draft.over if VERBS[draft.verb].ordered else sorted(draft.over, key=_order)
        over = [ref(target) for target in named]
        ops.append([draft.verb, list(draft.place), over, *draft.numbers])
    authors = [key if side is None else [key, Link(side)] for key, side in table]
    frame = encode_item([authors, ops])
    content = b""
    if any(VERBS[d.verb].valued for d in drafts):
        content = encode_item([_valued(draft) for draft in drafts], floats=True)
    code = void(frame, len(content))
    if code is not None:
        where = ", ".join(place_text(draft.place) for draft in drafts[:3])
        raise BadInput("state/place", "the edit would be void", where=where, got=code)
    return frame, content


def _order(target: Target | int) -> tuple[bytes, int, bytes, int]:
    if isinstance(target, int):
        return b"", 0, b"", target
    return target.author, target.seq, target.id, target.index


def _valued(draft: Draft) -> Any:
    if isinstance(draft.value, Absent):
        raise BadInput("codec/unencodable", expected="a value", got=repr(draft.value))
    return draft.value if VERBS[draft.verb].valued else None


def draft_index(drafts: Sequence[Draft]) -> int:
    """The index that the op after these drafts has."""
    return sum(_width(draft.verb, draft.numbers) for draft in drafts)


def op_number(row: int, index: int) -> int:
    """The number of an op in this store: its event's row and its index, in one integer."""
    return row << OP_BITS | index


def op_row(number: int) -> int:
    """The event's row of an op number."""
    return number >> OP_BITS


def op_index(number: int) -> int:
    """The index within its event of an op number."""
    return number & ((1 << OP_BITS) - 1)


def places_of(frame: Frame) -> Iterable[tuple[Place, str]]:
    """The (place, type) pairs that a frame's known ops act on, sequences left out."""
    types = ((op.place, VERBS[op.verb].type) for op in frame.ops if op.verb in VERBS)
    return {pair: None for pair in types if not TYPES[pair[1]].sequence}
