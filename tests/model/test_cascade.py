"""Cascades: what was built on the excluded and on nothing else goes along, for every reason named.

Worlds dense in them, against the oracle that asks anew for every event.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model import test_policy_judge as fights
from tests.model.cascade_worlds import built
from tests.model.policy_worlds import fresh_id, key

from tallystick.policy import Judge, Policy
from tallystick.policy.actors import ActorFacts
from tallystick.policy.book import Book
from tallystick.policy.glance import Glance
from tallystick.testing.world import World

pytestmark = [
    pytest.mark.one_kernel("the judge calls no kernel"),
    pytest.mark.usefixtures("no_kernel_is_called"),
]

ME, ANA, BO, CY, DI = (key(n) for n in range(5))


# --- worlds -------------------------------------------------------------------------------------


@given(built())
@settings(max_examples=100)
def test_a_judge_from_scratch_says_what_the_oracle_says(scene):
    judge, oracle = fights.judged(scene), fights.oracle_of(scene)
    fights.assert_same(judge, oracle, scene.world)
    for event in scene.world.events:
        _, reason = oracle.judge(event.id)
        assert (judge._explainer.event(event.id).reason == "cascade") == (reason == "cascade")


@given(built())
@settings(max_examples=60)
def test_order_and_batching_of_arrival_change_nothing_and_flips_add_up(scene):
    fights.assert_any_order_agrees(scene)


@given(built(events=35), st.data())
@settings(max_examples=40)
def test_necessary_causes_and_only_they_change_an_events_verdict(scene, data):
    judge = fights.judged(scene)
    ids = [event.id for event in scene.world.events]
    taken = [id for id in ids if judge._explainer.event(id).reason == "cascade"]
    fights.assert_necessary_causes(scene, data.draw(st.sampled_from(taken or ids)))


@given(built(), st.data())
@settings(max_examples=40)
def test_what_if_is_what_would_be_and_changes_nothing(scene, data):
    voter = data.draw(st.sampled_from(scene.people))
    verb = data.draw(st.sampled_from(("exclude", "include", "ban", "adopt", "withdraw")))
    said = scene.statement(verb, fresh_id("if"), voter, scene.world.draft(voter, "note").seq)
    fights.assert_foreseen(scene, fights.judged(scene), said)


@given(built())
@settings(max_examples=40)
def test_a_glance_sees_what_a_judge_sees(scene):
    world, policy = scene.world, scene.policy()
    book = Book(ActorFacts(world))
    book.write(world.statements)
    judge, about = fights.judged(scene), scene.people
    glance = Glance(policy, world, book, world.equivocations, about=about)
    for event in reversed(world.events):
        seen, known = glance.event_verdict(event.id), judge.event_verdict(event.id, thorough=False)
        assert (seen.included, seen.reason, seen.by) == (known.included, known.reason, known.by)


# --- pictures -----------------------------------------------------------------------------------


def chain() -> tuple[World, list[bytes]]:
    """Three edits of Di's, each over the one before; Ana is heeded, and Bo through her."""
    world = World()
    world.write(ME, "log/create")
    for person in (ANA, BO, CY, DI):
        world.write(person, "note")
    world.say(ME, "adopt", ANA, depth=1)
    world.say(ANA, "adopt", BO)
    ids: list[bytes] = []
    for author in (DI, DI, CY):
        ids.append(world.write(author, "note", over=ids[-1:]))
    return world, ids


def judge_of(world: World, **parameters: object) -> Judge:
    policy = Policy(ME, world.genesis, max_depth=2, **parameters).with_statements(
        tuple(s for s in world.statements if s.voter == ME)
    )
    return Judge(policy, world, world.statements, world.equivocations)


def reasons(judge: Judge, ids: list[bytes]) -> list[str]:
    return [judge.event_verdict(id).reason for id in ids]


