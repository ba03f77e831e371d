"""Signed notes, checkpoints, cosignatures and proof files, as others write and read them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.test_merkle_proofs import digests, mth

from tallystick.errors import BadInput, TallyError, VerificationError
from tallystick.identity.keys import SigningKey
from tallystick.proofs.checkpoint import Checkpoint, parse_decimal
from tallystick.proofs.cosignature import cosign, cosigned
from tallystick.proofs.merkle import inclusion_proof, node_over
from tallystick.proofs.note import (
    COSIGNATURE,
    ED25519,
    Note,
    NoteKey,
    NoteSignature,
    build_note,
    open_note,
    parse_note,
)
from tallystick.proofs.tlog_proof import TlogProof, check_proof

LOG = SigningKey(b"\x01" * 32)
WITNESS = SigningKey(b"\x02" * 32)
NAME = "example.com/log"
LOG_KEY = NoteKey(NAME, ED25519, LOG.public)
WITNESS_KEY = NoteKey("witness.example/w", COSIGNATURE, WITNESS.public)


def signed(text: bytes, signer: SigningKey = LOG, name: str = NAME) -> NoteSignature:
    return NoteSignature(name, NoteKey(name, ED25519, signer.public).id, signer.sign(text))


def code_of(call) -> str:
    with pytest.raises(TallyError) as refused:
        call()
    return refused.value.code


# --- Notes ---------------------------------------------------------------------------------------


def test_a_note_opens_with_its_key_and_with_no_other():
    text = b"line one\n\nline three\n"
    note = build_note(text, [signed(text)])
    assert open_note(note, [LOG_KEY]) == (Note(text, (signed(text),)), (LOG_KEY,))
    other = NoteKey(NAME, ED25519, WITNESS.public)
    assert code_of(lambda: open_note(note, [other])) == "proof/unknown-key"
    assert code_of(lambda: open_note(note, [])) == "proof/unknown-key"


def test_signatures_of_unknown_keys_are_ignored_even_under_a_known_name():
    text = b"text\n"
    stranger = NoteSignature("stranger", b"1234", b"anything at all")
    namesake = NoteSignature(NAME, b"1234", bytes(64))
    note = build_note(text, [stranger, signed(text), namesake])
    assert open_note(note, [LOG_KEY])[1] == (LOG_KEY,)


def test_a_known_keys_bad_signature_refuses_the_note_though_another_holds():
    text = b"text\n"
    bad = replace(signed(text), signature=bytes(64))
    short = replace(signed(text), signature=bytes(63))
    other = SigningKey(b"\x03" * 32)
    good = signed(text, other, "other")
    keys = [LOG_KEY, NoteKey("other", ED25519, other.public)]
    for line in (bad, short):
        note = build_note(text, [good, line])
        assert code_of(lambda note=note: open_note(note, keys)) == "proof/signature"


@pytest.mark.parametrize("count", [16, 100])
def test_many_signatures_are_read(count):
    text = b"text\n"
    lines = [NoteSignature(f"w{row}", b"1234", bytes(5000)) for row in range(count - 1)]
    assert open_note(build_note(text, [*lines, signed(text)]), [LOG_KEY])[1] == (LOG_KEY,)


def test_a_note_beyond_the_bounds_is_refused():
    line = NoteSignature("w", b"1234", b"x")
    assert code_of(lambda: build_note(b"text\n", [line] * 101)) == "proof/malformed"
    assert code_of(lambda: parse_note(bytes(2**20 + 1))) == "proof/malformed"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAA=",
        b"text\n\n\xe2\x80\x94 name AAAAAAA\n",
        b"text\n\n\xe2\x80\x94 name AAAAAB==\n",
        b"text\n\n\xe2\x80\x94 name AAAAAA==\n",
        b"text\n\n\xe2\x80\x94  AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 na+me AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 na\xc2\xa0me AAAAAAA=\n",
        b"text\n\n- name AAAAAAA=\n",
        b"text\n\nname AAAAAAA=\n",
        b"te\txt\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"text\r\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"\xff\n\n\xe2\x80\x94 name AAAAAAA=\n",
    ],
)
def test_what_is_not_a_note_is_refused(data):
    assert code_of(lambda: parse_note(data)) == "proof/malformed"


@given(st.binary(max_size=80))
def test_any_bytes_are_a_note_or_bad_input(data):
    for read in (parse_note, TlogProof.parse):
        with pytest.raises(BadInput):
            read(data)


@given(st.integers(0, 10**9), st.integers(0, 7))
def test_a_changed_bit_is_found_or_stands_in_a_line_that_counts_for_nothing(place, bit):
    text = Checkpoint(NAME, 3, bytes(32)).text().encode()
    note = bytearray(build_note(text, [signed(text)]))
    note[place % len(note)] ^= 1 << bit
    with pytest.raises((BadInput, VerificationError)):
        open_note(bytes(note), [LOG_KEY])


def test_a_key_reads_back_from_its_line_and_from_no_other():
    line = LOG_KEY.text()
    assert NoteKey.parse(line) == LOG_KEY
    for place in range(len(line)):
        changed = line[:place] + chr(ord(line[place]) ^ 1) + line[place + 1 :]
        assert code_of(lambda changed=changed: NoteKey.parse(changed)) == "proof/malformed"


# --- Checkpoints ---------------------------------------------------------------------------------


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_back(size, root):
    for extensions in ((), ("one", "two")):
        checkpoint = Checkpoint(NAME, size, root, extensions)
        assert Checkpoint.parse(checkpoint.text()) == checkpoint


GOOD = Checkpoint(NAME, 10, bytes(32)).text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        GOOD[:-1],
        GOOD + "\n",
        "\n" + GOOD,
        GOOD.replace("10", "010"),
        GOOD.replace("10", "-1"),
        GOOD.replace("10", "+10"),
        GOOD.replace("10", "1_0"),
        GOOD.replace("10", "١٠"),
        GOOD.replace("10", str(2**63)),
        GOOD.replace("10", "1" * 5000),
        GOOD.replace("=", ""),
        GOOD.replace("A=", "B="),
        GOOD.replace("AAAA", "", 1),
        GOOD.replace("AAAA", "é", 1),
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text):
    assert code_of(lambda: Checkpoint.parse(text)) == "proof/malformed"


@given(st.text(max_size=25))
def test_a_number_is_read_only_as_it_is_written(text):
    number = parse_decimal(text)
    assert number is None or str(number) == text


# --- Cosignatures --------------------------------------------------------------------------------


def test_a_witness_is_heard_beside_the_log_and_only_when_known():
    text = GOOD.encode()
    note = parse_note(build_note(text, [signed(text), cosign(WITNESS, WITNESS_KEY.name, text, 7)]))
    assert [(one.key, one.time) for one in cosigned(note, [WITNESS_KEY])] == [(WITNESS_KEY, 7)]
    assert cosigned(note, [LOG_KEY]) == ()
    assert cosigned(note, []) == ()


def test_a_cosignature_of_another_text_time_or_use_does_not_hold():
    text = GOOD.encode()
    line = cosign(WITNESS, WITNESS_KEY.name, text, 7)
    plain = replace(line, signature=bytes(8) + WITNESS.sign(text))
    later = replace(line, signature=(8).to_bytes(8, "big") + line.signature[8:])
    elsewhere = cosign(WITNESS, WITNESS_KEY.name, b"other\n", 7)
    for wrong in (plain, later, elsewhere, replace(line, signature=b"short")):
        note = Note(text, (wrong,))
        assert code_of(lambda note=note: cosigned(note, [WITNESS_KEY])) == "proof/signature"


def test_a_witnesss_line_is_no_signature_of_the_log_even_by_the_same_key():
    text = GOOD.encode()
    note = build_note(text, [cosign(LOG, NAME, text, 7)])
    assert code_of(lambda: open_note(note, [LOG_KEY])) == "proof/unknown-key"


def test_a_time_beyond_63_bits_does_not_hold():
    text, late = GOOD.encode(), 2**63
    signature = WITNESS.sign(b"cosignature/v1\ntime %d\n" % late + text)
    line = NoteSignature(WITNESS_KEY.name, WITNESS_KEY.id, late.to_bytes(8, "big") + signature)
    assert code_of(lambda: cosigned(Note(text, (line,)), [WITNESS_KEY])) == "proof/signature"


def test_a_time_before_1970_is_a_bad_call():
    with pytest.raises(ValueError, match="time"):
        cosign(WITNESS, "w", b"text\n", -1)


# --- Proof files ---------------------------------------------------------------------------------

LEAVES = digests(11)
TEXT = Checkpoint(NAME, len(LEAVES), mth(LEAVES)).text().encode()
NOTE = build_note(TEXT, [signed(TEXT)])


@given(st.integers(0, 10), st.none() | st.binary(max_size=9))
def test_a_proof_file_shows_its_entry(index, extra):
    hashes = inclusion_proof(index, len(LEAVES), node_over(LEAVES))
    proof = TlogProof(index, hashes, NOTE, extra)
    assert TlogProof.parse(proof.text()) == proof
    assert check_proof(proof, LEAVES[index], [LOG_KEY])[0].size == len(LEAVES)
    wrong = replace(proof, index=(index + 1) % len(LEAVES))
    for bad, leaf in ((wrong, LEAVES[index]), (proof, bytes(32))):
        found = code_of(lambda bad=bad, leaf=leaf: check_proof(bad, leaf, [LOG_KEY]))
        assert found == "proof/inclusion"


def test_a_note_that_is_no_checkpoint_proves_nothing():
    text = b"not a checkpoint\n"
    proof = TlogProof(0, b"", build_note(text, [signed(text)]))
    assert code_of(lambda: check_proof(proof, bytes(32), [LOG_KEY])) == "proof/malformed"


FILE = TlogProof(0, inclusion_proof(0, 11, node_over(LEAVES)), NOTE, b"x").text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"extra eA==", b"extra eA="),
        (b"extra eA==", b"extra eB=="),
        (b"extra", b"other"),
        (b"index 0\n", b""),
        (b"index 0", b"index 00"),
        (b"index 0", b"index -1"),
        (b"index 0", b"index"),
        (b"index 0\n", b"index 0\nAAAA\n"),
        (b"index 0\n", b"index 0\n" + (b"A" * 43 + b"=\n") * 64),
        (b"index 0", b"index \xc3\xa9"),
        (b"\n\n", b"\n"),
    ],
)
def test_a_malformed_proof_file_is_refused(old, new):
    assert old in FILE
    data = FILE.replace(old, new, -1 if old == b"\n\n" else 1)
    assert code_of(lambda: TlogProof.parse(data)) == "proof/malformed"


def test_a_proof_file_beyond_the_bounds_is_refused():
    assert code_of(lambda: TlogProof.parse(bytes(2**20 + 1))) == "proof/malformed"
