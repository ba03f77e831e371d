"""A whole replica to which a history arrives, and everything it says when all has come.

    parcels, in any order, twice, bare first, in batches ──► Replica.receive ──► Said

Law: nothing here looks inside to decide what is equal; what is compared is what a replica can be
asked (``Said``), by value or by hash.

Reads: replica, tests.orders.histories. Read by: tests.orders.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from tests.laws.registry import fresh_fold
from tests.model.replica_world import key_of, means_of, replica
from tests.orders.histories import History
from tests.orders.talk import RATING

from tallystick.chain.slice import Slice
from tallystick.policy import Judge, Statement
from tallystick.replica.owner import Owner
from tallystick.replica.replica import Replica
from tallystick.store.adapter import Adapter
from tallystick.store.store import Store

SUM, FOLD = "reputation", "book"
SCOPES = (None, "review/stars", "note", "record/edit")


@dataclass(frozen=True)
class Said:
    """Everything a replica says of a log: equal wherever the same events came."""

    digest: str
    policy: bytes
    heads: tuple[str, ...]
    counted: frozenset[bytes]
    standing: tuple[Any, ...]
    hashes: dict[str, str]
    verdicts: tuple[Any, ...]


def standings(judge: Judge) -> tuple[Any, ...]:
    """Places of voters, who is banned and why, who is contested, in several cells."""
    found = [judge.standing(scope) for scope in SCOPES]
    return tuple((dict(one.voters), dict(one.banned), one.contested) for one in found)


def verdicts(
    judge: Judge, ids: Sequence[bytes], people: Sequence[bytes], *, thorough: bool = True
) -> tuple[Any, ...]:
    """What a judge says of these events and people, with causes.

    Args:
        thorough: whether it is tried of every statement if the answer turns on it alone (dear);
            otherwise causes are named and not marked.
    """
    events = [judge.event_verdict(id, thorough=thorough) for id in ids]
    actors = [judge.actor_verdict(actor, thorough=thorough) for actor in people]
    return (*events, *actors)


def differences(one: Any, other: Any) -> list[str]:
    """Names of what two answers differ in."""
    names = [part.name for part in fields(one)]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


class Whole:
    """A replica in memory under a history's policy, before and while events arrive."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.ids = [parcel.id for parcel in history.parcels]
        self.one = replica(history.viewer, machine="whole")
        with self.one._store.write():
            self.one._store.add_log(history.log, name="", purpose="")
        self.attach()
        self.one.set_policy(**history.parameters)

    def attach(self) -> None:
        self.one.define_sum(SUM, kind=RATING)
        self.one.view(fresh_fold())

    def say(self, statement: Statement) -> None:
        """One of the viewer's private statements."""
        log = self.one._log
        log.change(lambda: log.judging.say_private(statement)[1])

    def receive(self, slices: Sequence[Slice]) -> None:
        taken = self.one.receive(slices, log=self.history.log)
        assert not taken.rejected, taken.rejected

    def said(self) -> Said:
        one = self.one
        log = one._log
        assert one._store.pending_stats() == (0, 0), "all has come, and something waits"
        judge = log.judging.judge
        return Said(
            one.digest(),
            one.policy.hash,
            tuple(sorted(event.id for event in one.heads())),
            frozenset(id for id in self.ids if judge.counts(id)),
            standings(judge),
            {name: one.state_hash(name) for name in ("places", SUM, FOLD)},
            verdicts(judge, self.ids, self.history.people),
        )

    def rebuilt(self) -> Said:
        """The same of a replica that opens the store afresh, judge and views from scratch.

        Digest, policy and heads are those of the replica that was opened, the rest is computed
        anew from the events.
        """
        again = self.copied(self.snapshot())
        one = again.one
        said = again.said()
        scratch = one.under(one.policy)
        hashes = {name: scratch.state_hash(name) for name in ("places", SUM)}
        hashes[FOLD] = scratch.state_hash(fresh_fold())
        judge = one._log.judging.judge_under(one.policy)
        judge.said = one._log.judging.mine
        found = replace(
            said,
            counted=frozenset(id for id in self.ids if judge.counts(id)),
            standing=standings(judge),
            hashes=hashes,
            verdicts=verdicts(judge, self.ids, self.history.people),
        )
        again.close()
        return found

    # --- going back -----------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """The store's bytes, as they would lie on disk between two transactions."""
        return self.one._store.db._db.serialize()

    def copied(self, snapshot: bytes) -> Whole:
        """Another replica opened on a copy of the store."""
        other = object.__new__(type(self))
        other.history, other.ids = self.history, self.ids
        other.one = opened(self.history.viewer, snapshot)
        other.attach()
        return other

    def close(self) -> None:
        self.one.close()


def opened(name: str, snapshot: bytes) -> Replica:
    """A replica in memory over a store's bytes."""
    db = Adapter(None, create=True)
    assert isinstance(db._db, sqlite3.Connection)
    db._db.deserialize(snapshot)
    key = key_of(name)
    return Replica(Store(db), None, Owner(key.public, key=key), means=means_of(f"{name}/again"))
