"""``python -m tests.crash --mode power|io|kill|bitrot``: long runs, and the replay of a finding.

Law: exit code 1 exactly when something was found; the last line says how much was looked at.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

from tests.crash.bitrot import run_bitrot
from tests.crash.faults import run_faults
from tests.crash.findings import Tally
from tests.crash.kill import run_kill
from tests.crash.power import run_power

EVERY_SECONDS = 5.0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    made.add_argument("--mode", choices=("power", "io", "kill", "bitrot"), required=True)
    made.add_argument("--points", type=int, default=None, help="how many (bitrot: all)")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--sync", choices=("full", "normal"), default="full", help="power only")
    made.add_argument("--only", help="one point, as a finding names it")
    made.add_argument("--json", action="store_true", help="the summary as one JSON line")
    return made


def teller() -> Callable[[Tally], None]:
    """Says on stderr, now and then, how far a run has come; findings at once."""
    last, said = [time.monotonic()], [0]

    def told(tally: Tally) -> None:
        for one in tally.findings[said[0] :]:
            print(f"{one.sort}: {one.what}\n  python -m tests.crash {one.replay}", file=sys.stderr)
        said[0] = len(tally.findings)
        if time.monotonic() - last[0] > EVERY_SECONDS:
            last[0] = time.monotonic()
            print(tally.line(), file=sys.stderr, flush=True)

    return told


def main() -> int:
    wanted = parser().parse_args()
    points, seed, only, told = wanted.points or 1000, wanted.seed, wanted.only, teller()
    if wanted.mode == "power":
        at = None if only is None else int(only)
        tally = run_power(points, seed, synchronous=wanted.sync.upper(), only=at, told=told)
    elif wanted.mode == "io":
        tally = run_faults(points, seed, only=only, told=told)
    elif wanted.mode == "kill":
        tally = run_kill(points, seed, told=told)
    else:
        tally = run_bitrot(wanted.points, seed, only=only, told=told)
    told(tally)
    print(json.dumps(tally.figures()) if wanted.json else tally.line())
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
