"""The pure rooms alone under arrival orders: judge, ops and views; no bytes, keys or pending.

    events in causal order, in batches ──► World (facts) ──► Judge ──► flips ──► feed ──► views

What a replica does between ingest and its answers, by the same code, on facts held in memory. It
is a tenth of a replica's cost, and it can be copied: ``branch`` goes on from here another way.

Law: facts, feed and rows are this module's own; judge and views are the production code.

Reads: policy, state, tests.orders.{histories, whole}. Read by: tests.orders.walk.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from random import Random
from typing import Any

from tests.model.replica_world import key_of
from tests.orders.talk import RATING
from tests.orders.whole import FOLD, SUM, Whole, fresh_fold, standings, verdicts

from tallystick.chain.equivocation import KIND as EQUIVOCATION
from tallystick.chain.equivocation import verify_equivocation
from tallystick.policy import Judge, Policy, Statement, parse_statement
from tallystick.state.source import CONTENT, ChangeRange
from tallystick.state.view import state_hash
from tallystick.state.views import Views
from tallystick.state.views_places import PlacesView
from tallystick.state.views_sum import GroupSum
from tallystick.store.adapter import Adapter
from tallystick.store.rows import EventRow
from tallystick.testing.world import Event, World

VIEWS = ("places", SUM, FOLD)


@dataclass(frozen=True)
class Answers:
    """What the pure rooms say: part of what a replica says, and compared with that.

    Args:
        verdicts: of every event and person, with causes; None when they were not asked for.
    """

    policy: bytes
    counted: frozenset[bytes]
    standing: tuple[Any, ...]
    hashes: dict[str, str]
    verdicts: tuple[Any, ...] | None


class Known:
    """A history's events and policy as the pure rooms may know them; shared by all orders.

    Args:
        rows: every event once; content None where it never comes.
        parents, prev: ids; the genesis event is a parent of every first event.
        splits: events that prove an equivocation -> (author, seq).
        private: the viewer's private statements.
        people: whom verdicts are asked about.
    """

    def __init__(
        self,
        rows: Sequence[EventRow],
        parents: Mapping[bytes, tuple[bytes, ...]],
        prev: Mapping[bytes, bytes],
        *,
        policy: Policy,
        private: Sequence[Statement] = (),
        people: Sequence[bytes] = (),
        splits: Mapping[bytes, tuple[bytes, int]] | None = None,
    ) -> None:
        kept.clear()
        self.rows = {row.id: row for row in rows}
        self.ids = [row.id for row in rows]
        self.parents, self.prev = parents, prev
        self.policy, self.private, self.people = policy, list(private), people
        self.splits = splits or {}
        self.absent = frozenset(row.id for row in rows if row.content is None)
        self.past: dict[bytes, frozenset[bytes]] = {}
        for id in self.ids:  # parents first
            self.past[id] = frozenset(parents[id]).union(*(self.past[up] for up in parents[id]))
        self.events = {row.id: self._event(row) for row in rows}
        self._named: dict[tuple[bytes, int, bytes, bytes | None], bytes | None] = {}

    @classmethod
    def of(cls, whole: Whole) -> Known:
        """Read from a replica that holds a whole history."""
        history, store = whole.history, whole.one._store
        found = list(store.iter_events([(1, store.next_row - 1)]))
        id_of = {event.row: event.id for event in found}
        parents: dict[bytes, tuple[bytes, ...]] = {}
        prevs: dict[bytes, bytes] = {}
        splits: dict[bytes, tuple[bytes, int]] = {}
        for event in found:
            prev = b""
            if event.seq:
                prev = store.ids_at([store.row_at(event.line, event.seq - 1)])[0]
            first = (prev,) if prev else () if event.id == history.log else (history.log,)
            prevs[event.id] = prev
            parents[event.id] = (*first, *(id_of[row] for row in event.deps))
            if event.kind == EQUIVOCATION and event.void is None:
                proof = verify_equivocation(event.frame, history.log)
                assert not isinstance(proof, str)
                splits[event.id] = (proof.author, proof.seq)
        policy = Policy(key_of(history.viewer).public, history.log, **history.parameters)
        return cls(
            found,
            parents,
            prevs,
            policy=policy,
            private=history.private,
            people=history.people,
            splits=splits,
        )

    def _event(self, row: EventRow) -> Event:
        statement = None
        if row.kind.startswith("trust/") and row.void is None:
            found = parse_statement(row.kind, row.frame, id=row.id, voter=row.author, seq=row.seq)
            assert isinstance(found, Statement)
            statement = found._replace(lamport=row.lamport)
        return Event(
            row.id, row.author, row.seq, self.prev[row.id], row.kind, row.void, (), statement
        )

    def named(self, author: bytes, seq: int, at: bytes, side: bytes | None) -> bytes | None:
        """What (author, seq) names in the past of ``at``: one event, or nothing."""
        key = (author, seq, at, side)
        if key not in self._named:
            fitting = [
                id
                for id in self.past[at]
                if (self.rows[id].author, self.rows[id].seq) == (author, seq)
            ]
            if side is not None:
                way = self._chain(side) if side in self.past[at] else set()
                fitting = [id for id in fitting if id in way]
            self._named[key] = fitting[0] if len(fitting) == 1 else None
        return self._named[key]

    def _chain(self, id: bytes) -> set[bytes]:
        found = set()
        while id:
            found.add(id)
            id = self.prev[id]
        return found


class Source:
    """``EventSource`` over the events that have come, in their order."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.order: list[bytes] = []
        self.row: dict[bytes, int] = {}
        self.absent: set[bytes] = set()

    def copy(self) -> Source:
        other = Source(self.known)
        other.order, other.row = list(self.order), dict(self.row)
        other.absent = set(self.absent)
        return other

    def add(self, id: bytes) -> None:
        self.row[id] = 1 + len(self.order)
        self.order.append(id)

    def events(self, row: int, count: int) -> list[EventRow]:
        return [self._at(at) for at in range(max(row, 1), min(row + count, self.end_row()))]

    def _at(self, row: int) -> EventRow:
        event = self.known.rows[self.order[row - 1]]
        content = None if event.id in self.absent else event.content
        return event._replace(row=row, content=content)

    def events_at(self, rows: Sequence[int]) -> list[EventRow]:
        return [event for row in sorted(rows) for event in self.events(row, 1)]

    def iter_rows(self, first_row: int, end_row: int) -> Iterable[EventRow]:
        return iter(self.events(first_row, end_row - first_row))

    def bodies(
        self, ranges: Sequence[tuple[int, int]], *, kind: str
    ) -> Iterable[tuple[int, bytes, bytes, bytes | None, bool]]:
        for row, count in ranges:
            for e in self.events(row, count):
                if e.kind == kind and e.void is None:
                    yield e.row, e.author, e.frame, e.content, e.erased

    def end_row(self) -> int:
        return 1 + len(self.order)

    def row_of(self, id: bytes) -> int | None:
        return self.row.get(id)

    def resolve(self, author: bytes, seq: int, *, at_row: int, side: bytes | None) -> int | None:
        found = self.known.named(author, seq, self.order[at_row - 1], side)
        return None if found is None else self.row[found]


