"""Events as a CAR file, version 1: the blocks of content-addressed data in one stream.

    varint n ‖ header      {"roots": [CID, ...], "version": 1} in DAG-CBOR, n bytes
    varint n ‖ CID ‖ block    an event: CIDv1 (dag-cbor, sha2-256) and header bytes, together n
    varint n ‖ CID ‖ block    ...

The links of a header (log, prev, deps) are IPLD links, so a tool that knows nothing of Tallystick
walks from the roots to the genesis event.

Law: an id in the file is the event's id, and its block the bytes that hash to it.

Reads: event.ids, kernels.varint, kernels. Read by: replica.exporting.
Source: https://ipld.io/specs/transport/car/carv1/
"""

from __future__ import annotations

from collections.abc import Iterable

from tallystick.event.ids import CID_HEAD
from tallystick.kernels import Link, encode_item
from tallystick.kernels.varint import uvarint

_VERSION = 1


def car_header(roots: Iterable[bytes]) -> bytes:
    """The beginning of a file; ``roots`` are ids (32 bytes each) from which all else is reached."""
    header = encode_item({"roots": [Link(root) for root in roots], "version": _VERSION})
    return uvarint(len(header)) + header


def car_block(id: bytes, header: bytes) -> bytes:
    """One event: its id (32 bytes) and its header bytes."""
    return b"".join((uvarint(len(CID_HEAD) + len(id) + len(header)), CID_HEAD, id, header))
