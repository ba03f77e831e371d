"""Events of one's own that stand on others: what they name is put into their past, or refused.

Law: an event that would count for nobody is refused before it is written, by the rule that would
make it void when it is read.

Reads: replica.{kinds, writing}, state.grounds, store. Read by: replica.writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.errors import BadInput
from tallystick.replica.kinds import ground_rule
from tallystick.replica.writing import Row
from tallystick.state.grounds import Deed
from tallystick.store.store import Store


def with_grounds(store: Store, log_no: int, author: bytes, rows: Sequence[Row]) -> Sequence[Row]:
    """Rows to be written, with the events they stand on named so that these are in their past.

    Raises:
        BadInput: void/*, for an event that would count for nobody.
    """
    if all(ground_rule(row.kind) is None for row in rows):
        return rows
    found: dict[bytes, tuple[int, Deed] | None] = {}
    return [
        row if ground_rule(row.kind) is None else _with_grounds(store, log_no, author, row, found)
        for row in rows
    ]


def _with_grounds(
    store: Store,
    log_no: int,
    author: bytes,
    row: Row,
    found: dict[bytes, tuple[int, Deed] | None],
) -> Row:
    rule = ground_rule(row.kind)
    assert rule is not None, row.kind
    named = rule.read(author, row.frame)
    code = named if isinstance(named, str) else None
    places: list[int] = []
    if not isinstance(named, str):
        for id in named:
            if id not in found:
                found[id] = _deed(store, log_no, id)
        known = [one for id in named if (one := found[id]) is not None]
        if len(known) < len(named):
            code = "void/ground"
        else:
            places = [at for at, _ in known]
            code = rule.check(Deed(b"", author, row.kind, row.frame), [deed for _, deed in known])
    if code is not None:
        raise BadInput(code, where=row.kind, hint="Such an event would count for nobody.")
    return row._replace(names=(*row.names, *places))


def _deed(store: Store, log_no: int, id: bytes) -> tuple[int, Deed] | None:
    row = store.row_of(id)
    event = None if row is None else store.event(row)
    if event is None or event.log != log_no or event.void is not None:
        return None
    return event.row, Deed(id, event.author, event.kind, event.frame)
