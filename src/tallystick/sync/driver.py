"""Runs one session over an asynchronous wire: receive, ingest, send, until it is done.

    wire.receive() ──► Session.receive ──► Step ─┬─► wire.send(messages)
                            ▲                    └─► endpoint.receive(slices) ─┐
                            └──────────── Session.ingested(outcome) ◄──────────┘
    push(slices), close()   from the same loop, at any time

Law: one message is taken in before the next is read, so a slow store slows the peer down; a peer
that says nothing for ``idle_seconds`` while the session waits for it ends the session.

Reads: sync.session, sync.holdings. Read by: sync.tcp, node.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from tallystick.chain.slice import Slice
from tallystick.limits import SYNC_IDLE_SECONDS
from tallystick.sync.holdings import Endpoint
from tallystick.sync.meter import Report
from tallystick.sync.session import Session, State, Step


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
                ready, _ = await asyncio.wait(
                    {reading, waking}, timeout=wait, return_when=asyncio.FIRST_COMPLETED
                )
                if not ready:
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
        except (ConnectionError, TimeoutError):
            pass  # the report says sync/closed
        finally:
            for task in (reading, waking):
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
                await asyncio.wait_for(self._wire.send(step.send), self._idle)
            if self._progress is not None:
                self._progress(self.session.report())
            if step.slices is None:
                return step.done
            log = self.session.log
            assert log is not None, "slices come after the log is known"
            outcome = self._endpoint.receive(log, step.slices, self.session.peer)
            step = self.session.ingested(outcome)
