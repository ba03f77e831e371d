"""Reading a whole store against its own hashes and signatures, and what it is made of.

Law: whoever edits, inserts or drops a row is caught and the row is named.

Reads: store, chain, kernels. Read by: replica.
"""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any, Final

from tallystick import kernels
from tallystick._version import __version__
from tallystick.chain.head import Head, check_heads
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.kernels import status
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.reading import Reading
from tallystick.replica.reports import VerifyReport
from tallystick.store.adapter import SQLITE_VERSION
from tallystick.store.lookups import absent_seqs, counted, pending_peers, room, void_events
from tallystick.store.rows import Damage
from tallystick.store.store import Store
from tallystick.store.verify import UNREADABLE

Problems = list[dict[str, Any]]
Progress = Callable[[int, int | None, str], None]
FEED_ROWS: Final = 65_536
"""Changes read at once."""
WRONG_MAX: Final = 20
"""Rows named when many are wrong in the same way."""


def verify_store(
    store: Store, *, clock: Callable[[], float], progress: Progress | None = None
) -> VerifyReport:
    """Re-checks every page, row, header, link, tree and signature of every log.

    Args:
        clock: seconds, for the report only.
    """
    started = clock()
    problems: list[dict[str, Any]] = []
    counted = [0, 0]
    try:
        _verify_all(store, problems, counted, progress)
    except UNREADABLE as error:
        problems.append(_unreadable(b"", error))
    return VerifyReport(counted[0], counted[1], clock() - started, tuple(problems))


def _verify_all(
    store: Store, problems: list[dict[str, Any]], counted: list[int], progress: Progress | None
) -> None:
    """Everything but what was derived; what is found goes into ``problems`` as it is found."""
    with store.read():
        problems += [_damage(b"", b"", damage) for damage in store.scan_rows()]
        total = store.next_row - 1
        for log in store.logs():
            lines = store.lines(log.no)
            signed = [
                (log.id, line.author, Head(line.head_size, line.head_root, line.head_signature))
                for line in lines
                if line.head_size
            ]
            codes = check_heads(signed)
            for (_, author, _), code in zip(signed, codes, strict=True):
                if code != status.OK:
                    problems.append(_problem(log.id, author, None, "chain/signature"))
            for line in lines:
                counted[1] += 1
                found = store.scan(line.no)
                problems += [_damage(log.id, line.author, damage) for damage in found]
                counted[0] += line.size - line.first_seq
                if progress is not None:
                    progress(counted[0], total, "events")
        problems += [_damage(b"", b"", damage) for damage in store.scan_index()]


def verify_derived(log_id: bytes, open_log: Callable[[bytes], OpenLog], names: Names) -> Problems:
    """What was judged and reduced in a log, held against doing it all again."""
    try:
        log = open_log(log_id)
        log.skim()
        own, fresh = Reading(log, names), Reading(log, names, policy=log.policy)
        return [
            _problem(log_id, b"", None, "store/damaged", what=what)
            for what in (*_misjudged(own, fresh), *_misreduced(own, fresh))
        ]
    except UNREADABLE as error:
        return [_unreadable(log_id, error)]


def _misjudged(own: Reading, fresh: Reading) -> Iterator[str]:
    """Events whose changes in the feed do not add up to whether they count."""
    store, no, sums, pos = own.log.store, own.log.no, Counter[int](), 0
    while part := store.feed_read(no, pos, FEED_ROWS):
        for entry in part:
            for row in range(entry.row, entry.row + entry.count):
                sums[row] += entry.weight
        pos = part[-1].pos + part[-1].count
    counts: set[int] = set()
    for row, count in fresh.ranges():
        counts.update(range(row, row + count))
    wrong = [row for row, sum in sums.items() if sum != (row in counts)]
    wrong += [row for row in counts if row not in sums]
    for row in sorted(wrong)[:WRONG_MAX]:
        yield f"the feed says otherwise of row {row} than the policy"


def _misreduced(own: Reading, fresh: Reading) -> Iterator[str]:
    """Views that are not what the events that count add up to."""
    for view in own.log.views.list():
        here = view.attached and view.name not in own.log.views.failed
        if not here:
            continue
        if own.state_hash(view.name) != fresh.state_hash(view.name):
            yield f"the view {view.name} is not what its events add up to"
        kept, db = own.log.views.get(view.name), own.log.store.db
        with fresh.view_and_db(view.name) as made:
            found = chain(kept.damage(db, own.log.source), kept.differs(db, *made))
            yield from (f"the view {view.name}: {what}" for what in islice(found, WRONG_MAX))


def _unreadable(log: bytes, error: BaseException) -> dict[str, Any]:
    what = f"it cannot be read: {type(error).__name__} {error}"[:200]
    return _problem(log, b"", None, "store/damaged", what=what)


def _damage(log: bytes, author: bytes, damage: Damage) -> dict[str, Any]:
    row = None if damage.row < 0 else damage.row
    return _problem(log, author, row, "store/damaged", seq=damage.seq, what=damage.what)


def _problem(
    log: bytes, author: bytes, row: int | None, code: str, *, seq: int | None = None, what: str = ""
) -> dict[str, Any]:
    return {
        "code": code,
        "log": cid_text(log) if log else None,
        "author": did_key(author) if author else None,
        "seq": seq,
        "row": row,
        "what": what,
    }


def facts_about(store: Store | None) -> dict[str, Any]:
    """What runs here: kernels, versions, and the store's size when one is given."""
    found: dict[str, Any] = {
        "version": __version__,
        "kernels": kernels.active_name,
        "why_not_native": kernels.why_not_native,
        "python": sys.version.split()[0],
        "sqlite": SQLITE_VERSION,
        "platform": platform.platform(),
    }
    if store is not None:
        with store.read():
            found["store"] = _store_facts(store)
    return found


def _store_facts(store: Store) -> dict[str, Any]:
    """What piles up: what waits, what counts for nobody, and how much room each table takes.

    Cost: linear in the file's pages.
    """
    events, size = store.pending_stats()
    total = store.next_row - 1
    heeded = [counted(store, log.no) for log in store.logs()]
    return {
        "path": store.db.where,
        "logs": len(store.logs()),
        "events": total,
        "excluded_events": total - sum(heeded),
        "void_events": sum(len(void_events(store, log.no)) for log in store.logs()),
        "missing_contents": sum(len(absent_seqs(store, log.no)) for log in store.logs()),
        "split_chains": sum(
            len({line.author for line in store.sides(log.no)}) for log in store.logs()
        ),
        "pending_events": events,
        "pending_bytes": size,
        "pending_peers": pending_peers(store),
        **room(store),
    }
