"""Tallystick: a database of signed events that needs no central authority.

    state = reduce(all events - excluded events - excluded actors)

    import tallystick

    with tallystick.open("ana.tally", create=True, name="Ana") as ana:
        ana.write("note/text", {"text": "hello"})

Everyone keeps a signed, hash-linked log; logs merge in any order from any peer; and everyone
computes the state under a policy of their own. Start with ``open`` and ``Replica``.

Reads: replica, policy (constructors of statements), state (fold). Read by: users.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallystick._version import __version__

if TYPE_CHECKING:
    from tallystick.policy.say import (
        Say,
        adopt,
        allow,
        ban,
        dismiss,
        dispute,
        exclude,
        include,
        restore,
        retract,
        uphold,
        withdraw,
    )
    from tallystick.replica.replica import Replica
    from tallystick.state.views_fold import Fold, FoldEvent, fold

_LAZY = {
    **dict.fromkeys(
        (
            *("Say", "adopt", "allow", "ban", "exclude", "include", "restore", "retract"),
            *("dispute", "uphold", "dismiss", "withdraw"),
        ),
        "tallystick.policy.say",
    ),
    **dict.fromkeys(("Fold", "FoldEvent", "fold"), "tallystick.state.views_fold"),
    "Replica": "tallystick.replica.replica",
}
"""Names that are imported when first used: starting up must be quick."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  # only for the names that need it

    return getattr(import_module(_LAZY[name]), name)


def open(  # the verb of every store
    path: str | Path,
    *,
    create: bool = False,
    name: str | None = None,
    log: str | None = None,
    passphrase: str | None = None,
) -> Replica:
    """Opens a store; a context manager, bound to one log.

    Args:
        path: the store file; its key is ``PATH.key`` beside it.
        create: make store and key when the file is not there.
        name: the owner's own petname.
        log: id or name of the log, when the store holds several.
        passphrase: of a sealed key; needed for writing only.

    Raises:
        StoreError: store/missing, store/not-a-store... KeyNeeded: on first writing.
    """
    from tallystick.replica.means import system_means  # noqa: PLC0415  # quick start
    from tallystick.replica.replica import open_replica  # noqa: PLC0415

    return open_replica(
        path, means=system_means(), create=create, name=name, log=log, passphrase=passphrase
    )


def init(path: str | Path, *, name: str | None = None, passphrase: str | None = None) -> Replica:
    """Makes a store and its key; no log yet.

    Raises:
        StoreError: store/exists, key/exists, store/io.
    """
    from tallystick.replica.means import system_means  # noqa: PLC0415  # quick start
    from tallystick.replica.replica import create_replica  # noqa: PLC0415

    return create_replica(Path(path), means=system_means(), name=name, passphrase=passphrase)


__all__ = [
    "Fold",
    "FoldEvent",
    "Replica",
    "Say",
    "__version__",
    "adopt",
    "allow",
    "ban",
    "dismiss",
    "dispute",
    "exclude",
    "fold",
    "include",
    "init",
    "open",
    "restore",
    "retract",
    "uphold",
    "withdraw",
]
