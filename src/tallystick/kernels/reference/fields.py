"""Named fields out of many maps, as columns: what sums need of a content, and nothing else of it.

    {"target": "did:key:a", "rating": 5, "note": "..."}  ┐               target       rating
    {"target": "did:key:b", "rating": [1]}               ├─ read ──►  [ "did:key:a",  [ 5,
    not an item at all                                   ┘   fields     "did:key:b",    None,
                                                                        None ]          None ]

Law: a value is told exactly when the whole item is good, as ``decode_item`` would tell it.

Reads: errors, kernels.reference.codec. Read by: loader.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from tallystick.errors import BadInput
from tallystick.kernels.reference.codec import decode_item

Field: TypeAlias = int | str | bytes | None


def read_fields(
    items: Sequence[bytes], names: Sequence[str], *, floats: bool = False
) -> tuple[list[Field], ...]:
    """For each name a list with the whole number, text or bytes each map has under it, else None.

    None also where the item is no map, or not canonical; ``floats`` as for ``decode_item``.

    >>> read_fields([bytes.fromhex("a161610c"), b""], ["a", "b"])
    ([12, None], [None, None])
    """
    columns: tuple[list[Field], ...] = tuple([] for _ in names)
    for item in items:
        try:
            found = decode_item(item, floats=floats)
        except BadInput:
            found = None
        fields = found if type(found) is dict else {}
        for column, name in zip(columns, names, strict=True):
            value = fields.get(name)
            column.append(value if type(value) in {int, str, bytes} else None)
    return columns
