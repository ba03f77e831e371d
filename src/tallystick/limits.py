"""Every bound of Tallystick, with its unit and its reason, in one place.

Law: a bound is a constant here or it does not exist. Exceeding one is a clear error or a
``Rejected`` value, never a crash. Formats fix the first group (the same on every replica, for
ever); the second group is one replica's own and may be changed without asking anybody.

Reads: nothing. Read by: every room.
"""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * 1024

# --- Fixed by the formats (spec/packs.md); changing one needs a new format version -------------

VERSION: Final = 1
"""Header version. Another number is invalid."""
DIGEST_BYTES: Final = 32
"""SHA-256, Ed25519 public keys, Merkle hashes."""
SIGNATURE_BYTES: Final = 64
"""Ed25519."""
SEED_BYTES: Final = 16
"""Random bytes behind both salts of a body; 128 bits make a commitment unguessable."""
STRETCH_MAX: Final = MIB
"""Characters of one insert, or of one stretch of a deletion: a byte each fills a body."""
HEADER_BYTES_MAX: Final = 4 * KIB
"""32 deps of 41 bytes are 1.3 KiB; the rest is head room."""
BODY_BYTES_MAX: Final = MIB
"""Frame and content together; larger things are blobs beside the log."""
DEPS_MAX: Final = 32
"""More heads are first joined by ``log/merge`` events."""
KIND_BYTES_MAX: Final = 64
CBOR_DEPTH_MAX: Final = 32
"""Nesting of one item; deeper input is refused before the stack feels it."""
UINT_MAX: Final = 2**63 - 1
"""Fits a signed 64-bit column in every language and database."""
INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
EVIDENCE_MAX: Final = 32
"""Events that one dispute names as evidence: what a reader can look at in one sitting."""
WEIGHT_MAX: Final = 2**31 - 1
"""Of one adoption; sums of weights then stay below 2**63 for 2**32 branches."""
SUM_BITS: Final = 128
"""Counters and balances: 2**63 events of 2**63 each cannot overflow."""

# --- One exchange -------------------------------------------------------------------------------

MESSAGE_BYTES_MAX: Final = 4 * MIB
"""One sync message; a peer that announces more is dropped."""
COMMIT_EVENTS_MAX: Final = 4096
"""Events under one signature when importing; bounds what a crash can leave undone."""
COMMIT_BYTES_MAX: Final = 16 * MIB
SLICE_EVENTS_MAX: Final = 4096
"""Consecutive events of one chain in one transfer."""
PENDING_EVENTS_MAX: Final = 10_000
"""Events held for one peer while parents are missing; the oldest go first."""
PENDING_BYTES_MAX: Final = 64 * MIB
PENDING_AUTHOR_EVENTS_MAX: Final = 5_000
"""Of one author: half of a peer's room, so that nobody alone pushes out what others wait for."""
PENDING_AUTHOR_BYTES_MAX: Final = 32 * MIB
POLICY_BYTES_MAX: Final = 16 * MIB
"""A policy document from outside."""
NOTE_BYTES_MAX: Final = MIB
"""A signed note or proof file; 100 post-quantum signatures of 5 kB fit."""
TITLE_CHAIN_BYTES_MAX: Final = 16 * MIB
"""A chain of title from outside: about 10,000 transfers with their proofs."""
SNAPSHOT_BYTES_MAX: Final = 256 * MIB
"""A kept sequence, unpacked: what damaged bytes can make a reader claim."""
NOTE_SIGNATURES_MAX: Final = 100
"""The format asks verifiers to accept at least 16."""
LEGS_MAX: Final = 64
"""Accounts that one ledger event moves something on."""
ISSUERS_MAX: Final = 64
"""Keys that may issue one asset."""
PRECISION_MAX: Final = 18
"""Digits after the point of an asset; 2**63 smallest units are then nine whole ones."""

# --- One sync session ---------------------------------------------------------------------------

SYNC_WINDOW_MESSAGES: Final = 8
"""Messages of slices sent and not yet acknowledged; bounds what a slow receiver has in flight."""
SYNC_REJECTED_MAX: Final = 1000
"""Bad slices and events from one peer before the session drops it."""
SYNC_BYTES_IN_MAX: Final = 2**40
"""Everything one peer may send in one session."""
SYNC_WASTE_MAX: Final = 20_000_000
"""Units of work (``sync.budget``) one peer may cause in a session without bringing anything new: a
few minutes of one core. Two honest peers that hear the same from others stay far below."""
SYNC_AUTHOR_BYTES_MAX: Final = 2**38
"""Events of one author taken from one peer in a session; the rest waits for the next one."""
SYNC_AUTHOR_WASTE_MAX: Final = 10_000_000
"""Of one author's events: half of a peer's."""
SYNC_LOGS_MAX: Final = 256
"""Logs a peer may offer to a store that has none."""
SYNC_DECLINED_MAX: Final = 65_536
"""Authors one side may name as declined: 8 bytes each."""
SYNC_VECTOR_BYTES_MAX: Final = 24 * KIB
"""A longer vector (of about 2,000 authors) gives way to ranges, which cost one more round trip."""
SYNC_RANGE_BITS_MAX: Final = 12
"""4,096 ranges in the first message: 16 KiB of sums."""
SYNC_SPLIT_BITS_MAX: Final = 8
"""Parts of one range in the second message: 256."""
SYNC_SUMS_MAX: Final = 131_072
"""Sums in the second message, 4 bytes each; where everything differs, deeper is no use."""
SYNC_LINES_MAX: Final = 4096
"""Sides of one author's chain compared in a session; those beyond may be received again."""
SYNC_SAMPLES_MAX: Final = 64
"""Ids sampled on one side: one per power of two."""
SYNC_SPANS_MAX: Final = 32_768
"""Stretches of chains whose contents one message asks for: less than 3 MiB of names."""
SYNC_CONTENTS_MAX: Final = 16
"""Such messages from one side in a session; the next session asks for the rest."""
SYNC_IDLE_SECONDS: Final = 60.0
"""Without a byte from the peer before a transport gives up."""
SYNC_PUSHES_MAX: Final = 4096
"""Pushes queued for a live peer that does not keep up, before it is dropped."""
SYNC_SESSIONS_MAX: Final = 64
"""Sessions one server keeps open."""
SYNC_SESSIONS_PEER_MAX: Final = 32
"""Of them, those of one host: none can shut all others out."""
