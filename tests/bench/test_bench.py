"""The bench runs, every row of it, and says what it promises to say. No time is looked at."""

from __future__ import annotations

import gzip
import json
import math
import shutil
import sys

import pytest
from bench.__main__ import main, row_names
from bench.figures import FIELDS, Beside, Figure, cells
from bench.peers import Peers, Script, Turns
from bench.peers.git import Git
from bench.rows import PARTS, chosen
from bench.worlds import FEW_EVENTS, Histories

import tallystick
from tallystick import kernels

TINY = ("--no-peers", "--events", "2000", "--runs", "1")
SMALLER = (1_000,)


def lines(capsys, *words: str) -> list[dict]:
    assert main([*words, *TINY, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.measure.__name__)
def test_every_row_runs_and_prints_valid_json_lines(part, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("bench.context.GROWTH", SMALLER)
    found = lines(capsys, *map(str, part.rows), "--data", str(tmp_path))
    assert {line["row"] for line in found} == set(part.rows)
    for line in found:
        assert tuple(line) == FIELDS
        assert math.isfinite(line["value"])
        assert line["value"] > 0
        assert line["ok"] in ((None,) if line["bar"] is None else (True, False))
        assert (line["peer"] is None) == (line["peer_value"] is None)
    assert len({(line["work"], line["peer"]) for line in found}) == len(found)
    grows = any("cost" in line["work"] for line in found)
    assert grows == bool({3, 6, 7, 14, 16, "ledger"}.intersection(part.rows))


def test_every_row_is_measured_by_exactly_one_part_and_can_be_asked_for():
    rows = [row for part in PARTS for row in part.rows]
    assert rows == [*range(1, 23), "ledger", "compare", "poll", "kernels"]
    assert chosen(frozenset()) == list(PARTS)
    assert [part.rows for part in chosen(row_names("2,7-9"))] == [(2,), (7,), (8,), (9,)]
    assert [part.rows for part in chosen(row_names("poll,3"))] == [(3,), ("poll",)]


@pytest.mark.parametrize("word", ["23", "rows", "", "3,", "9-7", "-1"])
def test_a_row_there_is_not_is_a_usage_error_that_names_those_there_are(capsys, word):
    with pytest.raises(SystemExit) as ended:
        main(["--json", "--", word])
    assert ended.value.code == 2
    assert "rows are 1, 2, 3" in capsys.readouterr().err


def test_a_trace_of_ones_own_is_measured_too(capsys, tmp_path):
    txns = [
        {"parents": [], "agent": 0, "patches": [[0, 0, "tally"]]},
        {"parents": [0], "agent": 0, "patches": [[5, 0, " sticks"]]},
        {"parents": [0], "agent": 1, "patches": [[0, 1, "T"], [4, 0, "ö"]]},
        {"parents": [1, 2], "agent": 1, "patches": []},
    ]
    data = {"kind": "concurrent", "endContent": "Tallöy sticks", "numAgents": 2, "txns": txns}
    path = tmp_path / "note.json.gz"
    path.write_bytes(gzip.compress(json.dumps(data).encode()))
    found = lines(capsys, "text", str(path))
    assert {line["row"] for line in found} == {15, 16, 17, 19, 20}
    assert all(line["work"].startswith("note: ") for line in found)
    assert {line["bar"] for line in found} == {None}


def test_a_bar_is_met_as_it_is_or_in_proportion_to_a_peer_that_was_listed():
    slow_day = Figure(1, "w", 2_000, "events/s", 4_000, [Beside("peer", 2_000, listed=4_200)])
    assert [line["ok"] for line in slow_day.lines()] == [True]
    behind = Figure(1, "w", 2_000, "events/s", 4_000, [Beside("peer", 2_200, listed=4_200)])
    assert [line["ok"] for line in behind.lines()] == [False]
    unlisted = Figure(1, "w", 2_000, "events/s", 4_000, [Beside("bare", 1.0)])
    assert [line["ok"] for line in unlisted.lines()] == [False]
    less = Figure(14, "w", 170, "B", 160, [Beside("peer", 130, listed=116)])
    assert [line["ok"] for line in less.lines()] == [True]
    assert [Figure(9, "w", value, "ms", 50).ok(None) for value in (49, 50, 51)] == [
        *(True, True, False),
    ]
    assert Figure(None, "w", 1, "items/s").ok(None) is None
    two = Figure(1, "w", 1, "events/s", 4_000, [Beside("a", 1.0), Beside("b", 2.0)])
    assert [line["peer"] for line in two.lines()] == ["a", "b"]
    assert cells(next(two.lines()))[-1] == "1.00"


def test_the_table_names_the_machine_and_markdown_is_a_table(capsys):
    assert main(["22", *TINY]) == 0
    out = capsys.readouterr().out
    assert f"kernels {kernels.active_name}" in out.splitlines()[0]
    assert "Merkle tree of 2,000: prove" in out
    assert main(["22", *TINY, "--markdown"]) == 0
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert len(table) == 2 + 3


def test_a_history_sealed_while_it_is_read_is_the_one_sealed_before(monkeypatch, tmp_path):
    kept = Histories(tmp_path / "kept")
    before = list(kept.slices(3_000))
    monkeypatch.setattr("bench.worlds.KEPT_EVENTS", 1_000)
    assert list(Histories(tmp_path / "read").slices(3_000)) == before
    assert list(kept.slices(1_000)) == before[:1]
    (tmp_path / "read").mkdir()
    path = Histories(tmp_path / "read").copy(3_000)
    with tallystick.open(path) as replica:
        assert replica.logs()[0].events == 1 + FEW_EVENTS + 3_000
        assert replica.verify().ok


def test_a_peer_that_fails_is_left_out_and_the_others_go_on(monkeypatch, tmp_path, capsys):
    answers = (
        "import sys\nfor line in sys.stdin: print('{\"seconds\": [0.5, 0.25, 1.0]}', flush=True)"
    )
    fails = 'import sys\nfor line in sys.stdin: print(\'{"error": "no luck"}\', flush=True)'
    starts = {
        "eventsourcing": lambda _: Script("eventsourcing", [sys.executable, "-c", answers], {}),
        "hypercore": lambda _: Script("hypercore", [sys.executable, "-c", fails], {}),
        "git": lambda _: Script("git", [sys.executable, "-c", ""], {}),
        "pymerkle": lambda _: Script("pymerkle", ["/no/such/program"], {}),
    }
    monkeypatch.setattr("bench.peers._STARTS", starts)
    with Peers(tmp_path, wanted=True) as peers:
        turns = Turns(peers, 1, "eventsourcing", "hypercore")
        turns.take("append", units=100, count=3)
        turns.take("append", units=100, count=3)
        assert turns.beside() == [Beside("eventsourcing", 200.0, 4_200.0)]
        for name in ("git", "pymerkle"):
            assert peers.ask(name, "work") is None
    told = capsys.readouterr().err
    assert "hypercore is not run beside: no luck" in told
    assert told.count("hypercore") == 1
    assert "pymerkle is not run beside" in told
    with Peers(tmp_path, wanted=False) as none:
        assert none.ask("eventsourcing", "append") is None


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_git_clones_what_it_was_filled_with(tmp_path):
    git = Git(tmp_path)
    git.ask("fill", count=20)
    for _ in range(2):
        assert len(git.ask("replicate")["seconds"]) == 1
    assert 100 < git.ask("equal")["bytes"] < 5_000
    objects = list(tmp_path.glob("clone*.git/objects/pack/*.pack"))
    assert len(objects) == 3