class Tables:
    """The views of one history's orders, in one database that goes back by savepoints."""

    def __init__(self) -> None:
        self.db = Adapter(None, create=True)
        self.db.begin(write=True)
        self.gone = 0
        self.views = Views(self.db, forgotten=lambda: self.gone)
        for view in (PlacesView(), GroupSum(SUM, kind=RATING), fresh_fold()):
            self.views.attach(view)

    def mark(self, depth: int) -> None:
        self.db.execute(f"SAVEPOINT at_{depth}")

    def back(self, depth: int) -> None:
        self.db.execute(f"ROLLBACK TO at_{depth}")
        self.db.execute(f"RELEASE at_{depth}")
        self.gone += 1

    def close(self) -> None:
        self.db.rollback()
        self.db.close()


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that arrives: an event, whole or bare, or the content of one that came bare."""

    id: bytes
    part: str


kept: dict[bytes, Any] = {}
"""Events and statements by id: values that copies share."""


def shared(name: bytes) -> Any:
    return kept[name]


def share(one: Any) -> tuple[Any, tuple[Any, ...]]:
    kept[one.id] = one
    return shared, (one.id,)


def share_statement(one: Statement) -> tuple[Any, tuple[Any, ...]]:
    kept[b"said" + one.id] = one
    return shared, (b"said" + one.id,)


SHARED: dict[type, Any] = {Event: share, Statement: share_statement}


class Pure:
    """Facts, judge and feed of one order so far; the views are in ``tables``."""

    def __init__(self, known: Known, tables: Tables) -> None:
        self.known, self.tables = known, tables
        self.source = Source(known)
        self.world = World()
        self.splits: dict[bytes, int] = {}
        self.mine: list[Statement] = list(known.private)
        self.judge = Judge(known.policy.with_statements(tuple(self.mine)), self.world)
        self.judge.said = self.mine
        self.feed: list[ChangeRange] = []
        self.hashes: dict[str, tuple[int, str]] = {}
        """View -> (changes it had taken in, hash of its state then)."""

    def branch(self, frozen: bytes) -> Pure:
        """Another one that goes on from where ``freeze`` was called on this one."""
        other = object.__new__(type(self))
        other.known, other.tables = self.known, self.tables
        other.source, other.feed, other.mine = self.source.copy(), list(self.feed), list(self.mine)
        other.splits, other.hashes = dict(self.splits), dict(self.hashes)
        other.world, other.judge = pickle.loads(frozen)
        other.judge.said = other.mine
        return other

    def freeze(self) -> bytes:
        """Facts and judge as bytes; what only the running update knew is left behind."""
        self.judge._counting._old_cell_of = self.judge._cell_of
        found = BytesIO()
        writer = pickle.Pickler(found, pickle.HIGHEST_PROTOCOL)
        writer.dispatch_table = SHARED
        writer.dump((self.world, self.judge))
        return found.getvalue()

    def receive(self, batch: Sequence[Item]) -> None:
        """One batch, judged and reduced as a replica does it."""
        spans, said, splits, came = [], [], {}, []
        for item in batch:
            if item.part == "content":
                self.source.absent.discard(item.id)
                came.append(item.id)
                continue
            event = self.known.events[item.id]
            self.source.add(item.id)
            if item.part == "bare":
                self.source.absent.add(item.id)
            spans.append(self.world.add(event))
            if event.statement is not None:
                said.append(event.statement)
            if item.id in self.known.splits:
                author, seq = self.known.splits[item.id]
                splits[author] = min(seq, splits.get(author, seq))
        self._judge(spans, said, splits)
        self._contents(came)
        self.tables.views.catch_up(self._read_feed, self.source)

    def _judge(self, spans: list[Any], said: list[Statement], splits: dict[bytes, int]) -> None:
        for found in (self.world.equivocations, splits):
            for author, seq in found.items():
                self.splits[author] = min(seq, self.splits.get(author, seq))
        mine = [s for s in said if s.voter == self.known.policy.viewer]
        policy = None
        if mine:
            self.mine += mine
            policy = self.judge.policy.with_statements(tuple(self.mine))
        flips = self.judge.update(
            statements=said, arrived=spans, equivocations=dict(self.splits), policy=policy
        )
        for flip in flips:
            for id in self.world.ids([flip.span]):
                self._change(id, flip.weight, flip.cause[0])

    def _contents(self, came: list[bytes]) -> None:
        counted = [id for id in came if self.judge.counts(id)]
        for weight in (-1, 1):
            for id in counted:
                self._change(id, weight, CONTENT)

    def _change(self, id: bytes, weight: int, cause: str) -> None:
        self.feed.append(ChangeRange(len(self.feed), self.source.row[id], 1, weight, cause))

    def _read_feed(self, pos: int, limit: int) -> list[ChangeRange]:
        return self.feed[pos : pos + limit]

    def answers(self, ask: str) -> Answers:
        """What judge and views say now.

        Args:
            ask: for verdicts: ``none``, ``quick`` or ``thorough`` ones (``whole.verdicts``).
        """
        known = self.known
        there = [id for id in known.ids if id in self.source.row]
        found = None if ask == "none" else verdicts(
            self.judge, there, known.people, thorough=ask == "thorough"
        )  # fmt: skip
        return Answers(
            self.judge.policy.hash,
            frozenset(id for id in there if self.judge.counts(id)),
            standings(self.judge),
            {name: self._hash(name) for name in VIEWS},
            found,
        )

    def _hash(self, name: str) -> str:
        """Of a view's state; the one of before if the view has taken nothing in since."""
        tables = self.tables
        saved = tables.views._known()[name][1]
        if self.hashes.get(name, (-1, ""))[0] != saved:
            view = tables.views.get(name)
            view.load(tables.db, self.source)
            self.hashes[name] = (saved, state_hash(view, tables.db).hex())
        return self.hashes[name][1]


def next_batch(random: Random, at: Pure, *, most: int) -> tuple[Item, ...]:
    """Some of what can come next, in some order: events after their parents, contents after them.

    Empty when everything has come.
    """
    known, batch = at.known, []
    done, bare = set(at.source.row), at.source.absent - known.absent
    for _ in range(most):
        ready = [
            id for id in known.ids if id not in done and all(up in done for up in known.parents[id])
        ]
        late = sorted(bare - {item.id for item in batch})
        if not ready and not late:
            break
        id = random.choice([*ready, *late])
        if id in done:
            batch.append(Item(id, "content"))
            continue
        done.add(id)
        is_bare = id in known.absent or (known.rows[id].content and random.random() < 0.08)
        batch.append(Item(id, "bare" if is_bare else "whole"))
    return tuple(batch)
