"""Titles at the front door: who owns what, under whose rule, and who has a claim."""

from __future__ import annotations

import json
import shutil

import pytest

import tallystick
from tallystick.errors import Ambiguous, BadInput, NotFound, TallyError
from tallystick.kernels import Link, encode_item
from tallystick.replica.writing import Row
from tallystick.state.title_chain import check_title_chain


@pytest.fixture
def street(tmp_path):
    """Ana, Ben, Cy and Di in one log; every name is everybody's petname."""
    people = {n: tallystick.open(tmp_path / n, create=True) for n in ("ana", "ben", "cy", "di")}
    people["ana"].create_log("street")
    meet(people)
    for one in people.values():
        for name, other in people.items():
            one.name_actor(other.did, name)
    yield people
    for one in people.values():
        one.close()


def meet(people):
    first, *rest = people.values()
    for _ in range(2):
        for one in rest:
            one.sync(first)


def names(one, did):
    return next((name for name, key in one.names().items() if key == did), None)


def owners(people, title):
    return {name: names(one, one.titles.owner(title)) for name, one in people.items()}


def sold_on(people, *, type="thing"):
    """Ana's saw, passed to Ben, Cy and Di; the ids of its ops."""
    ops = [people["ana"].titles.create("saw", type=type)]
    for by, to in (("ana", "ben"), ("ben", "cy"), ("cy", "di")):
        ops.append(people[by].titles.transfer(ops[0], to))
        meet(people)
    return ops


def test_what_was_passed_on_is_everywhere_the_last_ones(street):
    saw, *_ = sold_on(street)
    assert set(owners(street, saw).values()) == {"di"}
    assert str(street["cy"].titles.why("saw")) == (
        "saw is di's, because ana made it and passed it to ben, who passed it to you, who passed"
        " it to di."
    )
    assert [one.name for one in street["ana"].titles.owned_by("di")] == ["saw"]
    assert street["ana"].titles.owned_by("ana") == []
    assert street["ana"].view("titles") == {saw: street["di"].did}


def test_give_back_goes_to_whom_it_was_had_from(street):
    saw = street["ana"].titles.create("saw", to="ben")
    meet(street)
    street["ben"].titles.transfer("saw", "cy", memo="lent")
    meet(street)
    back = street["cy"].titles.give_back("saw", memo="thanks")
    meet(street)
    assert owners(street, saw)["di"] == "ben"
    assert street["di"].titles.chain(saw)[-1].event == back
    assert [step.memo for step in street["di"].titles.chain(saw)] == [None, "lent", "thanks"]
    own = street["ana"].titles.create("drill")
    with pytest.raises(BadInput) as refused:
        street["ana"].titles.give_back(own)
    assert refused.value.code == "usage/argument"


def test_nobody_passes_on_what_is_anothers(street):
    saw, sold, *_ = sold_on(street)
    for act in (
        lambda: street["ana"].titles.transfer(saw, "ben"),
        lambda: street["ana"].titles.transfer(saw, "ben", over=sold),
        lambda: street["ana"].titles.give_back(saw),
    ):
        with pytest.raises(BadInput) as refused:
            act()
        assert refused.value.code == "void/owner"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"over": "somewhere"}, "void/ground"),
        ({"over": "note"}, "void/ground"),
        ({"title": "drill"}, "void/owner"),
        ({"over": "passed"}, "void/owner"),
        ({}, None),
    ],
)
def test_a_transfer_by_hand_counts_only_over_what_names_its_author(street, change, code):
    ana = street["ana"]
    ids = {"saw": ana.titles.create("saw"), "drill": ana.titles.create("drill")}
    ids |= {"note": ana.write("note/text", "x"), "passed": ana.titles.transfer("saw", "ben")}
    links = {name: Link(tallystick.event.ids.parse_cid(id)) for name, id in ids.items()}
    links["somewhere"] = Link(bytes(32))
    frame = {"title": "drill" if not change else "saw", "over": "saw"} | change
    frame = {name: links[word] for name, word in frame.items()} | {"to": bytes(32)}
    if not change:
        frame["over"] = links["drill"]
    if code is not None:
        with pytest.raises(BadInput) as refused:
            ana.write("title/transfer", frame=frame)
        assert refused.value.code == code
    rows = [ana._store.row_of(links[word].digest) for word in ids]
    by_hand = Row("title/transfer", frame=encode_item(frame), names=tuple(rows))
    found = ana.show(ana._append([by_hand])[0])
    assert (found.void, found.counts) == (code, code is None)
    meet(street)
    assert street["di"].show(found.id).void == code
    assert street["di"].state_hash("titles") == ana.state_hash("titles")


def test_a_misshapen_frame_is_refused_here_and_void_from_elsewhere(street):
    with pytest.raises(BadInput) as refused:
        street["ana"].write("title/create", frame={"type": "Not a kind"})
    assert refused.value.code == "void/frame"


# --- restitution ---------------------------------------------------------------------------------


