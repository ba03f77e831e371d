"""Stores worked on by processes that are killed, and what must be there afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import tallystick

ROOT = Path(__file__).parents[2]
TALLY = [sys.executable, "-m", "tallystick.cli"]
ROUNDS = int(os.environ.get("TALLYSTICK_E2E_ROUNDS", "1"))
"""How many times as much is tried; CI tries once."""
SECONDS = 120
"""How long something may take that takes one: only a machine that does much else needs them."""

WRITER = """
import sys, tallystick
with tallystick.open(sys.argv[1]) as replica:
    for number in range(int(sys.argv[2])):
        rows = [("note", {"n": number, "text": "x" * 200})] * int(sys.argv[3])
        print(*replica.write_many(rows), sep="\\n")
        sys.stdout.flush()
"""


def start(*words: object, cwd: Path, out=subprocess.PIPE) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    with (cwd / "stderr").open("a") as said:  # what went wrong can be read in the test's folder
        return subprocess.Popen(
            [str(word) for word in words],
            cwd=cwd, env=environment, text=True, stdout=out, stderr=said,
        )  # fmt: skip


def writer(store: str, *, cwd: Path, commits: int, events: int = 1) -> subprocess.Popen[str]:
    """A process that writes and says which ids are durable."""
    return start(sys.executable, "-c", WRITER, store, commits, events, cwd=cwd)


def sync(store: str, url: str, *, cwd: Path) -> subprocess.Popen[str]:
    return start(*TALLY, "sync", store, url, "--json", cwd=cwd)


@contextmanager
def served(store: str, *, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that serves a store on a free port, and where; killed at the end."""
    command = [*TALLY, "serve", store, "--listen", "tcp://127.0.0.1:0", "--json"]
    with start(*command, cwd=cwd) as process:
        try:
            yield process, json.loads(process.stdout.readline())["listening"]
        finally:
            process.kill()


def kill(process: subprocess.Popen[str]) -> list[str]:
    """Kills a process; the whole lines it had said."""
    process.send_signal(signal.SIGKILL)
    with process.stdout:
        said = process.stdout.read()
    process.wait(timeout=SECONDS)
    return [line for line in said.split("\n")[:-1] if line]


def make(folder: Path, names: str) -> list[str]:
    """Stores that take part in one log, the first one's."""
    first, *others = [f"{name}.tally" for name in names]
    with tallystick.open(folder / first, create=True) as one:
        one.create_log("e2e")
        for name in others:
            with tallystick.open(folder / name, create=True) as other:
                other.sync(one)
    return [first, *others]


def check_store(path: Path, acknowledged: list[str]) -> str:
    """Opens a store as it was left, and its digest: nothing acknowledged is missing."""
    with tallystick.open(path) as replica:
        verified = replica.verify()
        assert verified.ok, verified.problems
        here = {event.id for event in replica.history()}
        assert here.issuperset(acknowledged)
        own = replica.under(replica.policy)
        assert replica.state_hash() == own.state_hash()
        return replica.digest()


def until(holds) -> None:
    """Waits for something another process does."""
    end = monotonic() + SECONDS
    while not holds():
        assert monotonic() < end, "it never came true"
        sleep(0.05)
