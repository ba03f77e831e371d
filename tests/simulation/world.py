"""A world: people, liars, links and disks under one virtual clock, and one plan carried out.

    plan ──► acts in order ──► deeds and troubles ──► sessions on wires ──► stores on machines
                                    │
             quiet: the network heals, everybody syncs, nothing moves any more ──► invariants

Law: two runs of one plan are the same, act by act and byte by byte; whatever goes wrong, raises a
``Finding``.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from tests.simulation.deeds import DEEDS
from tests.simulation.finding import Finding
from tests.simulation.invariants import check_quiet
from tests.simulation.liar import Liar
from tests.simulation.machine import DiskMachine, MemoryMachine
from tests.simulation.mishaps import MISHAPS, back, failed
from tests.simulation.network import Network, Wire
from tests.simulation.person import Person
from tests.simulation.plan import EVERYBODY, YEAR_MS, Act, Plan
from tests.simulation.talk import Talk
from tests.simulation.timeline import HOUR_MS, SECOND_MS, Timeline
from tests.simulation.trace import Trace
from tests.simulation.trade import TRADES
from tests.simulation.troubles import TROUBLES
from tests.simulation.wiles import WILES
from tests.simulation.writing import PENS, QUILLS

from tallystick.errors import StoreError

LULL_MS = 200 * SECOND_MS
"""Longer than any session can stay silent, or any wire patient."""


@dataclass(slots=True)
class Tally:
    """What happened in a world, or in many of them."""

    seeds: int = 0
    alive_ms: int = 0
    events: int = 0
    sessions: int = 0
    cut: int = 0
    segments: int = 0
    segments_lost: int = 0
    crashes: int = 0
    disk_errors: int = 0
    rot_named: int = 0
    rot_harmless: int = 0
    equivocations: int = 0
    quiets: int = 0
    checks: int = 0
    debts: int = 0
    debt_causes: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Lies by code, as honest sessions named them."""

    def add(self, other: Tally) -> None:
        for name in self.__dataclass_fields__:
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(getattr(other, name))
            else:
                setattr(self, name, mine + getattr(other, name))


