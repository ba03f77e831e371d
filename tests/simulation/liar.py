"""Somebody who lies: several keys, a face for each victim, and a mouth that says other things.

    face a ── store of its own ──► what these peers are shown
    face b ── store of its own ──► what those peers are shown       the same keys sign for both

Law: a liar can do whatever its keys, and the events it was given, allow; it reads no honest store.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from tests.simulation.lies import Lies
from tests.simulation.network import Wire
from tests.simulation.person import BEGAN_MS, key_of
from tests.simulation.talk import Talk

from tallystick.chain.slice import Slice, slice_value
from tallystick.errors import StoreError
from tallystick.replica.openlog import Means
from tallystick.replica.owner import Owner
from tallystick.replica.replica import Replica
from tallystick.replica.serving import Pusher
from tallystick.store.store import Store
from tallystick.sync import messages as m
from tallystick.sync.vector import NONCE_BYTES

if TYPE_CHECKING:
    from tests.simulation.world import World

FACES = 2
KEYS = 3


class Liar:
    """Args:
    often: how often a message is lied about; 0 lies by events only.
    """

    def __init__(self, world: World, number: int, *, often: float) -> None:
        self.world, self.number, self.often = world, number, often
        self.keys = [key_of(world.seed, f"{number}/{n}") for n in range(KEYS)]
        self.rng = Random(f"{world.seed}/liar/{number}")
        self.faces = [self._face(n) for n in range(FACES)]
        self.pushers = [Pusher(face._store, face._open_log) for face in self.faces]
        self.talks: list[Talk] = []
        self.forged: list[bytes] = []
        """Messages that no store would let out, waiting for a session."""
        self.withheld: list[tuple[int, Slice]] = []
        """Parents that are kept back: (face, slice)."""
        self.told = 0

    def _face(self, number: int) -> Replica:
        key = self.keys[0]
        entropy = Random(f"{self.world.seed}/liar/{self.number}/{number}").randbytes
        means = Means(now=lambda: BEGAN_MS + self.world.timeline.now, entropy=entropy)
        return Replica(Store.memory(), None, Owner(key.public, key=key), means=means)

    def face_for(self, peer: int) -> int:
        return Random(f"{self.world.seed}/{self.number}/{peer}").randrange(FACES)

    def joined(self, face: int) -> bool:
        return bool(self.faces[face]._store.logs())

    def inject(self, *slices: Slice) -> None:
        """Sends slices past the face's own store, in some session to come."""
        self.forged.append(m.encode(m.Slices(tuple(slice_value(one) for one in slices))))

    # --- talking ----------------------------------------------------------------------------------

    def call(self, peer: int, *, live: bool) -> None:
        wire = self.world.network.connect(self.number, peer)
        self._talk(wire, initiator=True, live=live).start()

    def answer(self, wire: Wire) -> None:
        self._talk(wire, initiator=False, live=True)

    def _talk(self, wire: Wire, *, initiator: bool, live: bool) -> Talk:
        at = self.face_for(wire.there)
        face = self.faces[at]
        session, own = self.pushers[at].session(
            face._endpoint(None),
            initiator=initiator,
            peer=f"p{wire.there}",
            nonce=self.rng.randbytes(NONCE_BYTES),
        )
        mouth = Lies(
            Random(f"{self.world.seed}/{self.number}/{wire.number}"),
            often=self.often,
            forged=self.forged,
        )
        self.world.tally.sessions += 1
        talk = Talk(
            self.world.timeline,
            wire,
            session,
            own,
            note=self.world.noter(self.number),
            failed=self._failed,
            over=self._over,
            mouth=mouth,
        )
        self.talks.append(talk)
        return talk

    def _failed(self, error: StoreError) -> None:
        raise AssertionError("a store in memory does not fail") from error

    def _over(self, talk: Talk) -> None:
        if talk in self.talks:
            self.talks.remove(talk)

    def push(self) -> None:
        """What its stores took in goes on to whoever is connected live."""
        for at, pusher in enumerate(self.pushers):
            pusher.push([talk for talk in self.talks if self.face_for(talk.peer) == at])

    def silence(self) -> None:
        for talk in list(self.talks):
            talk.cut()
        self.talks.clear()

    def close(self) -> None:
        self.silence()
        for face in self.faces:
            face.close()
