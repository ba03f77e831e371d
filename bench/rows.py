"""Which function measures which rows, in the order in which they run.

A function takes the ``Bench`` and yields figures; a row of the bars is measured by exactly one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import (
    ingest,
    judgement,
    kernels,
    opening,
    replay,
    standing,
    syncing,
    text,
    trust,
    writing,
)
from bench.context import Bench
from bench.figures import Figure


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows and what measures them: rows of the bars by number, others by name."""

    rows: tuple[int | str, ...]
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
    Part((15,), text.row15),
    Part((16,), text.row16),
    Part((17,), text.row17),
    Part((18,), text.row18),
    Part((19,), text.row19),
    Part((20,), text.row20),
    Part((21,), kernels.graph),
    Part((22,), kernels.merkle),
    Part((judgement.LEDGER,), judgement.ledger),
    Part((judgement.COMPARE,), judgement.compare),
    Part((judgement.POLL,), judgement.poll),
    Part((kernels.ROW,), kernels.others),
)


def chosen(rows: frozenset[int | str]) -> list[Part]:
    """The parts that measure some rows; everything when none is asked for."""
    return [part for part in PARTS if not rows or rows.intersection(part.rows)]
