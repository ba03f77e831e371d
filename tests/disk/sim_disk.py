"""A disk that is nothing but memory, and fails exactly when and how it is told to.

    file      durable bytes ── writes since the last sync, in order ──► what reads see
    folder    durable names ── creations and deletions, in order ─────► what opening sees

    cut(rng)   the power goes: of everything that was not synced, each sector of each write and
               each change of a name survives or does not, independently
    plan       the n-th operation fails, once or with all that follow

Law: a run is a function of what is done to the disk, the plan and the generator handed in; a
clone shares nothing that can change.

Modelled after what POSIX promises, no more: a sync makes one file's bytes durable; names are
durable after a sync of their folder, which SQLite does at the first sync of a write-ahead log or
journal it has opened, and at a deletion that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

SECTOR = 512
OPS = ("open", "access", "read", "write", "sync", "truncate", "delete", "size", "lock")
"""Everything that can fail. Shared memory is not there: the store runs in exclusive mode here."""


class DiskFailure(Exception):
    """An operation that was told to fail; the VFS turns it into SQLite's error for it."""

    def __init__(self, op: str, *, full: bool = False) -> None:
        super().__init__(f"{op} failed")
        self.op = op
        self.full = full


@dataclass(frozen=True, slots=True)
class Op:
    """One operation, told to ``SimDisk.watch`` before it happens."""

    number: int
    kind: str
    name: str
    offset: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Which operations fail.

    Args:
        at: number of the first that fails.
        sticky: whether all after it fail too.
        part: of a write that fails, this share of its sectors is written all the same.
        full: fails as a full disk does, not as a broken one.
    """

    at: int
    sticky: bool = False
    part: float = 0.0
    full: bool = False


@dataclass(slots=True)
class File:
    """One file, whatever it is called.

    Args:
        pending: since the last sync: (offset, bytes written), or (size, None) for a truncation.
        locks: levels by who holds them; a copy of the disk is nobody's.
    """

    durable: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    live: bytearray = field(default_factory=bytearray)
    locks: dict[int, int] = field(default_factory=dict)

    def clone(self) -> File:
        return File(self.durable, list(self.pending), bytearray(self.live))

    def write(self, offset: int, data: bytes) -> None:
        self.pending.append((offset, data))
        _put(self.live, offset, data)

    def truncate(self, size: int) -> None:
        self.pending.append((size, None))
        _cut(self.live, size)

    def sync(self) -> None:
        if self.pending:
            self.durable = bytes(self.live)
            self.pending.clear()

    def survivor(self, rng: Random) -> File:
        """What is found after a power cut."""
        left = bytearray(self.durable)
        keep = rng.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        for offset, data in self.pending:
            if data is None:
                if rng.random() < keep:
                    _cut(left, offset)
            elif rng.random() < 0.5:  # whole or not at all
                if rng.random() < keep:
                    _put(left, offset, data, rng)
            else:
                for begin, end in _sectors(offset, len(data)):
                    if rng.random() < keep:
                        _put(left, begin, data[begin - offset : end - offset], rng)
        return File(bytes(left), [], left)


def _put(target: bytearray, offset: int, data: bytes, rng: Random | None = None) -> None:
    """Writes; the gap before a write beyond the end is zeros, or whatever lay there before."""
    gap = offset - len(target)
    if gap > 0:
        target += bytes(gap) if rng is None or rng.random() < 0.5 else rng.randbytes(gap)
    target[offset : offset + len(data)] = data


def _cut(target: bytearray, size: int) -> None:
    if size < len(target):
        del target[size:]
    else:
        target += bytes(size - len(target))


def _sectors(offset: int, size: int) -> list[tuple[int, int]]:
    """The write's parts that lie in one sector each, as (begin, end) of the file."""
    end, found = offset + size, []
    while offset < end:
        stop = min(end, offset - offset % SECTOR + SECTOR)
        found.append((offset, stop))
        offset = stop
    return found


