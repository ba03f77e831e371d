"""Values as other verdicts would make them: flips given to the stored views, read, and undone.

    flips ─► rows ─► view.touched: which keys ─► values ─► view.apply, in a savepoint ─► values
                                                                              └─► rolled back

Law: nothing that is kept changes; what two sets of verdicts agree on is neither judged nor read.

Reads: policy.facts, state, store, replica.{openlog, reading}. Read by: replica.{preview, comparing,
polling, believing}.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tallystick.policy.facts import Flip
from tallystick.replica.openlog import OpenLog
from tallystick.replica.reading import shown
from tallystick.state.source import ChangeRange, Spans
from tallystick.state.view import View

WHOLE = ""
"""The key of a state that is no map."""
_CAUSE = "supposed"


@dataclass(frozen=True, slots=True)
class Changed:
    """One value that differs.

    Args:
        rows: of the events that flip and have a part in it; None: the view cannot say which.
    """

    view: str
    key: str
    before: Any
    after: Any
    rows: tuple[int, ...] | None

    def plain(self) -> dict[str, Any]:
        """As plain data, without the events."""
        return {"view": self.view, "key": self.key, "before": self.before, "after": self.after}


@contextmanager
def supposed(log: OpenLog) -> Iterator[None]:
    """A write whose changes to views are undone when the block is left."""
    with log.store.write():
        log.catch_up()
        log.store.db.execute("SAVEPOINT supposed")
        try:
            yield
        finally:
            log.store.db.execute("ROLLBACK TO supposed")
            log.store.db.execute("RELEASE supposed")


def change_ranges(log: OpenLog, flips: Iterable[Flip]) -> list[ChangeRange]:
    """Flips as a view takes them in."""
    return [
        ChangeRange(0, row, count, flip.weight, _CAUSE)
        for flip in flips
        for row, count in log.ranges([flip.span])
    ]


def values_between(
    log: OpenLog,
    flips: Sequence[Flip],
    *,
    first: Sequence[Flip] = (),
    names: Sequence[str] | None = None,
) -> list[Changed]:
    """Values that differ between two sets of verdicts, by view and key.

    Args:
        flips: from one set to the other.
        first: from what counts here to the first of the two; nothing when it is what counts here.
        names: of the views; None: all that are attached and work.

    Cost: the events that flip and the values they touch; of a view that cannot say which these
    are, its whole state twice.
    """
    if names is not None:
        attached(log, names)  # a name that is none is said even where nothing differs
    ranges, first_ranges = change_ranges(log, flips), change_ranges(log, first)
    if not ranges:
        return []
    found: list[Changed] = []
    with supposed(log):
        for view in attached(log, names):
            if first_ranges:
                view.apply(log.store.db, log.source, first_ranges)
            found += _of_view(view, log, ranges)
    return found


def attached(log: OpenLog, names: Sequence[str] | None = None) -> list[View]:
    """Views that can be asked: those named, or all that are attached and work.

    Raises:
        NotFound: state/view. UsageError: state/fold.
    """
    if names is None:
        rows = log.views.list()
        names = [row.name for row in rows if row.attached and row.name not in log.views.failed]
    return [log.views.get(name) for name in names]


def _of_view(view: View, log: OpenLog, ranges: Sequence[ChangeRange]) -> list[Changed]:
    db, source = log.store.db, log.source
    view.load(db, source)
    pairs = view.touched(db, source, Spans((change.row, change.count) for change in ranges))
    if pairs is None:
        return _of_whole(view, log, ranges)
    rows: dict[str, set[int]] = {}
    for key, row in pairs:
        rows.setdefault(key, set()).add(row)
    if not rows:
        return []
    keys = sorted(rows)
    before = view.values(db, keys)
    view.apply(db, source, ranges)
    view.load(db, source)
    after = view.values(db, keys)
    return [
        Changed(view.name, key, before.get(key), after.get(key), tuple(sorted(_of(rows, key))))
        for key in sorted(before.keys() | after.keys())
        if _differ(before, after, key)
    ]


def _of(rows: dict[str, set[int]], key: str) -> set[int]:
    """Rows of a key, or of a second type at its place."""
    return rows.get(key) or rows.get(key.rpartition(" (")[0], set())


def _of_whole(view: View, log: OpenLog, ranges: Sequence[ChangeRange]) -> list[Changed]:
    """A view that does not say what events touch: its whole state, before and after."""
    db, source = log.store.db, log.source
    before = shown(view, db)
    view.apply(db, source, ranges)
    view.load(db, source)
    after = shown(view, db)
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return [Changed(view.name, WHOLE, before, after, None)] if before != after else []
    return [
        Changed(view.name, key, before.get(key), after.get(key), None)
        for key in sorted(set(before) | set(after))
        if _differ(before, after, key)
    ]


def _differ(before: dict[str, Any], after: dict[str, Any], key: str) -> bool:
    return (key in before) != (key in after) or before.get(key) != after.get(key)
