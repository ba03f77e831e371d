"""A sequence of characters that many people write, and of which anybody's part can be taken out.

    all that was ever inserted   h e l [l] o ⟨X: w o r l d⟩ !       one order for everybody
    what is shown                h e l     o                !       X does not count; [l] is deleted

A character is shown when the event that inserted it counts and none of the events that deleted it
does. What counts is handed in (``count``): the order does not know of it. Characters are named
(event, index), events by numbers of the caller's; positions are of what is shown.

**Law:** what is shown is a function of the events and of which count, in whatever order both came;
``count(x, on=False)`` and ``count(x, on=True)`` leave everything as it was.

Numbers of characters ascend as their names do, so what an event inserted is a range of them.

Reads: kernels.reference.{casts, sequence_order, sequence_ranges, sequence_stream}. Read by:
kernels.reference.
Source: spec/sequence.md; state.md of the specification, "Text".
"""

from __future__ import annotations

from bisect import bisect, bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from copy import deepcopy
from itertools import takewhile
from typing import Any, Final, TypeAlias

from tallystick.kernels.reference.casts import read_u32
from tallystick.kernels.reference.sequence_order import ROOT, Order
from tallystick.kernels.reference.sequence_ranges import Ranges
from tallystick.kernels.stream import (
    DELETE,
    LEFT_OF,
    LIMIT,
    RIGHT_OF,
    CharId,
    Run,
    Span,
    read,
    write,
)

Stretch: TypeAlias = tuple[int, int, int]
"""(event, index, count): characters (event, index), (event, index + 1)..."""
Plan: TypeAlias = tuple[int, CharId | None, CharId | None, list[Stretch]]
"""(RIGHT_OF or LEFT_OF, what to hang from, right origin, what to delete)."""
TOTAL_MAX: Final = (1 << 31) - 1
"""Characters there can be."""


