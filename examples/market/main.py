"""A street market: a fraud, a chargeback, a double sale, and two quarrels, seen by five people.

    python examples/market/main.py

Six stores that sync whenever people meet. Nobody is in charge: each of the five decides whom to
heed, and the last chapter puts their answers side by side. Every line with a tick is a fact that
was checked before it was printed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from evening import five_pairs_of_eyes, why_they_differ
from stage import EUR, HOLDERS, balance, called, chapter, fact, meet, move_in, owner, says, tell

import tallystick
from tallystick import Replica

People = dict[str, Replica]


def main(folder: Path) -> None:
    """A day at the market, from morning to evening; ``folder`` takes everybody's store."""
    people = move_in(folder)
    morning(people)
    broken_lamp(people)
    mal_sells_cameras(people)
    ed_asks_for_his_money(people)
    ana_bans_mal(people)
    scribble_on_the_plan(people)
    cart_sold_twice(people)
    two_ban_each_other(people)
    three_in_a_circle(people)
    five_pairs_of_eyes(people)
    why_they_differ(people)
    for one in people.values():
        one.close()


def morning(people: People) -> None:
    """Money to begin with, and who listens to whom."""
    chapter("Morning: everybody gets 100.00 EUR, and decides whom to listen to")
    ana = people["Ana"]
    ana.ledger.create_asset(EUR, precision=2, credit="30")
    for name in HOLDERS:
        ana.ledger.issue(name, "100", EUR)

    for name in ("Ben", "Cleo", "Dora"):
        ana.adopt(name)
    people["Ben"].adopt("Ana")
    people["Dora"].adopt("Ana")
    people["Ed"].set_policy(max_depth=2)
    people["Ed"].adopt("Ana", depth=1)
    meet(people)

    tell(
        "Ana keeps the market and listens to Ben, Cleo and Dora. Ben and Dora listen to Ana. Cleo "
        "listens to nobody. Ed is new here: he listens to Ana, and to whomever she listens to."
    )
    ranks = people["Ed"].standing()["rank"]
    fact("Ed heeds Ben, whom he never named: through Ana.", holds=ranks[people["Ben"].did] == 2)
    fact(
        "Cleo heeds nobody but herself.",
        holds=list(people["Cleo"].standing()["rank"].values()) == [0],
    )


def broken_lamp(people: People) -> None:
    """The simple way to get money back: who received it returns it."""
    chapter("A broken lamp: the seller gives the money back")
    cleo, ed = people["Cleo"], people["Ed"]
    paid = ed.ledger.pay("Cleo", "12.50", EUR, memo="a lamp")
    meet(people)
    tell("Ed pays Cleo 12.50 for a lamp. It is broken, and she gives the money back.")
    fact("Cleo has 112.50.", holds=balance(cleo, "Cleo") == "112.50")
    cleo.ledger.refund(paid, memo="sorry about the lamp")
    meet(people)
    everywhere = {balance(one, "Ed") for one in people.values()}
    fact("Ed has his 100.00 again, in everybody's eyes.", holds=everywhere == {"100.00"})
    back_then = str(people["Ana"].at(paid).ledger.balance("Ed", EUR))
    fact(
        "Back when he had paid he had 87.50: every version can be read.", holds=back_then == "87.50"
    )


def mal_sells_cameras(people: People) -> None:
    """The fraud: money for nothing, spent before anybody notices."""
    chapter("A fraud: Mal sells cameras that nobody ever sees")
    people["Ed"].ledger.pay("Mal", "40", EUR, memo="a camera")
    people["Dora"].ledger.pay("Mal", "60", EUR, memo="a camera")
    meet(people)
    people["Mal"].ledger.pay("Ben", "90", EUR, memo="bread for a year")
    meet(people)
    people["Ben"].ledger.pay("Cleo", "150", EUR, memo="an oven")
    meet(people)
    tell(
        "Ed pays Mal 40 and Dora pays him 60, each for a camera. Mal pays Ben 90 for bread; Ben, "
        "rich for a moment, buys an oven from Cleo for 150."
    )
    fact("Ben has 40.00 left: 100 + 90 - 150.", holds=balance(people["Ben"], "Ben") == "40.00")


