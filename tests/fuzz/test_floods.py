"""The greatest pieces a hostile peer or file can send, under the system's limits of memory and CPU.

The ceilings stand in ``floods.FLOODS``; a piece that needs more dies in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.fuzz.floods import FLOODS, MIB, Flood, size_of

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="limits of memory are Linux's"
)


def taken(name: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.fuzz.floods", name]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_taken_in_under_its_ceiling(name):
    done = taken(name)
    assert done.returncode == 0, done.stderr


SPOILT = {
    "too much memory": ("lambda data: bytes(len(data) * 9)", "MemoryError"),
    "too much CPU": ("lambda data: [0 for _ in iter(int, 1)]", ""),
    "another code": ("lambda data: f.refused(lambda: f.decode_item(b''), 'codec/float')", "Assert"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_ceiling_that_is_exceeded_is_noticed(kind):
    take, said = SPOILT[kind]
    script = "\n".join((
        "from tests.fuzz import floods as f",
        f"f.FLOODS['it'] = f.Flood(lambda: bytes(4 * f.MIB), {take}, per_byte=2, cpu=1)",
        "f.main('it')",
    ))  # fmt: skip
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert said in done.stderr


def test_what_a_peer_sends_in_one_message_costs_less_than_half_a_gibibyte():
    peers = [flood for name, flood in FLOODS.items() if "policy" not in name and "JSON" not in name]
    assert all(isinstance(one, Flood) for one in peers)
    assert max(one.per_byte * size_of(one.build()) for one in peers) < 512 * MIB
