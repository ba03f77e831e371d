"""The ledger on the command line: issue, pay, give back, and what is said of it."""

from __future__ import annotations

import pytest


@pytest.fixture
def till(market):
    """Ana's EUR: she has 100, Eve got 12.50 of it, and both hold everything."""
    shell = market.shell
    shell.ok("name", "ana.tally", market.eve, "eve")
    shell.ok("ledger", "asset", "ana.tally", "EUR", "--name", "Euro", "--credit", "20")
    shell.ok("ledger", "issue", "ana.tally", "me", "100")
    market.paid = shell.ok("ledger", "pay", "ana.tally", "eve", "12.50", "EUR", "--memo", "bread")[
        "id"
    ]
    shell.ok("sync", "eve.tally", "ana.tally")
    return market


def held(shell, store, *more):
    found = shell.ok("ledger", "balances", store, *more)["balances"]
    return {one["account_name"]: one["balance"] for one in found}


def test_what_is_paid_is_listed_and_told(till):
    shell = till.shell
    assert held(shell, "ana.tally") == {"you": "87.50", "eve": "12.50"}
    (asset,) = shell.ok("ledger", "asset", "ana.tally")["assets"]
    assert (asset["code"], asset["name"], asset["issued"]) == ("EUR", "Euro", "100.00")
    lines = shell.ok("ledger", "statement", "ana.tally", "me", "EUR")["lines"]
    assert [(one["amount"], one["balance"]) for one in lines] == [
        ("100.00", "100.00"),
        ("-12.50", "87.50"),
    ]
    assert lines[1]["memo"] == "bread"
    after = shell.ok("ledger", "statement", "ana.tally", "me", "--after", lines[0]["event"])
    assert after["lines"] == lines[1:]
    (told,) = shell.ok("ledger", "why", "ana.tally", "eve")["sentences"]
    assert told == "eve has 12.50 EUR because of 12.50 from you (1 payment)"
    listed = shell("ledger", "statement", "ana.tally", "me").out.splitlines()
    assert listed[0].split() == ["day", "with", "amount", "balance", "memo", "event"]
    assert "bread" in listed[2]


def test_what_is_given_back_is_marked_and_moves_nothing(till):
    shell = till.shell
    shell.ok("ledger", "refund", "eve.tally", till.paid)
    assert held(shell, "eve.tally") == {till_name(shell): "100.00"}
    lines = shell.ok("ledger", "statement", "eve.tally", "me")["lines"]
    assert [(one["counts"], len(one["refunded_by"]), one["balance"]) for one in lines] == [
        (True, 1, "0.00")
    ]
    assert "given back" in shell("ledger", "statement", "eve.tally", "me").out
    assert "1 payment was given back" in shell("ledger", "why", "eve.tally", "me").out


def till_name(shell):
    (one,) = shell.ok("ledger", "balances", "eve.tally")["balances"]
    return one["account_name"]


def test_a_debt_says_what_it_comes_from(till):
    shell = till.shell
    shell.ok("ledger", "pay", "eve.tally", till.ana, "15", "EUR")
    shell.ok("sync", "ana.tally", "eve.tally")
    shell.ok("exclude", "ana.tally", till.paid, "--yes")
    (debt,) = shell.ok("ledger", "debts", "ana.tally")["debts"]
    assert (debt["amount"], debt["overdraft"], debt["over_credit"]) == ("15.00", "2.50", False)
    assert [one["amount"] for one in debt["causes"]] == ["12.50"]
    said = shell("ledger", "debts", "ana.tally").out.strip()
    assert said == "eve owes 15.00 EUR: 12.50 because of you, 2.50 more than came in"
    assert held(shell, "ana.tally")["eve"] == "-15.00"
    assert held(shell, "ana.tally", "--as", "eve")["eve"] == "-2.50"
    none = shell("ledger", "debts", "ana.tally", "--over-credit").out
    assert none == "nobody owes more than is advised\n"
    assert "eve" in shell("view", "ana.tally", "ledger").out
    assert shell.ok("view", "ana.tally", "ledger", "--key", "eve/EUR")["value"] == "-15.00"
    assert -1500 in shell.ok("view", "ana.tally", "ledger")["value"].values()
    why = shell("ledger", "why", "ana.tally", "eve").out
    assert "1 payment does not count: 1 by you (because of your own word" in why


def test_a_payment_explains_no_more_than_is_owed(till):
    shell = till.shell
    shell.ok("ledger", "pay", "eve.tally", till.ana, "5", "EUR")
    shell.ok("sync", "ana.tally", "eve.tally")
    shell.ok("exclude", "ana.tally", till.paid, "--yes")
    (debt,) = shell.ok("ledger", "debts", "ana.tally")["debts"]
    assert (debt["amount"], debt["overdraft"]) == ("5.00", "0.00")
    assert [one["amount"] for one in debt["causes"]] == ["5.00"]


def test_several_legs_and_who_may_act_for_whom(till):
    shell = till.shell
    shell.ok("ledger", "transfer", "ana.tally", "me=-3", "eve=3:EUR")
    assert held(shell, "ana.tally") == {"you": "84.50", "eve": "15.50"}
    said = shell("ledger", "transfer", "ana.tally", "me=-3", "eve=4", "--json")
    assert (said.code, said.error) == (2, "void/legs")
    said = shell("ledger", "pay", "ana.tally", "me", "1", "--from", "eve", "--json")
    assert (said.code, said.error) == (2, "void/payer")
    shell.ok("ledger", "delegate", "eve.tally", till.ana, "EUR")
    shell.ok("sync", "ana.tally", "eve.tally")
    shell.ok("ledger", "pay", "ana.tally", "me", "1", "--from", "eve")
    assert held(shell, "ana.tally") == {"you": "85.50", "eve": "14.50"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("pay", "ana.tally", "eve", "0.001"), "ledger/amount"),
        (("pay", "ana.tally", "eve", "1e3"), "ledger/amount"),
        (("pay", "ana.tally", "eve", "-1"), "ledger/amount"),
        (("pay", "ana.tally", "eve", "92233720368547758.08"), "ledger/amount"),
        (("pay", "ana.tally", "me", "1"), "void/value"),
        (("pay", "ana.tally", "eve", "1", "USD"), "usage/not-found"),
        (("issue", "eve.tally", "me", "1"), "void/issuer"),
        (("asset", "ana.tally", "euro"), "usage/argument"),
        (("asset", "ana.tally", "X", "--precision", "19"), "usage/argument"),
        (("transfer", "ana.tally", "me"), "usage/argument"),
        (("statement", "ana.tally", "me", "--limit", "0"), "usage/argument"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_code(till, words, code):
    said = till.shell("ledger", *words, "--json")
    assert (said.code, said.error) == (2, code)


def test_two_assets_of_one_code_go_by_their_ids(till):
    shell = till.shell
    other = shell.ok("ledger", "asset", "ana.tally", "EUR", "--precision", "0")["id"]
    assert shell("ledger", "pay", "ana.tally", "eve", "1", "EUR", "--json").error == (
        "usage/ambiguous"
    )
    shell.ok("ledger", "issue", "ana.tally", "me", "7", other)
    assert held(shell, "ana.tally", "--asset", other[:30]) == {"you": "7"}
