"""The nodes of each chain's Merkle tree that are kept, and how the others are made from them.

    level 24 ────────────── one node per 16,777,216 leaves      kept
    level 16 ────────────── one node per 65,536 leaves          kept
    level  8 ────────────── one node per 256 leaves             kept
    level  0 ────────────── event ids, in `event`

Any node is at most 255 hashes above kept ones, so a proof reads O(log n) nodes and hashes a few
hundred times, whatever the length of the chain. Kept nodes cost 32 bytes per 256 events.

Law: ``node`` is the RFC 6962 hash of its leaves, whether it was kept or made.

Reads: kernels, store/lines. Read by: insert, verify, replica (heads and proofs).
Source: RFC 6962, section 2.1.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from tallystick import kernels
from tallystick.store.ids import Ids
from tallystick.store.rows import LineRow

LEVELS: Final = (8, 16, 24)
"""Kept levels; 2^32 leaves need no higher one."""
_STEP: Final = 8


def fold_nodes(nodes: bytes) -> bytes:
    """The node above 2^k neighbouring nodes of one level (32 bytes each)."""
    row = [nodes[at : at + 32] for at in range(0, len(nodes), 32)]
    assert len(row).bit_count() == 1, "not a perfect subtree"
    while len(row) > 1:
        row = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(row[::2], row[1::2], strict=True)
        ]
    return row[0]


class Merkle(Ids):
    """The table merkle."""

    def leaf_ids(self, line_no: int, begin: int, end: int) -> bytes:
        """The ids (leaf data) of seqs begin..end-1 of a line, 32 bytes each; follows the base."""
        parts = [
            id
            for row, count in self.ranges(line_no, begin, end)
            for (id,) in self.db.rows(
                "SELECT id FROM event WHERE row >= ? AND row < ? ORDER BY row", (row, row + count)
            )
        ]
        assert len(parts) == end - begin, (line_no, begin, end)
        return b"".join(parts)

    def node(self, line_no: int, level: int, index: int) -> bytes:
        """The hash of leaves [index * 2^level, (index + 1) * 2^level) of a line's tree.

        The line (with its base) must hold all of them. Cost: at most 256 reads and 255 hashes.
        """
        begin, end = index << level, (index + 1) << level
        line = self.line(line_no)
        assert end <= line.size, (line_no, level, index)
        while line.base is not None and end <= line.first_seq:
            line = self.line(line.base)
        if level in LEVELS:
            found = self.db.row(
                "SELECT hash FROM merkle WHERE line = ? AND level = ? AND idx = ?",
                (line.no, level, index),
            )
            assert found is not None, (line.no, level, index)
            return bytes(found[0])
        if level < LEVELS[0]:
            return kernels.merkle_nodes(self.leaf_ids(line.no, begin, end), level)
        below = max(kept for kept in LEVELS if kept < level)
        width = 1 << (level - below)
        return fold_nodes(self._kept_nodes(line, below, index * width, width))

    def peaks_at(self, line_no: int, size: int) -> bytes:
        """The compact range of a line's first ``size`` events, size at most the line's."""
        line = self.line(line_no)
        assert 0 <= size <= line.size
        if size == line.size:
            return line.peaks
        peaks, begin = [], 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                peaks.append(self.node(line_no, level, begin >> level))
                begin += 1 << level
        return b"".join(peaks)

    def _kept_nodes(self, line: LineRow, level: int, index: int, count: int) -> bytes:
        """``count`` neighbouring kept nodes of one level."""
        stored = self.db.rows(
            "SELECT idx, hash FROM merkle WHERE line = ? AND level = ? AND idx >= ? AND idx < ?"
            " ORDER BY idx",
            (line.no, level, index, index + count),
        )
        if len(stored) == count:
            return b"".join(hash for _, hash in stored)
        return b"".join(self.node(line.no, level, at) for at in range(index, index + count))

    def _grow_tree(self, line: LineRow, ids: bytes) -> bytes:
        """Append leaves to a line's tree; keeps the nodes that became whole; returns the peaks."""
        size, peaks, at = line.size, line.peaks, 0
        kept: list[tuple[int, int, int, bytes]] = []
        count = len(ids) // 32
        if size % 256 + count >= 256:
            low = peaks[len(peaks) - 32 * (size % 256).bit_count() :]
            first = 256 - size % 256
            block = kernels.merkle_append(size % 256, low, ids[: 32 * first])
            whole = (count - first) // 256
            nodes = block + kernels.merkle_nodes(ids[32 * first : 32 * (first + 256 * whole)], 8)
            kept += [
                (line.no, 8, size // 256 + i, nodes[32 * i : 32 * i + 32]) for i in range(whole + 1)
            ]
            peaks = self._raise_peaks(line, peaks[: len(peaks) - len(low)], kept)
            at = first + 256 * whole
        peaks = kernels.merkle_append(size + at, peaks, ids[32 * at :])
        if kept:
            self.db.executemany("INSERT INTO merkle VALUES (?, ?, ?, ?)", kept)
        return peaks

    def _raise_peaks(
        self, line: LineRow, peaks: bytes, kept: list[tuple[int, int, int, bytes]]
    ) -> bytes:
        """Add nodes of level 8 to peaks of level 8 and above; kept nodes above join ``kept``."""
        stack = [peaks[at : at + 32] for at in range(0, len(peaks), 32)]
        for _, level, index, node in list(kept):
            while index & 1:
                node = sha256(b"\x01" + stack.pop() + node).digest()  # noqa: PLW2901
                level, index = level + 1, index >> 1  # noqa: PLW2901
                if level in LEVELS:
                    kept.append((line.no, level, index, node))
            stack.append(node)
        return b"".join(stack)
