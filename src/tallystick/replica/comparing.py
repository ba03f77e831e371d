"""Two policies side by side: the values on which they differ, and what each difference rests on.

    policy A ─┬─► judges ─► flips from A to B ─► values that differ
    policy B ─┘      └────► verdict under A, verdict under B, of every flip behind a value

Policies of one viewer with the same parameters are compared by one judge that goes over from one
to the other and back; others by two judges, event by event where they differ.

Law: what is told are exactly the values that reading everything under both would show to differ.

Reads: policy, replica.{openlog, reading, supposing, wording}. Read by: replica.answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.policy.facts import Flip
from tallystick.policy.judge import Judge
from tallystick.policy.policy import Policy
from tallystick.policy.verdict import Verdict
from tallystick.replica.explained import cause_dict
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.reading import Reading
from tallystick.replica.reports import Report, form
from tallystick.replica.supposing import Changed, values_between
from tallystick.replica.wording import Wording

VALUES_MAX = 10_000
"""Values reported; where two policies differ in more it is cut off there."""
ME = "me"
PUBLISHED = "what you have published"
"""What one's own policy is called when it is read from the log, as others do."""
REASONS_MAX = 8
"""Reasons told for one value; the events of further ones are counted only."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: how it is called, and its policy."""

    label: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Difference(Report):
    """One value on which two policies differ.

    Args:
        a, b: the value under each; None where there is none.
        what, a_text, b_text: what the key means, and the values, in words.
        events: those behind it that count for one of the two alone; None: the view cannot say.
        because: ``{"event", "author", "author_name", "events", "counts_for", "a", "b", "causes"}``
            per reason: an event that shows it, how many there are, who counts them (``a`` or
            ``b``), and the verdict of each as a sentence.
    """

    view: str
    key: str
    a: Any
    b: Any
    what: str
    a_text: str
    b_text: str
    events: int | None
    because: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison(Report):
    """Where two policies differ.

    Args:
        policy_a, policy_b: hashes.
        only_a, only_b: events that count for one alone.
        values: by view and key; ``complete`` says whether all are told.
    """

    a: str
    b: str
    policy_a: str
    policy_b: str
    only_a: int
    only_b: int
    values: tuple[Difference, ...]
    complete: bool = True

    @property
    def is_same(self) -> bool:
        """Whether the same events count for both."""
        return not (self.only_a or self.only_b)

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def sentences(self) -> list[str]:
        """The comparison as lines a person reads."""
        if self.is_same:
            return [f"the same events count for {_who(self.a)} and for {_who(self.b)}"]
        a, b = _who(self.a), _who(self.b)
        lines = [f"{_events(self.only_a)} for {a} alone, {_events(self.only_b)} for {b} alone"]
        for one in self.values:
            lines.append(f"{one.what}: {one.a_text} for {a}, {one.b_text} for {b}")
            lines += [f"  {self._reason(why)}" for why in one.because]
            told = sum(why["events"] for why in one.because)
            if one.because and one.events is not None and one.events > told:
                lines.append(f"  and {one.events - told} more events")
        if not self.complete:
            lines.append(f"and more values; the first {len(self.values)} are told")
        return lines

    def _reason(self, why: dict[str, Any]) -> str:
        who, other = (self.a, self.b) if why["counts_for"] == "a" else (self.b, self.a)
        said = why["b"] if why["counts_for"] == "a" else why["a"]
        count = f"{why['events']} {form(why['events'], 'event', 'events')} by {why['author_name']}"
        counts = form(why["events"], "counts", "count")
        return f"{count} {counts} for {_who(who)} only; for {_who(other)}: {said}"


def compare(
    log: OpenLog, names: Names, a: Side, b: Side, *, views: Sequence[str] | None = None
) -> Comparison:
    """The values on which two policies differ.

    Args:
        views: names; None: all that are attached and work.

    Raises:
        NotFound: state/view.

    Cost: what the policies differ in, and the values that touches; for policies of other viewers
    or with other parameters also a judge of each from scratch (never O(events)).
    """
    own = log.judging.judge
    if b.policy.hash == own.policy.hash != a.policy.hash:
        return _mirrored(compare(log, names, b, a, views=views))
    first_judge = own if a.policy.hash == own.policy.hash else log.judging.judge_under(a.policy)
    reasons = _Reasons(log, names, a, b)
    if b.policy.is_akin(first_judge.policy):
        with first_judge.under(b.policy) as found:
            flips = list(found)
            reasons.ask("b", first_judge, flips)
    else:
        other = own if b.policy.hash == own.policy.hash else log.judging.judge_under(b.policy)
        flips = first_judge.difference(other)
        reasons.ask("b", other, flips)
    reasons.ask("a", first_judge, flips)
    first = () if first_judge is own else own.difference(first_judge)
    changed = values_between(log, flips, first=first, names=views)
    return Comparison(
        a.label,
        b.label,
        a.policy.hash.hex(),
        b.policy.hash.hex(),
        reasons.events[-1],
        reasons.events[1],
        tuple(reasons.told(one) for one in changed[:VALUES_MAX]),
        len(changed) <= VALUES_MAX,
    )


