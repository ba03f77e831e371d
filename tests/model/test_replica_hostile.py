"""Whatever a peer sends: nothing raises, and what is refused leaves no trace."""

from __future__ import annotations

from dataclasses import replace as changed

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.replica_world import (
    check,
    everything,
    key_of,
    one_by_one,
    replica,
    stamp,
    through_the_wire,
    world,
)

from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.head import Head, sign_head
from tallystick.chain.slice import (
    Slice,
    decode_slice,
    encode_slice,
    slice_from_value,
    slice_value,
)
from tallystick.errors import CODES, Rejected
from tallystick.kernels import Draft, encode_item, merkle_append, merkle_root, open_pack
from tallystick.limits import UINT_MAX
from tallystick.proofs.merkle import decompose

EVE = key_of("eve")
NOTHING = ChainEnd()


def busy():
    """Two people who build upon each other, and somebody who holds the first few events only."""
    one, two = world(2)
    for n in range(3):
        one.write_many([("note", {"n": n}), ("note", {"text": "x" * 40})])
        two.sync(one)
        two.set("a/title", n)
        one.sync(two)
    two.ban(key_of("nobody").did)
    one.sync(two)
    return one


SOURCE = busy()
SLICES = [*everything(SOURCE), *one_by_one(SOURCE)]
ENCODED = [encode_slice(one) for one in SLICES]
LOG = SOURCE._log.id


def newcomer():
    """A replica that holds the genesis event."""
    fresh = replica("zoe")
    fresh.receive([one for one in SLICES if one.seq == 0 and one.count == 1][:1], log=LOG)
    return fresh


def chain(values, *, end=NOTHING, key=EVE, lamport=None, deps=b"", log=LOG):
    """A commit of eve's and its slice."""
    first = end.lamport + 1 if lamport is None else lamport
    rows = range(len(values))
    draft = Draft(
        lamports=[first + row for row in rows],
        times=[1] * len(values),
        kinds=["note"] * len(values),
        deps=[deps, *[b""] * (len(values) - 1)],
        schemas=[b""] * len(values),
        frames=[b""] * len(values),
        contents=[encode_item(value) for value in values],
        seeds=[bytes(16)] * len(values),
    )
    commit = prepare(key, log, end, draft)
    opened = commit.opened
    return commit, Slice(log, key.public, opened.seq, opened.count, commit.pack, commit.head, b"")


@settings(max_examples=150)
@given(st.data())
def test_flipped_bits_are_refused_and_change_nothing_but_what_was_proven(data):
    encoded = bytearray(ENCODED[data.draw(st.integers(0, len(ENCODED) - 1))])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(encoded) - 1))
        encoded[at] ^= 1 << data.draw(st.integers(0, 7))
    found = decode_slice(bytes(encoded), log=LOG)
    fresh = newcomer()
    if isinstance(found, Rejected):
        assert found.code in CODES
        return
    before = stamp(fresh)
    taken = fresh.receive([found])
    assert all(one.code in CODES for one in taken.rejected)
    if taken.rejected and not (taken.accepted or taken.upgraded or taken.pending):
        assert stamp(fresh) == before
    fresh.receive([through_the_wire(one) for one in SLICES])
    assert fresh.digest() == SOURCE.digest()
    check(fresh)


NUMBERS = [0, 1, 2, 3, 5, 17, 4096, 4097, 2**31, 2**62, UINT_MAX, 2**63, -1, 2**70]
PLACES = ["author", "seq", "count", "size", "root", "signature", "proof", "pack"]
BYTES = st.sampled_from([bytes(32), bytes(64), EVE.public, b"", b"x" * 96]) | st.binary(max_size=99)


def spoilt(values: list, other: list, place: str, data) -> list:
    """The wire form of a slice with one field that is not what it was."""
    at = PLACES.index(place)
    was = values[at]
    if isinstance(was, int):
        new = data.draw(st.sampled_from(NUMBERS) | st.sampled_from([None, True, b"", "1", 1.0]))
    else:
        new = data.draw(
            st.sampled_from([other[at], was + was, was[:-1], was[1:], was + b"x", None, 3, "text"])
            | BYTES
        )
    return [*values[:at], new, *values[at + 1 :]]


