"""More of everything than anybody asked for: what a peer can use up is bounded, and is counted."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.attacks.registry import Run, attack
from tests.attacks.talk import Talk, told
from tests.attacks.world import (
    Hand,
    answers,
    cbor,
    check,
    everything,
    founded,
    joined,
    log_of,
    replica,
)
from tests.e2e.test_sync_tcp import until

from tallystick import limits
from tallystick.chain.slice import Slice, slice_value
from tallystick.sync import messages as m
from tallystick.sync.holdings import Span
from tallystick.sync.session import Budget, Session, State
from tallystick.sync.tcp import connect, serve


@attack("unbounded subscriptions and queues", source="cpp-libp2p 349", seeds=1)
def queues(run: Run) -> None:
    windows(run)
    pushes(run)
    rejections(run)
    budgets(run)
    questions(run)
    sessions(run, limits.SYNC_SESSIONS_MAX)
    sessions(run, limits.SYNC_SESSIONS_PEER_MAX)  # all from one host


def windows(run: Run) -> None:
    """A peer that never acknowledges gets a window of messages, and nothing is made beyond it."""
    one = founded(run.key("ada"))
    big = run.random.randbytes(1_000_000)
    for n in range(3 * limits.SYNC_WINDOW_MESSAGES + 9):
        one.write("blob", big + bytes((n,)))
    talk = Talk(one)
    talk.say(m.Want(_tag(talk)))
    sent = [said for said in talk.heard if isinstance(said, m.Slices)]
    assert len(sent) == limits.SYNC_WINDOW_MESSAGES
    for _ in range(3):
        talk.say(m.Ack(0))
    assert sum(isinstance(said, m.Slices) for said in talk.heard) == len(sent)
    more = talk.say(m.Ack(len(sent)))
    assert 0 < sum(isinstance(said, m.Slices) for said in more) <= limits.SYNC_WINDOW_MESSAGES
    talk.say(m.Ack(run.random.choice([2**40, 2**63 - 1])))
    assert run.saw(talk.codes()) == {"sync/unexpected"}
    run.work["windows"] += 1


def _tag(talk: Talk) -> bytes:
    """Everything of the founder, for somebody who has nothing of it."""
    said = next(one for one in talk.heard if isinstance(one, m.VectorOf))
    return said.entries[:8] + bytes(2) + b"\x00"


def pushes(run: Run) -> None:
    """A live peer that does not keep up is let go when its queue is full, not one push later."""
    one = founded(run.key("bob"))
    hand = Hand(run.key("eve"), log_of(one))
    news = hand.write("x")
    session = live(one)
    room = limits.SYNC_WINDOW_MESSAGES + limits.SYNC_PUSHES_MAX
    while not (step := session.push([news])).done:
        run.work["pushes"] += 1
    assert room - 1 <= run.work["pushes"] <= room, "what is being sent may count as queued"
    assert step.code == "sync/budget"
    assert session._out.queued == 0
    run.saw([step.code])


def live(one: Any) -> Session:
    """A session of a replica with a live peer that holds the same."""
    session = Session(one._endpoint(None), initiator=False, peer="slow", nonce=bytes(8), live=True)
    root = bytes.fromhex(one.digest())
    step = session.receive(m.encode(m.Hello(1, log_of(one), root, b"", b"", b"", m.LIVE)))
    assert session.state is State.LIVE, step
    return session


def rejections(run: Run) -> None:
    """Rubbish is counted; at the bound the peer is dropped, and no more of it is remembered."""
    one = founded(run.key("cyd"))
    before = answers(one)
    most = limits.SYNC_REJECTED_MAX
    for count in (most - 1, most, most + 1, most * 5):
        talk = Talk(one)
        talk.say([7, [None] * count])
        assert talk.closed is (count > most)
        assert len(talk.report.rejected) == min(count, most)
        run.saw(set(talk.codes()))
    assert answers(one) == before


def budgets(run: Run) -> None:
    """Bytes are counted, known ones too."""
    one = founded(run.key("dan"))
    known = everything(one)
    size = len(m.encode(m.Slices(tuple(slice_value(part) for part in known)))) + 4
    opening = Talk(one).session.meter.bytes_in
    for room, closed in ((10 * size, False), (10 * size - 1, True)):
        talk = Talk(one, budget=Budget(bytes_in=opening + room))
        for _ in range(10):
            talk.send(*known)
        assert talk.closed is closed
        run.saw(talk.codes())
    defaults = Budget()
    assert defaults.bytes_in == limits.SYNC_BYTES_IN_MAX
    assert defaults.waste == limits.SYNC_WASTE_MAX
    assert defaults.author_bytes == limits.SYNC_AUTHOR_BYTES_MAX
    assert defaults.author_waste == limits.SYNC_AUTHOR_WASTE_MAX
    wasted(run, one, known)


def wasted(run: Run, one: Any, known: list[Slice]) -> None:
    """Work that brings nothing is counted, against the peer and against each author."""
    for budget, expected in (
        (Budget(waste=2_000), "sync/budget"),
        (Budget(author_waste=2_000), "sync/author-budget"),
        (Budget(author_bytes=20 * len(known[0].pack)), "sync/author-budget"),
    ):
        talk = Talk(one, budget=budget)
        for _ in range(100):
            talk.send(*known)
        assert run.saw(talk.codes()) == {expected}
        assert talk.closed is (expected == "sync/budget")


def questions(run: Run) -> None:
    """Every question is answered once; a stretch asked for many times in one is sent once."""
    one = founded(run.key("eli"))
    one.write("blob", run.random.randbytes(900_000))
    author = one._owner.public
    hello = m.Hello(1, None, bytes(32), b"", b"", b"", 0)
    full = m.encode(m.Contents((Span(bytes(32), b"", 0, 1),) * limits.SYNC_SPANS_MAX))
    for question, most in (
        (m.Want(b""), 1),
        (hello, 0),
        (m.Contents(()), 1),
        (full, limits.SYNC_CONTENTS_MAX),
    ):
        talk = Talk(one)
        for _ in range(most):
            talk.say(question)
            assert not talk.codes()
        talk.say(question)
        assert run.saw(talk.codes()) == {"sync/unexpected"}
    talk = Talk(one)
    talk.say([6, [[author, b"", 1, 2]] * 500 + [[author, b"", 0, 2]] * 500])
    slices = [part for said in talk.heard if isinstance(said, m.Slices) for part in said.slices]
    assert sum(part[2] for part in slices) == 2, "asked for a thousand times, sent once"
    unknown = Talk(one)
    for number in range(limits.SYNC_REJECTED_MAX + 1):
        unknown.say([5, number.to_bytes(8, "big"), []])
    assert unknown.closed
    run.saw(set(unknown.codes()))


def sessions(run: Run, most: int) -> None:
    """A server with all its sessions taken answers nobody else, and serves again afterwards."""
    one, other = founded(run.key("fay")), replica(run.key(f"gus {most}"))
    log = log_of(one)

    def factory(peer: str) -> tuple[Session, Any]:
        endpoint = one._endpoint(None)
        return Session(endpoint, initiator=False, peer=peer, nonce=bytes(8)), endpoint

    async def main() -> Any:
        room = {"sessions_peer_max": most} if most == limits.SYNC_SESSIONS_MAX else {}
        async with serve("tcp://127.0.0.1:0", factory, **room) as server:
            host, port = server.address
            idle = [await asyncio.open_connection(host, port) for _ in range(most)]
            await until(lambda: len(server.drivers) == most)
            late = [await asyncio.open_connection(host, port) for _ in range(5)]
            turned_away = [await reader.read() for reader, _ in late]
            assert turned_away == [b""] * 5
            assert len(server.drivers) == most
            for _, writer in idle + late:
                writer.close()
            await until(lambda: not server.drivers)
            endpoint = other._endpoint(log)
            session = Session(endpoint, initiator=True, peer="x", nonce=bytes(8), log=log)
            driver = await connect(f"tcp://{host}:{port}", session, endpoint)
            return await driver.run()

    report = asyncio.run(main())
    assert report.equal
    assert other.digest() == one.digest()
    run.work["sessions"] += most


@attack("missing-parent flood", source="gossip clients", seeds=1)
def missing_parents(run: Run) -> None:
    one = founded(run.key("ada"))
    log = log_of(one)
    friend = Hand(run.key("friend"), log)
    early, late = friend.write("first"), friend.write("second")
    told(one, late, peer="tcp://friend")
    assert one._store.pending_stats(b"tcp://friend") == (1, late_bytes(one))
    before = answers(one)
    peaks = []
    for number in range(6):  # events by number
        hand = Hand(run.key(f"many {number}"), log)
        flood = hand.write(*[number] * 2_500, deps=[run.random.randbytes(32)], lamport=9)
        peaks.append(flooded(run, one, flood))
    assert max(peaks)[0] == limits.PENDING_EVENTS_MAX
    kept = {row.author for row in one._store.pending_of(one._log.no)}
    assert Hand(run.key("many 0"), log).public not in kept, "the oldest go first"
    assert Hand(run.key("many 5"), log).public in kept
    for number in range(24):  # events by size
        hand = Hand(run.key(f"large {number}"), log)
        big = run.random.randbytes(1_000_000)
        flood = hand.write(big, big, big, deps=[run.random.randbytes(32)], lamport=9)
        flooded(run, one, flood)
    assert one._store.pending_stats(b"tcp://mallory")[1] > limits.PENDING_BYTES_MAX - 4_000_000
    crowd = Hand(run.key("one author"), log)
    flooded(run, one, crowd.write(*[0] * 4_000, deps=[run.random.randbytes(32)], lamport=9))
    flooded(run, one, crowd.write(*[0] * 4_000, deps=[run.random.randbytes(32)]))
    waiting = [row for row in one._store.pending_of(one._log.no) if row.author == crowd.public]
    assert sum(row.count for row in waiting) <= limits.PENDING_AUTHOR_EVENTS_MAX
    assert sum(len(row.slice) for row in waiting) <= limits.PENDING_AUTHOR_BYTES_MAX
    assert answers(one) == before, "what waits is seen by nobody"
    assert one._store.pending_stats(b"tcp://friend")[0] == 1, "others' events wait in peace"
    assert told(one, early, peer="tcp://friend").report.pending == 0
    assert len(one.history(author=friend.did)) == 2
    check(one)


def late_bytes(one: Any) -> int:
    return sum(len(row.slice) for row in one._store.pending_of(one._log.no))


def flooded(run: Run, one: Any, *flood: Slice) -> tuple[int, int]:
    """One session of mallory's: what then waits for its sake is within bounds."""
    talk = Talk(one)
    talk.send(*flood)
    asked = len(talk.heard)
    talk.send(*flood)
    assert len(talk.heard) == asked, "what was not served is not begged for"
    run.saw(talk.codes())
    events, size = one._store.pending_stats(b"tcp://mallory")
    assert events <= limits.PENDING_EVENTS_MAX
    assert size <= limits.PENDING_BYTES_MAX
    run.work["pending"] = max(run.work["pending"], events)
    return events, size


