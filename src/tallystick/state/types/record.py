"""Record existence: whether a record is there; its fields are places of their own.

    Ana: create (1)      Ben: delete over (1)      Cy, not having seen Ben: sets a field
    the record is not there, and neither is Cy's field; a restore over Ben's delete brings both back

A register of three words: create and restore say that the record is there, delete that it is not;
of several live ones the greatest (lamport, time, author, seq, id, index) decides. Nothing is lost
by a deletion: edits of the fields go on, unseen, and a restore (or Ben being excluded) shows them.
The value of a create is {"salt": 16 bytes}, by which keys of maps are hashed; nobody is shown it.

**Law:** deleting and restoring changes no field.

Reads: types.base, types.register. Read by: types.
Source: state.md of the specification, "One law for every type".
"""

from __future__ import annotations

from typing import Final

from tallystick.state.types.base import Type, Verb
from tallystick.state.types.register import last

CREATE: Final = 12
DELETE: Final = 13
RESTORE: Final = 14

_ALL: Final = frozenset({CREATE, DELETE, RESTORE})

TYPE: Final = Type(
    name="record",
    verbs=(
        Verb(CREATE, "create", "record", replaces=_ALL, valued=True),
        Verb(DELETE, "delete", "record", replaces=_ALL),
        Verb(RESTORE, "restore", "record", replaces=_ALL),
    ),
    modes={"exists": lambda live: last(live).verb != DELETE},
    winner=last,
)