@settings(max_examples=200)
@given(st.sampled_from(range(len(SLICES))), st.sampled_from(range(len(SLICES))), st.data())
def test_changed_fields_are_refused_and_change_nothing(one, other, data):
    values = spoilt(
        slice_value(SLICES[one]),
        slice_value(SLICES[other]),
        data.draw(st.sampled_from(PLACES)),
        data,
    )
    if data.draw(st.booleans()):  # signed by somebody, if not by the author
        root = values[4] if isinstance(values[4], bytes) and len(values[4]) == 32 else bytes(32)
        size = values[3] if isinstance(values[3], int) and 0 <= values[3] <= UINT_MAX else 1
        values[5] = sign_head(EVE, LOG, size, root).signature
    bad = slice_from_value(values, log=LOG)
    if isinstance(bad, Rejected):
        assert bad.code in CODES
        return
    fresh = newcomer()
    before = stamp(fresh)
    taken = fresh.receive([bad])
    assert all(found.code in CODES for found in taken.rejected)
    if not (taken.accepted or taken.pending or taken.upgraded or taken.known):
        assert taken.rejected
        assert stamp(fresh) == before
    fresh.receive([bad, *map(through_the_wire, SLICES), bad])
    assert fresh.digest() == SOURCE.digest()
    check(fresh)


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(1, 6))
def test_slices_in_any_order_in_any_batches_and_twice_give_the_same_state(random, batches):
    slices = [through_the_wire(one) for one in SLICES]
    random.shuffle(slices)
    fresh = replica("zoe")
    for at in range(batches):
        taken = fresh.receive(slices[at::batches], log=LOG)
        assert not taken.rejected
    assert fresh.digest() == SOURCE.digest()
    assert fresh._store.pending_stats() == (0, 0)
    reading = fresh.as_seen_by(SOURCE.did)
    assert reading.state_hash() == SOURCE.as_seen_by(SOURCE.did).state_hash()
    check(fresh)


def test_slices_of_a_log_that_never_comes_leave_no_log_behind():
    fresh = replica("zoe")
    before = stamp(fresh)
    bad = changed(SLICES[0], head=Head(SLICES[0].head.size, bytes(32), bytes(64)))
    assert fresh.receive([bad], log=LOG).rejected
    assert stamp(fresh) == before


def test_a_wrong_lamport_ends_a_chain_without_a_trace_of_what_follows():
    fresh = newcomer()
    good, first = chain([1, 2])
    wrong, second = chain([3, 4], end=good.end, lamport=40)
    _, third = chain([5], end=wrong.end)
    taken = fresh.receive([first, second, third])
    assert {one.code for one in taken.rejected} <= {"event/lamport", "chain/invalid-parent"}
    assert taken.rejected
    assert (taken.accepted, taken.pending) == (2, 0)
    check(fresh)
    again = fresh.receive([second])
    assert again.rejected
    _, more = chain([3], end=good.end)
    taken = fresh.receive([more])
    assert taken.accepted == 1
    assert not fresh._log.judging.equivocations()


@pytest.mark.parametrize("known", [0, 2])
def test_a_wrong_lamport_on_a_side_is_no_side(known):
    fresh = newcomer()
    _, first = chain([1, 2])
    fresh.receive([first])
    end = chain([1])[0].end if known == 2 else ChainEnd()
    digest, lines = fresh.digest(), fresh._store.lines(fresh._log.no)
    _, side = chain(["other"], end=end, lamport=99)
    taken = fresh.receive([side])
    assert [one.code for one in taken.rejected] == ["event/lamport"]
    assert fresh.digest() == digest
    assert fresh._store.lines(fresh._log.no) == lines
    assert not fresh._log.judging.equivocations()
    check(fresh)


def test_a_wrong_lamport_in_an_authors_first_event_leaves_no_line():
    fresh = newcomer()
    before = fresh._store.lines(fresh._log.no)
    _, first = chain([1, 2], lamport=7)
    assert [one.code for one in fresh.receive([first]).rejected] == ["event/lamport"]
    assert fresh._store.lines(fresh._log.no) == before


def test_an_event_that_names_one_who_never_comes_waits_and_is_let_go_when_too_many_do():
    fresh = newcomer()
    for n in range(30):
        _, one = chain([n], key=key_of(f"waits {n}"), deps=bytes([n]) * 32, lamport=5)
        taken = fresh.receive([one])
        assert (taken.accepted, taken.pending) == (0, 1)
    assert fresh._store.pending_stats()[0] == 30
    check(fresh)
    assert len(fresh.history()) == 1


