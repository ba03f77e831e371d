"""What if: the state as a statement would leave it, computed for real and then undone.

    judge.what_if ─► flips ─► views take them in, inside a savepoint ─► compared ─► rolled back

Law: nothing that is kept changes; what is reported is what the statement would do.

Reads: policy, state, store, replica.{openlog, reading}. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tallystick.identity.did import did_key
from tallystick.policy.facts import Flip
from tallystick.policy.judge import Preview
from tallystick.policy.statement import Statement
from tallystick.policy.verdict import Verdict
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.reading import shown
from tallystick.replica.reports import WhatIf
from tallystick.replica.saying import in_words
from tallystick.state.source import ChangeRange
from tallystick.state.view import View

CHANGES_MAX = 10_000
"""Values reported; a statement that changes more is cut off there."""


def what_if(statement: Statement, log: OpenLog, names: Names) -> WhatIf:
    """What a statement would change: standings, events, values of every attached view.

    Cost: that of two updates, and of reading the views twice.
    """
    preview = log.judging.what_if(statement)
    lost, gained = counts(preview.flips, log)
    return WhatIf(
        statement=in_words(statement, log, names),
        actors=actors_moved(preview, names),
        events_lost=lost,
        events_gained=gained,
        changes=_changes(preview.flips, log),
    )


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


def _changes(flips: Sequence[Flip], log: OpenLog) -> tuple[dict[str, Any], ...]:
    ranges: list[ChangeRange] = []
    for flip in flips:
        for row, count in log.ranges([flip.span]):
            ranges.append(ChangeRange(0, row, count, flip.weight, "supposed"))
    if not ranges:
        return ()
    found: list[dict[str, Any]] = []
    with log.store.write():
        views = [
            log.views.get(row.name)
            for row in log.views.list()
            if row.attached and row.name not in log.views.failed
        ]
        before = {view.name: _read(view, log) for view in views}
        log.store.db.execute("SAVEPOINT supposed")
        try:
            for view in views:
                view.apply(log.store.db, log.source, ranges)
                found += _differing(view.name, before[view.name], _read(view, log))
        finally:
            log.store.db.execute("ROLLBACK TO supposed")
            log.store.db.execute("RELEASE supposed")
    return tuple(found[:CHANGES_MAX])


def _read(view: View, log: OpenLog) -> Any:
    view.load(log.store.db, log.source)
    return shown(view, log.store.db)


def _differing(view: str, before: Any, after: Any) -> list[dict[str, Any]]:
    """Keys whose values differ; a state that is no map is one value."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        changed = [("", before, after)] if before != after else []
    else:
        keys = sorted(set(before) | set(after))
        changed = [
            (key, before.get(key), after.get(key))
            for key in keys
            if before.get(key) != after.get(key)
        ]
    return [{"view": view, "key": key, "before": was, "after": now} for key, was, now in changed]
