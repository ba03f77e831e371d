"""Ids as text: one text for each digest, and prefixes that mean ranges."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text, cid_texts, parse_cid, prefix_range, short

DIGESTS = st.binary(min_size=32, max_size=32)


@given(DIGESTS)
def test_an_id_reads_back_and_is_59_lower_case_characters(digest):
    text = cid_text(digest)
    assert parse_cid(text) == digest
    assert (len(text), text[:7], text) == (59, "bafyrei", text.lower())


def test_the_id_of_the_empty_ipld_map_is_the_one_everybody_knows():
    # SHA-256 of a0, the DAG-CBOR empty map.
    digest = bytes.fromhex("c19a797fa1fd590cd2e5b42d1cf5f246e29b91684e2f87404b81dc345c7a56a0")
    assert cid_text(digest) == "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"


@given(st.text(max_size=70))
def test_any_other_text_is_refused_with_a_code(text):
    with pytest.raises(BadInput) as refused:
        parse_cid(text)
    assert refused.value.code == "codec/bad-link"


@given(DIGESTS, st.integers(0, 58), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567A=0"))
def test_a_changed_character_names_another_event_or_none(digest, place, char):
    text = cid_text(digest)
    changed = text[:place] + char + text[place + 1 :]
    if changed == text:
        return
    with suppress(BadInput):
        assert parse_cid(changed) != digest


@given(DIGESTS, DIGESTS, st.integers(8, 59))
def test_a_prefix_is_a_range_of_digests(digest, other, length):
    prefix = cid_text(digest)[:length]
    low, high = prefix_range(prefix)
    assert low <= digest <= high
    assert (low <= other <= high) == cid_text(other).startswith(prefix)
    assert cid_text(low).startswith(prefix)
    assert cid_text(high).startswith(prefix)


@pytest.mark.parametrize("prefix", ["", "bafyrei", "bafyrei0", "bafyreX", "x" * 10, "bafyrei" * 9])
def test_a_prefix_that_names_nothing_is_refused(prefix):
    with pytest.raises(BadInput):
        prefix_range(prefix)


def test_the_short_form_is_a_prefix_that_prefix_range_takes():
    digest = bytes(range(32))
    assert cid_text(digest).startswith(short(digest))
    assert prefix_range(short(digest))[0] <= digest


def test_a_digest_of_another_length_is_a_bad_call():
    with pytest.raises(ValueError, match="32 bytes"):
        cid_text(b"short")


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=9))
def test_many_ids_have_the_texts_each_has_alone(digests: list[bytes]) -> None:
    assert cid_texts(b"".join(digests)) == [cid_text(digest) for digest in digests]


def test_a_part_of_a_digest_is_no_id() -> None:
    with pytest.raises(ValueError, match="whole number"):
        cid_texts(bytes(33))
