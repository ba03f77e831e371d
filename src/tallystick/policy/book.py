"""The book: every statement of a log, by who says it and what it is about. No judging here.

Law: the order in which statements are written in does not show; the same statement twice is one.

Reads: statement, facts. Read by: standing, counting, judge.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tallystick.policy.facts import ActedFacts
from tallystick.policy.statement import ADOPTION, EVENT, SLOT, Statement

_T = TypeVar("_T")
Key = tuple[int, bytes]
"""(slot, target actor or event)"""


class Book:
    """All statements of a log but the viewer's opinions, which a policy holds.

    Cost: O(1) per statement written in, whoever says it.
    """

    def __init__(self, facts: ActedFacts) -> None:
        self._facts = facts
        self.by_id: dict[bytes, Statement] = {}
        """Every statement of the log, the viewer's too."""
        self.withdrawals: dict[bytes, list[Statement]] = {}
        """Statement -> withdraws that name it (of anybody; the reader compares actors)."""
        self.undoings: dict[bytes, list[Statement]] = {}
        """Event -> retracts and restores that name it."""
        self.own_events: dict[bytes, list[bytes]] = {}
        """Actor -> ids of their retracts and restores."""
        self.cascades = False
        """Whether anybody ever asked for a cascade."""
        self.claims: dict[bytes, Statement] = {}
        """``actor/key`` events: two that name each other make their keys one actor's."""
        self.repairs: dict[bytes, list[Statement]] = {}
        """Event of a split chain -> repairs that choose its side."""
        self._said: dict[bytes, list[Statement]] = {}
        self._unsorted: set[bytes] = set()
        self._slots: dict[bytes, dict[Key, list[Statement]]] = {}

    def write(self, statements: Iterable[Statement]) -> list[Statement]:
        """Writes statements in and returns those that were not there."""
        by_id = self.by_id
        new: list[Statement] = []
        of: dict[bytes, list[Statement]] = {}
        for s in statements:
            id = s.id
            if id in by_id:
                continue
            by_id[id] = s
            new.append(s)
            if s.cascade:
                self.cascades = True
            if s.verb in _ASIDE:
                self._write_aside(s)
                continue
            voter = s.voter
            if voter in of:
                of[voter].append(s)
            else:
                of[voter] = [s]
        for voter, more in of.items():
            self._write_opinions(self._facts.actor(voter), more)
        return new

    def _write_opinions(self, actor: bytes, more: list[Statement]) -> None:
        mine = self._said.setdefault(actor, more)
        if mine is not more:
            mine += more
        if len(mine) > 1:
            self._unsorted.add(actor)
        slots = self._slots.get(actor)
        if slots is not None:
            for s in more:
                slots.setdefault(self.key(s), []).append(s)

    def _write_aside(self, s: Statement) -> None:
        if s.verb == "withdraw":
            self.withdrawals.setdefault(s.target, []).append(s)
        elif s.verb in ("retract", "restore"):
            self.undoings.setdefault(s.target, []).append(s)
            self.own_events.setdefault(self._facts.actor(s.voter), []).append(s.id)
        elif s.verb == "key":
            self.claims[s.id] = s
        elif s.verb == "repair":
            self.repairs.setdefault(s.target, []).append(s)

    def strike(self, s: Statement) -> None:
        """Takes a statement out again, as if never written: for asking *what if*."""
        del self.by_id[s.id]
        actor = self._facts.actor(s.voter)
        if s.verb == "withdraw":
            _drop(self.withdrawals, s.target, s)
        elif s.verb in ("retract", "restore"):
            _drop(self.undoings, s.target, s)
            _drop(self.own_events, actor, s.id)
        elif s.verb == "key":
            del self.claims[s.id]
        elif s.verb == "repair":
            _drop(self.repairs, s.target, s)
        elif SLOT[s.verb] <= EVENT:
            self._said[actor].remove(s)
            if not self._said[actor]:
                del self._said[actor]
            self._slots.pop(actor, None)

    def key(self, s: Statement) -> Key:
        """Slot and target of a statement."""
        slot = SLOT[s.verb]
        return slot, self._facts.actor(s.target) if slot <= ADOPTION else s.target

    def said(self, actor: bytes) -> list[Statement]:
        """All opinions of an actor, earliest first."""
        found = self._said.get(actor, [])
        if actor in self._unsorted:
            found.sort(key=_later)
            self._unsorted.discard(actor)
        return found

    def slot(self, actor: bytes, key: Key) -> list[Statement]:
        """An actor's opinions in one slot about one target, earliest first.

        Cost: O(statements of the actor) the first time, then O(those of the slot).
        """
        slots = self._slots.get(actor)
        if slots is None:
            slots = self._slots[actor] = {}
            for s in self.said(actor):
                slots.setdefault(self.key(s), []).append(s)
        found = slots.get(key, [])
        found.sort(key=_later)
        return found


_ASIDE = frozenset(verb for verb, slot in SLOT.items() if slot > EVENT)
"""Verbs that are no opinion about an actor or event."""


def _later(s: Statement) -> tuple[int, bytes, int, bytes]:
    return s.lamport, s.voter, s.seq, s.id


def _drop(index: dict[bytes, list[_T]], key: bytes, value: _T) -> None:
    index[key].remove(value)
    if not index[key]:
        del index[key]
