"""Clashes at the front door: told in a sentence, with words that settle them when said."""

from __future__ import annotations

from pathlib import Path

import pytest

import tallystick


@pytest.fixture
def clash(tmp_path: Path) -> tuple[tallystick.Replica, str, str]:
    """Ana adopts Bob and Cy, who ban each other."""
    ana, bob, cy = (
        tallystick.open(tmp_path / name, create=True, name=name) for name in ("ana", "bob", "cy")
    )
    ana.create_log("market")
    for one in (bob, cy):
        one.sync(ana)
        one.write("note/text", {"text": "hello"})
        ana.sync(one)
        ana.name_actor(one.did, one.name or "")
        ana.adopt(one.did)
    bob.sync(ana)
    bob.ban(cy.did)
    cy.ban(bob.did)
    for one in (bob, cy):
        ana.sync(one)
    return ana, bob.did, cy.did


def test_two_who_ban_each_other_are_told_with_the_words_that_settle_it(clash) -> None:
    ana, bob, cy = clash
    (one,) = ana.contested()
    assert (one.about, set(one.subjects), one.settled_by_one) == ("circle", {bob, cy}, True)
    assert one.names == ("bob", "cy")  # by name, whatever their keys are
    assert one.sentence == (
        "bob and cy ban each other, and neither is banned;"
        " one word of yours settles it: ban bob or cy."
    )
    assert {vote["voter_name"] for vote in one.votes} == {"bob", "cy"}
    hashes = ana.state_hash(), ana.policy.hash
    for option in one.options:
        said = getattr(ana, option["verb"])(option["target"], private=True)
        assert (said.effect.events_lost, said.effect.events_gained) == (
            option["events_lost"],
            option["events_gained"],
        )
        left = {name for other in ana.contested() for name in other.names}
        assert left == {"bob", "cy"} - set(option["settles"])
        ana.withdraw(said)
    assert (ana.state_hash(), ana.policy.hash) == hashes


def test_asking_changes_nothing_and_another_viewer_may_see_no_clash(clash) -> None:
    ana, bob, _ = clash
    before = ana.state_hash(), ana.digest(), ana.standing()
    ana.contested()
    assert (ana.state_hash(), ana.digest(), ana.standing()) == before
    assert ana.contested(as_actor=bob) == []
    assert ana.contested(scope="note/text")[0].names == ana.contested()[0].names


def test_my_words_about_both_settle_everything(clash) -> None:
    ana, _, _ = clash
    ana.allow("bob")
    ana.allow("cy")
    assert ana.contested() == []


def test_a_circle_of_three_names_the_words_that_settle_part_of_it(clash, tmp_path) -> None:
    ana, bob, cy = clash
    with tallystick.open(tmp_path / "di", create=True) as di:
        di.sync(ana)
        ana.name_actor(di.did, "di")
        ana.adopt("di")
        di.ban(bob)
        ana.sync(di)
    for name, whom in (("bob", cy), ("cy", di.did)):
        with tallystick.open(tmp_path / name) as one:
            one.sync(ana)
            one.withdraw(bob if name == "cy" else cy)
            one.ban(whom)
            ana.sync(one)
    (one,) = ana.contested()
    assert one.names == ("bob", "cy", "di")
    assert one.sentence == (
        "bob, cy and di ban each other in a circle, and none of them is banned;"
        " no single word settles all of it, allow or ban bob, cy or di settles part."
    )
