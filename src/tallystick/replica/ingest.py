"""One way in for every event, ours and theirs: slices -> verified -> placed -> stored.

    slices ─► open ─► heads checked ─► placed on a line ─► proven ─► causal runs ─► insert
                │           │               │ (prev unknown)             │ (parent unknown)
                ▼           ▼               ▼                            ▼
             Rejected    Rejected        pending ◄───────────────────────┘

Law: nothing is stored that is not proven against a signed head; nothing a peer sends raises;
what misses a parent waits and is tried again when it comes. A batch is the caller's transaction.

Reads: chain, event, graph, store, kernels; never the policy. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import NamedTuple

from tallystick import kernels
from tallystick.chain.commit import Commit
from tallystick.chain.head import Head, check_heads
from tallystick.chain.slice import Slice, open_slice, prove_slice
from tallystick.errors import Rejected
from tallystick.graph.runs import Run, causal_runs
from tallystick.kernels import PART_HEADER, PART_WHOLE, Pack, status
from tallystick.limits import DIGEST_BYTES, SEED_BYTES
from tallystick.proofs.merkle import join_ranges
from tallystick.replica.grounds import Came
from tallystick.replica.kinds import ground_rule, is_ruled, void_code
from tallystick.replica.parents import Parents
from tallystick.replica.placing import Lines, Placed, is_taken, place_of
from tallystick.replica.statements import is_watched
from tallystick.replica.waiting import BySender, Waiting
from tallystick.store.lookups import without_content
from tallystick.store.rows import LineRow
from tallystick.store.store import Store

HEADS_CACHED_MAX = 50_000
"""Heads whose signatures were found good in this process (about 150 bytes each)."""


class StoredSpan(NamedTuple):
    """Seqs begin..end-1 of a line, stored in rows row, row + 1, ...

    ``parents``: rows that these events name, the one before them in their chain included.
    """

    line: int
    begin: int
    end: int
    row: int
    parents: tuple[int, ...]


@dataclass(slots=True)
class Stored:
    """What a batch put into the store, for those who judge, reduce and report."""

    spans: list[StoredSpan] = field(default_factory=list)
    grounded: list[Came] = field(default_factory=list)
    """spans with events of kinds that stand on others, in the order of their rows"""
    voids: dict[int, str] = field(default_factory=dict)
    """row -> void code"""
    watched: list[int] = field(default_factory=list)
    """rows of kinds that move standing or prove something"""
    splits: dict[bytes, int] = field(default_factory=dict)
    """author -> smallest seq at which two events are known"""
    upgraded: list[int] = field(default_factory=list)
    """rows whose content was missing and has come"""
    accepted: int = 0
    known: int = 0
    waiting: dict[int, Slice] = field(default_factory=dict)
    """slices put into the waiting room, by number"""
    rejected: list[Rejected] = field(default_factory=list)
    late: list[Rejected] = field(default_factory=list)
    """what was refused of slices that had waited here and were sent by others"""
    sent: int = 0
    """so many of the spans are what the sender of the batch had sent itself"""

    def take_along(self, late: Stored) -> None:
        """What others had sent, and this batch let in."""
        self.spans += late.spans
        self.grounded += late.grounded
        self.voids |= late.voids
        self.watched += late.watched
        for author, seq in late.splits.items():
            self.splits[author] = min(seq, self.splits.get(author, seq))
        self.upgraded += late.upgraded
        self.accepted += late.accepted
        self.known += late.known
        self.late += late.rejected

    @property
    def pending(self) -> int:
        """Events of this batch that wait for others at its end."""
        return sum(one.count for one in self.waiting.values())


class Ingest:
    """The way in of one log of one store.

    Args:
        now: milliseconds since 1970, for the record of arrivals.
    """

    def __init__(
        self,
        store: Store,
        log_no: int,
        log_id: bytes,
        *,
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._log_no = log_no
        self._log = log_id
        self._now = now
        self._heads_seen: set[tuple[bytes, Head]] = set()
        self._waiting = Waiting(store, log_no, log_id, now=now)

    def receive(self, slices: Sequence[Slice], *, peer: bytes = b"") -> Stored:
        """Takes one batch of slices in any order; the caller holds ``store.write()``.

        Slices that waited for something that came with this batch are taken along.
        """
        done = Stored()
        return self._take(self._open(slices, done), done, peer)

    def receive_own(self, author: bytes, commit: Commit, deps: Sequence[int]) -> Stored:
        """Stores a commit that was made here a moment ago, in this transaction.

        It was sealed, opened and signed at the end of the own chain, so its place is known and
        proven; what waits for its events is taken along as always.

        Args:
            deps: rows of the first event's deps, in the header's order; the others have none.
        """
        pack, done = commit.opened, Stored()
        line = next(iter(self._store.lines(self._log_no, author)), None)
        if line is None:
            line = self._store.add_line(self._log_no, author)
        parents = [list(deps), *[[] for _ in range(pack.count - 1)]] if deps else []
        self._keep_rows(line, pack, 0, pack.count, parents, done)
        self._cover(self._store.line(line.no), commit.head, b"")
        came = pack.ids_of(0, pack.count)
        first = self._store.next_row - pack.count
        return self._take([], done, b"", first=first, came=came)

    def _take(
        self,
        opened: list[tuple[Slice, Pack]],
        done: Stored,
        peer: bytes,
        *,
        first: int | None = None,
        came: list[bytes] | None = None,
    ) -> Stored:
        """Places, proves and stores, round after round, until nothing is left that fits.

        What waited for these events and was sent by others is taken in after them, as theirs.

        Args:
            first, came: the batch's first row and ids, where some of it is stored already.
        """
        first = self._store.next_row if first is None else first
        others = self._waiting.due(came or [], done.waiting)
        others |= self._rounds(opened, done, peer)
        done.sent = len(done.spans)
        while others:
            sender = next(iter(others))
            late = Stored(waiting=done.waiting)
            slices = others.pop(sender)
            for one, due in self._rounds(self._open(slices, late), late, sender).items():
                others.setdefault(one, []).extend(due)
            done.take_along(late)
        count = self._store.next_row - first
        if count:
            self._store.record_arrival(first, received_ms=self._now(), peer=peer)
        return done

    def _rounds(self, opened: list[tuple[Slice, Pack]], done: Stored, peer: bytes) -> BySender:
        """What one peer sent; what others sent, and what waited for it, is handed back."""
        others: BySender = {}
        before = set(done.waiting)
        while opened:
            placed, later = self._place_all(opened, done, peer)
            due = self._waiting.due(self._insert(placed, done, peer), done.waiting)
            opened = later + self._open(due.pop(peer, []), done)
            for sender, slices in due.items():
                others.setdefault(sender, []).extend(slices)
        authors = {item.author for no, item in done.waiting.items() if no not in before}
        if authors:
            gone = self._waiting.trim(peer, authors)
            if gone:
                done.rejected.append(Rejected(b"", "sync/pending-full", f"{gone} events let go"))
        return others

    # --- opened and proven ----------------------------------------------------------------------

    def _open(self, slices: Sequence[Slice], done: Stored) -> list[tuple[Slice, Pack]]:
        opened = []
        for item in slices:
            if item.log != self._log:
                done.rejected.append(Rejected(item.author, "event/other-log"))
                continue
            pack, rejected = open_slice(item)
            done.rejected.extend(rejected)
            if pack is not None and pack.count:
                opened.append((item, pack))
        bad = self._bad_heads({(item.author, item.head) for item, _ in opened})
        done.rejected += [Rejected(author, "chain/signature") for author, _ in sorted_heads(bad)]
        return [pair for pair in opened if (pair[0].author, pair[0].head) not in bad]

    def _bad_heads(self, heads: set[tuple[bytes, Head]]) -> set[tuple[bytes, Head]]:
        """Those not signed by their authors; one check per head and process."""
        fresh = sorted_heads(heads - self._heads_seen)
        if not fresh:
            return set()
        codes = check_heads([(self._log, author, head) for author, head in fresh])
        bad = {key for key, code in zip(fresh, codes, strict=True) if code != status.OK}
        if len(self._heads_seen) + len(fresh) > HEADS_CACHED_MAX:
            self._heads_seen.clear()
        self._heads_seen.update(key for key in fresh if key not in bad)
        return bad

    def _place_all(
        self, opened: list[tuple[Slice, Pack]], done: Stored, peer: bytes
    ) -> tuple[list[Placed], list[tuple[Slice, Pack]]]:
        """Each pack at its place and proven; packs of one chain in the order of their seqs.

        Returns:
            what can be stored, and what can be placed once that is stored: of packs that share
            events, or that leave one event different ways, the others.
        """
        placed: list[Placed] = []
        later: list[tuple[Slice, Pack]] = []
        opened.sort(key=lambda pair: (pair[0].author, pair[0].seq, -pair[0].count))
        for author, group in groupby(opened, key=lambda pair: pair[0].author):
            ahead: dict[bytes, Placed] = {}
            taken: dict[bytes, set[bytes]] = {}
            lines = Lines(self._store, self._log_no, author)
            for item, pack in group:
                place = place_of(item, pack, lines, ahead)
                if place is None:
                    self._wait(item, pack.prev, done, peer)
                elif is_taken(place, taken):
                    later.append((item, pack))
                elif self._proven(place, done):
                    taken.setdefault(place.before, set()).add(place.pack.id(place.skip))
                    ahead[place.pack.id(place.pack.count - 1)] = place
                    placed.append(place)
        return placed, later

    def _proven(self, place: Placed, done: Stored) -> bool:
        """Whether the new rows hash to the signed root; takes what known rows bring by the way."""
        pack, item = place.pack, place.slice
        peaks = prove_slice(
            pack,
            skip=place.skip,
            size_before=place.size_before,
            peaks_before=place.peaks_before,
            prev=place.before,
            one=item,
        )
        if isinstance(peaks, Rejected):
            done.rejected.append(peaks)
            return False
        place.peaks_after = peaks
        place.pack = with_frames(pack, place.skip)
        if place.skip:
            self._upgrade(place, done)
        done.known += place.skip
        if place.skip < place.pack.count:
            return True
        if place.target.line is not None and place.skip == pack.count:
            self._set_head(place, pack.count)
        return False

    # --- stored ---------------------------------------------------------------------------------

    def _insert(self, placed: list[Placed], done: Stored, peer: bytes) -> list[bytes]:
        """Stores what has its parents; returns the ids that came, for those who wait."""
        if not placed:
            return []
        packs = [place.pack for place in placed]
        runs, missing = causal_runs(
            packs,
            known=lambda id: self._store.row_of(id) is not None,
            begins=[place.skip for place in placed],
        )
        for index, _row, parent in missing:
            self._wait(placed[index].slice, parent, done, peer)
        parents = Parents(self._store, packs, runs)
        ends: dict[int, int] = {}
        came: list[bytes] = []
        for index, begin, end in runs:
            place = placed[index]
            if begin != ends.get(index, place.skip):
                continue  # a row before it was found invalid
            stop = self._insert_run(place, Run(index, begin, end), parents, done)
            if stop > begin:
                ends[index] = stop
                came += place.pack.ids_of(begin, stop)
        for index, end in ends.items():
            self._set_head(placed[index], end)
        return came

    def _insert_run(self, place: Placed, run: Run, parents: Parents, done: Stored) -> int:
        """Stores the rows of one run that may be; returns where it stopped."""
        pack, target = place.pack, place.target
        end = target.first_seq if target.line is None else self._store.line(target.line).size
        if end != pack.seq + run.begin:
            return run.begin  # the chain stopped earlier in this batch
        rows, stop, code = parents.of(run, self._lamport_before(place))
        if code is not None:
            done.rejected.append(Rejected(pack.id(stop), code))
        if stop == run.begin:
            return stop
        if target.line is None:
            self._open_line(place, done)
        line = self._store.line(_known(target.line))
        first = self._keep_rows(line, pack, run.begin, stop, rows, done)
        parents.inserted(Run(run.pack, run.begin, stop), first)
        return stop

    def _keep_rows(  # noqa: PLR0917
        self,
        line: LineRow,
        pack: Pack,
        begin: int,
        end: int,
        deps: list[list[int]],
        done: Stored,
    ) -> int:
        """Inserts pack rows begin..end-1 at the end of their line; the first row's number."""
        voids = self._voids(pack, begin, end)
        first = self._store.insert(line, pack, begin, end, deps, voids=voids)
        named = [row for rows in deps for row in rows]
        if line.size:
            named.append(self._store.row_at(line.no, line.size - 1))
        seq = pack.seq
        done.spans.append(StoredSpan(line.no, seq + begin, seq + end, first, tuple(named)))
        if voids:
            done.voids.update({first + at - begin: code for at, code in voids.items()})
        done.watched += [first + at - begin for at in self._watched_rows(pack, begin, end)]
        if any(ground_rule(kind) is not None for kind in pack.kinds):
            done.grounded.append(Came(line.no, first, pack, begin, end))
        done.accepted += end - begin
        return first

    def _lamport_before(self, place: Placed) -> int:
        """Lamport of the event before the next one; the genesis event's (0) before a first one."""
        target = place.target
        if target.line is not None:
            return self._store.line(target.line).lamport
        if target.first_seq:
            row = self._store.row_at(_known(target.base), target.first_seq - 1)
            return self._store.links(row)[2]
        return -1 if place.pack.id(0) == self._log else 0

    def _voids(self, pack: Pack, begin: int, end: int) -> dict[int, str]:
        """Pack row -> void code, by the kinds' own rules."""
        ruled = [is_ruled(kind) for kind in pack.kinds]
        if not any(ruled):
            return {}
        kind, start = _u32(pack.kind), _u32(pack.frame_start)
        size, content = _u32(pack.frame_size), _u32(pack.content_size)
        found: dict[int, str] = {}
        for row in range(begin, end):
            if ruled[kind[row]]:
                frame = pack.data[start[row] : start[row] + size[row]]
                code = void_code(
                    pack.kinds[kind[row]],
                    frame=frame,
                    content_size=content[row],
                    log=self._log,
                )
                if code is not None:
                    found[row] = code
        return found

    def _watched_rows(self, pack: Pack, begin: int, end: int) -> list[int]:
        watched = [is_watched(kind) for kind in pack.kinds]
        if not any(watched):
            return []
        kind = _u32(pack.kind)
        return [row for row in range(begin, end) if watched[kind[row]]]

    def _open_line(self, place: Placed, done: Stored) -> None:
        """The first line of a chain, or a side of it: then the author has equivocated."""
        target, seq = place.target, place.target.first_seq
        if target.base is None:
            target.line = self._store.add_line(self._log_no, place.slice.author).no
            return
        base = self._store.line(target.base)
        side = self._store.add_line(
            self._log_no,
            base.author,
            side=place.pack.id(place.skip),
            base=base.no if seq else None,
            first_seq=seq,
            peaks=place.peaks_before,
            last_id=place.before,
            lamport=self._lamport_before(place) if seq else -1,
        )
        target.line = side.no
        self._name_side(base, seq)
        done.splits[base.author] = min(seq, done.splits.get(base.author, seq))

    def _name_side(self, line: LineRow, seq: int) -> None:
        """The line split from is a side too, named by its own event at the split.

        A line that split later already keeps the later name (spec/equivocation.md: *last* split).
        """
        while line.base is not None and seq < line.first_seq:
            line = self._store.line(line.base)
        split = -1
        if line.side:
            row = self._store.row_of(line.side)
            assert row is not None, "a side is named by an event that is here"
            split = self._store.links(row)[1]
        if seq > split:
            side = self._store.leaf_ids(line.no, seq, seq + 1)
            self._store.set_line(self._store.line(line.no)._replace(side=side))

    def _set_head(self, place: Placed, end: int) -> None:
        """Keep the slice's head if it is newer, or if the line has grown past the old one's proof.

        A slice that ends before the line does has nothing to say about the line's end.
        """
        line = self._store.line(_known(place.target.line))
        head, pack = place.slice.head, place.pack
        if pack.seq + end != line.size:
            return
        if end <= place.skip and head.size <= line.head_size:
            return
        self._cover(line, head, tail_proof(pack, end, place.slice))

    def _cover(self, line: LineRow, head: Head, proof: bytes) -> None:
        """Keeps a head as the newest of a line, with what leads from the line's end to it."""
        self._store.set_line(
            line._replace(
                head_size=head.size,
                head_root=head.root,
                head_signature=head.signature,
                head_proof=proof,
                received_ms=self._now(),
            )
        )

    def _upgrade(self, place: Placed, done: Stored) -> None:
        """Contents that known events lacked and this slice brings (never erased ones)."""
        # What a pack that opens a side shares with a line, that line holds.
        target, pack = place.target, place.pack
        line = _known(target.base if target.line is None else target.line)
        at, size = _u32(pack.content_start), _u32(pack.content_size)
        seal = _u32(pack.seal_start)
        for event in without_content(self._store, line, pack.seq, pack.seq + place.skip):
            row = event.seq - pack.seq
            if pack.part[row] == PART_WHOLE and not event.erased:
                seed = pack.data[seal[row] : seal[row] + SEED_BYTES]
                content = pack.data[at[row] : at[row] + size[row]]
                self._store.set_content(event.row, seed=seed, content=content)
                done.upgraded.append(event.row)

    # --- waiting --------------------------------------------------------------------------------

    def _wait(self, item: Slice, parent: bytes, done: Stored, peer: bytes) -> None:
        """Keeps a slice until the event it waits for comes; bounded per peer, oldest out."""
        no = self._waiting.keep(item, parent, peer)
        if no is not None:
            done.waiting[no] = item


