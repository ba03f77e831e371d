"""Pasts as numbers: how many events of each line, or of each author, a version holds.

Law: a version vector names a version only while no author in it equivocates; then a frontier
must. Join and meet of pasts are unions and intersections of ancestor-closed sets.

Reads: nothing. Read by: sync, state, replica.
Source: D. S. Parker et al., Detection of mutual inconsistency in distributed systems (1983).
"""

from __future__ import annotations

from collections.abc import Mapping

Past = Mapping[int, int]
"""line -> number of its first seqs"""


class Equivocates(Exception):
    """The author has events on several sides, so a count does not say which; use a frontier."""

    def __init__(self, author: bytes) -> None:
        super().__init__(author.hex())
        self.author = author


def join_pasts(a: Past, b: Past) -> dict[int, int]:
    """What either holds."""
    return {line: max(a.get(line, 0), b.get(line, 0)) for line in sorted(a.keys() | b.keys())}


def meet_pasts(a: Past, b: Past) -> dict[int, int]:
    """What both hold."""
    return {line: min(a[line], b[line]) for line in sorted(a.keys() & b.keys())}


def covers(a: Past, b: Past) -> bool:
    """Whether a holds everything that b holds."""
    return all(a.get(line, 0) >= count for line, count in b.items())


def version_vector(past: Past, authors: Mapping[int, bytes]) -> dict[bytes, int]:
    """How many events of each author a past holds, from the author of each line.

    Raises:
        Equivocates: when an author has more than one line in the past.
    """
    vector: dict[bytes, int] = {}
    for line, count in past.items():
        author = authors[line]
        if author in vector:
            raise Equivocates(author)
        vector[author] = count
    return dict(sorted(vector.items()))
