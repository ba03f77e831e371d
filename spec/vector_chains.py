"""Chains with heads, slices cut from them, and proofs that one was written twice.

Reads: spec/plain.py, spec/curve.py, spec/vector_trees.py. Read by: spec/make_vectors.py.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from hashlib import sha256

import curve
from plain import Body, Link, cbor, digest
from vector_trees import path, peaks, root

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def did_of(public: bytes) -> str:
    """did:key."""
    number, text = int.from_bytes(b"\xed\x01" + public, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "did:key:z" + text


def cid_of(found: bytes) -> str:
    """CIDv1, dag-cbor, sha2-256, base32."""
    raw = b"\x01\x71\x12\x20" + found
    return "b" + base64.b32encode(raw).decode().lower().rstrip("=")


def base64_of(raw: bytes) -> str:
    """Standard alphabet, padded."""
    return base64.b64encode(raw).decode()


@dataclass(frozen=True)
class Key:
    """A key pair from an RFC 8032 seed."""

    seed: bytes

    @property
    def public(self) -> bytes:
        """A."""
        return curve.public_key(curve.secret_of(self.seed))

    def sign(self, message: bytes) -> bytes:
        """As RFC 8032 section 5.1.6 says: the nonce is of the hash's second half."""
        prefix = curve.sha512(self.seed).digest()[32:]
        nonce = int.from_bytes(curve.sha512(prefix + message).digest(), "little") % curve.L
        r = curve.encode(curve.times(nonce, curve.BASE))
        k = curve.challenge(self.public, r, message)
        s = (nonce + k * curve.secret_of(self.seed)) % curve.L
        return r + s.to_bytes(32, "little")


ALICE, BOB, FOUNDER = (Key(digest(name)) for name in ("alice", "bob", "founder"))


def text_of(log: bytes, author: bytes, size: int, top: bytes) -> str:
    """What the author signs."""
    return f"tallystick/1/{cid_of(log)}/{did_of(author)}\n{size}\n{base64_of(top)}\n"


@dataclass(frozen=True)
class Head:
    """A signed head."""

    size: int
    root: bytes
    signature: bytes


@dataclass
class Chain:
    """An author's events, headers and bodies apart."""

    key: Key
    log: bytes
    headers: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def write(self, words: str, kind: str = "note/write") -> None:
        """One more event."""
        seq = len(self.headers)
        body = Body(b"", cbor(words), digest(f"seed {words}")[:16])
        if kind == "log/create":
            body = Body(b"", cbor({"name": words, "purpose": ""}), digest("seed of a log")[:16])
        founding = kind == "log/create"
        self.headers.append(
            cbor(
                [
                    1,
                    None if founding else Link(self.log),
                    self.key.public,
                    seq,
                    Link(sha256(self.headers[-1]).digest()) if seq else None,
                    [],
                    seq if self.key == FOUNDER else seq + 1,  # the genesis event's is 0
                    1_700_000_000_000 + seq,
                    kind,
                    None,
                    0,
                    len(body.content),
                    body.commitment,
                ]
            )
        )
        self.bodies.append(body.packed(2))

    @property
    def ids(self) -> list[bytes]:
        """Of all events."""
        return [sha256(header).digest() for header in self.headers]

    def head(self, size: int) -> Head:
        """The head that the author signed at ``size``."""
        top = root(self.ids[:size])
        text = text_of(self.log, self.key.public, size, top)
        return Head(size, top, self.key.sign(text.encode()))

    def pack(self, begin: int, end: int) -> bytes:
        """Whole events."""
        pairs = zip(self.headers[begin:end], self.bodies[begin:end], strict=True)
        return b"".join(b"\x02" + header + body for header, body in pairs)

    def side(self, size: int) -> Chain:
        """The same chain, to be continued another way."""
        return Chain(self.key, self.log, self.headers[:size], self.bodies[:size])


