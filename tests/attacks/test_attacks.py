"""Every row of the attack table and every bug of others, with a few seeds each.

`python -m tests.attacks --all --seeds 100` runs the same with many.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.attacks.registry import Run, everything

ROWS = everything()
PAGE = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
CASES = [(name, seed) for name, row in ROWS.items() for seed in range(row.seeds)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seed"), CASES, ids=[f"{name}-{seed}" for name, seed in CASES])
def test_the_attack_is_without_effect(name, seed, tmp_path):
    run = Run(name, seed, tmp_path)
    ROWS[name].act(run)
    assert run.codes or run.work, "a run says what it saw"


def test_the_page_names_every_row_and_no_other():
    named = re.findall(r"^\| \*\*(.+?)\*\* \|", PAGE, re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(ROWS) <= set(named)
    without = {name for name in named if name not in ROWS}
    pointed = re.findall(r"^\| \*\*(.+?)\*\* \| (?:elsewhere|waits)", PAGE, re.MULTILINE)
    assert without == set(pointed)
