"""One side's view of the log in a session: what it shows, what it makes of what it is shown.

    opening     hello() ──► answer(hello) ──► read_vector(said) ──► Comparison
    afterwards  read_want · read_lines · lacking(have) ──► slices the peer lacks

Law: authors that either side declines are in no root, no vector and no slice of this session.

Reads: sync.{holdings, compare, log_checkpoint, messages, vector}. Read by: sync.session.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tallystick.chain.slice import Slice
from tallystick.errors import Rejected
from tallystick.kernels import merkle_root
from tallystick.limits import SYNC_SPANS_MAX
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
    SYNC_VERSION,
    WINDOW_BYTES,
    Contents,
    Hello,
    Lines,
    Same,
    VectorOf,
    Want,
)
from tallystick.sync.vector import (
    Keyed,
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
    """

    def __init__(self, endpoint: Endpoint, *, log: bytes | None, peer: str) -> None:
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
        return Hello(SYNC_VERSION, self.log, root, self._said[1], base, self._own_declined, flags)

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

    def answer(self, hello: Hello, *, nonce: bytes, flags: int) -> Same | VectorOf:
        """The responder's view: equal, or what it holds."""
        assert self.holdings is not None
        assert self.log is not None
        self._look_inside()
        self._declined |= _hashes(hello.declined)
        records = self.records()
        self._said = (log_checkpoint(records), self._bodies())
        if self._said == (hello.root, hello.bodies):
            return Same(SYNC_VERSION, flags)
        self._keyed = Keyed(self.log, nonce)
        entries, base = encode_vector(self._keyed, records), b""
        for prefix in filter(None, (hello.base, hello.root[:PREFIX_BYTES])):
            agreed = self.holdings.agreed_at(prefix)
            if agreed is not None:
                short = encode_relative(self._keyed, records, agreed.records)
                if len(short) < len(entries):
                    entries, base = short, prefix
        root, bodies = self._said
        declined = self._own_declined
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
        if self.holdings is None:
            self.holdings = NoHoldings(self.log)
        self._declined |= _hashes(said.declined)
        self._keyed = Keyed(self.log, said.nonce)
        return compare(self._keyed, self.holdings, self.records(), vector, agreed)

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
        return have_of_wants(keyed, holdings, records, wants, self._tags_of(records))

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

    def contents_wanted(self, theirs: bytes) -> Contents | None:
        """The question for missing contents, when the peer lacks others, or none."""
        assert self.holdings is not None
        if theirs == self._said[1]:
            return None
        spans = tuple(self.holdings.contents_missing())[:SYNC_SPANS_MAX]
        return Contents(spans) if spans else None

    def contents(self, asked: Contents) -> Iterator[Sequence[Slice]] | None:
        """Slices over the stretches asked for, as far as they lie within what is held."""
        _, holdings = self._ready()
        sizes = whole(self.records())
        spans = [span for span in asked.spans if span.end <= sizes.get(_line(span), 0)]
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
