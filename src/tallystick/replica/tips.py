"""The heads of what I let count: what my next event is built upon.

Law: what is named here counts under this replica's policy; somebody I banned is never built upon.
The table may hold an ancestor of another row after verdicts changed: a redundant dep is harmless,
and walking a banned chain to its end on every ban would not be.

Reads: store, graph. Read by: replica.judging, replica.writing.
Source: spec/validity.md, "Writing".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tallystick.graph.ancestry import is_ancestor, maximal
from tallystick.policy.facts import Flip, Span
from tallystick.replica.ingest import StoredSpan
from tallystick.store.lookups import heads_newest, heads_on, move_heads, rows_matching
from tallystick.store.store import Store
from tallystick.store.walk import StoreGraph

RETREAT_MAX = 2_000
"""Events walked back from heads that ceased to count before giving up: heads are advice."""
ALL = 1 << 40


class Tips:
    """Heads of one log under this replica's policy.

    Args:
        counts: event id -> whether it counts.
    """

    def __init__(self, store: Store, log_no: int, *, counts: Callable[[bytes], bool]) -> None:
        self._store = store
        self._log_no = log_no
        self._counts = counts
        self._newest: list[int] = []
        self._newest_limit = 0
        self._seen = -1

    def take(self, flips: Sequence[Flip], stored: Sequence[StoredSpan] = ()) -> None:
        """Follows the changes of one batch; the caller holds the transaction.

        Args:
            stored: what the batch stored, in order of rows, with the parents it names.
        """
        fresh = [f.span for f in flips if f.weight > 0 and f.cause[0] == "arrived"]
        other = [f for f in flips if f.cause[0] != "arrived"]
        graph = StoreGraph(self._store)
        known = {(span.line, span.begin, span.end): span for span in stored}
        heads: set[int] = set()
        covered: set[int] = set()
        for span in fresh:
            found = known.get(span[:3])
            if found is not None and span.kinds is None and not span.without:
                gone: Sequence[int] = found.parents
                came = [found.row + found.end - found.begin - 1]
            else:
                gone, came = self._run(graph, span)
            covered.update(gone)
            heads.update(came)
        if heads:
            heads -= covered
            move_heads(self._store, self._log_no, gone=covered, came=heads)
            self._follow(covered, heads)
        if other:
            self._turned(graph, other)

    def newest(self, limit: int) -> list[int]:
        """Rows of the newest heads; remembered, since every event one writes asks for them."""
        if self._seen != self._store.forgotten or self._newest_limit != limit:
            self._newest = heads_newest(self._store, self._log_no, limit)
            self._newest_limit, self._seen = limit, self._store.forgotten
        return list(self._newest)

    def _follow(self, gone: set[int], came: set[int]) -> None:
        """What the newest heads are after a change of the table; looked up again when unsure."""
        if len(self._newest) == self._newest_limit and not gone.isdisjoint(self._newest):
            self._seen = -1  # an older one moves up
            return
        rows = came.union(self._newest) - (gone - came)
        self._newest = sorted(rows, reverse=True)[: self._newest_limit]

    def exact(self) -> list[int]:
        """The maximal events that count. Cost: up to the deps of all their pasts."""
        return sorted(maximal(StoreGraph(self._store), self.newest(ALL)))

    def last_counted(self, row: int) -> int | None:
        """The newest event that counts on the line of ``row``, at or after it."""
        line, seq, _, _ = self._store.links(row)
        at = self._store.line(line).size - 1
        while at >= seq:
            found = self._store.row_at(line, at)
            if self._row_counts(found):
                return found
            at -= 1
        return None

    def holds(self, row: int, tops: Iterable[int]) -> bool:
        """Whether an event is in the past of one of these."""
        graph = StoreGraph(self._store)
        return any(is_ancestor(graph, row, top) for top in tops)

    def _run(self, graph: StoreGraph, span: Span) -> tuple[list[int], list[int]]:
        """What new events that count take the place of, and the last of them."""
        if span.kinds is not None or span.without:
            rows = self._rows(span)
            return [parent for row in rows for parent in graph.parents(row)], rows[-1:]
        last = self._store.row_at(span.line, span.end - 1)
        gone = list(graph.deps(span.line, span.begin, span.end))
        if span.begin:
            gone.append(self._store.row_at(span.line, span.begin - 1))
        return gone, [last]

    def _rows(self, span: Span) -> list[int]:
        """The rows a span means, by seq. Cost: linear in its events."""
        return [
            found
            for row, count in self._store.ranges(span.line, span.begin, span.end)
            for first, many in rows_matching(self._store, row, count, span.kinds, span.without)
            for found in range(first, first + many)
        ]

    def _turned(self, graph: StoreGraph, flips: Sequence[Flip]) -> None:
        """Some events ceased to count or count again: heads give way to what counts below them."""
        lines = {flip.span.line for flip in flips if flip.weight < 0}
        heads = heads_on(self._store, self._log_no, lines)
        out = [row for row in heads if not self._row_counts(row)]
        back = {flip.span.line for flip in flips if flip.weight > 0}
        silent: dict[int, list[tuple[int, int]]] = {}
        for line, begin, end, kinds, without in (flip.span for flip in flips if flip.weight < 0):
            if kinds is None and not without and line not in back:
                silent.setdefault(line, []).append((begin, end))
        came = self._retreat(graph, out, {line: _joined(parts) for line, parts in silent.items()})
        for flip in flips:
            if flip.weight > 0:
                came += self._run(graph, flip.span)[1]
        move_heads(self._store, self._log_no, gone=out, came=filter(self._row_counts, came))
        self._seen = -1

    def _retreat(
        self,
        graph: StoreGraph,
        rows: Sequence[int],
        silent: dict[int, list[tuple[int, int]]],
    ) -> list[int]:
        """What counts next below these rows.

        Args:
            silent: line -> its (begin, end) seqs of which none counts: passed in one step.
        """
        found, seen, stack = [], set(rows), list(rows)
        left = RETREAT_MAX
        while stack and left > 0:
            row = stack.pop()
            line, seq = graph.line(row), graph.seq(row)
            begin = max((at for at, end in silent.get(line, ()) if at <= seq < end), default=seq)
            begin = max(begin, seq + 1 - left)
            left -= seq + 1 - begin
            parents = graph.parents(row) if begin == seq else self._below(graph, line, begin, seq)
            for parent in parents:
                if parent in seen:
                    continue
                seen.add(parent)
                if self._row_counts(parent):
                    found.append(parent)
                else:
                    stack.append(parent)
        return found

    def _below(self, graph: StoreGraph, line: int, begin: int, last: int) -> list[int]:
        """What a stretch of a line names outside itself."""
        named = list(graph.deps(line, begin, last + 1))
        return [self._store.row_at(line, begin - 1), *named] if begin else named

    def _row_counts(self, row: int) -> bool:
        return self._counts(self._store.ids_at([row])[0])


def _joined(parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """(begin, end) stretches with those that touch made one, so that few steps pass them."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(parts):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
