"""A replica: one store, one owner, and one log at a time, for people and programs.

    with tallystick.open("notes.tally", create=True) as replica:
        replica.write("note/text", {"text": "hello"})
        replica.sync("tcp://127.0.0.1:7400")
        replica.why("todos/1/title")

Law: what a method returned is durable; ids are text here (CID, did:key), and whatever can be said
of an event or an actor can be asked: why, since when, according to whom, and what if.

Reads: replica.*, policy, state, sync. Read by: users, cli, demo, aio.
"""

from __future__ import annotations

from pathlib import Path

from tallystick.errors import StoreError
from tallystick.replica.arguments import checked, checking
from tallystick.replica.base import Progress
from tallystick.replica.openlog import Means
from tallystick.replica.owner import Owner, key_path
from tallystick.replica.shares import Shares
from tallystick.replica.writes import Batch
from tallystick.store.disk import Found
from tallystick.store.store import Store


@checked
class Replica(Shares):
    """One store and its owner, bound to one log. Made by ``tallystick.open``.

    Args:
        log: id or name of the log, when the store holds several.
    """


@checking
def open_replica(
    path: str | Path,
    *,
    means: Means,
    create: bool = False,
    name: str | None = None,
    log: str | None = None,
    passphrase: str | None = None,
) -> Replica:
    """Opens a store, or makes one. See ``tallystick.open``."""
    file = Path(path)
    if create and means.disk.look(file) is Found.NOTHING:
        return create_replica(file, means=means, name=name, passphrase=passphrase, log=log)
    store = Store.open(file, disk=means.disk)
    try:
        owner = Owner.of(store, key_path(file), passphrase=passphrase)
    except BaseException:
        store.close()
        raise
    replica = Replica(store, file, owner, means=means, log=log)
    if name is not None and replica.name != name:
        replica.name_actor(replica.did, name)
    return replica


@checking
def create_replica(
    path: Path,
    *,
    means: Means,
    name: str | None = None,
    log: str | None = None,
    passphrase: str | None = None,
) -> Replica:
    """A new store and its key beside it; nothing is left behind if either cannot be made."""
    empty = means.disk.look(path) in {Found.NOTHING, Found.EMPTY}
    if empty and key_path(path).exists():
        raise StoreError("key/exists", where=key_path(path), hint="Move the key file away first.")
    store = Store.create(path, now=means.now(), disk=means.disk)
    try:
        owner = Owner.create(store, key_path(path), passphrase=passphrase)
    except BaseException:
        store.close()
        means.disk.remove(path)
        raise
    replica = Replica(store, path, owner, means=means, log=log)
    if name is not None:
        replica.name_actor(replica.did, name)
    return replica


__all__ = ["Batch", "Progress", "Replica", "create_replica", "open_replica"]
