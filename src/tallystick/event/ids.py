"""An event's id as text and back: CIDv1 (dag-cbor, sha2-256) in lower-case base32.

    b  afyrei...                     59 characters for 32 bytes of digest
    │  └ base32 of 01 71 12 20 ‖ digest, no padding
    └ multibase prefix

Inside the program an id is its 32-byte digest; text exists where people and other tools look.

Law: every digest has exactly one text, and only that text is read back.

Reads: limits, errors. Read by: event.header, event.jsonio, chain.head, replica, cli.
Source: https://github.com/multiformats/cid; RFC 4648 section 6.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Final

from tallystick.errors import BadInput
from tallystick.limits import DIGEST_BYTES

CID_HEAD: Final = bytes.fromhex("01711220")
"""CIDv1, dag-cbor, sha2-256, 32 bytes."""
CID_CHARS: Final = 59
SHARED: Final = "bafyrei"
"""What every id begins with; a prefix that tells ids apart is longer."""
SHORT_CHARS: Final = len(SHARED) + 12
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
_LETTERS: Final = _ALPHABET.encode() * 8
FEW: Final = 4
"""Ids that are made one by one sooner than together."""
_GROUPS: Final = 8
"""Of 5 bytes, which become 8 characters: an id is padded with zeros to 40 bytes."""


def cid_text(digest: bytes) -> str:
    """The id of a 32-byte digest as text.

    >>> cid_text(bytes(32))[:12]
    'bafyreiaaaaa'
    """
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"an id's digest is {DIGEST_BYTES} bytes, not {len(digest)}")
    return "b" + base64.b32encode(CID_HEAD + digest).decode("ascii").rstrip("=").lower()


def cid_texts(digests: bytes) -> list[str]:
    """The ids of digests of 32 bytes each, as text: as ``cid_text``, ten times as fast.

    All characters of all ids are made at once, as the bytes of one large number: every 5 bytes
    are put into 8, then halved three times, 40 bits into 20 + 20, into 10 + 10, into 5 + 5, until
    each byte holds one character's number.
    """
    count, rest = divmod(len(digests), DIGEST_BYTES)
    if rest:
        raise ValueError(f"{len(digests)} bytes are no whole number of digests")
    if count < FEW:
        return [cid_text(digests[at : at + DIGEST_BYTES]) for at in range(0, len(digests), 32)]
    plain = bytearray(5 * _GROUPS * count)
    for at in range(DIGEST_BYTES):
        plain[len(CID_HEAD) + at :: 5 * _GROUPS] = digests[at::DIGEST_BYTES]
    for at, byte in enumerate(CID_HEAD):
        plain[at :: 5 * _GROUPS] = bytes((byte,)) * count
    spread = bytearray(8 * _GROUPS * count)
    for at in range(5):
        spread[3 + at :: 8] = plain[at::5]
    number = int.from_bytes(spread, "big")
    for shift, mask in zip((12, 6, 3), _masks(_GROUPS * count), strict=True):
        low = number & mask
        number = (number ^ low) << shift | low
    text = number.to_bytes(8 * _GROUPS * count, "big").translate(_LETTERS).decode("ascii")
    return ["b" + text[at : at + CID_CHARS - 1] for at in range(0, len(text), 8 * _GROUPS)]


@lru_cache(maxsize=4)
def _masks(groups: int) -> tuple[int, int, int]:
    """The lower halves of numbers of 40, 20 and 10 bits, each in a lane of 64, 32 and 16."""
    lanes = ((20, 8, 1), (10, 4, 2), (5, 2, 4))
    return tuple(  # type: ignore[return-value]  # three of them
        int.from_bytes(((1 << bits) - 1).to_bytes(size, "big") * (many * groups), "big")
        for bits, size, many in lanes
    )


def parse_cid(text: str) -> bytes:
    """The 32-byte digest that an id names.

    Raises:
        BadInput: codec/bad-link, unless the text is exactly what ``cid_text`` writes.
    """
    if len(text) == CID_CHARS and text.isascii() and text.startswith("b"):
        try:
            raw = base64.b32decode(text[1:].upper() + "======")
        except binascii.Error:
            raw = b""
        # A digest's last character leaves two spare bits; only zeros there are canonical.
        if raw.startswith(CID_HEAD) and cid_text(raw[len(CID_HEAD) :]) == text:
            return raw[len(CID_HEAD) :]
    raise BadInput("codec/bad-link", expected="bafyrei... of 59 characters", got=repr(text[:64]))


def short(digest: bytes) -> str:
    """The first 19 characters of the id: enough to tell ids apart by eye, usable as a prefix."""
    return cid_text(digest)[:SHORT_CHARS]


def prefix_range(prefix: str) -> tuple[bytes, bytes]:
    """The least and the greatest digest whose id begins with ``prefix``.

    Args:
        prefix: at least 8 characters, so that at least one of them tells ids apart.

    Raises:
        BadInput: usage/argument, for text that no id begins with.
    """
    known = len(prefix)
    plain = prefix.startswith(SHARED) and all(char in _ALPHABET for char in prefix)
    if not (plain and len(SHARED) < known <= CID_CHARS):
        raise BadInput(
            "usage/argument", expected="bafyrei and one more character at least", got=repr(prefix)
        )
    bits = 0
    for char in prefix[1:]:
        bits = bits << 5 | _ALPHABET.index(char)
    open_bits = 8 * (len(CID_HEAD) + DIGEST_BYTES) - 5 * (known - 1)
    if open_bits < 0:  # the whole id: its last character carries two bits that must be zero
        digest = parse_cid(prefix)
        return digest, digest
    low = (bits << open_bits).to_bytes(len(CID_HEAD) + DIGEST_BYTES, "big")
    high = (bits << open_bits | (1 << open_bits) - 1).to_bytes(len(low), "big")
    if not low.startswith(CID_HEAD):
        raise BadInput("usage/argument", expected="the beginning of an id", got=repr(prefix))
    return low[len(CID_HEAD) :], high[len(CID_HEAD) :]
