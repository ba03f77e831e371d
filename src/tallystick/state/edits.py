"""Writing an edit: several ops at several places become one event's frame and content.

    edit = Edit(live, ...)         live(place, type) -> what the writer sees there
    edit.set("title", "Hello"); edit.inc("visits"); edit.build()   ->  (frame, content)

An op goes over the live ops of its place that the writer sees, those written earlier in the same
edit included. References to ops of other events need these in the new event's past: the heads
that the writer heeds cover them.

**Law:** what is written depends on what the writer sees, never on what others may see.

Reads: state.ops, places, types, map_keys. Read by: replica.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.kernels import encode_item
from tallystick.limits import INT_MAX, INT_MIN
from tallystick.state.map_keys import SALT, SALT_BYTES, key_segment, salt_in
from tallystick.state.ops import Draft, Target, build, draft_index
from tallystick.state.places import Place, parse_place
from tallystick.state.splices import Splices
from tallystick.state.types import VERBS, LiveOp
from tallystick.state.types.counter import INC
from tallystick.state.types.flag import DISABLE, ENABLE
from tallystick.state.types.record import CREATE, DELETE, RESTORE
from tallystick.state.types.register import SET
from tallystick.state.types.set_ import ADD, REMOVE

SideOf = Callable[[Target], bytes | None]
RECORD_SEGMENTS: Final = 2
"""A record's place: its collection and its id."""
_NO_SIDES: Final[SideOf] = lambda _target: None  # noqa: E731  # a default, not a function


