"""The sentences of spec/policy.md under "It follows", each as a property or a picture of it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.model.policy_worlds import fresh_id, key, scenes

from tallystick.policy import Judge, Policy, Statement
from tallystick.policy.standing import Strata
from tallystick.policy.statement import EVENT, SLOT
from tallystick.testing.world import World

CELLS = (None, "note", "review/film", "review/book", "chat", "ledger/transfer")
ME, ANA, BO, CY, DI = (key(n) for n in range(5))


def judge_of(world: World, viewer: bytes = ME, **parameters: object) -> Judge:
    """A judge whose viewer's word is what the viewer said in the log."""
    policy = Policy(viewer, world.genesis, **parameters).with_statements(
        tuple(s for s in world.statements if s.voter == viewer)
    )
    return Judge(policy, world, world.statements, world.equivocations)


def small_world(*people: bytes) -> World:
    """Everybody has written a note."""
    world = World()
    world.write(ME, "log/create")
    for person in (*people, ANA, BO, CY, DI):
        if not world.lines(person):
            world.write(person, "note")
    return world


# --- properties ---------------------------------------------------------------------------------


@given(scenes())
@settings(max_examples=150)
def test_what_banned_and_never_adopted_people_say_changes_nothing(scene):
    world, policy = scene.world, scene.policy()
    judge = Judge(policy, world, world.statements, world.equivocations)
    voters = {actor for cell in CELLS for actor in judge.standing(cell).rank}
    assume(not judge.policy.fork_rule.startswith("side"))
    kept = [
        s for s in world.statements if judge.facts.actor(s.voter) in voters or SLOT[s.verb] > EVENT
    ]
    without = Judge(policy, world, kept, world.equivocations)
    for cell in CELLS:
        assert without.standing(cell) == judge.standing(cell)
    assert Counter(world.ids(without.counted())) == Counter(world.ids(judge.counted()))


@given(scenes(), st.data())
@settings(max_examples=200)
def test_nobody_changes_the_standing_of_anyone_at_their_own_rank_or_nearer(scene, data):
    world = scene.world
    judge = Judge(scene.policy(), world, world.statements, world.equivocations)
    before = [judge.standing(cell) for cell in CELLS]
    voters = sorted({v for s in before for v, rank in s.rank.items() if rank})
    assume(voters)
    voter = data.draw(st.sampled_from(voters))
    verb = data.draw(st.sampled_from(("ban", "allow", "adopt", "exclude", "withdraw", "include")))
    seq = world.draft(voter, "note").seq
    said = scene.statement(verb, fresh_id("more"), voter, seq)
    judge.update(statements=[said])
    for cell, old in zip(CELLS, before, strict=True):
        new, rank = judge.standing(cell), old.rank.get(voter)
        if rank is None:
            continue
        for actor, at in old.rank.items():
            if at <= rank:
                assert new.voters[actor] == old.voters[actor]
                assert (actor in new.banned) == (actor in old.banned)


@given(scenes())
@settings(max_examples=50)
def test_people_with_equal_policies_agree_and_a_document_carries_a_policy(scene):
    world, policy = scene.world, scene.policy()
    judge = Judge(policy, world, world.statements, world.equivocations)
    copy = Policy.from_bytes(policy.bytes())
    assert copy.hash == policy.hash
    other = Judge(copy, world, reversed(world.statements), world.equivocations)
    assert [other.standing(cell) for cell in CELLS] == [judge.standing(cell) for cell in CELLS]
    assert Counter(world.ids(other.counted())) == Counter(world.ids(judge.counted()))


# --- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [1, 2])
def test_fifty_puppets_behind_one_delegate_weigh_as_one_branch(threshold):
    puppets = [key(100 + n) for n in range(50)]
    world = small_world(*puppets)
    world.say(ME, "adopt", ANA, depth=1)
    for puppet in puppets:
        world.say(ANA, "adopt", puppet)
        world.say(puppet, "ban", CY)
    judge = judge_of(world, threshold=threshold, max_depth=2)
    assert len(judge.standing().rank) == 52
    assert (CY in judge.standing().banned) == (threshold == 1)
    assert CY not in judge.standing().contested or threshold == 1


def test_a_second_branch_makes_up_the_threshold():
    world = small_world()
    for friend in (ANA, BO):
        world.say(ME, "adopt", friend)
        world.say(friend, "ban", CY)
    assert set(judge_of(world, threshold=2).standing().banned) == {CY}
    assert not judge_of(world, threshold=3).standing().banned


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_cycles_of_bans_among_equals_remove_nobody_and_one_word_of_mine_settles_them(size):
    ring = [key(20 + n) for n in range(size)]
    world = small_world(*ring)
    for person, victim in zip(ring, ring[1:] + ring[:1], strict=True):
        world.say(ME, "adopt", person)
        world.say(person, "ban", victim)
    standing = judge_of(world).standing()
    assert not standing.banned
    assert set(standing.contested) == set(ring)

    world.say(ME, "ban", ring[0])
    standing = judge_of(world).standing()
    assert set(standing.banned) == {ring[0]}
    assert ring[1] not in standing.contested, "the ban by somebody banned no longer speaks"
    assert ring[1] in standing.rank


