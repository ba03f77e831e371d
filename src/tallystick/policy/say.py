"""Statements as a user writes them: values with targets in words, not yet anybody's.

    ban("did:key:...", reason="praises herself")  ──►  Say  ──replica.say──►  Statement

Law: a ``Say`` is only checked for what can be known without a log; the replica resolves targets.

Reads: statement, scope, limits. Read by: users, replica, cli.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tallystick.errors import BadInput
from tallystick.limits import EVIDENCE_MAX, UINT_MAX, WEIGHT_MAX
from tallystick.policy.scope import ANY, check_scope
from tallystick.policy.statement import ADOPTION, SLOT, STANDING, CutEntry, Statement

Target = str | bytes
"""An actor or event: full id, unique prefix, did:key or petname as text, or its 32 bytes."""
CutTargets = Sequence[Target | CutEntry]
"""Events (ids or entries) that stand for themselves and their ancestors in their own chains."""


@dataclass(frozen=True, slots=True)
class Say:
    """A statement to be made; ``Statement`` says what the fields mean.

    Args:
        target: an actor or event as the user names it; for ``withdraw`` a statement, for
            ``uphold`` and ``dismiss`` the dispute they answer.
        answer_by: of a dispute: claimed milliseconds since 1970; advice, read by people alone.
    """

    verb: str
    target: Target
    scope: str = ANY
    cut: CutTargets | None = None
    weight: int = 1
    depth: int = 0
    as_of: CutTargets | None = None
    cascade: bool = False
    reason: str | None = None
    remedy: str | None = None
    evidence: Sequence[Target] = ()
    answer_by: int | None = None

    def __post_init__(self) -> None:
        if self.verb not in SLOT:
            raise BadInput("usage/argument", where="verb", expected=sorted(SLOT), got=self.verb)
        check_scope(self.scope)
        for name, value, most in (
            ("weight", self.weight, WEIGHT_MAX),
            ("depth", self.depth, UINT_MAX),
            ("answer_by", 0 if self.answer_by is None else self.answer_by, UINT_MAX),
            ("evidence", len(self.evidence), EVIDENCE_MAX),
        ):
            if not _is_number(value) or not 0 <= value <= most:
                raise BadInput(
                    "usage/argument", where=name, expected=f"an integer 0..{most}", got=repr(value)
                )

    @property
    def about_actor(self) -> bool:
        """Whether the target is an actor (otherwise an event)."""
        return SLOT[self.verb] in (STANDING, ADOPTION)

    def statement(
        self,
        target: bytes,
        *,
        id: bytes,
        voter: bytes,
        seq: int,
        cut: tuple[CutEntry, ...] | None = None,
        as_of: tuple[CutEntry, ...] | None = None,
        private: bool = False,
        dispute: bytes | None = None,
        evidence: tuple[bytes, ...] = (),
        lamport: int = 0,
    ) -> Statement:
        """The statement of ``voter``, its targets resolved by the caller.

        A cut of no entries spares nothing, which is a ban without a cut.
        """
        return Statement(
            id,
            voter,
            seq,
            self.verb,
            target,
            self.scope,
            tuple(sorted(set(cut))) if cut else None,
            self.weight,
            self.depth,
            None if as_of is None else tuple(sorted(set(as_of))),
            self.cascade,
            private,
            self.reason,
            dispute,
            self.remedy or None,
            tuple(sorted(set(evidence))),
            self.answer_by,
            lamport,
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def ban(
    actor: Target,
    *,
    cut: CutTargets | None = None,
    scope: str = ANY,
    reason: str | None = None,
) -> Say:
    """Do not heed the actor, from now on and historically; a cut spares what came up to it."""
    return Say("ban", actor, scope=scope, cut=cut, reason=reason)


def allow(actor: Target, *, scope: str = ANY, reason: str | None = None) -> Say:
    """Heed the actor, whatever others further away say."""
    return Say("allow", actor, scope=scope, reason=reason)


def adopt(
    actor: Target,
    *,
    weight: int = 1,
    depth: int = 0,
    as_of: CutTargets | None = None,
    scope: str = ANY,
    reason: str | None = None,
) -> Say:
    """Let the actor's statements count for me, and with depth > 0 those of people they adopt.

    Weight 0 says no: my own weight 0 keeps the actor from being adopted for me by others too.
    """
    return Say("adopt", actor, scope=scope, weight=weight, depth=depth, as_of=as_of, reason=reason)


def exclude(
    event: Target, *, cascade: bool = False, scope: str = ANY, reason: str | None = None
) -> Say:
    """Do not count one event."""
    return Say("exclude", event, scope=scope, cascade=cascade, reason=reason)


def include(event: Target, *, scope: str = ANY, reason: str | None = None) -> Say:
    """Count one event, even of a banned author."""
    return Say("include", event, scope=scope, reason=reason)


def retract(event: Target, *, reason: str | None = None) -> Say:
    """Undo an event of one's own."""
    return Say("retract", event, reason=reason)


def restore(event: Target, *, reason: str | None = None) -> Say:
    """Redo an event of one's own that was retracted."""
    return Say("restore", event, reason=reason)


def withdraw(statement: Target, *, reason: str | None = None) -> Say:
    """Take a statement of one's own back, as if it had never been made."""
    return Say("withdraw", statement, reason=reason)


def dispute(
    event: Target,
    claim: str | None = None,
    *,
    remedy: str | None = None,
    evidence: Sequence[Target] = (),
    answer_by: int | None = None,
) -> Say:
    """Claim that an event is wrong; others uphold or dismiss it. By itself it changes nothing."""
    return Say(
        "dispute", event, reason=claim, remedy=remedy, evidence=evidence, answer_by=answer_by
    )


def uphold(dispute: Target, *, reason: str | None = None) -> Say:
    """Agree with a dispute: my own exclude of the event it is about."""
    return Say("uphold", dispute, reason=reason)


def dismiss(dispute: Target, *, reason: str | None = None) -> Say:
    """Disagree with a dispute: my own include of the event it is about."""
    return Say("dismiss", dispute, reason=reason)
