"""Write requirements/*.txt anew: the newest versions of everything, pinned.

Usage: ``make lock``. Throw-away environments are filled from ``pyproject.toml`` and frozen:
what users need, what builders need on top, what pictures need, and the guided fuzzing engine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADS = {
    "runtime": "# What `pip install tallystick` needs, everything it pulls in included."
    " Refresh: make lock\n",
    "dev": "# What building and testing needs on top, everything it pulls in included."
    " Refresh: make lock\n-r runtime.txt\n",
    "plots": "# What the pictures in examples/ need. Refresh: make lock\n",
    "fuzz": "# What the guided engine of `make fuzz` needs. Refresh: make lock\n",
}


def freeze(wanted: list[str]) -> list[str]:
    """The pins of ``wanted`` and all it pulls in, sorted by name."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        python = Path(place) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
        done = subprocess.run(
            [python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True
        )
    return sorted(done.stdout.split(), key=str.lower)


def main() -> None:
    """Freeze all sets and write their files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed: list[str] = project["project"]["dependencies"]
    runtime = freeze(needed)
    dev = freeze([*needed, *runtime, *project["dependency-groups"]["dev"]])
    pins = {
        "runtime": runtime,
        "dev": [pin for pin in dev if pin not in runtime],
        "plots": freeze(project["project"]["optional-dependencies"]["plots"]),
        "fuzz": freeze(project["dependency-groups"]["fuzz"]),
    }
    for name, lines in pins.items():
        text = HEADS[name] + "\n".join(lines) + "\n"
        (ROOT / "requirements" / f"{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
