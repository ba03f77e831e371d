"""Which function measures which rows, in the order in which they run.

A function takes the ``Bench`` and yields figures; a row of the bars is measured by exactly one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import ingest, kernels, opening, replay, standing, syncing, trust, writing
from bench.context import Bench
from bench.figures import Figure


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows and what measures them."""

    rows: tuple[int, ...]
    measure: Callable[[Bench], Iterator[Figure]]


PARTS = (
    Part((1,), writing.append),
    Part((2,), writing.commits),
    Part((3,), ingest.ingest),
    Part((4,), ingest.live),
    Part((5,), ingest.reference),
    Part((6,), replay.replay),
    Part((7,), standing.few),
    Part((8,), standing.many),
    Part((9,), opening.opening),
    Part((10,), trust.trust),
    Part((11, 12), syncing.few_authors),
    Part((13,), syncing.many_authors),
    Part((14,), opening.weight),
    Part((21,), kernels.graph),
    Part((22,), kernels.merkle),
    Part((), kernels.others),
)
SPINE = frozenset({*range(1, 15), 21, 22})
"""Rows of the third issue: the spine."""
NAMED = {"3": SPINE, "kernels": frozenset[int]()}
"""What the command line calls a set of rows."""


def chosen(what: str | None, rows: frozenset[int] | None) -> list[Part]:
    """The parts that measure what was asked for; everything when nothing was."""
    if rows is None and what is None:
        return list(PARTS)
    wanted = rows if rows is not None else NAMED[what or "3"]
    named = [part for part in PARTS if wanted.intersection(part.rows)]
    return named or [part for part in PARTS if not part.rows]