HONEST, HOSTILE, PUPPETS = 4, 5, 50


@attack("eclipse, Sybil and invalid spam", source="CVE-2020-12821, gossipsub 1.1", seeds=1)
def eclipse(run: Run) -> None:
    honest = [founded(run.key("0"))]
    honest += [joined(run.key(number), honest[0]) for number in range(1, HONEST)]
    log = log_of(honest[0])
    mallory = Hand(run.key("mallory"), log)
    told(honest[0], *(mallory.write(n) for n in range(3)))
    liars = [withholding, spamming, flattering, babbling, silent]
    assert len(liars) == HOSTILE
    pairs = [(n, (n + 1) % HONEST) for n in range(HONEST)]  # each knows two others; the rest lies
    for step in range(3):
        for number, one in enumerate(honest):
            one.write("note", {"step": step, "by": number})
            for liar in run.random.sample(liars, HOSTILE):
                run.saw(liar(run, one, mallory))
        for left, right in run.random.sample(pairs, len(pairs)):
            honest[left].sync(honest[right])
    for left, right in pairs * 2:
        report = honest[left].sync(honest[right])
        assert report.equal
    assert len({one.digest() for one in honest}) == 1
    written = [event for event in honest[0].history() if event.author in {o.did for o in honest}]
    assert len(written) == 3 * HONEST + 1
    for one in honest:
        assert one.standing() == answers(one)[2]
        check(one)
    puppets(run)


