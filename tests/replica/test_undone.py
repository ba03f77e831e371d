"""What was begun and could not be ended leaves nothing behind, in the file or in the process."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from tests.disk.adapter import Simulated
from tests.disk.sim_disk import SimDisk
from tests.model.replica_world import check, key_of, means_of, replica, world

from tallystick.errors import NotFound, StoreError, UsageError
from tallystick.event.ids import parse_cid
from tallystick.identity.keyfile import create_key
from tallystick.replica.openlog import Means
from tallystick.replica.owner import Owner, key_path
from tallystick.replica.replica import Replica, create_replica, open_replica
from tallystick.store import Store


def fail(*_: object) -> None:
    raise StoreError("store/io")


def test_a_view_whose_making_was_undone_is_no_view(monkeypatch):
    (one,) = world(1)
    monkeypatch.setattr(one._store.db, "commit", fail)
    with pytest.raises(StoreError):
        one.define_sum("sums", kind="rating/rate")
    monkeypatch.undo()
    one.write("rating/rate", {"target": one.did, "rating": 3})
    assert [view.name for view in one.views()] == ["ledger", "places", "texts", "titles"]
    with pytest.raises(NotFound):
        one.view("sums")
    one.define_sum("sums", kind="rating/rate")
    check(one)


def test_a_view_whose_dropping_was_undone_is_a_view_as_before():
    (one,) = world(1)
    one.define_sum("sums", kind="rating/rate")
    views, store = one._log.views, one._store

    def drop() -> None:
        with store.write():
            views.detach("sums")
            fail()

    with pytest.raises(StoreError):
        drop()
    one.write("rating/rate", {"target": one.did, "rating": 3})
    assert [view.name for view in one.views()] == ["ledger", "places", "sums", "texts", "titles"]
    check(one)


def test_writing_to_a_log_of_which_nothing_has_come_says_so():
    (one,) = world(1)
    other = replica("other")
    with other._store.write():
        other._store.add_log(parse_cid(one.log), name="", purpose="")
    with pytest.raises(UsageError) as caught:
        other.write("note", "too early")
    assert caught.value.code == "usage/no-log"
    other.sync(one)
    other.write("note", "now")
    check(other)


def test_a_store_whose_owner_cannot_be_named_is_closed_again(tmp_path, monkeypatch):
    disk = SimDisk()
    means = Means(now=lambda: 0, entropy=means_of("a").entropy, disk=Simulated(disk))
    path = tmp_path / "a.tally"
    monkeypatch.setattr(Replica, "name_actor", fail)
    with pytest.raises(StoreError):
        create_replica(path, means=means, name="ana")
    with pytest.raises(StoreError) as caught:
        open_replica(path, means=means, name="ana")
    assert caught.value.code == "store/io"  # not store/busy: nobody holds it
    monkeypatch.undo()
    with open_replica(path, means=means, name="ana") as one:
        assert one.name == "ana"


def test_a_key_that_cannot_be_written_into_the_store_leaves_neither(tmp_path, monkeypatch):
    path = tmp_path / "a.tally"
    monkeypatch.setattr(Store, "keep", fail)
    with pytest.raises(StoreError):
        create_replica(path, means=means_of("a"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", ["empty file", "no tables", "no owner", "a key but no owner"])
def test_making_a_replica_that_was_interrupted_is_done_again(tmp_path, left):
    path = tmp_path / "a.tally"
    if left == "empty file":
        path.touch()
    elif left == "no tables":
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA journal_mode = WAL")
    else:
        Store.create(path, now=0).close()
    if left == "a key but no owner":
        create_key(key_path(path), random=bytes)
    with open_replica(path, means=means_of("a"), create=True, name="ana") as one:
        one.create_log("log")
        check(one)
    with open_replica(path, means=means_of("b")) as one:
        one.write("note", "it can write")


def test_a_store_that_has_an_owner_is_not_made_again(tmp_path):
    path = tmp_path / "a.tally"
    create_replica(path, means=means_of("a")).close()
    with pytest.raises(StoreError) as caught:
        create_replica(path, means=means_of("b"))
    assert caught.value.code == "store/exists"
    key = key_of("other")
    with Store.open(path) as store:
        assert Owner.of(store, key_path(path), passphrase=None).public != key.public
