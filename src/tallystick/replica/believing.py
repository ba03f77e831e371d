"""What I believed when: the values a place had here, as arrivals and my policy moved it.

    feed ─► changes of the events behind the place ─► taken in again one by one, and undone
                                                       └─► a step wherever the value is another

The feed says in which order events began and stopped to count here, and why; so it is the memory
of what was believed, whatever is believed now.

Law: the last step is what stands there now; a value told was shown by this replica at that time.

Reads: state, store, replica.{openlog, names, polling, supposing, wording}. Read by:
replica.{answers, changing}.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tallystick.errors import TallyError
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key
from tallystick.policy.verdict import DOES
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.polling import behind
from tallystick.replica.reports import Report
from tallystick.replica.supposing import supposed
from tallystick.replica.wording import Wording
from tallystick.state.source import ChangeRange, Spans

FEED_CHUNK: Final = 65_536
ARRIVED: Final = "arrived"


@dataclass(frozen=True, slots=True)
class Belief(Report):
    """A value, from some change on.

    Args:
        value: None where there was none; ``text`` says it in words.
        since_ms: when it came to be believed, by this machine's clock; None: not recorded.
        event: that began or stopped counting then, if it was one.
        cause: ``arrived``, ``content``, ``policy``, ``statement:<id>`` and so on.
        sentence: the cause in words.
    """

    value: Any
    text: str
    since_ms: int | None
    event: str | None
    author: str | None
    cause: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def beliefs(log: OpenLog, names: Names, subject: str, *, view: str | None = None) -> list[Belief]:
    """The values a place or key had here, the first first.

    Raises:
        NotFound: state/place. BadInput: state/view.

    Cost: the feed's entries, and what the view does about the events behind the subject, twice.
    """
    found, rows = behind(log, subject, view)
    db, source, judge = log.store.db, log.source, log.judging.judge
    spans = Spans((row, 1) for row in rows)
    steps: list[tuple[Any, list[ChangeRange]]] = []
    when = _When(log)
    with supposed(log):
        ids = dict(zip(rows, log.store.ids_at(rows), strict=True))
        counted = [ChangeRange(0, row, 1, -1, "supposed") for row in rows if judge.counts(ids[row])]
        if counted:
            found.apply(db, source, counted)
        now: Any = None
        for part in _steps(log, spans):
            found.apply(db, source, part)
            found.load(db, source)
            value = found.values(db, [subject]).get(subject)
            if value != now:
                steps.append((value, part))
                now = value
    words = Wording(log, names)
    return [
        _belief(log, names, when, (value, words.value(found.name, subject, value)), part)
        for value, part in steps
    ]


def _steps(log: OpenLog, spans: Spans) -> Iterator[list[ChangeRange]]:
    """The changes of some rows as the feed has them, together what came of one cause at once."""
    pos, part = 0, list[ChangeRange]()
    while ranges := log.store.feed_read(log.no, pos, FEED_CHUNK):
        for entry in ranges:
            pos = entry.pos + entry.count
            for row, count in spans.clip(entry.row, entry.row + entry.count).ranges:
                one = ChangeRange(
                    entry.pos + row - entry.row, row, count, entry.weight, entry.cause
                )
                pieces = (
                    [one._replace(pos=one.pos + n, row=row + n, count=1) for n in range(count)]
                    if entry.cause == ARRIVED
                    else [one]
                )
                for piece in pieces:
                    if part and not _together(part[-1], piece):
                        yield part
                        part = []
                    part.append(piece)
    if part:
        yield part


def _together(one: ChangeRange, other: ChangeRange) -> bool:
    return one.cause == other.cause != ARRIVED


class _When:
    """When changes came: arrivals by their rows, the rest by the policy then in force."""

    def __init__(self, log: OpenLog) -> None:
        self._log = log
        self._history = [(row.pos, row.changed_ms) for row in log.store.policy_history(log.no)]

    def of(self, change: ChangeRange) -> int | None:
        """Milliseconds since 1970, by this machine's clock."""
        store = self._log.store
        if change.cause == ARRIVED:
            return self._received(change.row)
        kind, _, about = change.cause.partition(":")
        if kind == "statement":
            try:
                row = store.row_of(parse_cid(about))
            except TallyError:
                row = None
            if row is not None:
                return self._received(row)
        at = bisect_right(self._history, (change.pos + 1, 0)) if self._history else 0
        return self._history[at][1] if at < len(self._history) else None

    def _received(self, row: int) -> int | None:
        found = self._log.store.arrival(row)
        return None if found is None else found.received_ms


def _belief(
    log: OpenLog, names: Names, when: _When, value: tuple[Any, str], part: list[ChangeRange]
) -> Belief:
    first = part[0]
    events = sum(change.count for change in part)
    (event,) = log.source.events(first.row, 1)
    alone = events == 1
    return Belief(
        *value,
        when.of(first),
        cid_text(event.id) if alone else None,
        did_key(event.author) if alone else None,
        first.cause,
        sentence_of(log, names, first, names.called(event.author) if alone else None, events),
    )


def sentence_of(
    log: OpenLog, names: Names, change: ChangeRange, author: str | None, events: int
) -> str:
    """A change in words: of so many events, or of the one event of an author."""
    what = f"an event of {author}" if author is not None else f"{events} events"
    verb = "began to count" if change.weight > 0 else "stopped counting"
    kind, _, about = change.cause.partition(":")
    if kind == ARRIVED:
        return f"{what} arrived"
    if kind == "content":
        return f"the content of {what} came or went"
    if kind == "statement":
        return f"{what} {verb}: {_said(log, names, about)}"
    because = {
        "policy": "the policy changed",
        "stance": "by the policy's stance",
        "ground": "so did what it stands on",
        "equivocation": "its author signed two histories",
    }
    return f"{what} {verb}: {because.get(kind, kind)}"


def _said(log: OpenLog, names: Names, about: str) -> str:
    """A statement in words, by its id as the feed has it."""
    id = parse_cid(about)
    known = (*log.judging.mine, *log.judging.public_statements())
    for s in known:
        if s.id == id:
            done = DOES.get(s.verb, f"said {s.verb} about")
            return f"{names.called(s.voter)} {done} {names.words(s.target)}"
    return f"statement {about}"
