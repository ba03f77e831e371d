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
        changes: ``{"view", "key", "before", "after"}`` per value that changes.
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
        stop = f"{lost} {_form(lost, 'event stops', 'events stop')} counting"
        lines = [f"{self.statement}: {stop}, {gained} {_form(gained, 'starts', 'start')}"]
        lines += [f"  {a['name']}: {a['before']} -> {a['after']}" for a in self.actors]
        lines += [
            f"  {c['view']}[{c['key']}]: {_said(c['before'])} -> {_said(c['after'])}"
            for c in self.changes
        ]
        return lines


def _form(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Receipt(Report):
    """A statement that was made, and what it changed."""

    id: str
    private: bool
    effect: WhatIf

    def __str__(self) -> str:
        return str(self.effect)


@dataclass(frozen=True, slots=True)
class DisputeInfo(Report):
    """One dispute, where it stands under one policy, and who says what.

    Args:
        by: author of the dispute; ``event_author`` of what it is about (None: not here).
        answer_by: until when its author hopes for an answer, milliseconds since 1970.
        overdue: still open after that; None when there is no such time, or none was asked about.
        tally: weight against the event, less weight for it; ``mine`` decides without it.
        votes: what each branch says: who speaks, through whom, the answer, the weight (> 0 against
            the event), and whether it is near enough to count.
        silent: branches that say nothing.
        answered: whether somebody who counts answered this dispute, not only its event.
        counts: whether the dispute itself counts; a withdrawn one still does.
    """

    id: str
    by: str
    by_name: str
    time: int
    lamport: int
    claim: str | None
    remedy: str | None
    evidence: tuple[str, ...]
    answer_by: int | None
    overdue: bool | None
    event: str
    event_author: str | None
    event_author_name: str | None
    event_kind: str | None
    event_counts: bool
    status: str
    contested: bool
    tally: int
    threshold: int
    mine: str | None
    votes: tuple[dict[str, Any], ...]
    silent: tuple[str, ...]
    answered: bool
    counts: bool
    withdrawn: bool
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class ContestedInfo(Report):
    """Something contested, and the words of mine that would settle some or all of it.

    Args:
        about: ``circle`` (of bans), ``actor`` or ``event``.
        votes: what each branch says about each subject; weight > 0 is against.
        options: ``say``, and what it was seen to settle and to raise anew; the best first.
        settled_by_one: whether one of them settles all of it.
    """

    about: str
    subjects: tuple[str, ...]
    names: tuple[str, ...]
    votes: tuple[dict[str, Any], ...]
    options: tuple[dict[str, Any], ...]
    settled_by_one: bool
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class NewcomerInfo(Report):
    """Somebody who wrote here, has no rank for me, and of whom I said nothing.

    Args:
        received: when the first of the events came here, in milliseconds since 1970.
        counts: whether the actor is heeded as it is.
        tally: weight of bans less weight of allows, by everybody with a vote.
        lets_in: words of mine (``allow``, ``adopt``) that were seen to let the actor in.
        missing: weight of allows by people I heed that would let the actor in without me.
    """

    actor: str
    name: str
    events: int
    first_event: str
    received: int
    counts: bool
    contested: bool
    tally: int
    lets_in: tuple[str, ...]
    missing: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class AdoptPreview(Report):
    """What adopting somebody would bring.

    Args:
        heard: whether the actor would have a vote; a banned one, or one I said no to, would not.
        joins: others who would get a vote by this adoption.
        inherited: what all these say of people and events: ``before`` and ``after`` whether the
            target counts, ``changes`` whether that differs; those that change something first.
        effect: standings, events and values, as ``what_if`` tells them.
    """

    actor: str
    name: str
    heard: bool
    joins: tuple[str, ...]
    inherited_total: int
    inherited: tuple[dict[str, Any], ...]
    effect: WhatIf

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def sentences(self) -> list[str]:
        """What a person reads before adopting."""
        if not self.heard:
            return [f"adopting {self.name} gives no vote: not heeded, or you said no"]
        total = self.inherited_total
        lines = [f"adopt {self.name}: {total} {_form(total, 'word', 'words')} would count for you"]
        if self.joins:
            more = len(self.joins)
            lines.append(
                f"  with {more} more {_form(more, 'voter', 'voters')} by way of {self.name}"
            )
        lines += [
            f"  {one['by_name']}: {one['say']}: {_state(one, 'before')} -> {_state(one, 'after')}"
            for one in self.inherited
            if one["changes"]
        ]
        same = sum(not one["changes"] for one in self.inherited)
        if same:
            lines.append(
                f"  {same} {_form(same, 'word changes', 'words change')} nothing of what is here"
            )
        return [*lines, *self.effect.sentences()]


def _state(one: dict[str, Any], when: str) -> str:
    """Whether what a word is about counts, before or after."""
    words = "heeded" if one["verb"] in ("ban", "allow") else "counted"
    return words if one[when] else f"not {words}"


@dataclass(frozen=True, slots=True)
class AdoptionInfo(Report):
    """Somebody I adopt.

    Args:
        pinned: whether only what was said up to a cut is read; ``newer`` statements came after it.
        last_spoke: when the newest event was made, as it claims, but no later than it came here.
        quiet_ms: how long ago that was; None when no time was asked about.
        stale: statements beyond the pin, silence for too long, or nothing here at all.
    """

    actor: str
    name: str
    statement: str
    private: bool
    weight: int
    depth: int
    scope: str
    pinned: bool
    newer: int
    statements: int
    events: int
    last_spoke: int | None
    quiet_ms: int | None
    stale: bool
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class TrustGraph(Report):
    """Who counts for a viewer and through whom.

    Args:
        people: everybody with a vote, nearest first, then the banned and the contested; ``through``
            is who adopted them on the way that holds, ``rank`` None is without a vote.
        adoptions: all there are among them; those on the way that holds are ``used``.
        bans: what voters say against them, with the voter's weight (None: the viewer's own).
        outside: how many others wrote in the log.
    """

    viewer: str
    name: str
    people: tuple[dict[str, Any], ...]
    adoptions: tuple[dict[str, Any], ...]
    bans: tuple[dict[str, Any], ...]
    outside: int


@dataclass(frozen=True, slots=True)
class StartInfo(Report):
    """A bundle taken in to start from somebody's word in it.

    Args:
        cut: the last events of theirs in the file: what ``as_of`` pins their word to.
        preview: what adopting them as of that would bring.
    """

    taken: SyncReport
    cut: tuple[dict[str, Any], ...]
    preview: AdoptPreview


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
