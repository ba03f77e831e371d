"""An author key as text and back: ``did:key``.

    did:key:  z  6Mk...              z = base58btc;  ed 01 = multicodec ed25519-pub
              └── base58 of ed 01 ‖ 32 bytes of public key: always 47 digits

Law: every usable key has exactly one text, and only that text is read back.

Reads: kernels, errors. Read by: chain.head, replica, cli.
Source: https://w3c-ccg.github.io/did-key-spec/; https://github.com/multiformats/multibase.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from tallystick.errors import BadInput
from tallystick.kernels import is_author_key
from tallystick.limits import DIGEST_BYTES

PREFIX: Final = "did:key:z"
DID_CHARS: Final = len(PREFIX) + 47
_MULTICODEC: Final = b"\xed\x01"
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@lru_cache(maxsize=65_536)
def did_key(public: bytes) -> str:
    """The ``did:key`` of a 32-byte public key.

    >>> did_key(bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
    'did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw'
    """
    if len(public) != DIGEST_BYTES:
        raise ValueError(f"a public key is {DIGEST_BYTES} bytes, not {len(public)}")
    rest = int.from_bytes(_MULTICODEC + public, "big")
    digits = []
    while rest:
        rest, digit = divmod(rest, 58)
        digits.append(_ALPHABET[digit])
    return PREFIX + "".join(reversed(digits))


def parse_did_key(text: str) -> bytes:
    """The 32-byte public key that a ``did:key`` names.

    Raises:
        BadInput: usage/argument, for anything but the did:key of an Ed25519 key;
            event/author-key, for a key no event may be signed with.
    """
    public = _decode(text)
    if public is None:
        raise BadInput(
            "usage/argument", expected="did:key:z6Mk... of 56 characters", got=repr(text[:64])
        )
    if not is_author_key(public):
        raise BadInput("event/author-key", got=text)
    return public


def _decode(text: str) -> bytes | None:
    if len(text) != DID_CHARS or not text.startswith(PREFIX):
        return None
    number = 0
    for char in text[len(PREFIX) :]:
        digit = _ALPHABET.find(char)
        if digit < 0:
            return None
        number = number * 58 + digit
    size = len(_MULTICODEC) + DIGEST_BYTES
    if number >> 8 * size:
        return None
    raw = number.to_bytes(size, "big")
    return raw[2:] if raw.startswith(_MULTICODEC) else None
