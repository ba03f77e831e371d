"""Events into the store: one call, one batch, consecutive rows.

    pack (columns of bytes) ──► event rows ──► run (seq -> row) ──► tree, line ──► ids of the tail

Law: what goes in is valid and complete (its parents are rows already, or earlier in the same
call); it is never changed afterwards, except that content comes late or is erased.

Reads: kernels (Pack), store/events. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from tallystick import kernels
from tallystick.errors import BadInput
from tallystick.kernels import Pack
from tallystick.limits import SEED_BYTES
from tallystick.store.adapter import Params
from tallystick.store.events import Events, pack_deps, skeleton_seal
from tallystick.store.rows import LineRow

_INSERT = (
    "INSERT INTO event (row, line, seq, id, lamport, time, kind, schema, deps, void, absent, seal,"
    " frame, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NO_SEAL = SEED_BYTES + 32


class Insert(Events):
    """Writing the table event."""

    def insert(
        self,
        line: LineRow,
        pack: Pack,
        begin: int,
        end: int,
        parents: Sequence[Sequence[int]] = (),
        *,
        voids: Mapping[int, str] | None = None,
    ) -> int:
        """Store pack rows begin..end-1 as the line's next events; returns the first row number.

        ``parents[i]`` are the rows of the deps of pack row begin + i in the header's order (prev
        is implied); empty when no event of the batch has deps. ``voids`` maps pack rows to codes.
        The line's size, last id, lamport and peaks are brought up to date here; the head that
        covers them is the caller's to set (``set_line(store.line(no)._replace(head_size=...))``),
        in the same transaction. The line given must be the current one.

        Cost: linear; about 3 microseconds an event with native kernels.
        """
        self._must_write()
        assert line == self.line(line.no), "an outdated line"
        assert pack.seq + begin == line.size, "the pack does not follow the line"
        assert not parents or len(parents) == end - begin
        count = end - begin
        first = self.next_row
        if count <= 0:
            return first
        ids = pack.ids[32 * begin : 32 * end]
        each = [ids[at : at + 32] for at in range(0, len(ids), 32)]
        self.db.executemany(
            _INSERT, self._columns(line, pack, begin, end, each, parents, voids or {})
        )
        self._note_ids(each, first, count)
        run_seq, run_row = self._next_run(line, first)
        grown = line._replace(
            size=line.size + count,
            last_id=each[-1],
            lamport=_words(pack.lamports, "Q", end - 1, end)[0],
            peaks=self._grow_tree(line, ids),
            run_seq=run_seq,
            run_row=run_row,
        )
        self.set_line(grown)
        return first

    def _columns(  # noqa: PLR0917
        self,
        line: LineRow,
        pack: Pack,
        begin: int,
        end: int,
        ids: list[bytes],
        parents: Sequence[Sequence[int]],
        voids: Mapping[int, str],
    ) -> Iterable[Params]:
        first, count = self.next_row, end - begin
        kind_nos = [self.kind_no(name) for name in pack.kinds]
        schema_nos = [None, *(self._schemas.no(digest) for digest in pack.schemas)]
        seals, frames, contents, absent = _bodies(pack, begin, end)
        deps: Sequence[bytes | None] = [None] * count
        if parents:
            deps = [pack_deps(first + i, rows) if rows else None for i, rows in enumerate(parents)]
        void: list[int | None] = [None] * count
        for row, code in voids.items():
            if begin <= row < end:
                void[row - begin] = self._codes.no(code)
        return zip(
            range(first, first + count),
            [line.no] * count,
            range(line.size, line.size + count),
            ids,
            _words(pack.lamports, "Q", begin, end),
            _words(pack.times, "Q", begin, end),
            [kind_nos[kind] for kind in _words(pack.kind, "I", begin, end)],
            [schema_nos[schema] for schema in _words(pack.schema, "I", begin, end)],
            deps,
            void,
            absent,
            seals,
            frames,
            contents,
            strict=True,
        )

    def set_void(self, row: int, code: str | None) -> None:
        """Mark an event void with a code of ``errors.CODES``, or not (None)."""
        self._must_write()
        no = None if code is None else self._codes.no(code)
        self.db.execute("UPDATE event SET void = ? WHERE row = ?", (no, row))

    def set_content(self, row: int, *, seed: bytes, content: bytes) -> None:
        """Keep a content that came late, after checking it against the commitment.

        Raises:
            BadInput: ``event/body-mismatch`` when it is not the content that was committed to.
        """
        self._must_write()
        event = self.event(row)
        if event.content is not None:
            return
        if len(seed) != SEED_BYTES or skeleton_seal(seed, content) != event.seal:
            raise BadInput("event/body-mismatch", where=f"event {event.id.hex()}")
        self.db.execute(
            "UPDATE event SET seal = ?, content = ?, absent = NULL, erased = NULL WHERE row = ?",
            (seed, content, row),
        )

    def erase_content(self, row: int) -> None:
        """Destroy content, seed and salt_c of an event; header, frame, salt_f and C stay.

        Freed bytes are overwritten in the file; the write-ahead log still holds older pages until
        ``checkpoint`` is called.
        """
        self._must_write()
        event = self.event(row)
        seal = event.seal
        if event.content is not None:
            seal = skeleton_seal(event.seal, event.content)
        self.db.execute("PRAGMA secure_delete = ON")
        self.db.execute(
            "UPDATE event SET seal = ?, content = NULL, absent = ?, erased = 1 WHERE row = ?",
            (seal, event.content_size, row),
        )
        self.db.execute("PRAGMA secure_delete = OFF")


def _words(column: bytes, code: Literal["I", "Q"], begin: int, end: int) -> list[int]:
    """Entries begin..end-1 of a column."""
    return memoryview(column).cast(code)[begin:end].tolist()


def _bodies(
    pack: Pack, begin: int, end: int
) -> tuple[list[bytes], list[bytes], list[bytes | None], list[int | None]]:
    """Columns seal, frame, content, absent of pack rows begin..end-1."""
    data = pack.data
    parts = pack.part[begin:end]
    assert kernels.PART_HEADER not in parts, "an event without its frame is pending, not stored"
    frame_start = _words(pack.frame_start, "I", begin, end)
    frame_size = _words(pack.frame_size, "I", begin, end)
    seal_start = _words(pack.seal_start, "I", begin, end)
    content_start = _words(pack.content_start, "I", begin, end)
    content_size = _words(pack.content_size, "I", begin, end)
    frames = [data[at : at + size] for at, size in zip(frame_start, frame_size, strict=True)]
    if parts.count(kernels.PART_WHOLE) == len(parts):
        seals = [data[at : at + SEED_BYTES] for at in seal_start]
        whole: list[bytes | None] = [
            data[at : at + size] for at, size in zip(content_start, content_size, strict=True)
        ]
        return seals, frames, whole, [None] * len(parts)
    seals, contents, absent = [], [], []
    for part, seal_at, at, size in zip(parts, seal_start, content_start, content_size, strict=True):
        here = part == kernels.PART_WHOLE
        seals.append(data[seal_at : seal_at + (SEED_BYTES if here else _NO_SEAL)])
        contents.append(data[at : at + size] if here else None)
        absent.append(None if here else size)
    return seals, frames, contents, absent
