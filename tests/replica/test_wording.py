"""What people are told about keys and values of views is told in their words."""

from __future__ import annotations

from pathlib import Path

import pytest

import tallystick
from tallystick import Replica
from tallystick.errors import Ambiguous, BadInput, NotFound, UsageError


@pytest.fixture
def ana(tmp_path: Path) -> Replica:
    """Ana's store: Bob paid her 2.50 EUR, and passed his saw on to her."""
    ana = tallystick.open(tmp_path / "ana", create=True)
    with tallystick.open(tmp_path / "bob", create=True) as bob:
        ana.ledger.create_asset("EUR")
        ana.ledger.create_asset("HOUR", precision=0)
        ana.ledger.issue(bob.did, "10", "EUR")
        bob.sync(ana)
        for one in (ana, bob):
            one.name_actor(bob.did, "bob")
            one.name_actor(ana.did, "ana")
        bob.ledger.pay("ana", "2.50", "EUR")
        bob.titles.create("saw")
        bob.titles.transfer("saw", "ana")
        bob.write("review/post", {"target": ana.did, "rating": 4})
        bob.sync(ana)
        ana.define_sum("stars", kind="review/post")
        ana.adopt("bob")
    return ana


def test_what_a_ban_would_change_is_told_by_name_and_in_decimals(ana: Replica) -> None:
    told = ana.what_if(tallystick.ban("bob")).sentences()
    assert set(told) >= {
        "  your EUR: 2.50 -> 0.00",
        "  bob's EUR: 7.50 -> 10.00",
        "  the owner of saw: you -> nobody",
        "  stars of you: 4 -> nothing",
    }
    assert not [line for line in told if "did:key" in line or "bafy" in line]


def test_two_policies_are_compared_in_words_from_either_side(ana: Replica) -> None:
    ana.ban("bob", private=True)
    here = ana.compare("me", "bob")
    assert {(one.what, one.a_text, one.b_text) for one in here.values} == {
        ("your EUR", "0.00", "2.50"),
        ("bob's EUR", "10.00", "7.50"),
        ("the owner of saw", "nobody", "you"),
        ("stars of you", "nothing", "4"),
    }
    there = ana.compare("bob", "me")
    assert [(one.what, one.b_text, one.a_text) for one in there.values] == [
        (one.what, one.a_text, one.b_text) for one in here.values
    ]
    assert "bob's EUR: 10.00 for you, 7.50 for bob" in here.sentences()
    assert str(ana.compare("me")) == "the same events count for you and for you"


def test_accounts_and_things_are_polled_and_remembered_by_their_names(ana: Replica) -> None:
    asked = ana.poll("me/EUR", view="ledger", among=["me", "bob"])
    assert [(one.value, one.text) for one in asked.answers] == [(250, "2.50")]
    assert asked.majority == "2.50"
    asked = ana.poll("saw", among=["me", "bob"])
    assert [(one.value, one.text) for one in asked.answers] == [(ana.did, "you")]
    assert [one.text for one in ana.beliefs("bob/EUR", view="ledger")] == ["10.00", "7.50"]
    assert [one.text for one in ana.beliefs("saw")] == ["bob", "you"]
    ana.ban("bob")
    assert ana.beliefs("saw")[-1].text == "nobody"
    assert str(ana.why("saw")).startswith("Nobody owns saw.")  # found by its name all the same
    assert ana.beliefs(f"{ana.did}/EUR", view="ledger")[-1].text == "0.00"


def test_a_place_comes_before_a_thing_of_that_name(ana: Replica) -> None:
    ana.set("saw", 3)
    assert ana.beliefs("saw")[-1].value == 3
    assert ana.beliefs("saw", view="titles")[-1].text == "you"


def test_what_is_called_by_no_name_is_said_to_be_so(ana: Replica) -> None:
    with pytest.raises(NotFound, match="state/place"):
        ana.poll("axe")
    with pytest.raises(NotFound, match="no such asset"):
        ana.poll("bob/USD", view="ledger")
    with pytest.raises(NotFound, match="nobody is called 'eve'"):
        ana.beliefs("eve/EUR", view="ledger")
    with pytest.raises(Ambiguous, match="several assets"):
        ana.beliefs("bob", view="ledger")
    with pytest.raises(BadInput, match="goes by a time, not by events"):
        ana.at(ana.heads()[0].id, then=True)


def test_assets_of_one_code_are_told_apart(ana: Replica) -> None:
    other = ana.ledger.create_asset("EUR")
    ana.ledger.issue("bob", "1", other)
    told = ana.what_if(tallystick.exclude(other)).sentences()
    assert f"  bob's EUR ({other[:19]}): 1.00 -> 0.00" in told


def test_reading_the_ledger_of_an_empty_store_makes_no_log(tmp_path: Path) -> None:
    with tallystick.open(tmp_path / "new", create=True) as new:
        with pytest.raises(UsageError, match="no log yet"):
            new.ledger.balances()
        with pytest.raises(UsageError, match="no log yet"):
            new.ledger.pay("me", 1)
        assert new.logs() == []
        new.ledger.create_asset("EUR", issuers=["me"])  # this is writing
        assert len(new.logs()) == 1
        assert new.ledger.balances() == []


def test_a_balance_of_payments_alone_is_told_without_a_less(ana: Replica) -> None:
    ana.ledger.pay("bob", "1", "HOUR")
    assert "you have -1 HOUR because of 1 paid to bob (1 payment)" in str(
        ana.ledger.why("me", "HOUR")
    )


def test_what_is_no_time_and_whose_a_thing_is_are_said(ana: Replica) -> None:
    with pytest.raises(BadInput, match="that is no time"):
        ana.compare("me@2020-13-45")
    ana.titles.transfer("saw", "bob")
    with pytest.raises(BadInput, match=r"only its owner can pass a title on.*got bob"):
        ana.titles.transfer("saw", "bob")
    nameless = ana.titles.create("")
    told = ana.what_if(tallystick.exclude(nameless)).sentences()
    assert f"  the owner of {nameless[:19]}: you -> nobody" in told


def test_a_sum_is_over_one_kind_and_says_so(ana: Replica) -> None:
    with pytest.raises(BadInput, match="one kind; a fold reads several"):
        ana.define_sum("all_stars", kind="review/*")
