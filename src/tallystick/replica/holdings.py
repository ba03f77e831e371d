"""A log as a sync session sees it: records, and slices in causal windows of arrival order.

    rows   1 ............................................ n        arrival order is topological;
                                                                   preferred chains and what they
                                                                   stand on first, then the rest
           └── window ──┘└── window ──┘└── window ──┘              one message each
              by line        by line       by line                 slices: runs of one chain

Law: what is sent is stored and proven; what a window needs beyond itself was in an earlier one or
is among what the peer holds.

Reads: store, chain, sync.holdings. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from tallystick.chain.head import Head
from tallystick.chain.slice import Slice
from tallystick.graph.ancestry import past
from tallystick.kernels import decode_item, encode_item, merkle_root
from tallystick.limits import SLICE_EVENTS_MAX
from tallystick.proofs.merkle import join_ranges, subtree_hashes
from tallystick.store.lookups import absent_seqs, remembered, rows_with_content, sizes_of
from tallystick.store.rows import LineRow
from tallystick.store.store import Store
from tallystick.sync.holdings import Agreed, LineKey, Record, Span

SLICE_OVERHEAD_BYTES = 4_400
"""Head, signature and the longest proof (2 * 63 hashes) of one slice."""
MESSAGE_OVERHEAD_BYTES = 64
GAP_EVENTS_MAX = 3
GAP_BYTES_MAX = 2_048
"""Of events between two stretches of missing contents that are asked for as one: a slice of its own
has a head and a proof of 200 to 1,000 bytes; sizes are bounds from above, 400 too much an event."""
WINDOW_EVENTS_MAX = 8_192
"""Events of one message; bounds what a receiver holds in memory beside the bytes."""


@dataclass(slots=True)
class Lacking:
    """Seqs of one line that a peer lacks, as rows."""

    line: LineRow
    seq: int
    row: int
    count: int


class LogHoldings:
    """``sync.holdings.Holdings`` over one log of a store.

    Args:
        prefers: whether an author's chain goes first, with all that it stands on.
        declines: authors that sessions leave out.
    """

    def __init__(
        self,
        store: Store,
        log_no: int,
        *,
        prefers: Callable[[bytes], bool] = lambda _: False,
        declines: Callable[[], Collection[bytes]] = tuple,
    ) -> None:
        self._store = store
        self._log_no = log_no
        self._log_id = store.log(log_no).id
        self._prefers = prefers
        self._declines = declines

    @property
    def log_id(self) -> bytes:
        """The genesis event's id."""
        return self._log_id

    def records(self) -> Sequence[Record]:
        """All lines, sorted by (author, side)."""
        with self._store.read():
            found = [
                Record(line.author, line.side, line.size, merkle_root(line.peaks))
                for line in self._store.lines(self._log_no)
                if line.size > line.first_seq
            ]
        return sorted(found, key=lambda record: record.key)

    def root_at(self, author: bytes, side: bytes, size: int) -> bytes:
        """Root of a line's first ``size`` events."""
        with self._store.read():
            line = self._line(author, side)
            return merkle_root(self._store.peaks_at(line.no, size))

    def ids_at(self, author: bytes, side: bytes, seqs: Sequence[int]) -> Sequence[bytes]:
        """Ids of a line's events at these seqs."""
        with self._store.read():
            line = self._line(author, side)
            return self._store.ids_at([self._store.row_at(line.no, seq) for seq in seqs])

    def base_of(self, author: bytes, side: bytes) -> tuple[bytes, int] | None:
        """The side that another grows on, and the seq where it leaves it."""
        with self._store.read():
            line = self._line(author, side)
            return None if line.base is None else (self._store.line(line.base).side, line.first_seq)

    def slices_for(
        self, have: Mapping[LineKey, int], *, max_bytes: int
    ) -> Iterator[Sequence[Slice]]:
        """What a peer lacks who holds the first ``have[line]`` events of each line named."""
        lacking: list[Lacking] = []
        with self._store.read():
            for line in self._store.lines(self._log_no):
                begin = max(have.get((line.author, line.side), 0), line.first_seq)
                lacking += self._stretch(line, begin, line.size)
            parts = self._preferred_first(lacking)
        for part in parts:
            yield from self._in_messages(part, max_bytes)

    def newer(
        self, spans: Iterable[tuple[int, int, int]], *, max_bytes: int
    ) -> Iterator[Sequence[Slice]]:
        """Slices of (line, begin, end) spans that were just stored, for live peers."""
        lacking: list[Lacking] = []
        with self._store.read():
            for line, begin, end in spans:
                lacking += self._stretch(self._store.line(line), begin, end)
        yield from self._in_messages(lacking, max_bytes)

    # --- contents -------------------------------------------------------------------------------

    def bodies_digest(self) -> bytes:
        """Over the events whose content is wanted and not here; empty when there are none."""
        absent = absent_seqs(self._store, self._log_no)
        if not absent:
            return b""
        rows = [self._store.row_at(line, seq) for line, seq in absent]
        return sha256(b"".join(sorted(self._store.ids_at(rows)))).digest()

    def contents_missing(self) -> Sequence[Span]:
        """Stretches whose contents are wanted and not here, and small ones between them."""
        found: list[tuple[int, int, int]] = []
        with self._store.read():
            for no, seq in absent_seqs(self._store, self._log_no):
                if found and found[-1][0] == no and self._costs_little(no, found[-1][2], seq):
                    found[-1] = (no, found[-1][1], seq + 1)
                else:
                    found.append((no, seq, seq + 1))
            lines = {no: self._store.line(no) for no, _, _ in found}
        return [Span(lines[no].author, lines[no].side, begin, end) for no, begin, end in found]

    def _costs_little(self, line_no: int, begin: int, end: int) -> bool:
        """Whether these events are smaller than the head and proof of another slice."""
        if end - begin > GAP_EVENTS_MAX:
            return False
        ranges = self._store.ranges(line_no, begin, end)
        return sum(sum(sizes_of(self._store, *one)) for one in ranges) <= GAP_BYTES_MAX

    def contents_for(self, spans: Sequence[Span], *, max_bytes: int) -> Iterator[Sequence[Slice]]:
        """Slices over those events of the given stretches that are held with their contents."""
        lacking: list[Lacking] = []
        with self._store.read():
            for span in spans:
                line = self._store.find_line(self._log_no, span.author, span.side)
                if line is not None:
                    lacking += self._stretch(line, max(span.begin, 0), min(span.end, line.size))
            held = [
                Lacking(part.line, part.seq + row - part.row, row, count)
                for part in _once(lacking)
                for row, count in rows_with_content(self._store, part.row, part.count)
            ]
        yield from self._in_messages(held, max_bytes)

    # --- what was agreed ------------------------------------------------------------------------

    def declined(self) -> Collection[bytes]:
        """Authors that sessions leave out; everybody else's valid events are replicated."""
        return self._declines()

    def agreed_with(self, peer: str) -> Agreed | None:
        """The last state agreed upon with this peer."""
        found = self._store.peer(peer.encode(), self._log_no)
        return None if found is None else _agreed(*found)

    def agreed_at(self, root: bytes) -> Agreed | None:
        """A remembered state whose root begins with these bytes, whoever it was agreed with."""
        found = remembered(self._store, self._log_no, root)
        return None if found is None else _agreed(*found)

    def remember(self, peer: str, agreed: Agreed) -> None:
        """Both sides were seen to be in this state."""
        known = self._store.peer(peer.encode(), self._log_no)
        if known is not None and known[0] == agreed.root:
            return
        vector = encode_item([[r.author, r.side, r.size, r.root] for r in agreed.records])
        with self._store.write():
            self._store.set_peer(peer.encode(), self._log_no, checkpoint=agreed.root, vector=vector)

    # --- windows --------------------------------------------------------------------------------

    def _preferred_first(self, lacking: list[Lacking]) -> list[list[Lacking]]:
        """The same rows in two parts: preferred chains and all they stand on, then the rest.

        Cost: the deps, newer than the oldest row, of the lines the preferred ones stand on; none
        when all are preferred or nobody is.
        """
        authors = {part.line.author for part in lacking}
        chosen = {author for author in authors if self._prefers(author)}
        if not chosen or chosen == authors:
            return [lacking]
        graph = self._store.graph()
        upto = past(
            graph,
            [part.row + part.count - 1 for part in lacking if part.line.author in chosen],
            above=min(graph.lamport(part.row) for part in lacking),
        )
        first: list[Lacking] = []
        rest: list[Lacking] = []
        for part in lacking:
            count = min(max(upto.get(part.line.no, 0) - part.seq, 0), part.count)
            if count:
                first.append(Lacking(part.line, part.seq, part.row, count))
            if count < part.count:
                left = part.count - count
                rest.append(Lacking(part.line, part.seq + count, part.row + count, left))
        return [first, rest]

    def _stretch(self, line: LineRow, begin: int, end: int) -> Iterator[Lacking]:
        """Seqs begin..end-1 of a line as they lie in rows."""
        for row, count in self._store.ranges(line.no, begin, end):
            yield Lacking(line, begin, row, count)
            begin += count

    def _in_messages(self, lacking: list[Lacking], max_bytes: int) -> Iterator[Sequence[Slice]]:
        """Windows of arrival order as slices; no snapshot is held between two messages."""
        lacking.sort(key=lambda part: part.row)
        windows = self._windows(lacking, max_bytes)
        while True:
            with self._store.read():
                window = next(windows, None)
                slices = None if window is None else self._window_slices(window)
            if slices is None:
                return
            yield slices

    def _windows(self, lacking: Sequence[Lacking], max_bytes: int) -> Iterator[list[Lacking]]:
        """Cuts rows into messages: by events and by an upper bound of their bytes."""
        window: list[Lacking] = []
        lines: set[int] = set()
        room, events = max_bytes - MESSAGE_OVERHEAD_BYTES, 0
        for part in _pieces(lacking):
            for offset, size in enumerate(sizes_of(self._store, part.row, part.count)):
                cost = size + (0 if part.line.no in lines else SLICE_OVERHEAD_BYTES)
                if window and (cost > room or events == WINDOW_EVENTS_MAX):
                    yield window
                    window, lines, events = [], set(), 0
                    room = max_bytes - MESSAGE_OVERHEAD_BYTES
                    cost = size + SLICE_OVERHEAD_BYTES
                seq, row = part.seq + offset, part.row + offset
                last = window[-1] if window else None
                if last and last.line.no == part.line.no and last.seq + last.count == seq:
                    last.count += 1
                else:
                    window.append(Lacking(part.line, seq, row, 1))
                lines.add(part.line.no)
                room, events = room - cost, events + 1
        if window:
            yield window

    def _window_slices(self, window: Sequence[Lacking]) -> list[Slice]:
        """One slice for each stretch of a chain in the window, in the order it was first met."""
        spans: dict[int, list[list[int]]] = {}
        for part in window:
            stretches = spans.setdefault(part.line.no, [])
            if stretches and stretches[-1][1] == part.seq:
                stretches[-1][1] += part.count
            else:
                stretches.append([part.seq, part.seq + part.count])
        return [
            one
            for line, stretches in spans.items()
            for begin, end in stretches
            for one in self._slices(self._store.line(line), begin, end)
        ]

    def _slices(self, line: LineRow, begin: int, end: int) -> Iterator[Slice]:
        """Seqs begin..end-1 of a line under its newest head."""
        head = Head(line.head_size, line.head_root, line.head_signature)
        for at in range(begin, end, SLICE_EVENTS_MAX):
            stop = min(at + SLICE_EVENTS_MAX, end)
            pack = self._store.read_pack(line.no, at, stop)
            proof = self._proof(line, stop)
            yield Slice(self._log_id, line.author, at, stop - at, pack, head, proof)

    def _proof(self, line: LineRow, end: int) -> bytes:
        """Subtree hashes from ``end`` to the head: our own tree, then what came with the head."""
        if end == line.size:
            return line.head_proof
        own = subtree_hashes(end, line.size, lambda level, at: self._store.node(line.no, level, at))
        return join_ranges(end, own, line.size, line.head_proof, line.head_size)

    def _line(self, author: bytes, side: bytes) -> LineRow:
        line = self._store.find_line(self._log_no, author, side)
        assert line is not None, "a line of our own records"
        return line


def _once(lacking: list[Lacking]) -> list[Lacking]:
    """Each row once, however often it was asked for: a question must not cost what it multiplies.

    Stretches may overlap, and sides of one chain share their beginning.
    """
    found: list[Lacking] = []
    end = 0
    for part in sorted(lacking, key=lambda part: part.row):
        known = min(max(end - part.row, 0), part.count)
        if known < part.count:
            found.append(Lacking(part.line, part.seq + known, part.row + known, part.count - known))
            end = part.row + part.count
    return found


def _pieces(lacking: Sequence[Lacking]) -> Iterator[Lacking]:
    """The same rows, at most ``SLICE_EVENTS_MAX`` at a time."""
    for part in lacking:
        for at in range(0, part.count, SLICE_EVENTS_MAX):
            count = min(SLICE_EVENTS_MAX, part.count - at)
            yield Lacking(part.line, part.seq + at, part.row + at, count)


def _agreed(checkpoint: bytes, vector: bytes) -> Agreed:
    rows = decode_item(vector)
    assert isinstance(rows, list)
    return Agreed(checkpoint, tuple(Record(*row) for row in rows))
