"""The views of one log in one store: made, fed from the feed exactly once, rebuilt, dropped.

    feed (pos 0 .. end) ──► catch_up ──► view.apply(ranges at pos ..)  ┐ one transaction,
                                    ├──► view.pos = end                ┘ the caller's
                                    └──► no event of its kinds: passed over in memory

A few changes with no event of a view's kinds write nothing: that they were passed over is
remembered, and found out again after a restart. They are taken in with the next change that
matters, or once there are ``PASSED_MAX`` of them, so what is read again stays bounded.

A view whose code fails (a fold meets an event it cannot read) keeps its tables and position and is
passed over, so that nobody's event can keep others from being taken in; reading it raises what
went wrong, and it is tried again once something is excluded.

**Law:** a view's tables and its position change together or not at all, so every change is taken
in exactly once, whenever the process dies.

Reads: state.view and the kinds of views, store.adapter (scratch databases). Read by: replica.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.errors import NotFound, StoreError, UsageError
from tallystick.kernels import decode_item
from tallystick.state.source import ChangeRange, EventSource, net
from tallystick.state.view import Db, View
from tallystick.state.views_fold import Fold
from tallystick.state.views_ledger import LedgerView
from tallystick.state.views_places import PlacesView
from tallystick.state.views_records import RecordsView
from tallystick.state.views_sum import GroupSum
from tallystick.state.views_texts import TextsView
from tallystick.state.views_titles import TitlesView
from tallystick.store.adapter import Adapter
from tallystick.store.crc import INSERT_VIEW

LIMIT: Final = 65_536
"""Changes asked for at a time; bounds memory."""
FEW: Final = 64
"""Changes that are looked through for events of a view's kinds before they are fed to it."""
PASSED_MAX: Final = 4_096
"""Changes passed over before a position is saved; about 0.3 ms to look through again."""

STANDARD: Final[Mapping[str, type[PlacesView | TextsView | LedgerView | TitlesView]]] = {
    "places": PlacesView,
    "texts": TextsView,
    "ledger": LedgerView,
    "titles": TitlesView,
}
"""The views that every log has, by name, which is that of their reducer, too."""
REDUCERS: Final = (*STANDARD, "sum", "fold", "records")
"""The kinds of views there are."""

ReadFeed = Callable[[int, int], Sequence[ChangeRange]]
"""(pos, limit) -> ranges holding the changes at ``pos`` and after, in order; none at the end."""
Progress = Callable[[int, int | None, str], None]

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS view (
  log INTEGER NOT NULL,
  name TEXT NOT NULL,
  definition BLOB NOT NULL,
  policy BLOB NOT NULL,
  pos INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  PRIMARY KEY (log, name)
)
"""


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view the store holds. ``attached`` says whether this process has its code."""

    name: str
    reducer: str
    version: int
    definition: Any
    pos: int
    attached: bool


