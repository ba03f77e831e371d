"""First contact: newcomers, what adopting brings, adoptions grown old, a start from a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import tallystick
from tallystick.errors import BadInput

DAY = 86_400_000


@dataclass
class Town:
    """Bob banned Mallory and excluded a post of Cy's; Zoe is new and heeds nobody."""

    ana: tallystick.Replica
    bob: tallystick.Replica
    cy: tallystick.Replica
    mallory: tallystick.Replica
    zoe: tallystick.Replica
    post: str

    def meet(self) -> None:
        for _ in range(2):
            for one in (self.bob, self.cy, self.mallory, self.zoe):
                one.sync(self.ana)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    ana, bob, cy, mallory, zoe = (
        tallystick.open(tmp_path / name, create=True, name=name)
        for name in ("ana", "bob", "cy", "mallory", "zoe")
    )
    ana.create_log("town")
    for one in (bob, cy, mallory):
        one.sync(ana)
        post = one.write("rating/rate", {"target": "bread", "rating": 1})
        ana.sync(one)
        if one is cy:
            cys = post
    bob.sync(ana)
    bob.ban(mallory.did)
    bob.exclude(cys)
    found = Town(ana, bob, cy, mallory, zoe, cys)
    found.meet()
    for one in (bob, cy, mallory):
        zoe.name_actor(one.did, one.name or "")
    zoe.define_sum("stars", kind="rating/rate")
    return found


def by_name(found: list) -> dict:
    return {one.name: one for one in found}


# --- newcomers ----------------------------------------------------------------------------------


def test_under_the_open_stance_newcomers_count_and_need_nothing(town: Town) -> None:
    found = by_name(town.zoe.newcomers())
    assert {"bob", "cy", "mallory"} <= set(found)
    assert all(one.counts and one.lets_in == () and one.missing == 0 for one in found.values())
    assert (found["bob"].events, found["cy"].first_event) == (3, town.post)


def test_under_the_invited_stance_each_word_told_lets_them_in(town: Town) -> None:
    town.zoe.set_policy(stance="invited")
    for one in town.zoe.newcomers():
        assert not one.counts
        assert one.lets_in == ("allow", "adopt")
        assert one.missing == 1
        for verb in one.lets_in:
            said = getattr(town.zoe, verb)(one.actor, private=True)
            assert town.zoe.verdict(one.actor).included, (one.name, verb)
            town.zoe.withdraw(said)


def test_whoever_i_spoke_of_or_who_has_a_rank_is_not_new(town: Town) -> None:
    town.zoe.adopt(town.bob.did)
    town.zoe.allow(town.cy.did)
    found = by_name(town.zoe.newcomers())
    assert set(found) & {"bob", "cy", "mallory"} == {"mallory"}
    assert (found["mallory"].counts, found["mallory"].tally) == (False, 1)
    assert found["mallory"].lets_in == ("allow", "adopt"), "whom I adopt, Bob cannot stop"
    assert found["mallory"].missing == 1
    assert len(town.zoe.newcomers(limit=1)) == 1
    assert town.zoe.newcomers(since=2**62) == []


# --- before adopting ----------------------------------------------------------------------------


def test_a_preview_of_adopting_is_what_adopting_does(town: Town) -> None:
    before = town.zoe.state_hash(), town.zoe.policy.hash, town.zoe.digest()
    preview = town.zoe.preview_adopt("bob")
    assert (town.zoe.state_hash(), town.zoe.policy.hash, town.zoe.digest()) == before
    assert preview.heard
    told = {
        (one["verb"], one["target"]): (one["before"], one["after"]) for one in preview.inherited
    }
    assert told == {
        ("ban", town.mallory.did): (True, False),
        ("exclude", town.post): (True, False),
    }
    assert [change["after"] for change in preview.effect.changes] == [1]
    assert "  bob: ban mallory: heeded -> not heeded" in preview.sentences()
    done = town.zoe.adopt("bob").effect
    assert done.events_lost == preview.effect.events_lost == 2
    assert not town.zoe.verdict("mallory").included
    assert not town.zoe.show(town.post).counts
    assert town.zoe.view("stars", key="bread") == 1


def test_a_preview_names_who_comes_along_and_what_changes_nothing(town: Town) -> None:
    town.bob.adopt(town.cy.did)
    town.meet()
    town.cy.ban(town.mallory.did)
    town.meet()
    town.zoe.set_policy(max_depth=2)
    assert town.zoe.preview_adopt("bob").joins == ()
    preview = town.zoe.preview_adopt("bob", depth=1)
    assert preview.joins == (town.cy.did,)
    assert preview.inherited_total == 3
    town.zoe.ban("mallory")
    same = [one for one in town.zoe.preview_adopt("bob").inherited if not one["changes"]]
    assert [one["verb"] for one in same] == ["ban"]


