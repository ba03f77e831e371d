"""Pairs of the index of ids: the first eight bytes of an id, and the row it is in, in order.

    pair   prefix (8) row (4)        both big-endian, so that bytes sort as numbers do

Law: every row once; what is sorted stays sorted when it is merged.

Reads: limits, kernels.reference.casts. Read by: loader.
"""

from __future__ import annotations

from typing import Final

from tallystick.limits import DIGEST_BYTES

PREFIX_BYTES: Final = 8
PAIR_BYTES: Final = PREFIX_BYTES + 4


def index_pairs(ids: bytes, first_row: int) -> bytes:
    """Sorted pairs of ids (32 bytes each) that lie in rows first_row, first_row + 1, ...

    Raises:
        ValueError: for a column of another length, or rows beyond 2^32.

    >>> index_pairs(b"b" * 32 + b"a" * 32, 7).hex(" ", 4)
    '61616161 61616161 00000008 62626262 62626262 00000007'
    """
    if len(ids) % DIGEST_BYTES:
        raise ValueError(f"a column of {DIGEST_BYTES}-byte items has {len(ids)} bytes")
    count = len(ids) // DIGEST_BYTES
    if first_row < 0 or first_row + count > 1 << 32:
        raise ValueError(f"rows end at 2^32, not at {first_row + count}")
    return b"".join(
        sorted(
            ids[DIGEST_BYTES * at : DIGEST_BYTES * at + PREFIX_BYTES]
            + (first_row + at).to_bytes(4, "big")
            for at in range(count)
        )
    )


def merge_pairs(pairs: bytes) -> bytes:
    """The pairs of several sorted columns, one after the other, as one sorted column.

    Raises:
        ValueError: for a column of another length.

    >>> merge_pairs(b"c" * 12 + b"d" * 12 + b"a" * 12).hex(" ", 12)[:17]
    '61616161616161616'
    """
    if len(pairs) % PAIR_BYTES:
        raise ValueError(f"a column of {PAIR_BYTES}-byte items has {len(pairs)} bytes")
    found = [pairs[at : at + PAIR_BYTES] for at in range(0, len(pairs), PAIR_BYTES)]
    return b"".join(sorted(found))
