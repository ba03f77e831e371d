"""A todo list of three people, and what its history answers that nobody thought of at the time.

    python examples/todo/main.py

Three stores. First the last write wins; then the list gets another rule, and is read anew from the
same events; then somebody asks what was done and undone again, long after the fact.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tallystick
from tallystick import FoldEvent, Replica

SET = 1
"""The op that writes a register (spec/ops.md)."""


class Todo:
    """A todo: for both fields the last write wins."""

    title: str
    done: bool = False


def main(folder: Path) -> None:
    """The whole story; ``folder`` takes everybody's store."""
    people = {
        name: tallystick.open(folder / f"{name}.tally", create=True)
        for name in ("Ana", "Ben", "Cleo")
    }
    people["Ana"].create_log("todos", "what is to be done in our flat")
    meet(people)
    write_offline(people)
    last_write_wins(people)
    another_rule(people)
    report(people)


def meet(people: dict[str, Replica]) -> None:
    """Everybody syncs with Ana, twice, so that what one wrote has reached all."""
    for one in [*people.values()][1:] * 2:
        one.sync(people["Ana"])


def head(text: str) -> None:
    """What happens next."""
    print(f"\n{text}")


def write_offline(people: dict[str, Replica]) -> None:
    """Each writes in a store of their own; nobody waits for anybody."""
    head("Ana writes the list. All three tick things off, each without the others.")
    lists = {name: one.collection("todos", Todo) for name, one in people.items()}
    for title in ("milk", "rent", "window"):
        lists["Ana"].add(title, title=title)
    meet(people)
    lists["Ben"].upsert("milk", {"done": True})
    lists["Cleo"].upsert("rent", {"done": True})
    lists["Ana"].upsert("window", {"done": True, "title": "window in the kitchen"})
    meet(people)

    head("Ben finds the milk sour and unticks it. Cleo unticks the rent, and ticks it again.")
    lists["Ben"].upsert("milk", {"done": False})
    lists["Cleo"].upsert("rent", {"done": False})
    lists["Cleo"].upsert("rent", {"done": True})
    meet(people)
    assert len({one.digest() for one in people.values()}) == 1


def last_write_wins(people: dict[str, Replica]) -> None:
    """The rule of the collection, in everybody's store alike."""
    head("The last write wins:")
    for one in people.values():
        found = {todo["id"]: todo["done"] for todo in one.collection("todos", Todo)}
        assert found == {"milk": False, "rent": True, "window": True}
    for todo in people["Cleo"].collection("todos", Todo):
        print(f"  {todo['title']}: {'done' if todo['done'] else 'to do'}")


def writes(event: FoldEvent) -> Iterator[tuple[list[str], Any]]:
    """(place, value) of the registers that an edit writes."""
    _, ops = event.frame
    for (verb, place, *_), value in zip(ops, event.content or [None] * len(ops), strict=True):
        if verb == SET:
            yield place, value


@tallystick.fold(kinds="record/edit")
def completed(state: dict[str, bool], event: FoldEvent) -> None:
    """The other rule: what was done once is done, whatever anybody writes afterwards."""
    for place, value in writes(event):
        if place[0] == "todos" and place[2] == "done":
            state[place[1]] = state.get(place[1], False) or bool(value)


def another_rule(people: dict[str, Replica]) -> None:
    """No event is written, none is changed: the same history is read under another rule."""
    head("They agree: what was done once stays done. The same events, read anew:")
    before = people["Ana"].digest()
    for one in people.values():
        assert one.view(completed) == {"milk": True, "rent": True, "window": True}
    assert people["Ana"].digest() == before
    for title, done in sorted(people["Cleo"].view(completed).items()):
        print(f"  {title}: {'done' if done else 'to do'}")

    head("Ben's ticks were a joke, and Ana leaves him out. Under either rule nobody bought milk.")
    ana = people["Ana"]
    ana.ban(people["Ben"].did)
    assert ana.view(completed) == {"rent": True, "window": True}
    milk = ana.collection("todos", Todo).get("milk")
    assert milk == {"id": "milk", "title": "milk", "done": False}
    ana.allow(people["Ben"].did)
    assert ana.view(completed) == {"milk": True, "rent": True, "window": True}


@tallystick.fold(kinds="record/edit")
def churn(state: dict[str, dict[str, int]], event: FoldEvent) -> None:
    """Per person: how often they ticked something off, and how often they took that back."""
    for place, value in writes(event):
        if place[0] == "todos" and place[2] == "done":
            of = state.setdefault(event.author, {"ticked": 0, "unticked": 0})
            of["ticked" if value else "unticked"] += 1


def report(people: dict[str, Replica]) -> None:
    """A question that nobody had when the list was written; the history has the answer."""
    head("A year later somebody asks how often things were ticked off and unticked again.")
    found = people["Cleo"].view(churn)
    for name, one in people.items():
        of = found[one.did]
        print(f"  {name}: ticked {of['ticked']}, unticked {of['unticked']}")
    assert found[people["Ben"].did] == {"ticked": 1, "unticked": 1}
    assert found[people["Cleo"].did] == {"ticked": 2, "unticked": 1}
    total = Counter[str]()
    for of in found.values():
        total.update(of)
    assert total == {"ticked": 4, "unticked": 2}

    head("And what happened to the rent, step by step:")
    called = {one.did: name for name, one in people.items()}
    steps = people["Ben"].collection("todos", Todo).history("rent")
    for step in steps:
        print(f"  {called[step['author']]} {step['what']}  ({step['place']})")
    assert [step["what"] for step in steps if step["place"].endswith("done")] == [
        "set it to true", "set it to false", "set it to true",
    ]  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        main(Path(home))
