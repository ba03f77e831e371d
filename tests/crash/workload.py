"""What a replica does while its disk fails: every verb that writes, in an order that a seed draws.

    ana    the replica under test: production code on a simulated disk, key file on a real one
    ben    her peer, on a simulated disk of his own that never fails
    shelf  slices of a third author: some wait for parents that come in another slice
    bundle a file of ben's log as it was before

Law: from the same seed, step number and disks a step does the same; so a step can be done again
with the n-th operation failing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random

from tests.crash.oracle import check_peers, coded
from tests.disk.adapter import Simulated
from tests.disk.sim_disk import SimDisk
from tests.model.replica_world import FIRST_MS, key_of, replica

from tallystick.chain.slice import Slice
from tallystick.errors import TallyError
from tallystick.replica.openlog import Means
from tallystick.replica.owner import Owner
from tallystick.replica.replica import Replica, open_replica
from tallystick.store import Store

BEN_PATH = "/ben.tally"
LOG = "shared"


@dataclass(frozen=True)
class Cast:
    """What stands ready before ana begins: the same for every run of a seed."""

    ben: SimDisk
    shelf: tuple[tuple[Slice, ...], ...]
    bundle: bytes
    log: str


@lru_cache(maxsize=4)
def cast(seed: int) -> Cast:
    """ben's disk, cleo's slices and a bundle, made from a seed."""
    rng = Random(f"cast/{seed}")
    disk = SimDisk()
    store = Store.create(BEN_PATH, now=FIRST_MS, disk=Simulated(disk))
    own = key_of(f"ben/{seed}")
    ben = Replica(store, None, Owner(own.public, key=own), means=means(f"{seed}/ben"))
    log = ben.create_log(LOG)
    cleo, dora = replica(f"cleo/{seed}"), replica(f"dora/{seed}")
    ben.write_many([("note", {"n": n, "text": "b" * rng.randrange(300)}) for n in range(12)])
    ben.set("list/1/title", "from ben")
    for other in (cleo, dora):
        other.sync(ben)
    cleo.write_many([("rating/rate", {"target": ben.did, "rating": n}) for n in range(4)])
    bundle = _bundle(ben)
    ben.sync(cleo)
    ben.ban(cleo.did, scope="rating/*")
    shelf = []
    for number in range(6):
        dora.sync(cleo)
        before = len(dora.history())
        dora.write("note", {"n": number})
        cleo.sync(dora)
        cleo.write_many([("note", {"n": n}) for n in range(rng.randrange(1, 4))])
        shelf.append(tuple(_newest(cleo, len(dora.history()) - before)))
        shelf.append(tuple(_newest(dora, 1)))
    ben.close()
    return Cast(disk, tuple(shelf), bundle, log)


def _newest(one: Replica, at_least: int) -> list[Slice]:
    """The newest slices of a replica's own chain: at least so many events of it."""
    holdings, own = one._log.holdings, one._owner.public
    (line,) = one._store.lines(one._log.no, own)
    begin = max(line.first_seq, line.size - 3 * at_least)
    return list(holdings._slices(line, begin, line.size))


def _bundle(one: Replica) -> bytes:
    from io import BytesIO

    from tallystick.sync.bundle import write_bundle

    out = BytesIO()
    with one._store.read():
        write_bundle(one._log.holdings, out)
    return out.getvalue()


def means(name: str, disk: SimDisk | None = None, **options) -> Means:
    """A clock that ticks when asked, and randomness that is the same in every run."""
    random, now = Random(f"means/{name}"), [FIRST_MS]

    def tick() -> int:
        now[0] += 7
        return now[0]

    if disk is None:
        return Means(now=tick, entropy=random.randbytes)
    return Means(now=tick, entropy=random.randbytes, disk=Simulated(disk, **options))


