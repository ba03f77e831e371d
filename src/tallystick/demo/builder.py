"""A log whose every byte follows from its rows: keys, seeds, times are derived, none is random.

    namespace "otc", user 7     key seed   SHA-256("otc/7")
    row 12, event 0             body seed  SHA-256("otc/body/12/0")[:16]
    genesis                     key "otc/genesis", body seed "otc/body/genesis", time 0

Law: the same rows give the same ids and the same log checkpoint, on every kernel and for ever. The
private keys are public knowledge: such a log is for trying things out.

Reads: chain, identity, kernels. Read by: demo.otc, demo.git, demo.market.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from tallystick import kernels
from tallystick.chain.head import sign_head
from tallystick.chain.slice import Slice
from tallystick.event.rules import CREATE, log_content
from tallystick.identity.keys import SigningKey
from tallystick.limits import DIGEST_BYTES, SEED_BYTES, SLICE_EVENTS_MAX

User = int | str


class Place(NamedTuple):
    """One event that others may build upon: the last of the first ``size`` of a chain."""

    chain: Chain
    size: int
    id: bytes
    lamport: int


@dataclass(slots=True)
class Chain:
    """One user's chain while it is being built; what is sealed was handed out already."""

    key: SigningKey
    did: str
    seq: int = 0
    last_id: bytes = b""
    lamport: int = 0
    sealed: int = 0
    peaks: bytes = b""
    packs: list[bytes] = field(default_factory=list)
    ids: list[bytes] = field(default_factory=list)
    named: list[tuple[tuple[Chain, int], ...]] = field(default_factory=list)
    """per event: the chains its deps are in, and how many events of each are in the past then"""

    @property
    def tip(self) -> tuple[Place, ...]:
        """The latest event; nothing while there is none."""
        return (Place(self, self.seq, self.last_id, self.lamport),) if self.seq else ()


def user_key(namespace: str, user: User) -> SigningKey:
    """The key everybody can derive."""
    return SigningKey(sha256(f"{namespace}/{user}".encode()).digest())


class LogBuilder:
    """Events appended one by one, handed out as slices."""

    def __init__(self, namespace: str, name: str, purpose: str = "") -> None:
        self._namespace = namespace
        self._users: dict[User, Chain] = {}
        self.log = b""
        self._genesis = self.user("genesis")
        content = log_content(name, purpose)
        self.append(self._genesis, CREATE, content=content, time_ms=0, seed=("genesis",))
        self.log = self._genesis.last_id

    def user(self, user: User) -> Chain:
        """The chain of one user."""
        found = self._users.get(user)
        if found is None:
            key = user_key(self._namespace, user)
            found = self._users[user] = Chain(key, key.did)
        return found

    def append(
        self,
        chain: Chain,
        kind: str,
        *,
        frame: bytes = b"",
        content: bytes = b"",
        time_ms: int,
        seed: tuple[User, ...],
        deps: Sequence[Place] = (),
    ) -> Place:
        """One event; ``deps`` are the events of others that it builds upon, each once."""
        named = b"".join(sorted(dep.id for dep in deps))
        if self.log:
            chain.lamport = 1 + max(chain.lamport, *(dep.lamport for dep in deps), 0)
        path = "/".join(map(str, (self._namespace, "body", *seed)))
        body_seed = sha256(path.encode()).digest()[:SEED_BYTES]
        draft = kernels.Draft(
            [chain.lamport], [time_ms], [kind], [named], [b""], [frame], [content], [body_seed]
        )
        pack = kernels.seal_pack(
            draft, log=self.log, author=chain.key.public, seq=chain.seq, prev=chain.last_id
        )
        header = pack[1 : len(pack) - len(frame) - SEED_BYTES - len(content)]
        chain.last_id = sha256(header).digest()
        chain.seq += 1
        chain.packs.append(pack)
        chain.ids.append(chain.last_id)
        chain.named.append(tuple((dep.chain, dep.size) for dep in deps))
        return Place(chain, chain.seq, chain.last_id, chain.lamport)

    def past(self, tops: Mapping[User, int]) -> dict[bytes, int]:
        """Author -> leading events, of everything in the past of some chains' prefixes."""
        sizes: dict[bytes, int] = {self._genesis.key.public: 1}
        stack = [(self._users[user], size) for user, size in tops.items()]
        while stack:
            chain, size = stack.pop()
            known = sizes.get(chain.key.public, 0)
            if size > known:
                sizes[chain.key.public] = size
                stack += [place for named in chain.named[known:size] for place in named]
        return sizes

    def size_of(self, user: User) -> int:
        """Events of one user so far."""
        return self._users[user].seq if user in self._users else 0

    def slices(self) -> Iterator[Slice]:
        """What was appended since the last call, one head over each chain that grew."""
        for chain in self._users.values():
            while chain.packs:
                yield self._cut(chain)

    def prefixes(self, sizes: Mapping[bytes, int]) -> Iterator[Slice]:
        """The first ``sizes[author]`` events of each chain; for a builder never sliced before."""
        for chain in self._users.values():
            size = min(sizes.get(chain.key.public, 0), chain.seq)
            if size:
                assert not chain.sealed, "slices() has handed events out"
                peaks = kernels.merkle_append(0, b"", b"".join(chain.ids[:size]))
                head = sign_head(chain.key, self.log, size, kernels.merkle_root(peaks))
                assert size <= SLICE_EVENTS_MAX
                pack = b"".join(chain.packs[:size])
                yield Slice(self.log, chain.key.public, 0, size, pack, head, b"")

    def _cut(self, chain: Chain) -> Slice:
        count = min(len(chain.packs), SLICE_EVENTS_MAX)
        start, stop = chain.sealed, chain.sealed + count
        leaves = b"".join(chain.ids[:count])
        assert len(leaves) == count * DIGEST_BYTES
        chain.peaks = kernels.merkle_append(start, chain.peaks, leaves)
        head = sign_head(chain.key, self.log, stop, kernels.merkle_root(chain.peaks))
        pack = b"".join(chain.packs[:count])
        del chain.packs[:count], chain.ids[:count]
        chain.sealed = stop
        return Slice(self.log, chain.key.public, start, count, pack, head, b"")
