"""The commitment of a header to its two body parts, and what of it survives erasure.

    seed (16 random) ──SHA-256──► salt_f (16) ‖ salt_c (16)
    F = SHA-256(salt_f ‖ frame)      C = SHA-256(salt_c ‖ content)
    body = SHA-256("tallystick/body/1" ‖ 00 ‖ F ‖ C)

    seal of a whole body      seed                  opens both parts
    seal of a skeleton        salt_f ‖ C            opens the frame; the content can no longer be
                                                    guessed, because salt_c went with the seed

Law: a seal opens exactly the parts that were committed to; erasing content leaves the frame
provable and the content unguessable.

Reads: kernels, limits. Read by: event.event, store (erase), replica.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from tallystick.limits import DIGEST_BYTES, SEED_BYTES

BODY_TAG: Final = b"tallystick/body/1\x00"
SKELETON_SEAL_BYTES: Final = SEED_BYTES + DIGEST_BYTES
"""salt_f and C."""


def salts(seed: bytes) -> tuple[bytes, bytes]:
    """salt_f and salt_c, 16 bytes each, of a 16-byte seed."""
    if len(seed) != SEED_BYTES:
        raise ValueError(f"a seed is {SEED_BYTES} bytes, not {len(seed)}")
    digest = sha256(seed).digest()
    return digest[:SEED_BYTES], digest[SEED_BYTES:]


def part_hash(salt: bytes, part: bytes) -> bytes:
    """F of a frame, or C of a content."""
    return sha256(salt + part).digest()


def commitment(frame_hash: bytes, content_hash: bytes) -> bytes:
    """The header's ``body`` field, from F and C."""
    return sha256(BODY_TAG + frame_hash + content_hash).digest()


def skeleton_seal(seed: bytes, content: bytes) -> bytes:
    """salt_f ‖ C: what replaces the seed when the content goes."""
    salt_f, salt_c = salts(seed)
    return salt_f + part_hash(salt_c, content)


def opens_whole(body: bytes, seed: bytes, frame: bytes, content: bytes) -> bool:
    """Whether frame and content are what the header committed to."""
    salt_f, salt_c = salts(seed)
    return commitment(part_hash(salt_f, frame), part_hash(salt_c, content)) == body


def opens_skeleton(body: bytes, seal: bytes, frame: bytes) -> bool:
    """Whether the frame is what the header committed to, by salt_f ‖ C alone."""
    if len(seal) != SKELETON_SEAL_BYTES:
        raise ValueError(f"a skeleton's seal is {SKELETON_SEAL_BYTES} bytes, not {len(seal)}")
    return commitment(part_hash(seal[:SEED_BYTES], frame), seal[SEED_BYTES:]) == body
