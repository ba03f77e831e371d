"""Merkle trees by the recursion of RFC 6962, and graphs by walking every path.

Reads: spec/plain.py. Read by: spec/make_vectors.py.
Source: RFC 6962 sections 2.1, 2.1.1 and 2.1.2; the roots of its reference tests.
"""

from __future__ import annotations

from hashlib import sha256

from plain import digest

REFERENCE_LEAVES = [
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

EVENTS = [
    # (parents, chain, seq): two authors apart and joined, a fork of chain 1, a lone root
    ([], 0, 0),
    ([0], 1, 0),
    ([0], 0, 1),
    ([1, 2], 1, 1),
    ([1], 1, 1),
    ([2], 2, 0),
    ([3, 5], 0, 2),
    ([4], 1, 2),
    ([], 3, 0),
    ([6, 7], 2, 1),
]


def root(leaves: list[bytes]) -> bytes:
    """MTH."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH."""
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*path(index, leaves[:half]), root(leaves[half:])]
    return [*path(index - half, leaves[half:]), root(leaves[:half])]


def subproof(first: int, leaves: list[bytes], *, known: bool = True) -> list[bytes]:
    """SUBPROOF; with ``known`` it is PROOF."""
    if first == len(leaves):
        return [] if known else [root(leaves)]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if first <= half:
        return [*subproof(first, leaves[:half], known=known), root(leaves[half:])]
    return [*subproof(first - half, leaves[half:], known=False), root(leaves[:half])]


def covering(begin: int, end: int, at: int, size: int) -> list[tuple[int, int]]:
    """The perfect subtrees in [begin, end), looked for from the one over [at, at + size) down."""
    if begin <= at and at + size <= end:
        return [(at, size)]
    if end <= at or at + size <= begin:
        return []
    half = size // 2
    return [*covering(begin, end, at, half), *covering(begin, end, at + half, half)]


def peaks(leaves: list[bytes]) -> list[bytes]:
    """Roots of the perfect subtrees, the largest first."""
    if not leaves:
        return []
    size = 1 << len(leaves).bit_length() - 1
    return [root(leaves[:size]), *peaks(leaves[size:])]


def merkle() -> dict[str, object]:
    """The whole file."""
    known = [bytes.fromhex(leaf) for leaf in REFERENCE_LEAVES]
    for size, expected in enumerate(REFERENCE_ROOTS, 1):
        assert root(known[:size]).hex() == expected, "the recursion is not RFC 6962's"
    leaves = [digest(f"leaf {number}") for number in range(33)]
    trees = []
    for size in [*range(18), 31, 32, 33]:
        part = leaves[:size]
        tree = {
            "size": size,
            "root": root(part).hex(),
            "peaks": [peak.hex() for peak in peaks(part)],
            "proofs": [[node.hex() for node in path(n, part)] for n in range(size)],
        }
        trees.append(tree)
    levels = [
        {
            "level": level,
            "leaves": count << level,
            "nodes": [root(leaves[at << level : (at + 1) << level]).hex() for at in range(count)],
        }
        for level, count in ((0, 0), (0, 3), (1, 3), (2, 2), (3, 4), (5, 1))
    ]
    return {
        "about": "RFC 6962 over 32-byte digests: `leaves` are not yet leaf-hashed.",
        "leaves": [leaf.hex() for leaf in leaves],
        "trees": trees,
        "levels": levels,
        "refused": refused(leaves),
        "ranges": ranges(leaves),
        "consistency": consistency(leaves),
        "inconsistent": inconsistent(leaves),
    }


def ranges(leaves: list[bytes]) -> list[dict[str, object]]:
    """The first ``count`` leaves, taken for those of [begin, begin + count)."""
    places = [
        *((0, 0), (0, 1), (0, 7), (0, 33), (1, 1), (1, 7), (2, 2), (3, 8), (3, 0), (5, 22)),
        *((8, 8), (12, 20), (31, 2), (2**32 - 3, 11), (2**62 + 4, 31), (2**63 - 17, 16)),
        *((2**63 - 5, 9), (2**64 - 2, 1), (2**64 - 34, 33), (2**64 - 1, 0)),
    ]
    found: list[dict[str, object]] = []
    for begin, count in places:
        cover = covering(begin, begin + count, 0, 2**64) if count else []
        parts = (leaves[at - begin : at - begin + size] for at, size in cover)
        nodes = [root(part).hex() for part in parts]
        found.append({"begin": str(begin), "count": count, "nodes": nodes})
    return found


def consistency(leaves: list[bytes]) -> list[dict[str, object]]:
    """Every pair of small trees, and some of greater ones."""
    pairs = [(first, second) for second in range(1, 10) for first in range(1, second + 1)]
    pairs += [(first, second) for second in (13, 17) for first in range(1, second + 1, 2)]
    pairs += [(first, 33) for first in (1, 7, 8, 16, 17, 24, 31, 32, 33)]
    return [
        {
            "first": first,
            "second": second,
            "first_root": root(leaves[:first]).hex(),
            "second_root": root(leaves[:second]).hex(),
            "proof": [node.hex() for node in subproof(first, leaves[:second])],
        }
        for first, second in pairs
    ]


