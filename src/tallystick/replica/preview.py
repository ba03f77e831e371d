"""What if: the state as a statement would leave it, computed for real and then undone.

    judge.what_if ─► flips ─► values before and after, in a savepoint that is undone

Law: nothing that is kept changes; what is reported is what the statement would do.

Reads: policy, replica.{openlog, supposing, wording}. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tallystick.identity.did import did_key
from tallystick.policy.explain import Preview
from tallystick.policy.facts import Flip
from tallystick.policy.statement import Statement
from tallystick.policy.verdict import Verdict
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.reports import WhatIf
from tallystick.replica.saying import in_words
from tallystick.replica.supposing import Changed, values_between
from tallystick.replica.wording import Wording

CHANGES_MAX = 10_000
"""Values reported; a statement that changes more is cut off there."""


def what_if(statement: Statement, log: OpenLog, names: Names) -> WhatIf:
    """What a statement would change: standings, events, values of every attached view.

    Cost: that of two updates, and of the values they touch.
    """
    preview = log.judging.what_if(statement)
    lost, gained = counts(preview.flips, log)
    changed = values_between(log, preview.flips)[:CHANGES_MAX]
    return WhatIf(
        statement=in_words(statement, log, names),
        actors=actors_moved(preview, names),
        events_lost=lost,
        events_gained=gained,
        changes=tuple(changes(log, names, changed)),
    )


def changes(log: OpenLog, names: Names, changed: Sequence[Changed]) -> Iterator[dict[str, Any]]:
    """Values that change, as plain data and in words."""
    words = Wording(log, names)
    for one in changed:
        before, after = (words.value(one.view, one.key, v) for v in (one.before, one.after))
        yield one.plain() | {"text": f"{words.what(one.view, one.key)}: {before} -> {after}"}


def actors_moved(preview: Preview, names: Names) -> tuple[dict[str, Any], ...]:
    """The actors whose standing a statement changes, before and after."""
    return tuple(
        {
            "actor": did_key(actor),
            "name": names.called(actor),
            "before": _standing(before),
            "after": _standing(after),
            "why": after.sentence(names.words),
        }
        for actor, (before, after) in preview.actors.items()
        if before.included != after.included or before.partly != after.partly
    )


def _standing(verdict: Verdict) -> str:
    if verdict.included:
        return "heeded"
    return "not heeded beyond a cut" if verdict.partly else "not heeded"


def counts(flips: Sequence[Flip], log: OpenLog) -> tuple[int, int]:
    """Events that stop and that start counting."""
    lost = gained = 0
    for flip in flips:
        events = sum(count for _, count in log.ranges([flip.span]))
        if flip.weight < 0:
            lost += events
        else:
            gained += events
    return lost, gained
