"""Policies in words: what one says, how two differ, how mine came to be, a copy for another log."""

from __future__ import annotations

from pathlib import Path

import pytest

import tallystick
from tallystick.errors import BadInput, NotFound


@pytest.fixture
def town(tmp_path: Path) -> tuple[tallystick.Replica, str, str]:
    """Ana and Bob know each other and Eve; each of the others wrote one thing."""
    ana = tallystick.open(tmp_path / "ana", create=True, name="ana")
    ana.create_log("town")
    dids = []
    for name in ("bob", "eve"):
        with tallystick.open(tmp_path / name, create=True, name=name) as one:
            one.sync(ana)
            one.write("note/text", {"text": "hello"})
            ana.sync(one)
            ana.name_actor(one.did, name)
            dids.append(one.did)
    return ana, *dids


def test_history_tells_each_change_when_it_was_and_what_it_flipped(town) -> None:
    ana, _, eve = town
    ana.ban(eve)
    ana.adopt("bob", weight=2)
    ana.set_policy(threshold=3)
    ana.allow(eve, private=True)
    found = ana.policy_history()
    assert [one.change.sentences() for one in found] == [
        ["+ ban eve"],
        ["+ adopt bob with weight 2"],
        ["~ threshold: 1 -> 3"],
        ["~ ban eve -> allow eve"],
    ]
    assert [(one.events_lost, one.events_gained) for one in found] == [
        (1, 0), (0, 0), (0, 0), (0, 1),
    ]  # fmt: skip
    assert [one.hash for one in found][-1] == ana.policy.hash.hex()
    times = [one.changed for one in found]
    assert times == sorted(times)
    assert times[0] > 0


def test_words_that_leave_the_policy_as_it_was_are_no_change(town) -> None:
    ana, _, _ = town
    mine = ana.write("note/text", {"text": "oops"})
    ana.retract(mine)
    ana.dispute(mine, "wrong")
    assert ana.policy_history() == []


def test_arrivals_are_not_counted_as_flips_of_mine(town, tmp_path: Path) -> None:
    """Eve writes much more, which then arrives; only my ban's own flips are told."""
    ana, _, eve = town
    with tallystick.open(tmp_path / "eve") as more:
        more.write_many([("note/text", {"n": n}) for n in range(5)])
        ana.sync(more)
    ana.ban(eve)
    assert [(one.events_lost, one.events_gained) for one in ana.policy_history()] == [(6, 0)]


def test_any_two_policies_are_compared_by_what_they_say(town, tmp_path: Path) -> None:
    ana, bob, eve = town
    ana.ban(eve)
    first = ana.policy.hash.hex()
    with tallystick.open(tmp_path / "bob") as other:
        other.ban(eve, reason="my own words")
        other.adopt(ana.did)
        ana.sync(other)
    assert ana.policy_diff("bob").sentences() == ["- adopt you"]
    assert ana.policy_diff("now", bob).sentences() == ["+ adopt you"]
    ana.ban(eve, scope="note/*")
    ana.allow(eve)
    assert ana.policy_diff("#1").changed == (("ban eve", "allow eve"),)
    assert ana.policy_diff(first[:12]).sentences() == ana.policy_diff("#1").sentences()
    assert ana.policy_diff("now", "me").is_empty
    assert str(ana.policy_diff("now", "#1")) == "~ allow eve -> ban eve"
    for wanted in ("#9", "#x", "#", "#99999999999", "nobody"):
        with pytest.raises(NotFound):
            ana.policy_diff(wanted)


def test_what_a_policy_says_in_words(town) -> None:
    ana, _, eve = town
    (note,) = [one.id for one in ana.history(author=eve)]
    ana.adopt("bob", weight=2, depth=1, scope="note/*")
    ana.ban(eve, cut=[note])
    ana.exclude(note, private=True)
    said = [one.say for one in ana.policy_says()]
    assert said[0] == "adopt bob with weight 2 and depth 1, for note/*"
    assert said[1] == "ban eve, sparing what came up to a cut"
    assert said[2].startswith("exclude bafy")
    assert [one.private for one in ana.policy_says()] == [False, False, True]
    assert ana.policy_says("#1")[0].say == said[0]


def test_a_copy_says_in_another_log_what_means_something_there(town) -> None:
    ana, bob, eve = town
    (note,) = [one.id for one in ana.history(author=eve)]
    ana.ban(eve, reason="spam")
    ana.adopt("bob", weight=2)
    ana.exclude(note)
    ana.set_policy(threshold=2, stance="invited")
    home = ana.log
    garden = ana.create_log("garden")
    ana.bind(ana._log_id(home))
    plan = ana.copy_policy("garden", show_only=True)
    assert plan.said == ("ban eve", "adopt bob with weight 2")
    assert [words.split(":")[1] for words in plan.left] == [" it is about an event of this log"]
    assert plan.parameters == {"stance": ("open", "invited"), "threshold": (1, 2)}
    assert plan.ids == ()
    assert len(ana.copy_policy(garden).ids) == 2
    again = ana.copy_policy(garden)
    assert (again.said, again.parameters, again.ids) == ((), {}, ())
    ana.bind(ana._log_id(garden))
    assert ana.standing()["banned"] == [eve]
    assert ana.standing()["rank"][bob] == 1
    assert (ana.policy.threshold, ana.policy.stance) == (2, "invited")
    assert ana.verify().ok


def test_a_copy_keeps_secrets_and_says_what_it_cannot_carry(town) -> None:
    ana, _, eve = town
    pinned = ana.history(author="bob")[0].id
    ana.ban(eve, private=True)
    ana.adopt("bob", as_of=[pinned])
    home = ana.log
    ana.create_log("garden")
    ana.allow("bob", private=True)
    before = ana.digest()
    ana.bind(ana._log_id(home))
    ana.ban("bob")
    done = ana.copy_policy("garden")
    assert done.said == ("ban eve",)
    assert len(done.left) == 2
    assert any("names a point" in words for words in done.left)
    assert any("private word there says otherwise" in words for words in done.left)
    ana.bind(ana._log_id("garden"))
    assert ana.digest() == before, "nothing of it was written"
    assert [(one.say, one.private) for one in ana.policy_says()] == [
        ("allow bob", True),
        ("ban eve", True),
    ]
    with pytest.raises(BadInput) as refused:
        ana.copy_policy("garden")
    assert refused.value.code == "usage/argument"
