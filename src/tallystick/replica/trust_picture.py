"""A trust graph as an SVG picture: the viewer in the middle, ranks as rings, branches as sectors.

            ring 2   banned (red), beside a banner
          ring 1   bob ── cy
        you ┄┄┄┄┄┄ eve               line: adopted (thicker: heavier)     red dashes: banned
                                     amber: contested, and the bans behind it

Each leaf of the tree gets the same arc, so names never meet; the rings grow until they fit.

Law: text is escaped, so a name is never markup; the picture loads nothing from anywhere.

Reads: replica.{trust_graph, reports}. Read by: cli.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from math import cos, pi, sin
from typing import Any, Final, NamedTuple

from tallystick.replica.trust_graph import children_of, counted
from tallystick.replica.trust_reports import TrustGraph

RING: Final = 120.0
"""Pixels between rings, unless the outermost must be larger for its names."""
ARC: Final = 17.0
"""Pixels of the outermost ring for one name."""
LABEL: Final = 150.0
"""Pixels outside the outermost ring, for names; the legend stands in a corner of it."""
INNER: Final = 0.3
"""Radius of ring 1 in that of the outermost: the middle is where the fewest people are."""
HAS_A_VOTE: Final = "has a vote (a colour is a branch, a ring a rank, ×2 a weight)"
BEND: Final = 0.12
"""How far a ban bows out, in its length."""
NAME_CHARS: Final = 22
FLAT: Final = 12
"""Up to so many leaves names lie flat; more, and they follow the spokes."""
HUES: Final = (212, 150, 28, 280, 186, 330, 95, 250, 45, 12)


class Spot(NamedTuple):
    """Where somebody is drawn: an angle, a ring, and the point."""

    angle: float
    ring: int
    x: float
    y: float
    is_leaf: bool


def picture(graph: TrustGraph) -> str:
    """The graph as an SVG document."""
    people = {person["actor"]: person for person in graph.people}
    below = _tree(graph)
    angles, leaves = _angles(graph.viewer, below)
    rings = _rings(graph)
    outermost = max(rings.values(), default=0) or 1
    narrowest = min((rings[actor] for actor in angles if not below.get(actor)), default=1)
    tight = max(_share(narrowest, outermost), 0.5)
    radius = max(RING * outermost, leaves * ARC / (2 * pi * tight))
    size = 2 * (radius + LABEL)
    spots = {}
    for actor, angle in angles.items():
        at = radius * _share(rings[actor], outermost)
        x, y = size / 2 + at * cos(angle), size / 2 + at * sin(angle)
        spots[actor] = Spot(angle, rings[actor], x, y, not below.get(actor))
    hues = _hues(graph, below)
    parts = [
        *_rings_drawn(size, radius, outermost),
        *_lines(graph, people, spots, hues),
        *(_node(people[actor], spot, hues.get(actor)) for actor, spot in spots.items()),
        *(
            _label(people[actor], spot, flat=leaves <= FLAT or spot.ring == 0)
            for actor, spot in spots.items()
        ),
        *_legend(graph),
    ]
    return _document(size, _title(graph), parts)


# --- where --------------------------------------------------------------------------------------


def _tree(graph: TrustGraph) -> dict[str, list[str]]:
    """Voters below whom they came through; the banned below the nearest of those who ban them."""
    below = {actor: list(found) for actor, found in children_of(graph).items()}
    rank = {person["actor"]: person["rank"] for person in graph.people}
    placed = {graph.viewer, *(actor for found in below.values() for actor in found)}
    for person in graph.people:
        actor = person["actor"]
        if actor in placed:
            continue
        banners = [ban["from"] for ban in graph.bans if ban["to"] == actor]
        nearest = min(banners, key=lambda one: (rank[one], one), default=graph.viewer)
        below.setdefault(nearest, []).append(actor)
    return below


def _angles(root: str, below: dict[str, list[str]]) -> tuple[dict[str, float], int]:
    """Angle of everybody, and how many leaves there are; a parent stands amid its leaves."""
    order: list[str] = []
    waiting = [root]
    while waiting:
        actor = waiting.pop()
        order.append(actor)
        waiting += reversed(below.get(actor, []))
    leaves = [actor for actor in order if not below.get(actor)]
    step = 2 * pi / max(len(leaves), 1)
    span = {actor: (at * step, at * step) for at, actor in enumerate(leaves)}
    for actor in reversed(order):
        if actor not in span:
            ends = [span[child] for child in below[actor]]
            span[actor] = (ends[0][0], ends[-1][1])
    return {actor: (a + b) / 2 - pi / 2 for actor, (a, b) in span.items()}, len(leaves)


def _rings(graph: TrustGraph) -> dict[str, int]:
    """Ring of everybody: the rank; one beyond all ranks for people without a vote."""
    furthest = max((person["rank"] or 0 for person in graph.people), default=0)
    return {
        person["actor"]: furthest + 1 if person["rank"] is None else person["rank"]
        for person in graph.people
    }


def _share(ring: int, outermost: int) -> float:
    """Radius of a ring in that of the outermost."""
    if ring == 0 or outermost == 1:
        return float(ring)
    return INNER + (1 - INNER) * (ring - 1) / (outermost - 1)


def _hues(graph: TrustGraph, below: dict[str, list[str]]) -> dict[str, int]:
    """Voter -> the hue of their branch."""
    hue = {actor: HUES[at % len(HUES)] for at, actor in enumerate(below[graph.viewer])}
    return {
        person["actor"]: hue[person["branch"]] for person in graph.people if person["branch"] in hue
    }


# --- what ---------------------------------------------------------------------------------------


def _rings_drawn(size: float, radius: float, outermost: int) -> Iterable[str]:
    middle = size / 2
    for ring in range(1, outermost + 1):
        yield (
            f'<circle cx="{middle:.1f}" cy="{middle:.1f}" '
            f'r="{radius * _share(ring, outermost):.1f}" fill="none" stroke="#e8e8ee"/>'
        )


def _lines(
    graph: TrustGraph,
    people: dict[str, dict[str, Any]],
    spots: dict[str, Spot],
    hues: dict[str, int],
) -> Iterable[str]:
    for actor, person in people.items():
        if person["through"] is not None:
            width = min(1.5 + 0.5 * ((person["weight"] or 1) - 1), 6.0)
            yield _line(
                spots[person["through"]],
                spots[actor],
                f"hsl({hues.get(actor, HUES[0])} 55% 62%)",
                width,
            )
    for ban in graph.bans:
        person = people[ban["to"]]
        if person["banned"]:
            yield _bow(spots[ban["from"]], spots[ban["to"]], "#d33", dashes="5 4")
        elif person["contested"]:
            yield _bow(spots[ban["from"]], spots[ban["to"]], "#e69a00", dashes="2 3")


def _line(a: Spot, b: Spot, colour: str, width: float) -> str:
    return (
        f'<line x1="{a.x:.1f}" y1="{a.y:.1f}" x2="{b.x:.1f}" y2="{b.y:.1f}" '
        f'stroke="{colour}" stroke-width="{width:.1f}"/>'
    )


def _bow(a: Spot, b: Spot, colour: str, *, dashes: str) -> str:
    """A ban: bent, so that it never lies on an adoption, nor on the ban that answers it."""
    x = (a.x + b.x) / 2 - (b.y - a.y) * BEND
    y = (a.y + b.y) / 2 + (b.x - a.x) * BEND
    return (
        f'<path d="M{a.x:.1f} {a.y:.1f}Q{x:.1f} {y:.1f} {b.x:.1f} {b.y:.1f}" fill="none" '
        f'stroke="{colour}" stroke-width="1.2" stroke-dasharray="{dashes}"/>'
    )


def _node(person: dict[str, Any], spot: Spot, hue: int | None) -> str:
    fill = "#d33" if hue is None else f"hsl({hue} 60% 45%)"
    if person["rank"] == 0:
        fill = "#222"
    if person["banned"]:
        fill = "#d33"
    size = 9 if person["rank"] == 0 else 6
    ring = ' stroke="#e69a00" stroke-width="3"' if person["contested"] else ' stroke="#fff"'
    return (
        f'<circle cx="{spot.x:.1f}" cy="{spot.y:.1f}" r="{size}" fill="{fill}"{ring}>'
        f"<title>{_text(_told(person), 400)}</title></circle>"
    )


def _told(person: dict[str, Any]) -> str:
    facts = [person["name"], person["actor"]]
    if person["rank"] is not None:
        facts.append(f"rank {person['rank']}")
    if person["weight"] is not None:
        facts.append(f"weight {person['weight']}")
    facts += [mark for mark in ("banned", "contested") if person[mark]]
    return ", ".join(map(str, facts))


def _label(person: dict[str, Any], spot: Spot, *, flat: bool) -> str:
    colour = "#b11" if person["banned"] else "#222"
    words = _text(person["name"])
    if person["weight"] not in (None, 1):
        words += f' <tspan class="w">×{person["weight"]}</tspan>'
    left = cos(spot.angle) < -0.01
    side = "end" if left else "start"
    if flat:
        if spot.ring == 0:
            x, y, side = spot.x, spot.y + 24, "middle"
        elif abs(cos(spot.angle)) < 0.2:
            x, y, side = spot.x, spot.y + (-12 if sin(spot.angle) < 0 else 20), "middle"
        else:
            x, y = spot.x + (-11 if left else 11), spot.y + 4
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{side}" fill="{colour}">{words}</text>'
    turn = spot.angle * 180 / pi + (180 if left else 0)
    inward = not spot.is_leaf  # outward go the lines to whoever came through them
    if inward:
        side = "start" if left else "end"
    shift = 11 if left == inward else -11
    return (
        f'<text transform="translate({spot.x:.1f} {spot.y:.1f}) rotate({turn:.1f})" '
        f'x="{shift}" y="4" text-anchor="{side}" fill="{colour}">{words}</text>'
    )


def _legend(graph: TrustGraph) -> Iterable[str]:
    yield f'<text x="24" y="32" class="t">{_text(_title(graph), 80)}</text>'
    yield f'<text x="24" y="52" class="w">{escape(counted(graph))}</text>'
    marks = (("#d33", "banned"), ("#e69a00", "contested"), ("hsl(212 60% 45%)", HAS_A_VOTE))
    for at, (colour, words) in enumerate(marks):
        y = 74 + 18 * at
        yield f'<circle cx="30" cy="{y - 4}" r="5" fill="{colour}"/>'
        yield f'<text x="42" y="{y}" class="w">{words}</text>'


def _title(graph: TrustGraph) -> str:
    return f"Whom {graph.name} {'heed' if graph.name == 'you' else 'heeds'}"


def _text(words: str, most: int = NAME_CHARS) -> str:
    """Escaped for markup, control characters left out, and cut to a length."""
    shown = "".join(one for one in words if one.isprintable())
    return escape(shown if len(shown) <= most else shown[: most - 1] + "…")


def _document(size: float, title: str, parts: Iterable[str]) -> str:
    style = (
        "text{font:13px system-ui,'DejaVu Sans',sans-serif;paint-order:stroke;stroke:#fff;"
        "stroke-width:3px;stroke-linejoin:round}.w{fill:#666;font-size:11px}"
        ".t{font-size:18px;font-weight:600}"
    )
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size:.0f}" height="{size:.0f}" '
        f'viewBox="0 0 {size:.0f} {size:.0f}" role="img">\n<title>{_text(title, 80)}</title>\n'
        f'<style>{style}</style>\n<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )
