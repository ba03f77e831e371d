"""What one side still has to send: batches of slices through a window of messages in flight.

    slices_for(have) ──► queue ──► batch ──► message ──► window of 8 ──► peer
                                     └ too large: halved            ◄── Ack(count)

Law: batches leave in the order they were queued, none before the window has room for it; the
iterators are asked for a batch only when it can leave, so nothing piles up in memory.

Reads: chain.slice, sync.messages, sync.meter, limits. Read by: sync.session, sync.bundle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from tallystick.chain.slice import Slice, slice_value
from tallystick.limits import MESSAGE_BYTES_MAX, SYNC_WINDOW_MESSAGES
from tallystick.sync.messages import Slices, encode
from tallystick.sync.meter import Meter


class Outgoing:
    """The queue of one direction.

    Args:
        meter: where events and bytes are counted.
        window: messages that may be on their way; None: no bound (a file).
    """

    def __init__(self, meter: Meter, *, window: int | None = SYNC_WINDOW_MESSAGES) -> None:
        self._meter = meter
        self._window = window
        self._flows: deque[Iterator[Sequence[Slice]]] = deque()
        self._halves: deque[Sequence[Slice]] = deque()
        self._acked = 0
        self.sent = 0
        """Messages that left."""

    def add(self, flow: Iterator[Sequence[Slice]]) -> None:
        """Queues batches behind all others."""
        self._flows.append(flow)

    def acknowledge(self, count: int) -> bool:
        """The peer took in ``count`` messages; False when it cannot have."""
        if not self._acked <= count <= self.sent:
            return False
        self._acked = count
        return True

    @property
    def idle(self) -> bool:
        """Whether nothing is queued."""
        return not self._flows and not self._halves

    @property
    def queued(self) -> int:
        """Flows that are not finished."""
        return len(self._flows)

    def clear(self) -> None:
        """Forgets what is queued."""
        self._flows.clear()
        self._halves.clear()

    def messages(self) -> Iterator[bytes]:
        """Messages that may leave now."""
        while self._window is None or self.sent - self._acked < self._window:
            batch = self._batch()
            if batch is None:
                return
            message = encode(Slices(tuple(slice_value(one) for one in batch)))
            if len(message) > MESSAGE_BYTES_MAX:
                assert len(batch) > 1, "one slice fits a message"
                half = len(batch) // 2
                self._halves.extendleft((batch[half:], batch[:half]))
                continue
            self.sent += 1
            self._meter.events_out += sum(one.count for one in batch)
            self._meter.pack_bytes_out += sum(len(one.pack) for one in batch)
            self._meter.sent(len(message), question=False)
            yield message

    def _batch(self) -> Sequence[Slice] | None:
        if self._halves:
            return self._halves.popleft()
        while self._flows:
            batch = next(self._flows[0], None)
            if batch is None:
                self._flows.popleft()
            elif batch:
                return batch
        return None
