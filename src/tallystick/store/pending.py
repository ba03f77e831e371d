"""Slices that are right so far but wait for a parent, and when and whence rows arrived.

Law: what is pending is not in the feed, is never an error, and is bounded per peer: the
oldest go first.

Reads: store/feed. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tallystick.store.feed import Feed
from tallystick.store.rows import ArrivalRow, PendingRow

_COLUMNS = "no, log, author, seq, count, slice, waits_for, source, received_ms"


class Pending(Feed):
    """The tables pending and arrival."""

    def add_pending(
        self,
        log_no: int,
        author: bytes,
        *,
        seq: int,
        count: int,
        slice: bytes,
        waits_for: bytes,
        peer: bytes = b"",
        received_ms: int,
    ) -> int:
        """Keep an encoded slice until the event ``waits_for`` is here; returns its number."""
        self._must_write()
        return self.db.execute(
            "INSERT INTO pending (log, author, seq, count, slice, bytes, waits_for, source,"
            " received_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                log_no, author, seq, count, slice, len(slice), waits_for,
                self._sources.no(peer), received_ms,
            ),
        )  # fmt: skip

    def pending_for(self, log_no: int, ids: Iterable[bytes]) -> list[PendingRow]:
        """Slices that wait for one of these events, oldest first."""
        if self.db.row("SELECT 1 FROM pending LIMIT 1") is None:
            return []
        found: list[PendingRow] = []
        for id in ids:
            found += self._select("log = ? AND waits_for = ?", (log_no, id))
        return sorted(found, key=lambda row: row.no)

    def pending_of(self, log_no: int, author: bytes | None = None) -> list[PendingRow]:
        """Slices of one author (or of all) that wait, by number."""
        if author is None:
            return self._select("log = ?", (log_no,))
        return self._select("log = ? AND author = ?", (log_no, author))

    def pending_wants(self, log_no: int) -> list[bytes]:
        """The ids that pending slices of a log wait for, without repeats."""
        found = self.db.rows("SELECT DISTINCT waits_for FROM pending WHERE log = ?", (log_no,))
        return [id for (id,) in found]

    def drop_pending(self, numbers: Sequence[int]) -> None:
        """Forget slices: their events were stored, or their sender is over its budget."""
        self._must_write()
        self.db.executemany("DELETE FROM pending WHERE no = ?", [(no,) for no in numbers])

    def pending_stats(self, peer: bytes | None = None) -> tuple[int, int]:
        """(events, bytes) that wait, of one peer or of all."""
        where, params = self._of_peer(peer)
        found = self.db.row(
            f"SELECT coalesce(sum(count), 0), coalesce(sum(bytes), 0) FROM pending WHERE {where}",
            params,
        )
        assert found is not None
        return int(found[0]), int(found[1])

    def trim_pending(self, peer: bytes, *, events_max: int, bytes_max: int) -> int:
        """Forget a peer's oldest slices until it is within bounds; returns how many events went."""
        self._must_write()
        events, size = self.pending_stats(peer)
        gone = 0
        where, params = self._of_peer(peer)
        while events > events_max or size > bytes_max:
            oldest = self.db.row(
                f"SELECT no, count, bytes FROM pending WHERE {where} ORDER BY no LIMIT 1", params
            )
            assert oldest is not None
            self.drop_pending([oldest[0]])
            events, size, gone = events - oldest[1], size - oldest[2], gone + oldest[1]
        return gone

    def _of_peer(self, peer: bytes | None) -> tuple[str, tuple[int, ...]]:
        if peer is None:
            return "1", ()
        no = self._sources.find(peer)
        return "source = ?", (-1 if no is None else no,)

    def _select(self, where: str, params: tuple[Any, ...]) -> list[PendingRow]:
        found = self.db.rows(f"SELECT {_COLUMNS} FROM pending WHERE {where} ORDER BY no", params)
        return [
            PendingRow(
                no, log, author, seq, count, data, waits_for, self._sources.name(source), received
            )
            for no, log, author, seq, count, data, waits_for, source, received in found
        ]

    # --- arrival ---

    def record_arrival(self, row: int, count: int, *, received_ms: int, peer: bytes = b"") -> None:
        """Say when rows row..row+count-1 came and from which peer (empty: written here).

        Call it once a batch, in order of rows.
        """
        self._must_write()
        source = self._sources.no(peer)
        last = self.db.row(
            "SELECT row, count, received_ms, source FROM arrival ORDER BY row DESC LIMIT 1"
        )
        assert last is None or last[0] + last[1] <= row, "arrivals go forward"
        if last is not None and (last[0] + last[1], *last[2:]) == (row, received_ms, source):
            self.db.execute(
                "UPDATE arrival SET count = ? WHERE row = ?", (last[1] + count, last[0])
            )
        else:
            self.db.execute(
                "INSERT INTO arrival VALUES (?, ?, ?, ?)", (row, count, received_ms, source)
            )

    def arrival(self, row: int) -> ArrivalRow | None:
        """When and whence the batch came in which this row is, if that was recorded."""
        found = self.db.row(
            "SELECT row, count, received_ms, source FROM arrival WHERE row <= ?"
            " ORDER BY row DESC LIMIT 1",
            (row,),
        )
        if found is None or found[0] + found[1] <= row:
            return None
        first, count, received_ms, source = found
        return ArrivalRow(first, count, received_ms, self._sources.name(source))

    def received_before(self, received_ms: int) -> list[tuple[int, int]]:
        """(row, count) of everything received before a moment (this machine's clock).

        Cost: linear in the number of batches.
        """
        ranges: list[tuple[int, int]] = []
        for row, count in self.db.rows(
            "SELECT row, count FROM arrival WHERE received_ms < ? ORDER BY row", (received_ms,)
        ):
            if ranges and sum(ranges[-1]) == row:
                ranges[-1] = (ranges[-1][0], ranges[-1][1] + count)
            else:
                ranges.append((row, count))
        return ranges
