"""Event ids to rows: a two-level index that costs a batch nothing.

    newest rows (the tail)      read from `event` itself on first use, then a dict in memory
    runs of level 0, 1, 2...    sorted (8-byte prefix, row) pairs; four runs of a level are
                                merged into one of the next, in small steps, by ``maintain()``

    id_page:  page = prefix * pages >> 64: ids are hashes, so pairs spread evenly over the pages
              of a run and one point query finds the only page a prefix can be in

An ordinary index on random ids dirties a page per event; this one writes each pair once per
level, in order, outside the commit. A prefix shared by several ids (an attacker's work of 2^32
hashes) costs one more comparison: every hit is checked against the whole id.

Law: answers as a dict of all ids would.

Reads: kernels, store/lines. Read by: insert, events, replica.
Source: P. O'Neil et al., The log-structured merge-tree (1996).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from tallystick import kernels
from tallystick.errors import StoreError
from tallystick.limits import DIGEST_BYTES
from tallystick.store.adapter import Adapter
from tallystick.store.lines import Lines

TAIL_MAX: Final = 8_192
"""Rows beyond the runs before ``maintain`` makes a run of them; bounds the first look-up."""
TAIL_FORCED: Final = 65_536
"""Rows beyond the runs at which an insert itself makes runs, when nobody calls ``maintain``."""
FAN_OUT: Final = 4
"""Runs of a level that are merged into one of the next."""
STEP_PAIRS: Final = 32_768
"""Pairs that one step of ``maintain`` moves: about 20 ms and 0.5 MB of write-ahead log."""
PAGE_PAIRS: Final = 280
"""Mean pairs a page: 336 fit a 4 KiB database page, more than three deviations above."""
PAIR: Final = 12
CACHED_MAX: Final = 16_384
"""Ids found lately, held in memory (twice that at most)."""
_PAGES_PER_RUN: Final = 1 << 24
_ANSWERS, _MERGING, _DROPPED = 0, 1, 2


def find_rows(pairs: bytes, prefix: bytes) -> list[int]:
    """Rows of all pairs of a sorted page that begin with ``prefix`` (8 bytes)."""
    count = len(pairs) // PAIR
    at = _begin(pairs, prefix) // PAIR
    rows = []
    while at < count and pairs[at * PAIR : at * PAIR + 8] == prefix:
        rows.append(int.from_bytes(pairs[at * PAIR + 8 : at * PAIR + PAIR], "big"))
        at += 1
    return rows


def split_pages(pairs: bytes, pages: int, first: int, last: int) -> list[bytes]:
    """Sorted pairs as the bytes of pages first..last-1 of a run of ``pages`` pages."""
    cut, at = [], 0
    for page in range(first, last):
        end = len(pairs)
        if page + 1 < pages:
            end = _begin(pairs, page_border(page + 1, pages), at)
        cut.append(pairs[at:end])
        at = end
    assert at == len(pairs)
    return cut


def _begin(pairs: bytes, prefix: bytes, at: int = 0) -> int:
    """Where the sorted pairs that begin with ``prefix`` or more begin, in bytes."""
    rows = range(len(pairs) // PAIR)
    return PAIR * bisect_left(
        rows, prefix, lo=at // PAIR, key=lambda i: pairs[PAIR * i : PAIR * i + 8]
    )


def page_of(prefix: bytes, pages: int) -> int:
    """The page of a run in which an 8-byte prefix can be."""
    return int.from_bytes(prefix, "big") * pages >> 64


def page_border(page: int, pages: int) -> bytes:
    """The smallest 8-byte prefix whose page is ``page`` or later (page < pages)."""
    return (-(-(page << 64) // pages)).to_bytes(8, "big")


class Ids(Lines):
    """The tables id_run and id_page, and the tail of event."""

    def __init__(self, db: Adapter) -> None:
        super().__init__(db)
        self._tail: dict[bytes, int] | None = None
        self._runs_known: list[tuple[int, int]] | None = None
        self._covered: int | None = None
        self._next: int | None = None
        self._settled = False
        self._hits: dict[bytes, int] = {}
        self._older_hits: dict[bytes, int] = {}

    def _forget(self) -> None:
        self._tail = None
        self._runs_known = None
        self._covered = None
        self._next = None
        self._settled = False
        self._hits = {}
        self._older_hits = {}
        super()._forget()

    @property
    def next_row(self) -> int:
        """The row the next event will get: 1 + the number of events stored."""
        if self._next is None:
            found = self.db.row("SELECT coalesce(max(row), 0) + 1 FROM event")
            assert found is not None
            self._next = int(found[0])
        return self._next

    def rows_of(self, ids: Sequence[bytes]) -> list[int | None]:
        """The rows of event ids (32 bytes each), None where the event is not here.

        Cost: a dict look-up for recent ids; else one page read per run, O(log events) runs.
        """
        tail, hits, older = self._load_tail(), self._hits, self._older_hits
        found: list[int | None] = []
        for id in ids:
            row = tail.get(id) or hits.get(id) or older.get(id)
            if row is None:
                row = self._search(id)
                if row is not None:
                    self._cache(id, row)
                    hits, older = self._hits, self._older_hits
            found.append(row)
        return found

    def row_of(self, id: bytes) -> int | None:
        """The row of one event id, or None when it is not here."""
        return self.rows_of([id])[0]

    def rows_by_prefix(self, low: bytes, high: bytes, *, limit: int = 16) -> list[int]:
        """Rows of ids in [low, high] (32 bytes each, equal in their first 4 bytes or more).

        For finding an event by the start of its text. At most ``limit``, ascending rows.
        """
        assert low[:4] == high[:4], "too wide: this walks every page of the range"
        rows = {row for id, row in self._load_tail().items() if low <= id <= high}
        for run, pages in self._answering_runs():
            for page in range(page_of(low[:8], pages), page_of(high[:8], pages) + 1):
                pairs = self._page(run, page)
                for at in range(0, len(pairs), PAIR):
                    if low[:8] <= pairs[at : at + 8] <= high[:8]:
                        rows.add(int.from_bytes(pairs[at + 8 : at + PAIR], "big"))
        fitting = [row for row in sorted(rows) if low <= self._id_of(row) <= high]
        return fitting[:limit]

    # --- reading ---

    def _search(self, id: bytes) -> int | None:
        prefix = id[:8]
        for run, pages in self._answering_runs():
            for row in find_rows(self._page(run, page_of(prefix, pages)), prefix):
                if self._id_of(row) == id:
                    return row
        return None

    def _page(self, run: int, page: int) -> bytes:
        found = self.db.row(
            "SELECT pairs FROM id_page WHERE no = ?", (run * _PAGES_PER_RUN + page,)
        )
        return b"" if found is None else bytes(found[0])

    def _id_of(self, row: int) -> bytes:
        found = self.db.row("SELECT id FROM event WHERE row = ?", (row,))
        return b"" if found is None else bytes(found[0])

    def _cache(self, id: bytes, row: int) -> None:
        if len(self._hits) >= CACHED_MAX:
            self._older_hits, self._hits = self._hits, {}
        self._hits[id] = row

    def _answering_runs(self) -> list[tuple[int, int]]:
        """(run, pages) of every run that answers, the newest rows first."""
        if self._runs_known is None:
            self._runs_known = [
                (no, pages)
                for no, pages in self.db.rows(
                    "SELECT no, pages FROM id_run WHERE state = 0 ORDER BY last_row DESC"
                )
            ]
        return self._runs_known

    def _covered_row(self) -> int:
        """The last row that is in a run."""
        if self._covered is None:
            found = self.db.row("SELECT coalesce(max(last_row), 0) FROM id_run WHERE state = 0")
            assert found is not None
            self._covered = int(found[0])
        return self._covered

    def _load_tail(self) -> dict[bytes, int]:
        if self._tail is None:
            covered = self._covered_row()
            self._tail = dict(
                self.db.rows("SELECT id, row FROM event WHERE row > ? ORDER BY row", (covered,))
            )
        return self._tail

    # --- writing ---

    def _note_ids(self, ids: Iterable[bytes], first_row: int, count: int) -> None:
        """Rows first_row.. were inserted with these ids."""
        if self._tail is not None:
            self._tail.update(zip(ids, range(first_row, first_row + count), strict=True))
        self._next = first_row + count
        while self._next - 1 - self._covered_row() > TAIL_FORCED:
            self._make_run()

    def maintain(self, *, steps: int = 4) -> bool:
        """Bring the index up to date off the commit path; cheap when there is nothing to do.

        Each step is a transaction of its own that moves at most about ``STEP_PAIRS`` pairs.
        Returns whether more is left to do.
        """
        for _ in range(steps):
            if not self._due():
                return False
            with self.write():
                self._step()
        return self._due()

    def _due(self) -> bool:
        if self.next_row - 1 - self._covered_row() > TAIL_MAX:
            return True
        if self._settled:  # since a query found nothing to do, no run was made or merged
            return False
        found = self.db.row(
            "SELECT 1 FROM id_run WHERE state <> 0 UNION ALL SELECT 1 FROM"
            " (SELECT count(*) AS n FROM id_run WHERE state = 0 GROUP BY level) WHERE n >= ?"
            " LIMIT 1",
            (FAN_OUT,),
        )
        self._settled = found is None
        return not self._settled

    def _step(self) -> None:
        """One bounded piece of work: new runs first, then drop, go on merging, or begin to."""
        if self.next_row - 1 - self._covered_row() > TAIL_MAX:
            self._make_run()
            return
        job = self.db.row(
            "SELECT no, level, count, pages, first_row, last_row, state, done FROM id_run"
            " WHERE state <> 0 ORDER BY state DESC, level LIMIT 1"
        )
        if job is None:
            self._begin_merge()
        elif job[6] == _DROPPED:
            self._drop_pages(no=job[0], pages=job[3], done=job[7])
        else:
            self._merge_pages(
                no=job[0], pages=job[3], first_row=job[4], last_row=job[5], done=job[7]
            )

    def _make_run(self) -> None:
        """A run of level 0 from the oldest rows of the tail."""
        self._settled = False
        first = self._covered_row() + 1
        last = min(first + STEP_PAIRS, self.next_row) - 1
        count = last + 1 - first
        tail = self._load_tail()  # in the order of rows
        ids = list(islice(tail, count))
        pages = max(1, count // PAGE_PAIRS)
        no = self._add_run(0, count, pages, first, last, _ANSWERS)
        joined = b"".join(ids)
        if len(joined) != DIGEST_BYTES * count:  # no two ids are alike, and all are as long
            raise StoreError("store/damaged", where=self.db.where, got=f"ids of rows {first}..")
        self._put_pages(no, 0, split_pages(kernels.index_pairs(joined, first), pages, 0, pages))
        recent = ids[-CACHED_MAX:]
        self._older_hits = self._hits
        self._hits = dict(zip(recent, range(last + 1 - len(recent), last + 1), strict=True))
        self._tail = dict(islice(tail.items(), count, None))
        self._covered = last
        self._runs_known = None

    def _add_run(  # noqa: PLR0917
        self, level: int, count: int, pages: int, first: int, last: int, state: int
    ) -> int:
        assert pages < _PAGES_PER_RUN
        assert last < 1 << 32, "a store holds at most 2^32 events"
        return self.db.execute(
            "INSERT INTO id_run (level, count, pages, first_row, last_row, state, done)"
            " VALUES (?, ?, ?, ?, ?, ?, 0)",
            (level, count, pages, first, last, state),
        )

    def _put_pages(self, run: int, first: int, pages: list[bytes]) -> None:
        self.db.executemany(
            "INSERT INTO id_page VALUES (?, ?)",
            [(run * _PAGES_PER_RUN + first + at, pairs) for at, pairs in enumerate(pages) if pairs],
        )

    def _begin_merge(self) -> None:
        found = self.db.row(
            "SELECT level FROM id_run WHERE state = 0 GROUP BY level HAVING count(*) >= ?"
            " ORDER BY level LIMIT 1",
            (FAN_OUT,),
        )
        assert found is not None, "a step without work"
        oldest = self.db.rows(
            "SELECT count, first_row, last_row FROM id_run WHERE state = 0 AND level = ?"
            " ORDER BY first_row LIMIT ?",
            (found[0], FAN_OUT),
        )
        count = sum(row[0] for row in oldest)
        pages = max(1, count // PAGE_PAIRS)
        self._add_run(found[0] + 1, count, pages, oldest[0][1], oldest[-1][2], _MERGING)

    def _merge_pages(
        self, *, no: int, pages: int, first_row: int, last_row: int, done: int
    ) -> None:
        """Write some more pages of a merged run; the last ones make it answer for its inputs."""
        last = min(pages, done + max(1, STEP_PAIRS // PAGE_PAIRS))
        low = page_border(done, pages)
        high = page_border(last, pages) if last < pages else None
        inputs = self.db.rows(
            "SELECT no, pages FROM id_run WHERE state = 0 AND first_row >= ? AND last_row <= ?",
            (first_row, last_row),
        )
        pairs = kernels.merge_pairs(
            b"".join(self._pairs_between(run, run_pages, low, high) for run, run_pages in inputs)
        )
        self._put_pages(no, done, split_pages(pairs, pages, done, last))
        self.db.execute("UPDATE id_run SET done = ? WHERE no = ?", (last, no))
        if last == pages:
            self.db.executemany(
                "UPDATE id_run SET state = 2, done = 0 WHERE no = ?", [(run,) for run, _ in inputs]
            )
            self.db.execute("UPDATE id_run SET state = 0 WHERE no = ?", (no,))
            self._runs_known = None

    def _pairs_between(self, run: int, pages: int, low: bytes, high: bytes | None) -> bytes:
        end = pages - 1 if high is None else page_of(high, pages)
        blobs = self.db.rows(
            "SELECT pairs FROM id_page WHERE no BETWEEN ? AND ? ORDER BY no",
            (run * _PAGES_PER_RUN + page_of(low, pages), run * _PAGES_PER_RUN + end),
        )
        data = b"".join(pairs for (pairs,) in blobs)
        return data[_begin(data, low) : len(data) if high is None else _begin(data, high)]

    def _drop_pages(self, *, no: int, pages: int, done: int) -> None:
        """Delete some more pages of a run that was merged, and the run with its last page."""
        last = min(pages, done + STEP_PAIRS // PAGE_PAIRS)
        self.db.execute(
            "DELETE FROM id_page WHERE no >= ? AND no < ?",
            (no * _PAGES_PER_RUN + done, no * _PAGES_PER_RUN + last),
        )
        if last == pages:
            self.db.execute("DELETE FROM id_run WHERE no = ?", (no,))
        else:
            self.db.execute("UPDATE id_run SET done = ? WHERE no = ?", (last, no))