def ed_asks_for_his_money(people: People) -> None:
    """The other way to get money back: a dispute that those who know uphold."""
    chapter("A chargeback: Ed disputes his payment, and Ben agrees")
    ben, cleo, ed = people["Ben"], people["Cleo"], people["Ed"]
    payment = next(line.event for line in ed.ledger.statement("me", EUR) if line.memo == "a camera")
    dispute = ed.dispute(payment, "no camera ever came", remedy="refund")
    meet(people)
    tell("Mal does not answer. A dispute alone changes nothing:")
    says("Ana", people["Ana"].disputes()[0])
    fact("For Ana it is open, and Ed has 60.00.", holds=balance(people["Ana"], "Ed") == "60.00")

    ben.uphold(dispute.id, reason="I stood beside him")
    ed.uphold(dispute.id)
    meet(people)
    tell("Ben stood beside Ed when he paid, and upholds it. Whoever listens to Ben follows:")
    for name in ("Ana", "Ed", "Cleo"):
        says(name, people[name].disputes()[0])
    fact("For Ana Ed has 100.00 again.", holds=balance(people["Ana"], "Ed") == "100.00")
    fact("Cleo listens to nobody: for her Ed has 60.00.", holds=balance(cleo, "Ed") == "60.00")
    says("Ana", people["Ana"].why("Mal", view="ledger"))


def ana_bans_mal(people: People) -> None:
    """A ban works backwards: money that came from Mal never came, and a debt says so."""
    chapter("A ban and a debt: what Mal did no longer counts")
    ana, ben = people["Ana"], people["Ben"]
    idea = tallystick.ban("Mal", reason="sells cameras that do not exist")
    supposed = ana.what_if(idea)
    tell("Before Ana bans Mal, she asks what it would change:")
    first, *others = supposed.sentences()
    for line in (first, *sorted(others)):
        says("Ana", line.strip())
    fact("It would change what Ben and Mal have.", holds=len(supposed.changes) == 2)
    fact("Asking changed nothing.", holds=balance(ana, "Ben") == "40.00")

    ana.say(idea)
    meet(people)
    tell("She does it. What Mal paid Ben is gone for all who listen to Ana, and Ben has spent it:")
    fact("Ben has -50.00.", holds=balance(ana, "Ben") == balance(ben, "Ben") == "-50.00")
    (debt,) = (debt for debt in ana.ledger.debts() if debt.account_name == "Ben")
    says("Ana", debt.sentence)
    fact("All of it is because of Mal.", holds=[c.payers_names for c in debt.causes] == [("Mal",)])
    fact("It is more than the market advises (30.00).", holds=debt in ana.ledger.warnings())
    says("Ben", ben.why("me", view="ledger"))


def scribble_on_the_plan(people: People) -> None:
    """An exclusion that takes along what was built on it and on nothing else."""
    chapter("A cascade: a scribble on the plan of the market, and what was written over it")
    ana, cleo, ed = people["Ana"], people["Cleo"], people["Ed"]
    ana.set("pitch/gate", "Ben's bread")
    meet(people)
    scribble = cleo.set("pitch/gate", "Cleo's carts")
    meet(people)
    ed.set("pitch/gate", "Cleo's carts, open on Sunday")
    meet(people)
    tell(
        "The pitch at the gate is Ben's. Cleo writes her own name over his, and Ed, who thinks it "
        "is settled, adds when she is open."
    )
    alone = ana.what_if(tallystick.exclude(scribble))
    fact(
        "To exclude Cleo's word alone would change no value: Ed's is over it.",
        holds=not alone.changes,
    )
    ana.exclude(scribble, cascade=True, reason="the pitch is Ben's")
    meet(people)
    tell("So Ana excludes it with cascade: what was built on it, and on nothing else, goes along.")
    fact("The gate is Ben's again.", holds=ana.view(key="pitch/gate") == "Ben's bread")
    fact("Not for Cleo.", holds=cleo.view(key="pitch/gate") == "Cleo's carts, open on Sunday")
    steps = [step.text for step in ana.beliefs("pitch/gate")]
    tell(f"Ana's store remembers what it held to be there: {', then '.join(steps)}.")


