"""Statements: what people say about people and events, as values and as frames of `trust/*` events.

    slot        verbs                               about   what the latest one does
    standing    ban, allow                          actor   do not heed / heed
    adoption    adopt                               actor   let the actor's statements count for me
    event       exclude, include, uphold, dismiss   event   does not count / counts
    own event   retract, restore                    event   undo / redo, by the same actor
    -           withdraw                            trust event of mine: as if never made
    -           dispute                             event; a claim, without effect of its own
    -           key (`actor/key`)                   another key of mine: we are one actor
    -           repair (`actor/repair`)             the side of a split chain of mine that counts

Law: a statement is all in its frame; only reasons and claims in words are content, and they are
no part of a statement's identity. Two frames that mean the same are the same bytes: optional keys
are left out at their default, and a frame that writes a default out is void.

Reads: kernels (codec), limits, scope. Read by: policy, judge, replica.
Source: spec/statements.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final, NamedTuple

from tallystick.errors import BadInput
from tallystick.kernels import Link, decode_item, encode_item
from tallystick.limits import DIGEST_BYTES, EVIDENCE_MAX, UINT_MAX, WEIGHT_MAX
from tallystick.policy.scope import ANY, covers, is_scope

STANDING: Final = 0
ADOPTION: Final = 1
EVENT: Final = 2
OWN: Final = 3
NO_SLOT: Final = 4

SLOT: Final[Mapping[str, int]] = {
    "ban": STANDING,
    "allow": STANDING,
    "adopt": ADOPTION,
    "exclude": EVENT,
    "include": EVENT,
    "uphold": EVENT,
    "dismiss": EVENT,
    "retract": OWN,
    "restore": OWN,
    "withdraw": NO_SLOT,
    "dispute": NO_SLOT,
    "key": NO_SLOT,
    "repair": NO_SLOT,
}
"""Verb -> slot; the keys are all verbs there are."""
AGAINST: Final = frozenset({"ban", "exclude", "uphold"})
"""Verbs whose vote is positive in a tally: at the threshold the target does not count."""
_ROOM: Final = {"key": "actor/", "repair": "actor/"}
ACTOR_KINDS: Final = ("actor/key", "actor/repair")
"""Kinds that say which keys are one actor's, and which side of its split chain counts."""
NEVER_RETRACTED: Final = ("ledger/", "title/", "actor/", "trust/", "proof/", "log/")
"""These have ways back of their own: refund, give back, dispute, withdraw."""


class CutEntry(NamedTuple):
    """One event of a cut; it stands for itself and its ancestors in its own chain."""

    author: bytes
    seq: int
    id: bytes


Cut = tuple[CutEntry, ...]


