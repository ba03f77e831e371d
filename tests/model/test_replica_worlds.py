"""Random communities: whatever they write, say and sync, every replica adds up to what it holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.replica_world import check, check_agreed, refusal, settle, world

REPLICAS = 3
number = st.integers(0, 40)
who = st.integers(0, REPLICAS - 1)
scope = st.sampled_from(["*", "*", "note", "record/*", "note/*"])

write = st.tuples(st.just("write"), who, st.sampled_from(["note", "note/long", "chat"]), number)
edit = st.tuples(
    st.just("edit"),
    who,
    st.sampled_from(["set", "add", "remove", "inc", "enable", "disable"]),
    st.integers(0, 2),
    st.integers(1, 3),
)
about_actor = st.tuples(
    st.just("actor"), who, st.sampled_from(["ban", "ban", "allow", "adopt"]), who,
    st.booleans(), scope, st.integers(0, 2), st.integers(0, 2), st.none() | number,
)  # fmt: skip
about_event = st.tuples(
    st.just("event"),
    who,
    st.sampled_from(["exclude", "include", "retract", "restore", "withdraw"]),
    number,
    st.booleans(),
)
sync = st.tuples(st.just("sync"), who, who)
action = st.one_of(write, edit, about_actor, about_event, sync, sync)


REFUSED = {"policy/target", "state/place", "usage/not-found", "void/target"}


def do(replicas, action) -> None:
    """Carries out one action; what may not be done is refused with a code."""
    error = refusal(lambda: act(replicas, *action))
    assert error is None or error.code in REFUSED, error


def act(replicas, verb, me, *rest) -> None:
    one = replicas[me]
    if verb == "write":
        kind, value = rest
        one.write(kind, {"n": value, "text": "x" * value})
    elif verb == "edit":
        do_edit(one, *rest)
    elif verb == "actor":
        kind, about, *options = rest
        do_actor(one, replicas[about], kind, options)
    elif verb == "event":
        kind, at, private = rest
        events = one.history()
        options = {} if kind in ("retract", "restore", "withdraw") else {"private": private}
        getattr(one, kind)(events[at % len(events)].id, **options)
    elif replicas[rest[0]] is not one:
        one.sync(replicas[rest[0]])


def do_edit(one, kind, place, value) -> None:
    if kind in ("enable", "disable"):
        getattr(one, kind)(f"{place}/flag")
    elif kind == "inc":
        one.inc(f"{place}/count", value)
    elif kind == "set":
        one.set(f"{place}/title", f"word {value}")
    else:
        getattr(one, kind)(f"{place}/tags", value)


def do_actor(one, target, kind, given) -> None:
    private, scope, weight, depth, cut = given
    options = {"private": private, "scope": scope}
    if kind == "adopt":
        options |= {"weight": weight, "depth": depth}
    events = one.history(author=target.did)
    if cut is not None and events:
        if kind == "ban":
            options["cut"] = [events[cut % len(events)].id]
        elif kind == "adopt":
            options["as_of"] = [events[cut % len(events)].id]
    getattr(one, kind)(target.did, **options)


@settings(max_examples=40)
@given(st.lists(action, max_size=25))
def test_every_replica_adds_up_and_all_agree_once_they_have_synced(actions):
    replicas = world(REPLICAS)
    for one in actions:
        do(replicas, one)
    for one in replicas:
        check(one)
    settle(replicas)
    for one in replicas:
        check(one)
    check_agreed(replicas)