def withholding(run: Run, one: Any, mallory: Hand) -> list[Any]:
    """Answers with the founder's genesis event alone, as if nothing else were known."""
    talk = Talk(one, calls=False)
    talk.say(talk.vector(entries=b""))
    talk.say(m.Sent(run.random.choice([0, 1])))
    talk.session.lost()
    return talk.codes()


def spamming(run: Run, one: Any, mallory: Hand) -> list[Any]:
    """Good slices with one bit of difference, by the dozen, among valid ones."""
    before = one.digest()
    talk = Talk(one)
    good = mallory.at(0).write("spam")
    for _ in range(12):
        pack = bytearray(good.pack)
        pack[run.random.randrange(len(pack))] ^= 1 << run.random.randrange(8)
        talk.send(Slice(good.log, good.author, good.seq, 1, bytes(pack), good.head, b""))
    assert one.digest() == before, "nothing of it is stored, so nothing is passed on"
    return talk.codes()


def flattering(run: Run, one: Any, mallory: Hand) -> list[Any]:
    """Says that both are equal, whatever was asked."""
    talk = Talk(one, calls=False)
    talk.say(m.Same(1, 0))
    assert not one._store.peer(b"tcp://nobody", one._log.no)
    return talk.codes()


def babbling(run: Run, one: Any, mallory: Hand) -> list[Any]:
    """Random messages of the right shapes."""
    talk = Talk(one, calls=run.random.random() < 0.5)
    said: list[Any] = [m.Ack(7), m.Sent(5), m.Want(b"\x01" * 11), m.Bye("", bytes(32))]
    said += [m.Logs((bytes(32),)), talk.vector(entries=run.random.randbytes(22))]
    said += [m.Lines(bytes(8), ()), m.Same(1, 1), run.random.randbytes(40)]
    for message in run.random.sample(said, len(said)):
        talk.say(message)
    talk.session.lost()
    return talk.codes()


