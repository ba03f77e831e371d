"""spec/vectors/statements.json and policy.json against the policy room, and against the oracle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.model.policy_oracle import Oracle

from tallystick.errors import BadInput
from tallystick.policy import (
    CutEntry,
    Judge,
    Policy,
    Statement,
    parse_statement,
    private_id,
    statement_frame,
)
from tallystick.policy.dispute import Case, cases
from tallystick.testing.world import Event, World

SPEC = Path(__file__).resolve().parents[2] / "spec"
WORLDS = json.loads((SPEC / "vectors" / "policy.json").read_text(encoding="utf-8"))["worlds"]
ID, VOTER = b"i" * 32, b"v" * 32


def cut_of(rows: list) -> tuple[CutEntry, ...]:
    return tuple(CutEntry(bytes.fromhex(a), seq, bytes.fromhex(id)) for a, seq, id in rows)


def test_good_frames_say_what_is_written_and_are_written_so(vectors):
    for row in vectors("statements")["good"]:
        kind, frame = row["kind"], bytes.fromhex(row["frame"])
        fields = dict(row["fields"])
        for name in ("cut", "as_of"):
            if name in fields:
                fields[name] = cut_of(fields[name])
        if "dispute" in fields:
            fields["dispute"] = bytes.fromhex(fields["dispute"])
        if "evidence" in fields:
            fields["evidence"] = tuple(map(bytes.fromhex, fields["evidence"]))
        verb, target = kind.removeprefix("trust/"), bytes.fromhex(row["target"])
        expected = Statement(ID, VOTER, 1, verb, target, **fields)
        assert parse_statement(kind, frame, id=ID, voter=VOTER, seq=1) == expected
        assert statement_frame(expected) == (kind, frame)


def test_void_frames_have_their_code(vectors):
    for row in vectors("statements")["void"]:
        frame = bytes.fromhex(row["frame"])
        assert parse_statement(row["kind"], frame, id=ID, voter=VOTER, seq=1) == row["code"], row


def test_private_ids(vectors):
    private = vectors("statements")["private"]
    for number, id in private["ids"].items():
        assert private_id(bytes.fromhex(private["viewer"]), int(number)).hex() == id


def test_documents_and_their_hashes(vectors):
    for row in vectors("policy")["documents"]["good"]:
        policy = Policy.from_bytes(bytes.fromhex(row["bytes"]))
        assert policy.bytes().hex() == row["bytes"]
        assert policy.hash.hex() == row["hash"]


def test_documents_that_are_no_policy_have_their_code(vectors):
    for row in vectors("policy")["documents"]["refused"]:
        with pytest.raises(BadInput) as caught:
            Policy.from_bytes(bytes.fromhex(row["bytes"]))
        assert caught.value.code == row["code"], row


def named(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def build(rows: list[dict]) -> World:
    """The world some rows describe."""
    world, last, placed = World(), {}, {}
    for row in rows:
        author, prev = row["author"], row.get("prev", last.get(row["author"]))
        seq = placed[prev][1] + 1 if prev else 0
        statement = None
        if row["kind"].startswith("trust/"):
            statement = statement_of(row, seq, placed)
        world.add(
            Event(
                named(row["id"]),
                named(author),
                seq,
                named(prev) if prev else b"",
                row["kind"],
                row.get("void"),
                tuple(named(ground) for ground in row.get("grounds", ())),
                statement,
                tuple(named(below) for below in row.get("over", ())),
            )
        )
        last[author] = row["id"]
        placed[row["id"]] = (author, seq)
    return world


def statement_of(row: dict, seq: int, placed: dict) -> Statement:
    verb, more = row["kind"].removeprefix("trust/"), {}
    for name in ("weight", "depth", "scope", "cascade"):
        if name in row:
            more[name] = row[name]
    if "dispute" in row:
        more["dispute"] = named(row["dispute"])
    for name in ("cut", "as_of"):
        if name in row:
            entries = [(*placed.get(id, (row["target"], 0)), id) for id in row[name]]
            more[name] = tuple(sorted(CutEntry(named(a), n, named(id)) for a, n, id in entries))
    return Statement(
        named(row["id"]), named(row["author"]), seq, verb, named(row["target"]), **more
    )


@pytest.mark.parametrize("row", WORLDS, ids=lambda row: row["name"])
def test_worlds_come_to_what_was_found_by_hand(row):
    world = build(row["events"])
    parameters = dict(row["policy"])
    if parameters.get("fork_rule", "").startswith("side:"):
        parameters["fork_rule"] = "side:" + named(parameters["fork_rule"][5:]).hex()
    mine = tuple(s for s in world.statements if s.voter == named("me"))
    policy = Policy(named("me"), named("genesis"), **parameters).with_statements(mine)
    judge = Judge(policy, world, world.statements, world.equivocations)
    oracle = Oracle(policy, world.events, world.equivocations)

    standing, expected = judge.standing(), row["standing"]
    assert standing.rank == {named(a): rank for a, rank in expected["rank"].items()}
    assert set(standing.banned) == {named(a) for a in expected["banned"]}
    assert set(standing.contested) == {named(a) for a in expected["contested"]}
    assert oracle.standing() == (
        standing.rank,
        set(standing.banned),
        set(standing.contested),
    )
    out = {named(id): reason for id, reason in row["does_not_count"].items()}
    for event in world.events:
        verdict = judge.event_verdict(event.id)
        assert verdict.included == (event.id not in out)
        assert verdict.included == judge.counts(event.id) == oracle.counts(event.id)
        if event.id in out:
            assert verdict.reason == out[event.id]
    found = cases(judge, world, world.statements)
    assert [
        (case.dispute.id, case.matter.status, case.matter.tally, *marks_of(case)) for case in found
    ] == [
        (named(one["id"]), *(one[name] for name in ("status", "tally", *MARKS)))
        for one in row["disputes"]
    ]


MARKS = ("answered", "contested", "withdrawn")


def marks_of(case: Case) -> tuple[bool, ...]:
    return case.answered, case.matter.contested, case.withdrawn
