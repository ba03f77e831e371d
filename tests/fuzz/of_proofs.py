"""Targets of names, notes and proofs: text formats that strangers hand over."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

from tests.fuzz.engine import Target, refusal
from tests.fuzz.seeds import community, hexes, log_id, strings, vectors
from tests.model.replica_world import key_of

import tallystick
from tallystick.chain.equivocation import Equivocation, verify_equivocation
from tallystick.chain.event_proof import check_event_proof
from tallystick.chain.head import Head, check_head, head_note, sign_head
from tallystick.errors import CODES, BadInput, KeyNeeded, TallyError, VerificationError
from tallystick.event.header import Header
from tallystick.event.ids import cid_text, parse_cid, prefix_range
from tallystick.identity.did import did_key, parse_did_key
from tallystick.identity.keyfile import is_sealed, read_key, read_public, write_key
from tallystick.kernels import decode_item, encode_item
from tallystick.proofs.checkpoint import Checkpoint
from tallystick.proofs.cosignature import cosign, cosigned
from tallystick.proofs.note import NoteKey, build_note, open_note, parse_note
from tallystick.proofs.tlog_proof import TlogProof
from tallystick.replica.names import Names
from tallystick.replica.versions import parse_time
from tallystick.state.places import parse_place, place_text
from tallystick.state.title_chain import check_title_chain
from tallystick.sync.tcp import parse_address

WITNESS = key_of("witness")
WITNESS_KEY = NoteKey("witness.example", 4, WITNESS.public)
TEXT = "surrogateescape"


def text_of(data: bytes) -> str:
    """As a terminal hands over what is no text."""
    return data.decode("utf-8", TEXT)


# --- names --------------------------------------------------------------------------------------


def did(data: bytes) -> str:
    """One text per key: what is read is what would be written."""
    text = text_of(data)
    try:
        key = parse_did_key(text)
    except BadInput as error:
        return refusal(error, data)
    assert did_key(key) == text
    return "ok"


def cid(data: bytes) -> str:
    """One text per id, and a prefix stands for the ids that begin with it."""
    text = text_of(data)
    try:
        low, high = prefix_range(text)
        assert low <= high
        assert cid_text(low).startswith(text[:58])
        assert cid_text(high).startswith(text[:58])
    except BadInput as error:
        refusal(error, data)
        low = high = b""
    try:
        digest = parse_cid(text)
    except BadInput as error:
        return f"{refusal(error, data)} {bool(low):d}"
    assert cid_text(digest) == text
    assert low == high == digest
    return "ok"


def place(data: bytes) -> str:
    """One text per place."""
    text = text_of(data)
    try:
        found = parse_place(text)
    except BadInput as error:
        return refusal(error, data)
    assert place_text(found) == text
    return f"ok {len(found)}"


@cache
def _names() -> Names:
    replica = community()[0]
    replica.name_actor(community()[1].did, "zoë")
    return replica._names


def name(data: bytes) -> str:
    """A TARGET is somebody, some event, or an honest refusal."""
    text, said = text_of(data), []
    for ask in (_names().author, _names().event_id, _names().event):
        try:
            found = ask(text)
            assert isinstance(found, int) or len(found) == 32
            said.append("ok")
        except TallyError as error:
            said.append(refusal(error, data))
    return "ok " + " ".join(said) if "ok" in said else " ".join(said)


def moment(data: bytes) -> str:
    """A time is a number a store can hold."""
    try:
        found = parse_time(text_of(data))
    except BadInput as error:
        return refusal(error, data)
    assert isinstance(found, int)
    assert -(2**63) <= found < 2**63
    return "ok"


def address(data: bytes) -> str:
    """A host and a port, or a refusal."""
    try:
        host, port = parse_address(text_of(data))
    except BadInput as error:
        return refusal(error, data)
    assert host
    assert 0 <= port < 65_536
    return "ok"


# --- notes --------------------------------------------------------------------------------------


@cache
def _known() -> tuple[NoteKey, ...]:
    texts = strings(vectors("notes"), "key")
    found = [NoteKey.parse(text) for text in dict.fromkeys(texts) if text.count("+") >= 2]
    return (*found, WITNESS_KEY)


def note(data: bytes) -> str:
    """A note that would be written the same; signatures of known keys hold or refuse it."""
    try:
        read = parse_note(data)
    except BadInput as error:
        return refusal(error, data)
    assert build_note(read.text, read.signatures) == data
    said = []
    for judge in (lambda: open_note(data, _known()), lambda: cosigned(read, _known())):
        try:
            judge()
            said.append("held")
        except VerificationError as error:
            said.append(refusal(error, data))
    return "ok " + " ".join(said)


def note_key(data: bytes) -> str:
    """A verifier's key has one text."""
    try:
        text = text_of(data)
        key = NoteKey.parse(text)
    except BadInput as error:
        return refusal(error, data)
    assert key.text() == text
    return f"ok {key.algorithm}"


