"""One event as a value: its header and as much of its body as is here.

    part            frame    content   seal
    PART_HEADER     None     None      b""            body not here
    PART_SKELETON   bytes    None      salt_f ‖ C     content not here, or erased
    PART_WHOLE      bytes    bytes     seed

Law: what is absent reads as ``Missing`` or ``Erased``, what is malformed as ``Bad``; reading never
raises because of what somebody wrote.

Reads: kernels, event.header, event.absent. Read by: replica, cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tallystick.errors import BadInput
from tallystick.event.absent import Bad, Erased, Missing
from tallystick.event.header import Header
from tallystick.kernels import PART_SKELETON, PART_WHOLE, Pack, decode_item
from tallystick.limits import SEED_BYTES


@dataclass(frozen=True, slots=True)
class Event:
    """An event for readers.

    Args:
        header: the header.
        id: its digest.
        part: PART_HEADER, PART_SKELETON or PART_WHOLE.
        frame, content: bytes of the two parts, None where absent.
        seal: the seed (whole), salt_f ‖ C (skeleton), or nothing.
        erased: the content is absent because an accepted erase statement says so.
    """

    header: Header
    id: bytes
    part: int
    frame: bytes | None
    content: bytes | None
    seal: bytes
    erased: bool = False

    def frame_value(self) -> object:
        """The frame, decoded: None when empty, ``Missing``, or ``Bad`` when not one item."""
        return Missing if self.frame is None else read_part(self.frame)

    def content_value(self) -> object:
        """The content, decoded: None when empty, ``Missing``, ``Erased`` or ``Bad``."""
        if self.content is None:
            return Erased if self.erased else Missing
        return read_part(self.content, floats=True)


def read_part(data: bytes, *, floats: bool = False) -> object:
    """One part of a body: None for no bytes, ``Bad`` for what is not one canonical item."""
    if not data:
        return None
    try:
        return decode_item(data, floats=floats)
    except BadInput:
        return Bad


def events_of(pack: Pack) -> Iterator[Event]:
    """The events of an opened pack one by one: for tests and tools, not for batches."""
    numbers = {
        name: memoryview(getattr(pack, name)).cast("I")
        for name in ("header_start", "header_size", "frame_start", "frame_size")
    }
    starts = memoryview(pack.content_start).cast("I")
    sizes = memoryview(pack.content_size).cast("I")
    seals = memoryview(pack.seal_start).cast("I")
    for row in range(pack.count):
        at = numbers["header_start"][row]
        header = Header.decode(pack.data[at : at + numbers["header_size"][row]])
        frame = content = None
        seal = b""
        if pack.part[row] >= PART_SKELETON:
            at = numbers["frame_start"][row]
            frame = pack.data[at : at + numbers["frame_size"][row]]
            at = seals[row]
            seal = pack.data[at : at + (SEED_BYTES if pack.part[row] == PART_WHOLE else 48)]
        if pack.part[row] == PART_WHOLE:
            at = starts[row]
            content = pack.data[at : at + sizes[row]]
        yield Event(header, pack.id(row), pack.part[row], frame, content, seal)
