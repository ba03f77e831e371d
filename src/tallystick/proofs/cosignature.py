"""A witness's word that it saw a log grow consistently up to a checkpoint.

    signed     cosignature/v1                        domain
               time 1679315147                       seconds since 1970
               (the checkpoint's text, with its extension lines)
    on the note's line    key id (4) ‖ time (8, big-endian) ‖ Ed25519 signature (64)

The format alone: whether a head may be cosigned (consistent with the last one, and that persisted
in the same step) is the witness's to decide, with a key of its own that signs nothing else.

Law: a cosignature holds for one checkpoint text and one time; it never passes for the log's own
signature, because algorithm 04 makes another key id and the first line another message.

Reads: identity.keys, proofs.note, kernels. Read by: chain.event_proof, replica, node.
Source: https://c2sp.org/tlog-cosignature@v1.0.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tallystick.errors import VerificationError
from tallystick.identity.keys import SigningKey
from tallystick.kernels import status, verify_signatures
from tallystick.limits import SIGNATURE_BYTES, UINT_MAX
from tallystick.proofs.note import COSIGNATURE, Note, NoteKey, NoteSignature

_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosignature that holds.

    Args:
        key: the witness's.
        time: seconds since 1970, as the witness claims.
    """

    key: NoteKey
    time: int


def message(text: bytes, time: int) -> bytes:
    """The bytes that a witness signs.

    Args:
        text: of the checkpoint, its last newline included.
        time: seconds since 1970, in [0, 2^63).
    """
    if not 0 <= time <= UINT_MAX:
        raise ValueError(f"time {time}")
    return b"cosignature/v1\ntime %d\n" % time + text


def cosign(key: SigningKey, name: str, text: bytes, time: int) -> NoteSignature:
    """The witness's signature line for a checkpoint.

    Args:
        key: the witness's own, never an author's.
        name: of the witness, as verifiers know it.
        text, time: as in ``message``.
    """
    witness = NoteKey(name, COSIGNATURE, key.public)
    signature = key.sign(message(text, time))
    return NoteSignature(name, witness.id, time.to_bytes(_TIME_BYTES, "big") + signature)


def cosigned(note: Note, witnesses: Iterable[NoteKey]) -> tuple[Cosigned, ...]:
    """Which known witnesses cosigned the note; others' lines are ignored.

    Raises:
        VerificationError: proof/signature, when a known witness's line does not hold.
    """
    known = {(key.name, key.id): key for key in witnesses if key.algorithm == COSIGNATURE}
    found: dict[NoteKey, Cosigned] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        time = int.from_bytes(line.signature[:_TIME_BYTES], "big")
        signature = line.signature[_TIME_BYTES:]
        if len(signature) != SIGNATURE_BYTES or time > UINT_MAX:
            raise VerificationError("proof/signature", where=key.name)
        signed = message(note.text, time)
        if verify_signatures(key.public, signature, [signed])[0] != status.OK:
            raise VerificationError("proof/signature", where=key.name)
        found[key] = Cosigned(key, time)
    return tuple(found.values())