def cart_sold_twice(people: People) -> None:
    """A title has one owner: who bought first holds, and the other has a claim."""
    chapter("A double sale: Cleo sells one cart to two people")
    cleo, dora, ed = people["Cleo"], people["Dora"], people["Ed"]
    cart = cleo.titles.create("cart", type="vehicle")
    cleo.titles.transfer("cart", "Ed")
    cleo.titles.transfer("cart", "Dora", over=cart)
    meet(people)
    tell("Cleo sells her cart to Ed, and then, as if she still had it, to Dora.")
    says("Dora", dora.titles.why("cart"))
    fact(
        "Ed bought first, and owns it in everybody's eyes.",
        holds={owner(one, "cart") for one in people.values()} == {"Ed"},
    )
    (claim,) = dora.titles.claims("cart")
    says("Dora", claim)
    fact(
        "Dora has a claim against Cleo.",
        holds=(claim.claimant, claim.against) == (dora.did, cleo.did),
    )
    fact("Until somebody gives in the cart is contested.", holds=ed.titles.show("cart").contested)


def two_ban_each_other(people: People) -> None:
    """Two of the same rank cannot remove each other; one word of whoever looks settles it."""
    chapter("A quarrel of two: Ben and Cleo ban each other")
    ana, ben, cleo = people["Ana"], people["Ben"], people["Cleo"]
    ben.ban("Cleo", reason="wrote over my name")
    cleo.ban("Ben", reason="shouts")
    meet(people)
    tell("Ana listens to both of them, so for her neither removes the other:")
    (clash,) = ana.contested()
    says("Ana", clash)
    fact(
        "She heeds both, and both are contested.",
        holds=_heeded(ana, "Ben", "Cleo") and _contested(ana) == {"Ben", "Cleo"},
    )
    fact(
        "For Ben Cleo is gone, and for Cleo Ben: one's own word is final.",
        holds=not ben.verdict("Cleo").included and not cleo.verdict("Ben").included,
    )
    fact("One word of Ana's would settle it.", holds=clash.settled_by_one)
    cleo.withdraw("Ben")
    meet(people)
    tell("Cleo cools down and takes hers back. Ben does not, and still he cannot remove an equal:")
    says("Ana", ana.contested()[0])
    fact(
        "For Ana Cleo is heeded, and contested.",
        holds=_heeded(ana, "Cleo") and _contested(ana) == {"Cleo"},
    )


def three_in_a_circle(people: People) -> None:
    """A circle of bans has one answer, too."""
    chapter("A quarrel of three: it goes in a circle")
    ana, cleo, dora, ed = (people[name] for name in ("Ana", "Cleo", "Dora", "Ed"))
    cleo.ban("Dora", reason="wants my cart")
    dora.ban("Ben", reason="took Cleo's side once")
    meet(people)
    tell("Ben still bans Cleo; now Cleo bans Dora, and Dora bans Ben. Ana listens to all three:")
    (clash,) = ana.contested()
    says("Ana", clash)
    fact("She heeds all three.", holds=_heeded(ana, "Ben", "Cleo", "Dora"))
    fact(
        "Ed, who knows them through Ana, sees the same.",
        holds=_contested(ed) == {"Ben", "Cleo", "Dora"},
    )
    fact("No single word would settle it all.", holds=not clash.settled_by_one)


def _heeded(one: Replica, *names: str) -> bool:
    return all(one.verdict(name).included for name in names)


def _contested(one: Replica) -> set[str]:
    return {called(one, did) for did in one.standing()["contested"]}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        main(Path(home))
