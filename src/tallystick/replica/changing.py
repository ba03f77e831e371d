"""What changed in a view since a position of the feed: keys, values now, who, and why.

    feed from ``since`` on ─► rows ─► view.touched: key ─► value now, authors, events, causes
            └─► next position: ask from there again

Nobody has to be told of a change for it not to be missed: the feed keeps what came, left and why,
and a reader keeps a position in it.

Law: a key that is not told reads what it read at ``since``; what is told costs what changed.

Reads: state, store, replica.{believing, names, openlog, reading}. Read by: replica.reads, aio.
Source: state.md of the specification, "Views".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.replica.believing import sentence_of
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.reading import Reading
from tallystick.replica.reports import Report
from tallystick.state.source import ChangeRange, EventRow, Spans

STEPS_MAX: Final = 65_536
"""Changes of the feed looked at by one call; a reader that lags more asks again, or reads anew."""


@dataclass(frozen=True, slots=True)
class ChangeInfo(Report):
    """One key of a view that may read otherwise than before.

    Args:
        key: a place, a record's id, a key of a sum...
        value: now; None where there is none.
        authors, events: of what began or stopped to count, or whose content came or went.
        because: in words, a sentence for each cause.
        anew: more changed than is told one by one: read the view anew; the rest is empty.
    """

    key: str
    value: Any = None
    authors: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    anew: bool = False

    def __str__(self) -> str:
        return f"{self.key}: {'; '.join(self.because)}"


def changes_since(
    log: OpenLog, names: Names, view: str, since: int
) -> tuple[int, list[ChangeInfo]]:
    """The next position, and the keys whose events moved between the two, sorted.

    At most ``STEPS_MAX`` changes of the feed are looked at: ask until the position stands still.

    Raises:
        BadInput: usage/argument, for a position that is none; state/view, for a view that has no
            keys or cannot say which of them events touch. NotFound: state/view.
    """
    with Reading(log, names).view_and_db(view) as (found, db):
        end = log.store.feed_end(log.no)
        if not 0 <= since <= end:
            raise BadInput("usage/argument", expected=f"a position from 0 to {end}", got=since)
        moved: dict[str, list[tuple[int, ChangeRange]]] = {}
        position = since
        for part in log.store.feed_read(log.no, since, STEPS_MAX):
            change = ChangeRange(*part)
            pairs = found.touched(db, log.source, Spans([(change.row, change.count)]))
            if pairs is None:
                raise BadInput("state/view", "the view does not say which keys change", where=view)
            for key, row in pairs:
                moved.setdefault(key, []).append((row, change))
            position = change.pos + change.count
        if position == since:
            return since, []
        rows = sorted({row for some in moved.values() for row, _ in some})
        events = {event.row: event for event in log.source.events_at(rows)}
        values = found.values(db, sorted(moved))
        told = _Telling(log, names, events)
        return position, [told.change(key, values.get(key), moved[key]) for key in sorted(moved)]


class _Telling:
    """Makes sentences, each once."""

    def __init__(self, log: OpenLog, names: Names, events: Mapping[int, EventRow]) -> None:
        self._log, self._names, self._events = log, names, events
        self._said: dict[tuple[Any, ...], str] = {}

    def change(self, key: str, value: Any, moved: list[tuple[int, ChangeRange]]) -> ChangeInfo:
        """One key and what moved it."""
        events = [self._events[row] for row in dict.fromkeys(row for row, _ in moved)]
        causes: dict[tuple[int, str], dict[int, ChangeRange]] = {}
        for row, change in moved:
            causes.setdefault((change.weight, change.cause), {})[row] = change
        return ChangeInfo(
            key,
            value,
            tuple(dict.fromkeys(did_key(event.author) for event in events)),
            tuple(cid_text(event.id) for event in events),
            tuple(dict.fromkeys(self._sentence(rows) for rows in causes.values())),
        )

    def _sentence(self, rows: dict[int, ChangeRange]) -> str:
        row, change = next(iter(rows.items()))
        author = self._names.called(self._events[row].author) if len(rows) == 1 else None
        key = (change.weight, change.cause, author, len(rows))
        if key not in self._said:
            self._said[key] = sentence_of(self._log, self._names, change, author, len(rows))
        return self._said[key]
