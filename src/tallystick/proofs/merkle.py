"""Which hashes connect one part of an RFC 6962 tree to the whole, and whether they do.

    size 11 = 1011b                                   root
                          ┌─────────────────────────────┴───────┐
                        (3,0)                                  ┌─┴─┐
              ┌───────────┴───────────┐                     (1,4)  (0,10)
            (2,0)                   (2,1)                   ┌─┴─┐
         ┌────┴────┐             ┌────┴────┐                8   9
       (1,0)     (1,1)         (1,2)     (1,3)
       0   1     2   3         4   5     6   7          (level, index): leaves
                                                        [index * 2^level, (index + 1) * 2^level)

    decompose(3, 11) = (0,3) (2,1) (1,4) (0,10)      the fewest perfect subtrees, left to right
    peaks of n       = hashes of decompose(0, n)
    extend           peaks of 3, hashes of decompose(3, 11)  ──►  root of 11

A ``node(level, index)`` function hands in hashes of perfect subtrees; whoever keeps the tree
decides how (store: a few levels kept, the rest hashed again). Everything else follows from those.

Law: a function that verifies returns True only for the one set of leaves that was signed, with
exactly the hashes it needs, no more and no fewer; it never raises because of what a peer sent.

Reads: kernels, limits. Read by: chain, store, sync.
Source: RFC 6962 section 2.1; RFC 9162 sections 2.1.3 and 2.1.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from tallystick.kernels import merkle_root, merkle_verify, merkle_verify_consistency, status
from tallystick.limits import DIGEST_BYTES, UINT_MAX

Node = Callable[[int, int], bytes]
"""(level, index) -> 32-byte hash of that perfect subtree."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two children."""
    return sha256(b"\x01" + left + right).digest()


def leaf_hash(digest: bytes) -> bytes:
    """The hash of one leaf, whose data is a 32-byte digest."""
    return sha256(b"\x00" + digest).digest()


def decompose(begin: int, end: int) -> list[tuple[int, int]]:
    """The fewest perfect, aligned subtrees that cover the leaves [begin, end), left to right.

    Returns:
        (level, index) pairs, at most 2 log2(end) of them; none when begin = end.

    Raises:
        ValueError: unless 0 <= begin <= end < 2^63.

    >>> decompose(3, 11)
    [(0, 3), (2, 1), (1, 4), (0, 10)]
    """
    if not 0 <= begin <= end <= UINT_MAX:
        raise ValueError(f"leaves [{begin}, {end})")
    cover = []
    while begin < end:
        fits = (end - begin).bit_length() - 1
        level = min(fits, (begin & -begin).bit_length() - 1) if begin else fits
        cover.append((level, begin >> level))
        begin += 1 << level
    return cover


def subtree_hashes(begin: int, end: int, node: Node) -> bytes:
    """The hashes of ``decompose(begin, end)``, 32 bytes each.

    ``subtree_hashes(0, n, node)`` are the peaks of n; ``subtree_hashes(end, size, node)`` is what
    proves leaves before ``end`` against the root of ``size``.
    """
    return b"".join(node(level, index) for level, index in decompose(begin, end))


def extend_peaks(size: int, peaks: bytes, end: int, hashes: bytes) -> bytes | None:
    """The peaks of ``end`` from those of ``size`` and the hashes of ``decompose(size, end)``.

    Returns:
        the peaks; None when ``hashes`` has not exactly the hashes it takes, or end < size.

    Raises:
        ValueError: ``peaks`` are not those of a tree of ``size`` leaves.
    """
    if len(peaks) != DIGEST_BYTES * size.bit_count():
        raise ValueError(f"{len(peaks)} bytes of peaks for {size} leaves")
    if not size <= end <= UINT_MAX:
        return None
    if size == end:  # the usual case: nothing to add
        return None if hashes else peaks
    if len(hashes) != DIGEST_BYTES * len(decompose(size, end)):
        return None
    return join_ranges(0, peaks, size, hashes, end)


def extend(size: int, peaks: bytes, end: int, hashes: bytes) -> bytes | None:
    """The root of ``end`` from the peaks of ``size`` and the hashes of ``decompose(size, end)``.

    Returns:
        32 bytes, or None as in ``extend_peaks``.

    Raises:
        ValueError: ``peaks`` are not those of a tree of ``size`` leaves.
    """
    peaks_of_end = extend_peaks(size, peaks, end, hashes)
    return None if peaks_of_end is None else merkle_root(peaks_of_end)


