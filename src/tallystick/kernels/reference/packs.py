"""Events in and out: columns sealed into a pack, a pack opened into columns.

    pack  = event*
    event = part(1)  header  [ frame ]  [ part 1: salt_f(16) C(32) | part 2: seed(16) content ]

    salt_f ‖ salt_c = SHA-256(seed)      F = SHA-256(salt_f ‖ frame)   C = SHA-256(salt_c ‖ content)
    id = SHA-256(header)              body = SHA-256("tallystick/body/1" ‖ 00 ‖ F ‖ C)

``open_pack`` asks of each event, in this order: the part byte, the header's bytes and rules
(``header.py``), its log, its author, its place in the chain, the bytes of its body. The first
event that fails ends the pack. Last comes the body's commitment, which never ends anything: the
sender, not the author, is at fault.

Law: ``open_pack(seal_pack(x))`` gives x back; whatever it accepts re-encodes to the same bytes.

Reads: limits, errors, kernels.columns, kernels.status. Read by: kernels.loader.
Source: spec/packs.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import accumulate
from typing import Final, TypeVar

from tallystick.kernels import status
from tallystick.kernels.columns import PART_HEADER, PART_SKELETON, PART_WHOLE, Draft, Pack
from tallystick.kernels.reference.casts import (
    expect_rows,
    read_offsets,
    read_u32,
    read_u64,
    split,
    write_u32,
    write_u64,
)
from tallystick.kernels.reference.codec import Fault
from tallystick.kernels.reference.header import (
    Header,
    broken_rule,
    decode_header,
    encode_header,
)
from tallystick.limits import COMMIT_EVENTS_MAX, DIGEST_BYTES, SEED_BYTES

_BODY_PREFIX: Final = b"tallystick/body/1\x00"
_SALT_BYTES: Final = 16

T = TypeVar("T")


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()


def _commit(frame: bytes, content: bytes, seed: bytes) -> tuple[bytes, bytes, bytes]:
    """One body's commitment, salt_f and C."""
    salts = _digest(seed)
    salt_f, salt_c = salts[:_SALT_BYTES], salts[_SALT_BYTES:]
    c = _digest(salt_c + content)
    return _digest(_BODY_PREFIX + _digest(salt_f + frame) + c), salt_f, c


def commit_bodies(
    frames: Sequence[bytes], contents: Sequence[bytes], seeds: bytes
) -> tuple[bytes, bytes, bytes]:
    """What headers and skeletons say of bodies.

    Args:
        frames, contents: n of each, either may be empty.
        seeds: 16 * n.

    Returns:
        bodies (32 * n), salts_f (16 * n), C (32 * n).

    Raises:
        ValueError: lengths that do not fit.
    """
    rows = split(seeds, SEED_BYTES)
    expect_rows("frames", len(frames), len(rows))
    expect_rows("contents", len(contents), len(rows))
    found = [
        _commit(bytes(frame), bytes(content), seed)
        for frame, content, seed in zip(frames, contents, rows, strict=True)
    ]
    bodies, salts, contents_hashed = zip(*found, strict=True) if found else ((), (), ())
    return b"".join(bodies), b"".join(salts), b"".join(contents_hashed)


# --- Sealing ------------------------------------------------------------------------------------


def seal_pack(draft: Draft, *, log: bytes, author: bytes, seq: int, prev: bytes) -> bytes:
    """The pack of some new events of one chain, all of them whole.

    Args:
        draft: the events as columns.
        log: 32 bytes; b"" when the first event is the genesis event, whose id the others use.
        author: 32 bytes.
        seq: of the first event.
        prev: id of the event before it; b"" exactly when ``seq`` is 0.

    Raises:
        ValueError: lengths that do not fit, or more than 4,096 events.
        BadInput: an event that no one may accept, with the code of the rule it breaks
            (event/too-large, event/kind, ...) and ``event N`` of the draft.
    """
    rows = _check_draft(draft)
    _check_place(log, author, seq, prev)
    pieces: list[bytes] = []
    for row in range(rows):
        frame, content = bytes(draft.frames[row]), bytes(draft.contents[row])
        seed = bytes(draft.seeds[row])
        header = Header(
            log=log,
            author=author,
            seq=seq + row,
            prev=prev,
            deps=split(draft.deps[row], DIGEST_BYTES),
            lamport=draft.lamports[row],
            time=draft.times[row],
            kind=draft.kinds[row],
            schema=bytes(draft.schemas[row]),
            frame_size=len(frame),
            content_size=len(content),
            body=_commit(frame, content, seed)[0],
        )
        encoded = _encode_valid(header, row)
        prev = _digest(encoded)
        log = log or prev
        pieces += (bytes((PART_WHOLE,)), encoded, frame, seed, content)
    return b"".join(pieces)


