"""spec/vectors/{heads,slices,equivocation,did,notes}.json against the real rooms."""

from __future__ import annotations

import pytest

from tallystick.chain.equivocation import verify_equivocation
from tallystick.chain.event_proof import check_event_proof
from tallystick.chain.head import Head, check_head, head_note, note_text, sign_head
from tallystick.chain.rules import void
from tallystick.chain.slice import decode_slice, open_slice, prove_slice
from tallystick.errors import Rejected, TallyError
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key, parse_did_key
from tallystick.identity.keys import SigningKey
from tallystick.kernels import merkle_append, merkle_root
from tallystick.proofs.checkpoint import Checkpoint
from tallystick.proofs.cosignature import cosigned
from tallystick.proofs.note import NoteKey, build_note, open_note, parse_note


def raw(text: str | None) -> bytes:
    return bytes.fromhex(text or "")


def joined(rows: list[str]) -> bytes:
    return b"".join(map(raw, rows))


def code_of(call) -> str | None:
    try:
        call()
    except TallyError as refused:
        return refused.code
    return None


def head_of(case) -> Head:
    return Head(int(case["size"]), raw(case["root"]), raw(case["signature"]))


def test_heads_are_signed_over_the_text_of_the_vectors(vectors):
    for case in vectors("heads")["signed"]:
        log, author, head = raw(case["log"]), raw(case["author"]), head_of(case)
        assert merkle_root(merkle_append(0, b"", joined(case["ids"]))) == head.root
        assert note_text(log, author, head.size, head.root).decode() == case["text"]
        assert sign_head(SigningKey(raw(case["seed"])), log, head.size, head.root) == head
        assert check_head(log, author, head)
        assert head_note(log, author, head).decode() == case["note"]


def test_heads_that_nobody_signed_are_refused(vectors):
    cases = vectors("heads")["refused"]
    for case in cases:
        found = check_head(raw(case["log"]), raw(case["author"]), head_of(case))
        assert not found, case["name"]
    assert len(cases) == 7


def receive(case) -> bytes | str:
    """The peaks after a slice, or the code it is refused with."""
    one = decode_slice(raw(case["slice"]), log=raw(case["log"]))
    if isinstance(one, Rejected):
        return one.code
    if not check_head(one.log, one.author, one.head):
        return "chain/signature"
    pack, rejected = open_slice(one)
    if pack is None:
        return rejected[0].code
    size = int(case["held"]["size"])
    found = prove_slice(
        pack,
        skip=max(0, size - pack.seq),
        size_before=size,
        peaks_before=joined(case["held"]["peaks"]),
        prev=raw(case["held"]["last_id"]),
        one=one,
    )
    return found.code if isinstance(found, Rejected) else found


def test_slices_that_prove_themselves_are_accepted(vectors):
    for case in vectors("slices")["accepted"]:
        assert receive(case) == joined(case["peaks"]), case["name"]
        pack, _ = open_slice(decode_slice(raw(case["slice"]), log=raw(case["log"])))
        assert pack.ids == joined(case["ids"])


def test_slices_are_refused_with_the_code_of_their_first_fault(vectors):
    found = {case["name"]: receive(case) for case in vectors("slices")["refused"]}
    assert found == {case["name"]: case["code"] for case in vectors("slices")["refused"]}


def test_equivocations_are_proven(vectors):
    for case in vectors("equivocation")["proven"]:
        found = verify_equivocation(raw(case["frame"]), raw(case["log"]))
        assert (found.author, found.seq) == (raw(case["author"]), int(case["seq"]))
        assert [found.id_a, found.id_b] == [raw(one) for one in case["events"]]
        assert found.id == raw(case["id"])
        assert verify_equivocation(raw(case["frame"]), bytes(32)) == "void/proof"


def test_frames_that_prove_nothing_are_void(vectors):
    for case in vectors("equivocation")["void"]:
        found = void(
            "proof/equivocation", frame=raw(case["frame"]), content_size=0, log=raw(case["log"])
        )
        assert found == case["code"], case["name"]


def test_names_of_keys_and_events_are_one_text_each(vectors):
    names = vectors("did")
    for case in names["keys"]:
        assert did_key(raw(case["public"])) == case["did"]
        assert parse_did_key(case["did"]) == raw(case["public"])
    for case in names["events"]:
        assert cid_text(raw(case["digest"])) == case["cid"]
        assert parse_cid(case["cid"]) == raw(case["digest"])


@pytest.mark.parametrize(
    ("group", "read"), [("not_keys", parse_did_key), ("not_events", parse_cid)]
)
def test_texts_that_name_nothing_are_refused(vectors, group, read):
    for case in vectors("did")[group]:
        assert code_of(lambda case=case: read(case["text"])), case["name"]


def test_published_notes_verify_and_come_out_the_same(vectors):
    for case in vectors("notes")["published"]:
        data, key = case["note"].encode(), NoteKey.parse(case["key"])
        note, keys = open_note(data, [key])
        assert keys == (key,)
        assert key.text() == case["key"]
        assert build_note(note.text, note.signatures) == data


def test_a_published_checkpoint_with_a_cosignature_is_read(vectors):
    case = vectors("notes")["read_only"]
    note = parse_note(case["note"].encode())
    assert Checkpoint.parse(note.text.decode()).size == int(case["size"])
    witness = note.signatures[1].signature
    assert (len(witness), int.from_bytes(witness[:8], "big")) == (72, int(case["time"]))


def test_texts_that_are_no_notes_are_refused(vectors):
    for case in vectors("notes")["malformed"]:
        found = code_of(lambda case=case: parse_note(case["note"].encode()))
        assert found == "proof/malformed", case["name"]


def test_cosignatures_hold_or_refuse_the_note(vectors):
    for case in vectors("notes")["cosignatures"]:
        note, key = parse_note(case["note"].encode()), NoteKey.parse(case["key"])
        if "code" in case:
            found = code_of(lambda note=note, key=key: cosigned(note, [key]))
            assert found == case["code"], case["name"]
        else:
            times = [str(one.time) for one in cosigned(note, [key])]
            assert times == ([case["time"]] if case["time"] else [])


def test_proof_files_show_their_event_or_nothing(vectors):
    for case in vectors("notes")["proof_files"]:
        data = case["file"].encode()
        if "code" in case:
            assert code_of(lambda data=data: check_event_proof(data)) == case["code"], case["name"]
        else:
            header = check_event_proof(data).header
            assert (header.id, header.seq) == (raw(case["id"]), int(case["seq"]))
