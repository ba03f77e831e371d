"""Each verb does what it says, on real stores; data on stdout, talk on stderr, codes in between."""

from __future__ import annotations

import json
import os
import stat

import pytest


def test_init_makes_a_store_and_a_key_that_only_its_owner_may_read(shell):
    said = shell("init", "ana.tally", "--name", "ana")
    assert said.code == 0
    assert said.out.startswith("did:key:z6Mk")
    assert len(said.out.splitlines()) == 1
    assert "ana.tally.key" in said.err
    assert stat.S_IMODE(os.stat("ana.tally.key").st_mode) == 0o600  # noqa: PTH116
    assert shell.ok("id", "ana.tally") == {"did": said.out.strip(), "name": "ana"}
    assert shell.ok("log", "ls", "ana.tally") == {"logs": []}


def test_init_never_touches_a_store_or_key_that_is_there(shell):
    shell.ok("init", "ana.tally")
    before = (shell.home / "ana.tally.key").read_bytes()
    said = shell("init", "ana.tally", "--json")
    assert said.code == 1
    assert said.error in {"store/exists", "key/exists"}
    (shell.home / "ana.tally").unlink()
    said = shell("init", "ana.tally", "--json")
    assert said.error == "key/exists"
    assert said.code != 0
    assert (shell.home / "ana.tally.key").read_bytes() == before
    assert not (shell.home / "ana.tally").exists()


def test_a_locked_key_is_needed_for_writing_and_nothing_is_written_without_it(shell, monkeypatch):
    monkeypatch.setenv("TALLYSTICK_PASSPHRASE", "correct horse")
    shell.ok("init", "ana.tally", "--passphrase")
    shell.ok("log", "create", "ana.tally", "market")
    digest = shell.ok("digest", "ana.tally")
    monkeypatch.setenv("TALLYSTICK_PASSPHRASE", "wrong horse")
    said = shell("write", "ana.tally", "note/post", "1", "--json")
    assert (said.code, said.error) == (4, "key/passphrase")
    monkeypatch.delenv("TALLYSTICK_PASSPHRASE")
    said = shell("write", "ana.tally", "note/post", "1", "--json")
    assert (said.code, said.error) == (4, "key/passphrase")
    monkeypatch.setenv("TALLYSTICK_PASSPHRASE", "correct horse")
    assert shell.ok("digest", "ana.tally") == digest
    assert shell.ok("write", "ana.tally", "note/post", "1")["id"]


def test_a_missing_key_is_exit_4_for_writing(shell):
    shell.ok("init", "ana.tally")
    shell.ok("log", "create", "ana.tally", "market")
    (shell.home / "ana.tally.key").unlink()
    said = shell("write", "ana.tally", "note/post", "1", "--json")
    assert (said.code, said.error) == (4, "key/missing")


def test_events_written_are_events_read(market):
    events = market.shell.ok("history", "ana.tally", "--kind", "review/post")["events"]
    assert [one["id"] for one in events if one["author"] == market.ana] == market.reviews[:1]
    assert [one["content"]["stars"] for one in events if one["author"] == market.eve] == [5, 3]
    shown = market.shell.ok("show", "ana.tally", market.reviews[0][:16])
    assert shown["id"] == market.reviews[0]
    assert shown["counts"] is True
    listed = market.shell("history", "ana.tally")
    assert len(listed.out.splitlines()) == 5
    assert not listed.err


def test_history_can_be_limited_turned_round_and_narrowed(market):
    ask = market.shell.ok
    everything = ask("history", "ana.tally")["events"]
    last = ask("history", "ana.tally", "--newest", "--limit", "2")["events"]
    assert last == everything[-2:]
    assert ask("history", "ana.tally", "--limit", "2")["events"] == everything[:2]
    mine = ask("history", "ana.tally", "--author", market.eve)["events"]
    assert {one["author"] for one in mine} == {market.eve}
    arrived = ask("history", "eve.tally", "--order", "arrival")["events"]
    assert sorted(one["id"] for one in arrived) == sorted(one["id"] for one in everything)


