"""One batch of changes on its way into the sequences.

    rows that count or cease to ─► which places they act on ─► tail: begin, cease
    new rows ─► frames ─► runs by place, references led to rows ─► tail: stream, text

What an op names is led to a row by the event's past (``EventSource.resolve``); whether a
character of that name is in the sequence is the sequence's to say. Characters of a content that is
not here, or is not what the frame says, are there all the same and read as U+FFFD.

**Law:** every op of an event at a place is taken in once, whether the event counts or not.

Reads: state.ops, types.sequence, sequences. Read by: views_texts.
Source: spec/ops.md, "What a reference leads to".
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tallystick.event.absent import Absent, Bad, Erased, Missing
from tallystick.kernels import encode_item
from tallystick.kernels.stream import DELETE, LEFT_OF, RIGHT_OF, CharId, Run, Span, write
from tallystick.state.ops import KIND, OWN, Frame, Op, Ref, op_number, parse_frame
from tallystick.state.places import Place, place_text
from tallystick.state.source import EventRow, EventSource, Spans
from tallystick.state.types import TYPES, VERBS
from tallystick.state.types import sequence as how
from tallystick.state.types.mark import HAS_END, HAS_START, MARK, anchors
from tallystick.state.types.sequence import ABSENT_CHAR, ELEMENT, INSERTS
from tallystick.state.view import Db, within
from tallystick.state.views_texts_keep import BEGIN, CEASE, OTHER, TAKE_IN

if TYPE_CHECKING:
    from tallystick.state.views_texts import TextsView

NO_ROW: Final = 1 << 40
"""A row that no event has: a reference that leads nowhere."""
_ABSENT_NO: Final = {Missing: 1, Erased: 2, Bad: 3}


@dataclass(slots=True)
class News:
    """What new events do at one place."""

    spans: list[Span] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    edits: list[tuple[int, int, int, int, int]] = field(default_factory=list)

    def add(self, event: EventRow, chain: int) -> None:
        """An event that acts there."""
        if self.spans:
            last = self.spans[-1]
            goes_on = (last.end, last.author, last.seq + last.count)
            if goes_on == (event.row, chain, event.seq):
                self.spans[-1] = last._replace(count=last.count + 1)
                return
        self.spans.append(Span(event.row, 1, chain, event.seq))


class Batch:
    """Changes that are written together. Made anew for each batch: it remembers nothing else."""

    def __init__(self, view: TextsView, db: Db, source: EventSource) -> None:
        self.view, self.db, self.source = view, db, source
        self.stale: set[int] = set()
        self.whole: set[int] = set()
        self._writers: set[tuple[int, int]] = set()

    # --- what was here before --------------------------------------------------------------------

    def count(self, spans: Spans, *, on: bool) -> None:
        """Events begin or cease to count."""
        moved: dict[int, list[int]] = defaultdict(list)
        inserts: dict[int, int] = defaultdict(int)
        absent: dict[int, int] = {}
        for where, params in within(self.view.own("edit"), spans):
            query = f"SELECT p.place, p.row, p.inserts, p.absent FROM {where} AND p.counts = ?"
            for place, row, inserting, gone in self.db.rows(query, (*params, int(not on))):
                moved[place].append(row)
                inserts[place] += inserting
                absent[row] = gone
        for place, rows in moved.items():
            self.db.executemany(
                f"UPDATE {self.view.own('edit')} SET counts = ? WHERE row = ? AND place = ?",
                ((int(on), row, place) for row in rows),
            )
            if self._type(place) == "mark":
                self._flip_marks(place, rows, on=on)
            else:
                self.view.kept.do(self.db, place, [BEGIN if on else CEASE, _pairs(rows)])
            self._counted(place, inserts[place] if on else -inserts[place])
        if on:  # what came or went while they did not count was not told
            ranges = Spans((row, 1) for row in absent).ranges
            bodies = self.source.bodies(ranges, kind=KIND)
            self._read_anew({b[0] for b in bodies if _absence(b[3], b[4]) != absent.get(b[0])})

    def refresh(self, spans: Spans) -> None:
        """Contents came or went: the characters of these events are to be read anew."""
        found: set[int] = set()
        for where, params in within(self.view.own("edit"), spans):
            found.update(row for (row,) in self.db.rows(f"SELECT p.row FROM {where}", params))
        self._read_anew(found)

    def _read_anew(self, rows: set[int]) -> None:
        for first, count in Spans((row, 1) for row in rows).ranges:
            for event in self.source.events(first, count):
                frame = parse_frame(event.frame)
                assert isinstance(frame, Frame), event.row
                for place, index, text in self._texts(event, frame):
                    if text is not None:
                        self.view.kept.do(self.db, place, [OTHER, event.row, index, text])
                        self.whole.add(place)
                    self._counted(place, 0)
                self.db.execute(
                    f"UPDATE {self.view.own('edit')} SET absent = ? WHERE row = ?",
                    (_absence(event.content, event.erased), event.row),
                )

    def _texts(self, event: EventRow, frame: Frame) -> Iterator[tuple[int, int, str | None]]:
        """Place, index and characters of each insert; of each mark its place and None."""
        values = frame.values(event.content, erased=event.erased)
        for index, op in frame.indexed():
            if op.verb in INSERTS:
                place = self._place(op.place, VERBS[op.verb].type)
                yield place, index, self._said(place, event.row, index, op, values[index])
            elif op.verb == MARK:
                self.db.execute(
                    f"UPDATE {self.view.own('mark')} SET absent = ?, value = ? WHERE op = ?",
                    (*_kept(values[index]), op_number(event.row, index)),
                )
                yield self._place(op.place, "mark"), index, None

    # --- what is new -----------------------------------------------------------------------------

    def enter(self, first: int, many: int, counted: Spans) -> None:
        """Take in the events that are new here, counted or not."""
        news: dict[int, News] = defaultdict(News)
        for event, frame in self._frames(first, many):
            values = frame.values(event.content, erased=event.erased)
            counts = event.row in counted
            inserting: dict[int, bool] = {}
            for index, op in frame.indexed():
                if op.verb not in VERBS or not TYPES[VERBS[op.verb].type].sequence:
                    continue
                place = self._place(op.place, VERBS[op.verb].type)
                inserts = op.verb in INSERTS
                inserting[place] = inserting.get(place, False) or inserts or op.verb == MARK
                if op.verb == MARK:
                    self._mark(event, frame, (index, op, place), counts=counts, value=values[index])
                    continue
                news[place].runs += self._runs(event.row, frame, index, op)
                if inserts:
                    said = self._said(place, event.row, index, op, values[index])
                    news[place].texts.append(said)
            absent = _absence(event.content, event.erased)
            for place, inserts in inserting.items():
                if news[place].runs:
                    news[place].add(event, self._chain(event, place))
                news[place].edits.append((event.row, place, int(inserts), int(counts), absent))
        for place, new in news.items():
            self.db.executemany(
                f"INSERT INTO {self.view.own('edit')} VALUES (?, ?, ?, ?, ?)", new.edits
            )
            entries: list[list[Any]] = [[TAKE_IN, write(new.spans, new.runs), "".join(new.texts)]]
            out = [row for row, _, _, counts, _ in new.edits if not counts]
            if out:
                entries.append([CEASE, _pairs(out)])
            if new.runs:
                self.view.kept.do(self.db, place, *entries)
            self._counted(place, sum(edit[2] for edit in new.edits if edit[3]))

    def _frames(self, first: int, many: int) -> Iterator[tuple[EventRow, Frame]]:
        rows = []
        for row, _, data, _, _ in self.source.bodies([(first, many)], kind=KIND):
            frame = parse_frame(data)
            if isinstance(frame, Frame) and any(
                op.verb in VERBS and TYPES[VERBS[op.verb].type].sequence for op in frame.ops
            ):
                rows.append((row, frame))
        events: dict[int, EventRow] = {}
        for row, count in Spans((row, 1) for row, _ in rows).ranges:
            events.update((event.row, event) for event in self.source.events(row, count))
        yield from ((events[row], frame) for row, frame in rows)

    def _runs(self, row: int, frame: Frame, index: int, op: Op) -> Iterator[Run]:
        ends = [self._char(ref, row, frame) for ref in op.over]
        if op.verb not in INSERTS:
            for first, count in zip(ends, op.numbers, strict=True):
                yield Run(DELETE, row, index, count, first=first)
            return
        count, hangs = op.numbers
        left = None if hangs in {how.FROM_START, how.BEFORE_RIGHT} else ends[0]
        right = ends[-1] if hangs in {how.BEFORE_RIGHT, how.BETWEEN} else None
        kind = LEFT_OF if hangs == how.LEFT_OF else RIGHT_OF
        yield Run(kind, row, index, count, first=left, right=right)

    # --- marks -----------------------------------------------------------------------------------

    def _mark(
        self,
        event: EventRow,
        frame: Frame,
        at: tuple[int, Op, int],
        *,
        counts: bool,
        value: Any,
    ) -> None:
        index, op, place = at
        named = [self._char(ref, event.row, frame) for ref in op.over]
        how, first = op.numbers[0], anchors(op.numbers)
        start = named[0] if how & HAS_START else (None, None)
        end = named[first - 1] if how & HAS_END else (None, None)
        over = [op_number(row, at) for row, at in named[first:] if row < NO_ROW]
        table = self.view.own("mark")
        there = [
            number
            for number in dict.fromkeys(over)
            if number < op_number(event.row, index)
            and self.db.rows(f"SELECT 1 FROM {table} WHERE op = ? AND place = ?", (number, place))
        ]
        keys = (event.lamport, event.time, event.author, event.seq, event.id)
        packed = array("q", there).tobytes() if there else None
        self.db.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                op_number(event.row, index),
                place,
                int(counts),
                how,
                *start,
                *end,
                packed,
                *keys,
                *_kept(value),
            ),
        )

    def _flip_marks(self, place: int, rows: Iterable[int], *, on: bool) -> None:
        self.db.executemany(
            f"UPDATE {self.view.own('mark')} SET counts = ? WHERE place = ? AND op >= ? AND op < ?",
            ((int(on), place, op_number(row, 0), op_number(row + 1, 0)) for row in rows),
        )

    def _char(self, ref: Ref, row: int, frame: Frame) -> CharId:
        table, seq, index = ref
        if table == OWN:
            return row, index
        author, side = frame.authors[table]
        found = self.source.resolve(author, seq, at_row=row, side=side)
        return (NO_ROW if found is None or found >= row else found), index

    def _said(self, place: int, row: int, index: int, op: Op, value: Any) -> str:
        """The characters of an insert; elements of a list go into their table."""
        count = op.numbers[0]
        if VERBS[op.verb].type == "text":
            return value if isinstance(value, str) and len(value) == count else ABSENT_CHAR * count
        if not isinstance(value, Absent) and not (type(value) is list and len(value) == count):
            value = Bad
        items = [value] * count if isinstance(value, Absent) else value
        self.db.executemany(
            f"INSERT OR REPLACE INTO {self.view.own('item')} VALUES (?, ?, ?, ?, ?)",
            ((place, row, index + n, *_kept(item)) for n, item in enumerate(items)),
        )
        return ELEMENT * count

    def _chain(self, event: EventRow, place: int) -> int:
        """The number of an event's chain; who its author's chains are is told when one is new."""
        number = self.source.chain(event.row)
        if (place, number) not in self._writers:
            self._writers.add((place, number))
            table = self.view.own("author")
            if not self.db.rows(f"SELECT 1 FROM {table} WHERE no = ?", (number,)):
                chains = self.source.chains(event.author)
                known = [(no, event.author, side) for no, side in chains]
                self.view.kept.authors(self.db, known)
            self.view.kept.write(self.db, place, number)
        return number

    # --- out -------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Fold long tails in, and say which places show something else."""
        table = self.view.own("place")
        for place in sorted(self.stale):
            self.view.kept.fold(self.db, place, whole=place in self.whole)
            ((path, type_),) = self.db.rows(
                f"SELECT path, type FROM {table} WHERE no = ?", (place,)
            )
            if type_ == "text":  # its marks reach other characters now
                self.db.execute(
                    f"UPDATE {table} SET stale = 1 WHERE type = 'mark' AND path > ? AND path < ?",
                    (f"{path}/", f"{path}0"),
                )

    def _counted(self, place: int, by: int) -> None:
        self.stale.add(place)
        self.db.execute(
            f"UPDATE {self.view.own('place')} SET counted = counted + ?, stale = 1 WHERE no = ?",
            (by, place),
        )

    def _type(self, place: int) -> str:
        query = f"SELECT type FROM {self.view.own('place')} WHERE no = ?"
        return str(self.db.rows(query, (place,))[0][0])

    def _place(self, place: Place, type_: str) -> int:
        known = self.view.find(self.db, place, type_)
        if known is None:
            known = self.db.execute(
                f"INSERT INTO {self.view.own('place')} (path, type, counted, stale)"
                " VALUES (?, ?, 0, 1)",
                (place_text(place), type_),
            )
        return known


def _kept(item: Any) -> tuple[int, bytes | None]:
    return (
        (_ABSENT_NO[item], None)
        if isinstance(item, Absent)
        else (0, encode_item(item, floats=True))
    )


def _absence(content: bytes | None, erased: bool) -> int:  # noqa: FBT001
    """0: the content is here; 1: it is not; 2: it was erased."""
    return 0 if content is not None else 1 + erased


def _pairs(rows: Iterable[int]) -> list[list[int]]:
    return [list(pair) for pair in Spans((row, 1) for row in rows).ranges]
