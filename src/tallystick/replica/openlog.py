"""One log of a store, with everything that works on it tied together.

                    ┌── ingest ──► stored ──► judging ──► flips ──► feed ──► views
    slices, rows ──►│                            └──────► tips
                    └── writer ◄── tips, key

    one batch = one transaction: prepare ─ store ─ judge ─ feed ─ reduce ─ commit

Law: when a transaction ends, events, feed, heads and views agree; if it fails none of it happened.

Reads: every room below. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tallystick.chain.slice import Slice
from tallystick.errors import Rejected
from tallystick.event.absent import Absent
from tallystick.event.rules import read_log_content
from tallystick.policy.facts import Flip, Span
from tallystick.policy.policy import Policy
from tallystick.replica.choosing import Choosing
from tallystick.replica.holdings import LogHoldings
from tallystick.replica.ingest import Ingest, Stored
from tallystick.replica.judging import Judging
from tallystick.replica.owner import Owner
from tallystick.replica.source import LogSource
from tallystick.replica.tips import Tips
from tallystick.replica.writing import Row, Writer
from tallystick.state.source import ChangeRange
from tallystick.state.views import STANDARD, Views
from tallystick.store.disk import FILES, Disk
from tallystick.store.store import Store

PLACES = "places"
Listener = Callable[[list[tuple[int, int, int]]], None]
"""Told, after a commit is durable, of (line, begin, end) seqs that were stored."""


@dataclass(frozen=True, slots=True)
class Means:
    """What is handed in from outside: clock, randomness and disk.

    Args:
        now: milliseconds since 1970.
        entropy: n -> n random bytes.
        disk: where store files lie.
    """

    now: Callable[[], int]
    entropy: Callable[[int], bytes]
    disk: Disk = FILES


@dataclass(slots=True)
class Taken:
    """What one transaction brought, all batches together."""

    accepted: int = 0
    known: int = 0
    upgraded: int = 0
    pending: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    flips: list[Flip] = field(default_factory=list)
    """changes of older events' verdicts, arrivals left out"""
    late: list[Rejected] = field(default_factory=list)
    """what was refused of slices that had waited here and were sent by others"""
    spans: list[tuple[int, int, int]] = field(default_factory=list)
    sent: list[tuple[int, int, int]] = field(default_factory=list)
    """those of the spans that the sender of the slices had sent itself, now or earlier"""

    def add(self, stored: Stored) -> None:
        """One more batch."""
        self.accepted += stored.accepted
        self.known += stored.known
        self.upgraded += len(stored.upgraded)
        self.pending += stored.pending
        self.rejected += stored.rejected
        self.late += stored.late
        spans = [(span.line, span.begin, span.end) for span in stored.spans]
        self.spans += spans
        self.sent += spans[: stored.sent]


class OpenLog:
    """One log as one process works on it.

    Args:
        owner: of the store; it is the owner's policy that judges here.
    """

    def __init__(self, store: Store, log_no: int, *, owner: Owner, means: Means) -> None:
        self.store = store
        self.no = log_no
        self.id = store.log(log_no).id
        self.owner = owner
        self.source = LogSource(store, log_no)
        self.judging = Judging(
            store, log_no, viewer=owner.public, now=means.now, in_past=self.source.in_past
        )
        self.choosing = Choosing(store, log_no, self.judging)
        self.holdings = LogHoldings(
            store, log_no, prefers=self.choosing.prefers, declines=self.choosing.declined
        )
        self.tips = Tips(store, log_no, counts=self._counts)
        self.views = Views(store.db, log=log_no, forgotten=lambda: store.forgotten)
        self.listeners: list[Listener] = []
        self._ingest = Ingest(store, log_no, self.id, now=means.now)
        self._writer = Writer(
            store,
            log_no,
            owner,
            ingest=self._ingest,
            tips=self.tips,
            now=means.now,
            entropy=means.entropy,
        )
        self._taken: Taken | None = None
        self._attach()

    # --- what comes in --------------------------------------------------------------------------

    def receive(self, slices: Sequence[Slice], *, peer: str = "") -> Taken:
        """Takes in one message's slices as one transaction."""
        return self._within(lambda: self._absorb(self._ingest.receive(slices, peer=peer.encode())))

    def append(self, rows: Sequence[Row]) -> tuple[list[bytes], Taken]:
        """Writes events of one's own as one transaction; their ids, and what it brought."""
        ids: list[bytes] = []
        taken = self._within(lambda: ids.extend(self._writer.append(rows, self._absorb)))
        return ids, taken

    def heeds(self, row: int) -> bool:
        """Whether an event is in the past of what is written next."""
        return self._writer.heeds(row)

    def change(self, act: Callable[[], Sequence[Flip]]) -> Taken:
        """Runs something that moves the policy (a private statement, a parameter)."""
        return self._within(lambda: self._moved(act()))

    def _within(self, act: Callable[[], None]) -> Taken:
        taken = Taken()
        with self.store.write():
            self._taken = taken
            try:
                self.judging.prepare()
                act()
                self.catch_up()
            finally:
                self._taken = None
        if taken.spans:
            for listener in self.listeners:
                listener(taken.spans)
        self.store.maintain()
        return taken

    def _absorb(self, stored: Stored) -> None:
        assert self._taken is not None, "outside a transaction"
        self._taken.add(stored)
        self._moved(self.judging.absorb(stored), stored)
        if any(span.begin == 0 for span in stored.spans):
            self._name_log()

    def _moved(self, flips: Sequence[Flip], stored: Stored | None = None) -> None:
        assert self._taken is not None, "outside a transaction"
        self.tips.take(flips, () if stored is None else stored.spans)
        self._taken.flips += [flip for flip in flips if flip.cause[0] != "arrived"]

    def _name_log(self) -> None:
        """Name and purpose of the log, once its genesis event is here."""
        log = self.store.log(self.no)
        row = self.store.row_of(log.id)
        if log.name or row is None:
            return
        event = self.store.event(row)
        found = None if event.content is None else read_log_content(event.content)
        if found is not None and not isinstance(found, Absent):
            self.store.set_log(self.no, name=found[0], purpose=found[1])

    # --- views ----------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Feeds every attached view; inside a write."""
        self.views.catch_up(self._read_feed, self.source)

    def keep_up(self, name: str) -> None:
        """Lets a view keep what came and does not count, if there is any."""
        if self.views.lags(name, self.source):
            with self.store.write():
                self.catch_up()
                self.views.keep_up(name, self.source)

    def skim(self) -> None:
        """Passes over what does not concern the views, so that their positions say how they lag."""
        self.views.skim(self._read_feed, self.source)

    def _read_feed(self, pos: int, limit: int) -> list[ChangeRange]:
        return [ChangeRange(*found) for found in self.store.feed_read(self.no, pos, limit)]

    def _attach(self) -> None:
        """The declared views: made with the log, found again when it is opened."""
        standard = [make() for make in STANDARD.values()]
        if all(self.views.is_current(view) for view in standard):
            for view in standard:
                self.views.adopt(view)
            self.views.attach_stored()  # stored definitions are current: nothing is written
            return
        with self.store.write():
            for view in standard:
                self.views.attach(view)
            self.views.attach_stored()
            self.catch_up()

    # --- judging --------------------------------------------------------------------------------

    @property
    def policy(self) -> Policy:
        """The policy in force here."""
        return self.judging.policy

    def _counts(self, id: bytes) -> bool:
        return self.judging.judge.counts(id)

    def ranges(self, spans: Sequence[Span]) -> list[tuple[int, int]]:
        """Rows of spans of events, as (row, count)."""
        return self.judging.ranges(spans)