def inconsistent(leaves: list[bytes]) -> list[dict[str, object]]:
    """Proofs that prove nothing, made from the good ones from 3 and from 4 leaves to 7."""
    second = 7
    three, four, seven = root(leaves[:3]), root(leaves[:4]), root(leaves[:second])
    good, short = subproof(3, leaves[:second]), subproof(4, leaves[:second])
    other = [*leaves[:1], leaves[8], *leaves[2:second]]
    far = 2**64 - 1
    cases = [
        ("another first size", 2, second, three, seven, good),
        ("a first size of no leaves", 0, second, root([]), seven, []),
        ("two trees of no leaves", 0, 0, root([]), root([]), []),
        ("another second size", 3, 9, three, seven, good),
        ("the sizes swapped", second, 3, seven, three, good),
        ("the roots swapped", 3, second, seven, three, good),
        ("another first root", 3, second, four, seven, good),
        ("another second root", 3, second, three, root(leaves[:8]), good),
        ("a history that was rewritten", 3, second, three, root(other), subproof(3, other)),
        ("a hash too few", 3, second, three, seven, good[:-1]),
        ("a hash too many", 3, second, three, seven, [*good, seven]),
        ("no proof", 3, second, three, seven, []),
        ("hashes swapped", 3, second, three, seven, [good[1], good[0], *good[2:]]),
        ("no proof from a power of two", 4, second, four, seven, []),
        ("the root of a power of two sent along", 4, second, four, seven, [four, *short]),
        ("sizes below those of the roots", 3, 4, seven, root(leaves[:8]), subproof(7, leaves[:8])),
        ("two roots for one size", second, second, seven, root(other), []),
        ("a hash from a size to itself", second, second, seven, seven, [seven]),
        ("no proof to a tree without end", 1, far, leaves[0], leaves[0], []),
        ("hashes enough for any tree", far - 1, far, three, seven, [seven] * 65),
    ]
    return [
        {
            "name": name,
            "first": str(first),
            "second": str(second_),
            "first_root": old.hex(),
            "second_root": new.hex(),
            "proof": [node.hex() for node in proof],
        }
        for name, first, second_, old, new, proof in cases
    ]


def refused(leaves: list[bytes]) -> list[dict[str, object]]:
    """Proofs that prove nothing, all made from the good one for leaf 4 of 7."""
    size, index = 7, 4
    top = root(leaves[:size])
    good = path(index, leaves[:size])
    cases = [
        ("another leaf", top, size, leaves[5], index, good),
        ("another index", top, size, leaves[4], 5, good),
        ("another size", top, 9, leaves[4], index, good),
        ("another root", root(leaves[:6]), size, leaves[4], index, good),
        ("an index beyond the tree", top, size, leaves[4], 7, good),
        ("an index far beyond the tree", top, size, leaves[4], 2**64 - 1, good),
        ("the second leaf of a tree of one", root(leaves[4:5]), 1, leaves[4], 1, []),
        ("an empty tree", root([]), 0, leaves[4], 0, []),
        ("a hash too few", top, size, leaves[4], index, good[:-1]),
        ("a hash too many", top, size, leaves[4], index, [*good, top]),
        ("no proof", top, size, leaves[4], index, []),
        ("hashes swapped", top, size, leaves[4], index, [good[1], good[0], good[2]]),
        ("a node passed off as a leaf", top, size, good[0], 2, good[1:]),
    ]
    return [
        {
            "name": name,
            "root": root_.hex(),
            "size": str(size_),
            "leaf": leaf.hex(),
            "index": str(index_),
            "proof": [node.hex() for node in proof],
        }
        for name, root_, size_, leaf, index_, proof in cases
    ]


def past(row: int) -> set[int]:
    """A row and its ancestors, by every path."""
    return {row}.union(*(past(parent) for parent in EVENTS[row][0]))


def graph() -> dict[str, object]:
    """The whole file."""
    rows = range(len(EVENTS))
    lamports = [len_of_longest_way(row) for row in rows]
    authors = [digest(f"author {chain}") for _, chain, _ in EVENTS]
    ids = [digest(f"event {row}") for row in rows]
    keys = [(lamports[row], authors[row], EVENTS[row][2], ids[row]) for row in rows]
    frontiers = [[], [0], [4], [3, 4], [6], [6, 7], [8, 9], list(rows)]
    return {
        "about": "Rows of parents, parents first; order is by (lamport, author, seq, id).",
        "parents": [parents for parents, _, _ in EVENTS],
        "chains": [chain for _, chain, _ in EVENTS],
        "seqs": [seq for _, _, seq in EVENTS],
        "authors": [author.hex() for author in authors],
        "ids": [id_.hex() for id_ in ids],
        "lamports": lamports,
        "order": sorted(rows, key=keys.__getitem__),
        "heads": [row for row in rows if not any(row in parents for parents, _, _ in EVENTS)],
        "past": [sorted(past(row)) for row in rows],
        "vectors": [{"frontier": rows_, "counts": counts(rows_)} for rows_ in frontiers],
        "ties": ties(),
    }


def len_of_longest_way(row: int) -> int:
    """Steps to a root on the longest way."""
    return max((1 + len_of_longest_way(parent) for parent in EVENTS[row][0]), default=0)


def counts(frontier: list[int]) -> list[int]:
    """Events per chain in the frontier's past."""
    reached = set().union(*map(past, frontier)) if frontier else set()
    return [
        max((EVENTS[row][2] + 1 for row in reached if EVENTS[row][1] == chain), default=0)
        for chain in range(4)
    ]


def ties() -> dict[str, object]:
    """Rows that only a later part of the key tells apart, and numbers of 64 bits."""
    low, high = b"\x00" * 31 + b"\xff", b"\x01" + b"\x00" * 31
    rows = [
        (5, high, 0, low),
        (5, low, 2**63 - 1, low),
        (2**63 - 1, low, 0, low),
        (5, low, 256, high),
        (5, low, 256, low),
        (5, low, 255, high),
        (0, high, 9, high),
    ]
    return {
        "lamports": [str(row[0]) for row in rows],
        "authors": [row[1].hex() for row in rows],
        "seqs": [str(row[2]) for row in rows],
        "ids": [row[3].hex() for row in rows],
        "order": sorted(range(len(rows)), key=rows.__getitem__),
    }
