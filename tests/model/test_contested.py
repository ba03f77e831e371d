"""What is contested, and that the words said to settle it do, judged again from scratch."""

from __future__ import annotations

from hypothesis import given, settings
from tests.model.policy_oracle import Oracle
from tests.model.policy_worlds import Scene, key, scenes

from tallystick.policy import Judge, Policy, holding
from tallystick.policy.contested import contested
from tallystick.testing.world import World

ME, ANA, BO, CY, MAL = (key(n) for n in range(5))


def marks(scene: Scene, policy: Policy) -> set[bytes]:
    """Everything contested, by the oracle: actors in the cell of ``*``, and single events."""
    oracle = Oracle(policy, scene.world.events, scene.world.equivocations)
    found = set(oracle.standing()[2]) - {oracle.actor(policy.viewer)}
    for event in scene.world.events:
        cell = oracle.cell(oracle.kind_of(event))
        if (
            event.id != policy.log
            and oracle.counts(event.id)
            and cell.is_contested("event", event.id)
        ):
            found.add(event.id)
    return found


@given(scenes(people=6, events=50))
@settings(max_examples=60, deadline=None)
def test_every_option_settles_what_it_says_and_the_judge_is_left_as_it_was(scene):
    world, policy = scene.world, scene.policy()
    judge = Judge(policy, world, world.statements, world.equivocations)
    judge.said = scene.spoken()
    counted, before = world.ids(judge.counted()), marks(scene, policy)
    found = contested(judge, world, world.statements)
    assert {subject for clash in found for subject in clash.subjects} == before
    for option in [option for clash in found for option in clash.options][:8]:
        said = (*judge.said, option.said)
        after = marks(scene, policy.with_statements(holding(said)))
        assert set(option.settles) == before - after
        assert set(option.raises) == after - before
    for clash in found:
        if clash.about != "circle":
            assert clash.options, "my own word settles what is contested"
            assert clash.is_settled_by_one
    assert sorted(world.ids(judge.counted())) == sorted(counted)


def world_of(*said: tuple[bytes, str, bytes]) -> tuple[World, Judge]:
    world = World()
    world.write(ME, "log/create")
    for who, verb, target in said:
        world.say(who, verb, target)
    mine = [s for s in world.statements if s.voter == ME]
    policy = Policy(ME, world.genesis, statements=holding(mine))
    return world, Judge(policy, world, world.statements)


ADOPTED = [(ME, "adopt", one) for one in (ANA, BO, CY)]


def words(options):
    return {(o.said.verb, o.said.target): set(o.settles) for o in options}


def test_two_who_ban_each_other_are_a_circle_and_banning_either_settles_both():
    world, judge = world_of(*ADOPTED, (ANA, "ban", BO), (BO, "ban", ANA))
    (clash,) = contested(judge, world, world.statements)
    assert (clash.about, set(clash.subjects)) == ("circle", {ANA, BO})
    assert clash.is_settled_by_one
    assert words(clash.options) == {
        ("ban", ANA): {ANA, BO},
        ("ban", BO): {ANA, BO},
        ("allow", ANA): {ANA},
        ("allow", BO): {BO},
    }
    assert {(v.voter, v.force) for v in clash.votes[ANA]} == {(BO, 1)}
    assert set(clash.options[0].settles) == {ANA, BO}, "what settles most comes first"


def test_a_circle_of_three_is_one_circle_and_no_single_word_settles_it_all():
    world, judge = world_of(*ADOPTED, (ANA, "ban", BO), (BO, "ban", CY), (CY, "ban", ANA))
    (clash,) = contested(judge, world, world.statements)
    assert set(clash.subjects) == {ANA, BO, CY}
    assert not clash.is_settled_by_one
    assert words(clash.options)["ban", ANA] == {ANA, BO}


def test_a_ban_held_off_by_an_allow_is_a_clash_of_one():
    world, judge = world_of(*ADOPTED, (ANA, "ban", MAL), (BO, "allow", MAL))
    (clash,) = contested(judge, world, world.statements)
    assert (clash.about, clash.subjects) == ("actor", (MAL,))
    assert {(v.voter, v.force) for v in clash.votes[MAL]} == {(ANA, 1), (BO, -1)}
    assert words(clash.options) == {("ban", MAL): {MAL}, ("allow", MAL): {MAL}}


def test_an_event_two_branches_differ_about_is_contested_by_itself():
    world, _ = world_of(*ADOPTED)
    note = world.write(MAL, "note")
    world.say(ANA, "exclude", note)
    world.say(BO, "include", note)
    mine = [s for s in world.statements if s.voter == ME]
    judge = Judge(Policy(ME, world.genesis, statements=holding(mine)), world, world.statements)
    (clash,) = contested(judge, world, world.statements)
    assert (clash.about, clash.subjects) == ("event", (note,))
    assert words(clash.options) == {("exclude", note): {note}, ("include", note): {note}}
    assert [flip.weight for o in clash.options for flip in o.flips] == [-1]


def test_where_nobody_clashes_nothing_is_told():
    world, judge = world_of(*ADOPTED, (ANA, "ban", MAL), (BO, "ban", MAL))
    assert contested(judge, world, world.statements) == []