def checkpoint(data: bytes) -> str:
    """A checkpoint has one text."""
    text = text_of(data)
    try:
        found = Checkpoint.parse(text)
    except BadInput as error:
        return refusal(error, data)
    assert found.text() == text
    return f"ok {len(found.extensions) > 0:d}"


def tlog_proof(data: bytes) -> str:
    """A proof file that would be written the same; what it proves is one header at one place."""
    try:
        found = TlogProof.parse(data)
    except BadInput as error:
        return refusal(error, data)
    assert found.text() == data
    try:
        proven = check_event_proof(data, [WITNESS_KEY])
    except (BadInput, VerificationError) as error:
        return f"ok {refusal(error, data)}"
    assert proven.header.seq == found.index < proven.checkpoint.size
    assert proven.header.encode() == found.extra
    return f"ok proven {len(proven.cosigned)}"


def head(data: bytes) -> str:
    """``size(8) root(32) signature(64)`` of a chain: signed by its author or not."""
    size = int.from_bytes(data[:8], "big") & 2**63 - 1
    root, signature = data[8:40].ljust(32, b"\0"), data[40:104].ljust(64, b"\0")
    author = key_of(0).public
    found = Head(size, root, signature)
    signed = check_head(log_id(), author, found)
    if data[:1] < b"\x10":  # as a note now and then: it costs more than all the rest
        whole = head_note(log_id(), author, found)
        assert parse_note(whole).signatures[0].signature == signature
    return "ok" if signed else "chain/signature"


# --- titles -------------------------------------------------------------------------------------


def title_chain(data: bytes) -> str:
    """What passes names its owner by the last op of an unbroken line."""
    try:
        found = check_title_chain(data)
    except (BadInput, VerificationError) as error:
        return refusal(error, data)
    before = None
    for op in found.line:
        assert op.over == before
        before = op.event
    assert found.owner == (found.line[-1].to if found.line else None)
    return f"ok {len(found.ops)}"


@cache
def _title_chains() -> list[bytes]:
    with (
        tempfile.TemporaryDirectory() as home,
        tallystick.open(f"{home}/ana", create=True) as ana,
    ):
        saw = ana.titles.create("saw")
        sold = ana.titles.transfer(saw, "me")
        texts = [ana.titles.prove(saw)]
        ana.titles.transfer(saw, "me", over=saw)
        ana.exclude(sold)
        texts.append(ana.titles.prove(saw))
    return [text.encode() for text in texts]


# --- equivocation -------------------------------------------------------------------------------


def equivocation(data: bytes) -> str:
    """Two events of the vectors' log and nothing else proven, or a void code."""
    log = bytes.fromhex(vectors("equivocation")["proven"][0]["log"])
    found = verify_equivocation(data, log)
    if isinstance(found, str):
        assert found in CODES
        return found
    assert isinstance(found, Equivocation)
    sides = decode_item(data)
    assert encode_item(sides) == data
    headers = [Header.decode(side[0]) for side in sides]
    assert [one.id for one in headers] == [found.id_a, found.id_b]
    assert {(one.author, one.seq, one.log_id) for one in headers} == {
        (found.author, found.seq, log)
    }
    return "ok"


# --- key files ----------------------------------------------------------------------------------


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")
    where = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    folder = tempfile.TemporaryDirectory(prefix="tallystick-fuzz-", dir=where)
    _FOLDERS.append(folder)  # removed with the process
    return Path(folder.name)


_FOLDERS: list[tempfile.TemporaryDirectory] = []


def _is_dear(data: bytes) -> bool:
    """Whether opening the file would cost more than a thousandth of a real key's guess."""
    for line in data.split(b"\n"):
        if line.startswith(b"scrypt "):
            numbers = line.split(b" ")[1:4]
            if not all(number.isdigit() and len(number) < 3 for number in numbers):
                return False
            return len(numbers) == 3 and int(numbers[0]) > 7
    return False


