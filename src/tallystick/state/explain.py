"""Why a value is what it is: as data, and as sentences.

    "stars of Ana is 5 because Ben gave 3, Cy gave 2; 3 events do not count:
     2 by Mallory (banned by Ana); 1 by Ben (retracted by its author)"

Names and verdicts are handed in: how an author is called, and why an event does not count, are
other rooms' business.

**Law:** what is listed as counted makes the value by itself; what is listed as not counting makes
no difference to it.

Reads: event (ids as text). Read by: state.views, replica, cli.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tallystick.errors import BadInput
from tallystick.event.absent import Absent
from tallystick.event.ids import cid_text
from tallystick.event.jsonio import to_json
from tallystick.identity.did import PREFIX, did_key, parse_did_key

SHOWN_MAX: Final = 8
"""Items named in a sentence before the rest is only counted."""

Names = Callable[[bytes], str]


class VerdictLike(Protocol):
    """What this room needs of a verdict (``policy`` has the real one)."""

    @property
    def included(self) -> bool:
        """Whether the event counts."""

    def sentence(self, names: Names) -> str:
        """The reason in words."""


VerdictOf = Callable[[bytes], VerdictLike]
"""Event id -> verdict."""


@dataclass(frozen=True, slots=True)
class Item:
    """One op, or one event, that has a part in the answer.

    Args:
        event: its id, 32 bytes; empty where ``count`` increments of one author are summed up.
        author: 32-byte key.
        seq, time, index: of the event (time as claimed, milliseconds) and of the op in it.
        what: what it does, in words, the author being the subject: ``set 3``, ``gave 5``.
        value: what it says; ``Missing``, ``Erased`` or ``Bad`` when it cannot be read.
        by: ids of the events that cover it.
        verdict: why its event does not count, when it does not.
        count: events or increments it stands for.
    """

    event: bytes
    author: bytes
    seq: int
    time: int
    what: str
    value: Any = None
    index: int = 0
    by: tuple[bytes, ...] = ()
    verdict: VerdictLike | None = None
    count: int = 1

    def as_dict(self, names: Names = did_key) -> dict[str, Any]:
        """The item as plain data, ids as text."""
        found: dict[str, Any] = {
            "event": cid_text(self.event) if self.event else None,
            "author": did_key(self.author),
            "what": self.what,
            "value": self.value.value if isinstance(self.value, Absent) else self.value,
            "count": self.count,
        }
        if self.event:
            found |= {"seq": self.seq, "time": self.time, "index": self.index}
        if self.by:
            found["covered_by"] = [cid_text(id) for id in self.by]
        if self.verdict is not None:
            found["verdict"] = self.verdict.sentence(names)
        return found


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind one value.

    Args:
        subject: what is explained: a place, or a key of a view.
        type: the type of the place, or the kind of view.
        value: the value; None when there is none.
        live: what makes the value.
        lost: live too, but another won.
        covered: counted, and replaced by what ``by`` names.
        excluded: what does not count, each with its verdict.
        view: the name of the view, when it is not a place that is explained.
    """

    subject: str
    type: str
    value: Any
    live: tuple[Item, ...] = ()
    lost: tuple[Item, ...] = ()
    covered: tuple[Item, ...] = ()
    excluded: tuple[Item, ...] = ()
    view: str = ""

    def __str__(self) -> str:
        return "; ".join(self.sentences(did_key))

    def as_dict(self, names: Names = did_key) -> dict[str, Any]:
        """The explanation as plain data."""
        return {
            "subject": self.subject,
            "type": self.type,
            "value": self.value.value if isinstance(self.value, Absent) else self.value,
            "live": [item.as_dict(names) for item in self.live],
            "lost": [item.as_dict(names) for item in self.lost],
            "covered": [item.as_dict(names) for item in self.covered],
            "excluded": [item.as_dict(names) for item in self.excluded],
            "not_counted": [group.as_dict() for group in grouped(self.excluded, names)],
            "sentences": self.sentences(names),
        }

    def sentences(self, names: Names) -> list[str]:
        """The answer, then what lost, what was replaced, and what does not count and why."""
        subject = label(self.subject, names)
        if self.view:
            subject = f"{self.view} of {subject}"
        if self.live:
            lines = [f"{subject} is {shown(self.value)} because {told(self.live, names)}"]
        else:
            lines = [f"{subject} has no value"]
        if self.lost:
            lines.append(f"{told(self.lost, names)}, at the same time, and lost")
        if self.covered:
            replaced = sum(item.count for item in self.covered)
            lines.append(f"{number(replaced, 'earlier op')} {was(replaced)} replaced")
        if self.excluded:
            lines.append(uncounted(self.excluded, names, noun="event"))
        return lines