def test_return_gives_a_thing_back_down_the_whole_chain_and_include_brings_all_back(street):
    saw, theft, *_ = sold_on(street)
    ana = street["ana"]
    before = ana.state_hash("titles")
    said = ana.exclude(theft)
    assert names(ana, ana.titles.owner(saw)) == "ana"
    claims = ana.titles.claims()
    assert [(names(ana, c.claimant), names(ana, c.against), c.reason) for c in claims] == [
        ("ben", "ana", "undone"), ("cy", "ben", "ungrounded"), ("di", "cy", "ungrounded"),
    ]  # fmt: skip
    assert [step.counts for step in ana.titles.chain(saw)] == [True, False, False, False]
    ana.withdraw(said)
    assert ana.state_hash("titles") == before
    assert ana.titles.claims() == []


def test_keep_leaves_a_thing_with_whom_it_was_passed_on_to(street):
    saw, theft, sale, _ = sold_on(street, type="tool")
    ana = street["ana"]
    ana.exclude(theft)
    effect = ana.set_policy(restitution={"tool": "keep"})
    assert (effect.events_lost, effect.events_gained) == (0, 2)
    assert names(ana, ana.titles.owner(saw)) == "di"
    (claim,) = ana.titles.claims()
    assert (names(ana, claim.claimant), names(ana, claim.against)) == ("ana", "ben")
    assert claim.reason == "kept"
    ana.exclude(sale)
    assert names(ana, ana.titles.owner(saw)) == "di"
    ana.set_policy(restitution={"car": "keep", "tool": "return"})
    assert dict(ana.policy.restitution) == {"car": "keep"}
    assert names(ana, ana.titles.owner(saw)) == "ana"


def test_a_rule_set_before_anything_came_and_one_set_after_agree(street):
    for name in ("ben", "cy"):
        street[name].set_policy(restitution={"tool": "keep"})
    ana, cy = street["ana"], street["cy"]
    saw, theft, *_ = sold_on(street, type="tool")
    ana.exclude(theft)
    for name in ("ben", "cy", "di"):
        street[name].adopt("ana")
    meet(street)
    street["di"].set_policy(restitution={"tool": "keep"})
    assert owners(street, saw) == {"ana": "ana", "ben": "di", "cy": "di", "di": "di"}
    hashes = {street[name].state_hash("titles") for name in ("ben", "cy", "di")}
    assert len(hashes) == 1
    assert cy.as_seen_by("ana").titles.owner(saw) == ana.did


def test_a_ban_of_the_seller_takes_back_what_he_sold(street):
    saw, *_ = sold_on(street)
    di = street["di"]
    said = di.ban("ben")
    assert names(di, di.titles.owner(saw)) == "ben"
    assert [names(di, c.claimant) for c in di.titles.claims()] == ["cy", "di"]
    di.withdraw(said)
    assert names(di, di.titles.owner(saw)) == "di"


def test_claims_of_people_who_are_not_heeded_are_left_out(street):
    saw, theft, *_ = sold_on(street)
    ana = street["ana"]
    ana.exclude(theft)
    ana.ban("ben")
    assert [names(ana, c.claimant) for c in ana.titles.claims(saw)] == ["cy", "di"]
    assert [names(ana, c.claimant) for c in ana.titles.claims(against="cy")] == ["di"]
    assert ana.titles.claims(of="ben") == []


def test_everything_can_be_asked_as_somebody_else_sees_it_and_as_of_then(street):
    saw, theft, *_ = sold_on(street)
    street["ana"].exclude(theft)
    meet(street)
    cy = street["cy"]
    seen = cy.as_seen_by("ana").titles
    assert seen.owner("saw") == street["ana"].did
    assert [c.claimant for c in seen.claims()] == [street[n].did for n in ("ben", "cy", "di")]
    assert "ana's own word" in str(seen.why("saw"))
    then = cy.at(theft).titles
    assert then.owner("saw") == street["ben"].did
    assert [step.event for step in then.chain(saw)] == [saw, theft]
    assert then.claims() == []
    with pytest.raises(NotFound):
        cy.at(street["cy"].history()[0].id).titles.owner(saw)


# --- sold twice ----------------------------------------------------------------------------------


def test_who_bought_first_holds_also_after_passing_it_on(street):
    saw, *_ = street["ana"].titles.create("saw"), None
    street["ana"].titles.transfer(saw, "ben")
    street["ana"].titles.transfer(saw, "cy", over=saw)
    meet(street)
    assert set(owners(street, saw).values()) == {"ben"}
    shown = street["di"].titles.show("saw")
    assert shown.contested
    assert shown.claimants == tuple(sorted(street[name].did for name in ("ben", "cy")))
    (claim,) = street["cy"].titles.claims()
    assert (claim.claimant, claim.against) == (street["cy"].did, street["ana"].did)
    assert claim.reason == "sold-twice"
    street["ben"].titles.transfer(saw, "di")
    meet(street)
    assert set(owners(street, saw).values()) == {"di"}
    street["cy"].titles.transfer(saw, "di")
    meet(street)
    assert not street["ana"].titles.show(saw).contested
    assert street["ana"].titles.claims() == []


