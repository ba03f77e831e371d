"""Questions about a few columns of many events, for those who judge and those who ingest.

Law: an answer is what the rows say; nothing is cached here.

Reads: store. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tallystick.store.crc import insert_into
from tallystick.store.rows import EventRow
from tallystick.store.store import Store

CHUNK: Final = 1_024
"""Rows named in one query."""
HEADER_BYTES_MOST: Final = 400
"""A header without deps (about 330 bytes at its largest), and its part byte."""


def lamports_at(store: Store, rows: Sequence[int]) -> list[int]:
    """Lamports of rows, in the order given. All must be here."""
    found = _columns(store, rows, "lamport")
    return [found[row][0] for row in rows]


def facts_at(store: Store, rows: Sequence[int]) -> list[tuple[bytes, int, int, str, str | None]]:
    """(id, line, seq, kind, void code) of rows, in the order given. All must be here."""
    found = _columns(store, rows, "id, line, seq, kind, void")
    out = []
    for row in rows:
        id, line, seq, kind, void = found[row]
        out.append(
            (id, line, seq, store.kind_name(kind), None if void is None else store.code_name(void))
        )
    return out


def without_content(store: Store, line_no: int, begin: int, end: int) -> list[EventRow]:
    """Events of a line, base included, at seqs begin..end-1, whose content is wanted, not here."""
    rows: list[int] = []
    at: int | None = line_no
    while at is not None and begin < end:
        found = store.db.rows(
            "SELECT row FROM event INDEXED BY event_absent WHERE line = ? AND seq >= ? AND seq < ?"
            " AND absent IS NOT NULL AND erased IS NULL",
            (at, begin, end),
        )
        rows += (row for (row,) in found)
        line = store.line(at)
        at, end = line.base, min(end, line.first_seq)
    return sorted(map(store.event, rows), key=lambda event: event.seq)


def is_waiting(
    store: Store, log_no: int, author: bytes, slice: bytes, *, waits_for: bytes, peer: bytes
) -> bool:
    """Whether a slice from a peer is in the waiting room already."""
    found = store.db.row(
        "SELECT 1 FROM pending p JOIN source s ON s.no = p.source WHERE p.log = ? AND p.author = ?"
        " AND p.waits_for = ? AND s.name = ? AND p.bytes = ? AND p.slice = ? LIMIT 1",
        (log_no, author, waits_for, peer, len(slice), slice),
    )
    return found is not None


def absent_seqs(store: Store, log_no: int) -> list[tuple[int, int]]:
    """(line, seq) of every event of a log whose content is wanted and not here."""
    found = store.db.rows(
        "SELECT e.line, e.seq FROM event e INDEXED BY event_absent JOIN line l ON l.no = e.line"
        " WHERE l.log = ? AND e.absent IS NOT NULL AND e.erased IS NULL ORDER BY e.line, e.seq",
        (log_no,),
    )
    return [(line, seq) for line, seq in found]


def sizes_of(store: Store, row: int, count: int) -> list[int]:
    """Upper bounds, in bytes, of what rows row..row+count-1 take in a pack."""
    found = store.db.rows(
        "SELECT length(frame) + coalesce(length(content), 0) + length(seal)"
        " + 41 * coalesce(length(deps), 0) FROM event WHERE row >= ? AND row < ? ORDER BY row",
        (row, row + count),
    )
    return [size + HEADER_BYTES_MOST for (size,) in found]


def remembered(store: Store, log_no: int, prefix: bytes) -> tuple[bytes, bytes] | None:
    """(checkpoint, records) once agreed on with any peer, by the checkpoint's first bytes."""
    found = store.db.row(
        "SELECT checkpoint, vector FROM peer WHERE log = ? AND substr(checkpoint, 1, ?) = ?",
        (log_no, len(prefix), prefix),
    )
    return None if found is None else (bytes(found[0]), bytes(found[1]))


def rows_with_content(store: Store, row: int, count: int) -> list[tuple[int, int]]:
    """The rows of row..row+count-1 whose content is here, as (row, count)."""
    return _ranges(at for at, absent in store.raw(row, count, ("row", "absent")) if absent is None)


def void_events(store: Store, log_no: int) -> list[tuple[bytes, bytes]]:
    """(author key, id) of every void event of a log. Cost: linear in their number."""
    found = store.db.rows(
        "SELECT l.author, e.id FROM event e INDEXED BY event_void JOIN line l ON l.no = e.line"
        " WHERE e.void IS NOT NULL AND l.log = ? ORDER BY e.line, e.row",
        (log_no,),
    )
    return [(store.author_key(author), id) for author, id in found]


def counted(store: Store, log_no: int) -> int:
    """How many events of a log count. Cost: linear in the entries of its feed."""
    found = store.db.row(
        "SELECT coalesce(sum(count * weight), 0) FROM feed WHERE log = ?", (log_no,)
    )
    assert found is not None
    return int(found[0])


def pending_peers(store: Store) -> int:
    """How many peers have sent something that waits."""
    found = store.db.row("SELECT count(DISTINCT source) FROM pending")
    assert found is not None
    return int(found[0])