@dataclass(frozen=True, slots=True)
class Group:
    """Items of one author that do not count for one reason.

    Args:
        event: id of the first of them, which stands for all.
    """

    author: bytes
    called: str
    why: str
    event: bytes
    count: int

    def as_dict(self) -> dict[str, Any]:
        """The group as plain data."""
        event = cid_text(self.event) if self.event else None
        return {
            "author": did_key(self.author), "count": self.count, "why": self.why, "event": event
        }  # fmt: skip


def grouped(items: Iterable[Item], names: Names) -> list[Group]:
    """What does not count, by author and reason; the largest group first."""
    found: dict[tuple[bytes, str], Group] = {}
    for item in items:
        why = reason(item, names)
        known = found.get((item.author, why))
        count = item.count + (0 if known is None else known.count)
        event = item.event if known is None else known.event
        found[item.author, why] = Group(item.author, names(item.author), why, event, count)
    return sorted(found.values(), key=lambda group: -group.count)


def uncounted(items: Iterable[Item], names: Names, *, noun: str) -> str:
    """``3 events do not count: 2 by Mallory (banned by Ana); 1 by Ben (taken back)``."""
    groups = grouped(items, names)
    total = sum(group.count for group in groups)
    parts = [f"{one.count} by {one.called} ({one.why})" for one in groups[:SHOWN_MAX]]
    if len(groups) > SHOWN_MAX:
        parts.append(f"{len(groups) - SHOWN_MAX} more groups")
    be = "does" if total == 1 else "do"
    return f"{number(total, noun)} {be} not count: {'; '.join(parts)}"


def label(subject: str, names: Names) -> str:
    """A subject in a sentence: actors by their names, everything else as it is."""
    if not subject.startswith(PREFIX):
        return subject
    try:
        return names(parse_did_key(subject))
    except BadInput:
        return subject


def reason(item: Item, names: Names) -> str:
    """Why an item does not count, without naming its event: so that like reasons are counted."""
    assert item.verdict is not None
    said = item.verdict.sentence(lambda id: "it" if id == item.event else names(id))
    return said.removeprefix("it does not count; ").rstrip(".")


def told(items: Sequence[Item], names: Names) -> str:
    """Who did what, the first few by name."""
    parts = [f"{names(item.author)} {item.what}" for item in items[:SHOWN_MAX]]
    if len(items) > SHOWN_MAX:
        parts.append(f"and {len(items) - SHOWN_MAX} more")
    return ", ".join(parts)


def shown(value: Any) -> str:
    """A value in a sentence."""
    return str(value) if isinstance(value, Absent) else plain_text(value)


def plain_text(value: Any) -> str:
    """A value as JSON text; a sum beyond 64 bits as its digits."""
    if type(value) is int:
        return str(value)
    if type(value) is list and any(isinstance(part, Absent) for part in value):
        return f"[{', '.join(shown(part) for part in value)}]"
    return to_json(value)


def number(count: int, noun: str) -> str:
    """``1 event``, ``2 events``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def was(count: int) -> str:
    """The verb that goes with a count."""
    return "was" if count == 1 else "were"
