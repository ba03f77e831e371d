"""Collections: schemas, records edited by several, deleted, restored, selected, judged, in SQL."""

from __future__ import annotations

import pytest
from tests.model.replica_world import replica

import tallystick
from tallystick.errors import BadInput, NotFound, UsageError
from tallystick.fields import Counter, Flag, List, Map, Multi, OffFlag, Set, Text, Timed


class Address:
    city: str
    zip: int | None


class Todo:
    title: str
    done: Flag
    locked: OffFlag
    notes: Text
    votes: Counter
    tags: Set[str]
    steps: List[str]
    owner: Multi[str]
    seen: Timed[int]
    address: Address
    scores: Map[int]
    priority: int = 3


EMPTY = {
    "title": None, "done": False, "locked": False, "notes": "", "votes": 0, "tags": [],
    "steps": [], "owner": [], "seen": None, "address": {"city": None, "zip": None}, "scores": {},
    "priority": 3,
}  # fmt: skip
FULL = {
    "title": "milk", "done": True, "locked": True, "notes": "fresh", "votes": 2, "tags": ["a", "b"],
    "steps": ["go", "buy"], "owner": ["Ana"], "seen": 7, "address": {"city": "Bern", "zip": 3000},
    "scores": {"ana": 1}, "priority": 1,
}  # fmt: skip


@pytest.fixture
def ana():
    return replica("ana")


@pytest.fixture
def todos(ana):
    return ana.collection("todos", Todo, indexes=["priority"])


def shared(ana):
    """Ben's replica with all that Ana has, and his collection."""
    ben = replica("ben")
    ben.sync(ana)
    return ben, ben.collection("todos", Todo)


def without_id(record):
    return {name: value for name, value in record.items() if name != "id"}


def test_a_record_reads_what_was_written_and_defaults_elsewhere(todos):
    assert without_id(todos.get(todos.add())) == EMPTY
    key = todos.add(**{**FULL, "owner": "Ana"})
    assert without_id(todos.get(key)) == FULL
    assert list(todos.get(key)) == ["id", *FULL]
    assert len(todos) == 2
    assert key in todos
    assert "nobody" not in todos
    assert todos.get("nobody") is None


def test_every_way_of_editing_a_field(ana, todos):
    key = todos.add("x", title="milk", tags=["a"], steps=["one"], notes="abc")
    before = len(ana.history())
    with todos.edit(key) as todo:
        todo.done = True
        todo["votes"].add(5)
        todo.votes.add(-2)
        todo.tags.add("b", "c")
        todo.tags.remove("a")
        todo.steps.append("two")
        todo.steps.insert(0, "zero")
        todo.steps.delete(-1, 3)
        todo.notes.append("!")
        todo.notes.replace(0, 1, "A")
        assert str(todo.notes) == "Abc!"
        todo.scores["ana"] = 4
        todo.address.city = "Bern"
        todo.owner = "Ana"
        todo["other"] = [1]
        assert todo.title == "milk"
    assert len(ana.history()) == before + 1
    assert without_id(todos.get(key)) == EMPTY | {
        "title": "milk", "done": True, "votes": 3, "tags": ["b", "c"], "steps": ["zero", "one"],
        "notes": "Abc!", "scores": {"ana": 4}, "address": {"city": "Bern", "zip": None},
        "owner": ["Ana"], "other": [1],
    }  # fmt: skip


def frames_of(one):
    rows = range(1, one._log.source.end_row())
    return b"".join(one._store.event(row).frame for row in rows)


def test_no_frame_holds_a_key_that_somebody_typed(ana, todos):
    key = todos.add(scores={"Marguerite": 1})
    with todos.edit(key) as todo:
        todo.scores["Marguerite"] = 2
        todo.scores["Übersee/Bern"] = 3
        todo.title = "shown"
    todos.upsert(key, {"scores": {"Marguerite": 2}})
    assert todos.get(key)["scores"] == {"Marguerite": 2, "Übersee/Bern": None}
    everything = frames_of(ana)
    assert b"scores" in everything
    assert b"Marguerite" not in everything
    assert "Übersee".encode() not in everything
    assert 'you set it to ["Marguerite", 2]' in str(todos.why(key, "scores/Marguerite"))
    assert len(todos.find({"scores": {"contains": "Marguerite"}})) == 1