def founded() -> Chain:
    """The log's own chain."""
    chain = Chain(FOUNDER, b"")
    chain.write("vectors", "log/create")
    chain.log = sha256(chain.headers[0]).digest()
    chain.write("welcome")
    return chain


def written(key: Key, count: int) -> Chain:
    """An author's chain of so many events."""
    chain = Chain(key, founded().log)
    for number in range(count):
        chain.write(f"{number}")
    return chain


def cover(begin: int, end: int) -> list[tuple[int, int]]:
    """Leaves [begin, end) as the fewest aligned perfect subtrees, by trying the largest first."""
    if begin == end:
        return []
    width = 1
    while begin % (2 * width) == 0 and begin + 2 * width <= end:
        width *= 2
    return [(begin, begin + width), *cover(begin + width, end)]


def connection(ids: list[bytes], begin: int, end: int) -> bytes:
    """The hashes from a slice's end to its head."""
    return b"".join(root(ids[a:b]) for a, b in cover(begin, end))


# --- heads.json ----------------------------------------------------------------------------------


def heads() -> dict[str, object]:
    """Heads signed by their authors, and heads that are not."""
    found = []
    for name, chain, size in (
        ("the genesis event alone", founded(), 1),
        ("two events", founded(), 2),
        ("no event", written(ALICE, 0), 0),
        ("one event", written(ALICE, 1), 1),
        ("seven events", written(ALICE, 7), 7),
        ("seven events by somebody else", written(BOB, 7), 7),
    ):
        head, author = chain.head(size), chain.key.public
        text = text_of(chain.log, author, size, head.root)
        origin = text.split("\n")[0]
        key_id = sha256(origin.encode() + b"\n\x01" + author).digest()[:4]
        found.append(
            {
                "name": name,
                "seed": chain.key.seed.hex(),
                "author": author.hex(),
                "log": chain.log.hex(),
                "ids": [one.hex() for one in chain.ids[:size]],
                "size": str(size),
                "root": head.root.hex(),
                "text": text,
                "signature": head.signature.hex(),
                "note": f"{text}\n— {origin} {base64_of(key_id + head.signature)}\n",
            }
        )
    chain = written(ALICE, 7)
    good = {
        "author": ALICE.public.hex(),
        "log": chain.log.hex(),
        "size": "7",
        "root": chain.head(7).root.hex(),
        "signature": chain.head(7).signature.hex(),
    }
    flipped = bytearray(chain.head(7).signature)
    flipped[40] ^= 1
    over = int.from_bytes(chain.head(7).signature[32:], "little") + curve.L
    stretched = chain.head(7).signature[:32] + over.to_bytes(32, "little")
    bare = ALICE.sign(chain.head(7).root)
    changes: list[tuple[str, dict[str, str]]] = [
        ("another size", {"size": "6"}),
        ("another root", {"root": bytes(32).hex()}),
        ("another log", {"log": digest("another log").hex()}),
        ("another author", {"author": BOB.public.hex()}),
        ("a flipped bit", {"signature": bytes(flipped).hex()}),
        ("S + L in place of S", {"signature": stretched.hex()}),
        ("the root alone was signed", {"signature": bare.hex()}),
    ]
    return {
        "about": "Signed heads: text and note from (log, author, size, root), and what is refused "
        "with chain/signature.",
        "signed": found,
        "refused": [{"name": name, **good, **change} for name, change in changes],
    }


# --- slices.json ---------------------------------------------------------------------------------


def wire(chain: Chain, begin: int, end: int, head: Head, **changes: object) -> bytes:
    """A slice on the wire; ``changes`` replaces fields by name."""
    fields: dict[str, object] = {
        "author": chain.key.public,
        "seq": begin,
        "count": end - begin,
        "size": head.size,
        "root": head.root,
        "signature": head.signature,
        "proof": connection(chain.ids, end, head.size),
        "pack": chain.pack(begin, end),
    }
    return cbor(list((fields | changes).values()))