def test_lines_on_stdin_are_one_commit(market):
    many = "\n".join(json.dumps({"n": n}) for n in range(100))
    ids = market.shell.ok("write", "ana.tally", "note/post", stdin=many)["ids"]
    assert len(set(ids)) == 100
    assert market.shell.ok("show", "ana.tally", ids[99])["prev"] == ids[98]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"a": 1, "a": 2}', "codec/json"),
        ("[NaN]", "codec/json"),
        ("9223372036854775808", "codec/int-range"),
        ("-9223372036854775809", "codec/int-range"),
        ("{", "codec/json"),
        ("[" * 33 + "]" * 33, "codec/too-deep"),
        ('{"/": "bafynonsense"}', "codec/bad-link"),
        (json.dumps("x" * 1_100_000), "event/too-large"),
    ],
)
def test_content_that_cannot_be_meant_is_refused_and_the_store_stays_as_it_was(
    market, content, code
):
    before = market.shell.ok("digest", "ana.tally")
    said = market.shell("write", "ana.tally", "note/post", "--json", "-", stdin=content)
    assert (said.code, said.error) == (2, code)
    assert market.shell.ok("digest", "ana.tally") == before


def test_one_bad_line_stops_the_whole_commit_and_is_named(market):
    before = market.shell.ok("digest", "ana.tally")
    said = market.shell(
        "write", "ana.tally", "note/post", "--json", stdin='{"n": 1}\n{"n": oops}\n'
    )
    assert said.error == "codec/json"
    assert "line 2" in said.json["error"]["where"]
    assert market.shell.ok("digest", "ana.tally") == before
    said = market.shell("write", "ana.tally", "note/post", "--json", stdin=b"\xff\xfe\n")
    assert (said.code, said.error) == (2, "codec/not-utf8")


@pytest.mark.parametrize("kind", ["", "Review", "a//b", "a b", "x" * 65, "/a"])
def test_a_kind_of_the_wrong_form_is_a_coded_error(market, kind):
    said = market.shell("write", "ana.tally", kind, "1", "--json")
    assert (said.code, said.error) == (2, "event/kind")


def test_a_known_kind_is_checked_by_its_own_rule(market):
    said = market.shell("write", "ana.tally", "trust/ban", "--frame", '{"actor": 7}', "--json")
    assert (said.code, said.error) == (2, "void/frame")


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("bafyreiaaaaaaaaaaa", "usage/not-found"),
        ("did:key:z6MkNobody", "usage/not-found"),
        ("nobody-by-that-name", "usage/not-found"),
        ("bafy", "usage/not-found"),
    ],
)
def test_a_target_that_names_nothing_is_not_found(market, target, code):
    said = market.shell("verdict", "ana.tally", target, "--json")
    assert (said.code, said.error) == (2, code)


def test_digests_are_equal_after_a_sync_and_differ_before(market):
    ask = market.shell.ok
    assert ask("digest", "ana.tally")["digest"] == ask("digest", "eve.tally")["digest"]
    ask("write", "eve.tally", "note/post", "1")
    assert ask("digest", "ana.tally")["digest"] != ask("digest", "eve.tally")["digest"]
    report = ask("sync", "ana.tally", "eve.tally")
    assert (report["events_in"], report["events_out"]) == (1, 0)
    assert report["equal"]
    assert report["round_trips"] >= 1
    assert report["bytes_in"] > 0
    said = market.shell("digest", "ana.tally")
    assert said.out.strip() == ask("digest", "eve.tally")["digest"]
    assert len(bytes.fromhex(said.out.strip())) == 32


def test_equal_stores_agree_in_one_round_trip(market):
    report = market.shell.ok("sync", "ana.tally", "eve.tally")
    assert report["round_trips"] == 1
    assert report["bytes_in"] + report["bytes_out"] < 400
    assert report["events_in"] == report["events_out"] == 0


def test_a_peer_that_is_not_there_is_exit_5_and_a_nonsense_address_exit_2(market):
    said = market.shell("sync", "ana.tally", "tcp://127.0.0.1:1", "--json")
    assert (said.code, said.error) == (5, "sync/unreachable")
    said = market.shell("sync", "ana.tally", "tcp://nowhere", "--json")
    assert (said.code, said.error) == (2, "usage/argument")
    said = market.shell("sync", "ana.tally", "missing.tally", "--json")
    assert said.error == "store/missing"


