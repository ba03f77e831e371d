"""What one peer, and one author among what it sends, may use up in a session.

                 a peer                            an author, within what one peer sends
    bytes        everything received               packs received
    CPU          waste: work that brought nothing  the same
    pending      events and bytes that wait        events and bytes that wait (replica.ingest)
    rejected     slices and events                 -
    sessions     open at once (sync.tcp)           -

CPU is counted as work, not timed, so that a session does the same on every machine: an event that
is opened is one unit, a slice ``SLICE_WORK`` (its head's signature). Work on events that are new
is what a session is for and costs nothing; work on what was known, or was refused, is *waste*.

Law: a peer beyond its budget is dropped with a code, an author beyond his is passed over until the
next session; what was accepted until then is kept, and nobody else pays for either.

Reads: chain.slice, sync.holdings, errors, limits. Read by: sync.session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tallystick.chain.slice import Slice
from tallystick.errors import Rejected
from tallystick.limits import (
    PENDING_BYTES_MAX,
    PENDING_EVENTS_MAX,
    SYNC_AUTHOR_BYTES_MAX,
    SYNC_AUTHOR_WASTE_MAX,
    SYNC_BYTES_IN_MAX,
    SYNC_REJECTED_MAX,
    SYNC_WASTE_MAX,
)
from tallystick.sync.holdings import Outcome

SLICE_WORK: Final = 32
"""A signature takes about as long as opening, hashing and placing so many events."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The bounds; every one may be set for a session."""

    bytes_in: int = SYNC_BYTES_IN_MAX
    waste: int = SYNC_WASTE_MAX
    rejected: int = SYNC_REJECTED_MAX
    pending_events: int = PENDING_EVENTS_MAX
    pending_bytes: int = PENDING_BYTES_MAX
    author_bytes: int = SYNC_AUTHOR_BYTES_MAX
    author_waste: int = SYNC_AUTHOR_WASTE_MAX


@dataclass(slots=True)
class _Used:
    """By one author."""

    bytes: int = 0
    waste: int = 0
    refused: bool = False


@dataclass(slots=True)
class Spending:
    """What a session used up so far.

    Args:
        budget: the bounds.
    """

    budget: Budget
    waste: int = 0
    rejected: int = 0
    _authors: dict[bytes, _Used] = field(default_factory=dict)
    _work: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """Of the message that is being ingested: author -> events, slices."""

    def admit(self, slices: Sequence[Slice]) -> tuple[list[Slice], list[Rejected]]:
        """Those whose authors are within their budgets; each author beyond is named once."""
        good: list[Slice] = []
        refused: list[Rejected] = []
        self._work = {}
        for one in slices:
            used = self._authors.setdefault(one.author, _Used())
            used.bytes += len(one.pack)
            budget = self.budget
            if used.bytes > budget.author_bytes or used.waste > budget.author_waste:
                if not used.refused:
                    refused.append(Rejected(one.author, "sync/author-budget"))
                used.refused = True
                continue
            events, count = self._work.get(one.author, (0, 0))
            self._work[one.author] = (events + one.count, count + 1)
            good.append(one)
        return good, refused

    def settle(self, outcome: Outcome) -> str | None:
        """Counts what an ingested message was good for; why the peer has to go, or None."""
        for author, (events, slices) in self._work.items():
            accepted = outcome.accepted_of.get(author, 0)
            waste = events - accepted if accepted else events + SLICE_WORK * slices
            self._authors[author].waste += waste
            self.waste += waste
        self._work = {}
        if (
            outcome.pending > self.budget.pending_events
            or outcome.pending_bytes > self.budget.pending_bytes
        ):
            return "sync/pending-full"
        return self.over()

    def over(self) -> str | None:
        """Why the peer has to go by what it has used up, or None."""
        spent = self.rejected > self.budget.rejected or self.waste > self.budget.waste
        return "sync/budget" if spent else None
