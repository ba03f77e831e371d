"""Texts, lists and marks at the front door: written, merged, judged, explained, reopened."""

from __future__ import annotations

import pytest
from tests.model.replica_world import replica

import tallystick
from tallystick.errors import Ambiguous, BadInput, NotFound


@pytest.fixture
def ana():
    one = replica("ana")
    one.splice("doc/body", 0, 0, "hello world")
    return one


@pytest.fixture
def ben(ana):
    other = replica("ben")
    other.sync(ana)
    return other


def read(one, place="doc/body"):
    return one.view(key=place)


def test_a_text_is_spliced_at_positions_of_what_is_shown(ana):
    ana.splice("doc/body", 5, 6, "")
    ana.splice("doc/body", 5, 0, ", you")
    ana.splice("doc/body", 0, 1, "J")
    assert read(ana) == "Jello, you"


def test_two_write_at_once_and_neither_is_torn_apart(ana, ben):
    ana.splice("doc/body", 5, 0, " brave")
    ben.splice("doc/body", 5, 0, " new")
    ana.splice("doc/body", 11, 0, " old")
    ben.sync(ana)
    assert read(ana) == read(ben)
    assert read(ana) in {"hello brave old new world", "hello new brave old world"}


def test_a_banned_writer_s_words_go_and_what_they_deleted_comes_back(ana, ben):
    ben.splice("doc/body", 0, 5, "bye")
    ana.sync(ben)
    ana.splice("doc/body", 9, 0, "!")
    assert read(ana) == "bye world!"
    ana.ban(ben.did)
    assert read(ana) == "hello world!"
    ana.allow(ben.did)
    assert read(ana) == "bye world!"
    ben.sync(ana)
    assert read(ben) == "bye world!"


def test_nobody_builds_on_the_banned_and_both_sides_read_on(ana, ben):
    ben.splice("doc/body", 5, 0, " spam")
    ana.sync(ben)
    ana.ban(ben.did, private=True)
    ana.splice("doc/body", 5, 0, ",")
    assert read(ana) == "hello, world"
    ben.sync(ana)
    assert sorted(read(ben)) == sorted("hello spam, world")
    assert "hello" in read(ben)


def test_several_splices_are_one_event_and_see_each_other(ana):
    before = len(ana.history())
    with ana.edit() as edit:
        edit.splice("doc/body", 0, 5, "Goodbye").splice("doc/body", 7, 0, ",").set("doc/title", "T")
        edit.splice("doc/body", 0, 0, "> ")
        assert edit.reads("doc/body") == "> Goodbye, world"
    assert len(ana.history()) == before + 1
    assert read(ana) == "> Goodbye, world"
    assert read(ana, "doc/title") == "T"


def test_an_edit_that_raises_leaves_the_text_as_it_was(ana):
    with pytest.raises(BadInput), ana.edit() as edit:
        edit.splice("doc/body", 0, 0, "lost ").splice("doc/body", 0, 0, "more ").inc("doc/n", 0)
    assert read(ana) == "hello world"
    ana.splice("doc/body", 0, 0, "> ")
    assert read(ana) == "> hello world"


@pytest.mark.parametrize(("place", "deleted"), [(12, 0), (-1, 0), (0, 12), (5, 7), (5, -1)])
def test_a_position_beyond_the_text_is_refused(ana, place, deleted):
    with pytest.raises(BadInput) as refused:
        ana.splice("doc/body", place, deleted, "x")
    assert refused.value.code == "state/text"
    assert read(ana) == "hello world"


def test_what_is_no_text_is_refused(ana):
    for text in (1, None, b"x", "\ud800"):
        with pytest.raises(BadInput):
            ana.splice("doc/body", 0, 0, text)


def test_a_splice_of_nothing_writes_nothing(ana):
    before = ana.digest()
    assert ana.splice("doc/body", 3, 0, "") is None
    assert ana.digest() == before


