"""What the vectors of titles hold: frames good and void, and worlds with who owns what.

The evaluator here is the definition of ``titles.md`` word for word; it shares nothing with
Tallystick's code.

Reads: spec/plain.py, spec/story.py. Read by: spec/make_vectors.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from plain import Link, cbor, digest
from story import Placed, ids, state_hash, without_each

ANA, BEN, CY, DI = (digest(name) for name in ("ana", "ben", "cy", "di"))
CREATE, TRANSFER = "title/create", "title/transfer"
THING, OVER = Link(digest("a thing")), Link(digest("an op"))


def frames() -> list[dict[str, object]]:
    """Frames by Ana with what they say, or their void code."""
    passed = {"title": THING, "over": OVER, "to": BEN}
    cases: list[tuple[str, str, object, str | None]] = [
        ("Ana's own", CREATE, {"type": "tool"}, None),
        ("made for Ben", CREATE, {"type": "car/used", "to": BEN}, None),
        ("a type of 64 bytes", CREATE, {"type": "a" * 64}, None),
        ("passed on", TRANSFER, passed, None),
        ("passed to oneself", TRANSFER, passed | {"to": ANA}, None),
        ("the default written out", CREATE, {"type": "tool", "to": ANA}, "void/frame"),
        ("no type", CREATE, {"to": BEN}, "void/frame"),
        ("a type of 65 bytes", CREATE, {"type": "a" * 65}, "void/frame"),
        ("a type with a capital", CREATE, {"type": "Tool"}, "void/frame"),
        ("an empty type", CREATE, {"type": ""}, "void/frame"),
        ("a type that ends in a newline", CREATE, {"type": "tool\n"}, "void/frame"),
        ("a type that is bytes", CREATE, {"type": b"tool"}, "void/frame"),
        ("an owner of 31 bytes", CREATE, {"type": "tool", "to": BEN[:31]}, "void/frame"),
        ("an owner that is a link", CREATE, {"type": "tool", "to": Link(BEN)}, "void/frame"),
        ("another key", CREATE, {"type": "tool", "name": "saw"}, "void/frame"),
        ("a list", CREATE, ["tool"], "void/frame"),
        ("no owner", TRANSFER, {"title": THING, "over": OVER}, "void/frame"),
        ("a title that is bytes", TRANSFER, passed | {"title": THING.digest}, "void/frame"),
        ("over bytes", TRANSFER, passed | {"over": OVER.digest}, "void/frame"),
        ("over several", TRANSFER, passed | {"over": [OVER]}, "void/frame"),
        ("to text", TRANSFER, passed | {"to": "ben"}, "void/frame"),
        ("a price", TRANSFER, passed | {"price": 5}, "void/frame"),
        ("a create's frame", TRANSFER, {"type": "tool"}, "void/frame"),
    ]
    rows: list[tuple[str, str, bytes, str | None]] = [
        (name, kind, cbor(frame), code) for name, kind, frame, code in cases
    ]
    rows += [
        ("zero bytes", CREATE, b"", "void/frame"),
        ("zero bytes passed on", TRANSFER, b"", "void/frame"),
        ("something after it", CREATE, cbor({"type": "tool"}) + b"\x00", "void/frame"),
        ("a float", CREATE, bytes.fromhex("a16474797065fb3ff8000000000000"), "void/frame"),
    ]
    return [
        {"name": name, "kind": kind, "author": ANA.hex(), "frame": frame.hex(), "void": code}
        for name, kind, frame, code in rows
    ]


@dataclass(frozen=True, eq=False)
class Event(Placed):
    """One event of a story; ``title`` and ``over`` None make it a create."""

    to: bytes
    over: Event | None = None
    title: Event | None = None
    type: str = "tool"

    @property
    def root(self) -> Event:
        """The create that an op's way leads down to."""
        return self if self.over is None else self.over.root

    @property
    def encoded(self) -> bytes:
        """The frame."""
        if self.over is None:
            return cbor({"type": self.type} | ({} if self.to == self.author else {"to": self.to}))
        title = self.over.root if self.title is None else self.title
        return cbor({"title": Link(title.id), "over": Link(self.over.id), "to": self.to})

    @property
    def void(self) -> str | None:
        """By what the frame names."""
        if self.over is None:
            return None
        if self.over not in self.past or self.over.void is not None:
            return "void/ground"
        right = self.over.to == self.author and self.title in (None, self.over.root)
        return None if right else "void/owner"


