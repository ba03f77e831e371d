"""Disputes at the front door: brought, answered, listed, and read as others have them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import tallystick
from tallystick.errors import BadInput, NotFound


@dataclass
class Street:
    """Ana, Bob, Cy and Eve hold one log; Eve sold something; nobody heeds anybody yet."""

    ana: tallystick.Replica
    bob: tallystick.Replica
    cy: tallystick.Replica
    eve: tallystick.Replica
    sale: str

    def meet(self) -> None:
        """Everybody gets everything."""
        for _ in range(2):
            for one in (self.bob, self.cy, self.eve):
                one.sync(self.ana)


@pytest.fixture
def street(tmp_path: Path) -> Street:
    ana, bob, cy, eve = (
        tallystick.open(tmp_path / name, create=True, name=name)
        for name in ("ana", "bob", "cy", "eve")
    )
    ana.create_log("market")
    eve.sync(ana)
    sale = eve.write("market/sale", {"what": "bread"})
    found = Street(ana, bob, cy, eve, sale)
    found.meet()
    for other in (bob, cy, eve):
        ana.name_actor(other.did, other.name or "")
    return found


def only(found: list) -> object:
    (one,) = found
    return one


def test_a_dispute_is_open_until_somebody_heeded_answers_it(street: Street) -> None:
    """Its parts are read back as they were said; the answer of a stranger is none."""
    proof = street.bob.write("market/photo", {"of": "an empty shelf"})
    said = street.bob.dispute(
        street.sale, "never sent", remedy="refund", evidence=[proof, street.sale], answer_by=1_000
    )
    street.bob.uphold(said.id)
    street.meet()
    found = only(street.ana.disputes())
    assert (found.id, found.by, found.event) == (said.id, street.bob.did, street.sale)
    assert (found.claim, found.remedy, found.answer_by) == ("never sent", "refund", 1_000)
    assert set(found.evidence) == {proof, street.sale}
    assert (found.status, found.tally, found.votes, found.answered) == ("open", 0, (), False)
    street.ana.adopt(street.bob.did)
    found = only(street.ana.disputes())
    assert (found.status, found.tally, found.answered) == ("upheld", 1, True)
    assert found.sentence == "upheld; bob upheld it."
    assert not street.ana.show(street.sale).counts
    street.meet()
    assert only(street.cy.disputes()).status == "open"
    assert only(street.cy.disputes(as_actor=street.ana.did)).status == "upheld"


def test_branches_that_differ_are_listed_and_my_word_settles_it(street: Street) -> None:
    """Each branch with its voter and weight; contested until I speak; back after a withdrawal."""
    said = street.bob.dispute(street.sale, "never sent")
    street.bob.uphold(said.id)
    street.meet()
    street.cy.dismiss(said.id)
    street.meet()
    street.ana.adopt(street.bob.did, weight=2)
    street.ana.adopt(street.cy.did, weight=2)
    found = only(street.ana.disputes())
    assert (found.status, found.contested, found.tally) == ("open", True, 0)
    assert {(vote["voter_name"], vote["answer"], vote["weight"]) for vote in found.votes} == {
        ("bob", "uphold", 2),
        ("cy", "dismiss", -2),
    }
    assert found.sentence == (
        "open, and contested; bob upheld it with weight 2, cy dismissed it with weight 2:"
        " 0 together; +1 would uphold it, -1 dismiss it."
    )
    mine = street.ana.uphold(said.id, private=True)
    found = only(street.ana.disputes())
    assert (found.status, found.contested, found.mine) == ("upheld", False, "uphold")
    assert "because you upheld it, which is final" in found.sentence
    street.ana.withdraw(mine)
    assert only(street.ana.disputes()).status == "open"


def test_a_voter_through_another_is_named_with_the_way(street: Street) -> None:
    street.bob.adopt(street.cy.did)
    street.meet()
    said = street.eve.dispute(street.sale, "a test of my own")
    street.meet()
    street.cy.dismiss(said.id)
    street.meet()
    street.ana.set_policy(max_depth=2)
    street.ana.adopt(street.bob.did, depth=1)
    found = only(street.ana.disputes())
    assert found.status == "dismissed"
    assert found.votes[0]["through"] == ["bob"]
    assert "cy through bob dismissed it" in found.sentence
    assert found.silent == ()


def test_several_disputes_about_one_event_stand_alike_and_say_who_answered_which(
    street: Street,
) -> None:
    one = street.bob.dispute(street.sale, "never sent")
    two = street.cy.dispute(street.sale, "mouldy")
    street.cy.uphold(two.id)
    street.meet()
    street.ana.adopt(street.cy.did)
    found = {each.id: each for each in street.ana.disputes(event=street.sale)}
    assert {each.status for each in found.values()} == {"upheld"}
    assert (found[one.id].answered, found[two.id].answered) == (False, True)
    assert "cy upheld another dispute about it" in found[one.id].sentence


def test_a_ban_can_be_disputed_and_equals_cannot_decide_it(street: Street) -> None:
    """Bob bans Eve; Cy, as near to Ana as Bob, upholds a dispute about it: no effect but a mark."""
    ban = street.bob.ban(street.eve.did)
    street.meet()
    said = street.eve.dispute(ban.id, "I paid")
    street.meet()
    street.cy.uphold(said.id)
    street.meet()
    street.ana.adopt(street.bob.did)
    street.ana.adopt(street.cy.did)
    found = only(street.ana.disputes(everything=True))
    assert (found.status, found.contested, found.counts) == ("open", True, False)
    assert "too far from you to count" in found.sentence
    assert street.ana.disputes() == []  # Eve is banned, so what she claims does not count
    street.ana.uphold(said.id)
    assert street.ana.standing()["banned"] == []
    assert only(street.ana.disputes()).status == "upheld"


def test_filters(street: Street) -> None:
    mine = street.bob.write("market/sale", {"what": "eggs"})
    street.meet()
    first = street.bob.dispute(street.sale, "never sent")
    second = street.cy.dispute(mine, "broken")
    street.meet()
    ids = {first.id: "first", second.id: "second"}

    def asked(**options: object) -> list[str]:
        return [ids[one.id] for one in street.ana.disputes(**options)]

    assert set(asked()) == {"first", "second"}
    assert asked(about=street.eve.did) == ["first"]
    assert [one.id for one in street.bob.disputes(about="me")] == [second.id]
    assert asked(by="cy") == ["second"]
    assert asked(event=street.sale) == ["first"]
    street.ana.dismiss(first.id)
    assert asked(status="dismissed") == ["first"]
    assert asked(status="open") == ["second"]
    street.cy.withdraw(second.id)
    street.meet()
    assert asked() == ["first"]
    assert set(asked(everything=True)) == {"first", "second"}
    with pytest.raises(BadInput) as refused:
        street.ana.disputes(status="closed")
    assert refused.value.code == "usage/argument"


def test_a_deadline_is_told_at_the_time_that_is_asked_about_and_decides_nothing(
    street: Street,
) -> None:
    said = street.bob.dispute(street.sale, answer_by=5_000)
    street.meet()
    hashes = street.ana.state_hash(), street.ana.policy.hash
    assert only(street.ana.disputes()).overdue is None
    assert only(street.ana.disputes(now=5_000)).overdue is False
    late = only(street.ana.disputes(now=5_001))
    assert (late.overdue, late.status) == (True, "open")
    assert (street.ana.state_hash(), street.ana.policy.hash) == hashes
    street.ana.dismiss(said.id)
    assert only(street.ana.disputes(now=5_001)).overdue is False


def test_what_is_no_dispute_cannot_be_answered_and_nothing_is_written(street: Street) -> None:
    before = street.ana.digest()
    with pytest.raises(BadInput) as refused:
        street.ana.uphold(street.sale)
    assert refused.value.code == "policy/target"
    with pytest.raises(NotFound):
        street.ana.dismiss("bafyreigtisfla2ugdhxenec5v7yfzagyzd6rb4zx46y5hslco47ryzvhoq")
    with pytest.raises(BadInput) as refused:
        street.ana.say(tallystick.dispute(street.sale, "quietly"), private=True)
    assert refused.value.code == "policy/target"
    with pytest.raises(BadInput) as refused:
        street.ana.dispute(street.sale, evidence=[street.sale] * 33)
    assert refused.value.code == "usage/argument"
    assert street.ana.digest() == before


def test_a_reopened_store_reads_the_same_disputes(street: Street, tmp_path: Path) -> None:
    said = street.ana.dispute(street.sale, "never sent", remedy="refund", evidence=[street.sale])
    street.ana.uphold(said.id)
    before = street.ana.disputes()
    street.ana.close()
    with tallystick.open(tmp_path / "ana") as again:
        assert again.disputes() == before


def test_a_version_knows_the_disputes_it_holds(street: Street) -> None:
    said = street.ana.dispute(street.sale, "never sent")
    then = street.ana.at(said.id)
    street.ana.dispute(street.sale, "mouldy")
    assert [one.claim for one in then.disputes()] == ["never sent"]
    assert len(street.ana.disputes()) == 2


def test_a_limit_keeps_the_oldest_and_one_is_found_beyond_it(street: Street) -> None:
    said = [street.bob.dispute(street.sale, f"claim {n}").id for n in range(4)]
    street.meet()
    ana = street.ana
    assert [one.id for one in ana.disputes()] == said
    assert [one.id for one in ana.disputes(limit=2)] == said[:2]
    assert [one.id for one in ana.disputes(limit=None)] == said
    assert [one.id for one in ana.disputes(limit=1, dispute=said[3])] == said[3:]
    for asked in (ana.disputes, ana.newcomers, ana.trust_graph, ana.graph, ana.history):
        for limit in (0, -1):
            with pytest.raises(BadInput) as refused:
                asked(limit=limit)
            assert refused.value.code == "usage/argument"
    assert len(ana.trust_graph(limit=1).people) == 1
