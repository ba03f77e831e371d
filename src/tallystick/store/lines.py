"""Chains and their sides, and where their events lie: (line, seq) -> row.

    base line    seq 0 1 2 3 4 5            a split at seq 3: a second event 3 arrives
    side line              └─3'4'5'         base = the first line, first_seq = 3

A **run** says that consecutive seqs are consecutive rows; an ingested slice is one run, so the
table grows with the number of batches, not of events. The newest run of each line stands in the
line itself (``run_seq``, ``run_row``) and goes to the table when another begins: one page less to
write for every commit.

Law: seqs of a line are gap-free from 0 to size - 1, its base's own before first_seq.

Reads: store/names. Read by: events, insert, merkle, notes.
"""

from __future__ import annotations

from typing import Any, Final

from tallystick.errors import NotFound
from tallystick.store.adapter import Adapter
from tallystick.store.names import Names
from tallystick.store.rows import LineRow

LINES_CACHED_MAX: Final = 4096
"""Lines held in memory, at most about 1 KiB each."""

_COLUMNS: Final = (
    "no, log, author, side, base, first_seq, size, last_id, lamport, peaks,"
    " head_size, head_root, head_signature, head_proof, received_ms, run_seq, run_row"
)


class Lines(Names):
    """The tables line and run."""

    def __init__(self, db: Adapter) -> None:
        super().__init__(db)
        self._lines: dict[int, LineRow] = {}
        self._dirty_lines: dict[int, LineRow] = {}
        self._lines_of: dict[tuple[int, bytes], list[int]] = {}
        self._owners: dict[int, tuple[int, bytes]] = {}
        self._line_nos: dict[tuple[int, bytes, bytes], int] = {}

    def _forget(self) -> None:
        self._lines.clear()
        self._dirty_lines.clear()
        self._lines_of.clear()
        self._owners.clear()
        self._line_nos.clear()
        super()._forget()

    def _flush(self) -> None:
        for line in self._dirty_lines.values():
            assert line.head_size >= line.size or line.size == line.first_seq, "no head covers it"
        self._write_lines()
        if len(self._lines) > LINES_CACHED_MAX:
            self._lines.clear()
        if len(self._lines_of) > LINES_CACHED_MAX:
            self._lines_of.clear()
        if len(self._owners) > 16 * LINES_CACHED_MAX:
            self._owners.clear()
            self._line_nos.clear()
        super()._flush()

    # --- lines ---

    def line(self, no: int) -> LineRow:
        """One line as it is now."""
        found = self._lines.get(no)
        if found is None:
            row = self.db.row(f"SELECT {_COLUMNS} FROM line WHERE no = ?", (no,))
            if row is None:
                raise NotFound("usage/not-found", where=f"line {no}")
            found = self._lines[no] = self._line_row(row)
        return found

    def lines(self, log_no: int, author: bytes | None = None) -> list[LineRow]:
        """All lines of a log, or of one author in it, by number."""
        if author is not None:
            return [self.line(no) for no in self._numbers(log_no, author)]
        self._write_lines()
        found = self.db.rows(f"SELECT {_COLUMNS} FROM line WHERE log = ? ORDER BY no", (log_no,))
        return [self._line_row(row) for row in found]

    def _numbers(self, log_no: int, author: bytes) -> list[int]:
        """The lines of one author in one log."""
        found = self._lines_of.get((log_no, author))
        if found is None:
            author_no = self.find_author(author)
            if author_no is None:
                return []
            query = "SELECT no FROM line WHERE log = ? AND author = ? ORDER BY no"
            found = [no for (no,) in self.db.rows(query, (log_no, author_no))]
            self._lines_of[log_no, author] = found
        return found

    def sides(self, log_no: int) -> list[LineRow]:
        """The lines of a log that are sides of a split, by number."""
        self._write_lines()
        found = self.db.rows(
            f"SELECT {_COLUMNS} FROM line WHERE log = ? AND side <> x'' ORDER BY no", (log_no,)
        )
        return [self._line_row(row) for row in found]

    def find_line(self, log_no: int, author: bytes, side: bytes = b"") -> LineRow | None:
        """The line of one author (and side), or None."""
        no = self._line_nos.get((log_no, author, side))
        if no is None:
            author_no = self.find_author(author)
            if author_no is None:
                return None
            found = self.db.row(
                "SELECT no FROM line WHERE log = ? AND author = ? AND side = ?",
                (log_no, author_no, side),
            )
            if found is None:
                return None
            no = self._line_nos[log_no, author, side] = int(found[0])
        return self.line(no)

    def add_line(
        self,
        log_no: int,
        author: bytes,
        *,
        side: bytes = b"",
        base: int | None = None,
        first_seq: int = 0,
        peaks: bytes = b"",
        last_id: bytes = b"",
        lamport: int = -1,
    ) -> LineRow:
        """A new line, empty, or a side that shares ``base``'s events before ``first_seq``.

        For a side, ``peaks`` (``peaks_at(base, first_seq)``), ``last_id`` and ``lamport`` are
        those of the event before ``first_seq``.
        """
        self._must_write()
        assert (base is None) == (first_seq == 0), "a base exactly when seqs begin later"
        assert len(peaks) == 32 * first_seq.bit_count()
        values = (
            log_no, self.author_no(author), side, base, first_seq, first_seq, last_id, lamport,
            peaks, 0, b"", b"", b"", 0, 0, 0,
        )  # fmt: skip
        marks = ", ".join("?" * len(values))
        no = self.db.execute(
            f"INSERT INTO line ({_COLUMNS.partition(', ')[2]}) VALUES ({marks})", values
        )
        self._lines_of.pop((log_no, author), None)
        return self.line(no)

    def set_line(self, line: LineRow) -> None:
        """Keep a line as given (``dataclasses.replace`` of the current one); written at commit."""
        self._must_write()
        assert len(line.peaks) == 32 * line.size.bit_count(), "peaks do not fit the size"
        renamed = self.line(line.no).side != line.side
        self._lines[line.no] = line
        self._dirty_lines[line.no] = line
        if renamed:
            self._line_nos.clear()
            self.db.execute("UPDATE line SET side = ? WHERE no = ?", (line.side, line.no))

    def _write_lines(self) -> None:
        """Writes what changed; not the side, which is indexed and hardly ever changes."""
        if not self._dirty_lines:
            return
        self.db.executemany(
            "UPDATE line SET size = ?, last_id = ?, lamport = ?, peaks = ?, head_size = ?,"
            " head_root = ?, head_signature = ?, head_proof = ?, received_ms = ?, base = ?,"
            " first_seq = ?, run_seq = ?, run_row = ? WHERE no = ?",
            [
                (
                    x.size, x.last_id, x.lamport, x.peaks, x.head_size, x.head_root,
                    x.head_signature, x.head_proof, x.received_ms, x.base, x.first_seq,
                    x.run_seq, x.run_row, x.no,
                )
                for x in self._dirty_lines.values()
            ],
        )  # fmt: skip
        self._dirty_lines.clear()

    def _line_row(self, row: tuple[Any, ...]) -> LineRow:
        no, log, author, *rest = row
        return LineRow(no, log, self.author_key(author), *rest)

    def _owner(self, line_no: int) -> tuple[int, bytes]:
        """(log, author) of a line: what never changes about it."""
        owner = self._owners.get(line_no)
        if owner is None:
            line = self.line(line_no)
            owner = self._owners[line_no] = (line.log, line.author)
        return owner

    # --- runs ---

    def _next_run(self, line: LineRow, row: int) -> tuple[int, int]:
        """(run_seq, run_row) of the line once its next events lie in ``row`` and after."""
        if line.run_row:
            count = line.size - line.run_seq
            if line.run_row + count == row:
                return line.run_seq, line.run_row
            self.db.execute(
                "INSERT INTO run VALUES (?, ?, ?, ?)", (line.no, line.run_seq, line.run_row, count)
            )
        return line.size, row

    def row_at(self, line_no: int, seq: int) -> int:
        """The row of one seq of a line (of its base before ``first_seq``).

        Raises:
            NotFound: ``usage/not-found`` when the line is shorter.
        """
        line = self.line(line_no)
        if line.run_row and line.run_seq <= seq < line.size:
            return line.run_row + seq - line.run_seq
        found = self.ranges(line_no, seq, seq + 1)
        if not found:
            raise NotFound("usage/not-found", where=f"line {line_no}, seq {seq}")
        return found[0][0]

    def ranges(self, line_no: int, begin: int, end: int) -> list[tuple[int, int]]:
        """Where seqs begin..end-1 lie, as (row, count) in seq order; follows the base.

        Shorter than asked for when the line is.
        """
        line = self.line(line_no)
        begin, end = max(begin, 0), min(end, line.size)
        parts: list[list[tuple[int, int]]] = []
        # A loop: sides of sides are as deep as whoever signs them likes
        while begin < end:
            start = begin if line.base is None else max(begin, line.first_seq)
            if start < end:
                parts.append(self._own_ranges(line, start, end))
                end = start
            if line.base is None or begin >= end:
                break
            line = self.line(line.base)
        return [found for part in reversed(parts) for found in part]

    def _own_ranges(self, line: LineRow, begin: int, end: int) -> list[tuple[int, int]]:
        """The same for seqs that are this very line's."""
        found: list[tuple[int, int]] = []
        for seq, row, count in self._runs(line, begin, end):
            skip = max(begin - seq, 0)
            found.append((row + skip, min(count, end - seq) - skip))
        return found

    def _runs(self, line: LineRow, begin: int, end: int) -> list[tuple[int, int, int]]:
        last = (line.run_seq, line.run_row, line.size - line.run_seq)
        if line.run_seq <= begin:
            return [last]
        stored = self.db.rows(
            "SELECT seq, row, count FROM run WHERE line = ?1 AND seq < ?3 AND seq >="
            " (SELECT coalesce(max(seq), 0) FROM run WHERE line = ?1 AND seq <= ?2) ORDER BY seq",
            (line.no, begin, end),
        )
        return [*stored, last] if line.run_seq < end else stored