def silent(run: Run, one: Any, mallory: Hand) -> list[Any]:
    """Takes the call and says nothing until the line breaks."""
    talk = Talk(one, calls=run.random.random() < 0.5)
    talk.session.lost()
    return talk.codes()


def puppets(run: Run) -> None:
    """Fifty keys of one person weigh as one branch, and as nothing where nobody adopted them."""
    one = founded(run.key("viewer"))
    log = log_of(one)
    victim, mallory = Hand(run.key("victim"), log), Hand(run.key("mallory"), log)
    friends = [Hand(run.key(f"friend {n}"), log) for n in range(2)]
    crowd = [Hand(run.key(f"puppet {n}"), log) for n in range(PUPPETS)]
    told(one, *(hand.write("hello") for hand in (victim, mallory, *friends)))
    told(one, *(said(puppet, "ban", victim) for puppet in crowd))
    assert one.verdict(victim.did).included, "keys that nobody adopted have no vote"
    told(one, *(said(mallory, "adopt", puppet, weight=2**31 - 1, depth=9) for puppet in crowd))
    assert one.verdict(victim.did).included
    one.set_policy(threshold=2, max_depth=4)
    for friend in friends:
        one.adopt(friend.did, depth=4)
    one.adopt(mallory.did, depth=4)
    assert one.verdict(victim.did).included, "one branch, however many speak through it"
    told(one, said(friends[0], "ban", victim))
    assert not one.verdict(victim.did).included, "and a second branch makes two"
    one.set_policy(threshold=3)
    assert one.verdict(victim.did).included
    told(one, said(friends[1], "ban", victim))
    assert not one.verdict(victim.did).included
    run.work["puppets"] += PUPPETS
    check(one)


def said(hand: Hand, verb: str, about: Hand, **more: Any) -> Slice:
    """A statement of a hand's."""
    frame = {"actor": about.public} | more
    return hand.write(frames=[cbor(frame)], kind=f"trust/{verb}")