class Statement(NamedTuple):
    """One statement as the judge reads it (a tuple: a log holds hundreds of thousands).

    Args:
        id: event id; of a private statement ``private_id(viewer, counter)``.
        voter: author key of who says it.
        seq: its place in the voter's chain; a private statement's counter.
        verb: a key of ``SLOT``.
        target: actor (32-byte key) or event id, as the verb's slot says.
        scope: kinds it is about: a kind, ``prefix/*`` or ``*``.
        cut: of a ban: these events and their ancestors are spared; None spares nothing.
        weight, depth, as_of: of an adoption; ``as_of`` None reads all the actor says.
        dispute: of uphold and dismiss, the dispute they answer.
        remedy, evidence, answer_by: of a dispute: what is asked for, events that speak for it, and
            until when (claimed milliseconds) an answer is hoped for; none of them moves a verdict.
        reason: words, or a dispute's claim; no part of identity.
        lamport: of the event that carries it: what orders the words of two keys of one actor; 0 of
            a private statement.
    """

    id: bytes
    voter: bytes
    seq: int
    verb: str
    target: bytes
    scope: str = ANY
    cut: Cut | None = None
    weight: int = 1
    depth: int = 0
    as_of: Cut | None = None
    cascade: bool = False
    private: bool = False
    reason: str | None = None
    dispute: bytes | None = None
    remedy: str | None = None
    evidence: tuple[bytes, ...] = ()
    answer_by: int | None = None
    lamport: int = 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Statement):
            return NotImplemented
        return self.id == other.id and tuple(self._replace(reason=None)) == tuple(
            other._replace(reason=None)
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def kind(self) -> str:
        """Kind of the event that carries it."""
        return f"{_ROOM.get(self.verb, 'trust/')}{self.verb}"

    @property
    def order(self) -> tuple[bool, int, bytes, int, bytes]:
        """*Later* among statements of one actor: canonical order, then private by counter.

        Of one key this is the order of its chain.
        """
        return (self.private, self.lamport, self.voter, self.seq, self.id)


def private_id(viewer: bytes, counter: int) -> bytes:
    """Id of the viewer's private statement number ``counter`` (never in a chain or proof)."""
    return hashlib.sha256(b"tallystick/private/1" + viewer + counter.to_bytes(8, "big")).digest()


# --- frames -------------------------------------------------------------------------------------

_ACTOR_KEYS: Final = {"ban": {"cut"}, "allow": set[str](), "adopt": {"weight", "depth", "as_of"}}
_NAMED_AS: Final = {"withdraw": "statement", "repair": "side"}
_EVENT_KEYS: Final = {
    "exclude": ("cascade",),
    "include": ("cascade",),
    "dispute": ("remedy", "evidence", "answer_by"),
}


def parse_statement(
    kind: str, frame_bytes: bytes, *, id: bytes, voter: bytes, seq: int
) -> Statement | str:
    """The statement a ``trust/*`` event makes, or the code of why the event is void.

    Looks at the frame alone; ``check_target`` looks at what it names. Never raises for bad bytes.
    """
    _, _, verb = kind.partition("/")
    if verb not in SLOT or kind != f"{_ROOM.get(verb, 'trust/')}{verb}":
        return "void/frame"
    try:
        frame = decode_item(frame_bytes) if frame_bytes else None
    except BadInput:
        return "void/frame"
    if not isinstance(frame, dict):
        return "void/frame"
    known: dict[str, Any] = {"id": id, "voter": voter, "seq": seq, "verb": verb}
    try:
        known |= _fields(verb, dict(frame))
    except _Void as void:
        return void.code
    return Statement(**known)


class _Void(Exception):
    def __init__(self, code: str) -> None:
        self.code = code


def _fields(verb: str, frame: dict[str, Any]) -> dict[str, Any]:
    """Statement fields out of a decoded frame; unknown keys and written-out defaults are void."""
    out: dict[str, Any] = {}
    if verb in _ACTOR_KEYS:
        out["target"] = _bytes32(frame.pop("actor", None))
        out |= {name: _FIELDS[name](frame.pop(name)) for name in _ACTOR_KEYS[verb] if name in frame}
    elif verb == "key":
        out["target"] = _bytes32(frame.pop("key", None))
    elif verb in _NAMED_AS:
        out["target"] = _digest(frame.pop(_NAMED_AS[verb], None))
    else:
        out["target"] = _digest(frame.pop("event", None))
        if verb in ("uphold", "dismiss"):
            out["dispute"] = _digest(frame.pop("dispute", None))
        for name in _EVENT_KEYS.get(verb, ()):
            if name in frame:
                out[name] = _FIELDS[name](frame.pop(name))
    if "scope" in frame and verb in ("ban", "allow", "adopt", "exclude", "include"):
        out["scope"] = _scope(frame.pop("scope"))
    if frame:
        raise _Void("void/frame")
    return out


def _bytes32(value: object) -> bytes:
    if not isinstance(value, bytes) or len(value) != DIGEST_BYTES:
        raise _Void("void/frame")
    return value


def _digest(value: object) -> bytes:
    if not isinstance(value, Link):
        raise _Void("void/frame")
    return value.digest


def _scope(value: object) -> str:
    if not isinstance(value, str) or value == ANY or not is_scope(value):
        raise _Void("void/frame")
    return value


def _uint(value: object, *, default: int | None, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value == default:
        raise _Void("void/frame")
    if not 0 <= value <= most:
        raise _Void("void/value")
    return value


def _cut(value: object) -> Cut:
    """Entries sorted by (author, seq, id), none twice."""
    if not isinstance(value, list):
        raise _Void("void/frame")
    entries = []
    for item in value:
        if not isinstance(item, list) or len(item) != 3:
            raise _Void("void/frame")
        author, seq, event = item
        entries.append(
            CutEntry(_bytes32(author), _uint(seq, default=None, most=UINT_MAX), _digest(event))
        )
    if any(a >= b for a, b in pairwise(entries)):
        raise _Void("void/frame")
    return tuple(entries)


def _full_cut(value: object) -> Cut:
    """A cut that spares nothing is a ban without one, and is written so."""
    cut = _cut(value)
    if not cut:
        raise _Void("void/frame")
    return cut


def _evidence(value: object) -> tuple[bytes, ...]:
    """Links sorted by digest, none twice; a dispute without evidence leaves the key out."""
    if not isinstance(value, list) or not value:
        raise _Void("void/frame")
    ids = tuple(_digest(item) for item in value)
    if any(a >= b for a, b in pairwise(ids)):
        raise _Void("void/frame")
    if len(ids) > EVIDENCE_MAX:
        raise _Void("void/value")
    return ids


def _true(value: object) -> bool:
    if value is not True:
        raise _Void("void/frame")
    return True


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _Void("void/frame")
    return value


_FIELDS: Final[dict[str, Any]] = {
    "cut": _full_cut,
    "as_of": _cut,
    "weight": lambda value: _uint(value, default=1, most=WEIGHT_MAX),
    "depth": lambda value: _uint(value, default=0, most=UINT_MAX),
    "cascade": _true,
    "remedy": _text,
    "evidence": _evidence,
    "answer_by": lambda value: _uint(value, default=None, most=UINT_MAX),
}


def statement_frame(statement: Statement) -> tuple[str, bytes]:
    """Kind and canonical frame of a statement; ``parse_statement`` gives it back."""
    s = statement
    frame: dict[str, Any] = {}
    if s.verb in _ACTOR_KEYS:
        frame["actor"] = s.target
    elif s.verb == "key":
        frame["key"] = s.target
    else:
        frame[_NAMED_AS.get(s.verb, "event")] = Link(s.target)
    for name, default in (("cut", None), ("weight", 1), ("depth", 0), ("as_of", None)):
        value = getattr(s, name)
        if value != default:
            frame[name] = _cut_item(value) if name in ("cut", "as_of") else value
    if s.scope != ANY:
        frame["scope"] = s.scope
    if s.cascade:
        frame["cascade"] = True
    if s.dispute is not None:
        frame["dispute"] = Link(s.dispute)
    if s.remedy is not None:
        frame["remedy"] = s.remedy
    if s.evidence:
        frame["evidence"] = [Link(id) for id in s.evidence]
    if s.answer_by is not None:
        frame["answer_by"] = s.answer_by
    return s.kind, encode_item(frame)


def _cut_item(cut: Cut) -> list[list[object]]:
    return [[author, seq, Link(event)] for author, seq, event in cut]


def check_target(verb: str, *, same_key: bool, target_kind: str) -> str | None:
    """Void code of a statement whose target stands in its past, or None.

    Whether two keys are one actor's is an opinion, so it makes nothing void: what is not one's own
    has no effect.

    Args:
        same_key: whether the target's author is the key that speaks.
        target_kind: the target's kind.
    """
    if verb in ("retract", "restore"):
        return None if is_retractable(target_kind) else "void/target"
    if verb == "withdraw":
        return None if is_withdrawable(target_kind) else "void/target"
    if verb == "repair":
        return "void/target" if same_key else None
    return None


def is_retractable(kind: str) -> bool:
    """Whether events of this kind can be undone by their own author."""
    return not kind.startswith(NEVER_RETRACTED)


def is_withdrawable(kind: str) -> bool:
    """Whether events of this kind are statements that can be taken back."""
    return kind.startswith("trust/") and kind != "trust/withdraw"


def holding(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Of all one voter ever said, the opinions that hold somewhere, sorted: what a policy keeps.

    Left out: what was withdrawn, what a later one of the same slot replaces in every scope it
    had, and all that is no opinion, which is read from the log.
    """
    spoken = sorted({s.id: s for s in statements}.values(), key=lambda s: s.order)
    withdrawn = {s.target for s in spoken if s.verb == "withdraw"}
    opinions = [s for s in spoken if SLOT[s.verb] <= EVENT and s.id not in withdrawn]
    doubtful = {s.target for s in opinions if SLOT[s.verb] == EVENT}
    kept: list[Statement] = []
    later: dict[tuple[int, bytes], list[str]] = {}
    for s in reversed(opinions):
        scopes = later.setdefault((SLOT[s.verb], s.target), [])
        if not any(covers(scope, s.scope) for scope in scopes):
            kept.append(s)
            if s.id not in doubtful:  # what my own word excludes replaces nothing
                scopes.append(s.scope)
    return tuple(reversed(kept))
