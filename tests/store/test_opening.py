"""Making, opening and sharing the file."""

from __future__ import annotations

import sqlite3

import pytest
from tests.store.world import World, key, put

from tallystick.errors import StoreError, UsageError
from tallystick.store import Store, adapter
from tallystick.store.disk import Files


def code(call) -> str:
    with pytest.raises(StoreError) as caught:
        call()
    return caught.value.code


def test_a_store_is_made_once(tmp_path):
    path = tmp_path / "a.tally"
    with Store.create(path, now=5) as store:
        assert store.created_ms == 5
    assert code(lambda: Store.create(path, now=6)) == "store/exists"
    with Store.open(path) as store:
        assert store.created_ms == 5


def test_what_is_not_a_store_is_refused_and_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("something else entirely")
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()
    assert code(lambda: Store.open(tmp_path / "nothing")) == "store/missing"
    for path in (text, other, tmp_path):
        before = None if path.is_dir() else path.read_bytes()
        assert code(lambda path=path: Store.open(path)) == "store/not-a-store"
        assert code(lambda path=path: Store.create(path, now=0)) == "store/exists"
        assert path.is_dir() or path.read_bytes() == before


def test_a_creation_cut_off_before_its_commit_may_be_repeated(tmp_path):
    path = tmp_path / "a.tally"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = WAL")
    db.close()
    assert code(lambda: Store.open(path)) == "store/not-a-store"
    with Store.create(path, now=3) as store:
        assert store.logs() == []


class FailingDisk(Files):
    """Real files; the last thing that opening asks of a connection fails."""

    def __init__(self) -> None:
        self.opened: list[adapter.Adapter] = []

    def open(self, path, *, create):
        db = super().open(path, create=create)

        def version():
            raise StoreError("store/io", where=path)

        db.version = version
        self.opened.append(db)
        return db


def test_a_connection_is_closed_again_whenever_opening_fails(tmp_path):
    path, disk = tmp_path / "a.tally", FailingDisk()
    Store.create(path, now=0).close()
    assert code(lambda: Store.open(path, disk=disk)) == "store/io"
    assert code(lambda: Store.create(tmp_path / "b.tally", now=0, disk=disk)) == "store/io"
    for db in disk.opened:
        with pytest.raises(UsageError, match="closed"):
            db.row("SELECT 1")


def test_another_format_is_refused_by_number(tmp_path):
    path = tmp_path / "a.tally"
    Store.create(path, now=0).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert code(lambda: Store.open(path)) == "store/version"


def test_a_file_cut_in_the_middle_is_damaged_not_a_crash(tmp_path):
    path = tmp_path / "a.tally"
    world = World()
    with Store.create(path, now=0) as store:
        put(store, world.genesis())
        put(store, world.pack(key(2), 500))
    path.write_bytes(path.read_bytes()[:20_000])

    def read() -> None:
        with Store.open(path) as store:
            list(store.iter_events([(1, 500)]))

    assert code(read) == "store/damaged"


def test_a_second_writer_waits_and_then_says_busy(tmp_path, monkeypatch):
    monkeypatch.setattr(adapter, "BUSY_TIMEOUT_MS", 1)
    path = tmp_path / "a.tally"
    with Store.create(path, now=0) as one, Store.open(path) as two:
        with one.write():

            def second() -> None:
                with two.write():
                    pass

            assert code(second) == "store/busy"
        second()


def test_two_processes_see_each_others_events(tmp_path):
    path = tmp_path / "a.tally"
    world = World()
    with Store.create(path, now=0) as one, Store.open(path) as two:
        put(one, world.genesis())
        assert two.rows_of([world.log]) == [None] or two.rows_of([world.log]) == [1]
        for turn in range(6):
            writer, reader = (one, two) if turn % 2 else (two, one)
            pack = world.pack(key(2 + turn % 3), 3)
            row = put(writer, pack)
            with reader.read():
                assert reader.row_of(pack.id(1)) == row + 1
                assert (
                    reader.find_line(1, pack.author).size == writer.find_line(1, pack.author).size
                )
                assert reader.next_row == row + 3


def test_a_read_block_is_one_snapshot(tmp_path):
    path = tmp_path / "a.tally"
    world = World()
    with Store.create(path, now=0) as one, Store.open(path) as two:
        put(one, world.genesis())
        with two.read():
            assert two.next_row == 2
            put(one, world.pack(key(2), 1))
            assert two.events(1, 9) == two.events(1, 1)
        assert len(two.events(1, 9)) == 2


def test_erased_content_is_gone_from_the_file_after_a_checkpoint(tmp_path):
    path = tmp_path / "a.tally"
    world = World()
    secret = b"a secret nobody should find again "
    with Store.create(path, now=0) as store:
        put(store, world.genesis())
        for repeats in (1, 20, 400):
            text = secret * repeats
            content = b"\x79" + len(text).to_bytes(2, "big") + text
            row = put(store, world.pack(key(2), 1, content=content))
            put(store, world.pack(key(3), 2))
            event = store.event(row)
            store.checkpoint()
            assert secret in path.read_bytes()
            with store.write():
                store.erase_content(row)
            store.checkpoint()
            for file in tmp_path.iterdir():
                data = file.read_bytes()
                assert event.seal not in data
                assert secret not in data


def test_commits_reach_the_disk_before_they_are_said_to_be_done(tmp_path):
    with Store.create(tmp_path / "a.tally", now=0) as made:
        assert made.db.row("PRAGMA journal_mode") == ("wal",)
    with Store.open(tmp_path / "a.tally") as store:
        assert store.db.row("PRAGMA journal_mode") == ("wal",)
        assert store.db.row("PRAGMA synchronous") == (2,)
        assert store.db.row("PRAGMA wal_autocheckpoint") == (adapter.WAL_PAGES,)
        assert store.db.row("PRAGMA cache_size") == (-adapter.CACHE_KIB,)
