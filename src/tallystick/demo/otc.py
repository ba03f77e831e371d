"""The ratings of Bitcoin-OTC as a log: who rated whom, and what that says about trust.

    source,target,rating,time  ──►  rating/rate {target, rating}          one commit of the source
                                    + trust/ban    of the target   for -10
                                    + trust/adopt                  for 3..10 (depth 1 from 8 on)
                                    + trust/allow                  for 1 and 2

Law: the log depends on the file alone. Keys, seeds, times and parents are derived from it, so
every load on every kernel gives the same ids and the same log checkpoint. The private keys are
public knowledge; this log is for trying things out.

Reads: chain, event, identity, kernels, policy. Read by: tour, cli.
Source: S. Kumar et al., "Edge weight prediction in weighted signed networks", ICDM 2016.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tallystick import kernels
from tallystick.chain.head import sign_head
from tallystick.chain.slice import Slice
from tallystick.errors import BadInput, NotFound
from tallystick.identity.did import did_key
from tallystick.identity.keys import SigningKey
from tallystick.limits import SEED_BYTES, SLICE_EVENTS_MAX, UINT_MAX
from tallystick.policy.statement import Statement, statement_frame

RATING_MIN, RATING_MAX = -10, 10
BAN_AT = -10
ADOPT_FROM = 3
DEPTH_FROM = 8
ROWS_A_BATCH = 4000
"""Rows built, signed and stored at a time: large enough that a signature covers many events."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One row of the file; ``time_ms`` is milliseconds since 1970."""

    source: int
    target: int
    rating: int
    time_ms: int


@dataclass(slots=True)
class Chain:
    """One user's chain while it is being built."""

    key: SigningKey
    did: str
    seq: int = 0
    last_id: bytes = b""
    lamport: int = 0
    peaks: bytes = b""
    sealed: int = 0
    packs: list[bytes] = field(default_factory=list)
    ids: list[bytes] = field(default_factory=list)


def user_key(user: int | str) -> SigningKey:
    """The key everybody can derive: Ed25519 seed SHA-256("otc/<user>")."""
    return SigningKey(hashlib.sha256(f"otc/{user}".encode()).digest())


def user_did(user: int) -> str:
    """did:key of one user of the file."""
    return did_key(user_key(user).public)


def body_seed(*path: object) -> bytes:
    """First 16 bytes of SHA-256("otc/body/<path>")."""
    return hashlib.sha256("/".join(["otc/body", *map(str, path)]).encode()).digest()[:SEED_BYTES]