def join_ranges(begin: int, left: bytes, middle: int, right: bytes, end: int) -> bytes:
    """The hashes of ``decompose(begin, end)`` out of those of the two neighbouring ranges.

    Args:
        left: hashes of ``decompose(begin, middle)``.
        right: hashes of ``decompose(middle, end)``.

    Raises:
        ValueError: a range with more or fewer hashes than it takes.
    """
    nodes: list[tuple[int, int, bytes]] = []
    for (level, index), digest in (
        *zip(decompose(begin, middle), _split(left), strict=True),
        *zip(decompose(middle, end), _split(right), strict=True),
    ):
        height, place, merged = level, index, digest
        # Binary addition, where a carry is a hash: two siblings become their parent.
        while nodes and place & 1 and nodes[-1][:2] == (height, place - 1):
            merged = node_hash(nodes.pop()[2], merged)
            height, place = height + 1, place >> 1
        nodes.append((height, place, merged))
    return b"".join(digest for _, _, digest in nodes)


def range_hash(begin: int, end: int, node: Node) -> bytes:
    """The root over the leaves [begin, end).

    ``begin`` is a multiple of the least power of two that is not below end - begin, as it is in
    every subtree of an RFC 6962 tree.
    """
    return merkle_root(subtree_hashes(begin, end, node))


def inclusion_proof(index: int, size: int, node: Node) -> bytes:
    """RFC 6962 PATH(index, D[size]): hashes from the leaf's sibling up to the root's child.

    Raises:
        ValueError: unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} of a tree of {size}")
    path = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split_point(end - begin)
        if index < middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(begin, middle, node))
            begin = middle
    return b"".join(reversed(path))


def verify_inclusion(index: int, size: int, digest: bytes, proof: bytes, root: bytes) -> bool:
    """Whether ``proof`` shows that leaf ``index`` of the tree (size, root) holds ``digest``."""
    if len(proof) % DIGEST_BYTES or not 0 <= index < size <= UINT_MAX:
        return False
    if len(digest) != DIGEST_BYTES or len(root) != DIGEST_BYTES or len(proof) > 64 * DIGEST_BYTES:
        return False
    count = len(proof) // DIGEST_BYTES
    offsets = bytes(4) + count.to_bytes(4, "little")
    verdict = merkle_verify(root, size, digest, index.to_bytes(8, "little"), proof, offsets)
    return verdict[0] == status.OK


def consistency_proof(first: int, second: int, node: Node) -> bytes:
    """RFC 6962 PROOF(first, D[second]): that the first ``first`` leaves are a prefix.

    Empty when first = second.

    Raises:
        ValueError: unless 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError(f"from {first} to {second} leaves")
    path = []
    begin, end = 0, second
    while first != end:
        middle = begin + _split_point(end - begin)
        if first <= middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(begin, middle, node))
            begin = middle
    if begin:  # else: the old tree is a perfect subtree, and the verifier has its root
        path.append(range_hash(begin, end, node))
    return b"".join(reversed(path))


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: bytes
) -> bool:
    """Whether ``proof`` shows that the tree (first, first_root) is a prefix of the second.

    The algorithm of RFC 9162 section 2.1.4.2. Sizes in [1, 2^63).
    """
    if not 0 < first <= second <= UINT_MAX or len(proof) % DIGEST_BYTES:
        return False
    if len(first_root) != DIGEST_BYTES or len(second_root) != DIGEST_BYTES:
        return False
    if len(proof) > 64 * DIGEST_BYTES:
        return False
    sizes = first.to_bytes(8, "little") + second.to_bytes(8, "little")
    offsets = bytes(4) + (len(proof) // DIGEST_BYTES).to_bytes(4, "little")
    verdict = merkle_verify_consistency(sizes, first_root, second_root, proof, offsets)
    return verdict[0] == status.OK


def node_over(leaves: Sequence[bytes]) -> Node:
    """A node function over leaf digests in memory, for small trees: O(2^level) a node."""

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hash(leaves[index])
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return node


def _split_point(size: int) -> int:
    """The greatest power of two below ``size`` (>= 2)."""
    return 1 << (size - 1).bit_length() - 1


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + DIGEST_BYTES] for at in range(0, len(hashes), DIGEST_BYTES)]
