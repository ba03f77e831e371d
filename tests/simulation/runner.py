"""Running worlds: one, many, and again with a trace when one fails.

Law: the same plan gives the same outcome; an outcome says by which command it is seen again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.simulation.finding import Finding
from tests.simulation.plan import Plan, make_plan
from tests.simulation.shrink import shrink
from tests.simulation.timeline import HOUR_MS
from tests.simulation.trace import Trace
from tests.simulation.world import Tally, World

COMMAND = "python -m tests.simulation"
SHRINK_RUNS = 150


@dataclass(slots=True)
class Outcome:
    """What became of one plan."""

    plan: Plan
    tally: Tally
    finding: Finding | None
    trace: Trace | None


@dataclass(slots=True)
class Summary:
    """What became of many seeds."""

    tally: Tally = field(default_factory=Tally)
    found: list[Outcome] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def count(self, *kinds: str) -> int:
        return sum(one.finding.kind in kinds for one in self.found if one.finding)

    def as_dict(self) -> dict[str, object]:
        tally, hours = self.tally, self.tally.alive_ms / HOUR_MS
        lies = dict(sorted(tally.refused.items()))
        return {
            "seeds": tally.seeds,
            "node_hours": round(hours, 1),
            "events": tally.events,
            "sessions": tally.sessions,
            "sessions_cut": tally.cut,
            "segments": tally.segments,
            "segments_lost": tally.segments_lost,
            "crashes": tally.crashes,
            "disk_errors": tally.disk_errors,
            "rot_named": tally.rot_named,
            "rot_harmless": tally.rot_harmless,
            "equivocations": tally.equivocations,
            "quiets": tally.quiets,
            "debts": tally.debts,
            "debt_causes": tally.debt_causes,
            "lies_rejected": sum(lies.values()),
            "lies_by_code": lies,
            "cpu_seconds": round(self.cpu_seconds, 1),
            "speed_up": round(hours * 3600 / self.cpu_seconds) if self.cpu_seconds else 0,
            "lost": self.count("lost"),
            "corrupt": self.count("corrupt"),
            "diverged": self.count("diverged"),
            "other": self.count("accused", "explained", "leaked", "escaped"),
        }

    def line(self) -> str:
        parts = []
        for name, value in self.as_dict().items():
            if isinstance(value, dict):
                parts.append(f"{name}={','.join(f'{k}:{v}' for k, v in value.items()) or '-'}")
            else:
                parts.append(f"{name}={value}")
        return " ".join(parts)


def run_plan(plan: Plan, *, tracing: bool = False) -> Outcome:
    """Carries one plan out."""
    world = World(plan, tracing=tracing)
    finding = None
    try:
        world.run()
    except Finding as found:
        finding = found
    finally:
        world.end()
    return Outcome(plan, world.tally, finding, world.trace)


def run_seeds(
    seeds: Iterable[int], *, hours: float, clock: Callable[[], float],
    told: Callable[[Summary, Outcome], None] = lambda summary, outcome: None,
) -> Summary:  # fmt: skip
    """Runs many worlds.

    Args:
        clock: CPU seconds, for the speed-up.
        told: after each world.
    """
    summary = Summary()
    began = clock()
    for seed in seeds:
        outcome = run_plan(make_plan(seed, hours=hours))
        summary.tally.add(outcome.tally)
        if outcome.finding is not None:
            summary.found.append(outcome)
        summary.cpu_seconds = clock() - began
        told(summary, outcome)
    return summary


def shrunk(outcome: Outcome, *, runs: int = SHRINK_RUNS) -> Outcome:
    """The smallest world found that fails alike, with its trace."""
    assert outcome.finding is not None
    finding = outcome.finding

    def fails(plan: Plan) -> bool:
        return finding.is_like(run_plan(plan).finding)

    return run_plan(shrink(outcome.plan, fails, runs=runs), tracing=True)


def command(plan: Plan) -> str:
    """What to type to see this world again."""
    whole = make_plan(plan.seed, hours=plan.hours)
    parts = [COMMAND, f"--seed {plan.seed}"]
    if plan.hours != 1.0:
        parts.append(f"--hours {plan.hours:g}")
    if plan.gone:
        parts.append(f"--without {spans(plan.gone)}")
    numbers = [act.number for act in plan.acts]
    if numbers != [act.number for act in whole.leaving_out(plan.gone).acts]:
        parts.append(f"--keep {spans(numbers)}")
    return " ".join(parts)


def spans(numbers: Iterable[int]) -> str:
    """
    >>> spans([1, 2, 3, 7])
    '1-3,7'
    """
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def read_spans(text: str) -> list[int]:
    """
    >>> read_spans("1-3,7")
    [1, 2, 3, 7]
    """
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found
