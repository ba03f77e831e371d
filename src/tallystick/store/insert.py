"""Events into the store: one call, one batch, consecutive rows.

    pack (columns of bytes) ──► event rows ──► run (seq -> row) ──► tree, line ──► ids of the tail

Law: what goes in is valid and complete (its parents are rows already, or earlier in the same
call); it is never changed afterwards, except that content comes late or is erased.

Reads: kernels (Pack), store/events. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat

from tallystick import kernels
from tallystick.errors import BadInput
from tallystick.kernels import Pack
from tallystick.limits import SEED_BYTES
from tallystick.store.bulk import INSERT as BULK
from tallystick.store.bulk import bulk_params, stretches, words
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
        each = pack.ids_of(begin, end)
        self._put_rows(line.no, pack, begin, end, each, parents, voids or {})
        self._note_ids(each, first, count)
        run_seq, run_row = self._next_run(line, first)
        grown = line._replace(
            size=line.size + count,
            last_id=each[-1],
            lamport=words(pack.lamports, "Q", end - 1, end)[0],
            peaks=self._grow_tree(line, ids),
            run_seq=run_seq,
            run_row=run_row,
        )
        self.set_line(grown)
        return first

    def _put_rows(  # noqa: PLR0917
        self,
        line_no: int,
        pack: Pack,
        begin: int,
        end: int,
        ids: list[bytes],
        parents: Sequence[Sequence[int]],
        voids: Mapping[int, str],
    ) -> None:
        """The rows themselves, in the order of the pack; long plain stretches as one statement."""
        kinds = [self.kind_no(name) for name in pack.kinds]
        schemas = [0, *(self._schemas.no(digest) for digest in pack.schemas)]
        for first, last, plain in stretches(begin, end, _odd(pack, begin, end, parents, voids)):
            row = self.next_row + first - begin
            if plain:
                values = bulk_params(pack, first, last, line_no, row, kinds, schemas)
                self.db.execute(BULK, values)
                continue
            here = slice(first - begin, last - begin)
            deps = [pack_deps(row + i, rows) for i, rows in enumerate(parents[here])]
            void = [voids.get(at) for at in range(first, last)]
            seals, frames, contents, absent = _bodies(pack, first, last)
            columns = zip(
                range(row, row + last - first),
                repeat(line_no),
                range(pack.seq + first, pack.seq + last),
                ids[here],
                words(pack.lamports, "Q", first, last),
                words(pack.times, "Q", first, last),
                [kinds[kind] for kind in words(pack.kind, "I", first, last)],
                [schemas[schema] or None for schema in words(pack.schema, "I", first, last)],
                deps or repeat(None),
                [None if code is None else self._codes.no(code) for code in void],
                absent,
                seals,
                frames,
                contents,
                strict=False,  # what repeats has no end
            )
            self.db.executemany(_INSERT, columns)

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


def _odd(
    pack: Pack,
    begin: int,
    end: int,
    parents: Sequence[Sequence[int]],
    voids: Mapping[int, str],
) -> list[int]:
    """Pack rows begin..end-1 that are not plain, ascending."""
    odd = {begin + i for i, rows in enumerate(parents) if rows}
    odd |= voids.keys() & range(begin, end)
    parts = pack.part[begin:end]
    if parts.count(kernels.PART_WHOLE) < len(parts):
        odd.update(begin + i for i, part in enumerate(parts) if part != kernels.PART_WHOLE)
    return sorted(odd)


def _bodies(
    pack: Pack, begin: int, end: int
) -> tuple[list[bytes], list[bytes], list[bytes | None], list[int | None]]:
    """Columns seal, frame, content, absent of pack rows begin..end-1."""
    data = pack.data
    parts = pack.part[begin:end]
    assert kernels.PART_HEADER not in parts, "an event without its frame is pending, not stored"
    frame_start = words(pack.frame_start, "I", begin, end)
    frame_size = words(pack.frame_size, "I", begin, end)
    seal_start = words(pack.seal_start, "I", begin, end)
    content_start = words(pack.content_start, "I", begin, end)
    content_size = words(pack.content_size, "I", begin, end)
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
