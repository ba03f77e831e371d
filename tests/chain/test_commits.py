"""Commits: what is written can be sent at once, and wrong drafts are told apart from bugs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chain.world import LOG, Chain, chain, draft, genesis, key

from tallystick.chain import commit as commits
from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.event_proof import check_event_proof, event_proof
from tallystick.chain.head import (
    Head,
    check_head,
    head_key,
    head_note,
    note_text,
    origin,
    sign_head,
)
from tallystick.errors import BadInput, ChainError, TallyError
from tallystick.event.header import Header
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.kernels import merkle_append, merkle_root
from tallystick.proofs.cosignature import cosign
from tallystick.proofs.merkle import inclusion_proof, node_over
from tallystick.proofs.note import COSIGNATURE, NoteKey, NoteSignature, build_note, open_note
from tallystick.proofs.tlog_proof import TlogProof

ALICE = chain(7)


def code_of(call) -> str:
    with pytest.raises(TallyError) as refused:
        call()
    return refused.value.code


# --- Commits -------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5))
@settings(max_examples=25)
def test_how_events_are_cut_into_commits_changes_no_id_and_no_root(counts):
    pieces, single = Chain(key("alice")), Chain(key("alice"))
    for count in counts:
        for row in range(count):
            single.write([{"n": row}])
    opened = iter(single.events)
    for count in counts:
        made = pieces.write([{"n": row} for row in range(count)])
        assert made.opened.count == count
        assert made.head.size == made.end.size == len(pieces.ids)
    # Seeds and times differ between the two ways of writing; shape, order and proofs do not.
    assert len(pieces.ids) == len(list(opened))
    for made in (pieces, single):
        peaks = merkle_append(0, b"", b"".join(made.ids))
        assert made.end.peaks == peaks
        assert made.heads[-1].root == merkle_root(peaks)
        assert check_head(LOG, made.author.public, made.heads[-1])


def test_one_pack_is_the_same_bytes_however_often_it_is_prepared():
    end = ALICE.end
    one = draft([1, 2], lamport=end.lamport + 1)
    assert prepare(ALICE.author, LOG, end, one) == prepare(ALICE.author, LOG, end, one)


def test_the_genesis_commit_names_the_log():
    made = genesis(key("founder"))
    assert made.opened.log == made.opened.ids == made.end.last_id == LOG
    assert made.end == ChainEnd(1, made.end.peaks, LOG, 0)
    assert check_head(LOG, key("founder").public, made.head)


def test_a_founder_goes_on_after_the_genesis_event_in_the_same_commit_or_a_later_one():
    made = genesis(key("founder"))
    more = prepare(key("founder"), LOG, made.end, draft(["hello"], lamport=1))
    assert (more.opened.seq, more.opened.prev) == (1, LOG)


def test_an_empty_or_too_large_draft_is_refused(monkeypatch):
    end = ALICE.end
    empty = draft([], lamport=end.lamport + 1)
    assert code_of(lambda: prepare(ALICE.author, LOG, end, empty)) == "chain/too-many"
    many = draft(list(range(4097)), lamport=end.lamport + 1)
    assert code_of(lambda: prepare(ALICE.author, LOG, end, many)) == "chain/too-many"
    monkeypatch.setattr(commits, "COMMIT_BYTES_MAX", 100)
    with pytest.raises(ChainError):
        prepare(ALICE.author, LOG, end, draft([1], lamport=end.lamport + 1))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kinds": ["No"]}, "event/kind"),
        ({"kinds": ["log/create"]}, "event/genesis"),
        ({"times": [-1]}, "event/uint-range"),
        ({"deps": [bytes(64)]}, "event/deps"),
        ({"contents": [bytes(2**20 + 1)]}, "event/too-large"),
    ],
)
def test_an_event_that_no_one_would_accept_is_not_written(changes, code):
    one = draft([1], lamport=ALICE.end.lamport + 1)
    for name, value in changes.items():
        setattr(one, name, value)
    with pytest.raises(BadInput) as refused:
        prepare(ALICE.author, LOG, ALICE.end, one)
    assert refused.value.code == code


def test_lamports_that_do_not_grow_are_a_bad_call():
    for lamport in (ALICE.end.lamport, 1):
        with pytest.raises(ValueError, match="lamports"):
            prepare(ALICE.author, LOG, ALICE.end, draft([1], lamport=lamport))


def test_an_end_that_contradicts_itself_is_a_bad_call():
    for wrong in ({"size": 1}, {"last_id": bytes(32)}, {"peaks": bytes(32)}):
        with pytest.raises(ValueError, match="bytes"):
            ChainEnd(**wrong)


# --- Heads ---------------------------------------------------------------------------------------


def test_a_head_is_a_checkpoint_that_any_reader_of_signed_notes_opens():
    head = ALICE.heads[-1]
    note = head_note(LOG, ALICE.author.public, head)
    opened, keys = open_note(note, [head_key(LOG, ALICE.author.public)])
    assert opened.text == note_text(LOG, ALICE.author.public, head.size, head.root)
    assert keys == (head_key(LOG, ALICE.author.public),)
    lines = opened.text.decode().splitlines()
    assert lines[0] == f"tallystick/1/{cid_text(LOG)}/{did_key(ALICE.author.public)}"
    assert (lines[0], lines[1]) == (origin(LOG, ALICE.author.public), "7")


@pytest.mark.parametrize("change", [{"size": 6}, {"root": bytes(32)}, {"signature": bytes(64)}])
def test_a_changed_head_is_not_signed(change):
    head = replace(ALICE.heads[-1], **change)
    assert not check_head(LOG, ALICE.author.public, head)
    assert not check_head(LOG, key("bob").public, ALICE.heads[-1])


def test_a_head_of_wrong_lengths_is_a_bad_call():
    for wrong in ((-1, bytes(32), bytes(64)), (1, bytes(31), bytes(64)), (1, bytes(32), b"")):
        with pytest.raises(ValueError, match="a head"):
            Head(*wrong)


# --- Proof files ---------------------------------------------------------------------------------


def proof_file(seq: int, *, cosignatures=()) -> bytes:
    header = Header.decode(ALICE.header(seq))
    return event_proof(header, ALICE.heads[-1], ALICE.path(seq), cosignatures)


@pytest.mark.parametrize("seq", range(7))
def test_a_stranger_checks_an_event_offline(seq):
    shown = check_event_proof(proof_file(seq))
    assert shown.header.id == ALICE.ids[seq]
    assert (shown.checkpoint.size, shown.cosigned) == (7, ())


def test_a_stranger_hears_the_witnesses_he_knows():
    witness = key("witness")
    known = NoteKey("witness.example/w", COSIGNATURE, witness.public)
    text = note_text(LOG, ALICE.author.public, 7, ALICE.heads[-1].root)
    data = proof_file(3, cosignatures=[cosign(witness, known.name, text, 1_700_000_000)])
    assert [one.key for one in check_event_proof(data, [known]).cosigned] == [known]
    assert check_event_proof(data).cosigned == ()


@given(st.integers(0, 10**9), st.integers(0, 7))
@settings(max_examples=150)
def test_a_changed_bit_of_a_proof_file_is_found(place, bit):
    data = bytearray(proof_file(4))
    data[place % len(data)] ^= 1 << bit
    with pytest.raises(TallyError):
        check_event_proof(bytes(data))


def signed_tree(ids: list[bytes], log: bytes = LOG) -> tuple[Head, bytes]:
    """A head by a misbehaving author over any leaves, and the path of the fourth."""
    root = merkle_root(merkle_append(0, b"", b"".join(ids)))
    return sign_head(ALICE.author, log, len(ids), root), inclusion_proof(
        3, len(ids), node_over(ids)
    )


def test_an_event_at_another_place_than_its_header_says_is_not_shown():
    head, path = signed_tree([*ALICE.ids[:3], ALICE.ids[4]])
    note = head_note(LOG, ALICE.author.public, head)
    data = TlogProof(3, path, note, ALICE.header(4)).text()
    assert code_of(lambda: check_event_proof(data)) == "proof/inclusion"


def test_a_head_of_another_log_by_the_same_author_shows_nothing():
    elsewhere, path = signed_tree(ALICE.ids, bytes(32))
    key_here = head_key(LOG, ALICE.author.public)
    text = note_text(bytes(32), ALICE.author.public, elsewhere.size, elsewhere.root)
    note = build_note(text, [NoteSignature(key_here.name, key_here.id, elsewhere.signature)])
    data = TlogProof(3, path, note, ALICE.header(3)).text()
    assert code_of(lambda: check_event_proof(data)) == "proof/inclusion"


def test_a_proof_needs_the_header_and_the_right_place():
    data = proof_file(4)
    lines = data.split(b"\n")
    bare = b"\n".join([lines[0], *lines[2:]])
    assert code_of(lambda: check_event_proof(bare)) == "proof/malformed"
    moved = data.replace(b"index 4", b"index 5")
    assert code_of(lambda: check_event_proof(moved)) == "proof/inclusion"
    swapped = b"\n".join([lines[0], proof_file(3).split(b"\n")[1], *lines[2:]])
    assert code_of(lambda: check_event_proof(swapped)) == "proof/inclusion"
