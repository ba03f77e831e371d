"""The kernels under test: each test here runs on the reference and, where built, on native."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

import pytest

from tallystick.kernels import loader, reference

VECTORS = Path(__file__).resolve().parents[2] / "spec" / "vectors"


@pytest.fixture(params=["reference", "native"])
def kernel(request):
    if request.param == "reference":
        return reference
    fault = loader.native_fault()
    if fault is None:
        return importlib.import_module("tallystick.kernels.native")
    if os.environ.get("TALLYSTICK_REQUIRE_NATIVE") == "1":
        pytest.fail(fault)
    return pytest.skip(fault)


@pytest.fixture(scope="session")
def vectors():
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
