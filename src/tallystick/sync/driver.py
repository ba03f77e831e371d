"""Runs one session over an asynchronous wire: receive, ingest, send, until it is done.

    wire.receive() ──► Session.receive ──► Step ─┬─► outbox ─ ─ ► wire.send(messages)
                            ▲                    └─► endpoint.receive(slices) ─┐
                            └──────────── Session.ingested(outcome) ◄──────────┘
    push(slices), close()   from the same loop, at any time

Law: one message is taken in before the next is read, so a slow store slows the peer down; sending
never keeps from reading, so two sides that both have much to say do not wait for each other; a peer
that says nothing for ``idle_seconds`` while the session waits for it ends the session.

Reads: sync.session, sync.holdings. Read by: sync.tcp, node.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from tallystick.chain.slice import Slice
from tallystick.limits import MESSAGE_BYTES_MAX, SYNC_IDLE_SECONDS, SYNC_WINDOW_MESSAGES
from tallystick.sync.holdings import Endpoint
from tallystick.sync.meter import Report
from tallystick.sync.session import Session, State, Step

OUTBOX_BYTES_MAX = (SYNC_WINDOW_MESSAGES + 2) * MESSAGE_BYTES_MAX
"""Waiting to be sent before nothing more is read: a full window and the answers beside it."""


class Wire(Protocol):
    """Whole messages, in order."""

    async def send(self, messages: Sequence[bytes]) -> None:
        """Sends; waits while the peer is slow. Raises ConnectionError when the wire is gone."""
        ...

    async def receive(self) -> bytes | None:
        """The next message; None when the peer closed, or sent what is no message."""
        ...

    async def close(self) -> None:
        """Lets go of the wire; never raises."""
        ...


class Driver:
    """One session on one wire.

    Args:
        session: not started yet.
        endpoint: the store behind it.
        wire: closed at the end.
        idle_seconds: silence after which the session ends; a live session may be silent.
        progress: told after every message.
    """

    def __init__(
        self,
        session: Session,
        endpoint: Endpoint,
        wire: Wire,
        *,
        idle_seconds: float = SYNC_IDLE_SECONDS,
        progress: Callable[[Report], None] | None = None,
    ) -> None:
        self.session = session
        self._endpoint = endpoint
        self._wire = wire
        self._idle = idle_seconds
        self._progress = progress
        self._pushed: deque[Sequence[Slice]] = deque()
        self._closing = False
        self._wake = asyncio.Event()
        self._outbox: deque[bytes] = deque()
        self._queued = 0
        self._sending: asyncio.Task[None] | None = None

    async def run(self) -> Report:
        """Runs to the end; a broken wire is an end too (code sync/closed)."""
        reading: asyncio.Task[bytes | None] | None = None
        waking: asyncio.Task[bool] | None = None
        try:
            done = await self._perform(self.session.start())
            while not done:
                reading = reading or asyncio.create_task(self._wire.receive())
                waking = waking or asyncio.create_task(self._wake.wait())
                wait = None if self.session.state is State.LIVE else self._idle
                busy = {self._sending} if self._sending is not None else set[asyncio.Task[None]]()
                ready, _ = await asyncio.wait(
                    {reading, waking, *busy}, timeout=wait, return_when=asyncio.FIRST_COMPLETED
                )
                if self._sending in ready:
                    self._sent()
                elif not ready and not busy:
                    break
                if waking in ready:
                    waking = None
                    self._wake.clear()
                    done = await self._act()
                if not done and reading in ready:
                    message, reading = reading.result(), None
                    if message is None:
                        break
                    done = await self._perform(self.session.receive(message))
            while self._sending is not None:
                await asyncio.wait({self._sending})
                self._sent()
        except (ConnectionError, TimeoutError):
            pass  # the report says sync/closed
        finally:
            for task in (reading, waking, self._sending):
                if task is not None:
                    task.cancel()
            self.session.lost()
            await self._wire.close()
        return self.session.report()

    def push(self, slices: Sequence[Slice]) -> None:
        """New slices for the peer; to be called from the loop's own thread."""
        self._pushed.append(slices)
        self._wake.set()

    def close(self) -> None:
        """Asks the session to end; ``run`` returns when the peer has answered."""
        self._closing = True
        self._wake.set()

    async def _act(self) -> bool:
        """What was asked for from this side, in order; whether the session is over."""
        done = False
        while self._pushed and not done:
            done = await self._perform(self.session.push(self._pushed.popleft()))
        if self._closing and not done:
            self._closing = False
            done = await self._perform(self.session.close())
        return done

    async def _perform(self, step: Step) -> bool:
        """Sends and ingests until the step is carried out; whether the session is over."""
        while True:
            if step.send:
                await self._send(step.send)
            if self._progress is not None:
                self._progress(self.session.report())
            if step.slices is None:
                return step.done
            log = self.session.log
            assert log is not None, "slices come after the log is known"
            outcome = self._endpoint.receive(log, step.slices, self.session.peer)
            step = self.session.ingested(outcome)

    async def _send(self, messages: Sequence[bytes]) -> None:
        """Puts messages into the outbox; waits only while it is full."""
        self._outbox.extend(messages)
        self._queued += sum(map(len, messages))
        if self._sending is None:
            self._sending = asyncio.create_task(self._empty_outbox())
        while self._sending is not None and self._queued > OUTBOX_BYTES_MAX:
            await asyncio.wait({self._sending})
            self._sent()

    async def _empty_outbox(self) -> None:
        while self._outbox:
            message = self._outbox.popleft()
            await asyncio.wait_for(self._wire.send([message]), self._idle)
            self._queued -= len(message)

    def _sent(self) -> None:
        """The outbox was emptied, or the wire broke (raises what broke it)."""
        assert self._sending is not None
        task, self._sending = self._sending, None
        task.result()
        if self._outbox:
            self._sending = asyncio.create_task(self._empty_outbox())
