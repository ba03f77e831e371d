"""Events that name grounds, read when they come in: void or not, and what stands on what.

    new rows ─► rule.read ─► those named: here? in the past? void? ─► rule.check ─► ground table
        │          │                          └─► void/ground             │             ▲
        │          └─► a void code                                        └─► a void code
        └── rule.sole: the same ground as the good one before, and nothing else to ask ─┘

Law: whether an event is void is decided once, by frames alone, the same way whoever brings it and
in whatever batch; what the table says of an event is what its frame says.

Reads: kernels (Pack), replica.kinds, state.grounds, graph, store. Read by: replica.judging.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, NamedTuple, TypeVar

from tallystick.graph.ancestry import Graph, has_ancestor
from tallystick.kernels import Pack
from tallystick.replica.kinds import ground_rule
from tallystick.state.grounds import Deed, GroundRule
from tallystick.store.grounds import GroundRow, add_grounds, is_stood_on, last_standing_on
from tallystick.store.store import Store

T = TypeVar("T")
OWN_SEQS: Final = 1_000
"""Events before it in its own chain that are looked through first for one on the same ground."""
STEPS: Final = 3
"""Newest events standing on the same ground that are tried as stepping stones into the past: the
way to them is short where people build on each other; the way to an old ground may be long."""


class Came(NamedTuple):
    """Pack rows begin..end-1, stored a moment ago as rows row, row + 1, ... of a line.

    The kinds of some of them name grounds.
    """

    line: int
    row: int
    pack: Pack
    begin: int
    end: int

    def stretches(self) -> Iterator[tuple[str, int, int]]:
        """(kind, begin, end) of those pack rows that name grounds, neighbours of a kind as one."""
        kinds = memoryview(self.pack.kind).cast("I")[self.begin : self.end]
        for number, first, last in _neighbours(kinds):
            kind = self.pack.kinds[number]
            if ground_rule(kind) is not None:
                yield kind, self.begin + first, self.begin + last


@dataclass(slots=True)
class GroundNews:
    """What new rows stand on."""

    voids: dict[int, str] = field(default_factory=dict)
    """row -> code"""
    stood_on: dict[tuple[int, int], set[int]] = field(default_factory=dict)
    """(line, first seq) of a span -> rows its events stand on"""


class _Found(NamedTuple):
    row: int
    deed: Deed
    is_void: bool


class GroundReader:
    """Reads what events stand on, batch by batch."""

    def __init__(self, store: Store, log_no: int) -> None:
        self._store, self._log_no = store, log_no
        self._graph: Graph = store.graph()
        self._found: dict[bytes, _Found | None] = {}

    def read(self, came: Sequence[Came]) -> GroundNews:
        """Rules of new rows, and their grounds into the table; the caller holds the transaction."""
        news, runs = GroundNews(), _Runs()
        self._found.clear()
        self._graph = self._store.graph()
        for span in came:
            self._read_span(span, news, runs)
        add_grounds(self._store, runs.entries())
        return news

    def _read_span(self, span: Came, news: GroundNews, runs: _Runs) -> None:
        """Neighbours with one sole ground are asked until one is good, which speaks for the rest.

        Of other events each is asked by itself.
        """
        pack, sure, good = span.pack, set[int](), dict[tuple[str, bytes], tuple[int, ...]]()
        on_rows = news.stood_on.setdefault((span.line, pack.seq + span.begin), set())
        for kind, begin, end in span.stretches():
            frames, row = pack.frames(begin, end), span.row + begin - span.begin
            for sole, first, last in _units(kind, pack.author, frames):
                at, rows = first, None if sole is None else good.get((kind, sole))
                while rows is None and at < last:
                    deed = Deed(pack.id(begin + at), pack.author, kind, frames[at])
                    found = self._rows(deed, row + at, sure, news.voids)
                    if isinstance(found, str):
                        self._set_void(row + at, deed.id, found, news)
                        at += 1
                    else:
                        rows = found
                if rows is None:
                    continue
                if sole is not None:
                    good[kind, sole] = rows
                on_rows.update(rows)
                for on_row in rows:
                    runs.add(on_row, row + at, last - at)

    def _set_void(self, row: int, id: bytes, code: str, news: GroundNews) -> None:
        news.voids[row] = code
        self._store.set_void(row, code)
        self._found.pop(id, None)

    def _rows(
        self, deed: Deed, row: int, sure: set[int], voids: dict[int, str]
    ) -> tuple[int, ...] | str:
        """Rows of the grounds of an event, or its void code."""
        rule = ground_rule(deed.kind)
        assert rule is not None, deed.kind
        named = rule.read(deed.author, deed.frame)
        if isinstance(named, str):
            return named
        deeds: list[Deed] = []
        rows: list[int] = []
        for id in named:
            found = self._find(id)
            if found is None or found.is_void or found.row in voids:
                return "void/ground"
            if found.row not in sure:
                if not self._is_before(found.row, row):
                    return "void/ground"
                sure.add(found.row)
            deeds.append(found.deed)
            rows.append(found.row)
        return rule.check(deed, deeds) or tuple(rows)

    def _find(self, id: bytes) -> _Found | None:
        if id not in self._found:
            row = self._store.row_of(id)
            event = None if row is None else self._store.event(row)
            ours = event is not None and event.log == self._log_no
            self._found[id] = (
                _Found(
                    event.row,
                    Deed(id, event.author, event.kind, event.frame),
                    event.void is not None,
                )
                if event is not None and ours
                else None
            )
        return self._found[id]

    def _is_before(self, x: int, y: int) -> bool:
        """Whether row x is an ancestor of row y, by a short way where there is one."""
        if x >= y:
            return False
        line, seq = self._graph.line(y), self._graph.seq(y)
        for row, count in reversed(self._store.ranges(line, seq - OWN_SEQS, seq)):
            if is_stood_on(self._store, x, row, row + count):
                return True
        steps = [step for step in last_standing_on(self._store, x, STEPS) if step < y]
        return has_ancestor(self._graph, (x, *steps), y)


class _Runs:
    """Entries of the table, neighbouring rows as one."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[int, int]] = {}
        self._done: list[GroundRow] = []

    def add(self, on_row: int, row: int, count: int) -> None:
        first, end = self._open.get(on_row, (row, row))
        if end != row:
            self._done.append((on_row, first, end - first))
            first = row
        self._open[on_row] = (first, row + count)

    def entries(self) -> list[GroundRow]:
        return self._done + [(on, first, end - first) for on, (first, end) in self._open.items()]


