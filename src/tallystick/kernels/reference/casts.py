"""Columns read and written: little-endian bytes on one side, Python integers on the other.

Law: a column of the wrong length or with offsets that run backwards or past the end is a bad
call, told by ``ValueError`` before any work is done.

Reads: nothing. Read by: the other modules of the reference kernels.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise


def read_u32(column: bytes) -> Sequence[int]:
    """The numbers of a u32 column. Raises ValueError when its length is not a multiple of 4."""
    return _read(column, "I", 4)


def read_u64(column: bytes) -> Sequence[int]:
    """The numbers of a u64 column. Raises ValueError when its length is not a multiple of 8."""
    return _read(column, "Q", 8)


def _read(column: bytes, code: str, width: int) -> Sequence[int]:
    count, rest = divmod(len(column), width)
    if rest:
        raise ValueError(f"a column of {width}-byte numbers has {len(column)} bytes")
    return struct.unpack(f"<{count}{code}", column)


def write_u32(numbers: Sequence[int]) -> bytes:
    """A u32 column."""
    return struct.pack(f"<{len(numbers)}I", *numbers)


def write_u64(numbers: Sequence[int]) -> bytes:
    """A u64 column."""
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def read_offsets(column: bytes, limit: int) -> Sequence[int]:
    """Offsets o[0] <= o[1] <= ... <= limit, at least one; n + 1 of them cut out n spans.

    Raises:
        ValueError: there is none, they run backwards, or past ``limit``.
    """
    offsets = read_u32(column)
    if not offsets:
        raise ValueError("a column of offsets holds n + 1 numbers, so at least one")
    if any(a > b for a, b in pairwise(offsets)):
        raise ValueError("offsets run backwards")
    if offsets[-1] > limit:
        raise ValueError(f"an offset of {offsets[-1]} lies beyond {limit}")
    return offsets


def split(column: bytes, width: int) -> list[bytes]:
    """Cut a column of fixed-width items apart.

    Raises:
        ValueError: the length is not a multiple of ``width``.
    """
    if len(column) % width:
        raise ValueError(f"a column of {width}-byte items has {len(column)} bytes")
    column = bytes(column)
    return [column[at : at + width] for at in range(0, len(column), width)]


def expect_rows(name: str, got: int, rows: int) -> None:
    """Columns of one batch have equal length. Raises ValueError."""
    if got != rows:
        raise ValueError(f"{name}: {rows} rows expected, {got} got")
