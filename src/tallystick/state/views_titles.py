"""The view of titles: who owns each thing, by the events that count.

    create (Ana) ◄── to Bob ◄── to Cy      live: to Cy and to Dan; the thing is contested
                 ◄── to Dan                Cy holds it: where the ways part, Bob was sold it first

    state_op_titles   row -> title, over, holder ...   every op, counted or not, and the one law
    titles            title, type, owner, contested, since    for people: things that have a live op

Which rule of restitution the viewer has does not matter here. Under ``return`` a transfer whose
ground does not count does not count either, so that it never enters the feed; under ``keep`` it
does, and covers what it is over by the one law.

Owner: what the live op names. If several are live and name different owners: go up from the
create; where the ways to the live ops part, the earliest sale in canonical order leads on, but
nobody holds the thing when the sales are on different sides of an equivocation. All sales of one
op are by its one owner, so the earliest is the one that all others have in their chain.

**Law:** the state is a function of which title ops count; what is passed on later never decides
between two sales that were there before.

Reads: state.law, titles, source, view. Read by: state.views, replica.
Source: spec/titles.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key
from tallystick.kernels import Link
from tallystick.state import law
from tallystick.state.source import Changes, EventSource, Spans
from tallystick.state.titles import KINDS, Created, parse_title
from tallystick.state.view import Db, View, within

NAME: Final = "titles"
CHUNK_ROWS: Final = 16_384
_TABLES: Final = """
CREATE TABLE {people} (
  title TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  owner TEXT,
  contested INTEGER NOT NULL,
  since TEXT
) WITHOUT ROWID;
CREATE INDEX {op}_owner ON {people} (owner);
CREATE TABLE {op} (
  row INTEGER PRIMARY KEY,
  title INTEGER NOT NULL,
  over INTEGER,
  holder BLOB NOT NULL,
  author BLOB NOT NULL,
  event BLOB NOT NULL,
  type TEXT,
  included INTEGER NOT NULL,
  blocked INTEGER NOT NULL
);
CREATE INDEX {op}_title ON {op} (title);
CREATE TABLE {cursor} (row INTEGER NOT NULL);
INSERT INTO {cursor} VALUES (0)
"""
_COLUMNS: Final = "row, title, over, holder, author, event, type, included, blocked"


@dataclass(frozen=True, slots=True)
class OpRow:
    """One title op as the view keeps it.

    Args:
        row: of its event; ``title`` and ``over`` are rows too, ``over`` None for a create.
        holder: whom it names as owner.
        author: who signed it: of a transfer the seller.
        event: its id.
        type: of a create.
        included: whether its event counts.
        blocked: how many ops over it are included or covered themselves.
    """

    row: int
    title: int
    over: int | None
    holder: bytes
    author: bytes
    event: bytes
    type: str | None
    included: bool = False
    blocked: int = 0

    @property
    def live(self) -> bool:
        """Counted, and covered by nothing."""
        return self.included and not self.blocked


class Lost(NamedTuple):
    """An op on a way that the holder's left, and where the two parted.

    Args:
        first: the sale that came first there; None where nobody holds the title.
        seller: who sold twice.
    """

    op: OpRow
    first: OpRow | None
    seller: bytes


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a thing.

    Args:
        owner: None when nobody does: two histories of one seller sold it.
        since: the live op that makes it the owner's.
        live: all live ops.
        lost: of a contested title, the ops that lead elsewhere.
    """

    owner: bytes | None
    since: OpRow | None
    live: tuple[OpRow, ...]
    lost: tuple[Lost, ...] = ()

    @property
    def contested(self) -> bool:
        """Whether live ops name different owners."""
        return len({op.holder for op in self.live}) > 1


