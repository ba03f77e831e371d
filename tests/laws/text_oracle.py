"""Texts and lists by the page: every character of every edit in a tree, walked and filtered."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from tests.laws import oracle
from tests.model.sequence_world import hung, in_order

from tallystick.event.absent import Absent, Bad
from tallystick.state.ops import KIND, OWN, Frame, parse_frame, void
from tallystick.state.types import VERBS
from tallystick.state.types import sequence as how
from tallystick.state.types.mark import MARK, anchors


def edits(world):
    """(event, frame) of the edits that are not void, causes first."""
    for event in sorted(world.events.values(), key=lambda e: (e.lamport, e.author, e.seq, e.id)):
        frame = parse_frame(event.frame) if event.kind == KIND else "no edit"
        if isinstance(frame, Frame) and void(event.frame, len(event.content)) is None:
            yield event, frame


def char(world, event, frame, ref):
    """The name a reference has: (event id, index)."""
    table, seq, index = ref
    if table == OWN:
        return event.id, index
    author, side = frame.authors[table]
    return world.named(author, seq, event.id, side), index


def sequences(world, place=None):
    """(place, type) -> (names in order, name -> (event, index, nth, op), (id, name) deleted)."""
    hangs, chars, gone = defaultdict(list), defaultdict(dict), defaultdict(list)
    for event, frame in edits(world):
        for index, op in frame.indexed():
            known = VERBS.get(op.verb)
            if known is None or known.type not in {"text", "list"} or place not in (None, op.place):
                continue
            at = op.place, known.type
            refs = [char(world, event, frame, ref) for ref in op.over]
            if op.verb in how.INSERTS:
                count, hangs_how = op.numbers
                names = [(event.id, index + n) for n in range(count)]
                chars[at] |= {name: (event, index, n, op) for n, name in enumerate(names)}
                first = None if hangs_how in {how.FROM_START, how.BEFORE_RIGHT} else refs[0]
                right = refs[-1] if hangs_how in {how.BEFORE_RIGHT, how.BETWEEN} else None
                left_of = hangs_how == how.LEFT_OF
                hangs[at] += hung(names, left_of, first, right, chars[at])
            else:
                for (id, start), count in zip(refs, op.numbers, strict=True):
                    gone[at] += [
                        (event.id, (id, start + n))
                        for n in range(count)
                        if (id, start + n) in chars[at]
                    ]
    found = {}
    for at in set(chars) | set(gone):
        keys = {name: sort_key(world, name) for name in chars[at]}
        found[at] = in_order(hangs[at], keys), chars[at], gone[at]
    return found


def sort_key(world, name):
    id, index = name
    event = world.events[id]
    way = sorted(world.chain(id), key=lambda i: world.events[i].seq)
    return event.author, event.seq, way, index


def state(world, included, absent):
    """The state of the view ``texts``."""
    found = []
    for (place, type_), (order, chars, gone) in sequences(world).items():
        if not any(name[0] in included for name in chars):
            continue
        deleted = {name for id, name in gone if id in included}
        shown = [n for n in order if n[0] in included and n not in deleted]
        said = [read(world, chars[name], absent) for name in shown]
        value = "".join(said) if type_ == "text" else said
        found.append([list(place), type_, value])
    found += mark_states(world, included, absent)
    return sorted(found, key=lambda entry: ([part.encode() for part in entry[0]], entry[1]))


def mark_states(world, included, absent):
    """[place, "mark", stretches] of the marks that reach something shown."""
    texts, marks = sequences(world), defaultdict(dict)
    for event, frame in edits(world):
        for index, op in frame.indexed():
            if op.verb == MARK:
                marks[op.place][event.id, index] = event, frame, op
    for place, ops in marks.items():
        order, _, gone = texts.get((place[:-1], "text"), ([], {}, []))
        deleted = {name for id, name in gone if id in included}
        shown = [n for n in order if n[0] in included and n not in deleted]
        carried = [carries(world, ops, order, char, (included, absent)) for char in shown]
        spans = []
        for at, said in enumerate(carried):
            if said is not None and spans and spans[-1][1:] == [at, said]:
                spans[-1][1] = at + 1
            elif said is not None:
                spans.append([at, at + 1, said])
        if spans:
            yield [list(place), "mark", spans]


def carries(world, ops, order, name, counting):
    """What one character carries by one name: [value], the word for an absent one, or None."""
    included, absent = counting
    reaching = {key for key, mark in ops.items() if reaches(world, mark, order, name)}

    @cache
    def covered(key):
        return any(
            key in over_of(world, *ops[other]) and (other[0] in included or covered(other))
            for other in reaching
        )

    live = [key for key in reaching if key[0] in included and not covered(key)]
    if not live:
        return None

    def rank(key):
        event = ops[key][0]
        return event.lamport, event.time, event.author, event.seq, event.id, key[1]

    id, index = max(live, key=rank)
    content = None if id in absent else world.events[id].content
    value = ops[id, index][1].values(content, erased=absent.get(id, False))[index]
    return value.value if isinstance(value, Absent) else None if value is None else [value]


def over_of(world, event, frame, op):
    return [char(world, event, frame, ref) for ref in op.over[anchors(op.numbers) :]]


def reaches(world, mark, order, name):
    """Whether a character lies between a mark's ends, in the order of all there are."""
    event, frame, op = mark
    how, refs = op.numbers[0], [char(world, event, frame, ref) for ref in op.over]
    at = order.index(name)
    if how & 1 and refs[0] in order and at < order.index(refs[0]) + bool(how & 2):
        return False
    end = refs[anchors(op.numbers) - 1] if how & 4 else None
    return end not in order or at < order.index(end) + bool(how & 8)


