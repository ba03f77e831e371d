"""The header of an event: thirteen fields, one encoding, and the rules it keeps by itself.

    8d                                  array(13)
     0  version      01
     1  log          link | f6          null: this is the genesis event
     2  author       58 20 key(32)
     3  seq          uint
     4  prev         link | f6          null: seq is 0
     5  deps         80+n | 98 n, links ascending by digest
     6  lamport      uint               0: this is the genesis event
     7  time         uint, ms since 1970
     8  kind         text
     9  schema       link | f6
    10  frame size   uint
    11  content size uint
    12  body         58 20 digest(32)

Law: a header is valid by its own bytes alone, the same for everyone and for ever; the first rule
that it breaks, in the order of ``broken_rule``, is the one that is told.

Reads: limits, kernels.status. Read by: kernels.reference.packs.
Source: spec/packs.md.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final, NamedTuple

from tallystick.kernels import status
from tallystick.kernels.columns import Link
from tallystick.kernels.reference.codec import LINK_HEAD, NULL, Fault, decode_at, encode_head
from tallystick.kernels.reference.verify import is_author_key
from tallystick.limits import (
    BODY_BYTES_MAX,
    DEPS_MAX,
    DIGEST_BYTES,
    HEADER_BYTES_MAX,
    KIND_BYTES_MAX,
    UINT_MAX,
    VERSION,
)

GENESIS_KIND: Final = "log/create"
_KIND: Final = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*")
_DIGEST_HEAD: Final = encode_head(2, DIGEST_BYTES)
_START: Final = encode_head(4, 13) + encode_head(0, VERSION)


class Header(NamedTuple):
    """The fields after the version; a link is its digest, null is no bytes."""

    log: bytes
    author: bytes
    seq: int
    prev: bytes
    deps: list[bytes]
    lamport: int
    time: int
    kind: str
    schema: bytes
    frame_size: int
    content_size: int
    body: bytes


def encode_header(header: Header) -> bytes:
    """The canonical bytes, whose SHA-256 is the event's id."""
    kind = header.kind.encode()
    return b"".join(
        (
            _START,
            _encode_link(header.log),
            _DIGEST_HEAD,
            header.author,
            encode_head(0, header.seq),
            _encode_link(header.prev),
            encode_head(4, len(header.deps)),
            *(LINK_HEAD + digest for digest in header.deps),
            encode_head(0, header.lamport),
            encode_head(0, header.time),
            encode_head(3, len(kind)),
            kind,
            _encode_link(header.schema),
            encode_head(0, header.frame_size),
            encode_head(0, header.content_size),
            _DIGEST_HEAD,
            header.body,
        )
    )


def _encode_link(digest: bytes) -> bytes:
    return LINK_HEAD + digest if digest else NULL


_Types = set[Any]
_INT: _Types = {int}
_LINK: _Types = {Link, type(None)}
_BYTES: _Types = {bytes}
_FIELDS: Final[tuple[_Types, ...]] = (
    *(_INT, _LINK, _BYTES, _INT, _LINK, {list}, _INT, _INT, {str}, _LINK, _INT, _INT, _BYTES),
)
"""The types of a header's fields, in order; exactly these, so that true is no number."""


def decode_header(data: bytes, at: int) -> tuple[Header, int]:
    """The header that begins at ``at``, and where it ends.

    Raises:
        Fault: one of the codec's, SHAPE or VERSION.
    """
    fields, end = decode_at(data, at, 1, floats=False)
    if type(fields) is not list or len(fields) != len(_FIELDS):
        raise Fault(status.SHAPE, f"byte {at}")
    if not all(type(field) in types for field, types in zip(fields, _FIELDS, strict=True)):
        raise Fault(status.SHAPE, f"byte {at}")
    version, log, author, seq, prev, deps, lamport, time, kind, schema, *sizes, body = fields
    sized = len(author) == len(body) == DIGEST_BYTES
    if not sized or not all(type(dep) is Link for dep in deps):
        raise Fault(status.SHAPE, f"byte {at}")
    if version != VERSION:
        raise Fault(status.VERSION, f"byte {at}")
    header = Header(
        log=log.digest if log else b"",
        author=author,
        seq=seq,
        prev=prev.digest if prev else b"",
        deps=[dep.digest for dep in deps],
        lamport=lamport,
        time=time,
        kind=kind,
        schema=schema.digest if schema else b"",
        frame_size=sizes[0],
        content_size=sizes[1],
        body=body,
    )
    return header, end


def broken_rule(header: Header, size: int) -> int:
    """The first rule the header breaks, or OK. ``size``: of its encoding, in bytes."""
    numbers = (header.seq, header.lamport, header.time, header.frame_size, header.content_size)
    if min(numbers) < 0 or max(numbers) > UINT_MAX:
        return status.UINT_RANGE
    if size > HEADER_BYTES_MAX or header.frame_size + header.content_size > BODY_BYTES_MAX:
        return status.TOO_LARGE
    # The length counts bytes; whatever the pattern lets through is ASCII.
    if len(header.kind) > KIND_BYTES_MAX or not _KIND.fullmatch(header.kind):
        return status.KIND
    if not (_is_genesis(header) or _is_later(header)):
        return status.GENESIS
    if (header.prev == b"") != (header.seq == 0):
        return status.PREV
    if len(header.deps) > DEPS_MAX or any(a >= b for a, b in pairwise(header.deps)):
        return status.DEPS
    if not is_author_key(header.author):
        return status.AUTHOR_KEY
    return status.OK


def _is_genesis(header: Header) -> bool:
    """The one event without a log, and so without parents."""
    alone = header.seq == header.lamport == 0 and not header.deps
    return alone and header.log == b"" and header.kind == GENESIS_KIND


def _is_later(header: Header) -> bool:
    """Any other event: it stands in a log and above its parents."""
    return header.log != b"" and header.lamport > 0 and header.kind != GENESIS_KIND
