"""Targets of the kernels and of single events: items, headers, packs, frames, trees, signatures.

Each is tried on both kernels in one process where both are there, whichever of them is active.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.fuzz.engine import Target, refusal, words
from tests.fuzz.mutate import joined, parts_of, pieces
from tests.fuzz.seeds import hexes, slices, vectors

from tallystick.errors import BadInput
from tallystick.event.absent import Absent
from tallystick.event.event import events_of, read_part
from tallystick.event.header import Header
from tallystick.event.jsonio import parse_json, to_json
from tallystick.event.rules import read_log_content
from tallystick.kernels import Link, Pack, reference, status
from tallystick.kernels.loader import native_fault
from tallystick.limits import BODY_BYTES_MAX
from tallystick.proofs.merkle import verify_consistency, verify_inclusion
from tallystick.state.ops import Frame, op_values, parse_frame, void

KERNELS: list[ModuleType] = [reference]
if native_fault() is None:
    from tallystick.kernels import native

    KERNELS.append(native)

OTHER_LOG = bytes(31) + b"\1"


def same(found: list[Any]) -> Any:
    """What all kernels say."""
    assert all(one == found[0] for one in found[1:]), found
    return found[0]


# --- items --------------------------------------------------------------------------------------


def decoded(kernel: ModuleType, data: bytes, floats: bool) -> tuple[str, object]:
    try:
        value = kernel.decode_item(data, floats=floats)
    except BadInput as error:
        return refusal(error, data), error.where
    assert kernel.encode_item(value, floats=floats) == data
    return "ok", value


def item(data: bytes) -> str:
    """A value that encodes to the same bytes, or a code; ``check_items`` says the same.

    Inputs of odd length may hold floats, others may not.
    """
    floats = len(data) & 1 == 1
    code, value = same([decoded(kernel, data, floats) for kernel in KERNELS])
    offsets = bytes(4) + len(data).to_bytes(4, "little")
    checked = same([kernel.check_items(data, offsets, floats=floats) for kernel in KERNELS])[0]
    names = sorted(value)[:3] if isinstance(value, dict) else ["a"]
    fields = same([kernel.read_fields([data], names, floats=floats) for kernel in KERNELS])
    same([kernel.open_transfers([data]) for kernel in KERNELS])
    same([kernel.post_transfers([data], bytes(8), bytes(8)) for kernel in KERNELS])
    if not isinstance(value, dict):
        assert fields == ([None],)
    if code != "ok":
        assert checked == status.OK if not data else status.CODE[checked] == code
        return code
    assert checked == status.OK
    assert parse_json(to_json(value)) == value
    return f"ok {words(value)}"


def body(data: bytes) -> str:
    """Parts of bodies read as values or ``Bad``: they never raise, whatever somebody wrote."""
    value = read_part(data, floats=True)
    named = read_log_content(data)
    assert isinstance(named, Absent | tuple)
    values = op_values(data, 2)
    assert len(values) == 2
    return f"ok {words(named)}" if not isinstance(value, Absent) else "codec/bad-type"


# --- headers and packs --------------------------------------------------------------------------


def author_in(header: bytes) -> bytes:
    """The 32 bytes where a header's author stands, if it is one."""
    at = 5 if header[2:3] == b"\xf6" else 45
    return header[at : at + 32].ljust(32, b"\0")


def header(data: bytes) -> str:
    """A header that encodes to the same bytes under the same id, or the code a pack gives it."""
    author = author_in(data)
    pack = same([kernel.open_pack(b"\0" + data, author=author) for kernel in KERNELS])
    try:
        found = Header.decode(data)
    except BadInput as error:
        code = refusal(error, data)
        assert pack.stopped is not None or pack.count != 1 or len(data) > 4096
        return code
    assert found.encode() == data
    assert pack.stopped is None
    assert pack.count == 1
    assert pack.ids == found.id
    assert pack.log == found.log_id
    assert all(len(parent) == 32 for parent in found.parents)
    return f"ok {len(found.deps)} {found.schema is None}"


