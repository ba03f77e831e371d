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
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TextIO

from tests.orders import merkle, oracles, walk

from tallystick.kernels import active_name

Run = Callable[..., Any]
RUNS: dict[str, tuple[Run, tuple[str, ...]]] = {
    "pairs": (walk.run, ("diverged",)),
    "oracle": (oracles.run, ("disagreements",)),
    "merkle": (merkle.run, ("differing", "refused", "accepted")),
}
"""What can be run, and what of its figures must be nothing."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.orders", description=__doc__)
    parser.add_argument("--pairs", type=int, metavar="N", help="arrival orders to compare")
    parser.add_argument("--oracle", type=int, metavar="N", help="histories against the oracles")
    parser.add_argument("--merkle", type=int, metavar="N", help="inclusion proofs to check")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    given = parser.parse_args()
    bad = False
    for name, (run, faults) in RUNS.items():
        count = getattr(given, name)
        if count:
            telling = Telling(name, given, sys.stderr)
            figures = run(count, given.seed, told=telling.now_and_then)
            replace(telling, to=sys.stdout).say(figures)
            bad |= any(getattr(figures, fault) for fault in faults)
    return int(bad)


@dataclass
class Telling:
    """Figures as a line of text or JSON; where it takes long, every half minute, on stderr."""

    name: str
    given: argparse.Namespace
    to: TextIO
    begun: float = field(default_factory=time.process_time)
    last: float = field(default_factory=time.monotonic)

    def now_and_then(self, figures: Any) -> None:
        if time.monotonic() - self.last > 30:
            self.last = time.monotonic()
            self.say(figures)

    def say(self, figures: Any) -> None:
        known = {"what": self.name, "seed": self.given.seed, "kernels": active_name}
        known |= asdict(figures)
        known["cpu_seconds"] = round(time.process_time() - self.begun, 1)
        words = "  ".join(f"{key}={value}" for key, value in known.items())
        print(json.dumps(known) if self.given.json else words, file=self.to, flush=True)


if __name__ == "__main__":
    sys.exit(main())
