"""Worlds of writers of one text: who knows what, who lets whom count, what arrives when.

Events are named (author, seq) here; every reader numbers them as they arrive, so that no answer
can lean on the numbers. ``Reader`` drives a kernel's sequence; ``naive`` is list and filter: the
tree of characters walked from its root, those left out that do not count or that something that
counts deleted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cmp_to_key

from tallystick.kernels.stream import DELETE, LEFT_OF, Run, Span, write

NOBODYS = 1 << 40
"""A number that no event has."""


@dataclass(frozen=True)
class Event:
    """What one author wrote at once. Names of characters are ((author, seq), index)."""

    author: int
    seq: int
    past: frozenset
    ops: tuple  # (kind, index, text or how many, what it hangs from or deletes, right origin)

    @property
    def name(self):
        return self.author, self.seq


def key_of(author):
    return bytes([author])


@dataclass
class Reader:
    """One replica: a sequence, the events it has, their numbers here, who does not count."""

    kernel: object
    here: dict = field(default_factory=dict)
    numbers: dict = field(default_factory=dict)
    out: frozenset = frozenset()

    def __post_init__(self):
        self.sequence = self.kernel.Sequence()

    def take(self, event):
        """Take in an event, under the next number; now and then a number is left out."""
        number = self._number(event)
        runs, text = [], ""
        for kind, index, what, first, right in event.ops:
            if kind == DELETE:
                runs.append(Run(DELETE, number, index, what, first=self._char(first)))
            else:
                ends = {"first": self._char(first), "right": self._char(right)}
                runs.append(Run(kind, number, index, len(what), **ends))
                text += what
        span = Span(number, 1, event.author, event.seq)
        counted = event.author not in self.out
        self.sequence.merge(write([span], runs), text, counted=counted)
        self.here[event.name] = event

    def ban(self, authors):
        """Let all but these authors count."""
        for author in authors ^ self.out:
            mine = [(n, 1) for (who, _), n in self.numbers.items() if who == author]
            self.sequence.count(mine, on=author not in authors)
        self.out = frozenset(authors)

    def write(self, author, seq, edits):
        """Make (position, deleted, text) edits of what is shown, heeding all that counts here."""
        past = self.past(author)
        outside = [n for name, n in self.numbers.items() if name not in past]
        event = Event(author, seq, past, ())
        number = self._number(event)
        self.sequence.begin(number, author, seq)
        for position, deleted, text in edits:
            self.sequence.edit(position, deleted, text, outside)
        text, ops = "".join(text for _, _, text in edits), []
        for run in self.sequence.written(number):
            if run.kind < DELETE:
                some, text = text[: run.count], text[run.count :]
                ops.append(
                    (run.kind, run.index, some, self._name(run.first), self._name(run.right))
                )
            else:
                targets = [self._name(run.target(n)) for n in range(run.count)]
                ops += [(DELETE, run.index, 1, target, None) for target in targets]
        event = replace(event, ops=tuple(ops))
        self.here[event.name] = event
        return event

    def past(self, author):
        """What a writer heeds: what counts, all that it stands on, and what is the writer's own."""
        heeded = [e for e in self.here.values() if e.author not in self.out or e.author == author]
        return frozenset().union(*({e.name} | e.past for e in heeded))

    def order(self):
        """Names of all characters, in order."""
        names = {n: name for name, n in self.numbers.items()}
        return [
            (names[event], index + n)
            for event, index, many, _ in self.sequence.all_ids()
            for n in range(many)
        ]

    def _number(self, event):
        number = self.numbers[event.name] = 3 * len(self.numbers) // 2 + 1
        self.sequence.author(event.author, key_of(event.author))
        return number

    def _char(self, name):
        return None if name is None else (self.numbers.get(name[0], NOBODYS), name[1])

    def _name(self, char):
        names = {n: name for name, n in self.numbers.items()}
        return None if char is None else (names[char[0]], char[1])


# --- list and filter ------------------------------------------------------------------------------


def naive(events, out=frozenset()):
    """What some events come to, those of the authors in ``out`` not counting: text, all names."""
    letters, hangs = {}, []
    for event in sorted(events, key=lambda event: (len(event.past), event.name)):
        for kind, index, what, first, right in event.ops:
            if kind != DELETE:
                names = [(event.name, index + n) for n in range(len(what))]
                letters |= dict(zip(names, what, strict=True))
                hangs += hung(names, kind == LEFT_OF, first, right, letters)
    keys = {name: (key_of(name[0][0]), name[0][1], name[1]) for name in letters}
    order = in_order(hangs, keys)
    gone = {
        (first[0], first[1] + n)
        for event in events
        if event.author not in out
        for kind, _, count, first, _ in event.ops
        if kind == DELETE and first[0] in event.past | {event.name}
        for n in range(count)
    }
    shown = [name for name in order if name[0][0] not in out and name not in gone]
    return "".join(letters[name] for name in shown), order


def hung(names, left_of, first, right, there):
    """(name, parent, is left, right origin) of the characters of one insert."""
    parent = first if first in there else None
    left_of = left_of and parent is not None
    after = parent if left_of else (right if right in there else None)
    origin = None if left_of else after
    for name in names:
        yield name, parent, left_of, origin
        parent, left_of, origin = name, False, after


def in_order(hangs, keys):
    """Names in the order of the text: a tree walked left children, self, right children.

    Any two are compared by where their ways from the root part.
    """
    place = {name: (parent, left, origin) for name, parent, left, origin in hangs}

    def way(name):
        found = []
        while name is not None:
            found.append(name)
            name = place[name][0]
        return found[::-1]

    def compare(one, other):
        """-1 when ``one`` comes first. None is the end."""
        if one == other:
            return 0
        if None in {one, other}:
            return 1 if one is None else -1
        ones, others = way(one), way(other)
        for a, b in zip(ones, others, strict=False):
            if a != b:
                return siblings(a, b)
        if len(ones) < len(others):
            return 1 if place[others[len(ones)]][1] else -1
        return -1 if place[ones[len(others)]][1] else 1

    def siblings(a, b):
        (_, a_left, a_origin), (_, b_left, b_origin) = place[a], place[b]
        if a_left is not b_left:
            return -1 if a_left else 1
        if a_origin != b_origin:
            return compare(b_origin, a_origin)
        return -1 if keys[a] < keys[b] else 1

    return sorted(place, key=cmp_to_key(compare))
