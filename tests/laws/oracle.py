"""What the laws compare with: a list of ops, and the definitions, word for word.

Nothing here is incremental, nothing is shared with the views but the frame parser.
"""

from __future__ import annotations

from functools import cache

from tallystick.errors import BadInput
from tallystick.event.absent import Absent
from tallystick.kernels import Link, decode_item, encode_item
from tallystick.state.ops import KIND, OWN, Frame, parse_frame
from tallystick.state.types import TYPES, VERBS, LiveOp

MISSING, ERASED = False, True


def all_ops(world):
    """{(event id, index): (op, over)} of every event, counted or not."""
    found = {}
    for event in sorted(world.events.values(), key=lambda e: (e.lamport, e.author, e.seq, e.id)):
        frame = parse_frame(event.frame) if event.kind == KIND else "no edit"
        if isinstance(frame, Frame):
            for index, op in frame.indexed():
                if op.verb in VERBS and not TYPES[VERBS[op.verb].type].sequence:
                    over = {ref for ref in refs_of(world, event, frame, op) if ref in found}
                    found[event.id, index] = op, {ref for ref in over if fits(op, found[ref][0])}
    return found


def refs_of(world, event, frame, op):
    for table, seq, index in op.over:
        if table == OWN:
            yield event.id, index
        else:
            author, side = frame.authors[table]
            yield world.named(author, seq, event.id, side), index


def fits(op, target):
    """A reference to another place, or to what the verb may not replace, is ignored."""
    same = op.place == target.place and VERBS[op.verb].type == VERBS[target.verb].type
    return same and target.verb in VERBS[op.verb].replaces


def live_keys(world, included):
    """The two lines of the one law."""
    ops = all_ops(world)
    above = {key: [other for other, (_, over) in ops.items() if key in over] for key in ops}

    @cache
    def covered(key):
        return any(other[0] in included or covered(other) for other in above[key])

    return [key for key in ops if key[0] in included and not covered(key)], ops


def read(world, key, ops, absent):
    """One live op as the types see it."""
    event, (op, _) = world.events[key[0]], ops[key]
    frame = parse_frame(event.frame)
    content = None if event.id in absent else event.content
    value = None
    if VERBS[op.verb].valued:
        value = frame.values(content, erased=absent.get(event.id, False))[key[1]]
    if VERBS[op.verb].numbers and VERBS[op.verb].type == "counter":
        value = op.numbers[0]
    try:
        encoded = encode_item(value, floats=True) if VERBS[op.verb].valued else b""
    except BadInput:
        encoded = b""
    return LiveOp(
        op.verb, value, encoded, event.lamport, event.time, event.author, event.seq, event.id,
        key[1],
    )  # fmt: skip


def live_ops(world, included, place, type_, absent=None):
    keys, ops = live_keys(world, included)
    return [
        read(world, key, ops, absent or {})
        for key in keys
        if (ops[key][0].place, VERBS[ops[key][0].verb].type) == (tuple(place), type_)
    ]


def places(world, included, absent):
    """The state of the view ``places``."""
    keys, ops = live_keys(world, included)
    holding = [key for key in keys if VERBS[ops[key][0].verb].holds]
    found = {(ops[key][0].place, VERBS[ops[key][0].verb].type): [] for key in holding}
    for key in holding:
        op = ops[key][0]
        found[op.place, VERBS[op.verb].type].append(read(world, key, ops, absent))
    return [[list(p), t, reading(t, found[p, t])] for p, t in sorted(found)]


def reading(type_, live):
    live = sorted(live, key=lambda op: (op.lamport, op.time, op.author, op.seq, op.id, op.index))
    if type_ == "counter":
        return sum(op.value for op in live)
    if type_ == "set":
        there = {op.encoded: op.value for op in live if op.encoded}
        gone = sorted((op.id, op.index, op.value.value) for op in live if not op.encoded)
        return [[there[k] for k in sorted(there)], [[n, Link(i), x] for i, x, n in gone]]
    return [[op.verb, wrapped(type_, op), Link(op.id), op.index] for op in live]


def wrapped(type_, op):
    return op.value.value if isinstance(op.value, Absent) else [op.value]


def salt(world, included, record, absent=None):
    """That of the earliest counted create at a place that says one; covered or not."""
    ops = all_ops(world)
    creates = [
        k for k in ops if k[0] in included and (ops[k][0].verb, ops[k][0].place) == (12, record)
    ]
    said = [read(world, key, ops, absent or {}) for key in creates]
    said.sort(key=lambda op: (op.lamport, op.author, op.seq, op.id, op.index))
    good = [op.value["salt"] for op in said if isinstance(op.value, dict)]
    return good[0] if good else None


def canonical(world, included, kind):
    """The counted events of a kind, in canonical order."""
    return sorted(
        (world.events[id] for id in included if world.events[id].kind == kind),
        key=lambda e: (e.lamport, e.author, e.seq, e.id),
    )


def sums(world, included, absent, kind):
    """The state of a declared sum of ``rating`` by ``target``."""
    found = {"keys": {}, "missing": 0, "erased": 0, "bad": 0}
    for event in canonical(world, included, kind):
        if event.id in absent:
            found["erased" if absent[event.id] else "missing"] += 1
            continue
        item = decode_item(event.content, floats=True) if event.content else None
        good = isinstance(item, dict) and type(item.get("target")) is str
        if good and type(item.get("rating")) is int:
            total, count = found["keys"].get(item["target"], [0, 0])
            found["keys"][item["target"]] = [total + item["rating"], count + 1]
        else:
            found["bad"] += 1
    return found


# --- titles -------------------------------------------------------------------------------------


def title_ops(world):
    """{event id: (title, type, over, to)} of every title event, counted or not; and void ones."""
    found, void = {}, {}
    for event in sorted(world.events.values(), key=lambda e: (e.lamport, e.author, e.seq, e.id)):
        if event.kind == "title/create":
            frame = decode_item(event.frame)
            found[event.id] = event.id, frame["type"], None, frame.get("to", event.author)
        elif event.kind == "title/transfer":
            frame = decode_item(event.frame)
            over = frame["over"].digest
            if over not in found or over not in world.past[event.id]:
                void[event.id] = "void/ground"
            elif (found[over][0], found[over][3]) != (frame["title"].digest, event.author):
                void[event.id] = "void/owner"
            else:
                found[event.id] = found[over][0], found[over][1], over, frame["to"]
    return found, void


def titles(world, included, absent):
    """The state of the view ``titles``."""
    ops, _ = title_ops(world)

    @cache
    def covered(id):
        return any(o in included or covered(o) for o, op in ops.items() if op[2] == id)

    live = [id for id in ops if id in included and not covered(id)]
    found = []
    for title in sorted({ops[id][0] for id in live}):
        mine = sorted(id for id in live if ops[id][0] == title)
        named = {ops[id][3] for id in mine}
        owner = named.pop() if len(named) == 1 else holder(world, ops, title, included, covered)
        contested = len({ops[id][3] for id in mine}) > 1
        found.append([Link(title), ops[title][1], owner, contested, [Link(id) for id in mine]])
    return found


def holder(world, ops, at, included, covered):
    """Up from an op: the earliest sale in canonical order; nobody if not all came after it."""
    sales = [id for id, op in ops.items() if op[2] == at and (id in included or covered(id))]
    if not sales:
        return ops[at][3]
    order = [world.events[id] for id in sales]
    first = min(order, key=lambda e: (e.lamport, e.author, e.seq, e.id)).id
    if any(first not in world.chain(id) for id in sales):
        return None
    return holder(world, ops, first, included, covered)
