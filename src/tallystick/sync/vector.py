"""The version vector of a session: who has how much, in a dozen bytes per author.

    full      entry*                      entry = tag (8) ‖ check (2) ‖ uvarint(size · 2 + split)
    relative  uvarint n, changed * n, entry*        to a state both sides have been seen to be in
              changed = uvarint(authors skipped) ‖ check (2) ‖ uvarint(size · 2 + split)

    key   = SHA-256("tallystick/vector/1" ‖ 00 ‖ log ‖ nonce)     the responder's nonce, 8 bytes
    tag   = SHA-256(key ‖ "a" ‖ author)[:8]
    check = SHA-256(key ‖ "r" ‖ root at size)[:2]                 an author with one line
            SHA-256(key ‖ "s" ‖ (side ‖ size u64le ‖ root)*)[:2]  after a split; size = lines
    sample = SHA-256(key ‖ "i" ‖ id)[:8]

An author who split his chain has one entry for all sides; when its check differs, the sides are
compared by samples at the ends of halves: ``size - 1, size - 2, size - 4, ...``. One message finds
a stretch that holds the split, at most as long again as what lies behind it.

Law: tags and checks are of this session only, so nobody can prepare keys whose tags collide; a
check that collides (1 in 65,536) costs another session, never a wrong event.

Reads: limits, errors, kernels.varint, sync.holdings. Read by: sync.{compare, ranges, side}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tallystick.errors import Rejected
from tallystick.kernels.varint import uvarint
from tallystick.limits import UINT_MAX
from tallystick.sync.holdings import Record

TAG_BYTES: Final = 8
CHECK_BYTES: Final = 2
NONCE_BYTES: Final = 8
_KEY: Final = b"tallystick/vector/1\x00"
_UVARINT_BYTES_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """What one side says of one author.

    Args:
        check: 2 bytes over the root, or over all lines after a split.
        size: events, or the number of lines after a split; 0 = no longer named.
        split: whether there are several lines.
    """

    check: bytes
    size: int
    split: bool


@dataclass(frozen=True, slots=True)
class Vector:
    """A decoded vector: entries by tag, and by place in the agreed state when relative."""

    named: dict[bytes, Entry]
    changed: dict[int, Entry]


class MalformedError(Exception):
    """The bytes are no vector, or no ranges; never leaves the decoders."""


def by_author(records: Iterable[Record]) -> dict[bytes, tuple[Record, ...]]:
    """Lines grouped by author, in the records' order."""
    groups: dict[bytes, list[Record]] = {}
    for record in records:
        groups.setdefault(record.author, []).append(record)
    return {author: tuple(group) for author, group in groups.items()}


class Keyed:
    """The hashes of one session.

    Args:
        log: 32 bytes.
        nonce: the responder's 8 bytes.
    """

    __slots__ = ("key",)

    def __init__(self, log: bytes, nonce: bytes) -> None:
        self.key = sha256(_KEY + log + nonce).digest()

    def tag(self, author: bytes) -> bytes:
        """8 bytes that name an author in this session."""
        return sha256(self.key + b"a" + author).digest()[:TAG_BYTES]

    def check(self, root: bytes) -> bytes:
        """2 bytes that tell one prefix of a chain from another of the same size."""
        return sha256(self.key + b"r" + root).digest()[:CHECK_BYTES]

    def sample(self, event: bytes) -> bytes:
        """8 bytes that name an event in this session."""
        return sha256(self.key + b"i" + event).digest()[:TAG_BYTES]

    def entry(self, group: Sequence[Record]) -> Entry:
        """What is said of one author, all lines together."""
        if len(group) == 1 and not group[0].side:
            return Entry(self.check(group[0].root), group[0].size, split=False)
        check = sha256(self.key + b"s" + self.lines(group)).digest()[:CHECK_BYTES]
        return Entry(check, len(group), split=True)

    @staticmethod
    def lines(group: Sequence[Record]) -> bytes:
        """All lines of one author, as they are hashed."""
        return b"".join(
            record.side + record.size.to_bytes(8, "little") + record.root for record in group
        )

    def tags(self, authors: Iterable[bytes]) -> dict[bytes, bytes]:
        """Who is meant by each tag.

        Two authors under one tag are both left out: they wait for a session with another nonce.
        """
        found: dict[bytes, bytes] = {}
        twice: set[bytes] = set()
        for author in authors:
            tag = self.tag(author)
            if tag in found:
                twice.add(tag)
            found[tag] = author
        return {tag: author for tag, author in found.items() if tag not in twice}


def encode_vector(keyed: Keyed, records: Sequence[Record]) -> bytes:
    """All authors. Cost: linear in the records; 12.7 bytes an author."""
    return b"".join(_named(keyed, author, group) for author, group in by_author(records).items())