def test_a_list_keeps_elements_of_any_kind(ana, ben):
    ana.splice_list("doc/list", 0, 0, [1, {"a": [None]}, "x"])
    ben.sync(ana)
    ben.splice_list("doc/list", 1, 1, [True])
    ana.splice_list("doc/list", 3, 0, ["end"])
    ana.sync(ben)
    assert read(ana, "doc/list") == [1, True, "x", "end"]


def test_marks_reach_characters_and_grow_as_they_were_told(ana, ben):
    ana.mark("doc/body", 0, 5, "bold")
    ana.mark("doc/body", 0, 5, "link", value="https://example.org", grows=False)
    ana.splice("doc/body", 5, 0, "!!")
    assert read(ana, "doc/body/bold") == [(0, 7, True)]
    assert read(ana, "doc/body/link") == [(0, 5, "https://example.org")]
    ben.sync(ana)
    ben.mark("doc/body", 2, 9, "bold", value=None)
    ana.sync(ben)
    assert read(ana, "doc/body/bold") == [(0, 2, True)]
    ana.ban(ben.did)
    assert read(ana, "doc/body/bold") == [(0, 7, True)]


def test_a_mark_of_no_characters_is_refused(ana):
    for start, end in ((3, 3), (5, 2), (0, 99), (-1, 2)):
        with pytest.raises(BadInput) as refused:
            ana.mark("doc/body", start, end, "bold")
        assert refused.value.code == "state/text"


def test_blame_names_the_event_of_every_character(ana, ben):
    said = ben.splice("doc/body", 5, 1, " dear ")
    ana.sync(ben)
    runs = ana.blame("doc/body")
    assert "".join(run.said for run in runs) == read(ana) == "hello dear world"
    assert [(run.said, run.author == ben.did) for run in runs] == [
        ("hello", False), (" dear ", True), ("world", False),
    ]  # fmt: skip
    assert runs[1].event == said


def test_blame_of_what_is_no_text_is_refused(ana):
    with pytest.raises(NotFound):
        ana.blame("doc/nothing")
    ana.mark("doc/body", 0, 1, "bold")
    with pytest.raises(BadInput):
        ana.blame("doc/body/bold")


def test_why_says_who_wrote_and_what_does_not_count(ana, ben):
    ben.splice("doc/body", 0, 6, "")
    ana.sync(ben)
    ana.ban(ben.did)
    said = str(ana.why("doc/body"))
    assert 'doc/body is "hello world" because you wrote 11 characters' in said
    assert "1 event does not count" in said


def test_undo_takes_back_an_edit_whoever_undoes_it_twice(ana):
    mine = ana.splice("doc/body", 0, 5, "bye")
    ana.retract(mine)
    assert read(ana) == "hello world"
    ana.restore(mine)
    assert read(ana) == "bye world"


def test_a_text_goes_on_after_the_store_was_closed(tmp_path):
    with tallystick.open(tmp_path / "a.tally", create=True) as one:
        for n in range(30):
            one.splice("doc/body", n, 0, chr(97 + n % 26))
        said, hash = read(one), one.state_hash("texts")
    with tallystick.open(tmp_path / "a.tally") as one:
        assert read(one) == said
        one.splice("doc/body", 30, 0, "!")
        assert read(one) == said + "!"
        assert one.state_hash("texts") != hash


def test_earlier_versions_and_other_eyes_read_their_own_text(ana, ben):
    then = ana.history()[-1].id
    ben.splice("doc/body", 0, 5, "bye")
    ana.sync(ben)
    assert ana.at(then).view(key="doc/body") == "hello world"
    ana.ban(ben.did)
    ben.sync(ana)
    assert ben.as_seen_by(ana.did).view(key="doc/body") == "hello world"
    assert read(ben) == "bye world"


