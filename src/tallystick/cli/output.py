"""What a verb says: data on stdout, talk on stderr, JSON when asked, progress when watched.

Law: with ``--json`` stdout holds exactly one JSON document; without it, text that a peer wrote
cannot move the cursor: control characters are shown, never sent.

Reads: event.jsonio (when JSON is written). Read by: every verb.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import click

Progress = Callable[[int, int | None, str], None]
"""(done, total or None, what is being done)"""
CELL_CHARS_MAX: Final = 72
"""Of one cell in a table; ``--json`` never cuts."""


class Output:
    """Where one verb's answers go.

    Args:
        as_json: whether ``--json`` was given.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, data: Any, lines: str | Iterable[str] | None = None) -> None:
        """The answer: ``data`` with ``--json``, else ``lines`` (by default ``key: value``)."""
        if self.as_json:
            print_json(data)
            return
        if lines is None:
            lines = pairs(data)
        for line in [lines] if isinstance(lines, str) else lines:
            click.echo(clean(line))

    def talk(self, text: str) -> None:
        """Something beside the answer, for whoever watches."""
        click.echo(clean(text), err=True)

    def confirm(self, question: str) -> bool:
        """Ask on stderr; False is a plain no.

        Raises:
            click.Abort: when there is nobody to answer.
        """
        return click.confirm(clean(question), default=False, err=True)

    @contextmanager
    def progress(self) -> Iterator[Progress | None]:
        """A callback that draws a bar on stderr, or None when nobody watches."""
        if self.as_json or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import Progress as Bars
        from rich.progress import TaskID

        tasks: dict[str, TaskID] = {}
        with Bars(console=Console(stderr=True), transient=True) as bars:

            def step(done: int, total: int | None, what: str) -> None:
                if what not in tasks:
                    tasks[what] = bars.add_task(clean(what).replace("[", "\\["), total=total)
                bars.update(tasks[what], completed=done, total=total)

            yield step


def print_json(data: Any) -> None:
    """One JSON document on stdout; bytes and links in the form that ``tally write`` reads."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        from tallystick.event.jsonio import to_plain

        text = json.dumps(finite(to_plain(data)), ensure_ascii=False, default=str)
    click.echo(text)


def finite(value: Any) -> Any:
    """The value with NaN and infinities as their names: SQL may compute them, JSON lacks them."""
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    if isinstance(value, Mapping):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite(one) for one in value]
    return value


def error_line(data: Mapping[str, str]) -> None:
    """One red line on stderr: what, where, what was expected, what was got, what to do."""
    text = f"{data['message']} ({data['code']})"
    if "where" in data:
        text += f" at {data['where']}"
    text += "".join(f"; {word} {data[word]}" for word in ("expected", "got") if word in data)
    if "hint" in data:
        text += f". {data['hint']}"
    text = clean(" ".join(text.split()))
    click.echo(click.style("tally: ", fg="red", bold=True) + click.style(text, fg="red"), err=True)


def clean(text: str) -> str:
    """Text with its control characters shown instead of sent (line ends and tabs stay)."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in "\n\t" else one.encode("unicode_escape").decode()
        for one in text
    )


def shown(value: Any) -> str:
    """One value for a person: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    from tallystick.event.jsonio import to_plain

    return json.dumps(finite(to_plain(value)), ensure_ascii=False, default=str)


def pairs(data: Mapping[str, Any]) -> list[str]:
    """``name  value`` lines, aligned."""
    width = max((len(str(name)) for name in data), default=0)
    return [f"{name:<{width}}  {shown(value)}" for name, value in data.items()]


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Aligned columns under a head; a long cell is cut with an ellipsis."""
    cells = [[cell(value) for value in row] for row in rows]
    widths = [
        max([len(name), *(len(row[column]) for row in cells)]) for column, name in enumerate(head)
    ]
    lines = [list(head), *cells]
    return [
        "  ".join(one.ljust(width) for one, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def cell(value: Any) -> str:
    """A value on one line, at most ``CELL_CHARS_MAX`` characters."""
    text = clean("" if value is None else shown(value)).replace("\n", "\\n").replace("\t", " ")
    return text if len(text) <= CELL_CHARS_MAX else text[: CELL_CHARS_MAX - 1] + "…"