class Sequence:
    """An empty sequence."""

    def __init__(self) -> None:
        self._keys: dict[int, tuple[bytes, bytes]] = {}
        self._spans: list[Span] = []
        self._runs: list[Run] = []
        self._names: list[CharId] = []  # of each character, by its number
        self._text: list[str] = []
        self._deleted: list[int] = []  # how many events that count delete it
        self._numbers: dict[CharId, int] = {}
        self._deletes: list[tuple[int, int]] = []  # (event, character), events ascending
        self._out = Ranges()  # events that do not count
        self._order = Order(self._id_of, self._shown)
        self._writing: CharId | None = None  # event and index of what is written next

    # --- taking in -------------------------------------------------------------------------------

    def author(self, number: int, key: bytes, side: bytes = b"") -> None:
        """Say who an author is: siblings are sorted by (key, seq, side, index).

        Args:
            side: tells chains of one key apart that say two things at one seq.
        """
        _check_number(number)
        self._keys[number] = (bytes(key), bytes(side))

    def merge(self, stream: bytes, text: str = "", *, counted: bool = True) -> None:
        """Take in the events of a stream: each later than those here, and after what it names.

        A reference to a character that is not here is none: an insert hangs from the start, or has
        its right origin at the end; a deletion deletes nothing.

        Args:
            text: the characters of all inserts, one after the other.
            counted: whether the events count.

        Raises:
            ValueError: no stream, an author nobody spoke of, events out of order, or another
                number of characters; nothing is taken in then.
        """
        spans, runs = read(stream)
        if sum(run.count for run in runs if run.inserts) != len(text):
            raise ValueError("a text of another length than the inserts have")
        self._check(spans, runs)
        self._check_text(text)
        for span in spans:
            self._join(span)
            self._writing = None
            if not counted:
                self._out.put(span.event, span.end, inside=True)
        at = 0
        for run in runs:
            if run.inserts:
                self._insert(run, text[at : at + run.count])
                at += run.count
            else:
                self._delete(run)

    def set_text(self, event: int, index: int, text: str) -> None:
        """Other characters from (event, index) on, of which as many are here: shown or not.

        Raises:
            KeyError: one of them is not here; nothing is changed then.
        """
        text.encode()
        numbers = [self._numbers[event, index + n] for n in range(len(text))]
        for number, char in zip(numbers, text, strict=True):
            self._text[number] = char

    def count(self, events: Iterable[tuple[int, int]], *, on: bool) -> None:
        """Events start or cease to count; those that do already, or are not here, are passed over.

        Args:
            events: (first event, how many) each.
        """
        for first, end in self._known(events):
            inserted = [n for n in self._of(first, end) if (self._names[n][0] in self._out) is on]
            low, high = (bisect_left(self._deletes, (event, -1)) for event in (first, end))
            deleted = [n for event, n in self._deletes[low:high] if (event in self._out) is on]
            self._out.put(first, end, inside=not on)
            for char in inserted:
                if not self._deleted[char]:
                    self._order.changed(char, 1 if on else -1)
            for char in deleted:
                self._strike(char, 1 if on else -1)

    # --- writing ---------------------------------------------------------------------------------

    def plan(self, position: int, deleted: int, outside: Iterable[int] = ()) -> Plan:
        """What an edit at a position would name; nothing is changed.

        Args:
            outside: events that are not in the writer's past: right origins are looked for
                among the others.

        Raises:
            IndexError: a position or length beyond what is shown.
        """
        if position < 0 or deleted < 0 or position + deleted > len(self):
            raise IndexError(f"{position} + {deleted} is beyond the {len(self)} characters shown")
        unseen = frozenset(outside)
        left = self._order.shown_at(position - 1) if position else ROOT
        following = (n for n in self._order.following(left) if self._names[n][0] not in unseen)
        right = next(following, ROOT)
        parent, is_left, origin = self._order.between(left, right)
        kind = LEFT_OF if is_left else RIGHT_OF
        return kind, self._name(parent), self._name(origin), self.ids(position, position + deleted)

    def gap(self, position: int) -> list[int]:
        """Events that do not count, of the characters that follow what is shown before a position.

        Those up to the next character whose event counts: a writer asks which of them are in the
        past of what is being written. Raises IndexError.
        """
        if not 0 <= position <= len(self):
            raise IndexError(f"{position} is beyond the {len(self)} characters shown")
        left = self._order.shown_at(position - 1) if position else ROOT
        following = (self._names[number][0] for number in self._order.following(left))
        return list(dict.fromkeys(takewhile(self._out.__contains__, following)))

    def begin(self, event: int, author: int, seq: int, index: int = 0) -> None:
        """What ``edit`` writes from now on is of this event, which is later than all here.

        Args:
            index: of its next op in the event.

        Raises:
            ValueError: an author nobody spoke of, an event that is not later, or an index that is
                smaller than that of what was written last.
        """
        _check_number(event, author, seq, index)
        if index >= LIMIT:
            raise ValueError(f"index {index} is beyond 2^62")
        if self._writing and self._writing[0] == event:
            if index < self._writing[1]:
                raise ValueError(f"index {index} of event {event}, after {self._writing[1]}")
        else:
            span = Span(event, 1, author, seq)
            self._check([span], [])
            self._join(span)
        self._writing = event, index

    def edit(self, position: int, deleted: int, text: str, outside: Iterable[int] = ()) -> None:
        """Delete characters from a position on, then insert some there.

        A deletion takes one index of the event, an insert as many as it has characters.

        Raises:
            IndexError: a position or length beyond what is shown.
            ValueError: no event was begun, or others came since.
        """
        event, index = self._room(text, 1)
        kind, first, right, gone = self.plan(position, deleted, outside)
        for target, at, many in gone:
            self._delete(Run(DELETE, event, index, many, first=(target, at)))
        index += bool(gone)
        if text:
            self._insert(Run(kind, event, index, len(text), first=first, right=right), text)
        self._writing = event, index + len(text)

    def edit_many(self, positions: bytes, deleted: bytes, inserted: bytes, text: str) -> None:
        """One edit after the other, all or none: columns of u32, and what all of them insert.

        Raises:
            IndexError: one that does not fit what is shown then.
            ValueError: columns or a text of other lengths, or as ``edit`` says.
        """
        edits = list(zip(*map(read_u32, (positions, deleted, inserted)), strict=True))
        event, _ = self._room(text, len(edits))
        length, counts = len(self), event not in self._out
        for position, gone, new in edits:
            if position + gone > length:
                raise IndexError(f"{position} + {gone} is beyond the {length} characters shown")
            length += counts * (new - gone)
        if sum(new for _, _, new in edits) != len(text):
            raise ValueError("a text of another length than the edits insert")
        at = 0
        for position, gone, new in edits:
            self.edit(position, gone, text[at : at + new])
            at += new

    def written(self, event: int) -> list[Run]:
        """The runs of one event, in its order. Cost: all runs; of the newest event, its own."""
        found: list[Run] = []
        for run in reversed(self._runs):
            part = run.of(event)
            if part is not None:
                found.append(part)
            elif found:
                break
        return found[::-1]

    def clone(self) -> Sequence:
        """Another one that is the same."""
        return deepcopy(self)

    # --- reading ---------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._order.shown

    @property
    def total(self) -> int:
        """How many characters there are, shown or not."""
        return len(self._names)

    def text(self) -> str:
        """What is shown."""
        return "".join(self._text[n] for n in self._order.following(ROOT) if self._shown(n))

    def text_as(self, out: Iterable[tuple[int, int]]) -> str:
        """What would be shown if just these events, (first, how many) each, did not count."""
        gone = Ranges()
        for first, end in self._known(out):
            gone.put(first, end, inside=True)
        struck = {number for event, number in self._deletes if event not in gone}
        return "".join(
            self._text[n]
            for n in self._order.following(ROOT)
            if n not in struck and self._names[n][0] not in gone
        )

    def ids(self, start: int, end: int) -> list[Stretch]:
        """The names of the characters shown from ``start`` to ``end``, in stretches."""
        found: list[Stretch] = []
        shown = (n for n in self._order.following(ROOT) if self._shown(n))
        for at, number in enumerate(shown):
            if at >= end:
                break
            if at >= start:
                _append(found, self._names[number])
        return found

    def all_ids(self) -> list[tuple[int, int, int, bool]]:
        """The names of all characters in order, in stretches; and whether they are shown."""
        found: list[tuple[int, int, int, bool]] = []
        for number in self._order.following(ROOT):
            event, index = self._names[number]
            shown = self._shown(number)
            if found and found[-1][3] is shown and found[-1][0] == event:
                _, first, many, _ = found[-1]
                if first + many == index:
                    found[-1] = (event, first, many + 1, shown)
                    continue
            found.append((event, index, 1, shown))
        return found

    def position(self, event: int, index: int) -> tuple[int, bool]:
        """How many characters are shown before one, and whether it is shown. Raises KeyError."""
        number = self._numbers[event, index]
        return self._order.shown_before(number), self._shown(number)

    # --- keeping ---------------------------------------------------------------------------------

    def save(self) -> tuple[bytes, str, str, list[tuple[int, int]]]:
        """(stream, text shown, the other characters in order, what does not count).

        Right origins that follow from the stream are left to it.
        """
        hidden = "".join(self._text[n] for n in self._order.following(ROOT) if not self._shown(n))
        return write(self._spans, self._runs), self.text(), hidden, self._out.pairs()

    def load(self, stream: bytes, shown: str, hidden: str, out: Iterable[tuple[int, int]]) -> None:
        """Take in what ``save`` gave, into a sequence that has authors and nothing else.

        Raises:
            ValueError: not what ``save`` gave: at once, or when something other than the text and
                its length is first asked for. It stays empty, or keeps saying so.
        """
        out = list(out)
        runs = read(stream)[1]
        count = sum(run.count for run in runs if run.inserts)
        if self._spans or count != len(shown) + len(hidden):
            raise ValueError("something is in it already, or texts of other lengths")
        made = Sequence()
        made._keys = self._keys
        made.merge(stream, "?" * count)
        made.count(out, on=False)
        if len(made) != len(shown):
            raise ValueError("texts of other lengths than what is shown and what is not")
        (shown + hidden).encode()
        first, rest = iter(shown), iter(hidden)
        made._text = [""] * count
        for number in made._order.following(ROOT):
            made._text[number] = next(first if made._shown(number) else rest)
        self.__dict__ = made.__dict__

    # --- inside ----------------------------------------------------------------------------------

    def _check(self, spans: Iterable[Span], runs: Iterable[Run]) -> None:
        end = self._spans[-1].end if self._spans else 0
        starts: list[Span] = []
        for span in spans:
            last = max(span.event, span.seq) + span.count
            bounded = 0 < span.count <= last <= LIMIT
            if span.author not in self._keys or span.event < end or not bounded:
                raise ValueError(f"events from {span.event} on: out of order, or by nobody")
            end = span.end
            starts.append(span)
        for run in runs:
            its = _span_at(starts, run.event)
            if its is None or run.last_event >= its.end:
                raise ValueError(f"a run of events {run.event} to {run.last_event}, in no span")

    def _check_text(self, text: str) -> None:
        text.encode()  # a surrogate is no character
        if len(text) > TOTAL_MAX - self.total:
            raise ValueError("more characters than a sequence holds")

    def _room(self, text: str, edits: int) -> CharId:
        """Event and index of what is written next."""
        if self._writing is None:
            raise ValueError("no event was begun, or one came since")
        self._check_text(text)
        if self._writing[1] + len(text) + edits > LIMIT:
            raise ValueError("more than an event holds")
        return self._writing

    def _join(self, span: Span) -> None:
        last = self._spans[-1] if self._spans else Span(0, 0, -1, 0)
        if (last.end, last.author, last.seq + last.count) == (span.event, span.author, span.seq):
            self._spans[-1] = last._replace(count=last.count + span.count)
        else:
            self._spans.append(span)

    def _insert(self, run: Run, text: str) -> None:
        parent, right = self._number(run.first), self._number(run.right)
        neighbour = next(self._order.following(parent), ROOT)
        right = neighbour if run.next else right
        is_left = run.kind == LEFT_OF and parent != ROOT
        after = parent if is_left else right  # what comes after all of the run
        self._keep(
            run._replace(
                kind=LEFT_OF if is_left else RIGHT_OF,
                first=self._name(parent),
                right=None if is_left else self._name(right),
                next=not is_left and right == neighbour != ROOT,
            )
        )
        origin = ROOT if is_left else right
        for nth, char in enumerate(text):
            name = run.at(nth)
            number = len(self._names)
            self._names.append(name)
            self._text.append(char)
            self._deleted.append(0)
            self._numbers[name] = number
            self._order.insert(parent, is_left=is_left, origin=origin)
            parent, is_left, origin = number, False, after

    def _delete(self, run: Run) -> None:
        self._keep(run)
        for nth, number in self._targets(run):
            event = run.at(nth)[0]
            self._deletes.append((event, number))
            if event not in self._out:
                self._strike(number, 1)

    def _targets(self, run: Run) -> Iterator[tuple[int, int]]:
        """What a deletion deletes: (nth, character), of those that are here."""
        assert run.first is not None
        low, high = sorted([run.first, run.target(run.count - 1)])
        near = range(bisect_left(self._names, low), bisect_right(self._names, high))
        for number in near if run.kind == DELETE else reversed(near):
            event, index = self._names[number]
            nth = abs(event - run.first[0]) if run.step else abs(index - run.first[1])
            if run.target(nth) == (event, index):
                yield nth, number

    def _keep(self, run: Run) -> None:
        """A run goes on from the one before where it can, so that what is saved stays small."""
        before = self._runs[-1] if self._runs else None
        joined = before and before.joined(run)
        if before and joined and _span_at(self._spans, before.event) is _span_at(
            self._spans, run.event
        ):  # fmt: skip
            self._runs[-1] = joined
        else:
            self._runs.append(run.normal())

    def _strike(self, char: int, by: int) -> None:
        was = self._shown(char)
        self._deleted[char] += by
        if self._shown(char) is not was:
            self._order.changed(char, -1 if was else 1)

    def _shown(self, char: int) -> bool:
        return not self._deleted[char] and self._names[char][0] not in self._out

    def _id_of(self, char: int) -> Any:
        event, index = self._names[char]
        span = _span_at(self._spans, event)
        assert span is not None, event
        key, side = self._keys[span.author]
        return key, span.seq + event - span.event, side, index

    def _number(self, name: CharId | None) -> int:
        return ROOT if name is None else self._numbers.get(name, ROOT)

    def _name(self, number: int) -> CharId | None:
        return None if number == ROOT else self._names[number]

    def _known(self, events: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """What of some ranges is here: (first, end) each."""
        found = []
        for first, many in events:
            _check_number(first, many)
            start = bisect(self._spans, first, key=lambda span: span.event) - 1
            for span in self._spans[max(0, start) :]:
                if span.event >= first + many:
                    break
                part = max(first, span.event), min(first + many, span.end)
                if part[0] < part[1]:
                    found.append(part)
        return found

    def _of(self, first: int, end: int) -> range:
        """The characters that events from ``first`` up to ``end`` inserted."""
        return range(*(bisect_left(self._names, (event, 0)) for event in (first, end)))


def _check_number(*numbers: int) -> None:
    for number in numbers:
        if not 0 <= number < 1 << 64:
            raise ValueError(f"a number in [0, 2^64) expected, {number} got")


def _span_at(spans: list[Span], event: int) -> Span | None:
    at = bisect(spans, event, key=lambda span: span.event) - 1
    return spans[at] if at >= 0 and event < spans[at].end else None


def _append(stretches: list[Stretch], name: CharId) -> None:
    if stretches:
        event, index, many = stretches[-1]
        if (event, index + many) == name:
            stretches[-1] = (event, index, many + 1)
            return
    stretches.append((*name, 1))
