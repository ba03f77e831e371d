"""A slice of ``python -m tests.orders --oracle``, and that the oracles see what orders cannot."""

from __future__ import annotations

import pytest
from tests.orders import oracles
from tests.orders.breaks import BREAKS, DEAF
from tests.orders.histories import history
from tests.orders.walk import Figures, one_history


def test_judge_and_views_say_what_the_naive_oracles_say():
    found = oracles.run(300, seed=1_000)
    assert not found.disagreements
    assert found.histories == 300
    assert min(found.excluded, found.statements) > 300


@pytest.mark.parametrize("name", BREAKS)
def test_the_oracles_disagree_when(name, monkeypatch):
    monkeypatch.setattr(*BREAKS[name])
    found = oracles.run(120, seed=1)
    assert any("state of" in text for text in found.disagreements)


def test_the_oracles_see_what_is_wrong_in_every_order_alike(monkeypatch):
    monkeypatch.setattr(*DEAF)
    figures = Figures()
    one_history(history(3, events_max=8), 0, 40, figures)
    assert not figures.diverged
    assert oracles.run(130, seed=1).disagreements
