"""What a simulated person's store lies on: the seam between the world and a disk.

Law: nothing here reaches the real disk.
"""

from __future__ import annotations

from typing import Protocol

from tallystick.store.store import Store


class Machine(Protocol):
    """One computer with one store."""

    def create(self, now: int) -> Store:
        """A new store in place of whatever was there."""
        ...

    def open(self) -> Store:
        """The store that is there."""
        ...

    def repair(self) -> None:
        """No fault that was planned happens any more."""
        ...


class MemoryMachine:
    """A store that lives as long as its process, on a machine that never fails."""

    def create(self, now: int) -> Store:
        return Store.memory()

    def open(self) -> Store:
        raise AssertionError("a store in memory is gone with its process")

    def repair(self) -> None:
        pass
