"""tally title: things, their owners, claims, and files that prove where a thing comes from."""

from __future__ import annotations

import pytest


@pytest.fixture
def tools(market):
    """Ana's saw, lent to Eve; Ana knows Eve by her name."""
    shell = market.shell
    shell.ok("name", "ana.tally", market.eve, "eve")
    shell.ok("name", "eve.tally", market.ana, "ana")
    market.saw = shell.ok("title", "create", "ana.tally", "saw", "--type", "tool")["title"]
    lent = shell.ok("title", "transfer", "ana.tally", "saw", "eve", "--memo", "lent")
    market.lent = lent["transfer"]
    shell.ok("sync", "eve.tally", "ana.tally")
    return market


def test_a_thing_is_lent_and_given_back(tools):
    shell = tools.shell
    assert shell.ok("title", "show", "ana.tally", "saw")["owner"] == tools.eve
    back = shell.ok("title", "give-back", "eve.tally", tools.saw, "--memo", "thanks")["transfer"]
    shell.ok("sync", "ana.tally", "eve.tally")
    assert shell.ok("title", "show", "ana.tally", "saw")["owner"] == tools.ana
    steps = shell.ok("title", "chain", "ana.tally", "saw")
    assert [step["event"] for step in steps] == [tools.saw, tools.lent, back]
    assert [step["memo"] for step in steps] == [None, "lent", "thanks"]
    said = shell("title", "why", "ana.tally", "saw")
    assert said.out == (
        "saw is yours, because you made it and passed it to eve, who passed it to you.\n"
    )


def test_lists_are_tables_for_people_and_lists_for_programs(tools):
    shell = tools.shell
    shell.ok("title", "create", "ana.tally", "bike", "--type", "vehicle")
    found = shell.ok("title", "list", "ana.tally")
    assert [(one["name"], one["owner"]) for one in found] == [
        ("bike", tools.ana), ("saw", tools.eve),
    ]  # fmt: skip
    assert [one["name"] for one in shell.ok("title", "list", "ana.tally", "--of", "me")] == ["bike"]
    assert shell.ok("title", "list", "ana.tally", "--type", "car") == []
    lines = shell("title", "list", "ana.tally").out.splitlines()
    assert lines[0].split() == ["name", "type", "owner", "title"]
    assert lines[2].split() == ["saw", "tool", "eve", tools.saw]
    assert shell("title", "list", "ana.tally", "--type", "car").out == "nothing\n"


def test_claims_follow_the_rule_that_is_set(tools):
    shell = tools.shell
    shell.ok("title", "transfer", "eve.tally", "saw", "ana", "--memo", "sold")
    shell.ok("sync", "ana.tally", "eve.tally")
    assert shell("title", "claims", "ana.tally").out == "no claims\n"
    shell.ok("exclude", "eve.tally", tools.lent, "--yes")
    (claim,) = shell.ok("title", "claims", "eve.tally", "--of", "ana")
    assert (claim["claimant"], claim["against"]) == (tools.ana, tools.eve)
    assert claim["reason"] == "ungrounded"
    assert claim["sentence"] in shell("title", "claims", "eve.tally").out
    rows = shell("title", "chain", "eve.tally", "saw").out.splitlines()
    assert "no: because of your own word" in rows[2]
    shell.ok("sync", "ana.tally", "eve.tally")
    assert shell.ok("title", "claims", "ana.tally") == []
    assert len(shell.ok("title", "claims", "ana.tally", "--as", "eve")) == 2
    policy = shell.ok("policy", "set", "eve.tally", "--restitution", "tool=keep")
    assert policy["restitution"] == {"tool": "keep"}
    assert policy["events_gained"] == 1
    assert shell.ok("title", "show", "eve.tally", "saw")["rule"] == "keep"
    assert [one["reason"] for one in shell.ok("title", "claims", "eve.tally")] == ["kept"]


@pytest.mark.parametrize("rule", ["tool", "tool=lend", "=", "tool=keep=", "tool=return=keep"])
def test_a_rule_that_is_none_is_refused(tools, rule):
    said = tools.shell("policy", "set", "ana.tally", "--restitution", rule, "--json")
    assert said.code == 2
    assert said.error == "policy/parameter"


def test_a_proof_is_checked_by_anybody_and_a_changed_one_is_found(tools):
    shell = tools.shell
    made = shell.ok("title", "prove", "eve.tally", "saw", "saw.title")
    path = shell.home / "saw.title"
    assert made["bytes"] == path.stat().st_size
    found = shell.ok("title", "check", "saw.title")
    assert (found["owner"], found["ops"][0]["name"]) == (tools.eve, "saw")
    assert "every signature holds" in shell("title", "check", "saw.title").out
    assert shell("title", "prove", "eve.tally", "saw", "saw.title").code == 1
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"frame": "o', '"frame": "p', 1), encoding="utf-8")
    said = shell("title", "check", "saw.title", "--json")
    assert (said.code, said.error) == (3, "event/body-mismatch")
    path.write_text("{}", encoding="utf-8")
    said = shell("title", "check", "saw.title", "--json")
    assert (said.code, said.error) == (2, "proof/malformed")


def test_what_is_anothers_cannot_be_passed_on(tools):
    said = tools.shell("title", "transfer", "ana.tally", "saw", "eve", "--json")
    assert (said.code, said.error) == (2, "void/owner")
    again = tools.shell.ok("title", "transfer", "ana.tally", "saw", "me", "--over", tools.saw)
    assert again["transfer"] != tools.lent
    assert tools.shell.ok("title", "show", "ana.tally", "saw")["contested"] is True
    said = tools.shell("title", "show", "ana.tally", "hammer", "--json")
    assert (said.code, said.error) == (2, "usage/not-found")
