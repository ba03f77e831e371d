"""Plain transfers are opened alike by both kernels, and are exactly what they say they are."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.test_kernels_agree import agree, broken, digests, native, scalars, u64
from tests.model.test_kernels_agree import pytestmark as needs_native

from tallystick.kernels import Link, reference

pytestmark = needs_native

amounts = st.one_of(st.integers(-2, 30), st.sampled_from([2**63 - 1, -(2**63), True, None, "5"]))
transfers = st.fixed_dictionaries(
    {"from": digests, "to": digests, "asset": digests.map(Link), "amount": amounts},
    optional={"delegation": digests.map(Link), "a": scalars},
)
odd_transfers = st.builds(
    lambda item, name, value: item | {name: value},
    transfers, st.sampled_from(["from", "to", "asset", "amount"]), scalars,
)  # fmt: skip


@given(st.lists(st.one_of(transfers, odd_transfers), max_size=5), st.data())
@settings(max_examples=200)
def test_plain_transfers_are_those_four_fields_and_nothing_else(found, data):
    frames = [reference.encode_item(item, floats=True) for item in found]
    expected = [
        (item["from"], item["to"], item["asset"].digest, item["amount"]) if is_plain(item) else None
        for item in found
    ]
    assert native().open_transfers(frames) == expected
    agree("open_transfers", frames)
    agree("open_transfers", [data.draw(broken(st.just(frame))) for frame in frames])


few = st.sampled_from([bytes([n]) * 32 for n in range(3)])
between_few = st.fixed_dictionaries(
    {"from": few, "to": few, "asset": few.map(Link), "amount": st.sampled_from([1, 7, 2**63 - 1])}
)
places = st.tuples(st.integers(0, 9) | st.just(2**63 - 1), st.integers(0, 2**63 - 1))


@given(st.lists(st.tuples(between_few | odd_transfers, places), max_size=12))
@settings(max_examples=200)
def test_every_plain_transfer_is_posted_once_to_each_of_its_two_accounts(found):
    frames = [reference.encode_item(item, floats=True) for item, _ in found]
    lamports = u64([lamport for _, (lamport, _) in found])
    rows = u64([row for _, (_, row) in found])
    runs, rest = native().post_transfers(frames, lamports, rows)
    agree("post_transfers", frames, lamports, rows)
    assert rest == [at for at, (item, _) in enumerate(found) if not is_plain(item)]
    expected = sorted(
        (account, item["asset"].digest, lamport, row, amount)
        for item, (lamport, row) in found
        if is_plain(item)
        for account, amount in ((item["from"], -item["amount"]), (item["to"], item["amount"]))
    )
    posted = []
    for account, asset, first, row, last, total, packed in runs:
        run = [struct.unpack_from("<3q", packed, at) for at in range(0, len(packed), 24)]
        assert (first, row, last) == (*run[0][:2], run[-1][0])
        assert total == sum(amount for _, _, amount in run)
        posted += [(account, asset, *posting) for posting in run]
    assert posted == expected


@given(st.integers(0, 2), st.sampled_from([b"", bytes(7), bytes(8), b"\xff" * 8, bytes(16)]))
def test_columns_that_do_not_fit_are_refused_alike(count, column):
    frames = [b""] * count
    agree("post_transfers", frames, column, u64(range(count)))
    agree("post_transfers", frames, u64(range(count)), column)


def is_plain(item):
    keys = [item["from"], item["to"]]
    return (
        len(item) == 4
        and all(type(key) is bytes and len(key) == 32 for key in keys)
        and type(item["asset"]) is Link
        and type(item["amount"]) is int
        and item["amount"] > 0
    )
