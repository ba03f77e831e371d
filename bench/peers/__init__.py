"""Peers that do the same work beside us, each a process that is asked line by line.

They are installed under ``.bench`` when first needed (Python ones into an environment of their
own, JavaScript ones into a folder), from pins, by pip and npm as these are set up here. A peer that
cannot be installed or fails is left out, with a line on stderr that says so.

Law: nothing of a peer is imported by the bench or by Tallystick.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from bench.figures import Beside
from bench.measure import median
from bench.peers.git import Git

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent.parent / ".bench"

LISTED = {
    (1, "eventsourcing"): 4_200.0,
    (1, "hypercore"): 4_000.0,
    (2, "hypercore"): 58_000.0,
    (2, "eventsourcing"): 52_000.0,
    (3, "git"): 71_000.0,
    (3, "hypercore"): 4_600.0,
    (6, "eventsourcing"): 49_000.0,
    (11, "git"): 500.0,
    (14, "hypercore"): 116.0,
}
"""(row, peer) -> what it did when the bar was set. Row 22 has three bars and names its own."""
LABELS = {
    "hypercore": "hypercore (no flush)",
    "loro": "Loro",
    "pycrdt": "pycrdt (drops what is deleted)",
    "diamond": "diamond-types",
}
"""What is said with a peer's name in the figures."""


class PeerError(Exception):
    """A peer that cannot be used; the reason is its text."""


class Peer(Protocol):
    """Somebody who is asked to work."""

    name: str

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """Do one thing; what came out."""

    def close(self) -> None:
        """Ask no more."""


class Script:
    """A peer in a process of its own."""

    def __init__(self, name: str, command: list[str], env: dict[str, str]) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command,
            env=os.environ | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """One line there, one line back."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do} | given) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError as error:
            raise PeerError(str(error)) from error
        found: dict[str, Any] = json.loads(line) if line else {"error": "it ended"}
        if "error" in found:
            raise PeerError(found["error"])
        return found

    def close(self) -> None:
        """It ends when there is nothing more to read."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


class Peers:
    """Whoever can be run here.

    Args:
        folder: where they may keep what they write.
        wanted: False leaves all of them out, silently.
    """

    def __init__(self, folder: Path, *, wanted: bool) -> None:
        self._folder = folder
        self._wanted = wanted
        self._running: dict[str, Peer] = {}
        self._failed: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for peer in self._running.values():
            peer.close()

    def ask(self, name: str, do: str, **given: Any) -> dict[str, Any] | None:
        """What one peer answers, or None if it is not here or fails (then it is out for good)."""
        peer = self._peer(name)
        if peer is None:
            return None
        try:
            return peer.ask(do, **given)
        except PeerError as error:
            self._leave_out(name, str(error))
            return None

    def _peer(self, name: str) -> Peer | None:
        if not self._wanted or name in self._failed:
            return None
        if name not in self._running:
            place = self._folder / f"peer-{name}"
            place.mkdir()
            try:
                self._running[name] = _STARTS[name](place)
            except (OSError, PeerError, subprocess.CalledProcessError) as error:
                self._leave_out(name, str(error))
                return None
        return self._running[name]

    def _leave_out(self, name: str, why: str) -> None:
        self._failed.add(name)
        running = self._running.pop(name, None)
        if running is not None:
            running.close()
        print(f"{name} is not run beside: {why}", file=sys.stderr)


class Turns:
    """What some peers took for one work of one row, turn by turn."""

    def __init__(self, peers: Peers, row: int, *names: str) -> None:
        self._peers = peers
        self._row = row
        self._rates: dict[str, list[float]] = {name: [] for name in names}
        self._units: dict[str, int] = dict.fromkeys(names, 1)
        self._given: dict[str, dict[str, Any]] = {name: {} for name in names}

    def fill(self, name: str, count: int) -> None:
        """Let one peer hold so many events, which are what it will work on."""
        found = self._peers.ask(name, "fill", count=count)
        self._units[name] = count
        self._given[name] = {"id": found["id"]} if found and "id" in found else {}

    def take(self, do: str, *, units: int | None = None, **given: Any) -> None:
        """A turn of each; ``units`` is how much one timing of it does, unless all that is held."""
        for name, rates in self._rates.items():
            found = self._peers.ask(name, do, **given, **self._given[name])
            if found is not None:
                rates += [(units or self._units[name]) / seconds for seconds in found["seconds"]]

    def forget(self) -> None:
        """Begin anew with the next size; what was filled stays."""
        for rates in self._rates.values():
            rates.clear()

    def beside(self) -> list[Beside]:
        """Units a second of each that took part: its median."""
        return [
            Beside(LABELS.get(name, name), median(rates), LISTED[self._row, name])
            for name, rates in self._rates.items()
            if rates
        ]


# --- installing and starting ----------------------------------------------------------------------


def _python(name: str) -> Callable[[Path], Peer]:
    def start(place: Path) -> Peer:
        home = CACHE / "py"
        pins = HERE / "requirements.txt"
        python = home / "bin" / "python"

        def install() -> None:
            venv.create(home, with_pip=True, clear=True)
            quiet = ("--quiet", "--disable-pip-version-check")
            _run([str(python), "-m", "pip", "install", *quiet, "-r", str(pins)], home)

        _once(home, pins, install)
        command = [str(python), str(HERE / f"{name}_peer.py"), str(place)]
        return Script(name, command, {})

    return start


def _node(name: str) -> Callable[[Path], Peer]:
    def start(place: Path) -> Peer:
        home = CACHE / "node"
        pins = HERE / "package.json"
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise PeerError("node and npm are not here")

        def install() -> None:
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            shutil.copy(pins, home)
            _run([npm, "install", "--silent", "--no-audit", "--no-fund"], home)

        _once(home, pins, install)
        command = [node, str(HERE / f"{name}_peer.cjs"), str(place)]
        return Script(name, command, {"NODE_PATH": str(home / "node_modules")})

    return start


def _once(home: Path, pins: Path, install: Callable[[], None]) -> None:
    """Install what the pins say, unless that was done."""
    stamp = home / ".stamp"
    wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
    if not (stamp.is_file() and stamp.read_text(encoding="ascii") == wanted):
        print(f"installing peers of {pins.name} into {home}", file=sys.stderr)
        install()
        stamp.write_text(wanted, encoding="ascii")


def _run(command: list[str], place: Path) -> None:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
        raise PeerError(f"{Path(command[0]).name}: {lines[0]}")


def _git(place: Path) -> Peer:
    if shutil.which("git") is None:
        raise PeerError("git is not here")
    return Git(place)


_STARTS: dict[str, Callable[[Path], Peer]] = {
    "eventsourcing": _python("eventsourcing"),
    "pymerkle": _python("pymerkle"),
    "loro": _python("loro"),
    "pycrdt": _python("pycrdt"),
    "hypercore": _node("hypercore"),
    "diamond": _node("diamond"),
    "git": _git,
}
