"""A key on two machines writes two histories: both are kept, and the proof convinces a third."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tallystick
from tallystick.errors import ChainError, NotFound


def two_histories(tmp_path: Path) -> tuple[tallystick.Replica, tallystick.Replica, str]:
    """Ana, and Mal whose store was copied: both copies wrote an event of their own at seq 2."""
    ana = tallystick.open(tmp_path / "ana", create=True)
    ana.create_log("shared")
    mal = tallystick.open(tmp_path / "mal", create=True)
    mal.sync(ana)
    mal.write("note/text", "first")
    mal.write("note/text", "second")
    mal.close()
    for end in ("", ".key"):
        shutil.copy(tmp_path / f"mal{end}", tmp_path / f"copy{end}")
    for path, text in (("mal", "one story"), ("copy", "another story")):
        with tallystick.open(tmp_path / path) as split:
            split.write("note/text", text)
            ana.sync(split)
    return ana, tallystick.open(tmp_path / "mal"), tallystick.open(tmp_path / "copy").did


def test_both_histories_are_kept_and_proven_to_somebody_who_has_one(tmp_path: Path) -> None:
    """Ana holds both; Cy holds the proof and one side only, and judges alike."""
    ana, mal, did = two_histories(tmp_path)
    texts = [e.content for e in ana.history(kind="note/text")]
    assert sorted(texts) == ["another story", "first", "one story", "second"]
    cy = tallystick.open(tmp_path / "cy", create=True)
    cy.sync(mal)
    proof = ana.prove_equivocation(did)
    cy.sync(ana)
    assert cy.digest() == ana.digest()
    assert cy.show(proof).void is None
    assert ana.standing(as_actor=ana.did) == cy.standing(as_actor=ana.did)


def test_the_split_key_may_not_write_on(tmp_path: Path) -> None:
    """Once a store knows of the other history it refuses to add to either."""
    ana, mal, _ = two_histories(tmp_path)
    mal.sync(ana)
    before = mal.digest()
    with pytest.raises(ChainError) as refused:
        mal.write("note/text", "more")
    assert refused.value.code == "chain/restored"
    assert mal.digest() == before == ana.digest()


def test_nothing_is_proven_of_an_honest_author(tmp_path: Path) -> None:
    """A chain without a split gives no proof."""
    ana, _, _ = two_histories(tmp_path)
    with pytest.raises(NotFound):
        ana.prove_equivocation(ana.did)
