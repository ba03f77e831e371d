"""Where slices wait for events they name: kept by who sent them, bounded, taken out when due.

    slice, missing parent ──► keep ──► pending rows ──► due(ids that came) ──► sender -> slices
                                           └─► trim: per author and per peer, the oldest first

Law: a slice is its sender's for as long as it waits, whoever brings what it waits for: it counts
against nobody else, and nobody else is said to have sent it.

Reads: store, chain.slice, limits. Read by: replica.ingest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tallystick.chain.slice import Slice, decode_slice, encode_slice
from tallystick.limits import (
    PENDING_AUTHOR_BYTES_MAX,
    PENDING_AUTHOR_EVENTS_MAX,
    PENDING_BYTES_MAX,
    PENDING_EVENTS_MAX,
)
from tallystick.store.lookups import is_waiting
from tallystick.store.store import Store

BySender = dict[bytes, list[Slice]]


class Waiting:
    """The slices of one log that wait; the caller holds ``store.write()``.

    Args:
        now: milliseconds since 1970, for the record of arrivals.
    """

    def __init__(self, store: Store, log_no: int, log_id: bytes, *, now: Callable[[], int]) -> None:
        self._store = store
        self._log_no = log_no
        self._log = log_id
        self._now = now

    def keep(self, item: Slice, parent: bytes, peer: bytes) -> int | None:
        """Keeps a slice until an event comes; its number, None when it waits already."""
        data = encode_slice(item)
        if is_waiting(self._store, self._log_no, item.author, data, waits_for=parent, peer=peer):
            return None
        return self._store.add_pending(
            self._log_no,
            item.author,
            seq=item.seq,
            count=item.count,
            slice=data,
            waits_for=parent,
            peer=peer,
            received_ms=self._now(),
        )

    def due(self, came: list[bytes], waiting: dict[int, Slice]) -> BySender:
        """The slices that waited for one of these events, taken out, by who sent them.

        Args:
            waiting: those put in by this batch, by number; what is due goes out of it, too.
        """
        found: BySender = {}
        if not came:
            return found
        rows = self._store.pending_for(self._log_no, came)
        self._store.drop_pending([row.no for row in rows])
        for row in rows:
            waiting.pop(row.no, None)
            item = decode_slice(row.slice, log=self._log)
            assert isinstance(item, Slice), "a slice of our own encoding"
            found.setdefault(row.peer, []).append(item)
        return found

    def trim(self, peer: bytes, authors: Iterable[bytes]) -> int:
        """Lets go of what is beyond the bounds per author and peer; how many events went."""
        bounds = {"events_max": PENDING_AUTHOR_EVENTS_MAX, "bytes_max": PENDING_AUTHOR_BYTES_MAX}
        gone = sum(self._store.trim_pending(peer, author=one, **bounds) for one in sorted(authors))
        return gone + self._store.trim_pending(
            peer, events_max=PENDING_EVENTS_MAX, bytes_max=PENDING_BYTES_MAX
        )
