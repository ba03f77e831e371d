"""Serving a store over TCP, and following a peer live.

    listen ─► one session a connection ─► catch up ─► LIVE
    every POLL_SECONDS: what this store took in since (here, or by another process) ─► pushed

Law: what is pushed is durable and was stored in this order; loops end because what a peer knows
already is not new to it and goes no further.

Reads: sync, replica.endpoint, store. Read by: replica, aio.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence

from tallystick.chain.slice import Slice
from tallystick.errors import TallyError
from tallystick.limits import COMMIT_EVENTS_MAX
from tallystick.replica.endpoint import StoreEndpoint
from tallystick.replica.openlog import OpenLog
from tallystick.store.lookups import spans_since
from tallystick.store.store import Store
from tallystick.sync.driver import Driver
from tallystick.sync.holdings import Endpoint
from tallystick.sync.meter import Report
from tallystick.sync.session import Session, State
from tallystick.sync.tcp import connect, serve
from tallystick.sync.vector import NONCE_BYTES

POLL_SECONDS = 0.05
"""How late a live peer learns of an event; one look at a number costs some microseconds."""


class Pusher:
    """What a store took in since the last look, for live peers."""

    def __init__(self, store: Store, open_log: Callable[[bytes], OpenLog]) -> None:
        self._store = store
        self._open_log = open_log
        self._next = store.next_row

    def push(self, drivers: Iterable[Driver]) -> None:
        """Sends what is new to every live session of its log."""
        live = [driver for driver in drivers if driver.session.state is State.LIVE]
        with self._store.read():
            end = self._store.next_row
            if end == self._next:
                return
            first, self._next = self._next, end
            if not live:
                return
            by_log: dict[bytes, list[tuple[int, int, int]]] = {}
            for no, begin, stop in spans_since(self._store, first):
                log = self._store.log(self._store.line(no).log).id
                by_log.setdefault(log, []).append((no, begin, stop))
            slices = {
                log: self._open_log(log).holdings.newer(spans) for log, spans in by_log.items()
            }
        for driver in live:
            for one in _batches(slices.get(driver.session.log or b"", [])):
                driver.push(one)


def _batches(slices: Sequence[Slice]) -> Iterable[list[Slice]]:
    """Slices in messages of at most a commit's events."""
    batch: list[Slice] = []
    events = 0
    for one in slices:
        if batch and events + one.count > COMMIT_EVENTS_MAX:
            yield batch
            batch, events = [], 0
        batch.append(one)
        events += one.count
    if batch:
        yield batch


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
    failures: list[TallyError] = []

    def factory(peer: str) -> tuple[Session, Endpoint]:
        session = Session(
            endpoint, initiator=False, peer=peer, nonce=entropy(NONCE_BYTES), log=log, live=True
        )
        return session, endpoint

    pusher = Pusher(store, open_log)
    async with serve(listen, factory, ended=ended, failed=failures.append) as server:
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
    session = Session(
        endpoint, initiator=True, peer=url, nonce=entropy(NONCE_BYTES), log=log, live=True
    )
    pusher = Pusher(store, open_log)
    driver = await connect(url, session, endpoint)
    running = asyncio.create_task(driver.run())
    while not running.done():
        await asyncio.wait({running}, timeout=POLL_SECONDS)
        if stop.is_set():
            driver.close()
            break
        pusher.push([driver])
    return await running