def _encode_valid(header: Header, row: int) -> bytes:
    """The header's bytes, unless it breaks a rule. Numbers out of range have no encoding."""
    broken = broken_rule(header, 0)
    if broken == status.OK:
        encoded = encode_header(header)
        broken = broken_rule(header, len(encoded))
    if broken != status.OK:
        raise Fault(broken, f"event {row}").as_bad_input()
    return encoded


def _check_draft(draft: Draft) -> int:
    rows = len(draft.lamports)
    if rows > COMMIT_EVENTS_MAX:
        raise ValueError(f"{rows} events, and at most {COMMIT_EVENTS_MAX} in a pack")
    for name in ("times", "kinds", "deps", "schemas", "frames", "contents", "seeds"):
        expect_rows(name, len(getattr(draft, name)), rows)
    if any(len(seed) != SEED_BYTES for seed in draft.seeds):
        raise ValueError(f"a seed is {SEED_BYTES} bytes")
    if any(len(schema) not in (0, DIGEST_BYTES) for schema in draft.schemas):
        raise ValueError("a schema is a digest, or b''")
    return rows


def _check_place(log: bytes, author: bytes, seq: int, prev: bytes) -> None:
    if len(log) not in (0, DIGEST_BYTES):
        raise ValueError(f"a log of {len(log)} bytes")
    if len(author) != DIGEST_BYTES:
        raise ValueError(f"an author of {len(author)} bytes")
    if seq < 0:
        raise ValueError(f"seq {seq}")
    if len(prev) != (DIGEST_BYTES if seq else 0):
        raise ValueError(f"prev of {len(prev)} bytes at seq {seq}")


def rebuild_headers(
    *,
    log: bytes,
    author: bytes,
    seq: int,
    prev: bytes,
    lamports: bytes,
    times: bytes,
    kinds: Sequence[str],
    kind: bytes,
    schemas: Sequence[bytes],
    schema: bytes,
    dep_offsets: bytes,
    deps: bytes,
    frame_sizes: bytes,
    content_sizes: bytes,
    bodies: bytes,
) -> tuple[bytes, bytes]:
    """The headers of consecutive events of one chain, from the columns ``open_pack`` gave.

    Args:
        log, author, seq, prev: as in ``seal_pack``.
        lamports, times: u64[n].
        kinds, kind: the words, and u32[n] indices into them.
        schemas, schema: the digests, and u32[n] indices into them + 1, 0 for none.
        dep_offsets, deps: u32[n + 1] counted in digests, and the digests.
        frame_sizes, content_sizes: u32[n].
        bodies: 32 * n.

    Returns:
        the headers one after the other, and u32[n + 1] offsets; their SHA-256 are the ids.

    Raises:
        ValueError: lengths or indices that do not fit. Rules are not checked again: columns that
            were tampered with rebuild to other ids.
    """
    _check_place(log, author, seq, prev)
    digests = split(deps, DIGEST_BYTES)
    spans = read_offsets(dep_offsets, len(digests))
    rows = len(spans) - 1
    columns = (
        read_u64(lamports),
        read_u64(times),
        read_u32(kind),
        read_u32(schema),
        read_u32(frame_sizes),
        read_u32(content_sizes),
        split(bodies, DIGEST_BYTES),
    )
    for column in columns:
        expect_rows("a column", len(column), rows)
    if max(columns[2], default=-1) >= len(kinds) or max(columns[3], default=0) > len(schemas):
        raise ValueError("an index beyond the kinds or schemas there are")
    headers: list[bytes] = []
    for row, (lamport, time, word, shape, frame_size, content_size, body) in enumerate(
        zip(*columns, strict=True)
    ):
        named = digests[spans[row] : spans[row + 1]]
        place = (log, author, seq + row, prev, named, lamport, time, kinds[word])
        schema_id = schemas[shape - 1] if shape else b""
        headers.append(encode_header(Header(*place, schema_id, frame_size, content_size, body)))
        prev = _digest(headers[-1])
        log = log or prev
    offsets = list(accumulate(map(len, headers), initial=0))
    return b"".join(headers), write_u32(offsets)


# --- Opening ------------------------------------------------------------------------------------


def open_pack(data: bytes, *, log: bytes = b"", author: bytes) -> Pack:
    """The valid events at the front of a pack, as columns.

    Args:
        data: the pack's bytes.
        log: 32 bytes; b"" accepts whatever the first header says.
        author: 32 bytes, whose chain this is.

    Returns:
        a ``Pack``; its ``stopped`` tells the row, status and first byte of the event that is not
        valid. A row whose body does not match reads PART_HEADER with BODY_MISMATCH; the starts
        of its parts stay where the sender put them.

    Raises:
        ValueError: lengths of ``log`` or ``author`` that do not fit.
    """
    if len(log) not in (0, DIGEST_BYTES):
        raise ValueError(f"a log of {len(log)} bytes")
    if len(author) != DIGEST_BYTES:
        raise ValueError(f"an author of {len(author)} bytes")
    data = bytes(data)
    opened = _Opened(data, bytes(log), bytes(author))
    at = 0
    stopped = None
    while at < len(data):
        row = len(opened.headers)
        if row == COMMIT_EVENTS_MAX:
            stopped = (row, status.TOO_MANY, at)
            break
        try:
            at = opened.take(at)
        except Fault as fault:
            stopped = (row, fault.status, at)
            break
    return opened.pack(stopped)


