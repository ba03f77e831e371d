"""A tree's head as text, ready to be signed: origin, size, root.

    example.com/behind-the-sofa                      origin: who speaks, about which log
    20852163                                         size, decimal, no leading zeros
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     root, base64
    (extension lines: never written by us, kept when read, not audited by anybody)

Law: a checkpoint has one text; ``parse(text())`` gives it back, and nothing else is read.

Reads: limits, errors. Read by: chain.head, proofs.cosignature, proofs.tlog_proof.
Source: https://c2sp.org/tlog-checkpoint@v1.0.0.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from tallystick.errors import BadInput
from tallystick.limits import DIGEST_BYTES, UINT_MAX


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a tree.

    Args:
        origin: name of the log, not empty, one line.
        size: leaves, in [0, 2^63).
        root: RFC 6962 root, 32 bytes.
        extensions: further lines, none of them empty.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The note's text, every line ending in a newline."""
        root = base64.b64encode(self.root).decode("ascii")
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a checkpoint.

        Raises:
            BadInput: proof/malformed.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise _malformed("not three or more lines, each ending in a newline")
        origin, size, encoded, *extensions = lines
        number = parse_decimal(size)
        if number is None:
            raise _malformed(f"the size {size[:40]!r}")
        try:
            root = base64.b64decode(encoded, validate=True)
        except ValueError:
            root = b""
        found = cls(origin, number, root, tuple(extensions))
        if len(root) != DIGEST_BYTES or found.text() != text:
            raise _malformed(f"the root {encoded[:60]!r}")
        return found


def parse_decimal(text: str) -> int | None:
    """A number in [0, 2^63) written in ASCII digits without leading zeros, or None."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if str(number) == text and number <= UINT_MAX else None


def _malformed(got: str) -> BadInput:
    return BadInput("proof/malformed", expected="a checkpoint: origin, size, root", got=got)