def test_bans_by_banned_people_never_count():
    world = small_world()
    world.say(ME, "adopt", ANA, depth=1)
    world.say(ME, "ban", BO)
    world.say(ANA, "adopt", BO)
    world.say(BO, "ban", CY)
    standing = judge_of(world, max_depth=2).standing()
    assert set(standing.banned) == {BO}
    assert BO not in standing.rank
    assert not standing.contested


def test_my_own_word_is_final_and_a_weight_of_nought_keeps_somebody_from_being_adopted():
    world = small_world()
    world.say(ME, "adopt", ANA, depth=1)
    world.say(ANA, "adopt", BO)
    world.say(ANA, "ban", CY)
    world.say(ME, "allow", CY)
    assert judge_of(world, max_depth=2).standing().rank == {ME: 0, ANA: 1, BO: 2}
    assert not judge_of(world, max_depth=2).standing().banned
    world.say(ME, "adopt", BO, weight=0)
    assert judge_of(world, max_depth=2).standing().rank == {ME: 0, ANA: 1}


def test_a_cut_spares_what_came_before_and_lets_those_statements_vote():
    world = small_world()
    world.say(ME, "adopt", ANA)
    early = world.say(ANA, "ban", CY)
    late = world.say(ANA, "ban", DI)
    world.say(ME, "ban", ANA, cut=(world.entry(early.id),))
    judge = judge_of(world)
    assert set(judge.standing().banned) == {ANA, CY}
    assert ANA in judge.standing().rank
    assert judge.counts(early.id)
    assert not judge.counts(late.id)
    assert judge.actor_verdict(ANA).partly


def test_a_cut_that_is_not_here_yet_spares_from_the_moment_it_comes():
    world = small_world()
    later = world.draft(CY, "note")
    world.say(ME, "ban", CY, cut=((CY, later.seq, later.id),))
    judge, before = judge_of(world), [e.id for e in world.events if e.author == CY]
    assert not any(judge.counts(id) for id in before)
    flips = judge.update(arrived=[world.add(later)])
    flipped = Counter(id for f in flips for id in world.ids([f.span]) if f.weight > 0)
    assert flipped == Counter([*before, later.id])


def test_as_of_reads_only_what_was_said_up_to_it():
    world = small_world()
    early = world.say(ANA, "ban", CY)
    world.say(ANA, "ban", DI)
    world.say(ANA, "withdraw", early.id)
    world.say(ME, "adopt", ANA, as_of=(world.entry(early.id),))
    assert set(judge_of(world).standing().banned) == {CY}


def test_withdraw_lets_the_statement_before_hold_again_and_cannot_be_withdrawn():
    world = small_world()
    world.say(ME, "adopt", ANA)
    world.say(ANA, "ban", CY)
    allow = world.say(ANA, "allow", CY)
    assert not judge_of(world).standing().banned
    gone = world.say(ANA, "withdraw", allow.id)
    assert set(judge_of(world).standing().banned) == {CY}
    world.say(ANA, "withdraw", gone.id)
    assert set(judge_of(world).standing().banned) == {CY}


def test_within_a_cell_the_latest_matching_word_holds_however_narrow():
    world = small_world()
    world.write(CY, "review/film")
    world.write(CY, "chat")
    world.say(ME, "ban", CY)
    world.say(ME, "allow", CY, scope="review/*")
    judge = judge_of(world)
    kinds = {e.kind for e in world.events if e.author == CY and judge.counts(e.id)}
    assert kinds == {"review/film"}
    assert set(judge.standing().banned) == {CY}
    assert not judge.standing("review/book").banned
    assert judge.actor_verdict(CY, "review/film").included


def test_equals_can_exclude_each_others_single_events_but_not_each_others_statements():
    world = small_world()
    for friend in (ANA, BO):
        world.say(ME, "adopt", friend)
    note = world.write(BO, "note")
    said = world.say(BO, "ban", CY)
    world.say(ANA, "exclude", note)
    world.say(ANA, "exclude", said.id)
    judge = judge_of(world)
    verdict = judge.event_verdict(note)
    assert (verdict.included, verdict.reason) == (False, "tally")
    assert [(c.verb, c.voter, c.necessary) for c in verdict.causes] == [
        ("exclude", ANA, True),
        ("adopt", ME, True),
    ]
    assert judge.counts(said.id)
    assert set(judge.standing().banned) == {CY}
    assert judge.event_verdict(said.id).contested


def test_my_include_does_not_outrank_a_retract_but_excluding_the_retract_does():
    world = small_world()
    note = world.write(ANA, "note")
    undo = world.say(ANA, "retract", note)
    world.say(ME, "include", note)
    judge = judge_of(world)
    assert judge.event_verdict(note).reason == "retracted"
    world.say(ME, "exclude", undo.id)
    assert judge_of(world).counts(note)


