"""Events as the front door shows them: ids as text, parts as plain data.

Law: what cannot be read shows as Missing, Erased or Bad, never as an error.

Reads: event, store, replica.{openlog, reading}. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tallystick.event.absent import Erased, Missing
from tallystick.event.event import read_part
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.replica.reports import EventInfo
from tallystick.store.rows import EventRow
from tallystick.store.store import Store


def event_infos(
    store: Store, events: Sequence[EventRow], counts: Callable[[bytes], bool]
) -> list[EventInfo]:
    """Events for readers; parents are looked up in one go."""
    prevs = {event.row: store.prev_row(event) for event in events}
    rows = {row for row in prevs.values() if row is not None}
    rows.update(dep for event in events for dep in event.deps)
    ordered = sorted(rows)
    ids = dict(zip(ordered, store.ids_at(ordered), strict=True))
    found = []
    for event in events:
        prev = prevs[event.row]
        found.append(
            EventInfo(
                id=cid_text(event.id),
                row=event.row,
                author=did_key(event.author),
                seq=event.seq,
                prev=None if prev is None else cid_text(ids[prev]),
                deps=tuple(cid_text(ids[dep]) for dep in event.deps),
                lamport=event.lamport,
                time=event.time,
                kind=event.kind,
                schema=None if event.schema is None else cid_text(event.schema),
                content=content_value(event),
                frame=read_part(event.frame),
                size=len(event.frame) + event.content_size,
                counts=event.void is None and counts(event.id),
                void=event.void,
            )
        )
    return found


def content_value(event: EventRow) -> object:
    """The content as plain data, or Missing, Erased, Bad."""
    if event.content is None:
        return Erased if event.erased else Missing
    return read_part(event.content, floats=True)
