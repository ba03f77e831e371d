"""Sums per key over the events of one kind: ``reputation`` = sum of ratings per target.

    rating/rate {"target": "did:key:...", "rating": 5}
                  └ key                   └ amount          reputation: key, total, count

    state_part_NAME    row -> key, amount     what each event comes to, counted or not
    NAME               key, total, count      sums over the events that count

An event that leaves costs one look at what it came to, however much history there is; nothing is
decoded again. Contents that are missing, erased or do not fit contribute nothing and are counted
as such.

**Law:** the parts of the events that count add up to the table that people read.

Reads: kernels, graph.order, state.source, view, explain. Read by: state.views, replica.
Source: T. Griffin, L. Libkin, "Incremental Maintenance of Views with Duplicates", SIGMOD 1995.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Final

from tallystick.event.absent import Bad, Erased, Missing
from tallystick.graph.order import canonical_key
from tallystick.kernels import check_items, read_fields, status
from tallystick.state.explain import Explanation, Item, VerdictOf
from tallystick.state.source import END, Changes, EventRow, EventSource, Spans
from tallystick.state.types.counter import column_sum, pack_sum
from tallystick.state.view import Db, View, check_name, row_list, within

CHUNK_ROWS: Final = 16_384
KEYS_A_QUERY: Final = 512
_NO_KEY: Final = 0
"""Key number of an event that contributes nothing; its amount says why."""
_MISSING, _ERASED, _BAD = 1, 2, 3
_WHY_ABSENT: Final = {_MISSING: Missing, _ERASED: Erased, _BAD: Bad}

_TABLES: Final = """
CREATE TABLE {people} (key TEXT PRIMARY KEY, total NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE {key} (no INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE {part} (row INTEGER PRIMARY KEY, key INTEGER NOT NULL, amount INTEGER NOT NULL);
CREATE TABLE {absent} (what INTEGER PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE {cursor} (row INTEGER NOT NULL);
INSERT INTO {cursor} VALUES (0);
INSERT INTO {absent} VALUES (1, 0), (2, 0), (3, 0)
"""

Part = tuple[int, int, int]
Body = tuple[int, bytes, bytes, bytes | None, bool]
"""(row, author, frame, content, erased): one of ``EventSource.bodies``."""
Deltas = defaultdict[tuple[int, int], list[int]]
"""(key number, 0 | why absent) -> [amount, count]."""


class GroupSum(View):
    """A declared sum.

    Args:
        name: of the view and its table.
        kind: of the events that are summed.
        key: field of the content whose text names the sum; None sums everything under ``""``.
        amount: field of the content with a whole number of 64 bits; None counts events.

    Raises:
        BadInput: state/view, for a name that cannot be a view's.
    """

    parts = ("key", "part", "absent", "cursor")
    schema = _TABLES

    def __init__(
        self, name: str, *, kind: str, key: str | None = "target", amount: str | None = "rating"
    ) -> None:
        super().__init__(check_name(name), reducer="sum", version=1)
        self.kind, self.key, self.amount = kind, key, amount

    def definition(self) -> dict[str, Any]:
        """What is summed, by what."""
        return {"kind": self.kind, "key": self.key, "amount": self.amount}

    def reads_only(self) -> tuple[str, ...]:
        """The kind that is summed."""
        return (self.kind,)

    def change(self, db: Db, source: EventSource, changes: Changes) -> None:
        """Take in changes."""
        cursor = self.cursor(db)
        end = max(cursor, changes.added.end_row())
        deltas: Deltas = defaultdict(lambda: [0, 0])
        keys: dict[str, int] = {}
        for spans in (changes.removed, changes.refreshed):
            self._take_away(db, spans, deltas)
        for piece in changes.refreshed.pieces(CHUNK_ROWS):
            _add_up(self._enter(db, source, piece, keys), deltas)
        for piece in changes.added.clip(0, cursor).pieces(CHUNK_ROWS):
            _add_up(self._enter_again(db, source, piece, keys), deltas)
        added = changes.added.clip(cursor, END)
        for first in range(cursor, end, CHUNK_ROWS):
            count = min(CHUNK_ROWS, end - first)
            parts = self._enter(db, source, Spans([(first, count)]), keys)
            whole = added.covers(first, count)
            _add_up(parts if whole else [part for part in parts if part[0] in added], deltas)
        if end > cursor:
            db.execute(f"UPDATE {self.own('cursor')} SET row = ?", (end,))
        self._settle(db, deltas)

    def _enter(self, db: Db, source: EventSource, spans: Spans, keys: dict[str, int]) -> list[Part]:
        """Read what events come to, and keep it."""
        return self._put(db, source.bodies(spans.ranges, kind=self.kind), keys)

    def _enter_again(
        self, db: Db, source: EventSource, spans: Spans, keys: dict[str, int]
    ) -> list[Part]:
        """What events come to that were entered before; contents come and go, but never change.

        So one that is here, and was read before, is not decoded again.
        """
        known: dict[int, Part] = {}
        for where, params in within(self.own("part"), spans):
            query = f"SELECT p.row, p.key, p.amount FROM {where} AND p.key <> {_NO_KEY}"
            known.update((part[0], part) for part in db.rows(query, params))
        parts: list[Part] = []
        unsure: list[Body] = []
        for body in source.bodies(spans.ranges, kind=self.kind):
            part = known.get(body[0])
            if part is None or body[3] is None:
                unsure.append(body)
            else:
                parts.append(part)
        return parts + self._put(db, unsure, keys)

    def _put(self, db: Db, bodies: Iterable[Body], keys: dict[str, int]) -> list[Part]:
        """Decode, and keep what comes of it."""
        parts = self._parts(db, bodies, keys)
        db.executemany(f"INSERT OR REPLACE INTO {self.own('part')} VALUES (?, ?, ?)", parts)
        return parts

    def _parts(self, db: Db, bodies: Iterable[Body], keys: dict[str, int]) -> list[Part]:
        found = self._read(bodies)
        self._number_keys(db, {name for _, name, _ in found if name is not None}, keys)
        return [
            (row, _NO_KEY if name is None else keys[name], number) for row, name, number in found
        ]

    def _read(self, bodies: Iterable[Body]) -> list[tuple[int, str | None, int]]:
        """(row, key, amount) of each event; without a key, why there is none."""
        found = list(bodies)
        here = [body for body in found if body[3] is not None]
        parts: list[tuple[int, str | None, int]] = [
            (row, None, _ERASED if erased else _MISSING)
            for row, _, _, content, erased in (found if len(here) < len(found) else ())
            if content is None
        ]
        keys, amounts = self._columns([body[3] or b"" for body in here])
        rows = [body[0] for body in here]
        if set(map(type, keys)) <= {str} and set(map(type, amounts)) <= {int}:
            return parts + list(zip(rows, keys, amounts, strict=True))  # nearly always
        for row, key, amount in zip(rows, keys, amounts, strict=True):
            good = type(key) is str and type(amount) is int
            parts.append((row, key, amount) if good else (row, None, _BAD))
        return parts

    def _columns(self, contents: Sequence[bytes]) -> tuple[Sequence[Any], Sequence[Any]]:
        """What contents have as key and as amount, whatever it is."""
        names = [name for name in (self.key, self.amount) if name is not None]
        if not names:  # events are counted, whatever they say, as long as it can be read
            ends = array("I", accumulate(map(len, contents), initial=0)).tobytes()
            codes = check_items(b"".join(contents), ends, floats=True)
            return [""] * len(contents), [1 if code == status.OK else None for code in codes]
        columns = read_fields(contents, names, floats=True)
        if self.key is None:
            return [""] * len(contents), columns[0]
        if self.amount is None:
            return columns[0], [1] * len(contents)
        return columns[0], columns[1]

    def _number_keys(self, db: Db, names: set[str], keys: dict[str, int]) -> None:
        """Puts the numbers of these keys beside those that are known; new keys get one."""
        table = self.own("key")
        unknown = sorted(names - keys.keys())
        for at in range(0, len(unknown), KEYS_A_QUERY):
            part = unknown[at : at + KEYS_A_QUERY]
            marks = ", ".join("?" * len(part))
            keys.update(db.rows(f"SELECT key, no FROM {table} WHERE key IN ({marks})", part))
        for name in unknown:
            if name not in keys:
                keys[name] = db.execute(f"INSERT INTO {table} (key) VALUES (?)", (name,))

    def _take_away(self, db: Db, spans: Spans, deltas: Deltas) -> None:
        """Subtract what these events came to when they were taken in."""
        for where, params in within(self.own("part"), spans):
            _subtract(db.rows(_GROUPED.format(where), params), deltas)

    def _settle(self, db: Db, deltas: Deltas) -> None:
        """Write the sums that changed."""
        for (no, why), (_, count) in deltas.items():
            if no == _NO_KEY and count:
                db.execute(
                    f"UPDATE {self.own('absent')} SET count = count + ? WHERE what = ?",
                    (count, why),
                )
        moved = {no: delta for (no, _), delta in deltas.items() if no and any(delta)}
        found = db.rows(
            f"SELECT k.no, k.key, p.total, p.count FROM json_each(?) j"
            f" CROSS JOIN {self.own('key')} k ON k.no = j.value"
            f" LEFT JOIN {self.people} p ON p.key = k.key",
            (row_list(moved),),
        )
        kept, gone = [], []
        for no, name, old_total, old_count in found:
            amount, events = moved[no]
            total, count = int(old_total or 0) + amount, (old_count or 0) + events
            assert count >= 0, name
            if count:
                kept.append((name, column_sum(total), count))
            else:
                assert total == 0, name
                gone.append((name,))
        db.executemany(f"INSERT OR REPLACE INTO {self.people} VALUES (?, ?, ?)", kept)
        db.executemany(f"DELETE FROM {self.people} WHERE key = ?", gone)

    def damage(self, db: Db, source: EventSource) -> Iterator[str]:
        """Events whose kept key and amount are not what they say, counted or not."""
        table, names = self.own("part"), dict(db.rows(f"SELECT no, key FROM {self.own('key')}"))
        cursor = self.cursor(db)
        for first in range(0, cursor, CHUNK_ROWS):
            piece = Spans([(first, min(CHUNK_ROWS, cursor - first))])
            query = f"SELECT row, key, amount FROM {table} WHERE row >= ? AND row < ?"
            kept = db.rows(query, (first, first + CHUNK_ROWS))
            said = {
                row: (no if no == _NO_KEY else names.get(no), number) for row, no, number in kept
            }
            for row, name, number in self._read(source.bodies(piece.ranges, kind=self.kind)):
                if said.pop(row, None) != (_NO_KEY if name is None else name, number):
                    yield f"row {row} is kept otherwise than its event says"
            for row in said:
                yield f"row {row} is kept, and is no event of kind {self.kind}"

    # --- reading -----------------------------------------------------------------------------

    def state(self, db: Db) -> dict[str, Any]:
        """{"keys": {key: [total, count]}, "missing": n, "erased": n, "bad": n}."""
        absent = dict(db.rows(f"SELECT what, count FROM {self.own('absent')}"))
        rows = db.rows(f"SELECT key, total, count FROM {self.people}")
        return {
            "keys": {key: [pack_sum(int(total)), count] for key, total, count in rows},
            "missing": absent[_MISSING],
            "erased": absent[_ERASED],
            "bad": absent[_BAD],
        }

    def totals(self, db: Db) -> dict[str, int]:
        """Every key's total, by key."""
        rows = db.rows(f"SELECT key, total FROM {self.people} ORDER BY key")
        return {key: int(total) for key, total in rows}

    def value(self, db: Db, key: str) -> int | None:
        """One key's total, None when no event that counts names it."""
        found = db.rows(f"SELECT total FROM {self.people} WHERE key = ?", (key,))
        return int(found[0][0]) if found else None

    def touched(self, db: Db, source: EventSource, spans: Spans) -> Iterator[tuple[str, int]]:
        """Key and row of each event that is summed."""
        cursor = self.cursor(db)
        for where, params in within(self.own("part"), spans):
            query = (
                f"SELECT k.key, f.row FROM (SELECT p.row, p.key FROM {where}) f"
                f" JOIN {self.own('key')} k ON k.no = f.key WHERE f.row < ?"
            )
            yield from db.rows(query, (*params, cursor))
        later = source.bodies(spans.clip(cursor, END).ranges, kind=self.kind)
        yield from ((name, row) for row, name, _ in self._read(later) if name is not None)

    def rows_of(self, db: Db, source: EventSource, key: str) -> list[int]:
        """Rows of the events that name a key."""
        return list(self._amounts(db, source, key))

    def values(self, db: Db, keys: Iterable[str]) -> dict[str, int]:
        """The totals of some keys."""
        found = ((key, self.value(db, key)) for key in keys)
        return {key: total for key, total in found if total is not None}

    def _amounts(self, db: Db, source: EventSource, key: str) -> dict[int, int]:
        """Row -> amount of every event that names a key, counted or not."""
        found = dict(
            db.rows(
                f"SELECT row, amount FROM {self.own('part')}"
                f" WHERE key = (SELECT no FROM {self.own('key')} WHERE key = ?)",
                (key,),
            )
        )
        cursor, end = self.cursor(db), source.end_row()
        later = source.bodies([(cursor, end - cursor)] if cursor < end else [], kind=self.kind)
        found.update((row, amount) for row, name, amount in self._read(later) if name == key)
        return found

    def why(self, db: Db, source: EventSource, key: str, verdict: VerdictOf) -> Explanation:
        """The events behind one key's total, and those that name it but do not count.

        Cost: the events that name the key, one scan of the view's parts in SQLite, and those
        newer than the last that counted.
        """
        found = self._amounts(db, source, key)
        live: list[Item] = []
        excluded: list[Item] = []
        for event in _events(source, list(found)):
            judged = verdict(event.id)
            amount = found[event.row]
            item = Item(
                event.id, event.author, event.seq, event.time, f"gave {amount}", amount,
                verdict=None if judged.included else judged,
            )  # fmt: skip
            (live if judged.included else excluded).append(item)
        total = self.value(db, key)
        return Explanation(
            key, self.reducer, total, live=tuple(live), excluded=tuple(excluded), view=self.name
        )


_GROUPED: Final = (
    "SELECT p.key, SUM(p.amount >> 32), SUM(p.amount & 4294967295), COUNT(*),"
    " CASE p.key WHEN 0 THEN p.amount ELSE 0 END AS why FROM {} GROUP BY p.key, why"
)
"""Sums in two halves: SQLite's own stop at 64 bits. An amount of an absent part is a code."""


def _subtract(rows: Iterable[Sequence[int]], deltas: Deltas) -> None:
    for key, high, low, count, why in rows:
        delta = deltas[key, why]
        delta[0] -= (high << 32) + low
        delta[1] -= count


def _add_up(parts: Iterable[Part], deltas: Deltas) -> None:
    amounts: defaultdict[int, list[int]] = defaultdict(list)
    for _, key, amount in parts:
        amounts[key].append(amount)
    for amount in amounts.pop(_NO_KEY, ()):
        delta = deltas[_NO_KEY, amount]
        delta[0] += amount
        delta[1] += 1
    for key, found in amounts.items():
        delta = deltas[key, 0]
        delta[0] += sum(found)
        delta[1] += len(found)


def _events(source: EventSource, rows: list[int]) -> list[EventRow]:
    """Events of rows, in canonical order."""
    return sorted(source.events_at(rows), key=canonical_key)
