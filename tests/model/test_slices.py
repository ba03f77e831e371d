"""Slices cut anywhere prove themselves; whatever else is sent is refused, and nothing raises."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chain.world import Chain, chain, genesis, key

from tallystick.chain.commit import commit_borders
from tallystick.chain.head import Head, check_heads, sign_head
from tallystick.chain.slice import (
    Slice,
    decode_slice,
    encode_slice,
    open_slice,
    prove_slice,
    slice_value,
)
from tallystick.errors import Rejected
from tallystick.kernels import PART_HEADER, encode_item, merkle_append, merkle_root, status

ALICE = chain(13)
SIZE = len(ALICE.ids)


def accept(one: Slice, *, held: Chain, size: int) -> bytes | list[Rejected]:
    """What a careful receiver who holds ``size`` events of ``held`` makes of a slice."""
    if check_heads([(one.log, one.author, one.head)])[0] != status.OK:
        return [Rejected(one.author, "chain/signature")]
    pack, rejected = open_slice(one)
    if pack is None:
        return rejected
    if not 0 <= size - one.seq <= pack.count:
        return [Rejected(one.author, "chain/seq")]
    found = prove_slice(
        pack,
        skip=size - one.seq,
        size_before=size,
        peaks_before=held.peaks(size),
        prev=held.ids[size - 1] if size else b"",
        one=one,
    )
    return found if isinstance(found, bytes) else [*rejected, found]


CUTS = st.tuples(
    st.integers(0, SIZE - 1), st.integers(1, SIZE), st.integers(0, SIZE), st.integers(0, SIZE - 1)
).filter(lambda cut: cut[0] <= cut[2] <= cut[1] and cut[0] < cut[1] <= cut[3] + 1)


@given(CUTS)
def test_a_slice_cut_anywhere_is_accepted_by_whoever_holds_what_comes_before(cut):
    begin, end, held, head = cut
    one = ALICE.slice(begin, end, ALICE.heads[head])
    assert decode_slice(encode_slice(one), log=one.log) == one
    assert accept(one, held=ALICE, size=held) == ALICE.peaks(end)


@given(st.lists(st.integers(1, 4), min_size=1), st.booleans())
def test_a_chain_received_in_pieces_ends_where_its_author_does(steps, overlap):
    size = 0
    for step in steps:
        end = min(size + step, SIZE)
        begin = max(0, size - 1) if overlap else size
        if begin < end:
            assert accept(ALICE.slice(begin, end), held=ALICE, size=size) == ALICE.peaks(end)
        size = end
    root = merkle_root(ALICE.peaks(size))
    assert root == merkle_root(merkle_append(0, b"", b"".join(ALICE.ids[:size])))


def test_the_genesis_event_arrives_as_a_slice_like_any_other():
    made = genesis(key("founder"))
    pack, log, author = made.pack, made.opened.log, key("founder").public
    one = Slice(log, author, 0, 1, pack, made.head, b"")
    opened, rejected = open_slice(one)
    assert not rejected
    found = prove_slice(opened, skip=0, size_before=0, peaks_before=b"", prev=b"", one=one)
    assert found == made.end.peaks
    other = replace(one, log=bytes(32))
    assert open_slice(other) == (None, [Rejected(author, "event/other-log")])


@given(st.data())
@settings(max_examples=150)
def test_a_flipped_bit_anywhere_is_refused_or_costs_at_most_a_body(data):
    begin = data.draw(st.integers(0, 3))
    wire = bytearray(encode_slice(ALICE.slice(begin, begin + 3)))
    bit = data.draw(st.integers(0, 8 * len(wire) - 1))
    wire[bit // 8] ^= 1 << bit % 8
    one = decode_slice(bytes(wire), log=ALICE.log)
    if isinstance(one, Rejected):
        return
    found = accept(one, held=ALICE, size=begin)
    if not isinstance(found, bytes):
        assert found
        return
    # Only body bytes can differ: the events are the author's, and the part is not taken.
    pack, rejected = open_slice(one)
    assert pack.ids == b"".join(ALICE.ids[begin : begin + 3])
    assert [one.code for one in rejected] == ["event/body-mismatch"] or b"".join(
        ALICE.events[begin : begin + 3]
    ) != one.pack
    for row in range(pack.count):
        if pack.body_status[row] != status.OK:
            assert pack.part[row] == PART_HEADER


@given(st.permutations(range(5)).filter(lambda order: list(order) != list(range(5))))
@settings(max_examples=40)
def test_events_in_another_order_are_refused(order):
    one = ALICE.slice(0, 5)
    pack = b"".join(ALICE.events[place] for place in order)
    assert isinstance(accept(replace(one, pack=pack), held=ALICE, size=0), list)


@given(st.integers(0, 4))
def test_a_left_out_event_is_noticed(place):
    one = ALICE.slice(0, 5)
    pack = b"".join(event for row, event in enumerate(ALICE.events[:5]) if row != place)
    assert isinstance(accept(replace(one, pack=pack), held=ALICE, size=0), list)


def test_a_forged_signature_foreign_head_or_larger_size_is_refused():
    one = ALICE.slice(0, 4)
    mallory = key("mallory")
    forged = sign_head(mallory, ALICE.log, one.head.size, one.head.root)
    stretched = Head(one.head.size + 1, one.head.root, one.head.signature)
    for head in (forged, stretched, replace(one.head, root=bytes(32))):
        refused = accept(replace(one, head=head), held=ALICE, size=0)
        assert refused == [Rejected(one.author, "chain/signature")]


def test_a_head_of_another_log_does_not_hold_here():
    one = ALICE.slice(0, 4)
    elsewhere = sign_head(ALICE.author, bytes(32), one.head.size, one.head.root)
    assert check_heads(
        [(ALICE.log, one.author, elsewhere), (bytes(32), one.author, elsewhere)]
    ) == (bytes([status.SIGNATURE, status.OK]))


def test_events_of_one_side_are_not_proven_by_the_other_sides_head():
    side = ALICE.fork(5)
    side.write([{"n": "another"}])
    side.write([{"n": "story"}])
    one = replace(ALICE.slice(0, 7), head=side.heads[-1], proof=b"")
    refused = accept(one, held=ALICE, size=0)
    assert refused == [Rejected(one.author, "chain/root")]


def test_a_slice_of_the_other_side_does_not_follow_what_is_held():
    side = ALICE.fork(5)
    side.write([{"n": "another"}])
    side.write([{"n": "story"}])
    refused = accept(side.slice(6, 7), held=ALICE, size=6)
    assert refused == [Rejected(ALICE.author.public, "chain/link")]


def test_a_slice_that_starts_too_late_is_refused():
    pack, _ = open_slice(ALICE.slice(4, 6))
    found = prove_slice(
        pack,
        skip=0,
        size_before=3,
        peaks_before=ALICE.peaks(3),
        prev=ALICE.ids[2],
        one=ALICE.slice(4, 6),
    )
    assert found == Rejected(ALICE.author.public, "chain/seq")


def test_a_pack_cut_short_proves_nothing_and_says_where_it_ended():
    whole = ALICE.slice(0, 5)
    cut = replace(whole, pack=b"".join(ALICE.events[:3]) + ALICE.events[3][:40])
    pack, rejected = open_slice(cut)
    assert pack.count == 3
    assert [one.code for one in rejected] == ["codec/truncated"]
    assert "event 3" in rejected[0].detail
    found = prove_slice(pack, skip=0, size_before=0, peaks_before=b"", prev=b"", one=cut)
    assert found == Rejected(whole.author, "chain/root")
    # The same events are accepted from whoever proves them from their own end.
    assert accept(ALICE.slice(0, 3), held=ALICE, size=0) == ALICE.peaks(3)


def test_fewer_or_more_events_than_announced_are_noticed():
    one = ALICE.slice(0, 4)
    fewer = replace(one, pack=b"".join(ALICE.events[:3]))
    assert [r.code for r in open_slice(fewer)[1]] == ["codec/truncated"]
    more = replace(one, pack=b"".join(ALICE.events[:5]))
    assert open_slice(more) == (None, [Rejected(one.author, "chain/too-many")])
    later = replace(one, pack=b"".join(ALICE.events[1:5]))
    assert open_slice(later) == (None, [Rejected(one.author, "chain/seq")])


VALUE = slice_value(ALICE.slice(2, 5))


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (0, b"short", "sync/message-shape"),
        (0, "text", "sync/message-shape"),
        (1, -1, "sync/message-shape"),
        (1, True, "sync/message-shape"),
        (1, 2**63 - 1, "chain/head-size"),
        (2, 0, "chain/too-many"),
        (2, 4097, "chain/too-many"),
        (2, 12, "chain/head-size"),
        (3, 4, "chain/head-size"),
        (3, 15, "chain/root"),
        (4, bytes(31), "sync/message-shape"),
        (5, bytes(63), "sync/message-shape"),
        (6, b"", "chain/root"),
        (6, bytes(4096), "chain/root"),
        (7, None, "sync/message-shape"),
    ],
)
def test_a_field_out_of_shape_or_bounds_has_its_code(place, value, code):
    fields = [*VALUE[:place], value, *VALUE[place + 1 :]]
    assert decode_slice(encode_item(fields), log=ALICE.log).code == code


@given(st.binary(max_size=200))
def test_any_bytes_decode_to_a_slice_or_a_rejection(data):
    found = decode_slice(data, log=ALICE.log)
    assert isinstance(found, Rejected)


def test_a_slice_beyond_a_message_is_refused_unread():
    assert decode_slice(bytes(4 * 2**20 + 1), log=ALICE.log).code == "sync/message-size"


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(1, 5), st.integers(1, 40))
def test_borders_cover_every_event_once_and_cut_only_where_they_must(sizes, events_max, bytes_max):
    borders = commit_borders(sizes, events_max=events_max, bytes_max=bytes_max)
    assert [row for begin, end in borders for row in range(begin, end)] == list(range(len(sizes)))
    for begin, end in borders:
        assert end - begin <= events_max
        assert end - begin == 1 or sum(sizes[begin:end]) <= bytes_max
        if end < len(sizes):
            full = end - begin == events_max
            assert full or sum(sizes[begin : end + 1]) > bytes_max