class _Opened:
    """The events taken from a pack so far."""

    def __init__(self, data: bytes, log: bytes, author: bytes) -> None:
        self.data = data
        self.log = log
        self.author = author
        self.headers: list[Header] = []
        self.ids: list[bytes] = []
        self.header_start: list[int] = []
        self.header_size: list[int] = []
        self.part = bytearray()
        self.body_status = bytearray()
        self.frame_start: list[int] = []
        self.seal_start: list[int] = []
        self.content_start: list[int] = []

    def take(self, at: int) -> int:
        """Add the event that begins at ``at``; where the next one begins. Raises ``Fault``."""
        part = self.data[at]
        if part > PART_WHOLE:
            raise Fault(status.SHAPE, f"byte {at}")
        start = at + 1
        header, frame_at = decode_header(self.data, start)
        digest = _digest(self.data[start:frame_at])
        log = header.log or digest
        broken = broken_rule(header, frame_at - start) or self._misplaced(header, log)
        if broken != status.OK:
            raise Fault(broken, f"byte {at}")

        seal_at = frame_at + (header.frame_size if part != PART_HEADER else 0)
        content_at = seal_at + (0, _SALT_BYTES + DIGEST_BYTES, SEED_BYTES)[part]
        end = content_at + (header.content_size if part == PART_WHOLE else 0)
        if end > len(self.data):
            raise Fault(status.TRUNCATED, f"byte {at}")
        frame = self.data[frame_at:seal_at]
        seal = self.data[seal_at:content_at]
        matches = _matches(part, header.body, frame, seal, self.data[content_at:end])

        self.log = log
        self.headers.append(header)
        self.ids.append(digest)
        self.header_start.append(start)
        self.header_size.append(frame_at - start)
        self.part.append(part if matches else PART_HEADER)
        self.body_status.append(status.OK if matches else status.BODY_MISMATCH)
        self.frame_start.append(frame_at)
        self.seal_start.append(seal_at)
        self.content_start.append(content_at)
        return end

    def _misplaced(self, header: Header, log: bytes) -> int:
        """What is wrong with a valid header at this place, or OK."""
        if self.log not in (b"", log):
            return status.OTHER_LOG
        if header.author != self.author:
            return status.CHAIN_AUTHOR
        if self.headers and header.seq != self.headers[-1].seq + 1:
            return status.CHAIN_SEQ
        if self.headers and header.prev != self.ids[-1]:
            return status.CHAIN_LINK
        return status.OK

    def pack(self, stopped: tuple[int, int, int] | None) -> Pack:
        """The columns."""
        headers = self.headers
        kinds = _number(header.kind for header in headers)
        schemas = _number(header.schema for header in headers if header.schema)
        dep_offsets = [0]
        for header in headers:
            dep_offsets.append(dep_offsets[-1] + len(header.deps))
        return Pack(
            data=self.data,
            log=self.log,
            author=self.author,
            count=len(headers),
            seq=headers[0].seq if headers else 0,
            prev=headers[0].prev if headers else b"",
            ids=b"".join(self.ids),
            lamports=write_u64([header.lamport for header in headers]),
            times=write_u64([header.time for header in headers]),
            kinds=list(kinds),
            kind=write_u32([kinds[header.kind] for header in headers]),
            schemas=list(schemas),
            schema=write_u32([schemas.get(header.schema, -1) + 1 for header in headers]),
            dep_offsets=write_u32(dep_offsets),
            deps=b"".join(dep for header in headers for dep in header.deps),
            bodies=b"".join(header.body for header in headers),
            header_start=write_u32(self.header_start),
            header_size=write_u32(self.header_size),
            part=bytes(self.part),
            body_status=bytes(self.body_status),
            frame_start=write_u32(self.frame_start),
            frame_size=write_u32([header.frame_size for header in headers]),
            seal_start=write_u32(self.seal_start),
            content_start=write_u32(self.content_start),
            content_size=write_u32([header.content_size for header in headers]),
            stopped=stopped,
        )


def _matches(part: int, body: bytes, frame: bytes, seal: bytes, content: bytes) -> bool:
    """Whether what came of a body is what the header commits to."""
    if part == PART_WHOLE:
        return _commit(frame, content, seal)[0] == body
    if part == PART_SKELETON:
        salt_f, c = seal[:_SALT_BYTES], seal[_SALT_BYTES:]
        return _digest(_BODY_PREFIX + _digest(salt_f + frame) + c) == body
    return True


def _number(values: Iterable[T]) -> dict[T, int]:
    """Distinct values in order of appearance, each with its index."""
    return {value: index for index, value in enumerate(dict.fromkeys(values))}
