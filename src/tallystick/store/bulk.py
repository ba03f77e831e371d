"""Many plain events as one statement: SQLite cuts them out of the pack's bytes by itself.

    pack.data   ... header frame seed content  header frame seed content ...
                           │     └ at (json_each: one offset per event)
                           └ at - frame size       ──►  INSERT INTO event ... SELECT substr(...)

Binding fourteen values a row from Python costs more than storing them. A **plain** event is whole,
not void and without deps; that is nearly every event of a long commit. Columns that are the same
all through (the kind, often the time) are one number; others are decimal text of a fixed width,
since SQL has no other way from bytes to numbers.

Law: the rows are those that one INSERT per event would have made.

Reads: kernels (Pack). Read by: store/insert.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from tallystick.kernels import Pack
from tallystick.limits import SEED_BYTES
from tallystick.store.adapter import Value

BULK_MIN: Final = 16
"""Plain events in a row from which one statement is cheaper than one row after the other."""
_DIGITS: Final = 19
"""Of 2**63 - 1."""


def _number(at: int) -> str:
    """SQL for entry ``i`` of a column: parameter ``at`` itself, or cut out of its text."""
    cut = f"CAST(substr(?{at}, {_DIGITS} * i + 1, {_DIGITS}) AS INTEGER)"
    return f"iif(typeof(?{at}) = 'integer', ?{at}, {cut})"


INSERT: Final = (
    "INSERT INTO event (row, line, seq, id, lamport, time, kind, schema, seal, frame, content)"
    " SELECT ?2 + i, ?3, ?4 + i, substr(?5, 32 * i + 1, 32),"
    f" {_number(6)} + iif(typeof(?6) = 'integer', i, 0), {_number(7)}, {_number(8)},"
    f" nullif({_number(9)}, 0), substr(?10, at + 1, {SEED_BYTES}),"
    f" substr(?10, at - {_number(11)} + 1, {_number(11)}),"
    f" substr(?10, at + {SEED_BYTES + 1}, {_number(12)})"
    " FROM (SELECT key AS i, value AS at FROM json_each(?1))"
)
"""?1 offsets of the seeds, ?2 first row, ?3 line, ?4 first seq, ?5 ids, ?6 lamports (a number: they
go up by one), ?7 times, ?8 kinds, ?9 schemas (0: none), ?10 bytes, ?11 sizes of the frames and
?12 of the contents."""


def stretches(begin: int, end: int, odd: Sequence[int]) -> Iterator[tuple[int, int, bool]]:
    """Rows begin..end-1 as (begin, end, plain): long stretches without an odd row, and the rest.

    Args:
        odd: rows that are not plain, ascending.
    """
    pending = at = begin
    for row in (*odd, end):
        if row - at >= BULK_MIN:
            if pending < at:
                yield pending, at, False
            yield at, row, True
            pending = row
        at = row + 1
    if pending < end:
        yield pending, end, False


def bulk_params(  # noqa: PLR0917
    pack: Pack,
    begin: int,
    end: int,
    line_no: int,
    first_row: int,
    kind_nos: Sequence[int],
    schema_nos: Sequence[int],
) -> tuple[Value, ...]:
    """The parameters of ``INSERT`` for plain pack rows begin..end-1.

    Args:
        kind_nos, schema_nos: the store's number for each of the pack's.
    """
    seals = words(pack.seal_start, "I", begin, end)
    first = seals[0] - words(pack.frame_size, "I", begin, begin + 1)[0]
    last = seals[-1] + SEED_BYTES + words(pack.content_size, "I", end - 1, end)[0]
    lamports = words(pack.lamports, "Q", begin, end)
    in_steps = lamports == list(range(lamports[0], lamports[0] + end - begin))
    return (
        f"[{','.join(map(str, [at - first for at in seals]))}]",
        first_row,
        line_no,
        pack.seq + begin,
        pack.ids[32 * begin : 32 * end],
        lamports[0] if in_steps else _text(lamports),
        _column(pack.times, "Q", begin, end),
        _column(pack.kind, "I", begin, end, kind_nos),
        _column(pack.schema, "I", begin, end, schema_nos),
        pack.data[first:last],
        _column(pack.frame_size, "I", begin, end),
        _column(pack.content_size, "I", begin, end),
    )


def _column(
    column: bytes, code: Literal["I", "Q"], begin: int, end: int, names: Sequence[int] | None = None
) -> int | bytes:
    width = 4 if code == "I" else 8
    part = column[width * begin : width * end]
    same = part == part[:width] * (end - begin)
    words = memoryview(part[:width] if same else part).cast(code).tolist()
    if names is not None:
        words = [names[word] for word in words]
    return words[0] if same else _text(words)


def _text(words: Sequence[int]) -> bytes:
    return (b"%%0%dd" % _DIGITS * len(words)) % tuple(words)


def words(column: bytes, code: Literal["I", "Q"], begin: int, end: int) -> list[int]:
    """Entries begin..end-1 of a column, as numbers."""
    return memoryview(column).cast(code)[begin:end].tolist()
