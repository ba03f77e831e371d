"""From a statement as a user means it to one that can be written, or only supposed.

    Say("ban", "Mallory")  ──►  names resolved, rules checked  ──►  Statement  ──►  Row | private

Law: a statement that would be void, or that nobody would heed, is refused with the reason.

Reads: policy, store, replica.names. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from tallystick.errors import BadInput, NotFound
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.kernels import encode_item
from tallystick.policy.say import CutTargets, Say
from tallystick.policy.statement import (
    ADOPTION,
    SLOT,
    CutEntry,
    Statement,
    is_retractable,
    is_withdrawable,
    parse_statement,
    statement_frame,
)
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.writing import Row

_LATER = 2**62
"""Seq of a statement that is only supposed: later than all that is written."""


def resolve(say: Say, log: OpenLog, names: Names, *, private: bool = False) -> Statement:
    """The statement that is meant, its targets found and checked.

    Raises:
        BadInput: policy/target, policy/scope. NotFound, Ambiguous: usage/*.
    """
    if not isinstance(say, Say):
        raise BadInput(
            "usage/argument", "that is not a statement", got=repr(say)[:80],
            expected="tallystick.ban(...), allow, exclude, ...",
        )  # fmt: skip
    me = log.owner.public
    dispute: bytes | None = None
    if say.about_actor:
        target = names.author(say.target)
        actor_of = log.judging.judge.facts.actor
        if actor_of(target) == actor_of(me):
            raise BadInput("policy/target", "what people say about themselves is ignored")
    elif say.verb == "key":
        target = names.author(say.target)
        if target == me:
            raise BadInput("policy/target", "that is this key itself", got=did_key(target))
    elif say.verb == "withdraw":
        target = _withdrawn(say, log, names)
    elif say.verb in ("uphold", "dismiss"):
        dispute = names.event_id(say.target)
        target = _disputed(dispute, log)
    else:
        target = names.event_id(say.target)
        if say.verb == "repair":
            _check_repair(target, log)
        _check_event(say, target, log, private=private)
    return say.statement(
        target,
        id=sha256(b"supposed" + target + say.verb.encode()).digest(),
        voter=me,
        seq=_LATER,
        lamport=0 if private else _LATER,
        cut=_cut(say.cut, log, names, target if say.about_actor else None),
        as_of=_cut(say.as_of, log, names, None),
        private=private,
        dispute=dispute,
        evidence=tuple(names.event_id(one) for one in say.evidence),
    )


def to_row(statement: Statement) -> Row:
    """A public statement as an event to be written."""
    kind, frame = statement_frame(statement)
    words = "claim" if statement.verb == "dispute" else "reason"
    content = encode_item({words: statement.reason}) if statement.reason else b""
    return Row(kind, frame=frame, content=content)


def in_words(statement: Statement, log: OpenLog, names: Names) -> str:
    """``ban Mallory``; ``withdraw ban Mallory``."""
    if statement.verb == "withdraw":
        taken = next((s for s in log.judging.mine if s.id == statement.target), None)
        if taken is not None:
            return f"withdraw {in_words(taken, log, names)}"
    called = names.words(statement.target)
    if statement.dispute is not None:
        return f"{statement.verb} {names.words(statement.dispute)} about {called}"
    extra = "" if statement.scope == "*" else f" for {statement.scope}"
    return f"{statement.verb} {called}{extra}"


def _withdrawn(say: Say, log: OpenLog, names: Names) -> bytes:
    """The id of the statement to take back: named itself, or my last one about an actor."""
    mine = log.judging.mine
    if names.is_event(say.target) or isinstance(say.target, bytes):
        id = names.event_id(say.target)
        found = next((s for s in mine if s.id == id), None)
        if found is None or not is_withdrawable(found.kind):
            raise BadInput(
                "policy/target",
                "only a statement of your own can be withdrawn, and never a withdraw",
                got=cid_text(id),
            )
        return id
    actor = names.author(say.target)
    actor_of = log.judging.judge.facts.actor
    about = [
        s
        for s in log.policy.statements
        if SLOT[s.verb] <= ADOPTION and actor_of(s.target) == actor_of(actor)
    ]
    if not about:
        raise NotFound(
            "usage/not-found", "you have said nothing about them that holds", got=did_key(actor)
        )
    return max(about, key=lambda s: s.order).id


def _disputed(dispute: bytes, log: OpenLog) -> bytes:
    """The event a dispute is about."""
    fact = log.judging.facts.event(dispute)
    if fact is None:
        raise NotFound("usage/not-found", "that dispute is not here", got=cid_text(dispute))
    row = log.store.row_of(dispute)
    assert row is not None, "what is known is stored"
    found = parse_statement(
        fact.kind, log.store.event(row).frame, id=dispute, voter=fact.author, seq=fact.seq
    )
    if isinstance(found, str) or found.verb != "dispute":
        raise BadInput(
            "policy/target", "that is not a dispute", expected="trust/dispute", got=fact.kind,
            hint="About an event that nobody disputes: exclude or include.",
        )  # fmt: skip
    return found.target


def _check_repair(side: bytes, log: OpenLog) -> None:
    fact = log.judging.facts.event(side)
    if fact is None:
        raise NotFound("usage/not-found", "that event is not here", got=cid_text(side))
    actor_of, me = log.judging.judge.facts.actor, log.owner.public
    if fact.author == me or actor_of(fact.author) != actor_of(me):
        raise BadInput(
            "policy/target", "a chain is repaired by another key of the same actor",
            got=did_key(fact.author), hint="tally actor link makes two keys one actor.",
        )  # fmt: skip


def _check_event(say: Say, target: bytes, log: OpenLog, *, private: bool) -> None:
    if say.verb == "dispute" and private:
        raise BadInput(
            "policy/target", "a private dispute would be known to nobody",
            hint="Use exclude for yourself alone.",
        )  # fmt: skip
    if say.verb not in ("retract", "restore"):
        return
    if private:
        raise BadInput(
            "policy/target", f"a private {say.verb} would be known to nobody",
            hint="Use exclude or include for yourself alone.",
        )  # fmt: skip
    fact = log.judging.facts.event(target)
    if fact is None:
        raise NotFound("usage/not-found", "that event is not here", got=cid_text(target))
    actor_of = log.judging.judge.facts.actor
    if actor_of(fact.author) != actor_of(log.owner.public):
        raise BadInput(
            "policy/target", f"only its own author can {say.verb} an event",
            expected=did_key(log.owner.public), got=did_key(fact.author),
            hint="Use exclude instead: it says that you do not count it.",
        )  # fmt: skip
    if not is_retractable(fact.kind):
        raise BadInput(
            "policy/target", f"events of kind {fact.kind} cannot be taken back this way",
            hint="Statements are taken back with withdraw.",
        )  # fmt: skip


def _cut(
    cut: CutTargets | None, log: OpenLog, names: Names, actor: bytes | None
) -> tuple[CutEntry, ...] | None:
    """Events named by a cut as entries; those of a ban must be the banned actor's."""
    if cut is None:
        return None
    entries: list[CutEntry] = []
    for one in cut if isinstance(cut, Sequence) and not isinstance(cut, str) else [cut]:
        if isinstance(one, CutEntry):
            entries.append(one)
            continue
        id = names.event_id(one)
        fact = log.judging.facts.event(id)
        if fact is None:
            raise NotFound("usage/not-found", "an event of the cut is not here", got=cid_text(id))
        actor_of = log.judging.judge.facts.actor
        if actor is not None and actor_of(fact.author) != actor_of(actor):
            raise BadInput(
                "policy/target", "a cut names events of the banned actor",
                expected=did_key(actor), got=did_key(fact.author),
            )  # fmt: skip
        entries.append(CutEntry(fact.author, fact.seq, fact.id))
    return tuple(entries)