class TitlesView(View):
    """The view of all titles. Every replica has it; there is one per log."""

    parts = ("op", "cursor")
    schema = _TABLES

    def __init__(self) -> None:
        super().__init__(NAME, reducer=NAME, version=1)

    def reads_only(self) -> tuple[str, ...]:
        """Creates and transfers."""
        return KINDS

    def change(self, db: Db, source: EventSource, changes: Changes) -> None:
        """Take in changes. Cost: the ops they touch; of contested things, their ways down."""
        self._enter(db, source)
        ops = _States(db, self.own("op"))
        touched: set[int] = set()
        for spans, included in ((changes.removed, False), (changes.added, True)):
            rows = list(self._rows(db, spans))
            touched |= law.include(ops, ((row, included) for row in rows))
        db.executemany(
            f"UPDATE {self.own('op')} SET included = ?, blocked = ? WHERE row = ?",
            ((ops[row].included, ops[row].blocked, row) for row in touched),
        )
        for title in sorted({ops.title[row] for row in touched}):
            self._settle(db, source, title)

    def _enter(self, db: Db, source: EventSource) -> None:
        """Keep the ops that are new here, counted or not: what does not count can be covered."""
        cursor, end = self.cursor(db), source.end_row()
        for first in range(cursor, end, CHUNK_ROWS):
            count = min(CHUNK_ROWS, end - first)
            db.executemany(
                f"INSERT INTO {self.own('op')} VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
                (
                    (op.row, op.title, op.over, op.holder, op.author, op.event, op.type)
                    for op in read_ops(source, [(first, count)])
                ),
            )
        if end > cursor:
            db.execute(f"UPDATE {self.own('cursor')} SET row = ?", (end,))

    def _rows(self, db: Db, spans: Spans) -> Iterator[int]:
        for where, params in within(self.own("op"), spans):
            yield from (row for (row,) in db.rows(f"SELECT p.row FROM {where}", params))

    def _settle(self, db: Db, source: EventSource, title: int) -> None:
        """Write who holds one thing now."""
        found = self.holding(db, source, title)
        create = self.ops(db, "row = ?", (title,))[0]
        if not found.live:
            db.execute(f"DELETE FROM {self.people} WHERE title = ?", (cid_text(create.event),))
            return
        db.execute(
            f"INSERT OR REPLACE INTO {self.people} VALUES (?, ?, ?, ?, ?)",
            (
                cid_text(create.event),
                create.type,
                None if found.owner is None else did_key(found.owner),
                int(found.contested),
                None if found.since is None else cid_text(found.since.event),
            ),
        )

    # --- what there is ---------------------------------------------------------------------------

    def ops(self, db: Db, where: str, params: Sequence[Any] = ()) -> list[OpRow]:
        """Kept ops that fit a condition, by row."""
        query = f"SELECT {_COLUMNS} FROM {self.own('op')} WHERE {where} ORDER BY row"
        return [_op(values) for values in db.rows(query, params)]

    def creates(
        self, db: Db, source: EventSource, *, owner: str | None = None, contested: bool = False
    ) -> list[OpRow]:
        """The creates of titles that have live ops, by row: all, one owner's, contested ones.

        Args:
            owner: a did:key.
        """
        where = "1" if owner is None else "owner = ?"
        where += " AND contested" if contested else ""
        query = f"SELECT title FROM {self.people} WHERE {where}"
        texts = db.rows(query, () if owner is None else (owner,))
        found = (source.row_of(parse_cid(text)) for (text,) in texts)
        rows = sorted(row for row in found if row is not None)
        return [op for row in rows for op in self.ops(db, "row = ?", (row,))]

    def holding(self, db: Db, source: EventSource, title: int) -> Holding:
        """Who holds the thing whose create stands at a row."""
        live = self.ops(db, "title = ? AND included AND NOT blocked", (title,))
        if len(live) < 2:
            return (
                Holding(live[0].holder, live[0], tuple(live)) if live else Holding(None, None, ())
            )
        ops = {op.row: op for op in self.ops(db, _WAYS_DOWN.format(self.own("op")), (title,))}
        found = _walk(source, ops, live)
        if found.contested:
            return found
        since = found.since or min(live, key=lambda op: op.event)
        return Holding(since.holder, since, tuple(live))

    def state(self, db: Db) -> list[Any]:
        """[title, type, owner or nothing, contested, [live ops]] of every thing, sorted.

        Cost: everything that is live.
        """
        live: defaultdict[str, list[tuple[bytes, bytes]]] = defaultdict(list)
        query = (
            "SELECT c.event, o.event, o.holder FROM {0} o JOIN {0} c ON c.row = o.title"
            " WHERE o.included AND NOT o.blocked ORDER BY o.event"
        )
        for title, event, holder in db.rows(query.format(self.own("op"))):
            live[cid_text(title)].append((event, holder))
        found = []
        for text, type_, _, contested, since in db.rows(f"SELECT * FROM {self.people}"):
            title, ops = parse_cid(text), live[text]
            owner = None if since is None else dict(ops)[parse_cid(since)]
            links = [Link(event) for event, _ in ops]
            found.append([Link(title), type_, owner, bool(contested), links])
        return sorted(found, key=lambda item: item[0].digest)

    def owners(self, db: Db) -> dict[str, str | None]:
        """Title -> owner, as text; None where nobody holds it."""
        rows = db.rows(f"SELECT title, owner FROM {self.people} ORDER BY title")
        return dict(rows)

    def touched(self, db: Db, source: EventSource, spans: Spans) -> Iterator[tuple[str, int]]:
        """Title and row of each title op."""
        cursor, table = self.cursor(db), self.own("op")
        for where, params in within(table, spans):
            found = f"(SELECT p.row, p.title FROM {where}) f"
            query = f"SELECT c.event, f.row FROM {found} JOIN {table} c ON c.row = f.title"
            for title, row in db.rows(query, params):
                yield cid_text(title), row
        for op in read_ops(source, spans.clip(cursor, source.end_row()).ranges):
            yield self._title(source, op), op.row

    def rows_of(self, db: Db, source: EventSource, key: str) -> list[int]:
        """Rows of the ops of one title."""
        try:
            first = source.row_of(parse_cid(key))
        except BadInput:
            return []
        found = [op.row for op in self.ops(db, "title = ?", (first,))]
        return found + [op.row for op in self.later(db, source) if op.title == first]

    def values(self, db: Db, keys: Iterable[str]) -> dict[str, str | None]:
        """Owners of some titles, None where nobody holds one; unknown titles are left out."""
        query = f"SELECT title, owner FROM {self.people} WHERE title = ?"
        return {title: owner for key in keys for title, owner in db.rows(query, (key,))}

    @staticmethod
    def _title(source: EventSource, op: OpRow) -> str:
        (create,) = source.events(op.title, 1)
        return cid_text(create.id)

    def later(self, db: Db, source: EventSource) -> list[OpRow]:
        """Ops that came after the last that counted and are not kept yet: none of them counts."""
        cursor, end = self.cursor(db), source.end_row()
        return list(read_ops(source, [(cursor, end - cursor)])) if cursor < end else []

    def damage(self, db: Db, source: EventSource) -> Iterator[str]:
        """Ops that are kept otherwise than their events say."""
        kept = {op.row: replace(op, included=False, blocked=0) for op in self.ops(db, "1")}
        cursor = self.cursor(db)
        for op in read_ops(source, [(0, cursor)] if cursor else []):
            if kept.pop(op.row, None) != op:
                yield f"row {op.row} is kept otherwise than its event says"
        for row in kept:
            yield f"row {row} is kept, and is no title event"


