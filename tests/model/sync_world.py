"""An endpoint in memory: the plainest thing that keeps what ``sync.holdings`` promises.

Events are a tree by ``prev``; proven ones whose parents are here are included, in order of
arrival. Everything is looked up by walking; nothing is fast; signatures and proofs are real.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.head import Head, check_heads
from tallystick.chain.slice import Slice, open_slice, prove_slice
from tallystick.errors import Rejected
from tallystick.identity.keys import SigningKey
from tallystick.kernels import (
    PART_WHOLE,
    Draft,
    Pack,
    encode_item,
    merkle_append,
    merkle_root,
    status,
)
from tallystick.proofs.merkle import decompose, leaf_hash, node_hash, subtree_hashes
from tallystick.sync.holdings import Agreed, Holdings, LineKey, Outcome, Record, Span
from tallystick.sync.pipe import End, Pipe
from tallystick.sync.session import Session


def key_of(name: object) -> SigningKey:
    return SigningKey(sha256(f"sync/{name}".encode()).digest())


@dataclass
class Ev:
    id: bytes
    author: bytes
    seq: int
    prev: bytes
    deps: tuple[bytes, ...]
    lamport: int
    data: bytes
    part: int


def events_of(pack: Pack) -> list[Ev]:
    starts = [at - 1 for at in memoryview(pack.header_start).cast("I")]
    ends = [*starts[1:], pack.stopped[2] if pack.stopped else len(pack.data)]
    offsets = memoryview(pack.dep_offsets).cast("I")
    lamports = memoryview(pack.lamports).cast("Q")
    found = []
    for row in range(pack.count):
        deps = tuple(pack.deps[32 * at : 32 * at + 32] for at in range(*offsets[row : row + 2]))
        prev = pack.id(row - 1) if row else pack.prev
        data = pack.data[starts[row] : ends[row]]
        part = pack.part[row]
        seq = pack.seq + row
        found.append(Ev(pack.id(row), pack.author, seq, prev, deps, lamports[row], data, part))
    return found


class MemoryLog(Holdings):
    """One log. ``window`` bounds the events of one message, to make many messages of few."""

    def __init__(self, log: bytes, *, window: int = 1 << 30) -> None:
        self._log = log
        self.window = window
        self.proven: dict[bytes, Ev] = {}
        self.included: dict[bytes, Ev] = {}
        self.arrival: list[bytes] = []
        self.covers: dict[bytes, tuple[Head, bytes]] = {}
        self.waiting: dict[tuple[bytes, int, int, bytes], Slice] = {}
        self.invalid: set[bytes] = set()
        self.declines: set[bytes] = set()
        self.unwanted: set[bytes] = set()
        self.agreements: dict[str, Agreed] = {}
        self._paths: dict[bytes, list[bytes]] = {b"": []}
        self._records: tuple[int, list[Record], dict[LineKey, list[bytes]]] | None = None

    # --- Holdings ---

    @property
    def log_id(self) -> bytes:
        return self._log

    def records(self) -> list[Record]:
        return self._lines()[0]

    def root_at(self, author: bytes, side: bytes, size: int) -> bytes:
        path = self._lines()[1][author, side]
        assert 1 <= size <= len(path)
        return root_of(path[:size])

    def ids_at(self, author: bytes, side: bytes, seqs: Sequence[int]) -> list[bytes]:
        path = self._lines()[1][author, side]
        return [path[seq] for seq in seqs]

    def slices_for(self, have: Mapping[LineKey, int], *, max_bytes: int) -> Iterator[list[Slice]]:
        lacked: set[bytes] = set()
        held: set[bytes] = set()
        for key, path in self._lines()[1].items():
            lacked.update(path[have.get(key, 0) :])
            held.update(path[: have.get(key, 0)])
        rows = [one for one in self.arrival if one in lacked and one not in held]
        return self._windows(rows, max_bytes)

    def bodies_digest(self) -> bytes:
        whole = sorted(one.id for one in self.included.values() if one.part == PART_WHOLE)
        return sha256(b"".join(whole)).digest()

    def contents_missing(self) -> list[Span]:
        return [
            Span(author, side, seq, seq + 1)
            for (author, side), path in self._lines()[1].items()
            for seq, one in enumerate(path)
            if self.included[one].part != PART_WHOLE and one not in self.unwanted
        ]

    def contents_for(self, spans: Sequence[Span], *, max_bytes: int) -> Iterator[list[Slice]]:
        rows = []
        for span in spans:
            path = self._lines()[1].get((span.author, span.side), [])
            rows += [
                one
                for one in path[span.begin : span.end]
                if self.included[one].part == PART_WHOLE and one not in rows
            ]
        return self._windows(rows, max_bytes)

    def declined(self) -> set[bytes]:
        return self.declines

    def agreed_with(self, peer: str) -> Agreed | None:
        return self.agreements.get(peer)

    def agreed_at(self, root: bytes) -> Agreed | None:
        found = [one for one in self.agreements.values() if one.root[:8] == root]
        return found[0] if found else None

    def remember(self, peer: str, agreed: Agreed) -> None:
        self.agreements[peer] = agreed

    # --- taking in ---

    def take(self, slices: Sequence[Slice]) -> Outcome:
        before = len(self.arrival)
        rejected: list[Rejected] = []
        batch = [*self.waiting.values(), *slices]
        self.waiting = {}
        opened = []
        for one in batch:
            pack, bad = open_slice(one)
            rejected += bad
            if pack is not None:
                opened.append((one, pack))
        signed = check_heads([(self._log, one.author, one.head) for one, _ in opened])
        for (one, pack), found in sorted(
            zip(opened, signed, strict=True), key=lambda row: row[0][0].seq
        ):
            if found != status.OK:
                rejected.append(Rejected(one.author, status.CODE[found]))
            else:
                self._prove(one, pack, rejected)
        self._include(rejected)
        pending = len(self.proven) - len(self.included) - len(self.invalid)
        pending += sum(one.count for one in self.waiting.values())
        size = sum(len(one.pack) for one in self.waiting.values())
        new = self.arrival[before:]
        accepted_of = Counter(self.included[one].author for one in new)
        return Outcome(len(new), pending, size, tuple(rejected), accepted_of)

    def _prove(self, one: Slice, pack: Pack, rejected: list[Rejected]) -> None:
        events = events_of(pack)
        if one.seq and pack.prev not in self.proven:
            self.waiting[one.author, one.seq, one.count, one.head.root] = one
            return
        skip = 0
        while skip < len(events) and events[skip].id in self.proven:
            skip += 1
        path = self.path(pack.prev) + [event.id for event in events[:skip]]
        peaks = merkle_append(0, b"", b"".join(path))
        prev = path[-1] if path else b""
        found = prove_slice(
            pack, skip=skip, size_before=len(path), peaks_before=peaks, prev=prev, one=one
        )
        if isinstance(found, Rejected):
            rejected.append(found)
            return
        for event in events:
            old = self.proven.setdefault(event.id, event)
            if event.part > old.part:
                old.part, old.data = event.part, event.data
        self.covers[events[-1].id] = (one.head, one.proof)

    def _include(self, rejected: list[Rejected]) -> None:
        waiting = [
            one
            for key, one in sorted(self.proven.items(), key=lambda item: item[1].seq)
            if key not in self.included and key not in self.invalid
        ]
        grew = True
        while grew:
            grew = False
            for one in waiting:
                parents = one.deps + ((one.prev,) if one.prev else ())
                if not one.prev and one.id != self._log:
                    parents += (self._log,)
                if one.id in self.included or not all(up in self.included for up in parents):
                    continue
                least = max((self.included[up].lamport for up in parents), default=-1) + 1
                if one.lamport != least:
                    self.invalid.add(one.id)
                    rejected.append(Rejected(one.id, "event/lamport"))
                    continue
                self.included[one.id] = one
                self.arrival.append(one.id)
                grew = True
            waiting = [one for one in waiting if one.id not in self.included | dict.fromkeys(
                self.invalid)]  # fmt: skip

    # --- looking ---

    def path(self, last: bytes) -> list[bytes]:
        """Ids from seq 0 to this event."""
        back: list[bytes] = []
        at = last
        while at not in self._paths:
            back.append(at)
            at = self.proven[at].prev
        found = self._paths[at] + back[::-1]
        self._paths[last] = found
        return list(found)

    def _lines(self) -> tuple[list[Record], dict[LineKey, list[bytes]]]:
        if self._records is not None and self._records[0] == len(self.arrival):
            return self._records[1:]
        children: dict[bytes, list[bytes]] = {}
        for one in self.included.values():
            children.setdefault(one.prev or one.author, []).append(one.id)
        paths: dict[LineKey, list[bytes]] = {}
        for one in self.included.values():
            if one.id in children:
                continue
            path, side = self.path(one.id), b""
            for at in path:
                if len(children[self.included[at].prev or one.author]) > 1:
                    side = at
            paths[one.author, side] = path
        lines = dict(sorted(paths.items()))
        records = [Record(*key, len(path), root_of(path)) for key, path in lines.items()]
        self._records = (len(self.arrival), records, lines)
        return records, lines

    def _windows(self, rows: list[bytes], max_bytes: int) -> Iterator[list[Slice]]:
        while rows:
            count = size = 0
            while count < min(len(rows), self.window):
                size += len(self.included[rows[count]].data) + 400
                if count and size > max_bytes:
                    break
                count += 1
            yield self._cut(rows[:count])
            rows = rows[count:]

    def _cut(self, rows: list[bytes]) -> list[Slice]:
        runs: list[list[Ev]] = []
        for one in sorted((self.included[row] for row in rows), key=lambda one: one.seq):
            for run in runs:
                if run[-1].id == one.prev:
                    run.append(one)
                    break
            else:
                runs.append([one])
        return [self.slice_of(run) for run in runs]

    def slice_of(self, run: list[Ev]) -> Slice:
        end = run[-1].seq + 1
        covers = [
            (head, self.path(last), proof)
            for last, (head, proof) in self.covers.items()
            if self.proven[last].author == run[0].author
            and len(self.path(last)) >= end
            and self.path(last)[end - 1] == run[-1].id
        ]
        head, path, proof = max(covers, key=lambda cover: cover[0].size)
        beyond = decompose(len(path), head.size)
        known = {at: proof[32 * row : 32 * row + 32] for row, at in enumerate(beyond)}

        def node(level: int, index: int) -> bytes:
            if (level, index) in known:
                return known[level, index]
            if level == 0:
                return leaf_hash(path[index])
            return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

        hashes = subtree_hashes(end, head.size, node)
        pack = b"".join(one.data for one in run)
        return Slice(self._log, run[0].author, run[0].seq, len(run), pack, head, hashes)

    # --- writing ---

    def heads(self) -> list[bytes]:
        named = {up for one in self.included.values() for up in (*one.deps, one.prev)}
        return sorted(one for one in self.included if one not in named)

    def write(
        self,
        key: SigningKey,
        count: int = 1,
        *,
        after: bytes | None = None,
        deps: Sequence[bytes] | None = None,
        word: str = "",
    ) -> Slice:
        """A commit of ``count`` events; ``after`` an older event of one's own makes a split."""
        author = key.public
        if after is None:
            own = [r for r in self.records() if r.author == author]
            after = self._lines()[1][own[0].key][-1] if own else b""
        path = self.path(after)
        if deps is None:
            deps = [one for one in self.heads() if self.included[one].author != author][:32]
        ups = [self.included[one].lamport for one in (*deps, *((after,) if after else ()))]
        first = max([0, *ups]) + 1
        end = ChainEnd(
            len(path),
            merkle_append(0, b"", b"".join(path)),
            after,
            self.included[after].lamport if after else 0,
        )
        made = prepare(key, self._log, end, draft(count, first, sorted(deps), word))
        one = Slice(self._log, author, len(path), count, made.pack, made.head, b"")
        outcome = self.take([one])
        assert outcome.accepted == count, outcome
        return one