def rebuilt(kernel: ModuleType, pack: Pack) -> bytes:
    genesis = pack.kinds[:1] == ["log/create"] and pack.seq == 0
    headers, _ = kernel.rebuild_headers(
        log=b"" if genesis else pack.log,
        author=pack.author,
        seq=pack.seq,
        prev=pack.prev,
        lamports=pack.lamports,
        times=pack.times,
        kinds=pack.kinds,
        kind=pack.kind,
        schemas=pack.schemas,
        schema=pack.schema,
        dep_offsets=pack.dep_offsets,
        deps=pack.deps,
        frame_sizes=pack.frame_size,
        content_sizes=pack.content_size,
        bodies=pack.bodies,
    )
    return headers


def pack(data: bytes) -> str:
    """Columns that give back every byte they were read from; equal on both kernels."""
    author, bytes_ = data[:32].ljust(32, b"\0"), data[32:]
    found = same([kernel.open_pack(bytes_, author=author) for kernel in KERNELS])
    used = found.stopped[2] if found.stopped else len(bytes_)
    assert found.count <= used
    if found.count:
        events = pieces(found)
        assert joined(events) == bytes_[:used]
        headers = b"".join(one.header for one in events)
        assert same([rebuilt(kernel, found) for kernel in KERNELS]) == headers
        assert KERNELS[-1].open_pack(bytes_, log=found.log, author=author) == found
        other = KERNELS[-1].open_pack(bytes_, log=OTHER_LOG, author=author)
        assert other.count == 0
        assert other.stopped is not None
        if len(data) % 8 == 0:  # now and then: it opens every header once more
            assert all(event.id == event.header.id for event in events_of(found))
    if found.stopped is None:
        parts = max(found.part, default=0), max(found.body_status, default=0)
        return f"ok {min(found.count, 3)} {parts}"
    return f"{status.CODE[found.stopped[1]]} {min(found.count, 2)}"


# --- frames of edits ----------------------------------------------------------------------------


def frame_item(opened: Any) -> list[object]:
    authors, ops = opened
    return [
        [key if side is None else [key, Link(side)] for key, side in authors],
        [
            [verb, list(place), [[at] if who < 0 else [who, seq, at] for who, seq, at in over],
             *numbers]
            for verb, place, over, numbers in ops
        ],
    ]  # fmt: skip


def frame(data: bytes) -> str:
    """Authors and ops that encode to the same bytes, or FRAME; void is decided alike."""
    (opened,) = same([kernel.open_frames([data]) for kernel in KERNELS])
    parsed = parse_frame(data)
    assert void(data, BODY_BYTES_MAX) == (parsed if isinstance(parsed, str) else None)
    if isinstance(opened, int):
        assert opened == status.FRAME
        assert parsed in {"void/frame", "void/value"}
        return f"{status.CODE[opened]} {parsed}"
    for kernel in KERNELS:
        assert kernel.encode_item(frame_item(opened)) == data
    if isinstance(parsed, Frame):
        assert (parsed.authors, parsed.ops) == opened
        return f"ok {min(len(parsed.ops), 3)} {min(len(parsed.authors), 3)}"
    return parsed


# --- trees and signatures -----------------------------------------------------------------------


