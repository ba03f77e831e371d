"""What two replicas may say to each other, and its bytes.

    frame    u32 big-endian length ‖ message           on streams and in bundles
    message  DAG-CBOR array [type, ...]                at most 4 MiB

    type            who        what
     0 Hello        initiator  I hold this of that log; are we equal?
     1 Logs         responder  these are my logs (you named none)
     2 Same         responder  we are equal
     3 VectorOf     responder  we are not: this is what I hold
     4 Want         initiator  I hold that much of these; send the rest           asks
     5 Lines        both       these are the sides I know of a split chain        asks
     6 Contents     both       send these events again, with contents             asks
     7 Slices       both       events, in causal order message by message
     8 Ack          both       so many messages of slices are durable here
     9 Sent         both       after so many of your questions I have nothing left to send
    10 Bye          both       this is where I stand; or: I stop because of this code
    11 Bundle       file       a bundle of this log begins
    12 BundleEnd    file       it held so many messages and events
    16 RangesOf     responder  we are not equal, and I hold much: these are sums over ranges of it
    17 Split        initiator  these ranges differ from mine; sums over their parts
    18 Leaves       responder  these parts differ from mine; what I hold there

Law: ``decode(encode(m)) == m``; anything else decodes to ``Rejected``, never raises, and takes
memory in proportion to the bytes that came.

Reads: kernels, limits, errors. Read by: sync.session, sync.bundle, transports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tallystick.errors import CODES, BadInput, Rejected
from tallystick.kernels import decode_item, encode_item
from tallystick.limits import (
    DIGEST_BYTES,
    KIB,
    MESSAGE_BYTES_MAX,
    SYNC_DECLINED_MAX,
    SYNC_LINES_MAX,
    SYNC_LOGS_MAX,
    SYNC_RANGE_BITS_MAX,
    SYNC_SAMPLES_MAX,
    SYNC_SPANS_MAX,
    SYNC_SPLIT_BITS_MAX,
    UINT_MAX,
)
from tallystick.sync.holdings import Span
from tallystick.sync.log_checkpoint import DECLINED_BYTES
from tallystick.sync.ranges import SUM_BYTES
from tallystick.sync.vector import NONCE_BYTES, TAG_BYTES

SYNC_VERSION: Final = 1
LENGTH_BYTES: Final = 4
WINDOW_BYTES: Final = MESSAGE_BYTES_MAX - 64 * KIB
"""What a ``Holdings`` may put into one message; the rest is for the list around the slices."""
SLICE_BYTES_MIN: Final = 160
"""Author, root and signature alone are more."""
LIVE: Final = 1
"""Flag: stay connected and push what is new."""
RANGES: Final = 2
"""Flag of Hello: ranges are understood."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Who the initiator is.

    Args:
        log: None asks which there are.
        root: its log checkpoint.
        bodies: 8 bytes of its digest of bodies, or none.
        base: 8 bytes of the root of the state last agreed with this peer, or none.
        declined: 8-byte hashes of authors, sorted.
    """

    version: int
    log: bytes | None
    root: bytes
    bodies: bytes
    base: bytes
    declined: bytes
    flags: int


@dataclass(frozen=True, slots=True)
class Logs:
    """Ids of all logs the responder would sync."""

    logs: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """Both roots and both body digests are equal."""

    version: int
    flags: int


@dataclass(frozen=True, slots=True)
class VectorOf:
    """Args: ``entries`` as in ``vector``, relative to the state at ``base`` unless it is empty."""

    version: int
    root: bytes
    bodies: bytes
    nonce: bytes
    base: bytes
    declined: bytes
    flags: int
    entries: bytes


@dataclass(frozen=True, slots=True)
class RangesOf:
    """Args: ``sums`` of all ranges at ``bits`` bits, as in ``ranges``; the rest as in VectorOf."""

    version: int
    root: bytes
    bodies: bytes
    nonce: bytes
    declined: bytes
    flags: int
    bits: int
    sums: bytes


@dataclass(frozen=True, slots=True)
class Split:
    """Args: ``ranges`` that differ, ``bits`` bits deeper, as in ``ranges``."""

    bits: int
    ranges: bytes


@dataclass(frozen=True, slots=True)
class Leaves:
    """Args: ``parts`` that differ, as in ``ranges``."""

    parts: bytes


@dataclass(frozen=True, slots=True)
class Want:
    """Args: ``entries`` as in ``vector.encode_wants``."""

    entries: bytes


@dataclass(frozen=True, slots=True)
class LineSamples:
    """One line of a chain: its size, and samples of its ids at ``vector.sample_seqs(size)``."""

    size: int
    samples: bytes


@dataclass(frozen=True, slots=True)
class Lines:
    """Every line known of one author (named by tag)."""

    tag: bytes
    lines: tuple[LineSamples, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """Stretches whose contents are missing."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Slices:
    """Slices as plain data, as ``chain.slice.slice_value`` makes them; each is judged by itself."""

    slices: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Ack:
    """Args: ``messages`` of slices taken in, since the session began."""

    messages: int


