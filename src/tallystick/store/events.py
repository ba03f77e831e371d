"""Events out of the store: rows as values, rows as raw columns, and packs of bytes.

    columns + neighbours' ids ──► kernels.rebuild_headers ──► header bytes, exactly as signed

A header is a function of what is kept: log and author from the line, prev and deps from rows,
the body's commitment from frame, seal and content. So 13 fields cost about 60 bytes, not 250.

Law: ``read_pack`` gives back the bytes that came in, except contents that are not here.

Reads: kernels, store/merkle. Read by: insert, verify, sync and state through the replica.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import accumulate
from typing import Any, Final

from tallystick import kernels
from tallystick.errors import NotFound
from tallystick.limits import SEED_BYTES
from tallystick.store.merkle import Merkle
from tallystick.store.rows import EventRow

CHUNK_ROWS: Final = 1_024
"""Rows fetched at once when iterating; bounds memory, not results."""
RAW_FIELDS: Final = frozenset(
    [
        "row",
        "line",
        "seq",
        "id",
        "lamport",
        "time",
        "kind",
        "schema",
        "deps",
        "void",
        "absent",
        "erased",
        "seal",
        "frame",
        "content",
    ]
)
"""Columns of ``event`` that ``raw`` may be asked for; kind, schema and void are numbers there."""
_BODY_TAG: Final = b"tallystick/body/1\x00"
_COLUMNS: Final = (
    "row, line, seq, id, lamport, time, kind, schema, deps, void, absent, erased, seal, frame,"
    " content"
)


def pack_deps(row: int, deps: Sequence[int]) -> bytes | None:
    """Rows as varints of row - dep, in order; None when there are none."""
    if not deps:
        return None
    out = bytearray()
    for dep in deps:
        delta = row - dep
        assert delta > 0, "a parent after its child"
        while delta > 127:
            out.append(delta & 127 | 128)
            delta >>= 7
        out.append(delta)
    return bytes(out)


def unpack_deps(row: int, data: bytes | None) -> tuple[int, ...]:
    """The rows behind ``pack_deps``."""
    if data is None:
        return ()
    deps, delta, shift = [], 0, 0
    for byte in data:
        delta |= (byte & 127) << shift
        if byte > 127:
            shift += 7
        else:
            deps.append(row - delta)
            delta = shift = 0
    return tuple(deps)


def skeleton_seal(seed: bytes, content: bytes) -> bytes:
    """salt_f ‖ C of a whole body: what is left of its seal when the content goes."""
    salts = sha256(seed).digest()
    return salts[:16] + sha256(salts[16:] + content).digest()


class Events(Merkle):
    """Reading the table event."""

    def event(self, row: int) -> EventRow:
        """One event.

        Raises:
            NotFound: ``usage/not-found`` when there is no such row.
        """
        found = self.events(row, 1)
        if not found:
            raise NotFound("usage/not-found", where=f"event row {row}")
        return found[0]

    def events(self, row: int, count: int) -> list[EventRow]:
        """Rows row..row+count-1 as values, in one query; fewer where the store ends."""
        found = self.db.rows(
            f"SELECT {_COLUMNS} FROM event WHERE row >= ? AND row < ? ORDER BY row",
            (row, row + count),
        )
        return [self._event_row(values) for values in found]

    def events_at(self, rows: Iterable[int]) -> list[EventRow]:
        """Some rows as values, in the order of the rows."""
        found = self.db.rows(
            f"SELECT {_COLUMNS} FROM event WHERE row IN (SELECT value FROM json_each(?))"
            " ORDER BY row",
            (f"[{','.join(map(str, rows))}]",),
        )
        return [self._event_row(values) for values in found]

    def iter_events(self, ranges: Iterable[tuple[int, int]]) -> Iterator[EventRow]:
        """The events of (row, count) ranges, in the order given; holds ``CHUNK_ROWS`` at once."""
        for row, count in ranges:
            for at in range(row, row + count, CHUNK_ROWS):
                yield from self.events(at, min(CHUNK_ROWS, row + count - at))

    def raw(self, row: int, count: int, fields: Sequence[str]) -> list[tuple[Any, ...]]:
        """Columns of rows row..row+count-1 exactly as kept, for reading by the million.

        ``kind``, ``schema`` and ``void`` are numbers (``kind_name``), ``deps`` packed
        (``unpack_deps``); see ``schema.sql``.
        """
        assert RAW_FIELDS.issuperset(fields), fields
        return self.db.rows(
            f"SELECT {', '.join(fields)} FROM event WHERE row >= ? AND row < ? ORDER BY row",
            (row, row + count),
        )

    def ids_at(self, rows: Sequence[int]) -> list[bytes]:
        """The ids of rows, in the order given. All must be here."""
        found = self._pairs_at("id", rows)
        return [found[row] for row in rows]

    def lamports_at(self, rows: Sequence[int]) -> list[int]:
        """The lamports of rows, in the order given. All must be here."""
        found = self._pairs_at("lamport", rows)
        return [found[row] for row in rows]

    def links(self, row: int) -> tuple[int, int, int, tuple[int, ...]]:
        """(line, seq, lamport, rows of the deps) of one event: what a walk of the graph needs."""
        found = self.db.row("SELECT line, seq, lamport, deps FROM event WHERE row = ?", (row,))
        if found is None:
            raise NotFound("usage/not-found", where=f"event row {row}")
        line, seq, lamport, deps = found
        return line, seq, lamport, unpack_deps(row, deps)

    def _pairs_at(self, column: str, rows: Sequence[int]) -> dict[int, Any]:
        """One column of rows, by row."""
        found: dict[int, Any] = {}
        wanted = sorted(set(rows))
        for at in range(0, len(wanted), CHUNK_ROWS):
            part = ",".join(map(str, wanted[at : at + CHUNK_ROWS]))
            found.update(
                self.db.rows(
                    f"SELECT row, {column} FROM event"
                    " WHERE row IN (SELECT value FROM json_each(?))",
                    (f"[{part}]",),
                )
            )
        return found

    def prev_row(self, event: EventRow) -> int | None:
        """The row of the event before in its chain, or None for seq 0."""
        return None if event.seq == 0 else self.row_at(event.line, event.seq - 1)

    def parents(self, row: int) -> tuple[int, ...]:
        """Rows of all parents: prev first, then deps; for seq 0 the genesis event first."""
        line, seq, _, deps = self.links(row)
        if seq:
            return (self.row_at(line, seq - 1), *deps)
        genesis = self.genesis_row(self._owner(line)[0])
        return deps if genesis == row or genesis is None else (genesis, *deps)

    def genesis_row(self, log_no: int) -> int | None:
        """The row of a log's genesis event, None while it is not here."""
        return self.row_of(self.log(log_no).id)

    def read_pack(
        self,
        line_no: int,
        begin: int,
        end: int,
        *,
        skeleton: Callable[[EventRow], bool] | None = None,
    ) -> bytes:
        """Seqs begin..end-1 of a line as pack bytes, as they came.

        Events whose content is not here, or for which ``skeleton`` says True, go without it.
        Cost: some microseconds an event; at most 4,096 events at a time keep memory bounded.
        """
        events = list(self.iter_events(self.ranges(line_no, begin, end)))
        assert len(events) == end - begin, (line_no, begin, end)
        if not events:
            return b""
        prev = b"" if begin == 0 else self.leaf_ids(line_no, begin - 1, begin)
        headers, offsets = self.rebuild(events, prev)
        at = memoryview(offsets).cast("I")
        out: list[bytes] = []
        for i, event in enumerate(events):
            header = headers[at[i] : at[i + 1]]
            if event.content is None:
                out += (b"\x01", header, event.frame, event.seal)
            elif skeleton is not None and skeleton(event):
                out += (b"\x01", header, event.frame, skeleton_seal(event.seal, event.content))
            else:
                out += (b"\x02", header, event.frame, event.seal, event.content)
        return b"".join(out)

    def header(self, event: EventRow) -> bytes:
        """The header bytes of one event, as signed."""
        prev = self.prev_row(event)
        return self.rebuild([event], b"" if prev is None else self.ids_at([prev])[0])[0]

    def rebuild(self, events: Sequence[EventRow], prev: bytes) -> tuple[bytes, bytes]:
        """Header bytes of consecutive events of one line, and their u32 offsets (n + 1)."""
        first = events[0]
        log_id = self.log(first.log).id
        kinds: dict[str, int] = {}
        schemas: dict[bytes, int] = {}
        kind = [kinds.setdefault(x.kind, len(kinds)) for x in events]
        schema = [
            0 if x.schema is None else 1 + schemas.setdefault(x.schema, len(schemas))
            for x in events
        ]
        dep_rows = [row for event in events for row in event.deps]
        dep_ends = accumulate((len(event.deps) for event in events), initial=0)
        return kernels.rebuild_headers(
            log=b"" if first.id == log_id else log_id,
            author=first.author,
            seq=first.seq,
            prev=prev,
            lamports=_column("Q", (x.lamport for x in events)),
            times=_column("Q", (x.time for x in events)),
            kinds=list(kinds),
            kind=_column("I", kind),
            schemas=list(schemas),
            schema=_column("I", schema),
            dep_offsets=_column("I", dep_ends),
            deps=b"".join(self.ids_at(dep_rows)),
            frame_sizes=_column("I", (len(x.frame) for x in events)),
            content_sizes=_column("I", (x.content_size for x in events)),
            bodies=bodies_of(events),
        )

    def _event_row(self, values: tuple[Any, ...]) -> EventRow:
        (row, line, seq, id, lamport, time, kind, schema, deps, void, absent, erased, seal, frame,
         content) = values  # fmt: skip
        owner = self._owners.get(line) or self._owner(line)
        return EventRow(
            row,
            line,
            owner[0],
            owner[1],
            seq,
            id,
            lamport,
            time,
            self._kinds.name(kind),
            None if schema is None else self._schemas.name(schema),
            () if deps is None else unpack_deps(row, deps),
            kernels.PART_SKELETON if content is None else kernels.PART_WHOLE,
            frame,
            seal,
            content,
            absent if content is None else len(content),
            None if void is None else self._codes.name(void),
            erased is not None,
        )


def bodies_of(events: Sequence[EventRow]) -> bytes:
    """The commitments of bodies, 32 bytes each, recomputed from what is kept of them."""
    whole = [x for x in events if x.content is not None]
    made = kernels.commit_bodies(
        [x.frame for x in whole],
        [x.content for x in whole if x.content is not None],
        b"".join(x.seal for x in whole),
    )[0]
    if len(whole) == len(events):
        return made
    out, at = [], 0
    for event in events:
        if event.content is not None:
            out.append(made[at : at + 32])
            at += 32
        else:
            salt, content_hash = event.seal[:SEED_BYTES], event.seal[SEED_BYTES:]
            frame_hash = sha256(salt + event.frame).digest()
            out.append(sha256(_BODY_TAG + frame_hash + content_hash).digest())
    return b"".join(out)


def _column(code: str, values: Iterable[int]) -> bytes:
    return array(code, values).tobytes()
