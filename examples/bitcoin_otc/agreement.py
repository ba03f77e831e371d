"""How often people give the same verdict, and in which order a matrix of that is readable.

A viewer's verdicts are one integer: bit n is set when actor n is banned. Two viewers differ on as
many actors as their integers have different bits.

    order: average linkage. The two nearest groups become one, turned so that their nearest ends
    meet; what is alike ends up side by side, and camps show as blocks on the diagonal.

Reads: nothing. Read by: main.
Source: R. Sokal, C. Michener, "A statistical method for evaluating systematic relationships", 1958.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def masks(banned: Sequence[set[str]], actors: Sequence[str]) -> list[int]:
    """Each viewer's verdicts about ``actors`` as an integer."""
    bit = {actor: 1 << place for place, actor in enumerate(actors)}
    return [sum(bit[actor] for actor in found if actor in bit) for found in banned]


def agreement(verdicts: Sequence[int], actors: int) -> list[list[float]]:
    """Share of the actors about whom each two viewers give the same verdict: 0 to 1."""
    assert actors > 0
    return [[1 - (one ^ other).bit_count() / actors for other in verdicts] for one in verdicts]


def overlap(verdicts: Sequence[int]) -> list[list[float]]:
    """Of the actors whom either of two viewers bans, the share whom both ban; 1 where neither does.

    Most actors are banned by nobody, so that any two people agree about most of them; this leaves
    those out.
    """
    return [
        [(one & other).bit_count() / (one | other).bit_count() if one | other else 1.0
         for other in verdicts]
        for one in verdicts
    ]  # fmt: skip


def clustered(alike: Sequence[Sequence[float]]) -> list[int]:
    """Places of the rows in an order that puts what is alike side by side."""
    far = {a: {b: 1 - alike[a][b] for b in range(len(alike)) if b != a} for a in range(len(alike))}
    groups = {place: [place] for place in range(len(alike))}
    while len(groups) > 1:
        a, b = min(
            ((a, min(far[a], key=lambda b: (far[a][b], b))) for a in groups),
            key=lambda pair: (far[pair[0]][pair[1]], pair),
        )
        mine, other = groups[a], groups.pop(b)
        for c in groups.keys() - {a}:
            mean = (len(mine) * far[a][c] + len(other) * far[b][c]) / (len(mine) + len(other))
            far[a][c] = far[c][a] = mean
            del far[c][b]
        del far[a][b], far[b]
        groups[a] = _joined(mine, other, alike)
    return next(iter(groups.values()), [])


def _joined(left: list[int], right: list[int], alike: Sequence[Sequence[float]]) -> list[int]:
    """Two groups in a row, each turned so that the ends that meet are the most alike."""
    ways = [(a, b) for a in (left, left[::-1]) for b in (right, right[::-1])]
    a, b = max(ways, key=lambda way: alike[way[0][-1]][way[1][0]])
    return a + b


def splits(banned: Sequence[set[str]]) -> list[tuple[str, Fraction]]:
    """Every actor whom some ban and some do not, with the share that ban; most even first."""
    shares: dict[str, int] = {}
    for found in banned:
        for actor in found:
            shares[actor] = shares.get(actor, 0) + 1
    split = [(actor, Fraction(n, len(banned))) for actor, n in shares.items() if n < len(banned)]
    return sorted(split, key=lambda pair: (abs(pair[1] - Fraction(1, 2)), pair[0]))
