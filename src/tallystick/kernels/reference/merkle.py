r"""RFC 6962 trees over 32-byte digests: grown in batches, rooted, proven, verified.

    leaf = SHA-256(00 ‖ digest)      node = SHA-256(01 ‖ left ‖ right)      empty = SHA-256("")

    size 7 = 111b          root = node(A, node(B, c))
        A       B    c     peaks = A ‖ B ‖ c, one perfect subtree per binary digit that is set,
       / \      /\   |     the largest first; node hashes on a level pair up, and one without
      01 23    45 .. 6     a partner moves up as it is

    leaves [3, 7) are covered by the perfect subtrees 3, 45 and 6: a range

Law: ``merkle_root(merkle_append(0, b"", leaves))`` is RFC 6962's MTH(leaves), however the leaves
are cut into batches; every proof made verifies, and for no other leaf or prefix.

Reads: limits, kernels.status. Read by: kernels.loader.
Source: RFC 6962 section 2.1; RFC 9162 sections 2.1.3 and 2.1.4; compact ranges:
transparency-dev/merkle.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from tallystick.kernels import status
from tallystick.kernels.reference.casts import (
    expect_rows,
    read_offsets,
    read_u32,
    read_u64,
    split,
    write_u32,
)
from tallystick.limits import DIGEST_BYTES

_SIZE_MAX = 2**64 - 1


def _leaf_hashes(leaves: bytes) -> list[bytes]:
    return [sha256(b"\x00" + leaf).digest() for leaf in split(leaves, DIGEST_BYTES)]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _pair_up(nodes: list[bytes]) -> list[bytes]:
    """One level up; a last node without a partner is left out."""
    return [
        sha256(b"\x01" + left + right).digest()
        for left, right in zip(nodes[::2], nodes[1::2], strict=False)
    ]


def merkle_append(size: int, peaks: bytes, leaves: bytes) -> bytes:
    """The peaks after appending: binary addition, where a carry is a hash.

    Args:
        size: leaves already in the tree.
        peaks: their peaks, 32 bytes for each binary digit of ``size`` that is 1.
        leaves: 32 * k digests, not yet leaf-hashed.

    Raises:
        ValueError: lengths that do not fit.
    """
    if not 0 <= size <= _SIZE_MAX:
        raise ValueError(f"a tree of {size} leaves")
    old = split(peaks, DIGEST_BYTES)
    expect_rows("peaks", len(old), size.bit_count())
    nodes = _leaf_hashes(leaves)
    if size + len(nodes) > _SIZE_MAX:
        raise ValueError(f"a tree of {size + len(nodes)} leaves")
    grown: list[bytes] = []
    level = 0
    while nodes or size >> level:
        if size >> level & 1:
            nodes.insert(0, old.pop())
        if len(nodes) & 1:
            grown.append(nodes.pop())
        nodes = _pair_up(nodes)
        level += 1
    return b"".join(reversed(grown))


def merkle_root(peaks: bytes) -> bytes:
    """The root: peaks folded from the right; SHA-256 of nothing for the empty tree."""
    nodes = split(peaks, DIGEST_BYTES)
    if not nodes:
        return sha256(b"").digest()
    root = nodes.pop()
    while nodes:
        root = _node(nodes.pop(), root)
    return root


def merkle_nodes(leaves: bytes, level: int) -> bytes:
    """Hashes of the perfect subtrees of 2^level leaves each, left to right.

    Raises:
        ValueError: ``level`` outside [0, 63], or leaves that do not fill the last subtree.
    """
    if not 0 <= level < 64:
        raise ValueError(f"level {level}")
    nodes = _leaf_hashes(leaves)
    if len(nodes) % (1 << level):
        raise ValueError(f"{len(nodes)} leaves are no multiple of 2^{level}")
    for _ in range(level if nodes else 0):
        nodes = _pair_up(nodes)
    return b"".join(nodes)


def merkle_range(leaves: bytes, begin: int) -> bytes:
    """Hashes of the fewest perfect, aligned subtrees that cover [begin, begin + n), left to right.

    From 0 they are the peaks; from the end of a slice, what leads from it to a later size.

    Args:
        leaves: the 32 * n digests of that range.

    Raises:
        ValueError: ``begin`` is negative, or the range does not end below 2^64.
    """
    end = begin + len(leaves) // DIGEST_BYTES
    if not 0 <= begin <= end <= _SIZE_MAX:
        raise ValueError(f"leaves [{begin}, {end})")
    hashes = _leaf_hashes(leaves)
    covering = []
    for level, index in _cover(begin, end):
        at = (index << level) - begin
        nodes = hashes[at : at + (1 << level)]
        while len(nodes) > 1:
            nodes = _pair_up(nodes)
        covering += nodes
    return b"".join(covering)


def _cover(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """(level, index) of the fewest perfect, aligned subtrees over the leaves [begin, end)."""
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        yield level, begin >> level
        begin += 1 << level


def merkle_prove(leaves: bytes, indices: bytes) -> tuple[bytes, bytes]:
    """RFC 6962 inclusion proofs in the tree of all ``leaves``; the tree is built once.

    Args:
        leaves: 32 * n digests.
        indices: u32[k], each below n.

    Returns:
        the proofs' hashes, each proof from the leaf upwards, and u32[k + 1] offsets counted in
        hashes.

    Raises:
        ValueError: an index that is not below n.
    """
    levels = [_leaf_hashes(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        alone = below[-1:] if len(below) & 1 else []
        levels.append(_pair_up(below) + alone)
    proofs: list[bytes] = []
    offsets = [0]
    for index in read_u32(indices):
        if index >= len(levels[0]):
            raise ValueError(f"leaf {index} of a tree of {len(levels[0])}")
        for height, nodes in enumerate(levels):
            sibling = index >> height ^ 1
            if sibling < len(nodes):
                proofs.append(nodes[sibling])
        offsets.append(len(proofs))
    return b"".join(proofs), write_u32(offsets)


def merkle_verify(  # noqa: PLR0917 (the columns of one batch)
    root: bytes, size: int, leaves: bytes, indices: bytes, proofs: bytes, offsets: bytes
) -> bytes:
    """One status per leaf: does its proof lead to ``root``?

    Args:
        root: 32 bytes.
        size: leaves in the tree, below 2^64.
        leaves: 32 * k digests.
        indices: u64[k].
        proofs: 32-byte hashes, one proof after the other.
        offsets: u32[k + 1], counted in hashes.

    Returns:
        u8[k]: OK or PROOF.

    Raises:
        ValueError: lengths that do not fit, or offsets that run backwards or past the end.
    """
    if len(root) != DIGEST_BYTES:
        raise ValueError(f"a root of {len(root)} bytes")
    if not 0 <= size <= _SIZE_MAX:
        raise ValueError(f"a tree of {size} leaves")
    hashes = split(proofs, DIGEST_BYTES)
    spans = read_offsets(offsets, len(hashes))
    nodes = _leaf_hashes(leaves)
    rows = read_u64(indices)
    expect_rows("indices", len(rows), len(nodes))
    expect_rows("offsets", len(spans), len(nodes) + 1)
    return bytes(
        status.OK
        if _climb(node, index, size, hashes[spans[row] : spans[row + 1]]) == root
        else status.PROOF
        for row, (node, index) in enumerate(zip(nodes, rows, strict=True))
    )


def _climb(node: bytes, index: int, size: int, proof: list[bytes]) -> bytes | None:
    """The root that a proof leads to, or None when it has not exactly the hashes it needs."""
    if index >= size:
        return None
    used = 0
    while size > 1:
        if index ^ 1 < size:  # else: alone on its level, it moves up as it is
            if used == len(proof):
                return None
            sibling = proof[used]
            node = _node(sibling, node) if index & 1 else _node(node, sibling)
            used += 1
        index >>= 1
        size = (size + 1) >> 1
    return node if used == len(proof) else None


def merkle_consistency(leaves: bytes, sizes: bytes) -> tuple[bytes, bytes]:
    """RFC 6962 consistency proofs between trees of the first leaves; subtrees are hashed once.

    Args:
        leaves: 32 * n digests.
        sizes: u64[2k], pairs (first, second) with 0 < first <= second <= n.

    Returns:
        the proofs' hashes in the RFC's order, none where first = second, and u32[k + 1] offsets
        counted in hashes.

    Raises:
        ValueError: sizes that are not such pairs.
    """
    pairs = _read_pairs(sizes)
    count = len(split(leaves, DIGEST_BYTES))
    for first, second in pairs:
        if not 0 < first <= second <= count:
            raise ValueError(f"from {first} to {second} leaves, of {count}")
    needed = max((second for _, second in pairs), default=0)
    levels = [_leaf_hashes(leaves[: DIGEST_BYTES * needed])]
    while len(levels[-1]) > 1:
        levels.append(_pair_up(levels[-1]))
    proofs: list[bytes] = []
    offsets = [0]
    for first, second in pairs:
        proofs += _consistency(first, second, levels)
        offsets.append(len(proofs))
    return b"".join(proofs), write_u32(offsets)


def _read_pairs(column: bytes) -> list[tuple[int, int]]:
    numbers = read_u64(column)
    if len(numbers) & 1:
        raise ValueError(f"a column of pairs has {len(numbers)} numbers")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _consistency(first: int, second: int, levels: list[list[bytes]]) -> list[bytes]:
    """PROOF(first, D[second]) from all perfect subtrees, level by level."""

    def root(begin: int, end: int) -> bytes:
        return merkle_root(b"".join(levels[level][index] for level, index in _cover(begin, end)))

    path = []
    begin, end = 0, second
    while first != end:
        middle = begin + (1 << (end - begin - 1).bit_length() - 1)
        if first <= middle:
            path.append(root(middle, end))
            end = middle
        else:
            path.append(root(begin, middle))
            begin = middle
    if begin:  # else: the old tree is a perfect subtree, and the verifier has its root
        path.append(root(begin, end))
    return path[::-1]


def merkle_verify_consistency(
    sizes: bytes, first_roots: bytes, second_roots: bytes, proofs: bytes, offsets: bytes
) -> bytes:
    """One status per pair of trees: is the first a prefix of the second?

    Args:
        sizes: u64[2k], pairs (first, second); any numbers.
        first_roots: 32 * k bytes.
        second_roots: 32 * k bytes.
        proofs: 32-byte hashes, one proof after the other.
        offsets: u32[k + 1], counted in hashes.

    Returns:
        u8[k]: OK or PROOF.

    Raises:
        ValueError: lengths that do not fit, or offsets that run backwards or past the end.
    """
    pairs = _read_pairs(sizes)
    old, new = split(first_roots, DIGEST_BYTES), split(second_roots, DIGEST_BYTES)
    hashes = split(proofs, DIGEST_BYTES)
    spans = read_offsets(offsets, len(hashes))
    expect_rows("first_roots", len(old), len(pairs))
    expect_rows("second_roots", len(new), len(pairs))
    expect_rows("offsets", len(spans), len(pairs) + 1)
    return bytes(
        status.OK
        if _is_prefix(first, second, old[row], new[row], hashes[spans[row] : spans[row + 1]])
        else status.PROOF
        for row, (first, second) in enumerate(pairs)
    )


def _is_prefix(first: int, second: int, old: bytes, new: bytes, proof: list[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and old == new
    # The root of a power of two is a node of the second tree, so the proof leaves it out.
    path = [old, *proof] if first.bit_count() == 1 else proof
    if not path:
        return False
    below, last = first - 1, second - 1
    while below & 1:
        below >>= 1
        last >>= 1
    old_top = new_top = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if below & 1 or below == last:
            old_top = _node(sibling, old_top)
            new_top = _node(sibling, new_top)
            while below & 1 == 0 and below:
                below >>= 1
                last >>= 1
        else:
            new_top = _node(new_top, sibling)
        below >>= 1
        last >>= 1
    return last == 0 and old_top == old and new_top == new
