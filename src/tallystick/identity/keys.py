"""The one thing that can sign: an Ed25519 key made from a 32-byte seed.

Law: signing is deterministic (RFC 8032), and whatever is signed here verifies under the strict
rule of ``kernels.verify_signatures``.

Reads: identity.did, limits. Read by: identity.keyfile, chain.head, proofs.cosignature, replica.
Source: RFC 8032 section 5.1.
"""

from __future__ import annotations

from tallystick.identity.did import did_key
from tallystick.limits import DIGEST_BYTES


class SigningKey:
    """An Ed25519 key pair.

    Args:
        seed: 32 secret bytes.
    """

    __slots__ = ("_key", "_seed", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != DIGEST_BYTES:
            raise ValueError(f"a seed is {DIGEST_BYTES} bytes, not {len(seed)}")
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._seed = bytes(seed)
        self._key = Ed25519PrivateKey.from_private_bytes(self._seed)
        self.public: bytes = self._key.public_key().public_bytes_raw()

    @property
    def seed(self) -> bytes:
        """The secret itself, for the key file alone."""
        return self._seed

    @property
    def did(self) -> str:
        """The key's public name."""
        return did_key(self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes: R ‖ S."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({self.did})"
