"""A slice of ``python -m tests.orders --merkle``: proofs are the RFC's, tampered ones are none."""

from __future__ import annotations

import pytest
from tests.orders import merkle

from tallystick import kernels
from tallystick.kernels import status

COUNT = 4_000


def test_proofs_of_random_trees_are_the_definitions_and_no_tampered_one_verifies():
    found = merkle.run(COUNT, seed=1)
    assert (found.inclusion, found.tampered) == (COUNT, COUNT + found.consistency)
    assert found.consistency > COUNT // 10
    assert (found.differing, found.refused, found.accepted) == (0, 0, 0)


def test_a_prover_that_leaves_out_a_level_is_noticed(monkeypatch):
    real = kernels.merkle_prove

    def short(leaves, indices):
        hashes, offsets = real(leaves, indices)
        return hashes[32:] + bytes(32), offsets

    monkeypatch.setattr(kernels, "merkle_prove", short)
    found = merkle.run(200, seed=1)
    assert found.differing
    assert found.refused


@pytest.mark.parametrize("name", ["merkle_verify", "merkle_verify_consistency"])
def test_a_verifier_that_forgets_to_compare_lengths_is_noticed(monkeypatch, name):
    real = getattr(kernels, name)

    def lenient(*columns):
        """Says yes once any proof of the batch does."""
        verdicts = real(*columns)
        return bytes([status.OK] * len(verdicts)) if len(verdicts) > 1 else verdicts

    monkeypatch.setattr(kernels, name, lenient)
    assert merkle.run(500, seed=1).accepted
