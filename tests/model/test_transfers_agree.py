"""Plain transfers are opened alike by both kernels, and are exactly what they say they are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.test_kernels_agree import agree, broken, digests, native, scalars
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


def is_plain(item):
    keys = [item["from"], item["to"]]
    return (
        len(item) == 4
        and all(type(key) is bytes and len(key) == 32 for key in keys)
        and type(item["asset"]) is Link
        and type(item["amount"]) is int
        and item["amount"] > 0
    )
