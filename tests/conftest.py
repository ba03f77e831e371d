"""Hypothesis profiles for all tests; ``TALLYSTICK_PROFILE=fast`` and ``CI=true`` choose others.

A failure prints its seed; ``pytest --hypothesis-seed=N`` runs it again.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("default", **COMMON)
settings.register_profile("ci", derandomize=True, print_blob=True, **COMMON)
settings.register_profile("fast", max_examples=20, **COMMON)
settings.register_profile("long", max_examples=5000, **COMMON)

settings.load_profile(
    os.environ.get("TALLYSTICK_PROFILE") or ("ci" if os.environ.get("CI") else "default")
)
