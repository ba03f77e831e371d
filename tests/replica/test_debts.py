"""What a debt comes from: payments that only the policy excludes, whenever they came."""

from __future__ import annotations

import pytest
from tests.model.replica_world import settle, world

from tallystick.graph import maximal
from tallystick.replica import grounds


@pytest.fixture
def market():
    """Ana has made EUR; Cyn has 10 of them."""
    people = world(3)
    ana, _, cyn = people
    for one in people:
        for name, other in zip(("ana", "bob", "cyn"), people, strict=True):
            one.name_actor(other.did, name)
    ana.ledger.create_asset("EUR", precision=0)
    ana.ledger.issue(cyn.did, 10)
    settle(people)
    return people


def causes(one, account):
    (debt,) = one.ledger.debts(account)
    assert sum(cause.amount for cause in debt.causes) + debt.overdraft == debt.amount
    return [cause.event for cause in debt.causes]


def test_a_refund_excluded_itself_gives_nothing_back_whatever_becomes_of_the_payment(market):
    ana, bob, cyn = market
    paid = cyn.ledger.pay("bob", 10)
    settle(market)
    back = bob.ledger.refund(paid)
    bob.ledger.pay("ana", 10)
    settle(market)
    ana.exclude(paid)
    assert causes(ana, "bob") == [], "counted, it would be given back"
    ana.exclude(back)
    assert causes(ana, "bob") == [paid]


def test_nor_does_a_refund_by_a_delegation_that_does_not_count(market):
    ana, bob, cyn = market
    paid, leave = cyn.ledger.pay("bob", 10), bob.ledger.delegate("ana")
    settle(market)
    ana.ledger.refund(paid)
    bob.ledger.pay("ana", 10)
    settle(market)
    ana.exclude(paid)
    assert causes(ana, "bob") == [], "counted, it would be given back"
    ana.exclude(leave)
    assert causes(ana, "bob") == [paid]


def test_a_payment_that_never_counted_here_is_told_of_at_once(market):
    ana, bob, cyn = market
    bob.ledger.pay("cyn", 4)
    settle(market)
    ana.ban(cyn.did)
    paid = cyn.ledger.pay("bob", 3)
    settle(market)
    assert causes(ana, "bob") == [paid]
    assert [line.counts for line in ana.ledger.statement("bob")] == [True, False]
    assert len(ana.ledger.why("bob").data.debt.causes) == 1
    assert ana.ledger.statement("bob") == ana.under(ana.policy).ledger.statement("bob")
    ana.write("note/text", "nothing to do with money")
    assert not ana._log.views.lags("ledger", ana._log.source)
    assert not ana.verify().problems


def test_a_ground_is_found_without_a_walk_where_the_chain_stood_on_it_before(market, monkeypatch):
    """What was named long ago costs no more than what was named yesterday."""
    walked = []
    walk = grounds.has_ancestor

    def counted(graph, xs, y):
        walked.append(y)
        return walk(graph, xs, y)

    monkeypatch.setattr(grounds, "has_ancestor", counted)
    cyn = market[2]
    for number in range(5):
        cyn.ledger.pay("bob", 1)
        cyn.write("note/text", number)
        settle(market)
    assert len(walked) == len(market), "once in each store"


def test_heads_give_way_to_what_counts_below_a_stretch_of_what_leaned(market):
    ana, bob, _ = market
    leave = ana.ledger.delegate("bob")
    settle(market)
    for _ in range(4):
        bob.ledger.pay("cyn", 1, payer="ana")
    settle(market)
    log = ana._log
    said = ana.exclude(leave, private=True)
    for undo in (lambda: ana.withdraw(said), lambda: None):
        ids = log.store.ids_at(range(1, log.store.next_row))
        counted = [row for row, id in enumerate(ids, 1) if log.judging.judge.counts(id)]
        assert set(log.tips.exact()) == maximal(log.store.graph(), counted)
        undo()
