"""Closing, opening again and working on one store from two sides change nothing."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.replica_world import check, check_agreed, means_of, replica, settle
from tests.model.test_replica_worlds import about_actor, about_event, do, edit, number, sync, write

from tallystick.replica.replica import Replica, create_replica, open_replica


def seen(one: Replica) -> tuple[object, ...]:
    """Everything a reader can be told."""
    return (
        one.digest(), one.state_hash(), one.standing(), one.view(), one.history(), one.heads(),
        one.policy.bytes(), one.views(), one.logs(), one.names(), one.did, one.graph(),
    )  # fmt: skip


action = st.one_of(write, edit, about_actor, about_event, sync, sync)
reopen = st.tuples(st.just("reopen"), number)


@settings(max_examples=15)
@given(st.lists(st.one_of(action, reopen), max_size=20))
def test_a_store_that_is_closed_and_opened_again_is_what_it_was(actions):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.tally"
        one = create_replica(path, means=means_of("a"), name="me-myself")
        one.create_log("log")
        others = [replica(1), replica(2)]
        for other in others:
            other.sync(one)
        for step in actions:
            if step[0] == "reopen":
                before = seen(one)
                one.close()
                one = open_replica(path, means=means_of(step))
                assert seen(one) == before
            else:
                do([one, *others], step)
        check(one)
        settle([one, *others])
        before = seen(one)
        one.close()
        with open_replica(path, means=means_of("again")) as again:
            assert seen(again) == before
            check(again)
            again.write("note", "and on it goes")
            settle([again, *others])
            check_agreed([again, *others])


@settings(max_examples=15)
@given(st.lists(st.tuples(st.booleans(), action), max_size=14))
def test_two_processes_on_one_store_are_told_the_same_at_every_moment(actions):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.tally"
        create_replica(path, means=means_of("a")).close()
        both = [open_replica(path, means=means_of(f"process {n}")) for n in range(2)]
        both[0].create_log("log")
        others = [replica(1), replica(2)]
        for other in others:
            other.sync(both[1])
        for first, step in actions:
            do([both[not first], *others], step)
            assert seen(both[0]) == seen(both[1])
        for one in both:
            check(one)
            settle([one, *others])
        check_agreed([*both, *others])
        for one in both:
            one.close()
