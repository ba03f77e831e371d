"""Worlds by the thousand, or one again.

    python -m tests.simulation --seeds 1000 --from 0 --hours 1 [--json]
    python -m tests.simulation --seed 7                       one world, with its trace
    python -m tests.simulation --seed 7 --keep 3,9-12 --without 2,4     what shrinking left of it

Exit code 1 when anything was found; what was found is shrunk, its trace written to a file, and the
command printed that shows it again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.simulation.plan import Plan, make_plan
from tests.simulation.runner import (
    SHRINK_RUNS,
    Outcome,
    Summary,
    command,
    read_spans,
    run_plan,
    run_seeds,
    shrunk,
)

PROGRESS_SECONDS = 10.0


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=20, help="how many worlds")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--hours", type=float, default=1.0, help="how long each world lasts")
    parser.add_argument("--seed", type=int, help="one world, with its trace on standard output")
    parser.add_argument("--keep", type=read_spans, help="numbers of the acts to keep of it")
    parser.add_argument("--without", type=read_spans, default=[], help="replicas to leave out")
    parser.add_argument("--json", action="store_true", help="the summary as JSON")
    parser.add_argument("--traces", type=Path, help="folder for traces of failing worlds")
    parser.add_argument("--shrink", type=int, default=SHRINK_RUNS, metavar="RUNS",
                        help="how many worlds may be tried to shrink a failing one")  # fmt: skip
    return parser.parse_args(given)


def one_again(given: argparse.Namespace) -> int:
    """One world, as it is, and what it shows."""
    plan: Plan = make_plan(given.seed, hours=given.hours)
    plan = plan.leaving_out(given.without)
    if given.keep is not None:
        plan = plan.keeping(given.keep)
    outcome = run_plan(plan, tracing=True)
    assert outcome.trace is not None
    print(outcome.trace.table(), end="")
    if outcome.finding is not None:
        print(f"during {outcome.finding.act}\n{outcome.finding}")
        return 1
    print("nothing was found")
    return 0


def report(outcome: Outcome, given: argparse.Namespace) -> None:
    """Shrinks what was found, and says how to see it again."""
    print(f"seed {outcome.plan.seed}: {outcome.finding}", file=sys.stderr, flush=True)
    small = shrunk(outcome, runs=given.shrink)
    folder = given.traces or Path(tempfile.gettempdir()) / "tallystick-simulation"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{outcome.plan.seed}.txt"
    assert small.trace is not None
    file.write_text(f"{command(small.plan)}\n{small.trace.table()}{small.finding}\n")
    print(
        f"  {len(small.plan.acts)} of {len(outcome.plan.acts)} acts,"
        f" {small.plan.size - len(small.plan.gone)} of {outcome.plan.size} replicas\n"
        f"  trace: {file}\n  again: {command(small.plan)}",
        file=sys.stderr,
        flush=True,
    )


def main(given: list[str] | None = None) -> int:
    """Runs; the exit code."""
    options = arguments(given)
    if options.seed is not None:
        return one_again(options)
    last = [time.monotonic()]

    def told(summary: Summary, outcome: Outcome) -> None:
        if outcome.finding is not None:
            report(outcome, options)
        if time.monotonic() - last[0] > PROGRESS_SECONDS:
            last[0] = time.monotonic()
            print(f"{outcome.plan.seed}: {summary.line()}", file=sys.stderr, flush=True)

    seeds = range(options.first, options.first + options.seeds)
    summary = run_seeds(seeds, hours=options.hours, clock=time.process_time, told=told)
    print(json.dumps(summary.as_dict()) if options.json else summary.line())
    return 1 if summary.found else 0


if __name__ == "__main__":
    sys.exit(main())
