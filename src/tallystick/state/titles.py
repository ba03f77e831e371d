"""Titles: who owns what one thing is one of, as events that pass it from hand to hand.

    title/create    {type, [to]}          a thing begins; it is `to`'s (the author's by default)
    title/transfer  {title, over, to}     its owner by the op `over` passes it to `to`

    create (Ana) ◄── transfer (to Bob) ◄── transfer (to Cy)          one thing: one tree of ops
                 ◄── transfer (to Dan)                               sold twice

An op is over exactly one other, which names its author as owner; so whatever counts or does not,
every path from a create upwards is a chain of named owners. Names and memos are content and have
no effect.

**Law:** ``parse_title`` reads a frame and its author, ``check_over`` frames and authors of the
events that are named: nothing that differs between replicas, so it is the same for everyone.

Reads: kernels, errors, limits, state.grounds. Read by: state.views_titles, replica.kinds.
Source: spec/titles.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeGuard

from tallystick.errors import BadInput
from tallystick.kernels import Link, decode_item, encode_item
from tallystick.limits import DIGEST_BYTES, KIND_BYTES_MAX
from tallystick.state.grounds import Deed, GroundRule

CREATE: Final = "title/create"
TRANSFER: Final = "title/transfer"
KINDS: Final = (CREATE, TRANSFER)
_TYPE: Final = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*")


class Created(NamedTuple):
    """A thing of some asset type, and its first owner (32 bytes)."""

    type: str
    to: bytes


class Passed(NamedTuple):
    """A title (id of its create), the op it is passed on from, and its next owner."""

    title: bytes
    over: bytes
    to: bytes


TitleOp = Created | Passed


def parse_title(kind: str, frame: bytes, author: bytes) -> TitleOp | str:
    """What a title event does, or the code of why it is void. Never raises for bad bytes.

    Args:
        author: of the event, 32 bytes: the owner of what is created without ``to``.
    """
    try:
        item: Any = decode_item(frame) if frame else None
    except BadInput:
        return "void/frame"
    if not isinstance(item, dict):
        return "void/frame"
    return _created(item, author) if kind == CREATE else _passed(item)


def _created(item: Mapping[str, Any], author: bytes) -> Created | str:
    type_: Any = item.get("type")
    to: Any = item.get("to", author)
    if not is_asset_type(type_) or not _is_key(to) or not item.keys() <= {"type", "to"}:
        return "void/frame"
    if "to" in item and to == author:
        return "void/frame"
    return Created(type_, to)


def _passed(item: Mapping[str, Any]) -> Passed | str:
    title, over, to = item.get("title"), item.get("over"), item.get("to")
    if len(item) != 3 or not (isinstance(title, Link) and isinstance(over, Link)):
        return "void/frame"
    if not _is_key(to):
        return "void/frame"
    return Passed(title.digest, over.digest, to)


def is_asset_type(value: object) -> bool:
    """Whether a value can be the type of a thing: text like a kind, at most 64 bytes."""
    return isinstance(value, str) and len(value) <= KIND_BYTES_MAX and bool(_TYPE.fullmatch(value))


def _is_key(value: object) -> TypeGuard[bytes]:
    return isinstance(value, bytes) and len(value) == DIGEST_BYTES


def check_over(op: Passed, author: bytes, over: TitleOp | None) -> str | None:
    """Void code of a transfer by what it is over, or None.

    Args:
        author: of the transfer.
        over: the op that ``op.over`` names, if that is a title event in the transfer's past and
            not void itself; otherwise None.
    """
    if over is None:
        return "void/ground"
    title = op.over if isinstance(over, Created) else over.title
    return None if (title, over.to) == (op.title, author) else "void/owner"


# --- grounds ------------------------------------------------------------------------------------


def _read_create(author: bytes, frame: bytes) -> tuple[bytes, ...] | str:
    """A create stands on nothing."""
    found = parse_title(CREATE, frame, author)
    return found if isinstance(found, str) else ()


def _read_transfer(author: bytes, frame: bytes) -> tuple[bytes, ...] | str:
    """A transfer stands on its title and on the op it is over, which may be one."""
    found = parse_title(TRANSFER, frame, author)
    if isinstance(found, str):
        return found
    assert isinstance(found, Passed), "its kind says so"
    return (found.title,) if found.title == found.over else (found.title, found.over)


def _check_transfer(deed: Deed, named: Sequence[Deed]) -> str | None:
    title, over = named[0], named[-1]
    op = parse_title(TRANSFER, deed.frame, deed.author)
    assert isinstance(op, Passed), "it was read"
    if title.kind != CREATE or over.kind not in KINDS:
        return "void/ground"
    below = parse_title(over.kind, over.frame, over.author)
    assert not isinstance(below, str), "what is named is not void"
    return check_over(op, deed.author, below)


def _type_of(_: Deed, named: Sequence[Deed]) -> str | None:
    """The asset type of a transfer's title."""
    title = named[0]
    found = parse_title(title.kind, title.frame, title.author)
    return found.type if isinstance(found, Created) else None


GROUND_RULES: Final[Mapping[str, GroundRule]] = {
    CREATE: GroundRule(_read_create, lambda _deed, _named: None),
    TRANSFER: GroundRule(_read_transfer, _check_transfer, _type_of),
}
"""The rules of both kinds."""


def create_frame(type_: str, to: bytes | None = None) -> bytes:
    """The frame of a create; ``to`` only when it is not the author."""
    return encode_item({"type": type_} | ({} if to is None else {"to": to}))


def transfer_frame(title: bytes, over: bytes, to: bytes) -> bytes:
    """The frame of a transfer."""
    return encode_item({"title": Link(title), "over": Link(over), "to": to})
