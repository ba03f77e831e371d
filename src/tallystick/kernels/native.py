"""The one gate to the compiled kernels: raw tuples become packs, its one error becomes ours.

``tallystick_native`` has the reference's functions with the same arguments, and

    __version__, ABI          compared by the loader before this module is imported
    set_link_type(Link)       the type its codec makes and recognises; handed over once, here
    set_run_type(Run)         the type of what its sequences wrote
    ItemError(status, where)  bad data in a single item; here it becomes ``BadInput``
    open_pack(...) -> tuple   the fields of ``Pack``, in their order

Law: nothing of the compiled module is used but through here.

Reads: errors, kernels.columns, kernels.status, kernels.stream. Read by: kernels.loader.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.kernels import status
from tallystick.kernels.columns import Draft, Link, Pack
from tallystick.kernels.stream import Run

_native: Final[Any] = importlib.import_module("tallystick_native")
_native.set_link_type(Link)
_native.set_run_type(Run)


# The three that bad data in an item can stop. Each says its arguments itself: one that took any and
# handed them on cost more than most items take to decode.
_ItemError: Final = _native.ItemError
_encode: Final[Callable[..., bytes]] = _native.encode_item
_decode: Final[Callable[..., object]] = _native.decode_item
_seal: Final[Callable[..., bytes]] = _native.seal_pack


def _bad(error: BaseException) -> BadInput:
    found, where = error.args
    return BadInput(status.CODE[found], where=where or None)


def encode_item(value: object, *, floats: bool = False) -> bytes:
    """See ``kernels.reference.codec.encode_item``."""
    try:
        return _encode(value, floats=floats)
    except _ItemError as error:
        raise _bad(error) from None


def decode_item(data: bytes, *, floats: bool = False) -> object:
    """See ``kernels.reference.codec.decode_item``."""
    try:
        return _decode(data, floats=floats)
    except _ItemError as error:
        raise _bad(error) from None


def seal_pack(draft: Draft, *, log: bytes, author: bytes, seq: int, prev: bytes) -> bytes:
    """See ``kernels.reference.packs.seal_pack``."""
    try:
        return _seal(draft, log=log, author=author, seq=seq, prev=prev)
    except _ItemError as error:
        raise _bad(error) from None


def open_pack(data: bytes, *, log: bytes = b"", author: bytes) -> Pack:
    """See ``kernels.reference.packs.open_pack``."""
    return Pack(*_native.open_pack(data, log=log, author=author))


check_items = _native.check_items
open_frames = _native.open_frames
open_transfers = _native.open_transfers
post_transfers = _native.post_transfers
read_fields = _native.read_fields
rebuild_headers = _native.rebuild_headers
commit_bodies = _native.commit_bodies
merkle_append = _native.merkle_append
merkle_consistency = _native.merkle_consistency
merkle_root = _native.merkle_root
merkle_nodes = _native.merkle_nodes
merkle_prove = _native.merkle_prove
merkle_range = _native.merkle_range
merkle_verify = _native.merkle_verify
merkle_verify_consistency = _native.merkle_verify_consistency
is_author_key = _native.is_author_key
verify_signatures = _native.verify_signatures
graph_lamports = _native.graph_lamports
graph_order = _native.graph_order
graph_heads = _native.graph_heads
graph_ancestry = _native.graph_ancestry
graph_vector = _native.graph_vector
index_pairs = _native.index_pairs
merge_pairs = _native.merge_pairs
reconcile_items = _native.reconcile_items
reconcile_ranges = _native.reconcile_ranges
Sequence = _native.Sequence
