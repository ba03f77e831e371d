"""Whose store it is: the public half is in the store, the secret half in a file beside it.

    notes.tally        public key: enough to read, judge and sync
    notes.tally.key    secret: needed to write

Law: the secret never enters the store; a key file of another author is never used.

Reads: identity, store. Read by: replica.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tallystick.errors import KeyNeeded, StoreError
from tallystick.identity.did import did_key
from tallystick.identity.keyfile import create_key, is_sealed, read_key
from tallystick.identity.keys import SigningKey
from tallystick.store.store import Store

_PUBLIC = "author"


def key_path(path: Path) -> Path:
    """The key file that belongs to a store file."""
    return path.with_name(path.name + ".key")


class Owner:
    """The author key of one store.

    Args:
        public: 32 bytes.
        path: of the key file; None for a key that lives in memory only.
    """

    def __init__(
        self,
        public: bytes,
        *,
        path: Path | None = None,
        key: SigningKey | None = None,
        passphrase: str | None = None,
    ) -> None:
        self.public = public
        self._path = path
        self._key = key
        self._passphrase = passphrase

    def key(self) -> SigningKey:
        """The signing key, read on first use.

        Raises:
            KeyNeeded: key/missing, key/passphrase. BadInput: key/malformed.
        """
        if self._key is None:
            assert self._path is not None, "a key without a file is in memory"
            found = read_key(self._path, passphrase=self._passphrase)
            if found.public != self.public:
                raise KeyNeeded(
                    "key/missing",
                    "the key file holds another author's key",
                    expected=did_key(self.public),
                    got=found.did,
                    where=self._path,
                )
            self._key = found
        return self._key

    @property
    def needs_passphrase(self) -> bool:
        """Whether ``key`` will ask for a passphrase that was not given."""
        if self._key is not None or self._passphrase is not None or self._path is None:
            return False
        return self._path.exists() and is_sealed(self._path)

    @classmethod
    def create(
        cls,
        store: Store,
        path: Path,
        *,
        passphrase: str | None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> Owner:
        """The owner of a store that has none: a new key file, its public half in the store.

        A key that is there already was made for this store by somebody who was interrupted, since
        nobody begins to make a store beside a key.
        """
        if path.exists():
            key = read_key(path, passphrase=passphrase)
        else:
            key = create_key(path, passphrase=passphrase, random=random)
        with store.write():
            store.keep(0, _PUBLIC, key.public)
        return cls(key.public, path=path, key=key)

    @staticmethod
    def is_missing(store: Store) -> bool:
        """Whether making the store was interrupted before it had an owner."""
        return store.kept(0, _PUBLIC) is None and not store.logs()

    @classmethod
    def of(cls, store: Store, path: Path, *, passphrase: str | None) -> Owner:
        """The owner of a store that exists.

        Raises:
            StoreError: store/damaged, when the store does not say whose it is.
        """
        public = store.kept(0, _PUBLIC)
        if public is None:
            raise StoreError(
                "store/damaged", "the store does not name its author", where=store.db.where,
                hint="If making it was interrupted, make it again; else restore a backup.",
            )  # fmt: skip
        return cls(public, path=path, passphrase=passphrase)