class SimDisk:
    """Files and names in memory.

    Args:
        capacity: bytes all files together may hold; None is no bound.
    """

    def __init__(self, *, capacity: int | None = None) -> None:
        self.capacity = capacity
        self.plan: Plan | None = None
        self.watch: Callable[[Op], None] | None = None
        """Told of every operation before it happens."""
        self.ops = 0
        self.failed: list[Op] = []
        """Operations that were made to fail."""
        self._names: dict[str, File] = {}
        self._durable_names: dict[str, File] = {}
        self._renames: list[tuple[str, File | None]] = []
        """Creations (name, file) and deletions (name, None) since names were last durable."""

    # --- what files do --------------------------------------------------------------------------

    def open(self, name: str | None, *, create: bool) -> File | None:
        """The file of a name, made if it may be; None when it is not there. No name: a new one."""
        self._step("open", name or "")
        if name is None:
            return File()
        if name not in self._names:
            if not create:
                return None
            self._names[name] = File()
            self._renames.append((name, self._names[name]))
        return self._names[name]

    def exists(self, name: str) -> bool:
        self._step("access", name)
        return name in self._names

    def read(self, name: str, file: File, offset: int, size: int) -> bytes:
        self._step("read", name, offset, size)
        return bytes(file.live[offset : offset + size])

    def write(self, name: str, file: File, offset: int, data: bytes) -> None:
        before = len(file.live)
        try:
            self._step("write", name, offset, len(data))
            grown = max(0, offset + len(data) - before)
            if self.capacity is not None and grown and self.used() + grown > self.capacity:
                raise DiskFailure("write", full=True)
        except DiskFailure:
            plan = self.plan
            if plan is not None and plan.part:
                parts = _sectors(offset, len(data))
                for begin, end in parts[: int(len(parts) * plan.part)]:
                    file.write(begin, data[begin - offset : end - offset])
            raise
        file.write(offset, data)

    def sync(self, name: str, file: File, *, folder: bool) -> None:
        """Makes a file's bytes durable, and with ``folder`` every name."""
        self._step("sync", name)
        file.sync()
        if folder:
            self._sync_names()

    def truncate(self, name: str, file: File, size: int) -> None:
        self._step("truncate", name, size)
        file.truncate(size)

    def size(self, name: str, file: File) -> int:
        self._step("size", name)
        return len(file.live)

    def lock(self, name: str) -> None:
        """Says that a lock is asked for; who holds which is the VFS's business."""
        self._step("lock", name)

    def delete(self, name: str, *, folder: bool) -> bool:
        """Takes a name away (durably with ``folder``); False when there was none."""
        self._step("delete", name)
        if self._names.pop(name, None) is None:
            return False
        self._renames.append((name, None))
        if folder:
            self._sync_names()
        return True

    def _sync_names(self) -> None:
        self._durable_names = dict(self._names)
        self._renames.clear()

    def _step(self, kind: str, name: str, offset: int = 0, size: int = 0) -> None:
        op = Op(self.ops, kind, name, offset, size)
        self.ops += 1
        if self.watch is not None:
            self.watch(op)
        plan = self.plan
        if plan is None or op.number < plan.at or (op.number > plan.at and not plan.sticky):
            return
        self.failed.append(op)
        raise DiskFailure(kind, full=plan.full and kind == "write")

    # --- what happens to disks ------------------------------------------------------------------

    def clone(self) -> SimDisk:
        """The same disk as of now: a copy, or what a process finds after another was killed."""
        files = {id(file): file.clone() for file in self._files()}
        other = SimDisk(capacity=self.capacity)
        other._names = {name: files[id(file)] for name, file in self._names.items()}
        other._durable_names = {name: files[id(file)] for name, file in self._durable_names.items()}
        other._renames = [
            (name, None if file is None else files[id(file)]) for name, file in self._renames
        ]
        return other

    def cut(self, rng: Random) -> SimDisk:
        """What is found when the power comes back. This disk is left as it is."""
        other = SimDisk(capacity=self.capacity)
        names = dict(self._durable_names)
        keep = rng.choice((0.0, 0.5, 1.0))
        for name, file in self._renames:
            if rng.random() < keep:
                if file is None:
                    names.pop(name, None)
                else:
                    names[name] = file
        files = {id(file): file.survivor(rng) for file in names.values()}
        other._names = {name: files[id(file)] for name, file in names.items()}
        other._sync_names()
        return other

    def _files(self) -> list[File]:
        renamed = [file for _, file in self._renames if file is not None]
        found = [*self._names.values(), *self._durable_names.values(), *renamed]
        return list({id(file): file for file in found}.values())

    # --- looking at it from outside; these never fail and are no operations -----------------------

    def names(self) -> list[str]:
        return sorted(self._names)

    def used(self) -> int:
        """Bytes of all files together."""
        return sum(len(file.live) for file in self._names.values())

    def content(self, name: str) -> bytes:
        return bytes(self._names[name].live)

    def put(self, name: str, content: bytes) -> None:
        """A file with a content, durable, replacing what had that name."""
        self._names[name] = File(content, [], bytearray(content))
        self._sync_names()

    def remove(self, name: str) -> None:
        """Takes a file away, durably, if it is there."""
        self._names.pop(name, None)
        self._sync_names()

    def flip(self, name: str, offset: int, bit: int) -> None:
        """Turns one bit over, on the platter and in what reads see."""
        file = self._names[name]
        file.live[offset] ^= 1 << bit
        if offset < len(file.durable):
            durable = bytearray(file.durable)
            durable[offset] ^= 1 << bit
            file.durable = bytes(durable)
