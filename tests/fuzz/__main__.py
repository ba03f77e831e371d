"""``python -m tests.fuzz``: run targets, print what came of each, exit 1 on a crash.

    python -m tests.fuzz --list
    python -m tests.fuzz --target all --runs 10000 --seed 1 --json
    python -m tests.fuzz --target message --replay tests/fuzz/found/message-...
    python -m tests.fuzz --engine guided --target message --runs 100000 --grow

Law: the counts of a line are of that run alone, so lines of many runs add up.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.fuzz.engine import Crash, Target, attempt
from tests.fuzz.engines import ENGINES, Line, missing, run
from tests.fuzz.targets import TARGETS

WIDTHS = {
    "target": -14, "engine": -9, "kernels": -11, "runs": 9, "accepted": 10, "outcomes": 10,
    "per_second": 12, "corpus": 8, "crashes": 9,
}  # fmt: skip
"""Columns of the table; those below 0 begin at the left."""


def chosen(names: str) -> list[Target]:
    """The targets of a list with commas; ``all``, and ``quick`` for those without stores."""
    if names == "all":
        return list(TARGETS.values())
    if names == "quick":
        return [target for target in TARGETS.values() if not target.states]
    unknown = [name for name in names.split(",") if name not in TARGETS]
    if unknown:
        sys.exit(f"no target {', '.join(unknown)}; there are: {', '.join(TARGETS)}")
    return [TARGETS[name] for name in names.split(",")]


def row(line: Line) -> str:
    """One run as a row of the table."""
    cells = ((str(line.get(name, "")), width) for name, width in WIDTHS.items())
    return "".join(text.ljust(-width) if width < 0 else text.rjust(width) for text, width in cells)


def replay(target: Target, path: Path) -> int:
    """One input again: its outcome, or the crash."""
    found = attempt(target, path.read_bytes())
    print(found.trace if isinstance(found, Crash) else found)
    return int(isinstance(found, Crash))


def arguments() -> argparse.ArgumentParser:
    """What may be asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--target", default="quick", help="names, quick (no stores), or all")
    parser.add_argument("--engine", default="plain", choices=[*ENGINES, "all"])
    parser.add_argument("--runs", type=int, default=10_000, help="inputs per target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON line each")
    parser.add_argument("--grow", action="store_true", help="keep what the guided engine found")
    parser.add_argument("--replay", type=Path, help="one input, kept in a file")
    parser.add_argument("--list", action="store_true", dest="lists")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs what was asked for; 1 when anything crashed."""
    asked = arguments().parse_args(argv)
    targets = chosen(asked.target)
    if asked.lists:
        for one in targets:
            print(f"{one.name:14}{(one.run.__doc__ or '').splitlines()[0]}")
        return 0
    if asked.replay is not None:
        return replay(targets[0], asked.replay)
    if not asked.as_json:
        print(row({name: name for name in WIDTHS}))
    crashes = 0
    for engine in ENGINES if asked.engine == "all" else (asked.engine,):
        why = missing(engine)
        if why is not None:
            print(f"the {engine} engine is left out: {why}", file=sys.stderr)
            continue
        for line in run(engine, targets, runs=asked.runs, seed=asked.seed, grow=asked.grow):
            print(json.dumps(line) if asked.as_json else row(line), flush=True)
            crashes += int(str(line["crashes"]))
    return int(crashes > 0)


if __name__ == "__main__":
    sys.exit(main())
