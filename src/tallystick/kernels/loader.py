"""Which kernels run: the compiled ones when they are there and fit, else the reference.

    TALLYSTICK_KERNELS   unset       native if it fits, else reference
                         native      native, or an error that says why not
                         reference   reference

Law: a compiled module of another version or ABI never runs.

Reads: errors, kernels.native, kernels.reference. Read by: kernels, cli (``tally doctor``).
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType
from typing import TYPE_CHECKING, Final

from tallystick._version import __version__
from tallystick.errors import UsageError

if TYPE_CHECKING:
    # Both kernels have the reference's signatures; type checkers see those.
    from tallystick.kernels import reference as active

ABI: Final = 9
"""Raised whenever the functions' arguments, columns or status numbers change."""
VARIABLE: Final = "TALLYSTICK_KERNELS"
_CHOICES: Final = ("native", "reference", "")


def native_fault() -> str | None:
    """Why the compiled module cannot be used, in words; None when it can."""
    try:
        found = importlib.import_module("tallystick_native")
    except ImportError as error:
        return f"tallystick_native cannot be imported: {error}"
    version, abi = getattr(found, "__version__", None), getattr(found, "ABI", None)
    if version != __version__:
        return f"tallystick_native is version {version}, and this is {__version__}"
    if abi != ABI:
        return f"tallystick_native has ABI {abi}, and {ABI} is needed"
    return None


def choose(wish: str) -> tuple[ModuleType, str, str | None]:
    """The kernels for a wish (``native``, ``reference`` or empty).

    Returns:
        the module, its name, and why it is not the native one (None when it is).

    Raises:
        UsageError: usage/kernels, when native is forced and does not fit, or the wish is none
            of the three.
    """
    if wish not in _CHOICES:
        raise UsageError(
            "usage/kernels", where=VARIABLE, expected="native, reference or unset", got=wish
        )
    why_not = f"{VARIABLE}=reference" if wish == "reference" else native_fault()
    if why_not is None:
        return importlib.import_module("tallystick.kernels.native"), "native", None
    if wish == "native":
        raise UsageError(
            "usage/kernels",
            where=VARIABLE,
            got=why_not,
            hint="Run `make native` to build them, or unset the variable.",
        )
    return importlib.import_module("tallystick.kernels.reference"), "reference", why_not


_found, active_name, why_not_native = choose(os.environ.get(VARIABLE, ""))
if not TYPE_CHECKING:
    active = _found

__all__ = ["ABI", "VARIABLE", "active", "active_name", "choose", "native_fault", "why_not_native"]
