"""spec/vectors/graph.json: levels, order, heads, ancestry and vectors of a small graph."""

from __future__ import annotations

import itertools
import struct

import pytest


def u32(*numbers):
    return struct.pack(f"<{len(numbers)}I", *numbers)


def u64(*numbers):
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def joined(rows):
    return b"".join(map(bytes.fromhex, rows))


@pytest.fixture
def found(vectors):
    return vectors("graph")


@pytest.fixture
def lists(found):
    offsets = itertools.accumulate(map(len, found["parents"]), initial=0)
    return u32(*offsets), u32(*itertools.chain(*found["parents"]))


def test_lamports_are_the_longest_way_to_a_root(kernel, found, lists):
    assert kernel.graph_lamports(*lists) == u64(*found["lamports"])


def test_rows_sort_by_lamport_author_seq_and_id(kernel, found):
    ties = found["ties"]
    for case in (found, ties):
        order = kernel.graph_order(
            u64(*map(int, case["lamports"])),
            joined(case["authors"]),
            u64(*map(int, case["seqs"])),
            joined(case["ids"]),
        )
        assert order == u32(*case["order"])


def test_heads_are_the_rows_nobody_names(kernel, found, lists):
    assert kernel.graph_heads(*lists) == u32(*found["heads"])


def test_ancestry_is_the_past_of_the_vectors(kernel, found, lists):
    rows = range(len(found["parents"]))
    pairs = list(itertools.product(rows, rows))
    answers = kernel.graph_ancestry(*lists, u32(*itertools.chain(*pairs)))
    assert answers == bytes(x in found["past"][y] for x, y in pairs)


def test_vectors_count_what_a_frontier_has_seen(kernel, found, lists):
    chains, seqs = u32(*found["chains"]), u64(*found["seqs"])
    for case in found["vectors"]:
        counts = kernel.graph_vector(*lists, chains, seqs, u32(*case["frontier"]), 4)
        assert counts == u64(*case["counts"])


def test_the_empty_graph_has_empty_answers(kernel):
    empty = (u32(0), b"")
    assert kernel.graph_lamports(*empty) == kernel.graph_heads(*empty) == b""
    assert kernel.graph_order(b"", b"", b"", b"") == b""
    assert kernel.graph_ancestry(*empty, b"") == b""
    assert kernel.graph_vector(*empty, b"", b"", b"", 2) == u64(0, 0)


GRAPH = (u32(0, 0, 1), u32(0))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("graph_lamports", (b"", b"")),
        ("graph_lamports", (u32(0, 1), u32(0))),
        ("graph_lamports", (u32(0, 0, 1), u32(2))),
        ("graph_lamports", (u32(0, 2), u32(0))),
        ("graph_lamports", (u32(1, 0), u32(0))),
        ("graph_heads", (u32(0, 1), u32(0))),
        ("graph_order", (u64(0), bytes(32), u64(0), b"")),
        ("graph_order", (u64(0), bytes(31), u64(0), bytes(32))),
        ("graph_ancestry", (*GRAPH, u32(0))),
        ("graph_ancestry", (*GRAPH, u32(0, 2))),
        ("graph_vector", (*GRAPH, u32(0), u64(0, 0), u32(0), 1)),
        ("graph_vector", (*GRAPH, u32(0, 0), u64(0), u32(0), 1)),
        ("graph_vector", (*GRAPH, u32(0, 1), u64(0, 0), u32(0), 1)),
        ("graph_vector", (*GRAPH, u32(0, 0), u64(0, 0), u32(2), 1)),
    ],
)
def test_columns_that_do_not_fit_are_a_bad_call(kernel, name, arguments):
    with pytest.raises(ValueError, match=r".+"):
        getattr(kernel, name)(*arguments)
