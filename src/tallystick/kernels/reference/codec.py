"""Strict DAG-CBOR: every value has one encoding, and only that one is read back.

    head = major (3 bits) | info (5 bits) [argument: 0, 1, 2, 4 or 8 bytes, the fewest that do]

    major 0 uint   1 negative   2 bytes   3 text   4 list   5 map   6 tag 42 only   7 see below
    link  = d8 2a  58 25  00 01 71 12 20  digest(32)        an item of its own type
    false f4   true f5   null f6   float fb + 8 bytes, finite, only where floats are allowed

Faults are looked for from left to right, and at one item in this order: no byte left
(TRUNCATED), depth, the head's own form, what the argument promises against the bytes left, then
the meaning. A fault lies at the head of the item it concerns.

Law: ``decode_item(encode_item(x)) == x``, and what decodes re-encodes to the same bytes.

Reads: limits, errors, kernels.columns, kernels.status. Read by: kernels.reference.packs, loader.
Source: RFC 8949; https://ipld.io/specs/codecs/dag-cbor/spec/ ("strictness").
"""

# ruff: noqa: FBT001 (one flag goes down the recursion by position; the public face has it by name)

from __future__ import annotations

import math
import struct
from itertools import pairwise
from typing import Final

from tallystick.errors import BadInput
from tallystick.kernels import status
from tallystick.kernels.columns import Link
from tallystick.kernels.reference.casts import read_offsets
from tallystick.limits import CBOR_DEPTH_MAX, INT_MAX, INT_MIN

LINK_HEAD: Final = bytes.fromhex("d82a58250001711220")
"""Tag 42, bytes(37), identity multibase 00, CIDv1, dag-cbor, sha2-256, 32 bytes."""
NULL: Final = b"\xf6"

_UINT, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLES: Final = {0xF4: False, 0xF5: True, 0xF6: None}
_FLOATS: Final = (0xF9, 0xFA, 0xFB)
_BREAK: Final = 0xFF
_LEAST: Final = {24: 24, 25: 2**8, 26: 2**16, 27: 2**32}
"""The smallest argument that needs the 1, 2, 4 or 8 bytes which this info announces."""


class Fault(Exception):
    """Bad data, met deep inside one item; the gate turns it into a status or ``BadInput``."""

    def __init__(self, status_: int, where: str) -> None:
        super().__init__(status_, where)
        self.status = status_
        self.where = where

    def as_bad_input(self) -> BadInput:
        """The same, for a caller who handed in a single item."""
        return BadInput(status.CODE[self.status], where=self.where)


# --- Encoding -----------------------------------------------------------------------------------


def encode_item(value: object, *, floats: bool = False) -> bytes:
    """The one encoding of a value.

    Args:
        value: None, bool, int in [-2^63, 2^63), str, bytes-like, ``Link``, list or tuple, dict
            with str keys; at most 32 levels deep, a scalar being one.
        floats: finite floats are allowed (as 64 bits; -0.0 keeps its sign).

    Raises:
        BadInput: codec/too-deep, codec/int-range, codec/float, codec/not-utf8 or
            codec/unencodable, with the path to the culprit, such as ``$.a[3]``.

    >>> encode_item({"b": 1, "a": [None]}).hex()
    'a2616181f6616201'
    """
    out = bytearray()
    try:
        _put(out, value, 1, floats)
    except Fault as fault:
        raise BadInput(status.CODE[fault.status], where="$" + fault.where) from None
    return bytes(out)


def encode_head(major: int, argument: int) -> bytes:
    """The head of an item in its shortest form; ``argument`` in [0, 2^64)."""
    top = major << 5
    if argument < 24:
        return bytes((top | argument,))
    if argument < 2**8:
        return bytes((top | 24, argument))
    if argument < 2**16:
        return struct.pack(">BH", top | 25, argument)
    if argument < 2**32:
        return struct.pack(">BI", top | 26, argument)
    return struct.pack(">BQ", top | 27, argument)


