"""One sync with another store, a TCP peer or a bundle file, told as a report.

Law: a sync that fails half-way keeps what it verified; how it ended is said, not swallowed.

Reads: sync, replica.endpoint. Read by: replica.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tallystick.errors import CODES, PeerUnreachable, Rejected, UsageError
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.limits import DIGEST_BYTES
from tallystick.replica.endpoint import StoreEndpoint
from tallystick.replica.reports import SyncReport
from tallystick.sync.bundle import BundleReport
from tallystick.sync.holdings import Endpoint
from tallystick.sync.meter import Report
from tallystick.sync.pipe import run_pair
from tallystick.sync.session import Session
from tallystick.sync.tcp import connect
from tallystick.sync.vector import NONCE_BYTES

T = TypeVar("T")
Progress = Callable[[int, int | None, str], None]
_USAGE = {
    "sync/several-logs": "`tally log ls` there shows them; a log that is new here goes by its id.",
    "sync/no-common-log": "A store joins a second log when --log names it by its id.",
}
"""Ends of a session that the user can mend, and how."""


def sync_stores(
    ours: StoreEndpoint,
    theirs: Endpoint,
    *,
    log: bytes | None,
    names: tuple[str, str],
    entropy: Callable[[int], bytes],
    progress: Progress | None = None,
) -> SyncReport:
    """Syncs two stores in this process, over the same messages as everywhere."""
    first = Session(ours, initiator=True, peer=names[1], nonce=entropy(NONCE_BYTES), log=log)
    second = Session(theirs, initiator=False, peer=names[0], nonce=entropy(NONCE_BYTES))
    report, _ = run_pair(first, ours, second, theirs, progress=_told(progress))
    return sync_report(report)


def sync_tcp(
    ours: StoreEndpoint,
    url: str,
    *,
    log: bytes | None,
    entropy: Callable[[int], bytes],
    progress: Progress | None = None,
) -> SyncReport:
    """Syncs with a peer that serves at ``tcp://host:port``.

    Raises:
        PeerUnreachable: sync/unreachable, sync/closed.
    """
    session = Session(ours, initiator=True, peer=url, nonce=entropy(NONCE_BYTES), log=log)

    async def run() -> Report:
        driver = await connect(url, session, ours, progress=_told(progress))
        return await driver.run()

    return sync_report(in_loop(run()))


def in_loop(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine in a loop and thread of its own, so that notebooks' loops do not matter."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001  # handed to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=body, name="tallystick-sync", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def sync_report(report: Report) -> SyncReport:
    """A session's report as the front door's.

    Raises:
        PeerUnreachable, UsageError: when the session ended with a code.
    """
    if report.code is not None:
        who = "the peer ended the session" if report.by_peer else "the session ended"
        message = f"{who}: {CODES.get(report.code, report.code)}"
        if report.code in _USAGE:
            raise UsageError(report.code, message, hint=_USAGE[report.code])
        hint = "What was received is kept; sync again to go on."
        raise PeerUnreachable(
            report.code if report.code in CODES else "sync/closed", message, hint=hint
        )
    meter = report.meter
    return SyncReport(
        log=None if report.log is None else cid_text(report.log),
        events_in=meter.events_in,
        events_out=meter.events_out,
        bytes_in=meter.bytes_in,
        bytes_out=meter.bytes_out,
        overhead_bytes=meter.overhead_bytes,
        round_trips=meter.round_trips,
        pending=report.pending,
        rejected=tuple(rejected_dict(one) for one in report.rejected),
        equal=bool(report.equal),
    )


def bundle_report(report: BundleReport, *, reading: bool) -> SyncReport:
    """A bundle's report as the front door's."""
    return SyncReport(
        log=cid_text(report.log),
        events_in=report.accepted if reading else 0,
        events_out=0 if reading else report.events,
        bytes_in=report.size if reading else 0,
        bytes_out=0 if reading else report.size,
        overhead_bytes=0,
        round_trips=0,
        pending=report.pending,
        rejected=tuple(rejected_dict(one) for one in report.rejected),
        equal=False,
    )


def rejected_dict(one: Rejected) -> dict[str, str]:
    """A rejection as plain data; the subject as an event id or author where it is one."""
    subject = ""
    if len(one.subject) == DIGEST_BYTES:
        is_event = one.code.startswith("event/")
        subject = cid_text(one.subject) if is_event else did_key(one.subject)
    return {"subject": subject, "code": one.code, "detail": one.detail}


def _told(progress: Progress | None) -> Callable[[Report], None] | None:
    if progress is None:
        return None
    return lambda report: progress(report.meter.events_in + report.meter.events_out, None, "events")
