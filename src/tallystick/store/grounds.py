"""What stands on what: rows of events that name grounds, by the row of the ground.

    on_row   row   count         events of rows row..row+count-1 stand on the event of on_row
         7    20    1000         a slice of payments in one asset is one entry

Law: an entry is what the frames of its rows say; it is written with them, in one transaction, and
never changed.

Reads: store. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from tallystick.store.crc import insert_into
from tallystick.store.store import Store

GroundRow: TypeAlias = tuple[int, int, int]
"""(on_row, row, count): rows row..row+count-1 stand on the event of ``on_row``."""


def add_grounds(store: Store, entries: Iterable[GroundRow]) -> None:
    """Keep entries; inside a write."""
    store.db.executemany(insert_into("ground"), entries)


def standing_on(
    store: Store, on_row: int, count: int = 1, *, begin: int = 0, end: int | None = None
) -> list[tuple[int, int]]:
    """(row, count) of what stands on rows on_row..on_row+count-1, of rows begin..end-1."""
    last = "" if count > 1 else (  # entries of one ground do not overlap
        " AND row >= (SELECT coalesce(max(row), 0) FROM ground WHERE on_row = ?1 AND row <= ?3)"
    )  # fmt: skip
    found = store.db.rows(
        "SELECT row, count FROM ground WHERE on_row >= ?1 AND on_row < ?2 AND row + count > ?3"
        f"{last} AND (?4 IS NULL OR row < ?4) ORDER BY row",
        (on_row, on_row + count, begin, end),
    )
    most = store.next_row if end is None else end
    return [(max(row, begin), min(row + many, most) - max(row, begin)) for row, many in found]


def is_stood_on(store: Store, on_row: int, begin: int, end: int) -> bool:
    """Whether one of rows begin..end-1 stands on a row. Cost: one look."""
    found = store.db.rows(
        "SELECT row + count FROM ground WHERE on_row = ? AND row < ? ORDER BY row DESC LIMIT 1",
        (on_row, end),
    )
    return bool(found) and found[0][0] > begin


def last_standing_on(store: Store, on_row: int, limit: int) -> list[int]:
    """The newest rows, one of each of the last entries, that stand on a row."""
    found = store.db.rows(
        "SELECT row + count - 1 FROM ground WHERE on_row = ? ORDER BY row DESC LIMIT ?",
        (on_row, limit),
    )
    return [row for (row,) in found]
