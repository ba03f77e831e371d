"""Folds: any pure Python function over the events that count, in canonical order.

    @fold(kinds="review/*", key=lambda event: event.content["target"])
    def stars(state, event):
        ...                                    returns the new state, or changes it in place

    events that count, in canonical order   e1 e2 e3 ............ e1000 ......... e2000 ... e2345
    checkpoints (state after n events)                             ▲               ▲          now
    a late, excluded or re-included event:  replay from the nearest checkpoint before it

Checkpoints lie every 1,000 events and get sparser with distance from the end, so there are about
2 log2(n / 1000) of them and a replay costs at most a few times the distance of the change from
the end. An append at the end costs the new events only.

A function must depend on state and event alone, not on clock, files, or the order of a dict's
keys. State is plain data (None, bool, int of 64 bits, float, str, bytes, list, dict with text
keys); tuples and sets are refused, because a checkpoint would give them back as something else.

**Law:** the state is ``f(... f(f(initial, e1), e2) ...)`` whatever way the events came.

Reads: graph.order, state.source, view, explain. Read by: state.views, replica, users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from tallystick.errors import BadInput, UsageError
from tallystick.event.absent import Absent, Erased, Missing
from tallystick.event.event import read_part
from tallystick.event.ids import cid_text
from tallystick.event.jsonio import to_json
from tallystick.graph.order import canonical_key
from tallystick.identity.did import did_key
from tallystick.kernels import Link, decode_item, encode_item
from tallystick.state.explain import Explanation, Item, VerdictOf, shown
from tallystick.state.source import Changes, EventRow, EventSource, Spans
from tallystick.state.view import Db, View, check_name

STEP: Final = 1_000
"""Events between checkpoints near the end."""
CHUNK_ROWS: Final = 4_096
ROWS_SHOWN_SOON: Final = 200
"""States up to so many keys are shown in the table for people after every batch; larger ones
after a tenth as many events as they have keys, and whenever somebody asks."""

Key = tuple[int, bytes, int, bytes]
"""(lamport, author, seq, id): canonical order."""
_FIRST: Final[Key] = (-1, b"", -1, b"")

_TABLES: Final = """
CREATE TABLE {people} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE {event} (
  lamport INTEGER NOT NULL,
  author BLOB NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  row INTEGER NOT NULL,
  PRIMARY KEY (lamport, author, seq, id)
) WITHOUT ROWID;
CREATE TABLE {checkpoint} (
  n INTEGER PRIMARY KEY,
  lamport INTEGER NOT NULL,
  author BLOB NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  state BLOB NOT NULL
);
CREATE TABLE {meta} (count INTEGER NOT NULL, digest BLOB NOT NULL, unshown INTEGER NOT NULL);
INSERT INTO {meta} VALUES (0, x'', 0)
"""


@dataclass(frozen=True, slots=True)
class FoldEvent:
    """An event as a fold sees it.

    Args:
        id, author: as text (CID, did:key).
        seq, time: position in its author's chain; milliseconds since 1970, as claimed.
        kind: ``review/stars`` and so on.
        content: plain data; ``Missing``, ``Erased`` or ``Bad`` (all falsy) when it cannot be read.
        frame: plain data, None when empty.
    """

    id: str
    author: str
    seq: int
    time: int
    kind: str
    content: Any
    frame: Any


class Fold(View):
    """A fold as a view. Calling it calls the function, so it can be tested by itself.

    Raises:
        BadInput: state/view, for a name that cannot be a view's.
    """

    parts = ("event", "checkpoint", "meta")
    schema = _TABLES

    def __init__(
        self, function: Callable[[Any, FoldEvent], Any], *, kinds: Sequence[str],
        key: Callable[[FoldEvent], Any] | None, initial: Callable[[], Any], version: int, name: str,
    ) -> None:  # fmt: skip
        super().__init__(check_name(name), reducer="fold", version=version)
        self.function, self.key, self.initial = function, key, initial
        self.kinds = tuple(sorted(set(kinds)))
        self._known: tuple[bytes, Any] | None = None

    def __call__(self, state: Any, event: FoldEvent) -> Any:
        """One step, as the function has it."""
        return self.function(state, event)

    def definition(self) -> dict[str, Any]:
        """The kinds it reads. The function is told from others by its version alone."""
        return {"kinds": list(self.kinds)}

    def reads(self, kind: str) -> bool:
        """Whether events of a kind go into it."""
        return any(_fits(pattern, kind) for pattern in self.kinds)

    def change(self, db: Db, source: EventSource, changes: Changes) -> None:
        """Take in changes; replay from the nearest checkpoint before the first of them."""
        count, digest, unshown = db.rows(f"SELECT * FROM {self.own('meta')}")[0]
        seen = sha256(digest)
        removed = [k for k, _ in self._keys(source, changes.removed, seen, b"-")]
        refreshed = [k for k, _ in self._keys(source, changes.refreshed, seen, b"=")]
        added = list(self._keys(source, changes.added, seen, b"+"))
        if not (removed or refreshed or added):
            return
        table = self.own("event")
        where = "lamport = ? AND author = ? AND seq = ? AND id = ?"
        db.executemany(f"DELETE FROM {table} WHERE {where}", removed)
        first = min([*removed, *refreshed, *(k for k, _ in added)])
        append = not removed and not refreshed and first > self._last(db)
        before = self._current(db, source, count, digest) if append else None
        db.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)", ((*k, row) for k, row in added)
        )
        total = count + len(added) - len(removed)
        self._known = None
        if append:
            rows = [row for _, row in sorted(added)]
            state = self._run(db, before, self._fetch(source, rows), count, total)
        else:
            state = self._replay(db, source, first, total)
        self._known = (seen.digest(), state)
        moved = len(added) + len(removed) + len(refreshed)
        unshown = self._show(db, state, unshown + moved)
        db.execute(
            f"UPDATE {self.own('meta')} SET count = ?, digest = ?, unshown = ?",
            (total, seen.digest(), unshown),
        )

    # --- the function, over events -----------------------------------------------------------

    def _keys(
        self, source: EventSource, spans: Spans, seen: Any, sign: bytes
    ) -> Iterator[tuple[Key, int]]:
        """Canonical keys and rows of the events in ``spans`` that this fold reads."""
        for piece in spans.pieces(CHUNK_ROWS):
            for row, count in piece.ranges:
                for event in source.events(row, count):
                    if self.reads(event.kind) and event.void is None:
                        there = b"?!."[(event.content is not None) * 2 + event.erased :][:1]
                        seen.update(sign + event.id + there)
                        yield canonical_key(event), event.row

    def _replay(self, db: Db, source: EventSource, first: Key, total: int) -> Any:
        """The state after all events, from the nearest checkpoint before ``first``."""
        table = self.own("checkpoint")
        where = "(lamport, author, seq, id) >= (?, ?, ?, ?)"
        db.execute(f"DELETE FROM {table} WHERE {where}", first)
        return self._from_checkpoint(db, source, total, save=True)

    def _from_checkpoint(self, db: Db, source: EventSource, total: int, *, save: bool) -> Any:
        """The state after all events, from the last checkpoint there is."""
        found = db.rows(f"SELECT * FROM {self.own('checkpoint')} ORDER BY n DESC LIMIT 1")
        done, key, state = 0, _FIRST, self.initial()
        if found:
            done, *rest, encoded = found[0]
            key, state = (rest[0], rest[1], rest[2], rest[3]), decode_item(encoded, floats=True)
        rows = db.rows(
            f"SELECT row FROM {self.own('event')} WHERE (lamport, author, seq, id) > (?, ?, ?, ?)"
            " ORDER BY lamport, author, seq, id",
            key,
        )
        assert done + len(rows) == total, (done, len(rows), total)
        events = self._fetch(source, [row for (row,) in rows])
        return self._run(db, state, events, done, total, save=save)

    def _run(
        self, db: Db, state: Any, events: Iterable[EventRow], done: int, total: int,
        *, save: bool = True,
    ) -> Any:  # fmt: skip
        """Apply events number done + 1 .. total, leaving checkpoints on the way."""
        insert = f"INSERT OR REPLACE INTO {self.own('checkpoint')} VALUES (?, ?, ?, ?, ?, ?)"
        for event in events:
            state = self._step(state, event)
            done += 1
            if save and done % STEP == 0 and kept(done // STEP, total // STEP):
                db.execute(insert, (done, *canonical_key(event), self._encode(state)))
        assert done == total, (done, total)
        if save:
            self._thin(db, total)
        return state

    def _step(self, state: Any, event: EventRow) -> Any:
        try:
            result = self.function(state, fold_event(event))
        except Exception as error:
            raise UsageError(
                "state/fold", f"the fold {self.name} raised", where=cid_text(event.id),
                got=f"{type(error).__name__}: {error}",
                hint="A fold meets every event of its kinds, malformed ones too.",
            ) from error  # fmt: skip
        return state if result is None else result

    def _fetch(self, source: EventSource, rows: Sequence[int]) -> Iterator[EventRow]:
        """Events of rows in the order given, some thousand at a time."""
        for at in range(0, len(rows), CHUNK_ROWS):
            part = rows[at : at + CHUNK_ROWS]
            ranges = Spans((row, 1) for row in part).ranges
            found = {e.row: e for row, count in ranges for e in source.events(row, count)}
            yield from (found[row] for row in part)

    def _thin(self, db: Db, total: int) -> None:
        """Drop checkpoints that have become too close to one another for their distance."""
        table = self.own("checkpoint")
        gone = [
            (n,) for (n,) in db.rows(f"SELECT n FROM {table}") if not kept(n // STEP, total // STEP)
        ]
        db.executemany(f"DELETE FROM {table} WHERE n = ?", gone)

    def _last(self, db: Db) -> Key:
        found = db.rows(
            f"SELECT lamport, author, seq, id FROM {self.own('event')}"
            " ORDER BY lamport DESC, author DESC, seq DESC, id DESC LIMIT 1"
        )
        return (found[0][0], found[0][1], found[0][2], found[0][3]) if found else _FIRST

    def _current(self, db: Db, source: EventSource, count: int, digest: bytes) -> Any:
        """The state as it stands: from memory, if that is what the tables are at."""
        if self._known is None or self._known[0] != digest:
            self._known = (digest, self._from_checkpoint(db, source, count, save=False))
        return self._known[1]

    # --- reading -----------------------------------------------------------------------------

    def load(self, db: Db, source: EventSource) -> None:
        """Make sure ``state`` can answer: at most ``STEP`` events are replayed."""
        count, digest, _ = db.rows(f"SELECT * FROM {self.own('meta')}")[0]
        self._current(db, source, count, digest)

    def state(self, db: Db) -> Any:
        """A copy of the state. ``load`` must have been called on a freshly opened database."""
        count, digest, _ = db.rows(f"SELECT * FROM {self.own('meta')}")[0]
        if count == 0 and self._known is None:
            return self.initial()
        assert self._known is not None and self._known[0] == digest, "load() first"  # noqa: PT018
        return decode_item(self._encode(self._known[1]), floats=True)

    def settle(self, db: Db, source: EventSource) -> None:
        """Bring the table for people up to date, if it lags."""
        self.load(db, source)
        assert self._known is not None
        if db.rows(f"SELECT unshown FROM {self.own('meta')}")[0][0]:
            self._show(db, self._known[1], 1 << 62)
            db.execute(f"UPDATE {self.own('meta')} SET unshown = 0")

    def why(self, source: EventSource, key: Any, value: Any, verdict: VerdictOf) -> Explanation:
        """The events whose ``key(event)`` is ``key``, counted and not.

        Args:
            value: what the fold says for the key, as the caller reads it out of the state.

        Raises:
            UsageError: state/fold, when the fold has no ``key`` function.

        Cost: all events of the fold's kinds are looked through.
        """
        if self.key is None:
            raise UsageError(
                "state/fold", f"the fold {self.name} does not say which events matter to what",
                hint="Give it a key: @fold(kinds=..., key=lambda event: ...).",
            )  # fmt: skip
        live: list[Item] = []
        excluded: list[Item] = []
        events = [e for e in source.iter_rows(0, source.end_row()) if self.reads(e.kind)]
        for event in sorted(events, key=canonical_key):
            seen = fold_event(event)
            if event.void is None and self._key_of(seen) == key:
                judged = verdict(event.id)
                what = f"wrote {event.kind} {shown(seen.content)}"
                item = Item(
                    event.id, event.author, event.seq, event.time, what, seen.content,
                    verdict=None if judged.included else judged,
                )  # fmt: skip
                (live if judged.included else excluded).append(item)
        return Explanation(
            str(key), self.reducer, value, live=tuple(live), excluded=tuple(excluded),
            view=self.name,
        )  # fmt: skip

    def _key_of(self, event: FoldEvent) -> Any:
        assert self.key is not None
        try:
            return self.key(event)
        except Exception:  # noqa: BLE001  # a malformed event has no key
            return Missing

    def _encode(self, state: Any) -> bytes:
        where = _not_plain(state, "state")
        if where is None:
            try:
                return encode_item(state, floats=True)
            except BadInput as error:
                where = f"{error.where}: {error.code}"
        raise UsageError(
            "state/fold", f"the state of the fold {self.name} is not plain data", where=where,
            expected="None, bool, int, float, str, bytes, list, dict with text keys",
        )  # fmt: skip

    def _show(self, db: Db, state: Any, unshown: int) -> int:
        """Write the table for people, if it is worth it; how many changes it lags behind now."""
        entries = state if type(state) is dict else {"": state}
        if len(entries) > max(ROWS_SHOWN_SOON, 10 * unshown):
            return unshown
        self._encode(state)
        shown_now = dict(db.rows(f"SELECT key, value FROM {self.people}"))
        wanted = {str(key): to_json(value) for key, value in entries.items()}
        gone = [(key,) for key in shown_now if key not in wanted]
        db.executemany(f"DELETE FROM {self.people} WHERE key = ?", gone)
        rows = [(k, text) for k, text in wanted.items() if shown_now.get(k) != text]
        db.executemany(f"INSERT OR REPLACE INTO {self.people} VALUES (?, ?)", rows)
        return 0


def fold(
    *, kinds: str | Sequence[str], key: Callable[[FoldEvent], Any] | None = None,
    initial: Callable[[], Any] = dict, version: int = 1, name: str | None = None,
) -> Callable[[Callable[[Any, FoldEvent], Any]], Fold]:  # fmt: skip
    """Make a view of a function ``f(state, event)``.

    Args:
        kinds: a kind, ``prefix/*`` or ``*``, or several.
        key: says which events matter to ``why(key)``.
        initial: makes the state before the first event.
        version: raise it when the function changes: the view is built anew.
        name: of the view; the function's by default.

    >>> @fold(kinds="review/*")
    ... def stars(state, event):
    ...     target = event.content["target"]
    ...     state[target] = state.get(target, 0) + event.content["stars"]
    """
    patterns = [kinds] if isinstance(kinds, str) else list(kinds)

    def decorate(function: Callable[[Any, FoldEvent], Any]) -> Fold:
        return Fold(
            function, kinds=patterns, key=key, initial=initial, version=version,
            name=name or function.__name__,
        )  # fmt: skip

    return decorate


def fold_event(event: EventRow) -> FoldEvent:
    """An event as a fold sees it."""
    if event.content is None:
        content: Any = Erased if event.erased else Missing
    else:
        content = read_part(event.content, floats=True)
    return FoldEvent(
        cid_text(event.id), did_key(event.author), event.seq, event.time, event.kind, content,
        read_part(event.frame),
    )  # fmt: skip


def kept(at: int, last: int) -> bool:
    """Whether the checkpoint ``at`` is kept when ``last`` is the newest, both counted in steps.

    At distance d only multiples of about d / 4 (a power of two) stay: two or three per doubling.
    What is dropped once is never wanted again as ``last`` grows.
    """
    distance = last - at
    return distance >= 0 and at % (1 << max(0, distance.bit_length() - 2)) == 0


def _fits(pattern: str, kind: str) -> bool:
    if pattern == "*":
        return True
    return kind.startswith(pattern[:-1]) if pattern.endswith("/*") else kind == pattern


def _not_plain(value: Any, where: str) -> str | None:
    """Where the first thing is that a checkpoint would give back as something else."""
    kind = type(value)
    if kind is dict:
        entries = [(key, item) for key, item in value.items()]
        if any(type(key) is not str for key, _ in entries):
            return f"{where}: a key that is not text"
    elif kind is list:
        entries = list(enumerate(value))
    elif kind in (type(None), bool, int, float, str, bytes, Link):
        return None
    else:
        return f"{where}: {'an absent value' if isinstance(value, Absent) else kind.__name__}"
    found = (_not_plain(item, f"{where}[{key!r}]") for key, item in entries)
    return next((place for place in found if place is not None), None)
