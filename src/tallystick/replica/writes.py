"""Writing: events, commits of several, and ops at places.

Law: what a method returned is durable; an event that would count for nobody is refused.

Reads: replica.base, replica.writing, state.edits. Read by: replica.says.
Source: spec/packs.md, spec/ops.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from tallystick.errors import BadInput
from tallystick.event.event import read_part
from tallystick.event.ids import cid_texts
from tallystick.event.rules import CREATE
from tallystick.kernels import Sequence as Characters
from tallystick.kernels import encode_item
from tallystick.limits import DIGEST_BYTES
from tallystick.replica.base import Base
from tallystick.replica.grounded import check_grounds
from tallystick.replica.kinds import ground_rule, is_ruled, void_code
from tallystick.replica.ledger import Ledger, Put
from tallystick.replica.openlog import PLACES
from tallystick.replica.reading import Reading
from tallystick.replica.writing import Row
from tallystick.state.edits import Edit
from tallystick.state.ops import KIND as EDIT
from tallystick.state.ops import Target
from tallystick.state.places import Place
from tallystick.state.splices import Splices
from tallystick.state.types import LiveOp
from tallystick.state.views_places import PlacesView
from tallystick.state.views_places_read import live_ops, salt_of
from tallystick.state.views_texts import NAME as TEXTS
from tallystick.state.views_texts import TextsView
from tallystick.state.views_texts_marks import Mark, marks_at


class Batch:
    """Events that become one commit when the ``with`` block ends; nothing if it raises."""

    def __init__(self, replica: Writes) -> None:
        self._replica = replica
        self.rows: list[Row] = []
        self.ids: list[str] = []
        """Their ids, once the block has ended."""

    def write(self, kind: str, content: Any = None, *, frame: Any = None) -> None:
        """One more event."""
        self.rows.append(event_row(kind, content, frame))

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger's verbs; what they write becomes part of the batch."""
        return self._replica.ledger_with(self._put)

    def _put(self, row: Row) -> str:
        self.rows.append(row)
        return ""


