"""What a simulated person's store lies on: memory that never fails, or a disk that does.

    write ──► SimDisk ─┬─ power cut: unsynced writes survive, tear or vanish
                       ├─ an operation fails, once or from now on; the disk is full
                       ├─ a bit is flipped while nobody looks
                       └─ a backup of some time ago is put back

Law: nothing here reaches the real disk; what happens to a disk is a function of the generator
handed in.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.disk.adapter import Simulated
from tests.disk.sim_disk import Plan, SimDisk

from tallystick.store.store import Store

PATH = Path("/store.tally")
ROOM_BYTES = 8_192
"""What is left on a disk that is about to be full."""


class MemoryMachine:
    """A store that lives as long as its process, on a machine that never fails."""

    fails = False

    def create(self, now: int) -> Store:
        """A new store in place of whatever was there."""
        return Store.memory()

    def open(self) -> Store:
        raise AssertionError("a store in memory is gone with its process")

    def repair(self) -> None:
        """No fault that was planned happens any more."""


class DiskMachine(MemoryMachine):
    """A store on a simulated disk."""

    fails = True

    def __init__(self) -> None:
        self.disk = SimDisk()
        self.saved: SimDisk | None = None

    def create(self, now: int) -> Store:
        self.repair()
        files = Simulated(self.disk)
        files.remove(PATH)
        return Store.create(PATH, now=now, disk=files)

    def open(self) -> Store:
        return Store.open(PATH, disk=Simulated(self.disk))

    def repair(self) -> None:
        self.disk.plan = self.disk.capacity = None

    @property
    def failing(self) -> bool:
        """Whether the store may be refused something."""
        return bool(self.disk.plan or self.disk.failed or self.disk.capacity is not None)

    def fail(self, rng: Random) -> None:
        """One of the next operations fails: once, or with all that follow."""
        at = self.disk.ops + rng.choice((0, 1, 2, 5, 11, 40, 150))
        self.disk.plan = Plan(at, sticky=rng.random() < 0.4, part=rng.choice((0.0, 0.5)))

    def fill(self, rng: Random) -> None:
        self.disk.capacity = self.disk.used() + rng.randrange(ROOM_BYTES)

    def cut(self, rng: Random) -> None:
        """The power goes. What the process still does, it does to a disk that is gone."""
        self.disk = self.disk.cut(rng)
        self.repair()

    def kill(self) -> None:
        """The process goes, and the disk does not notice."""
        self.disk = self.disk.clone()
        self.repair()

    def save(self) -> None:
        self.saved = self.disk.clone()

    def put_back(self) -> None:
        assert self.saved is not None
        self.disk = self.saved.clone()
        self.repair()

    def rot(self, rng: Random) -> str:
        """Flips one bit of one file; says which."""
        names = [name for name in self.disk.names() if self.disk.content(name)]
        name = rng.choice(names)
        at = rng.randrange(len(self.disk.content(name)))
        self.disk.flip(name, at, rng.randrange(8))
        return f"{name}@{at}"
