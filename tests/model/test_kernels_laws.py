"""What any kernel must keep, on the kernels that run: round trips, one encoding, naive graphs."""

from __future__ import annotations

import hashlib
import itertools
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick import kernels
from tallystick.errors import BadInput

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.binary(min_size=32, max_size=32).map(kernels.Link),
    st.floats(allow_nan=False, allow_infinity=False),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)


@given(values)
def test_what_is_encoded_decodes_to_itself(value):
    back = kernels.decode_item(kernels.encode_item(value, floats=True), floats=True)
    assert back == value


@given(st.dictionaries(st.text(max_size=3), scalars, max_size=6))
def test_the_order_in_which_a_map_was_filled_does_not_show(entries):
    backwards = dict(reversed(entries.items()))
    left, right = (kernels.encode_item(m, floats=True) for m in (entries, backwards))
    assert left == right


@given(st.one_of(st.binary(max_size=12), values.map(lambda v: kernels.encode_item(v, floats=True))))
def test_what_decodes_is_the_only_encoding_of_its_value(data):
    try:
        value = kernels.decode_item(data, floats=True)
    except BadInput:
        return
    assert kernels.encode_item(value, floats=True) == data


@given(values)
def test_a_cut_item_is_truncated_wherever_it_is_cut(value):
    data = kernels.encode_item(value, floats=True)
    for cut in range(len(data)):
        with pytest.raises(BadInput) as caught:
            kernels.decode_item(data[:cut], floats=True)
        assert caught.value.code == "codec/truncated"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_keeps_every_bit(number):
    back = kernels.decode_item(kernels.encode_item(number, floats=True), floats=True)
    assert (back, math.copysign(1, back)) == (number, math.copysign(1, number))


@given(st.integers(1, 64), st.data())
def test_every_leaf_is_proven_and_no_other_leaf_is(size, data):
    rows = [hashlib.sha256(bytes([n])).digest() for n in range(size + 1)]
    leaves = b"".join(rows[:size])
    index = data.draw(st.integers(0, size - 1))
    root = kernels.merkle_root(kernels.merkle_append(0, b"", leaves))
    proofs, offsets = kernels.merkle_prove(leaves, struct.pack("<I", index))
    for leaf in rows:
        verdict = kernels.merkle_verify(root, size, leaf, struct.pack("<Q", index), proofs, offsets)
        assert (verdict == b"\x00") == (leaf == rows[index])


parent_lists = st.lists(st.lists(st.integers(0, 1000), max_size=3), max_size=25).map(
    lambda rows: [[parent % row for parent in some] if row else [] for row, some in enumerate(rows)]
)


def columns(rows):
    ends = list(itertools.accumulate(map(len, rows), initial=0))
    flat = list(itertools.chain(*rows))
    return struct.pack(f"<{len(ends)}I", *ends), struct.pack(f"<{len(flat)}I", *flat)


@given(parent_lists)
def test_ancestry_is_what_walking_every_path_finds(rows):
    past: list[set[int]] = []
    for row, parents in enumerate(rows):
        past.append({row}.union(*(past[parent] for parent in parents)))
    pairs = list(itertools.product(range(len(rows)), repeat=2))
    queries = struct.pack(f"<{2 * len(pairs)}I", *itertools.chain(*pairs))
    answers = kernels.graph_ancestry(*columns(rows), queries)
    assert answers == bytes(x in past[y] for x, y in pairs)


@given(parent_lists)
def test_canonical_order_puts_parents_first(rows):
    n = len(rows)
    ids = b"".join(hashlib.sha256(bytes([row])).digest() for row in range(n))
    lamports = kernels.graph_lamports(*columns(rows))
    order = kernels.graph_order(lamports, ids, struct.pack(f"<{n}Q", *range(n)), ids)
    rank = {row: place for place, row in enumerate(struct.unpack(f"<{n}I", order))}
    assert sorted(rank) == list(range(n))
    assert all(rank[parent] < rank[row] for row, some in enumerate(rows) for parent in some)
