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


def cid_text(digest: bytes) -> str:
    """The id of a 32-byte digest as text.

    >>> cid_text(bytes(32))[:12]
    'bafyreiaaaaa'
    """
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"an id's digest is {DIGEST_BYTES} bytes, not {len(digest)}")
    return "b" + base64.b32encode(CID_HEAD + digest).decode("ascii").rstrip("=").lower()


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
