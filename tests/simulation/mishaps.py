"""What befalls disks: power cuts, failing operations, full disks, flipped bits, old backups.

    crash · kill · falter · full      nothing that was said to be kept is missing afterwards
    save ... put_back                 the store is as it was; its chain may be longer elsewhere
    rot                               named by ``verify``, or refused, or without any effect

Law: after a mishap the process starts again on what the disk holds, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.finding import Finding
from tests.simulation.kept import check_kept
from tests.simulation.machine import DiskMachine
from tests.simulation.person import Person
from tests.simulation.timeline import SECOND_MS

from tallystick.errors import StoreError

if TYPE_CHECKING:
    from tests.simulation.world import World

Mishap = Callable[["World", Person, Random], None]
MISHAPS: dict[str, Mishap] = {}


@dataclass(frozen=True, slots=True)
class Backup:
    """What a person had said to keep when the backup was made."""

    acked: int
    privates: int
    policy: bytes | None
    own: int


def mishap(function: Mishap) -> Mishap:
    """Something that happens to people whose store lies on a disk, while they run."""

    def happens(world: World, one: Person, rng: Random) -> None:
        if one.replica is None or not isinstance(one.machine, DiskMachine):
            return
        try:
            function(world, one, rng)
        except StoreError as error:  # an operation that was to fail did so now
            world.disk_failed(one, error)

    MISHAPS[function.__name__] = happens
    return happens


@mishap
def crash(world: World, one: Person, rng: Random) -> None:
    """The power goes between two moments; some time later it is back."""
    one.machine.cut(rng)
    world.tally.crashes += 1
    one.down()
    later(world, one, rng)


@mishap
def kill(world: World, one: Person, rng: Random) -> None:
    one.machine.kill()
    world.tally.crashes += 1
    one.down()
    later(world, one, rng)


@mishap
def falter(world: World, one: Person, rng: Random) -> None:
    """An operation soon to come fails; if all do from then on, the power goes with it."""
    one.machine.fail(rng)


@mishap
def full(world: World, one: Person, rng: Random) -> None:
    machine = one.machine
    machine.fill(rng)
    disk = machine.disk

    def freed() -> None:
        disk.capacity = None

    world.timeline.after(rng.choice((20, 200)) * SECOND_MS, freed)


@mishap
def save(world: World, one: Person, rng: Random) -> None:
    """A copy of the disk, as of now."""
    if one.joined:
        one.machine.save()
        one.backup = Backup(len(one.acked), one.privates, one.policy, one.own_size())


@mishap
def put_back(world: World, one: Person, rng: Random) -> None:
    """The copy instead of the disk. Whoever is careful waits until it has met the world."""
    if one.backup is None:
        return
    lost = one.own_size() - one.backup.own
    one.machine.put_back()
    one.down()
    one.forget_since(one.backup, careless=rng.random() < 0.3 and lost > 0)
    later(world, one, rng)


@mishap
def rot(world: World, one: Person, rng: Random) -> None:
    """A bit is flipped while the process is down. A store that is named damaged is begun anew."""
    one.machine.repair()
    if not one.joined:
        return
    before = (one.replica.digest(), one.replica.state_hash("places"), one.replica.standing())
    one.down()
    place = one.machine.rot(rng)
    world.say(f"rot {place}", one.number)
    try:
        one.restart(whole=False)
        verified = one.replica.verify()
        named = not verified.ok
        if not named:
            check_kept(one)
        after = (one.replica.digest(), one.replica.state_hash("places"), one.replica.standing())
    except StoreError:
        named, after = True, before
    if not named and after != before:
        raise Finding("corrupt", f"r{one.number}: a flipped bit at {place} is not named")
    if named:
        world.tally.rot_named += 1
        one.down()
        one.start_over()
    else:
        world.tally.rot_harmless += 1


def later(world: World, one: Person, rng: Random) -> None:
    """The process starts again after a while."""
    world.timeline.after(rng.choice((1, 30, 300)) * SECOND_MS, lambda: back(world, one))


def back(world: World, one: Person) -> None:
    if one.present and one.replica is None:
        world.say("back", one.number)
        one.restart()


def failed(world: World, one: Person, error: StoreError) -> None:
    """A store refused: only a disk that was told to fail may be the reason.

    A disk that fails for good takes the process down with it, once this moment is over.
    """
    machine = one.machine
    if not (isinstance(machine, DiskMachine) and machine.failing):
        raise Finding("escaped", f"r{one.number}: {error}")
    world.tally.disk_errors += 1
    one.policy = None
    plan, disk = machine.disk.plan, machine.disk

    def goes() -> None:
        if machine.disk is disk and one.replica is not None:
            crash(world, one, Random(f"{world.seed}/{one.number}/{disk.ops}"))

    if plan is not None and plan.sticky:
        world.timeline.after(0, goes)
