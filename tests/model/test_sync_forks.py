"""Authors who split their chains: every side reaches everybody, and the roots agree again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.sync_world import Store, create, key_of, sync

EVE = key_of("eve")


def trunk(size: int) -> tuple[Store, Store, Store, list[bytes]]:
    """Three replicas that hold ``size`` events of one author; their ids."""
    stores = [Store("one"), Store("two"), Store("three")]
    create(stores[0])
    if size:
        stores[0].log.write(EVE, size, word="trunk")
    for store in stores[1:]:
        sync(store, stores[0])
    own = [record for record in stores[0].log.records() if record.author == EVE.public]
    path = stores[0].log.ids_at(EVE.public, b"", range(own[0].size)) if own else []
    return (*stores, path)


def split_anywhere(stores: list[Store], writes: list[tuple[int, int, int]]) -> None:
    """Writes (replica, place among what it holds, events) of one author."""
    for number, (where, after, count) in enumerate(writes):
        log = stores[where].log
        mine = [one.id for one in log.included.values() if one.author == EVE.public]
        log.write(EVE, count, word=f"{number}", after=[b"", *sorted(mine)][after % (len(mine) + 1)])


def sides(store: Store) -> list[tuple[bytes, int]]:
    return [(r.side, r.size) for r in store.log.records() if r.author == EVE.public]


def check_equal(first: Store, second: Store, number: int) -> None:
    for report in sync(first, second, number=number):
        assert report.code is None
        assert report.equal
        assert not report.rejected
    assert first.log.records() == second.log.records()
    assert set(first.log.included) == set(second.log.included)


@settings(max_examples=200)
@given(
    size=st.integers(0, 20),
    cut=st.integers(0, 20),
    lengths=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    window=st.sampled_from([1, 4, 1000]),
)
def test_two_sides_of_any_length_reach_both_replicas(size, cut, lengths, window):
    one, two, _, path = trunk(size)
    one.log.window = two.log.window = window
    after = path[cut - 1] if 0 < cut <= len(path) else b""
    one.log.write(EVE, lengths[0], word="left", after=path[-1] if path else b"")
    two.log.write(EVE, lengths[1], word="right", after=after)
    check_equal(one, two, 1)
    assert len(sides(one)) == 2
    assert all(len(side) == 32 for side, _ in sides(one))


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 5)), min_size=1, max_size=7
    )
)
def test_any_tree_of_splits_on_three_replicas_ends_the_same_everywhere(writes):
    *stores, path = trunk(5)
    split_anywhere(stores, writes)
    for number, (one, two) in enumerate([(0, 1), (1, 2), (2, 0), (0, 1)]):
        check_equal(stores[one], stores[two], number)
    assert stores[0].log.records() == stores[1].log.records() == stores[2].log.records()
    assert len(path) == 5


def test_what_both_hold_before_a_split_is_sent_again_at_most_as_long_as_the_side():
    one, two, _, path = trunk(200)
    one.log.write(key_of("ada"), 50, word="somebody else's chain")
    sync(two, one)
    one.log.write(EVE, 3, word="left")
    two.log.write(EVE, 5, word="right", after=path[-1])
    mine, theirs = sync(one, two, number=1)
    assert mine.equal
    assert mine.meter.events_in == 5
    assert theirs.meter.events_in == 3
    assert mine.meter.events_received <= 2 * 5
    assert theirs.meter.events_received <= 2 * 3
    assert mine.meter.round_trips <= 3


def test_a_side_that_grows_is_found_between_replicas_that_both_know_the_split():
    one, two, _, path = trunk(10)
    left = one.log.write(EVE, 3, word="left")
    two.log.write(EVE, 3, word="right", after=path[-1])
    check_equal(one, two, 1)
    ends = [one.log.path(record_end)[-1] for record_end in ends_of(one)]
    assert left.end == 13
    for number, end in enumerate(ends):
        one.log.write(EVE, 2, word=f"more {number}", after=end)
    mine, theirs = sync(one, two, number=2)
    assert mine.equal
    assert theirs.meter.events_in == 4
    assert theirs.meter.events_received <= 8
    assert sorted(size for _, size in sides(two)) == [15, 15]


def ends_of(store: Store) -> list[bytes]:
    return [
        store.log.ids_at(record.author, record.side, [record.size - 1])[0]
        for record in store.log.records()
        if record.author == EVE.public
    ]


def test_a_newcomer_gets_all_sides_and_events_before_the_split_once():
    one, two, _, path = trunk(12)
    two.log.write(EVE, 4, word="right", after=path[5])
    check_equal(one, two, 1)
    fresh = Store("fresh")
    report, _ = sync(fresh, one, number=2)
    assert report.equal
    assert report.meter.events_received == len(one.log.included) == 1 + 12 + 4


def test_equal_replicas_with_a_split_chain_still_need_one_round_trip():
    one, two, _, path = trunk(4)
    two.log.write(EVE, 2, word="right", after=path[1])
    check_equal(one, two, 1)
    report, _ = sync(one, two, number=2)
    assert report.meter.round_trips == 1
    assert report.meter.bytes_in + report.meter.bytes_out < 100
