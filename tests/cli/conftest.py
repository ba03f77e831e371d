"""A shell for tests: run a command line, see what it said to which stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from tallystick.cli import main


@dataclass
class Said:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self) -> str:
        return self.json["error"]["code"]


@dataclass
class Shell:
    """Runs command lines in one folder, in this process."""

    home: Path

    def __call__(self, *words: object, stdin: str | bytes | None = None) -> Said:
        done = CliRunner().invoke(main, [str(word) for word in words], input=stdin)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def ok(self, *words: object, stdin: str | bytes | None = None):
        """Runs with --json and expects success; the data."""
        said = self(*words, "--json", stdin=stdin)
        assert said.code == 0, said
        return said.json


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TALLYSTICK_DEBUG", raising=False)
    monkeypatch.delenv("TALLYSTICK_PASSPHRASE", raising=False)
    return Shell(tmp_path)


@dataclass
class Market:
    """Ana and Eve, one log: Ana wrote one review, Eve two, both hold everything."""

    shell: Shell
    ana: str
    eve: str
    log: str
    reviews: list[str]


@pytest.fixture
def market(shell):
    ana = shell.ok("init", "ana.tally", "--name", "ana")["did"]
    eve = shell.ok("init", "eve.tally", "--name", "eve")["did"]
    log = shell.ok("log", "create", "ana.tally", "market")["log"]
    reviews = shell.ok("write", "ana.tally", "review/post", '{"shop": "bread", "stars": 4}')["ids"]
    shell.ok("sync", "eve.tally", "ana.tally")
    lines = '{"shop": "eggs", "stars": 5}\n{"shop": "eggs", "stars": 3}\n'
    reviews += shell.ok("write", "eve.tally", "review/post", "-", stdin=lines)["ids"]
    shell.ok("sync", "ana.tally", "eve.tally")
    return Market(shell, ana, eve, log, reviews)
