"""Random small histories with everything in them that a log can hold, as slices that can travel.

    2..5 machines (one key may be on two) ─ learn, write, say ─► parcels, one for each event
    parcel = the event under the head of its day, under the newest head, and without its content

Every event is written by a real replica that knows a part of what the others wrote and heeds
whom it likes; strange ones (void, naming what is not in their past, naming nothing) are written
beside the checks that would refuse them.

Law: a seed makes the same history everywhere.

Reads: replica. Read by: tests.orders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.model.replica_world import key_of, refusal, replica
from tests.orders.talk import RATING, STRANGER, UNDOING, Talk

from tallystick.chain.slice import Slice
from tallystick.event.body import skeleton_seal
from tallystick.event.event import events_of
from tallystick.event.rules import MERGE
from tallystick.kernels import PART_SKELETON, encode_item, open_pack
from tallystick.policy import (
    Statement,
    is_retractable,
    is_withdrawable,
)
from tallystick.policy.statement import statement_frame
from tallystick.replica.writing import Row
from tallystick.state.ops import KIND as EDIT

PLACES = ("a", "b")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event in the ways in which it may arrive."""

    id: bytes
    author: bytes
    early: Slice
    """under the head it was written under"""
    late: Slice
    """under its side's newest head"""
    bare: Slice
    """as ``late``, without its content"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Several events of one chain in one slice, as some machine would have sent them."""

    slice: Slice
    places: tuple[int, ...]
    """of its events among the parcels"""


@dataclass(slots=True)
class Machine:
    """One store of one key, and which parcels it holds."""

    name: str
    one: Any
    known: set[int] = field(default_factory=set)

    @property
    def key(self) -> bytes:
        return bytes(self.one._owner.public)


@dataclass(frozen=True, slots=True)
class History:
    """What happened, and who looks at it.

    Args:
        parcels: in an order in which parents come first.
        absent: ids of events whose content never comes.
        viewer: name of the key whose policy judges.
        parameters: of the policy, as ``set_policy`` takes them.
        private: the viewer's private statements, in their order.
        stretches: longer slices, of events whose contents all come.
    """

    seed: int
    log: bytes
    parcels: tuple[Parcel, ...]
    absent: frozenset[bytes]
    viewer: str
    parameters: dict[str, Any]
    private: tuple[Statement, ...]
    stretches: tuple[Stretch, ...]

    @property
    def people(self) -> list[bytes]:
        """Every author, the viewer, and somebody who never wrote."""
        return sorted({p.author for p in self.parcels} | {key_of(self.viewer).public, STRANGER})