def stories() -> dict[str, list[Event]]:
    """The histories."""
    a = Event("a", ANA, ANA)
    b = Event("b", ANA, BEN, a, prev=a)
    c = Event("c", BEN, CY, b, deps=(b,))
    d = Event("d", CY, DI, c, deps=(c,))
    back = Event("back", DI, CY, d, deps=(d,))
    again = Event("again", ANA, CY, a, prev=b)
    on = Event("on", BEN, DI, b, deps=(again, b))
    early = Event("early", CY, ANA, again, deps=(again,))
    settled = Event("settled", CY, BEN, again, deps=(again,))
    m = Event("m", ANA, ANA)
    left = Event("left", ANA, BEN, a, prev=a)
    right = Event("right", ANA, CY, a, prev=a)
    longer = Event("longer", ANA, ANA, prev=left)
    late = Event("late", ANA, DI, a, prev=longer)
    joined = Event("joined", BEN, CY, left, deps=(late, right))
    common = Event("common", ANA, BEN, a, prev=a)
    s1 = Event("s1", ANA, CY, a, prev=common)
    s2 = Event("s2", ANA, DI, a, prev=common)
    aside = Event("aside", ANA, ANA, prev=a)
    twice = Event("twice", ANA, CY, a, prev=left, deps=(aside,))
    thief = Event("thief", DI, DI, b, deps=(b,))
    unseen = Event("unseen", BEN, CY, b)
    other = Event("other", BEN, CY, b, title=m, deps=(b, m))
    on_void = Event("on void", CY, ANA, other, deps=(other,))
    gift = Event("gift", BEN, CY, type="car")
    return {
        "from hand to hand": [a, b, c, d, back],
        "sold twice, the first one passes it on": [a, b, again, on, early],
        "sold twice, and settled between the buyers": [a, b, again, settled],
        "sold in two histories": [a, left, right, longer, late, joined],
        "sold once before two histories": [a, common, s1, s2],
        "sold twice in one of two histories": [a, left, aside, twice],
        "void transfers, and a thing of another type": [
            a,
            b,
            m,
            thief,
            unseen,
            other,
            on_void,
            gift,
        ],
    }


def state(events: list[Event], counted: set[str]) -> list[object]:
    """The state of ``titles``."""
    ops = [event for event in events if event.void is None]

    def above(op: Event) -> list[Event]:
        return [other for other in ops if other.over is op]

    def bears(op: Event) -> bool:
        return op.name in counted or covered(op)

    def covered(op: Event) -> bool:
        return any(bears(other) for other in above(op))

    def held(op: Event) -> bytes | None:
        sales = [sale for sale in above(op) if bears(sale)]
        if not sales:
            return op.to
        first = min(sales, key=lambda op: op.canonical)
        return None if any(first not in sale.chain for sale in sales) else held(first)

    found: list[tuple[bytes, list[object]]] = []
    for create in (op for op in ops if op.over is None):
        live = [op for op in ops if op.root is create and op.name in counted and not covered(op)]
        owners = {op.to for op in live}
        if live:
            owner = owners.pop() if len(owners) == 1 else held(create)
            contested = len({op.to for op in live}) > 1
            links = [Link(id) for id in sorted(op.id for op in live)]
            found.append((create.id, [Link(create.id), create.type, owner, contested, links]))
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def described(name: str, events: list[Event]) -> dict[str, object]:
    """A history as JSON, with the state for everybody, and without each event in turn."""
    return {
        "name": name,
        "events": [as_json(event) for event in events],
        "states": without_each(events, lambda counted: answer(events, counted), {events[-1].name}),
    }


def as_json(event: Event) -> dict[str, object]:
    """One event."""
    return event.placed() | {
        "kind": CREATE if event.over is None else TRANSFER,
        "frame": event.encoded.hex(),
        "void": event.void,
    }


def answer(events: list[Event], counted: set[str]) -> dict[str, object]:
    """What the world comes to when these count."""
    item = state(events, counted)
    return {
        "counted": ids(events, counted),
        "state": cbor(item).hex(),
        "hash": state_hash("titles", item),
    }


def titles() -> dict[str, object]:
    """The whole file."""
    worlds = [described(name, events) for name, events in stories().items()]
    return {"frames": frames(), "worlds": worlds}
