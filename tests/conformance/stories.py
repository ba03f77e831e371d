"""Worlds of the vectors as the laws know them."""

from __future__ import annotations

from tests.laws.world import Event, World


def read_world(rows, *, kind: str = "") -> World:
    """The world that rows of JSON describe, parents first.

    Args:
        kind: of rows that do not say theirs.
    """
    world = World()
    for row in rows:
        id = bytes.fromhex(row["id"])
        prev = bytes.fromhex(row["prev"]) if row["prev"] else None
        deps = tuple(bytes.fromhex(dep) for dep in row["deps"])
        parents = [*deps, *([prev] if prev else [])]
        world.past[id] = frozenset(parents).union(*(world.past[parent] for parent in parents))
        world.events[id] = Event(
            id, bytes.fromhex(row["author"]), row["seq"], prev, deps, row["lamport"],
            row.get("time", 0), row.get("kind", kind), bytes.fromhex(row["frame"]),
            bytes.fromhex(row.get("content") or ""),
        )  # fmt: skip
    return world


def code_of(found: object) -> str | None:
    """The void code that a parser returned, if it returned one."""
    return found if isinstance(found, str) else None