def sorted_heads(heads: set[tuple[bytes, Head]]) -> list[tuple[bytes, Head]]:
    """In an order of their own, so that a batch is always handled alike."""
    return sorted(heads, key=lambda pair: (pair[0], pair[1].size, pair[1].root))


def tail_proof(pack: Pack, end: int, item: Slice) -> bytes:
    """Subtree hashes from pack row ``end`` to the slice's head.

    The slice's own proof, with the rows behind ``end`` folded in where only a part was stored.
    """
    if end == item.count:
        return item.proof
    begin, stop = pack.seq + end, item.end
    ids = pack.ids[end * DIGEST_BYTES : item.count * DIGEST_BYTES]
    behind = kernels.merkle_range(ids, begin)
    return join_ranges(begin, behind, stop, item.proof, item.head.size)


def with_frames(pack: Pack, skip: int) -> Pack:
    """The pack up to its first new event whose frame is not here: that one is asked for again."""
    at = pack.part.find(PART_HEADER, skip)
    if at < 0:
        return pack
    offsets = pack.dep_offsets[: 4 * (at + 1)]
    deps = pack.deps[: DIGEST_BYTES * _u32(offsets)[at]]
    return replace(pack, count=at, dep_offsets=offsets, deps=deps)  # ids stay, for the tree


def _u32(column: bytes) -> memoryview:
    return memoryview(column).cast("I")


def _known(line: int | None) -> int:
    assert line is not None, "a pack whose line is not open"
    return line
