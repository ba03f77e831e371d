"""spec/vectors/titles.json against the real room."""

from __future__ import annotations

import pytest
from tests.conformance.stories import code_of, read_world
from tests.laws.world import MemorySource

from tallystick.kernels import encode_item
from tallystick.state.titles import Passed, check_over, parse_title
from tallystick.state.view import state_hash
from tallystick.state.views import evaluate
from tallystick.state.views_titles import TitlesView


def test_every_frame_is_void_as_it_says(vectors):
    for case in vectors("titles")["frames"]:
        author, frame = bytes.fromhex(case["author"]), bytes.fromhex(case["frame"])
        assert code_of(parse_title(case["kind"], frame, author)) == case["void"], case["name"]


@pytest.mark.parametrize("number", range(7))
def test_every_transfer_is_void_as_it_says(vectors, number):
    events = vectors("titles")["worlds"][number]["events"]
    world, good = read_world(events), {}
    for event in events:
        id, author = bytes.fromhex(event["id"]), bytes.fromhex(event["author"])
        op = parse_title(event["kind"], bytes.fromhex(event["frame"]), author)
        code = None
        if isinstance(op, Passed):
            code = check_over(op, author, good.get(op.over) if op.over in world.past[id] else None)
        assert code == event["void"]
        if code is None:
            good[id] = op


@pytest.mark.parametrize("number", range(7))
def test_every_world_comes_to_what_it_says(vectors, number):
    story = vectors("titles")["worlds"][number]
    world = read_world(story["events"])
    source = MemorySource(world, list(world.events))
    source.void = {bytes.fromhex(e["id"]): e["void"] for e in story["events"] if e["void"]}
    for answer in story["states"]:
        view = TitlesView()
        rows = [(source.rows[bytes.fromhex(id)], 1) for id in answer["counted"]]
        db = evaluate(view, source, rows)
        assert encode_item(view.state(db)).hex() == answer["state"]
        assert state_hash(view, db).hex() == answer["hash"]


def test_there_is_a_test_for_every_world(vectors):
    assert len(vectors("titles")["worlds"]) == 7
