"""Slices that are right so far but wait for a parent, and when and whence rows arrived.

Law: what is pending is not in the feed, is never an error, and is bounded per peer: the
oldest go first.

Reads: store/feed. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tallystick.store.adapter import Adapter
from tallystick.store.crc import insert_into
from tallystick.store.feed import Feed
from tallystick.store.rows import ArrivalRow, PendingRow

_COLUMNS = "no, log, author, seq, count, slice, waits_for, source, received_ms"


class Pending(Feed):
    """The tables pending and arrival."""

    def __init__(self, db: Adapter) -> None:
        super().__init__(db)
        self._waiting: bool | None = None
        self._arrived: tuple[int, int] | None = None

    def _forget(self) -> None:
        self._waiting = None
        self._arrived = None
        super()._forget()

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
        self._waiting = True
        self._must_write()
        return self.db.execute(
            insert_into("pending"),
            (
                self._next_pending(), log_no, author, seq, count, slice, len(slice), waits_for,
                self._sources.no(peer), received_ms,
            ),
        )  # fmt: skip

    def _next_pending(self) -> int:
        found = self.db.row("SELECT coalesce(max(no), 0) + 1 FROM pending")
        assert found is not None
        return int(found[0])

    def pending_for(self, log_no: int, ids: Iterable[bytes]) -> list[PendingRow]:
        """Slices that wait for one of these events, oldest first."""
        if not self._any_waits():
            return []
        found: list[PendingRow] = []
        for id in ids:
            found += self._select("log = ? AND waits_for = ?", (log_no, id))
        return sorted(found, key=lambda row: row.no)

    def pending_of(self, log_no: int, author: bytes | None = None) -> list[PendingRow]:
        """Slices of one author (or of all) that wait, by number."""
        if not self._any_waits():
            return []
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
        if numbers:
            self.db.executemany("DELETE FROM pending WHERE no = ?", [(no,) for no in numbers])
            self._waiting = None

    def pending_stats(
        self, peer: bytes | None = None, author: bytes | None = None
    ) -> tuple[int, int]:
        """(events, bytes) that wait, of all or of one peer, and there of one author."""
        where, params = self._of_peer(peer, author)
        found = self.db.row(
            f"SELECT coalesce(sum(count), 0), coalesce(sum(bytes), 0) FROM pending WHERE {where}",
            params,
        )
        assert found is not None
        return int(found[0]), int(found[1])

    def trim_pending(
        self, peer: bytes, *, author: bytes | None = None, events_max: int, bytes_max: int
    ) -> int:
        """Forget a peer's oldest slices until it is within bounds; returns how many events went.

        Args:
            author: only his, and the bounds are meant for his.
        """
        self._must_write()
        events, size = self.pending_stats(peer, author)
        gone = 0
        where, params = self._of_peer(peer, author)
        while events > events_max or size > bytes_max:
            oldest = self.db.row(
                f"SELECT no, count, bytes FROM pending WHERE {where} ORDER BY no LIMIT 1", params
            )
            assert oldest is not None
            self.drop_pending([oldest[0]])
            events, size, gone = events - oldest[1], size - oldest[2], gone + oldest[1]
        return gone

    def _any_waits(self) -> bool:
        if self._waiting is None:
            self._waiting = self.db.row("SELECT 1 FROM pending LIMIT 1") is not None
        return self._waiting

    def _of_peer(
        self, peer: bytes | None, author: bytes | None
    ) -> tuple[str, tuple[int | bytes, ...]]:
        if peer is None:
            return "1", ()
        found = self._sources.find(peer)
        no = -1 if found is None else found
        if author is None:
            return "source = ?", (no,)
        return "source = ? AND author = ?", (no, author)

    def _select(self, where: str, params: tuple[Any, ...]) -> list[PendingRow]:
        found = self.db.rows(f"SELECT {_COLUMNS} FROM pending WHERE {where} ORDER BY no", params)
        return [
            PendingRow(
                no, log, author, seq, count, data, waits_for, self._sources.name(source), received
            )
            for no, log, author, seq, count, data, waits_for, source, received in found
        ]

    # --- arrival ---

    def record_arrival(self, row: int, *, received_ms: int, peer: bytes = b"") -> None:
        """Say when the rows from ``row`` on came, and from which peer (empty: written here).

        Call it once a batch, in order of rows. It holds until the next call says otherwise, so
        that batches of one moment and one peer write nothing.
        """
        self._must_write()
        came = (received_ms, self._sources.no(peer))
        last = self._arrived
        if last is None:
            last = self.db.row("SELECT received_ms, source FROM arrival ORDER BY row DESC LIMIT 1")
        if last != came:
            self.db.execute(insert_into("arrival"), (row, *came))
        self._arrived = came

    def arrival(self, row: int) -> ArrivalRow | None:
        """When and whence the batches came in which this row is; None when it is not here."""
        found = self.db.row(
            "SELECT row, received_ms, source FROM arrival WHERE row <= ? ORDER BY row DESC LIMIT 1",
            (row,),
        )
        if found is None or row >= self.next_row:
            return None
        first, received_ms, source = found
        return ArrivalRow(first, received_ms, self._sources.name(source))

    def received_end(self, time_ms: int) -> int:
        """The row after the last one that came at a moment or before (this machine's clock)."""
        found = self.db.row(
            "SELECT (SELECT min(row) FROM arrival n WHERE n.row > a.row)"
            " FROM arrival a WHERE received_ms <= ? ORDER BY row DESC LIMIT 1",
            (time_ms,),
        )
        if found is None:
            return 1
        return self.next_row if found[0] is None else int(found[0])
