"""A chain's signed head: its author's word for "my chain has N events with Merkle root R".

    stored and sent    size, root (32), signature (64)
    signed             the text of a C2SP checkpoint, rebuilt from them:

        tallystick/1/bafyrei.../did:key:z6Mk...      origin, and name of the key
        1234                                         size
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I= root
                                                     (a signed note ends here with an empty line
        — tallystick/1/... base64(key id ‖ signature) and this one)

Law: one signature covers every event of the chain up to ``size``; log and author are inside the
signed bytes, so a head never passes for one of another chain.

Reads: identity, event.ids, proofs.note, proofs.checkpoint, kernels. Read by: chain, store, sync.
Source: https://c2sp.org/tlog-checkpoint@v1.0.0; https://c2sp.org/signed-note@v1.0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.identity.keys import SigningKey
from tallystick.kernels import status, verify_signatures
from tallystick.limits import DIGEST_BYTES, SIGNATURE_BYTES, UINT_MAX
from tallystick.proofs.checkpoint import Checkpoint
from tallystick.proofs.note import ED25519, NoteKey, NoteSignature, build_note

ORIGIN: Final = "tallystick/1"
"""Also the domain: whatever else a key signs begins with ``tallystick/<use>/1``."""


@dataclass(frozen=True, slots=True)
class Head:
    """What an author signed of the chain.

    Args:
        size: events, in [0, 2^63).
        root: RFC 6962 root over their ids, 32 bytes.
        signature: Ed25519 by the author over ``note_text``, 64 bytes.
    """

    size: int
    root: bytes
    signature: bytes

    def __post_init__(self) -> None:
        lengths = (len(self.root), len(self.signature))
        if not 0 <= self.size <= UINT_MAX or lengths != (DIGEST_BYTES, SIGNATURE_BYTES):
            raise ValueError(f"a head of {self.size} events with {lengths} bytes")


@lru_cache(maxsize=4_096)
def origin(log: bytes, author: bytes) -> str:
    """The checkpoint's origin, which is also the key's name in the note."""
    return f"{ORIGIN}/{cid_text(log)}/{did_key(author)}"


def note_text(log: bytes, author: bytes, size: int, root: bytes) -> bytes:
    """The bytes that the author signs."""
    return Checkpoint(origin(log, author), size, root).text().encode()


def sign_head(key: SigningKey, log: bytes, size: int, root: bytes) -> Head:
    """The head of the key's own chain in one log."""
    return Head(size, root, key.sign(note_text(log, key.public, size, root)))


def check_heads(heads: Sequence[tuple[bytes, bytes, Head]]) -> bytes:
    """One status for each (log, author, head): OK or SIGNATURE. One batch of signatures."""
    return verify_signatures(
        b"".join(author for _, author, _ in heads),
        b"".join(head.signature for _, _, head in heads),
        [note_text(log, author, head.size, head.root) for log, author, head in heads],
    )


def check_head(log: bytes, author: bytes, head: Head) -> bool:
    """Whether one head is signed by its author."""
    return check_heads([(log, author, head)])[0] == status.OK


def head_key(log: bytes, author: bytes) -> NoteKey:
    """The author's key as notes name it."""
    return NoteKey(origin(log, author), ED25519, author)


def head_note(
    log: bytes, author: bytes, head: Head, cosignatures: Sequence[NoteSignature] = ()
) -> bytes:
    """The whole signed note, as any C2SP tool reads it."""
    key = head_key(log, author)
    own = NoteSignature(key.name, key.id, head.signature)
    return build_note(note_text(log, author, head.size, head.root), [own, *cosignatures])
