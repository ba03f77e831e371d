"""Frames of edits: from the bytes to authors and ops, or the word that they are no frame.

    frame   = [authors, ops]                                           canonical DAG-CBOR
    authors = [ bytes32 | [bytes32, link], ... ]                       no two alike
    op      = [ verb, place, over, number ... ]                        at least one op
    place   = [ text, ... ]
    over    = [ [author index, seq, op index] | [op index of this frame], ... ]

Only the shape is looked at. What a verb asks of its numbers and references, and how long a
place may be, is for ``state.ops``, which knows the types.

Law: a frame that opens says the same as the item it encodes, and nothing of it is left out.

Reads: errors, kernels.columns, kernels.status. Read by: loader.
Source: spec/ops.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from tallystick.errors import BadInput
from tallystick.kernels import status
from tallystick.kernels.columns import Link
from tallystick.kernels.reference.codec import decode_item
from tallystick.limits import DIGEST_BYTES

Author: TypeAlias = tuple[bytes, bytes | None]
"""A key, and the event that ends the side meant, where that had to be said."""
Ref: TypeAlias = tuple[int, int, int]
"""Author index (``OWN`` for the frame's own event, whose seq reads 0), seq, op index."""
Op: TypeAlias = tuple[int, tuple[str, ...], tuple[Ref, ...], tuple[int, ...]]
"""Verb, place, over, numbers."""
Opened: TypeAlias = tuple[tuple[Author, ...], tuple[Op, ...]]

OWN: Final = -1


class _Misshapen(Exception):
    """Met deep inside a frame; the gate turns it into a status."""


def open_frames(frames: Sequence[bytes]) -> list[Opened | int]:
    """Authors and ops of each frame, or FRAME where the bytes have another shape.

    >>> open_frames([bytes.fromhex("828081830181616180"), b""])
    [((), ((1, ('a',), (), ()),)), 37]
    """
    return [_open(frame) for frame in frames]


def _open(frame: bytes) -> Opened | int:
    try:
        authors, ops = _list(decode_item(frame), 2, 2)
        table = tuple(_author(entry) for entry in _list(authors))
        _demand(len(set(table)) == len(table))
        return table, tuple(_op(op, len(table)) for op in _list(ops, 1))
    except (BadInput, _Misshapen):
        return status.FRAME


def _demand(holds: bool) -> None:  # noqa: FBT001
    if not holds:
        raise _Misshapen


def _list(item: Any, least: int = 0, most: int | None = None) -> list[Any]:
    _demand(type(item) is list and len(item) >= least and (most is None or len(item) <= most))
    return item  # type: ignore[no-any-return]  # the line above has looked


def _uint(item: Any) -> int:
    _demand(type(item) is int and item >= 0)
    return item  # type: ignore[no-any-return]  # the line above has looked


def _author(entry: Any) -> Author:
    side = None
    if type(entry) is list:
        entry, link = _list(entry, 2, 2)
        _demand(type(link) is Link)
        side = link.digest
    _demand(type(entry) is bytes and len(entry) == DIGEST_BYTES)
    return entry, side


def _op(op: Any, authors: int) -> Op:
    verb, place, over, *numbers = _list(op, 3)
    for segment in _list(place):
        _demand(type(segment) is str)
    for number in numbers:
        _demand(type(number) is int)
    refs = tuple(_ref(ref, authors) for ref in _list(over))
    return _uint(verb), tuple(place), refs, tuple(numbers)


def _ref(ref: Any, authors: int) -> Ref:
    if len(_list(ref, 1, 3)) == 1:
        return OWN, 0, _uint(ref[0])
    author, seq, at = _list(ref, 3, 3)
    _demand(_uint(author) < authors)
    return author, _uint(seq), _uint(at)
