"""Texts that were read and should not have been, or that raised what is no code."""

from __future__ import annotations

import pytest

from tallystick.errors import BadInput
from tallystick.proofs.note import NoteKey
from tallystick.state.places import parse_place, place_text


@pytest.mark.parametrize("text", ["~~01", "a/~~01b", "~~00", "~", "a~", "a~/b"])
def test_a_tilde_that_is_no_escape_is_refused_even_before_one_that_is(text):
    with pytest.raises(BadInput) as refused:
        parse_place(text)
    assert refused.value.code == "state/place"


@pytest.mark.parametrize("text", ["~0~01", "~00", "~01", "~10/~11"])
def test_escapes_in_a_row_are_read_back_as_they_were_written(text):
    assert place_text(parse_place(text)) == text


@pytest.mark.parametrize("name", ["\udce5", "key\ud800"])
def test_a_key_name_that_no_bytes_stand_for_is_refused(name):
    good = NoteKey("key", 1, bytes(32)).text()
    with pytest.raises(BadInput) as refused:
        NoteKey.parse(name + good.removeprefix("key"))
    assert refused.value.code == "proof/malformed"
