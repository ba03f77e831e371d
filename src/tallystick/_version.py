"""The version of this package, in one place; the native kernels must carry the same one.

Law: ``__version__`` here, in the wheel's metadata and in ``native/Cargo.toml`` are equal.

Reads: nothing. Read by: tallystick, kernels, cli.
"""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
