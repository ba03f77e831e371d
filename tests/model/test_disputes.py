"""Disputes against a plain oracle, and the laws that tie a status to the verdict."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from tests.model.policy_oracle import AGAINST, INFINITE, Oracle
from tests.model.policy_worlds import Scene, scenes

from tallystick.policy import Judge
from tallystick.policy.dispute import cases, matter

pytestmark = [
    pytest.mark.one_kernel("the judge calls no kernel"),
    pytest.mark.usefixtures("no_kernel_is_called"),
]

ANSWERS = ("uphold", "uphold", "dismiss", "dismiss", "exclude", "include")


def with_disputes(scene: Scene) -> Scene:
    """The scene, then disputes of events of every kind, answers, and disputes taken back."""
    r = random.Random(len(scene.world.events))
    disputes = []
    for _ in range(4):
        target = r.choice(scene.world.events).id if r.random() < 0.95 else r.randbytes(32)
        disputes.append(scene.world.say(r.choice(scene.people), "dispute", target))
    for _ in range(12):
        named, verb = r.choice(disputes), r.choice(ANSWERS)
        more = {"dispute": named.id} if verb in ("uphold", "dismiss") else {}
        scene.world.say(r.choice(scene.people), verb, named.target, **more)
    for named in r.sample(disputes, 2):
        scene.world.say(r.choice([named.voter, *scene.people]), "withdraw", named.id)
    return scene


class Plain:
    """Each sentence of the specification, asked of the policy's oracle."""

    def __init__(self, scene: Scene) -> None:
        self.world = scene.world
        self.o = Oracle(scene.policy(), scene.world.events, scene.world.equivocations)

    def within(self, id):
        event = self.o.events.get(id)
        if event is None:
            return 0
        voters = self.o.cell(self.o.kind_of(event)).voters
        author = self.o.actor(event.author)
        if author not in voters:
            return INFINITE
        moves = event.kind.startswith(("trust/", "actor/"))
        return voters[author][0] - (1 if moves else 0)

    def status(self, id):
        event = self.o.events.get(id)
        cell = self.o.cell("*" if event is None else self.o.kind_of(event))
        mine = cell.said[cell.me].get(("event", id))
        total = cell.total("event", id, cell.said, within=self.within(id))
        threshold = self.o.policy.threshold
        if mine is not None:
            status = "upheld" if mine.verb in AGAINST else "dismissed"
        elif total >= threshold:
            status = "upheld"
        else:
            status = "dismissed" if total <= -threshold else "open"
        contested = status != "upheld" and mine is None and cell.is_contested("event", id)
        return status, contested, total

    def is_withdrawn(self, dispute):
        return any(
            s.verb == "withdraw"
            and s.target == dispute.id
            and self.o.actor(s.voter) == self.o.actor(dispute.voter)
            and self.o.counts(s.id)
            for s in self.world.statements
        )


def judge_of(scene: Scene) -> Judge:
    world = scene.world
    return Judge(scene.policy(), world, world.statements, world.equivocations)


@given(scenes().map(with_disputes))
@settings(max_examples=150, deadline=None)
def test_every_dispute_stands_where_the_oracle_says(scene):
    plain, world = Plain(scene), scene.world
    found = cases(judge_of(scene), world, world.statements)
    assert [case.dispute for case in found] == [s for s in world.statements if s.verb == "dispute"]
    for case in found:
        at = case.matter
        assert (at.status, at.contested, at.tally) == plain.status(at.event)
        assert case.counts == plain.o.counts(case.dispute.id)
        assert case.withdrawn == plain.is_withdrawn(case.dispute)


@given(scenes().map(with_disputes))
@settings(max_examples=100, deadline=None)
def test_a_status_never_contradicts_the_verdict(scene):
    """Upheld: it does not count, and where this rule decides, it is the reason; dismissed: not."""
    judge = judge_of(scene)
    for case in cases(judge, scene.world, scene.world.statements):
        at = case.matter
        verdict = judge.event_verdict(at.event, thorough=False)
        assert at.included == verdict.included
        if at.event == scene.world.genesis or scene.world.event(at.event) is None:
            continue  # the genesis counts whatever is said; of what is not here nothing is judged
        if at.status == "upheld":
            assert not at.included
        if verdict.reason == "tally":
            assert at.status == "upheld"
        if verdict.reason == "my-word":
            assert at.status == ("dismissed" if verdict.included else "upheld")


@given(scenes().map(with_disputes))
@settings(max_examples=100, deadline=None)
def test_a_tally_is_the_sum_of_its_branches_and_nobody_is_both_silent_and_heard(scene):
    judge, world = judge_of(scene), scene.world
    for case in cases(judge, world, world.statements):
        at = case.matter
        assert at.tally == sum(vote.force for vote in at.votes if vote.counted)
        spoke = [vote.branch for vote in at.votes]
        assert len(set(spoke)) == len(spoke)
        assert not set(spoke) & set(at.silent)
        for vote in at.votes:
            assert (vote.path[0], vote.path[-1]) == (vote.branch, vote.voter)
            assert len(vote.path) == vote.rank


@given(scenes().map(with_disputes))
@settings(max_examples=60, deadline=None)
def test_a_dispute_without_answers_changes_nothing(scene):
    """Leaving all disputes out leaves every verdict as it was, and every event's standing too."""
    judge, world = judge_of(scene), scene.world
    others = [s for s in world.statements if s.verb != "dispute"]
    without = Judge(scene.policy(), world, others, world.equivocations)
    for event in world.events:
        assert judge.counts(event.id) == without.counts(event.id)
    for case in cases(judge, world, world.statements):
        assert matter(without, world, case.matter.event).tally == case.matter.tally or (
            case.matter.kind in ("trust/retract", "trust/restore")  # asked without its target
        )
