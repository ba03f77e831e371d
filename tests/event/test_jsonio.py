"""JSON in and out: nothing lost, nothing guessed, every refusal with its path."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.errors import BadInput
from tallystick.event.absent import Erased, Missing
from tallystick.event.ids import cid_text
from tallystick.event.jsonio import parse_json, to_json, to_plain
from tallystick.kernels import Link, decode_item, encode_item

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
KEYS = st.one_of(st.sampled_from(["/", "//", "bytes", "map"]), TEXT)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    st.binary(max_size=12),
    st.binary(min_size=32, max_size=32).map(Link),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@given(VALUES)
def test_every_value_the_codec_knows_survives_json(value):
    text = to_json(value)
    json.loads(text)
    read = parse_json(text)
    assert encode_item(read, floats=True) == encode_item(value, floats=True)
    assert parse_json(text.encode()) == read


@given(VALUES)
def test_what_the_codec_wrote_can_be_shown(value):
    decoded = decode_item(encode_item(value, floats=True), floats=True)
    assert parse_json(to_json(decoded, indent=2)) == decoded


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("", "codec/json", "line 1, column 1"),
        ("{", "codec/json", "line 1, column 2"),
        ("[1] 2", "codec/json", "line 1, column 5"),
        ('{"a": [1, {"b": 1, "b": 2}]}', "codec/json", "$.a[1].b"),
        ('{"a": {}, "a": {}}', "codec/json", "$.a"),
        ("[NaN]", "codec/json", None),
        ("-Infinity", "codec/json", None),
        ("[1e999]", "codec/json", "$[0]"),
        ('{"a": [0, 9223372036854775808]}', "codec/int-range", "$.a[1]"),
        ("-9223372036854775809", "codec/int-range", "$"),
        ("[" + "9" * 10_000 + "]", "codec/int-range", "$[0]"),
        (r'{"a": "\ud800"}', "codec/not-utf8", "$.a"),
        (r'{"\ud800": 1}', "codec/not-utf8", "$"),
        ("[" * 33 + "]" * 33, "codec/too-deep", "$" + "[0]" * 32),
        ("[" * 100_000, "codec/too-deep", None),
        ('{"/": "bafy"}', "codec/bad-link", "$"),
        ('{"/": 1}', "codec/json", "$"),
        ('{"/": "x", "y": 1}', "codec/json", "$"),
        ('{"/": {"bytes": "AAE="}}', "codec/json", "$"),
        ('{"/": {"bytes": "A"}}', "codec/json", "$"),
        ('{"/": {"bytes": "\\u00e9"}}', "codec/json", "$"),
        ('{"/": {"other": {}}}', "codec/json", "$"),
        ('{"/": {"map": {"a": 1, "a": 2}}}', "codec/json", "$.a"),
    ],
)
def test_text_with_two_readings_or_none_is_refused(text, code, where):
    with pytest.raises(BadInput) as refused:
        parse_json(text)
    assert (refused.value.code, refused.value.where) == (code, where)


def test_bytes_that_are_not_utf8_are_refused():
    with pytest.raises(BadInput) as refused:
        parse_json(b'"\xff"')
    assert (refused.value.code, refused.value.where) == ("codec/not-utf8", "byte 1")


def test_the_forms_of_dag_json_are_read():
    digest = bytes(range(32))
    assert parse_json(json.dumps({"/": cid_text(digest)})) == Link(digest)
    assert parse_json('{"/": {"bytes": "AAEC"}}') == b"\x00\x01\x02"
    assert parse_json('{"/": {"map": {"/": {"bytes": "AA"}}}}') == {"/": {"bytes": "AA"}}
    assert parse_json("[9223372036854775807, 1.5, true]") == [2**63 - 1, 1.5, True]
    assert parse_json("[" * 31 + "1" + "]" * 31)


def test_absent_values_are_shown_by_name():
    assert to_plain({"a": [Missing], "b": Erased}) == {"a": ["Missing"], "b": "Erased"}
    assert to_json(Missing) == '"Missing"'