def tree_proof(data: bytes) -> str:
    """``index(8) size(8) digest(32) root(32) proof``: both kernels and the pure function agree."""
    index, size = (int.from_bytes(data[at : at + 8], "big") for at in (0, 8))
    index, size = index & 2**63 - 1, size & 2**63 - 1
    digest, root = (data[at : at + 32].ljust(32, b"\0") for at in (16, 48))
    proof = data[80:]
    holds = verify_inclusion(index, size, digest, proof, root)
    older = verify_consistency(index, size, digest, root, proof)
    whole = proof[: len(proof) // 32 * 32]
    if index < size:
        offsets = bytes(4) + (len(whole) // 32).to_bytes(4, "little")
        verdict = same(
            [
                kernel.merkle_verify(
                    root, size, digest, index.to_bytes(8, "little"), whole, offsets
                )
                for kernel in KERNELS
            ]
        )
        assert len(proof) % 32 or holds == (verdict[0] == status.OK)
    if index <= size:
        sizes = index.to_bytes(8, "little") + size.to_bytes(8, "little")
        offsets = bytes(4) + (len(whole) // 32).to_bytes(4, "little")
        verdict = same(
            [
                kernel.merkle_verify_consistency(sizes, digest, root, whole, offsets)
                for kernel in KERNELS
            ]
        )
        assert len(proof) % 32 or older == (verdict[0] == status.OK)
    return f"ok {holds:d} {older:d}" if holds or older else "proof/inclusion"


def signature(data: bytes) -> str:
    """``key(32) signature(64) message``: the same verdict of both kernels, whatever the bytes."""
    key, signed = data[:32].ljust(32, b"\0"), data[32:96].ljust(64, b"\0")
    verdict = same([kernel.verify_signatures(key, signed, [data[96:]]) for kernel in KERNELS])
    usable = same([kernel.is_author_key(key) for kernel in KERNELS])
    assert usable or verdict[0] != status.OK
    return "ok" if verdict[0] == status.OK else f"chain/signature {usable:d}"


# --- JSON ---------------------------------------------------------------------------------------


def json_text(data: bytes) -> str:
    """A value that JSON and the codec both give back, or a code with a place."""
    try:
        value = parse_json(data)
    except BadInput as error:
        return refusal(error, data)
    assert parse_json(to_json(value)) == value
    encoded = same([kernel.encode_item(value, floats=True) for kernel in KERNELS])
    assert parse_json(to_json(KERNELS[-1].decode_item(encoded, floats=True))) == value
    return f"ok {words(value)}"


# --- seeds --------------------------------------------------------------------------------------


def _packs() -> list[bytes]:
    found = [
        bytes.fromhex(one["author"]) + bytes.fromhex(one["pack"])
        for one in vectors("packs")["opens"]
        if len(one["pack"]) < 8000
    ]
    return found + [one.author + one.pack for one in slices()[:24]]


def _headers() -> list[bytes]:
    return [one.header for data in _packs() for one in parts_of(data[32:], data[:32]) if one.header]


def _frames() -> list[bytes]:
    return hexes(vectors("ops"), "frame")


def _proofs() -> list[bytes]:
    found = []
    document = vectors("merkle")
    leaves = [bytes.fromhex(one) for one in document["leaves"]]
    column = b"".join(leaves)
    for size in (1, 2, 3, 5, 8, 13, len(leaves)):
        root = reference.merkle_root(reference.merkle_append(0, b"", column[: 32 * size]))
        for index in sorted({0, size // 2, size - 1}):
            proof, _ = reference.merkle_prove(column[: 32 * size], index.to_bytes(4, "little"))
            place = index.to_bytes(8, "big") + size.to_bytes(8, "big")
            found.append(place + leaves[index] + root + proof)
        for first in sorted({1, max(1, size // 2), size}):
            sizes = first.to_bytes(8, "little") + size.to_bytes(8, "little")
            proof, _ = reference.merkle_consistency(column[: 32 * size], sizes)
            old = reference.merkle_root(reference.merkle_append(0, b"", column[: 32 * first]))
            place = first.to_bytes(8, "big") + size.to_bytes(8, "big")
            found.append(place + old + root + proof)
    return found


def _signatures() -> list[bytes]:
    return [
        b"".join(bytes.fromhex(one[name]) for name in ("key", "signature", "message"))
        for one in vectors("ed25519")["signatures"]
        if len(one["message"]) < 500
    ]


def _bodies() -> list[bytes]:
    return [b"", *(part.content for data in _packs() for part in parts_of(data[32:], data[:32]))]


def _json() -> list[bytes]:
    texts = [
        '{"a": [1, 2.5, -3, true, null, "x"], "b": {"c": {}}}',
        '{"/": {"bytes": "AAEC"}}',
        '{"/": {"map": {"/": 1}}}',
        '{"x": {"/": "bafyreiezezjkyekwsnzi43csk4czsiahdfoza6hebwnxpop3vk54rxtcsa"}}',
        '[[[[1e10, 9223372036854775807, -9223372036854775808, "\\u00e9\\ud83d\\ude00"]]]]',
        '"text"',
        "-0.0",
    ]
    return [text.encode() for text in texts]


TARGETS = (
    Target("item", item, lambda: hexes(vectors("items"), "hex"), "item"),
    Target("body", body, _bodies, "item"),
    Target("header", header, _headers, "item"),
    Target("pack", pack, _packs, "pack", ci_runs=500),
    Target("frame", frame, _frames, "item"),
    Target("tree-proof", tree_proof, _proofs),
    Target("signature", signature, _signatures, ci_runs=500),
    Target("json", json_text, _json, "text"),
)
