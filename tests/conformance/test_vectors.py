"""The vectors themselves: made by the makers beside them, and missing no way to be wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tallystick.kernels import status

SPEC = Path(__file__).resolve().parents[2] / "spec"


def test_the_files_are_what_the_makers_make():
    maker = [sys.executable, str(SPEC / "make_vectors.py"), "--check"]
    found = subprocess.run(maker, capture_output=True, text=True, timeout=120)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_the_makers_share_no_code_with_the_kernels():
    names = ("curve", "plain", "items", "packs", "signatures", "trees")
    makers = [SPEC / f"{name}.py" for name in names[:2]]
    makers += [SPEC / f"vector_{name}.py" for name in names[2:]]
    for path in makers:
        assert "import tallystick" not in path.read_text(encoding="utf-8")
        assert "from tallystick" not in path.read_text(encoding="utf-8")


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
