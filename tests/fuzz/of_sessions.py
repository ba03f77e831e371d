"""Targets with stores behind them: two production sessions with somebody in between, and imports.

    replica A ◄─ Session ─► │ what the script does to messages │ ◄─ Session ─► replica B

An input is a script: each message on its way takes one step of it. The one in between may hold
back, repeat, reorder, damage, splice in what was said at other times, and make things up; he has
no author's key. Afterwards the two sync undisturbed.

Law: nothing raises; what a replica held it still holds; what it took was signed by an author; and
in the end both hold what a plain oracle says, to the last byte of the checkpoint.
"""

from __future__ import annotations

import io
from collections import deque
from functools import cache
from random import Random

from tests.fuzz.engine import Target, refusal
from tests.fuzz.mutate import mutate_item, pick
from tests.fuzz.seeds import bundle, log_id, slices
from tests.model import sync_world as oracle
from tests.model.replica_world import key_of, replica

from tallystick.chain.slice import Slice
from tallystick.errors import CODES, BadInput
from tallystick.replica.replica import Replica
from tallystick.store.adapter import Adapter
from tallystick.store.store import Store
from tallystick.sync.bundle import read_bundle
from tallystick.sync.holdings import Endpoint
from tallystick.sync.log_checkpoint import log_checkpoint
from tallystick.sync.pipe import run_pair
from tallystick.sync.session import Session, State

STEPS_MAX = 60
"""Messages carried before the wire is cut: some scripts repeat for ever."""


@cache
def shares() -> tuple[tuple[Slice, ...], tuple[Slice, ...]]:
    """What A and B hold before: the community's log, and its genesis event alone."""
    founder = key_of(0).public
    genesis = [one for one in slices() if one.author == founder and one.seq == 0]
    return slices(), tuple(genesis[-1:])


def holder(name: str, held: tuple[Slice, ...]) -> Replica:
    """A fresh replica in memory that holds these slices and an event of its own."""
    one = replica(name)
    taken = one.receive(list(held), log=log_id())
    assert not taken.rejected, taken
    one.write("note", {"by": name})
    one.inc("visits")
    return one


def endpoint(one: Replica) -> Endpoint:
    """The replica's own door for sessions."""
    return one._endpoint(None)


def session(one: Replica, *, initiator: bool, number: int = 0) -> Session:
    """A session as the replica would start it."""
    nonce = number.to_bytes(8, "big")
    return Session(endpoint(one), initiator=initiator, peer="stranger", nonce=nonce)


@cache
def snapshots() -> tuple[bytes, bytes]:
    """A and B as SQLite images: copied for every script, which is quicker than made anew."""
    made = [holder(name, held) for name, held in zip("ab", shares(), strict=True)]
    return tuple(one._store.db._db.serialize() for one in made)


def pair() -> tuple[Replica, Replica]:
    """A and B as they are before every script."""
    return copied("a", snapshots()[0]), copied("b", snapshots()[1])


def copied(name: str, image: bytes) -> Replica:
    """A replica over a copy of a store in memory."""
    db = Adapter(None, create=False)
    db._db.deserialize(image)
    return replica(name, store=Store(db))


@cache
def expected() -> bytes:
    """The checkpoint of everything A and B hold together, by the oracle."""
    log = oracle.MemoryLog(log_id())
    for one in pair():
        batches = one._log.holdings.slices_for({}, max_bytes=3_000_000)
        log.take([part for batch in batches for part in batch])
    return log_checkpoint(log.records())


@cache
def transcript() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """What A and B receive when nobody is in between."""
    heard: tuple[list[bytes], list[bytes]] = ([], [])
    ends = pair()
    sides = [session(one, initiator=at == 0) for at, one in enumerate(ends)]
    wires = [deque[bytes](), deque[bytes]()]
    carry(sides, [endpoint(one) for one in ends], wires, 0, sides[0].start())
    while any(wires):
        at = 0 if wires[0] else 1
        message = wires[at].popleft()
        heard[at].append(message)
        carry(sides, [endpoint(one) for one in ends], wires, at, sides[at].receive(message))
    assert all(side.state is State.CLOSED for side in sides)
    return tuple(heard[0]), tuple(heard[1])


