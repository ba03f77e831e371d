"""A shopping cart on two devices of one person, and her flatmate's.

    python examples/shopping_cart/main.py

What is in the cart is a set, how many of each is a counter: adding while somebody else removes, and
counting on two devices at once, come out as people mean them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import tallystick
from tallystick import Replica
from tallystick.fields import Counter, Set


class Cart:
    """What is in it, and how many of some things."""

    items: Set[str]
    apples: Counter
    eggs: Counter


def main(folder: Path) -> None:
    """The whole story; ``folder`` takes the stores."""
    devices = {
        name: tallystick.open(folder / f"{name}.tally", create=True)
        for name in ("phone", "laptop", "Ben")
    }
    devices["phone"].create_log("cart", "what we buy on Saturday")
    meet(devices)
    link(devices)
    fill(devices)
    add_while_others_remove(devices)
    take_back(devices)
    leave_out(devices)


def meet(devices: dict[str, Replica]) -> None:
    """Everybody syncs with the phone, twice, so that what one wrote has reached all."""
    for one in [*devices.values()][1:] * 2:
        one.sync(devices["phone"])


def head(text: str) -> None:
    """What happens next."""
    print(f"\n{text}")


def cart(one: Replica) -> dict[str, object]:
    """The cart as a device reads it."""
    found = one.collection("cart", Cart).get("saturday")
    assert found is not None
    return {name: value for name, value in found.items() if name != "id"}


def same(devices: dict[str, Replica], items: list[str], apples: int, eggs: int) -> None:
    """That all devices read this, once they have met."""
    meet(devices)
    for name, one in devices.items():
        found = cart(one)
        assert found == {"items": items, "apples": apples, "eggs": eggs}, (name, found)
    print(f"  {', '.join(items)}; {apples} apples, {eggs} eggs")


def link(devices: dict[str, Replica]) -> None:
    """Two keys that name each other are one person."""
    head("Ana has a phone and a laptop, each with a key of its own: she says that both are hers.")
    phone, laptop, ben = devices.values()
    phone.link_key(laptop.did)
    laptop.link_key(phone.did)
    meet(devices)
    ben.name_actor(phone.did, "Ana")


def fill(devices: dict[str, Replica]) -> None:
    """Counters add up, whoever counts where."""
    head("Ana begins on the phone. Then she, on both devices, and Ben add to it, all offline.")
    phone, laptop, ben = devices.values()
    phone.collection("cart", Cart).add("saturday", items=["bread"], apples=1)
    meet(devices)
    for one, item, apples, eggs in (
        (phone, "butter", 2, 0),
        (laptop, "cheese", 3, 6),
        (ben, "wine", 4, 6),
    ):
        with one.collection("cart", Cart).edit("saturday") as edit:
            edit.items.add(item)
            edit.apples.add(apples)
            if eggs:
                edit.eggs.add(eggs)
    same(devices, ["wine", "bread", "butter", "cheese"], 10, 12)


def add_while_others_remove(devices: dict[str, Replica]) -> None:
    """An add wins over a remove that had not seen it; a remove that had seen it takes it out."""
    head("Ben removes the wine on his way; Ana, who does not know, adds it once more. It stays.")
    _, laptop, ben = devices.values()
    for one, act in ((ben, "remove"), (laptop, "add")):
        with one.collection("cart", Cart).edit("saturday") as edit:
            getattr(edit.items, act)("wine")
    same(devices, ["wine", "bread", "butter", "cheese"], 10, 12)

    head("Both remove the cheese, and it is gone; Ben, who has seen both, removes the wine, too.")
    for one in (laptop, ben):
        with one.collection("cart", Cart).edit("saturday") as edit:
            edit.items.remove("cheese")
    meet(devices)
    with ben.collection("cart", Cart).edit("saturday") as edit:
        edit.items.remove("wine")
    same(devices, ["bread", "butter"], 10, 12)


def take_back(devices: dict[str, Replica]) -> None:
    """What one device wrote can be taken back on the other: it is one person's."""
    head("On the laptop Ana takes back what the phone added: two apples, and the butter.")
    phone, laptop, ben = devices.values()
    added = [event for event in laptop.history(kind="record/edit") if event.author == phone.did]
    taken = laptop.retract(added[-1].id)
    same(devices, ["bread"], 8, 12)

    head("And restores it on the phone.")
    phone.restore(added[-1].id)
    same(devices, ["bread", "butter"], 10, 12)
    assert taken.id in {event.id for event in ben.history()}


def leave_out(devices: dict[str, Replica]) -> None:
    """To leave out a person is to leave out all of their devices."""
    head("Ben pays for himself alone, and leaves Ana out: both of her devices, and her removals.")
    ben = devices["Ben"]
    ben.ban("Ana", private=True)
    assert ben.collection("cart", Cart).get("saturday") is None, "it was Ana who began the cart"
    mine = {place: value for place, value in ben.view().items() if place.startswith("cart/")}
    assert mine == {"cart/saturday/apples": 4, "cart/saturday/eggs": 6}
    print(
        f"  Ben pays for {mine['cart/saturday/apples']} apples, {mine['cart/saturday/eggs']} eggs"
    )
    assert cart(devices["laptop"]) == {"items": ["bread", "butter"], "apples": 10, "eggs": 12}
    ben.allow("Ana", private=True)
    same(devices, ["bread", "butter"], 10, 12)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        main(Path(home))
