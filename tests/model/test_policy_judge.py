"""The judge against the oracle: from scratch, fed in any order, and asked what if."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.model.policy_oracle import Oracle
from tests.model.policy_worlds import Scene, fresh_id, scenes

from tallystick.policy import Judge, Policy, Statement
from tallystick.policy.statement import EVENT, SLOT
from tallystick.testing.world import Event, World

pytestmark = [
    pytest.mark.one_kernel("the judge calls no kernel"),
    pytest.mark.usefixtures("no_kernel_is_called"),
]
SCOPES = (None, "note", "review/film", "review/book", "chat", "ledger/transfer")


def judged(scene: Scene) -> Judge:
    world = scene.world
    judge = Judge(scene.policy(), world, world.statements, world.equivocations)
    judge.said = said_by_viewer(scene)
    return judge


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
        if reason in (
            "void",
            "ungrounded",
            "retracted",
            "equivocation",
            "my-word",
            "tally",
            "cascade",
        ):
            assert verdict.reason == reason
        else:
            assert verdict.reason in ("actor-my-word", "actor-tally", "stance", "none")
        assert verdict.contested == oracle.is_contested(event.id)


# Found once: a retract that came before its target stayed in the cell of ``*``.
@example(Scene(613, people=4, events=74, forks=False))
@given(scenes())
@settings(max_examples=250)
def test_order_and_batching_of_arrival_change_nothing_and_flips_add_up(scene):
    assert_any_order_agrees(scene)


def assert_any_order_agrees(scene: Scene) -> None:
    """Fed in another order, in batches, whose flips add up, to the oracle's answers."""
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


def excluding(scene: Scene, *ids: bytes) -> Policy:
    """The viewer's policy with a private word that excludes some events."""
    policy = scene.policy()
    words = [
        Statement(fresh_id(f"word {n}"), policy.viewer, 10**6 + n, "exclude", id, private=True)
        for n, id in enumerate(ids)
    ]
    return policy.with_statements((*said_by_viewer(scene), *words))


def said_by_viewer(scene: Scene) -> list[Statement]:
    """All of it, also what something later replaced."""
    return scene.spoken()


@given(scenes(events=40), st.data())
@settings(max_examples=60)
def test_necessary_causes_and_only_they_change_an_actors_verdict(scene, data):
    judge, world = judged(scene), scene.world
    actor = data.draw(st.sampled_from(scene.people))
    verdict = judge.actor_verdict(actor)
    assert verdict.complete

    def value(*ids):
        oracle = Oracle(excluding(scene, *ids), world.events, world.equivocations)
        return oracle.is_heeded(actor), oracle.actor(actor) in oracle.standing()[2]

    now = value()
    necessary = {cause.statement for cause in verdict.causes if cause.necessary}
    everything = {s.id for s in (*world.statements, *scene.policy().statements)}
    assert {id for id in everything if value(id) != now} == necessary
    named = {cause.statement for cause in verdict.causes if not cause.aside}
    if named and value(*named) == now:
        policy = excluding(scene, *named)
        after = Judge(policy, world, world.statements, world.equivocations).actor_verdict(actor)
        assert {cause.statement for cause in after.causes} != named, "its explanation changes"


@given(scenes(events=40), st.data())
@settings(max_examples=60)
def test_necessary_causes_and_only_they_change_an_events_verdict(scene, data):
    assert_necessary_causes(
        scene, data.draw(st.sampled_from([event.id for event in scene.world.events]))
    )


def assert_necessary_causes(scene: Scene, id: bytes) -> None:
    """The statements marked necessary are those, of all, whose exclusion changes the verdict."""
    judge, world = judged(scene), scene.world
    before = Counter(world.ids(judge.counted()))
    verdict = judge.event_verdict(id)
    assert Counter(world.ids(judge.counted())) == before, "asking changes nothing"

    def value(*ids):
        oracle = Oracle(excluding(scene, *ids), world.events, world.equivocations)
        return oracle.counts(id), oracle.is_contested(id)

    now = value()
    necessary = {cause.statement for cause in verdict.causes if cause.necessary}
    stood_on, todo = set(), [id]
    while todo:
        stood_on.add(todo[-1])
        todo += world.grounds(todo.pop())
    everything = {s.id for s in (*world.statements, *scene.policy().statements)} - stood_on
    assert {i for i in everything if value(i) != now} == necessary - stood_on


@given(scenes(), st.data())
@settings(max_examples=150)
def test_what_if_is_what_would_be_and_changes_nothing(scene, data):
    judge, world = judged(scene), scene.world
    voter = data.draw(st.sampled_from([scene.parameters["viewer"], *scene.people]))
    verb = data.draw(st.sampled_from(sorted(SLOT)))
    can_be_private = voter == scene.parameters["viewer"] and SLOT[verb] <= EVENT
    private = can_be_private and data.draw(st.booleans())
    seq = 10**6 if private else world.draft(voter, "note").seq
    said = scene.statement(verb, fresh_id("if"), voter, seq)._replace(private=private)
    assert_foreseen(scene, judge, said)


def assert_foreseen(scene: Scene, judge: Judge, said: Statement) -> None:
    """What if is what would be; then the statement is made."""
    world, voter = scene.world, said.voter
    before = Counter(world.ids(judge.counted()))
    preview = judge.what_if(said)
    assert Counter(world.ids(judge.counted())) == before
    assert_same(judge, oracle_of(scene), world)

    after = Counter(before)
    for flip in preview.flips:
        for id in world.ids([flip.span]):
            after[id] += flip.weight
    if not said.private:
        draft = world.draft(voter, said.kind)
        world.add(Event(said.id, voter, draft.seq, draft.prev, draft.kind, statement=said))
    else:
        scene.private.append(said)
    oracle = oracle_of(scene)
    expected = Counter(e.id for e in world.events if e.id != said.id and oracle.counts(e.id))
    assert +after == expected
    was = {actor for actor, verdicts in preview.actors.items() if not verdicts[0].included}
    now = {actor for actor, verdicts in preview.actors.items() if not verdicts[1].included}
    if scene.parameters["stance"] == "open":
        facts, banned = judge.facts, set(judge.standing().banned)
        same = {k for k in scene.people if facts.actor(k) == oracle.actor(k)}
        freed = was | {k for actor in was for k in facts.authors(actor) if k in same}
        before = {k for actor in banned for k in facts.authors(actor)} - freed
        foreseen = before | {k for actor in now for k in oracle.keys(oracle.actor(actor))}
        assert {k for actor in oracle.standing()[1] for k in oracle.keys(actor)} == foreseen
