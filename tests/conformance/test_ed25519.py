"""spec/vectors/ed25519.json: one strict rule, on ordinary signatures and on every edge."""

from __future__ import annotations

import pytest

from tallystick.kernels import status

VERDICT = {True: status.OK, False: status.SIGNATURE}


def columns(cases):
    keys = b"".join(bytes.fromhex(case["key"]) for case in cases)
    signatures = b"".join(bytes.fromhex(case["signature"]) for case in cases)
    return keys, signatures, [bytes.fromhex(case["message"]) for case in cases]


def test_every_signature_has_the_verdict_of_the_vectors(kernel, vectors):
    cases = vectors("ed25519")["signatures"]
    assert sum("speccheck" in case["name"] for case in cases) == 12
    found = kernel.verify_signatures(*columns(cases))
    names = [case["name"] for case in cases]
    expected = [VERDICT[case["ok"]] for case in cases]
    assert dict(zip(names, found, strict=True)) == dict(zip(names, expected, strict=True))


def test_a_verdict_does_not_depend_on_the_batch(kernel, vectors):
    cases = vectors("ed25519")["signatures"]
    alone = b"".join(kernel.verify_signatures(*columns([case])) for case in cases)
    many = kernel.verify_signatures(*columns(cases * 8))
    assert many == alone * 8
    assert kernel.verify_signatures(b"", b"", []) == b""


def test_no_signature_of_small_order_points_passes(kernel, vectors):
    found = vectors("ed25519")
    cases = [
        case | {"message": found["small_order_grid_message"]} for case in found["small_order_grid"]
    ]
    assert len({(case["key"], case["signature"]) for case in cases}) == 14 * 14
    verdicts = kernel.verify_signatures(*columns(cases))
    assert verdicts == bytes([status.SIGNATURE]) * 196


def test_author_keys_are_canonical_and_not_of_small_order(kernel, vectors):
    for case in vectors("ed25519")["author_keys"]:
        assert kernel.is_author_key(bytes.fromhex(case["key"])) is case["ok"], case["key"]


@pytest.mark.parametrize(
    "arguments",
    [
        (bytes(31), bytes(64), [b""]),
        (bytes(32), bytes(63), [b""]),
        (bytes(32), bytes(64), []),
        (bytes(32), bytes(128), [b"", b""]),
    ],
)
def test_columns_that_do_not_fit_are_a_bad_call(kernel, arguments):
    with pytest.raises(ValueError, match=r".+"):
        kernel.verify_signatures(*arguments)
