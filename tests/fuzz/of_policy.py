"""Targets of trust: statements in frames, policy documents, and what a policy makes of a log."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from tests.fuzz.engine import Target, refusal
from tests.fuzz.seeds import community, hexes, vectors
from tests.model.replica_world import key_of

from tallystick.errors import CODES, BadInput, TallyError
from tallystick.kernels import Link, encode_item
from tallystick.policy.policy import Policy
from tallystick.policy.statement import SLOT, holding, parse_statement, statement_frame
from tallystick.replica.replica import Replica

KINDS = (*(f"trust/{verb}" for verb in SLOT), "trust/", "trust/vote", "note")
ID, VOTER = bytes(32), bytes([7]) * 32


def statement(data: bytes) -> str:
    """``kind(1) frame``: a statement that writes the same frame, or a void code."""
    kind = KINDS[data[0] % len(KINDS)] if data else KINDS[0]
    found = parse_statement(kind, data[1:], id=ID, voter=VOTER, seq=3)
    if isinstance(found, str):
        assert found in CODES
        return found
    assert statement_frame(found) == (kind, data[1:])
    assert all(isinstance(one, type(found)) for one in holding([found, found]))
    return f"ok {found.verb}"


def policy(data: bytes) -> str:
    """A document whose policy has the same bytes, and so one hash; or a code."""
    try:
        found = Policy.from_bytes(data)
    except BadInput as error:
        return refusal(error, data)
    assert found.bytes() == data
    assert found.hash == sha256(data).digest()
    assert found.with_statements(found.statements).viewer == found.viewer
    return f"ok {found.stance} {min(len(found.statements), 2)}"


@cache
def _replica() -> Replica:
    return community()[1]


def verdicts(data: bytes) -> str:
    """A document from anywhere, read over a real log: an answer, twice the same, or a code."""
    try:
        found = Policy.from_bytes(data)
    except BadInput as error:
        return refusal(error, data)
    answers = []
    for _ in range(2):
        try:
            reading = _replica().under(found)
            answers.append((reading.state_hash(), reading.standing()))
        except TallyError as error:
            answers.append(refusal(error, data))
    assert answers[0] == answers[1]
    return "ok" if isinstance(answers[0], tuple) else str(answers[0])


# --- seeds --------------------------------------------------------------------------------------


def _statements() -> list[bytes]:
    return [
        bytes((KINDS.index(one["kind"]) if one["kind"] in KINDS else 0,))
        + bytes.fromhex(one["frame"])
        for name in ("good", "void")
        for one in vectors("statements")[name]
    ]


def _documents() -> list[bytes]:
    return [*hexes(vectors("policy")["documents"], "bytes"), _replica().policy.bytes()]


def _judged() -> list[bytes]:
    """Documents about people and events of the log they are read over."""
    own = _replica().policy
    events = [statement.target for statement in own.statements]
    rows = [
        [sha256(bytes([n])).digest(), n, False, f"trust/{verb}", encode_item({field: value})]
        for n, (verb, field, value) in enumerate(
            [
                ("ban", "actor", key_of(0).public),
                ("adopt", "actor", key_of(0).public),
                *(("exclude", "event", Link(one)) for one in events[:2]),
            ]
        )
    ]
    found = []
    for stance, rule in (("open", "both"), ("invited", "prefix"), ("open", "none")):
        item = {
            "version": 1, "viewer": own.viewer, "log": Link(own.log), "stance": stance,
            "threshold": 1, "max_depth": 2, "fork_rule": rule, "restitution": {}, "erasers": [],
            "statements": rows,
        }  # fmt: skip
        found.append(encode_item(item))
    return [own.bytes(), *found]


TARGETS = (
    Target("statement", statement, _statements, "bytes"),
    Target("policy", policy, _documents, "item"),
    Target("verdicts", verdicts, _judged, "item", ci_runs=60, states=True),
)
