"""Packs: whole chains, and one broken event for every rule, told by the first rule it breaks.

Reads: spec/plain.py, spec/curve.py. Read by: spec/make_vectors.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256

import curve
from plain import Body, Link, Raw, cbor, digest

AUTHOR = curve.public_key(curve.secret_of(b"\x01" * 32))
OTHER = curve.public_key(curve.secret_of(b"\x02" * 32))
DEPS = [Link(found) for found in sorted(digest(f"dep {n}") for n in range(34))]
LOG = digest("log")
FRAME = cbor([["set", 0], "people"])
CONTENT = cbor({"name": "Ada"})
NULL = None


@dataclass(frozen=True)
class Event:
    """One event as it travels; ``changes`` overrides header fields by their number."""

    seq: int = 3
    prev: bytes = digest("prev")
    log: bytes = LOG
    lamport: int = 9
    kind: str = "record/edit"
    body: Body = field(default_factory=lambda: Body(FRAME, CONTENT, bytes(range(16))))
    part: int = 2
    deps: tuple[Link, ...] = ()
    schema: bytes = b""
    changes: tuple[tuple[int, object], ...] = ()
    extra: tuple[object, ...] = ()
    sent: Body | None = None

    def fields(self) -> list[object]:
        """The thirteen, more or fewer."""
        found: list[object] = [
            1,
            Link(self.log) if self.log else None,
            AUTHOR,
            self.seq,
            Link(self.prev) if self.prev else None,
            list(self.deps),
            self.lamport,
            1_700_000_000_000 + self.seq,
            self.kind,
            Link(self.schema) if self.schema else None,
            len(self.body.frame),
            len(self.body.content),
            self.body.commitment,
        ]
        for number, value in self.changes:
            found[number] = value
        return [*found, *self.extra]

    def header(self) -> bytes:
        """The bytes that are hashed."""
        return cbor(self.fields())

    def id(self) -> bytes:
        """The event's id."""
        return sha256(self.header()).digest()

    def packed(self) -> bytes:
        """The event in a pack; ``sent`` replaces the body that the header commits to."""
        body = self.sent if self.sent is not None else self.body
        return bytes([self.part]) + self.header() + body.packed(self.part)

    def as_json(self) -> dict[str, object]:
        """What opening it must say."""
        _, log, _, seq, _, deps, lamport, time, kind, schema, _, _, body = self.fields()
        fits = self.sent is None or self.part == 0
        part = self.part if fits else 0
        shown: dict[str, object] = {
            "id": self.id().hex(),
            "log": log.digest.hex() if log else None,
            "seq": str(seq),
            "lamport": str(lamport),
            "time": str(time),
            "kind": kind,
            "deps": [dep.digest.hex() for dep in deps],
            "schema": schema.digest.hex() if schema else None,
            "frame_size": len(self.body.frame),
            "content_size": len(self.body.content),
            "body": body.hex(),
            "part": ("header", "skeleton", "whole")[part],
            "body_fits": fits,
        }
        if part:
            shown["frame"] = self.body.frame.hex()
        if part == 2:
            shown["content"] = self.body.content.hex()
            shown["seed"] = self.body.seed.hex()
        return shown


def body(number: int) -> Body:
    """Some body."""
    return Body(cbor([number]), cbor(f"words {number}"), digest(f"seed {number}")[:16])


EMPTY = Body(b"", b"", b"\x07" * 16)
GENESIS = Event(0, b"", b"", 0, "log/create", Body(b"", cbor({"name": "club"}), b"\x08" * 16))
FIRST = Event(0, b"", LOG, 1)
PLAIN = Event()


def chain(count: int, part: int = 2) -> list[Event]:
    """A genesis event and what its author wrote next."""
    events = [replace(GENESIS, part=part)]
    for seq in range(1, count):
        deps = tuple(DEPS[: seq * 7 % 33])
        kind = ("record/edit", "ledger/transfer", "x-1/y-2/z")[seq % 3]
        schema = digest(f"schema {seq % 2}") if seq % 4 == 1 else b""
        last = events[-1].id()
        event = Event(seq, last, GENESIS.id(), seq * seq, kind, body(seq), part, deps, schema)
        events.append(event)
    return events


def after(event: Event, **changes: object) -> Event:
    """The next event of the same chain."""
    start = Event(event.seq + 1, event.id(), event.log, event.lamport + 1)
    return replace(start, **changes)