def test_adopting_somebody_i_banned_is_told_to_give_no_vote(town: Town) -> None:
    town.zoe.ban("bob")
    preview = town.zoe.preview_adopt("bob")
    assert (preview.heard, preview.inherited) == (False, ())
    assert "gives no vote" in str(preview)


# --- lists grown old ----------------------------------------------------------------------------


def test_a_pin_left_behind_is_counted_and_adopting_anew_makes_it_fresh(town: Town) -> None:
    pinned = town.zoe.history(author=town.bob.did, kind="trust/ban")[-1].id
    town.zoe.adopt("bob", as_of=[pinned])
    town.zoe.adopt("cy")
    found = by_name(town.zoe.adoptions())
    assert (found["bob"].pinned, found["bob"].newer, found["bob"].stale) == (True, 1, True)
    assert "1 statement after the point" in found["bob"].sentence
    assert (found["cy"].pinned, found["cy"].stale) == (False, False)
    assert town.zoe.show(town.post).counts, "said after the pin"
    town.zoe.adopt("bob")
    assert not by_name(town.zoe.adoptions())["bob"].stale
    assert not town.zoe.show(town.post).counts


def test_silence_is_counted_from_the_time_that_is_asked_about(town: Town) -> None:
    town.zoe.adopt("bob")
    last = by_name(town.zoe.adoptions())["bob"].last_spoke
    assert last is not None
    fresh = by_name(town.zoe.adoptions(now=last + 10 * DAY, quiet_ms=10 * DAY))["bob"]
    assert (fresh.stale, fresh.quiet_ms) == (False, 10 * DAY)
    stale = by_name(town.zoe.adoptions(now=last + 10 * DAY + 1, quiet_ms=10 * DAY))["bob"]
    assert stale.stale
    assert "said nothing for 10 days" in stale.sentence
    with pytest.raises(BadInput):
        town.zoe.adoptions(quiet_ms=1)


def test_somebody_of_whom_nothing_is_here_is_stale(town: Town, tmp_path: Path) -> None:
    with tallystick.open(tmp_path / "new", create=True, name="new") as stranger:
        town.zoe.adopt(stranger.did)
    (one,) = town.zoe.adoptions()
    assert (one.stale, one.last_spoke, one.events) == (True, None, 0)


# --- a start from a bundle ----------------------------------------------------------------------


def test_a_start_adopts_somebody_as_of_the_bundle(town: Town, tmp_path: Path) -> None:
    town.bob.export(tmp_path / "bob.bundle")
    town.bob.ban(town.cy.did)
    with tallystick.open(tmp_path / "uma", create=True, name="uma") as uma:
        start = uma.start_from(tmp_path / "bob.bundle", town.bob.did)
        assert start.taken.events_in > 0
        assert [one["seq"] for one in start.cut] == [2]
        assert {one["verb"] for one in start.preview.inherited} == {"ban", "exclude"}
        uma.adopt(town.bob.did, as_of=[one["event"] for one in start.cut])
        assert uma.standing()["banned"] == [town.mallory.did]
        uma.sync(town.bob)
        assert uma.standing()["banned"] == [town.mallory.did], "said after the bundle"
        assert [one.newer for one in uma.adoptions()] == [1]
        uma.adopt(town.bob.did)
        assert set(uma.standing()["banned"]) == {town.mallory.did, town.cy.did}


def test_the_cut_is_the_bundles_even_when_more_is_here_already(town: Town, tmp_path: Path) -> None:
    town.bob.export(tmp_path / "bob.bundle")
    town.bob.ban(town.cy.did)
    town.meet()
    start = town.zoe.start_from(tmp_path / "bob.bundle", "bob")
    assert [one["seq"] for one in start.cut] == [2]
    assert start.taken.events_in == 0


def test_a_bundle_without_the_actor_is_no_start(town: Town, tmp_path: Path) -> None:
    town.ana.export(tmp_path / "a.bundle")
    with tallystick.open(tmp_path / "new", create=True, name="new") as stranger:
        did = stranger.did
    with pytest.raises(BadInput) as refused:
        town.zoe.start_from(tmp_path / "a.bundle", did)
    assert refused.value.code == "usage/argument"
