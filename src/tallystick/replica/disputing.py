"""Disputes as people read them: who claims what, who answered, through whom, and what is open.

    log ─► policy.dispute.cases ─► filtered ─► DisputeInfo: claim, status, branches, sentence

Law: a deadline is advice. It makes a dispute *overdue* at a time the caller names, and moves no
status; everything else is the policy's reading of the log.

Reads: policy.dispute, store, replica.{names, reports, trust_reports}. Read by:
replica.reading, which hands itself in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tallystick.errors import BadInput
from tallystick.event.event import read_part
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.policy.dispute import OPEN, STATUSES, UPHELD, BranchVote, Case, cases
from tallystick.policy.statement import Statement
from tallystick.replica.arguments import check_limit
from tallystick.replica.names import Names
from tallystick.replica.reports import form
from tallystick.replica.trust_reports import DisputeInfo
from tallystick.store.store import Store

if TYPE_CHECKING:
    from tallystick.replica.reading import Reading

DISPUTES_MAX = 1_000
"""Disputes in one answer, unless it is asked for more."""
Called = Callable[[bytes], str]
"""How an actor or event is called in a sentence."""


def disputes(
    reading: Reading,
    names: Names,
    *,
    status: str | None = None,
    about: str | None = None,
    by: str | None = None,
    event: str | None = None,
    dispute: str | None = None,
    everything: bool = False,
    now: int | None = None,
    limit: int | None = None,
) -> list[DisputeInfo]:
    """The disputes of a reading, oldest first (``Reading.disputes`` says what is what).

    Cost: O(statements of the log), and the votes about each event in dispute; sentences are made
    of those told alone.
    """
    if status is not None and status not in STATUSES:
        raise BadInput("usage/argument", where="status", expected=STATUSES, got=repr(status)[:80])
    check_limit(limit)
    facts, log = reading.facts, reading.log
    actor_of = reading.judge.facts.actor
    author = None if about is None else actor_of(names.author(about))
    claimant = None if by is None else actor_of(names.author(by))
    target = None if event is None else names.event_id(event)
    wanted = None if dispute is None else names.event_id(dispute)
    with log.store.read():
        found = []
        for case in cases(reading.judge, facts, log.judging.public_statements()):
            at = case.matter
            if wanted is not None and case.dispute.id != wanted:
                continue
            if not everything and (case.withdrawn or not case.counts):
                continue
            if status is not None and at.status != status:
                continue
            if target is not None and at.event != target:
                continue
            if author is not None and (at.author is None or actor_of(at.author) != author):
                continue
            if claimant is not None and actor_of(case.dispute.voter) != claimant:
                continue
            found.append(case)
        found.sort(key=lambda case: case.dispute.order)
        return [_info(case, reading, log.store, now) for case in found[:limit]]


def _info(case: Case, reading: Reading, store: Store, now: int | None) -> DisputeInfo:
    s, at, called = case.dispute, case.matter, reading.name_of
    row = store.row_of(s.id)
    assert row is not None, "what is known is stored"
    event = store.event(row)
    late = None if s.answer_by is None or now is None else at.status == OPEN and now > s.answer_by
    return DisputeInfo(
        id=cid_text(s.id),
        by=did_key(s.voter),
        by_name=called(s.voter),
        time=event.time,
        lamport=event.lamport,
        claim=_claim(event.content),
        remedy=s.remedy,
        evidence=tuple(cid_text(id) for id in s.evidence),
        answer_by=s.answer_by,
        overdue=late,
        event=cid_text(at.event),
        event_author=None if at.author is None else did_key(at.author),
        event_author_name=None if at.author is None else called(at.author),
        event_kind=at.kind,
        event_counts=at.included,
        status=at.status,
        contested=at.contested,
        tally=at.tally,
        threshold=reading.policy.threshold,
        mine=None if at.mine is None else _answer(at.mine, s.id),
        votes=tuple(_vote(vote, s.id, called) for vote in at.votes),
        silent=tuple(did_key(branch) for branch in at.silent),
        answered=case.answered,
        counts=case.counts,
        withdrawn=case.withdrawn,
        sentence=_sentence(case, reading, overdue=late is True),
    )


def _claim(content: bytes | None) -> str | None:
    """The claim in words; None when nothing readable was said, or it has not come, or is gone."""
    found = None if not content else read_part(content, floats=True)
    claim = found.get("claim") if isinstance(found, dict) else None
    return claim if isinstance(claim, str) else None


def _answer(said: Statement, dispute: bytes) -> str:
    """``uphold``, ``dismiss``, ``exclude``, ``include``, or the first two of another dispute."""
    other = said.dispute is not None and said.dispute != dispute
    return f"{said.verb} (another)" if other else said.verb


def _vote(vote: BranchVote, dispute: bytes, called: Called) -> dict[str, Any]:
    return {
        "branch": did_key(vote.branch),
        "branch_name": called(vote.branch),
        "voter": did_key(vote.voter),
        "voter_name": called(vote.voter),
        "through": [called(one) for one in vote.path[:-1]],
        "rank": vote.rank,
        "answer": _answer(vote.statement, dispute),
        "statement": cid_text(vote.statement.id),
        "weight": vote.force,
        "counted": vote.counted,
    }


_DID = {
    "uphold": "upheld it",
    "dismiss": "dismissed it",
    "uphold (another)": "upheld another dispute about it",
    "dismiss (another)": "dismissed another dispute about it",
    "exclude": "excluded the event",
    "include": "included the event",
}


def _sentence(case: Case, reading: Reading, *, overdue: bool) -> str:
    at, called = case.matter, reading.name_of
    parts = [at.status + (", and contested" if at.contested else "")]
    if at.mine is not None:
        did = _DID[_answer(at.mine, case.dispute.id)]
        parts.append(f"because {called(reading.policy.viewer)} {did}, which is final")
    else:
        parts.append(_tally(case, reading))
    if case.withdrawn:
        parts.append("its author withdrew it")
    if not case.counts:
        parts.append("the dispute itself does not count")
    if at.author is None:
        parts.append("what it is about is not here")
    elif at.included == (at.status == UPHELD):
        does = "counts" if at.included else "does not count"
        parts.append(f"the event {does} for another reason")
    if overdue:
        parts.append("overdue")
    return "; ".join(parts) + "."


def _tally(case: Case, reading: Reading) -> str:
    """Who answered, with what weight, and how far that is from the threshold."""
    at, called = case.matter, reading.name_of
    said = []
    for vote in sorted(at.votes, key=lambda one: (-abs(one.force), called(one.voter))):
        through = "".join(f" through {called(one)}" for one in vote.path[-2:-1])
        far = "" if vote.counted else ", too far from you to count"
        weight = "" if abs(vote.force) == 1 else f" with weight {abs(vote.force)}"
        did = _DID[_answer(vote.statement, case.dispute.id)]
        said.append(f"{called(vote.voter)}{through} {did}{weight}{far}")
    if not said:
        return f"nobody whom {_heeds(reading)} answered"
    threshold, silent = reading.policy.threshold, len(at.silent)
    together = f"{at.tally:+d}" if at.tally else "0"
    tally = f": {together} together; {threshold:+d} would uphold it, {-threshold:+d} dismiss it"
    is_plain = threshold == 1 and len(said) == 1 and at.status != OPEN
    rest = f"; {silent} {form(silent, 'other says', 'others say')} nothing" if silent else ""
    return f"{', '.join(said)}{'' if is_plain else tally}{rest}"


def _heeds(reading: Reading) -> str:
    viewer = reading.policy.viewer
    is_mine = viewer == reading.log.owner.public
    return "you heed" if is_mine else f"{reading.name_of(viewer)} heeds"