def opened() -> list[tuple[str, list[Event]]]:
    """Packs that are used to the last byte."""
    whole = chain(9)
    mixed = [replace(event, part=n % 3) for n, event in enumerate(chain(9))]
    wrong = body(99)
    same = PLAIN.body
    top = 2**63 - 1
    cases = [
        ("no event", []),
        ("a genesis event", whole[:1]),
        ("a log's first events", whole),
        ("headers only", chain(4, 0)),
        ("skeletons", chain(4, 1)),
        ("parts of all kinds", mixed),
        ("a slice from the middle", whole[4:]),
        ("empty frame and content", [replace(PLAIN, body=EMPTY)]),
        ("an empty skeleton", [replace(PLAIN, body=EMPTY, part=1)]),
        ("32 deps", [replace(PLAIN, deps=tuple(DEPS[:32]))]),
        ("a dep on the log at seq 0", [replace(FIRST, deps=(Link(LOG),))]),
        ("a kind of 64 bytes", [replace(PLAIN, kind="k" * 64)]),
        ("a kind of digits and dashes", [replace(PLAIN, kind="-/0/a-b")]),
        ("the greatest numbers", [Event(top, lamport=top, changes=((7, top),))]),
        ("lamport is left to the graph", [PLAIN, after(PLAIN, lamport=PLAIN.lamport)]),
        ("time may run backwards", [PLAIN, after(PLAIN, changes=((7, 0),))]),
        ("another frame", [replace(PLAIN, sent=replace(same, frame=bytes(len(FRAME))))]),
        ("another content", [replace(PLAIN, sent=replace(same, content=bytes(len(CONTENT))))]),
        ("another seed", [replace(PLAIN, sent=replace(same, seed=wrong.seed))]),
        ("another skeleton", [replace(PLAIN, part=1, sent=replace(same, seed=wrong.seed))]),
    ]
    torn = replace(PLAIN, sent=replace(same, seed=wrong.seed))
    return [*cases, ("a body that does not fit stops nothing", [torn, after(PLAIN)])]


def broken() -> list[tuple[str, Event, str]]:
    """Single events that end a pack, with the code of the first rule they break."""

    def with_(number: int, value: object, start: Event = PLAIN) -> Event:
        return replace(start, changes=((number, value),))

    small = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")
    not_reduced = (2**255 - 10).to_bytes(32, "little")
    shapes = [
        ("a fourteenth field", replace(PLAIN, extra=(0,))),
        ("a part byte of 3", replace(PLAIN, part=3)),
        *(
            (f"field {number} holds {type(value).__name__}", with_(number, value))
            for number, value in [
                *((number, "1") for number in (0, 3, 6, 7, 10, 11)),
                *((number, True) for number in (0, 3, 6, 7, 10, 11)),
                *((number, LOG) for number in (1, 4, 9)),
                *((number, None) for number in (0, 2, 3, 5, 8, 12)),
                (5, {}),
                (8, b"record/edit"),
            ]
        ),
        ("an author of 31 bytes", with_(2, AUTHOR[:31])),
        ("a commitment of 33 bytes", with_(12, bytes(33))),
        ("a dep that is bytes", with_(5, [LOG])),
    ]
    numbers = ((3, "seq"), (6, "lamport"), (7, "time"), (10, "frame size"), (11, "content size"))
    kinds = ["", "/", "a/", "/a", "a//b", "A", "record edit", "a_b", "a\n", "é", "k" * 65]
    big = ((10, 2**20), (11, 1))
    null = Raw(b"\xf6")
    return [
        *((name, event, "event/shape") for name, event in shapes),
        *((f"version {n}", with_(0, n), "event/version") for n in (0, 2, -1)),
        *((f"negative {name}", with_(n, -1), "event/uint-range") for n, name in numbers),
        *((f"{name} 2^63", with_(n, Raw(cbor(2**63))), "codec/int-range") for n, name in numbers),
        ("a long form of seq", with_(3, Raw(b"\x18\x03")), "codec/not-shortest"),
        ("a float for time", with_(7, Raw(b"\xfb" + bytes(8))), "codec/float"),
        ("a link to raw bytes", with_(4, Raw(b"\xd8\x2a\x58\x25\x00\x01\x55")), "codec/bad-link"),
        ("a kind that is not UTF-8", with_(8, Raw(b"\x61\xff")), "codec/not-utf8"),
        ("frame and content beyond 1 MiB", replace(PLAIN, changes=big), "event/too-large"),
        ("a header beyond 4 KiB", with_(5, DEPS * 3), "event/too-large"),
        *((f"kind {kind!r}", replace(PLAIN, kind=kind), "event/kind") for kind in kinds),
        ("no log, and not log/create", with_(1, NULL, FIRST), "event/genesis"),
        ("no log in a later event", with_(1, NULL), "event/genesis"),
        ("log/create with a log", replace(PLAIN, kind="log/create"), "event/genesis"),
        ("log/create with a log at seq 0", replace(FIRST, kind="log/create"), "event/genesis"),
        ("genesis with lamport 1", replace(GENESIS, lamport=1), "event/genesis"),
        ("genesis with a dep", replace(GENESIS, deps=(DEPS[0],)), "event/genesis"),
        ("genesis at seq 1", replace(GENESIS, seq=1, prev=LOG), "event/genesis"),
        ("lamport 0 in a later event", replace(PLAIN, lamport=0), "event/genesis"),
        ("prev at seq 0", with_(4, Link(LOG), FIRST), "event/prev"),
        ("prev in the genesis event", with_(4, Link(LOG), GENESIS), "event/prev"),
        ("no prev at seq 3", with_(4, null), "event/prev"),
        ("deps out of order", replace(PLAIN, deps=(DEPS[1], DEPS[0])), "event/deps"),
        ("a dep twice", replace(PLAIN, deps=(DEPS[0], DEPS[0])), "event/deps"),
        ("33 deps", replace(PLAIN, deps=tuple(DEPS[:33])), "event/deps"),
        ("an author of small order", with_(2, small), "event/author-key"),
        ("an author that is not canonical", with_(2, not_reduced), "event/author-key"),
        ("another log", replace(PLAIN, log=digest("another")), "event/other-log"),
        ("another log's genesis", GENESIS, "event/other-log"),
        ("another author", with_(2, OTHER), "chain/author"),
        ("shape before version", replace(with_(0, 2), extra=(0,)), "event/shape"),
        ("range before size", replace(PLAIN, changes=((6, -1), *big)), "event/uint-range"),
        ("size before kind", replace(PLAIN, kind="K", changes=big), "event/too-large"),
        ("log before author", with_(2, OTHER, replace(PLAIN, log=digest("x"))), "event/other-log"),
    ]


