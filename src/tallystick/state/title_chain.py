"""A chain of title as a file: every transfer with a proof that a stranger checks offline.

    {"format", "log", "title", "holds", "policy", "owner", "ops": [op, ...]}
    op     proof     c2sp.org/tlog-proof: the event's header under a head its author signed
           frame     what it does; it and ``seal`` open the commitment in the header
           counts    the maker's verdict, and why

What a check shows: who signed which transfer, over which one, and that each seller was the owner
named before. It cannot show what was left out: a head covers a chain, not what else its author
sold. Which transfers count is the maker's word.

**Law:** what ``check_title_chain`` lets pass was signed by the keys it names, in a file of whatever
origin; a changed byte of a signed part is found.

Reads: chain.event_proof, event, state.titles. Read by: replica.titles, cli.
Source: spec/titles.md, "Chain of title".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.chain.event_proof import check_event_proof
from tallystick.errors import BadInput, VerificationError
from tallystick.event.body import SKELETON_SEAL_BYTES, opens_skeleton, opens_whole
from tallystick.event.event import read_part
from tallystick.event.header import Header
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key
from tallystick.limits import SEED_BYTES, TITLE_CHAIN_BYTES_MAX
from tallystick.state.titles import KINDS, Created, Passed, TitleOp, check_over, parse_title

FORMAT: Final = "tallystick/title-chain/1"


@dataclass(frozen=True, slots=True)
class ShownOp:
    """One op as a maker hands it in.

    Args:
        proof: an ``event_proof``.
        frame, seal: of the event; ``seal`` is the seed where ``content`` is given.
        counts, why: the maker's verdict, and why in words.
    """

    proof: bytes
    frame: bytes
    seal: bytes
    content: bytes | None
    counts: bool
    why: str


@dataclass(frozen=True, slots=True)
class ProvenOp:
    """One op that a check has let pass. Ids and keys as text.

    Args:
        by, to: who signed it, and whom it names as owner.
        over: the op it is over; None for the create.
        name: what its content calls the thing, where that is here.
        time: milliseconds since 1970, as claimed.
        head_size: events of the chain that the head covers.
        counts, why: the maker's word.
    """

    event: str
    kind: str
    by: str
    to: str
    over: str | None
    name: str | None
    time: int
    seq: int
    head_size: int
    counts: bool
    why: str


@dataclass(frozen=True, slots=True)
class ProvenChain:
    """A chain of title whose every signed part was checked.

    Args:
        line: the ops from the create to the one that names the owner.
        ops: all that are shown.
        owner, policy: whom the maker's policy (hash, hex) makes the owner: the maker's word.
    """

    log: str
    title: str
    type: str
    line: tuple[ProvenOp, ...]
    ops: tuple[ProvenOp, ...]
    owner: str | None
    policy: str


def title_chain(
    ops: Sequence[ShownOp], *, log: bytes, title: bytes, holds: bytes | None, owner: bytes | None,
    policy: bytes,
) -> str:  # fmt: skip
    """The file. ``ops`` must come with each after the one it is over."""
    return json.dumps(
        {
            "format": FORMAT,
            "log": cid_text(log),
            "title": cid_text(title),
            "holds": None if holds is None else cid_text(holds),
            "owner": None if owner is None else did_key(owner),
            "policy": policy.hex(),
            "ops": [_shown(op) for op in ops],
        },
        indent=1,
        ensure_ascii=False,
    )


def _shown(op: ShownOp) -> dict[str, Any]:
    parts = {"frame": op.frame, "seal": op.seal}
    if op.content is not None:
        parts["content"] = op.content
    encoded = {name: base64.b64encode(part).decode("ascii") for name, part in parts.items()}
    return {"proof": op.proof.decode(), **encoded, "counts": op.counts, "why": op.why}


def check_title_chain(text: str | bytes) -> ProvenChain:
    """Check a file by itself.

    Raises:
        BadInput: proof/malformed; codec/*, event/* for a header that is none.
        VerificationError: proof/*, event/other-log, event/body-mismatch, void/*.

    Cost: one signature an op.
    """
    item = _opened(text)
    log, title = _cid(item, "log"), _cid(item, "title")
    known: dict[bytes, tuple[ProvenOp, TitleOp]] = {}
    for number, one in enumerate(item["ops"]):
        where = f"ops[{number}]"
        shown = _op(one, where)
        header, size = _proven(shown, log, where)
        op = parse_title(header.kind, shown.frame, header.author)
        code = op if isinstance(op, str) else _fault(op, header, title, known)
        if code is not None or isinstance(op, str):
            raise VerificationError(code or "void/frame", where=where)
        known[header.id] = (_as_proven(shown, header, op, size), op)
    line = _line(item, known)
    (first, created) = known[title]
    assert isinstance(created, Created), "the first is the create, and the only one"
    shown_owner = line[-1].to if line else None
    if item["owner"] != shown_owner:
        raise VerificationError("proof/title", expected=shown_owner, got=item["owner"])
    ops = tuple(proven for proven, _ in known.values())
    return ProvenChain(
        item["log"], first.event, created.type, line, ops, shown_owner, item["policy"]
    )


def _fault(
    op: TitleOp, header: Header, title: bytes, known: dict[bytes, tuple[ProvenOp, TitleOp]]
) -> str | None:
    """Why an op has no place in this chain, or None."""
    if isinstance(op, Created):
        return None if header.id == title and not known else "proof/title"
    if op.title != title:
        return "void/owner"
    below = known.get(op.over)
    return check_over(op, header.author, None if below is None else below[1])


def _proven(shown: ShownOp, log: bytes, where: str) -> tuple[Header, int]:
    """The header under its head, its body opened; how many events the head covers."""
    proven = check_event_proof(shown.proof)
    header = proven.header
    if header.kind not in KINDS:
        raise VerificationError("proof/title", where=where, expected="title/*", got=header.kind)
    if header.log_id != log:
        raise VerificationError("event/other-log", where=where)
    if shown.content is None:
        fits = len(shown.seal) == SKELETON_SEAL_BYTES
        fits = fits and opens_skeleton(header.body, shown.seal, shown.frame)
    else:
        fits = len(shown.seal) == SEED_BYTES
        fits = fits and opens_whole(header.body, shown.seal, shown.frame, shown.content)
    if not fits:
        raise VerificationError("event/body-mismatch", where=where)
    return header, proven.checkpoint.size


def _as_proven(shown: ShownOp, header: Header, op: TitleOp, size: int) -> ProvenOp:
    return ProvenOp(
        event=cid_text(header.id),
        kind=header.kind,
        by=did_key(header.author),
        to=did_key(op.to),
        over=cid_text(op.over) if isinstance(op, Passed) else None,
        name=name_in(shown.content),
        time=header.time,
        seq=header.seq,
        head_size=size,
        counts=shown.counts,
        why=shown.why,
    )


def _line(
    item: dict[str, Any], known: dict[bytes, tuple[ProvenOp, TitleOp]]
) -> tuple[ProvenOp, ...]:
    """The ops from the create to the one that holds."""
    if item["holds"] is None:
        return ()
    at: bytes | None = _cid(item, "holds")
    found = []
    while at is not None:
        if at not in known:
            raise VerificationError("proof/title", where="holds", got=item["holds"])
        proven, op = known[at]
        found.append(proven)
        at = op.over if isinstance(op, Passed) else None
    return tuple(reversed(found))


def name_in(content: bytes | None) -> str | None:
    """What a create's content calls the thing."""
    item = None if content is None else read_part(content, floats=True)
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else None


# --- the file's shape ---------------------------------------------------------------------------


def _opened(text: str | bytes) -> dict[str, Any]:
    if len(text) > TITLE_CHAIN_BYTES_MAX:
        raise _malformed(f"a file of {len(text)} bytes")
    try:
        item = json.loads(text)
        json.dumps(item, ensure_ascii=False).encode()  # a lone surrogate can be shown to nobody
    except (ValueError, RecursionError):
        raise _malformed("what is not JSON") from None
    if not isinstance(item, dict) or item.get("format") != FORMAT:
        raise _malformed("another format")
    if not isinstance(item.get("ops"), list) or not item["ops"]:
        raise _malformed("no list of ops")
    for name in ("holds", "owner"):
        if not isinstance(item.get(name, 0), str | None):
            raise _malformed(f"no `{name}`")
    if (item["holds"] is None) is not (item["owner"] is None):
        raise _malformed("an owner without an op that names one, or the other way round")
    if not isinstance(item.get("policy"), str):
        raise _malformed("no `policy`")
    return item


def _cid(item: dict[str, Any], name: str) -> bytes:
    value = item.get(name)
    if not isinstance(value, str):
        raise _malformed(f"no `{name}`")
    try:
        return parse_cid(value)
    except BadInput:
        raise _malformed(f"no id in `{name}`") from None


def _op(item: object, where: str) -> ShownOp:
    if not isinstance(item, dict):
        raise _malformed(f"{where} is no object")
    proof, counts, why = item.get("proof"), item.get("counts"), item.get("why")
    if not (isinstance(proof, str) and isinstance(counts, bool) and isinstance(why, str)):
        raise _malformed(f"{where} without proof, counts or why")
    return ShownOp(
        proof.encode("utf-8", "replace"),
        _base64(item.get("frame"), where),
        _base64(item.get("seal"), where),
        _base64(item["content"], where) if "content" in item else None,
        counts,
        why,
    )


def _base64(value: object, where: str) -> bytes:
    try:
        if isinstance(value, str):
            return base64.b64decode(value, validate=True)
    except ValueError:
        pass
    raise _malformed(f"{where}: not base64")


def _malformed(got: str) -> BadInput:
    return BadInput("proof/malformed", expected=f"a file of format {FORMAT}", got=got)
