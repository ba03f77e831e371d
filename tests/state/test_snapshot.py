"""Kept sequences: what comes back is what was kept, and damage is said, never taken for a text."""

from __future__ import annotations

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tallystick.errors import BadInput
from tallystick.kernels import Sequence
from tallystick.limits import SNAPSHOT_BYTES_MAX
from tallystick.state.snapshot import open_snapshot, write_snapshot


def empty():
    sequence = Sequence()
    for author in range(2):
        sequence.author(author, bytes([author]))
    return sequence


def sample(text="grüße, 𝄞"):
    """Two writers, something deleted, something that does not count."""
    sequence = empty()
    sequence.begin(1, 0, 0)
    sequence.edit(0, 0, text)
    sequence.begin(2, 1, 0)
    sequence.edit(len(text) // 2, min(2, len(text) // 2), "XY")
    sequence.begin(5, 1, 1)
    sequence.edit(0, 0, "»")
    sequence.count([(5, 1)], on=False)
    return sequence


@given(st.text(max_size=40), st.sampled_from([1, 3, 19]))
def test_what_was_kept_comes_back(text, level):
    sequence = sample(text)
    data = write_snapshot(sequence, level=level)
    snapshot = open_snapshot(data)
    assert snapshot.text() == sequence.text()
    again = empty()
    snapshot.fill(again)
    assert again.save() == sequence.save()
    assert again.all_ids() == sequence.all_ids()
    assert write_snapshot(again, level=level) == data
    again.count([(5, 1)], on=True)
    assert again.text() == "»" + sequence.text()


def test_an_empty_one_is_kept_too():
    snapshot = open_snapshot(write_snapshot(empty()))
    assert snapshot.text() == ""
    assert snapshot.sizes == (0, 0, 1, 0)
    again = empty()
    snapshot.fill(again)
    assert again.save() == empty().save()


def taken(data):
    """What reading everything gives; None when it is refused, at once or when it is looked at."""
    again = empty()
    try:
        snapshot = open_snapshot(data)
        snapshot.fill(again)
        return snapshot.text(), again.save()
    except (BadInput, ValueError) as error:
        assert getattr(error, "code", "state/snapshot") == "state/snapshot"  # noqa: PT017
        return None


def test_a_bit_that_flips_is_noticed():
    data = write_snapshot(sample())
    good = taken(data)
    assert good is not None
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        assert taken(bytes(damaged)) in (None, good)  # some bits of zstd's mean nothing


def test_what_is_cut_off_or_goes_on_is_noticed():
    data = write_snapshot(sample())
    for length in range(len(data)):
        assert taken(data[:length]) is None
    assert taken(data + b"\x00") is None


def packed(plain):
    return zstandard.ZstdCompressor(write_checksum=True).compress(plain)


def made(plain, *, sizes=None):
    """A snapshot of any four parts, their sizes told as one likes (below 128)."""
    parts = [packed(part) for part in plain]
    sizes = sizes or [len(part) for part in plain]
    numbers = bytes(n for pair in zip(sizes, map(len, parts), strict=True) for n in pair)
    return b"\x01" + numbers + b"".join(parts)


@pytest.mark.parametrize(
    ("plain", "sizes"),
    [
        ([b"a", b"", b"\x00", b""], None),  # a text that nobody wrote
        ([b"\xff", b"", b"\x00", b""], None),  # no UTF-8
        ([b"", b"", b"", b""], None),  # no stream
        ([b"", b"", b"\x00", b"\x01"], None),  # half a range
        ([b"", b"", b"\x00", b"\x80" * 9 + b"\x01"], None),  # a number too long
        ([b"", b"", b"\x00", b""], [1, 0, 1, 0]),
        ([b"", b"", b"\x00", b""], [0, 0, 2, 0]),
    ],
)
def test_parts_that_do_not_fit_are_refused(plain, sizes):
    assert taken(made([b"", b"", b"\x00", b""])) is not None
    assert taken(made(plain, sizes=sizes)) is None


def test_nothing_is_unpacked_that_announces_too_much():
    huge = bytes([0x80, 0x80, 0x80, 0x80, 0x01])  # 2^28
    assert SNAPSHOT_BYTES_MAX == 1 << 28
    with pytest.raises(BadInput, match="at most"):
        open_snapshot(b"\x01\x01\x00" + huge + b"\x00" * 6)
    with pytest.raises(BadInput, match="bytes"):
        open_snapshot(b"\x01" + huge + b"\x00" * 6)
    with pytest.raises(BadInput, match="version"):
        open_snapshot(b"\x02" + huge)
