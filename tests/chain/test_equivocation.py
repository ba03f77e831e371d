"""Two histories under one key are proven; nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chain.world import LOG, Chain, chain, genesis, key

from tallystick.chain.equivocation import Side, prove_equivocation, verify_equivocation
from tallystick.chain.head import Head, sign_head
from tallystick.chain.rules import has_rule, void
from tallystick.errors import VerificationError
from tallystick.kernels import decode_item, encode_item, merkle_append, merkle_root
from tallystick.proofs.merkle import inclusion_proof, node_over


def forked(split: int = 3, more: int = 3) -> tuple[Chain, Chain]:
    """Two sides that differ from ``split`` on."""
    one = chain(split + more)
    other = one.fork(split)
    for number in range(more):
        other.write([{"other": number}])
    return one, other


def side(of: Chain, seq: int, head: Head | None = None) -> Side:
    return Side(of.header(seq), of.path(seq, head), head or of.heads[-1])


ONE, OTHER = forked()


@pytest.mark.parametrize("seq", [3, 4, 5])
def test_two_events_at_one_seq_under_signed_heads_prove_it(seq):
    frame, found = prove_equivocation(side(ONE, seq), side(OTHER, seq), log=LOG)
    assert (found.author, found.seq) == (ONE.author.public, seq)
    assert [found.id_a, found.id_b] == sorted([ONE.ids[seq], OTHER.ids[seq]])
    assert verify_equivocation(frame, LOG) == found
    assert prove_equivocation(side(OTHER, seq), side(ONE, seq), log=LOG) == (frame, found)


def test_the_id_is_the_same_whichever_heads_prove_it():
    frames = {}
    for head_one in ONE.heads[3:]:
        for head_other in OTHER.heads:
            frame, found = prove_equivocation(
                side(ONE, 3, head_one), side(OTHER, 3, head_other), log=LOG
            )
            frames[frame] = found.id
    assert len(frames) == 9
    assert len(set(frames.values())) == 1


def test_even_the_very_first_event_can_be_written_twice():
    one, other = forked(split=0, more=1)
    assert prove_equivocation(side(one, 0), side(other, 0), log=LOG)[1].seq == 0


def test_a_founder_who_also_starts_as_an_ordinary_author_equivocates():
    made = genesis(key("founder"))
    founder = Chain(key("founder"))
    founder.write(["hello"])
    start = memoryview(made.opened.header_start).cast("I")[0]
    header = made.pack[start : start + memoryview(made.opened.header_size).cast("I")[0]]
    _, found = prove_equivocation(side(founder, 0), Side(header, b"", made.head), log=LOG)
    assert {found.id_a, found.id_b} == {LOG, founder.ids[0]}


def refused(a: Side, b: Side, log: bytes = LOG) -> bool:
    with pytest.raises(VerificationError) as error:
        prove_equivocation(a, b, log=log)
    return error.value.code == "chain/no-proof"


def test_an_honest_chain_gives_no_proof():
    assert refused(side(ONE, 3), side(ONE, 3))
    assert refused(side(ONE, 3), side(ONE, 3, ONE.heads[3]))
    assert refused(side(ONE, 3), side(ONE, 4))
    assert refused(side(ONE, 2), side(OTHER, 2))


def test_a_header_that_nobody_signed_for_proves_nothing():
    forged = Side(OTHER.header(3), ONE.path(3), ONE.heads[-1])
    assert refused(side(ONE, 3), forged)
    unsigned = replace(side(OTHER, 3), head=replace(OTHER.heads[-1], signature=bytes(64)))
    assert refused(side(ONE, 3), unsigned)
    mallory = chain(5, "mallory")
    assert refused(side(ONE, 3), side(mallory, 3))


def planted(leaf: bytes, header: bytes) -> Side:
    """A leaf that the author put at place 3 of a tree of her own, and signed for."""
    ids = [*ONE.ids[:3], leaf]
    head = sign_head(ONE.author, LOG, 4, merkle_root(merkle_append(0, b"", b"".join(ids))))
    return Side(header, inclusion_proof(3, 4, node_over(ids)), head)


def test_another_place_author_or_log_is_no_equivocation_even_where_it_was_signed_for():
    bob, elsewhere = chain(5, "bob"), Chain(ONE.author, bytes(32))
    for number in range(4):
        elsewhere.write([number])
    later = planted(ONE.ids[4], ONE.header(4))
    foreign = planted(bob.ids[3], bob.header(3))
    outside = planted(elsewhere.ids[3], elsewhere.header(3))
    for wrong in (later, foreign, outside):
        assert refused(side(ONE, 3), wrong)
    assert prove_equivocation(side(ONE, 3), planted(OTHER.ids[3], OTHER.header(3)), log=LOG)


def test_a_proof_does_not_carry_over_to_another_log():
    assert refused(side(ONE, 3), side(OTHER, 3), log=bytes(32))


FRAME, FOUND = prove_equivocation(side(ONE, 4), side(OTHER, 4), log=LOG)


@given(st.integers(0, 8 * len(FRAME) - 1))
@settings(max_examples=200)
def test_a_changed_bit_proves_nothing(bit):
    raw = bytearray(FRAME)
    raw[bit // 8] ^= 1 << bit % 8
    assert verify_equivocation(bytes(raw), LOG) in {"void/frame", "void/proof"}


@given(st.binary(max_size=100))
def test_any_bytes_are_answered_with_a_code(data):
    assert verify_equivocation(data, LOG) == "void/frame"


SIDES = decode_item(FRAME)


@pytest.mark.parametrize(
    "value",
    [
        [],
        SIDES[:1],
        [*SIDES, SIDES[0]],
        [SIDES[1], SIDES[0]],
        [SIDES[0], SIDES[1][:4]],
        [SIDES[0], [*SIDES[1][:2], True, *SIDES[1][3:]]],
        [SIDES[0], [*SIDES[1][:2], -1, *SIDES[1][3:]]],
        [SIDES[0], [*SIDES[1][:3], bytes(31), SIDES[1][4]]],
        [SIDES[0], [b"\xf6", *SIDES[1][1:]]],
        [SIDES[0], None],
        {"sides": SIDES},
    ],
)
def test_a_frame_of_another_shape_or_order_is_void(value):
    assert verify_equivocation(encode_item(value), LOG) == "void/frame"


def test_the_same_event_twice_is_void():
    assert verify_equivocation(encode_item([SIDES[0], SIDES[0]]), LOG) == "void/proof"


# --- The rule of the kind ------------------------------------------------------------------------


def test_an_event_that_publishes_a_proof_is_void_unless_it_proves_something():
    def judged(frame: bytes) -> str | None:
        return void("proof/equivocation", frame=frame, content_size=0, log=LOG)

    assert judged(FRAME) is None
    assert judged(b"") == "void/frame"
    assert judged(encode_item([SIDES[0], SIDES[0]])) == "void/proof"


def test_rules_are_known_by_kind():
    assert [has_rule(k) for k in ("log/merge", "log/create", "proof/equivocation", "a/b")] == [
        *(True, True, True),
        False,
    ]
    assert void("a/b", frame=b"\xff", content_size=9, log=LOG) is None
    assert void("log/merge", frame=b"\xa0", content_size=0, log=LOG) == "void/frame"


def test_anyone_can_publish_a_proof_in_a_chain_of_their_own():
    bob = Chain(key("bob"))
    made = bob.write([None], kind="proof/equivocation", frame=FRAME)
    start = memoryview(made.opened.frame_start).cast("I")[0]
    frame = made.pack[start : start + len(FRAME)]
    assert verify_equivocation(frame, LOG) == FOUND
