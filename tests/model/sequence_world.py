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
    """The text of some events, those of the authors in ``out`` not counting: (shown, all names)."""
    here = {event.name: event for event in events}
    chars, children = {}, {}
    for event in _in_causal_order(here.values()):
        for kind, index, what, first, right in event.ops:
            if kind == DELETE:
                continue
            parent = first if first in chars else None
            left_of = kind == LEFT_OF and parent is not None
            after = parent if left_of else (right if right in chars else None)
            origin = None if left_of else after
            for n, letter in enumerate(what):
                name = (event.name, index + n)
                chars[name] = letter, origin
                children.setdefault((parent, left_of), []).append(name)
                parent, left_of, origin = name, False, after
    order = _walk(children, {name: origin for name, (_, origin) in chars.items()})
    gone = {
        (first[0], first[1] + n)
        for event in here.values()
        if event.author not in out
        for kind, _, count, first, _ in event.ops
        if kind == DELETE
        for n in range(count)
        if first[0] in event.past | {event.name}
    }
    shown = [name for name in order if name[0][0] not in out and name not in gone]
    return "".join(chars[name][0] for name in shown), order


def _in_causal_order(events):
    return sorted(events, key=lambda event: (len(event.past), event.name))


def _walk(children, origins):
    """Left children, self, right children; siblings sorted as the order of all says."""

    def trail(name):
        """What a character hangs from, from the root on, each with its side."""
        found = []
        while name is not None:
            found.append((name, parents[name][1]))
            name = parents[name][0]
        return found[::-1]

    parents = {name: where for where, some in children.items() for name in some}

    def before(one, other):
        """-1 when ``one`` comes first. The end of the text is None."""
        if one == other:
            return 0
        if one is None or other is None:
            return 1 if one is None else -1
        ones, others = trail(one), trail(other)
        for (a, a_left), (b, b_left) in zip(ones, others, strict=False):
            if a != b:
                if a_left != b_left:
                    return -1 if a_left else 1
                return by_origin(a, b, a_left)
        if len(ones) < len(others):  # one is above other
            return 1 if others[len(ones)][1] else -1
        return -1 if ones[len(others)][1] else 1

    def by_origin(a, b, left):
        if not left and origins[a] != origins[b]:
            return before(origins[b], origins[a])
        (a_author, a_seq), a_index = a
        (b_author, b_seq), b_index = b
        ids = (key_of(a_author), a_seq, a_index), (key_of(b_author), b_seq, b_index)
        return -1 if ids[0] < ids[1] else 1

    return sorted(origins, key=cmp_to_key(before))
