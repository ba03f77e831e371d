"""Frontiers, version vectors, canonical order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.errors import BadInput
from tallystick.graph import (
    Equivocates,
    Frontier,
    canonical_key,
    canonical_order,
    version_vector,
)

IDS = st.lists(st.binary(min_size=32, max_size=32), max_size=6)


@given(ids=IDS)
def test_a_frontier_does_not_depend_on_the_order_of_its_ids(ids):
    frontier = Frontier.of(ids)
    assert frontier == Frontier.of(reversed(ids))
    assert Frontier.from_bytes(bytes(frontier)) == frontier
    assert frontier.hash == Frontier.of([*ids, *ids]).hash
    assert list(frontier) == sorted(set(ids))
    assert len(frontier) == len(set(ids))


@pytest.mark.parametrize("data", [b"x", b"b" * 32 + b"a" * 32, b"a" * 64])
def test_bytes_that_are_not_sorted_ids_are_no_frontier(data):
    with pytest.raises(BadInput) as caught:
        Frontier.from_bytes(data)
    assert caught.value.code == "state/version"


def test_different_frontiers_have_different_hashes():
    assert Frontier().hash != Frontier((bytes(32),)).hash


def test_a_version_vector_counts_by_author_and_refuses_to_guess():
    authors = {1: b"a", 2: b"b", 3: b"a"}
    assert version_vector({2: 5, 1: 3}, authors) == {b"a": 3, b"b": 5}
    with pytest.raises(Equivocates) as caught:
        version_vector({1: 3, 3: 4}, authors)
    assert caught.value.author == b"a"


@dataclass
class Place:
    lamport: int
    author: bytes
    seq: int
    id: bytes


@given(
    events=st.lists(
        st.builds(
            Place,
            st.integers(0, 3),
            st.sampled_from([b"a" * 32, b"\xff" * 32]),
            st.integers(0, 2),
            st.binary(min_size=32, max_size=32),
        ),
        max_size=12,
    )
)
def test_canonical_order_is_by_lamport_author_seq_id(events):
    order = canonical_order(events)
    assert [canonical_key(events[at]) for at in order] == sorted(map(canonical_key, events))
