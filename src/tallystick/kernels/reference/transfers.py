"""Plain transfers out of many frames: who pays whom how much of what.

    {from: key, to: key, asset: link, amount: 5}   ─►  (from, to, asset, 5)
    {legs: [...]}, with a delegation, anything else ─►  None: to be read with care

    a batch of them ─► for each (account, asset) a run of postings (lamport, row, -5 | +5)

Law: a plain transfer is told exactly when the whole frame is good, as ``decode_item`` would tell.

Reads: errors, limits, kernels.columns, kernels.reference.{casts, codec}. Read by: loader.
Source: spec/ledger.md.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from tallystick.errors import BadInput
from tallystick.kernels.columns import Link
from tallystick.kernels.reference.casts import read_u64
from tallystick.kernels.reference.codec import decode_item
from tallystick.limits import DIGEST_BYTES, INT_MAX

Plain: TypeAlias = tuple[bytes, bytes, bytes, int]
"""(from, to, asset, amount): two keys of 32 bytes, the digest of a link, 1..2**63-1."""
Posting: TypeAlias = tuple[int, int, int]
"""(lamport, row, amount): what one event does to one account in one asset."""
Run: TypeAlias = tuple[bytes, bytes, int, int, int, int, bytes]
"""(account, asset, first lamport, its row, last lamport, total, postings): the postings sorted, in
64-bit little-endian numbers."""


def open_transfers(frames: Sequence[bytes]) -> list[Plain | None]:
    """For each frame what it transfers, None where it is not those four fields and nothing else.

    >>> open_transfers([b"", bytes.fromhex("a16161f5")])
    [None, None]
    """
    return [_open(frame) for frame in frames]


def post_transfers(
    frames: Sequence[bytes], lamports: bytes, rows: bytes
) -> tuple[list[Run], list[int]]:
    """Runs of postings, by account and asset, and the places of frames that are no plain transfer.

    Args:
        lamports, rows: of the frames' events, u64 columns; below 2**63.
    """
    postings: defaultdict[tuple[bytes, bytes], list[Posting]] = defaultdict(list)
    rest: list[int] = []
    events = list(zip(frames, read_u64(lamports), read_u64(rows), strict=True))
    if any(max(lamport, row) > INT_MAX for _, lamport, row in events):
        raise ValueError("a number of 2^63 or more")
    for at, (frame, lamport, row) in enumerate(events):
        plain = _open(frame)
        if plain is None:
            rest.append(at)
            continue
        payer, to, asset, amount = plain
        postings[payer, asset].append((lamport, row, -amount))
        postings[to, asset].append((lamport, row, amount))
    return [_run(*place, found) for place, found in sorted(postings.items())], rest


def _run(account: bytes, asset: bytes, postings: Iterable[Posting]) -> Run:
    found = sorted(postings)
    numbers = [number for posting in found for number in posting]
    (first, row, _), (last, _, _) = found[0], found[-1]
    total = sum(amount for _, _, amount in found)
    return account, asset, first, row, last, total, struct.pack(f"<{len(numbers)}q", *numbers)


def _open(frame: bytes) -> Plain | None:
    try:
        item: Any = decode_item(frame)
    except BadInput:
        return None
    if type(item) is not dict or item.keys() != {"from", "to", "asset", "amount"}:
        return None
    payer, to, asset, amount = item["from"], item["to"], item["asset"], item["amount"]
    keys = all(type(key) is bytes and len(key) == DIGEST_BYTES for key in (payer, to))
    if keys and type(asset) is Link and type(amount) is int and amount > 0:
        return payer, to, asset.digest, amount
    return None
