"""Suspects: statements that might change an answer without being named by it, nearest first.

A verdict names the votes that decide and the ways to their voters. Others can matter too: the ban
that silences somebody who would speak, the withdraw of an older word, the exclude of a statement.
They are found by walking from the subject to everything said about it, by people who could ever
have a vote, and to everything said about them, and so on; whether one really matters is then tried.

Law: whoever is not reached by adoptions from the viewer, counting or not, is never a suspect, so
strangers cannot make an answer dearer.

Reads: book, standing, rules. Read by: judge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from tallystick.policy.standing import Context
from tallystick.policy.statement import ADOPTION, EVENT, SLOT, Statement

SUSPECTS_MAX: Final = 128
"""Statements tried for one verdict beyond those it names; each costs two updates."""


class Suspects:
    """Everything said, by what it is about; as long as the book stays as it is.

    Args:
        mine: all the viewer said, also what something later replaced: it holds again without that.

    Cost: O(statements of the log) once, then O(what is near the subject).
    """

    def __init__(self, context: Context, mine: Iterable[Statement]) -> None:
        self._context = context
        self._about: dict[bytes, list[Statement]] = {}
        adopts: dict[bytes, list[bytes]] = {}
        self._cascades = False
        actor_of, viewer = context.facts.actor, context.me
        self._claims: dict[bytes, list[Statement]] = {}
        for s in context.book.claims.values():
            for key in {s.voter, s.target}:
                self._claims.setdefault(key, []).append(s)
        for s in ({s.id: s for s in mine} | context.book.by_id).values():
            if s.verb in ("key", "repair"):
                continue
            target = actor_of(s.target) if SLOT[s.verb] <= ADOPTION else s.target
            self._about.setdefault(target, []).append(s)
            self._cascades |= s.cascade
            if s.verb == "adopt" and s.weight:
                adopts.setdefault(actor_of(s.voter), []).append(target)
        self.possible = _reached(viewer, adopts)
        """Actors who could have a vote if some statement did not count."""

    def _linking(self, thing: bytes, push: Callable[[bytes], None]) -> list[Statement]:
        """What says which keys an actor has, or which of its split chains' sides count."""
        facts, book = self._context.facts, self._context.book
        found: dict[bytes, Statement] = {}
        for key in facts.authors(facts.actor(thing)):
            for s in self._claims.get(key, ()):
                found[s.id] = s
                push(facts.actor(s.voter))
                push(facts.actor(s.target))
        for side, repairs in book.repairs.items():
            fact = facts.event(side)
            if fact is not None and facts.actor(fact.author) == facts.actor(thing):
                found.update({s.id: s for s in repairs})
        return sorted(found.values(), key=_by_voter)

    def near(self, subject: bytes) -> Iterator[Statement]:
        """Suspects of an actor's or event's verdict, each once, nearest first."""
        context, actor_of = self._context, self._context.facts.actor
        seen, queue = {subject}, deque([subject])

        def push(thing: bytes) -> None:
            if thing not in seen:
                seen.add(thing)
                queue.append(thing)

        fact = context.facts.event(subject)
        while queue:
            thing = queue.popleft()
            if fact is not None and (event := context.facts.event(thing)) is not None:
                push(actor_of(event.author))
                for below in (*context.facts.grounds(thing), *self._over(thing)):
                    push(below)
            for s in self._linking(thing, push):
                yield s
                push(s.id)
            for s in sorted(self._about.get(thing, ()), key=_by_voter):
                actor = actor_of(s.voter)
                if SLOT[s.verb] > EVENT:
                    named = context.facts.event(thing)
                    speaks = named is not None and actor_of(named.author) == actor
                else:
                    speaks = actor in self.possible
                if speaks:
                    yield s
                    push(s.id)
                    push(actor)

    def _over(self, event: bytes) -> Sequence[bytes]:
        """What an event may be taken along with, if anybody asks for that at all."""
        return self._context.facts.over(event) if self._cascades else ()


def _by_voter(s: Statement) -> tuple[bytes, tuple[bool, int, bytes, int, bytes]]:
    """An order that is the same wherever the statements came from."""
    return s.voter, s.order


def _reached(viewer: bytes, adopts: dict[bytes, list[bytes]]) -> set[bytes]:
    reached, queue = {viewer}, [viewer]
    while queue:
        for target in adopts.get(queue.pop(), ()):
            if target not in reached:
                reached.add(target)
                queue.append(target)
    return reached
