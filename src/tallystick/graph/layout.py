"""Drawing the graph: lanes first, then text, DOT or SVG from the same lanes.

    *    e            a lane goes down from a child to the parent it waits for;
    |-.              `.` opens a lane for a further parent
    | *  d
    * |  c
    |-'              `'` joins lanes that waited for the same event
    *    b

Law: an event stands below all its children; each link is drawn exactly once.

Reads: nothing. Read by: cli (tally graph), web.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, NamedTuple

LANE_PX: Final = 14
"""Width of a lane in the SVG."""
ROW_PX: Final = 22
"""Height of an event in the SVG."""


class Node(NamedTuple):
    """An event to draw: any key, its parents' keys (first the one that keeps its lane), a label."""

    key: str
    parents: tuple[str, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A node in its lane.

    ``live`` lanes pass by; ``closing`` ones end above it in its lane; ``opening`` are (lane,
    whether it is new) of further parents below it; ``ends`` says that no parent of it is drawn.
    """

    node: Node
    lane: int
    live: tuple[int, ...]
    closing: tuple[int, ...]
    opening: tuple[tuple[int, bool], ...]
    ends: bool


def layout(nodes: Iterable[Node]) -> list[Placed]:
    """Give every node a lane. ``nodes``: children before parents, keys unique.

    Parents that are not among the nodes are not drawn. Cost: nodes times lanes.
    """
    order = list(nodes)
    rank = {node.key: at for at, node in enumerate(order)}
    assert len(rank) == len(order), "a key twice"
    lanes: list[str | None] = []
    placed: list[Placed] = []
    for at, node in enumerate(order):
        waiting = [lane for lane, key in enumerate(lanes) if key == node.key]
        lane = waiting[0] if waiting else _free(lanes)
        for other in waiting[1:]:
            lanes[other] = None
        parents = list(dict.fromkeys(key for key in node.parents if key in rank))
        assert all(rank[key] > at for key in parents), "a parent above its child"
        lanes[lane] = None
        live = tuple(i for i, key in enumerate(lanes) if key is not None)
        opening: list[tuple[int, bool]] = []
        if parents:
            lanes[lane] = parents[0]
        for parent in parents[1:]:
            if parent in lanes:
                opening.append((lanes.index(parent), False))
            else:
                new = _free(lanes)
                lanes[new] = parent
                opening.append((new, True))
        while lanes and lanes[-1] is None:
            lanes.pop()
        placed.append(
            Placed(node, lane, live, tuple(waiting[1:]), tuple(opening), ends=not parents)
        )
    return placed


def _free(lanes: list[str | None]) -> int:
    """The leftmost empty lane."""
    for lane, key in enumerate(lanes):
        if key is None:
            return lane
    lanes.append(None)
    return len(lanes) - 1


def as_text(placed: Sequence[Placed]) -> list[str]:
    """Lines of text: one per event with its label, and one where lanes open or join."""
    lines: list[str] = []
    for row in placed:
        if row.closing:
            marks = [(lane, "'") for lane in row.closing]
            lines.append(_link_line(row.lane, marks, {*row.live, row.lane}))
        width = max((row.lane, *row.live)) + 1
        cells = ["*" if i == row.lane else "|" if i in row.live else " " for i in range(width)]
        lines.append(f"{' '.join(cells)}  {row.node.label}")
        if row.opening:
            marks = [(lane, "." if new else "+") for lane, new in row.opening]
            lines.append(_link_line(row.lane, marks, {*row.live, row.lane}))
    return lines


def _link_line(lane: int, marks: list[tuple[int, str]], live: set[int]) -> str:
    """One line between events: a rule from ``lane`` to each mark, lanes that pass by crossed."""
    ends = dict(marks)
    low, high = min(lane, *ends), max(lane, *ends)
    width = max(high, *live)
    line = []
    for i in range(width + 1):
        line.append(ends.get(i) or ("|" if i in live else "-" if low < i < high else " "))
        line.append("-" if low <= i < high else " ")
    return "".join(line).rstrip()


def as_dot(nodes: Iterable[Node]) -> str:
    """The graph in Graphviz' language, children above parents."""
    lines = ["digraph log {", '  node [shape=box, fontname="monospace"];']
    drawn = list(nodes)
    keys = {node.key for node in drawn}
    for node in drawn:
        lines.append(f"  {_quoted(node.key)} [label={_quoted(node.label)}];")
        lines += [
            f"  {_quoted(node.key)} -> {_quoted(parent)};"
            for parent in dict.fromkeys(node.parents)
            if parent in keys
        ]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def as_svg(placed: Sequence[Placed]) -> str:
    """A standalone SVG: a dot per event, a line per link, the labels beside them."""
    where = {row.node.key: at for at, row in enumerate(placed)}
    lanes = 1 + max((lane for row in placed for lane in (row.lane, *row.live)), default=0)
    left = (lanes + 1) * LANE_PX
    longest = max((len(row.node.label) for row in placed), default=0)
    width, height = left + 8 * longest + LANE_PX, (len(placed) + 1) * ROW_PX
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="monospace" font-size="13">',
        '<g fill="none" stroke="currentColor">',
    ]
    for at, row in enumerate(placed):
        for parent in dict.fromkeys(row.node.parents):
            below = where.get(parent)
            if below is not None:
                out.append(_svg_link(row.lane, at, placed[below].lane, below))
    out.append('</g><g fill="currentColor">')
    for at, row in enumerate(placed):
        x, y = _point(row.lane, at)
        out.append(f'<circle cx="{x}" cy="{y}" r="4"/>')
        out.append(f'<text x="{left}" y="{y + 4}">{escape(row.node.label)}</text>')
    return "\n".join([*out, "</g></svg>"]) + "\n"


def _point(lane: int, at: int) -> tuple[int, int]:
    return (lane + 1) * LANE_PX, (at + 1) * ROW_PX


def _svg_link(lane: int, at: int, parent_lane: int, below: int) -> str:
    """A link: down in the outer of the two lanes, with a bend at the end of the inner one."""
    (x1, y1), (x2, y2) = _point(lane, at), _point(parent_lane, below)
    if lane == parent_lane:
        return f'<path d="M{x1} {y1}V{y2}"/>'
    if parent_lane > lane:
        bend = y1 + ROW_PX
        return f'<path d="M{x1} {y1}C{x1} {bend} {x2} {y1} {x2} {bend}V{y2}"/>'
    bend = y2 - ROW_PX
    return f'<path d="M{x1} {y1}V{bend}C{x1} {y2} {x2} {bend} {x2} {y2}"/>'
