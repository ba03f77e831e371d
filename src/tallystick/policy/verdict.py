"""Verdicts: whether somebody or something counts, why, and in words.

    void > ungrounded > retracted > equivocation > the event: my word, tally, cascade >
    its author: my word, tally > stance

Law: a verdict names the statements it turns on; the first rule above that applies decides.

Reads: nothing. Read by: explain, judge, replica.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

Names = Callable[[bytes], str]
"""Words for an actor or event; the viewer is ``you``."""

REASONS: Final = {
    "void": "it breaks its kind's rule",
    "ungrounded": "what it stands on does not count",
    "retracted": "its author took it back",
    "equivocation": "its author signed two histories",
    "my-word": "your own word",
    "tally": "people you heed",
    "cascade": "what it was built on was excluded with all that was built on it",
    "actor-my-word": "your own word about its author",
    "actor-tally": "people you heed, about its author",
    "stance": "your policy's stance",
    "none": "nobody you heed says otherwise",
}
"""Reason code -> the rule in words."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A statement a verdict turns on.

    Args:
        path: whether it is an adoption on the way to a voter, not itself a vote.
        aside: whether it is neither, but without it others would speak (a ban that silences a
            voter, a word that replaced another).
        necessary: excluding it alone changes the answer; otherwise it is redundant.
    """

    statement: bytes
    verb: str
    voter: bytes
    target: bytes
    branch: bytes
    rank: int
    weight: int | None
    path: bool = False
    necessary: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an actor is heeded or an event counts, under one policy.

    Args:
        reason: a key of ``REASONS``.
        by: the ground, retract or author the reason turned on, if it is one of these.
        rank: of an actor: adoption distance; None without a vote.
        partly: of an actor: not heeded as a whole, but a cut spares some of its events.
        complete: whether every statement that alone would change the answer is among the causes;
            False when not all that might have were tried.
    """

    subject: bytes
    about: str
    included: bool
    contested: bool
    reason: str
    causes: tuple[Cause, ...] = ()
    by: bytes | None = None
    rank: int | None = None
    partly: bool = False
    complete: bool = True

    @property
    def answer(self) -> tuple[bool, bool, int | None, bool]:
        """The verdict without its explanation."""
        return (self.included, self.contested, self.rank, self.partly)

    def sentence(self, names: Names) -> str:
        """The verdict as a sentence a person understands."""
        subject = names(self.subject)
        be = "are" if subject == "you" else "is"
        what = (
            ("counts", "does not count")
            if self.about == "event"
            else (f"{be} heeded", f"{be} not heeded")
        )
        parts = [f"{subject} {what[not self.included]}"]
        if self.partly:
            parts[0] += " beyond a cut"
        parts.append(self._because(names))
        if self.contested:
            bans = [c for c in self.causes if c.verb in DOES and not (c.path or c.aside)]
            who = _list([names(c.voter) for c in bans if c.verb in ("ban", "exclude", "uphold")])
            parts.append(f"contested by {who}" if who else "contested")
        return "; ".join(part for part in parts if part) + "."

    def _because(self, names: Names) -> str:
        rule = REASONS[self.reason]
        if self.reason in ("ungrounded", "equivocation", "cascade") and self.by is not None:
            rule += f" ({names(self.by)})"
        votes = [
            c for c in self.causes if not (c.path or c.aside) and self._for(c) == self.included
        ]
        said = [f"{names(c.voter)} {DOES[c.verb]} {names(c.target)}" for c in votes]
        ways = [f"{names(c.voter)} adopted {names(c.target)}" for c in self.causes if c.path]
        text = f"because of {rule}" if self.reason in _WHOSE else f"because {rule}"
        if said:
            text += ": " + _list(said)
            if ways:
                text += f" ({_list(ways)})"
        return text

    def _for(self, cause: Cause) -> bool:
        return cause.verb in ("allow", "include", "dismiss", "restore", "adopt")


_WHOSE: Final = {"my-word", "tally", "actor-my-word", "actor-tally", "stance"}
DOES: Final = {
    "ban": "banned",
    "allow": "allowed",
    "adopt": "adopted",
    "exclude": "excluded",
    "include": "included",
    "uphold": "upheld a dispute about",
    "dismiss": "dismissed a dispute about",
    "retract": "retracted",
    "restore": "restored",
}
"""Verb -> what its voter did."""


def _list(items: list[str]) -> str:
    unique = list(dict.fromkeys(items))
    if len(unique) > 1:
        return f"{', '.join(unique[:-1])} and {unique[-1]}"
    return "".join(unique)


@dataclass(frozen=True, slots=True)
class Voter:
    """Where somebody with a vote stands; ``weight`` None is the viewer's, without limit."""

    rank: int
    branch: bytes
    weight: int | None
    depth: int


@dataclass(frozen=True)
class Standing:
    """Who has a vote, who is banned, whose standing is contested, in one cell.

    Args:
        voters: actor -> place, nearest first; the viewer has rank 0.
        banned: actor -> verdict, those stopped at the door and those banned with a cut included.
    """

    viewer: bytes
    voters: Mapping[bytes, Voter]
    banned: Mapping[bytes, Verdict]
    contested: tuple[bytes, ...]

    @cached_property
    def rank(self) -> dict[bytes, int]:
        """Actor -> adoption distance, for everyone with a vote."""
        return {actor: voter.rank for actor, voter in self.voters.items()}
