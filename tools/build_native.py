"""Build the native kernels into the environment, or say in one line why not.

Usage: ``python tools/build_native.py STAMP``. The stamp's first line is "built VERSION" or
"reference: WHY". Exit 0 either way, except under ``CI=true`` with cargo present: a native half
that does not build is a defect there, while a user without a compiler loses only speed.

Law: the package is taken from ``./native`` by path, never by name from an index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "native" / "Cargo.toml"
FETCH_SECONDS_MAX = 60
BUILD_SECONDS_MAX = 900


class NotBuiltError(Exception):
    """The reason why there are no native kernels, in one line."""


def run(step: str, *command: str, seconds: int, where: Path = ROOT) -> str:
    """Run one step; a failure becomes the last line it printed."""
    try:
        done = subprocess.run(
            command, cwd=where, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotBuiltError(f"{step} took more than {seconds} s") from error
    except OSError as error:
        raise NotBuiltError(f"{step}: {error}") from error
    if done.returncode:
        if os.environ.get("CI") == "true":
            print(done.stdout + done.stderr, file=sys.stderr)
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        wrong = [line for line in said if "error" in line.lower()] or said or ["no output"]
        raise NotBuiltError(f"{step} failed: {wrong[0]}")
    return done.stdout


def build() -> str:
    """Fetch, build, install, and load what was built; returns its version."""
    if not MANIFEST.exists():
        raise NotBuiltError("there is no native/Cargo.toml")
    cargo = shutil.which("cargo")
    if cargo is None:
        raise NotBuiltError("cargo is not installed")
    manifest = ("--manifest-path", str(MANIFEST))
    run("cargo fetch", cargo, "fetch", "--locked", *manifest, seconds=FETCH_SECONDS_MAX)
    with tempfile.TemporaryDirectory() as out:
        run(
            "maturin build",
            *(sys.executable, "-m", "maturin", "build", "--release", "--locked", "--offline"),
            *("--interpreter", sys.executable, "--out", out, *manifest),
            seconds=BUILD_SECONDS_MAX,
        )
        wheels = list(Path(out).glob("*.whl"))
        if len(wheels) != 1:
            raise NotBuiltError(f"maturin made {len(wheels)} wheels instead of one")
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(
            "pip install",
            *(*pip, "--no-deps", "--no-index", "--force-reinstall", str(wheels[0])),
            seconds=120,
        )
    probe = "import tallystick_native as n, tallystick.kernels as k; print(n.__version__, end=''); "
    probe += "assert k.active_name == 'native', k.why_not_native"
    return run("loading it", sys.executable, "-c", probe, seconds=60)


def main(stamp: Path) -> int:
    """Write the stamp; see the module's docstring for the exit code."""
    try:
        outcome = f"built {build()}"
    except NotBuiltError as reason:
        # An older build would no longer match the sources it claims to come from.
        pip = (sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", "tallystick-native")
        subprocess.run(pip, cwd=ROOT, capture_output=True, check=False)
        outcome = f"reference: {reason}"
        print(f"native kernels are not built ({reason}); the reference kernels do the same, slower")
        if os.environ.get("CI") == "true" and shutil.which("cargo"):
            return 1
    stamp.write_text(outcome + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
