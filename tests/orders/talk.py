"""Statements of every kind, at random, about people and events there are, and a few there are not.

Law: what is drawn depends on the random numbers and on what was written, on nothing else.

Reads: policy. Read by: tests.orders.{histories, oracles}.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.model.replica_world import key_of

from tallystick.policy import CutEntry, Statement, private_id

RATING = "review/stars"
SCOPES = (*("*",) * 9, "review/*", RATING, "note", "record/*")
ABOUT_ACTOR = ("ban", "ban", "ban", "allow", "adopt", "adopt", "adopt")
ABOUT_EVENT = ("exclude", "exclude", "include", "uphold", "dismiss", "dispute")
UNDOING = ("retract", "retract", "restore", "withdraw", "withdraw")
PRIVATE = (*("adopt",) * 6, "ban", "allow", "exclude", "include", "uphold", "withdraw")
STRANGER = key_of("stranger").public
Written = tuple[bytes, bytes, int]
"""(id, author, seq) of an event."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Draws statements; whose they are is left open (``voter`` and ``id`` empty, seq 0).

    Args:
        written: all events there are, now.
    """

    random: Random
    written: Callable[[], Sequence[Written]]

    def about_actor(self, me: bytes, others: Sequence[bytes]) -> Statement:
        verb = self.random.choice(ABOUT_ACTOR)
        target = self.random.choice([*others * 4, me, STRANGER])
        return Statement(b"", b"", 0, verb, target, **self.options(verb, target))

    def about_event(self) -> Statement:
        verb = self.random.choice(ABOUT_EVENT)
        return Statement(b"", b"", 0, verb, self.some_event(), **self.options(verb, b""))

    def options(self, verb: str, target: bytes) -> dict[str, Any]:
        r, more = self.random, {}
        if verb not in ("uphold", "dismiss", "dispute"):
            more["scope"] = r.choice(SCOPES)
        if verb == "adopt":
            more |= {"weight": r.choice((0, 1, 1, 2, 5)), "depth": r.choice((0, 0, 1, 2))}
            if r.random() < 0.12:
                more["as_of"] = self.cut(target)
        elif verb == "ban" and r.random() < 0.4:
            more["cut"] = self.cut(target) or None
        elif verb in ("uphold", "dismiss"):
            more["dispute"] = self.some_event()
        elif verb in ("exclude", "include") and r.random() < 0.2:
            more["cascade"] = True
        return more

    def cut(self, actor: bytes) -> tuple[CutEntry, ...]:
        """Events of the actor; now and then one that is not there, or misnamed."""
        r = self.random
        own = [(seq, id) for id, author, seq in self.written() if author == actor]
        entries = {CutEntry(actor, *r.choice(own)) for _ in range(r.randint(0, 2)) if own}
        if r.random() < 0.15:
            entries.add(CutEntry(actor, r.randint(0, 3), r.randbytes(32)))
        if entries and r.random() < 0.1:
            author, seq, id = entries.pop()
            entries.add(CutEntry(author, seq + 1, id))
        return tuple(sorted(entries))

    def some_event(self) -> bytes:
        r = self.random
        return r.randbytes(32) if r.random() < 0.04 else r.choice(self.written())[0]

    # --- a viewer's own -------------------------------------------------------------------------

    def parameters(self, forked: Sequence[bytes]) -> dict[str, Any]:
        """Of a policy. ``forked``: events of authors with two histories, for the fork rule."""
        r = self.random
        return {
            "stance": r.choice(("open", "open", "open", "invited")),
            "threshold": r.choice((1, 1, 1, 2, 3)),
            "max_depth": r.choice((0, 1, 2, 3, 3, 4, 4)),
            "fork_rule": r.choice(
                ("both", "prefix", "none", f"side:{r.choice(forked).hex()}" if forked else "both")
            ),
        }

    def private(self, me: bytes, others: Sequence[bytes]) -> tuple[Statement, ...]:
        """What a viewer says to nobody: mostly whom to listen to."""
        r, out = self.random, []
        for number in range(1, 1 + r.choice((0, 1, 1, 2, 2, 3, 4))):
            verb = r.choice(PRIVATE)
            if verb in ABOUT_ACTOR:
                target = r.choice(others or [STRANGER])
            elif verb == "withdraw" and out:
                target = r.choice(out).id
            else:
                target = self.some_event()
            more = {} if verb == "withdraw" else self.options(verb, target)
            if verb == "adopt":
                more |= {"weight": r.choice((1, 1, 2)), "depth": r.choice((0, 1, 2, 3))}
            out.append(
                Statement(private_id(me, number), me, number, verb, target, private=True, **more)
            )
        return tuple(out)
