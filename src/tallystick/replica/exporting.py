"""A log as a CAR file: the headers of all its events, for tools that know links and nothing else.

    rows 1 ......................... n      parents before children, as they came
         └─ 1,024 ─┘└─ 1,024 ─┘             rebuilt line by line, written in the order of rows

Only headers are blocks. Frames and contents are committed to with salts, not linked: no link
leads to them, and contents can be erased, which a file of blocks could not follow. Heads are no
blocks either. A bundle carries all of it.

Law: whatever is written is reached from the roots by links, the policy has no say, and memory
does not grow with the log (32 bytes a head besides).

Reads: store, graph, event.car. Read by: replica.shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import BinaryIO

from tallystick.errors import StoreError
from tallystick.event.car import car_block, car_header
from tallystick.event.ids import cid_text
from tallystick.graph.ancestry import maximal
from tallystick.replica.base import Progress
from tallystick.replica.reports import CarReport
from tallystick.store.lookups import totals
from tallystick.store.rows import EventRow
from tallystick.store.store import Store
from tallystick.store.walk import StoreGraph

WINDOW_ROWS = 1_024
"""Events in memory at once."""


def write_car(
    store: Store, log_no: int, file: BinaryIO, *, progress: Progress | None = None
) -> CarReport:
    """Writes every event of a log; roots are the events that no other has as a parent."""
    lines = [line for line in store.lines(log_no) if line.size > line.first_seq]
    tips = [store.row_at(line.no, line.size - 1) for line in lines]
    roots = sorted(store.ids_at(sorted(maximal(StoreGraph(store), tips))))
    total, _ = totals(store, log_no)
    size, events = file.write(car_header(roots)), 0
    for at in range(1, store.next_row, WINDOW_ROWS):
        window = [one for one in store.events(at, WINDOW_ROWS) if one.log == log_no]
        headers = dict(_headers(store, window))
        size += file.write(b"".join(car_block(one.id, headers[one.row]) for one in window))
        events += len(window)
        if progress is not None and window:
            progress(events, total, "events")
    assert events == total, (events, total)
    return CarReport(cid_text(store.log(log_no).id), len(roots), events, size)


def _headers(store: Store, window: Sequence[EventRow]) -> Iterator[tuple[int, bytes]]:
    """(row, header) of every event of a window, a line at a time."""
    lines: dict[int, list[EventRow]] = {}
    for event in window:
        lines.setdefault(event.line, []).append(event)
    for events in lines.values():
        prev = store.prev_row(events[0])
        before = b"" if prev is None else store.ids_at([prev])[0]
        headers, offsets = store.rebuild(events, before)
        ends = memoryview(offsets).cast("I")
        for number, event in enumerate(events):
            header = headers[ends[number] : ends[number + 1]]
            if sha256(header).digest() != event.id:
                raise StoreError("store/damaged", where=f"event row {event.row}")
            yield event.row, header
