"""The history of a text: read event by event, and compared between two versions.

    sequence ─► copy in which nothing counts ─► event by event begins to count ─► text, text, text

The sequence holds every character that was ever written, so that another time is other events that
count, and the log is not read again.

Law: after an event the text is that of the version made of it and all before it in canonical order.

Reads: replica.reading, state.views_texts_read, kernels. Read by: replica.reads.
Source: state.md of the specification, "Time and undo".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.kernels import Sequence
from tallystick.replica.reading import Reading
from tallystick.replica.reports import ReplayStep, TextChange
from tallystick.state import views_texts_read as texts
from tallystick.state.source import END
from tallystick.state.view import Db
from tallystick.state.views_texts import NAME as TEXTS
from tallystick.state.views_texts import TextsView

NOW: Final = "now"
"""The version that is here."""


def replay(reading: Reading, place: str) -> Iterator[ReplayStep]:
    """The events of a text that count in a reading, in canonical order, and the text after each.

    Raises:
        NotFound, BadInput: state/place, where there is no text; at once, not at the first step.
    """
    source = reading.log.source
    with reading.within(TEXTS) as (view, db):
        assert isinstance(view, TextsView)
        path, name, no = _text(view, db, place)
        past = texts.history(view, db, source, path, type_=name)
        copy = counting(view.kept.get(db, no), ())
        counted = [step.item for step in past if step.included]
        groups = [(id, list(items)) for id, items in groupby(counted, key=lambda one: one.event)]
        rows = {id: source.row_of(id) for id, _ in groups}

    def steps() -> Iterator[ReplayStep]:
        for id, items in groups:
            row = rows[id]
            assert row is not None, "what acts on a text is stored"
            copy.count([(row, 1)], on=True)
            first, what = items[0], tuple(item.what for item in items)
            yield ReplayStep(cid_text(id), did_key(first.author), first.time, what, copy.text())

    return steps()


def text_diff(whole: Reading, before: Reading, after: Reading, place: str) -> list[TextChange]:
    """Deletions and insertions, one after the other, that make one reading's text the other's.

    Args:
        whole: the reading of everything that is here; its sequence has all characters.

    Raises:
        NotFound, BadInput: state/place, where there is no text.
    """
    with whole.within(TEXTS) as (view, db):
        assert isinstance(view, TextsView)
        _, _, no = _text(view, db, place)
        sequence = view.kept.get(db, no)
        one, two = (counting(sequence, reading.ranges()) for reading in (before, after))
    return list(_changes(one, two))


def counting(sequence: Sequence, events: Iterable[tuple[int, int]]) -> Sequence:
    """A copy in which just these events, (first row, how many) each, count."""
    copy = sequence.clone()
    copy.count([(0, END)], on=False)
    copy.count(events, on=True)
    return copy


def _changes(one: Sequence, two: Sequence) -> Iterator[TextChange]:
    """Walk both in the order that all characters have; those shown in both are passed over."""
    old, new, at = one.text(), two.text(), 0
    left = right = 0  # characters of either text that were passed
    for kind, count in _stretches(one, two):
        if kind == "delete":
            yield TextChange(kind, at, at + count, old[left : left + count])
            left += count
            continue
        if kind == "insert":
            yield TextChange(kind, at, at + count, new[right : right + count])
        else:
            left += count
        right += count
        at += count


def _stretches(one: Sequence, two: Sequence) -> Iterator[tuple[str, int]]:
    """(delete, insert or keep; how many characters), neighbours of one kind together."""
    kinds = {(True, True): "keep", (True, False): "delete", (False, True): "insert"}
    ends: list[int] = []
    sides = [list(sequence.all_ids()) for sequence in (one, two)]
    for side in sides:
        at = 0
        for _, _, count, _ in side:
            at += count
            ends.append(at)
    cuts, at, places = sorted(set(ends)), 0, [(0, 0), (0, 0)]
    last, length = "", 0
    for cut in cuts:
        shown = []
        for n, side in enumerate(sides):
            nth, end = places[n]
            if end <= at:
                end += side[nth][2]
                places[n] = nth + 1, end
            shown.append(side[places[n][0] - 1][3])
        kind = kinds.get((shown[0], shown[1]), "")
        if kind:
            if kind != last and length:
                yield last, length
                length = 0
            last, length = kind, length + cut - at
        at = cut
    if length:
        yield last, length


def _text(view: TextsView, db: Db, place: str) -> tuple[tuple[str, ...], str, int]:
    path, name, no = texts.find_sequence(view, db, place)
    if name != "text":
        raise BadInput("state/place", expected="a text", got=f"a {name}", where=place)
    return path, name, no
