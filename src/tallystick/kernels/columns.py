"""The shapes that cross into and out of the kernels: links and packs of events.

A **pack** is a run of consecutive events of one chain as bytes, self-delimiting, no framing:

    part  header            [ frame ]  [ proof or seed ]   [ content ]
    u8    canonical CBOR     header says how long each of the two body parts is
    0     header                                            frame and body not here
    1     header  frame      salt_f (16) C (32)             skeleton: content not here, or erased
    2     header  frame      seed (16)            content   whole

    F = SHA-256(salt_f ‖ frame)   C = SHA-256(salt_c ‖ content)   salts = SHA-256(seed)[:16], [16:]

The same bytes travel in slices and bundles and come out of ``seal_pack``; ``open_pack`` is the
only way in, for what we wrote as for what peers send, so there is one place that decides what is
valid. Columns are little-endian bytes: ``memoryview(c).cast("I"|"Q")`` reads them.

Law: ``open_pack(seal_pack(x))`` gives x back; whatever it accepts re-encodes to the same bytes.

Reads: limits. Read by: event, chain, store, sync.
Source: spec/packs.md; https://ipld.io/specs/codecs/dag-cbor/.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tallystick.limits import DIGEST_BYTES

PART_HEADER = 0
PART_SKELETON = 1
PART_WHOLE = 2


class Link:
    """A link to an IPLD block (CIDv1, dag-cbor, sha2-256), told by its 32-byte digest.

    A type of its own, never guessed from bytes: 36 bytes that look like a CID stay bytes.
    """

    __slots__ = ("digest",)

    def __init__(self, digest: bytes) -> None:
        if len(digest) != DIGEST_BYTES:
            raise ValueError(f"a link's digest is {DIGEST_BYTES} bytes, not {len(digest)}")
        self.digest = bytes(digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Link) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash((Link, self.digest))

    def __repr__(self) -> str:
        return f"Link({self.digest.hex()})"


@dataclass(slots=True)
class Draft:
    """Events of one chain to be sealed, as columns of equal length n.

    ``deps[i]`` is the concatenation of 32-byte digests, sorted, at most 32; ``schemas[i]`` is a
    digest or ``b""``; ``seeds[i]`` is 16 bytes. ``lamports[i]`` is 1 + the greatest of the
    parents' (the caller knows the graph); the kernel sets log, author, seq, prev and commitment.
    """

    lamports: Sequence[int]
    times: Sequence[int]
    kinds: Sequence[str]
    deps: Sequence[bytes]
    schemas: Sequence[bytes]
    frames: Sequence[bytes]
    contents: Sequence[bytes]
    seeds: Sequence[bytes]


@dataclass(slots=True)
class Pack:
    """What ``open_pack`` found: n valid events as columns, and where it stopped if it did.

    ``data`` is the bytes that came in; *_start columns are offsets into it. All columns are
    little-endian ``bytes``; ``u32``/``u64``/``u8`` and the width in bytes are said per field.
    """

    data: bytes
    log: bytes
    """32; the genesis id (for the genesis event itself: its own id)."""
    author: bytes
    """32"""
    count: int
    seq: int
    """of the first event"""
    prev: bytes
    """32, id before the first event, or b"" when seq is 0"""
    ids: bytes
    """32 * n"""
    lamports: bytes
    """u64"""
    times: bytes
    """u64"""
    kinds: list[str]
    """distinct kinds in order of appearance"""
    kind: bytes
    """u32 index into kinds"""
    schemas: list[bytes]
    """distinct schema digests"""
    schema: bytes
    """u32 index into schemas + 1; 0 = none"""
    dep_offsets: bytes
    """u32, n + 1: deps[o[i]:o[i+1]] (counted in digests)"""
    deps: bytes
    """32 * m"""
    bodies: bytes
    """32 * n, the header's commitment"""
    header_start: bytes
    """u32"""
    header_size: bytes
    """u32"""
    part: bytes
    """u8: PART_HEADER, PART_SKELETON or PART_WHOLE as it is *usable*: a part whose bytes do not
    match the commitment is refused by itself and reads PART_HEADER here, with body_status set"""
    body_status: bytes
    """u8 status: OK or BODY_MISMATCH"""
    frame_start: bytes
    """u32"""
    frame_size: bytes
    """u32, the header's own word, also when the frame is not here"""
    seal_start: bytes
    """u32: where the seed (whole) or salt_f ‖ C (skeleton) begins"""
    content_start: bytes
    """u32"""
    content_size: bytes
    """u32, the header's own word"""
    stopped: tuple[int, int, int] | None
    """(row, status, offset) of the first event that is not valid; it and what follows are left
    out. None when every byte was used."""

    def ids_of(self, begin: int, end: int) -> list[bytes]:
        """Digests of events begin..end-1."""
        ids = self.ids
        return [ids[at : at + 32] for at in range(begin * 32, end * 32, 32)]

    def frames(self, begin: int, end: int) -> list[bytes]:
        """Frames of events begin..end-1, which are here."""
        data = self.data
        starts = memoryview(self.frame_start).cast("I")[begin:end]
        sizes = memoryview(self.frame_size).cast("I")[begin:end]
        return [data[at : at + size] for at, size in zip(starts, sizes, strict=True)]

    def id(self, row: int) -> bytes:
        """Digest of one event."""
        return self.ids[row * 32 : row * 32 + 32]