class World:
    """Args:
    tracing: keep a line per event.
    """

    def __init__(self, plan: Plan, *, tracing: bool = False) -> None:
        self.plan, self.seed = plan, plan.seed
        self.timeline = Timeline()
        self.network = Network(self.timeline, plan.seed)
        self.network.accept = self._accept
        self.network.carried = self._carried
        self.tally = Tally()
        self.refused: Counter[str] = Counter()
        """What people's own replicas refused them."""
        self.secrets: set[bytes] = set()
        self.quiet = self.ended = False
        names = [f"r{n}" if n < plan.people else f"liar{n}" for n in range(plan.size)]
        self.trace = Trace(names) if tracing else None
        self.people = [
            Person(
                self,
                n,
                DiskMachine() if n in plan.disks else MemoryMachine(),
                skew_ms=plan.skews[n],
            )
            for n in range(plan.people)
        ]
        self._known = [one.did for one in self.people]
        self.liars = [Liar(self, n, often=plan.often) for n in range(plan.people, plan.size)]
        self._known += [key.did for liar in self.liars for key in liar.keys]

    # --- running ----------------------------------------------------------------------------------

    def run(self) -> Tally:
        """Carries the plan out. Raises Finding."""
        act: Act | None = None
        try:
            self._begin()
            for act in self.plan.acts:
                self.timeline.run(act.at)
                self._perform(act)
        except Finding as finding:
            raise finding.during(act) from None
        except Exception as error:
            self.say(f"{type(error).__name__}: {error}")
            text = traceback.format_exc(limit=-4)
            raise Finding("escaped", text, mark=where(error)).during(act) from error
        finally:
            self._count()
        return self.tally

    def _begin(self) -> None:
        founder = self.people[0]
        founder.begin()
        founder.replica.create_log("world")
        founder.stored()

    def _perform(self, act: Act) -> None:
        rng = Random(f"{self.seed}/act/{act.number}")
        if act.verb == "quiet":
            self.say("quiet")
            self.be_quiet(rng)
            return
        self.say(act.verb, act.who)
        if act.who >= self.plan.people:
            (WILES | QUILLS)[act.verb](self, self.liars[act.who - self.plan.people], rng)
            return
        one = self.people[act.who]
        if act.verb in TROUBLES:
            TROUBLES[act.verb](self, one, rng)
        elif act.verb in MISHAPS:
            MISHAPS[act.verb](self, one, rng)
        elif one.replica is not None:
            try:
                (DEEDS | TRADES | PENS)[act.verb](self, one, rng)
            except StoreError as error:  # while it looked for something to do it to
                self.disk_failed(one, error)

    def be_quiet(self, rng: Random) -> None:
        """The network heals, everybody syncs until nobody learns anything; then it must hold."""
        self.quiet = True
        self.network.heal()
        for liar in self.liars:
            liar.silence()
        for one in self.people:
            if one.present:
                one.machine.repair()
                back(self, one)
        self.timeline.run(self.timeline.now + LULL_MS)
        self._live_peers_agree()
        present = self.here()
        edges = self._quiet_edges(rng)
        for _ in range(len(present) + 1):
            for here, there in edges:
                self._sync_now(here, there)
            if all(one.joined for one in present) and self._agree(present):
                break
        self.timeline.run(self.timeline.now + 10 * SECOND_MS)
        self.tally.quiets += 1
        split = present[0].replica._log.judging.equivocations()
        self.tally.equivocations = max(self.tally.equivocations, len(split))
        for one in present:
            if one.catching_up:
                one.caught_up()
        check_quiet(self, rng)
        self.quiet = False

    def _agree(self, people: list[Person]) -> bool:
        """Whether they hold the same events, and the same contents of them."""
        held = {(p.replica.digest(), p.replica._log.holdings.bodies_digest()) for p in people}
        return len(held) == 1

    def _live_peers_agree(self) -> None:
        """Whoever is connected live to an honest peer has what that peer has, without more ado."""
        for one in self.here():
            for talk in one.talks:
                other = self.person(talk.peer)
                back = other and next(
                    (t for t in other.talks if t.wire.number == talk.wire.number), None
                )
                if not (talk.live and back and back.live):
                    continue
                if one.replica.digest() != other.replica.digest():
                    raise Finding(
                        "diverged", f"live peers r{one.number} and r{other.number} do not agree"
                    )

    def _quiet_edges(self, rng: Random) -> list[tuple[int, int]]:
        """The links of the plan among those present; whom they leave alone is called besides."""
        there = {one.number for one in self.here()}
        edges = [edge for edge in self.plan.edges if there.issuperset(edge)]
        group = {number: number for number in there}

        def top(number: int) -> int:
            return number if group[number] == number else top(group[number])

        for here, other in edges:
            group[top(here)] = top(other)
        tops = sorted({top(number) for number in there})
        edges += pairwise(tops)
        rng.shuffle(edges)
        return edges

    def _sync_now(self, here: int, there: int) -> None:
        one, other = self.people[here], self.people[there]
        if not (one.joined or other.joined):
            return
        if one.joined and other.joined and self._agree([one, other]):
            return
        waiting = any(p.replica._store.pending_stats()[0] for p in (one, other))
        talk = one.call(there, live=False)
        assert talk is not None
        self.timeline.run(self.timeline.now + LULL_MS, stop=lambda: talk.done)
        report = talk.session.report()
        # What waited for something that came now is news to the other side: in the next session.
        if report.code is not None or not (report.equal or waiting):
            raise Finding("diverged", f"r{here} and r{there} in quiet: {report}")
        self.timeline.run(self.timeline.now + SECOND_MS)

    def _count(self) -> None:
        tally = self.tally
        for one in self.people:
            one.settle_hours()
            tally.alive_ms += one.alive_ms
        tally.seeds = 1
        tally.events = len(set().union(*(one.acked for one in self.people)))
        tally.segments, tally.segments_lost = self.network.segments, self.network.lost

    def end(self) -> None:
        """Closes everything; what is found now was found already."""
        self.ended = True
        for one in self.people:
            one.down()
        for liar in self.liars:
            liar.close()

    # --- who is who -------------------------------------------------------------------------------

    def here(self) -> list[Person]:
        """Honest people who take part and run."""
        return [one for one in self.people if one.present and one.replica is not None]

    def person(self, number: int) -> Person | None:
        """The honest person of a number, if it runs."""
        if number >= len(self.people) or self.people[number].replica is None:
            return None
        return self.people[number]

    def neighbours(self, number: int) -> list[int]:
        """Replicas that somebody may call."""
        near = {n for edge in self.plan.edges if number in edge for n in edge} - {number}
        return sorted(near - self.plan.gone)

    def known(self) -> list[str]:
        """Everybody one may speak about, as did:key."""
        return self._known

    # --- what it is told --------------------------------------------------------------------------

    def say(self, text: str, who: int = EVERYBODY) -> None:
        if self.trace is not None:
            self.trace.add(self.timeline.now, who, text)

    def noter(self, who: int) -> Callable[[str], None] | None:
        return None if self.trace is None else lambda text: self.say(text, who)

    def disk_failed(self, one: Person, error: StoreError) -> None:
        """A store refused."""
        self.say(f"!{error.code}", one.number)
        failed(self, one, error)

    def session_over(self, one: Person, talk: Talk) -> None:
        if self.ended:
            return
        report = talk.session.report()
        if report.code is not None:
            self.tally.cut += 1
        honest = talk.peer < self.plan.people
        if not honest:
            codes = [rejected.code for rejected in report.rejected]
            if report.code not in {None, "sync/closed", *codes} and not report.by_peer:
                codes.append(report.code)
            self.tally.refused.update(codes)
            return
        usual = {None, "sync/closed"}
        if not (one.joined and self.people[talk.peer].joined):
            usual.add("sync/no-common-log")
        if report.rejected or report.code not in usual:
            raise Finding("accused", f"r{one.number} refuses what r{talk.peer} said: {report}")

    def _accept(self, wire: Wire) -> None:
        one = self.person(wire.here)
        if one is not None:
            one.answer(wire)
        elif wire.here >= self.plan.people and not self.quiet:
            self.liars[wire.here - self.plan.people].answer(wire)
        else:
            wire.cut()

    def _carried(self, sender: int, data: bytes) -> None:
        if sender < self.plan.people and self.secrets:
            leaked = [secret for secret in self.secrets if secret in data]
            if leaked:
                raise Finding("leaked", f"r{sender} sends what was said in private: {leaked}")


def where(error: Exception) -> str:
    """The line that raised, and what."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.name}: {last.line}"


def node_hours(tally: Tally) -> float:
    return tally.alive_ms / HOUR_MS


__all__ = ["YEAR_MS", "Tally", "World", "node_hours"]
