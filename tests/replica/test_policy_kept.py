"""The policy a store keeps: its parameters can be set, and other policies explain as fully."""

from __future__ import annotations

from pathlib import Path

import pytest

import tallystick
from tallystick.errors import BadInput


def community(tmp_path: Path) -> tuple[tallystick.Replica, str, str]:
    """Ana adopted Ben, who banned Eve; Eve and Ben each rated one shop."""
    ana = tallystick.open(tmp_path / "ana", create=True, name="Ana")
    ana.create_log("shared")
    others = [tallystick.open(tmp_path / name, create=True) for name in ("ben", "eve")]
    for other in others:
        other.sync(ana)
        other.write("rating/rate", {"target": "shop", "rating": 5})
        ana.sync(other)
    ben, eve = others
    ben.sync(ana)
    ben.ban(eve.did)
    ana.sync(ben)
    ana.adopt(ben.did)
    ana.define_sum("reputation", kind="rating/rate")
    return ana, ben.did, eve.did


def test_parameters_change_what_counts_and_can_be_changed_back(tmp_path: Path) -> None:
    """One ban of weight 1 is not enough at threshold 2; back at 1 the state is byte-identical."""
    ana, _, eve = community(tmp_path)
    before, policy = ana.state_hash(), ana.policy.hash
    assert ana.view("reputation", key="shop") == 5
    effect = ana.set_policy(threshold=2)
    assert effect.events_gained == 1
    assert ana.view("reputation", key="shop") == 10
    assert ana.standing()["banned"] == []
    ana.set_policy(threshold=1)
    assert (ana.state_hash(), ana.policy.hash) == (before, policy)
    assert ana.standing()["banned"] == [eve]


def test_parameters_are_kept_and_bad_ones_change_nothing(tmp_path: Path) -> None:
    """A store opened again judges as before; a parameter out of range is refused whole."""
    ana, _, _ = community(tmp_path)
    ana.set_policy(threshold=2, max_depth=3)
    for bad in ({"threshold": 0}, {"stance": "closed"}, {"max_depth": -1}, {"fork_rule": "left"}):
        with pytest.raises(BadInput) as refused:
            ana.set_policy(**bad)  # type: ignore[arg-type]
        assert refused.value.code == "policy/parameter"
    policy, state = ana.policy.hash, ana.state_hash()
    ana.close()
    with tallystick.open(tmp_path / "ana") as again:
        assert (again.policy.hash, again.state_hash()) == (policy, state)
        assert (again.policy.threshold, again.policy.max_depth) == (2, 3)


def test_invited_people_alone_count_under_the_invited_stance(tmp_path: Path) -> None:
    """Ben has a vote, so he counts; a stranger does not."""
    ana, _, _ = community(tmp_path)
    with tallystick.open(tmp_path / "zoe", create=True) as zoe:
        zoe.sync(ana)
        zoe.write("rating/rate", {"target": "shop", "rating": 7})
        ana.sync(zoe)
    assert ana.view("reputation", key="shop") == 12
    ana.set_policy(stance="invited")
    assert ana.view("reputation", key="shop") == 5


def test_a_sum_under_another_policy_says_what_does_not_count(tmp_path: Path) -> None:
    """Ben's reading lists Eve's rating among the excluded, as Ana's own does."""
    ana, ben, eve = community(tmp_path)
    for why in (
        ana.as_seen_by(ben).why("shop", view="reputation"),
        ana.why("shop", view="reputation"),
    ):
        found = why.as_dict()
        assert found["value"] == 5
        assert [item["author"] for item in found["live"]] == [ben]
        assert [item["author"] for item in found["excluded"]] == [eve]


def test_what_if_of_a_withdraw_brings_back_the_private_word_before_it(tmp_path: Path) -> None:
    """Withdrawing a private allow lets the private ban before it hold again; so it is foretold."""
    ana, _, eve = community(tmp_path)
    ana.ban(eve, private=True)
    latest = ana.allow(eve, private=True)
    foretold = ana.what_if(tallystick.withdraw(latest.id), private=True)
    assert [actor["after"] for actor in foretold.actors] == ["not heeded"]
    before = ana.view("reputation", key="shop")
    done = ana.withdraw(latest)
    assert (done.effect.events_lost, done.effect.actors) == (foretold.events_lost, foretold.actors)
    assert foretold.events_lost == 1
    assert ana.view("reputation", key="shop") == before - 5
