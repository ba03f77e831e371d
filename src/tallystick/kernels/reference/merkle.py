r"""RFC 6962 trees over 32-byte digests: grown in batches, rooted, proven, verified.

    leaf = SHA-256(00 ‖ digest)      node = SHA-256(01 ‖ left ‖ right)      empty = SHA-256("")

    size 7 = 111b          root = node(A, node(B, c))
        A       B    c     peaks = A ‖ B ‖ c, one perfect subtree per binary digit that is set,
       / \      /\   |     the largest first; node hashes on a level pair up, and one without
      01 23    45 .. 6     a partner moves up as it is

Law: ``merkle_root(merkle_append(0, b"", leaves))`` is RFC 6962's MTH(leaves), however the leaves
are cut into batches; every proof made verifies, and for no other leaf.

Reads: limits, kernels.status. Read by: kernels.loader.
Source: RFC 6962 section 2.1; RFC 9162 section 2.1.3; compact ranges: transparency-dev/merkle.
"""

from __future__ import annotations

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
