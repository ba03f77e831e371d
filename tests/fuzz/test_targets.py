"""Every target for a while, with fixed seeds; and the engine itself, which must find what is there.

``make fuzz`` and ``python -m tests.fuzz`` run the same targets for as long as one likes.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from tests.fuzz import __main__ as command_line
from tests.fuzz.engine import CORPUS, Crash, Target, attempt, inputs, run_plain, shrunk
from tests.fuzz.mutate import MUTATORS, nodes_of, replaced
from tests.fuzz.targets import DECODERS, TARGETS

from tallystick.kernels import encode_item

SOURCE = Path(__file__).resolve().parents[2] / "src" / "tallystick"
SEED = 20_261_125
CORPUS_BYTES_MAX = 1 << 20


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_law(name):
    target = TARGETS[name]
    result = run_plain(target, runs=target.ci_runs, seed=SEED)
    assert not result.crashes, "\n".join(one.trace for one in result.crashes)
    assert result.runs == target.ci_runs
    assert result.accepted, "nothing good was tried: the seeds are no longer what they were"
    assert result.accepted < result.runs or target.name in {"session", "body"}


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_interesting_once_still_breaks_nothing(name):
    for path in sorted(CORPUS.glob(f"{name}/*")):
        found = attempt(TARGETS[name], path.read_bytes())
        assert not isinstance(found, Crash), f"{path}\n{found.trace}"


def test_the_corpus_is_small_and_every_part_of_it_belongs_to_a_target():
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < CORPUS_BYTES_MAX
    assert {path.parent.name for path in files} <= set(TARGETS)


# --- nothing is left out ------------------------------------------------------------------------

ROOMS = (
    "chain",
    "demo",
    "event",
    "identity",
    "policy",
    "proofs",
    "state",
    "sync",
    "kernels/reference",
)
READERS = (
    "decode",
    "parse",
    "read_",
    "open_",
    "from_bytes",
    "check_event",
    "verify_",
    "slice_from",
)


def readers():
    """Public functions and methods of the rooms below the replica that read what came."""
    for room in ROOMS:
        for path in sorted((SOURCE / room).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and node.name.startswith(READERS):
                    yield f"{room}/{path.stem}.{node.name}"


def test_every_decoder_has_a_target():
    assert set(readers()) == set(DECODERS)
    assert {name for name in DECODERS.values() if name is not None} <= set(TARGETS)


# --- the engine ---------------------------------------------------------------------------------


def fragile(data: bytes) -> str:
    """A decoder with a fault: it dies of a list of three that ends in 23."""
    nodes = nodes_of(data)
    if nodes and nodes[0].major == 4 and nodes[0].argument == 3 and data[-1:] == b"\x17":
        raise IndexError(data)
    return "ok"


FRAGILE = Target("fragile", fragile, lambda: [encode_item([1, 2])], "item")


def test_a_fault_is_found_told_once_and_made_small():
    result = run_plain(FRAGILE, runs=50_000, seed=1)
    assert [one.where.partition(" ")[0] for one in result.crashes] == ["IndexError"]
    small = shrunk(FRAGILE, result.crashes[0])
    assert len(small.data) <= len(result.crashes[0].data)
    assert isinstance(attempt(FRAGILE, small.data), Crash)


def test_a_crash_is_kept_and_its_replay_crashes_again(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(TARGETS, "fragile", FRAGILE)
    monkeypatch.setattr("tests.fuzz.engine.FOUND", tmp_path)
    arguments = ["--target", "fragile", "--runs", "50000", "--seed", "1", "--json"]
    assert command_line.main(arguments) == 1
    said = capsys.readouterr()
    line = json.loads(said.out)
    assert (line["target"], line["crashes"]) == ("fragile", 1)
    assert "--target fragile --replay" in said.err
    (kept,) = tmp_path.iterdir()
    assert command_line.main(["--target", "fragile", "--replay", str(kept)]) == 1
    assert "IndexError" in capsys.readouterr().out
    assert command_line.main(["--target", "did", "--runs", "50", "--json"]) == 0


@pytest.mark.parametrize("name", ["item", "pack", "note", "vector"])
def test_the_same_seed_tries_the_same_inputs(name):
    from random import Random

    target, tried = TARGETS[name], []
    for _ in range(2):
        pool = list(target.seeds())
        stream = inputs(target, pool, Random("seed"))
        tried.append([next(stream) for _ in range(len(pool) + 300)])
    assert tried[0] == tried[1]
    assert len(set(tried[0])) > 250


def test_a_node_is_replaced_and_the_lengths_around_it_are_put_right():
    item = encode_item([1, encode_item(["a", encode_item([b"x" * 30])]), 2])
    nodes = nodes_of(item)
    (deep,) = [index for index, node in enumerate(nodes) if node.end - node.body == 30 and
               node.major == 2 and not node.inside]  # fmt: skip
    changed = replaced(item, nodes, deep, encode_item(b"y" * 300))
    assert changed == encode_item([1, encode_item(["a", encode_item([b"y" * 300])]), 2])


@pytest.mark.parametrize("shape", MUTATORS)
def test_every_mutator_takes_any_bytes(shape):
    from random import Random

    random = Random(5)
    pool = [b"", b"\0", b"\xff" * 70, b"text\n\nmore\n", encode_item({"a": [b"\x81\x01", "b"]})]
    for _ in range(3000):
        made = MUTATORS[shape](random, pool[random.randrange(len(pool))], pool)
        assert isinstance(made, bytes)
