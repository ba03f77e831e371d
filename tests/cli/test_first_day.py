"""What somebody meets on the first day: slips, odd places, other people's names; nothing breaks."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import tallystick


def define_stars(shell):
    words = ("--kind", "review/post", "--key", "shop", "--amount", "stars")
    shell.ok("define", "ana.tally", "stars", *words)


def test_a_private_statement_is_never_named_by_an_event_not_even_when_withdrawn(market):
    ask = market.shell.ok
    before = ask("digest", "ana.tally")
    ask("name", "ana.tally", market.eve, "eve")
    said = ask("ban", "ana.tally", "eve", "--private", "--yes")
    assert said["private"] is True
    assert ask("verdict", "ana.tally", "eve")["included"] is False
    back = ask("withdraw", "ana.tally", "eve", "--yes")
    assert back["private"] is True
    assert ask("verdict", "ana.tally", "eve")["included"] is True
    assert ask("digest", "ana.tally") == before


def test_what_a_statement_changes_is_told_with_names_and_is_in_the_json(market):
    ask = market.shell.ok
    define_stars(market.shell)
    ask("name", "ana.tally", market.eve, "eve")
    said = market.shell("ban", "ana.tally", "eve", "--yes", "--json")
    assert said.err.splitlines() == [
        "ban eve: 2 events stop counting, 0 start",
        "  eve: heeded -> not heeded",
        "  stars of eggs: 8 -> nothing",
    ]
    changes = said.json["effect"]["changes"]
    words = "stars of eggs: 8 -> nothing"
    assert changes == [{"view": "stars", "key": "eggs", "before": 8, "after": None, "text": words}]
    cut = market.shell("ban", "ana.tally", "eve", "--cut", market.reviews[1], "--yes")
    assert "  eve: not heeded -> not heeded beyond a cut" in cut.err.splitlines()
    back = market.shell("withdraw", "ana.tally", "eve", "--yes")
    # The ban before it, without a cut, holds again.
    assert back.err.startswith("withdraw ban eve: 1 event stops counting, 0 start")


def test_no_is_an_answer_and_still_one_document(market):
    before = market.shell.ok("digest", "ana.tally")
    said = market.shell("ban", "ana.tally", market.eve, "--json", stdin="n\n")
    assert said.code == 1
    assert said.json["id"] is None
    assert said.json["effect"]["events_lost"] == 2
    said = market.shell("ban", "ana.tally", market.eve, "--json", stdin="")
    assert (said.code, said.error) == (2, "usage/argument")
    assert market.shell.ok("digest", "ana.tally") == before


def test_what_if_takes_private_and_says_nothing(market):
    before = market.shell.ok("standing", "ana.tally")
    said = market.shell.ok("what-if", "ban", "ana.tally", market.eve, "--private")
    assert said["events_lost"] == 2
    assert market.shell.ok("standing", "ana.tally") == before


@pytest.mark.parametrize("scope", ["trust/*", "trust/ban", "trust", "x y", "", "review/"])
@pytest.mark.parametrize("verb", ["standing", "verdict", "ban"])
def test_a_scope_that_cannot_be_one_is_refused_wherever_it_is_asked(market, verb, scope):
    words = [verb, "ana.tally", *([] if verb == "standing" else [market.eve])]
    said = market.shell(*words, "--scope", scope, "--json")
    assert (said.code, said.error) == (2, "policy/scope")


def test_why_answers_for_keys_of_other_views_events_actors_and_petnames(market):
    ask, shell = market.shell.ok, market.shell
    define_stars(shell)
    ask("name", "ana.tally", market.eve, "eve")
    assert ask("why", "ana.tally", "eggs")["value"] == 8
    assert shell("why", "ana.tally", "eggs").out.startswith("stars of eggs is 8 because")
    for subject in ("eve", market.eve):
        said = shell("why", "ana.tally", subject)
        assert said.out == "eve is heeded; because nobody you heed says otherwise.\n"
    assert shell("why", "ana.tally", market.reviews[1]).out.startswith("bafyrei")
    said = shell("why", "ana.tally", "nothing-of-the-kind", "--json")
    assert (said.code, said.error) == (2, "state/place")
    ask("define", "ana.tally", "votes", *("--kind", "review/post", "--key", "shop"),
        "--amount", "stars")  # fmt: skip
    said = shell("why", "ana.tally", "eggs", "--json")
    assert (said.code, said.error) == (2, "usage/ambiguous")
    assert ask("why", "ana.tally", "eggs", "--view", "votes")["value"] == 8


def test_why_at_a_version_says_nothing_of_what_came_later(market):
    ask = market.shell.ok
    ask("inc", "ana.tally", "visits", "2")
    then = ask("inc", "ana.tally", "visits", "3")["id"]
    ask("inc", "ana.tally", "visits", "5")
    found = ask("why", "ana.tally", "visits", "--at", then)
    assert (found["value"], found["excluded"]) == (5, [])


def test_numbers_below_zero_are_values_and_slips_are_not(market):
    ask = market.shell.ok
    assert ask("write", "ana.tally", "note/n", "-5")["id"]
    assert ask("set", "ana.tally", "low", "-7")["id"]
    assert ask("view", "ana.tally", "--key", "low")["value"] == -7
    for words in (("set", "ana.tally", "x", "--tpyo"), ("write", "ana.tally", "n", "1", "--fram")):
        said = market.shell(*words, "--json")
        assert (said.code, said.error) == (2, "usage/argument")


def test_the_id_of_an_event_is_no_actor_and_the_answer_says_so(market):
    said = market.shell("ban", "ana.tally", market.reviews[1], "--yes", "--json")
    assert (said.code, said.error) == (2, "usage/argument")
    assert "exclude" in said.json["error"]["hint"]


def test_a_log_that_is_new_here_goes_by_its_name_in_a_store_and_by_id_everywhere(shell):
    shell.ok("init", "many.tally")
    first = shell.ok("log", "create", "many.tally", "one")["log"]
    second = shell.ok("log", "create", "many.tally", "two")["log"]
    shell.ok("init", "new.tally")
    said = shell("sync", "new.tally", "many.tally", "--json")
    assert (said.code, said.error) == (2, "sync/several-logs")
    assert shell.ok("sync", "new.tally", "many.tally", "--log", "two")["log"] == second
    assert shell.ok("sync", "new.tally", "many.tally", "--log", first)["log"] == first
    said = shell("sync", "new.tally", "many.tally", "--log", "three", "--json")
    assert (said.code, said.error) == (2, "usage/not-found")
    said = shell("history", "many.tally", "--json")
    assert (said.code, said.error) == (2, "usage/several-logs")


def test_an_export_that_cannot_be_made_leaves_no_file(shell):
    shell.ok("init", "many.tally")
    for name in ("one", "two"):
        shell.ok("log", "create", "many.tally", name)
    said = shell("export", "many.tally", "log.bundle", "--json")
    assert (said.code, said.error) == (2, "usage/several-logs")
    assert not Path("log.bundle").exists()


def test_a_changed_bundle_is_exit_3_and_what_proves_itself_is_kept(market):
    ask = market.shell.ok
    ask("export", "ana.tally", "log.bundle")
    whole = bytearray(Path("log.bundle").read_bytes())
    at = whole.rindex(b"eggs")
    whole[at] ^= 1
    Path("log.bundle").write_bytes(whole)
    ask("init", "new.tally")
    said = market.shell("import", "new.tally", "log.bundle", "--json")
    assert said.code == 3
    assert said.json["rejected"]
    assert 0 < said.json["events_in"] < 4
    assert ask("verify", "new.tally")["ok"] is True
    again = ask("sync", "new.tally", "ana.tally")
    assert again["equal"] is True


@pytest.mark.parametrize("size", [0, 1, 20, 100, 400])
def test_a_truncated_bundle_is_a_coded_error_and_leaves_an_empty_store_empty(market, size):
    market.shell.ok("export", "ana.tally", "log.bundle")
    Path("cut.bundle").write_bytes(Path("log.bundle").read_bytes()[:size])
    market.shell.ok("init", "new.tally")
    said = market.shell("import", "new.tally", "cut.bundle", "--json")
    assert (said.code, said.error) == (2, "sync/bundle")
    assert market.shell.ok("log", "ls", "new.tally") == {"logs": []}


def test_a_store_whose_pages_are_damaged_fails_verification(market):
    with sqlite3.connect("ana.tally") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    raw = bytearray(Path("ana.tally").read_bytes())
    for at in range(8192, len(raw), 512):
        raw[at] ^= 0x55
    Path("bad.tally").write_bytes(raw)
    said = market.shell("verify", "bad.tally", "--json")
    assert said.code == 3
    assert said.json.get("error", {}).get("code") == "store/damaged" or said.json["problems"]
    for words in (("history",), ("view",), ("heads",), ("write",)):
        rest = ("n", "1") if words == ("write",) else ()
        said = market.shell(*words, "bad.tally", *rest, "--json")
        assert said.code in {1, 4}
        assert said.error in {"store/damaged", "key/missing"}


def test_init_on_a_store_that_is_there_says_so_and_not_to_move_its_key(market):
    said = market.shell("init", "ana.tally", "--json")
    assert (said.code, said.error) == (1, "store/exists")


def test_another_stores_key_is_exit_4_and_writes_nothing(market):
    before = market.shell.ok("digest", "ana.tally")
    shutil.copy("eve.tally.key", "ana.tally.key")
    said = market.shell("write", "ana.tally", "note/n", "1", "--json")
    assert (said.code, said.error) == (4, "key/missing")
    assert market.shell.ok("digest", "ana.tally") == before


def test_a_statement_in_a_table_names_people_and_events(market):
    ask = market.shell.ok
    ask("name", "ana.tally", market.eve, "eve")
    ask("ban", "ana.tally", "eve", "--cut", market.reviews[1], "--reason", "enough", "--yes")
    row = market.shell("history", "ana.tally", "--kind", "trust/*").out.splitlines()[1]
    assert "actor eve" in row
    assert "enough" in row
    assert market.reviews[1][:16] in row


@pytest.mark.parametrize("words", [("history",), ("history", "--json"), ("nosuch", "--json")])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_no_traceback(market, words):
    line = [sys.executable, "-m", "tallystick.cli", words[0], "ana.tally", *words[1:]]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_in_a_folder_that_cannot_be_written_is_a_coded_error(market):
    home = Path("closed")
    home.mkdir()
    for name in ("ana.tally", "ana.tally.key"):
        shutil.copy(name, home / name)
    home.chmod(0o555)
    try:
        for words in (("write", home / "ana.tally", "n", "1"), ("init", home / "new.tally")):
            said = market.shell(*words, "--json")
            assert (said.code, said.error) == (1, "store/io")
    finally:
        home.chmod(0o755)


def test_a_closed_replica_says_that_it_is_closed(tmp_path):
    replica = tallystick.open(tmp_path / "a.tally", create=True)
    replica.write("note/n", 1)
    replica.close()
    replica.close()
    for act in (lambda: replica.write("note/n", 2), replica.view, replica.history, replica.logs):
        with pytest.raises(tallystick.errors.UsageError) as caught:
            act()
        assert caught.value.code == "usage/closed"


def test_values_of_the_wrong_type_are_coded_errors_in_python_too(tmp_path):
    replica = tallystick.open(tmp_path / "a.tally", create=True)
    replica.write("note/n", 1)
    wrong = [
        lambda: replica.write(5, 1),
        lambda: replica.ban(5),
        lambda: replica.say("ban"),
        lambda: replica.what_if("ban"),
        lambda: replica.why(5),
        lambda: replica.at(5),
        lambda: replica.view(5),
        lambda: replica.sync(5),
        lambda: replica.verdict(None),
        lambda: replica.history(limit=0),
    ]
    digest = replica.digest()
    for act in wrong:
        with pytest.raises(tallystick.errors.UsageError):
            act()
    assert replica.digest() == digest


def test_json_answers_are_one_document_for_every_verb_on_a_real_store(market):
    ask = market.shell
    lines = [
        "id ana.tally", "log ls ana.tally", "names ana.tally", "verify ana.tally",
        "doctor ana.tally", "history ana.tally", f"show ana.tally {market.reviews[0]}",
        "heads ana.tally", "graph ana.tally --dot", "digest ana.tally", "standing ana.tally",
        f"verdict ana.tally {market.eve}", "views ana.tally", "view ana.tally", "log ls nowhere",
        "sync ana.tally nowhere", "sync ana.tally tcp://127.0.0.1:1", "show ana.tally bafyreia",
    ]  # fmt: skip
    for line in lines:
        said = ask(*line.split(), "--json")
        assert isinstance(json.loads(said.out), dict), line
