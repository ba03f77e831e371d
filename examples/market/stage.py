"""The street and how it is told: everybody's store, their meetings, facts and tables.

Every ``fact`` is printed only if it holds; otherwise the story ends there, with exit code 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import tallystick
from tallystick import Replica

HOLDERS = ("Ana", "Ben", "Cleo", "Dora", "Ed")
"""Those whose eyes the story looks through. Mal has a stall, too."""
EVERYBODY = (*HOLDERS, "Mal")
EUR = "EUR"
WIDTH = 96


def move_in(folder: Path) -> dict[str, Replica]:
    """Everybody makes a store, joins Ana's log, and calls the others by their names."""
    people = {name: tallystick.open(folder / f"{name}.tally", create=True) for name in EVERYBODY}
    people["Ana"].create_log("market", "what is bought and sold in our street")
    meet(people)
    for one in people.values():
        for name, other in people.items():
            one.name_actor(other.did, name)
    return people


def meet(people: dict[str, Replica]) -> None:
    """Everybody syncs with Ana, twice, so that what one wrote has reached all."""
    for _ in range(2):
        for name, one in people.items():
            if name != "Ana":
                one.sync(people["Ana"])


def chapter(title: str) -> None:
    """A heading."""
    print(f"\n{title}\n{'-' * len(title)}")


def tell(text: str) -> None:
    """What happens."""
    print(fill(text, WIDTH))


def says(name: str, answer: object) -> None:
    """What somebody's store answers, word for word."""
    print(fill(f"{name}'s store: {answer}", WIDTH, initial_indent="  ", subsequent_indent="    "))


def fact(claim: str, *, holds: bool) -> None:
    """A claim about the street; the story goes on only if it is true."""
    if not holds:
        raise SystemExit(f"This should be so, and is not: {claim}")
    print(fill(f"✓ {claim}", WIDTH, initial_indent="  ", subsequent_indent="    "))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table with a line for each row, the first column to the left."""
    cells = [[str(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(columns))]
    print(f"\n  {title}")
    for place, row in enumerate(cells):
        first, *others = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"    {'   '.join((first, *others))}".rstrip())
        if place == 0:
            print(f"    {'   '.join('-' * width for width in widths)}")


def balance(one: Replica, whose: str) -> str:
    """What somebody has, in the eyes of one store."""
    return str(one.ledger.balance(whose, EUR))


def owner(one: Replica, thing: str) -> str:
    """Who owns a thing, in the eyes of one store."""
    did = one.titles.owner(thing)
    return "nobody" if did is None else called(one, did)


def called(one: Replica, did: str) -> str:
    """A person's name."""
    return next(name for name, key in one.names().items() if key == did)
