"""What a world found: one thing that must not be, with the moment it showed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.plan import Act

KINDS = {
    "lost": "something that was said to be kept is not there",
    "corrupt": "a store contradicts itself",
    "diverged": "replicas with the same events or policy do not agree",
    "accused": "an honest replica is refused or accused",
    "explained": "an explanation is not true",
    "leaked": "something private left its replica",
    "escaped": "an exception came out of where none may",
}


class Finding(Exception):
    """Args:
    kind: of ``KINDS``.
    mark: what else makes two findings the same.
    """

    def __init__(self, kind: str, text: str, *, mark: str = "") -> None:
        assert kind in KINDS
        super().__init__(f"{kind}: {text}")
        self.kind, self.text, self.mark = kind, text, mark
        self.act: Act | None = None

    def is_like(self, other: Finding | None) -> bool:
        return other is not None and (self.kind, self.mark) == (other.kind, other.mark)

    def during(self, act: Act | None) -> Finding:
        if self.act is None:
            self.act = act
        return self
