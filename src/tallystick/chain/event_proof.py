"""One event as a C2SP tlog-proof: a text file that a stranger checks offline.

    entry    the event's id: SHA-256 of its header
    extra    the header's bytes; they name log, author, seq and the body's commitment
    index    the event's seq
    note     the author's head, with any cosignatures of witnesses

Who checks needs no key beforehand: the author's is in the header, its name in the checkpoint's
origin, and both must agree. What is shown is that *this author* signed a chain with this event at
this place; whom that key belongs to, and whether to heed it, is another question.

Law: a proof that holds shows one header, one chain and one place; a changed byte anywhere is found.

Reads: chain.head, event.header, proofs. Read by: replica, cli.
Source: https://c2sp.org/tlog-proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tallystick.chain.head import Head, head_key, head_note
from tallystick.errors import BadInput, VerificationError
from tallystick.event.header import Header
from tallystick.proofs.checkpoint import Checkpoint
from tallystick.proofs.cosignature import Cosigned, cosigned
from tallystick.proofs.note import NoteKey, NoteSignature
from tallystick.proofs.tlog_proof import TlogProof, check_proof


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    """What a proof file shows.

    Args:
        header: of the event.
        checkpoint: the author's head that covers it.
        cosigned: witnesses known to the reader who cosigned that head.
    """

    header: Header
    checkpoint: Checkpoint
    cosigned: tuple[Cosigned, ...]


def event_proof(
    header: Header, head: Head, hashes: bytes, cosignatures: Sequence[NoteSignature] = ()
) -> bytes:
    """The proof file of one event.

    Args:
        header: of the event.
        head: of its chain, covering it.
        hashes: ``inclusion_proof(header.seq, head.size, ...)``.
        cosignatures: of witnesses, over the same head.
    """
    note = head_note(header.log_id, header.author, head, cosignatures)
    return TlogProof(header.seq, hashes, note, header.encode()).text()


def check_event_proof(data: bytes, witnesses: Iterable[NoteKey] = ()) -> ProvenEvent:
    """Check a proof file by itself.

    Raises:
        BadInput: proof/malformed, or a codec/* or event/* code for a bad header.
        VerificationError: proof/unknown-key, proof/signature, proof/inclusion.
    """
    proof = TlogProof.parse(data)
    if proof.extra is None:
        raise BadInput("proof/malformed", expected="an `extra` line with the event's header")
    header = Header.decode(proof.extra)
    key = head_key(header.log_id, header.author)
    checkpoint, note = check_proof(proof, header.id, [key])
    if checkpoint.origin != key.name or proof.index != header.seq:
        raise VerificationError(
            "proof/inclusion",
            expected=f"event {header.seq} of {key.name}",
            got=f"event {proof.index} of {checkpoint.origin}",
        )
    return ProvenEvent(header, checkpoint, cosigned(note, witnesses))
