"""Replicas in memory with keys, clocks and randomness of their own, and what must hold of each."""

from __future__ import annotations

from hashlib import sha256
from itertools import combinations
from random import Random

from tallystick.chain.slice import Slice, decode_slice, encode_slice
from tallystick.errors import TallyError
from tallystick.event.ids import parse_cid
from tallystick.identity.did import parse_did_key
from tallystick.identity.keys import SigningKey
from tallystick.replica.openlog import Means
from tallystick.replica.owner import Owner
from tallystick.replica.replica import Replica
from tallystick.store.store import Store

FIRST_MS = 1_700_000_000_000
MESSAGE_BYTES = 3_000_000


def key_of(name: object) -> SigningKey:
    return SigningKey(sha256(f"replica/{name}".encode()).digest())


def means_of(name: object) -> Means:
    """A clock that ticks when it is asked, and randomness that is the same in every run."""
    random, now = Random(f"means/{name}"), [FIRST_MS]

    def tick() -> int:
        now[0] += 7
        return now[0]

    return Means(now=tick, entropy=random.randbytes)


def replica(name: object, *, machine: object = "", store: Store | None = None) -> Replica:
    """A replica in memory; another ``machine`` with the same name has the same key."""
    key = key_of(name)
    means = means_of(f"{name}/{machine}")
    return Replica(store or Store.memory(), None, Owner(key.public, key=key), means=means)


def world(count: int) -> list[Replica]:
    """Replicas that take part in one log, made by the first."""
    replicas = [replica(number) for number in range(count)]
    replicas[0].create_log("world")
    for one in replicas[1:]:
        one.sync(replicas[0])
    return replicas


def settle(replicas: list[Replica]) -> None:
    """Everybody syncs with everybody until nobody learns anything; digests are equal then."""
    for one, other in [*combinations(replicas, 2)] * 2:
        report = one.sync(other)
        assert report.equal, report
        assert not report.rejected, report
    assert len({one.digest() for one in replicas}) == 1
    for one in replicas:
        assert one._store.pending_stats() == (0, 0)


def everything(one: Replica) -> list[Slice]:
    """All that a replica holds of its log, as it would send it to somebody who has nothing."""
    batches = one._log.holdings.slices_for({}, max_bytes=MESSAGE_BYTES)
    return [part for batch in batches for part in batch]


def one_by_one(one: Replica) -> list[Slice]:
    """The same as slices of one event each."""
    holdings = one._log.holdings
    return [
        part
        for line in one._store.lines(one._log.no)
        for seq in range(line.first_seq, line.size)
        for part in holdings._slices(line, seq, seq + 1)
    ]


def through_the_wire(one: Slice) -> Slice:
    found = decode_slice(encode_slice(one), log=one.log)
    assert isinstance(found, Slice)
    return found


def feed_sums(one: Replica) -> dict[bytes, int]:
    """Event id -> sum of its weights in the feed."""
    log, sums = one._log, {}
    store, pos = log.store, 0
    while part := store.feed_read(log.no, pos, 1000):
        for entry in part:
            for id in store.ids_at(range(entry.row, entry.row + entry.count)):
                sums[id] = sums.get(id, 0) + entry.weight
                assert sums[id] in (0, 1), "an event enters when it is out, and leaves when in"
            pos = entry.pos + entry.count
    return sums


def check(one: Replica) -> None:
    """What must hold of a replica whenever a method has returned."""
    log, judge = one._log, one._log.judging.judge
    fresh = log.judging.judge_under(one.policy)
    events = one.history()
    counted = {event.id for event in events if event.counts}
    sums = feed_sums(one)
    for event in events:
        id = parse_cid(event.id)
        void = event.void is not None
        assert judge.counts(id) == fresh.counts(id) == (sums.get(id, 0) == 1)
        assert judge.event_verdict(id).included == judge.counts(id)
        assert not (void and judge.counts(id))
    assert len(sums) <= len(events)
    scratch = one.under(one.policy)
    for name in [view.name for view in one.views()]:
        assert one.state_hash(name) == scratch.state_hash(name)
        assert one.view(name) == scratch.view(name)
    assert one.standing() == scratch.standing()
    assert {event.id for event in one.heads()} == maximal(events, counted)
    verified = one.verify()
    assert verified.ok, verified.problems
    assert verified.events == len(events) == log.store.next_row - 1
    assert {report.behind for report in one.views()} == {0}


def maximal(events, counted: set[str]) -> set[str]:
    """Counted events that no other counted event has in its past, by walking."""
    by_id = {event.id: event for event in events}
    genesis = next(event.id for event in events if event.kind == "log/create")
    below: set[str] = set()
    for id in counted:
        stack = parents(by_id[id], genesis)
        seen = set(stack)
        while stack:
            for parent in parents(by_id[stack.pop()], genesis):
                if parent not in seen:
                    seen.add(parent)
                    stack.append(parent)
        below |= seen
    return counted - below


def parents(event, genesis: str) -> list[str]:
    first = [] if event.id == genesis else [event.prev or genesis]
    return first + list(event.deps)


def seen_by(one: Replica, did: str):
    """An actor's published policy as this replica works it out: everything that can be compared."""
    reading = one.as_seen_by(did)
    events = {event.id: reading.judge.event_verdict(parse_cid(event.id)) for event in one.history()}
    actors = {event.author for event in one.history()}
    verdicts = {actor: reading.judge.actor_verdict(parse_did_key(actor)) for actor in actors}
    return reading.policy.bytes(), reading.state_hash(), reading.standing(), events, verdicts


def check_agreed(replicas: list[Replica]) -> None:
    """What must hold between replicas that hold the same events."""
    first = replicas[0]
    ids = [event.id for event in first.history()]
    views = {did: seen_by(first, did) for did in {one.did for one in replicas}}
    for one in replicas[1:]:
        assert [event.id for event in one.history()] == ids
        assert {did: seen_by(one, did) for did in views} == views


def refusal(act) -> TallyError | None:
    """The coded error with which something was refused; None when it was done."""
    try:
        act()
    except TallyError as error:
        return error
    return None


def stamp(one: Replica) -> tuple[object, ...]:
    """What may not change when something was refused."""
    store = one._store
    logs = [log.id for log in store.logs()]
    ends = [store.feed_end(store.log_no(log)) for log in logs]
    tables = [
        name
        for (name,) in store.db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith("sqlite_")
    ]
    contents = {name: store.db.rows(f'SELECT * FROM "{name}"') for name in tables}
    contents = {name: rows for name, rows in contents.items() if rows}
    digest = one.digest() if len(logs) == 1 else ""
    return logs, ends, store.next_row, digest, contents
