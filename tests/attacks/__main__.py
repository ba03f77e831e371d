"""Runs rows many times: `python -m tests.attacks --all --seeds 100 [--json]`.

Each row runs in a process of its own, so that its memory and processor time are its own. A line
per row: runs, breaches, greatest resident memory, processor seconds, codes seen, work counted.
Exit code 0 when nothing was breached.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from tests.attacks.registry import RSS_MIB_MAX, Run, everything

from tallystick.kernels import active_name


def run_row(name: str, seeds: range) -> dict[str, Any]:
    """All runs of one row in this process."""
    act = everything()[name].act
    codes: Counter[str] = Counter()
    work: Counter[str] = Counter()
    breaches = []
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="tallystick-attack-") as folder:
            run = Run(name, seed, Path(folder))
            try:
                act(run)
            except Exception:  # noqa: BLE001  # whatever a row meets is a breach
                breaches.append({"seed": seed, "error": traceback.format_exc()})
            codes += run.codes
            work += run.work
    used = resource.getrusage(resource.RUSAGE_SELF)
    rss = used.ru_maxrss / 1024 / (1024 if sys.platform == "darwin" else 1)
    if rss > RSS_MIB_MAX:
        breaches.append({"seed": None, "error": f"{rss:.0f} MiB, the ceiling is {RSS_MIB_MAX}"})
    return {
        "row": name,
        "table": everything()[name].table,
        "kernels": active_name,
        "runs": len(seeds),
        "breaches": breaches,
        "rss_mib": round(rss, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "codes": dict(sorted(codes.items())),
        "work": dict(sorted(work.items())),
    }


def apart(name: str, seeds: range) -> dict[str, Any]:
    """One row in a process of its own."""
    command = [sys.executable, "-m", "tests.attacks", "--row", name, "--here", "--json"]
    command += ["--seeds", str(len(seeds)), "--first", str(seeds.start)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1} or not done.stdout.strip():
        error = done.stderr[-2000:]
        return {"row": name, "runs": 0, "breaches": [{"seed": None, "error": error}]}
    return json.loads(done.stdout)


def say(found: dict[str, Any], *, as_json: bool) -> None:
    """One row's outcome."""
    if as_json:
        print(json.dumps(found), flush=True)
        return
    counted = " ".join(f"{k}:{v}" for k, v in (*found.get("codes", {}).items(),
                                                *found.get("work", {}).items()))  # fmt: skip
    print(
        f"{found['row']:44} runs {found['runs']:4}  breaches {len(found['breaches'])}"
        f"  rss {found.get('rss_mib', 0):6.1f} MiB  cpu {found.get('cpu_seconds', 0):7.2f} s"
        f"  {counted}",
        flush=True,
    )
    for breach in found["breaches"][:3]:
        print(f"  seed {breach['seed']}: {breach['error']}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every row")
    parser.add_argument("--row", action="append", default=[], help="a row by its name")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--list", action="store_true", help="the names of all rows")
    parser.add_argument("--here", action="store_true", help="in this process")
    given = parser.parse_args()
    if given.list:
        print("\n".join(everything()))
        return 0
    names = list(everything()) if given.all else given.row
    if not names or not set(names) <= set(everything()):
        parser.error("name rows with --row, or --all; --list shows them")
    seeds = range(given.first, given.first + given.seeds)
    breached = 0
    for name in names:
        found = (run_row if given.here else apart)(name, seeds)
        breached += len(found["breaches"])
        say(found, as_json=given.json)
    if not given.here and not given.json:
        print(f"{len(names)} rows, {len(names) * len(seeds)} runs, {breached} breaches")
    return 1 if breached else 0


if __name__ == "__main__":
    sys.exit(main())
