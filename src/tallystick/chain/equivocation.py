"""The proof that an author signed two histories: two events at one seq, each under a signed head.

              ┌── a ── . ── . ── head A      a and b: same log, author and seq, other ids
    0 ── 1 ── 2
              └── b ── . ── head B           each with its RFC 6962 path to a head of its side

    frame of proof/equivocation    [side, side]                  sides ascending by event id
    side                           [header, path, head size, head root, head signature]
    id of the proof                SHA-256("tallystick/equivocation/1" ‖ 00 ‖ id a ‖ id b)

The id leaves paths and heads out, so that everyone who proves the same two events names the same
fact. A header without such a path proves nothing: anyone can write a header.

Law: nobody but the holder of a key can make a proof against it; two heads of different size that
agree, or one event twice, prove nothing.

Reads: chain.head, event.header, proofs.merkle, kernels, errors. Read by: chain.rules, replica.
Source: spec/equivocation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tallystick.chain.head import Head, check_heads
from tallystick.errors import BadInput, VerificationError
from tallystick.event.header import Header
from tallystick.kernels import decode_item, encode_item
from tallystick.limits import DIGEST_BYTES, SIGNATURE_BYTES, UINT_MAX
from tallystick.proofs.merkle import verify_inclusion

KIND: Final = "proof/equivocation"
_TAG: Final = b"tallystick/equivocation/1\x00"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two events.

    Args:
        header: its canonical bytes.
        path: ``inclusion_proof(seq, head.size, ...)`` of its id.
        head: a head of its side, covering it.
    """

    header: bytes
    path: bytes
    head: Head


@dataclass(frozen=True, slots=True)
class Equivocation:
    """What a proof shows.

    Args:
        author: 32 bytes.
        seq: where the two histories differ.
        id_a, id_b: the events, ascending.
    """

    author: bytes
    seq: int
    id_a: bytes
    id_b: bytes

    @property
    def id(self) -> bytes:
        """The same for everyone who proves these two events, whichever heads they hold."""
        return sha256(_TAG + self.id_a + self.id_b).digest()


def prove_equivocation(a: Side, b: Side, *, log: bytes) -> tuple[bytes, Equivocation]:
    """The frame of a ``proof/equivocation`` event, and what it shows.

    Raises:
        VerificationError: chain/no-proof, when the sides do not prove one.
    """
    sides = sorted((a, b), key=lambda side: sha256(side.header).digest())
    frame = encode_item([_side_value(side) for side in sides])
    found = verify_equivocation(frame, log)
    if isinstance(found, str):
        raise VerificationError("chain/no-proof", got=found)
    return frame, found


def verify_equivocation(frame: bytes, log: bytes) -> Equivocation | str:
    """What the frame of a ``proof/equivocation`` event proves in a log.

    Returns:
        the equivocation; or void/frame, when the frame is not two sides in order, or void/proof,
        when they prove nothing.

    Cost: two signatures, O(log size) hashes.
    """
    try:
        value = decode_item(frame)
    except BadInput:
        return "void/frame"
    if not (isinstance(value, list) and len(value) == 2):
        return "void/frame"
    sides = [_read_side(one) for one in value]
    if sides[0] is None or sides[1] is None:
        return "void/frame"
    (header_a, side_a), (header_b, side_b) = sides[0], sides[1]
    id_a, id_b = header_a.id, header_b.id
    if id_a > id_b:
        return "void/frame"
    author, seq = header_a.author, header_a.seq
    same_place = (header_b.author, header_b.seq) == (author, seq)
    if id_a == id_b or not same_place or {header_a.log_id, header_b.log_id} != {log}:
        return "void/proof"
    if not all(
        verify_inclusion(seq, side.head.size, one, side.path, side.head.root)
        for one, side in ((id_a, side_a), (id_b, side_b))
    ):
        return "void/proof"
    if any(check_heads([(log, author, side_a.head), (log, author, side_b.head)])):
        return "void/proof"
    return Equivocation(author, seq, id_a, id_b)


def _side_value(side: Side) -> list[object]:
    return [side.header, side.path, side.head.size, side.head.root, side.head.signature]


def _read_side(value: object) -> tuple[Header, Side] | None:
    match value:
        case [bytes(header), bytes(path), int(size), bytes(root), bytes(signature)] if (
            not isinstance(size, bool)
            and 0 <= size <= UINT_MAX
            and (len(root), len(signature)) == (DIGEST_BYTES, SIGNATURE_BYTES)
        ):
            pass
        case _:
            return None
    try:
        return Header.decode(header), Side(header, path, Head(size, root, signature))
    except BadInput:
        return None
