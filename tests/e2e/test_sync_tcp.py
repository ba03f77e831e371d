"""Sessions over real sockets on loopback: catch up, live push, refusals, silence, rubbish."""

from __future__ import annotations

import asyncio
import hashlib
import socket

import pytest
from tests.model.sync_world import Store, key_of
from tests.model.test_sync_convergence import two_with_news, world

from tallystick.errors import BadInput, PeerUnreachable, StoreError
from tallystick.sync import messages as m
from tallystick.sync.session import Session, State
from tallystick.sync.tcp import connect, parse_address, serve


def session(store: Store, *, initiator: bool, **options) -> Session:
    nonce = hashlib.sha256(store.name.encode()).digest()[:8]
    return Session(store, initiator=initiator, peer="peer", nonce=nonce, **options)


def factory(store: Store, **options):
    return lambda peer: (session(store, initiator=False, **options), store)


async def until(holds) -> None:
    """Lets the loop run until something holds."""
    for _ in range(100_000):
        if holds():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came true")


def url_of(server) -> str:
    return f"tcp://{server.address[0]}:{server.address[1]}"


async def sync_tcp(store: Store, url: str, **options):
    driver = await connect(url, session(store, initiator=True, **options), store)
    return await driver.run()


def test_two_replicas_catch_up_over_a_socket():
    first, second = two_with_news(window=1)
    ended = []

    async def main():
        async with serve("tcp://127.0.0.1:0", factory(second), ended=ended.append) as server:
            report = await sync_tcp(first, url_of(server))
            again = await sync_tcp(first, url_of(server))
            await until(lambda: len(ended) == 2)
            return report, again

    report, again = asyncio.run(main())
    assert report.equal
    assert first.log.records() == second.log.records()
    assert again.meter.round_trips == 1
    assert [one.equal for one in ended] == [True, True]
    assert ended[0].meter.bytes_in == report.meter.bytes_out


def test_many_replicas_sync_with_one_server_at_once():
    stores = world(5, 3)
    for number, store in enumerate(stores):
        store.log.write(key_of(number), 5, word="x")

    async def main():
        async with serve("tcp://127.0.0.1:0", factory(stores[0])) as server:
            for _ in range(2):
                await asyncio.gather(*(sync_tcp(one, url_of(server)) for one in stores[1:]))

    asyncio.run(main())
    assert all(store.log.records() == stores[0].log.records() for store in stores)


def test_live_peers_push_over_a_socket_until_one_closes():
    first, second = two_with_news()

    async def main():
        async with serve("tcp://127.0.0.1:0", factory(second, live=True)) as server:
            driver = await connect(url_of(server), session(first, initiator=True, live=True), first)
            running = asyncio.create_task(driver.run())
            await until(lambda: driver.session.state is State.LIVE)
            for number in range(30):
                driver.push([first.log.write(key_of("ada"), 1, word=f"a{number}")])
                for other in server.drivers:
                    other.push([second.log.write(key_of("bob"), 1, word=f"b{number}")])
                await asyncio.sleep(0)
            everything = 25 + 30 + 30
            for store in (first, second):
                await until(lambda log=store.log: len(log.included) == everything)
            driver.close()
            return await running

    report = asyncio.run(main())
    assert report.code is None
    assert report.equal
    assert first.log.records() == second.log.records()


def test_a_server_that_stops_parts_from_its_live_peers_in_agreement():
    first, second = two_with_news()

    async def main():
        async with serve("tcp://127.0.0.1:0", factory(second, live=True)) as server:
            driver = await connect(url_of(server), session(first, initiator=True, live=True), first)
            running = asyncio.create_task(driver.run())
            await until(lambda: driver.session.state is State.LIVE)
            (other,) = server.drivers
            await until(lambda: other.session.state is State.LIVE)
        return await running

    report = asyncio.run(main())
    assert report.code is None
    assert report.equal


def test_a_failure_of_the_servers_own_ends_one_session_and_is_told():
    first, second = two_with_news()
    failures = []

    def full(*_):
        raise StoreError("store/full")

    async def main():
        listening = serve("tcp://127.0.0.1:0", factory(second), failed=failures.append)
        async with listening as server:
            second.receive = full
            broken = await sync_tcp(first, url_of(server))
            del second.receive
            return broken, await sync_tcp(first, url_of(server))

    broken, mended = asyncio.run(main())
    assert broken.code == "sync/closed"
    assert [error.code for error in failures] == ["store/full"]
    assert mended.equal


def test_an_address_where_nobody_answers_is_an_error_with_a_code():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        store = world(1, 1)[0]
        with pytest.raises(PeerUnreachable) as error:
            asyncio.run(sync_tcp(store, f"tcp://127.0.0.1:{port}"))
        assert error.value.code == "sync/unreachable"

        async def listen_twice():
            first = serve("tcp://127.0.0.1:0", factory(store))
            async with first as server, serve(url_of(server), factory(store)):
                pass

        with pytest.raises(PeerUnreachable):
            asyncio.run(listen_twice())


@pytest.mark.parametrize(
    "url",
    ["", "tcp://", "tcp://host", "http://host:1", "tcp://host:99999", "tcp://host:x", "host:1",
     "tcp://u@host:1", "tcp://host:1/path", "tcp://[::1:7", "tcp://host:1?x"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url):
    with pytest.raises(BadInput) as error:
        parse_address(url)
    assert error.value.code == "usage/argument"


def test_addresses_are_read():
    assert parse_address("tcp://127.0.0.1:7400") == ("127.0.0.1", 7400)
    assert parse_address("tcp://[::1]:7400/") == ("::1", 7400)
    assert parse_address("tcp://example.org:1") == ("example.org", 1)


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\xff", b"\0\0\0\0", m.frame(b"rubbish"),
     m.frame(b"\x82\x00\x01")[:5]],
)  # fmt: skip
def test_rubbish_ends_its_own_connection_and_nothing_else(rubbish):
    first, second = two_with_news()
    ended = []

    async def main():
        async with serve("tcp://127.0.0.1:0", factory(second), ended=ended.append) as server:
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(rubbish)
            writer.write_eof()
            await reader.read()
            writer.close()
            await writer.wait_closed()
            return await sync_tcp(first, url_of(server))

    assert asyncio.run(main()).equal
    assert ended[0].code in {"sync/closed", "sync/message-shape"}


def test_a_peer_that_says_nothing_is_left():
    store = world(1, 1)[0]
    ended = []

    async def main():
        listening = serve(
            "tcp://127.0.0.1:0", factory(store), ended=ended.append, idle_seconds=0.05
        )
        async with listening as server:
            reader, writer = await asyncio.open_connection(*server.address)
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())
    assert ended[0].code == "sync/closed"


def test_more_sessions_than_allowed_are_turned_away():
    first, second = two_with_news()

    async def main():
        listening = serve("tcp://127.0.0.1:0", factory(second), sessions_max=1)
        async with listening as server:
            _, writer = await asyncio.open_connection(*server.address)
            await until(lambda: server.drivers)
            refused = await sync_tcp(first, url_of(server))
            writer.close()
            await writer.wait_closed()
            await until(lambda: not server.drivers)
            return refused, await sync_tcp(first, url_of(server))

    refused, taken = asyncio.run(main())
    assert refused.code == "sync/closed"
    assert taken.equal
