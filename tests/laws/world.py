"""A small world of writers for the laws: everybody sees, heeds and writes as they like.

Each author has seen some events, excludes some authors and events, and writes over the live ops
of what is left. Authors may split their chain, and write frames that name what they must not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from hypothesis import strategies as st
from tests.laws import ledger_oracle, oracle

from tallystick.kernels import encode_item
from tallystick.state.edits import Edit
from tallystick.state.ops import KIND, Draft, Target, build
from tallystick.store.rows import EventRow

AUTHORS = [sha256(bytes([i])).digest() for i in range(3)]
RATING = "review/stars"


@dataclass(frozen=True)
class Event:
    id: bytes
    author: bytes
    seq: int
    prev: bytes | None
    deps: tuple[bytes, ...]
    lamport: int
    time: int
    kind: str
    frame: bytes
    content: bytes


@dataclass
class Mind:
    """What one author has seen and whom they heed."""

    seen: set[bytes] = field(default_factory=set)
    out_authors: set[bytes] = field(default_factory=set)
    out_events: set[bytes] = field(default_factory=set)
    last: bytes | None = None


class World:
    def __init__(self):
        self.events: dict[bytes, Event] = {}
        self.past: dict[bytes, frozenset[bytes]] = {}
        self.minds = {author: Mind() for author in AUTHORS}

    # --- writing

    def included(self, author: bytes) -> set[bytes]:
        mind = self.minds[author]
        return {
            id
            for id in mind.seen
            if self.events[id].author not in mind.out_authors and id not in mind.out_events
        }

    def heads(self, author: bytes) -> tuple[bytes, ...]:
        heeded = self.included(author)
        below = set().union(*(self.past[id] for id in heeded), set())
        return tuple(sorted(heeded - below - {self.minds[author].last}))

    def write(self, author: bytes, kind: str, frame: bytes, content: bytes) -> bytes:
        mind = self.minds[author]
        prev, deps = mind.last, self.heads(author)
        seq = 0 if prev is None else self.events[prev].seq + 1
        parents = [*([prev] if prev else []), *deps]
        lamport = 1 + max((self.events[id].lamport for id in parents), default=0)
        time = 1000 * ((len(self.events) * 7) % 11)
        header = (author, seq, prev, deps, lamport, time, kind, frame, content, len(self.events))
        id = sha256(repr(header).encode()).digest()
        self.events[id] = Event(id, author, seq, prev, deps, lamport, time, kind, frame, content)
        self.past[id] = frozenset(parents).union(*(self.past[p] for p in parents))
        mind.last = id
        mind.seen.add(id)
        return id

    def edit(self, author: bytes) -> Edit:
        heeded = self.included(author)

        def live(place, type_):
            return oracle.live_ops(self, heeded, place, type_)

        def salt(record):
            return oracle.salt(self, heeded, record)

        def entropy(n):
            return sha256(b"%d %s" % (len(self.events), author)).digest()[:n]

        return Edit(live, no_sequences, salt, entropy)

    def write_edit(self, author: bytes, edit: Edit) -> bytes:
        past = self.past_of_next(author)
        frame, content = edit.build(side_of=lambda target: self.side_of(target, past))
        return self.write(author, KIND, frame, content)

    def past_of_next(self, author: bytes) -> set[bytes]:
        last = self.minds[author].last
        parents = {*self.heads(author), *([last] if last else [])}
        return parents.union(*(self.past[p] for p in parents))

    def side_of(self, target: Target, past: set[bytes]) -> bytes | None:
        same = [id for id in past if self.at(id) == (target.author, target.seq)]
        if len(same) < 2:
            return None
        later = [id for id in past if target.id in self.chain(id)]
        return max(later, key=lambda id: (self.events[id].seq, id))

    # --- the graph

    def at(self, id: bytes) -> tuple[bytes, int]:
        return self.events[id].author, self.events[id].seq

    def chain(self, id: bytes) -> set[bytes]:
        """The event and those before it in its own chain."""
        found: set[bytes] = set()
        step: bytes | None = id
        while step is not None:
            found.add(step)
            step = self.events[step].prev
        return found

    def named(self, author: bytes, seq: int, at: bytes, side: bytes | None) -> bytes | None:
        """What (author, seq) names in the past of ``at``: one event, or nothing."""
        fitting = [id for id in self.past[at] | {at} if self.at(id) == (author, seq)]
        if side is not None:
            chain = self.chain(side) if side in self.past[at] | {at} else set()
            fitting = [id for id in fitting if id in chain]
        return fitting[0] if len(fitting) == 1 else None

    def order(self, ranks: Sequence[int], *, first: Callable[[bytes], bool] = bool) -> list[bytes]:
        """One of the orders in which the events can arrive: parents before children.

        Args:
            first: which events come as soon as they can.
        """
        left = sorted(self.events, key=first, reverse=True)
        placed: list[bytes] = []
        while left:
            ready = [id for id in left if self.past[id] <= set(placed)]
            rank = ranks[len(placed) % len(ranks)] if ranks else 0
            placed.append(ready[rank % len(ready)])
            left.remove(placed[-1])
        return placed


def no_sequences(place, type_):
    raise AssertionError("sequences are written by names here")


class MemorySource:
    """An ``EventSource`` over a world, in one order of arrival; ``end`` hides what is to come."""

    def __init__(self, world: World, order: Sequence[bytes], first_row: int = 1):
        self.world, self.order, self.first = world, list(order), first_row
        self.end = first_row + len(self.order)
        self.absent: dict[bytes, bool] = {}
        """Event id -> whether its content was erased (else it is missing)."""
        self.void: dict[bytes, str] = oracle.title_ops(world)[1] | ledger_oracle.Rules(world).void
        self.rows = {id: first_row + i for i, id in enumerate(self.order)}

    def _row(self, row: int) -> EventRow:
        event = self.world.events[self.order[row - self.first]]
        gone = event.id in self.absent
        parents = [self.rows[id] for id in event.deps]
        return EventRow(
            row, 1, 1, event.author, event.seq, event.id, event.lamport, event.time, event.kind,
            None, tuple(parents), 1 if gone else 2, event.frame, b"",
            None if gone else event.content, len(event.content), self.void.get(event.id),
            self.absent.get(event.id, False),
        )  # fmt: skip

    def events(self, row, count):
        low, high = max(row, self.first), min(row + count, self.end)
        return [self._row(at) for at in range(low, high)]

    def events_at(self, rows):
        return [event for row in sorted(rows) for event in self.events(row, 1)]

    def iter_rows(self, first_row, end_row):
        return iter(self.events(first_row, end_row - first_row))

    def bodies(self, ranges, *, kind):
        for row, count in ranges:
            for e in self.events(row, count):
                if e.kind == kind and e.void is None:
                    yield e.row, e.author, e.frame, e.content, e.erased

    def frames(self, ranges, *, kind):
        found = [e for row, count in ranges for e in self.events(row, count)]
        return [
            (e.row, e.author, e.lamport, e.frame) for e in found if e.kind == kind and not e.void
        ]

    def end_row(self):
        return self.end

    def row_of(self, id):
        return self.rows.get(id)

    def chain(self, row):
        """The number of a chain: the first child that came goes on with its parent's."""
        return self._numbers()[self.order[row - self.first]]

    def chains(self, author):
        """(number, the chain's events that came where it parts from another) of each chain."""
        numbers, found = self._numbers(), {}
        mine = [id for id in numbers if self.world.at(id)[0] == author]
        befores = [self.world.events[id].prev for id in mine]
        for id in mine:
            way = sorted(self.world.chain(id), key=lambda i: self.world.events[i].seq)
            parted = [i for i in way if befores.count(self.world.events[i].prev) > 1]
            found[numbers[id]] = b"".join(parted)
        return sorted(found.items())

    def _numbers(self):
        numbers, used = {}, set()
        for id in self.order[: self.end - self.first]:
            prev = self.world.events[id].prev
            goes_on = prev in numbers and prev not in used
            used.add(prev if goes_on else None)
            numbers[id] = numbers[prev] if goes_on else len(numbers)
        return numbers

    def resolve(self, author, seq, *, at_row, side):
        found = self.world.named(author, seq, self.order[at_row - self.first], side)
        return None if found is None else self.rows[found]