def test_the_table_for_people_is_brought_up_to_date(ana):
    ana.splice("doc/body", 0, 0, "> ")
    rows = ana.sql("SELECT place, type, value, length FROM texts").rows
    assert [tuple(row) for row in rows] == [("doc/body", "text", "> hello world", 13)]


def test_texts_of_another_log_of_the_store_are_read_under_other_policies(ana):
    other = ana.create_log("another")
    ana._wanted = other
    ana.splice("doc/body", 0, 0, "elsewhere")
    ana.collection("notes", {"properties": {"body": {"x-crdt": "text"}}}).add("one", body="hi")
    scratch = ana.under(ana.policy)
    for name in ("texts", "notes"):
        assert scratch.state_hash(name) == ana.state_hash(name)
    assert scratch.view(key="doc/body") == "elsewhere"
    assert ana.verify().ok


@pytest.mark.parametrize("first", ["text", "list"])
def test_a_place_of_two_types_reads_the_same_whichever_came_first(ana, first):
    writes = {
        "text": lambda: ana.splice("two", 0, 0, "words"),
        "list": lambda: ana.splice_list("two", 0, 0, ["one"]),
    }
    ids = {name: writes[name]() for name in sorted(writes, reverse=first == "text")}
    with pytest.raises(Ambiguous) as error:
        ana.view(key="two")
    assert error.value.code == "state/place"
    ana.retract(ids["list"])
    assert ana.view(key="two") == "words"


FLIPS = {
    "kept": ("data",),
    "tail": ("data", "digest"),
    "edit": ("inserts", "counts"),
    "item": ("value",),
    "mark": ("counts", "how", "start_idx", "over", "lamport", "author", "value"),
    "author": ("key",),
    "place": ("counted", "type"),
}
"""Columns in which a flipped bit would change an answer, now or later."""


@pytest.mark.parametrize("part", FLIPS)
def test_verify_names_a_flipped_bit_in_what_is_kept_of_texts(ana, ben, part):
    ana.splice_list("doc/steps", 0, 0, [1, "two", None])
    ana.mark("doc/body", 0, 5, "bold")
    ana.mark("doc/body", 2, 7, "bold", value=None)
    ben.splice("doc/body", 5, 1, "ben's own words")
    ana.sync(ben)
    ana.ban(ben.did)  # what is not shown is kept, too
    view, db = ana._log.views.get("texts"), ana._store.db
    with ana._store.write():
        view.kept.fold(db, view.find(db, ("doc", "body"), "text"), whole=part == "kept")
    assert ana.verify().ok
    for column in FLIPS[part]:
        where = f"SELECT rowid, {column} FROM {view.own(part)} WHERE {column} IS NOT NULL"
        if part in ("edit", "item"):  # without row numbers
            where = where.replace("rowid", "row")
        key, was = db.rows(f"{where} ORDER BY 1 DESC LIMIT 1")[0]
        name = where.split()[1].rstrip(",")
        flip = f"UPDATE {view.own(part)} SET {column} = ? WHERE {name} = ? AND {column} = ?"
        with ana._store.write():
            db.execute(flip, (flipped(was), key, was))
        view.kept.forget()
        assert "store/damaged" in {one["code"] for one in ana.verify().problems}, column
        with ana._store.write():
            db.execute(flip, (was, key, flipped(was)))
        view.kept.forget()
    assert ana.verify().ok


def test_what_somebody_left_out_wrote_last_is_no_damage(ana, ben):
    ana.ban(ben.did)
    ben.splice("doc/body", 0, 5, "bye")
    ben.splice_list("doc/steps", 0, 0, ["his"])
    ben.mark("doc/body", 0, 3, "bold")
    ana.sync(ben)
    assert ana.verify().ok
    ana.allow(ben.did)
    assert read(ana) == "bye world"
    assert ana.verify().ok


def flipped(was):
    if isinstance(was, bytes):
        return was[:-1] + bytes([was[-1] ^ 1])
    return was ^ 2 if isinstance(was, int) else f"{was}s"