class Views:
    """The views of one log.

    Args:
        db: the store's adapter, or a scratch one. All methods that write need an open transaction.
        log: number of the log in this store; tables of log 2 end in ``_2`` and so on.
        forgotten: a number that is another one after a transaction was undone or another process
            wrote; None when the caller cannot tell: then nothing is remembered.
    """

    def __init__(self, db: Db, *, log: int = 1, forgotten: Callable[[], int] | None = None) -> None:
        self.db, self.log = db, log
        self._forgotten = forgotten
        self._seen = -1
        self._positions: dict[str, tuple[int, int]] = {}
        self._looked: dict[str, int] = {}
        """Name -> row before which nothing of its kinds is that it does not keep."""
        self.failed: dict[str, UsageError] = {}
        self._attached: dict[str, View] = {}
        self._code: dict[str, View] = {}
        """Every view this process was handed, attached or not (any more)."""
        self._ready = False

    # --- which there are ---------------------------------------------------------------------

    def attach(self, view: View) -> View:
        """Make a view known here; made if the store has none of that name, remade if it differs.

        A new or remade view is empty until ``catch_up``.
        """
        self._prepare()
        for name in view.after:
            if name not in self._attached:
                self.attach(STANDARD[name]())
        view.suffix = "" if self.log == 1 else f"_{self.log}"
        stored = self._stored(view.name)
        definition = view.definition_bytes()
        if stored is None or stored[0] != definition:
            self._make(view, definition)
        self._attached[view.name] = self._code[view.name] = view
        self.failed.pop(view.name, None)
        return view

    def attach_stored(self) -> list[View]:
        """Attach every stored view that is declared rather than coded: sums and collections."""
        known = []
        for row in self.list():
            if row.name in self._attached:
                continue
            if row.reducer in STANDARD:
                known.append(self.attach(STANDARD[row.reducer]()))
            elif row.reducer in {"sum", "records"}:
                stored = self._stored(row.name)
                assert stored is not None, "it was listed a moment ago"
                known.append(self.attach(self._blank(row.name, stored[0])))
        return known

    def is_current(self, view: View) -> bool:
        """Whether the store holds exactly this view. Needs no transaction."""
        stored = self._stored(view.name) if self._exists() else None
        return stored is not None and stored[0] == view.definition_bytes()

    def adopt(self, view: View) -> View:
        """Attach a view that ``is_current``: nothing is written."""
        assert self.is_current(view), view.name
        view.suffix = "" if self.log == 1 else f"_{self.log}"
        self._attached[view.name] = self._code[view.name] = view
        return view

    def detach(self, name: str) -> None:
        """Drop a view and its tables.

        Raises:
            NotFound: state/view.
        """
        stored = self._stored(name) if self._exists() else None
        if stored is None:
            raise _unknown(name, self.list())
        view = self._attached.pop(name, None) or self._blank(name, stored[0])
        self.failed.pop(name, None)
        self._positions.pop(name, None)
        view.drop(self.db)
        self.db.execute("DELETE FROM view WHERE log = ? AND name = ?", (self.log, name))

    def list(self) -> list[ViewRow]:
        """Every view of the log, by name."""
        if not self._exists():
            return []
        self._notice()
        found = self.db.rows(
            "SELECT name, definition, pos FROM view WHERE log = ? ORDER BY name", (self.log,)
        )
        rows = []
        for name, definition, pos in found:
            reducer, version, rest = _definition(definition)
            if name in self._known():
                pos = self._positions[name][0]  # noqa: PLW2901  # what was passed over is taken in
            rows.append(ViewRow(name, reducer, version, rest, pos, name in self._attached))
        return rows

    def get(self, name: str) -> View:
        """An attached view, fit to be read.

        Raises:
            NotFound: state/view, when there is none of that name here.
            UsageError: state/fold, when its own code failed.
        """
        self._notice()
        if name in self.failed:
            raise self.failed[name]
        if name not in self._attached:
            raise _unknown(name, self.list())
        return self._attached[name]

    def read(self, name: str, source: EventSource) -> Any:
        """The state of an attached view. Raises as ``get``."""
        view = self.get(name)
        view.load(self.db, source)
        return view.state(self.db)

    # --- what they have taken in -------------------------------------------------------------

    def pos(self, name: str) -> int:
        """How many changes of the feed a view has taken in: the position it reads next."""
        return self._position(name)[0]

    def skim(self, read_feed: ReadFeed, source: EventSource) -> None:
        """Pass over what does not concern the views, without a transaction for writing."""
        self._notice()
        for name in sorted(self._attached):
            pos, saved = self._position(name)
            ranges = _from(read_feed(pos, PASSED_MAX), pos)
            if ranges and not self._concerns(name, ranges, source):
                self._passed(name, ranges[-1].pos + ranges[-1].count, saved)

    def catch_up(
        self, read_feed: ReadFeed, source: EventSource, *, progress: Progress | None = None,
        names: Iterable[str] | None = None,
    ) -> int:  # fmt: skip
        """Feed the attached views (or those named) to the end; changes taken in, views together.

        Views at the same position share one reading of the feed. What is passed over does not
        count as taken in, but the position goes on.
        """
        self._notice()
        taken = 0
        wanted = set(self._attached if names is None else names)
        for name in sorted(wanted & set(self.failed)):
            wanted.discard(name)
            taken += self._retry(name, read_feed, source)
        while wanted:
            positions = {name: self.pos(name) for name in wanted}
            pos = min(positions.values())
            ranges = _from(read_feed(pos, LIMIT), pos)
            if not ranges:
                break
            end = ranges[-1].pos + ranges[-1].count
            together = [name for name in wanted if positions[name] == pos]
            apart = [at for at in positions.values() if pos < at < end]
            if apart:
                end = min(apart)
                ranges = _until(ranges, end)
            for name in sorted(together, key=lambda one: (bool(self._attached[one].after), one)):
                if self._may_pass(name, ranges, source, end):
                    continue
                if not self._feed(name, ranges, source, end):
                    wanted.discard(name)
                taken += end - pos
            if progress is not None:
                progress(end, None, "views")
        return taken

    def _may_pass(
        self, name: str, ranges: Sequence[ChangeRange], source: EventSource, end: int
    ) -> bool:
        """Whether a batch is passed over: few changes, and none concerns the view."""
        pos, saved = self._position(name)
        if self._forgotten is None or end - pos > FEW or end - saved > PASSED_MAX:
            return False
        if self._concerns(name, ranges, source):
            return False
        self._passed(name, end, saved)
        return True

    def _concerns(self, name: str, ranges: Sequence[ChangeRange], source: EventSource) -> bool:
        """Whether there is an event of the view's kinds among the changes."""
        kinds = self._attached[name].reads_only()
        if kinds is None:
            return True
        rows = [(change.row, change.count) for change in ranges]
        return any(True for kind in kinds for _ in source.bodies(rows, kind=kind))

    def _known(self) -> dict[str, tuple[int, int]]:
        """Name -> (changes taken in or passed over, changes saved as taken in)."""
        if self._forgotten is None:
            self._positions.clear()
        else:
            self._notice()
        return self._positions

    def _notice(self) -> None:
        """After a transaction was undone, what it had attached or detached is as it was before."""
        if self._forgotten is None or self._forgotten() == self._seen:
            return
        self._seen = self._forgotten()
        self._positions.clear()
        self._looked.clear()
        self._attached = {name: view for name, view in self._code.items() if self.is_current(view)}

    def _position(self, name: str) -> tuple[int, int]:
        known = self._known()
        if name not in known:
            stored = self._stored(name)
            if stored is None:
                raise _unknown(name, self.list())
            known[name] = (stored[1], stored[1])
        return known[name]

    def _passed(self, name: str, pos: int, saved: int) -> None:
        if self._forgotten is not None:
            self._known()[name] = (pos, saved)

    def _feed(
        self, name: str, ranges: Sequence[ChangeRange], source: EventSource, end: int
    ) -> bool:
        """One batch into one view, with its position; False when its code failed."""
        view = self._attached[name]
        self.db.execute("SAVEPOINT state_view")
        try:
            view.apply(self.db, source, ranges)
        except UsageError as error:
            self.db.execute("ROLLBACK TO state_view")
            self.db.execute("RELEASE state_view")
            self.failed[name] = error
            return False
        self.db.execute("UPDATE view SET pos = ? WHERE log = ? AND name = ?", (end, self.log, name))
        self.db.execute("RELEASE state_view")
        self._passed(name, end, end)
        self.failed.pop(name, None)
        return True

    def _retry(self, name: str, read_feed: ReadFeed, source: EventSource) -> int:
        """Once something was excluded, a view that failed gets all it has missed, as one batch."""
        begin = pos = self.pos(name)
        missed: list[ChangeRange] = []
        while ranges := _from(read_feed(pos, LIMIT), pos):
            missed += ranges
            pos = ranges[-1].pos + ranges[-1].count
        if all(change.weight > 0 for change in missed):
            return 0
        return pos - begin if self._feed(name, missed, source, pos) else 0

    def lags(self, name: str, source: EventSource) -> bool:
        """Whether events came that a view keeps although they do not count, and has not yet.

        What counts comes by the feed; what never did is not in it. Cost: the rows that are new.
        """
        self._notice()
        view, end = self.get(name), source.end_row()
        first = max(view.cursor(self.db), self._looked.get(name, 0))
        if first >= end:
            return False
        new = [(first, end - first)]
        if any(True for kind in view.reads_only() or () for _ in source.bodies(new, kind=kind)):
            return True
        if self._forgotten is not None:
            self._looked[name] = end
        return False

    def keep_up(self, name: str, source: EventSource) -> None:
        """Let a view keep what does not count, once it has taken in the feed; inside a write."""
        self.get(name).change(self.db, source, net(()))

    def rebuild(
        self, name: str, read_feed: ReadFeed, source: EventSource,
        *, progress: Progress | None = None,
    ) -> None:  # fmt: skip
        """Make a view anew from the beginning of the feed. Raises as ``get``."""
        if name not in self._attached:
            raise _unknown(name, self.list())
        view = self._attached[name]
        self.failed.pop(name, None)
        self._make(view, view.definition_bytes())
        self.catch_up(read_feed, source, progress=progress, names=[name])
        self.get(name)

    def settle(self, source: EventSource) -> None:
        """Bring tables for people up to date where they may lag: before somebody's SQL."""
        self._notice()
        for name in sorted(self._attached):
            if name not in self.failed:
                self._attached[name].settle(self.db, source)

    # --- inside ------------------------------------------------------------------------------

    def _make(self, view: View, definition: bytes) -> None:
        """Empty tables at position 0, whatever was there under that name."""
        stored = self._stored(view.name)
        if stored is not None:
            old = self._blank(view.name, stored[0])
            old.drop(self.db)
        taken = {name for (name,) in self.db.rows("SELECT name FROM sqlite_master")}
        clash = sorted(taken.intersection(view.tables()))
        if clash:
            raise UsageError(
                "state/view", "the store has a table of that name", got=clash[0],
                hint="Give the view another name.",
            )  # fmt: skip
        view.create(self.db)
        self.db.execute(INSERT_VIEW, (self.log, view.name, definition, b"", 0))
        self._positions.pop(view.name, None)

    def _blank(self, name: str, definition: bytes) -> View:
        """A view good for dropping its tables, whether its code is here or not."""
        view: View
        try:
            reducer, version, rest = _definition(definition)
            if reducer == "sum":
                view = GroupSum(name, **rest)
            elif reducer == "records":
                view = RecordsView(name, **rest)
            elif reducer in STANDARD:
                view = STANDARD[reducer]()
            else:
                view = Fold(
                    lambda state, _event: state, kinds=rest["kinds"], key=None, initial=dict,
                    version=version, name=name,
                )  # fmt: skip
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise StoreError(
                "store/damaged", "the definition of a view cannot be read", where=name,
                hint="Run `tally verify`, or restore a backup and sync.",
            ) from error  # fmt: skip
        view.suffix = "" if self.log == 1 else f"_{self.log}"
        return view

    def _exists(self) -> bool:
        if not self._ready:
            query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'view'"
            self._ready = bool(self.db.rows(query))
        return self._ready

    def _prepare(self) -> None:
        if not self._exists():
            self.db.execute(_TABLE)

    def _stored(self, name: str) -> tuple[bytes, int] | None:
        found = self.db.rows(
            "SELECT definition, pos FROM view WHERE log = ? AND name = ?", (self.log, name)
        )
        return (found[0][0], int(found[0][1])) if found else None


