"""A version of a log, named by its newest events.

    a ◄── b ◄── d          the frontier {d, c} names everything: links close over the past
    a ◄── c

Law: a frontier is an antichain: no id in it is an ancestor of another. Equal frontiers name
equal pasts on every replica. (That the ids form an antichain needs the graph: ``maximal`` makes
one; here only the form is checked.)

Reads: errors. Read by: replica, state, cli.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from tallystick.errors import BadInput
from tallystick.limits import DIGEST_BYTES

_TAG: Final = b"tallystick/frontier/1\x00"


@dataclass(frozen=True, slots=True)
class Frontier:
    """Ids (32 bytes each) of the newest events, sorted, without repeats."""

    ids: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        assert all(len(id) == DIGEST_BYTES for id in self.ids)
        assert list(self.ids) == sorted(set(self.ids)), "unsorted or repeated ids"

    @classmethod
    def of(cls, ids: Iterable[bytes]) -> Frontier:
        """The frontier of ids in any order."""
        return cls(tuple(sorted(set(ids))))

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Read what ``bytes(frontier)`` wrote.

        Raises:
            BadInput: ``state/version`` when it is not sorted 32-byte ids without repeats.
        """
        ids = tuple(data[at : at + DIGEST_BYTES] for at in range(0, len(data), DIGEST_BYTES))
        if len(data) % DIGEST_BYTES or list(ids) != sorted(set(ids)):
            raise BadInput("state/version", expected="sorted 32-byte ids without repeats")
        return cls(ids)

    def __bytes__(self) -> bytes:
        return b"".join(self.ids)

    @property
    def hash(self) -> bytes:
        """32 bytes that stand for this version."""
        return sha256(_TAG + bytes(self)).digest()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, id: object) -> bool:
        return id in self.ids