@dataclass(slots=True)
class Edit:
    """Ops of one event in the making.

    Args:
        live: (place, type) -> the live ops there as the writer sees them.
        sequence: (place, ``text`` or ``list``) -> what is there, to be spliced.
        salt: (record) -> the salt its keys of maps are hashed with, None where there is none.
        entropy: n -> n random bytes.
    """

    live: Callable[[Place, str], Sequence[LiveOp]]
    sequence: Callable[[Place, str], Splices]
    salt: Callable[[Place], bytes | None]
    entropy: Callable[[int], bytes]
    drafts: list[Draft] = field(default_factory=list)
    _splices: dict[tuple[Place, str], Splices] = field(default_factory=dict)

    def set(self, place: str | Sequence[str], value: Any) -> Edit:
        """Write a register."""
        return self._step(SET, place, value=value)

    def entry(self, place: str | Sequence[str], key: str, value: Any) -> Edit:
        """Write one entry of a map; the frame holds the key's salted hash, the content the key.

        Args:
            place: of the map: collection, record, field...

        Raises:
            BadInput: state/place, for a place that is no field's or a key that is not text.
        """
        path = _path(place)
        if len(path) <= RECORD_SEGMENTS:
            raise BadInput(
                "state/place", expected="a map in a record: collection/record/field", got=str(place)
            )
        segment = key_segment(self._salt_of(path[:RECORD_SEGMENTS]), key)
        return self._step(SET, (*path, segment), value=[key, value])

    def _salt_of(self, record: Place) -> bytes:
        """The salt of a record; one that has none is said to be there once more, with a salt."""
        known = self.salt(record)
        if known is not None:
            return known
        for again in range(2):
            for draft in self.drafts:
                salt = salt_in(draft.value) if draft.verb == CREATE else None
                if draft.place == record and salt is not None:
                    return salt
            if not again:
                self.create(record)
        raise AssertionError("a create has a salt")

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
        if not self.drafts[-1].over:
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

    def splice(
        self, place: str | Sequence[str], position: int, deleted: int = 0, text: str = ""
    ) -> Edit:
        """Delete characters of a text from a position on, then insert some there.

        Positions and lengths count Unicode scalar values of the text as the writer sees it, earlier
        splices of this edit included.

        Raises:
            BadInput: state/text, for a position or length beyond the text.
        """
        if not isinstance(text, str) or _has_surrogates(text):
            raise BadInput("state/text", expected="text", got=repr(text)[:80], where=str(place))
        return self._spliced(place, "text", position, deleted, text)

    def splice_list(
        self,
        place: str | Sequence[str],
        position: int,
        deleted: int = 0,
        elements: Sequence[Any] = (),
    ) -> Edit:
        """Delete elements of a list from a position on, insert some there; raises as ``splice``."""
        for element in elements:
            encode_item(element, floats=True)
        return self._spliced(place, "list", position, deleted, list(elements))

    def mark(
        self,
        place: str | Sequence[str],
        start: int,
        end: int,
        name: str,
        *,
        value: Any = True,
        grows: bool = True,
    ) -> Edit:
        """Mark characters ``start`` to ``end`` of a text; null takes the mark off.

        Args:
            name: ``bold``, ``link``, ``comment-7``...: by one name a character carries one value.
            grows: whether what is typed directly after the last character is marked, too.

        Raises:
            BadInput: state/text, for an empty stretch or one beyond the text; state/place.
        """
        encode_item(value, floats=True)
        text = self._at(_path(place), "text")
        self.drafts.append(text.mark(start, end, name, value, grows=grows))
        return self

    def length(self, place: str | Sequence[str]) -> int:
        """How many elements a list will have once this edit is made."""
        return len(self._at(_path(place), "list"))

    def reads(self, place: str | Sequence[str]) -> str:
        """What a text will read once this edit is made."""
        return self._at(_path(place), "text").text()

    def _spliced(
        self, place: str | Sequence[str], type_: str, position: int, deleted: int, said: Any
    ) -> Edit:
        index = draft_index(self.drafts)
        self.drafts += self._at(_path(place), type_).splice(index, position, deleted, said)
        return self

    def _at(self, path: Place, type_: str) -> Splices:
        if (path, type_) not in self._splices:
            self._splices[path, type_] = self.sequence(path, type_)
        return self._splices[path, type_]

    def create(self, record: str | Sequence[str]) -> Edit:
        """Say that a record is there."""
        return self._step(CREATE, record, value={SALT: self.entropy(SALT_BYTES)})

    def delete(self, record: str | Sequence[str]) -> Edit:
        """Say that a record is not there; its fields stay as they are, unseen."""
        return self._step(DELETE, record)

    def restore(self, record: str | Sequence[str]) -> Edit:
        """Say that a deleted record is there again."""
        return self._step(RESTORE, record)

    def build(self, *, side_of: SideOf = _NO_SIDES) -> tuple[bytes, bytes]:
        """Frame and content (see ``state.ops.build``)."""
        return build(self.drafts, side_of=side_of)

    def _step(
        self, verb: int, place: str | Sequence[str], *, value: Any = None,
        numbers: tuple[int, ...] = (), only: bytes | None = None,
    ) -> Edit:  # fmt: skip
        path = _path(place)
        known = VERBS[verb]
        over: list[Target | int] = []
        if known.replaces:
            over += self._own(path, known.replaces, only)
            gone = self._gone(path)
            for op in self.live(path, known.type):
                target = Target(op.author, op.seq, op.id, op.index)
                fits = op.verb in known.replaces and (only is None or op.encoded == only)
                if fits and target not in gone:
                    over.append(target)
        if known.valued:
            encode_item(value, floats=True)
        self.drafts.append(Draft(verb, path, tuple(over), numbers, value))
        return self

    def _gone(self, place: Place) -> builtins.set[Target | int]:
        """What ops of this edit go over at a place."""
        return {target for draft in self.drafts if draft.place == place for target in draft.over}

    def _own(self, place: Place, replaces: frozenset[int], only: bytes | None) -> list[int]:
        """Earlier ops of this edit that are live at the place."""
        gone = self._gone(place)
        indices = (draft_index(self.drafts[:n]) for n in range(len(self.drafts)))
        return [
            index
            for index, draft in zip(indices, self.drafts, strict=True)
            if draft.place == place
            and draft.verb in replaces
            and index not in gone
            and (only is None or encode_item(draft.value, floats=True) == only)
        ]


def _path(place: str | Sequence[str]) -> Place:
    return parse_place(place) if isinstance(place, str) else tuple(place)


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
