"""A library of things: neighbours lend, sell and steal tools, and no office keeps the register.

    python examples/library_of_things/main.py

Five stores, one for each neighbour, that sync whenever two of them meet. Everything printed is
worked out from signed events; everything claimed is asserted.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import tallystick
from tallystick import Replica
from tallystick.state.title_chain import check_title_chain

NEIGHBOURS = ("Ana", "Ben", "Cy", "Di", "Mal")


def main(folder: Path) -> None:
    """The whole story; ``folder`` takes everybody's store."""
    people = move_in(folder)
    lend_and_give_back(people)
    steal(people)
    keep_what_was_bought(people)
    sell_twice(people)
    sell_in_two_histories(people, folder)
    prove(people)


def move_in(folder: Path) -> dict[str, Replica]:
    """Everybody makes a store, joins Ana's log, and calls the others by their names."""
    people = {name: tallystick.open(folder / f"{name}.tally", create=True) for name in NEIGHBOURS}
    people["Ana"].create_log("library", "tools of our street")
    meet(people)
    for one in people.values():
        for name, other in people.items():
            one.name_actor(other.did, name)
    return people


def meet(people: dict[str, Replica]) -> None:
    """Everybody syncs with Ana, and Ana's copy reaches everybody."""
    for _ in range(2):
        for name, one in people.items():
            if name != "Ana":
                one.sync(people["Ana"])


def say(who: str, text: object) -> None:
    """What somebody's store says."""
    print(f"  {who}'s store: {text}")


def head(text: str) -> None:
    """What happens next."""
    print(f"\n{text}")


def owner(one: Replica, thing: str) -> str:
    """Who owns a thing, in one neighbour's eyes."""
    did = one.titles.owner(thing)
    return "nobody" if did is None else next(n for n, key in one.names().items() if key == did)


def lend_and_give_back(people: dict[str, Replica]) -> None:
    """To lend is to pass a title on; to return is to give it back."""
    head("Ana lends Ben her ladder.")
    ana, ben = people["Ana"], people["Ben"]
    ana.titles.create("ladder", type="tool")
    ana.titles.transfer("ladder", "Ben", memo="lent until Sunday")
    meet(people)
    assert owner(people["Cy"], "ladder") == "Ben"
    say("Cy", people["Cy"].titles.why("ladder"))

    head("On Sunday Ben gives it back.")
    ben.titles.give_back("ladder", memo="thank you")
    meet(people)
    assert all(owner(one, "ladder") == "Ana" for one in people.values())
    say("Cy", people["Cy"].titles.why("ladder"))


def steal(people: dict[str, Replica]) -> None:
    """A thief sells what was lent to him; the exclusion of one loan takes back all of it."""
    head("Mal borrows Ana's drill, sells it to Cy, and is gone. Cy sells it on to Di.")
    ana, cy, di = people["Ana"], people["Cy"], people["Di"]
    ana.titles.create("drill", type="tool")
    loan = ana.titles.transfer("drill", "Mal", memo="lent until Monday")
    meet(people)
    people["Mal"].titles.transfer("drill", "Cy", memo="paid 40")
    meet(people)
    cy.titles.transfer("drill", "Di", memo="paid 45")
    meet(people)
    assert owner(ana, "drill") == "Di"

    head("Ana no longer heeds Mal, and takes the loan back. The others adopt what Ana says.")
    ana.ban("Mal", reason="sold my drill")
    ana.exclude(loan, reason="it was a loan")
    for name in ("Ben", "Cy", "Di"):
        people[name].adopt("Ana")
    meet(people)
    assert owner(ana, "drill") == owner(cy, "drill") == owner(di, "drill") == "Ana"
    say("Ana", ana.titles.why("drill"))
    claims = di.titles.claims("drill")
    assert [(c.claimant, c.against) for c in claims] == [
        (cy.did, people["Mal"].did),
        (di.did, cy.did),
    ]
    for claim in claims:
        say("Di", claim)

    head("Mal adopts nobody. His store disagrees, and that changes nothing for anybody else.")
    assert owner(people["Mal"], "drill") == "Di"
    say("Mal", people["Mal"].titles.why("drill"))


