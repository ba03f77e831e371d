"""The one gate to the hot code: bytes in, columns out.

    caller ──► kernels.open_pack(...) ──► native (Rust) when it is there and fits
                                     └──► reference (Python, the specification) otherwise

``TALLYSTICK_KERNELS=native|reference`` forces one. Which one runs never changes a result: the
vectors and the model tests hold both to the same bytes.

Law: every function here is pure; the same input gives the same output on both kernels.

Reads: limits, errors. Read by: event, proofs, chain, graph, sync, state.
"""

from __future__ import annotations

from tallystick.kernels import status
from tallystick.kernels.columns import (
    PART_HEADER,
    PART_SKELETON,
    PART_WHOLE,
    Draft,
    Link,
    Pack,
)
from tallystick.kernels.loader import active, active_name, why_not_native

encode_item = active.encode_item
decode_item = active.decode_item
check_items = active.check_items
seal_pack = active.seal_pack
open_pack = active.open_pack
read_fields = active.read_fields
rebuild_headers = active.rebuild_headers
commit_bodies = active.commit_bodies
open_frames = active.open_frames
open_transfers = active.open_transfers
post_transfers = active.post_transfers
merkle_append = active.merkle_append
merkle_consistency = active.merkle_consistency
merkle_root = active.merkle_root
merkle_nodes = active.merkle_nodes
merkle_prove = active.merkle_prove
merkle_range = active.merkle_range
merkle_verify = active.merkle_verify
merkle_verify_consistency = active.merkle_verify_consistency
verify_signatures = active.verify_signatures
is_author_key = active.is_author_key
graph_lamports = active.graph_lamports
graph_order = active.graph_order
graph_heads = active.graph_heads
graph_ancestry = active.graph_ancestry
graph_vector = active.graph_vector
index_pairs = active.index_pairs
merge_pairs = active.merge_pairs
reconcile_items = active.reconcile_items
reconcile_ranges = active.reconcile_ranges
Sequence = active.Sequence

__all__ = [
    "PART_HEADER",
    "PART_SKELETON",
    "PART_WHOLE",
    "Draft",
    "Link",
    "Pack",
    "Sequence",
    "active_name",
    "check_items",
    "commit_bodies",
    "decode_item",
    "encode_item",
    "graph_ancestry",
    "graph_heads",
    "graph_lamports",
    "graph_order",
    "graph_vector",
    "index_pairs",
    "is_author_key",
    "merge_pairs",
    "merkle_append",
    "merkle_consistency",
    "merkle_nodes",
    "merkle_prove",
    "merkle_range",
    "merkle_root",
    "merkle_verify",
    "merkle_verify_consistency",
    "open_frames",
    "open_pack",
    "open_transfers",
    "post_transfers",
    "read_fields",
    "rebuild_headers",
    "reconcile_items",
    "reconcile_ranges",
    "seal_pack",
    "status",
    "verify_signatures",
    "why_not_native",
]
