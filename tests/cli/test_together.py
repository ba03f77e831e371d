"""Disputes on the command line: brought, answered and listed, for people and for programs."""

from __future__ import annotations


def dispute(market, *more):
    eves = market.reviews[1]
    words = ("--claim", "she owns the shop", "--remedy", "take it back", *more)
    said = market.shell.ok("dispute", "ana.tally", eves, *words, "--yes")
    return eves, said["id"]


def test_a_dispute_is_brought_listed_and_answered(market):
    eves, id = dispute(market, "--evidence", market.reviews[0], "--answer-by", "2020-01-02")
    (one,) = market.shell.ok("disputes", "ana.tally")["disputes"]
    assert (one["id"], one["event"], one["status"]) == (id, eves, "open")
    assert (one["claim"], one["remedy"]) == ("she owns the shop", "take it back")
    assert one["evidence"] == [market.reviews[0]]
    assert (one["answer_by"], one["overdue"]) == (1_577_923_200_000, True)
    listed = market.shell("disputes", "ana.tally").out.splitlines()
    assert len(listed) == 2
    assert listed[0].split()[:3] == ["status", "tally", "dispute"]
    assert "2020-01-02, overdue" in listed[1]
    assert market.shell.ok("uphold", "ana.tally", id, "--yes")["effect"]["events_lost"] == 1
    assert market.shell.ok("show", "ana.tally", eves)["counts"] is False
    assert market.shell.ok("disputes", "ana.tally", "--status", "open")["disputes"] == []
    assert market.shell.ok("disputes", "ana.tally", id[:16])["status"] == "upheld"
    market.shell.ok("dismiss", "ana.tally", id, "--yes")
    assert market.shell.ok("disputes", "ana.tally", id)["mine"] == "dismiss"


def test_one_dispute_in_full_names_every_branch(market):
    _, id = dispute(market)
    market.shell.ok("uphold", "ana.tally", id, "--yes")
    market.shell.ok("sync", "eve.tally", "ana.tally")
    market.shell.ok("name", "eve.tally", market.ana, "ana")
    market.shell.ok("adopt", "eve.tally", "ana", "--private", "--yes")
    lines = market.shell("disputes", "eve.tally", id).out.splitlines()
    assert "status    " in "\n".join(lines)
    assert lines[-1].split() == ["ana", "ana", "uphold", "+1", "too", "far"]


def test_what_is_mine_to_answer(market):
    dispute(market)
    market.shell.ok("sync", "eve.tally", "ana.tally")
    assert len(market.shell.ok("disputes", "eve.tally", "--mine")["disputes"]) == 1
    assert market.shell.ok("disputes", "ana.tally", "--mine")["disputes"] == []
    asked = market.shell.ok("disputes", "ana.tally", "--by", "me", "--as", market.eve)
    assert len(asked["disputes"]) == 1


def test_nothing_is_said_without_agreement_and_errors_have_codes(market):
    said = market.shell("dispute", "ana.tally", market.reviews[1], "--json", stdin="n\n")
    assert (said.code, said.json["id"]) == (1, None)
    assert market.shell.ok("disputes", "ana.tally")["disputes"] == []
    said = market.shell("uphold", "ana.tally", market.reviews[1], "--yes", "--json")
    assert (said.code, said.error) == (2, "policy/target")
    said = market.shell("disputes", "ana.tally", market.reviews[1], "--json")
    assert (said.code, said.error) == (2, "usage/not-found")
    words = ("dispute", "ana.tally", market.reviews[1], "--answer-by", "soon", "--yes", "--json")
    said = market.shell(*words)
    assert (said.code, said.error) == (2, "usage/argument")
    said = market.shell("disputes", "ana.tally", "--status", "closed", "--json")
    assert (said.code, said.error) == (2, "usage/argument")


def test_what_if_of_an_answer_says_what_it_would_change(market):
    _, id = dispute(market)
    effect = market.shell.ok("what-if", "uphold", "ana.tally", id)
    assert effect["events_lost"] == 1
    assert market.shell.ok("disputes", "ana.tally", id)["status"] == "open"


