"""How sequences are kept: one as it was once, and a tail of what was done to it since.

    tail entry   0 stream text      events taken in, all of them counting
                 1 spans            events that cease to count
                 2 spans            events that begin to count
                 3 row index text   other characters

    digest(n) = SHA-256(digest(n - 1) ‖ entry)[:16]      of nothing: 16 zero bytes

**Law:** a sequence out of memory and one out of the tables are the same when their digests are.

Reads: kernels, state.snapshot. Read by: views_texts, views_texts_write.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final, Protocol

from tallystick.errors import StoreError, TallyError
from tallystick.kernels import Sequence, decode_item, encode_item
from tallystick.state.snapshot import open_snapshot, write_snapshot
from tallystick.state.view import Db

IN_MEMORY_MAX: Final = 64
"""Sequences held in memory: those used last."""
TAIL_BYTES_MIN: Final = 4_096
"""A shorter tail is never folded in."""
TAIL_PART: Final = 4
"""A tail longer than this part of what is kept is folded in: amortised, that is a constant."""
TAKE_IN, CEASE, BEGIN, OTHER = range(4)
_NOTHING: Final = bytes(16)


class Tables(Protocol):
    """What is needed of the view whose sequences these are."""

    def own(self, part: str) -> str:
        """The view's own tables."""


class Kept:
    """The sequences of one view, by the number of their place."""

    def __init__(self, view: Tables) -> None:
        self._view = view
        self._held: OrderedDict[int, tuple[bytes, Sequence]] = OrderedDict()

    def get(self, db: Db, no: int) -> Sequence:
        """The sequence of a place, to be read; what changes it goes through ``do``.

        Raises:
            StoreError: store/damaged, when the tables do not hold what was written.
        """
        digest = self._digest(db, no)
        held = self._held.get(no)
        if held is None or held[0] != digest:
            self._hold(no, digest, self._load(db, no))
        self._held.move_to_end(no)
        return self._held[no][1]

    def do(self, db: Db, no: int, *entries: Any) -> None:
        """Do something to a sequence, and keep it."""
        sequence, digest = self.get(db, no), self._held[no][0]
        for entry in entries:
            data = encode_item(entry)
            digest = sha256(digest + data).digest()[:16]
            act(sequence, entry)
            self._hold(no, digest, sequence)
            db.execute(
                f"INSERT INTO {self._view.own('tail')} (place, digest, data) VALUES (?, ?, ?)",
                (no, digest, data),
            )

    def fold(self, db: Db, no: int, *, whole: bool = False) -> None:
        """Write the sequence anew if its tail has grown long; with ``whole``, in any case."""
        tail, kept = self._view.own("tail"), self._view.own("kept")
        ((long,),) = db.rows(f"SELECT total(length(data)) FROM {tail} WHERE place = ?", (no,))
        found = db.rows(f"SELECT length(data) FROM {kept} WHERE place = ?", (no,))
        if not whole and long <= max(TAIL_BYTES_MIN, (found[0][0] if found else 0) / TAIL_PART):
            return
        sequence = self.get(db, no)
        row = (no, self._held[no][0], write_snapshot(sequence))
        db.execute(f"INSERT OR REPLACE INTO {kept} VALUES (?, ?, ?)", row)
        db.execute(f"DELETE FROM {tail} WHERE place = ?", (no,))

    def authors(self, db: Db, known: Iterable[tuple[int, bytes, bytes]]) -> None:
        """Who the authors in streams are, from now on."""
        rows = list(known)
        db.executemany(f"INSERT OR REPLACE INTO {self._view.own('author')} VALUES (?, ?, ?)", rows)
        for _, sequence in self._held.values():
            for number, key, side in rows:
                sequence.author(number, key, side)

    def write(self, db: Db, no: int, author: int) -> None:
        """Somebody writes at a place."""
        table = self._view.own("writer")
        db.execute(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", (no, author))
        if no in self._held:
            self._tell(db, no, self._held[no][1])

    def forget(self) -> None:
        """Let go of what is in memory."""
        self._held.clear()

    # --- inside ----------------------------------------------------------------------------------

    def _digest(self, db: Db, no: int) -> bytes:
        found = db.rows(
            f"SELECT digest FROM {self._view.own('tail')} WHERE place = ? ORDER BY id DESC LIMIT 1",
            (no,),
        ) or db.rows(f"SELECT digest FROM {self._view.own('kept')} WHERE place = ?", (no,))
        return found[0][0] if found else _NOTHING

    def _hold(self, no: int, digest: bytes, sequence: Sequence) -> None:
        self._held[no] = (digest, sequence)
        while len(self._held) > IN_MEMORY_MAX:
            self._held.popitem(last=False)

    def _load(self, db: Db, no: int) -> Sequence:
        sequence = Sequence()
        self._tell(db, no, sequence)
        try:
            self._read(db, no, sequence)
        except (TallyError, ValueError, TypeError) as error:
            raise StoreError(
                "store/damaged", where=f"a text or list in {self._view.own('kept')}, place {no}",
                got=error,
            ) from error  # fmt: skip
        return sequence

    def _read(self, db: Db, no: int, sequence: Sequence) -> None:
        """Fill a sequence out of the tables; ValueError when an entry is not what was written."""
        digest = _NOTHING
        kept, tail = self._view.own("kept"), self._view.own("tail")
        for was, data in db.rows(f"SELECT digest, data FROM {kept} WHERE place = ?", (no,)):
            digest = was
            open_snapshot(data).fill(sequence)
        for was, data in db.rows(
            f"SELECT digest, data FROM {tail} WHERE place = ? ORDER BY id", (no,)
        ):
            digest = sha256(digest + data).digest()[:16]
            if was != digest:
                raise ValueError("an entry of the tail is not what was written")
            act(sequence, decode_item(data))

    def _tell(self, db: Db, no: int, sequence: Sequence) -> None:
        for number, key, side in db.rows(
            f"SELECT a.no, a.key, a.side FROM {self._view.own('writer')} w"
            f" JOIN {self._view.own('author')} a ON a.no = w.no WHERE w.place = ?",
            (no,),
        ):
            sequence.author(number, key, side)


def act(sequence: Sequence, entry: Any) -> None:
    """Do to a sequence what an entry of the tail says."""
    word, *rest = entry
    if word == TAKE_IN:
        stream, text = rest
        sequence.merge(stream, text)
    elif word == OTHER:
        row, index, text = rest
        sequence.set_text(row, index, text)
    else:
        sequence.count([tuple(span) for span in rest[0]], on=word == BEGIN)
