"""One honest person: a production replica on a simulated machine, with a clock of its own.

    deeds ──► Replica ──► Store on a Machine          acked: every id that was ever said to be kept
    wires ──► Talk ──► Session ──► Noted(endpoint) ─┘
    Pusher ◄── whatever was stored since ──► live talks

Law: whatever a method of the replica returned, or a message of slices that was taken in, is in
``acked``; the world asks for it again after every crash and in every quiet.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Any

from tests.laws.registry import Entry
from tests.simulation.kept import check_kept
from tests.simulation.machine import MemoryMachine
from tests.simulation.network import Wire
from tests.simulation.talk import Talk

from tallystick.chain.slice import Slice
from tallystick.errors import StoreError, TallyError
from tallystick.event.ids import parse_cid
from tallystick.identity.keys import SigningKey
from tallystick.limits import SYNC_VECTOR_BYTES_MAX
from tallystick.replica.openlog import Means
from tallystick.replica.owner import Owner
from tallystick.replica.replica import Replica
from tallystick.replica.reports import Receipt
from tallystick.replica.serving import POLL_SECONDS, Pusher
from tallystick.state.views_fold import Fold, fold
from tallystick.state.views_ledger import LedgerView
from tallystick.state.views_sum import GroupSum
from tallystick.state.views_titles import TitlesView
from tallystick.sync.holdings import Endpoint, Holdings, Outcome
from tallystick.sync.session import Session
from tallystick.sync.vector import NONCE_BYTES

if TYPE_CHECKING:
    from tests.simulation.mishaps import Backup
    from tests.simulation.world import World

BEGAN_MS = 1_700_000_000_000
"""What honest clocks show when a world begins."""
POLL_MS = int(POLL_SECONDS * 1000)
MONEY, THINGS = LedgerView(), TitlesView()
RATINGS = GroupSum("ratings", kind="review/rate", key="target", amount="stars")


@fold(kinds="note/*", initial=list)
def letters(state: Any, event: Any) -> Any:
    """A fold whose state depends on the order of everything that counts."""
    last = state[-1] if state else 0
    number = event.content["n"] if isinstance(event.content, dict) else 0
    return [*state[-50:], (last * 31 + number) % 1_000_003]


assert isinstance(letters, Fold)


def key_of(seed: object, name: object) -> SigningKey:
    return SigningKey(sha256(f"simulation/{seed}/{name}".encode()).digest())


def returned(found: Any) -> list[str]:
    """Ids of events that a verb of the replica handed back."""
    if isinstance(found, Receipt):
        return [] if found.private else [found.id]
    if isinstance(found, str):
        return [found]
    return found if isinstance(found, list) else []


class Noted:
    """An endpoint that tells its person what was stored, as soon as it is."""

    def __init__(self, endpoint: Endpoint, stored: Callable[[], None]) -> None:
        self._endpoint = endpoint
        self._stored = stored

    def logs(self) -> Any:
        return self._endpoint.logs()

    def open(self, log: bytes) -> Holdings | None:
        return self._endpoint.open(log)

    def join(self, log: bytes) -> Holdings | None:
        return self._endpoint.join(log)

    def receive(self, log: bytes, slices: list[Slice], peer: str) -> Outcome:
        outcome = self._endpoint.receive(log, slices, peer)
        self._stored()
        return outcome


class Person:
    """Args:
    skew_ms: how far the clock is off.
    """

    def __init__(self, world: World, number: int, machine: MemoryMachine, *, skew_ms: int) -> None:
        self.world, self.number, self.machine = world, number, machine
        self.key = key_of(world.seed, number)
        self.did = self.key.did
        self.skew_ms = skew_ms
        self.present = False
        self.replica: Replica | None = None
        self.talks: list[Talk] = []
        self.acked: list[bytes] = []
        self.promised: set[bytes] = set()
        """Ids that a method returned."""
        self.own: set[bytes] = set()
        """Events of one's own that were ever here."""
        self.privates = 0
        self.policy: bytes | None = None
        """The policy that was last said to be in force; None when a failure left it open."""
        self.two_histories = False
        """Whether this person wrote on after a backup, against all advice."""
        self.backup: Backup | None = None
        self.once_own: set[bytes] = set()
        """Events of one's own that a store held which is no more."""
        self.catching_up = False
        """Whether the store is an old backup that has not yet met the world."""
        self.alive_ms = 0
        self._since = 0
        self._boots = 0
        self._pusher: Pusher | None = None
        self._pushing = False

    # --- up and down ------------------------------------------------------------------------------

    def begin(self) -> None:
        """A new store, and whatever it knew before forgotten."""
        self.acked, self.promised, self.privates, self.policy = [], set(), 0, None
        self._boot(self.machine.create(self.now()))

    def restart(self, *, whole: bool = True) -> None:
        """The process again, on the store that is there; ``whole``: it holds all it said."""
        self._boot(self.machine.open())
        if whole:
            check_kept(self)
        self.stored()

    def start_over(self) -> None:
        """A new store with the same key, to be filled by others before anything is written."""
        self._remember_own()
        self.catching_up = True
        self.backup = None
        self.begin()

    def forget_since(self, backup: Backup, *, careless: bool) -> None:
        """The store is one of some time ago."""
        self._remember_own()
        self.catching_up, self.two_histories = not careless, self.two_histories or careless
        self.acked = self.acked[: backup.acked]
        self.promised.intersection_update(self.acked)
        self.privates, self.policy = backup.privates, backup.policy

    def _remember_own(self) -> None:
        self.once_own |= self.own

    def own_size(self) -> int:
        """How long its own chain is here."""
        log = self.replica._log
        lines = log.store.lines(log.no, self.key.public)
        return max((line.size for line in lines), default=0)

    def caught_up(self) -> None:
        """The world was met. What only liars still know of may yet come to light."""
        if self.once_own - set(self.acked):
            self.two_histories = True
        self.catching_up = False

    def _boot(self, store: Any) -> None:
        assert self.replica is None
        self._boots += 1
        entropy = Random(f"{self.world.seed}/entropy/{self.number}/{self._boots}")
        means = Means(now=self.now, entropy=entropy.randbytes)
        self.replica = Replica(store, None, Owner(self.key.public, key=self.key), means=means)
        self._pusher = Pusher(store, self.replica._open_log)
        self.present = True
        self._since = self.world.timeline.now
        if store.logs():
            try:
                self.attach()
            except StoreError as error:
                self.world.disk_failed(self, error)

    def attach(self) -> None:
        """The views that everybody keeps."""
        replica = self.replica
        assert replica is not None
        replica.define_sum("ratings", kind="review/rate", key="target", amount="stars")
        replica.view(letters)
        replica.view(MONEY)
        replica.view(THINGS)
        if self.world.plan.writers:
            replica.collection("a", Entry)

    def down(self) -> None:
        """The process is gone, between two moments; its connections with it."""
        replica, self.replica, self._pusher = self.replica, None, None
        if replica is None:
            return
        self.alive_ms += self.world.timeline.now - self._since
        for talk in list(self.talks):
            talk.cut()
        self.talks.clear()
        with suppress(StoreError):  # what cannot be folded now is folded at the next opening
            replica.close()

    def settle_hours(self) -> None:
        """Counts the time up to now."""
        if self.replica is not None:
            now = self.world.timeline.now
            self.alive_ms += now - self._since
            self._since = now

    def now(self) -> int:
        return max(0, BEGAN_MS + self.world.timeline.now + self.skew_ms)

    @property
    def joined(self) -> bool:
        return self.replica is not None and bool(self.acked)

    # --- deeds ------------------------------------------------------------------------------------

    def do(self, act: Callable[[Replica], Any], *, refused: set[str]) -> Any:
        """Something its person does; None when it was refused, or when the disk failed."""
        replica = self.replica
        assert replica is not None
        try:
            found = act(replica)
        except StoreError as error:
            self.world.disk_failed(self, error)
            return None
        except TallyError as error:
            if error.code not in refused:
                raise
            self.world.refused[error.code] += 1
            self.stored()
            return None
        self.stored()
        self.promised.update(parse_cid(id) for id in returned(found))
        try:
            if replica._store.logs():
                self.policy = replica.policy.bytes()
                self.privates = len(replica._store.privates(replica._log.no))
        except StoreError as error:
            self.world.disk_failed(self, error)
        return found

    def stored(self) -> None:
        """Takes down what is now said to be kept, and lets live peers know soon."""
        try:
            self._take_down()
        except StoreError as error:
            self.world.disk_failed(self, error)

    def _take_down(self) -> None:
        replica = self.replica
        if replica is None or not replica._store.logs():
            return
        store = replica._store
        if store.next_row - 1 > len(self.acked):
            if not self.acked:
                self.attach()
            rows = range(len(self.acked) + 1, store.next_row)
            for event in store.iter_events([(rows.start, len(rows))]):
                self.acked.append(event.id)
                if event.author == self.key.public:
                    self.own.add(event.id)
                    self.policy = None  # one's own word, back from others, moves it too
        self._push_soon()

    # --- talking ----------------------------------------------------------------------------------

    def call(self, peer: int, *, live: bool) -> Talk | None:
        """Opens a session with somebody; None when the store does not let it."""
        if self.replica is None:
            return None
        wire = self.world.network.connect(self.number, peer)
        try:
            talk = self._talk(wire, initiator=True, live=live)
        except StoreError as error:
            self.world.disk_failed(self, error)
            return None
        talk.start()
        return talk

    def answer(self, wire: Wire) -> None:
        """Somebody has called."""
        if self.replica is None:
            wire.cut()
            return
        try:
            self._talk(wire, initiator=False, live=True)
        except StoreError as error:
            wire.cut()
            self.world.disk_failed(self, error)

    def _talk(self, wire: Wire, *, initiator: bool, live: bool) -> Talk:
        replica, pusher, world = self.replica, self._pusher, self.world
        assert replica is not None
        assert pusher is not None
        nonce = replica._means.entropy(NONCE_BYTES)
        endpoint, peer = replica._endpoint(None), f"p{wire.there}"
        # Worlds are small: every other person answers with ranges as if they were not
        longest = 0 if self.number % 2 else SYNC_VECTOR_BYTES_MAX
        options: dict[str, Any] = {"initiator": initiator, "peer": peer, "nonce": nonce}
        if live:
            session, own = pusher.session(endpoint, vector_bytes=longest, **options)
        else:
            session, own = Session(endpoint, vector_bytes=longest, **options), endpoint
        world.tally.sessions += 1
        talk = Talk(
            world.timeline,
            wire,
            session,
            Noted(own, self.stored),
            note=world.noter(self.number),
            failed=lambda error: world.disk_failed(self, error),
            over=self._over,
        )
        talk.pushed = live
        self.talks.append(talk)
        self._push_soon()
        return talk

    def _over(self, talk: Talk) -> None:
        if talk in self.talks:
            self.talks.remove(talk)
        self.world.session_over(self, talk)
        if self.replica is not None and not self.talks:
            try:
                self.replica._drop_hollow()
            except StoreError as error:
                self.world.disk_failed(self, error)

    def _push_soon(self) -> None:
        if not self._pushing and any(talk.pushed for talk in self.talks):
            self._pushing = True
            self.world.timeline.after(POLL_MS, self._push)

    def _push(self) -> None:
        self._pushing = False
        if self._pusher is None:
            return
        live = [talk for talk in self.talks if talk.pushed]
        try:
            self._pusher.push(live)
        except StoreError as error:
            self.world.disk_failed(self, error)
        if any(not talk.live for talk in live):
            self._push_later()

    def _push_later(self) -> None:
        """Sessions that are still catching up are looked at again, less often."""
        if not self._pushing:
            self._pushing = True
            self.world.timeline.after(20 * POLL_MS, self._push)
