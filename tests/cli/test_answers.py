"""Policies side by side on the command line, for people and for programs."""

from __future__ import annotations


def test_compare_shows_values_that_differ_and_why(market):
    ask = market.shell.ok
    ask("define", "ana.tally", "stars", "--kind", "review/post", "--key", "shop",
        "--amount", "stars")  # fmt: skip
    assert ask("compare", "ana.tally", "me", "me")["values"] == []
    ask("ban", "ana.tally", market.eve, "--private", "--yes")
    found = ask("compare", "ana.tally", "me", market.ana)
    assert (found["only_a"], found["only_b"] > 0) == (0, True)
    (one,) = [value for value in found["values"] if value["view"] == "stars"]
    assert one["events"] == sum(why["events"] for why in one["because"])
    assert {why["author"] for why in one["because"]} == {market.eve}
    assert all("does not count" in why["a"] for why in one["because"])
    assert all(why["causes"][0]["verb"] == "ban" for why in one["because"])
    shown = market.shell("compare", "ana.tally", "me", market.ana, "--view", "stars").out
    assert "for you alone, 2 events count for what you have published alone" in shown
    assert "stars of eggs: nothing for you, 8 for what you have published" in shown
    assert "you banned" in shown
    past = ask("compare", "ana.tally", "me@2001-01-01")
    assert past["only_a"] == found["only_b"]
    said = market.shell("compare", "ana.tally", "me@yesterday", "--json")
    assert (said.code, said.error) == (2, "state/version")
    said = market.shell("compare", "ana.tally", "me", "--view", "none", "--json")
    assert (said.code, said.error) == (2, "state/view")


def test_poll_tells_who_says_what_and_on_which_statement_it_turns(market):
    ask = market.shell.ok
    ban = ask("ban", "ana.tally", market.eve, "--yes")["id"]
    among = ("--among", market.ana, "--among", market.eve)
    found = ask("poll", "ana.tally", market.reviews[1], *among)
    assert [(one["value"], one["count"]) for one in found["answers"]] == [
        ("counts", 1),
        ("does not count", 1),
    ]
    assert found["majority"] is None
    assert [one["statement"] for one in found["turns_on"]] == [ban]
    shown = market.shell("poll", "ana.tally", market.reviews[1], *among).out
    assert "###############" in shown
    assert "it turns on this: you banned" in shown
    assert ask("poll", "ana.tally", market.reviews[1])["asked"] == 1, "only Ana said anything"
    for words, code in (
        (("no/such/place",), "state/place"),
        (("x", "--limit", "0"), "usage/argument"),
        (("x", "--among", "nobody"), "usage/not-found"),
    ):
        said = market.shell("poll", "ana.tally", *words, "--json")
        assert (said.code, said.error) == (2, code)


def test_believed_tells_since_when_and_why(market):
    ask = market.shell.ok
    ask("set", "ana.tally", "sky", "blue")
    ask("sync", "eve.tally", "ana.tally")
    ask("set", "eve.tally", "sky", "red")
    ask("sync", "ana.tally", "eve.tally")
    ask("ban", "ana.tally", market.eve, "--yes")
    steps = ask("believed", "ana.tally", "sky")["beliefs"]
    assert [one["value"] for one in steps] == ["blue", "red", "blue"]
    assert [one["cause"].partition(":")[0] for one in steps] == ["arrived", "arrived", "statement"]
    assert [one["since_ms"] for one in steps] == sorted(one["since_ms"] for one in steps)
    shown = market.shell("believed", "ana.tally", "sky").out.splitlines()
    assert "you banned" in shown[3]
    said = market.shell("believed", "ana.tally", "sea", "--json")
    assert (said.code, said.error) == (2, "state/place")
