"""What every part of a replica shares: store, owner, the logs at work, names.

    Base ─ Writes ─ Says ─ Reads ─ Trusts ─ Answers ─ Shares ─ Replica

Each part is one file of verbs and builds on the one before it; ``Replica`` is all of them.

Law: whatever reads or writes goes through ``_log``, which notices what other processes wrote.

Reads: replica.openlog, replica.owner, store. Read by: replica.writes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.slice import Slice
from tallystick.errors import BadInput, NotFound, UsageError
from tallystick.event.ids import cid_text
from tallystick.event.rules import CREATE, log_content
from tallystick.identity.did import did_key
from tallystick.kernels import Draft
from tallystick.limits import SEED_BYTES
from tallystick.policy import Policy
from tallystick.replica.names import Names
from tallystick.replica.openlog import Means, OpenLog
from tallystick.replica.owner import Owner
from tallystick.replica.reports import (
    LogInfo,
)
from tallystick.store.lookups import totals
from tallystick.store.store import Store

Progress = Callable[[int, int | None, str], None]
"""(done, total or None, what is being done)"""


_log_text = lru_cache(maxsize=64)(cid_text)
"""Asked for by every verb."""


class Base:
    """One store and its owner, bound to one log.

    Args:
        log: id or name of the log, when the store holds several.
    """

    def __init__(
        self, store: Store, path: Path | None, owner: Owner, *, means: Means, log: str | None = None
    ) -> None:
        self._store = store
        self._owner = owner
        self._means = means
        self._wanted = log
        self._logs: dict[bytes, OpenLog] = {}
        self._names = Names(store, owner.public)
        self.path = path

    # --- what it is -----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Replica {self.path} of {self.did}>"

    def close(self) -> None:
        """Closes the store. Closing twice is fine."""
        self._logs.clear()
        self._store.close()

    @property
    def did(self) -> str:
        """The owner's author key."""
        return did_key(self._owner.public)

    @property
    def needs_passphrase(self) -> bool:
        """Whether writing will fail for want of a passphrase."""
        return self._owner.needs_passphrase

    @property
    def name(self) -> str | None:
        """The owner's own petname, if there is one."""
        found = [n for n, key in self._store.petnames().items() if key == self._owner.public]
        return found[0] if found else None

    @property
    def log(self) -> str | None:
        """Id of the log this replica is bound to; None while the store holds none."""
        return None if not self._store.logs() else cid_text(self._log.id)

    @property
    def policy(self) -> Policy:
        """The policy in force; its ``hash`` stands for it."""
        return self._log.policy

    def logs(self) -> list[LogInfo]:
        """Every log of the store."""
        found = []
        for log in self._store.logs():
            events, authors = totals(self._store, log.no)
            found.append(LogInfo(cid_text(log.id), log.name, log.purpose, events, authors))
        return found

    def create_log(self, name: str, purpose: str = "") -> str:
        """A new log; its author has no rights in it. Returns its id, and binds this replica to it.

        Raises:
            BadInput: usage/argument, for a name that is empty or taken.
        """
        if not name or any(log.name == name for log in self._store.logs()):
            raise BadInput("usage/argument", "a log needs a name of its own", got=repr(name))
        log_id = self._genesis(name, purpose)
        self._wanted = cid_text(log_id)
        return self._wanted

    def bind(self, log: bytes) -> None:
        """From here on this replica means one log of its store.

        Raises:
            NotFound: usage/not-found.
        """
        self._wanted = cid_text(self._store.log(self._store.log_no(log)).id)

    # --- names ------------------------------------------------------------------------------------

    def names(self) -> dict[str, str]:
        """Petname -> did:key."""
        return {name: did_key(key) for name, key in self._store.petnames().items()}

    def name_actor(self, actor: str, petname: str) -> None:
        """Calls an actor by a name of one's own choosing, in this store alone."""
        if not petname or petname.startswith(("did:", "bafy", "z6Mk")) or petname == "me":
            raise BadInput("usage/argument", "that cannot be a petname", got=repr(petname))
        key = self._names.author(actor)
        with self._store.write():
            self._store.set_petname(petname, key)

    def resolve(self, target: str) -> str:
        """The full id (event) or did:key (actor) that a TARGET means."""
        if self._names.is_event(target):
            return cid_text(self._names.event_id(target))
        return did_key(self._names.author(target))

    def called(self, actor: str) -> str:
        """How an actor is called in sentences."""
        return self._names.called(self._names.author(actor))

    # --- inside -----------------------------------------------------------------------------------

    @property
    def _log(self) -> OpenLog:
        self._store.notice()
        return self._open_log(self._log_id(self._wanted))

    def _open_log(self, log: bytes) -> OpenLog:
        found = self._logs.get(log)
        if found is None:
            no = self._store.log_no(log)
            found = OpenLog(self._store, no, owner=self._owner, means=self._means)
            self._logs[log] = found
        return found

    def _log_id(self, wanted: str | None, *, joining: bool = False) -> Any:
        """The log that is meant; with ``joining`` None or an id that is not here yet will do."""
        wanted = wanted if wanted is not None else self._wanted
        logs = self._store.logs()
        if wanted is not None:
            for log in logs:
                if wanted in (log.name, _log_text(log.id)):
                    return log.id
            if joining and self._names.is_event(wanted):
                return self._names.event_id(wanted)
            raise NotFound(
                "usage/not-found", "no log here is called that", got=wanted,
                expected=", ".join(log.name for log in logs) or None,
                hint="A log that is new here goes by its full id." if joining else None,
            )  # fmt: skip
        if len(logs) > 1:
            raise UsageError(
                "usage/several-logs", expected=", ".join(log.name for log in logs),
                hint="Name one with --log (or log=...).",
            )  # fmt: skip
        if logs:
            return logs[0].id
        if joining:
            return None
        raise UsageError(
            "usage/no-log", hint="Write something, create a log, or sync with a peer first."
        )

    def _genesis(self, name: str, purpose: str) -> bytes:
        draft = Draft(
            lamports=[0],
            times=[self._means.now()],
            kinds=[CREATE],
            deps=[b""],
            schemas=[b""],
            frames=[b""],
            contents=[log_content(name, purpose)],
            seeds=[self._means.entropy(SEED_BYTES)],
        )
        commit = prepare(self._owner.key(), b"", ChainEnd(), draft)
        log = commit.opened.log
        one = Slice(log, self._owner.public, 0, 1, commit.pack, commit.head, b"")
        with self._store.write():
            self._store.add_log(log, name=name, purpose=purpose)
            self._open_log(log).receive([one])
        return log
