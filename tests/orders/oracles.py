"""Policy and state together against the naive oracles, over random histories of people who judge.

    people who know, heed and write ──► events, batch by batch ──► judge, flips, feed, views
                                   └──► list and filter ──► who counts ──► what it adds up to

The left oracle (``tests.model.policy_oracle``) says which events count, the right one
(``tests.laws.oracle``) what those add up to. Neither is incremental, neither knows of the other.

Law: one disagreement about a standing, a verdict, its reason or mark, or a byte of a state is one
disagreement of the run, told with its seed.

Reads: tests.laws, tests.model, tests.orders.pure. Read by: tests.orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any

from tests.laws import oracle as state_oracle
from tests.laws.registry import WRITERS, fold_oracle, write_rating
from tests.laws.test_laws import packed
from tests.laws.world import AUTHORS, World, hostile
from tests.model.policy_oracle import Oracle
from tests.orders.pure import VIEWS, Known, Pure, Tables, next_batch
from tests.orders.talk import RATING, UNDOING, Talk

from tallystick.event.rules import CREATE, log_content
from tallystick.policy import (
    Policy,
    Statement,
    check_target,
    holding,
    is_retractable,
    is_withdrawable,
    private_id,
    statement_frame,
)
from tallystick.replica.kinds import void_code
from tallystick.store.rows import EventRow

SCOPES = (None, RATING, "note", "record/edit")
BYSTANDER = sha256(b"bystander").digest()
REASONS = ("void", "retracted", "equivocation", "my-word", "tally")
"""Rules that the oracle names as the judge does; the others it names more coarsely."""


@dataclass
class Figures:
    """Counts of one run; ``disagreements`` must be empty."""

    histories: int = 0
    events: int = 0
    excluded: int = 0
    statements: int = 0
    disagreements: list[str] = field(default_factory=list)


def run(
    count: int,
    seed: int,
    *,
    events_max: int = 14,
    told: Callable[[Figures], None] = lambda _figures: None,
) -> Figures:
    """``count`` histories, their seeds counting up from ``seed``."""
    figures, tables = Figures(), Tables()
    for number in range(seed, seed + count):
        tables.mark(0)
        story = Story(number, events_max=events_max)
        found = list(story.disagreements(tables))
        tables.back(0)
        figures.histories += 1
        figures.events += len(story.known.ids)
        figures.excluded += len(story.known.ids) - len(story.counted)
        figures.statements += sum(e.statement is not None for e in story.known.events.values())
        if found:
            figures.disagreements.append(f"seed {number}: {', '.join(found)}")
        told(figures)
    tables.close()
    return figures


class Story:
    """One random history, the policy it is seen under, and what the oracles make of it."""

    def __init__(self, seed: int, *, events_max: int) -> None:
        self.random = r = Random(f"story/{seed}")
        self.world = World()
        self.talk = Talk(r, self.written)
        self.focus = r.choice((None, None, 3))
        """Of how many early events everybody speaks; None: of any."""
        self.quarrel = r.choice((0.25, 0.5, 0.8))
        self.log = self.world.write(AUTHORS[0], CREATE, b"", log_content("story"))
        for mind in self.world.minds.values():
            mind.seen.add(self.log)
        wanted = r.randint(4, events_max)
        while len(self.world.events) < wanted:
            self.step()
        self.known = self.read()
        self.splits = equivocations(self.known)
        self.counted: set[bytes] = set()

    def written(self) -> list[tuple[bytes, bytes, int]]:
        found = [(e.id, e.author, e.seq) for e in self.world.events.values()]
        return found if self.focus is None else found[1 : 1 + self.focus] or found

    # --- writing --------------------------------------------------------------------------------

    def step(self) -> None:
        """Somebody learns, changes their mind, goes back on their own chain, or writes."""
        r, world = self.random, self.world
        author, other = r.sample(AUTHORS, 2)
        mind = world.minds[author]
        if r.random() < 0.7:
            mind.seen |= world.minds[other].seen
        if r.random() < self.quarrel:
            self.say(author)
            return
        what = r.random()
        if what < 0.06:
            mind.out_authors ^= {other}
        elif what < 0.12:
            mind.out_events ^= {r.choice(sorted(mind.seen))}
        elif what < 0.15 and mind.last not in (None, self.log):
            mind.last = world.events[mind.last].prev
        elif what < 0.22:
            hostile(world, author, r.randrange(3), r.randrange(6))
        elif what < 0.3:
            world.write(author, "note", b"", b"")
        elif what < 0.35:
            world.write(author, "trust/ban", b"\x00", b"")
        elif what < 0.55:
            write_rating(world, author, r.randrange(3), r.randrange(6))
        else:
            WRITERS[r.choice(sorted(WRITERS))](world, author, r.randrange(3), r.randrange(6))

    def say(self, author: bytes) -> None:
        r = self.random
        what = r.random()
        if what < 0.6:
            said = self.talk.about_actor(author, [one for one in AUTHORS if one != author])
        elif what < 0.8:
            said = self.talk.about_event()
        else:
            verb = r.choice(UNDOING)
            fits = is_withdrawable if verb == "withdraw" else is_retractable
            own = [e.id for e in self.world.events.values() if e.author == author and fits(e.kind)]
            target = r.choice(own) if own and r.random() < 0.85 else self.talk.some_event()
            said = Statement(b"", b"", 0, verb, target)
        self.world.write(author, *statement_frame(said), b"")

    # --- what is known of it --------------------------------------------------------------------

    def read(self) -> Known:
        r, events = self.random, self.world.events
        viewer = r.choice([*AUTHORS, *AUTHORS, BYSTANDER])
        prev = {id: e.prev or b"" for id, e in events.items()}
        parents = {}
        for id, event in events.items():
            first = () if id == self.log else (event.prev or self.log,)
            parents[id] = tuple(dict.fromkeys((*first, *event.deps)))
        past: dict[bytes, frozenset[bytes]] = {}
        for id, up in parents.items():  # parents first
            past[id] = frozenset(up).union(*(past[one] for one in up))
        rows = []
        for number, (id, e) in enumerate(events.items(), 1):
            absent = id != self.log and r.random() < 0.05
            content = None if absent else e.content
            row = EventRow(
                number, 1, 1, e.author, e.seq, id, e.lamport, e.time, e.kind, None, (),
                1 if absent else 2, e.frame, b"", content, len(e.content),
                self.void(id, past[id]), False,
            )  # fmt: skip
            rows.append(row)
        at = [(e.author, e.seq) for e in events.values()]
        forked = [id for id, e in events.items() if at.count((e.author, e.seq)) > 1]
        policy = Policy(viewer, self.log, **self.talk.parameters(forked))
        others = [one for one in AUTHORS if one != viewer]
        private = [*self.talk.private(viewer, others), *self.listening(viewer, others)]
        people = sorted({*AUTHORS, viewer})
        return Known(rows, parents, prev, policy=policy, private=private, people=people)

    def listening(self, viewer: bytes, others: list[bytes]) -> Iterator[Statement]:
        """Adoptions by which a viewer has somebody to listen to."""
        for number, actor in enumerate(others, 100):
            if self.random.random() < 0.5:
                more = {"private": True, "depth": self.random.randrange(3)}
                yield Statement(private_id(viewer, number), viewer, number, "adopt", actor, **more)

    def void(self, id: bytes, past: frozenset[bytes]) -> str | None:
        """The rules of the kinds, and the one about what a statement names in its past."""
        e, events = self.world.events[id], self.world.events
        code = void_code(e.kind, frame=e.frame, content_size=len(e.content), log=self.log)
        if code is not None or e.kind not in ("trust/retract", "trust/restore", "trust/withdraw"):
            return code
        (target,) = [one for one in past if one in e.frame] or [None]
        if target is None:
            return None
        return check_target(
            e.kind.removeprefix("trust/"),
            same_key=events[target].author == e.author,
            target_kind=events[target].kind,
        )

    # --- both sides -----------------------------------------------------------------------------

    def disagreements(self, tables: Tables) -> Iterator[str]:
        """Where production, fed batch by batch, and the oracles differ."""
        site = Pure(self.known, tables)
        while batch := next_batch(self.random, site, most=self.random.choice((1, 1, 2, 3, 5))):
            site.receive(batch)
        known, judge = self.known, site.judge
        said = [e.statement for e in known.events.values() if e.statement is not None]
        mine = [s for s in said if s.voter == known.policy.viewer]
        policy = known.policy.with_statements(holding([*mine, *known.private]))
        naive = Oracle(policy, [known.events[id] for id in known.ids], self.splits)
        self.counted = {id for id in known.ids if naive.counts(id)}
        if judge.policy != policy:
            yield "policy"
        for scope in SCOPES:
            found = judge.standing(scope)
            mark = (dict(found.rank), set(found.banned), set(found.contested))
            if mark != naive.standing(scope or "*"):
                yield f"standing for {scope}"
        for id in known.ids:
            verdict = judge.event_verdict(id, thorough=False)
            counts, reason = naive.judge(id)
            if not verdict.included == counts == judge.counts(id):
                yield f"verdict of {id.hex()[:8]}"
            if reason in REASONS and verdict.reason != reason:
                yield f"reason of {id.hex()[:8]}"
            if verdict.contested != (counts and naive.is_contested(id)):
                yield f"mark of {id.hex()[:8]}"
        wanted = self.states()
        for name in VIEWS:
            if packed(tables.views.read(name, site.source)) != packed(wanted[name]):
                yield f"state of {name}"

    def states(self) -> dict[str, Any]:
        absent = dict.fromkeys(self.known.absent, False)
        return {
            "places": state_oracle.places(self.world, self.counted, absent),
            "reputation": state_oracle.sums(self.world, self.counted, absent, RATING),
            "book": fold_oracle(self.world, self.counted, absent),
        }


def equivocations(known: Known) -> dict[bytes, int]:
    """Author -> smallest seq with two events."""
    met: dict[tuple[bytes, int], int] = {}
    for row in known.rows.values():
        met[row.author, row.seq] = met.get((row.author, row.seq), 0) + 1
    found: dict[bytes, int] = {}
    for (author, seq), count in met.items():
        if count > 1:
            found[author] = min(seq, found.get(author, seq))
    return found
