"""What the vectors of ops hold: frames good and void, and worlds with what they come to.

The evaluator here is the definition of ``ops.md`` word for word; it shares nothing with
Tallystick's code.

Reads: spec/plain.py, spec/story.py. Read by: spec/make_vectors.py.
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass, field
from hashlib import sha256

from plain import Link, cbor
from story import Placed, ids, state_hash, without_each

VERBS = {  # verb: (type, numbers, valued, may go over)
    1: ("register", 0, True, {1}),
    2: ("flag", 0, False, {2, 3}),
    3: ("flag", 0, False, {2, 3}),
    4: ("set", 0, True, set()),
    5: ("set", 0, False, {4}),
    6: ("counter", 1, False, set()),
    12: ("record", 0, True, {12, 13, 14}),
    13: ("record", 0, False, {12, 13, 14}),
    14: ("record", 0, False, {12, 13, 14}),
}
ANA, BEN, CY = (sha256(name.encode()).digest() for name in ("ana", "ben", "cy"))
SIDE = Link(sha256(b"a side").digest())
GOOD = [1, ["a"], []]


def op(*fields: object) -> bytes:
    """A frame of one op that names Ana and Ben."""
    return cbor([[ANA, BEN], [list(fields)]])


def frames() -> list[dict[str, object]]:
    """Frames and their void codes."""
    long = "x" * 200
    cases: list[tuple[str, bytes, str | None]] = [
        ("a register written", op(1, ["a"], []), None),
        ("over an op of another", op(1, ["a"], [[1, 7, 0]]), None),
        ("over an op of a side", cbor([[[ANA, SIDE]], [[1, ["a"], [[0, 2, 1]]]]]), None),
        ("both sides of an author", cbor([[ANA, [ANA, SIDE]], [GOOD]]), None),
        ("over an own op", cbor([[], [GOOD, [1, ["a"], [[0]]]]]), None),
        ("references that repeat", op(1, ["a"], [[1, 7, 0], [1, 7, 0]]), None),
        ("the least amount", op(6, ["n"], [], -(2**63)), None),
        ("a verb nobody knows", op(99, ["n"], [[0, 0, 0]], 5, 0, -1), None),
        ("a place of 1,024 bytes", op(1, [long] * 5 + ["x" * 24], []), None),
        ("eight segments", op(1, list("abcdefgh"), []), None),
        ("zero bytes", b"", "void/frame"),
        ("something after it", cbor([[], [GOOD]]) + b"\x00", "void/frame"),
        ("a map", cbor({"ops": []}), "void/frame"),
        ("no ops", cbor([[], []]), "void/frame"),
        ("an author of 31 bytes", cbor([[ANA[:31]], [GOOD]]), "void/frame"),
        ("an author twice", cbor([[ANA, ANA], [GOOD]]), "void/frame"),
        ("a side that is bytes", cbor([[[ANA, SIDE.digest]], [GOOD]]), "void/frame"),
        ("a negative verb", op(-1, ["a"], []), "void/frame"),
        ("a place that is text", op(1, "a", []), "void/frame"),
        ("a segment that is bytes", op(1, [b"a"], []), "void/frame"),
        ("no over", cbor([[], [[1, ["a"]]]]), "void/frame"),
        ("an entry out of range", op(1, ["a"], [[2, 0, 0]]), "void/frame"),
        ("a negative seq", op(1, ["a"], [[0, -1, 0]]), "void/frame"),
        ("a reference of two", op(1, ["a"], [[0, 0]]), "void/frame"),
        ("over itself", cbor([[], [[1, ["a"], [[0]]]]]), "void/frame"),
        ("over a later own op", cbor([[], [[1, ["a"], [[1]]], GOOD]]), "void/frame"),
        ("a register with a number", op(1, ["a"], [], 1), "void/frame"),
        ("a counter without", op(6, ["a"], []), "void/frame"),
        ("a number that is text", op(6, ["a"], [], "1"), "void/frame"),
        ("no segments", op(1, [], []), "void/value"),
        ("an empty segment", op(1, ["a", ""], []), "void/value"),
        ("nine segments", op(1, list("abcdefghi"), []), "void/value"),
        ("a segment of 201 bytes", op(1, ["é" * 100 + "x"], []), "void/value"),
        ("a place of 1,025 bytes", op(1, [long] * 5 + ["x" * 25], []), "void/value"),
        ("an amount of 0", op(6, ["n"], [], 0), "void/value"),
        ("a bad place, then a bad op", cbor([[], [[1, [], []], [1]]]), "void/value"),
    ]
    return [{"name": name, "frame": data.hex(), "void": code} for name, data, code in cases]


def segment(salt: bytes, key: str) -> str:
    """The segment of a place that stands for a key of a map."""
    return "b" + b32encode(sha256(salt + key.encode()).digest()).decode().rstrip("=").lower()


def map_keys() -> list[dict[str, str]]:
    """Keys and what frames say in their stead."""
    salts = (bytes(16), sha256(b"salt").digest()[:16])
    keys = ("", "ana", "été", "a/b", "𝄞" * 100)
    return [{"salt": s.hex(), "key": k, "segment": segment(s, k)} for s in salts for k in keys]


# --- worlds -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Event(Placed):
    """One event of a world: who, after what, doing what."""

    ops: list[list[object]]
    table: list[object] = field(default_factory=list, kw_only=True)
    values: list[object] | None = field(default=None, kw_only=True)
    time: int = field(default=0, kw_only=True)
    reads: str = field(default="here", kw_only=True)


Key = tuple[Event, int]


def leads_to(event: Event, index: int) -> set[Key]:
    """The ops that one op is over."""
    verb, place, over = event.ops[index][:3]
    found: set[Key] = set()
    for ref in over:  # type: ignore[attr-defined]
        if len(ref) == 1:
            target, at = event, ref[0]
        else:
            entry, seq, at = event.table[ref[0]], ref[1], ref[2]
            author, side = entry if isinstance(entry, list) else (entry, None)
            there = [e for e in event.past if (e.author, e.seq) == (author, seq)]
            if side is not None:
                ends = [e for e in event.past if e.id == side.digest]
                there = [e for e in there if ends and e in ends[0].chain]
            if len(there) != 1:
                continue
            target = there[0]
        fits = at < len(target.ops) and target.ops[at][1] == place
        if fits and target.ops[at][0] in VERBS[verb][3]:  # type: ignore[index]
            found.add((target, at))
    return found


def live(events: list[Event], counted: set[str]) -> list[Key]:
    """The ops that are live, by the two lines of the law."""
    over = {
        (e, i): leads_to(e, i) for e in events for i in range(len(e.ops)) if e.ops[i][0] in VERBS
    }

    def covered(key: Key) -> bool:
        return any(key in over[y] and (y[0].name in counted or covered(y)) for y in over)

    return [key for key in over if key[0].name in counted and not covered(key)]


def state(events: list[Event], counted: set[str]) -> list[object]:
    """The state of the view ``places``."""
    groups: dict[tuple[tuple[bytes, ...], str], list[Key]] = {}
    for event, i in live(events, counted):
        verb, place = event.ops[i][:2]
        if verb != 5:
            path = tuple(segment.encode() for segment in place)  # type: ignore[attr-defined]
            groups.setdefault((path, VERBS[verb][0]), []).append((event, i))  # type: ignore[index]
    found: list[object] = []
    for path, type_ in sorted(groups):
        keys = sorted(groups[path, type_], key=order)
        found.append([[segment.decode() for segment in path], type_, what(type_, keys)])
    return found


def order(key: Key) -> tuple[object, ...]:
    """The order in which the last live write wins."""
    event, i = key
    return event.lamport, event.time, event.author, event.seq, event.id, i


def value_of(event: Event, i: int) -> object:
    """[value], or the word for why there is none."""
    if not VERBS[event.ops[i][0]][2]:  # type: ignore[index]
        return [None]
    if event.reads != "here":
        return event.reads
    good = isinstance(event.values, list) and len(event.values) == len(event.ops)
    return [event.values[i]] if good else "Bad"  # type: ignore[index]


def what(type_: str, keys: list[Key]) -> object:
    """What is live at one place."""
    if type_ == "counter":
        total = sum(event.ops[i][3] for event, i in keys)  # type: ignore[misc]
        fits = -(2**63) <= total < 2**63
        return total if fits else total.to_bytes(16, "big", signed=True)
    values = [value_of(event, i) for event, i in keys]
    if type_ == "set":
        there = {cbor(v[0]): v[0] for v in values if isinstance(v, list)}
        gone = sorted(
            (e.id, i, v) for (e, i), v in zip(keys, values, strict=True) if isinstance(v, str)
        )
        return [[there[k] for k in sorted(there)], [[v, Link(id), i] for id, i, v in gone]]
    return [[e.ops[i][0], v, Link(e.id), i] for (e, i), v in zip(keys, values, strict=True)]


MAP = ["c", "r", "m"]


def map_story() -> list[Event]:
    """A record created twice at the same time, and entries of its map under both salts."""
    one, two = (sha256(name.encode()).digest()[:16] for name in ("one", "two"))
    c1 = Event(
        "c1", ANA, [[12, MAP[:2], []], [1, [*MAP, segment(one, "ana")], []]],
        values=[{"salt": one}, ["ana", 1]],
    )  # fmt: skip
    c2 = Event(
        "c2", BEN, [[12, MAP[:2], []], [1, [*MAP, segment(two, "ana")], []]],
        values=[{"salt": two}, ["ana", 2]],
    )  # fmt: skip
    c3 = Event("c3", ANA, [[13, MAP[:2], [[0, 0, 0]]]], table=[ANA], prev=c1)
    c4 = Event("c4", ANA, [[14, MAP[:2], [[0, 0, 0], [0, 1, 0]]]], table=[ANA], prev=c3)
    c5 = Event("c5", CY, [[1, [*MAP, segment(one, "ben")], []]], deps=(c1,), reads="Erased")
    c6 = Event("c6", BEN, [[1, [*MAP, "odd"], []]], prev=c2, values=[["ana", 1, 2]])
    c7 = Event("c7", CY, [[12, MAP[:2], []]], prev=c5, values=[{"salt": one[:15]}])
    return [c1, c2, c3, c4, c5, c6, c7]


def entries(events: list[Event], counted: set[str]) -> dict[str, object]:
    """What the map reads: key -> [value], or the word for why there is none."""
    found: dict[str, object] = {}
    for event, i in sorted(live(events, counted), key=order):
        place, value = event.ops[i][1], value_of(event, i)
        if place[:-1] != MAP:  # type: ignore[index]
            continue
        said = value[0] if isinstance(value, list) else None
        if isinstance(said, list) and len(said) == 2 and isinstance(said[0], str):
            found[said[0]] = [said[1]]
        else:
            found[place[-1]] = "Bad" if isinstance(value, list) else value  # type: ignore[index]
    return found


def salt(events: list[Event], counted: set[str]) -> str | None:
    """The salt a writer would hash with, hex."""
    creates = [(e, i) for e in events for i in range(len(e.ops)) if e.ops[i][:2] == [12, MAP[:2]]]
    for event, i in sorted(creates, key=lambda k: (k[0].lamport, k[0].author, k[0].seq, k[0].id)):
        value = value_of(event, i)
        said = value[0] if isinstance(value, list) else None
        good = isinstance(said, dict) and len(said.get("salt", b"")) == 16
        if event.name in counted and good:
            return str(said["salt"].hex())  # type: ignore[index]
    return None


def worlds() -> list[dict[str, object]]:
    """Small histories, each with several answers to who counts."""
    return [described(name, events) for name, events in stories().items()]


def stories() -> dict[str, list[Event]]:
    """The histories."""
    a = Event("a", ANA, [[1, ["t"], []]], values=["a"], time=3)
    b = Event("b", BEN, [[1, ["t"], [[0, 0, 0]]]], table=[ANA], deps=(a,), values=["b"])
    c = Event("c", CY, [[1, ["t"], [[0, 0, 0]]]], table=[BEN], deps=(b,), values=["c"])
    d = Event("d", BEN, [[1, ["t"], []], [1, ["t"], [[0]]]], prev=b, values=[1, None], time=9)
    s1 = Event("s1", ANA, [[4, ["s"], []], [4, ["s"], []]], values=["x", [1]])
    s2 = Event("s2", BEN, [[5, ["s"], [[0, 0, 0]]]], table=[ANA], deps=(s1,))
    s3 = Event("s3", CY, [[4, ["s"], []], [4, ["s"], []]], values=["x", "gone"])
    s4 = Event("s4", CY, [[4, ["s"], []]], prev=s3, values=["?"], reads="Erased")
    f1 = Event("f1", ANA, [[2, ["f"], []]])
    f2 = Event("f2", BEN, [[3, ["f"], [[0, 0, 0]]]], table=[ANA], deps=(f1,))
    f3 = Event("f3", CY, [[2, ["f"], []], [6, ["f"], [], 7]])
    n1 = Event("n1", ANA, [[6, ["n"], [], 2**63 - 1], [6, ["n", "m"], [], -1]])
    n2 = Event("n2", BEN, [[6, ["n"], [], 2**62], [6, ["n"], [], 5]])
    e0 = Event("e0", ANA, [[1, ["z"], []]], values=[0])
    left = Event("left", ANA, [[1, ["t"], []]], prev=e0, values=["left"])
    on = Event("on", ANA, [[2, ["f"], []]], prev=left)
    right = Event("right", ANA, [[1, ["t"], []]], prev=e0, values=["right"])
    ref: list[object] = [1, ["t"], [[0, 1, 0]]]
    seen = (on, right)
    bare = Event("bare", BEN, [ref], table=[ANA], values=["bare"], deps=seen)
    sided = Event("sided", CY, [ref], table=[[ANA, Link(on.id)]], values=["sided"], deps=seen)
    h1 = Event("h1", ANA, [[1, ["t"], []], [1, ["u"], []]], values=["t", "u"])
    wrong: list[list[object]] = [
        [1, ["u"], [[0, 0, 0]]], [3, ["t"], [[0, 0, 0]]], [1, ["t"], [[0, 0, 9], [0, 5, 0]]],
        [99, ["t"], [[0, 0, 0]], 1], [4, ["t"], [[0, 0, 0]]],
    ]  # fmt: skip
    h2 = Event("h2", BEN, wrong, table=[ANA], deps=(h1,), values=["v", None, "w", None, "x"])
    h3 = Event("h3", CY, [[1, ["t"], [[0, 0, 0]]]], table=[ANA], values=["not seen"])
    h4 = Event("h4", CY, [[1, ["p"], []]], prev=h3, values=["too", "long"])
    h5 = Event("h5", CY, [[1, ["q"], []]], prev=h4, values=[1], reads="Missing")
    return {
        "on the shoulders of an excluded write": [a, b, c, d],
        "a set whose additions survive": [s1, s2, s3, s4],
        "a flag, and a counter at the same path": [f1, f2, f3],
        "sums beyond 64 bits": [n1, n2],
        "the sides of a split": [e0, left, on, right, bare, sided],
        "references that are ignored, values that cannot be read": [h1, h2, h3, h4, h5],
        "a map under two salts": map_story(),
    }


def described(name: str, events: list[Event]) -> dict[str, object]:
    """A history as JSON, with the state for everybody, and without each event in turn."""
    return {
        "name": name,
        "events": [as_json(event) for event in events],
        "states": without_each(events, lambda counted: answer(events, counted)),
    }


def as_json(event: Event) -> dict[str, object]:
    """One event; content is null where it is not here."""
    content = b"" if event.values is None else cbor(event.values)
    return event.placed() | {
        "time": event.time,
        "frame": cbor([event.table, event.ops]).hex(),
        "content": content.hex() if event.reads == "here" else None,
        "erased": event.reads == "Erased",
    }


def answer(events: list[Event], counted: set[str]) -> dict[str, object]:
    """What the world comes to when these count."""
    item = state(events, counted)
    maps = {"map": cbor(entries(events, counted)).hex(), "salt": salt(events, counted)}
    has_map = any(op[1][:3] == MAP for event in events for op in event.ops)  # type: ignore[index]
    return (maps if has_map else {}) | {
        "counted": ids(events, counted),
        "live": sorted([event.id.hex(), i] for event, i in live(events, counted)),
        "state": cbor(item).hex(),
        "hash": state_hash("places", item),
    }


def ops() -> dict[str, object]:
    """The whole file."""
    return {"frames": frames(), "map_keys": map_keys(), "worlds": worlds()}
