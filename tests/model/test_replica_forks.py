"""One key on two machines: both sides are kept, named alike everywhere, and judged alike."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.replica_world import (
    check,
    check_agreed,
    everything,
    key_of,
    one_by_one,
    refusal,
    replica,
    settle,
    through_the_wire,
)

from tallystick.errors import ChainError

MACHINES = 3
move = st.one_of(
    st.tuples(st.just("write"), st.integers(0, MACHINES + 1), st.integers(1, 3)),
    st.tuples(st.just("set"), st.integers(0, MACHINES + 1), st.integers(1, 3)),
    st.tuples(st.just("ban"), st.integers(0, MACHINES + 1), st.integers(0, MACHINES + 1)),
    st.tuples(st.just("adopt"), st.integers(0, MACHINES + 1), st.integers(0, MACHINES + 1)),
    st.tuples(st.just("sync"), st.integers(0, MACHINES + 1), st.integers(0, MACHINES + 1)),
)


def machines() -> list:
    """Three machines of one key that hold the same, and two other people."""
    first = replica("eve", machine=0)
    first.create_log("forks")
    copies = [replica("eve", machine=number) for number in range(1, MACHINES)]
    others = [replica("ada"), replica("bob")]
    for one in [*copies, *others]:
        one.sync(first)
    return [first, *copies, *others]


def do(replicas, action) -> None:
    """Carries out one move; only a key with two histories is refused anything."""
    error = refusal(lambda: act(replicas, *action))
    if error is not None:
        assert error.code == "chain/restored"
        assert action[1] < MACHINES


def act(replicas, verb, me, about) -> None:
    one = replicas[me]
    if verb == "write":
        one.write_many([("note", {"n": n, "by": me}) for n in range(about)])
    elif verb == "set":
        one.set("a/title", f"{me} {about}")
    elif verb == "sync":
        if replicas[about] is not one:
            one.sync(replicas[about])
    elif replicas[about].did != one.did:
        getattr(one, verb)(replicas[about].did)


@settings(max_examples=25)
@given(st.lists(move, max_size=20))
def test_any_tree_of_sides_ends_the_same_on_every_machine(moves):
    replicas = machines()
    for one in moves:
        do(replicas, one)
    for one in replicas:
        check(one)
    settle(replicas)
    for one in replicas:
        check(one)
    check_agreed(replicas)
    splits = {tuple(sorted(one._log.judging.equivocations().items())) for one in replicas}
    assert len(splits) == 1


@settings(max_examples=25)
@given(st.lists(move, max_size=14), st.randoms(use_true_random=False))
def test_sides_in_any_batches_and_any_order_give_the_same_replica(moves, random):
    replicas = machines()
    for one in moves:
        do(replicas, one)
    settle(replicas)
    source = replicas[-1]
    slices = [through_the_wire(one) for one in one_by_one(source) + everything(source)]
    random.shuffle(slices)
    fresh = replica("zoe")
    while slices:
        count = random.randint(1, len(slices))
        batch, slices = slices[:count], slices[count:]
        taken = fresh.receive(batch, log=source._log.id)
        assert not taken.rejected
    assert fresh.digest() == source.digest()
    assert fresh._store.pending_stats() == (0, 0)
    check(fresh)
    check_agreed([source, fresh])


def split(before: int, left: int, right: int):
    """Two machines of one key that went different ways, and a bystander."""
    one, two, other = replica("eve", machine=1), replica("eve", machine=2), replica("ada")
    one.create_log("split")
    one.write_many([("note", n) for n in range(before)])
    for copy in (two, other):
        copy.sync(one)
    one.write_many([("note", {"left": n}) for n in range(left)])
    two.write_many([("note", {"right": n}) for n in range(right)])
    return one, two, other


def test_a_key_that_wrote_two_histories_may_not_go_on_with_either():
    one, two, _ = split(3, 2, 1)
    one.sync(two)
    for copy in (one, two):
        before = copy.digest()
        with pytest.raises(ChainError) as error:
            copy.write("note", "more")
        assert error.value.code == "chain/restored"
        with pytest.raises(ChainError):
            copy.ban(key_of("ada").did)
        assert copy.digest() == before


def test_a_restored_backup_may_write_again_once_it_has_caught_up():
    one, two, _ = split(3, 2, 0)
    one.sync(two)
    two.write("note", "I have caught up")
    one.sync(two)
    assert one.digest() == two.digest()
    assert not one._store.sides(one._log.no)


@pytest.mark.parametrize("first", [0, 1])
def test_both_sides_in_one_batch_are_both_kept(first):
    one, two, other = split(2, 3, 2)
    batch = [*everything(one), *everything(two)]
    taken = other.receive(batch[::-1] if first else batch)
    assert (taken.accepted, taken.pending, taken.rejected) == (5, 0, [])
    one.sync(two)
    assert other.digest() == one.digest()


def test_two_first_events_of_one_key_in_one_batch_are_both_kept():
    founder = replica("ada")
    founder.create_log("log")
    one, two = replica("eve", machine=1), replica("eve", machine=2)
    for copy in (one, two):
        copy.sync(founder)
        copy.write("note", copy._means.entropy(4).hex())
    founder.receive([*everything(one), *everything(two), *everything(one)])
    one.sync(two)
    assert founder.digest() == one.digest()
    assert set(founder._log.judging.equivocations().values()) == {0}
    check(founder)


@pytest.mark.parametrize("rule", ["prefix", "none", "both"])
def test_histories_that_share_nothing_and_split_again_are_judged_alike_from_scratch(rule):
    founder = replica("ada")
    founder.create_log("log")
    copies = [replica("eve", machine=number) for number in range(4)]
    for copy in copies[::2]:
        copy.sync(founder)
        copy.write_many([("note", [n, copy._means.entropy(4).hex()]) for n in range(3)])
    for copy, again in zip(copies[::2], copies[1::2], strict=True):
        again.receive(everything(copy), log=copy._log.id)
        for one in (copy, again):
            one.write("note", one._means.entropy(4).hex())
    founder.set_policy(fork_rule=rule)
    for copy in copies:
        founder.receive(everything(copy))
    assert set(founder._log.judging.equivocations().values()) == {0}
    check(founder)


def test_a_split_ends_the_authors_vote_for_everyone():
    one, two, other = split(1, 0, 0)
    target = replica("bob")
    target.sync(other)
    target.write("note", "here I am")
    settle([one, two, other, target])
    other.adopt(one.did)
    one.sync(other)
    one.ban(target.did)
    other.sync(one)
    assert not other.verdict(target.did).included
    two.write("note", "another history, from before the ban")
    other.sync(two)
    assert other.verdict(target.did).included
    settle([one, two, other, target])
    for somebody in (one, two, other, target):
        assert somebody.as_seen_by(other.did).verdict(target.did).included
        check(somebody)


def typed_on_three_sides():
    """Three sides of one key that type at one place, and what each wrote, event by event."""
    sides = [replica("eve", machine=number) for number in range(MACHINES)]
    sides[0].create_log("page")
    sides[0].splice("page", 0, 0, "<>")
    for one in sides[1:]:
        one.sync(sides[0])
    base = len(one_by_one(sides[0]))
    for number, one in enumerate(sides):
        one.splice("page", 1, 0, "abc"[number] * 2)
        one.splice("page", 3 if number else 1, 0, "ABC"[number])
        one.splice_list("page/steps", 0, 0, [number, number])
    return sides, base, [one_by_one(one)[base:] for one in sides]


TURNS = ("whole", "in turn", "first events first")


@pytest.mark.parametrize(
    ("order", "turns"), [*zip(permutations(range(MACHINES)), TURNS * 2, strict=True)]
)
def test_three_sides_that_type_at_one_place_read_the_same_in_any_order(order, turns):
    sides, base, wrote = typed_on_three_sides()
    reader = replica("ada")
    reader.receive(one_by_one(sides[0])[:base], log=sides[0]._log.id)
    if turns == "whole":
        arriving = [part for number in order for part in wrote[number]]
    elif turns == "in turn":
        arriving = [wrote[number][n] for n in range(3) for number in order]
    else:
        arriving = [wrote[number][0] for number in order]
        arriving += [part for number in reversed(order) for part in wrote[number][1:]]
    for part in arriving:
        assert not reader.receive([through_the_wire(part)], log=sides[0]._log.id).rejected
    check(reader)
    for one in sides:
        one.sync(reader)
        assert one.view(key="page") == reader.view(key="page")
        assert one.state_hash("texts") == reader.state_hash("texts")
    text, steps = reader.view(key="page"), reader.view(key="page/steps")
    assert reader.state_hash("texts") == TYPED.setdefault("state", reader.state_hash("texts"))
    assert sorted(text) == sorted("<>aabbccABC")
    assert all(whole in text for whole in ("Aaa", "bbB", "ccC")), "no side is torn apart"
    assert sorted(steps) == [0, 0, 1, 1, 2, 2]
    assert steps[::2] == steps[1::2]


TYPED: dict[str, str] = {}
"""What the first order came to: all others come to the same."""