def test_two_who_add_one_key_meet_under_one_salt_and_under_two(ana, todos):
    ben, his = shared(ana)
    shared_id = todos.add()
    ben.sync(ana)
    for key in (shared_id, "both"):
        todos.upsert(key, {"scores": {"x": 1, "mine": 1}})
        his.upsert(key, {"scores": {"x": 2, "his": 2}})
    ana.sync(ben)
    for key in (shared_id, "both"):
        read = todos.get(key)["scores"]
        assert read == his.get(key)["scores"]
        assert (read["x"] in {1, 2}, read["mine"], read["his"]) == (True, 1, 2)
        todos.upsert(key, {"scores": {**read, "x": 3}})
    ben.sync(ana)
    assert his.get("both")["scores"] == todos.get("both")["scores"]
    assert his.get("both")["scores"]["x"] == 3
    ana.ban(ben.did)
    assert todos.get("both")["scores"] == {"mine": 1, "x": 3}


def test_a_restored_record_keeps_its_salt_and_one_without_gets_one(ana, todos):
    key = todos.add(scores={"x": 1})
    todos.delete(key)
    todos.restore(key)
    todos.upsert(key, {"scores": {"x": 2}})
    there = [place for place in ana.view() if place.startswith(f"todos/{key}/scores/")]
    assert len(there) == 1
    assert todos.get(key)["scores"] == {"x": 2}
    with ana.edit() as edit:
        edit.restore("todos/bare").entry("todos/bare/scores", "x", 1)
    assert todos.get("bare")["scores"] == {"x": 1}
    with pytest.raises(BadInput), ana.edit() as edit:
        edit.entry("todos/bare", "x", 1)


def test_upsert_writes_what_differs_and_nothing_else(ana, todos):
    assert todos.upsert("x", {**FULL, "owner": "Ana"}) is not None
    digest = ana.digest()
    assert todos.upsert("x", {**FULL, "owner": "Ana"}) is None
    assert ana.digest() == digest
    changed = {
        **FULL, "owner": "Ben", "notes": "fresher", "steps": ["buy"], "tags": ["b", "c"],
        "votes": 1, "scores": {"ben": 2}, "done": False,
    }  # fmt: skip
    todos.upsert("x", changed)
    read = without_id(todos.get("x"))
    assert read == {**changed, "owner": ["Ben"], "scores": {"ana": None, "ben": 2}}


def test_many_records_are_one_event(ana, todos):
    before = len(ana.history())
    todos.bulk_upsert({f"t{n}": {"title": str(n), "priority": n} for n in range(50)})
    assert len(ana.history()) == before + 1
    assert len(todos) == 50
    assert todos.bulk_upsert({f"t{n}": {"priority": n} for n in range(50)}) is None


def test_two_edit_offline_and_every_field_merges(ana, todos):
    key = todos.add(title="milk", notes="get", tags=["a"], votes=1)
    ben, his = shared(ana)
    with todos.edit(key) as mine:
        mine.notes.append(" fresh")
        mine.tags.add("x")
        mine.votes.add(1)
        mine.owner = "Ana"
    with his.edit(key) as hers:
        hers.notes.insert(0, "please ")
        hers.tags.remove("a")
        hers.votes.add(10)
        hers.owner = "Ben"
    ana.sync(ben)
    assert todos.get(key) == his.get(key)
    read = todos.get(key)
    assert (read["notes"], read["tags"], read["votes"]) == ("please get fresh", ["x"], 12)
    assert sorted(read["owner"]) == ["Ana", "Ben"]
    ana.ban(ben.did)
    read = todos.get(key)
    assert (read["notes"], read["tags"], read["votes"]) == ("get fresh", ["a", "x"], 2)
    assert read["owner"] == ["Ana"]


def test_what_is_deleted_is_edited_unseen_and_comes_back(ana, todos):
    key = todos.add(title="milk")
    ben, his = shared(ana)
    with his.edit(key) as todo:
        todo.title = "beer"
    todos.delete(key)
    ana.sync(ben)
    assert todos.get(key) is None
    assert his.find() == []
    with pytest.raises(NotFound) as refused, todos.edit(key):
        pass
    assert refused.value.code == "state/record"
    todos.restore(key)
    ben.sync(ana)
    assert todos.get(key)["title"] == his.get(key)["title"] == "beer"


def test_a_banned_one_s_deletion_does_not_count(ana, todos):
    key = todos.add(title="milk")
    ben, his = shared(ana)
    his.delete(key)
    ana.sync(ben)
    assert len(todos) == 0
    ana.ban(ben.did)
    assert [one["title"] for one in todos] == ["milk"]
    assert "1 event does not count" in str(todos.why(key))


def test_a_second_add_of_one_id_is_refused(todos):
    todos.add("x", title="one")
    with pytest.raises(BadInput) as refused:
        todos.add("x", title="two")
    assert refused.value.code == "state/record"
    assert todos.get("x")["title"] == "one"


