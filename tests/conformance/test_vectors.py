"""The vectors themselves: made by the makers beside them, and missing no way to be wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tallystick.kernels import status

SPEC = Path(__file__).resolve().parents[2] / "spec"
NAMES = sorted(path.stem for path in (SPEC / "vectors").glob("*.json"))


def make(*arguments: str) -> tuple[int, str]:
    maker = [sys.executable, str(SPEC / "make_vectors.py"), "--check", *arguments]
    found = subprocess.run(maker, capture_output=True, text=True, timeout=120)
    return found.returncode, found.stdout + found.stderr


@pytest.mark.one_kernel("the makers share no code with the package")
@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_what_its_maker_makes(name):
    assert make(name) == (0, "")


def test_every_maker_has_its_file():
    assert make("none") == (1, f"nobody makes none, but {', '.join(NAMES)}\n")


def test_the_makers_share_no_code_with_the_package():
    shared = re.compile(r"^\s*(from|import) tallystick\b", re.MULTILINE)
    for path in SPEC.glob("*.py"):
        assert not shared.search(path.read_text(encoding="utf-8")), path.name


def test_every_status_of_items_and_headers_is_met(vectors):
    met = {case["code"] for case in vectors("items")["invalid"]}
    met |= {case["code"] for case in vectors("items")["unencodable"]}
    met |= {case["opens_as"]["stopped"]["code"] for case in vectors("packs")["stops"]}
    elsewhere = {
        "codec/unencodable": "a value of the language, not bytes: test_items.py",
        "event/body-mismatch": "told by `body_fits`",
        "chain/too-many": "4,097 events are no vector: test_packs.py",
        "chain/signature": "ed25519.json",
        "chain/root": "merkle.json",
        "void/frame": "ops.json",
    }
    assert set(status.CODE.values()) == met | set(elsewhere)
    events = [event for case in vectors("packs")["opens"] for event in case["opens_as"]["events"]]
    assert {event["body_fits"] for event in events} == {True, False}
    assert {event["part"] for event in events} == {"header", "skeleton", "whole"}
