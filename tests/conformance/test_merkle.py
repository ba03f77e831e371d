"""spec/vectors/merkle.json: peaks, roots, proofs, levels and ranges of RFC 6962 trees."""

from __future__ import annotations

import itertools
import struct

import pytest

from tallystick.kernels import status


def joined(rows):
    return b"".join(map(bytes.fromhex, rows))


def u32(*numbers):
    return struct.pack(f"<{len(numbers)}I", *numbers)


def u64(*numbers):
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def test_trees_grow_to_the_peaks_and_roots_of_the_vectors(kernel, vectors):
    found = vectors("merkle")
    leaves = joined(found["leaves"])
    for tree in found["trees"]:
        peaks = kernel.merkle_append(0, b"", leaves[: 32 * tree["size"]])
        assert peaks == joined(tree["peaks"])
        assert kernel.merkle_root(peaks).hex() == tree["root"]


def test_it_does_not_matter_how_leaves_are_cut_into_batches(kernel, vectors):
    found = vectors("merkle")
    leaves = joined(found["leaves"])
    for first, tree in itertools.product(range(18), found["trees"]):
        if first <= tree["size"]:
            peaks = kernel.merkle_append(0, b"", leaves[: 32 * first])
            rest = leaves[32 * first : 32 * tree["size"]]
            assert kernel.merkle_append(first, peaks, rest) == joined(tree["peaks"])


def test_proofs_are_those_of_the_vectors_and_verify(kernel, vectors):
    found = vectors("merkle")
    for tree in found["trees"]:
        size = tree["size"]
        leaves = joined(found["leaves"][:size])
        proofs, offsets = kernel.merkle_prove(leaves, u32(*range(size)))
        assert proofs == b"".join(map(joined, tree["proofs"]))
        assert offsets == u32(*itertools.accumulate(map(len, tree["proofs"]), initial=0))
        root = bytes.fromhex(tree["root"])
        verdicts = kernel.merkle_verify(root, size, leaves, u64(*range(size)), proofs, offsets)
        assert verdicts == bytes(size)


