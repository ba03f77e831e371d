"""The values a store hands out: one class per thing, no behaviour.

    LogRow ─► LineRow (a chain, or one side of it) ─► EventRow ─► FeedRange

``log``, ``line`` and ``row`` are numbers of this store and mean nothing elsewhere; ids, authors
and hashes are 32 bytes and mean the same everywhere.

Law: a value is a copy of what the store held when it was asked; changing it changes nothing.

Reads: kernels (PART_*). Read by: store, sync, state, replica.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class LogRow:
    """A log this store holds."""

    no: int
    id: bytes
    name: str
    purpose: str


class LineRow(NamedTuple):
    """A chain, or one side of it after a split. A named tuple: every commit makes two.

    Seqs below ``first_seq`` are those of the line ``base``. ``peaks`` is the compact range of the
    whole chain's Merkle tree at ``size``; ``head_proof`` the subtree hashes from ``size`` to
    ``head_size``, empty when they are equal. ``head_size`` 0 means no head yet. The seqs from
    ``run_seq`` on are rows ``run_row``, ``run_row + 1``...; ``run_row`` 0 means no own event yet.
    """

    no: int
    log: int
    author: bytes
    side: bytes
    base: int | None
    first_seq: int
    size: int
    last_id: bytes
    lamport: int
    peaks: bytes
    head_size: int
    head_root: bytes
    head_signature: bytes
    head_proof: bytes
    received_ms: int
    run_seq: int
    run_row: int


class EventRow(NamedTuple):
    """One event as stored. A named tuple, not a data class: views read them by the million.

    ``deps`` are rows, in the header's order. ``seal`` is the seed (16 bytes) when the content is
    here and salt_f ‖ C (48) when it is not; ``content_size`` is the header's own word. ``void``
    is a code of ``errors.CODES`` or None.
    """

    row: int
    line: int
    log: int
    author: bytes
    seq: int
    id: bytes
    lamport: int
    time: int
    kind: str
    schema: bytes | None
    deps: tuple[int, ...]
    part: int
    frame: bytes
    seal: bytes
    content: bytes | None
    content_size: int
    void: str | None
    erased: bool


class FeedRange(NamedTuple):
    """Changes pos, pos + 1, ... of the feed: rows row, row + 1, ... with one weight and cause."""

    pos: int
    row: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    weight: int
    cause: str


@dataclass(frozen=True, slots=True)
class PendingRow:
    """An encoded slice that waits for the event ``waits_for``."""

    no: int
    log: int
    author: bytes
    seq: int
    count: int
    slice: bytes
    waits_for: bytes
    peer: bytes
    received_ms: int


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A trust event, decoded; ``detail`` is a canonical item of the policy's own."""

    row: int
    id: bytes
    voter: bytes
    seq: int
    lamport: int
    verb: str
    target: bytes
    detail: bytes


@dataclass(frozen=True, slots=True)
class PrivateRow:
    """A statement of this replica's owner that is never sent."""

    no: int
    kind: str
    frame: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy that was in force from feed position ``pos`` on; what it flipped is ``since`` on."""

    no: int
    pos: int
    since: int
    changed_ms: int
    document: bytes


@dataclass(frozen=True, slots=True)
class EquivocationRow:
    """Two events of one author at one seq, and the proof's frame."""

    author: bytes
    seq: int
    id_a: bytes
    id_b: bytes
    frame: bytes


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """When rows row, row + 1, ... came, and from which peer (empty: written here)."""

    row: int
    received_ms: int
    peer: bytes


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view's definition, the policy it is under, and the changes it has taken in."""

    name: str
    definition: bytes
    policy: bytes
    pos: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that `verify` found: which row (or the line as a whole, -1) and what is wrong."""

    line: int
    seq: int
    row: int
    what: str
