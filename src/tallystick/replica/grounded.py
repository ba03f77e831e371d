"""Events of one's own that stand on others: what would be void is refused.

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


def check_grounds(store: Store, log_no: int, author: bytes, rows: Sequence[Row]) -> None:
    """Rows to be written against the rules of their kinds and the events they stand on.

    Raises:
        BadInput: void/*, for an event that would count for nobody.
    """
    found: dict[bytes, Deed | None] = {}
    for row in rows:
        rule = ground_rule(row.kind)
        if rule is None:
            continue
        named = rule.read(author, row.frame)
        code = named if isinstance(named, str) else None
        if not isinstance(named, str):
            for id in named:
                if id not in found:
                    found[id] = _deed(store, log_no, id)
            known = [one for id in named if (one := found[id]) is not None]
            if len(known) < len(named):
                code = "void/ground"
            else:
                code = rule.check(Deed(b"", author, row.kind, row.frame), known)
        if code is not None:
            raise BadInput(code, where=row.kind, hint="Such an event would count for nobody.")


def _deed(store: Store, log_no: int, id: bytes) -> Deed | None:
    row = store.row_of(id)
    event = None if row is None else store.event(row)
    if event is None or event.log != log_no or event.void is not None:
        return None
    return Deed(id, event.author, event.kind, event.frame)