WRONG = {
    "title": 1, "done": "yes", "votes": "many", "tags": "a", "steps": {"a": 1}, "notes": 5,
    "owner": 3, "address": [], "scores": {"ana": "x"}, "priority": None,
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_value_of_another_type_is_refused_by_its_path(ana, todos, name):
    todos.add("x", title="kept")
    before = ana.digest()
    with pytest.raises(BadInput) as refused:
        todos.upsert("x", {"title": "changed", name: WRONG[name]})
    assert refused.value.code == "state/schema"
    assert f"todos/x/{name}" in str(refused.value)
    assert ana.digest() == before
    assert todos.get("x")["title"] == "kept"


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ({}, "abc"),
        ({"priority": 3}, "ac"),
        ({"priority": {">": 1, "<=": 3}}, "ac"),
        ({"priority": {"!=": 3}}, "b"),
        ({"title": {"in": ["x", "z"]}}, "ac"),
        ({"title": None}, ""),
        ({"tags": {"contains": "t"}}, "ab"),
        ({"notes": {"contains": "ell"}}, "a"),
        ({"scores": {"contains": "ana"}}, "c"),
        ({"done": True}, "b"),
        ({"id": {">=": "b"}}, "bc"),
    ],
)
def test_selectors_find_the_same_in_sql_and_in_other_eyes(ana, todos, selector, found):
    todos.add("a", title="x", tags=["t"], notes="hello")
    todos.add("b", title="y", tags=["t", "u"], priority=1, done=True)
    todos.add("c", title="z", scores={"ana": 1})
    assert "".join(one["id"] for one in todos.find(selector)) == found
    then = todos.at(ana.history()[-1].id)
    assert then.find(selector) == todos.find(selector)


def test_order_and_limit(ana, todos):
    for key, title, priority in (("a", "x", 2), ("b", "y", 1), ("c", "w", 2), ("d", None, 3)):
        todos.upsert(key, {"priority": priority} | ({"title": title} if title else {}))
    for by, found in ((("-priority", "title"), "dcab"), ("title", "dcab"), ("-title", "bacd")):
        read = todos.find(order=by)
        assert "".join(one["id"] for one in read) == found
        then = todos.at(ana.history()[-1].id)
        assert then.find(order=by) == read
        assert then.find(order=by, limit=2) == todos.find(order=by, limit=2) == read[:2]


@pytest.mark.parametrize("asked", [{"nothing": 1}, {"title": {"~": 1}}, {"title": {"in": "x"}}])
def test_a_selector_that_cannot_be_is_refused(todos, asked):
    with pytest.raises(BadInput) as refused:
        todos.find(asked)
    assert refused.value.code == "state/schema"


def test_the_table_is_plain_sql_and_follows_every_edit(ana, todos):
    todos.add("x", title="milk", done=True, tags=["a"], votes=3)
    query = "SELECT id, title, done, tags, votes, priority FROM todos"
    assert [tuple(row) for row in ana.sql(query).rows] == [("x", "milk", 1, '["a"]', 3, 3)]
    todos.delete("x")
    assert not ana.sql(query).rows


def test_another_schema_reads_the_same_places_anew(ana, todos):
    todos.add("x", title="milk", votes=3)

    class Later:
        title: Multi[str]
        votes: Counter
        due: str = "never"

    later = ana.collection("todos", Later)
    read = later.get("x")
    assert (read["title"], read["votes"], read["due"]) == (["milk"], 3, "never")
    assert [tuple(row) for row in ana.sql("SELECT title, due FROM todos").rows] == [
        ('["milk"]', "never")
    ]


def test_a_json_schema_says_what_a_field_is(ana):
    notes = ana.collection(
        "notes",
        {
            "type": "object",
            "properties": {
                "title": {"type": "string"},
                "body": {"type": "string", "x-crdt": "text"},
                "tags": {"type": "array", "items": {"type": "string"}, "x-crdt": "set"},
                "by": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}},
            },
        },
    )
    key = notes.add(title="a", body="b", tags=["c"], by={"name": None})
    assert without_id(notes.get(key)) == {
        "title": "a", "body": "b", "tags": ["c"], "by": {"name": None},
    }  # fmt: skip
    with pytest.raises(BadInput):
        notes.add(tags=[1])


class NoFields:
    pass


class Odd:
    when: object


class Strange:
    when: complex


class Cased:
    Name: str
    name: str


class Keyed:
    id: str


@pytest.mark.parametrize(
    "schema",
    [
        *(NoFields, Strange, Cased, Keyed, 5, {}),
        *({"properties": {"a": 1}}, {"properties": {"_a": {}}}),
        *({"properties": {"a": {"x-crdt": "tree"}}}, {"properties": {"a": {"type": "date"}}}),
    ],
)
def test_what_cannot_be_a_schema_is_refused(ana, schema):
    with pytest.raises(BadInput) as refused:
        ana.collection("things", schema)
    assert refused.value.code == "state/schema"


