"""Ranges instead of vectors: the same differences, whatever either side holds, in three rounds."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.sync_world import Store, draft, key_of, pipe_of, sync
from tests.model.test_sync_convergence import SCRIPTS, act, everything, two_with_news, world
from tests.model.test_sync_forks import split_anywhere, trunk
from tests.model.test_sync_session import skeleton

from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.slice import Slice
from tallystick.errors import Rejected
from tallystick.kernels.varint import uvarint
from tallystick.limits import SYNC_SUMS_MAX
from tallystick.sync import messages as m
from tallystick.sync.compare import compare, have_of_wants
from tallystick.sync.holdings import Holdings, Record
from tallystick.sync.ranges import (
    Index,
    Parts,
    first_bits,
    first_sums,
    leaves,
    read_leaves,
    read_split,
    split,
)
from tallystick.sync.session import Session, State
from tallystick.sync.vector import Keyed, Vector, encode_vector

LOG, NONCE = bytes(32), bytes(8)
KEYED = Keyed(LOG, NONCE)


# --- the differences, against sets --------------------------------------------------------------


class Chains(Holdings):
    """Chains nobody forks, of which only roots are asked."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self.sizes = {author_of(number): size for number, size in sizes.items()}

    def records(self) -> list[Record]:
        return [
            Record(author, b"", size, self.root_at(author, b"", size))
            for author, size in sorted(self.sizes.items())
        ]

    def sizes_by_line(self) -> dict[tuple[bytes, bytes], int]:
        return {(author, b""): size for author, size in self.sizes.items()}

    def root_at(self, author: bytes, side: bytes, size: int) -> bytes:
        assert side == b""
        assert size <= self.sizes[author]
        return sha256(b"%b %d" % (author, size)).digest()


def author_of(number: int) -> bytes:
    return sha256(b"author %d" % number).digest()


SIZES = st.dictionaries(st.integers(0, 80), st.integers(1, 300), max_size=80)


@settings(max_examples=120)
@given(SIZES, SIZES, st.booleans(), st.integers(0, 9), st.sampled_from([None, 0, 1, 3, 8]))
def test_three_messages_find_what_two_sets_of_chains_lack_of_each_other(
    ours, theirs, alike, bits, deeper
):
    if alike:
        theirs = ours | {number: size for number, size in theirs.items() if number % 7 == 0}
    first, second = Chains(ours), Chains(theirs)
    mine, other = Index(KEYED, first.records()), Index(KEYED, second.records())
    cut, said, parts = split(mine, bits, first_sums(other, bits), deeper=deeper)
    heard = read_split(said, bits=bits, deeper=cut)
    assert isinstance(heard, Parts)
    listed, lacked = leaves(other, heard)
    found = read_leaves(listed, parts)
    assert not isinstance(found, Rejected)
    there = {one for some in mine.authors(found.prefixes, parts.bits) for one in some}
    inside = [record for record in first.records() if record.author in there]
    result = compare(KEYED, first, inside, Vector(found.entries, {}), {})
    # What the initiator sends: of every author, what lies behind the responder's size.
    for author, size in first.sizes.items():
        has = result.have.get((author, b""), 0) if author in there else size
        assert min(size, has) == min(size, second.sizes.get(author, 0))
    # What the responder sends: what is wanted, and whole parts.
    wants = have_of_wants(
        KEYED,
        second,
        second.records(),
        result.wants,
        KEYED.tags(second.sizes),
        shown=second.sizes_by_line(),
    ).have
    for author, size in second.sizes.items():
        has = 0 if author in lacked else wants.get((author, b""), 0)
        assert min(size, has) == min(size, first.sizes.get(author, 0))


@settings(max_examples=20)
@given(st.integers(0, 3000), st.integers(0, 60), st.integers(0, 60), st.randoms())
def test_differences_among_many_cost_less_than_half_of_a_vector(authors, ours, theirs, random):
    sizes = dict.fromkeys(range(authors), 9)
    first, second = Chains(sizes), Chains(sizes)
    for chains, changed in ((first, ours), (second, theirs)):
        for number in random.sample(range(authors), min(authors, changed)):
            chains.sizes[author_of(number)] += 1
    mine, other = Index(KEYED, first.records()), Index(KEYED, second.records())
    bits = first_bits(authors)
    sums = first_sums(other, bits)
    cut, said, parts = split(mine, bits, sums)
    listed, lacked = leaves(other, parts)
    spent = len(sums) + len(said) + len(listed)
    full = len(encode_vector(KEYED, second.records()))
    assert not lacked
    assert spent <= 64 + full / 32 + 110 * (ours + theirs)
    assert spent <= 64 + 1.25 * full, "where everything differs, hardly more than the vector"
    assert cut <= 8


