"""What a replica owes a sync session: what it holds, and a place for what comes.

    Endpoint ── logs(), open(log), join(log) ──► Holdings ── records(), slices_for(have), ...
       └─ receive(log, slices, peer) ──► Outcome

Law: everything a ``Holdings`` yields was verified and is durable; ``slices_for`` keeps causal
order at the grain of whole messages: what a list needs beyond itself is in an earlier list or
among what the peer is known to have. ``have`` is a claim of the peer's and may be wrong.

Reads: chain.slice, errors. Read by: sync.session, drivers, bundle, replica.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tallystick.chain.slice import Slice, open_slice
from tallystick.errors import Rejected

LineKey = tuple[bytes, bytes]
"""(author, side): one line of events."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line: the longest prefix of a chain without pending or invalid events.

    Args:
        author: 32 bytes.
        side: empty, or after a split the id of the first event after the last split on its way.
        size: events from seq 0 on, at least 1.
        root: their RFC 6962 root, 32 bytes.
    """

    author: bytes
    side: bytes
    size: int
    root: bytes

    @property
    def key(self) -> LineKey:
        """The line that is meant."""
        return (self.author, self.side)


@dataclass(frozen=True, slots=True)
class Span:
    """Events ``begin <= seq < end`` of one line, whose contents are meant."""

    author: bytes
    side: bytes
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """The state two replicas were both seen to be in: what a short vector is relative to."""

    root: bytes
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message's slices.

    Args:
        accepted: events stored by it that were not there before.
        pending: events of this peer that wait for parents now, all messages together.
        pending_bytes: their size.
        rejected: what was refused, by event or author.
        accepted_of: author -> events stored, for those who brought any.
    """

    accepted: int = 0
    pending: int = 0
    pending_bytes: int = 0
    rejected: tuple[Rejected, ...] = ()
    accepted_of: Mapping[bytes, int] = field(default_factory=dict)


class Holdings(Protocol):
    """One log as a session sees it. Methods with a body may be left out by who inherits."""

    @property
    def log_id(self) -> bytes:
        """32: the genesis event's id."""
        ...

    def records(self) -> Sequence[Record]:
        """All lines, sorted by (author, side). Cost: linear in the number of lines."""
        ...

    def root_at(self, author: bytes, side: bytes, size: int) -> bytes:
        """Root of a line's first ``size`` events, ``1 <= size <= the record's``."""
        ...

    def ids_at(self, author: bytes, side: bytes, seqs: Sequence[int]) -> Sequence[bytes]:
        """Ids of a line's events at these seqs, each below the record's size."""
        ...

    def base_of(self, author: bytes, side: bytes) -> tuple[bytes, int] | None:
        """The side that another grows on, and the seq where it leaves it; saves looking twice."""
        del author, side
        return None

    def slices_for(
        self, have: Mapping[LineKey, int], *, max_bytes: int
    ) -> Iterator[Sequence[Slice]]:
        """What a peer lacks who holds the first ``have[line]`` events of each line named.

        A line that is not named is lacked whole; events that two lines share are sent once. Each
        sequence is one message's worth, at most ``max_bytes`` encoded.
        """
        ...

    def bodies_digest(self) -> bytes:
        """Bytes (8 or more) that differ when other contents are missing.

        Empty when none is missing, or when that is not followed.
        """
        return b""

    def contents_missing(self) -> Sequence[Span]:
        """Stretches whose contents are wanted and not here."""
        return ()

    def contents_for(self, spans: Sequence[Span], *, max_bytes: int) -> Iterator[Sequence[Slice]]:
        """Slices over the given stretches, as far as they are held with their contents."""
        del spans, max_bytes
        return iter(())

    def declined(self) -> Collection[bytes]:
        """Authors neither sent nor taken; nothing that is kept may descend from them."""
        return ()

    def agreed_with(self, peer: str) -> Agreed | None:
        """The last state agreed upon with this peer."""
        del peer
        return None

    def agreed_at(self, root: bytes) -> Agreed | None:
        """A remembered state whose root begins with these 8 bytes, whoever it was agreed with."""
        del root
        return None

    def remember(self, peer: str, agreed: Agreed) -> None:
        """Both sides were seen to be in this state."""
        del peer, agreed


class NoHoldings(Holdings):
    """Of a log that a store may take part in and holds nothing of yet."""

    def __init__(self, log: bytes) -> None:
        self._log = log

    @property
    def log_id(self) -> bytes:
        """The log that is meant."""
        return self._log

    def records(self) -> Sequence[Record]:
        """None."""
        return ()

    def root_at(self, author: bytes, side: bytes, size: int) -> bytes:
        """Never asked: there are no records."""
        raise AssertionError((author, side, size))

    def ids_at(self, author: bytes, side: bytes, seqs: Sequence[int]) -> Sequence[bytes]:
        """Never asked: there are no records."""
        raise AssertionError((author, side, seqs))

    def slices_for(
        self, have: Mapping[LineKey, int], *, max_bytes: int
    ) -> Iterator[Sequence[Slice]]:
        """Nothing."""
        del have, max_bytes
        return iter(())


def is_genesis(one: Slice) -> bool:
    """Whether a slice begins with the event that its log is named by."""
    if one.seq:
        return False
    pack, _ = open_slice(one)
    return pack is not None and pack.id(0) == one.log


class Endpoint(Protocol):
    """A store as a session sees it."""

    def logs(self) -> Sequence[bytes]:
        """Ids of the logs it would sync."""
        ...

    def open(self, log: bytes) -> Holdings | None:
        """What it holds of a log; None when it does not know it."""
        ...

    def join(self, log: bytes) -> Holdings | None:
        """Takes part in a log it does not know yet; None refuses.

        Asked for only once the log's genesis event has come: nobody can make a store take part in
        a log that does not exist.
        """
        ...

    def receive(self, log: bytes, slices: Sequence[Slice], peer: str) -> Outcome:
        """Verifies and stores one message's slices as one batch; never raises for what they say."""
        ...
