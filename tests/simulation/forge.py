"""Events and slices as no honest replica would make them: any seq, parents, lamport, time, frame.

Law: everything here is signed by keys of liars; what cannot be signed cannot be forged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from hashlib import sha256
from random import Random
from typing import Any

from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.slice import Slice
from tallystick.identity.keys import SigningKey
from tallystick.kernels import (
    PART_HEADER,
    PART_SKELETON,
    PART_WHOLE,
    Draft,
    encode_item,
    open_pack,
)
from tallystick.policy import Statement, statement_frame
from tallystick.replica.replica import Replica


@dataclass(frozen=True, slots=True)
class Draw:
    """One event to be forged.

    Args:
        deps: digests of its parents of other chains, whether they exist or not.
        lamport: None is what it must be, by the parents a face knows.
    """

    kind: str = "note/text"
    content: Any = None
    frame: bytes = b""
    deps: tuple[bytes, ...] = ()
    lamport: int | None = None
    time: int = 0


def end_at(face: Replica, author: bytes, size: int | None = None, *, line: int = -1) -> ChainEnd:
    """Where a chain ended after ``size`` events, as a face's store has it; None is the newest."""
    store, log = face._store, face._log
    lines = store.lines(log.no, author)
    if not lines or size == 0:
        return ChainEnd()
    one = lines[line]
    if size is None or size >= one.size:
        return ChainEnd(one.size, one.peaks, one.last_id, one.lamport)
    row = store.row_at(one.no, size - 1)
    event = store.event(row)
    return ChainEnd(size, store.peaks_at(one.no, size), event.id, event.lamport)


def forge(
    face: Replica, key: SigningKey, end: ChainEnd, draws: Sequence[Draw], rng: Random
) -> tuple[Slice, ChainEnd]:
    """Signs events after an end; nothing is stored. Only the first one's deps count."""
    log = face._log.id
    lamport, lamports = end.lamport, []
    for draw in draws:
        known = [_lamport(face, dep) for dep in draw.deps]
        lamport = draw.lamport if draw.lamport is not None else 1 + max([lamport, *known])
        lamports.append(lamport)
    commit = prepare(
        key,
        log,
        end,
        Draft(
            lamports=lamports,
            times=[draw.time for draw in draws],
            kinds=[draw.kind for draw in draws],
            deps=[b"".join(sorted(set(draw.deps))) for draw in draws],
            schemas=[b""] * len(draws),
            frames=[draw.frame for draw in draws],
            contents=[b"" if draw.content is None else encode_item(draw.content) for draw in draws],
            seeds=[rng.randbytes(16) for _ in draws],
        ),
    )
    opened = commit.opened
    one = Slice(log, key.public, opened.seq, opened.count, commit.pack, commit.head, b"")
    return one, commit.end


def _lamport(face: Replica, id: bytes) -> int:
    row = face._store.row_of(id)
    return 0 if row is None else face._store.event(row).lamport


def word(verb: str, target: bytes, **more: Any) -> Draw:
    """A statement by anybody about anything."""
    kind, frame = statement_frame(Statement(bytes(32), bytes(32), 0, verb, target, **more))
    return Draw(kind, frame=frame)


def without_bodies(one: Slice, rng: Random) -> Slice:
    """The same slice with some contents left out, and perhaps a frame; each row still valid."""
    pack = open_pack(one.pack, log=one.log, author=one.author)
    if pack.count != one.count:
        return one
    column = {
        name: memoryview(getattr(pack, name)).cast("I")
        for name in ("header_start", "frame_start", "seal_start", "content_start", "content_size")
    }
    pieces = []
    for row in range(pack.count):
        head, frame, seal, content, size = (column[name][row] for name in column)
        part = pack.part[row]
        whole = pack.data[head - 1 : content + (size if part == PART_WHOLE else 0)]
        lot = rng.random()
        if part == PART_WHOLE and lot < 0.6:
            hashes = sha256(pack.data[seal : seal + 16]).digest()
            rest = sha256(hashes[16:] + pack.data[content : content + size]).digest()
            pieces += [bytes((PART_SKELETON,)), pack.data[head:seal], hashes[:16], rest]
        elif lot < 0.7:
            pieces += [bytes((PART_HEADER,)), pack.data[head:frame]]
        else:
            pieces.append(whole)
    return changed(one, pack=b"".join(pieces))


def accusation(face: Replica, author: bytes, liar: SigningKey, rng: Random) -> bytes:
    """The frame of a proof of equivocation that proves nothing, against somebody honest."""
    store, log = face._store, face._log
    found: list[list[Any]] = []
    lines = store.lines(log.no, author) or store.lines(log.no)
    line = lines[0]
    for _ in range(2):
        seq = rng.randrange(line.size)
        header = store.header(store.event(store.row_at(line.no, seq)))
        if rng.random() < 0.3:  # a header nobody wrote
            at = rng.randrange(len(header))
            header = header[:at] + bytes((header[at] ^ 1,)) + header[at + 1 :]
        path = rng.randbytes(32 * rng.randrange(3))
        signature = liar.sign(header) if rng.random() < 0.5 else line.head_signature
        found.append([header, path, line.head_size, line.head_root, signature])
    found.sort(key=lambda side: sha256(side[0]).digest())
    return encode_item(found)


def ids(face: Replica) -> list[bytes]:
    return face._store.ids_at(range(1, face._store.next_row))