_WAYS_DOWN: Final = (
    "row IN (WITH RECURSIVE way(row, over) AS (SELECT row, over FROM {0} WHERE title = ?"
    " AND included AND NOT blocked UNION SELECT o.row, o.over FROM way JOIN {0} o"
    " ON o.row = way.over) SELECT row FROM way)"
)
"""The live ops of a title, and everything they are over, one below the other."""


def read_ops(source: EventSource, ranges: Sequence[tuple[int, int]]) -> Iterator[OpRow]:
    """The title ops of (row, count) ranges, by row, none void, as they are before any counts."""
    bodies = [
        (row, kind, author, frame)
        for kind in KINDS
        for row, author, frame, _, _ in source.bodies(ranges, kind=kind)
    ]
    for row, kind, author, frame in sorted(bodies):
        found = parse_title(kind, frame, author)
        assert not isinstance(found, str), "void events are left out"
        (event,) = source.events(row, 1)
        if isinstance(found, Created):
            yield OpRow(row, row, None, found.to, author, event.id, found.type)
            continue
        title, over = source.row_of(found.title), source.row_of(found.over)
        assert title is not None, "a transfer without its title is void"
        assert over is not None, "and so is one over nothing"
        yield OpRow(row, title, over, found.to, author, event.id, None)


class _States(dict[int, law.OpState]):
    """Ops as the law knows them, fetched when first asked for."""

    def __init__(self, db: Db, table: str) -> None:
        super().__init__()
        self._db = db
        self._query = f"SELECT title, over, included, blocked FROM {table} WHERE row = ?"
        self.title: dict[int, int] = {}

    def __missing__(self, row: int) -> law.OpState:
        ((title, over, included, blocked),) = self._db.rows(self._query, (row,))
        below = () if over is None else (over,)
        state = self[row] = law.OpState(below, bool(included), blocked)
        self.title[row] = title
        return state


def _walk(source: EventSource, ops: dict[int, OpRow], live: Sequence[OpRow]) -> Holding:
    """The holder among several: up from the create, the earliest sale first where ways part.

    Args:
        ops: the live ops and all below them; of one thing.
    """
    above: defaultdict[int | None, list[OpRow]] = defaultdict(list)
    for op in ops.values():
        above[op.over].append(op)
    lost: list[Lost] = []
    (at,) = above[None]
    while sales := sorted(above[at.row], key=lambda op: op.row):
        first = sales[0]
        if not all(_is_after(source, first, other) for other in sales[1:]):
            lost += [Lost(op, None, first.author) for sale in sales for op in _from(sale, above)]
            return Holding(None, None, tuple(live), tuple(lost))
        lost += [Lost(op, first, first.author) for s in sales[1:] for op in _from(s, above)]
        at = first
    return Holding(at.holder, at, tuple(live), tuple(lost))


def _is_after(source: EventSource, first: OpRow, other: OpRow) -> bool:
    """Whether one sale is before another of the same author in that one's chain."""
    (event,) = source.events(first.row, 1)
    found = source.resolve(first.author, event.seq, at_row=other.row, side=other.event)
    return found == first.row


def _from(sale: OpRow, above: dict[int | None, list[OpRow]]) -> Iterable[OpRow]:
    """A sale and everything that was passed on from it."""
    waiting = [sale]
    while waiting:
        op = waiting.pop()
        yield op
        waiting += above.get(op.row, ())


def _op(values: Sequence[Any]) -> OpRow:
    row, title, over, holder, author, event, type_, included, blocked = values
    return OpRow(row, title, over, holder, author, event, type_, bool(included), blocked)
