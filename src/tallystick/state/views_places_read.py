"""Reading places: values, what a writer goes over, why, and history.

    value(place) ◄─ live ops ─► live_ops(place): what the next op goes over
    why(place)   ◄─ all ops of the place: live, lost, covered (by whom), excluded (why)

**Law:** reading changes nothing, and reads only what the view keeps, except for the words of ops
that are not live, which are in the events.

Reads: state.views_places, explain. Read by: state, replica.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from tallystick.errors import Ambiguous, BadInput, NotFound
from tallystick.event.absent import Absent
from tallystick.state.explain import Explanation, Item, VerdictOf, shown
from tallystick.state.map_keys import salt_in
from tallystick.state.ops import KIND, Frame, op_index, op_row, parse_frame
from tallystick.state.places import Place, parse_place, place_text
from tallystick.state.source import EventRow, EventSource, Spans
from tallystick.state.types import TYPES, VERBS, LiveOp
from tallystick.state.types.record import CREATE
from tallystick.state.view import Db
from tallystick.state.views_places import PlacesView
from tallystick.state.views_places_write import Batch

_DEEDS = {
    "enable": "enabled it",
    "disable": "disabled it",
    "remove": "removed it",
    "create": "created it",
    "delete": "deleted it",
    "restore": "restored it",
}


class PastOp(NamedTuple):
    """One op in a place's history."""

    item: Item
    lamport: int
    included: bool
    live: bool


def find_place(
    view: PlacesView, db: Db, place: str | Sequence[str], type_: str | None = None
) -> tuple[Place, str, int]:
    """A place that ops act on (counted or not), its type and its number.

    Raises:
        BadInput: state/place, for a malformed place or an unknown type.
        NotFound: state/place, when no op acts there.
        Ambiguous: state/place, when ops of several types have a value there and none was named.
    """
    path = parse_place(place) if isinstance(place, str) else tuple(place)
    if type_ is not None and type_ not in TYPES:
        raise BadInput("state/place", expected=" or ".join(TYPES), got=repr(type_))
    text = place_text(path)
    found = db.rows(f"SELECT no, type FROM {view.own('place')} WHERE path = ?", (text,))
    fitting = [(no, name) for no, name in found if type_ in (None, name)]
    if not fitting:
        types = ", ".join(name for _, name in found) or None
        raise NotFound("state/place", "no op acts there", where=text, expected=type_, got=types)
    if len(fitting) > 1:
        fitting = [pair for pair in fitting if _has_value(view, db, pair[0])] or fitting[:1]
    if len(fitting) > 1:
        types = ", ".join(sorted(name for _, name in fitting))
        hint = f"Name the type: {types}."
        raise Ambiguous(
            "state/place", "values of several types are there", where=text, got=types, hint=hint
        )
    return path, fitting[0][1], fitting[0][0]


def _has_value(view: PlacesView, db: Db, no: int) -> bool:
    return view.total_at(db, no) is not None or bool(view.live_at(db, no))


def value(
    view: PlacesView,
    db: Db,
    place: str | Sequence[str],
    *,
    type_: str | None = None,
    mode: str | None = None,
    default: Any = None,
) -> Any:
    """The value of a place, ``default`` where there is none.

    Args:
        mode: the way of reading: register last, time, all, one; flag enable, disable; else the
            type's only one.

    Raises:
        BadInput: state/place, as ``find_place``, or for a mode the type does not have.
        UsageError: state/conflict, in the mode ``one``.
    """
    try:
        path, name, no = find_place(view, db, place, type_)
    except NotFound:
        return default
    kind = TYPES[name]
    if mode is not None and mode not in kind.modes:
        raise BadInput(
            "state/place", "the type has no such way of reading", where=place_text(path),
            expected=" or ".join(kind.modes), got=repr(mode),
        )  # fmt: skip
    if kind.sums:
        total = view.total_at(db, no)
        return default if total is None else total
    live = view.live_at(db, no)
    return kind.modes[mode or kind.default_mode](live) if live else default


def live_ops(view: PlacesView, db: Db, place: str | Sequence[str], type_: str) -> list[LiveOp]:
    """The live ops of a place, the last winner last: what a new op there goes over."""
    try:
        _, _, no = find_place(view, db, place, type_)
    except NotFound:
        return []
    return sorted(view.live_at(db, no), key=lambda op: op.order)


def salt_of(view: PlacesView, db: Db, source: EventSource, record: Place) -> bytes | None:
    """The salt of a record: of the earliest create that counts and whose salt can be read.

    Earliest in canonical order, covered or not: a record that is deleted and restored keeps it.
    Cost: the ops of the record's place.
    """
    try:
        _, _, no = find_place(view, db, record, "record")
    except NotFound:
        return None
    ops = Batch(view, db, source).ops
    numbers = [
        number
        for number in ops.fetch("place = ? AND verb = ?", (no, CREATE))
        if ops[number].included
    ]
    events = _events(source, {op_row(number) for number in numbers})
    for number in sorted(numbers, key=lambda n: _event_order(events[op_row(n)], op_index(n))):
        salt = salt_in(_value(events[op_row(number)], op_index(number)))
        if salt is not None:
            return salt
    return None


def _event_order(event: EventRow, index: int) -> tuple[int, bytes, int, bytes, int]:
    return event.lamport, event.author, event.seq, event.id, index


