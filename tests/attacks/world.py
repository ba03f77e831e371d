"""Hands that write what no honest replica writes: real keys and real heads over any bytes.

    hand = Hand("mallory", log)
    hand.write("a note")                 a valid event, as a slice
    hand.forge(fields(seq=2**63))        any 13 fields, in any CBOR, under a head that verifies

Nothing here goes through the writing code of the project but signing: what a peer may send is
what somebody with a key can make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.model.replica_world import check, everything, key_of, replica, through_the_wire, world

from tallystick.chain.commit import ChainEnd, Commit, prepare
from tallystick.chain.head import sign_head
from tallystick.chain.slice import Slice
from tallystick.event.body import commitment, part_hash, salts
from tallystick.event.ids import parse_cid
from tallystick.identity.keys import SigningKey
from tallystick.kernels import Draft, Link, encode_item, merkle_append, merkle_root

NOTHING = ChainEnd()
FAR_PAST, FAR_FUTURE = 0, 2**63 - 1


@dataclass(frozen=True)
class Raw:
    """Bytes that stand for an item as they are."""

    data: bytes


def cbor(value: Any) -> bytes:
    """Any item, in shortest form, whatever its range; ``Raw`` gives everything else."""
    match value:
        case Raw():
            return value.data
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case Link():
            return b"\xd8\x2a\x58\x25\x00\x01\x71\x12\x20" + value.digest
        case list() | tuple():
            return head(4, len(value)) + b"".join(map(cbor, value))
        case dict():
            rows = sorted((cbor(key), cbor(item)) for key, item in value.items())
            return head(5, len(rows)) + b"".join(key + item for key, item in rows)
    raise TypeError(type(value))


def head(major: int, number: int, width: int | None = None) -> bytes:
    """An item's first bytes; ``width`` 1, 2, 4 or 8 makes them longer than they need be.

    Numbers beyond 64 bits become bignums, which DAG-CBOR does not have.
    """
    if number >= 2**64:
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        return bytes((0xC2 + (major == 1),)) + head(2, len(data)) + data
    if width is None:
        if number < 24:
            return bytes((major << 5 | number,))
        width = next(size for size in (1, 2, 4, 8) if number < 1 << 8 * size)
    return bytes((major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width],)) + number.to_bytes(
        width, "big"
    )


def body_of(frame: bytes, content: bytes, seed: bytes) -> bytes:
    """The commitment of a header to a body."""
    salt_f, salt_c = salts(seed)
    return commitment(part_hash(salt_f, frame), part_hash(salt_c, content))


@dataclass
class Hand:
    """One author who does what it likes.

    Args:
        name: of the key.
        log: the log's id.
    """

    name: object
    log: bytes
    end: ChainEnd = NOTHING
    ids: list[bytes] = field(default_factory=list)

    @property
    def key(self) -> SigningKey:
        return key_of(self.name)

    @property
    def public(self) -> bytes:
        return self.key.public

    @property
    def did(self) -> str:
        return self.key.did

    def at(self, size: int) -> Hand:
        """The same hand as it was at ``size`` events, to go on another way."""
        ids = self.ids[:size]
        peaks = merkle_append(0, b"", b"".join(ids))
        lamport = self.lamports[size - 1] if size else 0
        other = Hand(self.name, self.log, ChainEnd(size, peaks, ids[-1] if ids else b"", lamport))
        other.ids, other.lamports = ids, self.lamports[:size]
        return other

    def __post_init__(self) -> None:
        self.lamports: list[int] = []

    def write(
        self,
        *values: Any,
        kind: str = "note",
        frames: Sequence[bytes] = (),
        deps: Sequence[bytes] = (),
        lamport: int | None = None,
        times: Sequence[int] = (),
        seed: bytes | None = None,
    ) -> Slice:
        """Some valid events as a commit of their own; the lamport is right if there are no deps."""
        count = max(len(values), len(frames))
        first = self.end.lamport + 1 if lamport is None else lamport
        contents = [b"" if value is None else encode_item(value, floats=True) for value in values]
        rows = range(count)
        seeds = [
            sha256(f"{self.name}/{self.end.size + row}".encode()).digest()[:16] for row in rows
        ]
        draft = Draft(
            lamports=[first + row for row in rows],
            times=list(times) or [1] * count,
            kinds=[kind] * count,
            deps=[b"".join(sorted(deps)), *[b""] * (count - 1)],
            schemas=[b""] * count,
            frames=list(frames) or [b""] * count,
            contents=contents or [b""] * count,
            seeds=seeds if seed is None else [seed] * count,
        )
        commit = prepare(self.key, self.log, self.end, draft)
        return self._took(commit)

    def _took(self, commit: Commit) -> Slice:
        opened, self.end = commit.opened, commit.end
        self.ids += [opened.id(row) for row in range(opened.count)]
        self.lamports += list(memoryview(opened.lamports).cast("Q"))
        return Slice(self.log, self.public, opened.seq, opened.count, commit.pack, commit.head, b"")

    def fields(self, *, frame: bytes = b"", content: bytes = b"\xf6", **changed: Any) -> list[Any]:
        """The 13 fields of this hand's next event, any of them replaced."""
        known: dict[str, Any] = {
            "version": 1,
            "log": Link(self.log),
            "author": self.public,
            "seq": self.end.size,
            "prev": Link(self.end.last_id) if self.end.size else None,
            "deps": [],
            "lamport": self.end.lamport + 1,
            "time": 1,
            "kind": "note",
            "schema": None,
            "frame_size": len(frame),
            "content_size": len(content),
            "body": body_of(frame, content, bytes(16)),
        }
        assert set(changed) <= set(known), changed
        return list((known | changed).values())

    def forge(
        self, header: Any, *, frame: bytes = b"", content: bytes = b"\xf6", log: bytes | None = None
    ) -> Slice:
        """One event of any header at the end of the chain, under a head that is really signed."""
        return self.sign(cbor(header), frame + bytes(16) + content, log=log)

    def sign(self, header: bytes, rest: bytes, *, log: bytes | None = None) -> Slice:
        """A slice of one event out of a header's bytes and what follows them."""
        log = self.log if log is None else log
        peaks = merkle_append(self.end.size, self.end.peaks, sha256(header).digest())
        signed = sign_head(self.key, log, self.end.size + 1, merkle_root(peaks))
        pack = b"\x02" + header + rest
        return Slice(self.log, self.public, self.end.size, 1, pack, signed, b"")


def log_of(one: Any) -> bytes:
    """The 32 bytes of a replica's log."""
    return one._log.id


def joined(name: object, other: Any) -> Any:
    """A replica of its own key that holds what another one does."""
    fresh = replica(name)
    fresh.sync(other)
    return fresh


def founded(name: object) -> Any:
    """A replica that has made a log."""
    one = replica(name)
    one.create_log("attacked")
    return one


def answers(one: Any, viewer: Any = None) -> tuple[Any, ...]:
    """All that a replica says and that may not depend on how it came to know it.

    Args:
        viewer: whose published policy is meant, to compare replicas of different people.
    """
    reading = one.reading() if viewer is None else one.as_seen_by(viewer.did)
    judge = reading.judge
    events = [(event.id, judge.counts(parse_cid(event.id)), event.void) for event in one.history()]
    return one.digest(), reading.state_hash(), reading.standing(), events


__all__ = [
    "FAR_FUTURE",
    "FAR_PAST",
    "NOTHING",
    "Hand",
    "Raw",
    "answers",
    "body_of",
    "cbor",
    "check",
    "everything",
    "founded",
    "head",
    "joined",
    "key_of",
    "log_of",
    "replica",
    "through_the_wire",
    "world",
]