@dataclass(frozen=True, slots=True)
class Sent:
    """Args: ``asks`` of the other side seen before this was said."""

    asks: int


@dataclass(frozen=True, slots=True)
class Bye:
    """Args: ``code`` empty at a regular end; ``root`` the log checkpoint, or empty."""

    code: str
    root: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """Args: ``root`` the log checkpoint of who wrote the file."""

    version: int
    log: bytes
    root: bytes


@dataclass(frozen=True, slots=True)
class BundleEnd:
    """What the file must have held."""

    messages: int
    events: int


Message = (
    Hello | Logs | Same | VectorOf | Want | Lines | Contents | Slices | Ack | Sent | Bye | Bundle
    | BundleEnd | RangesOf | Split | Leaves
)  # fmt: skip


# --- Encoding -----------------------------------------------------------------------------------


def encode(message: Message) -> bytes:
    """The message's bytes, without the length in front."""
    match message:
        case Lines(tag, lines):
            fields: list[object] = [tag, [[line.size, line.samples] for line in lines]]
        case Contents(spans):
            fields = [[[span.author, span.side, span.begin, span.end] for span in spans]]
        case Logs(items) | Slices(items):
            fields = [list(items)]
        case _:
            fields = [getattr(message, name) for name in message.__dataclass_fields__]
    return encode_item([_TYPE[type(message)], *fields])


def frame(message: bytes) -> bytes:
    """The message as it stands on a stream."""
    return len(message).to_bytes(LENGTH_BYTES, "big") + message


def frame_length(head: bytes) -> int | Rejected:
    """The length a frame announces."""
    length = int.from_bytes(head, "big")
    if len(head) != LENGTH_BYTES or not 0 < length <= MESSAGE_BYTES_MAX:
        return Rejected(b"", "sync/message-size", f"{length} bytes announced")
    return length


# --- Decoding -----------------------------------------------------------------------------------


def decode(data: bytes) -> Message | Rejected:
    """The message, or why it is none."""
    if len(data) > MESSAGE_BYTES_MAX:
        return Rejected(b"", "sync/message-size", f"{len(data)} bytes")
    if not data or not 0x82 <= data[0] <= 0x89:
        return Rejected(b"", "sync/message-shape", "not an array of 2 to 9 fields")
    try:
        item = decode_item(data)
        assert isinstance(item, list), "the head byte said so"
        kind, fields = item[0], item[1:]
        reader = _READERS.get(kind) if type(kind) is int else None
        if reader is None:
            return Rejected(b"", "sync/message-shape", f"message type {kind!r:.20}")
        return reader(fields)
    except (BadInput, _ShapeError) as error:
        return Rejected(b"", "sync/message-shape", str(error))


class _ShapeError(Exception):
    """A field of the wrong type or size; never leaves this module."""


def _fields(fields: list[Any], *checks: Callable[[Any], bool]) -> list[Any]:
    if len(fields) != len(checks):
        raise _ShapeError(f"{len(fields)} fields instead of {len(checks)}")
    for index, (value, check) in enumerate(zip(fields, checks, strict=True)):
        if not check(value):
            raise _ShapeError(f"field {index + 1}")
    return fields


def _list(items: Any, count_max: int, *checks: Callable[[Any], bool]) -> list[list[Any]]:
    if not isinstance(items, list) or len(items) > count_max:
        raise _ShapeError("a list too long, or none")
    for item in items:
        if not isinstance(item, list):
            raise _ShapeError("an entry that is no list")
        _fields(item, *checks)
    return items


def _uint(value: Any) -> bool:
    return type(value) is int and 0 <= value <= UINT_MAX


def _bytes(value: Any) -> bool:
    return isinstance(value, bytes)


