"""Hypothesis profiles for all tests, and which tests need to run on one kernel only.

``TALLYSTICK_PROFILE=fast`` and ``CI=true`` choose other profiles. A failure prints its seed;
``pytest --hypothesis-seed=N`` runs it again.

Law: what a test could find out on one kernel and not on the other is looked for on both. ``make
test`` runs everything on native, and on the reference what is not marked ``one_kernel``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("default", **COMMON)
settings.register_profile("ci", derandomize=True, print_blob=True, **COMMON)
settings.register_profile("fast", max_examples=20, **COMMON)
settings.register_profile("long", max_examples=5000, **COMMON)

settings.load_profile(
    os.environ.get("TALLYSTICK_PROFILE") or ("ci" if os.environ.get("CI") else "default")
)

TESTS = Path(__file__).resolve().parent
ONE_KERNEL = {
    "bench": "that rows run and are told is looked at, not what they measure",
    "cli": "words, streams and exit codes; what they tell of is tested below the replica, on both",
    "disk": "the simulated disk knows no kernels",
    "docs": "what documents show runs and is fresh; programs in them are not about kernels",
    "e2e": "sockets and killed processes; the sessions inside are tested in `model`, on both",
    "examples": "that they run and say what they promise",
    "test_tidy.py": "reads sources",
}
"""Folders and files whose tests run once, and why that is enough."""
BOTH_INSIDE = "kernel"
"""The fixture of a test that takes one kernel after the other: `conformance/conftest.py`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what `ONE_KERNEL` names; single modules and tests mark themselves, with a reason."""
    for item in items:
        why = ONE_KERNEL.get(item.path.relative_to(TESTS).parts[0])
        if BOTH_INSIDE in getattr(item, "fixturenames", ()):
            why = "each kernel is taken inside, whichever is active"
        if why is not None:
            item.add_marker(pytest.mark.one_kernel(why))
