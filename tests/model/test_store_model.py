"""The store's fast parts against dicts and lists: id index, runs, feed."""

from __future__ import annotations

from contextlib import nullcontext
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.store.world import World, key, put

from tallystick.store import Store, feed, ids
from tallystick.store.events import pack_deps, unpack_deps


@pytest.fixture
def small_index():
    """Bounds so small that a few hundred ids go through every tier."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "TAIL_MAX", 8)
        patch.setattr(ids, "TAIL_FORCED", 40)
        patch.setattr(ids, "STEP_PAIRS", 16)
        patch.setattr(ids, "PAGE_PAIRS", 4)
        patch.setattr(ids, "CACHED_MAX", 4)
        yield


def bare_events(store: Store, rows: list[bytes]) -> None:
    """Rows that are nothing but ids: all that the index looks at."""
    with store.write():
        first = store.next_row
        store.db.executemany(
            "INSERT INTO event (row, line, seq, id, lamport, time, kind, seal, frame)"
            " VALUES (?, 1, 1, ?, 1, 1, 1, x'', x'')",
            [(first + at, id) for at, id in enumerate(rows)],
        )
        store._note_ids(rows, first, len(rows))


def make_id(number: int, *, alike: bool) -> bytes:
    """An id; one that is ``alike`` shares its first 8 bytes with many others."""
    digest = sha256(number.to_bytes(8, "big")).digest()
    return bytes([digest[0] % 3]) * 8 + digest[8:] if alike else digest


@pytest.mark.usefixtures("small_index")
@settings(max_examples=60)
@given(
    batches=st.lists(
        st.tuples(st.integers(0, 60), st.booleans(), st.integers(0, 6), st.booleans()),
        max_size=14,
    )
)
def test_the_id_index_answers_as_a_dict(batches):
    truth: dict[bytes, int] = {}
    number = 0
    with Store.memory() as store:
        for count, alike, steps, forget in batches:
            new = [make_id(number + at, alike=alike) for at in range(count)]
            number += count
            truth.update(zip(new, range(store.next_row, store.next_row + count), strict=True))
            bare_events(store, new)
            store.maintain(steps=steps)
            if forget:
                store._forget()
            asked = [*list(truth)[::7], *new[:5], sha256(b"no" + bytes(count)).digest()]
            assert store.rows_of(asked) == [truth.get(id) for id in asked]
        while store.maintain():
            pass
        store._forget()
        assert store.rows_of(list(truth)) == list(truth.values())
        assert not store.maintain()
        if truth:
            some = min(truth)
            low, high = some[:5] + bytes(27), some[:5] + b"\xff" * 27
            near = sorted(row for id, row in truth.items() if low <= id <= high)
            assert store.rows_by_prefix(low, high, limit=999) == near


@pytest.mark.usefixtures("small_index")
def test_a_failed_merge_step_is_done_again_whole(monkeypatch):
    with Store.memory() as store:
        rows = [make_id(at, alike=False) for at in range(300)]
        for at in range(0, 300, 10):
            bare_events(store, rows[at : at + 10])
        for turn in range(400):
            with monkeypatch.context() as patch:
                if turn % 3 == 0:
                    patch.setattr(store, "_flush", lambda: 1 / 0)
                try:
                    if not store.maintain(steps=1) and turn % 3:
                        break
                except ZeroDivisionError:
                    pass
        store._forget()
        assert store.rows_of(rows) == list(range(1, 301))
        assert store.db.row("SELECT count(*) FROM id_run WHERE state <> 0") == (0,)


@settings(max_examples=60)
@given(
    batches=st.lists(st.tuples(st.integers(2, 4), st.integers(1, 40)), min_size=1, max_size=12),
    cuts=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=6),
    forget=st.booleans(),
    at_once=st.booleans(),
)
def test_runs_find_every_seq_of_every_chain(batches, cuts, forget, at_once):
    world = World()
    where: dict[bytes, list[int]] = {}
    with Store.memory() as store:
        put(store, world.genesis())
        with store.write() if at_once else nullcontext():
            for author, count in batches:
                row = put(store, world.pack(key(author), count))
                where.setdefault(key(author), []).extend(range(row, row + count))
                if forget and not at_once:
                    store._forget()
        if forget:
            store._forget()
        changes = sum(1 for a, b in pairwise(batches) if a[0] != b[0])
        closed = changes + 1 - len(where)  # the newest of each line stands in the line itself
        assert store.db.row("SELECT count(*) FROM run WHERE line > 1") == (closed,)
        for author, rows in where.items():
            line = store.find_line(1, author)
            assert [store.row_at(line.no, seq) for seq in range(line.size)] == rows
            for begin, end in cuts:
                flat = [
                    row + at
                    for row, count in store.ranges(line.no, begin, end)
                    for at in range(count)
                ]
                assert flat == rows[begin:end]


@given(pages=st.integers(1, 10**6), data=st.data())
def test_a_page_begins_with_the_first_prefix_that_falls_into_it(pages, data):
    page = data.draw(st.integers(0, pages - 1))
    border = ids.page_border(page, pages)
    assert ids.page_of(border, pages) == page
    if page:
        before = (int.from_bytes(border, "big") - 1).to_bytes(8, "big")
        assert ids.page_of(before, pages) == page - 1


@settings(max_examples=100)
@example(appended=[([(1, 1), (5, 1)], 1, ""), ([(3, 1)], 1, "")], step=9)
@given(
    appended=st.lists(
        st.tuples(
            st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5)), max_size=6),
            st.sampled_from([1, -1]),
            st.sampled_from(["", "x"]),
        ),
        max_size=8,
    ),
    step=st.integers(1, 7),
)
def test_the_feed_reads_as_the_list_of_its_changes(appended, step):
    with pytest.MonkeyPatch.context() as patch, Store.memory() as store:
        patch.setattr(feed, "ENTRY_RANGES_MAX", 3)
        truth: list[tuple[int, int, str]] = []
        for ranges, weight, cause in appended:
            truth += [(row + at, weight, cause) for row, count in ranges for at in range(count)]
            with store.write():
                assert store.feed_append(1, ranges, weight=weight, cause=cause) == len(truth)
        got: list[tuple[int, int, str]] = []
        while part := store.feed_read(1, len(got), step):
            assert sum(x.count for x in part) <= step
            for x in part:
                assert x.pos == len(got)
                got += [(x.row + at, x.weight, x.cause) for at in range(x.count)]
        assert got == truth


@given(row=st.integers(200, 2**31), deltas=st.lists(st.integers(1, 199), max_size=32))
def test_packed_deps_come_back(row, deltas):
    deps = tuple(row - delta for delta in deltas)
    assert unpack_deps(row, pack_deps(row, deps)) == deps
    far = (*deps, 1)
    assert unpack_deps(row, pack_deps(row, far)) == far
