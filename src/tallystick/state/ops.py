"""Ops: the steps inside the frame of a ``record/edit`` event, read, checked and written.

    frame   = [authors, ops]                                           canonical DAG-CBOR
    authors = [ bytes32 | [bytes32, link], ... ]                       whose ops are named below
    op      = [ verb, place, over, number ... ]                        place = [text, ...]
    over    = [ ref, ... ]      ref = [table index, seq, op index]     an op of an earlier event
                                    | [op index]                       an op of this event, before
    content = [ value | null, ... ]                                    parallel to ops

    verb  1 set (register) · 2 enable · 3 disable (flag) · 4 add · 5 remove (set) · 6 inc (counter)

What a reference resolves to depends on the event's past (``EventSource.resolve``); one that leads
nowhere, to another place or to a verb its own may not replace is ignored. A verb this version
does not know keeps its shape and has no effect.

**Law:** ``void`` depends on the frame alone, so it is the same for everyone, for ever.

Reads: kernels, errors, limits, state.places, state.types. Read by: state.views, replica.
Source: spec/ops.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.event.absent import Absent, Bad, Erased, Missing
from tallystick.kernels import Link, decode_item, encode_item
from tallystick.limits import DIGEST_BYTES
from tallystick.state.places import Place, fits, place_text
from tallystick.state.types import VERBS

KIND: Final = "record/edit"
OWN: Final = -1
"""``Ref.table`` of a reference to the event itself."""
OP_BITS: Final = 20
"""A frame of 1 MiB holds fewer than 2**20 ops, so (row, index) packs into row << 20 | index."""
_FRAMES_CACHED: Final = 4096
"""Frames of counters repeat ("plus one, there"); a parsed one is used again."""
_CACHED_BYTES_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class Ref:
    """One op that another goes over: ``authors[table]``'s event ``seq``, its op ``index``."""

    table: int
    seq: int
    index: int


@dataclass(frozen=True, slots=True)
class Op:
    """One step: a verb at a place, over other ops, with its type's numbers."""

    verb: int
    place: Place
    over: tuple[Ref, ...]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that is not void. ``authors`` are (key, side id or None)."""

    authors: tuple[tuple[bytes, bytes | None], ...]
    ops: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """An op to go over, as a writer's view names it; ``id`` is its event's."""

    author: bytes
    seq: int
    id: bytes
    index: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An op to be written. ``over`` names ops of other events, ``own`` earlier ones of this one."""

    verb: int
    place: Place
    over: tuple[Target, ...] = ()
    own: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()
    value: Any = None


# --- Reading ------------------------------------------------------------------------------------


def parse_frame(frame: bytes) -> Frame | str:
    """The ops of a frame, or the void code that says why it has none.

    Never raises because of the bytes. Parsed small frames are remembered.
    """
    return _remembered(frame) if len(frame) <= _CACHED_BYTES_MAX else _parse(frame)


def void(frame: bytes) -> str | None:
    """The void code of a ``record/edit`` frame: void/frame, void/value, or None when it is good."""
    parsed = parse_frame(frame)
    return parsed if isinstance(parsed, str) else None


class _Void(Exception):
    """Met deep inside a frame; the gate turns it into its code."""


def _parse(frame: bytes) -> Frame | str:
    try:
        item = decode_item(frame)
        authors, ops = _list(item, 2, 2)
        table = tuple(_author(entry) for entry in _list(authors))
        _demand(len(set(table)) == len(table))
        steps = _list(ops, 1)
        return Frame(table, tuple(_op(step, i, len(table)) for i, step in enumerate(steps)))
    except (BadInput, UnicodeEncodeError):
        return "void/frame"
    except _Void as found:
        return str(found)


_remembered = lru_cache(maxsize=_FRAMES_CACHED)(_parse)


def _demand(holds: bool, code: str = "void/frame") -> None:  # noqa: FBT001
    if not holds:
        raise _Void(code)


def _list(item: Any, least: int = 0, most: int | None = None) -> list[Any]:
    _demand(type(item) is list and len(item) >= least and (most is None or len(item) <= most))
    return item  # type: ignore[no-any-return]  # the line above has looked


def _uint(item: Any) -> int:
    _demand(type(item) is int and item >= 0)
    return item  # type: ignore[no-any-return]  # the line above has looked


def _author(entry: Any) -> tuple[bytes, bytes | None]:
    side = None
    if type(entry) is list:
        entry, link = _list(entry, 2, 2)
        _demand(type(link) is Link)
        side = link.digest
    _demand(type(entry) is bytes and len(entry) == DIGEST_BYTES)
    return entry, side


def _op(step: Any, index: int, table: int) -> Op:
    verb, place, over, *numbers = _list(step, 3)
    _uint(verb)
    for segment in _list(place):
        _demand(type(segment) is str)
    _demand(fits(place), "void/value")
    for number in numbers:
        _demand(type(number) is int)
    refs = tuple(_ref(ref, index, table) for ref in _list(over))
    known = VERBS.get(verb)
    if known is not None:
        _demand(len(numbers) == known.numbers)
        _demand(known.numbers == 0 or all(numbers), "void/value")
    return Op(verb, tuple(place), refs, tuple(numbers))


def _ref(ref: Any, index: int, table: int) -> Ref:
    if len(_list(ref, 1, 3)) == 1:
        _demand(_uint(ref[0]) < index)
        return Ref(OWN, 0, ref[0])
    entry, seq, at = _list(ref, 3, 3)
    _demand(_uint(entry) < table)
    return Ref(entry, _uint(seq), _uint(at))


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
    ops = []
    for draft in drafts:
        over: list[list[int]] = [[i] for i in sorted(draft.own)]
        for target in sorted(draft.over, key=_order):
            entry = (target.author, side_of(target))
            over.append([table.setdefault(entry, len(table)), target.seq, target.index])
        ops.append([draft.verb, list(draft.place), over, *draft.numbers])
    authors = [key if side is None else [key, Link(side)] for key, side in table]
    frame = encode_item([authors, ops])
    code = void(frame)
    if code is not None:
        where = ", ".join(place_text(draft.place) for draft in drafts[:3])
        raise BadInput("state/place", "the edit would be void", where=where, got=code)
    if all(not VERBS[d.verb].valued for d in drafts):
        return frame, b""
    return frame, encode_item([_valued(draft) for draft in drafts], floats=True)


def _order(target: Target) -> tuple[bytes, int, bytes, int]:
    return target.author, target.seq, target.id, target.index


def _valued(draft: Draft) -> Any:
    if isinstance(draft.value, Absent):
        raise BadInput("codec/unencodable", expected="a value", got=repr(draft.value))
    return draft.value if VERBS[draft.verb].valued else None


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
    """The (place, type) pairs that a frame's known ops act on."""
    return {(op.place, VERBS[op.verb].type): None for op in frame.ops if op.verb in VERBS}
