"""One side's view of the log in a session: what it shows, what it makes of what it is shown.

    opening     hello() ──► answer(hello) ──► read_vector(said) ──► Comparison
                                        └───► read_ranges ──► read_split ──► read_leaves ──┘
    afterwards  read_want · read_lines · lacking(have) ──► slices the peer lacks

Law: authors that either side declines are in no root, no vector and no slice of this session.

Reads: sync.{holdings, compare, log_checkpoint, messages, ranges, vector}. Read by: sync.session.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tallystick.chain.slice import Slice
from tallystick.errors import Rejected
from tallystick.kernels import merkle_root
from tallystick.limits import SYNC_CONTENTS_MAX, SYNC_SPANS_MAX, SYNC_VECTOR_BYTES_MAX
from tallystick.sync.compare import (
    Comparison,
    compare,
    have_of_lines,
    have_of_wants,
    lines_message,
    whole,
)
from tallystick.sync.holdings import (
    Agreed,
    Endpoint,
    Holdings,
    LineKey,
    NoHoldings,
    Record,
    Span,
    is_genesis,
)
from tallystick.sync.log_checkpoint import (
    DECLINED_BYTES,
    declined_bytes,
    declined_hash,
    kept,
    log_checkpoint,
)
from tallystick.sync.messages import (
    RANGES,
    SYNC_VERSION,
    WINDOW_BYTES,
    Contents,
    Hello,
    Leaves,
    Lines,
    RangesOf,
    Same,
    Split,
    VectorOf,
    Want,
)
from tallystick.sync.ranges import (
    Index,
    Parts,
    first_bits,
    first_sums,
    leaves,
    read_leaves,
    read_split,
    split,
)
from tallystick.sync.vector import (
    Keyed,
    Vector,
    by_author,
    decode_vector,
    decode_wants,
    encode_relative,
    encode_vector,
)

PREFIX_BYTES = 8
"""Of a root or digest, where a collision costs a session and not correctness."""
EMPTY_ROOT = merkle_root(b"")


class Side:
    """Holdings and session keys together.

    Args:
        endpoint: the store.
        log: the log meant; None until it is known.
        peer: a name for the other end.
        vector_bytes: the longest vector said to a peer who understands ranges.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        log: bytes | None,
        peer: str,
        vector_bytes: int = SYNC_VECTOR_BYTES_MAX,
    ) -> None:
        self.log = log
        self.endpoint = endpoint
        self.peer = peer
        self.holdings: Holdings | None = None
        self._keyed: Keyed | None = None
        self._tags: dict[bytes, bytes] = {}
        self._own_declined = b""
        self._declined: frozenset[bytes] = frozenset()
        self._bases: list[Agreed] = []
        self._said = (EMPTY_ROOT, b"")
        self._vector_bytes = vector_bytes
        self._index: Index | None = None
        self._bits = 0
        self._parts: Parts | None = None
        self._lacked: set[bytes] = set()
        self._shown: dict[LineKey, int] = {}

    # --- opening --------------------------------------------------------------------------------

    def hello(self, flags: int) -> Hello:
        """What the initiator says of itself; with no log it asks which there are."""
        base = b""
        if self.log is not None:
            self.holdings = self.endpoint.open(self.log)
        self._look_inside()
        records = self.records()
        root = log_checkpoint(records)
        self._bases = [Agreed(root, tuple(records))]
        if self.holdings is not None:
            agreed = self.holdings.agreed_with(self.peer)
            if agreed is not None and agreed.root != root:
                base = agreed.root[:PREFIX_BYTES]
                self._bases.append(agreed)
        self._said = (root, self._bodies())
        bodies, declined = self._said[1], self._own_declined
        return Hello(SYNC_VERSION, self.log, root, bodies, base, declined, flags | RANGES)

    def find(self, hello: Hello) -> bool:
        """The responder looks for the log that is asked for; takes part if it has none at all."""
        assert hello.log is not None
        if self.log is not None and hello.log != self.log:
            return False
        self.holdings = self.endpoint.open(hello.log)
        empty_handed = self.log is not None or not self.endpoint.logs()
        if self.holdings is None and empty_handed and hello.root != EMPTY_ROOT:
            self.holdings = NoHoldings(hello.log)
        if self.holdings is None:
            return False
        self.log = hello.log
        return True

    def answer(self, hello: Hello, *, nonce: bytes, flags: int) -> Same | VectorOf | RangesOf:
        """The responder's view: equal, or what it holds; whole, or as sums where that is long."""
        assert self.holdings is not None
        assert self.log is not None
        self._look_inside()
        self._declined |= _hashes(hello.declined)
        records = self.records()
        self._shown = whole(records)
        self._said = (log_checkpoint(records), self._bodies())
        if self._said == (hello.root, hello.bodies):
            return Same(SYNC_VERSION, flags)
        self._keyed = Keyed(self.log, nonce)
        entries, base = encode_vector(self._keyed, records), b""
        for prefix in filter(None, (hello.base, hello.root[:PREFIX_BYTES])):
            agreed = self._agreed_at(prefix, records)
            if agreed is not None:
                short = encode_relative(self._keyed, records, agreed.records)
                if len(short) < len(entries):
                    entries, base = short, prefix
        root, bodies = self._said
        declined = self._own_declined
        if hello.flags & RANGES and len(entries) > self._vector_bytes:
            # Of a peer that holds nothing, one range says it all.
            self._index = Index(self._keyed, records)
            self._bits = first_bits(len(self._index)) if hello.root != EMPTY_ROOT else 0
            sums = first_sums(self._index, self._bits)
            return RangesOf(SYNC_VERSION, root, bodies, nonce, declined, flags, self._bits, sums)
        return VectorOf(SYNC_VERSION, root, bodies, nonce, base, declined, flags, entries)

    def read_vector(self, said: VectorOf) -> Comparison | Rejected:
        """The initiator compares what it holds with what the responder says."""
        assert self.log is not None
        base = next((one for one in self._bases if one.root[:PREFIX_BYTES] == said.base), None)
        if said.base and base is None:
            return Rejected(b"", "sync/unexpected", "a vector relative to a state never named")
        agreed = by_author(base.records) if base is not None else {}
        vector = decode_vector(said.entries, agreed_authors=len(agreed) if said.base else None)
        if isinstance(vector, Rejected):
            return vector
        keyed, holdings = self._begin(self.log, said)
        return compare(keyed, holdings, self.records(), vector, agreed)

    def read_ranges(self, said: RangesOf) -> Split:
        """The initiator cuts up the ranges in which it holds something else."""
        assert self.log is not None
        keyed, _ = self._begin(self.log, said)
        records = self.records()
        self._shown = whole(records)
        deeper, ranges, self._parts = split(Index(keyed, records), said.bits, said.sums)
        return Split(deeper, ranges)

    def read_split(self, said: Split) -> Leaves | Rejected:
        """The responder says what it holds in the parts that differ."""
        assert self._index is not None, "it said sums"
        parts = read_split(said.ranges, bits=self._bits, deeper=said.bits)
        if isinstance(parts, Rejected):
            return parts
        listed, self._lacked = leaves(self._index, parts)
        self._index = None
        return Leaves(listed)

    def read_leaves(self, said: Leaves) -> Comparison | Rejected:
        """The initiator compares what it holds there; of all other authors both hold the same."""
        assert self._parts is not None, "it cut up ranges"
        keyed, holdings = self._ready()
        listed = read_leaves(said.parts, self._parts)
        if isinstance(listed, Rejected):
            return listed
        records = self.records()
        inside = Index(keyed, records).authors(listed.prefixes, self._parts.bits)
        there = {author for authors in inside for author in authors}
        vector = Vector(listed.entries, {})
        found = compare(
            keyed, holdings, [one for one in records if one.author in there], vector, {}
        )
        # What has come since goes along: what is sent may rest on it.
        found.have |= {key: size for key, size in self._shown.items() if key[0] not in there}
        return found

    # --- talking --------------------------------------------------------------------------------

    def admit(self, slices: Sequence[Slice]) -> str | None:
        """Takes part in the log once its genesis event is among what came; or a code."""
        if not isinstance(self.holdings, NoHoldings):
            return None
        log = self.holdings.log_id
        if not any(is_genesis(one) for one in slices):
            return "sync/missing-parents"
        # Another session may have brought it in the meantime.
        joined = self.endpoint.open(log) or self.endpoint.join(log)
        if joined is None:
            return "sync/no-common-log"
        self.holdings = joined
        return None

    def read_want(self, want: Want) -> Comparison | Rejected:
        """What the peer holds of the authors it wants."""
        keyed, holdings = self._ready()
        wants = decode_wants(want.entries)
        if isinstance(wants, Rejected):
            return wants
        records = self.records()
        tags = self._tags_of(records)
        found = have_of_wants(keyed, holdings, records, wants, tags, shown=self._shown)
        for record in records:
            if record.author in self._lacked:
                found.have.pop(record.key, None)
        return found

    def author_of(self, tag: bytes) -> bytes | None:
        """Who is meant by a tag, of those held here."""
        return self._tags_of(self.records()).get(tag)

    def lines_of(self, author: bytes) -> Lines:
        """All lines held of one author."""
        keyed, holdings = self._ready()
        return lines_message(keyed, holdings, by_author(self.records())[author])

    def read_lines(self, author: bytes, lines: Lines) -> dict[LineKey, int]:
        """``have`` that sends what the peer lacks of this author, and of nobody else."""
        keyed, holdings = self._ready()
        records = self.records()
        group = by_author(records)[author]
        return whole(records) | have_of_lines(keyed, holdings, group, lines.lines)

    def lacking(self, have: Mapping[LineKey, int]) -> Iterator[Sequence[Slice]] | None:
        """The slices a peer lacks who holds this much; None when it lacks nothing."""
        _, holdings = self._ready()
        everything = holdings.records()
        shown = kept(everything, self._declined)
        if all(have.get(record.key, 0) >= record.size for record in shown):
            return None
        complete = dict(have)
        if self._declined:
            complete = whole(everything) | {record.key: have.get(record.key, 0) for record in shown}
        return holdings.slices_for(complete, max_bytes=WINDOW_BYTES)

    def contents_wanted(self, theirs: bytes) -> Iterator[Contents]:
        """The questions for missing contents, when the peer lacks others, or none."""
        assert self.holdings is not None
        if theirs != self._said[1]:
            spans = tuple(self.holdings.contents_missing())[: SYNC_CONTENTS_MAX * SYNC_SPANS_MAX]
            for at in range(0, len(spans), SYNC_SPANS_MAX):
                yield Contents(spans[at : at + SYNC_SPANS_MAX])

    def contents(self, asked: Contents) -> Iterator[Sequence[Slice]] | None:
        """Slices over the stretches asked for, as far as they lie within what is held.

        Who knows other splits names a line otherwise: all lines of that author are meant then.
        """
        _, holdings = self._ready()
        records = self.records()
        sizes, groups = whole(records), by_author(records)
        spans: list[Span] = []
        for span in asked.spans:
            keys = [_line(span)]
            if keys[0] not in sizes:
                keys = [record.key for record in groups.get(span.author, ())]
            spans += (
                Span(*key, span.begin, min(span.end, sizes[key]))
                for key in keys
                if span.begin < sizes[key]
            )
            if len(spans) >= SYNC_SPANS_MAX:
                break  # many names for many lines: what is left out is asked for by its own name
        return holdings.contents_for(spans, max_bytes=WINDOW_BYTES) if spans else None

    def allowed(self, slices: Sequence[Slice]) -> list[Slice]:
        """Those of authors that neither side declines."""
        if not self._declined:
            return list(slices)
        return [one for one in slices if declined_hash(one.author) not in self._declined]

    # --- ending ---------------------------------------------------------------------------------

    def records(self) -> list[Record]:
        """Records as they are now, without declined authors."""
        return kept(self.holdings.records(), self._declined) if self.holdings is not None else []

    def remember(self, agreed: Agreed) -> None:
        """Both sides were seen to be in this state."""
        if self.holdings is not None:
            self.holdings.remember(self.peer, agreed)

    # --- inside ---------------------------------------------------------------------------------

    def _ready(self) -> tuple[Keyed, Holdings]:
        assert self._keyed is not None, "the session has begun"
        assert self.holdings is not None, "the log is known"
        return self._keyed, self.holdings

    def _begin(self, log: bytes, said: VectorOf | RangesOf) -> tuple[Keyed, Holdings]:
        """What the initiator needs to read the responder's answer."""
        if self.holdings is None:
            self.holdings = NoHoldings(log)
        self._declined |= _hashes(said.declined)
        self._keyed = Keyed(log, said.nonce)
        return self._keyed, self.holdings

    def _agreed_at(self, prefix: bytes, records: Sequence[Record]) -> Agreed | None:
        """The state of that name: what is held now, or one remembered."""
        assert self.holdings is not None
        root = self._said[0]
        if root[:PREFIX_BYTES] == prefix:
            return Agreed(root, tuple(records))
        return self.holdings.agreed_at(prefix)

    def _look_inside(self) -> None:
        if self.holdings is not None:
            self._own_declined = declined_bytes(self.holdings.declined())
            self._declined = _hashes(self._own_declined)

    def _bodies(self) -> bytes:
        return self.holdings.bodies_digest()[:PREFIX_BYTES] if self.holdings is not None else b""

    def _tags_of(self, records: Sequence[Record]) -> dict[bytes, bytes]:
        keyed, _ = self._ready()
        authors = {record.author for record in records}
        if len(self._tags) != len(authors):  # authors only ever come
            self._tags = keyed.tags(authors)
        return self._tags


def _line(span: Span) -> LineKey:
    return (span.author, span.side)


def _hashes(declined: bytes) -> frozenset[bytes]:
    return frozenset(
        declined[at : at + DECLINED_BYTES] for at in range(0, len(declined), DECLINED_BYTES)
    )
