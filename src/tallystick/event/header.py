"""One header as a value: the 13 signed-over facts of an event, for readers and proofs.

    [version, log, author, seq, prev, deps, lamport, time, kind, schema,
     frame size, content size, body]                     DAG-CBOR array, strict canonical form

The id is SHA-256 of these bytes. Batches stay columns inside the kernels; a ``Header`` is made
where one event is shown, exported or proven.

Law: ``Header.decode(h.encode()) == h``; only bytes that open_pack would accept are decoded.

Reads: kernels, limits, errors. Read by: event.event, chain.equivocation, chain.event_proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import cast

from tallystick.errors import BadInput
from tallystick.kernels import PART_HEADER, Link, decode_item, encode_item, open_pack, status
from tallystick.limits import DIGEST_BYTES, HEADER_BYTES_MAX

_FIELDS = 13


@dataclass(frozen=True, slots=True)
class Header:
    """The header of one event; digests are 32 bytes, ``None`` stands for null.

    Args:
        version: 1.
        log: the genesis event's id; None in the genesis event itself.
        author: Ed25519 public key.
        seq: 0, 1, 2... along the author's chain.
        prev: the author's event before; None exactly when ``seq`` is 0.
        deps: other authors' heads that were heeded, sorted, at most 32.
        lamport: 1 + the greatest of the parents'; 0 in the genesis event.
        time: milliseconds since 1970, as claimed.
        kind: such as ``record/edit``.
        schema: id of the content's JSON Schema.
        frame_size, content_size: bytes of the two parts of the body.
        body: commitment to them.
    """

    version: int
    log: bytes | None
    author: bytes
    seq: int
    prev: bytes | None
    deps: tuple[bytes, ...]
    lamport: int
    time: int
    kind: str
    schema: bytes | None
    frame_size: int
    content_size: int
    body: bytes

    def encode(self) -> bytes:
        """The canonical bytes."""
        return encode_item(
            [
                self.version,
                _link(self.log),
                self.author,
                self.seq,
                _link(self.prev),
                [Link(dep) for dep in self.deps],
                self.lamport,
                self.time,
                self.kind,
                _link(self.schema),
                self.frame_size,
                self.content_size,
                self.body,
            ]
        )

    @property
    def id(self) -> bytes:
        """Digest of the canonical bytes: the event's id."""
        return sha256(self.encode()).digest()

    @property
    def log_id(self) -> bytes:
        """The log the event belongs to: the genesis event belongs to the one it makes."""
        return self.id if self.log is None else self.log

    @property
    def parents(self) -> tuple[bytes, ...]:
        """The one before in the chain (for seq 0 the log link, if any), then deps."""
        first = self.prev if self.prev is not None else self.log
        return self.deps if first is None else (first, *self.deps)

    @classmethod
    def decode(cls, data: bytes) -> Header:
        """Read and check one header.

        Raises:
            BadInput: the codec/* or event/* code that ``open_pack`` gives these bytes.
        """
        if len(data) > HEADER_BYTES_MAX:
            raise BadInput("event/too-large", expected=HEADER_BYTES_MAX, got=len(data))
        value = decode_item(data)
        if not (isinstance(value, list) and len(value) == _FIELDS and _is_digest(value[2])):
            raise BadInput("event/shape")
        # The kernel decides what is valid, here as everywhere; the value is read afterwards.
        pack = open_pack(bytes((PART_HEADER,)) + data, author=value[2])
        if pack.stopped is not None:
            raise BadInput(status.CODE[pack.stopped[1]], where="the header")
        version, log, author, seq, prev, deps, lamport, time, kind, schema, *sizes, body = value
        return cls(
            version=cast("int", version),
            log=_digest(log),
            author=author,
            seq=seq,
            prev=_digest(prev),
            deps=tuple(dep.digest for dep in deps),
            lamport=lamport,
            time=time,
            kind=kind,
            schema=_digest(schema),
            frame_size=sizes[0],
            content_size=sizes[1],
            body=body,
        )


def _link(digest: bytes | None) -> Link | None:
    return None if digest is None else Link(digest)


def _digest(link: Link | None) -> bytes | None:
    return None if link is None else link.digest


def _is_digest(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == DIGEST_BYTES
