"""One batch of changes on its way into the tables of ``places``.

    bodies ─► index ─► ops (new rows)        ─► flip ─► the one law ─► settle ─► live, places
          └─► count ─► sums (place, author) ───────────────────────────┘

Everything a batch touches is read once, changed in memory and written once at ``settle``.

**Law:** before a batch and after ``settle`` the tables agree with one another; in between nobody
reads them.

Reads: state.law, ops, types, source. Read by: state.views_places.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, Protocol

from tallystick.event.absent import Absent, Bad, Erased, Missing
from tallystick.event.ids import cid_text
from tallystick.event.jsonio import to_json
from tallystick.identity.did import did_key
from tallystick.kernels import decode_item, encode_item
from tallystick.state import law
from tallystick.state.ops import (
    OWN,
    Frame,
    Op,
    Ref,
    op_index,
    op_number,
    op_row,
    parse_frame,
    parse_frames,
)
from tallystick.state.places import Place, place_text
from tallystick.state.source import EventRow, EventSource, Spans
from tallystick.state.types import TYPES, VERBS, LiveOp
from tallystick.state.types.counter import column_sum
from tallystick.state.view import Db, row_list

_LONG: Final = 64
"""Ranges of this many rows are queried by themselves, shorter ones together, row by row."""
_MANY: Final = 64
"""From more frames than this on, a batch is parsed by itself."""
_KEY: Final = itemgetter(1, 2)
_ABSENT_NO: Final = {Missing: 1, Erased: 2, Bad: 3}

_BodyTuple = tuple[int, bytes, bytes, bytes | None, bool]


@dataclass(slots=True)
class OpRow(law.OpState):
    """An op in memory: the law's state, where it acts, and whether it is in the table of live."""

    place: int = 0
    verb: int = 0
    was_live: bool = False


class Tables(Protocol):
    """What a batch needs of the view it writes for."""

    @property
    def people(self) -> str:
        """The table for people, quoted for SQL."""

    def own(self, part: str) -> str:
        """The view's own tables."""

    def live_at(self, db: Db, no: int) -> list[LiveOp]:
        """The live ops of a place."""


class _Ops(dict[int, OpRow]):
    """Ops by number, fetched when first asked for."""

    def __init__(self, db: Db, table: str) -> None:
        super().__init__()
        self._db = db
        self._query = f"SELECT op, place, verb, included, blocked, over FROM {table} WHERE "

    def __missing__(self, number: int) -> OpRow:
        found = self.fetch("op = ?", (number,))
        return self[found[0]]

    def find(self, number: int) -> OpRow | None:
        """The op, or None when there is none of that number."""
        if number not in self and not self.fetch("op = ?", (number,)):
            return None
        return self[number]

    def fetch(self, where: str, params: Sequence[Any]) -> list[int]:
        """Numbers of the ops that fit, ascending; they are in memory afterwards."""
        found = self._db.rows(f"{self._query}{where} ORDER BY op", params)
        for number, place, verb, included, blocked, over in found:
            if number not in self:
                state = OpRow(_unpacked(over), bool(included), blocked, place, verb)
                state.was_live = state.live
                self[number] = state
        return [row[0] for row in found]