def test_what_proves_nothing_is_refused(kernel, vectors):
    for case in vectors("merkle")["refused"]:
        proof = joined(case["proof"])
        verdict = kernel.merkle_verify(
            bytes.fromhex(case["root"]),
            int(case["size"]),
            bytes.fromhex(case["leaf"]),
            u64(int(case["index"])),
            proof,
            u32(0, len(proof) // 32),
        )
        assert verdict == bytes([status.PROOF]), case["name"]


def test_a_leaf_alone_needs_no_proof_in_the_greatest_tree_only_as_many_as_it_has_levels(kernel):
    root = bytes(32)
    for hashes in (62, 63, 64, 65):
        verdict = kernel.merkle_verify(
            root, 2**64 - 1, bytes(32), u64(0), bytes(32 * hashes), u32(0, hashes)
        )
        assert verdict == bytes([status.PROOF])


def test_levels_are_the_hashes_of_perfect_subtrees(kernel, vectors):
    found = vectors("merkle")
    for case in found["levels"]:
        leaves = joined(found["leaves"][: case["leaves"]])
        assert kernel.merkle_nodes(leaves, case["level"]) == joined(case["nodes"])


def test_ranges_are_the_hashes_of_the_subtrees_that_cover_them(kernel, vectors):
    found = vectors("merkle")
    for case in found["ranges"]:
        leaves = joined(found["leaves"][: case["count"]])
        assert kernel.merkle_range(leaves, int(case["begin"])) == joined(case["nodes"]), case


def consistency_columns(cases):
    """What a batch of cases is to ``merkle_verify_consistency``."""
    sizes = u64(*(int(case[name]) for case in cases for name in ("first", "second")))
    roots = (joined(case[name] for case in cases) for name in ("first_root", "second_root"))
    proofs = b"".join(joined(case["proof"]) for case in cases)
    ends = itertools.accumulate((len(case["proof"]) for case in cases), initial=0)
    return sizes, *roots, proofs, u32(*ends)


def test_consistency_proofs_are_those_of_the_vectors_and_verify_in_one_batch(kernel, vectors):
    found = vectors("merkle")
    leaves, cases = joined(found["leaves"]), found["consistency"]
    columns = consistency_columns(cases)
    assert kernel.merkle_consistency(leaves, columns[0]) == columns[3:]
    assert kernel.merkle_verify_consistency(*columns) == bytes(len(cases))


def test_what_proves_no_prefix_is_refused_alone_and_between_good_rows(kernel, vectors):
    found = vectors("merkle")
    good = found["consistency"][-1]
    for case in found["inconsistent"]:
        alone = kernel.merkle_verify_consistency(*consistency_columns([case]))
        assert alone == bytes([status.PROOF]), case["name"]
        between = kernel.merkle_verify_consistency(*consistency_columns([good, case, good]))
        assert between == bytes([status.OK, status.PROOF, status.OK]), case["name"]


def test_leaves_beyond_the_second_tree_change_no_consistency_proof(kernel, vectors):
    leaves = joined(vectors("merkle")["leaves"])
    alone = kernel.merkle_consistency(leaves[: 32 * 11], u64(3, 11))
    assert kernel.merkle_consistency(leaves, u64(3, 11)) == alone
    both, ends = kernel.merkle_consistency(leaves, u64(3, 11, 20, 33))
    assert both[: len(alone[0])] == alone[0]
    assert ends[:8] == alone[1]


def test_a_batch_of_no_trees_has_no_proofs_and_no_verdicts(kernel):
    assert kernel.merkle_consistency(b"", b"") == (b"", u32(0))
    assert kernel.merkle_verify_consistency(b"", b"", b"", b"", u32(0)) == b""


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("merkle_append", (0, b"", bytes(31))),
        ("merkle_append", (1, b"", b"")),
        ("merkle_append", (0, bytes(32), b"")),
        ("merkle_append", (-1, b"", b"")),
        ("merkle_append", (2**64 - 1, bytes(32 * 64), bytes(32))),
        ("merkle_root", (bytes(33),)),
        ("merkle_nodes", (bytes(32), 1)),
        ("merkle_nodes", (b"", -1)),
        ("merkle_nodes", (b"", 64)),
        ("merkle_prove", (bytes(32), u32(1))),
        ("merkle_prove", (b"", u32(0))),
        ("merkle_prove", (bytes(32), b"\x00")),
        ("merkle_verify", (bytes(31), 1, bytes(32), u64(0), b"", u32(0, 0))),
        ("merkle_verify", (bytes(32), 1, bytes(32), u64(0), b"", u32(0))),
        ("merkle_verify", (bytes(32), 1, bytes(32), u64(0, 0), b"", u32(0, 0))),
        ("merkle_verify", (bytes(32), 1, bytes(32), u64(0), b"", u32(0, 1))),
        ("merkle_verify", (bytes(32), -1, bytes(32), u64(0), b"", u32(0, 0))),
        ("merkle_range", (bytes(31), 0)),
        ("merkle_range", (bytes(32), -1)),
        ("merkle_range", (bytes(32), 2**64 - 1)),
        ("merkle_range", (b"", 2**64)),
        ("merkle_consistency", (bytes(31), u64(1, 1))),
        ("merkle_consistency", (bytes(32), u64(1))),
        ("merkle_consistency", (bytes(32), bytes(7))),
        ("merkle_consistency", (bytes(32), u64(0, 1))),
        ("merkle_consistency", (bytes(64), u64(2, 1))),
        ("merkle_consistency", (bytes(32), u64(1, 2))),
        ("merkle_consistency", (bytes(32), u64(1, 2**64 - 1))),
        ("merkle_verify_consistency", (u64(1), bytes(32), bytes(32), b"", u32(0, 0))),
        ("merkle_verify_consistency", (u64(1, 1), bytes(31), bytes(32), b"", u32(0, 0))),
        ("merkle_verify_consistency", (u64(1, 1), bytes(32), bytes(64), b"", u32(0, 0))),
        ("merkle_verify_consistency", (u64(1, 1), bytes(64), bytes(32), b"", u32(0, 0))),
        ("merkle_verify_consistency", (u64(1, 1), bytes(32), bytes(32), b"", u32(0))),
        ("merkle_verify_consistency", (u64(1, 1), bytes(32), bytes(32), b"", u32(0, 1))),
        ("merkle_verify_consistency", (u64(1, 1), bytes(32), bytes(32), bytes(9), u32(0, 0))),
        ("merkle_verify_consistency", (u64(1, 1), bytes(32), bytes(32), bytes(32), u32(1, 0))),
    ],
)
def test_lengths_and_numbers_that_do_not_fit_are_a_bad_call(kernel, name, arguments):
    with pytest.raises((ValueError, OverflowError)):
        getattr(kernel, name)(*arguments)
