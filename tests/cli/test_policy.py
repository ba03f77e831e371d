"""``tally policy``: shown, compared, its history, and carried to another log."""

from __future__ import annotations


def test_show_lists_what_is_said_and_takes_any_policy(market):
    ask = market.shell.ok
    ask("ban", "ana.tally", market.eve, "--yes")
    shown = ask("policy", "show", "ana.tally")
    assert shown["statements"] == len(shown["says"]) == 1
    assert (shown["says"][0]["verb"], shown["says"][0]["target"]) == ("ban", market.eve)
    assert ask("policy", "show", "ana.tally", market.eve)["says"] == []
    lines = market.shell("policy", "show", "ana.tally").out.splitlines()
    assert lines[0].startswith("hash")
    assert lines[-1].startswith("ban ")
    said = market.shell("policy", "show", "ana.tally", "#7", "--json")
    assert (said.code, said.error) == (2, "usage/not-found")


def test_diff_and_history_go_back_to_any_change(market):
    ask = market.shell.ok
    ask("name", "ana.tally", market.eve, "eve")
    assert market.shell("policy", "history", "ana.tally").out.splitlines()[1:] == []
    ask("ban", "ana.tally", "eve", "--yes")
    ask("policy", "set", "ana.tally", "--threshold", "2")
    history = ask("policy", "history", "ana.tally")["history"]
    assert [one["number"] for one in history] == [1, 2]
    assert (history[0]["events_lost"], history[1]["events_lost"]) == (2, 0)
    lines = market.shell("policy", "history", "ana.tally").out.splitlines()
    assert "+ ban eve" in lines[1]
    assert "threshold: 1 -> 2" in lines[2]
    assert market.shell("policy", "diff", "ana.tally", "#1").out == "~ threshold: 1 -> 2\n"
    assert market.shell("policy", "diff", "ana.tally", "now", "me").out == "both say the same\n"
    found = ask("policy", "diff", "ana.tally", history[0]["hash"][:10], "eve")
    assert (found["gone"], found["same"]) == (["ban eve"], False)


def test_copy_shows_asks_and_says_it_in_the_other_log(market):
    ask = market.shell.ok
    ask("ban", "ana.tally", market.eve, "--yes")
    ask("log", "create", "ana.tally", "garden")
    copy = ("policy", "copy", "ana.tally", "garden", "--log", "market")
    assert len(ask(*copy, "--preview")["said"]) == 1
    said = market.shell(*copy, "--json", stdin="n\n")
    assert (said.code, said.json["ids"]) == (1, [])
    assert ask("standing", "ana.tally", "--log", "garden")["banned"] == []
    assert len(ask(*copy, "--yes")["ids"]) == 1
    assert ask("standing", "ana.tally", "--log", "garden")["banned"] == [market.eve]
    said = market.shell("policy", "copy", "ana.tally", "market", "--log", "market", "--json")
    assert (said.code, said.error) == (2, "usage/argument")