class Batch:
    """Changes that are written together. Made anew for each batch: it remembers nothing else."""

    def __init__(self, view: Tables, db: Db, source: EventSource) -> None:
        self.view, self.db, self.source = view, db, source
        self.ops = _Ops(db, view.own("op"))
        self.touched: set[int] = set()
        self.stale: set[int] = set()
        self.sums: defaultdict[tuple[int, bytes], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._numbers: dict[tuple[Place, str], int] = {}

    # --- in ----------------------------------------------------------------------------------

    def index(self, bodies: Sequence[_BodyTuple]) -> list[int]:
        """Enter the ops of events that are new here; their numbers. Counters are only seen."""
        structural: dict[bytes, Frame] = {}
        for author, data, times, frame in _parsed(bodies):
            for no, _, single in self._summed(frame):
                self.sums[no, author][2] += single * times
            if any(_told_apart(op) for op in frame.ops):
                structural[data] = frame
        fresh: list[int] = []
        if structural:
            for row, _, data, _, _ in bodies:
                if data in structural:
                    fresh += self._enter(row, structural[data])
        self.db.executemany(
            f"INSERT INTO {self.view.own('op')} VALUES (?, ?, ?, 0, 0, ?)",
            ((n, self.ops[n].place, self.ops[n].verb, _packed(self.ops[n].over)) for n in fresh),
        )
        return fresh

    def _enter(self, row: int, frame: Frame) -> Iterator[int]:
        for index, op in frame.indexed():
            if _told_apart(op):
                place = self.place_no(op.place, VERBS[op.verb].type)
                over = dict.fromkeys(self._targets(row, frame, op, place))
                number = op_number(row, index)
                self.ops[number] = OpRow(tuple(over), place=place, verb=op.verb)
                yield number

    def _targets(self, row: int, frame: Frame, op: Op, place: int) -> Iterator[int]:
        """The ops that one op is over: those it names that exist, in its past, and fit."""
        replaces = VERBS[op.verb].replaces
        for ref in op.over if replaces else ():
            table, _, index = ref
            at = row if table == OWN else self._row_of(ref, row, frame)
            if at is None:
                continue
            number = op_number(at, index)
            target = self.ops.find(number) if index < 1 << 20 else None
            if target is not None and target.place == place and target.verb in replaces:
                yield number

    def _row_of(self, ref: Ref, row: int, frame: Frame) -> int | None:
        table, seq, _ = ref
        author, side = frame.authors[table]
        found = self.source.resolve(author, seq, at_row=row, side=side)
        return found if found is not None and found < row else None

    def count(self, bodies: Iterable[_BodyTuple], weight: int) -> None:
        """Add (or take away) the increments of events."""
        for author, _, times, frame in _parsed(bodies):
            for no, amount, single in self._summed(frame):
                entry = self.sums[no, author]
                entry[0] += weight * amount * times
                entry[1] += weight * single * times

    def _summed(self, frame: Frame) -> Iterator[tuple[int, int, int]]:
        """(place number, amount, 1) of every increment in a frame."""
        for op in frame.ops:
            if op.verb in VERBS and TYPES[VERBS[op.verb].type].sums:
                yield self.place_no(op.place, VERBS[op.verb].type), op.numbers[0], 1

    def numbers(self, spans: Spans) -> list[int]:
        """Numbers of the ops of events in these rows."""
        found: list[int] = []
        short: list[int] = []
        for row, count in spans.ranges:
            if count < _LONG:
                short += range(row, row + count)
            else:
                ends = op_number(row, 0), op_number(row + count, 0)
                found += self.ops.fetch("op >= ? AND op < ?", ends)
        if short:
            table = self.view.own("op")
            found += self.ops.fetch(
                f"op IN (SELECT o.op FROM json_each(?) j CROSS JOIN {table} o"
                " ON o.op >= (j.value << 20) AND o.op < ((j.value + 1) << 20))",
                (row_list(short),),
            )
        return found

    def flip(self, numbers: Iterable[int], *, included: bool) -> None:
        """Ops begin (or cease) to count; the one law says what follows."""
        self.touched |= law.include(self.ops, ((number, included) for number in numbers))

    def refresh(self, numbers: Iterable[int]) -> None:
        """The values of these ops are to be read anew."""
        self.stale |= {number for number in numbers if self.ops[number].live}

    # --- out ---------------------------------------------------------------------------------

    def settle(self) -> None:
        """Write what changed: ops, live ops, and the table for people."""
        self.db.executemany(
            f"UPDATE {self.view.own('op')} SET included = ?, blocked = ? WHERE op = ?",
            ((self.ops[n].included, self.ops[n].blocked, n) for n in self.touched),
        )
        moved = {n for n in self.touched if self.ops[n].live is not self.ops[n].was_live}
        moved = {n for n in moved | self.stale if VERBS[self.ops[n].verb].holds}
        leaving = sorted(n for n in moved if self.ops[n].was_live)
        coming = sorted(n for n in moved if self.ops[n].live)
        elements = self._elements_of(leaving)
        live = self.view.own("live")
        self.db.executemany(f"DELETE FROM {live} WHERE op = ?", ((n,) for n in leaving))
        rows = self._rows_for(coming)
        self.db.executemany(f"INSERT INTO {live} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        elements |= {(row[1], row[2]) for row in rows if self._type(row[0]).elements}
        self._show_elements(elements)
        self._show_single({self.ops[n].place for n in moved if not self._type(n).elements})
        self._settle_sums()

    def _type(self, number: int) -> Any:
        return TYPES[VERBS[self.ops[number].verb].type]

    def _rows_for(self, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
        """Rows of the table of live ops for ops that became live."""
        events = self._events({op_row(number) for number in numbers})
        values: dict[int, dict[int, Any]] = {}
        rows = []
        for number in numbers:
            op, event = self.ops[number], events[op_row(number)]
            value, encoded, absent = None, None, 0
            if VERBS[op.verb].valued:
                if event.row not in values:
                    frame = parse_frame(event.frame)
                    assert isinstance(frame, Frame), event.row
                    values[event.row] = frame.values(event.content, erased=event.erased)
                value = values[event.row][op_index(number)]
                absent = _ABSENT_NO[value] if isinstance(value, Absent) else 0
                encoded = None if absent else encode_item(value, floats=True)
            mark = _mark(encoded, number) if self._type(number).elements else 0
            keys = (event.lamport, event.time, event.author, event.seq, event.id)
            rows.append((number, op.place, mark, op.verb, *keys, absent, encoded))
        return rows

    def _events(self, rows: set[int]) -> dict[int, EventRow]:
        found: dict[int, EventRow] = {}
        for row, count in Spans((row, 1) for row in rows).ranges:
            found.update((event.row, event) for event in self.source.events(row, count))
        return found

    def _elements_of(self, leaving: Sequence[int]) -> set[tuple[int, int]]:
        """(place, mark) of the elements that lose an op; their rows for people go."""
        numbers = [n for n in leaving if self._type(n).elements]
        found = self.db.rows(
            f"SELECT DISTINCT place, mark FROM {self.view.own('live')}"
            " WHERE op IN (SELECT value FROM json_each(?))",
            (row_list(numbers),),
        )
        self.db.executemany(
            f"DELETE FROM {self.view.people} WHERE id = ?", ((number,) for number in numbers)
        )
        return set(found)

    def _show_elements(self, elements: set[tuple[int, int]]) -> None:
        """One row per element; its id is the op it is shown by, the first in canonical order."""
        live = self.view.own("live")
        for place, mark in sorted(elements):
            found = self.db.rows(
                "SELECT op, value, lamport, author, seq, event, time, absent"
                f" FROM {live} WHERE place = ? AND mark = ?",
                (place, mark),
            )
            groups: defaultdict[bytes | None, list[tuple[Any, ...]]] = defaultdict(list)
            for row in found:
                groups[row[1]].append(row)
            self.db.executemany(
                f"DELETE FROM {self.view.people} WHERE id = ?", ((row[0],) for row in found)
            )
            for encoded, group in groups.items():
                first = min(group, key=lambda row: (row[2:6], row[0]))
                shown = (first[5], first[3], first[6])
                value = None if first[7] else _json(encoded)
                self._show(first[0], place, value, conflict=0, shown=shown)

    def _show_single(self, places: set[int]) -> None:
        """One row per register or flag; its id is minus the place's number."""
        for place in sorted(places):
            live = self.view.live_at(self.db, place)
            if not live:
                self.db.execute(f"DELETE FROM {self.view.people} WHERE id = ?", (-place,))
                continue
            type_ = TYPES[VERBS[live[0].verb].type]
            assert type_.winner is not None
            winner = type_.winner(live)
            read = type_.modes[type_.default_mode]
            value = read(live)
            text = None if isinstance(value, Absent) else to_json(value)
            differ = len(live) > 1 and _differ([read([op]) for op in live])
            shown = (winner.id, winner.author, winner.time)
            self._show(-place, place, text, conflict=differ, shown=shown)

    def _show(
        self, id: int, place: int, value: str | None, *, conflict: int, shown: tuple[Any, ...]
    ) -> None:
        path, type_ = self.db.rows(
            f"SELECT path, type FROM {self.view.own('place')} WHERE no = ?", (place,)
        )[0]
        event, author, time = shown
        self.db.execute(
            f"INSERT OR REPLACE INTO {self.view.people} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (id, path, type_, value, int(conflict), cid_text(event), did_key(author), time),
        )

    def _settle_sums(self) -> None:
        totals: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        count, sums, people = self.view.own("count"), self.view.own("sum"), self.view.people
        rows = []
        for (place, author), (amount, number, seen) in self.sums.items():
            found = self.db.rows(
                f"SELECT total, count, seen FROM {count} WHERE place = ? AND author = ?",
                (place, author),
            )
            old = found[0] if found else (0, 0, 0)
            row = column_sum(int(old[0]) + amount), old[1] + number, old[2] + seen
            assert row[1] >= 0, place
            rows.append((place, author, *row))
            totals[place][0] += amount
            totals[place][1] += number
        self.db.executemany(f"INSERT OR REPLACE INTO {count} VALUES (?, ?, ?, ?, ?)", rows)
        for place, (amount, number) in totals.items():
            found = self.db.rows(f"SELECT total, count FROM {sums} WHERE place = ?", (place,))
            old_total, old_count = found[0] if found else (0, 0)
            total = int(old_total) + amount
            if old_count + number == 0:
                self.db.execute(f"DELETE FROM {sums} WHERE place = ?", (place,))
                self.db.execute(f"DELETE FROM {people} WHERE id = ?", (-place,))
            elif number or amount:
                row = (place, column_sum(total), old_count + number)
                self.db.execute(f"INSERT OR REPLACE INTO {sums} VALUES (?, ?, ?)", row)
                self.db.execute(
                    f"INSERT OR REPLACE INTO {people} SELECT -no, path, type, ?, 0, NULL, NULL,"
                    f" NULL FROM {self.view.own('place')} WHERE no = ?",
                    (str(total), place),
                )

    def place_no(self, place: Place, type_: str) -> int:
        """The number of a place, given out when it is first met."""
        known = self._numbers.get((place, type_))
        if known is None:
            table, path = self.view.own("place"), place_text(place)
            query = f"SELECT no FROM {table} WHERE path = ? AND type = ?"
            found = self.db.rows(query, (path, type_))
            if found:
                known = int(found[0][0])
            else:
                insert = f"INSERT INTO {table} (path, type) VALUES (?, ?)"
                known = self.db.execute(insert, (path, type_))
            self._numbers[place, type_] = known
        return known


def _parsed(bodies: Iterable[_BodyTuple]) -> Iterator[tuple[bytes, bytes, int, Frame]]:
    """(author, frame's bytes, how often these come, frame) of the edits that are not void.

    Few frames are likely to be ones that came before and are remembered; many are opened at once.
    """
    tally = Counter(map(_KEY, bodies))
    distinct = list(dict.fromkeys(data for _, data in tally))
    parsed = parse_frames(distinct) if len(distinct) > _MANY else map(parse_frame, distinct)
    frames = dict(zip(distinct, parsed, strict=True))
    for (author, data), times in tally.items():
        frame = frames[data]
        if isinstance(frame, Frame):
            yield author, data, times, frame


def _told_apart(op: Op) -> bool:
    """Whether an op is kept by itself: its verb is known, not only added up, and of no sequence."""
    if op.verb not in VERBS:
        return False
    type_ = TYPES[VERBS[op.verb].type]
    return not (type_.sums or type_.sequence)


def _differ(values: Sequence[Any]) -> bool:
    """Whether concurrent writes say different things; of an absent one nobody knows."""
    if any(isinstance(value, Absent) for value in values):
        return True
    return len({encode_item(value, floats=True) for value in values}) > 1


def _mark(encoded: bytes | None, number: int) -> int:
    """What finds an element among many: 8 bytes of its hash; absent ones stand by themselves."""
    if encoded is None:
        return number
    return int.from_bytes(sha256(encoded).digest()[:8], "big", signed=True)


def _json(encoded: bytes | None) -> str:
    return to_json(decode_item(encoded or b"", floats=True))


def _packed(over: Sequence[int]) -> bytes | None:
    return array("q", over).tobytes() if over else None


def _unpacked(over: bytes | None) -> tuple[int, ...]:
    return tuple(array("q", over)) if over else ()
