"""Plain data to and from JSON text, without losing what JSON has no word for.

    text                       value                       (DAG-JSON)
    {"/": "bafyrei..."}        Link
    {"/": {"bytes": "AAEC"}}   bytes                       base64, no padding
    {"/": {"map": {...}}}      a map that has a key "/"    ours: DAG-JSON has no form for it
    1, 1.0, "x", [], {}        int, float, str, list, dict

Law: ``parse_json(to_json(v)) == v`` for every value the codec knows; text with two readings
(repeated keys, NaN, integers beyond 64 bits) is refused with its path, never rounded or dropped.

Reads: event.ids, kernels, limits, errors. Read by: replica, cli.
Source: https://ipld.io/specs/codecs/dag-json/spec/; RFC 8259.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Final, NoReturn

from tallystick.errors import BadInput
from tallystick.event.absent import Absent
from tallystick.event.ids import cid_text, parse_cid
from tallystick.kernels import Link
from tallystick.limits import CBOR_DEPTH_MAX, INT_MAX, INT_MIN

_RESERVED: Final = "/"
_INT_CHARS: Final = 20
"""Digits of 2^63 and a sign; longer ones are refused unread."""


_Path = tuple[str | int, ...]
"""Keys and rows from the top; made words of only where something is wrong, as keys may be long."""


class _Huge:
    """An integer of more digits than 64 bits have."""


class _Pairs(list[tuple[str, object]]):
    """An object as it was written, repeated keys included."""


def parse_json(text: str | bytes) -> object:
    r"""The value of one JSON text.

    Raises:
        BadInput: codec/json, codec/int-range, codec/not-utf8, codec/too-deep or codec/bad-link,
            with line and column, or the path (``$.a[3]``) of the culprit.

    >>> parse_json('{"a": [1, {"/": {"bytes": "AAE"}}]}')
    {'a': [1, b'\x00\x01']}
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput("codec/not-utf8", where=f"byte {error.start}") from None
    try:
        raw = json.loads(
            text,
            object_pairs_hook=_Pairs,
            parse_constant=_refuse_constant,
            parse_int=lambda digits: int(digits) if len(digits) <= _INT_CHARS else _Huge(),
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadInput("codec/json", where=where, got=error.msg) from None
    except RecursionError:
        raise BadInput("codec/too-deep", expected=f"{CBOR_DEPTH_MAX} levels") from None
    return _read(raw, (), 1)


def _refuse_constant(name: str) -> NoReturn:
    raise BadInput("codec/json", got=name)


def _shown(path: _Path) -> str:
    """A path as ``$.a[3]``."""
    return "$" + "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)


def _read(raw: object, path: _Path, depth: int) -> object:
    if isinstance(raw, _Pairs):
        return _read_object(raw, path, depth)
    if depth > CBOR_DEPTH_MAX:
        raise BadInput("codec/too-deep", where=_shown(path), expected=f"{CBOR_DEPTH_MAX} levels")
    if isinstance(raw, _Huge) or (isinstance(raw, int) and not INT_MIN <= raw <= INT_MAX):
        raise BadInput("codec/int-range", where=_shown(path))
    if isinstance(raw, float) and not math.isfinite(raw):
        raise BadInput("codec/json", where=_shown(path), got="a number beyond 64-bit floats")
    if isinstance(raw, str):
        return _read_text(raw, path)
    if isinstance(raw, list):
        return [_read(one, (*path, row), depth + 1) for row, one in enumerate(raw)]
    return raw


def _read_text(text: str, path: _Path) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, written as an escape
        raise BadInput("codec/not-utf8", where=_shown(path)) from None
    return text


def _read_object(pairs: _Pairs, path: _Path, depth: int, *, literal: bool = False) -> object:
    if depth > CBOR_DEPTH_MAX:
        raise BadInput("codec/too-deep", where=_shown(path), expected=f"{CBOR_DEPTH_MAX} levels")
    if not literal and any(key == _RESERVED for key, _ in pairs):
        return _read_reserved(pairs, path, depth)
    found: dict[str, object] = {}
    for key, raw in pairs:
        inner = (*path, _read_text(key, path))
        if key in found:
            raise BadInput("codec/json", where=_shown(inner), got="the same key twice")
        found[key] = _read(raw, inner, depth + 1)
    return found


def _read_reserved(pairs: _Pairs, path: _Path, depth: int) -> object:
    """What stands under the one key ``/``: a link, bytes, or a map to be taken literally."""
    match list(pairs):
        case [(_, str(cid))]:
            try:
                return Link(parse_cid(cid))
            except BadInput as error:
                raise BadInput(error.code, where=_shown(path), got=error.got) from None
        case [(_, _Pairs() as inner)]:
            pass
        case _:
            got = 'a key "/" beside others or of a number'
            raise BadInput("codec/json", where=_shown(path), got=got)
    match list(inner):
        case [("bytes", str(encoded))]:
            return _read_bytes(encoded, path)
        case [("map", _Pairs() as entries)]:
            return _read_object(entries, path, depth, literal=True)
        case _:
            expected = "a link, {bytes: text} or {map: object}"
            raise BadInput("codec/json", where=_shown(path), expected=expected)


def _read_bytes(encoded: str, path: _Path) -> bytes:
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        raw = b""
    if _base64(raw) != encoded:
        raise BadInput("codec/json", where=_shown(path), expected="base64 without padding")
    return raw


def to_plain(value: object) -> object:
    """A value as what ``json`` can write; absent values become their names."""
    if isinstance(value, Absent):
        return str(value)
    if isinstance(value, Link):
        return {_RESERVED: cid_text(value.digest)}
    if isinstance(value, bytes):
        return {_RESERVED: {"bytes": _base64(value)}}
    if isinstance(value, list | tuple):
        return [to_plain(one) for one in value]
    if isinstance(value, Mapping):
        plain = {str(key): to_plain(one) for key, one in value.items()}
        return {_RESERVED: {"map": plain}} if _RESERVED in plain else plain
    return value


def to_json(value: object, *, indent: int | None = None) -> str:
    """The value as JSON text, non-ASCII characters as they are."""
    return json.dumps(to_plain(value), ensure_ascii=False, allow_nan=False, indent=indent)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii").rstrip("=")
