"""The one law: which ops are live, kept up to date as events start and stop counting.

    covered(x) = some op over x is included, or is itself covered
    live(x)    = included(x) and not covered(x)

    A ◄── B ◄── C      B banned: C still stands on A's shoulders, so A stays covered, C is live

``blocked`` counts the ops over x that are included or covered. When an op starts or stops being
*one of those* (included or blocked > 0), the ops it is over count one more or one less, and so on
down, but only through ops that are not included themselves: a flip touches the op, the ops it is
over, and runs of excluded ops below. Nothing looks upwards, so no reverse index is needed.

**Law:** after any sequence of flips ``blocked`` is what the two lines above say; it depends on
which ops are included now and not on how that came about.

Reads: nothing. Read by: state.views_places.
Source: state.md of the specification, "One law for every type".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class OpState:
    """What the law knows of one op. ``over`` has no repetitions."""

    over: tuple[int, ...]
    included: bool = False
    blocked: int = 0

    @property
    def live(self) -> bool:
        """Included, and covered by nothing."""
        return self.included and not self.blocked

    @property
    def bears(self) -> bool:
        """Whether it covers what it is over: it is included or itself covered."""
        return self.included or self.blocked > 0


def include(ops: Mapping[int, OpState], flips: Iterable[tuple[int, bool]]) -> set[int]:
    """Set which ops are included; returns every op whose state was touched.

    Args:
        ops: op number -> state, changed in place; must hold whatever the flipped ops lead to.
        flips: (op number, included from now on). Flipping to what it is already is a fault.

    Cost: ops touched; in long runs of excluded ops what their authors wrote.
    """
    touched: set[int] = set()
    for number, included in flips:
        state = ops[number]
        assert state.included is not included, number
        bore = state.bears
        state.included = included
        touched.add(number)
        if state.bears is not bore:
            _spread(ops, number, 1 if state.bears else -1, touched)
    return touched


def _spread(ops: Mapping[int, OpState], start: int, step: int, touched: set[int]) -> None:
    """``start`` began (+1) or ceased (-1) to bear: tell those below, and those below them."""
    waiting = [start]
    while waiting:
        for number in ops[waiting.pop()].over:
            state = ops[number]
            bore = state.bears
            state.blocked += step
            assert state.blocked >= 0, number
            touched.add(number)
            if state.bears is not bore:
                waiting.append(number)
