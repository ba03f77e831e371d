"""Small chains made by the real code, for the tests of several rooms."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from tallystick.chain.commit import ChainEnd, Commit, prepare
from tallystick.chain.head import Head
from tallystick.chain.slice import Slice
from tallystick.event.rules import log_content
from tallystick.identity.keys import SigningKey
from tallystick.kernels import Draft, encode_item, open_pack
from tallystick.proofs.merkle import inclusion_proof, node_over, subtree_hashes


def key(name: str) -> SigningKey:
    return SigningKey(sha256(name.encode()).digest())


def draft(
    values: list[object],
    *,
    lamport: int,
    kind: str = "note/write",
    deps: bytes = b"",
    frame: bytes = b"",
) -> Draft:
    """Whole events with these contents, one after the other."""
    rows = range(len(values))
    return Draft(
        lamports=[lamport + row for row in rows],
        times=[1_700_000_000_000 + row for row in rows],
        kinds=[kind for _ in rows],
        deps=[deps if row == 0 else b"" for row in rows],
        schemas=[b"" for _ in rows],
        frames=[frame for _ in rows],
        contents=[encode_item(value, floats=True) for value in values],
        seeds=[sha256(f"{lamport}/{row}".encode()).digest()[:16] for row in rows],
    )


def genesis(author: SigningKey, name: str = "test") -> Commit:
    """A log's first event."""
    one = draft([None], lamport=0, kind="log/create")
    one.contents = [log_content(name)]
    return prepare(author, b"", ChainEnd(), one)


LOG = genesis(key("founder")).opened.log


@dataclass
class Chain:
    """One author's chain in memory, with everything needed to cut slices of it."""

    author: SigningKey
    log: bytes = LOG
    end: ChainEnd = field(default_factory=ChainEnd)
    ids: list[bytes] = field(default_factory=list)
    events: list[bytes] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)

    def write(self, values: list[object], **options: object) -> Commit:
        commit = prepare(
            self.author, self.log, self.end, draft(values, lamport=self.end.lamport + 1, **options)
        )
        opened = commit.opened
        starts = [at - 1 for at in memoryview(opened.header_start).cast("I")]
        for row, start in enumerate(starts):
            stop = starts[row + 1] if row + 1 < len(starts) else len(opened.data)
            self.events.append(opened.data[start:stop])
            self.ids.append(opened.id(row))
        self.heads.append(commit.head)
        self.end = commit.end
        return commit

    def fork(self, size: int) -> Chain:
        """The same chain as it was at ``size`` events, to be continued another way."""
        side = Chain(self.author, self.log)
        side.ids, side.events = self.ids[:size], self.events[:size]
        opened = open_pack(b"".join(side.events), log=self.log, author=self.author.public)
        lamport = memoryview(opened.lamports).cast("Q")[-1] if size else 0
        peaks = subtree_hashes(0, size, node_over(side.ids))
        side.end = ChainEnd(size, peaks, side.ids[-1] if size else b"", lamport)
        return side

    def slice(self, begin: int, end: int, head: Head | None = None) -> Slice:
        head = head or self.heads[-1]
        proof = subtree_hashes(end, head.size, node_over(self.ids))
        pack = b"".join(self.events[begin:end])
        return Slice(self.log, self.author.public, begin, end - begin, pack, head, proof)

    def peaks(self, size: int) -> bytes:
        return subtree_hashes(0, size, node_over(self.ids))

    def header(self, seq: int) -> bytes:
        opened = open_pack(self.events[seq], log=self.log, author=self.author.public)
        start = memoryview(opened.header_start).cast("I")[0]
        return opened.data[start : start + memoryview(opened.header_size).cast("I")[0]]

    def path(self, seq: int, head: Head | None = None) -> bytes:
        return inclusion_proof(seq, (head or self.heads[-1]).size, node_over(self.ids))


def chain(events: int = 7, name: str = "alice") -> Chain:
    """A chain of so many events, each its own commit."""
    made = Chain(key(name))
    for number in range(events):
        made.write([{"n": number}])
    return made
