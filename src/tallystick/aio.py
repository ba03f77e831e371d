"""The same verbs for asynchronous programs: ``async with await tallystick.aio.open(path) as r``.

    coroutine ──► one worker thread of the replica's own ──► Replica ──► result
    follow, serve: run until cancelled; what comes meanwhile is seen by the other verbs

A store is used by one thread at a time, so each replica has one worker; the loop is never blocked.

Law: an asynchronous verb does what the plain one of that name does, no more.

Reads: replica. Read by: users.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import tallystick
from tallystick.policy.say import Say
from tallystick.replica.explained import Explained
from tallystick.replica.reading import Reading
from tallystick.replica.replica import Progress, Replica
from tallystick.replica.reports import (
    EventInfo,
    LogInfo,
    Receipt,
    SqlResult,
    SyncReport,
    VerdictInfo,
    VerifyReport,
    ViewInfo,
    WhatIf,
)
from tallystick.replica.title_reports import TitleWhy
from tallystick.state.view import View

P = ParamSpec("P")
T = TypeVar("T")
POLL_SECONDS = 0.05
"""How late ``watch`` learns of a change that another process made."""


class AsyncReplica:
    """A replica whose verbs are coroutines. Made by ``tallystick.aio.open``."""

    def __init__(self, replica: Replica, worker: ThreadPoolExecutor) -> None:
        self._replica = replica
        self._worker = worker

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(
        self,
        verb: Callable[Concatenate[Replica, P], T],
        *args: P.args,
        **options: P.kwargs,
    ) -> T:
        """Runs any verb of the plain replica in its worker: ``await r.call(Replica.doctor)``."""
        loop = asyncio.get_running_loop()
        work = partial(verb, self._replica, *args, **options)
        return await loop.run_in_executor(self._worker, work)

    async def close(self) -> None:
        """Closes the store once what was asked for before is done."""
        await self.call(Replica.close)
        self._worker.shutdown(wait=False)

    @property
    def plain(self) -> Replica:
        """The replica behind it; to be used by its worker alone (``call``)."""
        return self._replica

    @property
    def did(self) -> str:
        """The owner's author key."""
        return self._replica.did

    # --- writing --------------------------------------------------------------------------------

    async def write(self, kind: str, content: Any = None, *, frame: Any = None) -> str:
        """``Replica.write``."""
        return await self.call(Replica.write, kind, content, frame=frame)

    async def write_many(self, rows: Sequence[tuple[str, Any]]) -> list[str]:
        """``Replica.write_many``."""
        return await self.call(Replica.write_many, rows)

    async def set(self, place: str, value: Any) -> str:
        """``Replica.set``."""
        return await self.call(Replica.set, place, value)

    async def add(self, place: str, element: Any) -> str:
        """``Replica.add``."""
        return await self.call(Replica.add, place, element)

    async def inc(self, place: str, amount: int = 1) -> str:
        """``Replica.inc``."""
        return await self.call(Replica.inc, place, amount)

    async def create_log(self, name: str, purpose: str = "") -> str:
        """``Replica.create_log``."""
        return await self.call(Replica.create_log, name, purpose)

    # --- statements -----------------------------------------------------------------------------

    async def say(self, statement: Say, *, private: bool = False) -> Receipt:
        """``Replica.say``."""
        return await self.call(Replica.say, statement, private=private)

    async def ban(self, actor: str, **options: Any) -> Receipt:
        """``Replica.ban``."""
        return await self.call(lambda replica: replica.ban(actor, **options))

    async def withdraw(self, statement: str | Receipt) -> Receipt:
        """``Replica.withdraw``."""
        return await self.call(lambda replica: replica.withdraw(statement))

    async def what_if(self, statement: Say, *, private: bool = False) -> WhatIf:
        """``Replica.what_if``."""
        return await self.call(Replica.what_if, statement, private=private)

    # --- reading --------------------------------------------------------------------------------

    async def logs(self) -> list[LogInfo]:
        """``Replica.logs``."""
        return await self.call(Replica.logs)

    async def view(self, name: str | View = "places", *, key: str | None = None) -> Any:
        """``Replica.view``."""
        return await self.call(Replica.view, name, key=key)

    async def views(self) -> list[ViewInfo]:
        """``Replica.views``."""
        return await self.call(Replica.views)

    async def why(
        self, subject: str, *, view: str | View | None = None
    ) -> Explained | VerdictInfo | TitleWhy:
        """``Replica.why``."""
        return await self.call(Replica.why, subject, view=view)

    async def standing(self, **options: Any) -> dict[str, Any]:
        """``Replica.standing``."""
        return await self.call(Replica.standing, **options)

    async def verdict(self, target: str, *, scope: str | None = None) -> VerdictInfo:
        """``Replica.verdict``."""
        return await self.call(Replica.verdict, target, scope=scope)

    async def at(self, version: str, read: Callable[[Reading], T], *, then: bool = False) -> T:
        """What ``read`` makes of ``Replica.at(version)``: ``await r.at(v, lambda s: s.view())``."""
        return await self.call(lambda replica: read(replica.at(version, then=then)))

    async def as_seen_by(self, actor: str, read: Callable[[Reading], T], **options: Any) -> T:
        """What ``read`` makes of ``Replica.as_seen_by(actor)``."""
        return await self.call(lambda replica: read(replica.as_seen_by(actor, **options)))

    async def history(self, **options: Any) -> list[EventInfo]:
        """``Replica.history``."""
        return await self.call(Replica.history, **options)

    async def digest(self) -> str:
        """``Replica.digest``."""
        return await self.call(Replica.digest)

    async def state_hash(self, view: str | View | None = None) -> str:
        """``Replica.state_hash``."""
        return await self.call(Replica.state_hash, view)

    async def sql(self, query: str, params: Sequence[Any] = ()) -> SqlResult:
        """``Replica.sql``."""
        return await self.call(Replica.sql, query, params)

    async def verify(self, *, progress: Progress | None = None) -> VerifyReport:
        """``Replica.verify``."""
        return await self.call(Replica.verify, progress=progress)

    async def watch(self, name: str | View = "places") -> AsyncIterator[Any]:
        """The state of a view, now and after every change of it, until the caller stops."""
        seen: str | None = None
        while True:
            state = await self.call(Replica.state_hash, name)
            if state != seen:
                seen = state
                yield await self.view(name)
            await asyncio.sleep(POLL_SECONDS)

    # --- sharing --------------------------------------------------------------------------------

    async def sync(
        self, other: AsyncReplica | Replica | str | Path, *, log: str | None = None
    ) -> SyncReport:
        """``Replica.sync``; with another asynchronous replica both workers take part."""
        plain = other.plain if isinstance(other, AsyncReplica) else other
        return await self.call(Replica.sync, plain, log=log)

    async def follow(self, url: str, *, log: str | None = None) -> SyncReport:
        """Stays connected to a peer until cancelled; on a connection of its own to the store."""
        return await self._beside(lambda replica, stop: replica.follow(url, log=log, stop=stop))

    async def serve(
        self,
        listen: str = "tcp://127.0.0.1:7400",
        *,
        ready: Callable[[str], None] | None = None,
    ) -> None:
        """Answers peers until cancelled; on a connection of its own to the store."""
        await self._beside(lambda replica, stop: replica.serve(listen, ready=ready, stop=stop))

    async def _beside(self, work: Callable[[Replica, threading.Event], T]) -> T:
        """Runs something long on a second replica of the same file; stops it when cancelled."""
        path = self._replica.path
        assert path is not None, "a store in memory has one connection"
        stop = threading.Event()

        def run() -> T:
            with tallystick.open(path) as replica:
                return work(replica, stop)

        running = asyncio.ensure_future(asyncio.to_thread(run))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            stop.set()
            await running
            raise


async def open(  # the verb of every store
    path: str | Path,
    *,
    create: bool = False,
    name: str | None = None,
    log: str | None = None,
    passphrase: str | None = None,
) -> AsyncReplica:
    """``tallystick.open`` for asynchronous programs."""
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tallystick")
    loop = asyncio.get_running_loop()
    work = partial(tallystick.open, path, create=create, name=name, log=log, passphrase=passphrase)
    try:
        replica = await loop.run_in_executor(worker, work)
    except BaseException:
        worker.shutdown(wait=False)
        raise
    return AsyncReplica(replica, worker)


__all__ = ["AsyncReplica", "open"]
