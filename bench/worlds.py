"""Communities to measure on: authors who write, as slices ready to be sent, and full stores.

Ten authors take turns with slices of 1,000 ratings, each slice under a head of its own; an eleventh
writes 100 events. Slices are sealed and signed before a clock starts.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import count, islice
from pathlib import Path
from typing import ClassVar

import tallystick
from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.slice import Slice
from tallystick.event.rules import CREATE, log_content
from tallystick.identity.did import did_key
from tallystick.identity.keys import SigningKey
from tallystick.kernels import Draft, encode_item
from tallystick.replica.replica import Replica
from tallystick.state.ledger import (
    ASSET,
    DELEGATE,
    TRANSFER,
    Asset,
    Delegate,
    Leg,
    Transfer,
    entry_frame,
)
from tallystick.state.ops import KIND as EDIT
from tallystick.state.ops import Draft as Op
from tallystick.state.ops import build
from tallystick.store import Store

BATCH = 1_000
AUTHORS = 10
FEW = AUTHORS
"""The author of ``FEW_EVENTS``."""
FEW_EVENTS = 100
RATING = "rating/rate"
SUM = "reputation"
TARGETS = [did_key(SigningKey(bytes([200, n]) * 16).public) for n in range(50)]
ACCOUNTS = [SigningKey(bytes([201, n % 250, n // 250, 0]) * 8).public for n in range(1_000)]
"""Who is paid."""
NOW_MS = 1_700_000_000_000
KEPT_EVENTS = 1_000_000
"""Sealed once and held for every run; longer histories are sealed as they are read."""
BODY_BYTES = "sum(length(frame) + coalesce(length(content), 0) + length(seal))"
_SERIAL = count()


def rating(author: int, n: int) -> dict[str, object]:
    """What one author says in one event of a slice."""
    return {"target": TARGETS[(author + n) % 50], "rating": n % 21 - 10}


@lru_cache(maxsize=64)
def ratings(author: int, events: int) -> tuple[list[bytes], list[bytes]]:
    """Frames and contents of one slice: all is content."""
    return [b""] * events, [encode_item(rating(author, n)) for n in range(events)]


@lru_cache(maxsize=64)
def counters(author: int, events: int) -> tuple[list[bytes], list[bytes]]:
    """Frames and contents of one slice: increments of a hundred counters, all frame."""
    made = [
        build([Op(6, ("n", str((author + n * 31) % 100)), numbers=(n % 5 + 1,))])
        for n in range(events)
    ]
    return [frame for frame, _ in made], [content for _, content in made]


BODIES = {RATING: ratings, EDIT: counters}


class World:
    """Chains that grow; the first author made the log. The same in every run, seeds included."""

    def __init__(self, authors: int = AUTHORS + 1, *, kind: str = RATING) -> None:
        seeds = [(1 + n).to_bytes(2, "little") * 16 for n in range(authors)]
        self.keys = [SigningKey(seed) for seed in seeds]
        self.ends = [ChainEnd() for _ in self.keys]
        self.kind = kind
        content = log_content("bench", "")
        draft = Draft([0], [NOW_MS], [CREATE], [b""], [b""], [b""], [content], [bytes(16)])
        commit = prepare(self.keys[0], b"", ChainEnd(), draft)
        self.log = commit.opened.log
        self.ends[0] = commit.end
        self.genesis = Slice(self.log, self.keys[0].public, 0, 1, commit.pack, commit.head, b"")

    def opening(self) -> list[Slice]:
        """What every history begins with."""
        return [self.genesis, self.slice(FEW, FEW_EVENTS)]

    def did(self, author: int) -> str:
        """did:key of an author."""
        return did_key(self.keys[author].public)

    def slice(self, author: int, events: int) -> Slice:
        """The author's next events under a head of their own."""
        return self.commit(author, self.kind, *BODIES[self.kind](author, events))

    def commit(
        self, author: int, kind: str, frames: list[bytes], contents: list[bytes], *,
        after: bytes = b"", lamport: int = 0,
    ) -> Slice:  # fmt: skip
        """Events of one kind under a head.

        Args:
            after: ids of others' events that the first one builds upon, and the greatest
                ``lamport`` of these.
        """
        key, end, events = self.keys[author], self.ends[author], len(frames)
        first = max(end.lamport, lamport) + 1
        draft = Draft(
            list(range(first, first + events)),
            [NOW_MS + n for n in range(events)],
            [kind] * events,
            [after] + [b""] * (events - 1),
            [b""] * events,
            frames,
            contents,
            [(author << 64 | end.size + n).to_bytes(16, "big") for n in range(events)],
        )
        commit = prepare(key, self.log, end, draft)
        self.ends[author] = commit.end
        return Slice(self.log, key.public, end.size, events, commit.pack, commit.head, b"")

    def turns(self, events: int, each: int = BATCH) -> Iterator[Slice]:
        """Slices of ``each`` events, ten authors taking turns."""
        for n in range(-(-events // each)):
            yield self.slice(n % AUTHORS, each)


class Market(World):
    """Payments in one asset, which the first author declared and let an agent pay with, too.

    Args:
        accounts: how many are paid in turn.
    """

    AGENT: ClassVar = AUTHORS + 1
    AGENT_EVENTS: ClassVar = 1_000

    def __init__(self, accounts: int = 50) -> None:
        super().__init__(AUTHORS + 2, kind=TRANSFER)
        self._accounts = ACCOUNTS[:accounts]
        owner, agent = self.keys[0].public, self.keys[self.AGENT].public
        asset = entry_frame(Asset("EUR", 2, (owner,)), owner)
        self._asset_slice = self.commit(0, ASSET, [asset], [b""])
        self.asset = self.ends[0].last_id
        self._leave_slice = self.commit(0, DELEGATE, [entry_frame(Delegate(agent), owner)], [b""])
        self.leave = self.ends[0].last_id
        self._lamport = self.ends[0].lamport

    def opening(self) -> list[Slice]:
        """The asset, an agent's leave, payments by the agent, and those of author ``FEW``."""
        owner = self.keys[0].public
        frames = [self._paid(owner, self.AGENT, n) for n in range(self.AGENT_EVENTS)]
        nothing = [b""] * len(frames)
        paid = self.commit(
            self.AGENT, TRANSFER, frames, nothing, after=self.leave, lamport=self._lamport
        )
        few = self.slice(FEW, FEW_EVENTS)
        return [self.genesis, self._asset_slice, self._leave_slice, paid, few]

    def slice(self, author: int, events: int) -> Slice:
        """The author's next payments; the first ever has seen the asset."""
        key, new = self.keys[author].public, not self.ends[author].size
        frames = [self._paid(key, author, n) for n in range(events)]
        after = self.leave if new else b""
        nothing = [b""] * events
        return self.commit(author, TRANSFER, frames, nothing, after=after, lamport=self._lamport)

    def _paid(self, payer: bytes, author: int, n: int) -> bytes:
        legs = (
            (payer, -1 - n % 97),
            (self._accounts[(author + n) % len(self._accounts)], 1 + n % 97),
        )
        given = () if payer == self.keys[author].public else (self.leave,)
        moved = tuple(sorted(Leg(account, self.asset, amount) for account, amount in legs))
        return entry_frame(Transfer(moved, given), self.keys[author].public)


class Histories:
    """Slices of one world, sealed once, and the stores that hold so many of them.

    Every history begins with the genesis event and the few events of author ``FEW``; a shorter one
    is the beginning of a longer one.
    """

    def __init__(self, folder: Path, make: Callable[[], World] = World) -> None:
        self._folder = folder
        self._make = make
        self.world = make()
        self.first = self.world.opening()
        self.before = sum(one.count for one in self.first)
        """Events that every history begins with."""
        self._slices: list[Slice] = []
        self._turns = self.world.turns(KEPT_EVENTS)
        self._stores: dict[int, Path] = {}
        self.sizes: dict[int, tuple[int, int]] = {}
        """events -> (bytes of the file, bytes of bodies in it), when nothing had been summed"""

    def slices(self, events: int) -> Sequence[Slice] | Iterator[Slice]:
        """What follows ``first``; beyond ``KEPT_EVENTS`` sealed while it is read."""
        if events > KEPT_EVENTS:
            again = self._make()
            again.opening()
            return again.turns(events)
        wanted = -(-events // BATCH)
        self._slices += islice(self._turns, max(0, wanted - len(self._slices)))
        return self._slices[:wanted]

    def start(self, *, summed: bool) -> Replica:
        """A new replica that holds what every history begins with."""
        replica = tallystick.init(self._folder / f"{next(_SERIAL)}.tally")
        replica.receive(self.first, log=self.world.log)
        if summed:
            replica.define_sum(SUM, kind=RATING)
        return replica

    def store(self, events: int) -> Path:
        """A store of that many events, no sum defined; made once, not to be changed."""
        if events not in self._stores:
            with self.start(summed=False) as replica:
                for one in self.slices(events):
                    replica.receive([one])
                self._keep(replica, events)
        return self._stores[events]

    def copy(self, events: int) -> Path:
        """A store of that many events to do things to."""
        path = self.store(events)
        place = self._folder / f"{next(_SERIAL)}.tally"
        for end in ("", ".key"):
            shutil.copy(f"{path}{end}", f"{place}{end}")
        return place

    def _keep(self, replica: Replica, events: int) -> None:
        path = replica.path
        assert path is not None
        weighed = replica.sql(f"SELECT {BODY_BYTES} FROM event").rows
        replica.close()
        with Store.open(path) as store:
            while store.maintain():
                pass
        self.sizes[events] = (path.stat().st_size, int(weighed[0][0]))
        self._stores[events] = path
