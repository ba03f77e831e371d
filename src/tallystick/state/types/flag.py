"""Flag: on or off; each switch replaces the switches its author saw.

When one person enables while another disables, *enable* (default) says on: any live enable; and
*disable* says off: on only if there is no live disable. Both are readings of the same ops.

**Law:** a switch undoes only what its author saw.

Reads: types.base. Read by: types.
Source: Riak DT, riak_dt_enable_flag and riak_dt_disable_flag.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.state.types.base import LiveOp, Type, Verb

ENABLE: Final = 2
DISABLE: Final = 3
_BOTH: Final = frozenset({ENABLE, DISABLE})


def enable_wins(live: Sequence[LiveOp]) -> bool:
    """On if any live op enables."""
    return any(op.verb == ENABLE for op in live)


def disable_wins(live: Sequence[LiveOp]) -> bool:
    """On if no live op disables."""
    return not any(op.verb == DISABLE for op in live)


def decisive(live: Sequence[LiveOp]) -> LiveOp:
    """The op to name when asked who: the last enable if there is one, else the last disable."""
    return max(live, key=lambda op: (op.verb == ENABLE, op.order))


TYPE: Final = Type(
    name="flag",
    verbs=(
        Verb(ENABLE, "enable", "flag", replaces=_BOTH),
        Verb(DISABLE, "disable", "flag", replaces=_BOTH),
    ),
    modes={"enable": enable_wins, "disable": disable_wins},
    winner=decisive,
)
