"""The policy: whom a viewer heeds, as a document with canonical bytes and therefore a hash.

    Policy ──bytes()──► DAG-CBOR map ──SHA-256──► hash: stands on every answer given under it

Law: two policies with the same bytes give the same verdicts over the same events; whatever moves a
verdict and is not in the log is in these bytes. Words (reasons) are not.

Reads: statement, kernels (codec), limits. Read by: judge, replica, state (the hash only).
Source: spec/policy.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.kernels import Link, decode_item, encode_item
from tallystick.limits import DIGEST_BYTES, POLICY_BYTES_MAX, UINT_MAX
from tallystick.policy.statement import (
    EVENT,
    SLOT,
    Statement,
    holding,
    parse_statement,
    statement_frame,
)

Bytes = bytes
"""The type, where a class has a method of that name."""
VERSION: Final = 1
STANCES: Final = ("open", "invited")
RETURN: Final = "return"
KEEP: Final = "keep"
RESTITUTIONS: Final = (RETURN, KEEP)
_FORK_RULE: Final = re.compile(r"both|prefix|none|side:[0-9a-f]{64}")
DEFAULT_THRESHOLD: Final = 1
DEFAULT_DEPTH: Final = 1


@dataclass(frozen=True)
class Policy:
    """A viewer's statements that hold, and the parameters they are read with.

    Args:
        viewer: actor whose policy it is; rank 0, and never banned.
        log: id of the genesis event.
        stance: ``open``: heeded unless banned; ``invited``: heeded when trusted and not banned.
        threshold: weight at which a tally bans or excludes, >= 1.
        max_depth: greatest adoption distance, >= 0.
        fork_rule: what counts of an equivocating author: ``both``, ``prefix``, ``none``, or
            ``side:<hex>`` (of that side's author; ``both`` for other authors).
        restitution: asset type -> ``return`` (default) or ``keep``; read by ownership.
        erasers: actors whose erase statements are accepted; read by erasure.
        statements: the viewer's opinions that hold, public and private, in their order.

    Raises:
        BadInput: policy/parameter, policy/target.
    """

    viewer: bytes
    log: bytes
    stance: str = "open"
    threshold: int = DEFAULT_THRESHOLD
    max_depth: int = DEFAULT_DEPTH
    fork_rule: str = "both"
    restitution: Mapping[str, str] = field(default_factory=dict)
    erasers: tuple[bytes, ...] = ()
    statements: tuple[Statement, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "restitution", dict(sorted(self.restitution.items())))
        object.__setattr__(self, "erasers", tuple(sorted(set(self.erasers))))
        ordered = tuple(sorted(set(self.statements), key=lambda s: s.order))
        object.__setattr__(self, "statements", ordered)
        self._check()

    def _check(self) -> None:
        for name, value in (("viewer", self.viewer), ("log", self.log)):
            _need(_is_digest(value), name, "32 bytes", value)
        _need(self.stance in STANCES, "stance", " or ".join(STANCES), self.stance)
        _need(_is_uint(self.threshold, 1), "threshold", "an integer of at least 1", self.threshold)
        _need(_is_uint(self.max_depth, 0), "max_depth", "an integer of at least 0", self.max_depth)
        _need(
            _is_text(self.fork_rule) and _FORK_RULE.fullmatch(self.fork_rule) is not None,
            "fork_rule",
            "both, prefix, none or side:<64 hex digits>",
            self.fork_rule,
        )
        for asset, rule in self.restitution.items():
            fits = _is_text(asset) and rule in RESTITUTIONS
            _need(fits, "restitution", "asset type -> return or keep", (asset, rule))
        for eraser in self.erasers:
            _need(_is_digest(eraser), "erasers", "actors of 32 bytes", eraser)
        for s in self.statements:
            mine = not s.private or s.voter == self.viewer
            if not mine or SLOT.get(s.verb, EVENT + 1) > EVENT:
                raise BadInput(
                    "policy/target",
                    expected="an opinion (ban, allow, adopt, exclude, include...) of the viewer",
                    got=f"{s.verb} by {s.voter.hex()}",
                )

    def bytes(self) -> Bytes:
        """Canonical bytes; ``from_bytes`` gives the policy back, its reasons left out."""
        return self._bytes

    @cached_property
    def _bytes(self) -> Bytes:
        return encode_item(
            {
                "version": VERSION,
                "viewer": self.viewer,
                "log": Link(self.log),
                "stance": self.stance,
                "threshold": self.threshold,
                "max_depth": self.max_depth,
                "fork_rule": self.fork_rule,
                "restitution": dict(self.restitution),
                "erasers": list(self.erasers),
                "statements": [
                    [s.id, s.voter, s.lamport, s.seq, s.private, *statement_frame(s)]
                    for s in self.statements
                ],
            }
        )

    @cached_property
    def hash(self) -> Bytes:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self._bytes).digest()

    @classmethod
    def from_bytes(cls, data: Bytes) -> Policy:
        """The policy a document holds.

        Raises:
            BadInput: policy/document for anything that would not come out of ``bytes()``,
                policy/parameter and policy/target as the constructor.
        """
        if len(data) > POLICY_BYTES_MAX:
            raise BadInput(
                "policy/document", expected=f"at most {POLICY_BYTES_MAX} bytes", got=len(data)
            )
        try:
            item = decode_item(data)
        except BadInput as error:
            raise BadInput("policy/document", where=error.where, got=error.code) from error
        policy = _from_item(item)
        if policy.bytes() != data:
            raise BadInput("policy/document", expected="canonical bytes")
        return policy

    def is_akin(self, other: Policy) -> bool:
        """Whether the two differ in statements alone: one viewer, the same parameters."""
        return replace(self, statements=()) == replace(other, statements=())

    def with_statements(self, statements: tuple[Statement, ...]) -> Policy:
        """The same parameters over other statements (reduced to those that hold)."""
        return replace(self, statements=holding(statements))


def _is_digest(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == DIGEST_BYTES


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _need(fits: bool, name: str, expected: str, got: object) -> None:  # noqa: FBT001 - a check
    if not fits:
        raise BadInput("policy/parameter", where=name, expected=expected, got=repr(got))


def _is_uint(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= UINT_MAX


def _from_item(item: object) -> Policy:
    names = set(Policy.__dataclass_fields__) | {"version"}
    if not isinstance(item, dict) or set(item) != names or item["version"] != VERSION:
        raise BadInput("policy/document", expected=f"a map of {sorted(names)}, version {VERSION}")
    known: dict[str, Any] = {name: value for name, value in item.items() if name != "version"}
    log, rows = known["log"], known["statements"]
    if not isinstance(log, Link) or not isinstance(rows, list):
        raise BadInput("policy/document", expected="a link and a list", where="log, statements")
    known["log"] = log.digest
    known["statements"] = tuple(_statement(row) for row in rows)
    if not isinstance(known["restitution"], dict) or not isinstance(known["erasers"], list):
        raise BadInput("policy/document", where="restitution, erasers")
    if not all(isinstance(eraser, bytes) for eraser in known["erasers"]):
        raise BadInput("policy/document", where="erasers")
    return Policy(**known)


def _statement(row: object) -> Statement:
    if not isinstance(row, list) or len(row) != 7:
        raise BadInput("policy/document", where="statements", expected="rows of seven")
    id, key, lamport, seq, private, kind, frame = row
    fits = _is_digest(id) and _is_digest(key) and _is_uint(seq, 0) and _is_uint(lamport, 0)
    if not (fits and isinstance(private, bool) and isinstance(kind, str)):
        raise BadInput("policy/document", where="statements", got=repr(row))
    if not isinstance(frame, bytes):
        raise BadInput("policy/document", where="statements", got=repr(frame))
    parsed = parse_statement(kind, frame, id=id, voter=key, seq=seq)
    if isinstance(parsed, str):
        raise BadInput("policy/document", where="statements", got=parsed)
    return parsed._replace(private=private, lamport=lamport)
