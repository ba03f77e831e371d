"""A slice of ``python -m tests.orders --pairs``, and that it finds what it looks for."""

from __future__ import annotations

from itertools import product

import pytest
from tests.orders import walk
from tests.orders.breaks import BREAKS
from tests.orders.histories import history
from tests.orders.walk import Figures, one_history

from tallystick.replica.waiting import Waiting

SEEDS = range(1, 40)


@pytest.mark.slow
def test_any_order_of_arrival_leads_to_the_same_answers():
    found = walk.run(1_200, seed=1_000, per_history=100, whole_share=0.05)
    assert not found.diverged
    assert found.pure_pairs + found.whole_pairs >= 1_200
    assert found.whole_pairs > 40
    assert found.pure_complete > 400
    assert found.rebuilt >= found.histories


def test_a_history_is_the_same_whenever_it_is_made():
    one, two = history(7), history(7)
    assert [p.id for p in one.parcels] == [p.id for p in two.parcels]
    assert (one.absent, one.parameters, one.private) == (two.absent, two.parameters, two.private)


def test_no_order_is_counted_twice_and_small_histories_run_out_of_them():
    figures = Figures()
    one_history(history(5, events_max=2), 100, 200, figures)
    assert not figures.diverged
    assert 0 < figures.pure_complete < figures.pure_pairs < 100
    assert 0 < figures.whole_pairs < 100


def diverged(wholes: int, pures: int) -> set[str]:
    """What differs, by the kind of pair, in the first history that shows anything."""
    for seed, most in product(SEEDS, (8, 12)):
        figures = Figures()
        one_history(history(seed, events_max=most), wholes, wholes + pures, figures)
        if figures.diverged:
            return set(figures.diverged)
    return set()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pure", "whole"])
@pytest.mark.parametrize("name", BREAKS)
def test_it_is_noticed_when(name, kind, monkeypatch):
    monkeypatch.setattr(*BREAKS[name])
    found = diverged(*((0, 60) if kind == "pure" else (10, 0)))
    assert found
    assert any("hashes" in text for text in found)


def test_it_is_noticed_when_what_waits_for_parents_is_forgotten(monkeypatch):
    monkeypatch.setattr(Waiting, "due", lambda self, came, waiting: {})
    with pytest.raises(AssertionError, match="something waits"):
        diverged(10, 0)