def encode_relative(keyed: Keyed, records: Sequence[Record], agreed: Sequence[Record]) -> bytes:
    """Only what differs from an agreed state: 3 to 5 bytes a changed author, 12.7 a new one."""
    now, before = by_author(records), by_author(agreed)
    changed = bytearray()
    count = skipped = 0
    for author, group in before.items():
        current = now.get(author, ())
        if current == group:
            skipped += 1
            continue
        changed += uvarint(skipped)
        changed += entry_bytes(keyed.entry(current) if current else _GONE)
        skipped = 0
        count += 1
    fresh = (_named(keyed, author, now[author]) for author in now if author not in before)
    return uvarint(count) + bytes(changed) + b"".join(fresh)


def decode_vector(data: bytes, *, agreed_authors: int | None) -> Vector | Rejected:
    """The inverse of both; ``agreed_authors`` is None for a full vector."""
    changed: dict[int, Entry] = {}
    named: dict[bytes, Entry] = {}
    try:
        offset = 0
        if agreed_authors is not None:
            offset = _read_changed(data, changed, agreed_authors)
        while offset < len(data):
            tag = take(data, offset, TAG_BYTES)
            entry, offset = read_entry(data, offset + TAG_BYTES)
            if tag in named or entry.size == 0:
                raise MalformedError("an author is named twice, or with no events")
            named[tag] = entry
    except MalformedError as error:
        return Rejected(b"", "sync/message-shape", f"vector: {error}")
    return Vector(named, changed)


def encode_wants(wants: Mapping[bytes, Entry]) -> bytes:
    """What one side holds of the authors it wants more of: tag -> entry, size 0 for nothing."""
    return b"".join(tag + entry_bytes(entry) for tag, entry in wants.items())


def decode_wants(data: bytes) -> dict[bytes, Entry] | Rejected:
    """The inverse of ``encode_wants``."""
    wants: dict[bytes, Entry] = {}
    offset = 0
    try:
        while offset < len(data):
            tag = take(data, offset, TAG_BYTES)
            entry, offset = read_entry(data, offset + TAG_BYTES)
            if tag in wants or entry.split:
                raise MalformedError("an author is wanted twice, or by sides")
            wants[tag] = entry
    except MalformedError as error:
        return Rejected(b"", "sync/message-shape", f"want: {error}")
    return wants


def sample_seqs(size: int) -> list[int]:
    """Where a line of ``size`` events is sampled: size - 1, - 2, - 4, - 8 and so on."""
    return [size - (1 << power) for power in range(size.bit_length())]


_GONE: Final = Entry(bytes(CHECK_BYTES), 0, split=False)


def _named(keyed: Keyed, author: bytes, group: Sequence[Record]) -> bytes:
    return keyed.tag(author) + entry_bytes(keyed.entry(group))


def entry_bytes(entry: Entry) -> bytes:
    """An entry as it is sent."""
    return entry.check + uvarint(entry.size << 1 | entry.split)


def take(data: bytes, offset: int, count: int) -> bytes:
    """The bytes there; raises MalformedError."""
    if offset + count > len(data):
        raise MalformedError("the bytes end inside an entry")
    return data[offset : offset + count]


def read_entry(data: bytes, offset: int) -> tuple[Entry, int]:
    """The entry there, and the offset behind it; raises MalformedError."""
    check = take(data, offset, CHECK_BYTES)
    word, offset = read_uvarint(data, offset + CHECK_BYTES)
    size, split = word >> 1, bool(word & 1)
    if split and size < 1:
        raise MalformedError("a split without sides")
    return Entry(check, size, split), offset


def _read_changed(data: bytes, changed: dict[int, Entry], authors: int) -> int:
    count, offset = read_uvarint(data, 0)
    place = 0
    for _ in range(min(count, authors + 1)):
        skipped, offset = read_uvarint(data, offset)
        place += skipped
        if place >= authors:
            raise MalformedError("a place beyond the agreed state")
        changed[place], offset = read_entry(data, offset)
        place += 1
    return offset


def read_uvarint(data: bytes, offset: int) -> tuple[int, int]:
    """The number there, and the offset behind it; raises MalformedError."""
    value = 0
    for index in range(_UVARINT_BYTES_MAX):
        if offset + index >= len(data):
            raise MalformedError("the bytes end inside a number")
        byte = data[offset + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if (index and byte == 0) or value > 2 * UINT_MAX + 1:
                raise MalformedError("a number that is not in its shortest form")
            return value, offset + index + 1
    raise MalformedError("a number beyond 64 bits")
