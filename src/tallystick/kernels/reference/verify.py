"""Ed25519 by one strict rule, so that a signature is valid everywhere or nowhere.

    signature = R (32) ‖ S (32)       key = A (32)       k = SHA-512(R ‖ A ‖ message) mod L

    1  S < L
    2  A and R are canonical: y < p (the top bit is the sign of x)
    3  A and R are not of small order: y is none of the five values below
    4  encode([S]B - [k]A) is R, byte for byte                 (no cofactor, no batch equation)

Libraries agree on ordinary signatures and differ on these edges; 1 to 3 are checked here on
bytes, before any library sees them, and leave no edge for 4 to differ on.

Law: the same verdict from every backend, one signature at a time, whatever the batch.

Reads: kernels.status. Read by: kernels.reference.packs, loader.
Source: RFC 8032; Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (SSR 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tallystick.kernels import status
from tallystick.kernels.reference.casts import expect_rows, split
from tallystick.limits import DIGEST_BYTES, SIGNATURE_BYTES

P: Final = 2**255 - 19
"""The field."""
L: Final = 2**252 + 27742317777372353535851937790883648493
"""The order of the base point."""
_Y8: Final = int("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826", 16)
"""y of a point of order 8."""
SMALL_ORDER_Y: Final = frozenset({0, 1, P - 1, _Y8, P - _Y8})
"""y of the eight points whose order divides 8: order 4, 1, 2, 8 and 8. With either sign bit and
y + p where it fits 255 bits these are the 14 small-order encodings; those with y >= p are refused
already for not being canonical."""


def _is_good_point(point: bytes) -> bool:
    y = int.from_bytes(point, "little") & (2**255 - 1)
    return y < P and y not in SMALL_ORDER_Y


def is_author_key(key: bytes) -> bool:
    """Whether 32 bytes may name an author: canonical, and not of small order.

    Whether they are a point of the curve at all shows with the first signature.
    """
    return len(key) == DIGEST_BYTES and _is_good_point(key)


def verify_signatures(keys: bytes, signatures: bytes, messages: Sequence[bytes]) -> bytes:
    """One status per signature.

    Args:
        keys: 32 * n.
        signatures: 64 * n.
        messages: n messages.

    Returns:
        u8[n]: OK or SIGNATURE.

    Raises:
        ValueError: lengths that do not fit.
    """
    rows = split(keys, DIGEST_BYTES)
    signed = split(signatures, SIGNATURE_BYTES)
    expect_rows("signatures", len(signed), len(rows))
    expect_rows("messages", len(messages), len(rows))
    return bytes(
        status.OK if _is_signed(key, signature, message) else status.SIGNATURE
        for key, signature, message in zip(rows, signed, messages, strict=True)
    )


def _is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    r, s = signature[:32], signature[32:]
    if int.from_bytes(s, "little") >= L or not _is_good_point(key) or not _is_good_point(r):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, bytes(message))
    except (InvalidSignature, ValueError):
        return False
    return True
