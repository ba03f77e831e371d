"""Merkle proofs against RFC 6962's recursive sentences, true ones and tampered ones.

    random size, 64 random leaves of it ──► kernel's proofs ──► the same hashes as PATH(m, D[n])
                                       ├──► all of them verify
                                       └──► each changed in one way: none of them verifies

Law: the definitions here are the RFC's words and share nothing with the code that is checked but
SHA-256. The same for consistency, with PROOF(m, D[n]).

Reads: kernels. Read by: tests.orders.
Source: RFC 6962 section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, pairwise
from random import Random
from struct import pack, unpack

from tallystick import kernels
from tallystick.kernels import status

LEAVES_MAX = 1 << 14
PER_TREE = 64
HASH = 32


def digest(number: int) -> bytes:
    return sha256(b"leaf %d" % number).digest()


class Definition:
    """D[n] for any n up to ``LEAVES_MAX``; hashes of perfect subtrees are remembered."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves, self.data = leaves, b"".join(leaves)
        self._perfect: dict[tuple[int, int], bytes] = {}

    def mth(self, begin: int, end: int) -> bytes:
        """MTH(D[begin:end])."""
        count = end - begin
        if count == 1:
            return sha256(b"\x00" + self.leaves[begin]).digest()
        known = self._perfect.get((begin, end))
        if known is not None:
            return known
        k = split_point(count)
        found = sha256(b"\x01" + self.mth(begin, begin + k) + self.mth(begin + k, end)).digest()
        if count == 2 * k:
            self._perfect[begin, end] = found
        return found

    def path(self, m: int, begin: int, end: int) -> list[bytes]:
        """PATH(m, D[begin:end])."""
        if end - begin == 1:
            return []
        k = split_point(end - begin)
        if m < k:
            return [*self.path(m, begin, begin + k), self.mth(begin + k, end)]
        return [*self.path(m - k, begin + k, end), self.mth(begin, begin + k)]

    def subproof(self, m: int, begin: int, end: int, whole: bool) -> list[bytes]:
        """SUBPROOF(m, D[begin:end], b); PROOF(m, D[n]) with b true."""
        if m == end - begin:
            return [] if whole else [self.mth(begin, end)]
        k = split_point(end - begin)
        if m <= k:
            return [*self.subproof(m, begin, begin + k, whole), self.mth(begin + k, end)]
        return [*self.subproof(m - k, begin + k, end, False), self.mth(begin, begin + k)]


def split_point(size: int) -> int:
    """The largest power of two smaller than ``size`` (> 1)."""
    k = 1
    while 2 * k < size:
        k *= 2
    return k


# --- tampering ----------------------------------------------------------------------------------


@dataclass
class Claim:
    """What a proof is said to show; of a consistency proof ``index`` is the first size."""

    index: int
    size: int
    leaf: bytes
    root: bytes
    proof: list[bytes]

    @property
    def key(self) -> tuple[int, int, bytes, bytes, tuple[bytes, ...]]:
        return (self.index, self.size, self.leaf, self.root, tuple(self.proof))


Tamper = Callable[[Random, Claim], None]


