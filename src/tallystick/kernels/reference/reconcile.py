"""Fingerprints of ranges of authors: what two replicas compare instead of whole vectors.

    tags, ascending      03.. 1f.. │ 52.. 60.. 7e.. │ (none) │ c4.. e9..       bits = 2
    values                4    9   │  1    7    2   │        │  5    3
    sums            0 ... 4   13   │ 14   21   23   │   23   │ 28   31
    range                   0      │        1       │   2    │     3
    fingerprint            13      │       10       │   0    │     8      sum at end - at begin

    tag   = SHA-256(key ‖ "a" ‖ author)[:8]              compared as bytes
    value = SHA-256(key ‖ "v" ‖ author ‖ lines)[:8]      u64le

Law: tags and values depend on a key of one session, so nobody who picks records can aim at a
range or make two sets of records sum to the same.

Reads: limits, kernels.reference.casts. Read by: kernels.loader.
Source: range-based set reconciliation, A. Meyer, arXiv 2212.13567; sums instead of XOR, because
with XOR an adversary who learns values solves a linear system, and because they are as cheap.
"""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from itertools import accumulate, pairwise

from tallystick.kernels.reference.casts import (
    expect_rows,
    read_offsets,
    read_u32,
    read_u64,
    split,
    write_u32,
    write_u64,
)
from tallystick.limits import DIGEST_BYTES

_TAG_BYTES = 8
_PREFIX_BITS_MAX = 32
_U64 = 2**64
_U32 = 2**32


def reconcile_items(
    key: bytes, authors: bytes, lines: bytes, offsets: bytes
) -> tuple[bytes, bytes, bytes]:
    """Authors in the order of their tags, with prefix sums of their values.

    Args:
        key: 32 bytes, of one session.
        authors: 32 * n.
        lines: what is said of each author, one after the other.
        offsets: u32[n + 1] into ``lines``.

    Returns:
        tags 8 * n ascending (equal ones in the rows' order), the row of each as u32[n], and the
        sums mod 2^64 of the values before each place and behind the last, u64[n + 1].

    Cost: two hashes an author, and a sort.

    Raises:
        ValueError: columns that do not fit.
    """
    if len(key) != DIGEST_BYTES:
        raise ValueError(f"a key of {len(key)} bytes")
    named = split(authors, DIGEST_BYTES)
    spans = read_offsets(offsets, len(lines))
    expect_rows("offsets", len(spans), len(named) + 1)
    said = [bytes(lines[begin:end]) for begin, end in pairwise(spans)]
    tags = [sha256(key + b"a" + author).digest()[:_TAG_BYTES] for author in named]
    rows = sorted(range(len(named)), key=tags.__getitem__)
    hashed = (sha256(key + b"v" + named[row] + said[row]).digest() for row in rows)
    values = (int.from_bytes(digest[:8], "little") for digest in hashed)
    sums = accumulate(values, lambda total, value: (total + value) % _U64, initial=0)
    return b"".join(tags[row] for row in rows), write_u32(rows), write_u64(list(sums))


def reconcile_ranges(tags: bytes, sums: bytes, prefixes: bytes, bits: int) -> tuple[bytes, bytes]:
    """Where ranges lie among sorted tags, and their fingerprints.

    Args:
        tags, sums: from ``reconcile_items``.
        prefixes: u32[k], each below 2^bits: the range of tags that begin with these bits.
        bits: 0 to 32.

    Returns:
        u32[2 * k], first place and the place behind the last of each range; and 4 * k bytes, the
        sums of its values mod 2^32, little-endian.

    Cost: O(n) once, and O(log n) a range.

    Raises:
        ValueError: columns that do not fit, tags that do not ascend, or a prefix out of range.
    """
    if not 0 <= bits <= _PREFIX_BITS_MAX:
        raise ValueError(f"prefixes of {bits} bits")
    places = [int.from_bytes(tag, "big") for tag in split(tags, _TAG_BYTES)]
    if any(a > b for a, b in pairwise(places)):
        raise ValueError("tags do not ascend")
    totals = read_u64(sums)
    expect_rows("sums", len(totals), len(places) + 1)
    wanted = read_u32(prefixes)
    if any(prefix >> bits for prefix in wanted):
        raise ValueError(f"a prefix of more than {bits} bits")
    shift = 64 - bits
    bounds: list[int] = []
    found: list[int] = []
    for prefix in wanted:
        begin = bisect_left(places, prefix << shift)
        end = bisect_left(places, (prefix + 1) << shift)
        bounds += (begin, end)
        found.append((totals[end] - totals[begin]) % _U32)
    return write_u32(bounds), write_u32(found)