def keep_what_was_bought(people: dict[str, Replica]) -> None:
    """Restitution is each viewer's rule: Ben holds that who bought in good faith keeps."""
    head("Ben's rule for tools is to keep: who bought from somebody honest need not give it back.")
    ana, ben, di = people["Ana"], people["Ben"], people["Di"]
    ben.set_policy(restitution={"tool": "keep"})
    assert owner(ben, "drill") == "Di"
    assert owner(ana, "drill") == "Ana"
    say("Ben", ben.titles.why("drill"))
    (claim,) = ben.titles.claims("drill", of="Ana")
    assert claim.reason == "kept"
    say("Ben", claim)

    head("The street's rule is to return, and Ben goes back to it.")
    ben.set_policy(restitution={"tool": "return"})
    assert owner(ben, "drill") == owner(di, "drill") == "Ana"
    assert ben.titles.claims("drill", against="Cy")

    head("Ana finds that she was wrong about all of it, and withdraws. Everything is as it was.")
    ana.withdraw("Mal")
    for statement in [s for s in ana.history(kind="trust/exclude") if s.author == ana.did]:
        ana.withdraw(statement.id)
    meet(people)
    assert owner(ana, "drill") == owner(di, "drill") == "Di"
    assert not ana.titles.claims("drill")
    say("Ana", ana.titles.why("drill"))


def sell_twice(people: dict[str, Replica]) -> None:
    """Of two buyers the one who bought first holds; between them they can settle it."""
    head("Ben sells his bike to Cy, and the day after to Di as well.")
    ben, cy, di = people["Ben"], people["Cy"], people["Di"]
    bike = ben.titles.create("bike", type="vehicle")
    ben.titles.transfer("bike", "Cy", memo="paid 200")
    ben.titles.transfer("bike", "Di", memo="paid 250", over=bike)
    meet(people)
    assert all(owner(one, "bike") == "Cy" for one in people.values())
    assert di.titles.show("bike").contested
    say("Di", di.titles.why("bike"))
    (claim,) = di.titles.claims("bike")
    assert (claim.claimant, claim.against, claim.reason) == (di.did, ben.did, "sold-twice")
    say("Di", claim)

    head("Ben pays Di back, and Di passes what she has of the bike to Cy. It is settled.")
    di.titles.transfer("bike", "Cy", memo="Ben paid me back")
    meet(people)
    assert not any(one.titles.show("bike").contested for one in people.values())
    assert owner(cy, "bike") == "Cy"
    assert cy.titles.claims("bike") == []
    say("Cy", cy.titles.why("bike"))


def sell_in_two_histories(people: dict[str, Replica], folder: Path) -> None:
    """Who copies a store and sells in both copies is found out, and nobody holds the thing."""
    head("Mal copies his store, sells his trailer to Ben from one copy, to Di from the other.")
    people["Mal"].titles.create("trailer", type="vehicle")
    meet(people)
    people["Mal"].close()
    for ending in ("", ".key"):
        shutil.copy(folder / f"Mal.tally{ending}", folder / f"Other.tally{ending}")
    people["Mal"] = tallystick.open(folder / "Mal.tally")
    with tallystick.open(folder / "Other.tally") as other:
        people["Mal"].titles.transfer("trailer", "Ben")
        other.titles.transfer("trailer", "Di")
        people["Ben"].sync(people["Mal"])
        people["Di"].sync(other)
    assert (owner(people["Ben"], "trailer"), owner(people["Di"], "trailer")) == ("Ben", "Di")
    for name in ("Ben", "Di"):
        say(name, people[name].titles.why("trailer"))

    head("Then Ben and Di meet.")
    people["Ben"].sync(people["Di"])
    assert owner(people["Ben"], "trailer") == owner(people["Di"], "trailer") == "nobody"
    say("Ben", people["Ben"].titles.why("trailer"))
    claims = people["Ben"].titles.claims("trailer")
    assert {claim.reason for claim in claims} == {"two-histories"}
    assert len(claims) == 2
    for claim in claims:
        say("Ben", claim)


def prove(people: dict[str, Replica]) -> None:
    """A chain of title convinces somebody who has no store and trusts no one."""
    head("Di shows a buyer from another street where her drill comes from.")
    file = people["Di"].titles.prove("drill")
    chain = check_title_chain(file)
    assert chain.owner == people["Di"].did
    for op in chain.line:
        print(f"  signed by {called(people, op.by)}: to {called(people, op.to)}")
    print("  Every signature was checked against the file alone.")


def called(people: dict[str, Replica], did: str) -> str:
    """A neighbour's name."""
    return next(name for name, one in people.items() if one.did == did)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        main(Path(home))
