"""The order of a sequence: a tree whose walk, left children, self, right children, is the text.

    insert between L and R, neighbours as the writer saw them
        L has nothing to its right yet     ->  a right child of L, its right origin is R
        else R is the first thing there    ->  a left child of R

    left siblings    by id
    right siblings   those whose right origin lies further right first, then by id

So two people who type at one place at once never interleave, forwards or backwards (FugueMax).
The walk depends on the tree alone: whoever hangs a character somewhere else than where it would
belong puts it in an odd place, and everybody sees it in the same odd place, in whatever order
things arrive. The list form of the algorithm, which compares origins as it walks along, does not
have that property when right origins are made up.

**Law:** the order of two characters never changes, and is the same on all replicas that have them.

Reads: nothing. Read by: kernels.reference.sequence.
Source: M. Weidner and M. Kleppmann, "The Art of the Fugue", arXiv 2305.00583, section on FugueMax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

ROOT: Final = -1
"""What the first characters hang from: the start as a left origin, the end as a right one."""
_CHUNK: Final = 512


class Chunk:
    """Some characters that follow each other, and how many of them are shown."""

    __slots__ = ("chars", "shown")

    def __init__(self, chars: list[int], shown: int) -> None:
        self.chars = chars
        self.shown = shown


class Order:
    """The tree, and its walk cut into chunks, so that finding a place does not walk it all.

    Characters are numbers 0, 1, 2... in the order they came.

    Args:
        id_of: character -> what siblings are sorted by.
        shows: character -> whether it is shown now; asked when chunks are cut.
    """

    def __init__(self, id_of: Callable[[int], Any], shows: Callable[[int], bool]) -> None:
        self._id_of = id_of
        self._shows = shows
        self._left: dict[int, list[int]] = {}
        self._right: dict[int, list[int]] = {}
        self.parent: list[int] = []
        self.is_left: list[bool] = []
        self.origin: list[int] = []
        """Of a right child its right origin, of a left child ROOT; ROOT is the end."""
        self._chunks = [Chunk([], 0)]
        self._chunk_of: list[Chunk] = []

    @property
    def shown(self) -> int:
        """How many are shown."""
        return sum(chunk.shown for chunk in self._chunks)

    # --- hanging in ------------------------------------------------------------------------------

    def insert(self, parent: int, *, is_left: bool, origin: int) -> int:
        """Hang the next character into the tree; its number."""
        char = len(self.parent)
        self.parent.append(parent)
        self.is_left.append(is_left)
        self.origin.append(origin)
        siblings = (self._left if is_left else self._right).setdefault(parent, [])
        before = sum(1 for other in siblings if self._precedes(other, char))
        if before < len(siblings):
            where, after = self._first(siblings[before]), False
        elif is_left:
            where, after = parent, False
        else:
            where, after = self._last(siblings[-1] if siblings else parent), True
        siblings.insert(before, char)
        self._place(char, where, after=after)
        return char

    def between(self, left: int, right: int) -> tuple[int, bool, int]:
        """Parent, side and right origin of a character between two neighbours."""
        below = right
        while below != ROOT and self.is_left[below]:
            below = self.parent[below]
        if below != ROOT and self.parent[below] == left:
            return right, True, ROOT
        return left, False, right

    def _precedes(self, one: int, other: int) -> bool:
        if self.origin[one] != self.origin[other]:
            return self.is_before(self.origin[other], self.origin[one])
        return bool(self._id_of(one) < self._id_of(other))

    def _first(self, char: int) -> int:
        while self._left.get(char):
            char = self._left[char][0]
        return char

    def _last(self, char: int) -> int:
        while self._right.get(char):
            char = self._right[char][-1]
        return char

    # --- the walk --------------------------------------------------------------------------------

    def is_before(self, one: int, other: int) -> bool:
        """Whether a right origin lies before another one; ROOT is the end."""
        if ROOT in {one, other}:
            return one != ROOT and other == ROOT
        return self._rank(one) < self._rank(other)

    def following(self, char: int) -> Iterator[int]:
        """The characters after one, in order; after ROOT all of them."""
        if char == ROOT:
            chunk, at = self._chunks[0], 0
        else:
            chunk = self._chunk_of[char]
            at = chunk.chars.index(char) + 1
        for number in range(self._chunks.index(chunk), len(self._chunks)):
            yield from self._chunks[number].chars[at:]
            at = 0

    def shown_at(self, position: int) -> int:
        """The character shown at a position."""
        for chunk in self._chunks:
            if position < chunk.shown:
                return [char for char in chunk.chars if self._shows(char)][position]
            position -= chunk.shown
        raise IndexError(position)

    def shown_before(self, char: int) -> int:
        """How many are shown before a character."""
        home = self._chunk_of[char]
        before = home.chars[: home.chars.index(char)]
        whole = sum(chunk.shown for chunk in self._chunks[: self._chunks.index(home)])
        return whole + sum(map(self._shows, before))

    def changed(self, char: int, by: int) -> None:
        """A character is shown from now on (+1), or not any more (-1)."""
        self._chunk_of[char].shown += by

    def _rank(self, char: int) -> tuple[int, int]:
        chunk = self._chunk_of[char]
        return self._chunks.index(chunk), chunk.chars.index(char)

    def _place(self, char: int, where: int, *, after: bool) -> None:
        if where == ROOT:  # the first of all, as nothing hangs from the root yet
            chunk, at = self._chunks[0], 0
        else:
            chunk = self._chunk_of[where]
            at = chunk.chars.index(where) + after
        chunk.chars.insert(at, char)
        chunk.shown += self._shows(char)
        self._chunk_of.append(chunk)
        if len(chunk.chars) > _CHUNK:
            self._cut(chunk)

    def _cut(self, chunk: Chunk) -> None:
        half = chunk.chars[_CHUNK // 2 :]
        del chunk.chars[_CHUNK // 2 :]
        rest = Chunk(half, sum(map(self._shows, half)))
        chunk.shown -= rest.shown
        self._chunks.insert(self._chunks.index(chunk) + 1, rest)
        for char in half:
            self._chunk_of[char] = rest
