"""Any holdings, any topology, cut anywhere: replicas end with the same events, each taken once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.sync_world import Store, create, key_of, pipe_of, sync

from tallystick.chain.slice import open_slice
from tallystick.sync.log_checkpoint import log_checkpoint

WRITE = st.tuples(st.just("write"), st.integers(0, 3), st.integers(1, 6))
SYNC = st.tuples(st.just("sync"), st.integers(0, 3), st.integers(0, 3))
CUT = st.tuples(st.just("cut"), st.integers(0, 3), st.integers(0, 12))
SCRIPTS = st.lists(st.one_of(WRITE, WRITE, SYNC, CUT), max_size=25)


def world(count: int, window: int) -> list[Store]:
    """Replicas of one log, of which only the first holds anything yet."""
    stores = [Store(f"store {number}", window=window) for number in range(count)]
    create(stores[0])
    for store in stores[1:]:
        sync(store, stores[0])
    return stores


def act(stores: list[Store], script: list[tuple[str, int, int]]) -> None:
    for number, (what, one, other) in enumerate(script):
        first, second = stores[one], stores[(one + 1 + other % 3) % len(stores)]
        if what == "write":
            first.log.write(key_of(one), other, word=f"{number}")
        elif first is not second:
            pipe = pipe_of(first, second, number=number)
            for _ in range(other if what == "cut" else 1000):
                if not pipe.deliver():
                    break
            pipe.cut()


def everything(stores: list[Store]) -> set[bytes]:
    return {one for store in stores for one in store.log.included}


@settings(max_examples=200)
@given(SCRIPTS, st.sampled_from([1, 2, 7, 1000]))
def test_a_ring_of_replicas_ends_with_the_same_events(script, window):
    stores = world(4, window)
    act(stores, script)
    union = everything(stores)
    for _ in range(2):
        for one, other in zip(stores, [*stores[1:], stores[0]], strict=True):
            reports = sync(one, other)
            assert all(report.equal and report.code is None for report in reports)
            assert not any(report.rejected or report.pending for report in reports)
    for store in stores:
        assert set(store.log.included) == union
        assert store.log.records() == stores[0].log.records()


@settings(max_examples=100)
@given(SCRIPTS, st.integers(0, 3), st.integers(0, 3))
def test_any_pair_is_equal_after_one_session_and_says_so_in_one_round_trip(script, one, other):
    stores = world(4, 3)
    act(stores, script)
    first, second = stores[one], stores[(one + 1 + other % 3) % 4]
    union = everything([first, second])
    mine, theirs = sync(first, second)
    assert mine.equal
    assert theirs.equal
    assert set(first.log.included) == set(second.log.included) == union
    again, _ = sync(first, second, number=1)
    assert again.equal
    assert again.meter.round_trips == 1
    assert again.meter.bytes_in + again.meter.bytes_out < 100


def two_with_news(window: int = 2) -> tuple[Store, Store]:
    """Two replicas that each hold what the other lacks, chains depending on each other."""
    first, second = world(2, window)
    for turn in range(4):
        first.log.write(key_of("ada"), 3, word=f"a{turn}")
        first.log.write(key_of("eve"), 1, word=f"e{turn}")
        second.log.write(key_of("bob"), 2, word=f"b{turn}")
    return first, second


def test_a_session_cut_after_any_message_loses_nothing_and_receives_nothing_twice():
    cuts = 0
    while True:
        first, second = two_with_news()
        lacked = everything([first, second])
        pipe = pipe_of(first, second)
        delivered = [pipe.deliver() for _ in range(cuts)]
        if delivered and not delivered[-1]:
            break
        reports = pipe.cut()
        held = [set(store.log.included) for store in (first, second)]
        before = sum(report.meter.events_received for report in reports)
        ended = sync(first, second, number=1)
        after = sum(report.meter.events_received for report in ended)
        assert all(report.equal for report in ended)
        assert before + after == 16 + 8, "every event crossed once"
        for store, earlier in zip((first, second), held, strict=True):
            assert earlier <= set(store.log.included) == lacked
        cuts += 1
    assert cuts > 15


def test_parents_come_before_children_message_by_message():
    first, second = two_with_news(window=1)
    empty = Store("empty", window=1)
    report, _ = sync(empty, first)
    assert report.equal
    assert len(empty.batches) == 17
    assert set(empty.batches) == {1}, "no message waited for another"
    assert report.pending == 0
    assert second.log.records() != first.log.records()


def test_a_prefix_under_a_larger_head_is_passed_on_with_the_same_proof():
    writer = Store("writer")
    create(writer)
    key = key_of("ada")
    writer.log.write(key, 13, word="one commit")
    small = Store("small", window=3)
    writer.log.window = 3
    pipe = pipe_of(small, writer)
    while pipe.deliver():
        if small.shelf and len(small.log.included) == 6:
            break
    pipe.cut()
    assert len(small.log.included) == 6
    third = Store("third")
    report, _ = sync(third, small)
    assert report.equal
    assert not report.rejected
    (record,) = [record for record in third.log.records() if record.author == key.public]
    assert record.size == 5
    assert sync(third, writer)[0].equal


def test_a_replica_that_was_away_gets_exactly_the_news():
    first, second = two_with_news()
    sync(first, second)
    one = first.log.write(key_of("ada"), 5, word="news")
    mine, theirs = sync(second, first, number=2)
    assert mine.equal
    assert mine.meter.events_received == mine.meter.events_in == 5
    assert theirs.meter.events_out == 5
    pack, _ = open_slice(one)
    assert pack is not None
    assert {pack.id(row) for row in range(5)} <= set(second.log.included)


def test_the_checkpoint_does_not_depend_on_the_order_of_arrival():
    stores = world(3, 2)
    for number in range(3):
        stores[number].log.write(key_of(number), 2 + number, word="x")
    sync(stores[0], stores[1])
    sync(stores[1], stores[2])
    sync(stores[0], stores[2])
    sync(stores[1], stores[2])
    roots = {log_checkpoint(store.log.records()) for store in stores}
    orders = {tuple(store.log.arrival) for store in stores}
    assert len(roots) == 1
    assert len(orders) > 1