def test_a_class_may_leave_a_type_open(ana):
    odd = ana.collection("odd", Odd)
    for value in (1, "x", [None], {"a": 1.5}):
        odd.upsert("x", {"when": value})
        assert odd.get("x")["when"] == value


@pytest.mark.parametrize("name", ["event", "places", "Todos", "", "a b", "sqlite_x"])
def test_a_name_that_cannot_be_a_table_s_is_refused(ana, name):
    with pytest.raises(BadInput):
        ana.collection(name, Todo)


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_an_id_out_of_bounds_is_refused(todos, key):
    with pytest.raises(BadInput) as refused:
        todos.add(key)
    assert refused.value.code == "state/record"


def test_history_tells_every_step_and_whether_it_counts(ana, todos):
    key = todos.add("x", title="milk")
    ben, his = shared(ana)
    with his.edit(key) as todo:
        todo.notes.append("no")
    ana.sync(ben)
    ana.ban(ben.did)
    steps = [(one["place"], one["counts"], one["what"]) for one in todos.history(key)]
    assert steps == [
        ("todos/x", True, "created it"),
        ("todos/x/title", True, 'set it to "milk"'),
        ("todos/x/notes", False, 'wrote "no"'),
    ]


def test_earlier_versions_differ_by_what_was_edited_since(ana, todos):
    todos.add("x", title="milk")
    todos.add("y", title="beer")
    then = todos.at(ana.history()[-1].id)
    with todos.edit("x") as todo:
        todo.title = "cream"
    todos.delete("y")
    changed = then.diff(todos)
    assert list(changed) == ["x", "y"]
    assert [side["title"] for side in changed["x"]] == ["milk", "cream"]
    assert changed["y"][1] is None


def test_a_collection_goes_on_after_the_store_was_closed(tmp_path):
    with tallystick.open(tmp_path / "a.tally", create=True) as one:
        todos = one.collection("todos", Todo)
        todos.add("x", title="milk", notes="abc")
        hash = one.state_hash("todos")
    with tallystick.open(tmp_path / "a.tally") as one:
        assert one.state_hash("todos") == hash
        todos = one.collection("todos", Todo)
        with todos.edit("x") as todo:
            todo.notes.append("d")
        assert todos.get("x")["notes"] == "abcd"
        assert [tuple(row) for row in one.sql("SELECT notes FROM todos").rows] == [("abcd",)]


def test_rows_are_plain_data(todos):
    todos.add("x", title="milk")
    assert todos.to_rows() == [{"id": "x", **EMPTY, "title": "milk"}]


def test_a_resolver_gets_every_live_value_and_its_answer_is_read(ana, todos):
    key = todos.add(title="milk", priority=5, owner="Ana", address={"city": "Bern"})
    ben, his = shared(ana)
    todos.upsert(key, {"priority": 9, "owner": "Cy", "address": {"city": "Ulm"}})
    his.upsert(key, {"priority": 1, "owner": "Ben", "address": {"city": "Chur"}})
    ana.sync(ben)
    seen = []
    mine = ana.collection(
        "todos",
        resolvers={"priority": max, "owner": sorted, "address/city": ", ".join},
        resolver=lambda values: seen.append(values) or values[-1],
    )
    plain = todos.get(key)
    read = mine.get(key)
    assert (read["priority"], read["owner"]) == (9, ["Ben", "Cy"])
    assert read["address"]["city"] in {"Ulm, Chur", "Chur, Ulm"}
    assert read["address"]["city"].endswith(plain["address"]["city"])
    assert seen == [["milk"]]
    ana.set("end", 1)  # has all before it in its past
    assert mine.find() == list(mine) == mine.at(ana.history()[-1].id).find() == [read]
    assert todos.get(key) == plain
    table = ana.sql("SELECT priority FROM todos").rows
    assert [tuple(row) for row in table] == [(plain["priority"],)]
    ana.ban(ben.did)
    assert mine.get(key)["owner"] == ["Cy"]


def test_a_resolver_that_raises_or_cannot_be_one_names_its_field(ana, todos):
    key = todos.add(title="milk")
    mine = ana.collection("todos", resolvers={"title": lambda values: values[1]})
    for read in (lambda: mine.get(key), mine.find):
        with pytest.raises(UsageError) as refused:
            read()
        assert refused.value.code == "state/resolver"
        assert f"todos/{key}/title" in str(refused.value)
    with mine.edit(key) as todo:
        todo.votes.add(1)
    for wrong in ({"votes": sum}, {"nothing": sum}, {"title": 1}, {"address/street": sum}):
        with pytest.raises(BadInput) as refused:
            ana.collection("todos", resolvers=wrong)
        assert refused.value.code == "state/schema"
