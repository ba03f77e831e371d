"""Reading a whole store against its own hashes and signatures, and what it is made of.

Law: whoever edits, inserts or drops a row is caught and the row is named.

Reads: store, chain, kernels. Read by: replica.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from typing import Any

from tallystick import kernels
from tallystick._version import __version__
from tallystick.chain.head import Head, check_heads
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.kernels import status
from tallystick.replica.reports import VerifyReport
from tallystick.store.adapter import SQLITE_VERSION
from tallystick.store.lookups import absent_seqs, counted, pending_peers, room, void_events
from tallystick.store.rows import Damage
from tallystick.store.store import Store

Progress = Callable[[int, int | None, str], None]


def verify_store(
    store: Store, *, clock: Callable[[], float], progress: Progress | None = None
) -> VerifyReport:
    """Re-checks every header, link, tree and signature of every log.

    Args:
        clock: seconds, for the report only.
    """
    started = clock()
    problems: list[dict[str, Any]] = []
    events = chains = 0
    total = store.next_row - 1
    with store.read():
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
                chains += 1
                found = store.scan(line.no)
                problems += [_damage(log.id, line.author, damage) for damage in found]
                events += line.size - line.first_seq
                if progress is not None:
                    progress(events, total, "events")
        problems += [_damage(b"", b"", damage) for damage in store.scan_index()]
    return VerifyReport(events, chains, clock() - started, tuple(problems))


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
