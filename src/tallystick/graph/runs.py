"""In which order to store the events of several packs: parents first, in runs as long as can be.

    pack A   0 1 2 3 4 5        A 3 names B 1:     runs  A 0-2, B 0-4, A 3-5
    pack B   0 1 2 3 4

A pack is left only where it must be: at an event whose dep another pack still has to bring. Packs
whose events have no deps are never looked into.

Law: when a run is stored in the order given, all parents of its events are stored.

Reads: kernels (Pack). Read by: replica.
Source: A. B. Kahn, Topological sorting of large networks (1962).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tallystick.kernels import Pack


class Run(NamedTuple):
    """Rows begin..end-1 of packs[pack]."""

    pack: int
    begin: int
    end: int


class Missing(NamedTuple):
    """packs[pack] can be stored up to ``row`` only: that event's parent ``id`` is not here."""

    pack: int
    row: int
    id: bytes


def causal_runs(
    packs: Sequence[Pack],
    *,
    known: Callable[[bytes], bool],
    begins: Sequence[int] | None = None,
) -> tuple[list[Run], list[Missing]]:
    """Order the events of opened packs so that parents come before children.

    Args:
        packs: valid packs; no event is in two of them.
        known: whether an event is stored already.
        begins: the first row of each pack that is not stored yet (default: 0).

    Returns:
        Runs in the order to store them, and for each pack that cannot be stored to its end the
        first event that waits and one parent it waits for (which may be in another pack that
        waits itself).

    Cost: linear in events and deps; packs without deps cost nothing per event.
    """
    return _Sorter(packs, known, begins or [0] * len(packs)).sort()


class _Sorter:
    def __init__(
        self, packs: Sequence[Pack], known: Callable[[bytes], bool], begins: Sequence[int]
    ) -> None:
        self.packs = packs
        self.known = known
        self.next = list(begins)
        self.places = self._places(every=any(pack.deps for pack in packs))
        self.waiters: dict[int, list[tuple[int, int, bytes]]] = {}
        self.missing: list[Missing] = []

    def _places(self, *, every: bool) -> dict[bytes, tuple[int, int]]:
        """Where events are that others can name: every one, or only the last of each pack."""
        self.placed_every = every
        places: dict[bytes, tuple[int, int]] = {}
        for number, pack in enumerate(self.packs):
            first = self.next[number] if every else max(self.next[number], pack.count - 1)
            if pack.count and pack.seq == 0 and pack.id(0) == pack.log:
                places[pack.log] = (number, 0)
            ids = pack.ids
            for row in range(first, pack.count):
                places[ids[32 * row : 32 * row + 32]] = (number, row)
        return places

    def sort(self) -> tuple[list[Run], list[Missing]]:
        runs: list[Run] = []
        ready = list(range(len(self.packs) - 1, -1, -1))
        while ready:
            number = ready.pop()
            begin = self.next[number]
            end = self._advance(number)
            if end > begin:
                self.next[number] = end
                runs.append(Run(number, begin, end))
            waiting = self.waiters.pop(number, [])
            freed = [waiter for waiter, row, _ in waiting if row < end]
            still = [entry for entry in waiting if entry[1] >= end]
            if still:
                self.waiters[number] = still
            ready.extend(reversed(freed))
        for waiting in self.waiters.values():
            for waiter, _, id in waiting:
                self.missing.append(Missing(waiter, self.next[waiter], id))
        return runs, sorted(self.missing)

    def _advance(self, number: int) -> int:
        """How far a pack can be stored now; what stops it is noted."""
        pack, row = self.packs[number], self.next[number]
        if row >= pack.count:
            return row
        first_parent = pack.log if pack.seq + row == 0 else pack.prev
        if row == 0 and first_parent != pack.id(0) and self._blocked(number, row, first_parent):
            return row
        if not pack.deps:
            return pack.count
        offsets = memoryview(pack.dep_offsets).cast("I")
        total = offsets[pack.count]
        for at in range(row, pack.count):
            begin, end = offsets[at], offsets[at + 1]
            if begin == total:
                return pack.count
            for dep in range(begin, end):
                if self._blocked(number, at, pack.deps[32 * dep : 32 * dep + 32]):
                    return at
        return pack.count

    def _blocked(self, number: int, row: int, id: bytes) -> bool:
        place = self.places.get(id)
        if place is None:
            if self.known(id):
                return False
            if not self.placed_every:  # a side that leaves another pack in its middle
                self.places = self._places(every=True)
                place = self.places.get(id)
        if place is None:
            self.missing.append(Missing(number, row, id))
            return True
        other, at = place
        if other == number and at < row:
            return False
        if other != number and at < self.next[other]:
            return False
        self.waiters.setdefault(other, []).append((number, at, id))
        return True
