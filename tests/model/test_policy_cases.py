"""Ten thousand random worlds against the oracle, and the sentences about actors in pictures.

The worlds are seeded, small and many: about 50 s of processor time on two slow cores, in `PARTS` so
that workers share it.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from tests.model.policy_worlds import Scene, key
from tests.model.test_policy_judge import assert_same, judged, oracle_of
from tests.model.world_census import WANTED, census

from tallystick.policy import Judge, Policy
from tallystick.policy.actors import own_words
from tallystick.testing.world import World

pytestmark = [
    pytest.mark.one_kernel("the judge calls no kernel"),
    pytest.mark.usefixtures("no_kernel_is_called"),
]
ME, ANA, BO, CY, DI = (key(n) for n in range(5))
PARTS = 20
COUNTED = 500
CASES = 10_000 // PARTS


def scene_of(seed: int) -> Scene:
    r = random.Random(seed)
    quarrel = r.random() < 0.4
    return Scene(
        seed,
        people=r.randint(5, 7) if quarrel else r.randint(2, 7),
        events=r.randint(0, 30 if quarrel else 40),
        forks=r.random() < 0.5,
        actors=r.random() < (0.4 if quarrel else 0.7),
        quarrel=quarrel,
    )


def test_the_worlds_are_ten_thousand_and_hold_every_quarrel_there_is():
    """Of what is fought about, each is in at least one world of a hundred."""
    assert PARTS * CASES >= 10_000
    counts = Counter[str]()
    for seed in range(COUNTED):
        scene = scene_of(seed)
        counts.update(census(scene, judged(scene)))
    assert not {name: counts[name] for name in WANTED if counts[name] < COUNTED // 100}


@pytest.mark.parametrize("part", range(PARTS))
def test_random_worlds_are_judged_as_the_oracle_does(part):
    for seed in range(part * CASES, (part + 1) * CASES):
        scene = scene_of(seed)
        try:
            assert_same(judged(scene), oracle_of(scene), scene.world)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}") from error


# --- pictures -----------------------------------------------------------------------------------


def small_world() -> World:
    world = World()
    for person in (ME, ANA, BO, CY, DI):
        world.write(person, "log/create" if person == ME else "note")
    return world


def pair(world: World, one: bytes, other: bytes) -> list[bytes]:
    return [world.say(a, "key", b).id for a, b in ((one, other), (other, one))]


def judge_of(world: World, viewer: bytes = ME, **parameters: object) -> Judge:
    said = world.statements
    claims = [s for s in said if s.verb == "key"]
    mine = own_words(viewer, said, claims, world.equivocations)
    policy = Policy(viewer, world.genesis, **parameters).with_statements(tuple(mine))
    return Judge(policy, world, said, world.equivocations)


def test_one_key_alone_links_nobody():
    world = small_world()
    world.say(ANA, "key", BO)
    assert judge_of(world).facts.authors(ANA) == (ANA,)


def test_naming_any_key_names_the_actor_by_its_smallest():
    world = small_world()
    pair(world, BO, CY)
    pair(world, CY, DI)
    world.say(ME, "ban", DI)
    judge = judge_of(world)
    assert set(judge.standing().banned) == {BO}
    assert {e.author for e in world.events if judge.counts(e.id)} == {ME, ANA}


def test_my_word_by_any_of_my_keys_is_mine_the_latest_in_canonical_order():
    world = small_world()
    pair(world, ME, ANA)
    world.say(ANA, "ban", CY, lamport=7)
    world.say(ME, "allow", CY, lamport=6)
    assert set(judge_of(world).standing().banned) == {CY}
    assert set(judge_of(world, ANA).standing().banned) == {CY}


def test_a_key_of_mine_cannot_make_itself_not_mine():
    world = small_world()
    mine, other = pair(world, ME, ANA)
    world.say(ANA, "exclude", mine)
    assert judge_of(world).facts.authors(ME) == (ME, ANA)
    world.say(ME, "exclude", other)
    assert judge_of(world).facts.authors(ME) == (ME,)


def test_nearer_people_exclude_a_pair_equals_and_further_ones_do_not():
    world = small_world()
    claim, _ = pair(world, BO, CY)
    world.say(ME, "adopt", ANA, depth=1)
    world.say(ANA, "exclude", claim)
    assert judge_of(world).facts.authors(BO) == (BO,), "nobody adopts them: all voters judge"
    world.say(ME, "adopt", BO)
    assert judge_of(world).facts.authors(BO) == (BO, CY), "Ana stands where they stand"


def test_an_exclude_that_comes_later_parts_them_and_flips_what_depends_on_it():
    world = small_world()
    claim, _ = pair(world, BO, CY)
    world.say(ME, "adopt", ANA)
    world.say(ME, "ban", CY)
    judge = judge_of(world)
    bos = [e.id for e in world.events if e.author == BO]
    assert not any(judge.counts(id) for id in bos)
    said = world.draft(ANA, "trust/exclude")
    statement = world.say(ANA, "exclude", claim)
    assert said.id == statement.id
    flips = judge.update(statements=[statement], arrived=[])
    assert {id for f in flips for id in world.ids([f.span]) if f.weight > 0} == {*bos} - {claim}
    assert all(judge.counts(id) for id in bos if id != claim)


def test_adopting_one_key_and_refusing_the_other_refuses_both():
    world = small_world()
    claim, _ = pair(world, BO, CY)
    world.say(ME, "adopt", ANA, weight=2, depth=1)
    world.say(ANA, "exclude", claim)
    world.say(ME, "adopt", BO, lamport=1)
    world.say(ME, "adopt", CY, weight=0, lamport=2)
    judge = judge_of(world)
    assert judge.facts.authors(BO) == (BO, CY)
    assert BO not in judge.standing().rank


def test_a_pair_beyond_a_split_links_nobody():
    world = small_world()
    first = world.write(BO, "note")
    pair(world, BO, CY)
    assert judge_of(world).facts.authors(BO) == (BO, CY)
    world.write(BO, "note", prev=first)
    assert judge_of(world).facts.authors(BO) == (BO,)


def test_a_repair_by_another_key_chooses_a_side_and_the_split_key_votes_up_to_the_split():
    world = small_world()
    _, last = pair(world, CY, BO)
    world.say(ME, "adopt", BO)
    left = world.write(BO, "note", prev=last)
    vote = world.say(BO, "ban", DI)
    right = world.write(BO, "note", prev=last)
    for rule in ("both", "prefix", "none"):
        assert judge_of(world, fork_rule=rule).counts(left) == (rule == "both")
    world.say(CY, "repair", left)
    for rule in ("both", "prefix", "none"):
        judge = judge_of(world, fork_rule=rule)
        assert (judge.counts(left), judge.counts(right)) == (True, False)
        assert judge.counts(vote.id)
        assert not judge.standing().banned
    judge = judge_of(world, fork_rule=f"side:{right.hex()}")
    assert (judge.counts(left), judge.counts(right)) == (False, True)


def test_the_split_key_itself_and_strangers_repair_nothing():
    world = small_world()
    _, last = pair(world, CY, BO)
    left = world.write(BO, "note", prev=last)
    right = world.write(BO, "note", prev=last)
    world.say(DI, "repair", left)
    world.say(BO, "repair", left)
    assert judge_of(world).counts(right)


def test_a_claim_is_named_where_it_changes_the_answer():
    world = small_world()
    claims = pair(world, BO, CY)
    world.say(ME, "ban", CY)
    verdict = judge_of(world).actor_verdict(BO)
    assert {c.statement for c in verdict.causes if c.aside and c.necessary} == set(claims)
