"""One figure of one row of the bars, what stood beside it, and whether that is enough.

A bar is a figure of one machine on one day; what runs beside the work on this machine, now, says
what that day was like. So a figure meets its bar as it is, or as a ratio: value / peer is at
least what bar / peer was when the bar was set (at most, where less is better).

Law: ``ok`` follows from the numbers in the same line of output, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

FIELDS = ("row", "work", "value", "unit", "bar", "peer", "peer_value", "ok")


@dataclass(frozen=True, slots=True)
class Beside:
    """What else was measured, in turns with the work.

    Args:
        listed: what this peer did when the bar was set; without it the ratio decides nothing.
    """

    peer: str
    value: float
    listed: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement; more is better exactly when the unit is per second."""

    row: int | str
    work: str
    value: float
    unit: str
    bar: float | None = None
    beside: Sequence[Beside] = ()

    def ok(self, beside: Beside | None) -> bool | None:
        """Whether the bar is met, with one peer in view; None where there is no bar."""
        if self.bar is None:
            return None
        pairs = [(self.value, self.bar)]
        if beside is not None and beside.listed is not None:
            pairs.append((self.value / beside.value, self.bar / beside.listed))
        more = self.unit.endswith("/s")
        return any(value >= bar if more else value <= bar for value, bar in pairs)

    def lines(self) -> Iterator[dict[str, Any]]:
        """As JSON lines: one a peer, or one without."""
        for beside in self.beside or (None,):
            found = (
                self.row,
                self.work,
                _round(self.value),
                self.unit,
                self.bar,
                None if beside is None else beside.peer,
                None if beside is None else _round(beside.value),
                self.ok(beside),
            )
            yield dict(zip(FIELDS, found, strict=True))


def _round(value: float) -> float:
    """Four decimals below a thousand, none above: nothing here is more exact."""
    return round(value) if abs(value) >= 1_000 else round(value, 4)


HEAD = ("row", "work", "value", "unit", "bar", "ok", "beside it", "its value", "ratio")
_MARKS = {True: "ok", False: "no", None: ""}


def cells(line: dict[str, Any]) -> tuple[str, ...]:
    """One line as the cells of a table under ``HEAD``."""
    peer = line["peer_value"]
    ratio = "" if not peer else f"{line['value'] / peer:.2f}"
    return (
        str(line["row"]),
        line["work"],
        number(line["value"]),
        line["unit"],
        "" if line["bar"] is None else number(line["bar"]),
        _MARKS[line["ok"]],
        line["peer"] or "",
        "" if peer is None else number(peer),
        ratio,
    )


def number(value: float) -> str:
    """For people: thousands apart, three digits of what is small."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