def test_where_everything_differs_little_is_spent_on_finding_out():
    first, second = Chains(dict.fromkeys(range(3000), 1)), Chains(dict.fromkeys(range(3000), 2))
    mine, other = Index(KEYED, first.records()), Index(KEYED, second.records())
    bits = first_bits(3000)
    assert bits == 7
    cut, said, parts = split(mine, bits, first_sums(other, bits))
    spent = len(said) + len(leaves(other, parts)[0])
    assert cut <= 4
    assert spent < 1.4 * len(encode_vector(KEYED, second.records()))


def test_a_newcomer_and_a_giver_of_everything_list_nobody():
    full, empty = Chains(dict.fromkeys(range(500), 3)), Chains({})
    mine, other = Index(KEYED, empty.records()), Index(KEYED, full.records())
    cut, said, parts = split(mine, 0, first_sums(other, 0))
    assert (cut, said) == (0, b"\x00" + bytes(4))
    assert leaves(other, parts) == (b"", set(full.sizes))
    cut, said, parts = split(other, 0, first_sums(mine, 0))
    listed, lacked = leaves(mine, parts)
    assert not lacked
    assert set(listed) <= {0, 1}


# --- whole sessions -----------------------------------------------------------------------------

RANGES = {"vector_bytes": 0}


@settings(max_examples=60)
@given(SCRIPTS, st.integers(0, 3), st.integers(0, 3), st.sampled_from([1, 2, 7, 1000]))
def test_any_pair_is_equal_after_one_session_with_ranges(script, one, other, window):
    stores = world(4, window)
    act(stores, script)
    first, second = stores[one], stores[(one + 1 + other % 3) % 4]
    for store in (first, second):
        store.log.agreements.clear()
    union = everything([first, second])
    lacked = [len(union) - len(store.log.included) for store in (first, second)]
    reports = sync(first, second, number=99, **RANGES)
    assert all(report.equal and report.code is None for report in reports)
    assert [report.meter.events_received for report in reports] == lacked, "nothing twice"
    assert not any(report.rejected or report.pending for report in reports)
    assert set(first.log.included) == set(second.log.included) == union
    assert sync(first, second, number=100, **RANGES)[0].meter.round_trips == 1


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 30), st.integers(1, 5)), min_size=1, max_size=6
    )
)
def test_sides_of_split_chains_are_found_through_ranges(writes):
    *stores, _ = trunk(5)
    split_anywhere(stores, writes)
    first, second = stores[:2]
    for store in (first, second):
        store.log.agreements.clear()
    union = everything([first, second])
    reports = sync(first, second, number=3, **RANGES)
    assert all(report.equal and not report.rejected for report in reports)
    assert set(first.log.included) == set(second.log.included) == union


def test_a_session_with_ranges_cut_after_any_message_loses_nothing():
    cuts = 0
    while True:
        first, second = two_with_news()
        union = everything([first, second])
        pipe = pipe_of(first, second, **RANGES)
        delivered = [pipe.deliver() for _ in range(cuts)]
        if delivered and not delivered[-1]:
            break
        pipe.cut()
        assert all(report.equal for report in sync(first, second, number=1, **RANGES))
        assert set(first.log.included) == set(second.log.included) == union
        cuts += 1
    assert cuts > 15


def test_a_newcomer_joins_through_one_range_and_wants_nobody_by_name():
    full, fresh = world(1, 1000)[0], Store("fresh")
    for name in range(30):
        full.log.write(key_of(name), 2, deps=[])
    report, _ = sync(fresh, full, **RANGES)
    assert report.equal
    assert fresh.log.records() == full.log.records()
    assert report.meter.events_received == len(full.log.included)
    assert report.meter.round_trips == 1 + 3, "which logs there are, and then the log"
    assert report.meter.bytes_out < 250, "Hello twice, Split, Want, Ack, Sent and Bye"
    other = Store("other")
    assert sync(full, other, **RANGES)[0].equal
    assert other.log.records() == full.log.records()


def test_live_peers_that_met_through_ranges_push_and_part():
    first, second = two_with_news()
    pipe = pipe_of(first, second, live=True, **RANGES)
    pipe.run()
    assert pipe.first.session.state is pipe.second.session.state is State.LIVE
    assert first.log.records() == second.log.records()
    pipe.act(pipe.second, pipe.second.session.push([second.log.write(key_of("bob"))]))
    pipe.run()
    pipe.act(pipe.first, pipe.first.session.close())
    assert all(report.equal and report.code is None for report in pipe.run())


