"""What holds for every verb, whatever it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest

from tallystick import errors
from tallystick.cli import app, main, output, stores
from tallystick.cli.common import json_value, word_or_json


def commands(group=main, path=()):
    """Every command that can be run, with the words that name it."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands())
ON_STORES = [
    words
    for words, command in COMMANDS.items()
    if words != ("init",)
    and any(param.name == "store" and param.required for param in command.params)
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_verb_has_json_and_a_help_text(words, shell):
    options = {name for param in COMMANDS[words].params for name in param.opts}
    assert "--json" in options
    said = shell(*words, "--help")
    assert said.code == 0
    assert len(said.out.splitlines()[2].strip()) > 10
    assert not said.err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_verb_refuses_an_unknown_option_with_exit_2(words, shell):
    said = shell(*words, "--no-such-option", "--json")
    assert said.code == 2
    assert said.error == "usage/argument"


@pytest.mark.parametrize("words", ON_STORES, ids=" ".join)
def test_every_verb_on_a_store_that_is_not_there_is_a_coded_error(words, shell):
    given = {"statement": "x" * 10, "peers": "p.tally", "n": "1", "value": "1", "query": "select 1"}
    given |= {"content": "{}", "file": "data.csv", "amount": "a", "key": "k", "kind": "a/b"}
    rest = [
        given.get(param.name, "word-of-some-length")
        for param in COMMANDS[words].params
        if isinstance(param, click.Argument) and param.required and param.name != "store"
    ]
    if words == ("write",):
        rest.append("{}")
    if words == ("define",):
        rest += ["--kind", "a", "--key", "k", "--amount", "a"]
    said = shell(*words, "missing.tally", *rest, "--json")
    assert said.error == "store/missing", said
    assert said.code == 1
    assert not list(shell.home.iterdir())


def test_the_help_lists_every_verb_of_the_table(shell):
    said = shell("--help")
    assert said.code == 0
    verbs = {verb for verbs in app.VERBS.values() for verb in verbs}
    rest = said.out.split("Show this message and exit.")[1].splitlines()
    assert {line.split()[0] for line in rest if line.startswith("  ")} == verbs
    assert [line.removesuffix(":") for line in rest if line.endswith(":")] == [*app.TITLES.values()]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_verb_has_a_summary_of_one_line_more_to_say_and_an_example(words, shell):
    command = COMMANDS[words]
    summary = command.get_short_help_str(1000)
    assert command.get_short_help_str(app.SUMMARY_CHARS_MAX) == summary
    assert command.help.splitlines()[0] == summary
    assert f"tally {' '.join(words)}" in command.example
    assert command.example in shell(*words, "--help").out


def test_no_words_at_all_show_the_help(shell):
    assert shell().out == shell("--help").out


@pytest.mark.parametrize("group", ["ledger", "title", "policy", "trust", "actor", "log"])
def test_a_group_without_a_verb_shows_its_help_as_it_is_laid_out(group, shell):
    said = shell(group)
    assert (said.code, said.out) == (2, "")
    assert "\nCommands:\n" in said.err
    said = shell(group, "--json")
    assert (said.code, said.error) == (2, "usage/argument")


def test_help_imports_neither_rooms_nor_rich():
    program = (
        "import sys\nfrom tallystick.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'rich', 'sqlite3', 'asyncio', 'cryptography', 'tallystick.kernels',\n"
        "         'tallystick.replica', 'tallystick.store', 'tallystick.state'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"
    assert "Usage: tally" in done.stdout


KINDS = {
    errors.TallyError("store/damaged"): 1,
    errors.BadInput("codec/json"): 2,
    errors.NotFound("usage/not-found"): 2,
    errors.Ambiguous("usage/ambiguous"): 2,
    errors.StoreError("store/busy"): 1,
    errors.ChainError("chain/restored"): 1,
    errors.VerificationError("chain/signature"): 3,
    errors.KeyNeeded("key/missing"): 4,
    errors.PeerUnreachable("sync/unreachable"): 5,
    ZeroDivisionError("by\nzero"): 1,
    PermissionError(13, "Permission denied", "a.tally"): 1,
    click.Abort(): 130,
}


@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("as_json", [False, True])
def test_every_error_becomes_an_exit_code_and_one_line_or_one_document(
    error, as_json, shell, monkeypatch
):
    def fail():
        raise error

    monkeypatch.setattr(stores, "about_here", fail)
    said = shell("doctor", *(["--json"] if as_json else []))
    assert said.code == KINDS[error]
    if isinstance(error, click.Abort):
        assert said.err == "interrupted\n"
    elif as_json:
        assert set(said.json) == {"error"}
        assert {"code", "message"} <= set(said.json["error"])
        assert not said.err
    else:
        assert not said.out
        assert len(said.err.splitlines()) == 1
        assert said.err.startswith("tally: ")
        assert "Traceback" not in said.err


def test_an_error_says_what_was_expected_and_got_and_where_and_what_to_do(shell, monkeypatch):
    def fail():
        raise errors.BadInput("codec/json", expected="an object", got=7, where="line 3", hint="Do.")

    monkeypatch.setattr(stores, "about_here", fail)
    data = shell("doctor", "--json").json["error"]
    assert data["expected"] == "an object"
    assert (data["got"], data["where"], data["hint"]) == ("7", "line 3", "Do.")
    line = shell("doctor").err
    assert all(part in line for part in ("codec/json", "an object", "7", "line 3", "Do."))


def test_a_traceback_is_shown_only_when_asked_for(shell, monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(stores, "about_here", fail)
    monkeypatch.setenv("TALLYSTICK_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["doctor"])


@pytest.mark.parametrize("text", ["\x1b[2J", "a\x07b", "\x9b31m", "a\rb", "\x7f"])
def test_control_characters_are_shown_and_never_sent(text):
    shown = output.clean(f"before {text} after")
    assert shown.isprintable()
    assert "before" in shown
    assert "\\x" in shown or "\\r" in shown


def test_a_table_lines_its_columns_up_and_cuts_long_cells():
    head, first, second = output.table(("a", "long head"), [("x" * 5, 1), ("y", "z" * 500)])
    assert head == "a      long head"
    assert first == "xxxxx  1"
    assert len(second) < 100
    assert second.endswith("…")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1, "a": 2}', "codec/json"),
        ("NaN", "codec/json"),
        ("-Infinity", "codec/json"),
        ("9223372036854775808", "codec/int-range"),
        ('{"a": [1, 99999999999999999999]}', "codec/int-range"),
        ("{", "codec/json"),
        ("", "codec/json"),
        ('"\\ud800"', "codec/not-utf8"),
        ("[" * 40 + "]" * 40, "codec/too-deep"),
    ],
)
def test_json_with_two_readings_is_refused_with_its_code_and_place(text, code):
    with pytest.raises(errors.BadInput) as caught:
        json_value(text, where="line 7")
    assert caught.value.code == code
    assert "line 7" in caught.value.where


def test_a_bare_word_is_text_and_everything_else_is_json():
    assert word_or_json("hello world") == "hello world"
    assert word_or_json("") == ""
    assert word_or_json("-3") == -3
    assert word_or_json("[1, null]") == [1, None]
    assert word_or_json('"4"') == "4"
    with pytest.raises(errors.BadInput):
        word_or_json("NaN")
    with pytest.raises(errors.BadInput):
        word_or_json("{half")


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_completion_script(shell_name, shell):
    said = shell("completion", shell_name)
    assert said.code == 0
    assert "_TALLY_COMPLETE" in said.out


def test_completion_completes_verbs():
    asked = {"_TALLY_COMPLETE": "bash_complete", "COMP_WORDS": "tally ver", "COMP_CWORD": "1"}
    program = "import sys; from tallystick.cli import main; sys.argv = ['tally']; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | asked, capture_output=True, text=True
    )
    assert {line.split(",")[1] for line in done.stdout.split()} == {"verify", "verdict"}


def test_json_output_is_one_document_whatever_the_values_are(capsys):
    values = {"bytes": b"\x00\x01", "nan": float("nan"), "big": 2**100, "text": "ü\x1b", "t": (1,)}
    output.print_json(values)
    said = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert said["bytes"] == {"/": {"bytes": "AAE"}}
    assert said["nan"] == "nan"
    assert said["big"] == 2**100
    assert said["text"] == "ü\x1b"
    assert said["t"] == [1]


def test_a_reader_that_stops_reading_is_no_disaster():
    done = subprocess.run(
        f"{sys.executable} -m tallystick.cli --help | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("Usage")
    assert "Traceback" not in done.stderr
