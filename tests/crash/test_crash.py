"""A slice of what ``python -m tests.crash`` does by the ten thousand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.crash.bitrot import run_bitrot
from tests.crash.faults import run_faults
from tests.crash.power import run_power

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
beside_the_kernels = pytest.mark.one_kernel("what fails is below and beside the kernels")


@beside_the_kernels
def test_no_power_cut_loses_what_was_acknowledged():
    tally = run_power(80, 1, every=17)
    assert not tally.findings, tally.findings[:3]
    assert (tally.points, tally.notes["again"] > 0) == (80, True)


@beside_the_kernels
def test_with_synchronous_normal_the_same_cuts_do_lose_something():
    tally = run_power(40, 1, every=17, synchronous="NORMAL")
    assert tally.count("lost") > 0
    assert tally.count("corrupt") == 0


@beside_the_kernels
def test_no_failing_operation_loses_what_was_acknowledged():
    tally = run_faults(40, 1)
    assert not tally.findings, tally.findings[:3]
    assert tally.points == 40
    assert tally.notes["store-io"] > 0


@beside_the_kernels
def test_no_kill_loses_what_was_acknowledged():
    """In a process of its own: workers are forked, which a test runner's threads forbid."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", "--mode", "kill", "--points", "18", "--json"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["points"] == 18
    assert figures["acked"] > 0


def test_no_flipped_bit_changes_an_answer_without_being_named():
    tally = run_bitrot(300, 1, size=1)
    assert not tally.findings, tally.findings[:3]
    assert tally.points == 300 + tally.notes["free"]
    assert tally.notes["by-hash"] > 0
    assert tally.notes["by-sqlite"] > 0
