"""What got lost, doubled or reordered on the way in other people's replicas."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import Any

from tests.attacks.histories import counted, deliver
from tests.attacks.registry import Run, bug
from tests.attacks.talk import Talk
from tests.attacks.work import Counted
from tests.attacks.world import (
    answers,
    check,
    everything,
    founded,
    joined,
    key_of,
    log_of,
    replica,
)
from tests.model.replica_world import feed_sums, means_of, one_by_one, refusal, settle

from tallystick.limits import MESSAGE_BYTES_MAX
from tallystick.replica.owner import Owner
from tallystick.replica.replica import Replica
from tallystick.replica.serving import Pusher
from tallystick.store.store import Store
from tallystick.sync.pipe import End, Pipe
from tallystick.sync.session import Session, State


def pipe(one: Any, other: Any, number: int = 0, **options: Any) -> Pipe:
    """Two replicas' sessions, to be run message by message."""
    nonce = number.to_bytes(8, "big")
    ends = []
    for first, (here, there) in zip((True, False), ((one, other), (other, one)), strict=True):
        endpoint = here._endpoint(None)
        session = Session(endpoint, initiator=first, peer=there.did, nonce=nonce, **options)
        ends.append(End(session, endpoint))
    return Pipe(*ends)


def talkative(run: Run, count: int = 3) -> list[Any]:
    """People who hold the same, and then each write something about the others' words."""
    people = [founded(run.key("0"))]
    people += [joined(run.key(number), people[0]) for number in range(1, count)]
    for turn in range(3):
        for number, one in enumerate(people):
            one.write_many([("note", {"by": number, "n": n}) for n in range(turn + 1)])
            one.add("tags", f"{number}/{turn}")
            one.inc("count")
        left, right = run.random.sample(people, 2)
        left.sync(right)
    return people


@bug("a context wider than what was delivered", source="delta_crdt_ex 65", seeds=1)
def wider_context(run: Run) -> None:
    """A session cut after any message: what was not delivered is not taken for delivered."""
    cuts = 0
    while True:
        one, other, _ = talkative(run)
        blob = run.random.randbytes(900_000)  # a chain that takes several messages, one head
        one.write_many([("blob", blob + bytes((n,))) for n in range(7)])
        both = {e.id for e in one.history()} | {e.id for e in other.history()}
        broken = pipe(one, other, cuts)
        ended = [broken.deliver() for _ in range(cuts)].count(False) > 0
        broken.cut()
        check(one)
        check(other)
        assert pipe(one, other, 1000 + cuts).run()[0].equal
        for here in (one, other):
            assert {event.id for event in here.history()} == both
        run.work["cuts"] += 1
        if ended:
            break
        cuts += run.random.randint(1, 3)
    claims(run)


def claims(run: Run) -> None:
    """A peer that said it held everything, and then shows that it does not, is sent everything."""
    one = talkative(run)[0]
    other = joined(run.key("loses"), one)
    assert other.sync(one).equal
    one.write("note", "later")
    lost = replica(run.key("loses"))  # the same name, nothing of its data
    report = lost.sync(one)
    assert report.equal
    assert lost.digest() == one.digest()
    check(lost)


@bug("compressed contexts and deliveries out of causal order", source="lasp-lang types PR 90")
def out_of_order(run: Run) -> None:
    people = talkative(run)
    settle(people)
    source = people[0]
    slices = one_by_one(source)[::-1]
    if run.seed % 2:
        run.random.shuffle(slices)
    fresh = replica(run.key("fresh"))
    most = 0
    fresh.receive(everything(source)[:1], log=log_of(source))
    for number, part in enumerate(slices):
        for _ in range(run.random.choice([0, 1, 1, 2])):
            Talk(fresh).send(part)
        most = max(most, fresh._store.pending_stats()[0])
        if number % 10 == 0:
            check(fresh)
    assert most > 3, "children came before parents"
    Talk(fresh).send(*slices)
    assert fresh._store.pending_stats() == (0, 0)
    assert answers(fresh, source) == answers(source, source)
    check(fresh)
    run.work["pending"] += most


