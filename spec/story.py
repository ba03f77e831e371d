"""Events of small histories by name: who wrote one, and after which others.

    a ◄── b ◄── d        prev: the author's own one before
          ▲     │
          c ◄───┘        deps: the others it saw

Reads: spec/plain.py. Read by: spec/vector_ops.py, vector_titles.py, vector_ledger.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self

from plain import cbor, digest


@dataclass(frozen=True, eq=False)
class Placed:
    """An event and its place in the graph."""

    name: str
    author: bytes
    prev: Self | None = field(default=None, kw_only=True)
    deps: tuple[Self, ...] = field(default=(), kw_only=True)

    @property
    def id(self) -> bytes:
        """A name as 32 bytes."""
        return digest(self.name)

    @property
    def seq(self) -> int:
        """Place in the chain."""
        return 0 if self.prev is None else self.prev.seq + 1

    @property
    def parents(self) -> tuple[Self, ...]:
        """The one before, and the others named."""
        return self.deps if self.prev is None else (self.prev, *self.deps)

    @property
    def lamport(self) -> int:
        """One more than the greatest of the parents'."""
        return 1 + max((one.lamport for one in self.parents), default=0)

    @property
    def past(self) -> set[Self]:
        """All ancestors."""
        return set(self.parents).union(*(one.past for one in self.parents))

    @property
    def chain(self) -> list[Self]:
        """It and those before it in its own chain."""
        return [self, *(() if self.prev is None else self.prev.chain)]

    @property
    def canonical(self) -> tuple[int, bytes, int, bytes]:
        """Its place in canonical order."""
        return self.lamport, self.author, self.seq, self.id

    def placed(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.id.hex(),
            "author": self.author.hex(),
            "seq": self.seq,
            "prev": self.prev.id.hex() if self.prev else None,
            "deps": [dep.id.hex() for dep in self.deps],
            "lamport": self.lamport,
        }


def ids(events: Sequence[Placed], counted: Iterable[str]) -> list[str]:
    """The ids of those that count."""
    chosen = set(counted)
    return sorted(event.id.hex() for event in events if event.name in chosen)


def without_each(
    events: Sequence[Placed], answer: Callable[[set[str]], Any], *more: set[str]
) -> list[Any]:
    """Answers for all events, without each in turn, for some choices more, and for none."""
    names = {event.name for event in events}
    chosen = [names, *(names - {event.name} for event in events), *more, set[str]()]
    return [answer(counted) for counted in chosen]


def state_hash(view: str, state: object) -> str:
    """The hash of a view's state; view and reducer have one name, and version 1."""
    return sha256(b"tallystick/state/1\x00" + cbor([view, view, 1, state])).hexdigest()
