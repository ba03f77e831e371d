"""Answers that were wrong in other people's replicas: doubled, lost, brought back, or pinned."""

from __future__ import annotations

from typing import Any

from tests.attacks.deliveries import pipe, talkative
from tests.attacks.histories import counted, deliver
from tests.attacks.registry import Run, attack, bug
from tests.attacks.talk import told
from tests.attacks.world import (
    FAR_FUTURE,
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
from tests.model.replica_world import one_by_one, settle

from tallystick.event.ids import parse_cid
from tallystick.kernels import Link
from tallystick.store.store import Store


def people_of(run: Run, count: int) -> list[Any]:
    """Replicas of one log."""
    first = founded(run.key("0"))
    return [first, *(joined(run.key(number), first) for number in range(1, count))]


@bug("equality that depends on internal order", source="riak_dt PR 89, 82, 133")
def equality(run: Run) -> None:
    people = talkative(run)
    for one in people:
        for about in run.random.sample(people, 2):
            if about is not one:
                run.random.choice([one.adopt, one.ban, one.allow])(about.did)
        one.set("map/a", {"b": 1, "a": [one.did]})
    settle(people)
    source = people[0]
    slices = everything(source)
    found = set()
    for number in range(4):
        fresh = replica(run.key(f"fresh {number}"))
        fresh.receive(slices[:1], log=log_of(source))
        deliver(fresh, slices, run.random)
        found.add(repr(answers(fresh, source)))
        found.add(repr(answers(source, source)))
        assert fresh.as_seen_by(source.did).policy.hash == source.as_seen_by(source.did).policy.hash
        again = fresh.sync(source)
        assert (again.round_trips, again.events_in, again.events_out) == (1, 0, 0)
        run.work["orders"] += 1
    assert len(found) == 1


@bug("a delete and an update at once, and values that go back", source="riak_dt 119, riak PR 580")
def deletes(run: Run) -> None:
    one, other = people_of(run, 2)
    one.add("tags", "x")
    one.set("title", "first")
    other.sync(one)
    one.remove("tags", "x")
    other.add("tags", "x")
    one.set("title", "second")
    settle([one, other])
    for here in (one, other):
        assert here.view()["tags"] == ["x"], "who removed had not seen that one"
        assert here.view()["title"] == "second"
    seen: dict[str, set[str]] = {}
    for turn in range(12):
        here = run.random.choice([one, other])
        was = {event.id for event in here.history()}
        seen[here.set("title", {"turn": turn})] = was
        if run.random.random() < 0.6:
            one.sync(other)
        for reader in (one, other):
            shown = reader.view()["title"]
            writers = {e.id: e.content for e in reader.history(kind="record/edit") if e.id in seen}
            (winner,) = (id for id, content in writers.items() if shown in content)
            assert not any(winner in seen[later] for later in writers), "replaced by a later one"
    settle([one, other])
    last = one.set("title", "last")
    settle([one, other])
    one.exclude(last)
    back = one.view()["title"]
    one.include(last)
    assert one.view()["title"] == "last"
    assert back != "last"
    one.remove("tags", "x")
    settle([one, other])
    assert "tags" not in other.view()
    check(one)
    check(other)
    run.work["turns"] += 12


@bug("elements lost when states are merged", source="akka 22890, PR 22654, 22606; akka.net 4843")
def lost_elements(run: Run) -> None:
    """Sets written, emptied and merged over broken connections, against add-ids in a plain set."""
    people = people_of(run, 4)
    adds: dict[str, str] = {}
    removed: set[str] = set()
    known: list[set[str]] = [set() for _ in people]
    for step in range(40):
        number = run.random.randrange(4)
        one = people[number]
        live = [add for add in known[number] if add not in gone(one, removed)]
        if run.random.random() < 0.25 and live:
            element = adds[run.random.choice(live)]
            removed |= {add for add in live if adds[add] == element}
            one.remove("set", element)
        elif run.random.random() < 0.6:
            element = f"e{run.random.randrange(6)}"
            adds[one.add("set", element)] = element
        else:
            line = pipe(one, run.random.choice([p for p in people if p is not one]), step)
            for _ in range(run.random.randint(0, 12)):
                line.deliver()
            line.cut()
        for place, here in enumerate(people):
            known[place] = {event.id for event in here.history() if event.id in adds}
    settle(people)
    expected = sorted({adds[add] for add in adds if add not in removed})
    for one in people:
        assert sorted(one.view().get("set", [])) == expected
        check(one)
    run.work["adds"] += len(adds)


def gone(one: Any, removed: set[str]) -> set[str]:
    """Adds whose removal this replica has seen: no longer among its live ops."""
    from tallystick.event.ids import cid_text

    live = {cid_text(op.id) for op in one._live(("set",), "set")}
    return {event.id for event in one.history() if event.id not in live} | removed - live


@bug("counters doubled by pruning", source="akka.net 4200; akka PR 22130, 21647")
def doubled(run: Run) -> None:
    """9 stays 9: excluded and included, banned and allowed, sent twice and merged again."""
    people = people_of(run, 3)
    amounts: dict[str, int] = {}
    for step in range(40):
        one = run.random.choice(people)
        about = run.random.choice([p for p in people if p is not one])
        verb = run.random.choice(
            ["inc"] * 4 + ["ban", "allow", "exclude", "include", "sync", "again"]
        )
        if verb == "inc":
            amount = run.random.choice([1, 2, 5, -3, 2**62])
            amounts[one.inc("count", amount)] = amount
        elif verb in ("ban", "allow"):
            getattr(one, verb)(about.did)
        elif verb in ("exclude", "include"):
            here = [event.id for event in one.history() if event.id in amounts]
            if here:
                getattr(one, verb)(run.random.choice(here))
        elif verb == "sync":
            one.sync(about)
        else:
            told(one, *run.random.sample(everything(about), 1), *everything(one))
        ids = {event.id for event in one.history()}
        counts = {id for id in amounts if id in ids and parse_cid(id) in counted(one)}
        assert one.view().get("count", 0) == sum(amounts[id] for id in counts), step
    for one in people:  # what waits here may come in during a session, for the next one to send
        for about in people:
            if about is not one:
                one.sync(about)
    settle(people)
    for viewer in people:
        values = [one.as_seen_by(viewer.did).view().get("count", 0) for one in people]
        expected = sum(amounts[id] for id in amounts if parse_cid(id) in counted(viewer, viewer))
        assert values == [expected] * 3
    for one in people:
        check(one)
    run.work["incs"] += len(amounts)


@bug("ids claimed in advance, counters at their end, stamps of the far future",
     source="actor-ts 706, 720, 722, 724", seeds=3)  # fmt: skip
def in_advance(run: Run) -> None:
    one = founded(run.key("ada"))
    log = log_of(one)
    one.set("title", "mine")
    one.inc("count", 7)
    one.add("tags", "x")
    bob, late = joined(run.key("bob"), one), joined(run.key("late"), one)
    eve = Hand(run.key("eve"), log)
    me, ahead = one._owner.public, len(one.history())
    him = bob._owner.public
    nobody = run.random.randbytes(32)
    frames = [
        [[me], [[1, ["title"], [[0, ahead + n, 0]]] for n in range(9)]],  # over what is not yet
        [[me], [[5, ["tags"], [[0, ahead + n, 0]]] for n in range(9)]],
        [[[me, Link(nobody)]], [[5, ["tags"], [[0, ahead, 0]]]]],
        [[], [[6, ["count"], [], 2**63 - 1]] * 200],  # an end that is out of reach
        [[], [[6, ["count"], [], -(2**63)]] * 200],
        [[], [[1, ["title"], []]]],
        [[him], [[5, ["bob"], [[0, n, 0]]] for n in range(5)]],
    ]
    contents = [["early"] * 9, None, None, None, None, ["from the future"], None]
    sent = [
        eve.write(content, frames=[cbor(frame)], kind="record/edit", times=[FAR_FUTURE])
        for frame, content in zip(frames, contents, strict=True)
    ]
    claims = [{"event": Link(nobody)}, {"event": Link(run.random.randbytes(32))}]
    sent += [eve.write(frames=[cbor(c)], kind="trust/retract", times=[FAR_FUTURE]) for c in claims]
    talk = told(one, *sent)
    assert not talk.codes()
    bob.add("bob", "never seen by eve")
    bobs = [part for part in everything(bob) if part.author == him]
    told(late, *bobs)
    told(late, *sent)
    told(one, *bobs)
    for here in (one, late):  # before what eve claims, and after it
        assert here.view()["bob"] == ["never seen by eve"]
    one.adopt(eve.did)
    told(one, eve.write(frames=[cbor(claims[0])], kind="trust/exclude", times=[FAR_FUTURE]))
    later = one.set("title", "still mine")
    tag = one.add("tags", "y")
    one.inc("count", -3)
    other = joined(run.key("other"), one)
    for here in (one, other):
        view = here.as_seen_by(one.did).view()
        assert view["title"] == "still mine", "what follows replaces, whatever was claimed"
        assert sorted(view["tags"]) == ["x", "y"]
        assert view["count"] == 7 - 3 + 200 * (2**63 - 1) - 200 * 2**63
        assert {later, tag} <= {event.id for event in here.history() if event.counts}
        check(here)
    one.ban(eve.did)
    assert one.view()["count"] == 4
    run.saw(event.void for event in one.history(author=eve.did) if event.void)
    run.work["claims"] += len(sent)


@bug("nobody can tell what piles up", source="akka 27151, 25738", seeds=1)
def piled_up(run: Run) -> None:
    """What a store holds, what waits, what counts for nobody, and how much room each takes."""
    one = founded(run.key("ada"))
    log = log_of(one)
    begin = one.doctor()["store"]
    eve = Hand(run.key("eve"), log)
    told(one, *(eve.write({"n": n}, "x" * 5_000) for n in range(20)))
    told(one, eve.write(frames=[b"\x00"], kind="trust/ban"))
    bob = Hand(run.key("bob"), log)
    told(one, bob.write(1, 2, deps=[run.random.randbytes(32)], lamport=9))
    one.ban(eve.did)
    found = one.doctor()["store"]
    assert found["events"] == begin["events"] + 20 * 2 + 2
    assert (found["pending_events"], found["pending_peers"]) == (2, 1)
    assert found["excluded_events"] == 41, "eve's, the void one among them"
    assert found["void_events"] == 1
    assert found["split_chains"] == 0
    tables = found["tables"]
    made = one._store.db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert set(tables) == {name for (name,) in made}, "no table is left out"
    assert tables["event"]["rows"] == found["events"]
    assert tables["event"]["bytes"] > 20 * 5_000
    assert tables["pending"]["rows"] == 1
    assert tables["pending"]["bytes"] > 0
    assert found["bytes"] >= max(table["bytes"] for table in tables.values())
    assert sum(table["bytes"] for table in tables.values()) <= found["bytes"]
    told(one, eve.at(1).write("another history"))
    assert one.doctor()["store"]["split_chains"] == 1
    run.work["tables"] += len(tables)


# --- contents that can be guessed ----------------------------------------------------------------


@attack("low-entropy content guessed from its hash", source="hashes of personal data", seeds=2)
def guessed(run: Run) -> None:
    """Equal contents look different; who has header, frame and C cannot test a guess."""
    from tests.attacks.histories import skeleton_of

    from tallystick.event.body import part_hash, salts, skeleton_seal
    from tallystick.kernels import encode_item, open_pack

    one = founded(run.key("ada"))
    pins = [f"{number:04d}" for number in range(10_000)]
    pin = run.random.choice(pins)
    first, second = (one._store.row_of(parse_cid(one.write("pin", pin))) for _ in range(2))
    slices = everything(one)
    packs = [open_pack(part.pack, log=part.log, author=part.author) for part in slices]
    bodies = [pack.bodies[at : at + 32] for pack in packs for at in range(0, len(pack.bodies), 32)]
    assert len(set(bodies)) == len(bodies)
    events = [one._store.event(row) for row in (first, second)]
    assert events[0].seal != events[1].seal
    bare = [skeleton_of(part) for part in slices]
    fresh = replica(run.key("fresh"), store=Store.create(run.folder / "fresh", now=1))
    fresh.receive(one_by_one(one)[:1], log=log_of(one))
    told(fresh, *bare)
    assert [str(event.content) for event in fresh.history(kind="pin")] == ["Missing"] * 2
    fresh._store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(path.read_bytes() for path in run.folder.iterdir())
    wire = b"".join(part.pack for part in bare)
    for event in events:
        salt_f, salt_c = salts(event.seal)
        for secret in (event.seal, salt_c):
            assert secret not in wire
            assert secret not in kept
        seal = skeleton_seal(event.seal, event.content)
        assert seal in wire
        c = seal[16:]
        guesses = {part_hash(salt_f, encode_item(p)) for p in pins}
        guesses |= {part_hash(b"", encode_item(p)) for p in pins}
        guesses |= {part_hash(bytes(16), encode_item(p)) for p in pins}
        assert c not in guesses
        assert c in {part_hash(salt_c, encode_item(p)) for p in pins}, "with the seed it opens"
    assert encode_item(pin) not in kept
    fresh.sync(one)
    assert [event.content for event in fresh.history(kind="pin")] == [pin] * 2
    fresh.close()
    run.work["guesses"] += len(pins) * 3
