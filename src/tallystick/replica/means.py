"""Clock and randomness of the machine, handed to everything that needs them from here alone.

Law: no other room of the library asks the machine what time it is, or for random bytes; tests and
simulators hand in their own.

Reads: replica.openlog. Read by: tallystick.open, cli.
"""

from __future__ import annotations

import os
import time

from tallystick.replica.openlog import Means


def system_means() -> Means:
    """Milliseconds of the system's clock, bytes of its generator."""
    return Means(now=lambda: time.time_ns() // 1_000_000, entropy=os.urandom)
