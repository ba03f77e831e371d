"""Ed25519's curve in affine coordinates, slow and plain, to make and annotate the edge vectors.

Reads: nothing. Read by: spec/vector_signatures.py.
Source: RFC 8032 section 5.1; Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs".
"""

from __future__ import annotations

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
ZERO: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """The sum of two points."""
    (x1, y1), (x2, y2) = a, b
    cross = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + cross, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - cross, -1, P) % P
    return x, y


def times(scalar: int, point: Point) -> Point:
    """A multiple of a point."""
    total = ZERO
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def decode(encoded: bytes) -> Point | None:
    """The point of an encoding, canonical or not; None when there is none of that y."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, (number & (2**255 - 1)) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (P - x if x & 1 != sign else x) % P, y


def encode(point: Point) -> bytes:
    """The canonical encoding."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
assert _BASE is not None
BASE: Point = _BASE


def challenge(key: bytes, r: bytes, message: bytes) -> int:
    """k: the hash of the bytes as they were sent."""
    return int.from_bytes(sha512(r + key + message).digest(), "little") % L


def equations(key: bytes, signature: bytes, message: bytes) -> tuple[bool, bool]:
    """Whether the cofactored and the cofactorless equation hold, with no other check at all."""
    a, r = decode(key), decode(signature[:32])
    if a is None or r is None:
        return False, False
    left = times(int.from_bytes(signature[32:], "little"), BASE)
    right = add(r, times(challenge(key, signature[:32], message), a))
    return times(8, left) == times(8, right), left == right


def small_order_encodings() -> list[bytes]:
    """All 14: the eight points of order 1, 2, 4, 8, and their six other encodings."""
    # Clearing the large order leaves a torsion point; of the first few y, one has order 8.
    y = 2
    while True:
        point = decode(y.to_bytes(32, "little"))
        torsion = times(L, point) if point is not None else ZERO
        if times(4, torsion) != ZERO:
            break
        y += 1
    found = []
    for multiple in range(8):
        _, y = times(multiple, torsion)
        for value in (y, y + P):
            found += [value | sign << 255 for sign in (0, 1) if value < 2**255]
    return sorted({value.to_bytes(32, "little") for value in found})


def public_key(secret: int) -> bytes:
    """A = [secret]B."""
    return encode(times(secret, BASE))


def sign(secret: int, key: bytes, message: bytes) -> bytes:
    """A signature with S = r + k * secret; ``key`` may carry a torsion part of its own."""
    r = int.from_bytes(sha512(secret.to_bytes(32, "little") + message).digest(), "little") % L
    encoded = encode(times(r, BASE))
    s = (r + challenge(key, encoded, message) * secret) % L
    return encoded + s.to_bytes(32, "little")


def secret_of(seed: bytes) -> int:
    """The scalar of an RFC 8032 seed."""
    number = int.from_bytes(sha512(seed).digest()[:32], "little")
    return number & (2**254 - 8) | 2**254