def flipped(random: Random, data: bytes) -> bytes:
    bit = random.randrange(8 * len(data))
    return bytes(b ^ (1 << bit % 8 if at == bit // 8 else 0) for at, b in enumerate(data))


def flip_hash(random: Random, one: Claim) -> None:
    if one.proof:
        at = random.randrange(len(one.proof))
        one.proof[at] = flipped(random, one.proof[at])


def flip_leaf(random: Random, one: Claim) -> None:
    one.leaf = flipped(random, one.leaf)


def flip_root(random: Random, one: Claim) -> None:
    one.root = flipped(random, one.root)


def drop(random: Random, one: Claim) -> None:
    if one.proof:
        del one.proof[random.choice((0, -1, random.randrange(len(one.proof))))]


def add(random: Random, one: Claim) -> None:
    more = random.choice((bytes(HASH), random.randbytes(HASH), one.root, one.leaf))
    one.proof.insert(random.choice((0, len(one.proof))), more)


def repeat(random: Random, one: Claim) -> None:
    if one.proof:
        at = random.randrange(len(one.proof))
        one.proof.insert(at, one.proof[at])


def swap(random: Random, one: Claim) -> None:
    if len(one.proof) > 1:
        a, b = random.sample(range(len(one.proof)), 2)
        one.proof[a], one.proof[b] = one.proof[b], one.proof[a]


def reverse(random: Random, one: Claim) -> None:
    one.proof.reverse()


def move(random: Random, one: Claim) -> None:
    """Another leaf of the tree, or one that it has not; of two sizes another first one."""
    near = one.index ^ 1 << random.randrange(15)
    one.index = random.choice((near, one.size, one.size + 1, random.randrange(one.size)))


TAMPERS: tuple[Tamper, ...] = (
    *(flip_hash, flip_hash, flip_leaf, flip_root, drop, drop, add, repeat, swap, reverse, move),
)


def tampered(random: Random, one: Claim) -> Claim:
    """The claim changed in one way that changes something."""
    while True:
        other = Claim(one.index, one.size, one.leaf, one.root, list(one.proof))
        random.choice(TAMPERS)(random, other)
        if other.key != one.key:
            return other


# --- the kernels' answers -----------------------------------------------------------------------


def verify(claims: list[Claim]) -> list[bool]:
    """Inclusion of many claims about one size; a call for each root there is."""
    found: dict[int, bool] = {}
    by_root: dict[bytes, list[int]] = {}
    for at, one in enumerate(claims):
        by_root.setdefault(one.root, []).append(at)
    for root, places in by_root.items():
        part = [claims[at] for at in places]
        hashes, offsets = columns(part)
        verdicts = kernels.merkle_verify(
            root,
            part[0].size,
            b"".join(one.leaf for one in part),
            pack(f"<{len(part)}Q", *(one.index for one in part)),
            hashes,
            offsets,
        )
        found.update(zip(places, (v == status.OK for v in verdicts), strict=True))
    return [found[at] for at in range(len(claims))]


def verify_consistency(claims: list[Claim]) -> list[bool]:
    """Consistency of many claims, ``leaf`` being the first root; all in one call."""
    hashes, offsets = columns(claims)
    verdicts = kernels.merkle_verify_consistency(
        pack(f"<{2 * len(claims)}Q", *(n for one in claims for n in (one.index, one.size))),
        b"".join(one.leaf for one in claims),
        b"".join(one.root for one in claims),
        hashes,
        offsets,
    )
    return [verdict == status.OK for verdict in verdicts]


def columns(claims: list[Claim]) -> tuple[bytes, bytes]:
    ends = accumulate((len(one.proof) for one in claims), initial=0)
    hashes = b"".join(h for one in claims for h in one.proof)
    return hashes, pack(f"<{len(claims) + 1}I", *ends)


def proofs_of(found: tuple[bytes, bytes]) -> Iterator[list[bytes]]:
    hashes, column = found
    offsets = unpack(f"<{len(column) // 4}I", column)
    for begin, end in pairwise(offsets):
        yield [hashes[HASH * at : HASH * (at + 1)] for at in range(begin, end)]


# --- the run ------------------------------------------------------------------------------------


@dataclass
class Figures:
    """Counts of one run; everything but the first three must be 0."""

    inclusion: int = 0
    consistency: int = 0
    tampered: int = 0
    differing: int = 0
    """proofs that are not the definition's, or roots"""
    refused: int = 0
    """true proofs that did not verify"""
    accepted: int = 0
    """tampered proofs that did"""


def run(
    count: int, seed: int, *, told: Callable[[Figures], None] = lambda _figures: None
) -> Figures:
    """``count`` random inclusion proofs and a tenth as many of consistency, each once tampered."""
    random, figures = Random(f"merkle/{seed}"), Figures()
    leaves = [digest(number) for number in range(LEAVES_MAX)]
    definition = Definition(leaves)
    while figures.inclusion < count:
        size = max(1, int(2 ** random.uniform(0, LEAVES_MAX.bit_length() - 1)))
        rows = min(PER_TREE, count - figures.inclusion)
        check_inclusion(random, definition, size, rows, figures)
        check_consistency(random, definition, size, 1 + rows // 10, figures)
        told(figures)
    return figures


def check_inclusion(
    random: Random, definition: Definition, size: int, rows: int, figures: Figures
) -> None:
    whole = definition.data[: HASH * size]
    indices = [random.randrange(size) for _ in range(rows)]
    found = kernels.merkle_prove(whole, pack(f"<{rows}I", *indices))
    root = definition.mth(0, size)
    figures.differing += kernels.merkle_root(kernels.merkle_append(0, b"", whole)) != root
    claims = []
    for index, proof in zip(indices, proofs_of(found), strict=True):
        figures.differing += proof != definition.path(index, 0, size)
        claims.append(Claim(index, size, definition.leaves[index], root, proof))
    figures.refused += verify(claims).count(False)
    figures.accepted += verify([tampered(random, one) for one in claims]).count(True)
    figures.inclusion += rows
    figures.tampered += rows


def check_consistency(
    random: Random, definition: Definition, size: int, rows: int, figures: Figures
) -> None:
    firsts = [random.randint(1, size) for _ in range(rows)]
    pairs = pack(f"<{2 * rows}Q", *(n for first in firsts for n in (first, size)))
    found = kernels.merkle_consistency(definition.data[: HASH * size], pairs)
    root, claims = definition.mth(0, size), []
    for first, proof in zip(firsts, proofs_of(found), strict=True):
        figures.differing += proof != definition.subproof(first, 0, size, True)
        claims.append(Claim(first, size, definition.mth(0, first), root, proof))
    figures.refused += verify_consistency(claims).count(False)
    figures.accepted += verify_consistency([tampered(random, one) for one in claims]).count(True)
    figures.consistency += rows
    figures.tampered += rows
