"""JUDGED: who is heeded under a viewer's policy, and therefore which events count.

    statement ─ scope ─ facts       what is said, about which kinds, over which log
    policy ─ say                    the viewer's document; statements as users write them
    book ─ tally ─ standing         strata: places and bans, one answer whatever the order
    counting ─ explain ─ verdict    spans, flips, causes, words
    judge                           the front: update, counted, verdicts, what if
    dispute ─ contested             readings of it for people: where claims stand, who clashes

Law: pure. The same events, statements and policy give the same verdicts on every replica, however
they came; nothing here reads content, clocks or arrival.

Reads: kernels (codec), limits, errors. Read by: replica, state (verdicts, through the replica),
users (the constructors of statements).
"""

from tallystick.policy.explain import Preview
from tallystick.policy.facts import END, EventFact, Facts, Flip, LineFact, Span
from tallystick.policy.judge import Judge
from tallystick.policy.policy import Policy
from tallystick.policy.say import (
    Say,
    adopt,
    allow,
    ban,
    dismiss,
    dispute,
    exclude,
    include,
    restore,
    retract,
    uphold,
    withdraw,
)
from tallystick.policy.statement import (
    SLOT,
    CutEntry,
    Statement,
    check_target,
    holding,
    is_retractable,
    is_withdrawable,
    parse_statement,
    private_id,
    statement_frame,
)
from tallystick.policy.verdict import Cause, Standing, Verdict, Voter

__all__ = [
    "END",
    "SLOT",
    "Cause",
    "CutEntry",
    "EventFact",
    "Facts",
    "Flip",
    "Judge",
    "LineFact",
    "Policy",
    "Preview",
    "Say",
    "Span",
    "Standing",
    "Statement",
    "Verdict",
    "Voter",
    "adopt",
    "allow",
    "ban",
    "check_target",
    "dismiss",
    "dispute",
    "exclude",
    "holding",
    "include",
    "is_retractable",
    "is_withdrawable",
    "parse_statement",
    "private_id",
    "restore",
    "retract",
    "statement_frame",
    "uphold",
    "withdraw",
]
