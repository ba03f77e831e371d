"""Which kernels run, and what is said when they may not."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType

import pytest

from tallystick._version import __version__
from tallystick.errors import UsageError
from tallystick.kernels import loader, reference

pytestmark = pytest.mark.one_kernel("each test makes its own wish")


def stand_in(**attributes):
    module = ModuleType("tallystick_native")
    for name, value in attributes.items():
        setattr(module, name, value)
    return module


@pytest.mark.parametrize(
    ("module", "word"),
    [
        (None, "imported"),
        (stand_in(), "version"),
        (stand_in(__version__="0.0.9", ABI=loader.ABI), "0.0.9"),
        (stand_in(__version__=__version__, ABI=loader.ABI + 1), "ABI"),
    ],
)
def test_native_kernels_that_do_not_fit_are_left_alone_with_a_reason(monkeypatch, module, word):
    monkeypatch.setitem(sys.modules, "tallystick_native", module)
    found, name, why_not = loader.choose("")
    assert (found, name) == (reference, "reference")
    assert word in why_not
    with pytest.raises(UsageError) as caught:
        loader.choose("native")
    assert caught.value.code == "usage/kernels"
    assert word in str(caught.value)


def test_the_reference_can_be_asked_for():
    assert loader.choose("reference")[:2] == (reference, "reference")


def test_an_unknown_wish_is_refused():
    with pytest.raises(UsageError) as caught:
        loader.choose("rust")
    assert (caught.value.code, caught.value.got) == ("usage/kernels", "rust")


def test_the_variable_decides_what_is_imported():
    program = "from tallystick import kernels; print(kernels.active_name, kernels.why_not_native)"
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, loader.VARIABLE: "reference"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.stdout == "reference TALLYSTICK_KERNELS=reference\n"


def test_native_has_every_function_of_the_reference():
    if (fault := loader.native_fault()) is not None:
        if os.environ.get("TALLYSTICK_REQUIRE_NATIVE") == "1":
            pytest.fail(fault)
        pytest.skip(fault)
    native, name, why_not = loader.choose("native")
    assert (name, why_not) == ("native", None)
    assert not [each for each in reference.__all__ if not callable(getattr(native, each, None))]