@bug("an actor's id used again after its data was lost", source="riak_kv PR 1094")
def used_again(run: Run) -> None:
    friend = founded(run.key("friend"))
    path = run.folder / "own"
    own = on_disk(run, path)
    own.sync(friend)
    own.write_many([("note", n) for n in range(run.random.randint(1, 4))])
    own.sync(friend)
    own._store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, run.folder / "backup")
    later = own.write_many([("note", {"later": n}) for n in range(run.random.randint(1, 4))])
    careful = run.random.random() < 0.5
    own.sync(friend)
    own.close()
    restored = on_disk(run, run.folder / "backup")
    if careful:  # contact first: it catches up and goes on
        restored.sync(friend)
        assert {event.id for event in restored.history()} >= set(later)
        again = restored.write("note", "after the restore")
        friend.sync(restored)
        assert friend.show(again).seq == len(friend.history(author=own_did(run))) - 1
        assert not friend._log.judging.equivocations()
    else:  # it writes first: both histories are kept, and it stops as soon as it hears
        mine = restored.write("note", "I remember nothing")
        friend.sync(restored)
        error = refusal(lambda: restored.write("note", "more"))
        assert error is not None
        run.saw([error.code])
        for here in (friend, restored):
            assert {*later, mine} <= {event.id for event in here.history()}
            assert key_of(run.key("own")).public in here._log.judging.equivocations()
    check(restored)
    check(friend)
    restored.close()
    run.work["careful" if careful else "careless"] += 1


def own_did(run: Run) -> str:
    return key_of(run.key("own")).did


def on_disk(run: Run, path: Any) -> Any:
    """A replica in a file, opened again if it is there."""
    key = key_of(run.key("own"))
    store = Store.open(path) if path.exists() else Store.create(path, now=1)
    means = means_of(f"{run.key('own')}/{path.name}/{path.exists()}")
    return Replica(store, path, Owner(key.public, key=key), means=means)


@bug("one dot, two contents", source="riak_kv PR 814")
def one_dot(run: Run) -> None:
    """Two machines of one key add different things at the same place in their chains."""
    founder = founded(run.key("founder"))
    machines = [replica(run.key("own"), machine=number) for number in range(2)]
    for number, machine in enumerate(machines):
        machine.sync(founder)
        if number == 0 and run.seed % 2:
            machine.write("note", "shared")
            founder.sync(machine)
    for number, machine in enumerate(machines):
        machine.add("things", f"of {number}")
        machine.inc("count", number + 1)
    readers = [joined(run.key(f"reader {n}"), founder) for n in range(2)]
    readers[0].sync(machines[0])
    readers[0].remove("things", "of 0")
    readers[1].sync(machines[1])
    for _ in range(2):
        for reader in readers:
            reader.sync(readers[0]) if reader is not readers[0] else None
            reader.sync(machines[0])
            reader.sync(machines[1])
    for reader in readers:
        assert reader.view()["things"] == ["of 1"], "only what was seen is removed"
        assert reader.view()["count"] == 3, "each counts once"
        assert reader._log.judging.equivocations()
        check(reader)
    assert answers(readers[0], founder) == answers(readers[1], founder)
    slices = [*everything(readers[0])]
    fresh = replica(run.key("fresh"))
    fresh.receive(everything(founder)[:1], log=log_of(founder))
    deliver(fresh, slices, run.random)
    assert answers(fresh, founder) == answers(readers[0], founder)
    run.work["dots"] += 2


@bug("a set of 20,000 strings that cannot be sent", source="akka 23025, 22327, 28421", seeds=1)
def large_set(run: Run) -> None:
    one = founded(run.key("one"))
    strings = [f"{number} {run.random.randbytes(110).hex()}" for number in range(20_000)]
    for begin in range(0, len(strings), 1_000):
        with one.edit() as edit:
            for string in strings[begin : begin + 1_000]:
                edit.add("strings", string)
    other = replica(run.key("other"))
    sending = pipe(one, other, log=log_of(one))
    largest = 0
    while sending.deliver():
        waiting = [*sending.first.inbox, *sending.second.inbox]
        largest = max([largest, *map(len, waiting)])
    assert largest <= MESSAGE_BYTES_MAX < sum(map(len, strings))
    assert other.digest() == one.digest()
    assert sorted(other.view()["strings"]) == sorted(strings)
    assert other.state_hash() == one.state_hash()
    with one.edit() as edit:
        edit.add("strings", "one more")
    after = other.sync(one)
    assert after.bytes_in < 2_000, "one more element is sent, not the set"
    run.work["bytes"] += largest


@bug("subscribers who saw fewer, and gossip without end", source="akka.net 8219, 5022", seeds=1)
def subscribers(run: Run) -> None:
    people = talkative(run)
    for one in people:
        gapless(one)
    settle(people)
    live(run, *people[:2])
    settle(people)
    for one in people:
        gapless(one)
        for other in people:
            if other is one:
                continue
            again = one.sync(other)
            assert (again.round_trips, again.events_in, again.events_out) == (1, 0, 0)
            assert again.bytes_in + again.bytes_out < 250
    run.work["pairs"] += len(people) * (len(people) - 1)


