"""Where good inputs come from: the vectors of ``spec/`` and a small community of real replicas.

Law: what stands here is derived from the specification's vectors or made with fixed keys, so that
every run and every machine begins with the same bytes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.model.replica_world import everything, key_of, one_by_one, world

from tallystick.chain.slice import Slice, encode_slice
from tallystick.replica.replica import Replica
from tallystick.sync.bundle import write_bundle

VECTORS = Path(__file__).resolve().parents[2] / "spec" / "vectors"


@cache
def vectors(name: str) -> Any:
    """One file of vectors."""
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def strings(value: Any, *keys: str) -> Iterator[str]:
    """Every text under one of the keys, however deep, single or in a list."""
    if isinstance(value, list):
        for one in value:
            yield from strings(one, *keys)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key in keys and isinstance(one, str):
                yield one
            elif key in keys and isinstance(one, list) and all(isinstance(x, str) for x in one):
                yield from one
            else:
                yield from strings(one, *keys)


def hexes(value: Any, *keys: str) -> list[bytes]:
    """As ``strings``, read as hex."""
    return [bytes.fromhex(text) for text in strings(value, *keys)]


@cache
def community() -> tuple[Replica, Replica]:
    """Two people who build upon each other, edit, ban, exclude and adopt; the second knows all."""
    one, two = world(2)
    for n in range(3):
        one.write_many([("note", {"n": n}), ("note", {"text": "x" * 40})])
        two.sync(one)
        two.set("a/title", n)
        two.inc("visits", n + 1)
        one.sync(two)
    note = one.write("review/post", {"stars": 4})
    two.sync(one)
    two.exclude(note)
    two.ban(key_of("nobody").did)
    two.adopt(one.did)
    one.sync(two)
    two.sync(one)
    return one, two


@cache
def log_id() -> bytes:
    """The community's log."""
    return community()[0]._log.id


@cache
def slices() -> tuple[Slice, ...]:
    """Everything the community holds, as long slices and event by event."""
    one = community()[0]
    return (*everything(one), *one_by_one(one))


@cache
def encoded_slices() -> tuple[bytes, ...]:
    """The same as they travel."""
    return tuple(encode_slice(one) for one in slices())


@cache
def bundle() -> bytes:
    """The community's log as a file."""
    file = io.BytesIO()
    one = community()[0]
    with one._store.read():
        write_bundle(one._log.holdings, file)
    return file.getvalue()
