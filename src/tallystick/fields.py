"""What fields of a collection can be, for schemas written as classes.

    class Todo:
        title: str                     a register: the last write wins
        done: Flag                     enable wins
        notes: Text                    many write at once
        votes: Counter
        tags: Set[str]
        steps: List[str]
        owner: Multi[str]              every concurrent write is kept
        address: Address               another such class: its fields are places below
        scores: Map[int]               a register by key
        priority: int = 3              what is read where nothing was written

**Law:** a field's type never changes what was written: it says which ops write it and how it reads.

Reads: nothing. Read by: state.schema, users.
Source: state.md of the specification, "Records".
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Text:
    """A text that many people write, character by character."""


class Counter:
    """A sum of what everybody adds and takes away."""


class Flag:
    """On or off; of concurrent writes the one that switches on wins."""


class OffFlag:
    """On or off; of concurrent writes the one that switches off wins."""


class Set(Generic[T]):
    """A set; of a concurrent add and remove of one element the add wins."""


class List(Generic[T]):
    """A list that many people write, element by element."""


class Map(Generic[T]):
    """Registers by key, each a place of its own."""


class Multi(Generic[T]):
    """A register that keeps every concurrent write: it reads as a list, the winner last."""


class Timed(Generic[T]):
    """A register in which the claimed time decides, for people who trust each other's clocks."""