def draft(count: int, first: int, deps: Sequence[bytes], word: str) -> Draft:
    return Draft(
        lamports=range(first, first + count),
        times=[1] * count,
        kinds=["test/note"] * count,
        deps=[b"".join(deps)] + [b""] * (count - 1),
        schemas=[b""] * count,
        frames=[b""] * count,
        contents=[encode_item(f"{word} {number}") for number in range(count)],
        seeds=[sha256(f"{word}/{number}".encode()).digest()[:16] for number in range(count)],
    )


def root_of(ids: Sequence[bytes]) -> bytes:
    return merkle_root(merkle_append(0, b"", b"".join(ids)))


class Store:
    """An endpoint over memory logs."""

    def __init__(self, name: str, *, window: int = 1 << 30, joins: bool = True) -> None:
        self.name = name
        self.window = window
        self.joins = joins
        self.shelf: dict[bytes, MemoryLog] = {}
        self.batches: list[int] = []

    @property
    def log(self) -> MemoryLog:
        (only,) = self.shelf.values()
        return only

    def logs(self) -> list[bytes]:
        return sorted(self.shelf)

    def open(self, log: bytes) -> MemoryLog | None:
        return self.shelf.get(log)

    def join(self, log: bytes) -> MemoryLog | None:
        if not self.joins:
            return None
        return self.shelf.setdefault(log, MemoryLog(log, window=self.window))

    def receive(self, log: bytes, slices: Sequence[Slice], peer: str) -> Outcome:
        outcome = self.shelf[log].take(slices)
        self.batches.append(outcome.accepted)
        return outcome


def create(store: Store, name: str = "log") -> MemoryLog:
    """A new log in the store, with its genesis."""
    key = key_of(f"genesis of {name}")
    made = prepare(
        key,
        b"",
        ChainEnd(),
        Draft(
            [0], [0], ["log/create"], [b""], [b""], [b""],
            [encode_item({"name": name, "purpose": ""})], [bytes(16)],
        ),
    )  # fmt: skip
    log = made.opened.log
    found = MemoryLog(log, window=store.window)
    store.shelf[log] = found
    outcome = found.take([Slice(log, key.public, 0, 1, made.pack, made.head, b"")])
    assert outcome.accepted == 1, outcome
    return found


def pipe_of(first: Store, second: Store, *, number: int = 0, **options) -> Pipe:
    nonce = sha256(f"nonce {number}".encode()).digest()[:8]
    log = options.pop("log", None)
    theirs = options.pop("theirs", {})
    return Pipe(
        End(
            Session(first, initiator=True, peer=second.name, nonce=nonce, log=log, **options),
            first,
        ),
        End(
            Session(second, initiator=False, peer=first.name, nonce=nonce, **(options | theirs)),
            second,
        ),
    )


def sync(first: Store, second: Store, **options):
    return pipe_of(first, second, **options).run()
