"""Writing: some events of one's own chain, sealed and signed, ready to be stored and sent.

    ChainEnd ─┐
              ├─► seal_pack ─► open_pack ─► merkle_append ─► sign_head ─► Commit(pack, head, end)
    Draft ────┘                    │
                                   └ the same door that peers' events come through

Nothing is written here: the caller stores pack, head and new end in one transaction, and lets no
byte of them out before that transaction is durable.

Law: a commit's events follow the end they were prepared for, and its head covers all of them.

Reads: chain.head, identity.keys, kernels, limits, errors. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from tallystick.chain.head import Head, sign_head
from tallystick.errors import BadInput, ChainError
from tallystick.identity.keys import SigningKey
from tallystick.kernels import (
    Draft,
    Pack,
    merkle_append,
    merkle_root,
    open_pack,
    seal_pack,
    status,
)
from tallystick.limits import (
    COMMIT_BYTES_MAX,
    COMMIT_EVENTS_MAX,
    DIGEST_BYTES,
    UINT_MAX,
)


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """Where a chain ends: all it takes to continue it.

    Args:
        size: events so far.
        peaks: their compact range, 32 bytes a peak.
        last_id: of the last event, b"" when there is none.
        lamport: of the last event, 0 when there is none.
    """

    size: int = 0
    peaks: bytes = b""
    last_id: bytes = b""
    lamport: int = 0

    def __post_init__(self) -> None:
        if len(self.last_id) != (DIGEST_BYTES if self.size else 0):
            raise ValueError(f"a last id of {len(self.last_id)} bytes after {self.size} events")
        if len(self.peaks) != DIGEST_BYTES * self.size.bit_count():
            raise ValueError(f"{len(self.peaks)} bytes of peaks after {self.size} events")


@dataclass(frozen=True, slots=True)
class Commit:
    """Events under one signature.

    Args:
        pack: their bytes, all of them whole.
        opened: the same as columns; ``opened.log`` is the new log's id after a genesis event.
        head: over the whole chain with them.
        end: of the chain with them.
    """

    pack: bytes
    opened: Pack
    head: Head
    end: ChainEnd


def prepare(key: SigningKey, log: bytes, end: ChainEnd, draft: Draft) -> Commit:
    """Seal and sign a draft at the end of the key's own chain.

    Args:
        key: the author's.
        log: 32 bytes; b"" when the draft's first event is the genesis event.
        end: where the chain ends now.
        draft: at least one event, at most 4,096 and 16 MiB (see ``commit_borders``).

    Raises:
        BadInput: an event no one may accept, with the code of the rule it breaks.
        ChainError: chain/too-many, for an empty or too large draft.
        ValueError: columns that do not fit, or lamports that do not grow along the chain.

    Cost: O(events), one signature.
    """
    count = len(draft.lamports)
    if not 1 <= count <= COMMIT_EVENTS_MAX or end.size + count > UINT_MAX:
        raise ChainError("chain/too-many", expected=f"1 to {COMMIT_EVENTS_MAX}", got=count)
    lamports = [end.lamport, *draft.lamports] if end.size else list(draft.lamports)
    if any(a >= b for a, b in pairwise(lamports)):
        raise ValueError("lamports grow along a chain")
    author = key.public
    pack = seal_pack(draft, log=log, author=author, seq=end.size, prev=end.last_id)
    if len(pack) > COMMIT_BYTES_MAX:
        raise ChainError("chain/too-many", expected=f"{COMMIT_BYTES_MAX} bytes", got=len(pack))
    opened = open_pack(pack, log=log, author=author)
    if opened.stopped is not None:
        row, why, _ = opened.stopped
        raise BadInput(status.CODE[why], where=f"event {row}")
    assert opened.count == count, "what was sealed opens"
    assert not any(opened.body_status), "what was sealed matches its commitments"
    peaks = merkle_append(end.size, end.peaks, opened.ids)
    size = end.size + count
    head = sign_head(key, opened.log, size, merkle_root(peaks))
    return Commit(pack, opened, head, ChainEnd(size, peaks, opened.id(count - 1), lamports[-1]))


def commit_borders(
    sizes: Iterable[int],
    *,
    events_max: int = COMMIT_EVENTS_MAX,
    bytes_max: int = COMMIT_BYTES_MAX,
) -> list[tuple[int, int]]:
    """Where to cut a run of events so that each piece fits one commit (or one slice).

    Args:
        sizes: bytes of each event in its pack, in order.
        events_max, bytes_max: the bounds; an event that alone is larger gets a piece of its own.

    Returns:
        [begin, end) pairs that cover the run.

    >>> commit_borders([5, 5, 5, 20, 1], bytes_max=10)
    [(0, 2), (2, 3), (3, 4), (4, 5)]
    """
    borders: list[tuple[int, int]] = []
    begin = filled = 0
    row = -1
    for row, size in enumerate(sizes):
        if row > begin and (row - begin == events_max or filled + size > bytes_max):
            borders.append((begin, row))
            begin, filled = row, 0
        filled += size
    if row >= begin:
        borders.append((begin, row + 1))
    return borders
