"""From what a user types to 32 bytes, and back to words.

    TARGET = full id · prefix of 8 or more · did:key · prefix of its last part · petname · me

Law: a name that fits several things is refused, never guessed.

Reads: store, event.ids, identity.did. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Callable

from tallystick.errors import Ambiguous, BadInput, NotFound
from tallystick.event.ids import CID_CHARS, SHARED, cid_text, parse_cid, prefix_range, short
from tallystick.identity.did import DID_CHARS, PREFIX, did_key, parse_did_key
from tallystick.limits import DIGEST_BYTES
from tallystick.store.lookups import rows_between
from tallystick.store.store import Store

PREFIX_CHARS_MIN = 8
ME = "me"
DID_SHOWN_CHARS = 8
"""Characters of a key shown in a sentence, from its end: its beginning is the same for all."""


class Names:
    """Names as one store knows them.

    Args:
        me: the store's own author key.
    """

    def __init__(self, store: Store, me: bytes | None) -> None:
        self._store = store
        self._me = me

    def author(self, target: str | bytes) -> bytes:
        """The author key (actor) that is meant.

        Raises:
            BadInput: usage/argument. NotFound: usage/not-found. Ambiguous: usage/ambiguous.
        """
        if isinstance(target, bytes):
            return _digest(target)
        _check_text(target)
        named = self._store.petnames().get(target)
        if named is not None:
            return named
        if target == ME and self._me is not None:
            return self._me
        if target.startswith(PREFIX):
            if len(target) == DID_CHARS:
                return parse_did_key(target)
            return self._by_did_prefix(target)
        if target.startswith("z6Mk"):
            return self.author(f"did:key:{target}")
        if self.is_event(target):
            raise BadInput(
                "usage/argument",
                "that is the id of an event, and an actor is meant",
                got=target[:80],
                hint="About single events: exclude, include, retract, restore.",
            )
        raise NotFound(
            "usage/not-found",
            f"nobody is called {target[:80]!r}",
            expected="a did:key, a prefix of one, or a petname",
            hint="Petnames are given with `tally name`.",
        )

    def event(self, target: str | bytes) -> int:
        """The row of the event that is meant.

        Raises:
            BadInput: usage/argument. NotFound: usage/not-found. Ambiguous: usage/ambiguous.
        """
        row = self._store.row_of(self.event_id(target))
        if row is None:
            raise NotFound(
                "usage/not-found",
                "that event is not in this store",
                got=target if isinstance(target, str) else cid_text(target),
                hint="Sync with a peer that has it.",
            )
        return row

    def event_id(self, target: str | bytes) -> bytes:
        """The id of the event that is meant; a full id need not be here."""
        if isinstance(target, bytes):
            return _digest(target)
        _check_text(target)
        if len(target) == CID_CHARS and target.startswith(SHARED):
            return parse_cid(target)
        if not target.startswith(SHARED) or len(target) < PREFIX_CHARS_MIN:
            raise BadInput(
                "usage/argument",
                "that is not the id of an event",
                expected=f"bafyrei... or the first {PREFIX_CHARS_MIN} characters or more",
                got=repr(target[:80]),
            )
        low, high = prefix_range(target)
        if low[:4] == high[:4]:
            rows = self._store.rows_by_prefix(low, high, limit=4)
        else:
            rows = rows_between(self._store, low, high, limit=4)
        if not rows:
            raise NotFound("usage/not-found", "no event here has an id like that", got=target)
        if len(rows) > 1:
            ids = ", ".join(short(id) for id in self._store.ids_at(rows))
            raise Ambiguous("usage/ambiguous", got=ids, hint="Give more characters.")
        return self._store.ids_at(rows)[0]

    def is_event(self, target: str | bytes) -> bool:
        """Whether a TARGET's form is that of an event id."""
        return isinstance(target, str) and target.startswith(SHARED)

    def called(self, key: bytes) -> str:
        """How an actor is called in sentences: petname, ``you``, or the end of the key."""
        return self.caller()(key)

    def caller(self) -> Callable[[bytes], str]:
        """``called`` for many: petnames are read once."""
        names = {author: name for name, author in reversed(self._store.petnames().items())}
        if self._me is not None:
            names[self._me] = "you"
        return lambda key: names.get(key) or short_did(key)

    def words(self, subject: bytes) -> str:
        """A name for an actor or an event, whichever the 32 bytes are."""
        is_author = self._store.find_author(subject) is not None  # in memory, unlike most ids
        if not is_author and self._store.row_of(subject) is not None:
            return short(subject)
        return self.called(subject)

    def _by_did_prefix(self, target: str) -> bytes:
        known = target.removeprefix(PREFIX)
        if len(known) < PREFIX_CHARS_MIN:
            raise BadInput(
                "usage/argument",
                "the prefix is too short",
                expected=f"{PREFIX_CHARS_MIN} characters after {PREFIX}",
                got=target,
            )
        found = [
            key
            for key in self._store.authors_by_prefix(bytes(DIGEST_BYTES), b"\xff" * DIGEST_BYTES)
            if did_key(key).startswith(target)
        ]
        if not found:
            raise NotFound("usage/not-found", "nobody here has a key like that", got=target)
        if len(found) > 1:
            raise Ambiguous("usage/ambiguous", got=", ".join(did_key(key) for key in found[:4]))
        return found[0]


def short_did(key: bytes) -> str:
    """The end of a did:key, for sentences."""
    return f"…{did_key(key)[-DID_SHOWN_CHARS:]}"


def _check_text(target: object) -> None:
    if not isinstance(target, str):
        raise BadInput("usage/argument", expected="text or 32 bytes", got=repr(target)[:80])


def _digest(target: bytes) -> bytes:
    if len(target) != DIGEST_BYTES:
        raise BadInput("usage/argument", expected=f"{DIGEST_BYTES} bytes", got=len(target))
    return target