class Maker:
    """Writes one history."""

    def __init__(self, seed: int, *, events_max: int = 12) -> None:
        self.random = r = Random(f"history/{seed}")
        self.seed = seed
        self.parcels: list[tuple[bytes, bytes, Slice, Machine]] = []
        self.talk = Talk(r, lambda: [(id, author, one.seq) for id, author, one, _ in self.parcels])
        self.machines = [Machine("p0", replica("p0"))]
        for number in range(1, r.randint(2, 5)):
            fork = number > 1 and r.random() < 0.35
            name = f"p{r.randrange(number)}" if fork else f"p{number}"
            self.machines.append(Machine(name, replica(name, machine=number)))
        self.wanted = r.randint(min(4, events_max), events_max)
        self.theme = r.choice(((Maker.edit,), (Maker.about_actor,), (Maker.undo, Maker.edit), ACTS))

    def make(self) -> History:
        founder = self.machines[0]
        founder.one.create_log("orders")
        self.log = founder.one._log.id
        self.collect(founder)
        for machine in self.machines[1:]:
            self.learn(machine, founder, whole=True)
        while len(self.parcels) < self.wanted:
            self.step()
        return self.finish()

    # --- who knows what -------------------------------------------------------------------------

    def learn(self, machine: Machine, other: Machine, *, whole: bool = False) -> None:
        """Takes some of what another holds; the holdings stay closed under parents."""
        lacking = sorted(other.known - machine.known)
        if lacking and not whole:
            lacking = lacking[: self.random.randint(1, len(lacking))]
        if lacking:
            taken = machine.one.receive([self.parcels[at][2] for at in lacking], log=self.log)
            assert not taken.rejected, taken.rejected
            machine.known.update(lacking)

    def collect(self, machine: Machine) -> None:
        """Parcels of what a machine has just written."""
        log, store = machine.one._log, machine.one._store
        there = {id for id, *_ in self.parcels}
        for line in store.lines(log.no, machine.key):
            for seq in range(line.first_seq, line.size):
                (id,) = store.ids_at([store.row_at(line.no, seq)])
                if id not in there:
                    (one,) = log.holdings._slices(line, seq, seq + 1)
                    machine.known.add(len(self.parcels))
                    self.parcels.append((id, machine.key, one, machine))

    def step(self) -> None:
        r = self.random
        machine = r.choice(self.machines)
        for other in r.sample(self.machines, r.randint(0, len(self.machines))):
            if other is not machine:
                self.learn(machine, other)
        act = r.choice(r.choice((ACTS, self.theme)))
        if self.may_accuse(machine) and r.random() < 0.4:
            act = Maker.accuse
        error = refusal(lambda: act(self, machine))
        assert error is None or error.code in REFUSED, error
        self.collect(machine)

    # --- acts -----------------------------------------------------------------------------------

    def rating(self, machine: Machine) -> None:
        r = self.random
        good = {"target": r.choice("abc"), "rating": r.randint(-3, 5)}
        content = r.choice((good, good, good, {"target": "a"}, {"target": 1, "rating": 1}))
        machine.one.write(RATING, content)

    def note(self, machine: Machine) -> None:
        machine.one.write_many([("note", {"n": n}) for n in range(self.random.choice((1, 1, 2)))])

    def edit(self, machine: Machine) -> None:
        """One to three ops, over what the machine sees live."""
        r = self.random
        with machine.one.edit() as edit:
            for _ in range(r.choice((1, 1, 1, 2, 3))):
                self.op(edit, r.choice(PLACES))

    def op(self, edit: Any, place: str) -> None:
        r = self.random
        verb = r.choice(("set", "set", "add", "add", "remove", "inc", "inc", "enable", "disable"))
        if verb == "set":
            edit.set(place, r.choice((1, "x", None, {"k": [1.5]})))
        elif verb == "inc":
            edit.inc(place, r.choice((1, -1, 5, 2**62)))
        elif verb in ("add", "remove"):
            getattr(edit, verb)(place, r.choice((1, "x")))
        else:
            getattr(edit, verb)(place)

    def strange_edit(self, machine: Machine) -> None:
        """A frame that names what it may not, or what is not there."""
        r = self.random
        _, author, one, _ = r.choice(self.parcels)
        verb, place = r.choice((1, 2, 3, 4, 5)), [r.choice(PLACES)]
        over = [[0, one.seq, r.choice((0, 0, 1))]]
        frame = encode_item([[author], [[verb, place, over]]])
        self.append(machine, Row(EDIT, frame=frame, content=encode_item([1])))

    def about_actor(self, machine: Machine) -> None:
        others = [m.key for m in self.machines if m is not machine]
        self.say(machine, self.talk.about_actor(machine.key, others))

    def about_event(self, machine: Machine) -> None:
        self.say(machine, self.talk.about_event())

    def undo(self, machine: Machine) -> None:
        """Mostly of one's own, mostly of the right kind; now and then void for its target."""
        verb, own = self.random.choice(UNDOING), []
        for id, author, one, _ in self.parcels:
            kind = open_pack(one.pack, log=self.log, author=author).kinds[0]
            fits = is_withdrawable(kind) if verb == "withdraw" else is_retractable(kind)
            if author == machine.key and fits:
                own.append(id)
        if self.random.random() < 0.15:
            self.say(machine, Statement(b"", b"", 0, verb, self.talk.some_event()))
        elif own:
            self.say(machine, Statement(b"", b"", 0, verb, self.random.choice(own)))
        else:
            self.edit(machine)

    def void(self, machine: Machine) -> None:
        r = self.random
        bad = r.choice((b"", encode_item({"actor": 1}), encode_item({"actor": STRANGER, "x": 1})))
        self.append(machine, Row(r.choice(("trust/ban", "trust/adopt")), frame=bad))

    def merge(self, machine: Machine) -> None:
        self.append(machine, Row(MERGE))

    def accuse(self, machine: Machine) -> None:
        """Publishes the proof of an equivocation the machine knows of."""
        for other in self.split(machine)[:1]:
            machine.one.prove_equivocation(other.one.did)

    def split(self, machine: Machine) -> list[Machine]:
        """Those of whom a machine holds two histories."""
        store, log = machine.one._store, machine.one._log
        return [other for other in self.machines if len(store.lines(log.no, other.key)) > 1]

    def may_accuse(self, machine: Machine) -> bool:
        """Whether it holds two histories of somebody else and nobody has said so."""
        kinds = machine.one._log.judging.facts.kinds()
        others = [other for other in self.split(machine) if other.key != machine.key]
        return bool(others) and "proof/equivocation" not in kinds

    def append(self, machine: Machine, row: Row) -> None:
        machine.one._log.append([row])

    def say(self, machine: Machine, said: Statement) -> None:
        kind, frame = statement_frame(said)
        reason = encode_item({"reason": "so"}) if self.random.random() < 0.3 else b""
        self.append(machine, Row(kind, frame=frame, content=reason))

    # --- the end --------------------------------------------------------------------------------

    def finish(self) -> History:
        r = self.random
        parcels = tuple(self.parcel(*found) for found in self.parcels)
        absent = frozenset(p.id for p in parcels[1:] if r.random() < 0.06)
        names = [machine.name for machine in self.machines]
        viewer = r.choice([*names, *names, "bystander"])
        parameters, private = self.parameters(), self.private(viewer)
        stretches = tuple(
            found
            for _ in range(6)
            if (found := self.stretch())
            and not any(parcels[at].id in absent for at in found.places)
        )
        return History(self.seed, self.log, parcels, absent, viewer, parameters, private, stretches)

    def stretch(self) -> Stretch | None:
        """Some events of some line of some machine, under the newest head it has of it."""
        r = self.random
        machine = r.choice(self.machines)
        log, store = machine.one._log, machine.one._store
        line = r.choice(store.lines(log.no))
        begin = r.randint(line.first_seq, line.size - 1)
        end = r.randint(begin + 1, line.size)
        if end - begin < 2:
            return None
        (one,) = log.holdings._slices(line, begin, end)
        number = {id: at for at, (id, *_) in enumerate(self.parcels)}
        ids = store.ids_at([store.row_at(line.no, seq) for seq in range(begin, end)])
        return Stretch(one, tuple(number[id] for id in ids))

    def parcel(self, id: bytes, author: bytes, early: Slice, machine: Machine) -> Parcel:
        """The event once more, under the newest head of the side it is on."""
        log, store = machine.one._log, machine.one._store
        for line in store.lines(log.no, author):
            if line.first_seq <= early.seq < line.size:
                (late,) = log.holdings._slices(line, early.seq, early.seq + 1)
                if store.ids_at([store.row_at(line.no, early.seq)]) == [id]:
                    return Parcel(id, author, early, late, without_content(late))
        raise AssertionError("a machine holds what it wrote")

    def parameters(self) -> dict[str, Any]:
        doubled = self.doubled()
        return self.talk.parameters([p[0] for p in self.parcels if p[3].name in doubled])

    def doubled(self) -> set[str]:
        names = [machine.name for machine in self.machines]
        return {name for name in names if names.count(name) > 1}

    def private(self, viewer: str) -> tuple[Statement, ...]:
        others = [machine.key for machine in self.machines if machine.name != viewer]
        return self.talk.private(key_of(viewer).public, others)


REFUSED = {"chain/restored", "state/place", "usage/not-found", "void/target"}
Act = Callable[[Maker, Machine], None]
ACTS: tuple[Act, ...] = (
    *(Maker.rating,) * 3,
    *(Maker.note,) * 2,
    *(Maker.edit,) * 6,
    Maker.strange_edit,
    *(Maker.about_actor,) * 7,
    *(Maker.about_event,) * 3,
    *(Maker.undo,) * 3,
    Maker.void,
    Maker.merge,
    Maker.accuse,
)


def history(seed: int, *, events_max: int = 12) -> History:
    """The history of a seed."""
    return Maker(seed, events_max=events_max).make()


def without_content(one: Slice) -> Slice:
    """The same slice of one event as skeletons: frames here, contents not."""
    pack = open_pack(one.pack, log=one.log, author=one.author)
    found = bytearray()
    for event in events_of(pack):
        assert event.content is not None
        assert event.frame is not None
        found += bytes((PART_SKELETON,)) + event.header.encode() + event.frame
        found += skeleton_seal(event.seal, event.content)
    return replace(one, pack=bytes(found))