def evaluate(
    view: View, source: EventSource, ranges: Iterable[tuple[int, int]], *, db: Db | None = None
) -> Db:
    """A view over (row, count) ranges of events that count: another policy, an older version.

    Returns the scratch database; read it with the view's own methods. Closing is left to garbage
    collection: nothing is on disk.

    Raises:
        UsageError: state/fold.
    """
    scratch = db if db is not None else Adapter(None, create=True)
    below = [STANDARD[name]() for name in view.after]
    for one in (*below, view):
        one.create(scratch)
    pos, changes = 0, []
    for row, count in ranges:
        changes.append(ChangeRange(pos, row, count, 1, "counted"))
        pos += count
    for one in (*below, view):
        one.apply(scratch, source, changes)
    return scratch


def _definition(encoded: bytes) -> tuple[str, int, Any]:
    item: Any = decode_item(encoded)
    reducer, version, rest = item
    return reducer, version, rest


def _from(ranges: Iterable[ChangeRange], pos: int) -> list[ChangeRange]:
    """Ranges without the changes before ``pos``."""
    found = []
    for change in ranges:
        skip = max(0, pos - change.pos)
        if skip < change.count:
            found.append(
                change._replace(
                    pos=change.pos + skip, row=change.row + skip, count=change.count - skip
                )
            )
    return found


def _until(ranges: Iterable[ChangeRange], end: int) -> list[ChangeRange]:
    """Ranges without the changes from ``end`` on."""
    return [
        change._replace(count=min(change.count, end - change.pos))
        for change in ranges
        if change.pos < end
    ]


def _unknown(name: str, there: Sequence[ViewRow]) -> NotFound:
    names = ", ".join(row.name for row in there) or "none"
    return NotFound("state/view", "no such view here", where=name, hint=f"There are: {names}.")
