"""What models need that call no kernel, and so run on one."""

from __future__ import annotations

import sys

import pytest

from tallystick import kernels
from tallystick.kernels import reference


def called(*_: object, **__: object) -> None:
    raise AssertionError("a kernel is called: this test is no longer for one kernel only")


@pytest.fixture(scope="module")
def no_kernel_is_called():
    """Wherever a function of the kernels was imported to, calling it fails."""
    functions = {id(getattr(kernels, name)) for name in reference.__all__}
    with pytest.MonkeyPatch.context() as patch:
        for room in [name for name in sys.modules if name.startswith("tallystick.")]:
            if room.startswith("tallystick.kernels."):
                continue
            for name, value in list(vars(sys.modules[room]).items()):
                if id(value) in functions:
                    patch.setattr(sys.modules[room], name, called)
        yield
