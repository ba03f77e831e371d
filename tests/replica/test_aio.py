"""The asynchronous face does what the plain one does, and never blocks the loop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import tallystick.aio


def test_two_asynchronous_replicas_sync_and_agree(tmp_path: Path) -> None:
    """Write, sync, statement, view: the same answers as from the plain verbs."""

    async def play() -> None:
        async with (
            await tallystick.aio.open(tmp_path / "ana", create=True, name="Ana") as ana,
            await tallystick.aio.open(tmp_path / "ben", create=True) as ben,
        ):
            await ana.create_log("shared")
            await ana.set("todos/1/title", "bread")
            report = await ben.sync(ana)
            assert report.equal
            await ben.set("todos/1/title", "butter")
            await ana.sync(ben)
            assert await ana.view(key="todos/1/title") == "butter"
            receipt = await ana.ban(ben.did)
            assert await ana.view(key="todos/1/title") == "bread"
            await ana.withdraw(receipt)
            assert await ana.state_hash() == await ben.state_hash()

    asyncio.run(play())


def test_a_follower_sees_what_a_served_store_writes(tmp_path: Path) -> None:
    """Live push: no new sync is asked for, and watch yields the change."""

    async def play() -> None:
        async with (
            await tallystick.aio.open(tmp_path / "ana", create=True) as ana,
            await tallystick.aio.open(tmp_path / "ben", create=True) as ben,
        ):
            await ana.create_log("shared")
            address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            loop = asyncio.get_running_loop()
            serving = asyncio.create_task(
                ana.serve(
                    "tcp://127.0.0.1:0",
                    ready=lambda url: loop.call_soon_threadsafe(address.set_result, url),
                )
            )
            url = await asyncio.wait_for(address, 30)
            await ben.sync(url)
            following = asyncio.create_task(ben.follow(url))
            await asyncio.sleep(0.3)
            await ana.inc("visits")

            async def until_seen() -> None:
                async for change in ben.watch("visits", since=0):
                    if change.value == 1:
                        return

            await asyncio.wait_for(until_seen(), 30)
            for task in (following, serving):
                task.cancel()
            await asyncio.gather(following, serving, return_exceptions=True)

    asyncio.run(play())


def test_a_watcher_is_told_what_its_place_or_collection_does_and_ends_on_close(
    tmp_path: Path,
) -> None:
    async def heard(watching, count):
        return [await anext(watching) for _ in range(count)]

    async def play() -> None:
        async with await tallystick.aio.open(tmp_path / "ana", create=True) as ana:
            await ana.create_log("shared")
            schema = {"properties": {"title": {}, "body": {"x-crdt": "text"}}}
            await ana.call(lambda replica: replica.collection("todos", schema))
            places, records = ana.watch("todos/x"), ana.watch("todos")
            hearing = asyncio.gather(heard(places, 3), heard(records, 1))
            await asyncio.sleep(0)
            await ana.set("elsewhere", 1)
            await ana.call(
                lambda replica: replica.collection("todos").upsert("x", {"title": "a", "body": "b"})
            )
            at, of = await asyncio.wait_for(hearing, 60)
            assert [(one.key, one.value) for one in at] == [
                ("todos/x", True), ("todos/x/title", "a"), ("todos/x/body", "b"),
            ]  # fmt: skip
            assert [(one.key, one.value) for one in of] == [("x", {"title": "a", "body": "b"})]
            assert of[0].authors == (ana.did,)
            waiting = asyncio.create_task(heard(places, 1))
            await asyncio.sleep(0)
        results = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(results[0], StopAsyncIteration | RuntimeError)

    asyncio.run(play())


def test_a_watcher_far_behind_is_told_to_read_anew(tmp_path: Path, monkeypatch) -> None:
    async def play() -> None:
        async with await tallystick.aio.open(tmp_path / "ana", create=True) as ana:
            await ana.inc("a")
            await ana.inc("a")
            monkeypatch.setattr(tallystick.aio, "STEPS_MAX", 1)
            watching = ana.watch(since=0)
            assert (await anext(watching)).anew
            await ana.inc("a")
            change = await anext(watching)
            assert (change.key, change.value, change.anew) == ("a", 3, False)

    asyncio.run(play())
