"""spec/vectors/ops.json against the real room."""

from __future__ import annotations

import pytest
from tests.conformance.stories import read_world
from tests.laws.world import MemorySource

from tallystick.event.absent import Absent
from tallystick.kernels import decode_item, encode_item, status
from tallystick.state.map_keys import key_segment
from tallystick.state.ops import KIND, op_index, op_row, void
from tallystick.state.records import record_fields
from tallystick.state.schema import schema_of
from tallystick.state.view import state_hash
from tallystick.state.views import evaluate
from tallystick.state.views_places import PlacesView
from tallystick.state.views_places_read import salt_of
from tallystick.state.views_texts import TextsView


def test_every_frame_is_void_as_it_says(vectors):
    cases = vectors("ops")["frames"]
    assert {case["void"] for case in cases} == {None, "void/frame", "void/value"}
    found = {case["name"]: void(bytes.fromhex(case["frame"]), 100) for case in cases}
    assert found == {case["name"]: case["void"] for case in cases}


NOT_THE_SHAPE = {
    "a register with a number": "what a verb asks of its numbers is the state's to know",
    "a counter without": "so is this",
    "over itself": "and how many indices an op takes",
    "over a later own op": "and so what comes before it",
}
MET_LATER = {"a bad place, then a bad op": "the place is told, but the op is misshapen"}


def test_a_frame_opens_when_nothing_but_a_value_or_a_verb_is_wrong(kernel, vectors):
    cases = vectors("ops")["frames"]
    opened = kernel.open_frames([bytes.fromhex(case["frame"]) for case in cases])
    refused = {c["name"] for c, got in zip(cases, opened, strict=True) if got == status.FRAME}
    misshapen = {case["name"] for case in cases if case["void"] == "void/frame"}
    assert refused == (misshapen - set(NOT_THE_SHAPE)) | set(MET_LATER)
    for case, got in zip(cases, opened, strict=True):
        if case["name"] not in refused:
            authors, ops = decode_item(bytes.fromhex(case["frame"]))
            assert [len(got[0]), len(got[1])] == [len(authors), len(ops)], case["name"]
            assert [list(place) for _, place, _, _ in got[1]] == [op[1] for op in ops]


@pytest.mark.parametrize("number", range(7))
def test_every_world_comes_to_what_it_says(vectors, number):
    story = vectors("ops")["worlds"][number]
    world = read_world(story["events"], kind=KIND)
    source = MemorySource(world, list(world.events))
    source.absent = {
        bytes.fromhex(event["id"]): event["erased"]
        for event in story["events"]
        if event["content"] is None
    }
    for answer in story["states"]:
        view = PlacesView()
        rows = [(source.rows[bytes.fromhex(id)], 1) for id in answer["counted"]]
        db = evaluate(view, source, rows)
        state = view.state(db)
        assert state == decode_item(bytes.fromhex(answer["state"]))
        assert encode_item(state).hex() == answer["state"]
        assert state_hash(view, db).hex() == answer["hash"]
        live = db.rows("SELECT op FROM state_op_places WHERE included AND NOT blocked")
        if "map" in answer:
            assert_map(view, db, source, answer)
        numbers = {(source.order[op_row(op) - 1].hex(), op_index(op)) for (op,) in live}
        counters = {tuple(key) for key in answer["live"]} - numbers
        frames = {
            event["id"]: decode_item(bytes.fromhex(event["frame"])) for event in story["events"]
        }
        assert all(frames[id][1][index][0] == 6 for id, index in counters)
        assert numbers <= {tuple(key) for key in answer["live"]}


def assert_map(view, db, source, answer):
    """What the map of a record reads, and the salt its next writer would use."""
    record, texts = ("c", "r"), TextsView()
    rows = [(source.rows[bytes.fromhex(id)], 1) for id in answer["counted"]]
    both = (view, db), (texts, evaluate(texts, source, rows))
    read = record_fields(*both, record, schema_of({"properties": {"m": {"x-crdt": "map"}}}))["m"]
    told = {key: v.value if isinstance(v, Absent) else [v] for key, v in read.items()}
    assert encode_item(told).hex() == answer["map"]
    salt = salt_of(view, db, source, record)
    assert (None if salt is None else salt.hex()) == answer["salt"]


def test_every_key_of_a_map_has_its_segment(vectors):
    for case in vectors("ops")["map_keys"]:
        assert key_segment(bytes.fromhex(case["salt"]), case["key"]) == case["segment"]


def test_there_is_a_test_for_every_world(vectors):
    assert len(vectors("ops")["worlds"]) == 7
