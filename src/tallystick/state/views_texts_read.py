"""Reading texts and lists: values, who wrote what, why, and history.

    value(place) ◄─ the sequence          blame(place) ◄─ its runs and their events
    why(place)   ◄─ by author what is shown; what does not count, event by event

**Law:** reading changes nothing; what is shown and what blame tells are the same characters.

Reads: state.views_texts, explain. Read by: state, replica.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tallystick.errors import Ambiguous, BadInput, NotFound
from tallystick.event.absent import Absent
from tallystick.state.explain import Explanation, Item, VerdictOf, shown
from tallystick.state.ops import Frame, Op, parse_frame
from tallystick.state.places import Place, parse_place, place_text
from tallystick.state.source import EventRow, EventSource, Spans
from tallystick.state.types import TYPES, VERBS
from tallystick.state.types.mark import MARK
from tallystick.state.types.sequence import INSERTS
from tallystick.state.view import Db
from tallystick.state.views_places_read import PastOp
from tallystick.state.views_texts import TextsView

SEQUENCES: Final = tuple(name for name, type_ in TYPES.items() if type_.sequence)
"""Names of the types that this view keeps."""


@dataclass(frozen=True, slots=True)
class Blame:
    """Characters (elements) ``start`` to ``end`` as shown, and the event that inserted them."""

    start: int
    end: int
    event: bytes
    author: bytes
    time: int


def find_sequence(
    view: TextsView, db: Db, place: str | Sequence[str], type_: str | None = None
) -> tuple[Place, str, int]:
    """A text, list or mark that events act on (counted or not), its type and its number.

    Raises:
        BadInput: state/place, for a malformed place or another type.
        NotFound: state/place, when no op of such a type acts there.
        Ambiguous: state/place, when several types have a value there and none was named.
    """
    path = parse_place(place) if isinstance(place, str) else tuple(place)
    if type_ is not None and type_ not in SEQUENCES:
        raise BadInput("state/place", expected=" or ".join(SEQUENCES), got=repr(type_))
    text = place_text(path)
    found = db.rows(
        f"SELECT no, type, counted FROM {view.own('place')} WHERE path = ? ORDER BY type", (text,)
    )
    fitting = [one for one in found if type_ in {None, one[1]}]
    if not fitting:
        raise NotFound("state/place", "no op acts there", where=text, expected=type_)
    fitting = [one for one in fitting if one[2]] or fitting[:1]
    if len(fitting) > 1:
        types = ", ".join(name for _, name, _ in fitting)
        raise Ambiguous(
            "state/place", "values of several types are there", where=text, got=types,
            hint=f"Name the type: {types}.",
        )  # fmt: skip
    return path, fitting[0][1], fitting[0][0]


def value(
    view: TextsView, db: Db, place: str | Sequence[str], *, type_: str | None = None,
    default: Any = None,
) -> Any:  # fmt: skip
    """What a place shows; ``default`` where no event that counts inserts anything.

    Raises:
        BadInput: state/place, as ``find_sequence``.
    """
    try:
        _, name, no = find_sequence(view, db, place, type_)
    except NotFound:
        return default
    return view.value(db, no, name) if view.has_value(db, no) else default


def blame(view: TextsView, db: Db, source: EventSource, no: int) -> list[Blame]:
    """Who inserted what is shown, in stretches of one event each."""
    stretches = view.kept.get(db, no).ids(0, len(view.kept.get(db, no)))
    events = {event.row: event for event in _events(source, {row for row, _, _ in stretches})}
    found: list[Blame] = []
    at = 0
    for row, _, count in stretches:
        event = events[row]
        if found and found[-1].event == event.id:
            last = found.pop()
            found.append(Blame(last.start, at + count, event.id, event.author, event.time))
        else:
            found.append(Blame(at, at + count, event.id, event.author, event.time))
        at += count
    return found


def why(
    view: TextsView, db: Db, source: EventSource, place: str | Sequence[str], verdict: VerdictOf,
    *, type_: str | None = None,
) -> Explanation:  # fmt: skip
    """Who wrote what a place shows, and what does not count there.

    Raises:
        NotFound, BadInput: state/place.
    """
    path, name, no = find_sequence(view, db, place, type_)
    by: defaultdict[bytes, int] = defaultdict(int)
    last: dict[bytes, int] = {}
    for run in blame(view, db, source, no) if name != "mark" else ():
        by[run.author] += run.end - run.start
        last[run.author] = max(last.get(run.author, 0), run.time)
    live = [
        Item(b"", author, 0, last[author], f"wrote {_many(count, name)}", count, count=count)
        for author, count in sorted(by.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    past = history(view, db, source, path, type_=name)
    excluded = []
    for step in past:
        if not step.included:
            excluded.append(replace(step.item, verdict=verdict(step.item.event)))
        elif name == "mark":
            live.append(step.item)
    shown_now = value(view, db, path, type_=name)
    return Explanation(
        place_text(path), name, shown_now, live=tuple(live), excluded=tuple(excluded)
    )


def history(
    view: TextsView, db: Db, source: EventSource, place: str | Sequence[str],
    *, type_: str | None = None,
) -> list[PastOp]:  # fmt: skip
    """What every event did at a place, counted or not, in canonical order. Cost: these events.

    Raises:
        NotFound, BadInput: state/place.
    """
    path, name, no = find_sequence(view, db, place, type_)
    query = f"SELECT row, counts FROM {view.own('edit')} WHERE place = ?"
    counts = {row: bool(on) for row, on in db.rows(query, (no,))}
    events = sorted(_events(source, set(counts)), key=lambda e: (e.lamport, e.author, e.seq, e.id))
    return [
        PastOp(item, event.lamport, included=counts[event.row], live=counts[event.row])
        for event in events
        for item in _items(event, path, name)
    ]


def _items(event: EventRow, path: Place, name: str) -> Iterator[Item]:
    frame = parse_frame(event.frame)
    assert isinstance(frame, Frame), event.row
    values = frame.values(event.content, erased=event.erased)
    for index, op in frame.indexed():
        if op.verb in VERBS and VERBS[op.verb].type == name and op.place == path:
            said = values[index] if VERBS[op.verb].valued else None
            what = _words(op, said, name)
            yield Item(event.id, event.author, event.seq, event.time, what, said, index)


def _words(op: Op, said: Any, name: str) -> str:
    """What an op does, the author being the subject of the sentence."""
    if op.verb == MARK:
        if said is None:
            return "took the mark off"
        return f"marked it {said.value.lower() if isinstance(said, Absent) else shown(said)}"
    if op.verb not in INSERTS:
        return f"deleted {_many(sum(op.numbers), name)}"
    if isinstance(said, Absent):
        return f"wrote {_many(op.numbers[0], name)}, {said.value.lower()}"
    return f"wrote {shown(said)}"


def _many(count: int, name: str) -> str:
    one = "element" if name == "list" else "character"
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _events(source: EventSource, rows: set[int]) -> Iterator[EventRow]:
    for row, count in Spans((row, 1) for row in rows).ranges:
        yield from source.events(row, count)
