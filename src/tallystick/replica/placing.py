"""Where a pack of events belongs: it goes on, is known, or leaves a line and opens a side.

    line       ●●●●●●●●        pack ········▲▲▲    goes on                    Target(line)
                                    ·····●●●▲▲▲    the first three are known  Target(line), skip 3
                                    ·····●◆◆       leaves the line at 6       Target(new side at 6)

Law: a place is found by the ids of the pack, so that it costs the same however many sides the
author has signed. Nothing is stored or judged here.

Reads: chain.slice, kernels, store. Read by: replica.ingest.
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.chain.slice import Slice
from tallystick.kernels import Pack
from tallystick.limits import DIGEST_BYTES
from tallystick.store.rows import LineRow
from tallystick.store.store import Store


@dataclass(slots=True)
class Target:
    """Where packs of one chain go: a line there is, or one that the first of them opens."""

    line: int | None
    base: int | None = None
    first_seq: int = 0


@dataclass(slots=True)
class Placed:
    """An opened pack at its place, proven, not stored yet; its first ``skip`` rows are known."""

    slice: Slice
    pack: Pack
    target: Target
    skip: int
    size_before: int
    peaks_before: bytes
    peaks_after: bytes = b""

    @property
    def before(self) -> bytes:
        """Id of the event before the first new one, b"" when it is the chain's first."""
        return self.pack.id(self.skip - 1) if self.skip else self.pack.prev


class Lines:
    """All lines of one author as they are before a batch."""

    def __init__(self, store: Store, log_no: int, author: bytes) -> None:
        lines = store.lines(log_no, author)
        self.store = store
        self._by_no = {line.no: line for line in lines}
        self.first = lines[0].no if lines else None
        self.ends = {line.last_id: line for line in lines}
        """id of the last event -> line"""

    def holding(self, id: bytes, seq: int) -> LineRow | None:
        """The line whose own event at ``seq`` is this one."""
        row = self.store.row_of(id) if self._by_no else None
        if row is None:
            return None
        no, at, *_ = self.store.links(row)
        return self._by_no.get(no) if at == seq else None


def place_of(item: Slice, pack: Pack, lines: Lines, ahead: dict[bytes, Placed]) -> Placed | None:
    """Where the pack belongs, or None when the event before it is not here.

    Of several lines the one that shares most with the pack; a pack that shares only a part
    opens a side.

    Args:
        ahead: id of the last event -> packs of this chain that will be stored before this one.
    """
    other = ahead.get(pack.prev) if pack.seq else None
    if other is not None and other.pack.seq + other.pack.count == pack.seq:
        return Placed(item, pack, other.target, 0, pack.seq, other.peaks_after)
    end = lines.ends.get(pack.prev) if pack.seq else None
    if end is not None and end.size == pack.seq:  # the usual case: it goes on
        return Placed(item, pack, Target(end.no), 0, end.size, end.peaks)
    line, skip = _shared(pack, lines)
    if line is None:
        if pack.seq:
            return None
        return Placed(item, pack, Target(None, lines.first), 0, 0, b"")
    seq = pack.seq + skip
    if seq == line.size:
        return Placed(item, pack, Target(line.no), skip, line.size, line.peaks)
    peaks = lines.store.peaks_at(line.no, seq)
    if skip == pack.count:
        return Placed(item, pack, Target(line.no), skip, seq, peaks)
    return Placed(item, pack, Target(None, line.no, seq), skip, seq, peaks)


def _shared(pack: Pack, lines: Lines) -> tuple[LineRow | None, int]:
    """The line of the last event here that the pack holds or follows; how many it holds.

    Found by ids, so that it costs the same however many sides the chain has. Where the pack
    follows an event that is not here, or not at that place of this chain: no line.
    """
    line = lines.holding(pack.prev, pack.seq - 1) if pack.seq else None
    if pack.seq and line is None:
        return None, 0
    skip = 0
    while skip < pack.count:
        seq = pack.seq + skip
        other = lines.holding(pack.id(skip), seq)
        if other is None:
            break
        line, end = other, min(other.size, pack.seq + pack.count)
        known = lines.store.leaf_ids(line.no, seq, end)
        skip += common_prefix(known, pack.ids[DIGEST_BYTES * skip :])
    return line, skip


def is_taken(place: Placed, taken: dict[bytes, set[bytes]]) -> bool:
    """Whether another pack of this round goes on from the same event.

    One that leaves a stored line elsewhere than the others is in nobody's way.
    """
    others = taken.get(place.before)
    if others is None or place.skip == place.pack.count:
        return False
    target, seq = place.target, place.pack.seq + place.skip
    opens_side = target.line is None and target.base is not None and target.first_seq == seq
    return not opens_side or place.pack.id(place.skip) in others


def common_prefix(left: bytes, right: bytes) -> int:
    """How many leading 32-byte ids two columns share."""
    count = min(len(left), len(right)) // DIGEST_BYTES
    if left[: count * DIGEST_BYTES] == right[: count * DIGEST_BYTES]:
        return count
    at = next(i for i in range(len(left)) if left[i] != right[i])
    return at // DIGEST_BYTES
