"""What a run of the crash harness adds up to, and the line that says so.

Law: a finding carries the command that shows it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be.

    Args:
        sort: ``lost``, ``corrupt`` or ``diverged``.
        replay: arguments of ``python -m tests.crash``.
    """

    sort: str
    what: str
    replay: str


@dataclass(slots=True)
class Tally:
    """Counts of one run."""

    mode: str
    points: int = 0
    acked: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    def count(self, sort: str) -> int:
        return sum(1 for one in self.findings if one.sort == sort)

    def note(self, what: str, count: int = 1) -> None:
        """Counts something else worth saying."""
        self.notes[what] = self.notes.get(what, 0) + count

    def found(self, sort: str, what: str, replay: str) -> None:
        self.findings.append(Finding(sort, what[:600], replay))

    def figures(self) -> dict[str, int | str]:
        sorts = {sort: self.count(sort) for sort in ("lost", "corrupt", "diverged")}
        return {"mode": self.mode, "points": self.points, "acked": self.acked, **sorts,
                **self.notes}  # fmt: skip

    def line(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.figures().items())


def sort_of(error: BaseException) -> str:
    """Which of the three a failed check means."""
    text = str(error)
    return "diverged" if any(x in text for x in ("digest", "history", "equal=")) else "corrupt"