def _digest(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == DIGEST_BYTES


def _maybe_digest(value: Any) -> bool:
    return value is None or _digest(value)


def _digest_or_empty(value: Any) -> bool:
    return value == b"" or _digest(value)


def _eight_or_empty(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) in {0, 8}


def _eight(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == TAG_BYTES == NONCE_BYTES


def _hashes(value: Any) -> bool:
    return (
        isinstance(value, bytes)
        and len(value) % DECLINED_BYTES == 0
        and len(value) <= SYNC_DECLINED_MAX * DECLINED_BYTES
    )


def _samples(value: Any) -> bool:
    return (
        isinstance(value, bytes)
        and len(value) % TAG_BYTES == 0
        and len(value) <= SYNC_SAMPLES_MAX * TAG_BYTES
    )


def _code(value: Any) -> bool:
    return isinstance(value, str) and (value == "" or value in CODES)


def _read_hello(fields: list[Any]) -> Hello:
    checks = (_uint, _maybe_digest, _digest, _eight_or_empty, _eight_or_empty, _hashes, _uint)
    return Hello(*_fields(fields, *checks))


def _read_logs(fields: list[Any]) -> Logs:
    items = _fields(fields, lambda value: isinstance(value, list))[0]
    if len(items) > SYNC_LOGS_MAX or not all(_digest(item) for item in items):
        raise _ShapeError("a list of logs")
    return Logs(tuple(items))


def _read_same(fields: list[Any]) -> Same:
    return Same(*_fields(fields, _uint, _uint))


def _read_vector(fields: list[Any]) -> VectorOf:
    checks = (_uint, _digest, _eight_or_empty, _eight, _eight_or_empty, _hashes, _uint, _bytes)
    return VectorOf(*_fields(fields, *checks))


def _read_ranges(fields: list[Any]) -> RangesOf:
    checks = (_uint, _digest, _eight_or_empty, _eight, _hashes, _uint, _uint, _bytes)
    found = RangesOf(*_fields(fields, *checks))
    if found.bits > SYNC_RANGE_BITS_MAX or len(found.sums) != SUM_BYTES << found.bits:
        raise _ShapeError("other sums than one for each range")
    return found


def _read_split(fields: list[Any]) -> Split:
    found = Split(*_fields(fields, _uint, _bytes))
    if found.bits > SYNC_SPLIT_BITS_MAX:
        raise _ShapeError("parts too small")
    return found


def _read_leaves(fields: list[Any]) -> Leaves:
    return Leaves(*_fields(fields, _bytes))


def _read_want(fields: list[Any]) -> Want:
    return Want(*_fields(fields, _bytes))


def _read_lines(fields: list[Any]) -> Lines:
    tag, items = _fields(fields, _eight, lambda value: isinstance(value, list))
    lines = _list(items, SYNC_LINES_MAX, _uint, _samples)
    return Lines(tag, tuple(LineSamples(size, samples) for size, samples in lines))


def _read_contents(fields: list[Any]) -> Contents:
    items = _fields(fields, lambda value: isinstance(value, list))[0]
    spans = _list(items, SYNC_SPANS_MAX, _digest, _digest_or_empty, _uint, _uint)
    if any(begin >= end for _, _, begin, end in spans):
        raise _ShapeError("a stretch without events")
    return Contents(tuple(Span(*span) for span in spans))


def _read_slices(fields: list[Any]) -> Slices:
    items = _fields(fields, lambda value: isinstance(value, list))[0]
    # An empty slice proves nothing, so a message never holds more slices than a pack has events
    if not items or len(items) > MESSAGE_BYTES_MAX // SLICE_BYTES_MIN:
        raise _ShapeError("a list of slices")
    return Slices(tuple(items))


def _read_ack(fields: list[Any]) -> Ack:
    return Ack(*_fields(fields, _uint))


def _read_sent(fields: list[Any]) -> Sent:
    return Sent(*_fields(fields, _uint))


def _read_bye(fields: list[Any]) -> Bye:
    return Bye(*_fields(fields, _code, _digest_or_empty))


def _read_bundle(fields: list[Any]) -> Bundle:
    return Bundle(*_fields(fields, _uint, _digest, _digest))


def _read_bundle_end(fields: list[Any]) -> BundleEnd:
    return BundleEnd(*_fields(fields, _uint, _uint))


_TYPE: Final[dict[type, int]] = {
    Hello: 0, Logs: 1, Same: 2, VectorOf: 3, Want: 4, Lines: 5, Contents: 6, Slices: 7, Ack: 8,
    Sent: 9, Bye: 10, Bundle: 11, BundleEnd: 12, RangesOf: 16, Split: 17, Leaves: 18,
}  # fmt: skip
_READERS: Final[dict[int, Callable[[list[Any]], Message]]] = {
    0: _read_hello, 1: _read_logs, 2: _read_same, 3: _read_vector, 4: _read_want, 5: _read_lines,
    6: _read_contents, 7: _read_slices, 8: _read_ack, 9: _read_sent, 10: _read_bye,
    11: _read_bundle, 12: _read_bundle_end, 16: _read_ranges, 17: _read_split, 18: _read_leaves,
}  # fmt: skip
