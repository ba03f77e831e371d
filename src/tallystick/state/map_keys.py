"""Keys of maps: what people type stands in contents, its salted hash in frames.

    frame     [1, ["todos", "7f", "scores", "b" base32(SHA-256(salt ‖ key))], over]
    content   [key, value]                           salt: in the content of the record's create

Frames are never erased, so a word that a person typed has no place in them; erased contents take
key and salt along. Under two salts, of two concurrent creates, one key has two places: they are
one register, in which canonical order decides.

**Law:** which entries a map has is a function of the live writes below it.

Reads: event.absent, types. Read by: state.records, edits.
Source: spec/ops.md, "Entries of maps".
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.event.absent import Absent, Bad
from tallystick.state.types import LiveOp

SALT_BYTES: Final = 16
"""Random bytes that keep a guessed key from being recognised by its hash."""
SALT: Final = "salt"


def key_segment(salt: bytes, key: str) -> str:
    """The segment of a place that stands for a key: 53 characters, ``b`` and base32.

    Raises:
        BadInput: state/place, for what is not text.
    """
    try:
        data = key.encode()
    except (AttributeError, UnicodeEncodeError):
        raise BadInput("state/place", expected="a key that is text", got=repr(key)[:80]) from None
    return "b" + base64.b32encode(sha256(salt + data).digest()).decode().rstrip("=").lower()


def salt_in(value: Any) -> bytes | None:
    """The salt in the value of a create; None for every other value."""
    salt = value.get(SALT) if isinstance(value, dict) and len(value) == 1 else None
    return salt if isinstance(salt, bytes) and len(salt) == SALT_BYTES else None


def entry_of(segment: str, value: Any) -> tuple[str, Any]:
    """(key, value) of an entry; one that cannot be read has its segment for a key, and is absent.

    Never raises because of the value.
    """
    if isinstance(value, Absent):
        return segment, value
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        return value[0], value[1]
    return segment, Bad


def entries(writes: Iterable[tuple[str, LiveOp]]) -> dict[str, tuple[str, Any]]:
    """Key -> (segment of the write that wins, value), sorted by key.

    Args:
        writes: (segment, live write) of all places of the map.
    """
    found: dict[str, tuple[str, Any]] = {}
    for segment, op in sorted(writes, key=lambda write: write[1].order):
        key, value = entry_of(segment, op.value)
        found[key] = segment, value
    return dict(sorted(found.items()))