@dataclass
class World:
    """ana and ben at one moment.

    Args:
        folder: a real one, for ana's key file and bundles.
        acked: what ana was told is durable, counted.
        opened: told of every connection of ana's.
    """

    seed: int
    folder: Path
    disk: SimDisk
    ben_disk: SimDisk
    synchronous: str = "FULL"
    step: int = 0
    acked: int = 0
    opened: Callable | None = None
    _ana: Replica | None = None
    _ben: Replica | None = None
    shelved: list[int] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.folder / "ana.tally"

    @property
    def cast(self) -> Cast:
        return cast(self.seed)

    @property
    def ana(self) -> Replica:
        """Ana's replica, opened (or made) if it is not."""
        if self._ana is None:
            name = f"{self.seed}/ana/{self.step}"
            self._ana = open_replica(
                self.path, create=True, name="ana",
                means=means(name, self.disk, synchronous=self.synchronous, opened=self.opened),
            )  # fmt: skip
            self.bind()
        return self._ana

    @property
    def ben(self) -> Replica:
        if self._ben is None:
            store = Store.open(BEN_PATH, disk=Simulated(self.ben_disk))
            own = key_of(f"ben/{self.seed}")
            with_means = means(f"{self.seed}/ben/{self.step}")
            self._ben = Replica(store, None, Owner(own.public, key=own), means=with_means)
        return self._ben

    def bind(self) -> None:
        """Makes ana mean the shared log once she has it."""
        assert self._ana is not None
        if any(log.id == self.cast.log for log in self._ana.logs()):
            self._ana._wanted = self.cast.log

    def copy(self, *, step: int | None = None) -> World:
        """The same world as of now, nobody having opened anything."""
        return World(
            self.seed, self.folder, self.disk.clone(), self.ben_disk.clone(), self.synchronous,
            self.step if step is None else step, self.acked, shelved=list(self.shelved),
        )  # fmt: skip

    def close(self) -> None:
        """Closes what is open, whatever the disks say to that."""
        for one in (self._ana, self._ben):
            if one is not None:
                with suppress(TallyError):
                    one.close()
        self._ana = self._ben = None

    def note(self, count: int = 1) -> None:
        self.acked += count


# --- the steps ------------------------------------------------------------------------------------


def make(w: World, rng: Random) -> None:
    w.ana.create_log("own")
    w.note(2)


def join(w: World, rng: Random) -> None:
    """Part of the shared log from a file, the rest from a peer."""
    bundle(w, rng)
    w.bind()
    report = w.ana.sync(w.ben, log=w.cast.log)
    w.note(report.events_in)
    w.bind()


def write(w: World, rng: Random) -> None:
    for _ in range(rng.randrange(1, 4)):
        w.ana.write("note", {"text": "x" * rng.randrange(200)})
        w.note()


def write_many(w: World, rng: Random) -> None:
    count = rng.randrange(5, 40)
    w.ana.write_many([("note/many", {"n": n, "text": "y" * rng.randrange(60)})
                      for n in range(count)])  # fmt: skip
    w.note(count)


def write_large(w: World, rng: Random) -> None:
    w.ana.write("note/large", {"text": "z" * rng.randrange(5_000, 30_000)})
    w.note()


def edit(w: World, rng: Random) -> None:
    w.ana.set(f"list/{rng.randrange(3)}/title", f"word {rng.randrange(9)}")
    w.note()
    w.ana.add(f"list/{rng.randrange(3)}/tags", rng.randrange(9))
    w.note()
    w.ana.inc(f"list/{rng.randrange(3)}/count", rng.randrange(1, 9))
    w.note()


def define_sum(w: World, rng: Random) -> None:
    w.ana.define_sum(f"sum{rng.randrange(3)}", kind="rating/rate")
    w.note()


def rate(w: World, rng: Random) -> None:
    w.ana.write("rating/rate", {"target": w.ben.did, "rating": rng.randrange(-5, 6)})
    w.note()