# --- what Hypothesis draws ----------------------------------------------------------------------

Step = tuple[int, int, int, int]
step = st.tuples(st.integers(0, 11), st.integers(0, 2), st.integers(0, 2), st.integers(0, 5))
steps = st.lists(step, min_size=1, max_size=24)
Act = Callable[[World, bytes, int, int], None]


def build_world(script: Iterable[Step], act: Act) -> World:
    """The world that a script leads to; ``act`` writes one event."""
    world = World()
    for action, who, whom, what in script:
        author, other = AUTHORS[who], AUTHORS[whom]
        mind = world.minds[author]
        if action <= 5:
            if action <= 3:
                mind.seen |= world.minds[other].seen
            act(world, author, whom, what)
        elif action <= 7:
            mind.seen |= world.minds[other].seen
        elif action == 8 and author != other:
            mind.out_authors ^= {other}
        elif action == 9 and mind.seen:
            mind.out_events ^= {sorted(mind.seen)[what % len(mind.seen)]}
        elif action == 10 and mind.last is not None:
            mind.last = world.events[mind.last].prev
        elif action == 11 and world.events:
            hostile(world, author, whom, what)
    return world


def hostile(world: World, author: bytes, whom: int, what: int) -> None:
    """A frame that names some op of some event, in the past or not, there or not."""
    seen = world.minds[author].seen
    events = [e for e in world.events.values() if e.kind == KIND and (e.id in seen or what == 5)]
    if not events:
        return
    target = events[(7 * whom + what) % len(events)]
    named = Target(target.author, target.seq, target.id, what % 3)
    draft = Draft(
        verb=(1, 3, 4, 5, 99, 1)[what], place=(("a", "b")[whom % 2],), over=(named, named),
        value=what,
    )  # fmt: skip
    if draft.verb == 99:
        frame = encode_item([[target.author], [[99, list(draft.place), [[0, target.seq, 0]], 7]]])
        world.write(author, KIND, frame, encode_item([what]))
        return
    side = target.id if what % 2 else None
    frame, content = build([draft], side_of=lambda _: side)
    world.write(author, KIND, frame, content)


@dataclass(frozen=True)
class Phase:
    """Part of a feed: how much has arrived, and who does not count then."""

    arrived: int
    out_authors: tuple[int, ...]
    out_events: tuple[int, ...]


phases = st.lists(
    st.builds(
        Phase,
        st.integers(0, 24),
        st.lists(st.integers(0, 2), max_size=2).map(tuple),
        st.lists(st.integers(0, 23), max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=5,
)
