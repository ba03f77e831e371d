"""Worlds that must stay whole: a handful of seeds; ``make sim`` runs as many as are wanted."""

from __future__ import annotations

import pytest
from tests.simulation.plan import make_plan
from tests.simulation.runner import command, run_plan

SEEDS = (1, 2, 3, 6, 8, 13, 15, 17)
MARKETS = (4, 12, 16)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS + MARKETS)
def test_nothing_is_lost_or_corrupt_and_nobody_diverges(seed):
    outcome = run_plan(make_plan(seed))
    assert outcome.finding is None, f"{outcome.finding}\nagain: {command(outcome.plan)}"
    assert outcome.tally.quiets == 2