def _put(out: bytearray, value: object, depth: int, floats: bool) -> None:
    if depth > CBOR_DEPTH_MAX:
        raise Fault(status.TOO_DEEP, "")
    if isinstance(value, str):
        text = _utf8(value)
        out += encode_head(_TEXT, len(text)) + text
    elif value is None:
        out += NULL
    elif isinstance(value, bool):
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        if not INT_MIN <= value <= INT_MAX:
            raise Fault(status.INT_RANGE, "")
        out += encode_head(_UINT, value) if value >= 0 else encode_head(_NEGATIVE, -1 - value)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        raw = bytes(value)
        out += encode_head(_BYTES, len(raw)) + raw
    elif isinstance(value, Link):
        out += LINK_HEAD + value.digest
    elif isinstance(value, (list, tuple)):
        _put_list(out, value, depth, floats)
    elif isinstance(value, dict):
        _put_map(out, value, depth, floats)
    elif isinstance(value, float):
        if not (floats and math.isfinite(value)):
            raise Fault(status.FLOAT, "")
        out += struct.pack(">Bd", 0xFB, value)
    else:
        raise Fault(status.UNENCODABLE, "")


def _put_list(
    out: bytearray, entries: list[object] | tuple[object, ...], depth: int, floats: bool
) -> None:
    out += encode_head(_LIST, len(entries))
    index = 0
    try:
        for index, entry in enumerate(entries):  # noqa: B007 (read when an entry is at fault)
            _put(out, entry, depth + 1, floats)
    except Fault as fault:
        raise Fault(fault.status, f"[{index}]{fault.where}") from None


def _put_map(out: bytearray, entries: dict[object, object], depth: int, floats: bool) -> None:
    keys: list[tuple[int, bytes, str]] = []
    for key in entries:
        if not isinstance(key, str):
            raise Fault(status.UNENCODABLE, "")
        text = _utf8(key)
        keys.append((len(text), text, key))
    keys.sort()
    out += encode_head(_MAP, len(keys))
    name = ""
    try:
        for size, text, name in keys:
            out += encode_head(_TEXT, size) + text
            _put(out, entries[name], depth + 1, floats)
    except Fault as fault:
        raise Fault(fault.status, f".{name}{fault.where}") from None


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        raise Fault(status.NOT_UTF8, "") from None


# --- Decoding -----------------------------------------------------------------------------------


def decode_item(data: bytes, *, floats: bool = False) -> object:
    """The value of exactly one item, with nothing after it.

    Raises:
        BadInput: any codec/* code but codec/unencodable, with ``byte N`` of the item at fault.

    >>> decode_item(bytes.fromhex("a2616181f6616201"))
    {'a': [None], 'b': 1}
    """
    try:
        return _decode_whole(bytes(data), floats)
    except Fault as fault:
        raise fault.as_bad_input() from None


def check_items(data: bytes, offsets: bytes, *, floats: bool = False) -> bytes:
    """One status per item ``data[o[i]:o[i+1]]``; an item of no bytes is OK.

    Args:
        data: the items' bytes.
        offsets: u32[n + 1] into ``data``, ascending.
        floats: finite floats are allowed.

    Returns:
        u8[n], each OK or the status of the first fault.

    Raises:
        ValueError: offsets that are not ascending, or run past the data.
    """
    spans = read_offsets(offsets, len(data))
    data = bytes(data)
    found = bytearray()
    for start, end in pairwise(spans):
        try:
            if start < end:
                _decode_whole(data[start:end], floats)
            found.append(status.OK)
        except Fault as fault:
            found.append(fault.status)
    return bytes(found)


def _decode_whole(data: bytes, floats: bool) -> object:
    value, end = decode_at(data, 0, 1, floats)
    if end != len(data):
        raise _fault(status.TRAILING, end)
    return value


