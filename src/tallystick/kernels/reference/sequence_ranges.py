"""Sets of events as ranges: a million events that do not count are two numbers.

Law: costs go by how many ranges there are, never by how many numbers lie in them.

Reads: nothing. Read by: kernels.reference.sequence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class Ranges:
    """Numbers from 0 on, none at first: the bounds at which being in begins and ends, in turns."""

    def __init__(self) -> None:
        self._bounds: list[int] = []

    def __contains__(self, number: int) -> bool:
        return bisect_right(self._bounds, number) % 2 == 1

    def put(self, first: int, end: int, *, inside: bool) -> None:
        """Put the numbers from ``first`` up to ``end`` in, or take them out."""
        if first >= end:
            return
        low, high = bisect_left(self._bounds, first), bisect_right(self._bounds, end)
        begins = [first] if low % 2 != inside else []
        ends = [end] if high % 2 != inside else []
        self._bounds[low:high] = begins + ends

    def pairs(self) -> list[tuple[int, int]]:
        """All that are in: (first, how many) each."""
        bounds = iter(self._bounds)
        return [(first, end - first) for first, end in zip(bounds, bounds, strict=True)]