def test_a_retract_beyond_a_cut_does_not_count():
    world = small_world()
    note = world.write(ANA, "note")
    undo = world.say(ANA, "retract", note)
    world.say(ME, "ban", ANA, cut=(world.entry(note),))
    judge = judge_of(world)
    assert judge.counts(note)
    assert not judge.counts(undo.id)


def test_an_equivocating_voter_is_read_up_to_the_split_under_every_fork_rule():
    world = small_world()
    world.say(ME, "adopt", ANA)
    early = world.say(ANA, "ban", CY)
    world.say(ANA, "ban", DI)
    world.say(ANA, "allow", DI, prev=early.id)
    for rule in ("both", "prefix", "none"):
        assert set(judge_of(world, fork_rule=rule).standing().banned) == {CY}


def test_what_stands_on_an_excluded_event_is_ungrounded_all_the_way_up():
    world = small_world()
    first = world.write(ANA, "ledger/transfer")
    second = world.write(BO, "ledger/refund", grounds=[first])
    third = world.write(CY, "note", grounds=[second])
    judge = judge_of(world)
    assert judge.counts(third)
    world.say(ME, "ban", ANA)
    judge = judge_of(world)
    verdict = judge.event_verdict(third)
    assert (verdict.included, verdict.reason, verdict.by) == (False, "ungrounded", second)
    assert [c.verb for c in verdict.causes] == ["ban"]


def test_invited_heeds_those_with_a_rank_those_i_allow_and_those_enough_people_allow():
    world = small_world()
    world.say(ME, "adopt", ANA)
    world.say(ME, "allow", BO)
    world.say(ANA, "allow", CY)
    judge = judge_of(world, stance="invited")
    counted = {e.author for e in world.events if judge.counts(e.id)}
    assert counted == {ME, ANA, BO, CY}
    judge = judge_of(world, stance="invited", threshold=2)
    assert {e.author for e in world.events if judge.counts(e.id)} == {ME, ANA, BO}


def test_of_two_bans_at_equal_rank_in_one_branch_the_heavier_speaks():
    world = small_world()
    world.say(ME, "adopt", ANA, weight=5, depth=1)
    world.say(ANA, "adopt", BO, weight=1)
    world.say(ANA, "adopt", CY, weight=3)
    for voter in (BO, CY):
        world.say(voter, "ban", DI)
    assert set(judge_of(world, max_depth=2, threshold=3).standing().banned) == {DI}
    assert not judge_of(world, max_depth=2, threshold=4).standing().banned


def test_a_ban_with_a_cut_leaves_a_guest_welcome_up_to_it():
    world = small_world()
    second = world.write(CY, "note")
    for friend in (ANA, BO):
        world.say(ME, "adopt", friend)
    world.say(ANA, "allow", CY)
    world.say(BO, "ban", CY, cut=(world.entry(second),))
    third = world.write(CY, "note")
    judge = judge_of(world, stance="invited")
    assert judge.counts(second)
    assert not judge.counts(third)
    assert CY not in judge.standing().banned


def test_a_word_about_a_retract_flips_what_it_undid():
    world = small_world()
    note = world.write(ANA, "note")
    undo = world.say(ANA, "retract", note)
    world.say(ME, "adopt", BO)
    judge = judge_of(world)
    said = world.draft(BO, "trust/exclude")
    flips = judge.update(
        statements=[Statement(said.id, BO, said.seq, "exclude", undo.id)],
        arrived=[world.add(said)],
    )
    flipped = {id: f.weight for f in flips for id in world.ids([f.span])}
    assert flipped == {note: 1, undo.id: -1, said.id: 1}


def test_an_equivocation_that_comes_to_light_takes_later_votes_back():
    world = small_world()
    world.say(ME, "adopt", ANA)
    early = world.say(ANA, "ban", CY)
    world.say(ANA, "ban", DI)
    judge = judge_of(world)
    assert set(judge.standing().banned) == {CY, DI}
    other = world.draft(ANA, "note", prev=early.id)
    judge.update(arrived=[world.add(other)], equivocations=world.equivocations)
    assert set(judge.standing().banned) == {CY}


def test_the_genesis_counts_under_every_policy():
    world = World()
    world.write(ANA, "log/create")
    world.write(ANA, "note")
    world.write(ME, "note")
    world.say(ME, "ban", ANA)
    world.say(ME, "exclude", world.genesis)
    judge = judge_of(world, stance="invited")
    assert [e.id for e in world.events if e.author == ANA and judge.counts(e.id)] == [world.genesis]


def test_what_a_stranger_says_is_not_even_read(monkeypatch):
    world = small_world()
    judge = judge_of(world)
    for name in ("settle", "_read"):
        monkeypatch.setattr(Strata, name, lambda *_: pytest.fail("a stranger was read"))
    said = world.say(DI, "ban", CY)
    assert judge.update(statements=[said]) == []
