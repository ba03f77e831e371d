"""Frames, scopes, what users say, and which statements a policy keeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.model.policy_worlds import OPINIONS, Scene, key

from tallystick import policy
from tallystick.errors import BadInput
from tallystick.kernels import Link, encode_item
from tallystick.policy import CutEntry, Policy, Statement, holding, parse_statement, private_id
from tallystick.policy.scope import check_scope, covers, is_scope

ID, ME, YOU = b"i" * 32, b"m" * 32, b"y" * 32


def parsed(verb: str, frame: object) -> Statement | str:
    return parse_statement(f"trust/{verb}", encode_item(frame), id=ID, voter=ME, seq=3)


@given(st.integers(0, 2**32), st.sampled_from((*OPINIONS, "retract", "restore", "withdraw")))
def test_a_statement_survives_its_frame(seed, verb):
    scene = Scene(seed, events=5)
    said = scene.statement(verb, ID, ME, 3)
    if said.verb == "exclude":
        said = said._replace(cascade=True)
    kind, frame = policy.statement_frame(said)
    assert parse_statement(kind, frame, id=ID, voter=ME, seq=3) == said


@pytest.mark.parametrize(
    ("verb", "frame", "code"),
    [
        ("ban", {}, "void/frame"),
        ("ban", [], "void/frame"),
        ("ban", {"actor": b"short"}, "void/frame"),
        ("ban", {"actor": Link(YOU)}, "void/frame"),
        ("ban", {"actor": YOU, "more": 1}, "void/frame"),
        ("ban", {"actor": YOU, "cut": []}, "void/frame"),
        ("ban", {"actor": YOU, "cut": [[YOU, 2, Link(ID)], [YOU, 1, Link(ID)]]}, "void/frame"),
        ("ban", {"actor": YOU, "cut": [[YOU, 1, Link(ID)]] * 2}, "void/frame"),
        ("ban", {"actor": YOU, "cut": [[YOU, -1, Link(ID)]]}, "void/value"),
        ("ban", {"actor": YOU, "cut": [[YOU, True, Link(ID)]]}, "void/frame"),
        ("ban", {"actor": YOU, "scope": "*"}, "void/frame"),
        ("ban", {"actor": YOU, "scope": "trust/*"}, "void/frame"),
        ("ban", {"actor": YOU, "scope": "Review"}, "void/frame"),
        ("ban", {"actor": YOU, "weight": 2}, "void/frame"),
        ("adopt", {"actor": YOU, "weight": 1}, "void/frame"),
        ("adopt", {"actor": YOU, "weight": 2**31}, "void/value"),
        ("adopt", {"actor": YOU, "weight": -1}, "void/value"),
        ("adopt", {"actor": YOU, "depth": 0}, "void/frame"),
        ("adopt", {"actor": YOU, "depth": False}, "void/frame"),
        ("exclude", {"event": YOU}, "void/frame"),
        ("exclude", {"event": Link(YOU), "cascade": False}, "void/frame"),
        ("retract", {"event": Link(YOU), "scope": "note"}, "void/frame"),
        ("withdraw", {"event": Link(YOU)}, "void/frame"),
        ("uphold", {"event": Link(YOU)}, "void/frame"),
        ("dispute", {"event": Link(YOU), "remedy": ""}, "void/frame"),
        ("praise", {"actor": YOU}, "void/frame"),
    ],
)
def test_a_malformed_frame_has_a_void_code(verb, frame, code):
    assert parsed(verb, frame) == code


@given(st.binary(max_size=60), st.sampled_from(sorted(policy.SLOT)))
def test_bytes_that_are_no_frame_never_raise(data, verb):
    found = parse_statement(f"trust/{verb}", data, id=ID, voter=ME, seq=0)
    assert isinstance(found, Statement) or found in ("void/frame", "void/value")


def test_reasons_are_no_part_of_a_statements_identity():
    one = Statement(ID, ME, 3, "ban", YOU, reason="spam")
    assert one == one._replace(reason=None)
    assert hash(one) == hash(one._replace(reason=None))
    assert one != one._replace(scope="note")


@pytest.mark.parametrize(
    ("verb", "same_key", "kind", "code"),
    [
        ("retract", True, "record/edit", None),
        ("retract", False, "record/edit", None),
        ("repair", False, "record/edit", None),
        ("repair", True, "record/edit", "void/target"),
        ("restore", True, "ledger/transfer", "void/target"),
        ("retract", True, "trust/ban", "void/target"),
        ("withdraw", True, "trust/retract", None),
        ("withdraw", True, "trust/withdraw", "void/target"),
        ("withdraw", True, "record/edit", "void/target"),
        ("withdraw", False, "trust/ban", None),
        ("exclude", False, "log/create", None),
    ],
)
def test_what_a_statement_may_name_in_its_past(verb, same_key, kind, code):
    assert policy.check_target(verb, same_key=same_key, target_kind=kind) == code


@pytest.mark.parametrize(
    ("scope", "fits"),
    [
        ("*", True), ("review", True), ("review/*", True), ("review/film/*", True),
        ("trust", False), ("trust/*", False), ("trusted", False), ("review/", False),
        ("/*", False), ("*/film", False), ("Review", False), ("", False), ("a" * 65, False),
    ],
)  # fmt: skip
def test_which_texts_are_scopes(scope, fits):
    assert is_scope(scope) == fits
    if not fits:
        with pytest.raises(BadInput) as caught:
            check_scope(scope)
        assert caught.value.code == "policy/scope"


def test_a_prefix_matches_everything_below_but_not_itself():
    assert covers("a/*", "a/b")
    assert covers("a/*", "a/b/c")
    assert covers("a/*", "a/b/*")
    assert not covers("a/*", "a")
    assert not covers("a/*", "ab/c")
    assert not covers("a/b", "a/*")


# --- what a policy keeps ------------------------------------------------------------------------


def said(seq: int, verb: str, target: bytes, **more: object) -> Statement:
    id = private_id(ME, seq) if more.get("private") else bytes([seq]) * 32
    return Statement(id, ME, seq, verb, target, **more)


def test_the_latest_word_holds_and_a_private_one_beats_a_public_one():
    public, later = said(1, "ban", YOU), said(2, "allow", YOU)
    private = said(0, "ban", YOU, private=True)
    assert holding([later, public]) == (later,)
    assert holding([public, later, private]) == (private,)


def test_a_narrower_word_leaves_the_wider_one_to_hold_elsewhere():
    wide, narrow = said(1, "ban", YOU), said(2, "allow", YOU, scope="note")
    assert holding([wide, narrow]) == (wide, narrow)
    assert holding([narrow._replace(seq=1), wide._replace(seq=2)]) == (wide._replace(seq=2),)


def test_what_is_withdrawn_is_not_kept_and_the_one_before_is():
    first, second = said(1, "ban", YOU), said(2, "allow", YOU)
    gone = said(3, "withdraw", second.id)
    assert holding([first, second, gone]) == (first,)


def test_what_my_own_word_excludes_replaces_nothing():
    first, second = said(1, "ban", YOU), said(2, "allow", YOU)
    struck = said(3, "exclude", second.id)
    assert holding([first, second, struck]) == (first, second, struck)


# --- the document -------------------------------------------------------------------------------


def policy_with(**more: object) -> Policy:
    cut = (CutEntry(YOU, 4, ID),)
    statements = (said(1, "ban", YOU, cut=cut, reason="spam"), said(0, "allow", ID, private=True))
    return Policy(ME, ID, statements=statements, **more)


def test_a_policy_survives_its_bytes_without_its_reasons():
    one = policy_with(
        stance="invited",
        threshold=3,
        max_depth=2,
        fork_rule="prefix",
        restitution={"house": "keep"},
        erasers=(YOU,),
    )
    again = Policy.from_bytes(one.bytes())
    assert again == one
    assert again.statements[0].reason is None
    assert again.hash == one.hash
    assert again.hash != policy_with().hash


@pytest.mark.parametrize(
    "wrong",
    [
        {"stance": "shut"},
        {"threshold": 0},
        {"threshold": True},
        {"max_depth": -1},
        {"fork_rule": "side:12"},
        {"restitution": {"house": "sell"}},
        {"erasers": (b"x",)},
        {"viewer": b"x"},
    ],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(BadInput) as caught:
        Policy(**({"viewer": ME, "log": ID} | wrong))
    assert caught.value.code == "policy/parameter"


def test_a_policy_holds_only_its_viewers_opinions():
    for wrong in (said(1, "retract", ID), said(1, "ban", YOU)._replace(voter=YOU, private=True)):
        with pytest.raises(BadInput) as caught:
            Policy(ME, ID, statements=(wrong,))
        assert caught.value.code == "policy/target"


@given(st.data())
def test_a_damaged_document_is_refused_with_a_code(data):
    good = policy_with().bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    code = "none"
    try:
        assert Policy.from_bytes(bad).bytes() == bad
    except BadInput as error:
        code = error.code
    assert code == "none" or code.startswith("policy/")


@pytest.mark.parametrize(
    "item", [None, [], {}, {"version": 1}, 7, {"version": 2, "viewer": ME}, "policy"]
)
def test_another_document_is_no_policy(item):
    with pytest.raises(BadInput) as caught:
        Policy.from_bytes(encode_item(item))
    assert caught.value.code == "policy/document"


# --- what users say -----------------------------------------------------------------------------


def test_a_say_becomes_a_statement_once_its_targets_are_known():
    say = policy.ban("did:key:zabc", scope="review/*", reason="spam")
    made = say.statement(YOU, id=ID, voter=ME, seq=7, cut=(CutEntry(YOU, 1, ID),) * 2)
    assert made == Statement(ID, ME, 7, "ban", YOU, "review/*", (CutEntry(YOU, 1, ID),))
    assert made.reason == "spam"
    assert say.about_actor
    assert not policy.retract("x").about_actor


@pytest.mark.parametrize(
    "say",
    [
        lambda: policy.ban("x", scope="trust/*"),
        lambda: policy.adopt("x", weight=-1),
        lambda: policy.adopt("x", weight=2**31),
        lambda: policy.adopt("x", depth=1.5),
        lambda: policy.Say("praise", "x"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(say):
    with pytest.raises(BadInput):
        say()


def test_private_ids_differ_by_viewer_and_number():
    ids = {private_id(viewer, n) for viewer in (ME, YOU, key(1)) for n in range(3)}
    assert len(ids) == 9