def _units(
    kind: str, author: bytes, frames: Sequence[bytes]
) -> Iterator[tuple[bytes | None, int, int]]:
    """(sole ground, first, last + 1) of neighbours that have one in common, and of every other."""
    rule = ground_rule(kind)
    assert rule is not None, kind
    soles = [None] * len(frames) if rule.sole is None else rule.sole(author, frames)
    for sole, at, end in _neighbours(soles):
        if sole is None:
            yield from ((None, one, one + 1) for one in range(at, end))
        else:
            yield sole, at, end


def _neighbours(values: Iterable[T]) -> Iterator[tuple[T, int, int]]:
    """(value, first, last + 1) of neighbours that are equal."""
    at = 0
    for value, same in groupby(values):
        end = at + len(list(same))
        yield value, at, end
        at = end


class Grounds:
    """What events of the store stand on, for facts: read from frames, and from the table back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, deed: Deed) -> tuple[bytes, ...]:
        """Ids of what an event, not void, stands on."""
        rule = ground_rule(deed.kind)
        if rule is None:
            return ()
        named = rule.read(deed.author, deed.frame)
        return () if isinstance(named, str) else named

    def restitution(self, deed: Deed) -> str | None:
        """The asset type whose rule says whether its grounds are asked for; None: always."""
        rule = ground_rule(deed.kind)
        if rule is None or rule.restitution is None:
            return None
        named = [self.deed(id) for id in self.of(deed)]
        return rule.restitution(deed, [one for one in named if one is not None])

    def deed(self, id: bytes) -> Deed | None:
        """An event as rules see it, None when it is not here."""
        row = self._store.row_of(id)
        if row is None:
            return None
        event = self._store.event(row)
        return Deed(id, event.author, event.kind, event.frame)


__all__ = ["Came", "GroundNews", "GroundReader", "GroundRule", "Grounds"]
