"""Serving a store over TCP, and following a peer live.

    listen ─► one session a connection ─► catch up ─► LIVE
    every POLL_SECONDS: what this store took in since (here, or by another process) ─► pushed

Law: what is pushed is durable and was stored in this order; nothing stored after a session began
is left out, and nothing goes back to the session it came from. Loops end because what a peer knows
already is not new to it and goes no further.

Reads: sync, replica.endpoint, store. Read by: replica, aio.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from tallystick.chain.slice import Slice
from tallystick.errors import TallyError
from tallystick.replica.endpoint import StoreEndpoint
from tallystick.replica.openlog import OpenLog, Taken
from tallystick.store.lookups import spans_since
from tallystick.store.store import Store
from tallystick.sync.driver import Driver
from tallystick.sync.holdings import Endpoint
from tallystick.sync.messages import WINDOW_BYTES
from tallystick.sync.meter import Report
from tallystick.sync.session import Session, State
from tallystick.sync.tcp import connect, serve
from tallystick.sync.vector import NONCE_BYTES

StoreSpan = tuple[int, int, int]
"""(line, begin, end): seqs of a line of the store."""
POLL_SECONDS = 0.05
"""How late a live peer learns of an event; one look at a number costs some microseconds."""


class Live:
    """One session as the pusher sees it: what it need not be told.

    Args:
        told: everything before this row, by the session's own catching up or by a push.
    """

    def __init__(self, told: int) -> None:
        self.told = told
        self.heard: dict[int, list[tuple[int, int]]] = {}

    def hear(self, taken: Taken) -> None:
        """What the peer sent itself."""
        for line, begin, end in taken.sent:
            self.heard.setdefault(line, []).append((begin, end))

    def lacks(self, spans: Iterable[StoreSpan]) -> list[StoreSpan]:
        """Spans without what the peer sent itself, which is then forgotten."""
        found = [
            (line, *part)
            for line, begin, end in spans
            for part in without((begin, end), self.heard.get(line, ()))
        ]
        self.heard.clear()
        return found


class Pusher:
    """What a store took in since a session was told last: here, or by another process."""

    def __init__(self, store: Store, open_log: Callable[[bytes], OpenLog]) -> None:
        self._store = store
        self._open_log = open_log
        self._live: WeakKeyDictionary[Session, Live] = WeakKeyDictionary()

    def session(self, endpoint: StoreEndpoint, **options: Any) -> tuple[Session, StoreEndpoint]:
        """A live session over the store; what is stored from here on will be pushed to it."""
        self._store.notice()
        live = Live(self._store.next_row)
        own = endpoint.listening(live.hear)
        session = Session(own, live=True, **options)
        self._live[session] = live
        return session, own

    def push(self, drivers: Iterable[Driver]) -> None:
        """Sends what is new to every session that is through with catching up."""
        self._store.notice()
        end = self._store.next_row
        for driver in drivers:
            live = self._live[driver.session]
            if driver.session.state is State.LIVE and live.told < end:
                for batch in self._batches(driver.session.log, live):
                    driver.push(batch)
                live.told = end

    def _batches(self, log: bytes | None, live: Live) -> Iterator[Sequence[Slice]]:
        assert log is not None, "a live session has a log"
        opened = self._open_log(log)
        with self._store.read():
            spans = [
                (no, begin, end)
                for no, begin, end in spans_since(self._store, live.told)
                if self._store.line(no).log == opened.no
            ]
        yield from opened.holdings.newer(live.lacks(spans), max_bytes=WINDOW_BYTES)


def without(span: tuple[int, int], known: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of begin..end-1.

    >>> without((0, 9), [(2, 4), (4, 5), (8, 12)])
    [(0, 2), (5, 8)]
    """
    at, end = span
    left = []
    for begin, stop in sorted(known):
        if at < min(begin, end):
            left.append((at, min(begin, end)))
        at = max(at, stop)
    if at < end:
        left.append((at, end))
    return left


async def serve_store(
    store: Store,
    endpoint: StoreEndpoint,
    open_log: Callable[[bytes], OpenLog],
    listen: str,
    *,
    entropy: Callable[[int], bytes],
    log: bytes | None,
    ready: Callable[[str], None] | None,
    ended: Callable[[Report], None] | None,
    stop: threading.Event,
) -> None:
    """Answers sessions until ``stop`` is set, or the store fails (a full disk).

    Raises:
        PeerUnreachable: when the address cannot be listened on. BadInput: when it is none.
        StoreError: what the store said; what was acknowledged until then is kept.
    """
    store.notice()  # a closed store says so before anybody is answered
    failures: list[TallyError] = []

    def failed(error: TallyError) -> None:
        if error.code != "store/busy":  # another process is writing: this peer will come again
            failures.append(error)

    def factory(peer: str) -> tuple[Session, Endpoint]:
        nonce = entropy(NONCE_BYTES)
        return pusher.session(endpoint, initiator=False, peer=peer, nonce=nonce, log=log)

    pusher = Pusher(store, open_log)
    async with serve(listen, factory, ended=ended, failed=failed) as server:
        if ready is not None:
            host, port = server.address
            ready(f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}")
        while not stop.is_set() and not failures:
            await asyncio.sleep(POLL_SECONDS)
            pusher.push(server.drivers)
    if failures:
        raise failures[0]


async def follow_peer(
    store: Store,
    endpoint: StoreEndpoint,
    open_log: Callable[[bytes], OpenLog],
    url: str,
    *,
    entropy: Callable[[int], bytes],
    log: bytes | None,
    stop: threading.Event,
) -> Report:
    """Catches up with a peer and stays connected, both ways, until ``stop`` is set."""
    pusher, nonce = Pusher(store, open_log), entropy(NONCE_BYTES)
    session, own = pusher.session(endpoint, initiator=True, peer=url, nonce=nonce, log=log)
    driver = await connect(url, session, own)
    running = asyncio.create_task(driver.run())
    while not running.done():
        await asyncio.wait({running}, timeout=POLL_SECONDS)
        if stop.is_set():
            driver.close()
            break
        pusher.push([driver])
    return await running