def test_contested_tells_who_clashes_and_what_settles_it(market):
    ask = market.shell.ok
    assert market.shell("contested", "ana.tally").out == "nothing is contested\n"
    ask("init", "bob.tally", "--name", "bob")
    bob = ask("id", "bob.tally")["did"]
    ask("sync", "bob.tally", "ana.tally")
    ask("ban", "bob.tally", market.eve, "--yes")
    ask("ban", "eve.tally", bob, "--yes")
    for one in ("bob", "eve"):
        ask("sync", "ana.tally", f"{one}.tally")
        ask("name", "ana.tally", ask("id", f"{one}.tally")["did"], one)
        ask("adopt", "ana.tally", one, "--yes")
    (one,) = ask("contested", "ana.tally")["contested"]
    assert (one["about"], sorted(one["names"])) == ("circle", ["bob", "eve"])
    shown = market.shell("contested", "ana.tally").out.splitlines()
    assert "ban each other" in shown[0]
    assert shown[1].split()[:2] == ["your", "word"]
    verb, name = one["options"][0]["say"].split()
    ask(verb, "ana.tally", name, "--yes")
    assert ask("contested", "ana.tally") == {"contested": []}
    said = market.shell("contested", "ana.tally", "--scope", "trust/*", "--json")
    assert (said.code, said.error) == (2, "policy/scope")


def test_trust_graph_draws_lines_and_a_picture_that_is_never_written_over(market):
    ask = market.shell.ok
    ask("name", "ana.tally", market.eve, "eve")
    ask("adopt", "ana.tally", "eve", "--yes")
    assert market.shell("trust", "graph", "ana.tally").out.splitlines() == ["you", "└─ eve"]
    data = ask("trust", "graph", "ana.tally", "--svg", "trust.svg")
    assert (data["file"], len(data["people"])) == ("trust.svg", 2)
    assert (market.shell.home / "trust.svg").read_text(encoding="utf-8").startswith("<svg")
    said = market.shell("trust", "graph", "ana.tally", "--svg", "trust.svg", "--json")
    assert (said.code, said.error) == (1, "store/exists")
    said = market.shell("trust", "graph", "ana.tally", "--svg", "b.svg", "--ascii", "--json")
    assert (said.code, said.error) == (2, "usage/argument")


def test_newcomers_previews_stale_lists_and_a_start_from_a_bundle(market):
    ask = market.shell.ok
    ask("ban", "eve.tally", market.ana, "--yes")
    ask("init", "zoe.tally", "--name", "zoe")
    ask("export", "eve.tally", "eve.bundle")
    start = ("trust", "start", "zoe.tally", "eve.bundle", market.eve)
    shown = ask(*start, "--preview")
    assert shown["id"] is None
    assert [one["say"].split()[0] for one in shown["preview"]["inherited"]] == ["ban"]
    found = {one["actor"]: one for one in ask("trust", "newcomers", "zoe.tally")["newcomers"]}
    assert set(found) == {market.ana, market.eve}
    said = market.shell(*start, "--json", stdin="n\n")
    assert (said.code, said.json["id"]) == (1, None)
    assert ask(*start, "--yes")["id"]
    assert ask("standing", "zoe.tally")["banned"] == [market.ana]
    assert ask("trust", "stale", "zoe.tally")["adoptions"] == []
    ask("write", "eve.tally", "note/post", "1")
    ask("allow", "eve.tally", market.ana, "--yes")
    ask("sync", "zoe.tally", "eve.tally")
    (one,) = ask("trust", "stale", "zoe.tally")["adoptions"]
    assert (one["actor"], one["newer"]) == (market.eve, 1)
    preview = ask("adopt", "zoe.tally", market.eve, "--preview")
    assert preview["heard"]
    assert ask("standing", "zoe.tally")["banned"] == [market.ana], "a preview says nothing"
    assert "adopt" in market.shell("adopt", "zoe.tally", market.eve, "--preview").out
    said = market.shell("trust", "stale", "zoe.tally", "--days", "-1", "--json")
    assert (said.code, said.error) == (2, "usage/argument")
    said = market.shell("trust", "start", "zoe.tally", "nowhere", market.eve, "--json")
    assert (said.code, said.error) == (2, "usage/not-found")
    table = market.shell("trust", "newcomers", "eve.tally").out.splitlines()
    assert table[0].split()[:2] == ["who", "events"]
