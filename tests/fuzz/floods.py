"""The most a hostile peer or file can send in one piece, taken in under a ceiling.

``python -m tests.fuzz.floods NAME`` builds the flood, then sets limits of memory and CPU on its
own process, takes the flood in, and checks what came of it. The system enforces both limits: what
needs more dies.

    memory   bytes beyond what the process and the flood itself take; ``per_byte`` times the flood
    CPU      seconds of this process; many times what is needed, and far less than a product of
             two sizes would cost

Law: what a piece of input costs is linear in its bytes, whatever it says; and it says so in full
before anything is kept of it.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.model import sync_world as world

from tallystick.chain.slice import decode_slice, open_slice
from tallystick.errors import Rejected, TallyError
from tallystick.event.jsonio import parse_json
from tallystick.kernels import (
    Draft,
    Link,
    check_items,
    decode_item,
    encode_item,
    open_frames,
    open_pack,
    seal_pack,
    status,
)
from tallystick.kernels.reference.codec import encode_head
from tallystick.limits import (
    COMMIT_EVENTS_MAX,
    DEPS_MAX,
    KIB,
    MESSAGE_BYTES_MAX,
    MIB,
    NOTE_BYTES_MAX,
    POLICY_BYTES_MAX,
    SYNC_DECLINED_MAX,
    SYNC_SPANS_MAX,
)
from tallystick.policy.policy import Policy
from tallystick.proofs.note import parse_note
from tallystick.state.ops import parse_frame
from tallystick.sync import messages as m
from tallystick.sync.bundle import MAGIC, read_bundle
from tallystick.sync.vector import decode_vector, decode_wants

ROOM = 8 * MIB
"""Beyond the share per byte: what imports, caches and the allocator take by the way."""


@dataclass(frozen=True, slots=True)
class Flood:
    """One piece of input and its ceilings.

    Args:
        build: makes it, before the limits are set.
        take: takes it in and asserts what comes of it.
        per_byte: bytes of memory for each byte of the flood.
        cpu: seconds.
    """

    build: Callable[[], Any]
    take: Callable[[Any], None]
    per_byte: float
    cpu: int = 20


def refused(act: Callable[[], object], code: str) -> None:
    """Asserts that something is refused with a code, raised or returned."""
    try:
        found = act()
    except TallyError as error:
        found = error
    assert isinstance(found, Rejected | TallyError), found
    assert found.code == code, found


# --- items --------------------------------------------------------------------------------------


def empties() -> bytes:
    """A message of slices that are empty lists, as many as fit: nothing costs more per byte."""
    count = MESSAGE_BYTES_MAX - 7
    return b"\x82\x07\x9a" + count.to_bytes(4, "big") + b"\x80" * count


def take_empties(data: bytes) -> None:
    """Refused when it is read; a byte more is refused unread."""
    refused(lambda: m.decode(data), "sync/message-shape")
    refused(lambda: m.decode(data + b"\x80"), "sync/message-size")


def take_nested(data: bytes) -> None:
    """Refused at the 33rd level, whoever reads."""
    refused(lambda: decode_item(data), "codec/too-deep")
    refused(lambda: m.decode(data), "sync/message-shape")
    offsets = bytes(4) + len(data).to_bytes(4, "little")
    assert check_items(data, offsets) == bytes([status.TOO_DEEP])
    assert open_frames([data]) == [status.FRAME]
    refused(lambda: parse_json(b"[" * len(data)), "codec/too-deep")


HUGE = [
    bytes((major << 5 | 24 + width,)) + b"\xff" * (1 << width)
    for major in (2, 3, 4, 5)
    for width in (1, 2, 3)
]
"""Heads that announce up to 2^64 - 1 bytes or entries, and nothing after them."""


def take_announced(heads: list[bytes]) -> None:
    """Announced is not sent: nothing is made room for."""
    for head in heads:
        for data in (head, head + bytes(20), b"\x82\x07" + head, b"\x82\x80" + head):
            refused(lambda data=data: decode_item(data), "codec/truncated")
            assert isinstance(m.decode(data), Rejected)
            assert open_frames([data]) == [status.FRAME]
        assert isinstance(m.frame_length(head[1:5].ljust(4, b"\xff")), Rejected | int)
    assert isinstance(m.frame_length(b"\xff" * 4), Rejected)
    frame = m.frame(b"\x80")[:3] + b"\xff"
    refused(lambda: read_bundle(io.BytesIO(MAGIC + frame), Nobody(), peer=""), "sync/bundle")


class Nobody:
    """An endpoint that must not be reached."""


# --- events -------------------------------------------------------------------------------------

AUTHOR = world.key_of("flood").public


def widest() -> tuple[bytes, bytes]:
    """As many events as a pack may hold, each with as many deps as an event may have."""
    log = bytes(31) + b"\7"
    deps = b"".join(bytes([n]) * 32 for n in range(1, DEPS_MAX + 1))
    rows = COMMIT_EVENTS_MAX
    draft = Draft(
        range(1, rows + 1), [1] * rows, ["note"] * rows, [deps] * rows, [b""] * rows, [b""] * rows,
        [b"\xf6"] * rows, [bytes(16)] * rows,
    )  # fmt: skip
    return log, seal_pack(draft, log=log, author=AUTHOR, seq=0, prev=b"")


def take_widest(given: tuple[bytes, bytes]) -> None:
    """All of them open; one more ends the pack, and so does one dep more."""
    log, pack = given
    found = open_pack(pack, log=log, author=AUTHOR)
    assert found.count == COMMIT_EVENTS_MAX
    assert len(found.deps) == 32 * DEPS_MAX * COMMIT_EVENTS_MAX
    more = open_pack(pack + pack, log=log, author=AUTHOR)
    assert more.stopped == (COMMIT_EVENTS_MAX, status.TOO_MANY, len(pack))
    refused(lambda: decode_slice(pack, log=log), "sync/message-size")


def slice_bytes() -> bytes:
    """A slice that announces 4,096 events and holds the same one again and again."""
    log, pack = widest()
    one = open_pack(pack, log=log, author=AUTHOR)
    event = pack[: memoryview(one.header_start).cast("I")[1] - 1]
    body = event * (MESSAGE_BYTES_MAX // len(event) - 1)
    fields = [AUTHOR, 0, 4096, 4096, bytes(32), bytes(64), b"", body]
    return encode_item(fields)


def take_slice(data: bytes) -> None:
    """It ends at the second event, which does not follow the first."""
    found = decode_slice(data, log=bytes(31) + b"\7")
    assert not isinstance(found, Rejected), found
    pack, bad = open_slice(found)
    assert pack is not None
    assert pack.count == 1
    assert [one.code for one in bad] == ["chain/seq"]


def frames() -> bytes:
    """A frame of 1 MiB that goes wrong in its last op: the place of the fault is searched for."""
    op = [1, ["a"], []]
    ops = encode_item([op])[1:] * (MIB // 6)
    return (
        b"\x82\x80\x9a"
        + (MIB // 6 + 1).to_bytes(4, "big")
        + ops
        + encode_item([1, ["a"], [[0]], 5])
    )


def take_frames(data: bytes) -> None:
    """void/frame, at a cost of n log n."""
    assert parse_frame(data) == "void/frame"


# --- messages -----------------------------------------------------------------------------------


def wants() -> bytes:
    """A Want of as many authors as a quarter of a message holds."""
    count = MESSAGE_BYTES_MAX // 44
    return b"".join(n.to_bytes(8, "big") + b"ab\x02" for n in range(count))


def take_wants(data: bytes) -> None:
    """Each author once."""
    count = len(data) // 11
    found = decode_wants(data)
    assert isinstance(found, dict)
    assert len(found) == count
    vector = decode_vector(data, agreed_authors=None)
    assert not isinstance(vector, Rejected)
    assert len(vector.named) == count
    refused(lambda: decode_wants(data + data[:11]), "sync/message-shape")


def spans() -> bytes:
    """A Contents of as many stretches as one may ask for, or as fit."""
    count = min(SYNC_SPANS_MAX, (MESSAGE_BYTES_MAX - 16) // 40)
    row = encode_item([AUTHOR, b"", 0, 1])
    return b"\x82\x06" + encode_head(4, count) + row * count


def take_spans(data: bytes) -> None:
    """Read once; one more is refused."""
    found = m.decode(data)
    assert isinstance(found, m.Contents)
    assert len(found.spans) <= SYNC_SPANS_MAX


def hello() -> bytes:
    """A Hello that declines as many authors as it may."""
    declined = b"".join(n.to_bytes(8, "big") for n in range(SYNC_DECLINED_MAX))
    return m.encode(m.Hello(1, bytes(32), bytes(32), b"", b"", declined, 0))


def take_hello(data: bytes) -> None:
    """Answered like any other, by a store that holds something."""
    store = world.Store("flooded")
    log = world.create(store)
    said = m.decode(data)
    assert isinstance(said, m.Hello)
    session = world.Session(store, initiator=False, peer="flood", nonce=bytes(8))
    asked = m.Hello(1, log.log_id, bytes(32), b"", b"", said.declined, 0)
    step = session.receive(m.encode(asked))
    assert len(step.send) == 1
    assert sum(map(len, step.send)) < 4 * KIB


# --- documents ----------------------------------------------------------------------------------


def document() -> bytes:
    """A policy document of the greatest size, all of it statements that are none."""
    row = encode_item([bytes(32), 0, False, "trust/ban", b"\xa0"])
    item = encode_item({
        "version": 1, "viewer": bytes(32), "log": Link(bytes(32)), "stance": "open",
        "threshold": 1, "max_depth": 1, "fork_rule": "both", "restitution": {}, "erasers": [],
        "statements": [decode_item(row)],
    })  # fmt: skip
    count = (POLICY_BYTES_MAX - len(item) - 8) // len(row)
    return item.replace(b"\x81" + row, b"\x9a" + count.to_bytes(4, "big") + row * count)


def take_document(data: bytes) -> None:
    """Refused at the first statement; one byte too many is refused unread."""
    refused(lambda: Policy.from_bytes(data), "policy/document")
    refused(lambda: Policy.from_bytes(bytes(POLICY_BYTES_MAX + 1)), "policy/document")


def long_keys() -> bytes:
    """JSON whose every value has a path of a quarter of a megabyte."""
    return b'{"' + b"k" * (MIB // 4) + b'": [' + b"0," * (MIB // 4) + b"0]}"


def take_long_keys(data: bytes) -> None:
    """Read; and a fault at the end is told with its path, once."""
    found = parse_json(data)
    assert isinstance(found, dict)
    assert len(found["k" * (MIB // 4)]) == MIB // 4 + 1
    refused(lambda: parse_json(data[:-2] + b",1e999]}"), "codec/json")


def take_notes(data: bytes) -> None:
    """Lines without end are no note."""
    refused(lambda: parse_note(data), "proof/malformed")
    refused(
        lambda: parse_note(data + b"\n\n" + b"\xe2\x80\x94 a AAAAAAA=\n" * 1000), "proof/malformed"
    )


FLOODS = {
    "empty lists": Flood(empties, take_empties, per_byte=96, cpu=60),
    "deep nesting": Flood(lambda: b"\x81" * MESSAGE_BYTES_MAX, take_nested, per_byte=5),
    "announced lengths": Flood(lambda: HUGE, take_announced, per_byte=0),
    "wide deps": Flood(widest, take_widest, per_byte=20),
    "a slice of one event again": Flood(slice_bytes, take_slice, per_byte=5),
    "a frame wrong at its end": Flood(frames, take_frames, per_byte=200, cpu=60),
    "a want of everybody": Flood(wants, take_wants, per_byte=90),
    "stretches of contents": Flood(spans, take_spans, per_byte=40),
    "a hello that declines": Flood(hello, take_hello, per_byte=60),
    "a policy document": Flood(document, take_document, per_byte=40),
    "paths of JSON": Flood(long_keys, take_long_keys, per_byte=80),
    "lines of a note": Flood(lambda: b"x\n" * (NOTE_BYTES_MAX // 4), take_notes, per_byte=40),
}


def size_of(flood: Any) -> int:
    """Bytes of what was built."""
    if isinstance(flood, bytes):
        return len(flood)
    return sum(size_of(one) for one in flood) if isinstance(flood, list | tuple) else 0


def main(name: str) -> None:
    """Builds, sets the limits, takes in."""
    flood = FLOODS[name]
    built = flood.build()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    memory = pages * resource.getpagesize() + ROOM + int(flood.per_byte * size_of(built))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    used = resource.getrusage(resource.RUSAGE_SELF)
    before = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096
    cpu = int(used.ru_utime + used.ru_stime) + 1 + flood.cpu
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    flood.take(built)
    if len(sys.argv) > 2:
        peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10) - before
        spent = resource.getrusage(resource.RUSAGE_SELF).ru_utime - used.ru_utime
        print(f"{name}: {size_of(built)} bytes, {peak} more at the peak, {spent:.2f} s")


if __name__ == "__main__":
    main(sys.argv[1])
