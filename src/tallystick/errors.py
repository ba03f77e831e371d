"""What can go wrong, as a tree of classes and a table of stable codes.

    TallyError                    exit  when
    ├── UsageError                 2    what you asked for cannot be meant
    │   ├── BadInput               2    a value, file or document you handed in is malformed
    │   ├── NotFound               2    no such store, log, event, actor, view or place
    │   └── Ambiguous              2    a prefix or name that fits several
    ├── StoreError                 1    the store file refused, is busy, full or damaged
    ├── ChainError                 1    an append that may not happen (restored backup, bounds)
    ├── VerificationError          3    bytes that do not prove what they claim
    ├── KeyNeeded                  4    the key file is missing, or needs its passphrase
    └── PeerUnreachable            5    nobody answers, or the session broke

Law: every error has a code out of ``CODES`` and says what was expected, what was got, where, and
what to do next. Data that came from a peer never raises through sync: it becomes a ``Rejected``
value with a code out of the same table. A broken invariant of ours is an ``assert``.

Reads: nothing. Read by: every room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

CODES: Final[dict[str, str]] = {
    # --- codec: one DAG-CBOR item ---
    "codec/truncated": "the bytes end inside an item",
    "codec/trailing": "bytes follow the end of the item",
    "codec/not-shortest": "an integer or length is not in its shortest form",
    "codec/indefinite": "an item of indefinite length",
    "codec/keys-unsorted": "map keys are not sorted (shorter first, then bytewise)",
    "codec/key-duplicate": "a map key occurs twice",
    "codec/key-not-text": "a map key is not text",
    "codec/not-utf8": "text is not valid UTF-8",
    "codec/too-deep": "nesting goes beyond 32 levels",
    "codec/int-range": "an integer lies outside [-2^63, 2^63)",
    "codec/float": "a float stands where none is allowed, or is not finite, or not 64 bits",
    "codec/bad-link": "a link is not a CIDv1 (dag-cbor, sha2-256)",
    "codec/bad-type": "a CBOR type that DAG-CBOR does not have",
    "codec/unencodable": "a Python value that has no DAG-CBOR form",
    "codec/json": "the JSON text is malformed, repeats a key, or holds NaN or an infinity",
    # --- event: header and body ---
    "event/shape": "the header is not an array of 13 fields of the right types",
    "event/version": "the header version is not 1",
    "event/too-large": "header beyond 4 KiB, or frame and content beyond 1 MiB",
    "event/kind": "the kind is not [a-z0-9-]+(/[a-z0-9-]+)* of at most 64 bytes",
    "event/uint-range": "a number of the header lies outside [0, 2^63)",
    "event/genesis": "log is null exactly in the genesis event (log/create, seq 0)",
    "event/prev": "prev is null exactly when seq is 0",
    "event/deps": "deps are unsorted, repeated, or more than 32",
    "event/author-key": "the author is not a canonical Ed25519 key, or of small order",
    "event/lamport": "lamport is not 1 + the greatest of the parents'",
    "event/other-log": "the event belongs to another log",
    "event/body-mismatch": "frame, content or seed do not match the header's commitment",
    # --- chain: links, heads, slices ---
    "chain/author": "an event of another author inside a slice",
    "chain/seq": "the sequence number does not follow the one before",
    "chain/link": "prev does not name the event before",
    "chain/root": "the events do not hash to the root the head signs",
    "chain/signature": "the head is not signed by its author (strict Ed25519)",
    "chain/head-size": "the head covers fewer events than the slice",
    "chain/invalid-parent": "a parent is an invalid event",
    "chain/restored": "peers hold a longer chain of this key: catch up before writing",
    "chain/too-many": "more events or bytes than one commit or slice may hold",
    "chain/no-proof": "two events at one seq without inclusion proofs to signed heads",
    # --- proof: notes, checkpoints, proof files ---
    "proof/malformed": "the text is not a signed note, checkpoint or tlog-proof",
    "proof/unknown-key": "no signature by a known key",
    "proof/signature": "a signature by a known key does not hold",
    "proof/inclusion": "the proof does not lead from the entry to the checkpoint's root",
    "proof/title": "the ops that are shown are not one chain of title",
    # --- sync: sessions ---
    "sync/missing-parents": "the sender did not serve the ancestors of what it sent",
    "sync/message-size": "a message beyond 4 MiB",
    "sync/message-shape": "a message that is not one of the protocol's",
    "sync/unexpected": "a message that the session is not waiting for",
    "sync/version": "the peer speaks another protocol version",
    "sync/no-common-log": "the two stores share no log",
    "sync/several-logs": "the peer offers several logs: name one with --log",
    "sync/budget": "the peer used up its budget of bytes, work, rejections or sessions",
    "sync/author-budget": "an author's events used up their budget of bytes or work in a session",
    "sync/pending-full": "too many events wait for parents",
    "sync/closed": "the connection ended before the session did",
    "sync/unreachable": "nobody answers at that address",
    "sync/bundle": "the file is not a bundle, or is cut off",
    # --- void: a kind's own rule, by the event's own frame ---
    "void/frame": "the frame is malformed for its kind",
    "void/ground": "an event it stands on is not in its past, is void, or is of another kind",
    "void/asset": "what it names as an asset is none",
    "void/issuer": "its author may not issue that asset",
    "void/payer": "who pays is not its author, and did not let the author pay",
    "void/payee": "who gives back did not receive it, and may not act for who did",
    "void/legs": "what it moves of an asset does not add up to zero",
    "void/overflow": "it moves more of an asset than 64 bits hold",
    "void/target": "the event names something its kind may not name",
    "void/value": "a number of the frame is out of its range",
    "void/proof": "the proof in the frame proves nothing",
    "void/owner": "the title belongs to somebody else",
    # --- policy ---
    "policy/document": "a policy document that is malformed",
    "policy/parameter": "a parameter of the policy is out of its range",
    "policy/scope": "a scope is not a kind, prefix/* or * (and not of trust)",
    "policy/target": "a statement about something it cannot be about",
    # --- state ---
    "state/place": "the place is malformed or holds another type",
    "state/schema": "that does not fit the schema of the collection, or cannot be one",
    "state/resolver": "a resolver of the collection raised",
    "state/record": "there is no such record, or there is one already",
    "state/text": "the text or list has no such position, or that is no text",
    "state/conflict": "several values are live and one was asked for",
    "state/fold": "the fold returned something that is not plain data, or raised",
    "state/snapshot": "the bytes are no kept sequence, or they are damaged",
    "state/version": "the version names events that are not here",
    "state/view": "no such view, or one whose definition differs from the stored one",
    "ledger/amount": "that is no amount of the asset",
    "state/sql": "the query is not a read-only query, or SQLite refuses it",
    # --- store, keys ---
    "store/exists": "a store is there already",
    "store/missing": "no store at that path",
    "store/not-a-store": "the file is not a Tallystick store",
    "store/version": "the store was made by another version",
    "store/busy": "another process holds the store",
    "store/full": "the disk is full",
    "store/damaged": "the store's rows contradict each other or their hashes",
    "store/io": "the operating system refused to read or write",
    "key/exists": "a key file is there already",
    "key/missing": "the key file is not there",
    "key/passphrase": "the key needs its passphrase, or the passphrase is wrong",
    "key/malformed": "the file is not a Tallystick key",
    # --- usage ---
    "usage/argument": "an argument has the wrong type, form or range",
    "usage/not-found": "nothing by that name or id",
    "usage/ambiguous": "the name or prefix fits several",
    "usage/no-log": "the store holds no log yet",
    "usage/several-logs": "the store holds several logs: name one",
    "usage/closed": "the replica or store is closed",
    "usage/kernels": "the kernels asked for are not available",
}
"""Every code a user or a log can meet, with the sentence that explains it."""


class TallyError(Exception):
    """Base of all errors raised by Tallystick.

    Args:
        code: one of ``CODES``.
        message: what happened, in a sentence; by default the code's own.
        expected, got, where, hint: the four things a reader needs; each may be left out.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        expected: object = None,
        got: object = None,
        where: object = None,
        hint: str | None = None,
    ) -> None:
        assert code in CODES, code
        self.code = code
        self.message = message if message is not None else CODES[code]
        self.expected = expected
        self.got = got
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [f"{self.message} ({self.code})"]
        if self.where is not None:
            parts.append(f"at {self.where}")
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        if self.got is not None:
            parts.append(f"got {self.got}")
        text = "; ".join(parts)
        return f"{text}. {self.hint}" if self.hint else text

    def as_dict(self) -> dict[str, Any]:
        """The error as plain data, for ``--json``: code, message and whatever else is known."""
        known = {
            "expected": self.expected,
            "got": self.got,
            "where": self.where,
            "hint": self.hint,
        }
        return {"code": self.code, "message": self.message} | {
            name: str(value) for name, value in known.items() if value is not None
        }


class UsageError(TallyError):
    """What was asked for cannot be meant."""

    exit_code = 2


class BadInput(UsageError):
    """A value, file or document handed in is malformed."""


class NotFound(UsageError):
    """Nothing by that name, id or path."""


class Ambiguous(UsageError):
    """A name or prefix that fits several things."""


class StoreError(TallyError):
    """The store file refused, is busy, full or damaged."""


class ChainError(TallyError):
    """An append that may not happen."""


class VerificationError(TallyError):
    """Bytes that do not prove what they claim."""

    exit_code = 3


class KeyNeeded(TallyError):
    """The key file is missing or locked."""

    exit_code = 4


class PeerUnreachable(TallyError):
    """Nobody answers, or the session broke before its end."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class Rejected:
    """What became of bad data from a peer: a value, never an exception.

    Args:
        subject: id of the event (or author key of the chain) it concerns; empty if unknown.
        code: one of ``CODES``.
        detail: what was expected and got, in words.
    """

    subject: bytes
    code: str
    detail: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code
