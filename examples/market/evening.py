"""The end of the day: what each of the five sees, side by side, and why they differ."""

from __future__ import annotations

from collections.abc import Callable

from stage import EVERYBODY, HOLDERS, balance, chapter, fact, owner, says, table, tell

from tallystick import Replica

People = dict[str, Replica]
Answer = Callable[[Replica, str], str]
COLUMNS = ("", *(f"for {name}" for name in HOLDERS))
BEN_HAS = ("-50.00", "-50.00", "40.00", "100.00", "-50.00")
"""In the eyes of the five, in their order."""


def five_pairs_of_eyes(people: People) -> None:
    """Five stores hold the same events, and answer as their owners' policies have it."""
    chapter("Evening: the same events, through five pairs of eyes")
    fact(
        "All stores hold the same events.",
        holds=len({one.digest() for one in people.values()}) == 1,
    )
    eyes = [people[name] for name in HOLDERS]
    _show("What everybody has, in EUR (below zero: owes)", eyes, balance)
    _show("Who is heeded (?: contested)", eyes, _standing)
    things = [
        ("the cart is of", [owner(one, "cart") for one in eyes]),
        ("Ed's dispute is", [one.disputes()[0].status for one in eyes]),
        ("at the gate is", [str(one.view(key="pitch/gate")).partition("'")[0] for one in eyes]),
    ]
    table("Things", COLUMNS, [(what, *answers) for what, answers in things])
    print()
    fact(
        "What is held less what is owed is what was issued: for all five.",
        holds=all(map(_adds_up, eyes)),
    )
    fact(
        "Ben has 40.00, 100.00 or owes 50.00.",
        holds=tuple(balance(one, "Ben") for one in eyes) == BEN_HAS,
    )
    for name in HOLDERS:
        seen = people["Ed"].as_seen_by(name, max_depth=2 if name == "Ed" else 1)
        theirs = people[name].state_hash("ledger")
        assert seen.state_hash("ledger") == theirs, name
    tell("Nothing of this is secret: from what people published Ed's store works out all five.")


def why_they_differ(people: People) -> None:
    """Every answer can say what it rests on."""
    chapter("Why: what has Ben?")
    for name in HOLDERS:
        says(name, people[name].why("Ben", view="ledger"))

    chapter("Why: whose is the cart, and who has a claim?")
    for name in ("Ana", "Ben"):
        says(name, people[name].titles.why("cart"))
        for claim in sorted(people[name].titles.claims("cart"), key=lambda one: one.sentence):
            says(name, claim)
    fact(
        "Ben does not heed Cleo, so there is no cart.",
        holds=owner(people["Ben"], "cart") == "nobody",
    )

    chapter("Who agrees?")
    ana = people["Ana"]
    asked = ana.poll("Mal", among=HOLDERS)
    for answer in asked.answers:
        tell(f"  {', '.join(who['name'] for who in answer.who)}: Mal is {answer.text}.")
    turn = asked.turns_on[0]
    fact("It turns on Ana's ban.", holds=(turn["voter"], turn["verb"]) == (ana.did, "ban"))
    fact("Without it four of the five would heed him.", holds=turn["moves"] == 4)

    differ = ana.compare("me", "Cleo", view="ledger")
    table(
        "Where Ana and Cleo differ",
        ("", "for Ana", "for Cleo"),
        sorted((one.what, one.a_text, one.b_text) for one in differ.values),
    )
    print()
    fact("Ana and Cleo differ on four balances.", holds=len(differ.values) == 4)
    reasons = {
        (why["author_name"], why["counts_for"]) for one in differ.values for why in one.because
    }
    fact(
        "They differ because of payments by Mal and Ed, which only Cleo counts, and by Dora, "
        "which only Ana counts.",
        holds=reasons == {("Mal", "b"), ("Ed", "b"), ("Dora", "a")},
    )


def _show(title: str, eyes: list[Replica], answer: Answer) -> None:
    """A table: a line for each person spoken of, a column for each who looks."""
    table(title, COLUMNS, [(name, *(answer(one, name) for one in eyes)) for name in EVERYBODY])


def _standing(one: Replica, name: str) -> str:
    """How somebody stands for the owner of a store."""
    verdict = one.verdict(name)
    return ("yes" if verdict.included else "no") + ("?" if verdict.contested else "")


def _adds_up(one: Replica) -> bool:
    """Whether positive balances less debts are what was issued."""
    return sum(line.balance for line in one.ledger.balances()) == one.ledger.assets()[0].issued
