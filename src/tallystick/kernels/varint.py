"""Unsigned LEB128: seven bits a byte, least first, the high bit says that more follow.

Law: every number has one shortest form, and only that is written.

Reads: limits. Read by: kernels.stream, event.car, state.snapshot, sync.
"""

from __future__ import annotations

from tallystick.limits import UINT_MAX


def uvarint(value: int) -> bytes:
    """LEB128, shortest form; ``0 <= value < 2^64``.

    >>> uvarint(300).hex()
    'ac02'
    """
    assert 0 <= value <= 2 * UINT_MAX + 1, value
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
