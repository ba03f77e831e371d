"""Versions: which events a state is taken at, as a number of leading seqs per line.

    "bafy...,bafy..."   frontier: these events and everything in their past
    claimed:TIME        the largest ancestor-closed set claiming a time <= TIME
    received:TIME       what this replica had then
    TIME = milliseconds since 1970, or ISO 8601 (2026-11-20, 2026-11-20T12:00:00+01:00)

Law: a version is ancestor-closed; what is read at it depends on nothing outside it.

Reads: store, graph. Read by: replica.reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tallystick.errors import BadInput
from tallystick.graph.ancestry import past
from tallystick.limits import UINT_MAX
from tallystick.policy.facts import EventFact, LineFact, Span
from tallystick.replica.facts import LogFacts
from tallystick.replica.names import Names
from tallystick.store.events import unpack_deps
from tallystick.store.store import Store
from tallystick.store.walk import StoreGraph

CHUNK_ROWS = 8_192
UINT_DIGITS = len(str(UINT_MAX))


@dataclass(frozen=True, slots=True)
class Version:
    """A version: its text as given, its lines, and when, for ``received``.

    Args:
        sizes: line -> number of its first seqs; a line not named is not in it.
        received_ms: set when the version is what was here at a time.
    """

    text: str
    sizes: Mapping[int, int]
    received_ms: int | None = None


def find_version(store: Store, log_no: int, names: Names, text: str) -> Version:
    """The version a text names.

    Raises:
        BadInput: state/version. NotFound, Ambiguous: as ``Names.event``.
    """
    if not isinstance(text, str):
        raise BadInput("state/version", "that is not a version", got=repr(text)[:80])
    way, _, rest = text.partition(":")
    if way == "claimed":
        return Version(text, claimed_until(store, log_no, parse_time(rest)))
    if way == "received":
        time = parse_time(rest)
        return Version(text, received_until(store, log_no, time), time)
    rows = [names.event(part.strip()) for part in text.split(",") if part.strip()]
    if not rows:
        raise BadInput("state/version", expected="event ids, claimed:TIME or received:TIME")
    return Version(text, past(StoreGraph(store), rows))


def parse_time(text: str) -> int:
    """Milliseconds since 1970. Raises BadInput state/version."""
    if text.isdecimal() and len(text) <= UINT_DIGITS and int(text) <= UINT_MAX:
        return int(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "state/version", "that is no time",
            expected="milliseconds since 1970, or ISO 8601", got=repr(text[:40]),
        ) from None  # fmt: skip
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return max(int(found.timestamp() * 1000), 0)


def claimed_until(store: Store, log_no: int, time_ms: int) -> dict[int, int]:
    """The largest ancestor-closed set of events claiming a time <= ``time_ms``.

    Cost: linear in the log's events.
    """
    sizes: dict[int, int] = {}
    inside = bytearray(store.next_row)
    lines = {line.no: line for line in store.lines(log_no)}
    genesis = store.genesis_row(log_no)
    for row in range(1, store.next_row, CHUNK_ROWS):
        for at, no, seq, time, packed in store.raw(
            row, CHUNK_ROWS, ("row", "line", "seq", "time", "deps")
        ):
            line = lines.get(no)
            if line is None or time > time_ms:
                continue
            if seq == 0:
                fits = at == genesis or (genesis is not None and inside[genesis] == 1)
            elif seq == line.first_seq:
                assert line.base is not None
                fits = sizes.get(line.base, 0) >= seq
            else:
                fits = sizes.get(no, 0) == seq
            if fits and all(inside[dep] for dep in unpack_deps(at, packed)):
                inside[at] = 1
                sizes[no] = seq + 1
    return sizes


def received_until(store: Store, log_no: int, time_ms: int) -> dict[int, int]:
    """What was stored here when ``time_ms`` had passed, by this machine's clock."""
    end = store.received_end(time_ms)
    sizes: dict[int, int] = {}
    for line in store.lines(log_no):
        size = line.first_seq
        for row, count in store.ranges(line.no, line.first_seq, line.size):
            if row >= end:
                break
            size += min(count, end - row)
        if size > line.first_seq:
            sizes[line.no] = size
    return sizes


def clip(spans: Sequence[Span], sizes: Mapping[int, int]) -> list[Span]:
    """What of some spans lies in a version."""
    return [
        span._replace(end=end)
        for span in spans
        if (end := min(span.end, sizes.get(span.line, 0))) > span.begin
    ]


class FactsAt(LogFacts):
    """The log as it was at a version."""

    def __init__(self, store: Store, log_no: int, sizes: Mapping[int, int]) -> None:
        super().__init__(store, log_no)
        self._sizes = sizes

    def event(self, id: bytes) -> EventFact | None:
        """The event, or None when it is not in the version."""
        found = super().event(id)
        if found is None or found.seq >= self._sizes.get(found.line, 0):
            return None
        return found

    def lines(self, author: bytes) -> Sequence[LineFact]:
        """The author's lines, cut off at the version."""
        return [self._cut(line) for line in super().lines(author) if line.line in self._sizes]

    def line(self, line: int) -> LineFact:
        """One line, cut off at the version."""
        return self._cut(super().line(line))

    def _cut(self, line: LineFact) -> LineFact:
        return line._replace(size=min(line.size, self._sizes.get(line.line, line.first_seq)))
