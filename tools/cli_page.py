"""Write docs/cli.md out of the commands themselves; ``--check`` only says whether it is fresh.

Law: the page and ``tally VERB --help`` say the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tallystick.cli import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
INTRO = """# The command `tally`

<!-- written by tools/cli_page.py out of src/tallystick/cli: change it there -->

`STORE` is a file. `TARGET` is a full id, a prefix of 8 or more characters, a did:key, or one of
your own names for somebody (`me` is you). A place is segments with `/` between. Data goes to
stdout, talk and questions to stderr. Every verb takes `--json`: exactly one JSON document on
stdout, for errors too (`{"error": {"code", "message", ...}}`, codes in [errors.md](errors.md));
`serve --json` prints `{"listening": URL}` once it listens.

| exit code | meaning |
|---|---|
| 0 | ok |
| 1 | failed: the store, the disk, or you said no |
| 2 | usage: what was asked for cannot be meant |
| 3 | verification failed: something does not prove what it claims |
| 4 | the key is needed: its file is not there, or it is locked |
| 5 | peer unreachable |
| 130 | interrupted (Ctrl-C) |

`TALLYSTICK_PASSPHRASE` unlocks a sealed key, `TALLYSTICK_KERNELS` (`native`, `reference`) forces
one kind of kernels, `TALLYSTICK_DATA` is where `tour` looks for data, `TALLYSTICK_DEBUG=1` shows
tracebacks.
"""


def verbs(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    """Every command that can be run below a group, with the words that name it."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from verbs(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def part(words: str, command: click.Command) -> str:
    """One verb: usage, what it does, its options, an example."""
    context = click.Context(command, info_name=f"tally {words}")
    pieces = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    text = f"\n### {words}\n\n    tally {' '.join((words, *pieces))}\n\n"
    text += f"{told(command.help or '')}\n\n"
    options = [param for param in command.params if isinstance(param, click.Option)]
    rows = [row(option, context) for option in options if option.name != "as_json"]
    if rows:
        text += "| option | |\n|---|---|\n" + "".join(rows) + "\n"
    example = getattr(command, "example", "")
    return text + f"```sh\n{example}\n```\n"


def told(text: str) -> str:
    """A help text as Markdown: lines that Click is told to keep become a block."""
    paragraphs = []
    for paragraph in text.strip().split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        if lines and lines[0].strip() == "\b":
            paragraphs.append("\n".join(f"    {line.strip()}" for line in lines[1:]))
        else:
            paragraphs.append("\n".join(escaped(line.strip()) for line in lines))
    return "\n\n".join(paragraphs)


def row(option: click.Option, context: click.Context) -> str:
    """One option of the table."""
    record = option.get_help_record(context)
    assert record is not None, option.name
    names, meaning = record
    return f"| `{names.replace('|', '/')}` | {escaped(meaning)} |\n"


def escaped(text: str) -> str:
    """Text that Markdown leaves alone."""
    return text.replace("*", "\\*").replace("<", "&lt;").replace("|", "\\|")


def page() -> str:
    """The whole page."""
    text = INTRO
    for module, names in app.VERBS.items():
        text += f"\n## {app.TITLES[module]}\n"
        for name in names:
            command = app.tally.get_command(click.Context(app.tally), name)
            if isinstance(command, click.Group):
                text += f"\n### {name}\n\n{told(command.help or '')}\n"
                text += "".join(part(*one) for one in verbs(command, (name,)))
            elif command is not None:
                text += part(name, command)
    return text


def main() -> int:
    """Write or check; exit 1 if a check finds the page stale."""
    if "--check" in sys.argv[1:]:
        fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        if not fresh:
            print("docs/cli.md is stale: python tools/cli_page.py", file=sys.stderr)
        return 0 if fresh else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