def case(name: str, data: bytes, events: list[Event], stopped: object, log: bytes) -> object:
    """One entry of the file."""
    said = events[0].log or events[0].id() if events else log
    return {
        "name": name,
        "log": log.hex() or None,
        "author": AUTHOR.hex(),
        "pack": data.hex(),
        "opens_as": {
            "log": said.hex() or None,
            "seq": str(events[0].seq if events else 0),
            "prev": events[0].prev.hex() or None if events else None,
            "events": [event.as_json() for event in events],
            "stopped": stopped,
        },
    }


def packed(events: list[Event]) -> bytes:
    """All of them."""
    return b"".join(event.packed() for event in events)


def stops() -> list[object]:
    """Packs that end early: at once, after a good event, cut off, or out of their chain."""
    found = []
    for name, event, code in broken():
        data = event.packed()
        found.append(case(name, data, [], {"row": 0, "code": code, "at": 0}, LOG))
    good = [PLAIN, after(PLAIN)]
    size = len(packed(good))
    rows = [
        ("a bad event after two good ones", replace(PLAIN, kind=""), "event/kind"),
        ("a gap", replace(after(good[1]), seq=good[1].seq + 2), "chain/seq"),
        ("the same event again", good[1], "chain/seq"),
        ("another event before it", replace(after(good[1]), prev=LOG), "chain/link"),
        ("seq before link", replace(after(good[1]), seq=9, prev=LOG), "chain/seq"),
    ]
    for name, event, code in rows:
        stopped = {"row": 2, "code": code, "at": size}
        found.append(case(name, packed([*good, event]), good, stopped, LOG))
    third = after(good[1]).packed()
    header = len(after(good[1]).header())
    cuts = [1, 2, header, 1 + header, 1 + header + len(FRAME), len(third) - 1]
    for cut in cuts:
        stopped = {"row": 2, "code": "codec/truncated", "at": size}
        data = packed(good) + third[:cut]
        found.append(case(f"cut after {cut} bytes of the third", data, good, stopped, LOG))
    return found


def packs() -> dict[str, object]:
    """The whole file."""
    valid = [
        case(
            name, packed(events), events, None, (events[0].log or events[0].id()) if events else b""
        )
        for name, events in opened()
    ]
    unnamed = case("a log that was not named", packed(chain(3)), chain(3), None, b"")
    bodies = [GENESIS.body, PLAIN.body, EMPTY, *map(body, range(3))]
    return {
        "about": "Packs and what opening them says; every whole one must also come out of sealing.",
        "opens": [*valid, unnamed],
        "stops": stops(),
        "bodies": [
            {
                "frame": each.frame.hex(),
                "content": each.content.hex(),
                "seed": each.seed.hex(),
                "salt_f": each.salts[0].hex(),
                "c": each.hashes[1].hex(),
                "body": each.commitment.hex(),
            }
            for each in bodies
        ],
    }
