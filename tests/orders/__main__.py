"""The figures of arrival orders and oracles, printed.

    python -m tests.orders --pairs 1000000 --seed 1
    python -m tests.orders --oracle 100000
    python -m tests.orders --merkle 1000000
    TALLYSTICK_KERNELS=reference python -m tests.orders --merkle 1000000 --seed 2 --json

Law: a figure that is not what it must be makes the exit code 1.

Reads: tests.orders.*. Read by: people.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from tests.orders import merkle, oracles, walk

from tallystick.kernels import active_name


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.orders", description=__doc__)
    parser.add_argument("--pairs", type=int, metavar="N", help="arrival orders to compare")
    parser.add_argument("--oracle", type=int, metavar="N", help="histories against the oracles")
    parser.add_argument("--merkle", type=int, metavar="N", help="inclusion proofs to check")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    given = parser.parse_args()
    bad = 0
    if given.pairs:
        begun = time.process_time()
        walked = walk.run(given.pairs, given.seed, told=progress)
        bad += len(walked.diverged)
        show("pairs", given, asdict(walked), time.process_time() - begun)
    if given.oracle:
        begun = time.process_time()
        told = oracles.run(given.oracle, given.seed)
        bad += len(told.disagreements)
        show("oracle", given, asdict(told), time.process_time() - begun)
    if given.merkle:
        begun = time.process_time()
        found = merkle.run(given.merkle, given.seed)
        bad += found.differing + found.refused + found.accepted
        show("merkle", given, asdict(found), time.process_time() - begun)
    return 1 if bad else 0


def progress(figures: walk.Figures) -> None:
    """A line now and then, to whoever waits."""
    if figures.histories % 20 == 0 or figures.diverged:
        pairs = f"{figures.pure_pairs} pure and {figures.whole_pairs} whole pairs"
        print(f"{pairs}, {len(figures.diverged)} diverged", file=sys.stderr, flush=True)


def show(name: str, given: argparse.Namespace, figures: dict[str, object], cpu: float) -> None:
    known = {"what": name, "seed": given.seed, "kernels": active_name, **figures}
    known["cpu_seconds"] = round(cpu, 1)
    if given.json:
        print(json.dumps(known), flush=True)
    else:
        print("  ".join(f"{key}={value}" for key, value in known.items()), flush=True)


if __name__ == "__main__":
    sys.exit(main())
