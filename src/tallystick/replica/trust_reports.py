"""What the front door hands back about people: disputes, clashes, first contact, policies in words.

Law: as of all reports: ids are text, ``as_dict`` is what ``--json`` prints, ``str`` what a person
reads.

Reads: replica.reports. Read by: replica.trusts and what it calls, cli, users.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tallystick.replica.reports import Report, SyncReport, WhatIf, form


@dataclass(frozen=True, slots=True)
class ActorInfo(Report):
    """An actor as one viewer sees it.

    Args:
        id: did:key of the smallest key.
        keys: did:key of every key, the smallest first.
        mine: whether it is the viewer.
        links: ``{"id", "key", "of", "counts"}`` for everything a key says of another.
    """

    id: str
    name: str
    keys: tuple[str, ...]
    mine: bool
    links: tuple[dict[str, Any], ...] = ()


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
        lines = [f"adopt {self.name}: {total} {form(total, 'word', 'words')} would count for you"]
        if self.joins:
            more = len(self.joins)
            lines.append(
                f"  with {more} more {form(more, 'voter', 'voters')} by way of {self.name}"
            )
        lines += [
            f"  {one['by_name']}: {one['say']}: {_state(one, 'before')} -> {_state(one, 'after')}"
            for one in self.inherited
            if one["changes"]
        ]
        same = sum(not one["changes"] for one in self.inherited)
        if same:
            lines.append(
                f"  {same} {form(same, 'word changes', 'words change')} nothing of what is here"
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
        left_out: how many people the limit left out, furthest first.
        outside: how many others wrote in the log.
    """

    viewer: str
    name: str
    people: tuple[dict[str, Any], ...]
    adoptions: tuple[dict[str, Any], ...]
    bans: tuple[dict[str, Any], ...]
    left_out: int
    outside: int


@dataclass(frozen=True, slots=True)
class PolicySays(Report):
    """One statement of a policy, in words and as data."""

    say: str
    verb: str
    target: str
    scope: str
    private: bool
    statement: str


@dataclass(frozen=True, slots=True)
class PolicyDiff(Report):
    """How two policies differ: parameters as (before, after), and statements in words."""

    before: str
    after: str
    parameters: dict[str, tuple[Any, Any]]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    changed: tuple[tuple[str, str], ...]

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not (self.parameters or self.gone or self.new or self.changed)

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def sentences(self) -> list[str]:
        """The differences, one a line: ``-`` only before, ``+`` only after, ``~`` otherwise."""
        lines = [f"~ {name}: {a} -> {b}" for name, (a, b) in self.parameters.items()]
        lines += [f"~ {a} -> {b}" for a, b in self.changed]
        lines += [f"- {words}" for words in self.gone]
        return lines + [f"+ {words}" for words in self.new]


@dataclass(frozen=True, slots=True)
class PolicyChange(Report):
    """One change of my policy: when, what, and how many events it flipped."""

    number: int
    changed: int
    hash: str
    change: PolicyDiff
    events_lost: int
    events_gained: int


@dataclass(frozen=True, slots=True)
class PolicyCopy(Report):
    """What a copy of a policy into another log says there; ``ids`` is empty if it was only shown.

    Args:
        left: statements that mean nothing there, and why.
        parameters: those that differ there, as (there, here).
    """

    log: str
    parameters: dict[str, tuple[Any, Any]]
    said: tuple[str, ...]
    left: tuple[str, ...]
    ids: tuple[str, ...]
    events_lost: int
    events_gained: int

    def sentences(self) -> list[str]:
        """What is said there, what is set there, and what stays behind."""
        lines = [f"~ {name}: {a} -> {b}" for name, (a, b) in self.parameters.items()]
        lines += [f"+ {words}" for words in self.said]
        lines += [f"left behind: {words}" for words in self.left]
        return lines or ["nothing differs"]


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
