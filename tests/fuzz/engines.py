"""The three engines behind one command: what each needs, and how a run of it is told.

    plain    this process; always there
    guided   ``tests.fuzz.guided`` in a process of its own, where Atheris is installed
    native   ``native/src/fuzz`` through cargo, where cargo is: the kernels without Python

Law: each says the same line per target, and an engine that is not there says so and is no failure.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from tests.fuzz.engine import CORPUS, Target, keep, run_plain, shrunk

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ("item", "header", "pack", "frame", "tree-proof", "signature")
"""Targets that ``native/src/fuzz.rs`` knows."""
GROWN_BYTES_MAX = 16 * 1024
"""Added to a target's corpus by one ``--grow``; the whole corpus stays below 1 MiB."""
GROWN_FILES_MAX = 40
ENGINES = ("plain", "guided", "native")
Line = dict[str, object]


def missing(engine: str) -> str | None:
    """Why an engine cannot run here; None when it can."""
    if engine == "guided" and importlib.util.find_spec("atheris") is None:
        return "Atheris is not installed (requirements/fuzz.txt)"
    if engine == "native" and shutil.which("cargo") is None:
        return "cargo is not installed"
    return None


def run(engine: str, targets: list[Target], *, runs: int, seed: int, grow: bool) -> Iterator[Line]:
    """A line for each target that the engine knows; crashes are told on stderr."""
    if engine == "native":
        wanted = [target for target in targets if target.name in NATIVE]
        for target in wanted:
            yield from _native(target, runs=runs, seed=seed)
        return
    one = _plain if engine == "plain" else _guided
    for target in targets:
        yield one(target, runs=runs, seed=seed, grow=grow)


def replay_command(target: str, path: Path) -> str:
    """What to type to see a crash again."""
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"replay: python -m tests.fuzz --target {target} --replay {shown}"


def _plain(target: Target, *, runs: int, seed: int, grow: bool) -> Line:
    result = run_plain(target, runs=runs, seed=seed)
    for crash in result.crashes:
        small = shrunk(target, crash)
        command = replay_command(target.name, keep(target, small))
        print(f"{target.name}: {small.where}\n{small.trace}{command}", file=sys.stderr, flush=True)
    return result.line(seed)


def _guided(target: Target, *, runs: int, seed: int, grow: bool) -> Line:
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "tests.fuzz.guided", target.name, str(runs), str(seed)]
        done = subprocess.run([*words, folder], cwd=ROOT, capture_output=True, text=True)
        lines = _lines(done.stdout)
        if len(lines) != 1 or lines[0]["crashes"]:
            print(done.stderr, file=sys.stderr, flush=True)
        if grow and done.returncode == 0:
            _grown(target, Path(folder))
    failed: Line = {"target": target.name, "engine": "guided", "runs": 0, "crashes": 1}
    return lines[0] if lines else failed


def _native(target: Target, *, runs: int, seed: int) -> list[Line]:
    settings = {"TARGET": target.name, "RUNS": str(runs), "SEED": str(seed)}
    done = subprocess.run(
        ["cargo", "test", "--quiet", "--profile", "fuzz", "--locked", "--manifest-path",
         str(ROOT / "native" / "Cargo.toml"), "fuzz::no_input", "--", "--nocapture"],
        env=os.environ | {f"TALLYSTICK_FUZZ_{name}": value for name, value in settings.items()},
        capture_output=True,
        text=True,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr, flush=True)
        return [{"target": target.name, "engine": "native", "runs": 0, "crashes": 1}]
    return _lines(done.stdout)


def _lines(said: str) -> list[Line]:
    """The results among what an engine printed."""
    return [json.loads(line) for line in said.splitlines() if line.startswith('{"target"')]


def _grown(target: Target, folder: Path) -> None:
    """The smallest of the inputs that went a new way, into the committed corpus."""
    home, size = CORPUS / target.name, 0
    home.mkdir(parents=True, exist_ok=True)
    found = sorted(
        (path.read_bytes() for path in folder.iterdir()), key=lambda one: (len(one), one)
    )
    for data in found[:GROWN_FILES_MAX]:
        size += len(data)
        if size > GROWN_BYTES_MAX:
            break
        (home / f"{sha256(data).hexdigest()[:16]}.bin").write_bytes(data)
