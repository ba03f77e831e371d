"""The store's contract, on a file and in memory."""

from __future__ import annotations

from tests.contract.store_cases import StoreCases

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
