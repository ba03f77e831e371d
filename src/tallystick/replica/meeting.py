"""First contact: who is new, what I would take over from somebody, and whom I adopted long ago.

    newcomers       people with events here of whom I said nothing, and what would let them in
    preview_adopt   the bans and exclusions I would inherit, and which of them change something
    adoptions       whom I adopt, what was said since a pin, who has fallen silent

Law: whatever is said to let somebody in, or to be inherited, was tried on the judge and undone.

Reads: policy, store, replica.{reading, preview, saying, reports}. Read by: replica.trusts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.policy.contested import supposed_word
from tallystick.policy.dispute import all_cells
from tallystick.policy.facts import Facts, prefixes
from tallystick.policy.judge import Judge
from tallystick.policy.say import Say
from tallystick.policy.standing import Strata
from tallystick.policy.statement import ADOPTION, EVENT, SLOT, CutEntry, Statement
from tallystick.policy.tally import tally
from tallystick.replica.arguments import check_limit
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.preview import what_if
from tallystick.replica.reading import Reading
from tallystick.replica.saying import resolve
from tallystick.replica.trust_reports import AdoptionInfo, AdoptPreview, NewcomerInfo

INHERITED_MAX = 10_000
"""Statements listed in one preview; beyond it only their number is told."""


# --- newcomers ----------------------------------------------------------------------------------


def newcomers(reading: Reading, *, since: int = 0, limit: int = 100) -> list[NewcomerInfo]:
    """People with events here who have no rank and of whom the viewer said nothing, newest first.

    Args:
        since: only those whose first event came at this time or later, in milliseconds.
        limit: at most so many, at least 1.

    Raises:
        BadInput: usage/argument.

    Cost: O(authors of the log); then up to two suppositions for each one told who is not heeded.
    """
    check_limit(limit)
    judge, facts, log = reading.judge, reading.judge.facts, reading.log
    with log.store.read():
        cell = judge.cell()
        known = {s.target for s in judge.policy.statements if SLOT[s.verb] <= ADOPTION}
        known = {facts.actor(target) for target in known} | {cell.me}
        first: dict[bytes, int] = {}
        for author in facts.everyone():
            actor = facts.actor(author)
            if actor in known or actor in cell.places:
                continue
            rows = [log.store.row_at(x.line, x.first_seq) for x in facts.lines(author) if x.size]
            first[actor] = min([*rows, *([first[actor]] if actor in first else [])])
        newest = sorted(first, key=lambda actor: first[actor], reverse=True)
        found: list[NewcomerInfo] = []
        for actor in newest:
            if len(found) == limit:
                break
            came = log.store.arrival(first[actor])
            received = 0 if came is None else came.received_ms
            if received < since:
                break
            found.append(_newcomer(reading, cell, actor, first[actor], received))
    return found


def _newcomer(
    reading: Reading, cell: Strata, actor: bytes, row: int, received: int
) -> NewcomerInfo:
    judge, facts = reading.judge, reading.judge.facts
    verdict = judge.actor_verdict(actor, thorough=False)
    total = tally(cell.standings.get(actor, {}), cell.places)
    policy = judge.policy
    lets_in: list[str] = []
    missing = 0
    if not verdict.included:
        for verb in ("allow", "adopt"):
            with judge.supposing(supposed_word(policy.viewer, verb, actor)):
                if judge.actor_verdict(actor, thorough=False).included:
                    lets_in.append(verb)
        most = -policy.threshold if policy.stance == "invited" else policy.threshold - 1
        missing = max(total - most, 0)
    lines = [line for author in facts.authors(actor) for line in facts.lines(author)]
    return NewcomerInfo(
        actor=did_key(actor),
        name=reading.name_of(actor),
        events=sum(line.size - line.first_seq for line in lines),
        first_event=cid_text(reading.log.store.event(row).id),
        received=received,
        counts=verdict.included,
        contested=verdict.contested,
        tally=total,
        lets_in=tuple(lets_in),
        missing=missing,
        sentence=reading.in_words(verdict),
    )


# --- before adopting ----------------------------------------------------------------------------


def preview_adopt(say: Say, log: OpenLog, names: Names, reading: Reading) -> AdoptPreview:
    """What adopting somebody would bring: whom they vouch for, what I would inherit, the effect.

    Cost: two suppositions, a verdict for each target inherited, and reading the views twice.
    """
    word = resolve(say, log, names)
    judge, facts = reading.judge, reading.judge.facts
    with log.store.read():
        before = _voters(judge, facts)
        with judge.supposing(word):
            after = _voters(judge, facts)
            said = _said_by(judge, facts, after - before)
            targets = {(SLOT[s.verb] == EVENT, s.target) for s in said.values()}
            then = {target: _is_in(judge, target) for target in targets}
        now = {target: _is_in(judge, target) for target in targets}
    inherited = []
    for s in sorted(said.values(), key=lambda s: (s.voter, s.order)):
        at = (SLOT[s.verb] == EVENT, s.target)
        inherited.append(
            {
                "say": f"{s.verb} {names.words(s.target)}",
                "verb": s.verb,
                "target": cid_text(s.target) if at[0] else did_key(s.target),
                "by": did_key(s.voter),
                "by_name": names.called(s.voter),
                "statement": cid_text(s.id),
                "scope": s.scope,
                "before": now[at],
                "after": then[at],
                "changes": now[at] != then[at],
            }
        )
    inherited.sort(key=lambda one: not one["changes"])
    return AdoptPreview(
        actor=did_key(word.target),
        name=names.called(word.target),
        heard=word.target in after,
        joins=tuple(did_key(one) for one in sorted(after - before - {word.target})),
        inherited_total=len(inherited),
        inherited=tuple(inherited[:INHERITED_MAX]),
        effect=what_if(word, log, names),
    )


def _voters(judge: Judge, facts: Facts) -> set[bytes]:
    return {actor for cell in all_cells(judge, facts) for actor in cell.places}


def _said_by(judge: Judge, facts: Facts, voters: set[bytes]) -> dict[bytes, Statement]:
    """Statement id -> what some voters say of people and events, in any cell."""
    return {
        s.id: s
        for cell in all_cells(judge, facts)
        for votes in (cell.standings, cell.words)
        for said in votes.values()
        for voter, s in said.items()
        if voter in voters
    }


def _is_in(judge: Judge, target: tuple[bool, bytes]) -> bool:
    is_event, id = target
    return judge.counts(id) if is_event else judge.actor_verdict(id, thorough=False).included


# --- whom I adopt -------------------------------------------------------------------------------


def adoptions(
    reading: Reading, *, now: int | None = None, quiet_ms: int | None = None
) -> list[AdoptionInfo]:
    """The viewer's adoptions that hold: what was said since a pin, and who has fallen silent.

    Args:
        now: the time to count silence from, in milliseconds.
        quiet_ms: how long somebody may say nothing before the adoption is called stale.

    Raises:
        BadInput: usage/argument, for ``quiet_ms`` without ``now``.
    """
    if quiet_ms is not None and now is None:
        raise BadInput("usage/argument", where="now", expected="the time to count silence from")
    with reading.log.store.read():
        said: dict[bytes, list[Statement]] = {}
        for s in reading.log.judging.public_statements():
            said.setdefault(reading.judge.facts.actor(s.voter), []).append(s)
        held = [s for s in reading.policy.statements if s.verb == "adopt" and s.weight]
        return [_adoption(reading, s, said, now, quiet_ms) for s in held]


def _adoption(
    reading: Reading,
    s: Statement,
    said: dict[bytes, list[Statement]],
    now: int | None,
    quiet_ms: int | None,
) -> AdoptionInfo:
    facts, store = reading.judge.facts, reading.log.store
    actor = facts.actor(s.target)
    lines = [line for author in facts.authors(actor) for line in facts.lines(author) if line.size]
    read = None if s.as_of is None else prefixes(s.as_of, actor, facts)[0]
    newer = 0 if read is None else sum(_beyond(facts, x.id, read) for x in said.get(actor, ()))
    spoke = [_spoke(reading, store.row_at(x.line, x.size - 1)) for x in lines]
    last = max(spoke, default=None)
    quiet = None if now is None or last is None else max(now - last, 0)
    too_quiet = quiet_ms is not None and (quiet is None or quiet > quiet_ms)
    name = reading.name_of(actor)
    why = []
    if newer:
        form = "statement" if newer == 1 else "statements"
        why.append(f"{name} made {newer} {form} after the point you adopted them at")
    if last is None:
        why.append(f"nothing of {name} is here")
    elif too_quiet:
        why.append(f"{name} has said nothing for {(quiet or 0) // 86_400_000} days")
    return AdoptionInfo(
        actor=did_key(actor),
        name=name,
        statement=cid_text(s.id),
        private=s.private,
        weight=s.weight,
        depth=s.depth,
        scope=s.scope,
        pinned=read is not None,
        newer=newer,
        statements=len(said.get(actor, ())),
        events=sum(line.size - line.first_seq for line in lines),
        last_spoke=last,
        quiet_ms=quiet,
        stale=bool(newer) or too_quiet or last is None,
        sentence="; ".join(why) or f"{name} is followed as they speak",
    )


def _beyond(facts: Facts, id: bytes, read: dict[int, int]) -> bool:
    fact = facts.event(id)
    return fact is not None and fact.seq >= read.get(fact.line, 0)


def _spoke(reading: Reading, row: int) -> int:
    """When an event was made, as it claims; never later than it came here."""
    store = reading.log.store
    came = store.arrival(row)
    claimed = store.event(row).time
    return claimed if came is None else min(claimed, came.received_ms)


def cut_at(facts: Facts, ends: Sequence[bytes]) -> tuple[CutEntry, ...]:
    """Some events as a cut: of each line only the furthest, since it stands for those before."""
    furthest: dict[int, CutEntry] = {}
    for id in ends:
        fact = facts.event(id)
        if fact is None:
            continue
        known = furthest.get(fact.line)
        if known is None or known.seq < fact.seq:
            furthest[fact.line] = CutEntry(fact.author, fact.seq, id)
    return tuple(sorted(furthest.values()))


def plain_cut(cut: Sequence[CutEntry]) -> list[dict[str, Any]]:
    """A cut as plain data."""
    return [
        {"author": did_key(one.author), "seq": one.seq, "event": cid_text(one.id)} for one in cut
    ]
