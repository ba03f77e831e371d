"""Keys and their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.errors import BadInput
from tallystick.identity.did import did_key, parse_did_key
from tallystick.identity.keys import SigningKey
from tallystick.kernels import status, verify_signatures

SEEDS = st.binary(min_size=32, max_size=32)


@given(SEEDS, st.binary(max_size=20))
def test_what_a_key_signs_verifies_under_the_strict_rule(seed, message):
    key = SigningKey(seed)
    assert verify_signatures(key.public, key.sign(message), [message])[0] == status.OK
    assert key.sign(message) == SigningKey(seed).sign(message)


@given(SEEDS)
def test_a_name_reads_back(seed):
    key = SigningKey(seed)
    assert parse_did_key(key.did) == key.public
    assert key.did.startswith("did:key:z6Mk")
    assert len(key.did) == 56


def test_a_secret_shows_in_no_repr():
    key = SigningKey(b"\x07" * 32)
    assert "07" * 4 not in repr(key)
    assert repr(key) == f"SigningKey({key.did})"


def test_the_rfc_8032_vectors_sign_as_published():
    key = SigningKey(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text):
    with pytest.raises(BadInput):
        parse_did_key(text)


GOOD = SigningKey(bytes(32)).did


@pytest.mark.parametrize(
    "text",
    [
        GOOD[:-1],
        GOOD + "1",
        GOOD.upper(),
        "did:key:z" + "1" * 47,
        "did:key:z" + "z" * 47,
        "did:key:z" + "0" * 47,
        GOOD.replace("did:key:z6Mk", "did:key:z6LS"),
        " " + GOOD,
    ],
)
def test_names_of_other_keys_or_none_are_refused(text):
    with pytest.raises(BadInput) as refused:
        parse_did_key(text)
    assert refused.value.code == "usage/argument"


def test_the_name_of_a_key_of_small_order_is_refused():
    with pytest.raises(BadInput) as refused:
        parse_did_key(did_key(b"\x01" + bytes(31)))
    assert refused.value.code == "event/author-key"
