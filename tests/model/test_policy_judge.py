"""The judge against the oracle: from scratch, fed in any order, and asked what if."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.policy_oracle import Oracle
from tests.model.policy_worlds import Scene, scenes

from tallystick.policy import Judge
from tallystick.testing.world import World

SCOPES = (None, "note", "review/film", "review/book", "chat", "ledger/transfer")


def judged(scene: Scene) -> Judge:
    world = scene.world
    return Judge(scene.policy(), world, world.statements, world.equivocations)


def oracle_of(scene: Scene) -> Oracle:
    return Oracle(scene.policy(), scene.world.events, scene.world.equivocations)


def assert_same(judge: Judge, oracle: Oracle, world: World) -> None:
    """Standing in every cell, every verdict, and everything counted."""
    for scope in SCOPES:
        standing = judge.standing(scope)
        rank, banned, contested = oracle.standing(scope or "*")
        assert standing.rank == rank, scope
        assert set(standing.banned) == banned, scope
        assert set(standing.contested) == contested, scope
    counted = Counter(world.ids(judge.counted()))
    assert counted == Counter(e.id for e in world.events if oracle.counts(e.id))
    for event in world.events:
        assert judge.counts(event.id) == oracle.counts(event.id)


@given(scenes())
@settings(max_examples=300)
def test_a_judge_from_scratch_says_what_the_oracle_says(scene):
    assert_same(judged(scene), oracle_of(scene), scene.world)


@given(scenes())
@settings(max_examples=100)
def test_reasons_and_contested_marks_are_the_oracles(scene):
    judge, oracle = judged(scene), oracle_of(scene)
    for event in scene.world.events:
        verdict = judge._explainer.event(event.id)
        included, reason = oracle.judge(event.id)
        assert verdict.included == included
        if reason in ("void", "ungrounded", "retracted", "equivocation", "my-word", "tally"):
            assert verdict.reason == reason
        else:
            assert verdict.reason in ("actor-my-word", "actor-tally", "stance", "none")
        assert verdict.contested == oracle.is_contested(event.id)


@given(scenes())
@settings(max_examples=250)
def test_order_and_batching_of_arrival_change_nothing_and_flips_add_up(scene):
    world, said = World(), []
    first, *batches = scene.arrivals()
    for event in first:
        world.add(event)
    said += first
    judge = Judge(scene.policy(said), world, world.statements, world.equivocations)
    sums = Counter(world.ids(judge.counted()))
    for batch in batches:
        spans = [world.add(event) for event in batch]
        said += batch
        flips = judge.update(
            statements=[e.statement for e in batch if e.statement],
            arrived=spans,
            equivocations=world.equivocations,
            policy=scene.policy(said),
        )
        flipped = Counter()
        for flip in flips:
            for id in world.ids([flip.span]):
                sums[id] += flip.weight
                flipped[id] += 1
        assert set(flipped.values()) <= {1}, "no event flips twice in one update"
        assert set(sums.values()) <= {0, 1}
        assert +sums == Counter(world.ids(judge.counted()))
    assert_same(judge, oracle_of(scene), world)


@given(scenes(), st.data())
@settings(max_examples=100)
def test_other_parameters_flip_what_differs(scene, data):
    judge, world = judged(scene), scene.world
    sums = Counter(world.ids(judge.counted()))
    other = scene.policy(
        stance=data.draw(st.sampled_from(("open", "invited"))),
        threshold=data.draw(st.integers(1, 3)),
        max_depth=data.draw(st.integers(0, 3)),
        fork_rule=data.draw(st.sampled_from(("both", "prefix", "none"))),
        viewer=data.draw(st.sampled_from(scene.people)),
    )
    for flip in judge.update(policy=other):
        for id in world.ids([flip.span]):
            sums[id] += flip.weight
    assert +sums == Counter(world.ids(judge.counted()))
    assert_same(judge, Oracle(other, world.events, world.equivocations), world)