class _Reasons:
    """The verdicts behind flips: asked once per flip, while the judge stands as it is asked."""

    def __init__(self, log: OpenLog, names: Names, a: Side, b: Side) -> None:
        self._log = log
        self._names = names
        self._wording = Wording(log, names)
        self._words = {
            "a": Reading(log, names, policy=a.policy),
            "b": Reading(log, names, policy=b.policy),
        }
        self._verdicts: dict[str, list[Verdict]] = {}
        self._flips: list[Flip] = []
        self._flip_of: dict[int, int] = {}
        self._ids: list[bytes] = []
        self.events = {-1: 0, 1: 0}

    def ask(self, side: str, judge: Judge, flips: Sequence[Flip]) -> None:
        """Notes the verdict about the first event of each flip."""
        if not self._flips:
            self._find(flips)
        self._verdicts[side] = [judge.event_verdict(id, thorough=False) for id in self._ids]

    def _find(self, flips: Sequence[Flip]) -> None:
        for flip in flips:
            ranges = self._log.ranges([flip.span])
            count = sum(many for _, many in ranges)
            if not count:
                continue
            self.events[flip.weight] += count
            at = len(self._flips)
            self._flips.append(flip)
            self._ids.append(self._log.store.ids_at([ranges[0][0]])[0])
            for row, many in ranges:
                self._flip_of.update(dict.fromkeys(range(row, row + many), at))

    def told(self, changed: Changed) -> Difference:
        """A value with the reasons behind it, the one with most events first."""
        view, key = changed.view, changed.key
        a, b = (self._wording.value(view, key, value) for value in (changed.before, changed.after))
        told = (view, key, changed.before, changed.after, self._wording.what(view, key), a, b)
        if changed.rows is None:
            return Difference(*told, None)
        rows: defaultdict[int, list[int]] = defaultdict(list)
        for row in changed.rows:
            rows[self._flip_of[row]].append(row)
        grouped = sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))
        because = tuple(self._reason(at, found) for at, found in grouped[:REASONS_MAX])
        return Difference(*told, len(changed.rows), because)

    def _reason(self, at: int, rows: list[int]) -> dict[str, Any]:
        (event,) = self._log.source.events(rows[0], 1)
        verdicts = {side: self._verdicts[side][at] for side in ("a", "b")}
        causes = [cause for side in ("a", "b") for cause in verdicts[side].causes]
        return {
            "event": cid_text(event.id),
            "author": did_key(event.author),
            "author_name": self._names.called(event.author),
            "events": len(rows),
            "counts_for": "a" if self._flips[at].weight < 0 else "b",
            "a": self._sentence("a", verdicts["a"], at),
            "b": self._sentence("b", verdicts["b"], at),
            "causes": [*{c.statement: cause_dict(c) for c in causes}.values()],
        }

    def _sentence(self, side: str, verdict: Verdict, at: int) -> str:
        """Why, without naming the event: it stands for all of its flip."""
        said = self._words[side].in_words(verdict)
        subject = self._names.words(self._ids[at])
        return said.removeprefix(f"{subject} ").rstrip(".")


def _mirrored(found: Comparison) -> Comparison:
    """The same with its sides exchanged."""
    other = {"a": "b", "b": "a"}
    values = tuple(
        replace(
            one,
            a=one.b,
            b=one.a,
            a_text=one.b_text,
            b_text=one.a_text,
            because=tuple(
                why | {"counts_for": other[why["counts_for"]], "a": why["b"], "b": why["a"]}
                for why in one.because
            ),
        )
        for one in found.values
    )
    return replace(
        found,
        a=found.b,
        b=found.a,
        policy_a=found.policy_b,
        policy_b=found.policy_a,
        only_a=found.only_b,
        only_b=found.only_a,
        values=values,
    )


def _events(count: int) -> str:
    return f"{count} event{' counts' if count == 1 else 's count'}"


def _who(label: str) -> str:
    """A side in a sentence."""
    name, at, time = label.partition("@")
    return ("you" + (f" as of {time}" if at else "")) if name == ME else label