class Writes(Base):
    """The verbs that write."""

    def write(self, kind: str, content: Any = None, *, frame: Any = None) -> str:
        """Writes one event, durable when this returns; its id.

        Args:
            kind: ``[a-z0-9-]+(/[a-z0-9-]+)*``; the kinds the formats fix are checked by their rule.
            content: plain data: what it says. Personal data belongs here; it can be erased.
            frame: plain data without floats: what the event does, of kinds that have one.

        Raises:
            BadInput: codec/*, event/*, void/*. KeyNeeded. ChainError: chain/restored.
        """
        return self._append_ruled([event_row(kind, content, frame)])[0]

    def write_many(self, rows: Sequence[tuple[str, Any]]) -> list[str]:
        """Writes events as one transaction, at most 4,096 to a commit; their ids."""
        return self._append_ruled([event_row(kind, content, None) for kind, content in rows])

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Several events as one commit: ``with replica.batch() as b: b.write(...)``."""
        batch = Batch(self)
        yield batch
        batch.ids = self._append_ruled(batch.rows)

    @property
    def ledger(self) -> Ledger:
        """Assets, payments, refunds; balances, statements, debts."""
        return self.ledger_with(lambda row: self._append_ruled([row])[0])

    def ledger_with(self, put: Put) -> Ledger:
        """The ledger's verbs, with what becomes of the events they make."""
        return Ledger(lambda: Reading(self._log, self._names), self._names, self._owner.public, put)

    @contextmanager
    def edit(self) -> Iterator[Edit]:
        """Several ops at places as one event: ``with replica.edit() as e: e.set(...)``."""
        edit = self._edit()
        yield edit
        if edit.drafts:
            self._write_edit(edit)

    def set(self, place: str, value: Any) -> str:
        """Writes a register; the id of the edit."""
        return self._write_edit(self._edit().set(place, value))

    def add(self, place: str, element: Any) -> str:
        """Puts an element into a set."""
        return self._write_edit(self._edit().add(place, element))

    def remove(self, place: str, element: Any) -> str:
        """Takes an element out of a set. Raises BadInput state/place if it is not there."""
        return self._write_edit(self._edit().remove(place, element))

    def inc(self, place: str, amount: int = 1) -> str:
        """Adds to a counter; the amount may be negative, not 0."""
        return self._write_edit(self._edit().inc(place, amount))

    def enable(self, place: str) -> str:
        """Switches a flag on."""
        return self._write_edit(self._edit().enable(place))

    def disable(self, place: str) -> str:
        """Switches a flag off."""
        return self._write_edit(self._edit().disable(place))

    def splice(self, place: str, position: int, deleted: int = 0, text: str = "") -> str | None:
        """Deletes characters of a text and inserts others there; None if that is nothing.

        Positions count Unicode scalar values of what this replica shows.

        Raises:
            BadInput: state/text, for a position or length beyond the text.
        """
        edit = self._edit().splice(place, position, deleted, text)
        return self._write_edit(edit) if edit.drafts else None

    def mark(
        self, place: str, start: int, end: int, name: str, *, value: Any = True, grows: bool = True
    ) -> str:
        """Marks characters of a text (bold, link, a comment); null takes the mark off.

        Args:
            grows: whether what is typed directly after the last character is marked, too.

        Raises:
            BadInput: state/text, for an empty stretch or one beyond the text; state/place.
        """
        return self._write_edit(
            self._edit().mark(place, start, end, name, value=value, grows=grows)
        )

    def splice_list(
        self, place: str, position: int, deleted: int = 0, elements: Sequence[Any] = ()
    ) -> str | None:
        """Deletes elements of a list and inserts others there; None if that is nothing.

        Raises:
            BadInput: state/text, for a position or length beyond the list; codec/*.
        """
        edit = self._edit().splice_list(place, position, deleted, elements)
        return self._write_edit(edit) if edit.drafts else None

    # --- inside -----------------------------------------------------------------------------------

    def _append_ruled(self, rows: Sequence[Row]) -> list[str]:
        """As ``_append``; what would be void by the events it stands on is refused."""
        if rows and self._store.logs():
            check_grounds(self._store, self._log.no, self._owner.public, rows)
        return self._append(rows)

    def _append(self, rows: Sequence[Row]) -> list[str]:
        if not rows:
            return []
        if not self._store.logs():
            self.create_log(self.path.stem if self.path is not None else "log")
        ids, _ = self._log.append([self._grounded(row) for row in rows])
        return cid_texts(b"".join(ids))

    def _grounded(self, row: Row) -> Row:
        """The row with the events it stands on in its past, if its kind names any."""
        rule = ground_rule(row.kind)
        if rule is None:
            return row
        named = rule.read(self._owner.public, row.frame)
        if isinstance(named, str):
            raise _void(named, row)
        found = [self._log.source.row_of(id) for id in named]
        return row._replace(names=(*row.names, *(one for one in found if one is not None)))

    def _edit(self) -> Edit:
        if not self._store.logs():
            self.create_log(self.path.stem if self.path is not None else "log")
        return Edit(self._live, self._sequence, self._salt, self._means.entropy)

    def _live(self, place: Sequence[str], type_: str) -> Sequence[LiveOp]:
        view = self._log.views.get(PLACES)
        assert isinstance(view, PlacesView)
        return live_ops(view, self._store.db, place, type_)

    def _salt(self, record: Place) -> bytes | None:
        view = self._log.views.get(PLACES)
        assert isinstance(view, PlacesView)
        return salt_of(view, self._store.db, self._log.source, record)

    def _sequence(self, place: Place, type_: str) -> Splices:
        view = self._log.views.get(TEXTS)
        assert isinstance(view, TextsView)
        no = view.find(self._store.db, place, type_)
        sequence = Characters() if no is None else view.kept.get(self._store.db, no)

        def marks(of: Place, text: Characters) -> list[Mark]:
            number = view.find(self._store.db, of, "mark")
            return [] if number is None else marks_at(view, self._store.db, number, text)

        return Splices(
            place, type_, sequence, named=self._target, outside=self._outside, marks=marks
        )

    def _target(self, row: int) -> Target:
        event = self._store.event(row)
        return Target(event.author, event.seq, event.id, 0)

    def _outside(self, sequence: Characters, position: int) -> list[int]:
        """Of the events that do not count and follow a position, those not built upon."""
        return [row for row in sequence.gap(position) if not self._log.heeds(row)]

    def _write_edit(self, edit: Edit) -> str:
        frame, content = edit.build(side_of=self._side_of)
        named = (target for draft in edit.drafts for target in draft.over)
        targets = {target.id for target in named if not isinstance(target, int)}
        names = tuple(row for row in self._store.rows_of(sorted(targets)) if row is not None)
        return self._append([Row(EDIT, frame=frame, content=content, names=names)])[0]

    def _side_of(self, target: Target) -> bytes | None:
        """Which side of a split chain a target is on, where its author and seq do not say.

        The target itself names its side: it is in the past of what is being written.
        """
        lines = self._store.lines(self._log.no, target.author)
        rows = {self._store.row_at(one.no, target.seq) for one in lines if one.size > target.seq}
        return target.id if len(rows) > 1 else None


def event_row(kind: str, content: Any, frame: Any) -> Row:
    """Plain data as an event's row. Raises BadInput event/kind, codec/*, void/*."""
    if not isinstance(kind, str):
        raise BadInput("event/kind", got=repr(kind)[:80])
    row = Row(
        kind,
        frame=b"" if frame is None else encode_item(frame),
        content=b"" if content is None else encode_item(content, floats=True),
    )
    if kind == CREATE:
        raise BadInput("event/genesis", hint="Use create_log (tally log create).")
    if is_ruled(kind):
        code = void_code(
            kind, frame=row.frame, content_size=len(row.content), log=bytes(DIGEST_BYTES)
        )
        if code is not None and code != "void/proof":
            raise _void(code, row)
    return row


def _void(code: str, row: Row) -> BadInput:
    return BadInput(
        code, f"an event of kind {row.kind} with that frame would count for nobody",
        got=read_part(row.frame),
        hint="Use the verb that writes it (ban, set, ...), or a kind of your own.",
    )  # fmt: skip
