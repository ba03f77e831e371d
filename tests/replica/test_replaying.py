"""The history of a text step by step, and compared between versions, held against ``at``."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from tests.model.replica_world import replica, settle

from tallystick.errors import BadInput, NotFound


def scribble(seed, *, edits=40):
    """Three people who write one text, sync now and then, undo, and ban one another."""
    rng, people = Random(seed), [replica(n) for n in range(3)]
    people[0].create_log("log")
    people[0].splice("doc", 0, 0, "begin")
    for one in people[1:]:
        one.sync(people[0])
    for _ in range(edits):
        one = rng.choice(people)
        size = len(one.view(key="doc") or "")
        at = rng.randint(0, size)
        gone = rng.randint(0, min(3, size - at))
        what = rng.random()
        if what < 0.75:
            one.splice("doc", at, gone, rng.choice(["", "x", "yz", "äö𝄞"]))
        elif what < 0.85:
            one.undo_manager(group_ms=0).undo()
        else:
            one.sync(rng.choice([other for other in people if other is not one]))
    settle(people)
    people[0].ban(people[2].did)
    return people


def test_the_events_that_count_are_told_and_the_last_text_is_the_one_shown():
    people = scribble(0)
    for one in people:
        steps = list(one.replay("doc"))
        assert steps[-1].text == one.view(key="doc")
        here = {step.event for step in steps}
        counted = [event.id for event in one.history(kind="record/edit") if event.counts]
        assert [id for id in counted if id in here] == [step.event for step in steps]
        assert {run.event for run in one.blame("doc")} <= here
    assert not any(step.author == people[2].did for step in people[0].replay("doc"))


@pytest.mark.parametrize("seed", range(2))
def test_without_undo_a_step_is_a_version(seed):
    rng, (ana, ben) = Random(seed), (replica("ana"), replica("ben"))
    ana.splice("doc", 0, 0, "begin")
    ben.sync(ana)
    for _ in range(24):
        one = rng.choice([ana, ben])
        size = len(one.view(key="doc"))
        at = rng.randint(0, size)
        one.splice("doc", at, rng.randint(0, min(2, size - at)), rng.choice(["", "x", "yz", "ä𝄞"]))
        if rng.random() < 0.3:
            ana.sync(ben)
    settle([ana, ben])
    order = [event.id for event in ana.history()]
    steps = list(ben.replay("doc"))
    assert len(steps) == len(ana.history(kind="record/edit"))
    for step in steps:
        version = ben.at(",".join(order[: order.index(step.event) + 1]))
        assert (version.view("texts", key="doc") or "") == step.text
    assert {step.author for step in steps} <= {ana.did, ben.did}
    assert steps[0].what == ('wrote "begin"',)


def apply(text, changes):
    """What an editor makes of it, one change after the other."""
    for change in changes:
        before, rest = text[: change.start], text[change.start :]
        if change.kind == "delete":
            assert rest.startswith(change.text)
            assert change.end - change.start == len(change.text) > 0
            text = before + rest[len(change.text) :]
        else:
            assert change.kind == "insert"
            text = before + change.text + rest
            assert text[change.start : change.end] == change.text != ""
    return text


@pytest.mark.parametrize("seed", range(2))
def test_changes_lead_from_any_version_to_any_other(seed):
    rng, one = Random(seed), scribble(seed)[0]
    ids = [event.id for event in one.history()]

    def text(version):
        reading = one.reading() if version == "now" else one.at(version)
        return reading.view("texts", key="doc") or ""

    for _ in range(4):
        before, after = rng.choice(ids), rng.choice([*ids, "now"])
        changes = one.text_diff("doc", before, after)
        assert apply(text(before), changes) == text(after)
        assert apply(text(after), one.text_diff("doc", after, before)) == text(before)
        assert one.text_diff("doc", after, after) == []
        for left, right in pairwise(changes):
            reached = left.start if left.kind == "delete" else left.end
            assert (left.kind, reached) != (right.kind, right.start), "neighbours are one change"


def test_what_is_typed_again_is_another_character():
    one = replica("ana")
    then = one.splice("doc", 0, 0, "abc")
    one.splice("doc", 1, 1, "b")
    assert one.view(key="doc") == "abc"
    found = {(change.kind, change.text) for change in one.text_diff("doc", then)}
    assert found == {("delete", "b"), ("insert", "b")}


def test_what_is_no_text_is_refused_at_once():
    one = replica("ana")
    one.splice_list("list", 0, 0, [1])
    with pytest.raises(NotFound):
        one.replay("nothing")
    with pytest.raises(BadInput):
        one.replay("list")
    with pytest.raises(BadInput):
        one.text_diff("list", "now")
    with pytest.raises(BadInput):
        one.text_diff("list", "claimed:soon")
