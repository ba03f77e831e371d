"""Histories that contradict each other, come late, claim other times, or come from a stolen key."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Any

from tests.attacks.registry import Run, attack
from tests.attacks.talk import Talk, told
from tests.attacks.world import (
    FAR_FUTURE,
    FAR_PAST,
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
from tests.model.replica_world import FIRST_MS, refusal

from tallystick.chain.equivocation import KIND, verify_equivocation
from tallystick.chain.slice import Slice
from tallystick.event.ids import parse_cid
from tallystick.kernels import (
    Link,
    decode_item,
    encode_item,
    merkle_append,
    merkle_root,
)
from tallystick.proofs.merkle import consistency_proof, node_over, verify_consistency
from tallystick.replica.openlog import Means
from tallystick.replica.owner import Owner
from tallystick.replica.replica import Replica
from tallystick.store.store import Store


def deliver(one: Any, slices: list[Slice], random: Random) -> None:
    """Slices in some order, in messages of some size, over sessions with several peers."""
    order = random.sample(slices, len(slices))
    while order:
        count = random.randint(1, len(order))
        talk = Talk(one, peer=f"tcp://{random.randint(0, 2)}")
        talk.send(*order[:count])
        assert not talk.codes(), talk.codes()
        order = order[count:]
    assert one._store.pending_stats() == (0, 0)


def counted(one: Any, viewer: Any | None = None) -> set[bytes]:
    """Events that count, for the owner or for somebody else."""
    judge = (one.reading() if viewer is None else one.as_seen_by(viewer.did)).judge
    ids = [parse_cid(event.id) for event in one.history()]
    return {id for id in ids if judge.counts(id)}


# --- equivocation -------------------------------------------------------------------------------


@attack("equivocation", source="two events, one seq")
def equivocation(run: Run) -> None:
    founder = founded(run.key("ada"))
    log, random = log_of(founder), run.random
    eve = Hand(run.key("eve"), log)
    begin = eve.write(*range(random.randint(1, 5)))
    size = eve.end.size
    sides = [begin]
    for number in range(random.randint(2, 4)):
        hand = eve.at(random.randint(0, size))
        sides += [hand.write({"side": number}, at) for at in range(random.randint(1, 3))]
        sides.append(hand.write(frames=[ban_of(founder)], kind="trust/ban"))
    readers = [joined(run.key(f"reader {n}"), founder) for n in range(3)]
    for reader in readers:  # each hears some of it first, the rest from somebody else
        deliver_some(reader, sides, random)
        reader.adopt(eve.did)
    deliver(founder, sides, random)
    proof = founder.prove_equivocation(eve.did)
    everybody = [founder, *readers]
    for _ in range(2):
        for left, right in zip(everybody, everybody[1:] + everybody[:1], strict=True):
            assert left.sync(right).equal
    splits = [reader._log.judging.equivocations() for reader in everybody]
    assert all(split == splits[0] for split in splits)
    assert eve.public in splits[0], "found by everybody, told by nobody"
    for viewer in readers:
        assert len({repr(answers(reader, viewer)) for reader in everybody}) == 1
        assert founder.did not in viewer.standing()["banned"]
    for reader in everybody:
        found = len(reader.history(author=eve.did))
        assert found == sum(part.count for part in sides), "every side is kept"
        assert reader.verdict(proof).included
        check(reader)
    forged_proofs(run, founder, eve)


def deliver_some(one: Any, slices: list[Slice], random: Random) -> None:
    """A part of what there is, in any order; what misses its beginning waits."""
    told(one, *random.sample(slices, random.randint(1, len(slices))))


def ban_of(one: Any) -> bytes:
    return cbor({"actor": one._owner.public})


def forged_proofs(run: Run, founder: Any, eve: Hand) -> None:
    """A proof against somebody who wrote one history is void, however it is put together."""
    log, random = log_of(founder), run.random
    bob, dan = Hand(run.key("bob"), log), Hand(run.key("dan"), log)
    told(founder, bob.write(1, 2, 3), dan.write(1, 2, 3))
    event = next(e for e in founder.history(kind=KIND))
    real = decode_item(founder._store.event(founder._store.row_of(parse_cid(event.id))).frame)
    assert not isinstance(verify_equivocation(encode_item(real), log), str)
    own = [side_of(founder, bob.ids[seq]) for seq in range(3)]
    written = dict(zip(["header", "path", "size", "root", "signature"], real[0], strict=True))
    unsigned = bob.fields(seq=1, prev=Link(bob.ids[0]), lamport=2, content=b"\x05")
    attempts: list[list[Any]] = [
        [own[1], own[1]],
        [own[0], own[1]],
        [own[1], side_of(founder, dan.ids[1])],
        [[cbor(unsigned), *own[1][1:]], own[1]],
        [[cbor(unsigned), b"", 1, bytes(32), bytes(64)], own[1]],
        [[cbor(unsigned), own[1][1], own[1][2], written["root"], written["signature"]], own[1]],
        [real[1], real[0]],
        [real[0]],
        [*real, real[0]],
    ]
    for _ in range(20):  # any field of a real one, spoilt
        at, place = random.randrange(2), random.randrange(5)
        spoilt = [list(side) for side in real]
        was = spoilt[at][place]
        if isinstance(was, int):
            spoilt[at][place] = was + random.choice([-1, 1, 2**40])
        elif was:
            bit = random.randrange(8 * len(was))
            number = int.from_bytes(was, "big") ^ 1 << bit
            spoilt[at][place] = number.to_bytes(len(was), "big")
        else:
            spoilt[at][place] = bytes(32)
        attempts.append(spoilt)
    before = founder._log.judging.equivocations(), founder.standing()
    mallory = Hand(run.key("mallory"), log)
    for sides in attempts:
        frames = [encode_item(sides)]
        if sides != [real[1], real[0]]:
            frames.append(encode_item(sorted(sides, key=lambda side: sha256(side[0]).digest())))
        for frame in frames:
            found = verify_equivocation(frame, log)
            assert isinstance(found, str), sides
            talk = told(founder, mallory.write(frames=[frame], kind=KIND))
            assert not talk.codes(), "valid as an event"
            run.saw([found, founder.history(author=mallory.did)[-1].void])
    assert (founder._log.judging.equivocations(), founder.standing()) == before
    assert verify_equivocation(encode_item(real), b"\x01" * 32) == "void/proof", "of another log"
    for event in founder.history(author=mallory.did):
        assert event.void in {"void/frame", "void/proof"}
        assert not event.counts
    check(founder)


def side_of(one: Any, id: bytes) -> list[Any]:
    """One true side: header, path, head, as the store can prove them."""
    from tallystick.replica.accusing import shown

    store = one._store
    row = store.row_of(id)
    line, seq, *_ = store.links(row)
    side = shown(store, store.line(line), seq)
    return [side.header, side.path, side.head.size, side.head.root, side.head.signature]


@attack("split view by a peer", source="transparency logs")
def split_view(run: Run) -> None:
    founder = founded(run.key("ada"))
    log, random = log_of(founder), run.random
    left, right = joined(run.key("left"), founder), joined(run.key("right"), founder)
    eve = Hand(run.key("eve"), log)
    shared = random.randint(0, 3)
    begin = [eve.write(n) for n in range(shared)]
    one, two = eve.at(shared), eve.at(shared)
    shown = [one.write({"to": "left", "n": n}) for n in range(random.randint(1, 3))]
    hidden = [two.write({"to": "right", "n": n}) for n in range(random.randint(1, 3))]
    told(left, *begin, *shown)
    told(right, *begin, *hidden)
    assert not left._log.judging.equivocations()
    assert not right._log.judging.equivocations()
    report = left.sync(right)
    assert report.equal
    for reader in (left, right):
        assert reader._log.judging.equivocations()[eve.public] == shared, "found on contact"
        proof = reader.prove_equivocation(eve.did)
        assert reader.show(proof).void is None
    left.sync(right)
    assert answers(left, left) == answers(right, left)
    check(left)
    check(right)
    shortened(run, founder, left)
    tree_that_forgets(run)


def shortened(run: Run, founder: Any, left: Any) -> None:
    """A peer that shows less than it has cannot take anything from who knows more."""
    dan = Hand(run.key("dan"), log_of(founder))
    slices = [dan.write(n) for n in range(6)]
    told(left, *slices[:3])
    told(founder, *slices)
    founder.sync(left)
    assert left.digest() == founder.digest()
    old = told(left, *slices[:2])
    assert not old.codes()
    assert left.digest() == founder.digest()
    shrunk = Hand(run.key("dan"), log_of(founder)).write(0)
    told(left, shrunk)
    line = left._store.lines(left._log.no, dan.public)[0]
    assert (line.size, line.head_size) == (6, 6), "an older head replaces no newer one"


def holds(first: int, second: int, old: bytes, new: bytes, proof: bytes) -> bool:
    """Whether a consistency proof is taken."""
    return verify_consistency(first, second, old, new, proof)


def tree_that_forgets(run: Run) -> None:
    """A tree that does not grow out of the one seen before has no proof that it does."""
    random = run.random
    size = random.randint(2, 40)
    old = random.randint(1, size - 1)
    leaves = [random.randbytes(32) for _ in range(size)]
    changed = list(leaves)
    changed[random.randrange(old)] = random.randbytes(32)
    root = {
        name: merkle_root(merkle_append(0, b"", b"".join(ids[:count])))
        for name, ids, count in (
            ("old", leaves, old), ("new", leaves, size), ("other", changed, size),
        )
    }  # fmt: skip
    good = consistency_proof(old, size, node_over(leaves))
    bad = consistency_proof(old, size, node_over(changed))
    assert holds(old, size, root["old"], root["new"], good)
    for proof in (good, bad, good[:-32], good + bytes(32), b""):
        assert not holds(old, size, root["old"], root["other"], proof)
    for _ in range(8):
        spoilt = bytearray(good)
        if spoilt:
            spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
            assert not holds(old, size, root["old"], root["new"], bytes(spoilt))
    run.work["trees"] += 1


# --- a ban, and what is written as if it were older ----------------------------------------------


def backdated_after(eve: Hand, at: int) -> dict[str, Callable[[], list[Slice]]]:
    """Ways to write something now that looks as if it had been written before the ban.

    Args:
        at: how many events there were when eve was banned.
    """
    return {
        "old time, next seq": lambda: [eve.at(at).write("old", times=[FAR_PAST])],
        "old time, no deps, many": lambda: [eve.at(at).write(*"abc", times=[FAR_PAST] * 3)],
        "another first event": lambda: [eve.at(0).write("first", times=[FAR_PAST])],
        "another history of the same length": lambda: [
            eve.at(1).write(*range(90, 90 + at - 1)) if at > 1 else eve.at(0).write(90)
        ],
        "a side from the middle": lambda: [
            eve.at(at // 2).write("side"),
            eve.at(at // 2).write("other"),
        ],
        "a side and a vote on it": lambda: [
            eve.at(at - 1).write("side", times=[FAR_PAST]),
        ],
    }


@attack("backdated events after a ban", source="Matrix MSC4289, MSC4291, MSC4297", seeds=1)
def backdated(run: Run) -> None:
    for cut in ("none", "part", "all"):
        for way in backdated_after(Hand(run.key("eve"), bytes(32)), 2):
            backdated_once(run, cut, way)


def backdated_once(run: Run, cut: str, way: str) -> None:
    """One ban with one cut, one way to write around it: equal for all orders of arrival."""
    random = run.random
    viewer, ada = founded(run.key(f"viewer {cut} {way}")), Hand(run.key("ada"), b"")
    log = log_of(viewer)
    ada, eve = Hand(run.key("ada"), log), Hand(run.key("eve"), log)
    good = [eve.write(n) for n in range(random.randint(2, 5))]
    at = eve.end.size
    spared = {"none": 0, "part": random.randint(1, at), "all": at}[cut]
    frame: dict[str, Any] = {"actor": eve.public}
    if spared:
        frame["cut"] = [[eve.public, spared - 1, Link(eve.ids[spared - 1])]]
    ban = ada.write(frames=[cbor(frame)], kind="trust/ban")
    viewer.adopt(ada.did)
    later = backdated_after(eve, at)[way]()
    slices = [*good, ban, *later, *everything(viewer)]
    outcomes = set()
    for _ in range(4):
        fresh = replica(run.key(f"fresh {random.random()}"))
        fresh.receive(everything(viewer)[:1], log=log)
        deliver(fresh, slices, random)
        mine = counted(fresh, viewer)
        assert {id for id in mine if author_of(fresh, id) == eve.public} == set(eve.ids[:spared])
        outcomes.add(repr(answers(fresh, viewer)))
        check(fresh)
    deliver(viewer, slices, random)
    outcomes.add(repr(answers(viewer, viewer)))
    assert len(outcomes) == 1
    withdrawn = ada.write(frames=[cbor({"statement": Link(ada.ids[-1])})], kind="trust/withdraw")
    told(viewer, withdrawn)
    back = {id for id in counted(viewer) if author_of(viewer, id) == eve.public}
    assert set(eve.ids) <= back, "what was excluded comes back"
    check(viewer)
    run.work["orders"] += 4


def author_of(one: Any, id: bytes) -> bytes:
    return one._log.judging.facts.event(id).author


# --- clocks --------------------------------------------------------------------------------------

YEARS = 365 * 86_400_000


@attack("clock skew", source="+-10 years, and the ends of the range", seeds=1)
def clock_skew(run: Run) -> None:
    clocks = [FIRST_MS - 10 * YEARS, FIRST_MS, FIRST_MS + 10 * YEARS, 0, FAR_FUTURE - 1_000_000]
    people = [skewed(run.key(n), now) for n, now in enumerate(run.random.sample(clocks, 5))]
    people[0].create_log("clocks")
    for _ in range(2):
        for one in people[1:]:
            one.sync(people[0])
    for turn in range(3):
        for number, one in enumerate(people):
            one.set("shared/title", [turn, number])
            one.add("shared/tags", number)
            one.inc("shared/count")
        for one in run.random.sample(people, 5):
            one.sync(people[run.random.randrange(5)]) if one is not people[0] else None
    last = run.random.randrange(5)
    for _ in range(2):
        for one in people[1:]:
            assert one.sync(people[0]).equal
    people[last].set("shared/title", "seen all, written last")
    for one in people:
        one.sync(people[last]) if one is not people[last] else None
    for _ in range(2):
        for one in people[1:]:
            assert one.sync(people[0]).equal
    ahead, behind = skewed(run.key("ahead"), FAR_FUTURE), skewed(run.key("behind"), FAR_PAST)
    for one in (ahead, behind):
        one.sync(people[0])
    ahead.set("shared/later", "said first, dated last")
    behind.write_many([("note", n) for n in range(5)])
    behind.set("shared/later", "said by who knew more events")
    for one in (ahead, behind):
        people[0].sync(one)
    for one in people[1:]:
        one.sync(people[0])
    views = [one.view() for one in people]
    assert all(view == views[0] for view in views)
    assert views[0]["shared/later"] == "said by who knew more events"
    assert views[0]["shared/title"] == "seen all, written last", "whatever the clocks say"
    assert views[0]["shared/count"] == 15
    assert len({one.state_hash() for one in people}) == 1
    orders = [[event.id for event in one.history()] for one in people]
    assert all(order == orders[0] for order in orders)
    lamports = [event.lamport for event in people[0].history()]
    assert lamports == sorted(lamports)
    for one in people:
        for version in ("claimed:0", f"claimed:{FAR_FUTURE}", f"received:{FAR_FUTURE}"):
            error = refusal(lambda one=one, version=version: one.at(version).state_hash())
            run.saw([error.code] if error else [])
        check(one)
    run.work["people"] += 5


def skewed(name: str, now: int) -> Any:
    """A replica whose clock stands elsewhere, and jumps."""
    from tests.model.replica_world import key_of

    random, at = Random(name), [now]

    def tick() -> int:
        at[0] = min(max(at[0] + random.randint(-YEARS, YEARS), FAR_PAST), FAR_FUTURE)
        return at[0]

    key = key_of(name)
    means = Means(now=tick, entropy=random.randbytes)
    return Replica(Store.memory(), None, Owner(key.public, key=key), means=means)


# --- keys ----------------------------------------------------------------------------------------


@attack("stolen device key", source="revocation at a frontier", seeds=3)
def stolen_key(run: Run) -> None:
    random = run.random
    friend = founded(run.key("friend"))
    owner = replica(run.key("owner"), machine="own")
    owner.sync(friend)
    owner.write_many([("note", n) for n in range(random.randint(2, 5))])
    friend.sync(owner)
    thief = replica(run.key("owner"), machine="stolen")
    thief.sync(friend)
    honest = owner.history(author=owner.did)[-1].id
    forks = random.random() < 0.5
    if forks:
        owner.write("note", "still me")
        honest = owner.history(author=owner.did)[-1].id
    thief.write_many([("note", "not me")] * random.randint(1, 4))
    thief.ban(friend.did)
    friend.adopt(owner.did)
    other = joined(run.key("other"), friend)
    for reader in (friend, other):
        reader.sync(thief)
        reader.sync(owner)
    error = refusal(lambda: owner.write("note", "and now?"))
    assert (error is not None and error.code == "chain/restored") is forks
    run.saw([error.code] if error else [])
    friend.ban(owner.did, cut=[honest])
    other.sync(friend)
    for reader in (friend, other):
        reading = reader.as_seen_by(friend.did)
        for event in reader.history(author=owner.did):
            good = event.content not in (None, "not me", "and now?") and event.kind == "note"
            assert reading.judge.counts(parse_cid(event.id)) is good, event
        assert friend.did not in reading.standing()["banned"]
    fresh = replica(run.key("owner's new key"))
    fresh.sync(friend)
    fresh.write("note", "me, with another key")
    friend.sync(fresh)
    assert friend.history(author=fresh.did)[0].counts
    heads = {event.author for event in friend.heads()}
    assert fresh.did in heads
    check(friend)
    run.work["forked" if forks else "continued"] += 1


@attack("prune or erase abuse", source="fake erasure", seeds=2)
def fake_erase(run: Run) -> None:
    """Erasing comes later; until then nobody but its author takes back an event, and nobody
    makes another lose what it holds."""
    one = founded(run.key("ada"))
    log, random = log_of(one), run.random
    bob, eve = Hand(run.key("bob"), log), Hand(run.key("eve"), log)
    whole = bob.write("keep me", {"and": "me"})
    told(one, whole)
    content = [event.content for event in one.history(author=bob.did)]
    for verb in ("retract", "restore", "withdraw", "erase", "prune"):
        key = "statement" if verb == "withdraw" else "event"
        for deps in ([], [bob.ids[-1]]):
            lamport = max(eve.end.lamport, bob.end.lamport if deps else 0) + 1
            frame = cbor({key: Link(random.choice(bob.ids))})
            told(one, eve.write(frames=[frame], kind=f"trust/{verb}", deps=deps, lamport=lamport))
            void = one.history(author=eve.did)[-1].void
            if verb in ("retract", "restore"):
                assert void is None, "whose key it is is an opinion: it is valid, and has no effect"
            else:
                assert void or not deps, "of an event in the past it is seen to be no statement"
    run.saw(event.void for event in one.history(author=eve.did) if event.void)
    assert all(event.counts for event in one.history(author=bob.did))
    for part in (skeleton_of(whole), header_of(whole)):
        told(one, part)
        assert [event.content for event in one.history(author=bob.did)] == content
    fresh = replica(run.key("fresh"))
    fresh.receive(everything(one)[:1], log=log)
    told(fresh, header_of(whole))
    assert not fresh.history(author=bob.did), "without its frame an event waits"
    told(fresh, skeleton_of(whole))
    assert [str(event.content) for event in fresh.history(author=bob.did)] == ["Missing"] * 2
    fresh.sync(one)
    assert [event.content for event in fresh.history(author=bob.did)] == content
    one.retract(one.write("note", "my own"))
    check(one)
    check(fresh)


def skeleton_of(whole: Slice) -> Slice:
    """The same events without content."""
    return without_content(whole, 1)


def header_of(whole: Slice) -> Slice:
    """The same events without bodies."""
    return without_content(whole, 0)


def without_content(whole: Slice, part: int) -> Slice:
    from dataclasses import replace

    from tallystick.event.body import skeleton_seal
    from tallystick.kernels import open_pack

    pack = open_pack(whole.pack, log=whole.log, author=whole.author)
    pieces = []
    columns = [
        memoryview(getattr(pack, name)).cast("I")
        for name in (
            "header_start", "header_size", "frame_start", "frame_size", "seal_start",
            "content_start", "content_size",
        )
    ]  # fmt: skip
    for start, size, frame, frame_size, seal, content, content_size in zip(*columns, strict=True):
        pieces.append(bytes((part,)) + pack.data[start : start + size])
        if part:
            seed = pack.data[seal : seal + 16]
            said = pack.data[content : content + content_size]
            pieces.append(pack.data[frame : frame + frame_size] + skeleton_seal(seed, said))
    return replace(whole, pack=b"".join(pieces))