def held(chain: Chain, size: int) -> dict[str, object]:
    """What a receiver knows of the chain."""
    return {
        "size": str(size),
        "peaks": [one.hex() for one in peaks(chain.ids[:size])],
        "last_id": chain.ids[size - 1].hex() if size else None,
    }


def accepted() -> list[dict[str, object]]:
    """Slices that prove themselves to somebody who holds so many events."""
    alice, founder = written(ALICE, 13), founded()
    cases = [
        ("a genesis event", founder, 0, 1, 1, 0),
        ("a genesis event under a later head", founder, 0, 1, 2, 0),
        ("what follows a genesis event", founder, 1, 2, 2, 1),
        ("a whole chain", alice, 0, 13, 13, 0),
        ("a prefix under a larger head", alice, 0, 3, 13, 0),
        ("a middle part", alice, 3, 8, 13, 3),
        ("the end", alice, 12, 13, 13, 12),
        ("a head of its own end", alice, 0, 5, 5, 0),
        ("events of which two are held already", alice, 1, 6, 13, 3),
        ("events that are all held already", alice, 1, 6, 13, 6),
    ]
    return [
        {
            "name": name,
            "log": chain.log.hex(),
            "held": held(chain, have),
            "slice": wire(chain, begin, end, chain.head(size)).hex(),
            "ids": [one.hex() for one in chain.ids[begin:end]],
            "peaks": [one.hex() for one in peaks(chain.ids[:end])],
        }
        for name, chain, begin, end, size, have in cases
    ]


def slices() -> dict[str, object]:
    """Slices that are accepted, and slices that are refused with the code of the first fault."""
    alice = written(ALICE, 13)
    other = alice.side(5)
    for number in range(8):
        other.write(f"other {number}")
    bob = written(BOB, 4)
    head = alice.head(13)
    swapped = alice.pack(1, 2) + alice.pack(0, 1) + alice.pack(2, 3)
    unsigned = bytes(64)
    cases: list[tuple[str, int, bytes, str]] = [
        ("not CBOR", 0, b"\xff", "codec/indefinite"),
        ("not a list", 0, cbor({}), "sync/message-shape"),
        ("a field too many", 0, cbor([0] * 9), "sync/message-shape"),
        ("a short author", 0, wire(alice, 0, 3, head, author=b"x"), "sync/message-shape"),
        ("a negative seq", 0, wire(alice, 0, 3, head, seq=-1), "sync/message-shape"),
        ("true for a number", 0, wire(alice, 0, 3, head, count=True), "sync/message-shape"),
        ("no event", 0, wire(alice, 0, 3, head, count=0), "chain/too-many"),
        ("4,097 events", 0, wire(alice, 0, 3, head, count=4097), "chain/too-many"),
        ("a head of fewer", 0, wire(alice, 0, 3, head, size=2), "chain/head-size"),
        ("too few hashes", 0, wire(alice, 0, 3, head, proof=bytes(32)), "chain/root"),
        ("an unsigned head", 0, wire(alice, 0, 3, head, signature=unsigned), "chain/signature"),
        ("another size", 0, wire(alice, 0, 12, head, size=14), "chain/signature"),
        ("fewer than announced", 0, wire(alice, 0, 3, head, pack=alice.pack(0, 2)), "chain/root"),
        (
            "more than announced",
            0,
            wire(alice, 0, 3, head, pack=alice.pack(0, 4)),
            "chain/too-many",
        ),
        ("cut off", 0, wire(alice, 0, 3, head, pack=alice.pack(0, 3)[:-1]), "chain/root"),
        (
            "other events than announced",
            0,
            wire(alice, 0, 3, head, pack=alice.pack(1, 4)),
            "chain/seq",
        ),
        ("in another order", 0, wire(alice, 0, 3, head, pack=swapped), "chain/seq"),
        ("by another author", 0, wire(alice, 0, 3, head, pack=bob.pack(0, 3)), "chain/author"),
        ("nothing", 0, wire(alice, 0, 3, head, pack=b""), "codec/truncated"),
        ("wrong hashes", 0, wire(alice, 0, 3, head, proof=bytes(128)), "chain/root"),
        (
            "the other side's events",
            0,
            wire(alice, 0, 7, head, pack=other.pack(0, 7)),
            "chain/root",
        ),
        ("a gap before it", 2, wire(alice, 3, 6, head), "chain/seq"),
        ("after the other side's event", 6, wire(other, 6, 8, other.head(13)), "chain/link"),
    ]
    return {
        "about": "Slices as they travel. `held`: what the receiver has of the chain. `code`: what "
        "the slice is refused with, in the order decode, head, pack, proof.",
        "accepted": accepted(),
        "refused": [
            {
                "name": name,
                "log": alice.log.hex(),
                "held": held(alice, size),
                "slice": sent.hex(),
                "code": code,
            }
            for name, size, sent, code in cases
        ],
    }