def gapless(one: Any) -> None:
    """Whoever reads the feed from 0 on, in any steps, sees every position once."""
    log, pos = one._log, 0
    while part := log.store.feed_read(log.no, pos, 3):
        for entry in part:
            assert entry.pos == pos
            pos = entry.pos + entry.count
    assert pos == log.store.feed_end(log.no)
    sums = feed_sums(one)
    assert {id for id, weight in sums.items() if weight} == counted(one)


class Pushed:
    """What a ``Pusher`` needs of a driver, over a pipe."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.batches: list[Any] = []

    def push(self, slices: Any) -> None:
        self.batches.append(slices)


def live(run: Run, one: Any, other: Any) -> None:
    """292 events written while both are connected: none is missing, however they interleave."""
    sides = []
    for first, (here, there) in zip((True, False), ((one, other), (other, one)), strict=True):
        pusher = Pusher(here._store, here._open_log)
        session, endpoint = pusher.session(
            here._endpoint(None), initiator=first, peer=there.did, nonce=bytes(8)
        )
        sides.append((here, pusher, Pushed(session), End(session, endpoint)))
    line = Pipe(sides[0][3], sides[1][3])
    line.run()
    assert all(end.session.state is State.LIVE for *_, end in sides)
    for number in range(292):
        here, pusher, driver, end = run.random.choice(sides)
        here.write("note", {"live": number})
        for _ in range(run.random.randint(0, 3)):
            line.deliver()
        pusher.push([driver])
        for batch in driver.batches:
            line.act(end, end.session.push(batch))
        driver.batches.clear()
    for _, pusher, driver, end in sides:
        pusher.push([driver])
        for batch in driver.batches:
            line.act(end, end.session.push(batch))
        driver.batches.clear()
    line.run()
    for here, *_ in sides:
        said = [event.content["live"] for event in here.history() if "live" in str(event.content)]
        assert Counter(said) == Counter(range(292))
        gapless(here)
    line.act(sides[0][3], sides[0][3].session.close())
    line.run()
    run.work["live"] += 292


@bug("writes that cost what was written before", source="akka 25310, 25529", seeds=1)
def long_history(run: Run) -> None:
    """A place written a thousand times costs per write, and per reader, what it did at first."""
    one, other = founded(run.key("one")), replica(run.key("other"))
    other.sync(one)
    costs, sizes, sent = [], [], []
    for _ in range(4):
        with Counted(one) as counted_work:
            for number in range(150):
                one.set("map/key", number)
                one.inc("map/count")
        costs.append(counted_work.work)
        with Counted(other) as taking:
            sent.append(other.sync(one).bytes_in)
        sizes.append(taking.work)
        assert other.view()["map/key"] == 149
    for row in (costs, sizes, sent):
        assert max(row[1:]) <= 1.06 * min(row), row
    assert other.view()["map/count"] == 600
    run.work["write"] += max(costs) // 300


@bug("causality broken as seen from outside", source="AntidoteDB 458", seeds=2)
def causal(run: Run) -> None:
    """A third party that looks after every message, through a connection of its own."""
    people = talkative(run)
    source = people[0]
    for _ in range(2):
        for one in people[1:]:
            source.sync(one)
    path = run.folder / "reader"
    reader = on_disk(run, path)
    reader.sync(joined(run.key("early"), founded_again(source)))
    outside = on_disk(run, path)
    slices = one_by_one(source)
    run.random.shuffle(slices)
    counts = []
    for begin in range(0, len(slices), 3):
        Talk(reader).send(*slices[begin : begin + 3])
        events = {event.id: event for event in outside.history()}
        genesis = next(id for id, event in events.items() if event.kind == "log/create")
        for event in events.values():
            if event.id != genesis:
                assert {event.prev or genesis, *event.deps} <= set(events), "an effect, no cause"
        view = outside.view()
        assert view == outside.under(outside.policy).view(), "one moment, not two"
        counts.append(len(events))
    assert counts == sorted(counts)
    assert outside.digest() == source.digest()
    outside.close()
    check(reader)
    reader.close()
    run.work["moments"] += len(counts)


def founded_again(source: Any) -> Any:
    """A replica that holds the genesis event of a log and nothing else."""
    from tests.attacks.forged_bytes import founded_with

    return founded_with(source)
