"""Every decoder there is, by name: the one registry of fuzz targets.

    of_items     kernels: items, headers, packs, frames, tree proofs, signatures; bodies; JSON
    of_sequences streams of sequences, kept sequences
    of_proofs    names and ids as text, notes, checkpoints, proof files, heads, key files
    of_sync      messages, frames on a stream, vectors and wants, ranges, slices, bundles
    of_policy    statements, policy documents, what a policy makes of a log
    of_state     frames of the ledger and of titles
    of_sessions  two sessions over real stores, imports
    of_commands  command lines and what stands on stdin

A new decoder is one ``Target`` in the tuple of its module: a function ``bytes -> outcome`` that
asserts the decoder's law. Messages of range reconciliation are messages: what ``messages.decode``
reads is tried by the target ``message`` as soon as it is in its table.

Law: what takes bytes or text from outside has a target here.
"""

from __future__ import annotations

from tests.fuzz import (
    of_commands,
    of_items,
    of_policy,
    of_proofs,
    of_sequences,
    of_sessions,
    of_state,
    of_sync,
)
from tests.fuzz.engine import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (
        of_items,
        of_sequences,
        of_proofs,
        of_sync,
        of_policy,
        of_state,
        of_sessions,
        of_commands,
    )
    for target in module.TARGETS
}

DECODERS: dict[str, str | None] = {
    "chain/equivocation.verify_equivocation": "equivocation",
    "chain/event_proof.check_event_proof": "tlog-proof",
    "chain/slice.decode_slice": "slice",
    "chain/slice.open_slice": "slice",
    "chain/slice.slice_from_value": "slice",
    "demo/git.read_commits": "commits",
    "demo/loading.read_rows": "commits",
    "demo/otc.read_ratings": "ratings",
    "event/event.read_part": "body",
    "event/header.decode": "header",
    "event/ids.parse_cid": "cid",
    "event/jsonio.parse_json": "json",
    "event/rules.read_log_content": "body",
    "identity/did.parse_did_key": "did",
    "identity/keyfile.read_key": "key-file",
    "identity/keyfile.read_public": "key-file",
    "kernels/reference/casts.read_offsets": None,  # columns are our own
    "kernels/reference/casts.read_u32": None,
    "kernels/reference/casts.read_u64": None,
    "kernels/reference/codec.decode_at": "item",
    "kernels/reference/codec.decode_item": "item",
    "kernels/reference/fields.read_fields": "item",
    "kernels/reference/frames.open_frames": "frame",
    "kernels/reference/header.decode_header": "header",
    "kernels/reference/packs.open_pack": "pack",
    "kernels/reference/transfers.open_transfers": "item",
    "kernels/reference/verify.verify_signatures": "signature",
    "policy/policy.from_bytes": "policy",
    "policy/statement.parse_statement": "statement",
    "proofs/checkpoint.parse": "checkpoint",
    "proofs/checkpoint.parse_decimal": "checkpoint",
    "proofs/merkle.verify_consistency": "tree-proof",
    "proofs/merkle.verify_inclusion": "tree-proof",
    "proofs/note.open_note": "note",
    "proofs/note.parse": "note-key",
    "proofs/note.parse_note": "note",
    "proofs/tlog_proof.parse": "tlog-proof",
    "state/ledger.parse_entry": "ledger",
    "state/ledger.read_transfers": "ledger",
    "state/ops.parse_frame": "frame",
    "state/ops.parse_frames": "frame",
    "state/places.parse_place": "place",
    "state/snapshot.open_snapshot": "snapshot",
    "state/titles.parse_title": "title",
    "state/views_ledger_holdings.read_postings": None,  # a table of our own
    "state/views_titles.read_ops": "title",
    "sync/bundle.read_bundle": "bundle",
    "sync/messages.decode": "message",
    "sync/ranges.read_leaves": "ranges",
    "sync/ranges.read_split": "ranges",
    "sync/side.read_leaves": "session",
    "sync/side.read_lines": "session",
    "sync/side.read_ranges": "session",
    "sync/side.read_split": "session",
    "sync/side.read_vector": "session",
    "sync/side.read_want": "session",
    "sync/tcp.parse_address": "address",
    "sync/vector.decode_vector": "vector",
    "sync/vector.decode_wants": "vector",
    "sync/vector.read_entry": "vector",
    "sync/vector.read_uvarint": "vector",
}
"""Function -> the target that tries it; a test holds this list against the sources."""