# --- equivocation.json ---------------------------------------------------------------------------


def side(chain: Chain, seq: int, size: int) -> list[object]:
    """One side of a proof."""
    head = chain.head(size)
    steps = b"".join(path(seq, chain.ids[:size]))
    return [chain.headers[seq], steps, size, head.root, head.signature]


def event_id(one: list[object]) -> bytes:
    """Of a side's event."""
    header = one[0]
    assert isinstance(header, bytes)
    return sha256(header).digest()


def framed(a: list[object], b: list[object]) -> bytes:
    """The frame: sides ascending by event id."""
    return cbor(sorted([a, b], key=event_id))


def equivocation() -> dict[str, object]:
    """Proofs that an author wrote one seq twice, and frames that prove nothing."""
    alice = written(ALICE, 6)
    other = alice.side(3)
    for number in range(3):
        other.write(f"other {number}")
    first, second = written(BOB, 1), Chain(BOB, alice.log)
    second.write("another beginning")
    cases = [
        ("where the sides part", alice, other, 3, 6, 6),
        ("later on", alice, other, 5, 6, 6),
        ("under heads of different size", alice, other, 3, 4, 6),
        ("at the first event", first, second, 0, 1, 1),
    ]
    proven = []
    for name, one, two, seq, size_one, size_two in cases:
        ids = sorted([one.ids[seq], two.ids[seq]])
        proven.append(
            {
                "name": name,
                "log": one.log.hex(),
                "frame": framed(side(one, seq, size_one), side(two, seq, size_two)).hex(),
                "author": one.key.public.hex(),
                "seq": str(seq),
                "events": [found.hex() for found in ids],
                "id": sha256(b"tallystick/equivocation/1\x00" + b"".join(ids)).hexdigest(),
            }
        )
    a, b = side(alice, 3, 6), side(other, 3, 6)
    in_order = sorted([a, b], key=event_id)
    unsigned = [*b[:4], bytes(64)]
    void = [
        ("no bytes", b"", "void/frame"),
        ("one side", cbor([a]), "void/frame"),
        ("sides descending", cbor(in_order[::-1]), "void/frame"),
        ("a field too many", cbor([a, [*b, 0]]), "void/frame"),
        ("a header that is none", cbor([a, [b"\xf6", *b[1:]]]), "void/frame"),
        ("the same event twice", cbor([a, a]), "void/proof"),
        ("one event under two heads", cbor([a, side(alice, 3, 4)]), "void/proof"),
        ("two places of one chain", framed(side(alice, 2, 6), a), "void/proof"),
        ("two authors", framed(side(written(BOB, 6), 3, 6), a), "void/proof"),
        ("a head nobody signed", framed(a, unsigned), "void/proof"),
        ("a header without a path", framed(a, [b[0], *a[1:]]), "void/proof"),
    ]
    return {
        "about": "Frames of proof/equivocation: what they prove in a log, or their void code.",
        "proven": proven,
        "void": [
            {"name": name, "log": alice.log.hex(), "frame": frame.hex(), "code": code}
            for name, frame, code in void
        ],
    }
