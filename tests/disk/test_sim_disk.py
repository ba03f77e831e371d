"""The simulated disk does what it is told: production pragmas, loss, faults, fullness, rot."""

from __future__ import annotations

from random import Random

import pytest
from tests.disk.adapter import Simulated
from tests.disk.sim_disk import OPS, File, Plan, SimDisk
from tests.model.replica_world import check, key_of, means_of
from tests.store.world import World, key, put

from tallystick.errors import StoreError
from tallystick.replica.openlog import Means
from tallystick.replica.owner import Owner
from tallystick.replica.replica import Replica, create_replica, open_replica
from tallystick.store import Store
from tallystick.store.disk import Found

PATH = "/a.tally"


def filled(disk: SimDisk, **options) -> Store:
    store = Store.create(PATH, now=0, disk=Simulated(disk, **options))
    put(store, World().genesis())
    return store


def test_the_store_runs_there_in_the_mode_it_runs_in_on_a_real_disk():
    with Store.create(PATH, now=0, disk=Simulated(SimDisk())) as store:
        assert store.db.row("PRAGMA journal_mode") == ("wal",)
        assert store.db.row("PRAGMA synchronous") == (2,)
        assert store.db.row("PRAGMA locking_mode") == ("exclusive",)
        assert store.db.row("PRAGMA page_size") == (4096,)
    with filled(SimDisk(), synchronous="NORMAL") as store:
        assert store.db.row("PRAGMA synchronous") == (1,)


def test_one_file_is_one_connections():
    disk = SimDisk()
    with filled(disk), pytest.raises(StoreError) as caught:
        Store.open(PATH, disk=Simulated(disk))
    assert caught.value.code == "store/busy"


def test_a_path_is_looked_at_as_on_a_real_disk():
    disk = SimDisk()
    files = Simulated(disk)
    assert files.look(PATH) is Found.NOTHING
    disk.put(PATH, b"")
    assert files.look(PATH) is Found.EMPTY
    disk.put(PATH, b"text")
    assert files.look(PATH) is Found.OTHER
    files.remove(PATH)
    filled(disk).close()
    assert files.look(PATH) is Found.DATABASE


def test_what_was_synced_survives_every_power_cut_and_what_was_not_may_go():
    disk = SimDisk()
    file = disk.open("f", create=True)
    disk.write("f", file, 0, b"a" * 2048)
    disk.sync("f", file, folder=True)
    disk.write("f", file, 1024, b"b" * 2048)
    left = {disk.cut(Random(seed)).content("f") for seed in range(60)}
    assert all(one[:1024] == b"a" * 1024 for one in left)
    assert b"a" * 2048 in left
    assert b"a" * 1024 + b"b" * 2048 in left
    torn = [one for one in left if b"a" in one[1024:2048] and b"b" in one[1024:2048]]
    assert torn
    assert all(
        one[at : at + 512] in (b"a" * 512, b"b" * 512) for one in left for at in (1024, 1536)
    )
    assert disk.content("f") == b"a" * 1024 + b"b" * 2048


def test_names_are_durable_only_once_their_folder_is_synced():
    disk = SimDisk()
    file = disk.open("f", create=True)
    disk.sync("f", file, folder=False)
    found = {tuple(disk.cut(Random(seed)).names()) for seed in range(30)}
    assert found == {(), ("f",)}
    disk.sync("f", file, folder=True)
    disk.delete("f", folder=False)
    found = {tuple(disk.cut(Random(seed)).names()) for seed in range(30)}
    assert found == {(), ("f",)}
    assert disk.clone().names() == []


def test_a_clone_shares_nothing_that_changes():
    disk = SimDisk()
    file = disk.open("f", create=True)
    disk.write("f", file, 0, b"one")
    other = disk.clone()
    disk.write("f", file, 0, b"two")
    disk.flip("f", 0, 0)
    assert (disk.content("f"), other.content("f")) == (b"uwo", b"one")
    assert isinstance(other.open("f", create=False), File)
    assert other.ops == 1


@pytest.mark.parametrize("kind", OPS)
def test_every_sort_of_operation_can_fail_and_is_told_with_a_code(kind):
    """The first operation of each sort fails, once: when the store is made, used or closed."""
    seen = []
    disk = SimDisk()
    disk.watch = seen.append
    with filled(disk) as store:
        store.checkpoint()
    at = next((op.number for op in seen if op.kind == kind), None)
    assert at is not None, f"no {kind} among {len(seen)} operations"
    broken = SimDisk()
    broken.plan = Plan(at)
    codes = set()
    try:
        with filled(broken) as store:
            store.checkpoint()
    except StoreError as error:
        codes.add(error.code)
    assert codes <= {"store/io", "store/busy"}
    assert [op.kind for op in broken.failed] == [kind]


def test_a_full_disk_says_so_and_keeps_what_it_had():
    disk = SimDisk()
    world = World()
    with Store.create(PATH, now=0, disk=Simulated(disk)) as store:
        put(store, world.genesis())
        disk.capacity = disk.used() + 8192
        pack = world.pack(key(2), 2000)
        with pytest.raises(StoreError) as caught:
            put(store, pack)
        assert caught.value.code == "store/full"
        assert store.next_row == 2
        disk.capacity = None
        put(store, pack)
    with Store.open(PATH, disk=Simulated(disk)) as store:
        assert store.next_row == 2002


def test_a_replica_is_made_and_opened_on_the_disk_it_is_handed(tmp_path):
    disk = SimDisk()
    plain = means_of("a")
    means = Means(now=plain.now, entropy=plain.entropy, disk=Simulated(disk))
    path = tmp_path / "a.tally"
    with create_replica(path, means=means, name="ana") as one:
        one.create_log("log")
        id = one.write("note", "hello")
    assert [file.name for file in tmp_path.iterdir()] == ["a.tally.key"]
    with open_replica(path, means=means) as one:
        assert one.show(id).content == "hello"
        assert one.sql("SELECT count(*) AS n FROM event").rows == ((2,),)
        assert one.sql("SELECT no AS n FROM pending").columns == ("n",)
        check(one)


def test_power_cuts_do_not_lose_what_a_store_said_was_kept_and_normal_does():
    lost = {"FULL": 0, "NORMAL": 0}
    for synchronous in lost:
        disk = SimDisk()
        files = Simulated(disk, synchronous=synchronous)
        store = Store.create(PATH, now=0, disk=files)
        own = key_of("a")
        one = Replica(store, None, Owner(own.public, key=own), means=means_of("a"))
        one.create_log("log")
        ids = [one.write("note", number) for number in range(5)]
        for seed in range(20):
            left = disk.cut(Random(seed))
            try:
                with Store.open(PATH, disk=Simulated(left)) as found:
                    kept = len(ids) if found.logs() and found.next_row == 7 else 0
            except StoreError:
                kept = 0
            lost[synchronous] += kept < len(ids)
    assert lost["FULL"] == 0
    assert lost["NORMAL"] > 0
