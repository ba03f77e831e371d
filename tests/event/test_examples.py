"""The examples in docstrings are true."""

from __future__ import annotations

import doctest

import pytest

from tallystick.chain import commit
from tallystick.event import ids, jsonio
from tallystick.identity import did
from tallystick.kernels import varint
from tallystick.proofs import merkle


@pytest.mark.parametrize("module", [commit, did, ids, jsonio, merkle, varint])
def test_the_examples_of_a_module_come_out_as_they_say(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
