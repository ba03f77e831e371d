"""A DAG-CBOR encoder and a pack writer in a few lines, sharing nothing with Tallystick's code.

It checks nothing, so that it can also write what is wrong. Vectors made with it are a second
opinion on the format, not an echo of the first.

Reads: nothing. Read by: the other vector makers.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Link:
    """A link, by its digest."""

    digest: bytes


@dataclass(frozen=True)
class Raw:
    """Encoded bytes, put in as they are."""

    encoded: bytes


def head(major: int, number: int) -> bytes:
    """Major type and argument, shortest form."""
    if number < 24:
        return bytes([major << 5 | number])
    for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * width:
            return bytes([major << 5 | info]) + number.to_bytes(width, "big")
    raise OverflowError(number)


def cbor(value: object) -> bytes:
    """One item."""
    match value:
        case None | False | True:
            return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return head(4, len(value)) + b"".join(map(cbor, value))
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return head(5, len(keys)) + b"".join(cbor(key) + cbor(value[key]) for key in keys)
        case Link():
            return b"\xd8\x2a\x58\x25\x00\x01\x71\x12\x20" + value.digest
        case Raw():
            return value.encoded
    raise TypeError(value)


@dataclass(frozen=True)
class Body:
    """The two parts of a body and what a header and a skeleton say of them."""

    frame: bytes
    content: bytes
    seed: bytes

    @property
    def salts(self) -> tuple[bytes, bytes]:
        """salt_f and salt_c."""
        both = sha256(self.seed).digest()
        return both[:16], both[16:]

    @property
    def hashes(self) -> tuple[bytes, bytes]:
        """F and C."""
        salt_f, salt_c = self.salts
        return sha256(salt_f + self.frame).digest(), sha256(salt_c + self.content).digest()

    @property
    def commitment(self) -> bytes:
        """The header's last field."""
        return sha256(b"tallystick/body/1" + b"\x00" + b"".join(self.hashes)).digest()

    def packed(self, part: int) -> bytes:
        """The body's bytes in a pack."""
        if part == 0:
            return b""
        if part == 1:
            return self.frame + self.salts[0] + self.hashes[1]
        return self.frame + self.seed + self.content


def digest(text: str) -> bytes:
    """32 bytes that stand for something."""
    return sha256(text.encode()).digest()
