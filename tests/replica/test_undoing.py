"""Undo and redo of one's own edits, fought by a list of steps that are on or off."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.replica_world import FIRST_MS, key_of

import tallystick
from tallystick.errors import BadInput
from tallystick.event.ids import parse_cid
from tallystick.fields import Counter, Flag, Set, Text
from tallystick.identity.did import parse_did_key
from tallystick.replica.openlog import Means
from tallystick.replica.owner import Owner
from tallystick.replica.replica import Replica
from tallystick.store.store import Store


class Clock:
    """A time that is set by hand."""

    def __init__(self):
        self.ms = FIRST_MS

    def replica(self, name):
        key, count = key_of(name), iter(range(10**6))
        means = Means(now=lambda: self.ms, entropy=lambda n: next(count).to_bytes(n, "big"))
        return Replica(Store.memory(), None, Owner(key.public, key=key), means=means)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ana(clock):
    one = clock.replica("ana")
    one.create_log("log")
    return one


def type_in(one, clock, text, *, pause=1000):
    """Types letter by letter, quickly, after a pause."""
    clock.ms += pause
    for letter in text:
        clock.ms += 10
        one.splice("doc", len(one.view(key="doc") or ""), 0, letter)


def test_edits_close_together_are_one_step(ana, clock):
    undo = ana.undo_manager()
    type_in(ana, clock, "hello")
    type_in(ana, clock, " world")
    assert len(undo.undo()) == 6
    assert ana.view(key="doc") == "hello"
    assert len(undo.undo()) == 5
    assert ana.view(key="doc") is None
    assert undo.undo() == ()
    assert len(undo.redo()) == 5
    assert ana.view(key="doc") == "hello"
    assert len(undo.redo()) == 6
    assert ana.view(key="doc") == "hello world"
    assert undo.redo() == ()


def test_a_pause_of_just_the_time_parts_two_steps(ana, clock):
    undo = ana.undo_manager(group_ms=50)
    for pause in (0, 49, 50):
        clock.ms += pause
        ana.inc("n")
    assert len(undo.undo()) == 1
    assert len(undo.undo()) == 2


def test_with_no_time_every_edit_is_a_step(ana):
    undo = ana.undo_manager(group_ms=0)
    for _ in range(3):
        ana.inc("n")
    undo.undo()
    assert ana.view(key="n") == 2
    with pytest.raises(BadInput):
        ana.undo_manager(group_ms=-1)


def test_a_group_is_one_step_however_long_it_takes(ana, clock):
    undo = ana.undo_manager()
    ana.inc("n", 100)
    with undo.group():
        ana.inc("n", 1)
        clock.ms += 60_000
        with undo.group():
            ana.inc("n", 2)
        ana.inc("n", 3)
    ana.inc("n", 10)
    assert ana.view(key="n") == 116
    undo.undo()
    assert ana.view(key="n") == 106
    assert len(undo.undo()) == 3
    assert ana.view(key="n") == 100
    undo.redo()
    assert ana.view(key="n") == 106


def test_a_group_that_raises_keeps_what_was_written_as_a_step(ana):
    undo = ana.undo_manager()
    ana.inc("n")
    with suppress(RuntimeError), undo.group():
        ana.inc("n")
        raise RuntimeError
    ana.inc("n", 10)
    undo.undo()
    assert ana.view(key="n") == 2
    undo.undo()
    assert ana.view(key="n") == 1


def test_a_new_edit_ends_redoing_and_begins_a_step(ana):
    undo = ana.undo_manager()
    ana.set("a", 1)
    undo.undo()
    assert undo.can_redo
    ana.set("b", 2)
    assert not undo.can_redo
    assert undo.redo() == ()
    undo.undo()
    assert ana.view() == {}
    assert not undo.can_undo
    undo.redo()
    assert ana.view() == {"b": 2}


def test_what_is_written_after_a_redo_is_a_step_of_its_own(ana):
    undo = ana.undo_manager()
    ana.inc("n", 1)
    undo.undo()
    undo.redo()
    ana.inc("n", 10)
    undo.undo()
    assert ana.view(key="n") == 1


def test_several_steps_are_one_commit(ana):
    undo = ana.undo_manager(group_ms=0)
    for n in range(4):
        ana.set("n", n)
    assert len(undo.undo(3)) == 3
    assert ana.view(key="n") == 0
    assert undo.redo(2) == tuple(e.id for e in ana.history(kind="record/edit")[1:3])
    assert ana.view(key="n") == 2
    assert len(undo.undo(99)) == 3
    for method in (undo.undo, undo.redo):
        with pytest.raises(BadInput):
            method(0)
        with pytest.raises(BadInput):
            method("x")


def test_every_type_goes_back_and_what_others_wrote_stays(clock, ana):
    class Doc:
        title: str
        body: Text
        votes: Counter
        tags: Set[str]
        open: Flag

    mine = ana.collection("docs", Doc)
    mine.add("x", title="one", body="hello", votes=1, tags=["a"])
    ben = clock.replica("ben")
    ben.sync(ana)
    undo = ben.undo_manager()
    before = mine.get("x")
    clock.ms += 1000
    with ben.collection("docs", Doc).edit("x") as doc:
        doc.title, doc.open = "two", True
        doc.body.insert(5, " ben")
        doc.votes.add(5)
        doc.tags.remove("a")
        doc.tags.add("b")
    ana.sync(ben)
    clock.ms += 1000
    with mine.edit("x") as doc:
        doc.body.append("!")
        doc.votes.add(1)
    ben.sync(ana)
    theirs = mine.get("x")
    assert len(undo.undo()) == 1
    ana.sync(ben)
    assert mine.get("x") == {**before, "body": "hello!", "votes": 2}
    undo.redo()
    ana.sync(ben)
    assert mine.get("x") == theirs
    assert ana.undo_manager(group_ms=0).undo() != ()
    assert mine.get("x")["title"] == "two"


def test_it_goes_on_after_the_store_was_closed_and_beside_another(tmp_path):
    with tallystick.open(tmp_path / "a.tally", create=True) as one:
        early = one.undo_manager(group_ms=0)
        assert not early.can_undo
        for n in range(3):
            one.set("n", n)
        early.undo()
    with tallystick.open(tmp_path / "a.tally") as one:
        undo, other = one.undo_manager(group_ms=0), one.undo_manager(group_ms=0)
        assert one.view(key="n") == 1
        undo.undo()
        other.redo(2)
        assert one.view(key="n") == 2
        other.undo()
        assert len(undo.redo()) == 1


def test_steps_are_those_of_one_log(ana):
    undo, one = ana.undo_manager(group_ms=0), ana.log
    ana.inc("n", 1)
    two = ana.create_log("two")
    ana.inc("n", 5)
    other = ana.undo_manager(group_ms=0)
    assert len(undo.undo(9)) == 1
    assert ana.log == two
    assert ana.view(key="n") == 5
    ana.bind(parse_cid(one))
    assert ana.view() == {}
    assert len(other.undo(9)) == 1


def test_statements_by_hand_are_steps_and_nothing_but_edits_is_undone(ana):
    undo = ana.undo_manager(group_ms=0)
    first, second = ana.inc("n", 1), ana.inc("n", 2)
    note = ana.write("note", "not an edit")
    ana.retract(note)
    ana.ban(key_of("mal").did)
    said = ana.retract(first)
    assert undo.redo() == (first,)
    ana.withdraw(said)
    ana.retract(second)
    assert undo.undo() == (first,)
    assert undo.undo() == ()
    undo.redo()
    ana.restore(second)
    assert not undo.can_redo
    assert ana.view(key="n") == 3


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1]),
        st.one_of(
            st.tuples(st.just("insert"), st.integers(0, 9), st.sampled_from(["a", "bc"])),
            st.tuples(st.just("set"), st.integers(0, 9), st.just("")),
            st.tuples(st.just("inc"), st.integers(1, 9), st.just("")),
            st.tuples(
                st.sampled_from(["undo", "redo", "pause", "reopen"]), st.just(0), st.just("")
            ),
            st.tuples(st.just("sync"), st.just(0), st.just("")),
        ),
    ),
    max_size=20,
)


class Person:
    """Somebody, and what they did as a list of groups of edits, of which each is on or off."""

    def __init__(self, clock, name):
        self.replica = clock.replica(name)
        self.undo = None
        self.groups, self.on, self.undone = [], set(), []
        self.fresh, self.last = True, 0

    def wrote(self, id, ms):
        if self.fresh or ms - self.last >= 100:
            self.groups.append([])
        self.groups[-1].append(id)
        self.on.add(id)
        self.last, self.fresh, self.undone = ms, False, []

    def undoes(self):
        group = next((g for g in reversed(self.groups) if self.on.intersection(g)), None)
        if group is not None:
            self.on -= set(group)
            self.undone.append(group)
            self.fresh = True
        return group or []

    def redoes(self):
        group = self.undone.pop() if self.undone else []
        self.on |= set(group)
        self.fresh = self.fresh or bool(group)
        return group


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_any_steps_of_two_people_read_as_the_edits_that_are_on(steps):
    clock = Clock()
    people = [Person(clock, "ana"), Person(clock, "ben")]
    people[0].replica.create_log("log")
    people[1].replica.sync(people[0].replica)
    said = {}  # edit -> (what it did, with what)
    for one in people:
        one.undo = one.replica.undo_manager(group_ms=100)
    for who, (what, number, text) in steps:
        one, clock.ms = people[who], clock.ms + 10
        if what == "pause":
            clock.ms += 100
        elif what == "sync":
            one.replica.sync(people[1 - who].replica)
        elif what == "reopen":
            one.undo = one.replica.undo_manager(group_ms=100)
        elif what == "undo":
            assert sorted(one.undo.undo()) == sorted(one.undoes())
        elif what == "redo":
            assert list(one.undo.redo()) == one.redoes()
        else:
            if what == "insert":
                now = one.replica.view(key="doc") or ""
                id = one.replica.splice("doc", number % (len(now) + 1), 0, text)
            else:
                id = one.replica.set("r", number) if what == "set" else one.replica.inc("c", number)
            said[id] = what, number if what != "insert" else text
            one.wrote(id, clock.ms)
    ana, ben = (one.replica for one in people)
    ana.sync(ben)
    ben.sync(ana)
    on = people[0].on | people[1].on
    events = ana.history(kind="record/edit")  # a register goes by the claimed time after lamport
    events.sort(key=lambda one: (one.lamport, one.time, parse_did_key(one.author), one.seq))
    edits = [(event.id, *said[event.id]) for event in events]
    live = [(what, value) for id, what, value in edits if id in on]
    shown = ana.view(key="doc") or ""
    for one in (ana, ben):
        assert (one.view(key="c") or 0) == sum(v for what, v in live if what == "inc")
        registers = [v for what, v in live if what == "set"]
        assert one.view(key="r") == (registers[-1] if registers else None)
        assert (one.view(key="doc") or "") == shown
    for one in people:  # all that was ever written, in its order: what is on is shown
        for id in {id for group in one.groups for id in group} - one.on:
            one.replica.restore(id)
    ana.sync(ben)
    runs = ana.blame("doc") if any(what == "insert" for _, what, _ in edits) else []
    assert "".join(run.said for run in runs if run.event in on) == shown
