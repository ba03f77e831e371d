"""A signed note: text that any number of keys sign, each on a line of its own.

    text line                      UTF-8, no control characters but newlines
    text line
                                   an empty line: the last one of the note
    — name base64(id ‖ signature)  em dash; key id: 4 bytes; one line per signature

    key id = SHA-256(name ‖ 0a ‖ algorithm ‖ public key)[:4]
    key as text (vkey): name+id in hex+base64(algorithm ‖ public key)

Law: a note's text means nothing until a known key's signature over it holds; signatures of unknown
keys are ignored, one of a known key that does not hold refuses the note.

Reads: kernels, limits, errors. Read by: proofs.checkpoint, proofs.cosignature, chain.head.
Source: https://c2sp.org/signed-note@v1.0.0.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tallystick.errors import BadInput, VerificationError
from tallystick.kernels import status, verify_signatures
from tallystick.limits import (
    DIGEST_BYTES,
    NOTE_BYTES_MAX,
    NOTE_SIGNATURES_MAX,
    SIGNATURE_BYTES,
)

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
KEY_ID_BYTES: Final = 4
_DASH: Final = "— "


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key by which notes are checked.

    Args:
        name: not empty, without spaces and ``+``.
        algorithm: ED25519 or COSIGNATURE.
        public: 32 bytes.
    """

    name: str
    algorithm: int
    public: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise BadInput("proof/malformed", expected="a key name", got=repr(self.name[:64]))
        if self.algorithm not in (ED25519, COSIGNATURE) or len(self.public) != DIGEST_BYTES:
            raise BadInput("proof/malformed", expected="an Ed25519 key", got=self.algorithm)

    @property
    def id(self) -> bytes:
        """4 bytes that, with the name, say which key signed."""
        seed = self.name.encode() + b"\n" + bytes((self.algorithm,)) + self.public
        return sha256(seed).digest()[:KEY_ID_BYTES]

    def text(self) -> str:
        """The key in one line, to be handed to whoever shall check notes."""
        return f"{self.name}+{self.id.hex()}+{_base64(bytes((self.algorithm,)) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> NoteKey:
        """The key of ``text()``.

        Raises:
            BadInput: proof/malformed.
        """
        parts = text.split("+", 2)
        raw = _unbase64(parts[2]) if len(parts) == 3 else None
        if not raw:
            raise BadInput("proof/malformed", expected="name+id+key", got=repr(text[:64]))
        key = cls(parts[0], raw[0], raw[1:])
        if key.id.hex() != parts[1]:
            raise BadInput("proof/malformed", expected=f"key id {key.id.hex()}", got=parts[1][:64])
        return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line.

    Args:
        name: of the key.
        key_id: 4 bytes.
        signature: what the algorithm made, any length.
    """

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line, with its newline."""
        return f"{_DASH}{self.name} {_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it was read: nothing in it is verified yet.

    Args:
        text: up to and including the newline before the empty line.
        signatures: in the order of their lines.
    """

    text: bytes
    signatures: tuple[NoteSignature, ...]


def is_key_name(name: str) -> bool:
    """Whether a key may be called so: not empty, no Unicode spaces, no plus, no control.

    Nor lone surrogates, which no bytes stand for: the key's id is a hash of the name's bytes.
    """
    refused = (c == "+" or c.isspace() or c < " " or "\ud800" <= c <= "\udfff" for c in name)
    return bool(name) and not any(refused)


def build_note(text: bytes, signatures: Sequence[NoteSignature]) -> bytes:
    """The note as bytes.

    Raises:
        BadInput: proof/malformed, when it could not be read back.
    """
    lines = "".join(signature.line() for signature in signatures)
    note = text + b"\n" + lines.encode()
    if parse_note(note) != Note(text, tuple(signatures)):
        raise BadInput("proof/malformed", expected="text and signatures that a note can hold")
    return note


def parse_note(data: bytes) -> Note:
    """Read a note without judging it.

    Raises:
        BadInput: proof/malformed, also beyond 1 MiB or 100 signatures.
    """
    if len(data) > NOTE_BYTES_MAX:
        raise _malformed(f"a note of {len(data)} bytes")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start}, which is not UTF-8") from None
    if any(char < " " and char != "\n" for char in whole):
        raise _malformed("a control character")
    at = whole.rfind("\n\n")
    if at < 0 or not whole.endswith("\n"):
        raise _malformed("no empty line before the signatures")
    lines = whole[at + 2 :].split("\n")[:-1]
    if not 1 <= len(lines) <= NOTE_SIGNATURES_MAX:
        raise _malformed(f"{len(lines)} signatures")
    return Note(whole[: at + 1].encode(), tuple(_parse_line(line) for line in lines))


def _parse_line(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    raw = _unbase64(encoded)
    if not (line.startswith(_DASH) and space and is_key_name(name)):
        raise _malformed(f"the line {line[:40]!r}")
    if raw is None or len(raw) <= KEY_ID_BYTES:
        raise _malformed(f"a signature by {name[:40]!r} that is not base64")
    return NoteSignature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def open_note(data: bytes, keys: Iterable[NoteKey]) -> tuple[Note, tuple[NoteKey, ...]]:
    """Read a note and check what known ED25519 keys signed; others' lines are ignored.

    Args:
        data: the note.
        keys: known keys; those of other algorithms are checked by their own functions.

    Returns:
        the note, and the keys whose signatures hold (at least one).

    Raises:
        BadInput: proof/malformed.
        VerificationError: proof/signature, when a known key's signature does not hold;
            proof/unknown-key, when no known key signed.
    """
    note = parse_note(data)
    known = {(key.name, key.id): key for key in keys if key.algorithm == ED25519}
    found = [
        (known[signed.name, signed.key_id], signed.signature)
        for signed in note.signatures
        if (signed.name, signed.key_id) in known
    ]
    if not found:
        raise VerificationError("proof/unknown-key", got=[s.name for s in note.signatures])
    if any(len(signature) != SIGNATURE_BYTES for _, signature in found):
        raise VerificationError("proof/signature", expected="64 bytes")
    verdicts = verify_signatures(
        b"".join(key.public for key, _ in found),
        b"".join(signature for _, signature in found),
        [note.text] * len(found),
    )
    for (key, _), verdict in zip(found, verdicts, strict=True):
        if verdict != status.OK:
            raise VerificationError("proof/signature", where=key.name)
    return note, tuple(dict.fromkeys(key for key, _ in found))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _unbase64(text: str) -> bytes | None:
    """The bytes, or None for what is not the standard encoding of any."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _base64(raw) == text else None


def _malformed(got: str) -> BadInput:
    return BadInput("proof/malformed", expected="a signed note", got=got)
