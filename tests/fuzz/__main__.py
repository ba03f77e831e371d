"""``python -m tests.fuzz``: run targets, print what came of each, exit 1 on a crash.

python -m tests.fuzz --list
python -m tests.fuzz --target all --runs 10000 --seed 1 --json
python -m tests.fuzz --target message --replay tests/fuzz/found/message-...
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.fuzz.engine import (
    Crash,
    Result,
    Target,
    attempt,
    keep,
    run_plain,
    shrunk,
)
from tests.fuzz.targets import TARGETS

HEAD = (
    f"{'target':14}{'engine':9}{'kernels':11}{'runs':>9}{'accepted':>10}"
    f"{'outcomes':>10}{'/s':>8}{'corpus':>8}{'crashes':>9}"
)


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


def told(result: Result, *, seed: int, as_json: bool) -> None:
    """One line for a run."""
    line = result.line(seed)
    if as_json:
        print(json.dumps(line), flush=True)
        return
    print(
        f"{line['target']!s:14}{line['engine']!s:9}{line['kernels']!s:11}{line['runs']:>9}"
        f"{line['accepted']:>10}{line['outcomes']:>10}{line['per_second']:>8}"
        f"{line['corpus']:>8}{line['crashes']:>9}",
        flush=True,
    )


def reported(target: Target, crash: Crash) -> None:
    """Where a crash's input is kept, and how to see it again."""
    small = shrunk(target, crash)
    path = keep(target, small)
    print(f"{target.name}: {small.where}\n{small.trace}", file=sys.stderr)
    where = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    print(
        f"replay: python -m tests.fuzz --target {target.name} --replay {where}",
        file=sys.stderr,
        flush=True,
    )


def replay(target: Target, path: Path) -> int:
    """One input again: its outcome, or the crash."""
    found = attempt(target, path.read_bytes())
    print(found.trace if isinstance(found, Crash) else found)
    return int(isinstance(found, Crash))


def main(argv: list[str] | None = None) -> int:
    """Runs what was asked for; 1 when anything crashed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "--target", default="quick", help="names with commas, quick (no stores), all"
    )
    parser.add_argument("--runs", type=int, default=10_000, help="inputs per target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON line each")
    parser.add_argument("--replay", type=Path, help="one input, kept in a file")
    parser.add_argument("--list", action="store_true", dest="lists")
    asked = parser.parse_args(argv)
    targets = chosen(asked.target)
    if asked.lists:
        print("\n".join(f"{one.name:14}{(one.run.__doc__ or '').strip()}" for one in targets))
        return 0
    if asked.replay is not None:
        return replay(targets[0], asked.replay)
    if not asked.as_json:
        print(HEAD)
    crashed = False
    for target in targets:
        result = run_plain(target, runs=asked.runs, seed=asked.seed)
        told(result, seed=asked.seed, as_json=asked.as_json)
        for crash in result.crashes:
            reported(target, crash)
        crashed = crashed or bool(result.crashes)
    return int(crashed)


if __name__ == "__main__":
    sys.exit(main())
