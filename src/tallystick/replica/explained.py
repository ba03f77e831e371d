"""An explanation together with the names that the replica's owner gave people.

Law: data and sentences say the same; only names of actors differ from viewer to viewer.

Reads: state.explain. Read by: replica.{reading, ledger_reading}, cli.
"""

from __future__ import annotations

from typing import Any

from tallystick.state.explain import Explanation, Names


class Explained:
    """An explanation with names: ``str`` is what a person reads, ``as_dict`` what programs do."""

    def __init__(self, explanation: Explanation, names: Names) -> None:
        self.data = explanation
        self._names = names

    def __str__(self) -> str:
        return "; ".join(self.sentences())

    def sentences(self) -> list[str]:
        """The answer in sentences."""
        return self.data.sentences(self._names)

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return self.data.as_dict(self._names)
