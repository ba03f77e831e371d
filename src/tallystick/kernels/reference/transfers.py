"""Plain transfers out of many frames: who pays whom how much of what.

    {from: key, to: key, asset: link, amount: 5}   ─►  (from, to, asset, 5)
    {legs: [...]}, with a delegation, anything else ─►  None: to be read with care

Law: a plain transfer is told exactly when the whole frame is good, as ``decode_item`` would tell.

Reads: errors, limits, kernels.columns, kernels.reference.codec. Read by: loader.
Source: spec/ledger.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from tallystick.errors import BadInput
from tallystick.kernels.columns import Link
from tallystick.kernels.reference.codec import decode_item
from tallystick.limits import DIGEST_BYTES

Plain: TypeAlias = tuple[bytes, bytes, bytes, int]
"""(from, to, asset, amount): two keys of 32 bytes, the digest of a link, 1..2**63-1."""


def open_transfers(frames: Sequence[bytes]) -> list[Plain | None]:
    """For each frame what it transfers, None where it is not those four fields and nothing else.

    >>> open_transfers([b"", bytes.fromhex("a16161f5")])
    [None, None]
    """
    return [_open(frame) for frame in frames]


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