def read(world, char, absent):
    """One character; of a list [element], or the word for an absent one."""
    event, index, nth, op = char
    content = None if event.id in absent else event.content
    value = parse_frame(event.frame).values(content, erased=absent.get(event.id, False))[index]
    if VERBS[op.verb].type == "text":
        fits = isinstance(value, str) and len(value) == op.numbers[0]
        return value[nth] if fits else "\ufffd"
    if isinstance(value, Absent):
        return value.value
    fits = isinstance(value, list) and len(value) == op.numbers[0]
    return [value[nth]] if fits else Bad.value


def live_marks(world, author, path, place):
    """The marks of one name that an author sees live on some character shown."""
    heeded = world.included(author)
    ops = {
        (event.id, index): (event, frame, op)
        for event, frame in edits(world)
        for index, op in frame.indexed()
        if op.verb == MARK and op.place == path
    }
    order, _, _ = sequences(world, place).get((place, "text"), ([], {}, []))
    live = set()
    for name in order:
        here = {key for key, mark in ops.items() if reaches(world, mark, order, name)}
        counting = [ops[key] for key in here if key[0] in heeded]
        covers = {key for mark in counting for key in over_of(world, *mark)}
        live |= {key for key in here - covers if key[0] in heeded}
    return sorted(live)


class Writer:
    """What an author sees of one sequence, and the names of what is next to each position."""

    def __init__(self, world, author, place, type_):
        heeded, past = world.included(author), world.past_of_next(author)
        order, self.chars, gone = sequences(world, place).get((place, type_), ([], {}, []))
        deleted = {name for id, name in gone if id in heeded}
        self.known = [name for name in order if name[0] in past]
        self.shown = [name for name in self.known if name[0] in heeded and name not in deleted]
        self.hangs = {n: h for n, *h in self._all_hangs(world, place, type_)}

    def _all_hangs(self, world, place, type_):
        chars = {}
        for event, frame in edits(world):
            for index, op in frame.indexed():
                if op.verb in how.INSERTS and (op.place, VERBS[op.verb].type) == (place, type_):
                    refs = [char(world, event, frame, ref) for ref in op.over]
                    count, hangs_how = op.numbers
                    names = [(event.id, index + n) for n in range(count)]
                    chars |= dict.fromkeys(names)
                    first = None if hangs_how in {how.FROM_START, how.BEFORE_RIGHT} else refs[0]
                    right = refs[-1] if hangs_how in {how.BEFORE_RIGHT, how.BETWEEN} else None
                    yield from hung(names, hangs_how == how.LEFT_OF, first, right, chars)

    def between(self, position):
        """(how, names) of an insert at a position: neighbours in what the author knows."""
        left = self.shown[position - 1] if position else None
        after = self.known.index(left) + 1 if left is not None else 0
        right = self.known[after] if after < len(self.known) else None
        below = right
        while below is not None and self.hangs[below][1]:
            below = self.hangs[below][0]
        if below is not None and self.hangs[below][0] == left:
            return how.LEFT_OF, [right]
        if right is None:
            return (how.FROM_START, []) if left is None else (how.FROM_LEFT, [left])
        return (how.BEFORE_RIGHT, [right]) if left is None else (how.BETWEEN, [left, right])


__all__ = ["Writer", "oracle", "sequences", "state"]
