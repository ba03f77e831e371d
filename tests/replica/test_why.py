"""One front door for why: places, balances, debts, things; with what does not count, marked."""

from __future__ import annotations

import json

import pytest

import tallystick
from tallystick.errors import BadInput, NotFound


@pytest.fixture
def people(tmp_path):
    """Ana, Bob and Mallory in one log, who know each other by name."""
    found = {n: tallystick.open(tmp_path / n, create=True) for n in ("ana", "bob", "mallory")}
    found["ana"].create_log("street")
    meet(found)
    for one in found.values():
        for name, other in found.items():
            one.name_actor(other.did, name)
    yield found
    for one in found.values():
        one.close()


def meet(people):
    everybody = list(people.values())
    for one in everybody + everybody:
        for other in everybody:
            if one is not other:
                one.sync(other)


def test_a_balance_says_who_paid_and_what_does_not_count_and_why(people):
    ana, bob, mallory = people["ana"], people["bob"], people["mallory"]
    ana.ledger.create_asset("EUR", issuers=["ana", "mallory"])
    meet(people)
    ana.ledger.issue("bob", "12.50")
    back = ana.ledger.issue("bob", "3")
    for amount in ("1", "2"):
        mallory.ledger.issue("bob", amount)
    meet(people)
    bob.ledger.refund(back)
    ana.ban("mallory")
    bob.adopt("ana")
    meet(people)
    found = bob.why("bob/EUR", view="ledger")
    text = str(found)
    assert text.startswith("you have 12.50 EUR because of 12.50 issued by ana (1 issue)")
    assert "1 payment was given back: 3.00 issued by ana (1 issue)" in text
    assert "2 payments do not count: 2 by mallory" in text
    assert "ana banned" in text
    (group,) = found.as_dict()["not_counted"]
    assert (group["count"], group["author"]) == (2, mallory.did)
    marked = {one["verb"]: one["necessary"] for one in group["causes"]}
    assert marked == {"ban": True, "adopt": True}
    json.dumps(found.as_dict())
    assert str(bob.why("bob", view="ledger")) == text, "there is only one asset"


def test_taking_away_a_cause_marked_necessary_changes_the_answer(people):
    ana, bob, mallory = people["ana"], people["bob"], people["mallory"]
    bob.adopt("ana")
    bob.adopt("mallory")
    ana.inc("jar", 1)
    meet(people)
    for one in (ana, mallory):
        one.exclude(ana.history(kind="record/edit")[0].id, reason="no")
    meet(people)
    redundant = bob.why("jar").as_dict()["not_counted"][0]["causes"]
    votes = [one for one in redundant if one["verb"] == "exclude"]
    assert len(votes) == 2
    assert not any(one["necessary"] for one in votes)
    bob.exclude(votes[0]["statement"])
    assert str(bob.why("jar")).startswith("jar has no value"), "the other is enough"
    (left,) = [
        one
        for one in bob.why("jar").as_dict()["not_counted"][0]["causes"]
        if one["verb"] == "exclude"
    ]
    assert left["necessary"]
    bob.exclude(left["statement"])
    assert bob.view(key="jar") == 1


def test_a_debt_says_what_it_comes_from(people):
    ana, bob = people["ana"], people["bob"]
    ana.ledger.create_asset("EUR")
    meet(people)
    paid = ana.ledger.issue("bob", "5")
    meet(people)
    bob.ledger.pay("mallory", "7")
    meet(people)
    ana.exclude(paid)
    said = ana.why("bob", view="ledger").sentences()
    assert said[-1] == "bob owes 7.00 EUR: 5.00 because of you, 2.00 more than came in"


def test_a_thing_answers_by_its_name(people):
    ana = people["ana"]
    saw = ana.titles.create("saw")
    assert str(ana.why("saw")) == str(ana.titles.why(saw)) == str(ana.why(saw, view="titles"))
    assert ana.why(saw).included, "an event by its id is asked whether it counts"


@pytest.mark.parametrize(
    ("subject", "view", "error"),
    [
        ("nobody", "ledger", NotFound),
        ("ana/USD", "ledger", NotFound),
        ("no such thing", "titles", NotFound),
        ("no such thing", None, NotFound),
        ("ana", "no_view", NotFound),
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(people, subject, view, error):
    with pytest.raises((error, BadInput)) as refused:
        people["ana"].why(subject, view=view)
    assert refused.value.code
