"""Every example runs, says what it promises to say, and is in the index."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent.parent / "examples"
TOWN = ("--town", "7", "--viewers", "16")
ARGUMENTS = {"bitcoin_otc": TOWN}
"""How an example is run where it needs to be told something."""
ALWAYS_THE_SAME = ("market",)
"""Examples whose every word is the same whatever keys people have."""


def run(name, *arguments, cwd):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(FOLDER / name / "main.py"), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


NAMES = sorted(path.parent.name for path in FOLDER.glob("*/main.py"))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs(name, tmp_path):
    said = run(name, *ARGUMENTS.get(name, ()), cwd=tmp_path)
    assert said
    if name in ALWAYS_THE_SAME:
        assert run(name, cwd=tmp_path) == said


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_a_page_and_is_in_the_index(name):
    assert (FOLDER / name / "README.md").is_file()
    assert f"]({name}/README.md)" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_camps_that_were_made_are_found(tmp_path):
    run("bitcoin_otc", *TOWN, "--out", str(tmp_path), cwd=tmp_path)
    found = json.loads((tmp_path / "findings.json").read_text())
    order = [found["viewers"][place][0] for place in found["order"]]
    camps = "".join(one for one in order if one in "ab")
    assert set(camps) == {"a", "b"}
    assert camps in {"".join(sorted(camps)), "".join(sorted(camps, reverse=True))}, order
    same, banned = found["shared_bans"], found["viewers"]
    inside = [same[a][b] for a in range(16) for b in range(a) if banned[a][0] == banned[b][0]]
    across = [
        same[a][b] for a in range(16) for b in range(a) if {banned[a][0], banned[b][0]} == {*"ab"}
    ]
    assert sum(inside) / len(inside) > 2 * sum(across) / len(across)


def test_pictures_are_drawn_twice_and_alike(tmp_path):
    pytest.importorskip("matplotlib")
    for name in ("one", "two"):
        run("bitcoin_otc", *TOWN, "--out", name, cwd=tmp_path)
    drawn = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len([name for name in drawn if name.endswith(".svg")]) >= 3
    for name in drawn:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), (
            name
        )
