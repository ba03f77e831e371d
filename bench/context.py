"""What every row is handed: how much to do, where, and who runs beside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.peers import Peers
from bench.texts import Texts
from bench.worlds import ACCOUNTS, Histories, Market, World

from tallystick.state.ops import KIND as EDIT

GROWTH = (10_000, 100_000, 1_000_000, 10_000_000)


@dataclass
class Bench:
    """One run.

    Args:
        folder: for everything that is written; on the disk that is measured.
        peers: who runs beside.
        events: the largest history; a million unless asked otherwise.
        runs: of which the median is told.
        data: where ``git-dag/git.csv.gz`` and ``editing-traces`` lie.
    """

    folder: Path
    peers: Peers
    events: int = 1_000_000
    runs: int = 5
    data: Path | None = None

    @property
    def sizes(self) -> list[int]:
        """Histories to see growth with: powers of ten from 10,000 up to ``events``."""
        return [*(size for size in GROWTH if size < self.events), self.events]

    def runs_of(self, events: int) -> int:
        """How often a history of that size is gone through: once beyond a million."""
        return self.runs if events <= 1_000_000 else 1

    @cached_property
    def ratings(self) -> Histories:
        """Histories of ratings."""
        return Histories(self.folder)

    @cached_property
    def counters(self) -> Histories:
        """Histories of increments."""
        return Histories(self.folder, lambda: World(kind=EDIT))

    @cached_property
    def payments(self) -> Histories:
        """Histories of payments to fifty accounts."""
        return Histories(self.folder, Market)

    @cached_property
    def scattered(self) -> Histories:
        """The same to a thousand, so that no two payments of a slice go to one account."""
        return Histories(self.folder, lambda: Market(len(ACCOUNTS)))

    @cached_property
    def texts(self) -> Texts:
        """Published editing traces."""
        return Texts(self.folder, self.peers, self.data, self.events)

    def scaled(self, most: int, share: float) -> int:
        """``most`` in a run of full size, a share of the events in a smaller one."""
        return min(most, max(10, int(self.events * share)))
