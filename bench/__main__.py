"""Every figure of the bars, measured: a table, Markdown, or a JSON line per measurement.

    python -m bench [ROW | ROW-ROW | kernels ...] [--json | --markdown] [--events N] [--runs N]
                    [--no-peers] [--data DIR]
    python -m bench text TRACE ... [the same]

``python -m bench 3 7-9`` measures rows 3, 7, 8 and 9, ``kernels`` is what has no row; without any,
everything. ``text`` measures editing traces of one's own choice (``*.json.gz``, as published).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.context import Bench
from bench.figures import HEAD, Figure, cells
from bench.peers import Peers
from bench.rows import PARTS, chosen
from bench.text import of_trace
from bench.traces import load_trace

from tallystick import __version__, kernels

WIDTHS = (7, 78, 11, 9, 9, 2, 20, 11, 6)
TEXT = "text"
"""What the command line calls the traces of one's own choice."""
LEFT = frozenset({1, 3, 5, 6})
"""Columns of words."""


def machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "tallystick": __version__,
        "kernels": kernels.active_name,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "rustc": _rustc(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "folder": tempfile.gettempdir(),
    }


def _rustc() -> str:
    rustc = shutil.which("rustc")
    if rustc is None:
        return "unknown"
    done = subprocess.run([rustc, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.split()[1] if done.returncode == 0 else "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def data_folder(given: Path | None) -> Path | None:
    """``--data``, ``TALLYSTICK_DATA``, or a folder beside the checkout."""
    if given is not None:
        return given
    wish = os.environ.get("TALLYSTICK_DATA")
    place = Path(wish) if wish else Path("..") / "shared" / "data"
    return place if place.is_dir() else None


def row_names(word: str) -> frozenset[int | str]:
    """``3``, ``7-9``, ``1,2,7-9`` or ``ledger``."""
    known = [row for part in PARTS for row in part.rows]
    found: set[int | str] = set()
    for part in word.split(","):
        first, _, last = part.partition("-")
        try:
            wanted: set[int | str] = set(range(int(first), int(last or first) + 1))
        except ValueError:
            wanted = {part}
        rows = wanted.intersection(known)
        if not rows:
            listed = ", ".join(map(str, known))
            raise argparse.ArgumentTypeError(f"{part!r}: rows are {listed}")
        found |= rows
    return frozenset(found)


def table_line(values: Sequence[str]) -> str:
    """One line of the table for a terminal."""
    padded = [
        value.ljust(width) if column in LEFT else value.rjust(width)
        for column, (value, width) in enumerate(zip(values, WIDTHS, strict=True))
    ]
    return "  ".join(padded).rstrip()


def markdown_line(values: Iterable[str]) -> str:
    """One line of a Markdown table."""
    return f"| {' | '.join(values)} |"


def show(line: dict[str, Any], *, form: str) -> None:
    """One line, as soon as it is known."""
    if form == "json":
        text = json.dumps(line)
    else:
        text = (markdown_line if form == "markdown" else table_line)(cells(line))
    print(text, flush=True)


def show_head(form: str) -> None:
    """The machine, and the names of the columns."""
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    if form == "json":
        print(facts, file=sys.stderr)
        return
    print(f"{facts}\n")
    print((markdown_line if form == "markdown" else table_line)(HEAD))
    if form == "markdown":
        print(markdown_line("---" if n in LEFT else "--:" for n in range(len(HEAD))))


def figures(bench: Bench, wish: argparse.Namespace) -> Iterator[Figure]:
    """Of the traces or the rows that were asked for."""
    if wish.traces:
        for path in wish.traces:
            yield from of_trace(bench, load_trace(path))
        return
    for part in chosen(frozenset[int | str]().union(*wish.rows)):
        yield from part.measure(bench)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line: ``rows`` or ``traces``, and how."""
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    options.set_defaults(rows=[], traces=[])
    if arguments[:1] == [TEXT]:
        arguments = arguments[1:]
        options.prog += f" {TEXT}"
        options.add_argument("traces", nargs="+", type=Path, help="*.json.gz, as published")
    else:
        what = f"3, 7-9, ledger, {TEXT} TRACE...; else all"
        options.add_argument("rows", nargs="*", type=row_names, metavar="ROW", help=what)
    options.add_argument("--json", action="store_const", const="json", dest="form")
    options.add_argument("--markdown", action="store_const", const="markdown", dest="form")
    options.add_argument("--events", type=int, default=1_000_000, help="of the largest history")
    options.add_argument("--runs", type=int, default=5, help="of which the median is told")
    options.add_argument("--no-peers", action="store_true", help="run nobody beside")
    data = "a folder with git-dag/git.csv.gz and editing-traces"
    options.add_argument("--data", type=Path, help=data)
    return options.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for."""
    wish = parsed(list(sys.argv[1:] if arguments is None else arguments))
    form = wish.form or "table"
    show_head(form)
    with tempfile.TemporaryDirectory(prefix="bench") as place:
        folder = Path(place)
        with Peers(folder, wanted=not wish.no_peers) as peers:
            bench = Bench(folder, peers, wish.events, wish.runs, data_folder(wish.data))
            for figure in figures(bench, wish):
                for line in figure.lines():
                    show(line, form=form)
    gc.unfreeze()
    return 0


if __name__ == "__main__":
    sys.exit(main())
