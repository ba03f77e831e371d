"""What many verbs share: the decorator that makes a verb, their arguments, opening a store.

Law: a verb is made here or it has no ``--json``.

Reads: replica (when a store is opened). Read by: every verb.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.cli.output import Output
from tallystick.errors import BadInput, KeyNeeded

if TYPE_CHECKING:
    from tallystick.replica.replica import Replica

Verb = Callable[..., Any]

STORE = click.argument("store", type=click.Path(dir_okay=False))
TARGET = click.argument("target")
LOG = click.option("--log", metavar="LOG", help="Which log, by id or name, if there are several.")
SCOPE = click.option("--scope", metavar="PATTERN", help="A kind, prefix/*, or * (default).")


def verb(name: str, *, group: click.Group | None = None) -> Callable[[Verb], click.Command]:
    """Make a command of a function ``f(out, ...) -> exit code or None``, with ``--json``."""

    def make(function: Verb) -> click.Command:
        @functools.wraps(function)
        def call(*, as_json: bool, **given: Any) -> int:
            return function(Output(as_json=as_json), **given) or 0

        asked = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
        return (group.command(name) if group else click.command(name))(asked(call))

    return make


@contextmanager
def opened(store: str, log: str | None = None) -> Iterator[Replica]:
    """The store's replica; a locked key is unlocked by ``TALLYSTICK_PASSPHRASE`` or by asking.

    Raises:
        TallyError: whatever ``tallystick.open`` says.
    """
    import tallystick

    passphrase = os.environ.get("TALLYSTICK_PASSPHRASE")
    try:
        replica = tallystick.open(store, log=log, passphrase=passphrase)
    except KeyNeeded as error:
        if error.code != "key/passphrase" or passphrase is not None or not sys.stdin.isatty():
            raise
        asked = click.prompt(f"passphrase of {store}.key", hide_input=True, err=True)
        replica = tallystick.open(store, log=log, passphrase=asked)
    with replica:
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


def word_or_json(text: str) -> Any:
    """JSON where it looks like JSON, otherwise the text itself: ``4``, ``[1]``, ``hello``.

    >>> word_or_json("hello"), word_or_json("true")
    ('hello', True)
    """
    words = {"true", "false", "null", "NaN", "Infinity"}
    looks = text[:1] in set('{["-0123456789') or text in words
    return json_value(text, where="VALUE") if looks and text else text


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
