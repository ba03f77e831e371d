"""``STORE.key``: the one file that holds a store's secret.

    tallystick-key 1                          format
    public did:key:z6Mk...                    whose key this is, readable without passphrase
    seed <base64>                             without a passphrase
    ─ or ─
    scrypt <log2 n> <r> <p> <salt base64>     passphrase -> 32-byte key (RFC 7914)
    sealed <nonce base64> <box base64>        ChaCha20-Poly1305 of the seed (RFC 8439); the lines
                                              above are the additional data, so none can be changed

Law: the file is made once, readable by its owner alone, complete before its name exists; a key
that does not fit its public line is never used.

Reads: identity.keys, identity.did, limits, errors. Read by: replica, cli.
"""

from __future__ import annotations

import base64
import errno
import os
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tallystick.errors import BadInput, KeyNeeded, StoreError, TallyError
from tallystick.identity.did import parse_did_key
from tallystick.identity.keys import SigningKey
from tallystick.limits import DIGEST_BYTES, KIB

FORMAT: Final = "tallystick-key 1"
COST: Final = 17
"""log2 of scrypt's n: 128 MiB and about half a second for each guess."""
_COST_MAX: Final = 20
_BLOCKS_MAX: Final = 8 << _COST_MAX
"""Of 128 bytes each, all at once: 1 GiB."""
_FILE_BYTES_MAX: Final = 4 * KIB
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_BOX_BYTES: Final = DIGEST_BYTES + 16

Random = Callable[[int], bytes]


def create_key(
    path: Path,
    *,
    passphrase: str | None = None,
    random: Random = os.urandom,
    cost: int = COST,
) -> SigningKey:
    """Make a new key and its file.

    Args:
        path: must not exist.
        passphrase: seals the seed when given.
        random: source of secret bytes.
        cost: log2 of scrypt's n.

    Raises:
        StoreError: key/exists, store/full or store/io.
    """
    key = SigningKey(random(DIGEST_BYTES))
    write_key(path, key, passphrase=passphrase, random=random, cost=cost)
    return key


def write_key(
    path: Path,
    key: SigningKey,
    *,
    passphrase: str | None = None,
    random: Random = os.urandom,
    cost: int = COST,
) -> None:
    """Write a key's file; arguments and errors as ``create_key``'s."""
    text = _key_text(key, passphrase, random, cost)
    draft = path.with_name(f"{path.name}.{random(8).hex()}.new")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _name(draft, path)
        _sync_folder(path.parent)
    except FileExistsError:
        raise StoreError(
            "key/exists", where=path, hint="Use that key, or choose another name."
        ) from None
    except OSError as error:
        code = "store/full" if error.errno == errno.ENOSPC else "store/io"
        raise StoreError(code, where=path, got=error.strerror) from None
    finally:
        with suppress(OSError):
            draft.unlink()


def read_key(path: Path, *, passphrase: str | None = None) -> SigningKey:
    """Read and, where it is sealed, open a key's file.

    Raises:
        KeyNeeded: key/missing, or key/passphrase when it is needed or wrong.
        BadInput: key/malformed.
        StoreError: store/io.
    """
    lines = _read_lines(path)
    public = _public(lines, path)
    match [line.split(" ") for line in lines[2:]]:
        case [["seed", encoded]]:
            seed = _unbase64(encoded, DIGEST_BYTES, path)
        case [["scrypt", n, r, p, salt], ["sealed", nonce, box]]:
            if passphrase is None:
                raise KeyNeeded("key/passphrase", "the key needs its passphrase", where=path)
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

            cost = _numbers((n, r, p), path)
            try:
                seed = ChaCha20Poly1305(
                    _derive(passphrase, _unbase64(salt, _SALT_BYTES, path), cost)
                ).decrypt(
                    _unbase64(nonce, _NONCE_BYTES, path),
                    _unbase64(box, _BOX_BYTES, path),
                    "\n".join(lines[:3]).encode(),
                )
            except InvalidTag:
                raise KeyNeeded("key/passphrase", "the passphrase is wrong", where=path) from None
            except MemoryError:
                got = "too little memory for this key's scrypt"
                raise StoreError("store/io", where=path, got=got) from None
        case _:
            raise _malformed(path, "neither a seed nor a sealed one")
    key = SigningKey(seed)
    if key.public != public:
        raise _malformed(path, "a seed of another key than the public line names")
    return key


def read_public(path: Path) -> bytes:
    """The public key that a file names; no passphrase needed.

    Raises:
        KeyNeeded: key/missing.
        BadInput: key/malformed.
        StoreError: store/io.
    """
    return _public(_read_lines(path), path)


def is_sealed(path: Path) -> bool:
    """Whether the key needs a passphrase. Raises as ``read_public``."""
    lines = _read_lines(path)
    _public(lines, path)
    return lines[2].startswith("scrypt ")


def _key_text(key: SigningKey, passphrase: str | None, random: Random, cost: int) -> bytes:
    lines = [FORMAT, f"public {key.did}"]
    if passphrase is None:
        lines.append(f"seed {_base64(key.seed)}")
    else:
        salt, nonce = random(_SALT_BYTES), random(_NONCE_BYTES)
        lines.append(f"scrypt {cost} 8 1 {_base64(salt)}")
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        cipher = ChaCha20Poly1305(_derive(passphrase, salt, (cost, 8, 1)))
        box = cipher.encrypt(nonce, key.seed, "\n".join(lines).encode())
        lines.append(f"sealed {_base64(nonce)} {_base64(box)}")
    return "".join(f"{line}\n" for line in lines).encode()


def _read_lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise KeyNeeded("key/missing", where=path) from None
    except OSError as error:
        raise StoreError("store/io", where=path, got=error.strerror) from None
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise _malformed(path, "bytes that are not text") from None
    if len(data) > _FILE_BYTES_MAX or lines.pop() or len(lines) < 3 or lines[0] != FORMAT:
        raise _malformed(path, f"another first line than {FORMAT!r}, or too few lines")
    return lines


def _public(lines: list[str], path: Path) -> bytes:
    word, _, did = lines[1].partition(" ")
    try:
        if word == "public":
            return parse_did_key(did)
    except TallyError:
        pass
    raise _malformed(path, "a second line that is not `public did:key:...`")


def _numbers(words: tuple[str, str, str], path: Path) -> tuple[int, int, int]:
    """log2 n, r and p, bounded so that a made-up file cannot ask for a machine's memory.

    n < 2^(16 r) is RFC 7914's own bound.
    """
    if all(word.isascii() and word.isdigit() and len(word) <= 2 for word in words):
        n, r, p = (int(word) for word in words)
        if 1 <= n <= _COST_MAX and n < 16 * r and r << n <= _BLOCKS_MAX and 1 <= p <= 4:
            return n, r, p
    raise _malformed(path, f"scrypt parameters {words}")


def _derive(passphrase: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    n, r, p = cost
    # Keyboards differ in how they compose letters; terminals hand over bytes that are no text.
    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogateescape")
    return Scrypt(salt=salt, length=DIGEST_BYTES, n=1 << n, r=r, p=p).derive(secret)


def _name(draft: Path, path: Path) -> None:
    """Give a complete file its name; unlike a rename, a link never replaces what is there."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        draft.rename(path)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _unbase64(text: str, size: int, path: Path) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise _malformed(path, f"{text[:20]!r} in place of {size} bytes in base64")
    return raw


def _malformed(path: Path, got: str) -> BadInput:
    return BadInput("key/malformed", where=path, got=got)