def test_a_car_holds_a_block_an_event_and_is_never_written_over(market):
    shell = market.shell
    done = shell.ok("export", "ana.tally", "market.car", "--car")
    assert (done["log"], done["events"], done["roots"]) == (market.log, 4, 1)
    assert done["bytes"] == (shell.home / done["file"]).stat().st_size
    said = shell("export", "ana.tally", "market.car", "--car", "--json")
    assert (said.code, said.error) == (1, "store/exists")
    assert "4 headers under 1 roots" in shell("export", "ana.tally", "b.car", "--car").out


def test_a_bundle_carries_the_log_and_a_cut_off_one_says_so(market):
    shell = market.shell
    shell.ok("export", "ana.tally", "market.bundle")
    shell.ok("init", "bob.tally")
    report = shell.ok("import", "bob.tally", "market.bundle")
    assert report["events_in"] == 4
    assert shell.ok("digest", "bob.tally")["digest"] == shell.ok("digest", "ana.tally")["digest"]
    whole = (shell.home / "market.bundle").read_bytes()
    (shell.home / "cut.bundle").write_bytes(whole[: len(whole) * 2 // 3])
    shell.ok("init", "cut.tally")
    said = shell("import", "cut.tally", "cut.bundle", "--json")
    assert said.error == "sync/bundle"
    (shell.home / "noise.bundle").write_bytes(b"noise" * 100)
    said = shell("import", "ana.tally", "noise.bundle", "--json")
    assert said.error == "sync/bundle"


def test_several_logs_must_be_told_apart(shell):
    shell.ok("init", "ana.tally")
    shell.ok("log", "create", "ana.tally", "market")
    second = shell.ok("log", "create", "ana.tally", "garden", "--purpose", "beans")["log"]
    said = shell("write", "ana.tally", "note/post", "1", "--json")
    assert (said.code, said.error) == (2, "usage/several-logs")
    shell.ok("write", "ana.tally", "note/post", "1", "--log", "garden")
    shell.ok("write", "ana.tally", "note/post", "2", "--log", second)
    logs = {one["name"]: one for one in shell.ok("log", "ls", "ana.tally")["logs"]}
    assert logs["garden"]["events"] == 3
    assert logs["garden"]["purpose"] == "beans"
    assert logs["market"]["events"] == 1
    shell.ok("init", "bob.tally")
    said = shell("sync", "bob.tally", "ana.tally", "--json")
    assert said.error == "sync/several-logs"
    shell.ok("sync", "bob.tally", "ana.tally", "--log", second)
    assert [one["name"] for one in shell.ok("log", "ls", "bob.tally")["logs"]] == ["garden"]


def test_a_store_without_a_log_says_what_to_do(shell):
    shell.ok("init", "ana.tally")
    said = shell("digest", "ana.tally", "--json")
    assert (said.code, said.error) == (2, "usage/no-log")
    assert said.json["error"]["hint"]


def test_the_first_write_makes_the_log(shell):
    shell.ok("init", "ana.tally")
    shell.ok("write", "ana.tally", "note/post", "1")
    kinds = [one["kind"] for one in shell.ok("history", "ana.tally")["events"]]
    assert kinds == ["log/create", "note/post"]


def test_a_ban_shows_what_changes_before_it_asks_and_no_means_no(market):
    shell = market.shell
    before = shell.ok("digest", "ana.tally")
    said = shell("ban", "ana.tally", market.eve, stdin="n\n")
    assert said.code == 1
    assert "2 events stop counting" in said.err
    assert "nothing was said" in said.err
    assert not said.out
    assert shell.ok("digest", "ana.tally") == before
    said = shell("ban", "ana.tally", market.eve, "--json", stdin="")
    assert (said.code, said.error) == (2, "usage/argument")
    assert shell.ok("digest", "ana.tally") == before


def test_a_ban_takes_events_out_and_a_withdrawal_brings_them_back_exactly(market):
    ask = market.shell.ok
    ask(
        "define",
        "ana.tally",
        "stars",
        "--kind",
        "review/post",
        "--key",
        "shop",
        "--amount",
        "stars",
    )
    before = ask("view", "ana.tally", "stars")
    assert set(before["value"]) == {"bread", "eggs"}
    ban = ask("ban", "ana.tally", market.eve, "--reason", "praises herself", "--yes")
    assert ban["effect"]["events_lost"] == 2
    after = ask("view", "ana.tally", "stars")
    assert set(after["value"]) == {"bread"}
    assert ask("standing", "ana.tally")["banned"] == [market.eve]
    verdict = ask("verdict", "ana.tally", market.reviews[1])
    assert verdict["included"] is False
    assert "you" in market.shell("verdict", "ana.tally", market.eve).out.lower()
    history = ask("history", "ana.tally", "--author", market.eve)["events"]
    assert {one["counts"] for one in history} == {False}
    ask("withdraw", "ana.tally", ban["id"], "--yes")
    assert ask("view", "ana.tally", "stars") == before
    assert ask("standing", "ana.tally")["banned"] == []


def test_a_private_ban_leaves_no_trace_in_the_log(market):
    before = market.shell.ok("digest", "ana.tally")
    said = market.shell.ok("ban", "ana.tally", market.eve, "--private", "--yes")
    assert said["private"] is True
    assert market.shell.ok("digest", "ana.tally") == before
    assert market.shell.ok("standing", "ana.tally")["banned"] == [market.eve]
    market.shell.ok("withdraw", "ana.tally", said["id"], "--yes")
    assert market.shell.ok("standing", "ana.tally")["banned"] == []
    assert market.shell.ok("digest", "ana.tally") == before


def test_a_cut_spares_what_came_before(market):
    cut = market.reviews[1]
    market.shell.ok("ban", "ana.tally", market.eve, "--cut", cut, "--yes")
    counts = {
        one["id"]: one["counts"]
        for one in market.shell.ok("history", "ana.tally", "--author", market.eve)["events"]
    }
    assert counts == {market.reviews[1]: True, market.reviews[2]: False}


def test_an_own_event_can_be_retracted_and_restored_and_another_s_excluded(market):
    ask, ana, eve = market.shell.ok, *market.reviews[:2]

    def counting():
        events = ask("history", "ana.tally", "--kind", "review/post")["events"]
        return {one["id"] for one in events if one["counts"]}

    ask("retract", "ana.tally", ana, "--yes")
    assert counting() == set(market.reviews[1:])
    ask("restore", "ana.tally", ana, "--yes")
    assert counting() == set(market.reviews)
    ask("exclude", "ana.tally", eve, "--yes")
    assert counting() == set(market.reviews) - {eve}
    ask("include", "ana.tally", eve, "--yes")
    assert counting() == set(market.reviews)


def test_what_if_changes_nothing_and_says_what_the_ban_then_does(market):
    ask = market.shell.ok
    before = ask("digest", "ana.tally")
    effect = ask("what-if", "ban", "ana.tally", market.eve)
    assert effect["events_lost"] == 2
    assert ask("digest", "ana.tally") == before
    assert ask("standing", "ana.tally")["banned"] == []
    done = ask("ban", "ana.tally", market.eve, "--yes")["effect"]
    assert done["events_lost"] == effect["events_lost"]
    assert [one["actor"] for one in effect["actors"]] == [market.eve]


def test_standing_has_the_form_that_scripts_rely_on(market):
    ask = market.shell.ok
    ask("adopt", "eve.tally", market.ana, "--weight", "2", "--depth", "1", "--yes")
    standing = ask("standing", "eve.tally")
    assert standing == {
        "viewer": market.eve,
        "rank": {market.eve: 0, market.ana: 1},
        "banned": [],
        "contested": [],
    }
    ask("sync", "ana.tally", "eve.tally")
    seen = ask("standing", "ana.tally", "--as", market.eve, "--threshold", "2", "--max-depth", "0")
    assert seen["viewer"] == market.eve
    said = market.shell("standing", "ana.tally", "--threshold", "0", "--json")
    assert (said.code, said.error) == (2, "policy/parameter")
    text = market.shell("standing", "eve.tally").out
    assert "rank 1" in text


def test_a_petname_names_an_actor_everywhere(market):
    market.shell.ok("name", "ana.tally", market.eve, "eve")
    assert market.shell.ok("names", "ana.tally")["names"]["eve"] == market.eve
    assert market.shell.ok("verdict", "ana.tally", "eve")["included"] is True
    assert " eve " in market.shell("history", "ana.tally").out


def test_values_are_set_added_counted_read_and_explained(market):
    ask = market.shell.ok
    ask("set", "ana.tally", "todo/1/title", "buy eggs")
    ask("set", "ana.tally", "todo/1/title", '"buy bread"')
    ask("add", "ana.tally", "todo/1/tags", "food")
    ask("inc", "ana.tally", "todo/1/votes", "3")
    ask("inc", "ana.tally", "todo/1/votes", "-1")
    ask("enable", "ana.tally", "todo/1/done")
    ask("sync", "ana.tally", "eve.tally")
    for store in ("ana.tally", "eve.tally"):
        value = ask("view", store)
        text = json.dumps(value["value"])
        assert "buy bread" in text
        assert "buy eggs" not in text
        assert "food" in text
    assert ask("view", "ana.tally")["state_hash"] == ask("view", "eve.tally")["state_hash"]
    why = market.shell("why", "ana.tally", "todo/1/title")
    assert why.code == 0
    assert "buy bread" in why.out
    ask("remove", "ana.tally", "todo/1/tags", "food")
    assert "food" not in json.dumps(ask("view", "ana.tally")["value"])
    ask("disable", "ana.tally", "todo/1/done")


def test_a_view_can_be_read_as_somebody_else_and_as_of_then(market):
    ask = market.shell.ok
    first = ask("set", "ana.tally", "door", "open")["id"]
    ask("set", "ana.tally", "door", "shut")
    assert "open" in json.dumps(ask("view", "ana.tally", "--at", first)["value"])
    ask("ban", "ana.tally", market.eve, "--yes")
    ask("set", "eve.tally", "window", "open")
    ask("sync", "ana.tally", "eve.tally")
    assert "window" not in json.dumps(ask("view", "ana.tally")["value"])
    assert "window" in json.dumps(ask("view", "ana.tally", "--as", market.eve)["value"])
    both = ask("view", "ana.tally", "--as", market.eve, "--at", first)
    assert both["value"] == {"door": "open"}
    said = market.shell("view", "ana.tally", "--at", "claimed:whenever", "--json")
    assert said.code == 2
    said = market.shell("view", "ana.tally", "no_such_view", "--json")
    assert (said.code, said.error) == (2, "state/view")


def test_sql_reads_views_and_refuses_to_write(market):
    ask = market.shell.ok
    ask(
        "define",
        "ana.tally",
        "stars",
        "--kind",
        "review/post",
        "--key",
        "shop",
        "--amount",
        "stars",
    )
    found = ask("sql", "ana.tally", "select count(*) as n from stars")
    assert found == {"columns": ["n"], "rows": [[2]]}
    before = ask("view", "ana.tally", "stars")
    for query in ("delete from stars", "drop table stars", "nonsense", "attach 'x' as y"):
        said = market.shell("sql", "ana.tally", query, "--json")
        assert said.error == "state/sql", query
        assert said.code == 2
    assert ask("view", "ana.tally", "stars") == before
    assert not (market.shell.home / "x").exists()
    names = {one["name"] for one in ask("views", "ana.tally")["views"]}
    assert {"stars", "places"} <= names


def test_verify_is_content_with_a_store_and_not_with_a_changed_one(market):
    import sqlite3

    report = market.shell.ok("verify", "ana.tally")
    assert report["ok"] is True
    assert report["events"] == 4
    with sqlite3.connect("ana.tally") as db:
        db.execute("update event set content = content || x'00' where length(content) > 0")
    db.close()
    said = market.shell("verify", "ana.tally", "--json")
    assert said.code == 3
    assert said.json["ok"] is False
    assert said.json["problems"]


def test_a_file_that_is_not_a_store_is_refused_by_name(shell):
    (shell.home / "notes.txt").write_text("dear diary")
    said = shell("id", "notes.txt", "--json")
    assert (said.code, said.error) == (1, "store/not-a-store")
    assert (shell.home / "notes.txt").read_text() == "dear diary"


def test_the_graph_is_drawn_for_terminals_graphviz_and_browsers(market):
    text = market.shell("graph", "ana.tally").out
    assert text.count("*") == 4
    assert market.shell("graph", "ana.tally", "--dot").out.startswith("digraph")
    assert "<svg" in market.shell("graph", "ana.tally", "--svg").out
    heads = market.shell.ok("heads", "ana.tally")["heads"]
    assert [one["id"] for one in heads] == [market.reviews[2]]


def test_doctor_says_which_kernels_are_in_use(market):
    assert market.shell.ok("doctor")["kernels"] in {"native", "reference"}
    facts = market.shell.ok("doctor", "ana.tally")
    assert facts["kernels"] in {"native", "reference"}


def test_text_from_peers_cannot_move_the_cursor(market):
    wild = json.dumps({"shop": "\x1b[2J\x07", "stars": 1})
    market.shell.ok("write", "eve.tally", "review/post", wild)
    for words in (("history", "eve.tally"), ("graph", "eve.tally")):
        assert "\x1b" not in market.shell(*words).out


def test_the_ratings_of_a_market_are_loaded_with_the_same_digest_every_time(shell):
    rows = "source,target,rating,time\n1,2,8,100\n2,3,-10,101\n3,1,1,102\n1,3,-10,103.5\n"
    (shell.home / "otc.csv").write_text(rows)
    digests = set()
    for store in ("a.tally", "b.tally"):
        shell.ok("init", store)
        done = shell.ok("load", "otc", store, "otc.csv")
        assert done["authors"] == 4
        assert done["events"] == 1 + 4 + 4
        assert done["seconds"] >= 0
        digests.add(shell.ok("digest", store)["digest"])
    assert len(digests) == 1
    (shell.home / "bad.csv").write_text("1,2,eleven,100\n")
    shell.ok("init", "c.tally")
    said = shell("load", "otc", "c.tally", "bad.csv", "--json")
    assert said.code == 2
    assert shell("load", "otc", "c.tally", "missing.csv", "--json").json["error"]


def test_the_commits_of_a_repository_are_loaded_with_the_same_digest_every_time(shell):
    rows = "commit,parents,author,time\n0,,1,100\n1,0,2,101\n2,0,1,102\n3,2 1,1,103\n"
    (shell.home / "git.csv").write_text(rows)
    digests = set()
    for store in ("a.tally", "b.tally"):
        shell.ok("init", store)
        done = shell.ok("load", "git-dag", store, "git.csv")
        assert (done["events"], done["authors"]) == (5, 3)
        assert done["seconds"] >= 0
        digests.add(shell.ok("digest", store)["digest"])
    assert len(digests) == 1
    assert "5 events by 3 authors" in shell("load", "git-dag", "a.tally", "git.csv").out
    (shell.home / "bad.csv").write_text("0,7,1,100\n")
    said = shell("load", "git-dag", "b.tally", "bad.csv", "--json")
    assert (said.code, said.error) == (2, "usage/argument")


def test_to_follow_takes_one_peer_that_can_push(market):
    for peers in (("eve.tally",), ("tcp://127.0.0.1:1", "tcp://127.0.0.1:2")):
        said = market.shell("sync", "ana.tally", *peers, "--follow", "--json")
        assert (said.code, said.error) == (2, "usage/argument")


def test_a_statement_of_another_cannot_be_withdrawn_nor_their_event_retracted(market):
    for words in (("withdraw", market.reviews[1]), ("retract", market.reviews[1])):
        said = market.shell(words[0], "ana.tally", words[1], "--yes", "--json")
        assert (said.code, said.error) == (2, "policy/target")
    said = market.shell("ban", "ana.tally", market.ana, "--yes", "--json")
    assert (said.code, said.error) == (2, "policy/target")
    said = market.shell("ban", "ana.tally", market.eve, "--scope", "trust/*", "--yes", "--json")
    assert (said.code, said.error) == (2, "policy/scope")
    said = market.shell("adopt", "ana.tally", market.eve, "--weight", "-1", "--yes", "--json")
    assert said.code == 2
