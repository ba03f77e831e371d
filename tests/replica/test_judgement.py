"""Sentences of judgement that only whole replicas can break: several logs, secrets, proofs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tallystick
from tallystick.event.ids import parse_cid


@pytest.fixture
def pair(tmp_path: Path):
    """Ana and Mallory, who hold one log."""
    for name in ("ana", "mal"):
        (tmp_path / name).mkdir()
    with (
        tallystick.open(tmp_path / "ana" / "ana.tally", create=True, name="ana") as ana,
        tallystick.open(tmp_path / "mal" / "mal.tally", create=True, name="mal") as mal,
    ):
        ana.create_log("street")
        mal.sync(ana)
        yield ana, mal


def test_a_word_in_one_log_is_none_in_another(pair) -> None:
    ana, mal = pair
    first = ana.logs()[0].id
    second = ana.create_log("garden")
    mal.sync(ana, log=second)
    for log in (first, second):
        mal.bind(parse_cid(log))
        mal.write("note", {"n": 1})
        ana.sync(mal, log=log)
    ana.bind(parse_cid(first))
    ana.ban(mal.did)
    assert not ana.history(kind="note")[0].counts
    ana.bind(parse_cid(second))
    assert ana.history(kind="note")[0].counts
    assert ana.verdict(mal.did).included
    assert ana.policy.statements == ()


def test_a_private_word_is_in_no_chain_bundle_or_file(tmp_path: Path, pair) -> None:
    """About the same slot it beats the public one, and nobody else sees more than that one."""
    ana, mal = pair
    mal.write("note", {"n": 1})
    ana.sync(mal)
    ana.allow(mal.did)
    events = len(ana.history())
    said = ana.ban(mal.did, private=True, reason="a very secret reason")
    assert not ana.verdict(mal.did).included
    assert len(ana.history()) == events
    assert ana.as_seen_by(ana.did).verdict(mal.did).included, "as published"
    ana.export(tmp_path / "out.bundle")
    ana.export_car(tmp_path / "out.car")
    for file in (tmp_path / "out.bundle", tmp_path / "out.car"):
        raw = file.read_bytes()
        assert b"very secret" not in raw
    mal.sync(ana)
    assert said.id not in {event.id for event in mal.history()}
    assert mal.as_seen_by(ana.did).verdict(mal.did).included


def test_a_proof_of_two_histories_works_though_it_is_excluded(tmp_path: Path, pair) -> None:
    """Whoever holds one side and the proof knows of the split, whatever they say of the proof."""
    ana, mal = pair
    before = mal.path.parent
    shutil.copytree(before, tmp_path / "twin")
    mal.write("note", {"side": "left"})
    with tallystick.open(tmp_path / "twin" / mal.path.name) as twin:
        twin.write("note", {"side": "right"})
        ana.sync(mal)
        ana.sync(twin)
    proof = ana.prove_equivocation(mal.did)
    ana.set_policy(fork_rule="none")
    assert not any(one.counts for one in ana.history(kind="note"))
    ana.exclude(proof)
    assert not ana.show(proof).counts
    assert not any(one.counts for one in ana.history(kind="note"))
