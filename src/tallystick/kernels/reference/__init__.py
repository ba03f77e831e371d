"""The kernels in plain Python: written to be read, and what the native ones must agree with.

    codec    one DAG-CBOR item  <-> one Python value
    packs    columns of events  <-> the bytes that travel
    frames   the ops in an edit's frame
    fields   named fields of many maps
    transfers  plain transfers in frames
    merkle   RFC 6962 trees, appended to and proven in batches
    verify   Ed25519 by one strict rule
    graph    order, heads and ancestry over rows of parents
    reconcile  fingerprints of ranges of authors
    pairs    the index of ids: prefixes and rows
    sequence   a text or list of many writers, kept and changed

Three uses: the specification in code, the oracle of the model tests, and the fallback where no
compiled module is there. Short and obvious wins over fast, but each batch stays linear.

Law: every function is pure (a sequence is a value that changes); where it and the native twin
differ, this one is right.

Reads: limits, errors, kernels.columns, kernels.status. Read by: kernels.loader, tests.
"""

from __future__ import annotations

from tallystick.kernels.reference.codec import check_items, decode_item, encode_item
from tallystick.kernels.reference.fields import read_fields
from tallystick.kernels.reference.frames import open_frames
from tallystick.kernels.reference.graph import (
    graph_ancestry,
    graph_heads,
    graph_lamports,
    graph_order,
    graph_vector,
)
from tallystick.kernels.reference.merkle import (
    merkle_append,
    merkle_consistency,
    merkle_nodes,
    merkle_prove,
    merkle_range,
    merkle_root,
    merkle_verify,
    merkle_verify_consistency,
)
from tallystick.kernels.reference.packs import (
    commit_bodies,
    open_pack,
    rebuild_headers,
    seal_pack,
)
from tallystick.kernels.reference.pairs import index_pairs, merge_pairs
from tallystick.kernels.reference.reconcile import reconcile_items, reconcile_ranges
from tallystick.kernels.reference.sequence import Sequence
from tallystick.kernels.reference.transfers import open_transfers, post_transfers
from tallystick.kernels.reference.verify import is_author_key, verify_signatures

__all__ = [
    "Sequence",
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
    "verify_signatures",
]
