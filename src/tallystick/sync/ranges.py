"""Where two large sets of authors differ, in three messages and a few bytes an author that differs.

    responder   RangesOf   2^b sums        │ = │ = │ ≠ │ = │ ...      about 16 authors a range
    initiator   Split      2^s sums each           └ │ = │ ≠ │ = │    of the ranges that differ
    responder   Leaves     entries                       └ alice 12, bob 7   of the parts that do

    range p at b bits: the authors whose tags begin with the b bits of p
    sum               of their values mod 2^32, u32le; 0 for nobody
    ranges  (uvarint(skip) ‖ 4 · 2^s bytes of sums)*          skip: ranges passed over, equal
    leaves  (uvarint(skip) ‖ uvarint(n) ‖ n · (tag ‖ entry))*         parts passed over

Tags are hashes, so ranges of equal width hold about as many authors, and no bounds need be sent.
A part of which the initiator holds nobody is not listed: all there is in it comes as slices.

Two different sets have the same sum with a chance of 2^-32. Values depend on the session's nonce,
which the responder drew when all records were there: nobody can choose records to make it greater,
and whoever chooses the nonce only keeps things from himself. What a session misses the next finds.

Law: a lie changes only what is sent to the liar; memory and answers grow with what came and with
what is held here, never with what was claimed.

Reads: kernels, limits, errors, kernels.varint, sync.{holdings, vector}. Read by: sync.side.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import exp, log
from typing import Final

from tallystick.errors import Rejected
from tallystick.kernels import reconcile_items, reconcile_ranges
from tallystick.kernels.varint import uvarint
from tallystick.limits import SYNC_RANGE_BITS_MAX, SYNC_SPLIT_BITS_MAX, SYNC_SUMS_MAX
from tallystick.sync.holdings import Record
from tallystick.sync.vector import (
    TAG_BYTES,
    Entry,
    Keyed,
    MalformedError,
    by_author,
    entry_bytes,
    read_entry,
    read_uvarint,
    take,
)

SUM_BYTES: Final = 4
RANGE_AUTHORS: Final = 16
"""Of one range in the first message: fewer cost more sums, more cost more of each difference."""
_NAMED_BYTES: Final = 13
"""Tag, check and size of one author."""


@dataclass(slots=True)
class Parts:
    """Some ranges of one depth, and what one side holds in each.

    Args:
        bits: how many bits of a tag tell them apart.
        prefixes: those bits, ascending.
        sums: what is held in each, as a number.
    """

    bits: int
    prefixes: Sequence[int]
    sums: Sequence[int]


@dataclass(slots=True)
class Listed:
    """Leaves, decoded.

    Args:
        prefixes: the parts they are about.
        entries: tag -> what the responder says of an author.
    """

    prefixes: list[int] = field(default_factory=list)
    entries: dict[bytes, Entry] = field(default_factory=dict)


class Index:
    """One side's authors in the order of their tags, with prefix sums.

    Cost: two hashes an author and a sort; afterwards O(log n) a range.
    """

    __slots__ = ("_authors", "_groups", "_keyed", "_sums", "_tags")

    def __init__(self, keyed: Keyed, records: Iterable[Record]) -> None:
        self._keyed = keyed
        self._groups = by_author(records)
        said = [keyed.lines(group) for group in self._groups.values()]
        ends = [0]
        for lines in said:
            ends.append(ends[-1] + len(lines))
        self._tags, rows, self._sums = reconcile_items(
            keyed.key, b"".join(self._groups), b"".join(said), struct.pack(f"<{len(ends)}I", *ends)
        )
        authors = list(self._groups)
        self._authors = [authors[row] for row in _numbers(rows)]

    def __len__(self) -> int:
        return len(self._authors)

    def parts(self, prefixes: Sequence[int], bits: int) -> Parts:
        """Sums of these ranges."""
        return Parts(bits, prefixes, _numbers(self._look(prefixes, bits)[1]))

    def authors(self, prefixes: Sequence[int], bits: int) -> Iterator[Sequence[bytes]]:
        """Who is in each of these ranges."""
        places = _numbers(self._look(prefixes, bits)[0])
        for begin, end in zip(places[::2], places[1::2], strict=True):
            yield self._authors[begin:end]

    def entries(self, authors: Sequence[bytes]) -> bytes:
        """Tag and entry of each of these."""
        said = (entry_bytes(self._keyed.entry(self._groups[author])) for author in authors)
        tags = map(self._keyed.tag, authors)
        return b"".join(tag + entry for tag, entry in zip(tags, said, strict=True))

    def _look(self, prefixes: Sequence[int], bits: int) -> tuple[bytes, bytes]:
        column = struct.pack(f"<{len(prefixes)}I", *prefixes)
        return reconcile_ranges(self._tags, self._sums, column, bits)


def first_bits(authors: int) -> int:
    """Depth of the first ranges: about 16 authors in each."""
    return min(SYNC_RANGE_BITS_MAX, max(0, (authors // RANGE_AUTHORS).bit_length() - 1))


def first_sums(index: Index, bits: int) -> bytes:
    """Sums of all ranges, as the responder says them."""
    return _column(index.parts(range(1 << bits), bits).sums)


def split(
    index: Index, bits: int, sums: bytes, *, deeper: int | None = None
) -> tuple[int, bytes, Parts]:
    """The initiator's answer to all sums of the responder: it cuts up the ranges that differ.

    Args:
        bits, sums: of the responder's ranges.
        deeper: how many bits; by default what is expected to cost least.

    Returns:
        how many bits deeper, the ranges as bytes, and the parts they are about.
    """
    own = index.parts(range(1 << bits), bits).sums
    differ = [at for at, sums_of in enumerate(zip(own, _numbers(sums), strict=True))
              if sums_of[0] != sums_of[1]]  # fmt: skip
    if deeper is None:
        inside = sum(map(len, index.authors(differ, bits)))
        deeper = _split_bits(1 << bits, len(differ), inside)
    width = 1 << deeper
    parts = index.parts(
        [at * width + part for at in differ for part in range(width)], bits + deeper
    )
    said = bytearray()
    for number, skipped in enumerate(_skips(differ)):
        said += uvarint(skipped) + _column(parts.sums[number * width : (number + 1) * width])
    return deeper, bytes(said), parts


def read_split(data: bytes, *, bits: int, deeper: int) -> Parts | Rejected:
    """The parts a Split is about, and what the initiator holds of them."""
    width = 1 << deeper
    prefixes: list[int] = []
    sums: list[int] = []
    offset, at = 0, -1
    try:
        while offset < len(data):
            at, offset = _read_place(data, offset, at, 1 << bits)
            sums += _numbers(take(data, offset, width * SUM_BYTES))
            offset += width * SUM_BYTES
            prefixes += range(at * width, (at + 1) * width)
            if len(sums) > SYNC_SUMS_MAX:
                raise MalformedError("too many sums")
    except MalformedError as error:
        return Rejected(b"", "sync/message-shape", f"split: {error}")
    return Parts(bits + deeper, prefixes, sums)


def leaves(index: Index, theirs: Parts) -> tuple[bytes, set[bytes]]:
    """The responder's answer: entries of the parts that differ.

    Returns:
        the leaves as bytes, and the authors of whom the initiator holds nothing for sure.
    """
    own = index.parts(theirs.prefixes, theirs.bits).sums
    differ = [at for at, one in enumerate(own) if one != theirs.sums[at]]
    held = index.authors([theirs.prefixes[at] for at in differ], theirs.bits)
    lacked: set[bytes] = set()
    listed: list[tuple[int, Sequence[bytes]]] = []
    for at, authors in zip(differ, held, strict=True):
        if theirs.sums[at]:
            listed.append((at, authors))
        else:
            lacked.update(authors)
    said = bytearray()
    skips = _skips([at for at, _ in listed])
    for skipped, (_, authors) in zip(skips, listed, strict=True):
        said += uvarint(skipped) + uvarint(len(authors)) + index.entries(authors)
    return bytes(said), lacked


def read_leaves(data: bytes, parts: Parts) -> Listed | Rejected:
    """What the responder says, in answer to a Split about these parts."""
    found = Listed()
    offset, at, last = 0, -1, b""
    try:
        while offset < len(data):
            at, offset = _read_place(data, offset, at, len(parts.prefixes))
            found.prefixes.append(parts.prefixes[at])
            count, offset = read_uvarint(data, offset)
            for _ in range(min(count, len(data))):
                tag = take(data, offset, TAG_BYTES)
                entry, offset = read_entry(data, offset + TAG_BYTES)
                prefix = int.from_bytes(tag, "big") >> 8 * TAG_BYTES - parts.bits
                if tag <= last or entry.size == 0 or prefix != parts.prefixes[at]:
                    raise MalformedError("an author with no events, or out of place")
                found.entries[tag], last = entry, tag
    except MalformedError as error:
        return Rejected(b"", "sync/message-shape", f"leaves: {error}")
    return found


def _split_bits(ranges: int, differ: int, authors: int) -> int:
    """How much deeper to cut: what costs least by what can be guessed.

    Changes fall on ranges at random, so the share that is equal tells how many there are.
    """
    if not differ:
        return 0
    equal = max(ranges - differ, 0.5)
    changed = max(differ, min(authors, ranges * log(ranges / equal)))

    def cost(bits: int) -> float:
        parts = differ << bits
        share = 1 - exp(-changed / parts)
        return SUM_BYTES * parts + share * (2 * parts + _NAMED_BYTES * authors)

    return min(
        (bits for bits in range(SYNC_SPLIT_BITS_MAX + 1) if differ << bits <= SYNC_SUMS_MAX),
        key=cost,
    )


def _skips(places: Sequence[int]) -> Iterator[int]:
    """How many are passed over before each of these places."""
    last = -1
    for place in places:
        yield place - last - 1
        last = place


def _read_place(data: bytes, offset: int, last: int, end: int) -> tuple[int, int]:
    """The next place, behind ``last``; and the offset behind it."""
    skipped, offset = read_uvarint(data, offset)
    place = last + 1 + skipped
    if place >= end:
        raise MalformedError("a place beyond the last range")
    return place, offset


def _numbers(column: bytes) -> Sequence[int]:
    return struct.unpack(f"<{len(column) // SUM_BYTES}I", column)


def _column(numbers: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)
