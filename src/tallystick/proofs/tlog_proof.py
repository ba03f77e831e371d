"""One entry of a log with everything a stranger needs to check it, as text.

    c2sp.org/tlog-proof@v1
    extra <base64>                       optional; not authenticated by the format itself
    index 73894                          of the entry, from 0
    gSKyXoYZUgZ6jduWYrkDOARinOMG...      inclusion proof, a hash a line, the leaf's sibling first
    B95lDa8R83lS8n0eG+o0buTxRKQT...
                                         an empty line
    example.com/fancylog                 the checkpoint: a signed note, verbatim
    109482
    sFodV/vSp5O8n9a8QpW6PRY97tfO...

    — example.com/fancylog ...           the log's own signature
    — witness.example ...                and any witnesses'

Law: a proof holds when the log's key signed the checkpoint and the hashes lead from the entry to
its root; index and extra mean nothing before that.

Reads: proofs.note, proofs.checkpoint, proofs.merkle, limits, errors. Read by: chain.event_proof.
Source: https://c2sp.org/tlog-proof.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tallystick.errors import BadInput, VerificationError
from tallystick.limits import DIGEST_BYTES, NOTE_BYTES_MAX
from tallystick.proofs.checkpoint import Checkpoint, parse_decimal
from tallystick.proofs.merkle import verify_inclusion
from tallystick.proofs.note import Note, NoteKey, open_note

MAGIC: Final = "c2sp.org/tlog-proof@v1"
_HASHES_MAX: Final = 63
"""The depth of a tree of fewer than 2^63 leaves."""


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof file as it was read: nothing in it is verified yet.

    Args:
        index: of the entry.
        hashes: the inclusion proof, 32 bytes a hash.
        note: the signed checkpoint, verbatim.
        extra: what the application adds; None when there is no such line.
    """

    index: int
    hashes: bytes
    note: bytes
    extra: bytes | None = None

    def text(self) -> bytes:
        """The file."""
        lines = [MAGIC]
        if self.extra is not None:
            lines.append(f"extra {_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [
            _base64(self.hashes[at : at + DIGEST_BYTES])
            for at in range(0, len(self.hashes), DIGEST_BYTES)
        ]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.note

    @classmethod
    def parse(cls, data: bytes) -> TlogProof:
        """Read a proof file.

        Raises:
            BadInput: proof/malformed, also beyond 1 MiB.
        """
        if len(data) > NOTE_BYTES_MAX:
            raise _malformed(f"a file of {len(data)} bytes")
        top, gap, note = data.partition(b"\n\n")
        try:
            lines = top.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise _malformed(f"byte {error.start}, which is not ASCII") from None
        if not gap or lines.pop(0) != MAGIC:
            raise _malformed("another first line, or no checkpoint")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = _unbase64(lines.pop(0).removeprefix("extra "))
        word, _, number = (lines.pop(0) if lines else "").partition(" ")
        index = parse_decimal(number)
        if word != "index" or index is None:
            raise _malformed("no line `index N`")
        hashes = [_unbase64(line) for line in lines]
        if len(hashes) > _HASHES_MAX or any(len(one) != DIGEST_BYTES for one in hashes):
            raise _malformed("an inclusion proof that is not SHA-256 hashes")
        return cls(index, b"".join(hashes), note, extra)


def check_proof(
    proof: TlogProof, digest: bytes, keys: Iterable[NoteKey]
) -> tuple[Checkpoint, Note]:
    """The checkpoint under which the proof shows an entry.

    Args:
        proof: the file.
        digest: the entry: 32 bytes, the data of its leaf.
        keys: the log's own; every signature of a known key must hold, and at least one be there.

    Returns:
        the checkpoint, and the note it was signed in (for cosignatures).

    Raises:
        BadInput: proof/malformed.
        VerificationError: proof/unknown-key, proof/signature, proof/inclusion.
    """
    note, _ = open_note(proof.note, keys)
    checkpoint = Checkpoint.parse(note.text.decode())
    if not verify_inclusion(proof.index, checkpoint.size, digest, proof.hashes, checkpoint.root):
        raise VerificationError(
            "proof/inclusion", where=f"entry {proof.index} of {checkpoint.size}"
        )
    return checkpoint, note


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise _malformed(f"the line {text[:40]!r}") from None
    if _base64(raw) != text:
        raise _malformed(f"the line {text[:40]!r}")
    return raw


def _malformed(got: str) -> BadInput:
    return BadInput("proof/malformed", expected="a tlog-proof", got=got)
