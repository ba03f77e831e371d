"""What is said about titles: frozen values, and their sentences.

    TitleInfo   who owns a thing      TitleStep   one op of its history, and why it counts or not
    Claim       who lost a thing      TitleWhy    the answer in sentences

Law: ids and keys are text at this edge; a sentence says no more than the fields it is made of.

Reads: replica.reports. Read by: replica.titles, cli, users.
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.replica.reports import Report

CLAIMS = ("undone", "ungrounded", "sold-twice", "two-histories", "kept")
"""Reasons of a claim: the transfer does not count; what it stands on does not; an earlier sale
came first; its seller sold in two histories; it does not count, but what came after is kept."""


@dataclass(frozen=True, slots=True)
class TitleInfo(Report):
    """One thing and who owns it.

    Args:
        id: of its create.
        name: as its create calls it; None where that cannot be read.
        owner: None when nobody owns it.
        contested: whether live ops name different owners; ``claimants`` are all of them.
        since: the op that makes it the owner's, and ``time``, which that op claims (ms).
        rule: of restitution for its type, under this policy: ``return`` or ``keep``.
    """

    id: str
    type: str
    name: str | None
    owner: str | None
    contested: bool
    claimants: tuple[str, ...]
    since: str | None
    time: int | None
    rule: str


@dataclass(frozen=True, slots=True)
class TitleStep(Report):
    """One op of a title's history.

    Args:
        over: the op it passes on from; None for the create.
        by, to: who signed it, and whom it names as owner.
        counts, why: whether it counts, and if not why, in words.
        live: whether it counts and was not passed on from.
        holds: whether it makes the thing its present owner's, or leads there.
    """

    event: str
    over: str | None
    by: str
    to: str
    time: int
    memo: str | None
    counts: bool
    live: bool
    holds: bool
    why: str


@dataclass(frozen=True, slots=True)
class Claim(Report):
    """Somebody lost a thing by a transfer that does not hold.

    Args:
        claimant: who lost it: the buyer; of what is ``kept`` the one from whom it was passed on.
        against: the other party of the transfer.
        reason: one of ``CLAIMS``.
    """

    title: str
    name: str | None
    claimant: str
    against: str
    transfer: str
    reason: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class TitleWhy(Report):
    """Why somebody owns a thing."""

    title: TitleInfo
    sentences: tuple[str, ...]
    steps: tuple[TitleStep, ...]

    def __str__(self) -> str:
        return " ".join(self.sentences)