def carry(sides, endpoints, wires, at: int, step) -> None:
    """What a driver does with one step of one side."""
    while True:
        assert step.code is None or step.code in CODES
        assert step.done == (sides[at].state is State.CLOSED)
        assert all(one.code in CODES for one in step.rejected)
        wires[1 - at].extend(step.send)
        if step.slices is None:
            return
        outcome = endpoints[at].receive(sides[at].log, step.slices, sides[at].peer)
        step = sides[at].ingested(outcome)


def meddled(random: Random, kind: int, message: bytes, past: list[bytes]) -> list[bytes]:
    """What arrives in a message's place."""
    said = past + list(transcript()[kind & 1])
    match kind % 12:
        case 0:
            return []
        case 1:
            return [message, message]
        case 2:
            return [message, said[pick(random, len(said))]]
        case 3:
            return [said[pick(random, len(said))]]
        case 4 | 5:
            return [mutate_item(random, message, said)]
        case 6:
            return [random.randbytes(pick(random, 40))]
        case 7:
            return [mutate_item(random, said[pick(random, len(said))], said), message]
        case _:
            return [message]


def ids_of(one: Replica) -> set[bytes]:
    """Every event a replica holds."""
    return set(one._store.ids_at(range(1, one._store.next_row)))


def two_sessions(data: bytes) -> str:
    """See the module's docstring."""
    ends = pair()
    held = [ids_of(one) for one in ends]
    sides = [session(one, initiator=at == 0) for at, one in enumerate(ends)]
    doors = [endpoint(one) for one in ends]
    wires = [deque[bytes](), deque[bytes]()]
    past: list[bytes] = []
    random = Random(data)
    carry(sides, doors, wires, 0, sides[0].start())
    for step in range(STEPS_MAX):
        ready = [at for at in (0, 1) if wires[at]]
        if not ready:
            break
        kind = data[step] if step < len(data) else 255
        at = ready[kind >> 7 if len(ready) > 1 else 0]
        if kind & 64 and len(wires[at]) > 1:
            wires[at].rotate(1)
        message = wires[at].popleft()
        past.append(message)
        for arrived in meddled(random, kind & 63, message, past):
            carry(sides, doors, wires, at, sides[at].receive(arrived))
    for side in sides:
        side.lost()
    union = held[0] | held[1]
    for one, before in zip(ends, held, strict=True):
        assert before <= ids_of(one) <= union
    again = [session(one, initiator=at == 0, number=1) for at, one in enumerate(ends)]
    report, _ = run_pair(again[0], doors[0], again[1], doors[1])
    assert report.equal, report
    assert {one.digest() for one in ends} == {expected().hex()}
    codes = " ".join(str(side.report().code) for side in sides)
    return f"ok {codes} {len(sides[1].report().rejected) > 0:d}"


def imported(data: bytes) -> str:
    """A bundle into a real store: what it takes is sound, and the rest is refused with a place."""
    one = replica("importer")
    try:
        report = read_bundle(io.BytesIO(data), endpoint(one), peer="file")
        said = f"ok {min(len(report.rejected), 2)} {min(report.pending, 2)}"
    except BadInput as error:
        said = refusal(error, data)
    one._drop_hollow()
    if one._store.logs():
        assert ids_of(one) <= _events_known()
    return said


@cache
def _events_known() -> set[bytes]:
    whole = replica("whole")
    whole.receive(list(slices()), log=log_id())
    return ids_of(whole)


def _scripts() -> list[bytes]:
    honest = bytes([255] * 4)
    return [honest, *(bytes([*[255] * at, kind]) for at in range(4) for kind in range(12))]


TARGETS = (
    Target("session", two_sessions, _scripts, "bytes", ci_runs=40, states=True),
    Target("import", imported, lambda: [bundle()], "bytes", ci_runs=40, states=True),
)