def read_ratings(path: str | Path) -> list[Rating]:
    """Rows of the file, plain or gzipped, with or without a header row.

    Raises:
        NotFound: no such file.
        BadInput: ``usage/argument`` with the line that is malformed; nothing is half read.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFound("usage/not-found", f"no file {file}", hint="Name the ratings file.")
    try:
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        text = raw.decode("ascii")
    except (OSError, EOFError, UnicodeDecodeError, ValueError) as error:
        raise BadInput("usage/argument", f"{file.name} is not a ratings file", got=error) from None
    rows = enumerate(csv.reader(io.StringIO(text)), start=1)
    return [_rating(row, line) for line, row in rows if row and not (line == 1 and _header(row))]


def _header(row: list[str]) -> bool:
    return [cell.strip().lower() for cell in row[:2]] == ["source", "target"]


def _rating(row: list[str], line: int) -> Rating:
    try:
        source, target, rating, time = row
        time_ms = int(Decimal(time) * 1000)
        found = Rating(int(source), int(target), int(rating), time_ms)
    except (ValueError, InvalidOperation, OverflowError):
        found = None
    if (
        found is None
        or min(found.source, found.target) < 0
        or not RATING_MIN <= found.rating <= RATING_MAX
        or not 0 <= found.time_ms <= UINT_MAX
    ):
        raise BadInput(
            "usage/argument",
            "a row is not a rating",
            expected=f"source,target,rating in [{RATING_MIN},{RATING_MAX}],seconds",
            got=",".join(row)[:80],
            where=f"line {line}",
        )
    return found


class Builder:
    """Turns rows into slices, keeping what each user's chain ends in."""

    def __init__(self) -> None:
        self.users: dict[int, Chain] = {}
        self._genesis = Chain(key := user_key("genesis"), did_key(key.public))
        content = kernels.encode_item({"name": "bitcoin-otc", "purpose": ""})
        self.log = b""
        self._seal(self._genesis, "log/create", b"", content, 0, body_seed("genesis"), b"", 0)
        self.log = self._genesis.last_id

    def add(self, row: int, rating: Rating) -> None:
        """One row of the file: one commit of its source, one or two events."""
        source, target = self._user(rating.source), self._user(rating.target)
        deps = target.last_id if target is not source else b""
        floor = target.lamport if target is not source else 0
        content = kernels.encode_item({"target": target.did, "rating": rating.rating})
        self._seal(
            source, "rating/rate", b"", content, rating.time_ms, body_seed(row, 0), deps, floor
        )
        if statement := _statement(rating.rating, target.key.public, source.key.public):
            kind, frame = statement_frame(statement)
            self._seal(source, kind, frame, b"", rating.time_ms, body_seed(row, 1), b"", 0)

    def slices(self, limits: Mapping[bytes, int] | None = None) -> Iterator[Slice]:
        """What was added since the last call, a head for each chain over it.

        ``limits`` (author -> events) cuts every chain to a prefix, signed as such.
        """
        for chain in [self._genesis, *self.users.values()]:
            if chain.packs:
                end = chain.seq if limits is None else limits.get(chain.key.public, 0)
                yield from self._cut(chain, end)

    def _user(self, user: int) -> Chain:
        if user not in self.users:
            self.users[user] = Chain(key := user_key(user), did_key(key.public))
        return self.users[user]

    def _seal(
        self,
        chain: Chain,
        kind: str,
        frame: bytes,
        content: bytes,
        time_ms: int,
        seed: bytes,
        deps: bytes,
        lamport: int,
    ) -> None:
        """Appends one event; ``lamport`` is the greatest among its deps."""
        genesis = kind == "log/create"
        chain.lamport = 0 if genesis else 1 + max(chain.lamport, lamport)
        draft = kernels.Draft(
            [chain.lamport], [time_ms], [kind], [deps], [b""], [frame], [content], [seed]
        )
        pack = kernels.seal_pack(
            draft, log=self.log, author=chain.key.public, seq=chain.seq, prev=chain.last_id
        )
        header = pack[1 : len(pack) - len(frame) - SEED_BYTES - len(content)]
        chain.last_id = hashlib.sha256(header).digest()
        chain.seq += 1
        chain.packs.append(pack)
        chain.ids.append(chain.last_id)

    def _cut(self, chain: Chain, end: int) -> Iterator[Slice]:
        start = chain.sealed
        while start < end:
            stop = min(start + SLICE_EVENTS_MAX, end)
            taken = stop - start
            leaves = b"".join(chain.ids[:taken])
            chain.peaks = kernels.merkle_append(start, chain.peaks, leaves)
            root = kernels.merkle_root(chain.peaks)
            head = sign_head(chain.key, self.log, stop, root)
            pack = b"".join(chain.packs[:taken])
            yield Slice(self.log, chain.key.public, start, taken, pack, head, b"")
            del chain.packs[:taken], chain.ids[:taken]
            start = chain.sealed = stop


def _statement(rating: int, target: bytes, voter: bytes) -> Statement | None:
    common = {"id": b"", "voter": voter, "seq": 0, "target": target}
    if rating == BAN_AT:
        return Statement(verb="ban", **common)  # type: ignore[arg-type]
    if rating >= ADOPT_FROM:
        depth = 1 if rating >= DEPTH_FROM else 0
        return Statement(verb="adopt", depth=depth, **common)  # type: ignore[arg-type]
    if rating > 0:
        return Statement(verb="allow", **common)  # type: ignore[arg-type]
    return None


def build(
    ratings: Iterable[Rating], *, progress: Callable[[int], None] | None = None
) -> Iterator[list[Slice]]:
    """The log as batches of slices, parents before children."""
    builder = Builder()
    row = -1
    for row, rating in enumerate(ratings):
        builder.add(row, rating)
        if (row + 1) % ROWS_A_BATCH == 0:
            yield list(builder.slices())
            if progress is not None:
                progress(row + 1)
    yield list(builder.slices())
    if progress is not None:
        progress(row + 1)
