"""Targets of what peers send: messages, vectors, slices, bundles, frames on a stream."""

from __future__ import annotations

import io
from functools import cache

from tests.fuzz.engine import Target, refusal, words
from tests.fuzz.seeds import bundle, community, encoded_slices, hexes, log_id, vectors

from tallystick.chain.head import check_heads
from tallystick.chain.slice import decode_slice, encode_slice, open_slice, prove_slice
from tallystick.errors import CODES, BadInput, Rejected
from tallystick.sync import messages as m
from tallystick.sync.bundle import MAGIC, bundle_log, read_bundle
from tallystick.sync.holdings import NoHoldings, Outcome
from tallystick.sync.ranges import SUM_BYTES, Listed, Parts, read_leaves, read_split
from tallystick.sync.vector import (
    Vector,
    decode_vector,
    decode_wants,
    encode_wants,
    uvarint,
)

AGREED_AUTHORS = 5


def rejected(found: Rejected, data: bytes) -> str:
    """The code of a value that says no, in words that are in proportion to the input."""
    assert found.code in CODES
    assert len(found.detail) <= 16 * len(data) + 8192
    return found.code


# --- messages -----------------------------------------------------------------------------------


def message(data: bytes) -> str:
    """A message that encodes to the same bytes, or ``Rejected``."""
    found = m.decode(data)
    if isinstance(found, Rejected):
        return rejected(found, data)
    assert m.encode(found) == data
    return f"ok {words(found)}"


def stream(data: bytes) -> str:
    """Frames one after the other: each announces what follows it, or ends the stream."""
    at, count = 0, 0
    while at < len(data):
        length = m.frame_length(data[at : at + m.LENGTH_BYTES])
        if isinstance(length, Rejected):
            return rejected(length, data)
        one = data[at + m.LENGTH_BYTES : at + m.LENGTH_BYTES + length]
        if len(one) < length:
            return "sync/closed"
        assert m.frame(one) == data[at : at + m.LENGTH_BYTES + length]
        at += m.LENGTH_BYTES + length
        count += 1
    return f"ok {min(count, 3)}"


def _entry(entry) -> bytes:
    return entry.check + uvarint(entry.size << 1 | entry.split)


def vector_bytes(found: Vector, *, relative: bool) -> bytes:
    """The one encoding of a vector, from what was read alone."""
    out, place = bytearray(uvarint(len(found.changed)) if relative else b""), 0
    for where, entry in found.changed.items():
        out += uvarint(where - place) + _entry(entry)
        place = where + 1
    return bytes(out) + b"".join(tag + _entry(entry) for tag, entry in found.named.items())


def vector(data: bytes) -> str:
    """Vectors, full and relative, and wants encode to the same bytes, or are ``Rejected``."""
    said = []
    for agreed in (None, 0, AGREED_AUTHORS):
        found = decode_vector(data, agreed_authors=agreed)
        if isinstance(found, Rejected):
            said.append(rejected(found, data))
            continue
        assert vector_bytes(found, relative=agreed is not None) == data
        assert all(0 <= where < (agreed or 0) for where in found.changed)
        said.append("ok")
    wants = decode_wants(data)
    if isinstance(wants, Rejected):
        said.append(rejected(wants, data))
    else:
        assert encode_wants(wants) == data
        said.append("ok")
    return "ok " + " ".join(said) if "ok" in said else said[0]


# --- ranges -------------------------------------------------------------------------------------

PARTS = Parts(2, [0, 1, 3], [0, 1, 2])
"""What leaves are read against."""


def split_bytes(found: Parts, deeper: int) -> bytes:
    """The one encoding of a split, from what was read alone."""
    out, place, width = bytearray(), 0, 1 << deeper
    for at in range(0, len(found.prefixes), width):
        where = found.prefixes[at] >> deeper
        out += uvarint(where - place)
        out += b"".join(one.to_bytes(SUM_BYTES, "little") for one in found.sums[at : at + width])
        place = where + 1
    return bytes(out)


def leaves_bytes(found: Listed) -> bytes:
    """The one encoding of leaves, from what was read alone."""
    out, place = bytearray(), 0
    for prefix in found.prefixes:
        where = PARTS.prefixes.index(prefix)
        there = [(tag, one) for tag, one in found.entries.items() if tag[0] >> 6 == prefix]
        out += uvarint(where - place) + uvarint(len(there))
        out += b"".join(tag + _entry(one) for tag, one in there)
        place = where + 1
    return bytes(out)


