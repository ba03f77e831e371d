"""Writing an edit: several ops at several places become one event's frame and content.

    edit = Edit(live)              live(place, type) -> what the writer sees there
    edit.set("title", "Hello"); edit.inc("visits"); edit.build()   ->  (frame, content)

An op goes over the live ops of its place that the writer sees, those written earlier in the same
edit included. References to ops of other events need these in the new event's past: the heads
that the writer heeds cover them.

**Law:** what is written depends on what the writer sees, never on what others may see.

Reads: state.ops, places, types. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.kernels import encode_item
from tallystick.limits import INT_MAX, INT_MIN
from tallystick.state.ops import Draft, Target, build
from tallystick.state.places import Place, parse_place
from tallystick.state.types import VERBS, LiveOp
from tallystick.state.types.counter import INC
from tallystick.state.types.flag import DISABLE, ENABLE
from tallystick.state.types.register import SET
from tallystick.state.types.set_ import ADD, REMOVE

SideOf = Callable[[Target], bytes | None]
_NO_SIDES: Final[SideOf] = lambda _target: None  # noqa: E731  # a default, not a function


@dataclass(slots=True)
class Edit:
    """Ops of one event in the making.

    Args:
        live: (place, type) -> the live ops there as the writer sees them.
    """

    live: Callable[[Place, str], Sequence[LiveOp]]
    drafts: list[Draft] = field(default_factory=list)

    def set(self, place: str | Sequence[str], value: Any) -> Edit:
        """Write a register."""
        return self._step(SET, place, value=value)

    def enable(self, place: str | Sequence[str]) -> Edit:
        """Switch a flag on."""
        return self._step(ENABLE, place)

    def disable(self, place: str | Sequence[str]) -> Edit:
        """Switch a flag off."""
        return self._step(DISABLE, place)

    def add(self, place: str | Sequence[str], element: Any) -> Edit:
        """Put an element into a set."""
        return self._step(ADD, place, value=element)

    def remove(self, place: str | Sequence[str], element: Any) -> Edit:
        """Take an element out of a set.

        Raises:
            BadInput: state/place, when the writer sees no such element.
        """
        encoded = encode_item(element, floats=True)
        before = len(self.drafts)
        self._step(REMOVE, place, only=encoded)
        if not (self.drafts[-1].over or self.drafts[-1].own):
            del self.drafts[before:]
            raise BadInput("state/place", "the set has no such element", where=str(place))
        return self

    def inc(self, place: str | Sequence[str], amount: int = 1) -> Edit:
        """Add to a counter; the amount is a whole number other than 0, of 64 bits."""
        if type(amount) is not int or not INT_MIN <= amount <= INT_MAX or amount == 0:
            raise BadInput(
                "state/place", "an amount a counter cannot take", where=str(place),
                expected="a whole number of 64 bits, not 0", got=repr(amount),
            )  # fmt: skip
        return self._step(INC, place, numbers=(amount,))

    def build(self, *, side_of: SideOf = _NO_SIDES) -> tuple[bytes, bytes]:
        """Frame and content (see ``state.ops.build``)."""
        return build(self.drafts, side_of=side_of)

    def _step(
        self, verb: int, place: str | Sequence[str], *, value: Any = None,
        numbers: tuple[int, ...] = (), only: bytes | None = None,
    ) -> Edit:  # fmt: skip
        path = parse_place(place) if isinstance(place, str) else tuple(place)
        known = VERBS[verb]
        over, own = [], []
        if known.replaces:
            own = self._own(path, known.replaces, only)
            gone = {target for draft in self.drafts if draft.place == path for target in draft.over}
            for op in self.live(path, known.type):
                target = Target(op.author, op.seq, op.id, op.index)
                fits = op.verb in known.replaces and (only is None or op.encoded == only)
                if fits and target not in gone:
                    over.append(target)
        if known.valued:
            encode_item(value, floats=True)
        self.drafts.append(Draft(verb, path, tuple(over), tuple(own), numbers, value))
        return self

    def _own(self, place: Place, replaces: frozenset[int], only: bytes | None) -> list[int]:
        """Earlier ops of this edit that are live at the place."""
        gone = {index for draft in self.drafts for index in draft.own}
        return [
            index
            for index, draft in enumerate(self.drafts)
            if draft.place == place
            and draft.verb in replaces
            and index not in gone
            and (only is None or encode_item(draft.value, floats=True) == only)
        ]
