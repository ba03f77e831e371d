"""Sequences as bytes."""

from __future__ import annotations

import zlib
from typing import Any

from tallystick.kernels import Sequence, decode_item, encode_item


def pack(sequence: Sequence) -> bytes:
    """A sequence as bytes."""
    stream, shown, hidden, out = sequence.save()
    item = [stream, shown, hidden, [list(pair) for pair in out]]
    return zlib.compress(encode_item(item))


def unpack(sequence: Sequence, data: bytes) -> None:
    """Fill an empty sequence with what ``pack`` gave."""
    parts: Any = decode_item(zlib.decompress(data))
    stream, shown, hidden, out = parts
    sequence.load(stream, shown, hidden, [tuple(pair) for pair in out])
