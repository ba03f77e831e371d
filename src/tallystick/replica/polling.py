"""A poll: which values the published policies of others give, and on which statement it turns.

    events behind the place ─► a glance per policy ─► which of them count ─► values, once per set
    the two largest groups  ─► causes of what they judge differently ─► each left out: who moves?

Law: the value told of a policy is the one that reading under it gives; a statement is named only
if leaving it out was seen to move somebody from one of the two groups to the other.

Reads: policy.glance, state, replica.{openlog, names, supposing, wording}. Read by:
replica.{answers, believing}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tallystick.errors import BadInput, NotFound
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.policy.glance import Glance
from tallystick.policy.policy import Policy
from tallystick.policy.verdict import DOES, Cause, Verdict
from tallystick.replica.facts import LogFacts
from tallystick.replica.names import Names
from tallystick.replica.openlog import PLACES, OpenLog
from tallystick.replica.reports import Report
from tallystick.replica.supposing import supposed
from tallystick.replica.wording import NAMED, NOTHING, Wording
from tallystick.state.explain import shown
from tallystick.state.source import ChangeRange
from tallystick.state.view import View

TRIED_MAX: Final = 24
"""Statements tried per poll for being what it turns on."""
MEMBERS_MAX: Final = 4
"""Members of each of the two groups for whom a statement is tried."""
APART_MAX: Final = 8
"""Events that two members judge differently whose causes are looked at."""

COUNTS: Final = "counts"
NOT_COUNTS: Final = "does not count"
HEEDED: Final = "heeded"
NOT_HEEDED: Final = "not heeded"


@dataclass(frozen=True, slots=True)
class Answer(Report):
    """One value and who gives it.

    Args:
        value: None where there is none.
        text: the value in words.
        who: ``{"actor", "name"}``.
    """

    value: Any
    text: str
    count: int
    who: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Poll(Report):
    """The answers of many policies about one thing.

    Args:
        asked: policies.
        answers: the largest group first.
        majority: text of the value that more than half give, if there is one.
        turns_on: ``{"statement", "verb", "voter", "voter_name", "target", "target_name", "moves",
            "tried", "moved"}`` per statement that moves members from one of the two largest
            groups to the other when left out: how many, of how many tried, and who.
        complete: whether every statement that was named by a verdict was tried.
    """

    subject: str
    view: str
    asked: int
    answers: tuple[Answer, ...]
    majority: str | None
    turns_on: tuple[dict[str, Any], ...]
    complete: bool = True

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def sentences(self) -> list[str]:
        """The poll in sentences."""
        lines = [
            f"{one.count} of {self.asked} {'says' if one.count == 1 else 'say'} {one.text}"
            for one in self.answers
        ]
        if self.majority is None and self.answers:
            lines.append("no value has a majority")
        return lines + self.turning_sentences()

    def turning_sentences(self) -> list[str]:
        """What it turns on, a sentence per statement."""
        if len(self.answers) > 1 and not self.turns_on:
            return ["no single statement that was tried moves anybody between the largest two"]
        return [self.turning(one) for one in self.turns_on]

    @staticmethod
    def turning(one: dict[str, Any]) -> str:
        """What one statement decides."""
        what = f"{one['voter_name']} {DOES[one['verb']]} {one['target_name']}"
        moves = f"{one['moves']} of {one['tried']} tried {'moves' if one['moves'] == 1 else 'move'}"
        return f"it turns on this: {what} ({one['statement']}); without it {moves}"


Value = Any
ValueOf = Callable[[Glance], Value]
"""A glance -> the value its policy gives."""
Apart = Callable[[Glance, Glance], list[Verdict]]
"""Two glances -> the verdicts of both on what they judge differently."""


def poll(
    log: OpenLog,
    names: Names,
    subject: str,
    among: Sequence[Policy],
    *,
    view: str | None = None,
) -> Poll:
    """What each policy makes of a place, a key of a view, an event or an actor.

    Args:
        view: whose key the subject is; None: an event, a did:key, a place, or a key of the one
            view that knows it.

    Raises:
        NotFound: state/place. BadInput: state/view, for a view that cannot say what is behind a
            key.

    Cost: per policy, the statements of its voters once and a verdict of each event behind the
    subject; per different set of these, what the view does about them.
    """
    judging = log.judging
    with log.store.read():
        facts, splits = judging.facts, judging.equivocations()
        book = judging.judge.book
        verdict = _verdict_subject(names, subject) if view is None else None

    def glance(ids: Sequence[bytes], actors: Sequence[bytes] = ()) -> list[Glance]:
        about = [*actors, *_authors(facts, ids)]
        return [Glance(policy, facts, book, splits, about=about) for policy in among]

    if verdict is not None:
        id, is_event = verdict
        with log.store.read():
            glances = glance([id]) if is_event else glance([], [id])
        return _of_verdict(log, names, verdict, glances)
    found, rows = behind(log, subject, view)
    ids = log.store.ids_at(rows)
    glances = glance(ids)
    words = Wording(log, names)
    with supposed(log):
        values = _Values(log, found, subject, rows, ids)

        def apart(one: Glance, other: Glance) -> list[Verdict]:
            differ = [id for id in ids if one.counts(id) != other.counts(id)][:APART_MAX]
            return [glance.event_verdict(id) for id in differ for glance in (one, other)]

        told = _told(names, (subject, found.name), glances, values.of, apart)
    return _in_words(told, words)


def _in_words(found: Poll, words: Wording) -> Poll:
    """The same with values as people call them, where they are not called so already."""
    if found.view not in NAMED:
        return found
    answers = tuple(
        replace(one, text=words.value(found.view, found.subject, one.value))
        for one in found.answers
    )
    majority = None if found.majority is None else answers[0].text
    return replace(found, answers=answers, majority=majority)


def _authors(facts: LogFacts, ids: Sequence[bytes]) -> set[bytes]:
    """Authors of events and of all they stand on."""
    waiting, seen, found = list(ids), set(ids), set[bytes]()
    while waiting:
        id = waiting.pop()
        fact = facts.event(id)
        if fact is None:
            continue
        found.add(fact.author)
        grounds = set(facts.grounds(id)) - seen
        seen |= grounds
        waiting += grounds
    return found


def _of_verdict(
    log: OpenLog, names: Names, subject: tuple[bytes, bool], glances: list[Glance]
) -> Poll:
    id, is_event = subject

    def value(glance: Glance) -> str:
        if is_event:
            return COUNTS if glance.counts(id) else NOT_COUNTS
        return HEEDED if glance.heeds(id) else NOT_HEEDED

    def apart(one: Glance, other: Glance) -> list[Verdict]:
        ask = Glance.event_verdict if is_event else Glance.actor_verdict
        return [ask(one, id), ask(other, id)]

    text = cid_text(id) if is_event else did_key(id)
    with log.store.read():
        return _told(names, (text, ""), glances, value, apart)


def _verdict_subject(names: Names, subject: str) -> tuple[bytes, bool] | None:
    """(id, whether it is an event) of an event or actor; None for what is looked up in views."""
    if names.is_event(subject):
        return names.event_id(subject), True
    if subject.startswith("did:"):
        return names.author(subject), False
    return None


def behind(log: OpenLog, key: str, wanted: str | None) -> tuple[View, list[int]]:
    """The view that knows a key, and the rows of all events behind it.

    Raises:
        NotFound: state/place. BadInput: state/view.
    """
    db, source = log.store.db, log.source
    if wanted is None:
        known = [row.name for row in log.views.list() if row.attached]
        working = set(known) - set(log.views.failed)
        order = sorted(working, key=lambda name: (name != PLACES, name))
    else:
        order = [wanted]
    with log.store.read():
        for name in order:
            view = log.views.get(name)
            try:
                rows = view.rows_of(db, source, key)
            except BadInput:  # not even a place's name
                continue
            if rows is None and wanted is not None:
                raise BadInput(
                    "state/view", "the view does not say what is behind one key", where=name
                )
            if rows:
                return view, sorted(rows)
    raise NotFound("state/place", "no event has a part in it", where=key)


class _Values:
    """Values of one key under many sets of counted events; inside ``supposed``.

    The view goes from one set to the next by what they differ in.
    """

    def __init__(
        self, log: OpenLog, view: View, key: str, rows: list[int], ids: Sequence[bytes]
    ) -> None:
        self._log, self._view, self._key = log, view, key
        self._rows, self._ids = rows, ids
        own = log.judging.judge
        self._now = tuple(own.counts(id) for id in ids)
        self._known: dict[tuple[bool, ...], Value] = {}

    def of(self, glance: Glance) -> Value:
        """The value under one policy."""
        counted = tuple(glance.counts(id) for id in self._ids)
        if counted not in self._known:
            self._known[counted] = self._read(counted)
        return self._known[counted]

    def _read(self, counted: tuple[bool, ...]) -> Value:
        db, source = self._log.store.db, self._log.source
        moves = [
            ChangeRange(0, row, 1, 1 if now else -1, "supposed")
            for row, was, now in zip(self._rows, self._now, counted, strict=True)
            if was != now
        ]
        if moves:
            self._view.apply(db, source, moves)
        self._now = counted
        self._view.load(db, source)
        return self._view.values(db, [self._key]).get(self._key)


@dataclass(slots=True)
class _Group:
    text: str
    value: Value
    members: list[int]


def _text(value: Value) -> str:
    if value is None:
        return NOTHING
    return value if type(value) is str else shown(value)


def _grouped(glances: Sequence[Glance], value_of: ValueOf) -> list[_Group]:
    """Policies by the value they give, the largest group first."""
    groups: dict[str, _Group] = {}
    for at, glance in enumerate(glances):
        value = value_of(glance)
        text = _text(value)
        groups.setdefault(text, _Group(text, value, [])).members.append(at)
    return sorted(groups.values(), key=lambda group: (-len(group.members), group.text))


def _told(
    names: Names,
    subject: tuple[str, str],
    glances: Sequence[Glance],
    value_of: ValueOf,
    apart: Apart,
) -> Poll:
    groups = _grouped(glances, value_of)
    answers = tuple(
        Answer(group.value, group.text, len(group.members), _who(names, glances, group))
        for group in groups
    )
    first = groups[0] if groups else None
    has_majority = first is not None and 2 * len(first.members) > len(glances)
    turns: list[dict[str, Any]] = []
    complete = True
    if len(groups) > 1:
        turns, complete = _turning(names, glances, groups[:2], value_of, apart)
    return Poll(
        *subject,
        len(glances),
        answers,
        first.text if first is not None and has_majority else None,
        tuple(turns),
        complete,
    )


def _who(names: Names, glances: Sequence[Glance], group: _Group) -> tuple[dict[str, str], ...]:
    viewers = [glances[at].policy.viewer for at in group.members]
    return tuple({"actor": did_key(one), "name": names.called(one)} for one in viewers)


def _turning(
    names: Names,
    glances: Sequence[Glance],
    largest: Sequence[_Group],
    value_of: ValueOf,
    apart: Apart,
) -> tuple[list[dict[str, Any]], bool]:
    """Statements that, left out, move members of one of two groups to the other; most first."""
    tried = [
        (glances[at], other)
        for group, other in (largest, largest[::-1])
        for at in group.members[:MEMBERS_MAX]
    ]
    against = {group.text: glances[group.members[0]] for group in largest}
    causes: dict[bytes, Cause] = {}
    relevant: dict[bytes, list[tuple[Glance, _Group]]] = {}
    for glance, other in tried:
        for verdict in apart(glance, against[other.text]):
            for cause in verdict.causes:
                causes.setdefault(cause.statement, cause)
                asked = relevant.setdefault(cause.statement, [])
                if (glance, other) not in asked:
                    asked.append((glance, other))
    ordered = sorted(causes, key=lambda id: (-len(relevant[id]), id))
    found = []
    for id in ordered[:TRIED_MAX]:
        moved = [
            glance
            for glance, other in relevant[id]
            if _text(value_of(glance.without(id))) == other.text
        ]
        if moved:
            found.append(_turn(names, causes[id], moved, len(relevant[id])))
    found.sort(key=lambda one: (-one["moves"], one["statement"]))
    return found, len(ordered) <= TRIED_MAX


def _turn(names: Names, cause: Cause, moved: Sequence[Glance], tried: int) -> dict[str, Any]:
    is_actor = cause.verb in ("ban", "allow", "adopt")
    return {
        "statement": cid_text(cause.statement),
        "verb": cause.verb,
        "voter": did_key(cause.voter),
        "voter_name": names.called(cause.voter),
        "target": did_key(cause.target) if is_actor else cid_text(cause.target),
        "target_name": names.words(cause.target),
        "moves": len(moved),
        "tried": tried,
        "moved": [did_key(glance.policy.viewer) for glance in moved],
    }