def test_nobody_holds_what_was_sold_in_two_histories(street, tmp_path):
    saw = street["ana"].titles.create("saw")
    meet(street)
    street["ana"].close()
    for end in ("", ".key"):
        shutil.copy(tmp_path / f"ana{end}", tmp_path / f"copy{end}")
    with tallystick.open(tmp_path / "copy") as copy:
        copy.titles.transfer(saw, "ben")
        street["ben"].sync(copy)
    with tallystick.open(tmp_path / "ana") as ana:
        ana.titles.transfer(saw, "cy")
        street["cy"].sync(ana)
    assert street["cy"].titles.owner(saw) == street["cy"].did
    street["ben"].sync(street["cy"])
    for name in ("ben", "cy"):
        one = street[name]
        assert one.titles.owner(saw) is None
        assert one.titles.show(saw).contested
        assert [c.reason for c in one.titles.claims()] == ["two-histories"] * 2
        assert "in two histories" in str(one.titles.why(saw))
    street["cy"].set_policy(fork_rule="prefix")
    assert street["cy"].titles.owner(saw) == tallystick_did(tmp_path / "ana")


def tallystick_did(path):
    with tallystick.open(path) as one:
        return one.did


# --- names ---------------------------------------------------------------------------------------


def test_a_title_goes_by_id_prefix_op_or_a_name_that_one_thing_has(street):
    ana = street["ana"]
    saw = ana.titles.create("saw")
    passed = ana.titles.transfer("saw", "ben")
    for word in (saw, saw[:30], passed, "saw"):
        assert ana.titles.show(word).id == saw
    ana.titles.create("saw")
    with pytest.raises(Ambiguous):
        ana.titles.owner("saw")
    for word in ("hammer", ana.write("note/text", "x")):
        with pytest.raises(NotFound):
            ana.titles.owner(word)


def test_titles_answer_the_verbs_of_every_view_too(street):
    saw = street["ana"].titles.create("saw")
    said = str(street["ana"].titles.why(saw))
    assert said
    assert str(street["ana"].why(saw, view="titles")) == said
    assert street["ana"].view("titles", key=saw) == street["ana"].did


# --- proof ---------------------------------------------------------------------------------------


def test_a_chain_of_title_is_checked_without_a_store(street):
    saw, theft, *_ = ops = sold_on(street)
    street["di"].exclude(theft)
    for one in (street["di"], street["cy"]):
        found = check_title_chain(one.titles.prove(saw))
        assert [op.event for op in found.ops] == ops
        assert found.owner == one.titles.owner(saw)
        assert (found.title, found.type, found.ops[0].name) == (saw, "thing", "saw")
    assert [op.counts for op in check_title_chain(street["di"].titles.prove(saw)).ops] == [
        True, False, False, False,
    ]  # fmt: skip


def broken(item, how):
    ops = item["ops"]
    {
        "frame": lambda: ops[1].update(frame=ops[2]["frame"]),
        "seal": lambda: ops[1].update(seal=ops[2]["seal"]),
        "proof": lambda: ops[1].update(proof=ops[2]["proof"]),
        "signature": lambda: ops[1].update(proof=ops[1]["proof"][:-20] + "AAAA" + "A" * 15 + "\n"),
        "order": ops.reverse,
        "left out": lambda: ops.pop(1),
        "log": lambda: item.update(log=item["title"]),
        "title": lambda: item.update(title=item["log"]),
        "holds": lambda: item.update(holds=item["log"]),
        "owner": lambda: item.update(owner="did:key:z6Mk"),
        "nobody": lambda: item.update(owner=None),
        "format": lambda: item.update(format="x"),
        "no ops": lambda: item.update(ops=[]),
        "op": lambda: ops.append(3),
        "policy": lambda: item.pop("policy"),
        "base64": lambda: ops[0].update(frame="*"),
        "surrogate": lambda: ops[0].update(why="\ud800"),
        "twice": lambda: ops.insert(1, ops[0]),
    }[how]()
    return json.dumps(item)


BREAKS = {
    "frame": "event/body-mismatch", "seal": "event/body-mismatch", "proof": "event/body-mismatch",
    "signature": "proof/signature", "order": "void/ground", "left out": "void/ground",
    "log": "event/other-log", "title": "proof/title", "holds": "proof/title",
    "owner": "proof/title", "nobody": "proof/malformed", "format": "proof/malformed",
    "no ops": "proof/malformed", "op": "proof/malformed", "policy": "proof/malformed",
    "base64": "proof/malformed", "surrogate": "proof/malformed", "twice": "proof/title",
}  # fmt: skip


@pytest.mark.parametrize(("how", "code"), BREAKS.items())
def test_a_chain_that_was_tampered_with_is_found(street, how, code):
    saw, *_ = sold_on(street)
    item = json.loads(street["di"].titles.prove(saw))
    check_title_chain(json.dumps(item))
    with pytest.raises(TallyError) as refused:
        check_title_chain(broken(item, how))
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["", "{", "[]", "null", b"\xff", '{"format": 1}', "[" * 100_000])
def test_what_is_no_chain_of_title_is_refused(text):
    with pytest.raises(BadInput) as refused:
        check_title_chain(text)
    assert refused.value.code == "proof/malformed"
