"""Frames of edits: what is good, what is void, what comes back, what references lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.errors import BadInput
from tallystick.event.absent import Bad, Erased, Missing
from tallystick.kernels import Link, Sequence, encode_item
from tallystick.state.edits import Edit
from tallystick.state.ops import (
    OWN,
    Draft,
    Frame,
    Target,
    build,
    op_index,
    op_number,
    op_row,
    op_values,
    parse_frame,
    parse_frames,
    void,
)
from tallystick.state.places import parse_place, place_text
from tallystick.state.splices import Splices
from tallystick.state.types.base import LiveOp

A, B = b"\xaa" * 32, b"\xbb" * 32
places = st.lists(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=1, max_size=8
)


def frame(authors, *ops):
    return encode_item([authors, list(ops)])


@given(place=places)
def test_a_place_and_its_text_give_each_other_back(place):
    assert parse_place(place_text(place)) == tuple(place)


@pytest.mark.parametrize(
    "text", ["", "a//b", "/a", "a/", "a~2b", "a~", "x" * 201, "/".join("abcdefghi"), "\ud800"]
)
def test_text_that_is_no_place_is_refused(text):
    with pytest.raises(BadInput) as caught:
        parse_place(text)
    assert caught.value.code == "state/place"


drafts = st.lists(
    st.builds(
        Draft,
        verb=st.sampled_from([1, 2, 3, 4, 5]),
        place=places.map(tuple),
        over=st.lists(
            st.builds(Target, st.sampled_from([A, B]), st.integers(0, 9), st.just(A),
                      st.integers(0, 3)),
            max_size=3, unique=True,
        ).map(tuple),
        value=st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=3), st.floats(-1, 1)),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@given(drafts=drafts, sides=st.booleans())
def test_what_is_built_is_not_void_and_reads_as_it_was_meant(drafts, sides):
    data, content = build(drafts, side_of=lambda t: t.id if sides and t.author == B else None)
    parsed = parse_frame(data)
    assert isinstance(parsed, Frame)
    assert void(data, ROOM) is None
    for draft, op in zip(drafts, parsed.ops, strict=True):
        assert (op.verb, op.place, op.numbers) == (draft.verb, draft.place, draft.numbers)
        named = {(parsed.authors[table], seq, index) for table, seq, index in op.over}
        side = {A: None, B: A if sides else None}
        assert named == {((t.author, side[t.author]), t.seq, t.index) for t in draft.over}
    if content:
        values = [draft.value if draft.verb in (1, 4) else None for draft in drafts]
        assert op_values(content, len(drafts)) == values


@given(data=st.binary(max_size=60))
def test_any_bytes_are_a_frame_or_void(data):
    assert void(data, ROOM) in (None, "void/frame", "void/value")


GOOD = [1, ["a"], []]
ROOM = 100
"""Bytes of a content."""
VOID = {
    "nothing": b"",
    "no list": encode_item({}),
    "one field": encode_item([[]]),
    "three fields": encode_item([[], [GOOD], []]),
    "no ops": frame([]),
    "a float": b"\x82\x80\x81\x84\x01\x81\x61a\x80\xfb" + bytes(8),
    "a short author": frame([A[:31]], GOOD),
    "an author that is text": frame(["a" * 32], GOOD),
    "a side that is no link": frame([[A, B]], GOOD),
    "a side too many": frame([[A, Link(B), Link(B)]], GOOD),
    "an author twice": frame([A, A], GOOD),
    "two fields in an op": frame([], [1, ["a"]]),
    "a verb below 0": frame([], [-1, ["a"], []]),
    "a verb that is true": frame([], [True, ["a"], []]),
    "a place that is text": frame([], [1, "a", []]),
    "a segment that is a number": frame([], [1, [1], []]),
    "over that is no list": frame([], [1, ["a"], None]),
    "an empty reference": frame([], [1, ["a"], [[]]]),
    "a reference of two": frame([A], [1, ["a"], [[0, 0]]]),
    "a reference of four": frame([A], [1, ["a"], [[0, 0, 0, 0]]]),
    "a table index too high": frame([A], [1, ["a"], [[1, 0, 0]]]),
    "a seq below 0": frame([A], [1, ["a"], [[0, -1, 0]]]),
    "an op index below 0": frame([A], [1, ["a"], [[0, 0, -1]]]),
    "an own op that is itself": frame([], [1, ["a"], [[0]]]),
    "an own op that comes later": frame([], [1, ["a"], [[1]]], GOOD),
    "a set with a number": frame([], [1, ["a"], [], 5]),
    "an increment without a number": frame([], [6, ["a"], []]),
    "an increment with two numbers": frame([], [6, ["a"], [], 1, 1]),
    "a number that is text": frame([], [6, ["a"], [], "1"]),
    "an unknown verb with text": frame([], [99, ["a"], [], "1"]),
    "an insert without how": frame([], [7, ["a"], [], 1]),
    "an insert from the start with a reference": frame([A], [7, ["a"], [[0, 0, 0]], 1, 0]),
    "an insert between without one": frame([A], [9, ["a"], [[0, 0, 0]], 1, 3]),
    "a deletion of nothing": frame([], [8, ["a"], []]),
    "a deletion with a count too few": frame([A], [8, ["a"], [[0, 0, 0], [0, 0, 1]], 1]),
    "a character of its own that comes later": frame(
        [], [7, ["a"], [], 2, 0], [7, ["a"], [[2]], 1, 1]
    ),
    "a create with a number": frame([], [12, ["a"], [], 1]),
    "a mark without a number": frame([], [11, ["a", "b"], []]),
    "a mark that lacks an anchor": frame([], [11, ["a", "b"], [], 1]),
}
VALUES = {
    "a place without segments": frame([], [1, [], []]),
    "nine segments": frame([], [1, list("abcdefghi"), []]),
    "an empty segment": frame([], [1, [""], []]),
    "a segment of 201 bytes": frame([], [1, ["é" * 100 + "x"], []]),
    "a place of 1,025 bytes": frame([], [1, ["x" * 200] * 5 + ["x" * 25], []]),
    "an increment of 0": frame([], [6, ["a"], [], 0]),
    "an insert of no characters": frame([], [7, ["a"], [], 0, 0]),
    "an insert of too many": frame([], [7, ["a"], [], 2**20 + 1, 0]),
    "an insert of more than the content has bytes": frame([], [7, ["a"], [], ROOM + 1, 0]),
    "two inserts of more together": frame([], [7, ["a"], [], 60, 0], [9, ["b"], [], 41, 0]),
    "an insert that hangs in a way nobody knows": frame([], [7, ["a"], [], 1, 5]),
    "a deletion of no characters": frame([A], [8, ["a"], [[0, 0, 0]], 0]),
    "a deletion of too many": frame([A], [10, ["a"], [[0, 0, 0]], 2**20 + 1]),
    "a mark that starts after nothing": frame([], [11, ["a", "b"], [], 2]),
    "a mark with a bit nobody knows": frame([], [11, ["a", "b"], [], 16]),
}
BY_SIZE = {"an insert of more than the content has bytes", "two inserts of more together"}


@pytest.mark.parametrize("name", VOID)
def test_a_frame_of_the_wrong_shape_is_void(name):
    assert void(VOID[name], ROOM) == "void/frame"


@pytest.mark.parametrize("name", VALUES)
def test_a_number_or_place_out_of_range_is_void(name):
    assert void(VALUES[name], ROOM) == "void/value"


BAD_PLACE, NO_AMOUNT, NO_OP = [1, [""], []], [6, ["a"], [], 0], [1, ["a"]]
FIRST = {
    "a place, then an op cut short": (frame([], GOOD, BAD_PLACE, GOOD, NO_OP), "void/value"),
    "an amount, then no op": (frame([], NO_AMOUNT, None), "void/value"),
    "an op cut short, then a place": (frame([], GOOD, NO_OP, BAD_PLACE), "void/frame"),
    "a verb's numbers, then a place": (frame([], [*GOOD, 1], BAD_PLACE, NO_OP), "void/frame"),
    "in one op a place, then a number": (frame([], GOOD, [99, [], [], "1"]), "void/value"),
    "in one op a place, then a reference": (frame([], [1, [""], [[0]]]), "void/value"),
    "in one op a verb, then a place": (frame([], [-1, [""], []]), "void/frame"),
    "in one op a reference, then an amount": (frame([], [6, ["a"], [[0]], 0]), "void/frame"),
    "an author, then a place": (frame([A, A], BAD_PLACE), "void/frame"),
    "a place, then a byte too many": (frame([], BAD_PLACE) + b"\0", "void/frame"),
}


@pytest.mark.parametrize("name", FIRST)
def test_of_two_faults_the_one_met_first_is_told(name):
    data, code = FIRST[name]
    assert void(data, ROOM) == code
    assert list(parse_frames([data])) == [code]


@given(st.lists(st.sampled_from([*VOID.values(), *VALUES.values(), frame([], GOOD)]), max_size=600))
def test_many_frames_read_as_one_by_one(frames):
    assert list(parse_frames(frames)) == [parse_frame(data) for data in frames]


def test_what_is_at_the_limits_is_good():
    assert void(frame([], [1, ["x" * 200] * 5 + ["x" * 24], []]), ROOM) is None
    assert void(frame([], [1, list("abcdefgh"), []]), ROOM) is None
    assert void(frame([], [6, ["a"], [], -(2**63)]), ROOM) is None
    assert void(frame([A, [A, Link(B)]], GOOD, [1, ["a"], [[0], [1, 2**63 - 1, 9]]]), ROOM) is None


def test_inserts_at_the_limits_are_good():
    assert void(frame([], [7, ["a"], [], ROOM, 0]), ROOM) is None
    assert void(frame([], [7, ["a"], [], 2**20, 0]), 2**20) is None
    assert void(frame([], [7, ["a"], [], 2, 0], [8, ["a"], [[0], [1]], 1, 1]), ROOM) is None
    assert void(frame([], [7, ["a"], [], 2, 0], [11, ["a", "b"], [[0], [1]], 13]), ROOM) is None


def test_an_insert_takes_an_index_for_each_of_its_characters():
    found = parse_frame(frame([], GOOD, [7, ["a"], [], 3, 0], GOOD, [8, ["a"], [[1]], 2]))
    assert [index for index, _ in found.indexed()] == [0, 1, 4, 5]
    assert [found.at(index).verb for index in range(6)] == [1, 7, 7, 7, 1, 8]
    assert found.at(6) is None
    content = encode_item([1, "abc", 2, None])
    assert found.values(content) == {0: 1, 1: "abc", 4: 2, 5: None}


def test_a_verb_of_a_later_version_is_not_void():
    assert void(frame([], [99, ["a"], [], 1, 2, 0]), ROOM) is None


def test_values_that_cannot_be_read_say_why():
    assert op_values(None, 2) == [Missing, Missing]
    assert op_values(None, 1, erased=True) == [Erased]
    for bad in (b"", b"\xff", encode_item({}), encode_item([1]), encode_item([1, 2, 3])):
        assert op_values(bad, 2) == [Bad, Bad]
    assert op_values(encode_item([1, 0.5], floats=True), 2) == [1, 0.5]


def test_an_op_number_holds_row_and_index():
    number = op_number(2**40, 2**20 - 1)
    assert (op_row(number), op_index(number)) == (2**40, 2**20 - 1)


def live(verb, value, seq, index=0):
    encoded = encode_item(value, floats=True)
    return LiveOp(verb, value, encoded, seq, 0, A, seq, B, index)


def splices(place, type_):
    """A sequence that is empty."""
    return Splices(
        place,
        type_,
        Sequence(),
        named=str,
        outside=lambda _of, _at: (),
        marks=lambda _of, _text: [],
    )


def editing(*seen):
    return Edit(lambda _place, _type: list(seen), splices, lambda _record: None, bytes)


def test_an_edit_goes_over_what_the_writer_sees_and_over_its_own_earlier_ops():
    edit = editing(live(1, "old", 3), live(1, "older", 2))
    edit.set("a/b", "new").set("a/b", "newer")
    parsed = parse_frame(edit.build()[0])
    assert [ref[1:] for ref in parsed.ops[0].over] == [(2, 0), (3, 0)]
    assert parsed.ops[1].over == ((OWN, 0, 0),)


def test_a_remove_names_the_adds_of_its_element_only():
    seen = [live(4, "x", 1), live(4, "y", 2), live(4, "x", 3, 2)]
    edit = editing(*seen)
    parsed = parse_frame(edit.remove("tags", "x").build()[0])
    assert [ref[1:] for ref in parsed.ops[0].over] == [(1, 0), (3, 2)]


def test_removing_what_is_not_there_is_refused_and_leaves_the_edit_as_it_was():
    edit = editing(live(4, "x", 1))
    edit.add("tags", "z")
    with pytest.raises(BadInput) as caught:
        edit.remove("tags", "w")
    assert caught.value.code == "state/place"
    assert len(edit.drafts) == 1


@pytest.mark.parametrize("amount", [0, 2**63, True, 1.0, "1"])
def test_a_counter_takes_whole_numbers_of_64_bits_other_than_0(amount):
    with pytest.raises(BadInput):
        editing().inc("n", amount)


@pytest.mark.parametrize("value", [float("nan"), 2**63, {1: 2}, {"a", "b"}, Missing])
def test_a_value_that_is_not_plain_data_is_refused_where_it_is_written(value):
    edit = editing()
    with pytest.raises(BadInput):
        edit.set("a", value)
    assert edit.drafts == []