def ranges(data: bytes) -> str:
    """Splits of any depth and leaves encode to the same bytes, or are ``Rejected``."""
    said = []
    for bits, deeper in ((0, 0), (2, 1), (3, 3), (12, 8)):
        parts = read_split(data, bits=bits, deeper=deeper)
        if isinstance(parts, Rejected):
            said.append(rejected(parts, data))
            continue
        assert split_bytes(parts, deeper) == data
        assert all(0 <= one < 1 << bits + deeper for one in parts.prefixes)
        said.append("ok")
    listed = read_leaves(data, PARTS)
    if isinstance(listed, Rejected):
        said.append(rejected(listed, data))
    else:
        assert leaves_bytes(listed) == data
        said.append("ok")
    return "ok " + " ".join(said) if "ok" in said else said[0]


# --- slices -------------------------------------------------------------------------------------


def slice_(data: bytes) -> str:
    """The whole way of a slice: read, head, events, proof; a value at every step."""
    found = decode_slice(data, log=log_id())
    if isinstance(found, Rejected):
        return rejected(found, data)
    assert encode_slice(found) == data
    signed = check_heads([(found.log, found.author, found.head)])[0]
    pack, refused = open_slice(found)
    for one in refused:
        rejected(one, data)
    if pack is None:
        assert refused
        return f"ok {refused[0].code}"
    assert 1 <= pack.count <= found.count
    peaks = prove_slice(
        pack, skip=0, size_before=0, peaks_before=b"", prev=b"", one=found
    )  # fmt: skip
    if isinstance(peaks, Rejected):
        return f"ok {rejected(peaks, data)} {signed}"
    assert len(peaks) == 32 * found.end.bit_count()
    return f"ok proven {signed}"


# --- bundles ------------------------------------------------------------------------------------


class Attic:
    """An endpoint that takes part in everything and keeps nothing."""

    def __init__(self) -> None:
        self.events = 0

    def logs(self) -> list[bytes]:
        return []

    def open(self, log: bytes) -> NoHoldings:
        return NoHoldings(log)

    def join(self, log: bytes) -> NoHoldings:
        return NoHoldings(log)

    def receive(self, log: bytes, slices, peer: str) -> Outcome:
        assert all(one.log == log for one in slices)
        accepted = sum(one.count for one in slices)
        self.events += accepted
        return Outcome(accepted)


def bundle_file(data: bytes) -> str:
    """A bundle is read to its end and counted, or refused with a place."""
    said = []
    for read in (bundle_log, lambda file: read_bundle(file, Attic(), peer="file")):
        try:
            said.append(read(io.BytesIO(data)))
        except BadInput as error:
            said.append(refusal(error, data))
    log, report = said
    if isinstance(report, str):
        return f"{report} {isinstance(log, bytes):d}"
    assert report.log == log
    assert report.size == len(data)
    assert report.accepted == report.events
    return f"ok {min(report.messages, 2)} {min(len(report.rejected), 2)}"


# --- seeds --------------------------------------------------------------------------------------


@cache
def transcripts() -> tuple[bytes, ...]:
    """What two people say to each other who have news for each other."""
    from tests.fuzz.of_sessions import transcript

    return transcript()[0] + transcript()[1]


def _messages() -> list[bytes]:
    said = hexes(vectors("sync")["messages"], "message") + hexes(
        vectors("sync")["refused"], "message"
    )
    return [*said, *(one for one in transcripts() if len(one) < 16_384)]


def _streams() -> list[bytes]:
    said = _messages()
    return [m.frame(one) for one in said] + [b"".join(map(m.frame, said[:3]))]


def _vectors() -> list[bytes]:
    found = hexes(vectors("sync")["vectors"], "full", "relative")
    wants = [one.entries for one in map(m.decode, _messages()) if isinstance(one, m.Want)]
    return found + wants


def _ranges() -> list[bytes]:
    found = hexes(vectors("sync")["ranges"], "ranges", "parts")
    entry = vectors("sync")["vectors"][1]["full"]
    return [*found, b"", bytes(5), b"\x00\x01" + bytes.fromhex(entry)]


def _slices() -> list[bytes]:
    return [one for one in encoded_slices() if len(one) < 8192][:40]


def _bundles() -> list[bytes]:
    whole = bundle()
    ends = [MAGIC, whole[: len(whole) // 2], whole[:-9]]
    empty = m.frame(m.encode(m.Bundle(1, log_id(), bytes(32))))
    empty += m.frame(m.encode(m.BundleEnd(0, 0)))
    return [*ends, MAGIC + empty, whole] if len(community()) else []


TARGETS = (
    Target("message", message, _messages, "item"),
    Target("stream", stream, _streams, "bytes"),
    Target("vector", vector, _vectors, "bytes"),
    Target("ranges", ranges, _ranges, "bytes"),
    Target("slice", slice_, _slices, "item", ci_runs=400),
    Target("bundle", bundle_file, _bundles, "bytes", ci_runs=400),
)
