"""Sync over TCP: frames on a stream, one session a connection.

    tcp://host:port     tcp://[::1]:7400
    frame = u32 big-endian length ‖ message

Nothing is encrypted here and nobody proves who he is: what crosses is signed by its authors, and
a node that wants privacy on the way puts a tunnel below.

Law: a frame that announces more than 4 MiB ends the connection before a byte of it is read.

Reads: sync.driver, sync.messages, sync.session, errors, limits. Read by: replica, node.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from urllib.parse import urlsplit

from tallystick.errors import BadInput, PeerUnreachable, Rejected, TallyError
from tallystick.limits import SYNC_IDLE_SECONDS, SYNC_SESSIONS_MAX, SYNC_SESSIONS_PEER_MAX
from tallystick.sync.driver import Driver
from tallystick.sync.holdings import Endpoint
from tallystick.sync.messages import LENGTH_BYTES, frame, frame_length
from tallystick.sync.meter import Report
from tallystick.sync.session import Session

SCHEME = "tcp"
CONNECT_SECONDS = 10.0
FAREWELL_SECONDS = 1.0


def parse_address(url: str) -> tuple[str, int]:
    """Host and port of ``tcp://host:port``; port 0 lets the system choose one to listen on.

    Raises:
        BadInput: usage/argument.

    >>> parse_address("tcp://127.0.0.1:7400")
    ('127.0.0.1', 7400)
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    else:
        if parts.scheme != SCHEME or parts.path not in {"", "/"} or parts.query or parts.fragment:
            host = None
        if parts.username is not None or parts.password is not None:
            host = None
    if not host or port is None:
        raise BadInput("usage/argument", expected="tcp://host:port", got=url, where="address")
    return host, port


class TcpWire:
    """Frames on an asyncio stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, messages: Sequence[bytes]) -> None:
        """Writes frames, and waits while the peer does not read."""
        for message in messages:
            self._writer.write(frame(message))
            await self._writer.drain()

    async def receive(self) -> bytes | None:
        """The next message; None at the end of the stream or at a frame that is too long."""
        try:
            length = frame_length(await self._reader.readexactly(LENGTH_BYTES))
            if isinstance(length, Rejected):
                return None
            return await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def close(self) -> None:
        """Closes the stream once what was written is sent; a peer that does not read is cut."""
        with contextlib.suppress(OSError, TimeoutError):
            self._writer.close()
            await asyncio.wait_for(self._writer.wait_closed(), CONNECT_SECONDS)


async def connect(
    url: str,
    session: Session,
    endpoint: Endpoint,
    *,
    idle_seconds: float = SYNC_IDLE_SECONDS,
    progress: Callable[[Report], None] | None = None,
) -> Driver:
    """Connects, ready to ``run``.

    Raises:
        BadInput: usage/argument.
        PeerUnreachable: sync/unreachable.
    """
    host, port = parse_address(url)
    try:
        streams = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
    except (OSError, TimeoutError) as error:
        reason = str(error) or "no answer"
        raise PeerUnreachable(
            "sync/unreachable", where=url, got=reason, hint="Is `tally serve` running there?"
        ) from error
    wire = TcpWire(*streams)
    return Driver(session, endpoint, wire, idle_seconds=idle_seconds, progress=progress)


class Server:
    """A listening socket that answers sessions.

    Args:
        factory: makes a responder's session and its endpoint for a peer's name.
        ended: told of every session's end.
        failed: told of this side's own failures (a full disk); without it they go to the loop.
    """

    def __init__(
        self,
        factory: Callable[[str], tuple[Session, Endpoint]],
        *,
        ended: Callable[[Report], None] | None = None,
        failed: Callable[[TallyError], None] | None = None,
        idle_seconds: float = SYNC_IDLE_SECONDS,
        sessions_max: int = SYNC_SESSIONS_MAX,
        sessions_peer_max: int = SYNC_SESSIONS_PEER_MAX,
    ) -> None:
        self._factory = factory
        self._ended = ended
        self._failed = failed
        self._idle = idle_seconds
        self._sessions_max = sessions_max
        self._sessions_peer_max = sessions_peer_max
        self._running: dict[asyncio.Task[None], Driver] = {}
        self.address = ("", 0)
        """Host and port it listens on."""

    @property
    def drivers(self) -> list[Driver]:
        """Sessions that are open now: whom new slices are pushed to."""
        return list(self._running.values())

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its end."""
        wire = TcpWire(reader, writer)
        task = asyncio.current_task()
        assert task is not None
        name = writer.get_extra_info("peername") or ("unknown",)
        peer = f"{SCHEME}://{name[0]}"
        same = sum(driver.session.peer == peer for driver in self.drivers)
        if len(self._running) >= self._sessions_max or same >= self._sessions_peer_max:
            await wire.close()
            return
        try:
            session, endpoint = self._factory(peer)
            driver = Driver(session, endpoint, wire, idle_seconds=self._idle)
            self._running[task] = driver
            report = await driver.run()
            if self._ended is not None:
                self._ended(report)
        except asyncio.CancelledError:
            pass  # the server is closing; the session's end was seen to by the driver
        except TallyError as error:
            if self._failed is None:
                raise
            self._failed(error)
        finally:
            self._running.pop(task, None)
            await wire.close()

    async def stop(self) -> None:
        """Ends all sessions: live ones by saying so, and those who do not listen by force."""
        tasks = list(self._running)
        for driver in self.drivers:
            driver.close()
        if tasks:
            await asyncio.wait(tasks, timeout=FAREWELL_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def serve(
    url: str,
    factory: Callable[[str], tuple[Session, Endpoint]],
    *,
    ended: Callable[[Report], None] | None = None,
    failed: Callable[[TallyError], None] | None = None,
    idle_seconds: float = SYNC_IDLE_SECONDS,
    sessions_max: int = SYNC_SESSIONS_MAX,
    sessions_peer_max: int = SYNC_SESSIONS_PEER_MAX,
) -> AsyncIterator[Server]:
    """Listens while the block runs.

    Raises:
        BadInput: usage/argument.
        PeerUnreachable: sync/unreachable, when the address cannot be listened on.
    """
    host, port = parse_address(url)
    server = Server(
        factory,
        ended=ended,
        failed=failed,
        idle_seconds=idle_seconds,
        sessions_max=sessions_max,
        sessions_peer_max=sessions_peer_max,
    )
    try:
        listening = await asyncio.start_server(server.accept, host, port)
    except OSError as error:
        raise PeerUnreachable(
            "sync/unreachable", "this address cannot be listened on", where=url, got=str(error)
        ) from error
    server.address = listening.sockets[0].getsockname()[:2]
    try:
        yield server
    finally:
        listening.close()
        await server.stop()
        await listening.wait_closed()
