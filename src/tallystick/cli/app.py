"""The table of verbs, and the one place where an error becomes a line and an exit code.

    tally VERB ... ──► VERBS ──► module of that verb (imported now) ──► replica (imported there)
          error    ──► {"error": {...}} on stdout with --json, one red line on stderr without

Law: ``tally --help`` imports no room; no exception leaves ``main`` as a traceback, unless
``TALLYSTICK_DEBUG`` asks for it.

Reads: errors. Read by: cli's entry point, tests.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import click
from click.exceptions import NoArgsIsHelpError

from tallystick._version import __version__
from tallystick.cli.output import error_line, print_json
from tallystick.errors import BadInput, TallyError

INTERRUPTED: Final = 130
"""128 + SIGINT, as shells report it."""
VERBS: Final[dict[str, tuple[str, ...]]] = {
    "stores": ("init", "id", "log", "name", "names", "verify", "doctor", "completion"),
    "events": ("write", "history", "show", "heads", "graph", "digest"),
    "exchange": ("sync", "serve", "export", "import", "decline"),
    "trust": (
        *("ban", "allow", "exclude", "include", "retract", "restore", "adopt", "withdraw"),
        *("what-if", "standing", "verdict", "policy"),
    ),
    "together": ("dispute", "uphold", "dismiss", "disputes", "contested", "trust"),
    "values": (
        *("set", "add", "remove", "inc", "enable", "disable"),
        *("ledger", "define", "views", "view", "why", "sql"),
    ),
    "answers": ("compare", "poll", "believed"),
    "records": ("records", "text", "undo", "redo"),
    "titles": ("title",),
    "actors": ("actor",),
    "demos": ("load", "tour"),
}
"""Module -> its verbs, in the order in which ``--help`` lists them."""
TITLES: Final[dict[str, str]] = {
    "stores": "Stores, logs, names",
    "events": "Events: what was written",
    "exchange": "Exchange with others",
    "trust": "Trust: what counts for you",
    "together": "Together: what people make of each other",
    "values": "Values: what it adds up to",
    "answers": "Answers: policies side by side",
    "records": "Records and texts: documents of many",
    "titles": "Titles: who owns what",
    "actors": "Actors: people with several keys",
    "demos": "Try it",
}
"""Module -> the head over its verbs in ``--help``."""
SUMMARY_CHARS_MAX: Final = 62
"""Of a verb's first sentence, so that it stands on one line of a terminal of 80."""
_MODULE_OF: Final = {verb: module for module, verbs in VERBS.items() for verb in verbs}


class Tally(click.Group):
    """The group of all verbs; each verb's module is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of the table."""
        return list(_MODULE_OF)

    def get_command(self, ctx: click.Context | None, cmd_name: str) -> click.Command | None:
        """The verb, or None; ``what-if`` lives in its module as ``what_if``."""
        module = _MODULE_OF.get(cmd_name)
        if module is None:
            return None
        loaded = importlib.import_module(f"tallystick.cli.{module}")
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(loaded, f"{name}_verb")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs under the heads of what they are for."""
        width = max(len(verb) for verb in _MODULE_OF)
        for module, verbs in VERBS.items():
            rows = []
            for verb in verbs:
                command = self.get_command(ctx, verb)
                assert command is not None, verb
                rows.append((verb.ljust(width), command.get_short_help_str(SUMMARY_CHARS_MAX)))
            with formatter.section(TITLES[module]):
                formatter.write_dl(rows)

    def main(  # type: ignore[override]  # Click overloads on standalone_mode, which is ours here
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> None:
        """Run one command line and exit with its code.

        Raises:
            SystemExit: always.
        """
        given = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        for stream in (sys.stdout, sys.stderr):
            # A character that the terminal cannot show is escaped, never an error.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            code = super().main(args=given, prog_name=prog_name or "tally", **extra)
        except Exception as error:  # noqa: BLE001  # the last line of defence against tracebacks
            sys.exit(report(error, as_json=wants_json(given)))
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        sys.exit(code if isinstance(code, int) else 0)


def wants_json(args: Sequence[str]) -> bool:
    """Whether ``--json`` was given, even if the rest of the line could not be understood."""
    options = args[: args.index("--")] if "--" in args else args
    return "--json" in options


def report(error: Exception, *, as_json: bool) -> int:
    """Say what went wrong, once, in the right place; returns the exit code."""
    if os.environ.get("TALLYSTICK_DEBUG"):
        raise error
    if isinstance(error, click.Abort):
        if isinstance(error.__cause__ or error.__context__, EOFError):
            hint = "--yes goes ahead without asking"
            error = BadInput("usage/argument", "nobody is there to answer", hint=hint)
        else:
            click.echo("interrupted", err=True)
            return INTERRUPTED
    if isinstance(error, NoArgsIsHelpError) and not as_json:  # a group without a verb
        click.echo(error.message, err=True)
        return error.exit_code
    data, code = described(error)
    if as_json:
        try:
            print_json({"error": data})
        except OSError:  # stdout is full or gone: say it where somebody may still listen
            error_line(data)
    else:
        error_line(data)
    return code


def described(error: Exception) -> tuple[dict[str, str], int]:
    """An exception as the data of ``{"error": ...}``, and the exit code it means."""
    if isinstance(error, TallyError):
        return error.as_dict(), error.exit_code
    if isinstance(error, NoArgsIsHelpError):
        hint = f"{error.ctx.command_path} --help" if error.ctx is not None else ""
        return {"code": "usage/argument", "message": "a command is missing", "hint": hint}, 2
    if isinstance(error, click.UsageError):
        data = {"code": "usage/argument", "message": error.format_message()}
        if error.ctx is not None:
            data["hint"] = f"{error.ctx.command_path} --help"
        return data, 2
    if isinstance(error, click.ClickException):
        return {"code": "usage/argument", "message": error.format_message()}, 2
    if isinstance(error, OSError):
        data = {"code": "store/io", "message": error.strerror or str(error)}
        if error.filename is not None:
            data["where"] = str(error.filename)
        return data, 1
    message = " ".join(f"{type(error).__name__}: {error}".split())
    hint = "this is a defect of ours; TALLYSTICK_DEBUG=1 shows where"
    return {"code": "internal/unexpected", "message": message, "hint": hint}, 1


@click.group(
    cls=Tally,
    subcommand_metavar="VERB ...",
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def tally(ctx: click.Context) -> int:
    """Signed logs that merge, and state under a policy of your own.

    STORE is a file. TARGET is a full id, a prefix of 8 or more characters, a did:key, or one of
    your own names for somebody ("me" is you). Data goes to stdout, talk to stderr; every verb
    takes --json, and tally VERB --help shows an example.

    \b
    Begin:     tally init ana.tally --name ana
               tally log create ana.tally market
               tally write ana.tally review/post '{"stars": 4}'
    See it:    tally tour

    Exit codes: 0 ok, 1 failed, 2 usage, 3 verification failed, 4 key needed, 5 peer unreachable.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
    return 0