def test_waiting_events_are_bounded_and_the_oldest_go_first(monkeypatch):
    monkeypatch.setattr("tallystick.replica.waiting.PENDING_EVENTS_MAX", 5)
    fresh = newcomer()
    for n in range(8):
        _, one = chain([n], key=key_of(f"waits {n}"), deps=bytes([n]) * 32, lamport=5)
        taken = fresh.receive([one])
        codes = {found.code for found in taken.rejected}
        assert codes == ({"sync/pending-full"} if n >= 5 else set())
    waiting = fresh._store.pending_of(fresh._log.no)
    assert [row.waits_for for row in waiting] == [bytes([n]) * 32 for n in range(3, 8)]


def test_one_authors_waiting_events_do_not_push_out_what_others_wait_for(monkeypatch):
    monkeypatch.setattr("tallystick.replica.waiting.PENDING_AUTHOR_EVENTS_MAX", 3)
    fresh = newcomer()
    _, quiet = chain([0], key=key_of("quiet"), deps=bytes(32), lamport=5)
    fresh.receive([quiet])
    for n in range(6):
        _, one = chain([n], key=key_of("flood"), deps=bytes([n + 1]) * 32, lamport=5)
        codes = {found.code for found in fresh.receive([one]).rejected}
        assert codes == ({"sync/pending-full"} if n >= 3 else set())
    waiting = fresh._store.pending_of(fresh._log.no)
    assert [row.waits_for for row in waiting] == [bytes([n]) * 32 for n in (0, 4, 5, 6)]


def test_the_same_slice_sent_again_while_it_waits_takes_no_more_room():
    fresh = newcomer()
    _, one = chain([1], deps=bytes(32), lamport=5)
    for _ in range(3):
        fresh.receive([one])
    assert fresh._store.pending_stats()[0] == 1


def test_parents_that_come_in_a_later_batch_let_everything_in():
    fresh = newcomer()
    first, parent = chain([1], key=key_of("parent"))
    dep = first.opened.id(0)
    second, child = chain([2], deps=dep, lamport=2)
    _, grandchild = chain([3], end=second.end)
    assert fresh.receive([grandchild]).pending == 1
    assert fresh.receive([child]).pending == 1
    taken = fresh.receive([parent])
    assert (taken.accepted, taken.pending) == (3, 0)
    assert fresh._store.pending_stats() == (0, 0)
    check(fresh)


def test_a_prefix_under_a_larger_head_is_stored_and_passed_on():
    fresh, other = newcomer(), replica("yan")
    whole, all_four = chain([1, 2, 3, 4])
    ids = whole.opened.ids
    begin = chain([1, 2])[1]
    proof = b"".join(
        merkle_root(merkle_append(0, b"", ids[32 * (i << level) : 32 * ((i + 1) << level)]))
        for level, i in decompose(2, 4)
    )
    prefix = changed(begin, head=whole.head, proof=proof)
    taken = fresh.receive([prefix])
    assert (taken.accepted, taken.rejected) == (2, [])
    (line,) = fresh._store.lines(fresh._log.no, EVE.public)
    assert (line.size, line.head_size) == (2, 4)
    other.sync(fresh)
    assert other.digest() == fresh.digest()
    check(other)
    other.receive([all_four])
    fresh.sync(other)
    assert fresh.digest() == other.digest()
    assert fresh._store.lines(fresh._log.no, EVE.public)[0].size == 4
    check(fresh)


def test_an_event_without_its_frame_waits_for_somebody_who_has_it():
    fresh = newcomer()
    _, one = chain([1])
    opened = open_pack(one.pack, log=LOG, author=EVE.public)
    seal = memoryview(opened.seal_start).cast("I")[0]
    spoiled = bytearray(one.pack)
    spoiled[seal] ^= 1  # another seed: the body is not the one that was committed to
    taken = fresh.receive([changed(one, pack=bytes(spoiled))])
    assert {found.code for found in taken.rejected} == {"event/body-mismatch"}
    assert taken.accepted == 0
    assert fresh.receive([one]).accepted == 1
    check(fresh)


def test_a_second_log_create_and_a_foreign_genesis_are_refused():
    fresh = newcomer()
    other = replica("founder")
    other.create_log("another")
    foreign = everything(other)
    before = stamp(fresh)
    taken = fresh.receive([changed(one, log=LOG) for one in foreign])
    assert taken.rejected
    assert [one.code for one in fresh.receive(foreign, log=LOG).rejected] == ["event/other-log"]
    assert stamp(fresh) == before
