"""Records and texts on the command line, good and wrong."""

from __future__ import annotations

import json

import pytest

SCHEMA = {
    "properties": {
        "title": {"type": "string"},
        "notes": {"x-crdt": "text"},
        "tags": {"x-crdt": "set"},
    }
}


@pytest.fixture
def store(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "todo.json").write_text(json.dumps(SCHEMA))
    shell("init", "a.tally")
    shell("log", "create", "a.tally", "log")
    assert shell("records", "define", "a.tally", "todos", "todo.json").code == 0
    return "a.tally"


def test_a_record_goes_its_way(shell, store):
    assert (
        shell("records", "add", store, "todos", "--id", "x", "title=milk", "notes=ab").out == "x\n"
    )
    done = shell("records", "edit", store, "todos", "x", "notes=abc", 'tags=["t"]', "--json")
    assert json.loads(done.out) == {"id": "x", "title": "milk", "notes": "abc", "tags": ["t"]}
    found = shell("records", "find", store, "todos", "--where", '{"title": "milk"}', "--json")
    assert [one["id"] for one in json.loads(found.out)] == ["x"]
    assert shell("records", "delete", store, "todos", "x").code == 0
    assert shell("records", "find", store, "todos").out == "no records\n"
    assert shell("records", "restore", store, "todos", "x").code == 0
    assert "abc" in shell("records", "show", store, "todos", "x").out
    told = shell("records", "history", store, "todos", "x").out
    assert 'wrote "c"' in told
    assert "deleted it" in told
    assert json.loads(shell("records", "list", store, "--json").out) == [
        {"collection": "todos", "records": 1}
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "todos", "nobody"], "state/record"),
        (["add", "todos", "title"], "usage/argument"),
        (["add", "todos", "title=3"], "state/schema"),
        (["add", "nothing", "title=a"], "state/view"),
        (["add", "places", "title=a"], "state/view"),
        (["edit", "todos", "nobody", "title=a"], "state/record"),
        (["find", "todos", "--where", "[1]"], "usage/argument"),
        (["find", "todos", "--where", '{"no": 1}'], "state/schema"),
        (["find", "todos", "--order", "no"], "state/schema"),
        (["define", "other", "nofile.json"], "usage/argument"),
    ],
)
def test_what_cannot_be_is_refused_with_a_code(shell, store, words, code):
    verb, *rest = words
    done = shell("records", verb, store, *rest, "--json")
    assert done.code in {1, 2}
    assert json.loads(done.out)["error"]["code"] == code


def test_a_text_is_spliced_marked_and_blamed(shell, store):
    assert shell("text", "splice", store, "doc/body", "0", "Hello").code == 0
    done = shell("text", "splice", store, "doc/body", "1", "e", "--delete", "1", "--json")
    assert json.loads(done.out)["text"] == "Hello"
    assert shell("text", "mark", store, "doc/body", "0", "2", "bold").code == 0
    assert shell("text", "show", store, "doc/body").out == "Hello\n"
    runs = json.loads(shell("text", "blame", store, "doc/body", "--json").out)
    assert "".join(run["said"] for run in runs) == "Hello"
    assert "because you wrote 5 characters" in shell("why", store, "doc/body").out
    for words in (("0", "0", "bold"), ("0", "99", "bold"), ("x", "1", "bold")):
        assert shell("text", "mark", store, "doc/body", *words).code != 0
    assert shell("text", "show", store, "doc/none").code != 0


def test_edits_are_undone_and_redone(shell, store):
    shell("text", "splice", store, "doc", "0", "hello")
    shell("text", "splice", store, "doc", "5", "!")
    alone = ("--group-ms", "0")
    assert shell("undo", store, *alone).out == "1 edit taken back\n"
    assert shell("text", "show", store, "doc").out == "hello\n"
    assert len(json.loads(shell("redo", store, *alone, "--json").out)["edits"]) == 1
    assert shell("redo", store).out == "nothing to redo\n"
    assert shell("undo", store, *alone, "--steps", "2").out == "2 edits taken back\n"
    assert shell("undo", store).out == "nothing to undo\n"
    assert shell("redo", store, *alone, "--steps", "2").out == "2 edits restored\n"
    told = json.loads(shell("text", "replay", store, "doc", "--json").out)
    assert [step["text"] for step in told] == ["hello", "hello!"]
    assert 'wrote "!"' in shell("text", "replay", store, "doc").out
    assert shell("undo", store, "--steps", "0").code == 2