def decode_at(data: bytes, at: int, depth: int, floats: bool) -> tuple[object, int]:
    """The item whose head is at ``at``, and where the next one begins. Raises ``Fault``."""
    if at >= len(data):
        raise _fault(status.TRUNCATED, at)
    if depth > CBOR_DEPTH_MAX:
        raise _fault(status.TOO_DEEP, at)
    major, info = data[at] >> 5, data[at] & 0x1F
    if major == _SIMPLE:
        return _simple(data, at, floats)
    argument, after = (info, at + 1) if info < 24 else _argument(data, at)
    if major == _TAG:
        return _link(data, at, argument, after)
    if major <= _NEGATIVE:
        if argument > INT_MAX:
            raise _fault(status.INT_RANGE, at)
        return (argument if major == _UINT else -1 - argument), after
    # The rest promises `argument` bytes, or entries of at least 1 byte, or pairs of at least 2:
    # refused here when the buffer cannot hold them, so nothing is allocated on a peer's word.
    if argument * (2 if major == _MAP else 1) > len(data) - after:
        raise _fault(status.TRUNCATED, at)
    if major == _BYTES:
        return data[after : after + argument], after + argument
    if major == _TEXT:
        return _text(data, at, argument, after), after + argument
    if major == _LIST:
        entries = []
        for _ in range(argument):
            entry, after = decode_at(data, after, depth + 1, floats)
            entries.append(entry)
        return entries, after
    return _map(data, argument, after, depth, floats)


def _argument(data: bytes, at: int) -> tuple[int, int]:
    """The number in the head at ``at``, and where the head ends."""
    info = data[at] & 0x1F
    if info < 24:
        return info, at + 1
    if info > 27:
        endless = info == 31 and _BYTES <= data[at] >> 5 <= _MAP
        raise _fault(status.INDEFINITE if endless else status.BAD_TYPE, at)
    after = at + 1 + (1 << (info - 24))
    if after > len(data):
        raise _fault(status.TRUNCATED, at)
    argument = int.from_bytes(data[at + 1 : after], "big")
    if argument < _LEAST[info]:
        raise _fault(status.NOT_SHORTEST, at)
    return argument, after


def _simple(data: bytes, at: int, floats: bool) -> tuple[object, int]:
    first = data[at]
    if first in _SIMPLES:
        return _SIMPLES[first], at + 1
    if first not in _FLOATS:
        raise _fault(status.INDEFINITE if first == _BREAK else status.BAD_TYPE, at)
    if first != 0xFB or not floats:
        raise _fault(status.FLOAT, at)
    if at + 9 > len(data):
        raise _fault(status.TRUNCATED, at)
    (number,) = struct.unpack_from(">d", data, at + 1)
    if not math.isfinite(number):
        raise _fault(status.FLOAT, at)
    return number, at + 9


def _link(data: bytes, at: int, tag: int, after: int) -> tuple[object, int]:
    if tag != 42:
        raise _fault(status.BAD_TYPE, at)
    start = at + len(LINK_HEAD)
    if not LINK_HEAD.startswith(data[at:start]):
        raise _fault(status.BAD_LINK, at)
    if start + 32 > len(data):
        raise _fault(status.TRUNCATED, at)
    assert after == at + 2, "tag 42 in its shortest form is two bytes"
    return Link(data[start : start + 32]), start + 32


def _text(data: bytes, at: int, size: int, after: int) -> str:
    try:
        return data[after : after + size].decode()
    except UnicodeDecodeError:
        raise _fault(status.NOT_UTF8, at) from None


def _map(data: bytes, pairs: int, at: int, depth: int, floats: bool) -> tuple[object, int]:
    entries: dict[str, object] = {}
    last: tuple[int, bytes] | None = None
    for _ in range(pairs):
        if at >= len(data):
            raise _fault(status.TRUNCATED, at)
        if data[at] >> 5 != _TEXT:
            raise _fault(status.KEY_NOT_TEXT, at)
        size, after = _argument(data, at)
        if size > len(data) - after:
            raise _fault(status.TRUNCATED, at)
        key = _text(data, at, size, after)
        rank = (size, data[after : after + size])
        if last is not None and rank <= last:
            raise _fault(status.KEY_DUPLICATE if rank == last else status.KEYS_UNSORTED, at)
        last = rank
        entries[key], at = decode_at(data, after + size, depth + 1, floats)
    return entries, at


def _fault(status_: int, at: int) -> Fault:
    return Fault(status_, f"byte {at}")