def ban(w: World, rng: Random) -> None:
    others = sorted({event.author for event in w.ana.history()} - {w.ana.did})
    if others:
        w.ana.ban(rng.choice(others), private=rng.random() < 0.5)
        w.note()


def withdraw(w: World, rng: Random) -> None:
    mine = [s for s in w.ana._log.judging.mine if s.verb == "ban"]
    if mine:
        from tallystick.event.ids import cid_text

        w.ana.withdraw(cid_text(rng.choice(mine).id))
        w.note()


def adopt(w: World, rng: Random) -> None:
    w.ana.adopt(w.ben.did, weight=rng.randrange(1, 4), private=rng.random() < 0.5)
    w.note()


def exclude(w: World, rng: Random) -> None:
    events = [event for event in w.ana.history() if event.author != w.ana.did and event.counts]
    if events:
        w.ana.exclude(rng.choice(events).id, private=rng.random() < 0.5)
        w.note()


def retract(w: World, rng: Random) -> None:
    own = [e for e in w.ana.history(author=w.ana.did) if e.kind.startswith("note") and e.counts]
    if own:
        w.ana.retract(rng.choice(own).id)
        w.note()


def policy(w: World, rng: Random) -> None:
    w.ana.set_policy(threshold=rng.randrange(1, 5), max_depth=rng.randrange(1, 4))
    w.note()


def name(w: World, rng: Random) -> None:
    w.ana.name_actor(w.ben.did, f"ben-{rng.randrange(9)}")
    w.note()


def receive(w: World, rng: Random) -> None:
    """Slices off the shelf: in turn the later ones, which wait, and those they wait for."""
    number = len(w.shelved)
    if number < len(w.cast.shelf):
        w.shelved.append(number)
        w.ana.receive(w.cast.shelf[number])
        w.note()


def bundle(w: World, rng: Random) -> None:
    path = w.folder / "ben.bundle"
    if not path.exists():
        path.write_bytes(w.cast.bundle)
    report = w.ana.import_bundle(path, log=w.cast.log)
    w.note(report.events_in)


def sync(w: World, rng: Random) -> None:
    for one in rng.sample((w.ana, w.ben), 2):
        one.write("note", {"before": "sync"})
    w.note()
    report = w.ana.sync(w.ben)
    w.note(report.events_in)


def fold_wal(w: World, rng: Random) -> None:
    w.ana._store.checkpoint()


def reopen(w: World, rng: Random) -> None:
    if w._ana is not None:
        leaving, w._ana = w._ana, None
        leaving.close()
    w.ana.history(limit=3)


FIRST = (make, join)
LATER = (
    write, write_many, write_large, edit, define_sum, rate, ban, withdraw, adopt, exclude, retract,
    policy, name, receive, receive, bundle, sync, fold_wal, reopen,
)  # fmt: skip


def script(seed: int, length: int) -> list[Callable[[World, Random], None]]:
    """The steps of a seed: first those that must be, then each other one before any comes again."""
    rng = Random(f"script/{seed}")
    steps = list(FIRST)
    while len(steps) < length:
        steps += rng.sample(LATER, len(LATER))
    return steps[:length]


def run_step(w: World, steps: list, number: int) -> None:
    """Does one step; the same from the same world."""
    w.step = number
    steps[number](w, Random(f"{w.seed}/{number}"))


def begin(seed: int, folder: Path, *, synchronous: str = "FULL") -> World:
    """A world in which ana has nothing yet."""
    return World(seed, folder, SimDisk(), cast(seed).ben.clone(), synchronous)


def go_on(w: World) -> None:
    """Ana works on as if nothing had happened: she writes, and one exchange makes both equal."""
    if w.ana.logs():
        w.ana._wanted = w.ana.logs()[-1].id
        error = coded(lambda: w.ana.write("note", "going on"))
        assert error is None or error.code == "usage/no-log", error
    check_peers(w.ana, w.ben, w.cast.log)
