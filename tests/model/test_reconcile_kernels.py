"""Ranges of authors: fingerprints against sets filtered by hand, and both kernels alike."""

from __future__ import annotations

import struct
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.test_kernels_agree import agree, needs_native, u32, u64

from tallystick.kernels import reconcile_items, reconcile_ranges

KEY = sha256(b"a session").digest()
GROUPS = st.dictionaries(
    st.integers(0, 400).map(lambda n: sha256(str(n).encode()).digest()),
    st.binary(max_size=50),
    max_size=60,
)


def columns(groups: dict[bytes, bytes]) -> tuple[bytes, bytes, bytes]:
    """Authors, lines, offsets."""
    ends = [0]
    for lines in groups.values():
        ends.append(ends[-1] + len(lines))
    return b"".join(groups), b"".join(groups.values()), u32(ends)


def tag_of(author: bytes) -> bytes:
    return sha256(KEY + b"a" + author).digest()[:8]


def value_of(author: bytes, lines: bytes) -> int:
    return int.from_bytes(sha256(KEY + b"v" + author + lines).digest()[:8], "little")


@given(GROUPS)
def test_items_are_sorted_by_tag_and_summed(groups):
    tags, rows, sums = reconcile_items(KEY, *columns(groups))
    authors = list(groups)
    order = sorted(authors, key=tag_of)
    assert tags == b"".join(map(tag_of, order))
    assert [authors[row] for row in struct.unpack(f"<{len(order)}I", rows)] == order
    total = 0
    expected = [0]
    for author in order:
        total += value_of(author, groups[author])
        expected.append(total % 2**64)
    assert sums == u64(expected)


@settings(max_examples=60)
@given(GROUPS, st.integers(0, 32), st.data())
def test_a_range_is_the_tags_that_begin_with_its_bits(groups, bits, data):
    tags, _, sums = reconcile_items(KEY, *columns(groups))
    order = sorted(groups, key=tag_of)
    held = [int.from_bytes(tag_of(author), "big") >> 64 - bits for author in order]
    anywhere = st.integers(0, 2**bits - 1)
    prefixes = data.draw(st.lists(st.one_of(anywhere, st.sampled_from(held or [0])), max_size=9))
    bounds, found = reconcile_ranges(tags, sums, u32(prefixes), bits)
    places = struct.unpack(f"<{2 * len(prefixes)}I", bounds)
    for number, prefix in enumerate(prefixes):
        inside = [author for author, one in zip(order, held, strict=True) if one == prefix]
        total = sum(value_of(author, groups[author]) for author in inside) % 2**32
        assert found[4 * number : 4 * number + 4] == total.to_bytes(4, "little")
        assert order[places[2 * number] : places[2 * number + 1]] == inside


@given(GROUPS, GROUPS, st.integers(0, 12))
def test_ranges_differ_exactly_where_the_sets_do(ours, theirs, bits):
    theirs = {**ours, **theirs}
    prefixes = u32(range(1 << bits))
    found = []
    for groups in (ours, theirs):
        tags, _, sums = reconcile_items(KEY, *columns(groups))
        _, sums_32 = reconcile_ranges(tags, sums, prefixes, bits)
        found.append(struct.unpack(f"<{1 << bits}I", sums_32))
    differ = {
        int.from_bytes(tag_of(author), "big") >> 64 - bits
        for author in theirs
        if ours.get(author) != theirs[author]
    }
    assert {at for at in range(1 << bits) if found[0][at] != found[1][at]} == differ


# --- both kernels -------------------------------------------------------------------------------


@needs_native
@given(GROUPS, st.sampled_from(["", "key", "authors", "cut", "past", "rows"]))
def test_items_are_made_or_refused_alike(groups, broken):
    authors, lines, offsets = columns(groups)
    key, silent = KEY, not lines
    match broken:
        case "key":
            key = key[1:]
        case "authors":
            authors += b"x"
        case "cut":
            offsets = offsets[:-4]
        case "past":
            lines = lines[:-1]
        case "rows":
            authors += bytes(32)
    good = agree("reconcile_items", key, authors, lines, offsets)
    assert (good == "bad call") == (broken != "" and not (broken == "past" and silent))


@needs_native
def test_items_with_equal_tags_stay_in_the_order_of_their_rows():
    groups = [bytes([n % 3]) * 32 for n in range(9)]
    lines = bytes(range(9))
    agree("reconcile_items", KEY, b"".join(groups), lines, u32(range(10)))
    _, rows, _ = reconcile_items(KEY, b"".join(groups), lines, u32(range(10)))
    order = sorted(range(9), key=lambda row: (tag_of(groups[row]), row))
    assert list(struct.unpack("<9I", rows)) == order


@needs_native
@given(
    GROUPS,
    st.lists(st.integers(0, 2**32 - 1), max_size=6),
    st.sampled_from([-1, 0, 1, 5, 31, 32, 33, 2**64]),
    st.sampled_from(["", "tags", "order", "sums", "prefixes"]),
)
def test_ranges_are_summed_or_refused_alike(groups, prefixes, bits, broken):
    tags, _, sums = reconcile_items(KEY, *columns(groups))
    wanted = u32([prefix & (2 ** max(min(bits, 32), 0) - 1) for prefix in prefixes])
    match broken:
        case "tags":
            tags += b"x"
        case "order":
            tags = tags[8:] + tags[:8]
        case "sums":
            sums = sums[8:]
        case "prefixes":
            wanted = u32(prefixes)
    agree("reconcile_ranges", tags, sums, wanted, bits)
