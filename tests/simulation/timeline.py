"""Virtual time: what happens next, in one order, whatever the machine is doing meanwhile.

    at(when, act) ──► heap of (when, number) ──► run(until) calls act by act

Law: two runs that are asked for the same things in the same order do the same; nothing here looks
at a clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

SECOND_MS = 1_000
HOUR_MS = 3_600 * SECOND_MS
STEPS_MAX = 2_000_000
"""Beyond so many steps a world is not going to be quiet."""


class Timer:
    """Something that will happen unless it is called off."""

    __slots__ = ("act",)

    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self.act = None


class Timeline:
    """Milliseconds since the world began."""

    def __init__(self) -> None:
        self.now = 0
        self.steps = 0
        self._heap: list[tuple[int, int, Timer]] = []
        self._numbers = count()

    def at(self, when: int, act: Callable[[], None]) -> Timer:
        timer = Timer(act)
        heapq.heappush(self._heap, (max(when, self.now), next(self._numbers), timer))
        return timer

    def after(self, delay: int, act: Callable[[], None]) -> Timer:
        return self.at(self.now + delay, act)

    def run(self, until: int, *, stop: Callable[[], bool] | None = None) -> None:
        """Does everything up to a time, or until something holds; what is left stays planned."""
        while self._heap and self._heap[0][0] <= until:
            if stop is not None and stop():
                return
            when, _, timer = heapq.heappop(self._heap)
            if timer.act is None:
                continue
            self.now = when
            self.steps += 1
            assert self.steps < STEPS_MAX, "a world that never comes to rest"
            act, timer.act = timer.act, None
            act()
        if stop is None or not stop():
            self.now = max(self.now, until)