def key_file(data: bytes) -> str:
    """A key that is the one its public line names, or a code."""
    path = _folder() / "fuzz.key"
    path.write_bytes(data)
    said = []
    for passphrase in (None, "open"):
        if passphrase is not None and _is_dear(data):
            continue
        try:
            key = read_key(path, passphrase=passphrase)
            assert key.public == read_public(path)
            said.append(f"ok {is_sealed(path):d}")
        except (BadInput, KeyNeeded) as error:
            said.append(refusal(error, data))
    try:
        read_public(path)
        is_sealed(path)
    except BadInput as error:
        refusal(error, data)
        assert not any(word.startswith("ok") for word in said)
    return max(said)


def _key_files() -> list[bytes]:
    key, found = key_of("file"), []
    for number, (passphrase, cost) in enumerate(((None, 1), ("open", 1), ("open", 3))):
        path = _folder() / f"seed-{number}"
        if not path.exists():
            write_key(
                path, key, passphrase=passphrase, cost=cost,
                random=lambda size, number=number: bytes([number]) * size,
            )  # fmt: skip
        found.append(path.read_bytes())
    return found


# --- seeds --------------------------------------------------------------------------------------


def _notes() -> list[bytes]:
    found = [text.encode() for text in strings(vectors("notes"), "note", "text", "bytes")]
    found += [text.encode() for text in strings(vectors("heads"), "note")]
    author = key_of(0)
    signed = sign_head(author, log_id(), 3, bytes(32))
    line = cosign(WITNESS, "witness.example", parse_note(_own_note(signed)).text, 1_700_000_000)
    return [*found, head_note(log_id(), author.public, signed, [line])]


def _own_note(signed: Head) -> bytes:
    return head_note(log_id(), key_of(0).public, signed)


def _checkpoints() -> list[bytes]:
    found = [parse_note(data).text for data in _notes() if b"\n\n" in data and is_note(data)]
    return [*found, b"example.com/x\n3\n" + b"A" * 43 + b"=\next\n"]


def is_note(data: bytes) -> bool:
    """Whether a vector is one of the good ones."""
    try:
        parse_note(data)
    except BadInput:
        return False
    return True


def _tlog_proofs() -> list[bytes]:
    return [text.encode() for text in strings(vectors("notes"), "file")]


def _equivocations() -> list[bytes]:
    return hexes(vectors("equivocation"), "frame")


def _heads() -> list[bytes]:
    key = key_of(0)
    signed = [sign_head(key, log_id(), size, bytes([size]) * 32) for size in (0, 1, 7)]
    return [one.size.to_bytes(8, "big") + one.root + one.signature for one in signed]


def _dids() -> list[bytes]:
    return [text.encode() for text in strings(vectors("did"), "did")]


def _cids() -> list[bytes]:
    found = [text.encode() for text in strings(vectors("did"), "cid", "text", "id")]
    return [*found, cid_text(log_id()).encode(), cid_text(bytes(32))[:12].encode()]


def _targets() -> list[bytes]:
    one, two = community()
    some = [
        one.did,
        two.did,
        two.did[:24],
        "me",
        "zoë",
        cid_text(log_id()),
        cid_text(log_id())[:12],
    ]
    return [text.encode() for text in some]


def _texts(*texts: str) -> list[bytes]:
    return [text.encode() for text in texts]


TARGETS = (
    Target("did", did, _dids, "text"),
    Target("cid", cid, _cids, "text"),
    Target(
        "place", place, lambda: _texts("todos/7f/title", "a~1b/~0", "a~01", "é/ü", "x/" * 7 + "x"),
        "text",
    ),
    Target("name", name, _targets, "text", ci_runs=800),
    Target(
        "time", moment,
        lambda: _texts("1700000000000", "2026-11-20", "2026-11-20T12:00:00+01:00", "0001-01-01",
                       "9999-12-31T23:59:59.999999-23:59", "20261120T120000Z"),
        "text",
    ),
    Target(
        "address", address,
        lambda: _texts("tcp://127.0.0.1:7400", "tcp://[::1]:7400", "tcp://example.com:0"),
        "text",
    ),
    Target("note", note, _notes, "text"),
    Target("note-key", note_key, lambda: [key.text().encode() for key in _known()], "text"),
    Target("checkpoint", checkpoint, _checkpoints, "text"),
    Target("tlog-proof", tlog_proof, _tlog_proofs, "text"),
    Target("head", head, _heads, ci_runs=500),
    Target("title-chain", title_chain, _title_chains, "text", ci_runs=300),
    Target("equivocation", equivocation, _equivocations, "item"),
    Target("key-file", key_file, _key_files, "text", ci_runs=500),
)  # fmt: skip
