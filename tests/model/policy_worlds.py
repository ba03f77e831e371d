"""Random small worlds in which people judge each other in every way there is."""

from __future__ import annotations

import hashlib
import random

from hypothesis import strategies as st

from tallystick.policy import CutEntry, Policy, Statement, holding, private_id
from tallystick.policy.actors import own_words
from tallystick.testing.world import Event, World

KINDS = ("note", "review/film", "review/book", "chat", "ledger/transfer", "actor/note")
SCOPES = ("*", "*", "*", "*", "review/*", "review/film", "note", "chat")
OPINIONS = (
    "ban",
    "ban",
    "allow",
    "adopt",
    "adopt",
    "adopt",
    "exclude",
    "exclude",
    "include",
    "uphold",
    "dismiss",
)
VERBS = (*OPINIONS, *OPINIONS, "retract", "retract", "restore", "withdraw", "withdraw")


def key(number: int) -> bytes:
    return bytes([number + 1]) * 32


class Scene:
    """A random log, its viewer's private statements, and the policy parameters.

    Args:
        people: how many authors write.
        events: how many events.
        forks: whether chains may split.
        actors: whether people may have several keys.
        quarrel: whether it begins with people who ban each other in a circle, puppets, and
            somebody who writes beside a cut, as the first of the people sees it.
    """

    def __init__(
        self,
        seed: int,
        *,
        people: int = 5,
        events: int = 30,
        forks: bool = True,
        actors: bool = False,
        quarrel: bool = False,
    ) -> None:
        self.random = random.Random(seed)
        self.people = [key(n) for n in range(people)]
        self.world = World()
        self.edits: list[bytes] = []
        """Events that others may go over."""
        self.forks, self.actors = forks, actors
        self.verbs = (*VERBS, "key", "key", "repair", "repair") if actors else VERBS
        self.world.write(key(200), "log/create")
        for author in self.people:
            self.world.write(author, "note")
        if actors:
            self._links()
        dense = self.random.random() < 0.7
        if dense:
            self._adoptions()
        self.quarrel = quarrel and people > 2
        if self.quarrel:
            self._quarrel()
        for _ in range(events):
            self._one()
        self.parameters = self._parameters()
        self.private = self._private()

    def _links(self) -> None:
        """Some people begin with two keys or more."""
        for _ in range(self.random.randint(1, 2)):
            one, other = self.random.sample(self.people, 2)
            self.world.say(one, "key", other, lamport=self._lamport())
            self.world.say(other, "key", one, lamport=self._lamport())

    def _lamport(self) -> int:
        """Grows along every chain; two keys of one actor may say something at the same one."""
        return len(self.world.events) // 2 if self.actors else 0

    def _adoptions(self) -> None:
        """Everybody begins with a few people they trust, so that there are several strata."""
        r = self.random
        for author in self.people:
            for target in r.sample(self.people, min(len(self.people), r.randint(1, 2))):
                weight, depth = r.choice((1, 1, 2, 3)), r.choice((1, 2, 3))
                self.world.say(
                    author, "adopt", target, weight=weight, depth=depth, lamport=self._lamport()
                )

    def _quarrel(self) -> None:
        """A circle of bans among those the first one adopts; the rest are puppets of one of them.

        Then somebody is banned beyond a cut and slips an event in beside it, and somebody adopted
        is adopted no more.
        """
        r, head = self.random, self.people[0]
        ring = r.sample(self.people[1:], min(r.choice((2, 3, 4, 4, 5, 5, 5)), len(self.people) - 1))

        def say(voter: bytes, verb: str, target: bytes, **more: object) -> bytes:
            return self.world.say(voter, verb, target, lamport=self._lamport(), **more).id

        for one in ring:
            say(head, "adopt", one, weight=r.choice((1, 1, 2)), depth=r.choice((0, 2)))
        for puppet in self.people[1:]:
            if puppet not in ring:
                say(ring[0], "adopt", puppet, depth=1)
        for _ in range(r.choice((1, 1, 2))):
            for at, one in enumerate(ring):
                say(one, "ban", ring[at - 1])
        other = r.choice(self.people[1:])
        own = [e for e in self.world.events if e.author == other]
        if self.forks and r.random() < 0.5:
            say(r.choice((head, *ring)), "ban", other, cut=(self.world.entry(own[-1].id),))
            self.world.write(other, "note", prev=r.choice(own[:-1]).id if own[1:] else b"")
        if r.random() < 0.3:
            left = r.choice(self.people[1:])
            adopted = say(head, "adopt", left)
            if r.random() < 0.5:
                say(head, "withdraw", adopted)
            else:
                say(head, "adopt", left, weight=0)

    def _one(self) -> None:
        r, author = self.random, self.random.choice(self.people)
        prev = None
        if self.forks and r.random() < 0.03:
            prev = r.choice([e.prev for e in self.world.events if e.author == author] + [b""])
        if r.random() < 0.3:
            ids = [e.id for e in self.world.events]
            grounds = r.sample(ids, r.randint(1, 2)) if r.random() < 0.4 else []
            void = "void/value" if r.random() < 0.15 else None
            kind = r.choice(KINDS)
            built = kind != "actor/note" and r.random() < 0.6
            below = self.edits[-6:] if r.random() < 0.7 else self.edits
            over = r.sample(below, min(len(below), r.choice((1, 1, 1, 2)))) if built else []
            type_ = r.choice((None, "home", "car")) if grounds else None
            draft = self.world.draft(
                author, kind, prev=prev, void=void, grounds=grounds, over=over, type=type_
            )
            self.add(draft)
            if kind != "actor/note":
                self.edits.append(draft.id)
            return
        verb = r.choice(self.verbs)
        room = "actor" if verb in ("key", "repair") else "trust"
        draft = self.world.draft(author, f"{room}/{verb}", prev=prev)
        said = self.statement(verb, draft.id, author, draft.seq)
        self.add(Event(draft.id, author, draft.seq, draft.prev, draft.kind, statement=said))

    def add(self, event: Event) -> None:
        self.world.add(event)

    def statement(self, verb: str, id: bytes, voter: bytes, seq: int, **more: object) -> Statement:
        """A statement with a random target that its verb can have."""
        r, events = self.random, self.world.events
        more.setdefault("lamport", 0 if more.get("private") else self._lamport())
        if verb == "key":
            target = r.choice(self.people)
        elif verb in ("ban", "allow", "adopt"):
            target = r.choice(self.people)
            if verb == "adopt":
                more |= {
                    "weight": r.choice((1, 1, 1, 1, 2, 2, 3, 3, 0)),
                    "depth": r.choice((0, 1, 2, 3, 3)),
                }
                if r.random() < 0.2:
                    more["as_of"] = self.cut(target)
            elif verb == "ban" and r.random() < 0.4:
                more["cut"] = self.cut(target) or None
        else:
            own = [e for e in events if e.author == voter]
            trust = [e for e in events if e.statement is not None]
            mine = [e for e in own if e.statement is not None]
            if verb in ("retract", "restore"):
                pool = r.choice((own, own, events)) or events
            elif verb == "withdraw":
                pool = r.choice((mine, mine, trust)) or events
            elif verb == "repair":
                split = [e for e in events if e.author in self.world.equivocations]
                pool = split or events
            elif self.actors and r.random() < 0.4:
                pool = [e for e in trust if e.statement.verb in ("key", "repair")] or events
            else:
                pool = r.choice((events, events, trust or events))
            target = r.choice(pool).id if r.random() < 0.95 else r.randbytes(32)
            if (
                verb in ("exclude", "include")
                and self.edits
                and r.random() < (0.3 if self.actors else 0.6)
            ):
                target = r.choice(self.edits)
            if verb == "exclude" and r.random() < 0.5:
                more["cascade"] = True
        if verb in ("uphold", "dismiss"):
            more["dispute"] = r.choice(events).id
        elif verb not in ("retract", "restore", "withdraw", "key", "repair"):
            more["scope"] = r.choice(SCOPES)
        return Statement(id, voter, seq, verb, target, **more)

    def cut(self, actor: bytes) -> tuple[CutEntry, ...]:
        r = self.random
        own = [e for e in self.world.events if e.author == actor]
        entries = {self.world.entry(r.choice(own).id) for _ in range(r.randint(1, 2))}
        if r.random() < 0.1:
            entries.add(CutEntry(actor, r.randint(0, 3), r.randbytes(32)))
        if r.random() < 0.1:
            author, seq, id = entries.pop()
            entries.add(CutEntry(author, seq + 1, id))
        return tuple(sorted(entries))

    def _parameters(self) -> dict[str, object]:
        r = self.random
        sides = [e.id for e in self.world.events if e.author in self.world.equivocations]
        side = f"side:{r.choice(sides).hex()}" if sides else "both"
        viewer = r.choice(self.people)
        return {
            "viewer": self.people[0] if self.quarrel and r.random() < 0.8 else viewer,
            "log": self.world.genesis,
            "stance": r.choice(("open", "open", "invited")),
            "threshold": r.choice((1, 1, 1, 2, 2, 3, 4, 5)),
            "max_depth": r.choice((0, 1, 2, 3, 4, 4, 4, 4)),
            "fork_rule": r.choice(("both", "prefix", "none", side)),
            "restitution": r.choice(({}, {"home": "keep"}, {"home": "keep", "car": "return"})),
        }

    def _private(self) -> list[Statement]:
        viewer = self.parameters["viewer"]
        out: list[Statement] = []
        for seq in range(self.random.randint(0, 7)):
            id = private_id(viewer, seq)
            verb = self.random.choice(("adopt", *OPINIONS))
            said = self.statement(verb, id, viewer, seq, private=True)
            if out and verb in ("exclude", "include") and self.random.random() < 0.3:
                said = said._replace(target=self.random.choice(out).id)
            out.append(said)
        return out

    def policy(self, events: list[Event] | None = None, **parameters: object) -> Policy:
        """The viewer's policy over some of the events: said in them, and privately."""
        known = self.parameters | parameters
        events = self.world.events if events is None else events
        return Policy(**known, statements=holding(self.spoken(events, known["viewer"])))

    def spoken(self, events: list[Event] | None = None, viewer: bytes | None = None) -> list:
        """All a viewer said in some events, by any key of theirs, and privately."""
        events = self.world.events if events is None else events
        viewer = self.parameters["viewer"] if viewer is None else viewer
        said = [e.statement for e in events if e.statement]
        private = self.private if viewer == self.parameters["viewer"] else []
        claims = [s for s in said if s.verb == "key"]
        return own_words(viewer, [*said, *private], claims, splits(events))

    def arrivals(self) -> list[list[Event]]:
        """The events in another order a network might bring them in, cut into batches."""
        r, waiting, known, order = self.random, list(self.world.events), set(), []
        while waiting:
            ready = [
                e
                for e in waiting
                if (not e.prev or e.prev in known) and known.issuperset((*e.grounds, *e.over))
            ]
            event = r.choice(ready)
            waiting.remove(event)
            known.add(event.id)
            order.append(event)
        batches = []
        while order:
            size = r.choice((1, 1, 2, 5, 20))
            batches.append(order[:size])
            order = order[size:]
        return batches


def splits(events: list[Event]) -> dict[bytes, int]:
    """Author -> smallest seq with two events."""
    seen: set[tuple[bytes, int]] = set()
    found: dict[bytes, int] = {}
    for e in events:
        if (e.author, e.seq) in seen:
            found[e.author] = min(e.seq, found.get(e.author, e.seq))
        seen.add((e.author, e.seq))
    return found


def scenes(**sizes: int):
    """Scenes; Hypothesis shrinks the number of people and events."""
    return st.builds(
        Scene,
        st.integers(0, 2**32),
        people=st.integers(2, sizes.get("people", 8)),
        events=st.integers(0, sizes.get("events", 90)),
        forks=st.booleans(),
        actors=st.booleans(),
    )


def fresh_id(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