def test_a_plain_exclude_takes_nothing_along_and_one_with_cascade_all():
    world, ids = chain()
    plain = world.say(ME, "exclude", ids[0])
    assert reasons(judge_of(world), ids) == ["my-word", "none", "none"]
    world.say(ME, "withdraw", plain.id)
    said = world.say(ME, "exclude", ids[0], cascade=True)
    judge = judge_of(world)
    assert reasons(judge, ids) == ["my-word", "cascade", "cascade"]
    verdict = judge.event_verdict(ids[2])
    assert verdict.by == ids[0]
    assert [(c.statement, c.necessary) for c in verdict.causes] == [(said.id, True)]
    words = verdict.sentence(lambda id: "you" if id == ME else id.hex()[:4])
    assert words.startswith(f"{ids[2].hex()[:4]} does not count; because what it was built on")
    assert f"({ids[0].hex()[:4]}): you excluded {ids[0].hex()[:4]}" in words


def test_what_is_built_on_something_else_too_stays_and_so_does_what_is_built_on_it():
    world, ids = chain()
    other = world.write(CY, "note")
    mixed = world.write(CY, "note", over=[ids[2], other])
    last = world.write(CY, "note", over=[mixed])
    world.say(ME, "exclude", ids[0], cascade=True)
    assert reasons(judge_of(world), [ids[2], mixed, last]) == ["cascade", "none", "none"]
    world.say(ME, "exclude", other, cascade=True)
    assert reasons(judge_of(world), [ids[2], mixed, last]) == ["cascade"] * 3


def test_my_include_stops_a_cascade_and_my_plain_exclude_does_not():
    world, ids = chain()
    world.say(ME, "exclude", ids[0], cascade=True)
    word = world.say(ME, "include", ids[1])
    assert reasons(judge_of(world), ids) == ["my-word", "my-word", "none"]
    world.say(ME, "withdraw", word.id)
    world.say(ME, "exclude", ids[1])
    assert reasons(judge_of(world), ids) == ["my-word", "my-word", "cascade"]


def test_votes_for_a_cascade_are_tallied_apart():
    world, ids = chain()
    world.say(ME, "adopt", CY)
    world.say(ANA, "exclude", ids[0], cascade=True)
    world.say(CY, "exclude", ids[0])
    assert reasons(judge_of(world), ids[:2]) == ["tally", "cascade"]
    assert reasons(judge_of(world, threshold=2), ids[:2]) == ["tally", "none"]
    world.say(CY, "exclude", ids[0], cascade=True)
    assert reasons(judge_of(world, threshold=2), ids[:2]) == ["tally", "cascade"]


def test_nobody_further_than_its_author_takes_an_event_along():
    world, ids = chain()
    near = world.write(ANA, "note", over=[ids[1]])
    mine = world.write(ME, "note", over=[ids[1]])
    after = world.write(CY, "note", over=[near])
    said = world.say(BO, "exclude", ids[0], cascade=True)
    those = [*ids, near, mine, after]
    assert reasons(judge_of(world), those) == [
        "tally",
        "cascade",
        "cascade",
        "none",
        "none",
        "none",
    ]
    world.say(ANA, "exclude", ids[0], cascade=True)
    judge = judge_of(world)
    assert reasons(judge, those) == ["tally", *["cascade"] * 3, "none", "cascade"]
    assert said.id not in {c.statement for c in judge.event_verdict(near).causes}


@pytest.mark.parametrize("first", ["edits", "word"])
def test_an_event_that_comes_later_is_taken_along_as_if_it_had_been_there(first):
    world, ids = chain()
    if first == "word":
        world.say(ME, "exclude", ids[0], cascade=True)
    judge = judge_of(world)
    late = world.draft(CY, "note", over=[ids[2]])
    span = world.add(late)
    flips = judge.update(arrived=[span])
    if first == "word":
        assert not [id for flip in flips for id in world.ids([flip.span])]
        return
    assert [flip.weight for flip in flips] == [1]
    said = world.say(ME, "exclude", ids[0], cascade=True)
    after = judge.update(statements=[said], policy=judge_of(world).policy)
    gone = [id for flip in after if flip.weight < 0 for id in world.ids([flip.span])]
    assert sorted(gone) == sorted([*ids, late.id])
    assert {flip.cause for flip in after} == {("statement", said.id)}
