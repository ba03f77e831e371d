"""Headers, bodies and events as single values agree with the packs they come from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chain.world import chain, genesis, key

from tallystick.errors import BadInput
from tallystick.event import body
from tallystick.event.absent import Bad, Erased, Missing
from tallystick.event.event import Event, events_of
from tallystick.event.header import Header
from tallystick.event.rules import log_content, read_log_content, void_log
from tallystick.kernels import (
    PART_HEADER,
    PART_SKELETON,
    PART_WHOLE,
    commit_bodies,
    encode_item,
    open_pack,
)

ALICE = chain(3)
SEEDS = st.binary(min_size=16, max_size=16)


def events(pack: bytes) -> list[Event]:
    return list(events_of(open_pack(pack, log=ALICE.log, author=ALICE.author.public)))


def test_every_header_of_a_pack_decodes_to_what_the_columns_say():
    opened = open_pack(b"".join(ALICE.events), log=ALICE.log, author=ALICE.author.public)
    for row, event in enumerate(events_of(opened)):
        header = event.header
        assert header.id == event.id == ALICE.ids[row]
        assert Header.decode(header.encode()) == header
        assert (header.seq, header.log_id, header.author) == (row, ALICE.log, opened.author)
        assert header.parents == ((ALICE.log,) if row == 0 else (ALICE.ids[row - 1],))
        assert event.part == PART_WHOLE
        assert event.content_value() == {"n": row}
        assert event.frame_value() is None


def test_the_genesis_event_belongs_to_the_log_it_makes_and_has_no_parents():
    made = genesis(key("founder"))
    (event,) = events_of(made.opened)
    assert event.header.log is None
    assert event.header.log_id == event.id == made.opened.log
    assert event.header.parents == ()
    assert read_log_content(event.content) == ("test", "")


GOOD = Header.decode(ALICE.header(1))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": 2}, "event/version"),
        ({"log": None}, "event/genesis"),
        ({"author": bytes(32)}, "event/author-key"),
        ({"author": bytes(31)}, "event/shape"),
        ({"seq": 0}, "event/prev"),
        ({"seq": -1}, "event/uint-range"),
        ({"prev": None}, "event/prev"),
        ({"deps": (bytes([2]) * 32, bytes([1]) * 32)}, "event/deps"),
        ({"deps": (bytes(32), bytes(32))}, "event/deps"),
        ({"lamport": 0}, "event/genesis"),
        ({"time": -1}, "event/uint-range"),
        ({"kind": "Note"}, "event/kind"),
        ({"kind": "log/create"}, "event/genesis"),
        ({"content_size": 2**20 + 1}, "event/too-large"),
        ({"body": bytes(33)}, "event/shape"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused_with_the_rules_code(change, code):
    with pytest.raises(BadInput) as refused:
        Header.decode(replace(GOOD, **change).encode())
    assert refused.value.code == code


@given(st.binary(max_size=300))
def test_any_bytes_are_a_header_or_bad_input(data):
    with pytest.raises(BadInput):
        Header.decode(data)


def test_two_headers_one_after_the_other_are_not_one():
    for data in (GOOD.encode() * 2, GOOD.encode()[:-1], GOOD.encode() + b"\x00", bytes(5000)):
        with pytest.raises(BadInput):
            Header.decode(data)


# --- Bodies --------------------------------------------------------------------------------------


@given(st.binary(max_size=50), st.binary(max_size=50), SEEDS)
def test_commitments_are_the_kernels(frame, content, seed):
    bodies, salts_f, hashes_c = commit_bodies([frame], [content], seed)
    assert body.skeleton_seal(seed, content) == salts_f + hashes_c
    assert body.opens_whole(bodies, seed, frame, content)
    assert body.opens_skeleton(bodies, salts_f + hashes_c, frame)
    assert not body.opens_whole(bodies, seed, frame + b"x", content)
    assert not body.opens_whole(bodies, seed, frame, content + b"x")
    assert not body.opens_skeleton(bodies, salts_f + hashes_c, frame + b"x")
    assert not body.opens_skeleton(bodies, bytes(48), frame)


def test_a_skeleton_keeps_the_frame_provable_and_gives_the_content_away_to_nobody():
    (event,) = events(ALICE.events[0])
    frame, content = event.frame, event.content
    seal = body.skeleton_seal(event.seal, content)
    pack = b"\x01" + event.header.encode() + frame + seal
    (kept,) = events(pack)
    assert (kept.id, kept.part, kept.frame, kept.content) == (event.id, PART_SKELETON, frame, None)
    assert kept.seal == seal
    assert body.salts(event.seal)[1] not in pack
    assert event.seal not in pack


def test_what_is_absent_reads_as_what_it_is():
    (event,) = events(ALICE.events[0])
    bare = replace(event, part=PART_HEADER, frame=None, content=None, seal=b"")
    assert bare.frame_value() is Missing
    assert bare.content_value() is Missing
    assert replace(bare, erased=True).content_value() is Erased
    assert replace(event, content=b"\xff").content_value() is Bad
    assert replace(event, frame=b"\xfb" + bytes(8)).frame_value() is Bad
    assert replace(event, content=b"\xfb" + bytes(8)).content_value() == 0.0
    assert replace(event, content=b"").content_value() is None


def test_absent_values_are_falsy_and_called_what_they_are():
    assert [str(one) for one in (Missing, Erased, Bad)] == ["Missing", "Erased", "Bad"]
    assert not any((Missing, Erased, Bad))


def test_a_seed_or_seal_of_another_length_is_a_bad_call():
    for call in (lambda: body.salts(b""), lambda: body.opens_skeleton(b"", b"", b"")):
        with pytest.raises(ValueError, match="bytes"):
            call()


# --- Rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "frame", "content_size", "code"),
    [
        ("log/create", b"", 20, None),
        ("log/create", b"\xa0", 20, "void/frame"),
        ("log/merge", b"", 0, None),
        ("log/merge", b"\xa0", 0, "void/frame"),
        ("log/merge", b"", 1, "void/frame"),
        ("log/other", b"\xa0", 1, None),
        ("note/write", b"\xa0", 1, None),
    ],
)
def test_log_events_with_too_much_in_them_are_void(kind, frame, content_size, code):
    assert void_log(kind, frame=frame, content_size=content_size) == code


@given(st.text(max_size=9), st.text(max_size=9))
def test_a_logs_name_and_purpose_read_back(name, purpose):
    assert read_log_content(log_content(name, purpose)) == (name, purpose)


@pytest.mark.parametrize("value", [None, {}, {"name": 1, "purpose": ""}, {"name": "x"}, [], "x"])
def test_a_log_that_is_not_named_reads_bad(value):
    assert read_log_content(encode_item(value)) is Bad
    assert read_log_content(b"\xff") is Bad
