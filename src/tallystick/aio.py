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
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import tallystick
from tallystick.policy.say import Say
from tallystick.replica.changing import STEPS_MAX, ChangeInfo
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
        self._closing = asyncio.Event()

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
        self._closing.set()
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

    async def watch(
        self, what: str | None = None, *, since: int | None = None
    ) -> AsyncIterator[ChangeInfo]:
        """Every change from now on, whoever writes it, in this process or another; ends on close.

        Nothing is queued: a watcher is a position in the feed, and learns of a change at most
        ``POLL_SECONDS`` late. Changes of one key that come together may be told as one. If more
        than 65,536 events changed while the caller was busy, one change with ``anew`` stands for
        them: read the view anew.

        Args:
            what: a collection or another view by name; else a place: what happens there and
                below, texts included; None: every place.
            since: a position (``Replica.feed_end``, ``Replica.changes``) to begin at.
        """
        position = await self.call(Replica.feed_end) if since is None else since
        while not self._closing.is_set():
            try:
                position, found = await self.call(_changes, what, position)
            except Exception:
                if self._closing.is_set():
                    return
                raise
            for change in found:
                yield change
            if not found:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), POLL_SECONDS)

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


def _changes(replica: Replica, what: str | None, since: int) -> tuple[int, list[ChangeInfo]]:
    """What a watcher is told next; inside the worker."""
    end = replica.feed_end()
    if end - since > STEPS_MAX:
        return end, [ChangeInfo("", anew=True)]
    if end == since:
        return end, []
    if what is not None and any(view.name == what for view in replica.views()):
        return replica.changes(what, since=since)
    found = []
    for view in ("places", "texts"):
        position, changes = replica.changes(view, since=since)
        found += [one for one in changes if _is_at(one.key, what)]
    return position, found


def _is_at(key: str, place: str | None) -> bool:
    return place is None or key == place or key.startswith(f"{place}/")


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
