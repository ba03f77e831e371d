"""Reading a store against its own hashes: what ``tally verify`` and ``tally fsck`` are made of.

    columns ──► header bytes ──► SHA-256 ──► the id kept?  ──► tree ──► peaks ──► head's root?
                                     (else: this row)              (else: this line)

Law: whoever edits, inserts or drops a row of `event` is caught, and the row is named; only a
new signature by the author could hide it.

Reads: kernels, proofs/merkle, store/notes. Read by: replica, cli.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from hashlib import sha256
from typing import Final

from tallystick import kernels
from tallystick.errors import TallyError
from tallystick.limits import DIGEST_BYTES
from tallystick.proofs import merkle as trees
from tallystick.store.crc import COVERED
from tallystick.store.merkle import LEVELS, fold_nodes
from tallystick.store.notes import Notes
from tallystick.store.rows import Damage, EventRow, LineRow

BLOCK_ROWS: Final = 512
"""Events re-hashed at once; bounds memory to some hundred MiB at the largest bodies."""

UNREADABLE: Final = (
    AssertionError, KeyError, IndexError, TypeError, ValueError, OverflowError, TallyError,
)  # fmt: skip
"""What reading columns that somebody edited may raise."""


class Verify(Notes):
    """Checks that read everything and change nothing."""

    def scan(self, line_no: int) -> Iterator[Damage]:
        """Everything wrong with one line, block by block; nothing when it is whole.

        Own rows only: the base of a side is scanned as the line it is. The head's signature is
        the caller's to check (``chain.check_heads``). Cost: a hash or four per event.
        """
        line = self.line(line_no)
        size, whole = line.first_seq, True
        peaks = b"" if line.base is None else self.peaks_at(line.base, size)
        before = None if line.base is None else self.event(self.row_at(line.base, size - 1))
        while size < line.size:
            end = min(size + BLOCK_ROWS, line.size)
            events = self._whole_block(line, size, end, before)
            if events is None:
                events = yield from self._broken_block(line, size, end)
            yield from self._scan_links(line, events, before)
            whole = whole and len(events) == end - size
            if whole:
                peaks = kernels.merkle_append(size, peaks, b"".join(x.id for x in events))
            before = events[-1] if events else None
            size = end
        if whole:
            yield from self._scan_tree(line, peaks)
        if before is not None and (line.last_id, line.lamport) != (before.id, before.lamport):
            yield Damage(line_no, size - 1, -1, "the line's last id or lamport is not its event's")

    def scan_index(self) -> Iterator[Damage]:
        """Events that the id index does not find, or finds elsewhere."""
        for row in range(1, self.next_row, BLOCK_ROWS):
            found = self.raw(row, BLOCK_ROWS, ("row", "id", "line", "seq"))
            rows = self.rows_of([id for _, id, _, _ in found])
            for (at, _, line, seq), indexed in zip(found, rows, strict=True):
                if at != indexed:
                    yield Damage(line, seq, at, f"the id index says row {indexed}")

    def scan_rows(self) -> Iterator[Damage]:
        """What SQLite finds wrong with pages and indexes, and rows whose checksum is another.

        Covers everything but the events themselves (``scan``) and what views hold.
        """
        for (said,) in self.db.rows("PRAGMA integrity_check(20)"):
            if said != "ok":
                yield Damage(0, -1, -1, f"SQLite: {said}")
        for table, columns in COVERED.items():
            values = ", ".join(columns)
            wrong = self.db.rows(
                f"SELECT {values} FROM {table} WHERE crc IS NOT row_crc({values}) LIMIT 20"
            )
            for row in wrong:
                yield Damage(0, -1, -1, f"a row of {table} was changed: {str(row[:2])[:80]}")

    def _whole_block(
        self, line: LineRow, begin: int, end: int, before: EventRow | None
    ) -> list[EventRow] | None:
        """The events of seqs begin..end-1 if all of them are as they should be, else None."""
        try:
            events = list(self.iter_events(self.ranges(line.no, begin, end)))
            if [x.seq for x in events] != list(range(begin, end)):
                return None
            if begin and (before is None or before.seq != begin - 1):
                return None
            headers, offsets = self.rebuild(events, b"" if before is None else before.id)
        except UNREADABLE:
            return None
        cut = memoryview(offsets).cast("I")
        for at, event in enumerate(events):
            if event.line != line.no or event.id != _digest(headers[cut[at] : cut[at + 1]]):
                return None
        return events

    def _broken_block(
        self, line: LineRow, begin: int, end: int
    ) -> Generator[Damage, None, list[EventRow]]:
        """Event by event what is wrong with a block; returns the events that can be read at all.

        Each is hashed with the id that is kept for the one before, so that one bad row does not
        make its followers look bad.
        """
        readable: list[EventRow] = []
        for seq in range(begin, end):
            row = -1
            try:
                row = self.row_at(line.no, seq)
                event = self.event(row)
                assert isinstance(event.lamport, int)
                assert len(event.id) == DIGEST_BYTES
                readable.append(event)
                right = event.seq == seq and event.line == line.no
                what = "its columns do not hash to its id" if right else "another event's row"
                if not right or _digest(self.header(event)) != event.id:
                    yield Damage(line.no, seq, row, what)
            except UNREADABLE:
                here = row >= 0 and self.raw(row, 1, ("row",))
                what = "its columns cannot be read" if here else "its row is missing"
                yield Damage(line.no, seq, row if here else -1, what)
        return readable

    def _scan_links(
        self, line: LineRow, events: list[EventRow], before: EventRow | None
    ) -> Iterator[Damage]:
        """Parents lie before their children, and lamport is 1 + the greatest of theirs."""
        parents: list[tuple[int, ...]] = []
        genesis = self.genesis_row(line.log)
        for event in events:
            if event.seq == 0:
                own = () if genesis in {None, event.row} else (genesis,)
            else:
                own = (before.row,) if before is not None and before.seq == event.seq - 1 else ()
            parents.append((*(row for row in own if row is not None), *event.deps))
            before = event
        lamports = self._pairs_at("lamport", [row for rows in parents for row in rows])
        for event, rows in zip(events, parents, strict=True):
            if any(row >= event.row or not isinstance(lamports.get(row), int) for row in rows):
                yield Damage(line.no, event.seq, event.row, "a parent is not before it")
            elif rows and event.lamport != max(1 + lamports[row] for row in rows):
                yield Damage(line.no, event.seq, event.row, "lamport is not 1 + its parents'")

    def _scan_tree(self, line: LineRow, peaks: bytes) -> Iterator[Damage]:
        if peaks != line.peaks:
            yield Damage(line.no, line.size, -1, "the events do not hash to the kept tree")
            return
        below = 0
        for level in LEVELS:
            for index in range(line.first_seq >> level, line.size >> level):
                if not self._node_is_right(line, level, below, index):
                    what = f"node {index} of level {level} is wrong"
                    yield Damage(line.no, index << level, -1, what)
            below = level
        if line.head_size:
            root = trees.extend(line.size, peaks, line.head_size, line.head_proof)
            if root != line.head_root:
                yield Damage(line.no, line.size, -1, "the tree is not the one the head signs")

    def _node_is_right(self, line: LineRow, level: int, below: int, index: int) -> bool:
        """Whether a kept node is the hash of the kept ones below it, or of its leaves."""
        first, width = index << (level - below), 1 << (level - below)
        try:
            kept = self.node(line.no, level, index)
            if below == 0:
                ids = self.leaf_ids(line.no, first, first + width)
                return kept == kernels.merkle_nodes(ids, level)
            return kept == fold_nodes(self._kept_nodes(line, below, first, width))
        except AssertionError:  # a node that is not there
            return False


def _digest(header: bytes) -> bytes:
    return sha256(header).digest()
