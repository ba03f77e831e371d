"""Events that stand on others: read once, void or not for everyone, counting only on what counts.

The kinds here are this test's own, so that the way of any such kind is seen by itself.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from tests.model.replica_world import settle, world

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import parse_did_key
from tallystick.kernels import Link, decode_item, encode_item
from tallystick.replica import kinds
from tallystick.replica.facts import LogFacts
from tallystick.replica.writing import Row
from tallystick.state import ledger
from tallystick.state.grounds import GroundRule

OFFER, DEAL = "market/offer", "market/deal"


def read(_author, frame):
    try:
        named = decode_item(frame)
    except BadInput:
        return "void/frame"
    if not isinstance(named, list) or not all(isinstance(one, Link) for one in named):
        return "void/frame"
    return tuple(one.digest for one in named)


def check(_deed, named):
    return None if all(one.kind in (OFFER, DEAL) for one in named) else "void/ground"


@pytest.fixture(autouse=True)
def deals(monkeypatch):
    monkeypatch.setattr(kinds, "GROUND_RULES", {DEAL: GroundRule(read, check)})


def deal(who, *grounds, past=True):
    digests = [parse_cid(one) for one in grounds]
    rows = [who._store.row_of(one) for one in digests] if past else []
    names = tuple(row for row in rows if row is not None)
    frame = encode_item([Link(one) for one in digests])
    return who._append([Row(DEAL, frame=frame, names=names)])[0]


def counts(who, id):
    return who.verdict(id).included


def test_it_counts_only_while_all_it_stands_on_does():
    ana, bob, cyn = world(3)
    offer = bob.write(OFFER, "a bicycle")
    settle([ana, bob, cyn])
    first = deal(cyn, offer)
    second = deal(cyn, first)
    settle([ana, bob, cyn])
    assert counts(ana, second)
    ana.exclude(offer)
    assert [counts(ana, one) for one in (offer, first, second)] == [False] * 3
    assert ana.verdict(second).reason == "ungrounded"
    ana.include(offer)
    assert [counts(ana, one) for one in (offer, first, second)] == [True] * 3
    other = bob.write(OFFER, "a tandem")
    settle([ana, bob, cyn])
    first = deal(cyn, other)
    second = deal(cyn, offer, first)
    settle([ana, bob, cyn])
    ban = ana.ban(bob.did)
    assert [counts(ana, one) for one in (offer, other, first, second)] == [True] + [False] * 3
    third = deal(cyn, other, first)
    settle([ana, bob, cyn])
    assert not counts(ana, third), "it comes while the ban holds"
    assert counts(cyn, third)
    ana.withdraw(ban)
    assert [counts(ana, one) for one in (offer, first, second, third)] == [True] * 4
    assert not ana.verify().problems


def test_what_is_not_in_its_past_is_no_ground():
    ana, bob = world(2)
    offer = bob.write(OFFER, "a bicycle")
    ana.write("note/post", "written before the offer came")
    void = deal(ana, offer, past=False)
    settle([ana, bob])
    note = bob.write("note/post", "no offer")
    wrong = deal(bob, note)
    settle([ana, bob])
    for who in (ana, bob):
        for id in (void, wrong):
            verdict = who.verdict(id)
            assert (verdict.included, verdict.reason) == (False, "void")
        assert who.show(void).void == "void/ground"
        assert not who.verify().problems


def test_of_neighbours_with_one_ground_only_the_good_ones_are_alike(monkeypatch):
    monkeypatch.setattr(kinds, "GROUND_RULES", ledger.GROUND_RULES)
    ana, bob, cyn = world(3)
    euro, hour = ana.ledger.create_asset("EUR"), ana.ledger.create_asset("HOUR")

    def pay(asset, amount, payer=bob):
        fields = {"from": parse_did_key(payer.did), "to": parse_did_key(cyn.did)}
        frame = encode_item(fields | {"asset": Link(parse_cid(asset)), "amount": amount})
        return Row(ledger.TRANSFER, frame=frame)

    def write(*rows):
        return [cid_text(id) for id in bob._log.append(rows)[0]]

    early = write(pay(euro, 1), pay(euro, 2))
    bob.sync(ana)
    good = write(pay(euro, 3), pay(euro, 4), pay(hour, 5))
    wrong = write(pay(good[0], 6), pay(euro, 0), pay(euro, 9, payer=ana), pay(euro, 9, payer=cyn))
    good += write(pay(euro, 7), pay(hour, 8))
    settle([ana, bob, cyn])
    for who in (ana, bob, cyn):
        assert [who.show(id).void for id in early] == ["void/ground"] * 2
        assert [who.show(id).void for id in good] == [None] * 5
        codes = ["void/asset", "void/value", "void/payer", "void/value"]
        assert [who.show(id).void for id in wrong] == codes
        assert who.ledger.balance(cyn.did, "EUR") == Decimal("0.14")
        assert not who.verify().problems
    ana.exclude(hour)
    assert [counts(ana, id) for id in good] == [True, True, False, True, False]


def test_a_frame_that_names_nothing_readable_is_void():
    (ana,) = world(1)
    frame = encode_item("nothing")
    with pytest.raises(BadInput):
        ana.write(DEAL, frame="nothing")
    ((id,), _) = ana._log.append([Row(DEAL, frame=frame)])  # past the door that refuses it
    id = cid_text(id)
    on_void = deal(ana, id)
    assert [ana.show(one).void for one in (id, on_void)] == ["void/frame", "void/ground"]


def test_what_arrives_is_not_asked_one_by_one_while_somebody_is_banned(monkeypatch):
    ana, bob, cyn = world(3)
    offer = bob.write(OFFER, "a bicycle")
    settle([ana, bob, cyn])
    ana.ban(bob.did)
    cyn.write_many([("note/post", number) for number in range(50)])
    for _ in range(5):
        deal(cyn, cyn.write(OFFER, "mine"))
    late = deal(cyn, offer)
    asked: list[bytes] = []
    grounds = LogFacts.grounds
    monkeypatch.setattr(
        LogFacts, "grounds", lambda facts, id: asked.append(id) or grounds(facts, id)
    )
    ana.sync(cyn)
    assert set(asked) == {parse_cid(late)}, "only what stands on something that does not count"
    assert not counts(ana, late)


def naive(counted, grounds):
    """Whether events count when what they stand on does, by looking again and again."""
    good = dict(counted)
    moved = True
    while moved:
        moved = False
        for id, named in grounds.items():
            if good[id] and not all(good[one] for one in named):
                good[id], moved = False, True
    return good


@pytest.mark.parametrize("seed", range(12))
def test_random_worlds_agree_with_looking_again(seed):
    random = Random(seed)
    people = world(3)
    ana = people[0]
    grounds: dict[str, list[str]] = {}
    authors: dict[str, str] = {}
    banned: set[str] = set()
    words: dict[str, bool] = {}
    for _ in range(40):
        who = random.choice(people)
        known = [id for id in grounds if who._store.row_of(parse_cid(id)) is not None]
        act = random.random()
        if act < 0.25 or not known:
            id = who.write(OFFER, random.random())
            grounds[id], authors[id] = [], who.did
        elif act < 0.6:
            named = sorted(set(random.choices(known, k=random.randrange(1, 4))))
            id = deal(who, *named)
            grounds[id], authors[id] = named, who.did
        elif act < 0.75:
            who.sync(random.choice(people)) if random.random() < 0.5 else settle(people)
        elif act < 0.88:
            other = random.choice(people[1:]).did
            (ana.allow if other in banned else ana.ban)(other, private=True)
            banned ^= {other}
        else:
            mine = [id for id in known if ana._store.row_of(parse_cid(id)) is not None]
            if mine:
                id = random.choice(mine)
                words[id] = not words.get(id, True)
                (ana.include if words[id] else ana.exclude)(id, private=True)
    settle(people)
    plain = {id: words.get(id, authors[id] not in banned) for id in grounds}
    expected = naive(plain, grounds)
    assert {id: counts(ana, id) for id in grounds} == expected
    assert not ana.verify().problems
