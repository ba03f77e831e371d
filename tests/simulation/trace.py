"""What happened, as a table people read: a line per event, a column per replica.

    seconds    r0              r1              r2
      12.034   write note      .               .
      12.034   >1 Hello        .               .
      12.061   .               <0 3ev +3 ?0    .

Law: a trace is a function of the plan; it records, and changes nothing.
"""

from __future__ import annotations

from tests.simulation.timeline import SECOND_MS

EVERYWHERE = -1
WIDTH = 22


class Trace:
    """Args: ``columns`` replicas; ``names`` of the columns."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.lines: list[tuple[int, int, str]] = []

    def add(self, now: int, who: int, text: str) -> None:
        self.lines.append((now, who, text))

    def table(self) -> str:
        """The whole table."""
        head = "   seconds  " + "".join(name.ljust(WIDTH) for name in self.names)
        return "\n".join([head.rstrip(), *map(self._line, self.lines)]) + "\n"

    def _line(self, line: tuple[int, int, str]) -> str:
        now, who, text = line
        when = f"{now / SECOND_MS:10.3f}  "
        if who == EVERYWHERE:
            return f"{when}--- {text}"
        cells = ["." if one != who else text for one in range(len(self.names))]
        return (when + "".join(f"{cell:<{WIDTH}}" for cell in cells)).rstrip()
