"""The key file: made once, its owner's alone, and never half-read."""

from __future__ import annotations

import os
import stat

import pytest

from tallystick.errors import BadInput, KeyNeeded, StoreError, TallyError
from tallystick.identity.keyfile import create_key, is_sealed, read_key, read_public, write_key
from tallystick.identity.keys import SigningKey


def zeros(count: int) -> bytes:
    return bytes(count)


def code_of(call) -> tuple[type[TallyError], str]:
    with pytest.raises(TallyError) as refused:
        call()
    return type(refused.value), refused.value.code


def test_a_new_key_reads_back_and_is_the_owners_alone(tmp_path):
    path = tmp_path / "a.key"
    key = create_key(path)
    assert read_key(path).seed == key.seed
    assert read_public(path) == key.public
    assert not is_sealed(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["a.key"]


def test_two_keys_differ_and_randomness_is_handed_in(tmp_path):
    assert create_key(tmp_path / "a").seed != create_key(tmp_path / "b").seed
    assert create_key(tmp_path / "c", random=zeros).seed == bytes(32)


def test_a_key_that_is_there_is_never_replaced(tmp_path):
    path = tmp_path / "a.key"
    create_key(path)
    before = path.read_bytes()
    assert code_of(lambda: create_key(path)) == (StoreError, "key/exists")
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_key_is_not_replaced_where_there_are_no_hard_links_either(tmp_path, monkeypatch):
    def no_links(*_args):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "a.key"
    key = create_key(path)
    assert code_of(lambda: create_key(path)) == (StoreError, "key/exists")
    assert read_key(path).seed == key.seed


def test_a_sealed_key_opens_with_its_passphrase_alone(tmp_path):
    path = tmp_path / "a.key"
    key = create_key(path, passphrase="corect žluť", cost=4)
    assert is_sealed(path)
    assert read_public(path) == key.public
    assert key.seed.hex() not in path.read_bytes().hex()
    assert read_key(path, passphrase="corect žluť").seed == key.seed
    assert read_key(path, passphrase="corect z\u030clut\u030c").seed == key.seed
    assert code_of(lambda: read_key(path)) == (KeyNeeded, "key/passphrase")
    assert code_of(lambda: read_key(path, passphrase="wrong")) == (KeyNeeded, "key/passphrase")


def test_a_passphrase_of_stray_bytes_is_one_too(tmp_path):
    path = tmp_path / "a.key"
    strange = b"\xff\xfe".decode("utf-8", "surrogateescape")
    key = create_key(path, passphrase=strange, cost=4)
    assert read_key(path, passphrase=strange).seed == key.seed


def test_a_missing_key_says_so(tmp_path):
    assert code_of(lambda: read_key(tmp_path / "none")) == (KeyNeeded, "key/missing")
    assert code_of(lambda: read_key(tmp_path)) == (StoreError, "store/io")
    assert code_of(lambda: create_key(tmp_path / "no" / "where")) == (StoreError, "store/io")


@pytest.mark.parametrize("sealed", [False, True])
def test_any_changed_byte_is_noticed_or_harmless(tmp_path, sealed):
    path = tmp_path / "a.key"
    key = create_key(path, passphrase="p" if sealed else None, random=zeros, cost=1)
    good = path.read_bytes()
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= 1
        path.write_bytes(bad)
        try:
            found = read_key(path, passphrase="p")
        except (BadInput, KeyNeeded) as refused:
            assert refused.code in {"key/malformed", "key/passphrase"}  # noqa: PT017
        else:
            assert found.seed == key.seed


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"tallystick-key 2\n",
        b"tallystick-key 1\npublic x\nseed y\n",
        b"\xff" * 10,
        b"x" * 5000,
        b"SQLite format 3\x00" * 100,
    ],
)
def test_other_files_are_not_keys(tmp_path, text):
    path = tmp_path / "a.key"
    path.write_bytes(text)
    for read in (read_key, read_public, is_sealed):
        assert code_of(lambda read=read: read(path)) == (BadInput, "key/malformed")


def test_a_file_cannot_ask_for_a_machines_memory(tmp_path):
    path = tmp_path / "a.key"
    create_key(path, passphrase="p", cost=1)
    path.write_text(path.read_text().replace("scrypt 1 8 1", "scrypt 40 8 1"))
    assert code_of(lambda: read_key(path, passphrase="p")) == (BadInput, "key/malformed")


def test_a_seed_of_another_key_is_noticed(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    write_key(one, SigningKey(b"\x01" * 32))
    write_key(other, SigningKey(b"\x02" * 32))
    seed_line = other.read_text().splitlines()[2]
    lines = one.read_text().splitlines()
    one.write_text("\n".join([*lines[:2], seed_line, ""]))
    assert code_of(lambda: read_key(one)) == (BadInput, "key/malformed")