def test_declined_authors_are_in_no_sum():
    first, second = world(2, 1000)
    for number in range(20):
        first.log.write(key_of(number), 1, deps=[])
        second.log.write(key_of(100 + number), 1, deps=[])
    second.log.declines = {key_of(3).public}
    first.log.declines = {key_of(104).public}
    for number in range(2):
        assert sync(first, second, number=number, **RANGES)[0].equal
    assert len(first.log.included) == len(second.log.included) == 1 + 40 - 1


def test_contents_are_asked_for_with_the_leaves():
    first, second = two_with_news()
    sync(first, second)
    for store, places in ((first, (2, 3)), (second, (5,))):
        store.log.agreements.clear()
        for place in places:
            one = store.log.arrival[place]
            store.log.included[one] = store.log.proven[one] = skeleton(store.log.included[one])
    second.log.write(key_of("bob"), 1, word="so that roots differ")
    assert sync(first, second, number=1, **RANGES)[0].equal
    assert not first.log.contents_missing()
    assert not second.log.contents_missing()


def test_equal_roots_with_other_contents_need_no_ranges():
    first, second = two_with_news()
    sync(first, second)
    for store in (first, second):
        store.log.agreements.clear()
    one = first.log.arrival[2]
    first.log.included[one] = first.log.proven[one] = skeleton(first.log.included[one])
    report, _ = sync(first, second, number=1, vector_bytes=1)
    assert report.meter.round_trips == 2
    assert not first.log.contents_missing()


@pytest.mark.parametrize("vector_bytes", [0, 1000])
def test_what_is_written_while_a_session_runs_comes_with_its_parents_or_later(vector_bytes):
    for turn in range(8):
        first, second = two_with_news()
        pipe = pipe_of(first, second, vector_bytes=vector_bytes)
        for number in range(9):
            if number == turn:
                first.log.write(key_of("late one"), 2, word="w")
                first.log.write(key_of("ada"), 1, word="later")
                second.log.write(key_of("late two"), 1, word="w")
                second.log.write(key_of("bob"), 2, word="later")
            pipe.deliver()
        reports = pipe.run()
        assert not any(report.rejected for report in reports)
        assert sync(first, second, number=1, **RANGES)[0].equal
        assert set(first.log.included) == everything([first, second])


# --- many authors -------------------------------------------------------------------------------


def crowd(log: bytes, count: int) -> list[Slice]:
    """The first events of many authors, under their own heads."""
    found = []
    for number in range(count):
        key = key_of(f"one of many {number}")
        made = prepare(key, log, ChainEnd(), draft(1, 1, [], "first"))
        found.append(Slice(log, key.public, 0, 1, made.pack, made.head, b""))
    return found


@pytest.mark.slow
def test_a_few_changes_among_2400_authors_cost_three_round_trips_and_little():
    stores = world(2, 1000)
    slices = crowd(stores[0].log.log_id, 2400)
    for store in stores:
        store.log.take(slices)
        store.log.agreements.clear()
    for number in range(20):
        stores[number % 2].log.write(key_of(f"one of many {number * 97}"), 1, word="n", deps=[])
    report, _ = sync(*stores, number=1)
    assert report.equal
    assert report.meter.events_in == report.meter.events_out == 10
    assert report.meter.round_trips == 3
    print(f"20 of 2400 changed: {report.meter.overhead_bytes} bytes")
    assert report.meter.overhead_bytes < 7000
    # The agreement is remembered: next time a relative vector is shorter than any ranges.
    stores[0].log.write(key_of("one of many 5"), 1, word="again", deps=[])
    report, _ = sync(*stores, number=2)
    assert report.equal
    assert report.meter.round_trips == 2
    assert report.meter.overhead_bytes < 600


# --- peers of other minds -----------------------------------------------------------------------


def responder(store: Store) -> Session:
    return Session(store, initiator=False, peer="stranger", nonce=bytes(8), vector_bytes=0)


def say(session: Session, message: m.Message):
    return session.receive(m.encode(message))


def hello_of(store: Store) -> m.Hello:
    found = m.decode(Session(store, initiator=True, peer="x", nonce=bytes(8)).start().send[0])
    assert isinstance(found, m.Hello)
    return found


def test_a_peer_that_does_not_know_ranges_gets_a_vector():
    first, second = two_with_news()
    hello = hello_of(first)
    assert hello.flags == m.RANGES
    answers = [
        m.decode(say(responder(second), replace(hello, flags=flags)).send[0]) for flags in (0, 2)
    ]
    assert [type(answer) for answer in answers] == [m.VectorOf, m.RangesOf]


