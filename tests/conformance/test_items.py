"""spec/vectors/items.json: the one encoding of each value, and every way to be wrong."""

from __future__ import annotations

import itertools
import math
import struct

import pytest

from tallystick.errors import BadInput
from tallystick.kernels import Link, status


def value_of(shown):
    """A value out of its JSON form."""
    if isinstance(shown, list):
        return [value_of(entry) for entry in shown]
    if not isinstance(shown, dict):
        return shown
    ((kind, held),) = shown.items()
    return {
        "int": lambda: int(held),
        "bytes": lambda: bytes.fromhex(held),
        "link": lambda: Link(bytes.fromhex(held)),
        "float": lambda: struct.unpack(">d", bytes.fromhex(held))[0],
        "map": lambda: {key: value_of(entry) for key, entry in held},
    }[kind]()


def types_of(value):
    """The shape of a value with the types that == does not tell apart."""
    if isinstance(value, dict):
        return {key: types_of(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [types_of(entry) for entry in value]
    return type(value)


def test_every_value_has_the_one_encoding_of_the_vectors(kernel, vectors):
    for case in vectors("items")["valid"]:
        value = value_of(case["value"])
        assert kernel.encode_item(value).hex() == case["hex"], case["name"]
        back = kernel.decode_item(bytes.fromhex(case["hex"]))
        assert back == value, case["name"]
        assert types_of(back) == types_of(value), case["name"]


def test_floats_keep_their_64_bits_and_their_sign(kernel, vectors):
    for case in vectors("items")["valid_where_floats_are_allowed"]:
        number, raw = value_of(case["value"]), bytes.fromhex(case["hex"])
        assert kernel.encode_item(number, floats=True) == raw
        back = kernel.decode_item(raw, floats=True)
        assert back == number
        assert math.copysign(1, back) == math.copysign(1, number)
        with pytest.raises(BadInput) as caught:
            kernel.encode_item(number)
        assert caught.value.code == "codec/float"


@pytest.mark.parametrize(
    ("section", "floats"), [("invalid", False), ("invalid_where_floats_are_allowed", True)]
)
def test_every_wrong_item_is_refused_with_its_code_and_place(kernel, vectors, section, floats):
    for case in vectors("items")[section]:
        with pytest.raises(BadInput) as caught:
            kernel.decode_item(bytes.fromhex(case["hex"]), floats=floats)
        found = (caught.value.code, caught.value.where)
        assert found == (case["code"], f"byte {case['at']}"), case["name"]


def test_what_has_no_encoding_is_refused_with_the_path_to_it(kernel, vectors):
    for case in vectors("items")["unencodable"]:
        with pytest.raises(BadInput) as caught:
            kernel.encode_item(value_of(case["value"]))
        assert (caught.value.code, caught.value.where) == (case["code"], case["at"])


@pytest.mark.parametrize(
    ("value", "code", "where"),
    [
        ({"a": [1, {2, 3}]}, "codec/unencodable", "$.a[1]"),
        ({1: 2}, "codec/unencodable", "$"),
        ([{b"k": 1}], "codec/unencodable", "$[0]"),
        (object(), "codec/unencodable", "$"),
        (1 + 2j, "codec/unencodable", "$"),
        ("\ud800", "codec/not-utf8", "$"),
        ({"x": {"\udfff": 1}}, "codec/not-utf8", "$.x"),
        ([2**200], "codec/int-range", "$[0]"),
        ([1.0], "codec/float", "$[0]"),
    ],
)
def test_python_values_without_an_encoding_are_refused(kernel, value, code, where):
    with pytest.raises(BadInput) as caught:
        kernel.encode_item(value)
    assert (caught.value.code, caught.value.where) == (code, where)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_floats_that_are_not_finite_are_refused_even_where_floats_are_allowed(kernel, number):
    with pytest.raises(BadInput) as caught:
        kernel.encode_item({"a": number}, floats=True)
    assert (caught.value.code, caught.value.where) == ("codec/float", "$.a")


def test_a_value_that_holds_itself_is_too_deep(kernel):
    value: list[object] = []
    value.append(value)
    with pytest.raises(BadInput) as caught:
        kernel.encode_item(value)
    assert caught.value.code == "codec/too-deep"


def test_tuples_and_buffers_are_written_as_lists_and_bytes(kernel):
    raw = b"\x01\x02"
    value = (raw, bytearray(raw), memoryview(raw), memoryview(b"\x01\x00\x02")[::2])
    assert kernel.encode_item(value) == kernel.encode_item([raw] * 4)
    assert kernel.decode_item(memoryview(b"\x42\x01\x02")) == raw


def test_a_batch_gives_each_item_the_status_it_has_alone(kernel, vectors):
    cases = vectors("items")
    rows = [(case, status.OK) for case in cases["valid"]]
    rows += [(case, case["code"]) for case in cases["invalid"] if case["hex"]]
    pieces = [bytes.fromhex(case["hex"]) for case, _ in rows]
    ends = list(itertools.accumulate(map(len, pieces), initial=0))
    found = kernel.check_items(b"".join(pieces), struct.pack(f"<{len(ends)}I", *ends))
    for (case, expected), got in zip(rows, found, strict=True):
        assert status.CODE.get(got, status.OK) == expected, case["name"]


def test_an_item_of_no_bytes_is_fine_in_a_batch(kernel):
    offsets = struct.pack("<4I", 0, 0, 1, 1)
    assert kernel.check_items(b"\xf6", offsets) == bytes(3)
    assert kernel.check_items(b"", struct.pack("<I", 0)) == b""


@pytest.mark.parametrize(
    "offsets", [b"", b"\x00", struct.pack("<2I", 1, 0), struct.pack("<2I", 0, 2)]
)
def test_offsets_that_do_not_fit_are_a_bad_call(kernel, offsets):
    with pytest.raises(ValueError, match=r".+"):
        kernel.check_items(b"\xf6", offsets)
