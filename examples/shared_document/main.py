"""A document of three: written offline by all of them, commented, vandalised, and put right.

    python examples/shared_document/main.py

Characters keep their author, and so do deletions: leaving somebody out takes out what they wrote
and brings back what they deleted, and every other word stays where it is.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import tallystick
from tallystick import Replica

TEXT = "page/body"


def main(folder: Path) -> None:
    """The whole story; ``folder`` takes everybody's store."""
    people = {
        name: tallystick.open(folder / f"{name}.tally", create=True)
        for name in ("Ana", "Ben", "Mal")
    }
    people["Ana"].create_log("page", "an invitation")
    people["Ana"].splice(TEXT, 0, 0, "Come to dinner.")
    meet(people)
    write_offline(people)
    comment(people)
    vandalise(people)
    undo(people)
    look_back(people)


def meet(people: dict[str, Replica]) -> None:
    """Everybody syncs with Ana, twice, so that what one wrote has reached all."""
    for one in [*people.values()][1:] * 2:
        one.sync(people["Ana"])


def head(text: str) -> None:
    """What happens next."""
    print(f"\n{text}")


def read(one: Replica) -> str:
    """The text in somebody's store."""
    return str(one.view(key=TEXT))


def after(one: Replica, words: str) -> int:
    """The position behind some words."""
    return read(one).index(words) + len(words)


def write_offline(people: dict[str, Replica]) -> None:
    """Three people write at once; whoever meets whom first, all read the same."""
    head("Ana, Ben and Mal write offline, and meet.")
    ana, ben, mal = people.values()
    ana.splice(TEXT, 0, 0, "Dear friends! ")
    ben.splice(TEXT, after(ben, "dinner"), 0, " on Friday at eight")
    mal.splice(TEXT, after(mal, "dinner."), 0, " Bring wine.")
    meet(people)
    assert {read(one) for one in people.values()} == {
        "Dear friends! Come to dinner on Friday at eight. Bring wine."
    }
    print(f"  {read(ana)}")


def comment(people: dict[str, Replica]) -> None:
    """Marks and comments hang from characters, not from positions."""
    head("Ben makes the day bold and asks about it; Ana writes something before it meanwhile.")
    ana, ben = people["Ana"], people["Ben"]
    start = after(ben, "on ")
    ben.mark(TEXT, start, start + 6, "bold")
    ben.mark(TEXT, start, start + 6, "comment-1", value="Or Saturday?", grows=False)
    ana.splice(TEXT, after(ana, "Dear "), 0, "old and new ")
    meet(people)
    for one in people.values():
        ((start, end, said),) = one.view(key=f"{TEXT}/comment-1")
        assert read(one)[start:end] == "Friday"
        assert one.view(key=f"{TEXT}/bold") == [(start, end, True)]
    print(f"  {read(ana)}")
    print(f'  comment on "{read(ana)[start:end]}": {said}')

    head("Who wrote what:")
    called = {one.did: name for name, one in people.items()}
    blame = [(called[run.author], run.said) for run in ana.blame(TEXT)]
    assert blame == [
        ("Ana", "Dear "), ("Ana", "old and new "), ("Ana", "friends! "), ("Ana", "Come to dinner"),
        ("Ben", " on Friday at eight"), ("Ana", "."), ("Mal", " Bring wine."),
    ]  # fmt: skip
    for name, said in blame:
        print(f"  {name}: {said!r}")


def vandalise(people: dict[str, Replica]) -> None:
    """Who is left out is left out of the whole history; what others wrote among it stays."""
    ana, ben, mal = people.values()
    head("Mal deletes half of it and writes something rude. Ben, who sees that, writes on.")
    start = after(mal, "friends! ")
    mal.splice(TEXT, start, after(mal, "eight.") - start, "Stay at home.")
    meet(people)
    print(f"  {read(ben)}")
    ben.splice(TEXT, 0, 4, "Dearest")
    meet(people)
    assert read(ana) == "Dearest old and new friends! Stay at home. Bring wine."

    head("Ana leaves Mal out. His words go, what he deleted is back, and so is the comment on it.")
    ana.ban(mal.did)
    assert read(ana) == "Dearest old and new friends! Come to dinner on Friday at eight."
    ((start, end, _),) = ana.view(key=f"{TEXT}/comment-1")
    assert read(ana)[start:end] == "Friday"
    print(f"  Ana reads: {read(ana)}")
    ben.sync(ana)
    ben.adopt(ana.did)
    assert read(ben) == read(ana)
    assert read(mal).endswith("Stay at home. Bring wine.")
    print(f"  Mal, who adopts nobody, reads: {read(mal)}")


def undo(people: dict[str, Replica]) -> None:
    """To undo is to take back one's own edits; no inverse edit is ever written."""
    head("Ana moves the dinner to Saturday and signs, as one step. Ben adds a word, Ana undoes.")
    ana, ben = people["Ana"], people["Ben"]
    steps = ana.undo_manager()
    with steps.group():
        ana.splice(TEXT, after(ana, "on "), len("Friday"), "Saturday")
        ana.splice(TEXT, after(ana, "eight."), 0, " Ana")
    meet(people)
    ben.splice(TEXT, after(ben, "dinner"), 0, " and cake")
    meet(people)
    moved = "Dearest old and new friends! Come to dinner and cake on Saturday at eight. Ana"
    assert read(ana) == moved
    print(f"  {moved}")
    assert len(steps.undo()) == 2
    back = "Dearest old and new friends! Come to dinner and cake on Friday at eight."
    assert read(ana) == back
    print(f"  {back}")
    steps.redo()
    assert read(ana) == moved
    steps.undo()
    meet(people)
    assert read(ben) == back


def look_back(people: dict[str, Replica]) -> None:
    """The history of the text, and what was done to it since it was first written."""
    ana = people["Ana"]
    called = {one.did: name for name, one in people.items()}
    head("How the invitation came about, as Ana's store tells it:")
    steps = list(ana.replay(TEXT))
    for step in steps:
        print(f"  {called[step.author]}: {step.text}")
    assert steps[0].text == "Come to dinner."
    assert steps[-1].text == read(ana)
    assert people["Mal"].did not in {step.author for step in steps}

    head("What was done to the first version of it:")
    text = steps[0].text
    for change in ana.text_diff(TEXT, steps[0].event):
        print(f"  {change.kind} {change.text!r}")
        rest = text[change.end if change.kind == "delete" else change.start :]
        text = text[: change.start] + (change.text if change.kind == "insert" else "") + rest
    assert text == read(ana)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        main(Path(home))
