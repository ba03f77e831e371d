"""The one law, flip by flip, beside its two lines of definition."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.state.law import OpState, include
from tallystick.state.source import CONTENT, ChangeRange, Spans, net

pytestmark = [
    pytest.mark.one_kernel("the law of liveness calls no kernel"),
    pytest.mark.usefixtures("no_kernel_is_called"),
]


def covered(over, included, x):
    return any(
        x in over[y] and (y in included or covered(over, included, y)) for y in range(len(over))
    )


@st.composite
def ops(draw):
    return [draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set() for i in range(10)]


@given(over=ops(), flips=st.lists(st.integers(0, 9), max_size=40))
@settings(max_examples=300)
def test_after_any_flips_every_op_is_live_exactly_when_the_law_says_so(over, flips):
    states = {i: OpState(tuple(sorted(below))) for i, below in enumerate(over)}
    included = set()
    for flip in flips:
        before = {i: (s.included, s.blocked) for i, s in states.items()}
        included ^= {flip}
        touched = include(states, [(flip, flip in included)])
        for i, state in states.items():
            assert state.live == (i in included and not covered(over, included, i))
            assert (state.included, state.blocked) == before[i] or i in touched


@given(over=ops(), flips=st.lists(st.integers(0, 9), max_size=20))
def test_excluding_and_including_again_restores_every_count(over, flips):
    states = {i: OpState(tuple(sorted(below))) for i, below in enumerate(over)}
    included = set()
    for flip in flips:
        included ^= {flip}
        include(states, [(flip, flip in included)])
    before = {i: (s.included, s.blocked) for i, s in states.items()}
    include(states, [(i, False) for i in sorted(included)])
    assert all(not s.included and not s.blocked for s in states.values())
    include(states, [(i, True) for i in sorted(included, reverse=True)])
    assert {i: (s.included, s.blocked) for i, s in states.items()} == before


def test_who_stands_on_an_excluded_op_still_covers_what_that_one_covered():
    states = {1: OpState(()), 2: OpState((1,)), 3: OpState((2,))}
    include(states, [(1, True), (3, True)])
    assert [states[i].live for i in (1, 2, 3)] == [False, False, True]
    include(states, [(3, False)])
    assert [states[i].live for i in (1, 2, 3)] == [True, False, False]


def test_flipping_to_what_an_op_is_already_is_a_fault():
    states = {1: OpState(())}
    include(states, [(1, True)])
    with pytest.raises(AssertionError):
        include(states, [(1, True)])


# --- batches of the feed ------------------------------------------------------------------------

flips_in_feed = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=12)


@given(begin=st.sets(st.integers(0, 14)), flips=flips_in_feed, contents=st.sets(st.integers(0, 11)))
@settings(max_examples=300)
def test_a_batch_comes_to_what_its_changes_come_to_one_by_one(begin, flips, contents):
    """Against a model that follows every row by itself."""
    counted, fresh, ranges = set(begin), set(), []
    for i, (row, count) in enumerate(flips):
        rows = range(row, row + count)
        if len({at in counted for at in rows}) > 1:
            continue
        weight = -1 if row in counted else 1
        if i in contents and weight < 0:
            ranges += [ChangeRange(0, row, count, w, CONTENT) for w in (-1, 1)]
            fresh |= set(rows)
            continue
        ranges.append(ChangeRange(0, row, count, weight, "statement"))
        counted ^= set(rows)
    changes = net(ranges)
    assert set(changes.added.rows()) == counted - begin
    assert set(changes.removed.rows()) == begin - counted
    assert set(changes.refreshed.rows()) == begin & counted & fresh


@given(
    ranges=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=10),
    most=st.integers(1, 7), first=st.integers(0, 30), size=st.integers(0, 10),
)  # fmt: skip
def test_spans_are_the_set_of_their_rows(ranges, most, first, size):
    rows = {at for row, count in ranges for at in range(row, row + count)}
    spans = Spans(ranges)
    assert list(spans.rows()) == sorted(rows)
    assert len(spans) == len(rows)
    pieces = list(spans.pieces(most))
    assert [at for piece in pieces for at in piece.rows()] == sorted(rows)
    assert all(0 < len(piece) <= most for piece in pieces)
    assert set(spans.clip(first, first + size).rows()) == rows & set(range(first, first + size))
    assert spans.covers(first, size or 1) == (set(range(first, first + (size or 1))) <= rows)
