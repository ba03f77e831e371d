"""What the front door hands back: frozen values that know how to become plain data.

Law: ids are text at this edge (CID for events, did:key for authors and actors); ``as_dict`` is
what ``--json`` prints, ``str`` is what a person reads.

Reads: nothing of the rooms below but their values. Read by: cli, demo, users.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


class Report:
    """Mixin: a value as plain data."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """Fields by name, nested values included."""
        # Every subclass is a data class, which a mixin cannot say.
        return asdict(self)  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True, slots=True)
class BlameInfo(Report):
    """Characters (elements) ``start`` to ``end`` of a text (list) as shown, and who wrote them.

    Args:
        said: them.
        time: as claimed, in milliseconds since 1970.
    """

    start: int
    end: int
    said: str | list[Any]
    author: str
    event: str
    time: int


@dataclass(frozen=True, slots=True)
class ReplayStep(Report):
    """One event of a text's history, and the text as it read then.

    Args:
        time: as claimed, in milliseconds since 1970.
        what: what it did there, a phrase for each of its ops.
        text: of the events that count, with this one and those before it in canonical order.
    """

    event: str
    author: str
    time: int
    what: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class TextChange(Report):
    """One step from a text to another: ``insert`` or ``delete`` characters ``start`` to ``end``.

    Args:
        start, end: of the text after the steps before this one; of an insert, where it stands
            then.
        text: what is inserted or deleted.
    """

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class LogInfo(Report):
    """One log of a store."""

    id: str
    name: str
    purpose: str
    events: int
    authors: int


@dataclass(frozen=True, slots=True)
class EventInfo(Report):
    """One event, with what this replica makes of it.

    Args:
        row: local arrival number; never leaves the replica.
        content: the content as plain data, or "Missing", "Erased", "Bad" when it cannot be read.
        counts: whether it counts under the policy it was read under.
        void: the void code, if its kind's own rule makes it weightless for everyone.
        verdict: why it counts or does not, in a sentence; empty unless asked for.
    """

    id: str
    row: int
    author: str
    seq: int
    prev: str | None
    deps: tuple[str, ...]
    lamport: int
    time: int
    kind: str
    schema: str | None
    content: Any
    frame: Any
    size: int
    counts: bool
    void: str | None = None
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class CarReport(Report):
    """What one CAR file holds: a block an event, ``roots`` events that no other builds upon."""

    log: str
    roots: int
    events: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SyncReport(Report):
    """What one sync did, seen from this side.

    ``events_*`` are events, ``bytes_*`` everything on the wire, ``overhead_bytes`` what was not
    event bytes; ``equal`` says that both log checkpoints agree at the end.
    """

    log: str | None
    events_in: int
    events_out: int
    bytes_in: int
    bytes_out: int
    overhead_bytes: int
    round_trips: int
    pending: int
    rejected: tuple[dict[str, str], ...]
    equal: bool


@dataclass(frozen=True, slots=True)
class IngestReport(Report):
    """What became of one batch of slices.

    Args:
        accepted: events that are now in the store and were not before.
        known: events that were there already.
        pending: events that wait for parents.
        upgraded: contents or frames that were missing and have come.
    """

    accepted: int = 0
    known: int = 0
    pending: int = 0
    upgraded: int = 0
    rejected: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictInfo(Report):
    """A verdict with its causes, as data and as a sentence."""

    subject: str
    included: bool
    contested: bool
    reason: str
    sentence: str
    causes: tuple[dict[str, Any], ...] = ()

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class WhatIf(Report):
    """What a statement would change, or has changed.

    Args:
        actors: ``{"actor", "name", "before", "after", "why"}`` per actor whose standing changes.
        events_lost, events_gained: events that stop or start counting.
        changes: ``{"view", "key", "before", "after", "text"}`` per value that changes; the text
            is for people.
    """

    statement: str
    actors: tuple[dict[str, Any], ...]
    events_lost: int
    events_gained: int
    changes: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def sentences(self) -> list[str]:
        """The diff as lines a person reads."""
        if not (self.actors or self.events_lost or self.events_gained):
            return [f"{self.statement}: changes nothing of what is here"]
        lost, gained = self.events_lost, self.events_gained
        stop = f"{lost} {form(lost, 'event stops', 'events stop')} counting"
        lines = [f"{self.statement}: {stop}, {gained} {form(gained, 'starts', 'start')}"]
        lines += [f"  {a['name']}: {a['before']} -> {a['after']}" for a in self.actors]
        return lines + [f"  {change['text']}" for change in self.changes]


def form(count: int, one: str, many: str) -> str:
    """The word for one, or for many."""
    return one if count == 1 else many


@dataclass(frozen=True, slots=True)
class Receipt(Report):
    """A statement that was made, and what it changed."""

    id: str
    private: bool
    effect: WhatIf

    def __str__(self) -> str:
        return str(self.effect)


@dataclass(frozen=True, slots=True)
class ViewInfo(Report):
    """One attached view."""

    name: str
    reducer: str
    version: int
    position: int
    behind: int


@dataclass(frozen=True, slots=True)
class SqlResult(Report):
    """Rows of a read-only query."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class VerifyReport(Report):
    """What ``verify`` found; ``problems`` name the damaged rows."""

    events: int
    chains: int
    seconds: float
    problems: tuple[dict[str, Any], ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether everything proves what it claims."""
        return not self.problems