def test_messages_of_ranges_out_of_their_place_end_the_session():
    first, second = two_with_news()
    for early in (m.Split(0, b""), m.Leaves(b""), m.Want(b""), m.Sent(0)):
        assert say(responder(second), early).code == "sync/unexpected"
    for wrong in (hello_of(first), m.Leaves(b""), m.Want(b""), m.Sent(0), m.Slices(([],))):
        session = responder(second)
        say(session, hello_of(first))
        assert say(session, wrong).code == "sync/unexpected"
    session = responder(second)
    say(session, hello_of(first))
    assert say(session, m.Split(0, b"")).code is None
    assert session.state is State.TALKING
    assert say(session, m.Split(0, b"")).code == "sync/unexpected"
    said = m.decode(say(responder(second), hello_of(first)).send[0])
    for wrong in (said, m.Split(0, b""), m.Same(1, 0), m.Sent(0)):
        session = Session(first, initiator=True, peer="x", nonce=bytes(8))
        session.start()
        assert say(session, said).code is None
        assert say(session, wrong).code == "sync/unexpected"


TAG = KEYED.tag(author_of(1))
ENTRY = TAG + b"ab" + uvarint(2)
PARTS = Parts(8, [TAG[0] - 1, TAG[0], TAG[0] + 1], [1, 1, 1])


@pytest.mark.parametrize(
    "data",
    [
        b"\x01",
        b"\x01\x01" + ENTRY[:-1],
        b"\x00\x01" + ENTRY,
        b"\x02\x01" + ENTRY,
        b"\x03\x00",
        b"\x01\x02" + ENTRY,
        b"\x01\x02" + ENTRY + ENTRY,
        b"\x01\x01" + TAG + b"ab" + uvarint(0),
        b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + ENTRY,
        b"\x80\x00\x00",
    ],
)
def test_leaves_of_the_wrong_shape_are_rejected(data):
    assert read_leaves(b"\x01\x01" + ENTRY, PARTS) != Rejected(b"", "sync/message-shape")
    assert read_leaves(data, PARTS) == Rejected(b"", "sync/message-shape")


@pytest.mark.parametrize("data", [b"\x00", b"\x00" + bytes(31), b"\x04" + bytes(32), b"\xff" * 40])
def test_a_split_of_the_wrong_shape_is_rejected(data):
    assert read_split(b"\x03" + bytes(32), bits=2, deeper=3) == Parts(5, [*range(24, 32)], [0] * 8)
    assert read_split(data, bits=2, deeper=3) == Rejected(b"", "sync/message-shape")


def test_a_split_into_too_many_parts_is_rejected():
    one = b"\x00" + bytes(4 << 8)
    count = SYNC_SUMS_MAX >> 8
    assert isinstance(read_split(one * count, bits=12, deeper=8), Parts)
    assert isinstance(read_split(one * (count + 1), bits=12, deeper=8), Rejected)


@settings(max_examples=30)
@given(st.data())
def test_a_liar_about_ranges_is_sent_nothing_that_is_not_here_and_keeps_nothing_from_others(data):
    first, second = two_with_news()
    union = everything([first, second])
    session = responder(second)
    said = m.decode(say(session, hello_of(first)).send[0])
    assert isinstance(said, m.RangesOf)
    lie = data.draw(
        st.one_of(
            st.binary(max_size=40),
            st.lists(st.sampled_from([bytes(4), b"\x01\0\0\0"]), min_size=1, max_size=1).map(
                lambda sums: b"\x00" + b"".join(sums)
            ),
        )
    )
    say(session, m.Split(data.draw(st.integers(0, 8)), lie))
    if session.state is State.TALKING:
        say(session, m.Want(data.draw(st.sampled_from([b"", bytes(11), bytes(8) + b"ab\x02"]))))
    assert session.state in {State.TALKING, State.CLOSED}
    assert sync(first, second, number=1, **RANGES)[0].equal
    assert set(first.log.included) == set(second.log.included) == union


@settings(max_examples=30)
@given(st.data())
def test_a_liar_who_answers_with_ranges_gets_no_more_than_everything(data):
    first, second = two_with_news()
    session = Session(first, initiator=True, peer="x", nonce=bytes(8))
    session.start()
    said = m.decode(say(responder(second), hello_of(first)).send[0])
    assert isinstance(said, m.RangesOf)
    bits = data.draw(st.integers(0, 5))
    sums = data.draw(st.binary(min_size=4 << bits, max_size=4 << bits))
    step = say(session, replace(said, bits=bits, sums=sums))
    cut = m.decode(step.send[0])
    assert isinstance(cut, m.Split)
    assert len(cut.ranges) <= (5 << bits) << cut.bits
    say(session, m.Leaves(data.draw(st.binary(max_size=60))))
    assert session.state in {State.TALKING, State.CLOSED}
    assert sync(first, second, number=1)[0].equal