def history(
    view: PlacesView, db: Db, source: EventSource, place: str | Sequence[str],
    *, type_: str | None = None,
) -> list[PastOp]:  # fmt: skip
    """Every op of a place in canonical order, counted or not. Cost: the ops of the place.

    For a counter: the events of the whole log are looked through.

    Raises:
        NotFound, BadInput, Ambiguous: state/place.
    """
    path, name, no = find_place(view, db, place, type_)
    if TYPES[name].sums:
        return sorted(_increments(source, path, name), key=_canonical)
    batch = Batch(view, db, source)
    numbers = batch.ops.fetch("place = ?", (no,))
    by: defaultdict[int, list[int]] = defaultdict(list)
    for number in numbers:
        for target in batch.ops[number].over:
            if batch.ops[number].bears:
                by[target].append(number)
    events = _events(source, {op_row(number) for number in numbers})
    found = []
    for number in numbers:
        op, event = batch.ops[number], events[op_row(number)]
        said = None if VERBS[op.verb].name in _DEEDS else _value(event, op_index(number))
        covering = tuple(dict.fromkeys(events[op_row(above)].id for above in by[number]))
        what = _words(op.verb, said)
        item = Item(
            event.id, event.author, event.seq, event.time, what, said, op_index(number), covering
        )
        found.append(PastOp(item, event.lamport, op.included, op.live))
    return sorted(found, key=_canonical)


def why(
    view: PlacesView, db: Db, source: EventSource, place: str | Sequence[str], verdict: VerdictOf,
    *, type_: str | None = None, mode: str | None = None,
) -> Explanation:  # fmt: skip
    """What makes the value of a place, what lost, what was replaced, and what does not count.

    Args:
        verdict: event id -> why it counts or does not, under the policy the view is under.

    Raises:
        NotFound, BadInput, Ambiguous: state/place.
    """
    path, name, no = find_place(view, db, place, type_)
    subject = place_text(path)
    if TYPES[name].sums:
        return _why_sum(view, db, source, (path, name, no), verdict)
    past = history(view, db, source, path, type_=name)
    live = [op for op in past if op.live and op.item.what != "removed it"]
    read = value(view, db, path, type_=name, mode=mode)
    winner = TYPES[name].winner
    lost: list[Item] = []
    ops = view.live_at(db, no)
    if winner is not None and ops and mode in (None, TYPES[name].default_mode):
        first = winner(ops)
        lost = [op.item for op in live if (op.item.event, op.item.index) != (first.id, first.index)]
    return Explanation(
        subject,
        name,
        read,
        live=tuple(op.item for op in live if op.item not in lost),
        lost=tuple(lost),
        covered=tuple(op.item for op in past if op.included and not op.live),
        excluded=tuple(_judged(op.item, verdict) for op in past if not op.included),
    )


def _why_sum(
    view: PlacesView, db: Db, source: EventSource, found: tuple[Place, str, int],
    verdict: VerdictOf,
) -> Explanation:  # fmt: skip
    """A counter's sum by author; only if somebody's increments do not all count, the events."""
    path, name, no = found
    rows = db.rows(
        f"SELECT author, total, count, seen FROM {view.own('count')} WHERE place = ?", (no,)
    )
    live = [
        Item(b"", author, 0, 0, f"added {int(total)} in {count}", int(total), count=count)
        for author, total, count, _ in sorted(rows, key=lambda row: (-abs(int(row[1])), row[0]))
        if count
    ]
    suspects = {author for author, _, count, seen in rows if seen > count}
    excluded = []
    if suspects:
        for past in sorted(_increments(source, path, name, suspects), key=_canonical):
            judged = _judged(past.item, verdict)
            if judged.verdict is not None and not judged.verdict.included:
                excluded.append(judged)
    total = view.total_at(db, no)
    subject = place_text(path)
    return Explanation(subject, name, total, live=tuple(live), excluded=tuple(excluded))


def _increments(
    source: EventSource, place: Place, name: str, authors: set[bytes] | None = None
) -> list[PastOp]:
    """Every increment of a counter (by some authors), whether it counts not being asked."""
    rows: dict[int, list[tuple[int, int]]] = {}
    for row, author, data, _, _ in source.bodies([(0, source.end_row())], kind=KIND):
        frame = parse_frame(data)
        if isinstance(frame, Frame) and (authors is None or author in authors):
            steps = [
                (index, op.numbers[0])
                for index, op in frame.indexed()
                if op.place == place and op.verb in VERBS and VERBS[op.verb].type == name
            ]
            if steps:
                rows[row] = steps
    events = _events(source, set(rows))
    return [
        PastOp(
            Item(e.id, e.author, e.seq, e.time, f"added {amount}", amount, index),
            e.lamport,
            included=True,
            live=True,
        )
        for row, steps in rows.items()
        for e in (events[row],)
        for index, amount in steps
    ]


def _judged(item: Item, verdict: VerdictOf) -> Item:
    return Item(
        item.event, item.author, item.seq, item.time, item.what, item.value, item.index, item.by,
        verdict(item.event),
    )  # fmt: skip


def _canonical(op: PastOp) -> tuple[int, bytes, int, bytes, int]:
    return op.lamport, op.item.author, op.item.seq, op.item.event, op.item.index


def _events(source: EventSource, rows: set[int]) -> dict[int, EventRow]:
    found: dict[int, EventRow] = {}
    for row, count in Spans((row, 1) for row in rows).ranges:
        found.update((event.row, event) for event in source.events(row, count))
    return found


def _value(event: EventRow, index: int) -> Any:
    frame = parse_frame(event.frame)
    assert isinstance(frame, Frame), event.row
    return frame.values(event.content, erased=event.erased)[index]


def _words(verb: int, said: Any) -> str:
    """What an op does, the author being the subject of the sentence."""
    if VERBS[verb].name in _DEEDS:
        return _DEEDS[VERBS[verb].name]
    text = f"something {said.value.lower()}" if isinstance(said, Absent) else shown(said)
    return f"{'set it to' if VERBS[verb].name == 'set' else 'added'} {text}"
