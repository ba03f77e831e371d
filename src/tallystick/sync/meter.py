"""What a session cost: events, messages, bytes each way, round trips.

Law: ``bytes_in + bytes_out`` is everything on the wire, framing included; what is not bytes of
packs is overhead. A round trip is a question asked and the first message that answers it.

Reads: errors. Read by: sync.session, replica, bench.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tallystick.errors import Rejected

FRAME_BYTES = 4
"""The length in front of every message on a stream."""


@dataclass(slots=True)
class Meter:
    """Counts of one session, seen from one side."""

    events_in: int = 0
    """events that were stored and had not been here"""
    events_received: int = 0
    """events in slices that came, known ones included"""
    events_out: int = 0
    messages_in: int = 0
    messages_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    pack_bytes_in: int = 0
    pack_bytes_out: int = 0
    round_trips: int = 0
    _asked: bool = field(default=False, init=False, repr=False)

    def sent(self, size: int, *, question: bool) -> None:
        """One message of ``size`` bytes went out; a question expects something back."""
        self.messages_out += 1
        self.bytes_out += size + FRAME_BYTES
        self._asked = self._asked or question

    def received(self, size: int) -> None:
        """One message of ``size`` bytes came in."""
        self.messages_in += 1
        self.bytes_in += size + FRAME_BYTES
        if self._asked:
            self.round_trips += 1
            self._asked = False

    @property
    def overhead_bytes(self) -> int:
        """Everything on the wire that is not events."""
        return self.bytes_in + self.bytes_out - self.pack_bytes_in - self.pack_bytes_out


@dataclass(frozen=True, slots=True)
class Report:
    """How a session ended.

    Args:
        log: the log that was synced; None when none was agreed upon.
        meter: what it cost.
        equal: both log checkpoints agree at the end; None when the peer did not say.
        pending: events of the peer that wait for parents.
        rejected: what was refused, at most ``limits.SYNC_REJECTED_MAX`` of them.
        code: why it ended early; None when it ran to its end.
        by_peer: the code is the peer's word.
    """

    log: bytes | None
    meter: Meter
    equal: bool | None
    pending: int
    rejected: tuple[Rejected, ...]
    code: str | None
    by_peer: bool
