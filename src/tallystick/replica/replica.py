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
    try:
        if create and means.disk.look(file) in {Found.NOTHING, Found.EMPTY}:
            raise StoreError("store/missing", where=file)
        store, owner = _open_owned(file, means, passphrase)
    except StoreError:
        if create and _is_unfinished(file, means):
            return create_replica(file, means=means, name=name, passphrase=passphrase, log=log)
        raise
    return _named(Replica(store, file, owner, means=means, log=log), name)


def _open_owned(path: Path, means: Means, passphrase: str | None) -> tuple[Store, Owner]:
    store = Store.open(path, disk=means.disk)
    try:
        return store, Owner.of(store, key_path(path), passphrase=passphrase)
    except BaseException:
        store.close()
        raise


@checking
def create_replica(
    path: Path,
    *,
    means: Means,
    name: str | None = None,
    log: str | None = None,
    passphrase: str | None = None,
) -> Replica:
    """A new store and its key beside it; nothing is left behind if either cannot be made.

    What was left by somebody who was interrupted while making it is taken up again.
    """
    key = key_path(path)
    made_before = key.exists()
    if made_before and means.disk.look(path) in {Found.NOTHING, Found.EMPTY}:
        raise StoreError("key/exists", where=key, hint="Move the key file away first.")
    store = _new_store(path, means)
    try:
        owner = Owner.create(store, key, passphrase=passphrase, random=means.entropy)
    except BaseException:
        store.close()
        means.disk.remove(path)
        if not made_before:  # after the store: a store without its key could never write
            key.unlink(missing_ok=True)
        raise
    return _named(Replica(store, path, owner, means=means, log=log), name)


def _named(replica: Replica, name: str | None) -> Replica:
    """A replica whose owner has a name; closed again if it cannot be given."""
    try:
        if name is not None and replica.name != name:
            replica.name_actor(replica.did, name)
    except BaseException:
        replica.close()
        raise
    return replica


def _new_store(path: Path, means: Means) -> Store:
    try:
        return Store.create(path, now=means.now(), disk=means.disk)
    except StoreError as error:
        if error.code != "store/exists" or not _is_unfinished(path, means):
            raise
    return Store.open(path, disk=means.disk)


def _is_unfinished(path: Path, means: Means) -> bool:
    """Whether nothing is at a path but what an interrupted ``create_replica`` leaves."""
    found = means.disk.look(path)
    if found is not Found.DATABASE:
        return found is not Found.OTHER
    try:
        with Store.open(path, disk=means.disk) as store:
            return Owner.is_missing(store)
    except StoreError as error:
        return error.code == "store/not-a-store" and Store.is_blank(path, disk=means.disk)


__all__ = ["Batch", "Progress", "Replica", "create_replica", "open_replica"]
