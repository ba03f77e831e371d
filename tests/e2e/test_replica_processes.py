"""Killed at any moment of append, import or sync: every acknowledged event is there."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from random import Random
from time import sleep

import pytest
from tests.e2e.processes import (
    ROUNDS,
    SECONDS,
    TALLY,
    check_store,
    kill,
    make,
    served,
    start,
    sync,
    until,
    writer,
)

import tallystick

DELAYS = [0.25 + 0.03 * step for step in range(4 * ROUNDS)]
"""Seconds until a process is killed: from before it begins to after its first commits."""


@pytest.mark.parametrize("events", [1, 300])
def test_appends_that_were_acknowledged_survive_every_kill(tmp_path, events):
    (store,) = make(tmp_path, "a")
    acknowledged: list[str] = []
    for number in range(3 * ROUNDS):
        with writer(store, cwd=tmp_path, commits=100_000, events=events) as process:
            said = [process.stdout.readline().strip() for _ in range(1 + 7 * number)]
            acknowledged += said + kill(process)
        check_store(tmp_path / store, acknowledged)
    with tallystick.open(tmp_path / store) as replica:
        assert len({event.id for event in replica.history(kind="note")}) >= len(acknowledged)
        acknowledged.append(replica.write("note", "still going"))
        with tallystick.open(tmp_path / "b.tally", create=True) as other:
            assert other.sync(replica).equal
    check_store(tmp_path / "b.tally", acknowledged)


def test_an_import_that_is_killed_goes_on_where_it_stopped(tmp_path):
    (store,) = make(tmp_path, "a")
    with tallystick.open(tmp_path / store) as source:
        for _ in range(6):
            ids = source.write_many([("note", {"text": "x" * 900})] * 4_000)
        source.export(tmp_path / "all.bundle")
        digest = source.digest()
    tallystick.init(tmp_path / "b.tally").close()
    sizes = []
    for delay in DELAYS:
        with start(*TALLY, "import", "b.tally", "all.bundle", cwd=tmp_path) as process:
            sleep(delay)
            kill(process)
        with tallystick.open(tmp_path / "b.tally") as replica:
            sizes.append(replica.logs()[0].events if replica.logs() else 0)
            assert replica.verify().ok
    assert sizes == sorted(sizes)
    with tallystick.open(tmp_path / "b.tally") as replica:
        replica.import_bundle(tmp_path / "all.bundle")
    assert check_store(tmp_path / "b.tally", ids) == digest


def test_a_sync_of_which_either_end_is_killed_is_finished_by_the_next(tmp_path):
    stores = make(tmp_path, "ab")
    acknowledged = []
    for store in stores:
        with tallystick.open(tmp_path / store) as replica:
            for _ in range(3):
                acknowledged += replica.write_many([("note", {"text": "x" * 900})] * 4_000)
    for number, delay in enumerate(DELAYS):
        with (
            served(stores[0], cwd=tmp_path) as (server, url),
            sync(stores[1], url, cwd=tmp_path) as client,
        ):
            sleep(delay)
            kill(client if number % 2 else server)
            if number % 2 == 0:
                client.wait(timeout=SECONDS)
        for store in stores:
            with tallystick.open(tmp_path / store) as replica:
                assert replica.verify().ok
    with served(stores[0], cwd=tmp_path) as (_, url), sync(stores[1], url, cwd=tmp_path) as client:
        assert client.wait(timeout=SECONDS) == 0
    assert len({check_store(tmp_path / store, acknowledged) for store in stores}) == 1


@contextmanager
def following(folder, stores, url):
    """Processes that stay connected to a server, for as long as the block runs."""
    followers = [
        start(*TALLY, "sync", store, url, "--follow", cwd=folder, out=subprocess.DEVNULL)
        for store in stores
    ]
    try:
        yield
        assert [follower.poll() for follower in followers] == [None] * len(followers)
    finally:
        for follower in followers:
            follower.kill()
            follower.wait(timeout=SECONDS)


def agreed(folder, stores) -> bool:
    """Whether all stores hold the same."""
    found = set()
    for store in stores:
        with tallystick.open(folder / store) as replica:
            found.add(replica.digest())
    return len(found) == 1


def test_an_event_written_by_one_process_reaches_another_without_a_new_sync(tmp_path):
    stores = make(tmp_path, "abc")
    with served(stores[0], cwd=tmp_path) as (_, url), following(tmp_path, stores[1:], url):
        for store in [*stores, *reversed(stores)]:
            with tallystick.open(tmp_path / store) as replica:
                id = replica.write("note", f"written in {store}")
            until(lambda: agreed(tmp_path, stores))
    for store in stores:
        check_store(tmp_path / store, [id])


def test_a_commit_larger_than_a_message_reaches_those_who_follow(tmp_path):
    stores = make(tmp_path, "ab")
    with served(stores[0], cwd=tmp_path) as (_, url), following(tmp_path, stores[1:], url):
        for store in stores:
            with tallystick.open(tmp_path / store) as replica:
                replica.write("note", f"written in {store}")
            until(lambda: agreed(tmp_path, stores))
            with tallystick.open(tmp_path / store) as replica:
                replica.write_many([("note", {"text": "x" * 3_000})] * 3_000)
            until(lambda: agreed(tmp_path, stores))


def test_what_is_written_while_followers_catch_up_reaches_them_too(tmp_path):
    stores = make(tmp_path, "abc")
    with tallystick.open(tmp_path / stores[0]) as replica:
        replica.write_many([("note", {"text": "x" * 900})] * 12_000)
    with (
        served(stores[0], cwd=tmp_path) as (_, url),
        writer(stores[0], cwd=tmp_path, commits=10_000) as process,
    ):
        process.stdout.readline()
        with following(tmp_path, stores[1:], url):
            sleep(2)
            kill(process)
            until(lambda: agreed(tmp_path, stores))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_four_replicas_cut_off_at_random_hold_the_same_in_the_end(tmp_path, seed):
    random = Random(seed)
    stores = make(tmp_path, "abcd")
    acknowledged: list[str] = []
    for _ in range(4):
        served_store = random.choice(stores)
        with served(served_store, cwd=tmp_path) as (server, url):
            writers = [
                writer(store, cwd=tmp_path, commits=10_000, events=random.choice([1, 5, 50]))
                for store in random.sample(stores, 2)
            ]
            clients = [
                sync(store, url, cwd=tmp_path)
                for store in random.sample([one for one in stores if one != served_store], 2)
            ]
            acknowledged += [process.stdout.readline().strip() for process in writers]
            sleep(random.uniform(0, 0.6))
            for process in random.sample([*clients, server], random.randint(1, 3)):
                process.kill()
            sleep(random.uniform(0, 0.3))
            for process in writers:
                acknowledged += kill(process)
            server.kill()
            for client in clients:
                client.communicate(timeout=SECONDS)
    for store in stores:
        with tallystick.open(tmp_path / store) as replica:
            assert replica.verify().ok
    settle(tmp_path, stores)
    assert len({check_store(tmp_path / store, acknowledged) for store in stores}) == 1


def settle(folder, stores) -> None:
    """Everybody syncs with the first, twice, over the network."""
    with served(stores[0], cwd=folder) as (_, url):
        for store in [*stores[1:], *stores[1:]]:
            with tallystick.open(folder / store) as replica:
                assert replica.sync(url).equal
