"""Ranges, extensions and proofs against RFC 6962's own recursive definitions."""

from __future__ import annotations

from hashlib import sha256
from itertools import accumulate, chain, pairwise
from struct import pack

from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.kernels import merkle_append, merkle_consistency, merkle_range, merkle_root
from tallystick.proofs import merkle


def digests(count: int) -> list[bytes]:
    return [sha256(b"leaf %d" % number).digest() for number in range(count)]


# --- The oracle: RFC 6962 section 2.1, word for word ---------------------------------------------


def split_point(size: int) -> int:
    k = 1
    while 2 * k < size:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split_point(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split_point(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split_point(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


SIZES = st.integers(1, 70)
TAMPER = st.one_of(
    st.just("drop first"),
    st.just("drop last"),
    st.just("add"),
    st.just("swap"),
    st.integers(0, 10**6),
)


def tampered(proof: bytes, how: str | int) -> bytes | None:
    """The proof changed in one way; None when that way changes nothing."""
    if how == "drop first":
        changed = proof[32:]
    elif how == "drop last":
        changed = proof[:-32]
    elif how == "add":
        changed = proof + bytes(32)
    elif how == "swap":
        changed = proof[32:64] + proof[:32] + proof[64:]
    elif proof:
        bit = how % (8 * len(proof))
        raw = bytearray(proof)
        raw[bit // 8] ^= 1 << bit % 8
        changed = bytes(raw)
    else:
        changed = b"\x00"
    return changed if changed != proof else None


# --- Ranges --------------------------------------------------------------------------------------


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_range_is_covered_once_by_aligned_perfect_subtrees_and_by_as_few_as_can_be(a, b):
    begin, end = min(a, b), max(a, b)
    cover = merkle.decompose(begin, end)
    at = begin
    for level, index in cover:
        assert index << level == at
        at += 1 << level
    assert at == end
    # As few as can be: no two neighbours are the two halves of one subtree.
    for (level, index), following in pairwise(cover):
        assert not (index % 2 == 0 and following == (level, index + 1))


def test_a_range_that_runs_backwards_is_a_bad_call():
    for begin, end in ((1, 0), (-1, 3), (0, 2**63)):
        try:
            merkle.decompose(begin, end)
        except ValueError:
            continue
        raise AssertionError((begin, end))


@given(SIZES, st.data())
@settings(max_examples=60)
def test_peaks_and_the_hashes_up_to_a_size_give_that_sizes_root(size, data):
    leaves = digests(size)
    cut = data.draw(st.integers(0, size))
    node = merkle.node_over(leaves)
    peaks = merkle_append(0, b"", b"".join(leaves[:cut]))
    assert merkle.subtree_hashes(0, cut, node) == peaks
    hashes = merkle.subtree_hashes(cut, size, node)
    assert merkle.extend(cut, peaks, size, hashes) == mth(leaves)
    grown = merkle.extend_peaks(cut, peaks, size, hashes)
    assert grown == merkle_append(0, b"", b"".join(leaves))
    assert merkle_root(grown) == mth(leaves)


@given(SIZES, st.data(), TAMPER)
@settings(max_examples=60)
def test_other_hashes_than_the_right_ones_never_give_the_root(size, data, how):
    leaves = digests(size)
    cut = data.draw(st.integers(0, size))
    node = merkle.node_over(leaves)
    wrong = tampered(merkle.subtree_hashes(cut, size, node), how)
    if wrong is not None:
        assert merkle.extend(cut, merkle.subtree_hashes(0, cut, node), size, wrong) != mth(leaves)


@given(st.tuples(st.integers(0, 70), st.integers(0, 70), st.integers(0, 70)).map(sorted))
def test_the_hashes_of_two_neighbouring_ranges_join_to_those_of_both(cuts):
    begin, middle, end = cuts
    node = merkle.node_over(digests(70))
    left = merkle.subtree_hashes(begin, middle, node)
    right = merkle.subtree_hashes(middle, end, node)
    joined = merkle.join_ranges(begin, left, middle, right, end)
    assert joined == merkle.subtree_hashes(begin, end, node)


@given(st.tuples(st.integers(0, 90), st.integers(0, 90)).map(sorted))
def test_a_range_is_hashed_as_its_subtrees_are_one_by_one(cuts):
    begin, end = cuts
    leaves = digests(90)
    hashes = merkle_range(b"".join(leaves[begin:end]), begin)
    cover = merkle.decompose(begin, end)
    spans = [leaves[index << level : (index + 1) << level] for level, index in cover]
    assert hashes == b"".join(map(mth, spans))
    assert hashes == merkle.subtree_hashes(begin, end, merkle.node_over(leaves))


def test_extending_backwards_is_refused_and_foreign_peaks_are_a_bad_call():
    assert merkle.extend(2, merkle_append(0, b"", bytes(64)), 1, b"") is None
    assert merkle.extend(0, b"", 2**63, b"") is None
    try:
        merkle.extend(3, bytes(32), 4, bytes(32))
    except ValueError:
        return
    raise AssertionError("three leaves have two peaks")


# --- Inclusion -----------------------------------------------------------------------------------


@given(SIZES, st.data())
@settings(max_examples=60)
def test_inclusion_proofs_are_the_rfcs_and_verify_for_their_leaf_alone(size, data):
    leaves = digests(size)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, merkle.node_over(leaves))
    assert proof == b"".join(path(index, leaves))
    root = mth(leaves)
    assert merkle.verify_inclusion(index, size, leaves[index], proof, root)
    other = data.draw(st.integers(0, size + 1))
    if other != index:
        assert not merkle.verify_inclusion(other, size, leaves[index], proof, root)
    assert not merkle.verify_inclusion(index, size, bytes(32), proof, root)
    assert not merkle.verify_inclusion(index, size, leaves[index], proof, bytes(32))


@given(SIZES, st.data(), TAMPER)
@settings(max_examples=60)
def test_a_changed_inclusion_proof_does_not_verify(size, data, how):
    leaves = digests(size)
    index = data.draw(st.integers(0, size - 1))
    wrong = tampered(merkle.inclusion_proof(index, size, merkle.node_over(leaves)), how)
    if wrong is not None:
        assert not merkle.verify_inclusion(index, size, leaves[index], wrong, mth(leaves))


@given(
    st.integers(-1, 2**64),
    st.integers(-1, 2**64),
    st.binary(max_size=40),
    st.binary(max_size=100),
    st.binary(max_size=40),
)
def test_verifying_nonsense_answers_no(index, size, digest, proof, root):
    assert not merkle.verify_inclusion(index, size, digest, proof, root)
    assert not merkle.verify_consistency(index, size, digest, root, proof) or digest == root


# --- Consistency ---------------------------------------------------------------------------------


@given(SIZES, st.data())
@settings(max_examples=60)
def test_consistency_proofs_are_the_rfcs_and_verify_for_their_prefix_alone(size, data):
    leaves = digests(size)
    first = data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(first, size, merkle.node_over(leaves))
    assert proof == b"".join(subproof(first, leaves, True))
    old, new = mth(leaves[:first]), mth(leaves)
    assert merkle.verify_consistency(first, size, old, new, proof)
    assert not merkle.verify_consistency(first, size, bytes(32), new, proof)
    assert not merkle.verify_consistency(first, size, old, bytes(32), proof)


@given(SIZES, st.data())
@settings(max_examples=60)
def test_consistency_proofs_made_in_a_batch_are_the_rfcs(size, data):
    leaves = digests(size)
    pair = st.tuples(st.integers(1, size), st.integers(1, size)).map(sorted)
    pairs = data.draw(st.lists(pair, max_size=5))
    found = merkle_consistency(b"".join(leaves), pack(f"<{2 * len(pairs)}Q", *chain(*pairs)))
    proofs = [subproof(first, leaves[:second], True) for first, second in pairs]
    ends = accumulate(map(len, proofs), initial=0)
    assert found == (b"".join(chain(*proofs)), pack(f"<{len(pairs) + 1}I", *ends))


def test_sizes_roots_and_proofs_of_no_tree_there_can_be_are_refused():
    root = bytes(32)
    assert merkle.verify_consistency(2**63 - 1, 2**63 - 1, root, root, b"")
    assert not merkle.verify_consistency(2**63, 2**63, root, root, b"")
    assert not merkle.verify_consistency(0, 0, root, root, b"")
    assert not merkle.verify_consistency(1, 1, b"", b"", b"")
    assert not merkle.verify_consistency(1, 1, root, root + b"\x00", b"")
    assert not merkle.verify_consistency(3, 2**63 - 1, root, root, bytes(32 * 65))
    assert not merkle.verify_consistency(3, 7, root, root, bytes(33))


@given(SIZES, st.data(), TAMPER)
@settings(max_examples=60)
def test_a_changed_consistency_proof_does_not_verify(size, data, how):
    leaves = digests(size)
    first = data.draw(st.integers(1, size))
    wrong = tampered(merkle.consistency_proof(first, size, merkle.node_over(leaves)), how)
    if wrong is not None:
        old, new = mth(leaves[:first]), mth(leaves)
        assert not merkle.verify_consistency(first, size, old, new, wrong)


def test_a_proof_for_one_size_does_not_pass_for_one_that_takes_more_or_fewer_hashes():
    leaves = digests(16)
    node = merkle.node_over(leaves)
    old = mth(leaves[:4])
    for size, other in ((8, 16), (8, 9), (16, 8), (16, 4)):
        proof = merkle.consistency_proof(4, size, node)
        assert merkle.verify_consistency(4, size, old, mth(leaves[:size]), proof)
        assert not merkle.verify_consistency(4, other, old, mth(leaves[:size]), proof)


@given(st.integers(2, 70), st.data())
@settings(max_examples=60)
def test_a_history_that_was_rewritten_is_not_consistent(size, data):
    leaves = digests(size)
    first = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, first - 1))
    rewritten = [*leaves[:changed], sha256(b"other").digest(), *leaves[changed + 1 :]]
    proof = merkle.consistency_proof(first, size, merkle.node_over(rewritten))
    assert not merkle.verify_consistency(first, size, mth(leaves[:first]), mth(rewritten), proof)
