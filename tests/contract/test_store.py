"""The store's contract, on a file, in memory, and on another binding of SQLite."""

from __future__ import annotations

from tests.contract.store_cases import StoreCases
from tests.disk.adapter import ApswFiles, Simulated
from tests.disk.sim_disk import SimDisk

from tallystick.store import Store


class TestSqliteFile(StoreCases):
    def make(self, tmp_path):
        return Store.create(tmp_path / "a.tally", now=7)


class TestReopenedFile(StoreCases):
    def make(self, tmp_path):
        Store.create(tmp_path / "a.tally", now=7).close()
        return Store.open(tmp_path / "a.tally")


class TestMemory(StoreCases):
    def make(self, tmp_path):
        return Store.memory()


class TestApswFile(StoreCases):
    def make(self, tmp_path):
        return Store.create(tmp_path / "a.tally", now=7, disk=ApswFiles())


class TestSimulatedDisk(StoreCases):
    def make(self, tmp_path):
        return Store.create("/a.tally", now=7, disk=Simulated(SimDisk()))


class TestSimulatedDiskReopened(StoreCases):
    def make(self, tmp_path):
        disk = SimDisk()
        Store.create("/a.tally", now=7, disk=Simulated(disk)).close()
        return Store.open("/a.tally", disk=Simulated(disk))
