"""What changed since a position: writing, syncing, banning, taking back; keys, values, causes."""

from __future__ import annotations

import pytest
from tests.model.replica_world import replica

from tallystick.errors import BadInput

SCHEMA = {"properties": {"title": {}, "votes": {"x-crdt": "counter"}}}


def test_changes_tell_keys_values_authors_and_causes():
    ana, ben = replica("ana"), replica("ben")
    todos = ana.collection("todos", SCHEMA)
    at = ana.feed_end()
    assert ana.changes(since=at) == (at, [])
    written = todos.upsert("x", {"title": "milk"})
    ana.set("other", 1)
    ben.sync(ana)
    at, found = ana.changes(since=at)
    assert [(one.key, one.value) for one in found] == [
        ("other", 1), ("todos/x", True), ("todos/x/title", "milk"),
    ]  # fmt: skip
    assert found[2].events == (written,)
    assert found[2].authors == (ana.did,)
    assert str(found[2]) == "todos/x/title: an event of you arrived"
    ben.collection("todos", SCHEMA).upsert("x", {"title": "beer", "votes": 2})
    ana.sync(ben)
    at, found = ana.changes("todos", since=at)
    assert [(one.key, one.value, one.authors) for one in found] == [
        ("x", {"title": "beer", "votes": 2}, (ben.did,))
    ]
    ana.ban(ben.did)
    at, found = ana.changes("todos", since=at)
    assert [(one.key, one.value) for one in found] == [("x", {"title": "milk", "votes": 0})]
    assert "stopped counting" in found[0].because[0]
    assert "ban" in found[0].because[0]
    ana.retract(written)
    at, found = ana.changes("todos", since=at)
    assert [(one.key, one.value) for one in found] == [("x", None)]
    assert todos.changes(since=at) == ana.changes("todos", since=at) == (at, [])
    assert todos.changes() == ana.changes("todos")


def test_changes_from_the_first_are_all_there_is_and_pages_come_to_the_same(monkeypatch):
    ana = replica("ana")
    for n in range(5):
        ana.set(f"p/{n % 3}", n)
    _, found = ana.changes()
    assert {one.key: one.value for one in found} == ana.view()
    assert [len(one.events) for one in found] == [2, 2, 1]
    monkeypatch.setattr("tallystick.replica.changing.STEPS_MAX", 2)
    at, keys = 0, []
    while at < ana.feed_end():
        at, found = ana.changes(since=at)
        keys += [one.key for one in found]
    assert sorted(set(keys)) == sorted(ana.view())


@pytest.mark.parametrize(("view", "since"), [("places", 10**9), ("places", -1), ("nothing", 0)])
def test_what_is_no_position_or_view_is_refused(view, since):
    ana = replica("ana")
    ana.set("a", 1)
    with pytest.raises(BadInput if view == "places" else Exception) as refused:
        ana.changes(view, since=since)
    assert refused.value.code in {"usage/argument", "state/view"}