def room(store: Store) -> dict[str, Any]:
    """Bytes of the file, free ones among them, and rows and bytes of every table.

    A table's bytes are None where SQLite was built without ``dbstat``. Cost: linear in the file.
    """
    page, pages, free = (
        int(store.db.rows(f"PRAGMA {name}")[0][0])
        for name in ("page_size", "page_count", "freelist_count")
    )
    owners = dict(store.db.rows("SELECT name, tbl_name FROM sqlite_master"))
    built = {option for (option,) in store.db.rows("PRAGMA compile_options")}
    sizes: dict[str, int | None] = dict.fromkeys(owners.values())
    if "ENABLE_DBSTAT_VTAB" in built:
        query = "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = TRUE GROUP BY name"
        sizes = dict.fromkeys(owners.values(), 0)
        for name, size in store.db.rows(query):
            table = owners.get(name)
            if table is not None:
                sizes[table] = (sizes[table] or 0) + size
    tables = {
        name: {"rows": store.db.rows(f'SELECT count(*) FROM "{name}"')[0][0], "bytes": sizes[name]}
        for name in sorted(sizes)
    }
    return {"bytes": page * pages, "free_bytes": page * free, "tables": tables}


def rows_matching(
    store: Store, row: int, count: int, kinds: frozenset[str] | None, without: frozenset[bytes]
) -> list[tuple[int, int]]:
    """The rows of row..row+count-1 that are of some kinds and not among some ids, as ranges."""
    numbers = None if kinds is None else {store.find_kind(kind) for kind in kinds}
    return _ranges(
        at
        for at, kind, id in store.raw(row, count, ("row", "kind", "id"))
        if (numbers is None or kind in numbers) and id not in without
    )


def rows_between(store: Store, low: bytes, high: bytes, *, limit: int) -> list[int]:
    """Rows of ids in [low, high], however far apart. Cost: every event is looked at."""
    found = store.db.rows(
        "SELECT row FROM event WHERE id BETWEEN ? AND ? LIMIT ?", (low, high, limit)
    )
    return [row for (row,) in found]


def canonical_rows(
    store: Store,
    log_no: int,
    *,
    author: int | None = None,
    kinds: Sequence[int] | None = None,
    limit: int | None = None,
    newest: bool = False,
    arrival: bool = False,
) -> list[int]:
    """Rows of a log in canonical order (or in order of arrival), from the first or the newest.

    Cost: O(n log n) over the log's events; with ``arrival`` O(limit).
    """
    way = "DESC" if newest else "ASC"
    order = f"e.row {way}" if arrival else f"e.lamport {way}, a.name {way}, e.seq {way}, e.id {way}"
    wanted = None if kinds is None else f"[{','.join(map(str, kinds))}]"
    found = store.db.rows(
        "SELECT e.row FROM event e JOIN line l ON l.no = e.line JOIN author a ON a.no = l.author"
        " WHERE l.log = ?1 AND (?2 IS NULL OR l.author = ?2) "
        " AND (?3 IS NULL OR e.kind IN (SELECT value FROM json_each(?3)))"
        f" ORDER BY {order} LIMIT ?4",
        (log_no, author, wanted, -1 if limit is None else limit),
    )
    rows = [row for (row,) in found]
    return rows[::-1] if newest else rows


def spans_since(store: Store, row: int) -> list[tuple[int, int, int]]:
    """(line, begin, end) seqs of everything stored in rows ``row`` and after."""
    return store.db.rows(
        "SELECT line, min(seq), max(seq) + 1 FROM event WHERE row >= ? GROUP BY line ORDER BY"
        " min(row)",
        (row,),
    )


def heads_newest(store: Store, log_no: int, limit: int) -> list[int]:
    """Rows in the table of heads, the newest first."""
    found = store.db.rows(
        "SELECT row FROM head WHERE log = ? ORDER BY row DESC LIMIT ?", (log_no, limit)
    )
    return [row for (row,) in found]


def heads_on(store: Store, log_no: int, lines: Iterable[int]) -> list[int]:
    """Rows in the table of heads that lie on some lines."""
    found = store.db.rows(
        "SELECT h.row FROM head h JOIN event e ON e.row = h.row"
        " WHERE h.log = ? AND e.line IN (SELECT value FROM json_each(?))",
        (log_no, f"[{','.join(map(str, sorted(set(lines))))}]"),
    )
    return [row for (row,) in found]


def move_heads(store: Store, log_no: int, *, gone: Iterable[int], came: Iterable[int]) -> None:
    """Takes rows out of the table of heads, then puts rows in; inside a write."""
    store.db.executemany(
        "DELETE FROM head WHERE log = ? AND row = ?", [(log_no, row) for row in gone]
    )
    store.db.executemany(
        insert_into("head", verb="INSERT OR IGNORE"), [(log_no, row) for row in came]
    )


def totals(store: Store, log_no: int) -> tuple[int, int]:
    """(events, authors) of a log. Cost: linear in the number of lines."""
    found = store.db.row(
        "SELECT coalesce(sum(size - first_seq), 0), count(DISTINCT author) FROM line WHERE log = ?",
        (log_no,),
    )
    assert found is not None
    return int(found[0]), int(found[1])


def _ranges(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending rows as (row, count)."""
    ranges: list[tuple[int, int]] = []
    for at in rows:
        if ranges and sum(ranges[-1]) == at:
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((at, 1))
    return ranges


def _columns(store: Store, rows: Sequence[int], names: str) -> dict[int, tuple[Any, ...]]:
    wanted = sorted(set(rows))
    found: dict[int, tuple[Any, ...]] = {}
    for at in range(0, len(wanted), CHUNK):
        part = ",".join(map(str, wanted[at : at + CHUNK]))
        found.update(
            (row, tuple(rest))
            for row, *rest in store.db.rows(
                f"SELECT row, {names} FROM event WHERE row IN (SELECT value FROM json_each(?))",
                (f"[{part}]",),
            )
        )
    return found
