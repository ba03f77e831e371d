"""What many verbs share: the decorator that makes a verb, their arguments, opening a store.

Law: a verb is made here or it has no ``--json``, no example and no text.

Reads: replica (when a store is opened). Read by: every verb.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.cli.output import Output
from tallystick.errors import BadInput

if TYPE_CHECKING:
    from tallystick.replica.replica import Replica

Verb = Callable[..., Any]

JSON: Final = "--json"
STORE = click.argument("store", type=click.Path(dir_okay=False))
TARGET = click.argument("target")
LOG = click.option("--log", metavar="LOG", help="Which log, by id or name, if there are several.")
AS = click.option("--as", "as_actor", metavar="ACTOR", help="As seen by somebody else.")
SCOPE = click.option("--scope", metavar="PATTERN", help="A kind, prefix/*, or * (default).")


class VerbCommand(click.Command):
    """A verb; ``-3`` is a value, ``--tpyo`` never is.

    Args:
        example: a command line that works, shown at the end of the help.
    """

    def __init__(self, *args: Any, example: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.example = example
        self.ignore_unknown_options = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click's, after looking for options that this verb does not have."""
        known = {name for param in self.get_params(ctx) for name in param.opts}
        for word in args:
            if word == "--":
                break
            name = word.partition("=")[0]
            is_number = word[1:2].isdigit()
            if word.startswith("-") and word != "-" and not is_number and name not in known:
                short = name[:2] in known and not name.startswith("--")
                if not short:
                    raise click.NoSuchOption(name, possibilities=nearest(name, known), ctx=ctx)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example, as it is to be typed."""
        if self.example:
            with formatter.section("Example"):
                for line in self.example.splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def nearest(name: str, known: set[str]) -> list[str]:
    """Options that look like a mistyped one."""
    from difflib import get_close_matches

    return get_close_matches(name, known)


def verb(
    name: str, *, example: str = "", group: click.Group | None = None
) -> Callable[[Verb], click.Command]:
    """Make a command of a function ``f(out, ...) -> exit code or None``, with ``--json``."""

    def make(function: Verb) -> click.Command:
        @functools.wraps(function)
        def call(*, as_json: bool, **given: Any) -> int:
            return function(Output(as_json=as_json), **given) or 0

        asked = click.option(JSON, "as_json", is_flag=True, help="One JSON document on stdout.")
        of_group = click.command if group is None else group.command
        command: click.Command = of_group(name, cls=VerbCommand, example=example)(asked(call))
        return command

    return make


@contextmanager
def opened(store: str, log: str | None = None, *, writes: bool = False) -> Iterator[Replica]:
    """The store's replica; a locked key is unlocked by ``TALLYSTICK_PASSPHRASE`` or by asking.

    Args:
        writes: whether the key will be needed: then a person is asked for its passphrase.

    Raises:
        TallyError: whatever ``tallystick.open`` says.
    """
    import tallystick

    passphrase = os.environ.get("TALLYSTICK_PASSPHRASE")
    with tallystick.open(store, log=log, passphrase=passphrase) as replica:
        if not (writes and replica.needs_passphrase and sys.stdin.isatty()):
            yield replica
            return
    asked = click.prompt(f"passphrase of {store}.key", hide_input=True, err=True)
    with tallystick.open(store, log=log, passphrase=asked) as replica:
        yield replica


def new_passphrase() -> str | None:
    """The passphrase for a new key: from the environment, or asked for twice."""
    given = os.environ.get("TALLYSTICK_PASSPHRASE")
    if given is not None:
        return given
    asked: str = click.prompt("passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def json_value(text: str, *, where: str | None = None) -> Any:
    """Strict JSON (no repeated keys, no NaN, integers of 64 bits).

    Raises:
        BadInput: codec/*, with ``where``.
    """
    from tallystick.event.jsonio import parse_json

    try:
        return parse_json(text)
    except BadInput as error:
        place = ", ".join(str(part) for part in (where, error.where) if part is not None)
        raise BadInput(
            error.code, expected=error.expected, got=error.got, where=place or None, hint=error.hint
        ) from None


def word_or_json(text: str, *, where: str = "VALUE") -> Any:
    """JSON where it looks like JSON, otherwise the text itself: ``4``, ``[1]``, ``hello``.

    >>> word_or_json("hello"), word_or_json("true")
    ('hello', True)
    """
    words = {"true", "false", "null", "NaN", "Infinity"}
    looks = text[:1] in set('{["-0123456789') or text in words
    return json_value(text, where=where) if looks and text else text


def read_text(source: str) -> str:
    """A file's text, or that of stdin for ``-``.

    Raises:
        BadInput: codec/not-utf8.
    """
    raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("codec/not-utf8", where=f"{source}, byte {error.start}") from None


def moment(text: str, *, where: str) -> int:
    """Milliseconds since 1970: of a date or time as ISO 8601 writes it, or as a number.

    Raises:
        BadInput: usage/argument.
    """
    from tallystick.replica.versions import parse_time

    try:
        return parse_time(text)
    except BadInput as error:
        raise BadInput(
            "usage/argument", where=where, expected=error.expected, got=error.got
        ) from None


def instant(time_ms: int) -> str:
    """A time for a person, to the second; what is no date of this calendar as it is.

    >>> instant(1_782_864_000_000)
    '2026-07-01 00:00:00'
    """
    from datetime import UTC, datetime

    try:
        found = datetime.fromtimestamp(time_ms // 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return str(time_ms)
    return found.replace(tzinfo=None).isoformat(" ")


def day(time_ms: int) -> str:
    """A claimed time for a person; a number that is no date of this calendar as it is.

    >>> day(1_782_864_000_000), day(2**60)
    ('2026-07-01', '1152921504606846976')
    """
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(time_ms / 1000, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return str(time_ms)
