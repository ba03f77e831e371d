"""Checksums of rows that no event's hash covers: what was judged, heard, named and when it came.

    INSERT INTO petname VALUES (?1, ?2, row_crc(?1, ?2))      written with the row
    SELECT ... WHERE crc IS NOT row_crc(name, author)         asked by verify

Events are bound by their ids, chains by their heads, names by unique indexes that hold them a
second time (``PRAGMA integrity_check`` compares); the tables here have nothing else. CRC-32 finds
every flipped bit and every burst of up to 32; it is no defence against a person, who could as well
write another file.

Law: whatever bit of a covered row is turned, its checksum is another one.

Reads: nothing. Read by: store/adapter (makes it an SQL function), store/verify.
"""

from __future__ import annotations

from typing import Any, Final
from zlib import crc32

LONG_BYTES: Final = 64
COVERED: Final = {
    "meta": ("name", "value"),
    "log": ("no", "id", "name", "purpose"),
    "arrival": ("row", "received_ms", "source"),
    "pending": (
        *("no", "log", "author", "seq", "count", "slice", "bytes", "waits_for", "source"),
        "received_ms",
    ),
    "equivocation": ("log", "author", "seq", "id_a", "id_b", "frame"),
    "feed": ("log", "pos", "count", "row", "ranges", "weight", "cause"),
    "head": ("log", "row"),
    "statement": ("log", "row", "id", "voter", "seq", "lamport", "verb", "target", "detail"),
    "ground": ("on_row", "row", "count"),
    "private_statement": ("log", "no", "kind", "frame", "reason"),
    "policy": ("log", "document"),
    "policy_history": ("log", "no", "pos", "since", "changed_ms", "document"),
    "petname": ("name", "author"),
    "peer": ("key", "log", "checkpoint", "vector"),
    "view": ("log", "name", "definition", "policy"),
    "kept": ("log", "name", "value"),
}
"""Table -> the columns its ``crc`` is of. A view's ``pos`` is not among them: it moves with every
change, and whether it is right is seen when the view is compared with a fresh one."""


def row_crc(*values: Any) -> int:
    """CRC-32 of values (NULL, numbers, text, blobs), written as Python writes them in ASCII.

    One call of the interpreter's own for a whole row: this is on the path of every append. Long
    blobs stand by their length and CRC-32.
    """
    plain = [
        ("blob", len(value), crc32(value))
        if type(value) is bytes and len(value) > LONG_BYTES
        else value
        for value in values
    ]
    return crc32(ascii(plain).encode())


def insert_into(table: str, *, verb: str = "INSERT") -> str:
    """The statement that writes a row of a covered table, one parameter per covered column."""
    columns = COVERED[table]
    marks = ", ".join(f"?{at}" for at in range(1, len(columns) + 1))
    return f"{verb} INTO {table} ({', '.join(columns)}, crc) VALUES ({marks}, row_crc({marks}))"


INSERT_VIEW: Final = (
    "INSERT OR REPLACE INTO view (log, name, definition, policy, pos, crc)"
    " VALUES (?1, ?2, ?3, ?4, ?5, row_crc(?1, ?2, ?3, ?4))"
)
"""The statement that writes a view's row."""
