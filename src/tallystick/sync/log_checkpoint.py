"""The log checkpoint: one unsigned root over everything a replica holds of a log.

    record  = DAG-CBOR [author (32), side (0 or 32), size, root (32)]     sorted by (author, side)
    leaf    = SHA-256(record), as leaf data of an RFC 6962 tree
    digest  = its root; SHA-256("") when nothing is held

    chains        records                       tree
    alice  ──►  [alice, "",  120, ra] ─ leaf ─┐
    bob    ──►  [bob,  s1,    15, r1] ─ leaf ─┼─► root
     (split)    [bob,  s2,    25, r2] ─ leaf ─┘

Law: two replicas that hold the same events have the same log checkpoint, and no others do. There
are no signatures in it, so anyone recomputes it from the events alone.

Reads: kernels, sync.holdings. Read by: sync.session, replica, bundle.
Source: RFC 6962 section 2.1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Final

from tallystick.kernels import encode_item, merkle_append, merkle_root
from tallystick.sync.holdings import Record

DECLINED_BYTES: Final = 8
_DECLINED: Final = b"tallystick/declined/1\x00"


def record_bytes(record: Record) -> bytes:
    """The record as it enters the tree."""
    return encode_item([record.author, record.side, record.size, record.root])


def log_checkpoint(records: Iterable[Record]) -> bytes:
    """32: the root over records sorted by (author, side)."""
    leaves = b"".join(sha256(record_bytes(record)).digest() for record in records)
    return merkle_root(merkle_append(0, b"", leaves))


def declined_hash(author: bytes) -> bytes:
    """8 bytes that name a declined author to those who know the key."""
    return sha256(_DECLINED + author).digest()[:DECLINED_BYTES]


def declined_bytes(authors: Collection[bytes]) -> bytes:
    """The list of declined authors as it is sent: 8-byte hashes, sorted."""
    return b"".join(sorted(declined_hash(author) for author in authors))


def kept(records: Iterable[Record], declined: Collection[bytes]) -> list[Record]:
    """The records whose authors nobody declines; ``declined`` holds 8-byte hashes."""
    if not declined:
        return list(records)
    return [record for record in records if declined_hash(record.author) not in declined]
