"""Targets of the command line: any words, any stdin, over a store that is there; files to load.

An input is text: a word of the command line per line, an empty line, and the rest is stdin. A few
words are softened before they run: paths stay in the folder, addresses lead to a port of this
machine that nobody listens on, and verbs that serve for ever or load whole data sets only say
what they are.

Law: exit codes 0 to 5 only, no traceback and no ``internal/unexpected``; with ``--json`` stdout is
one JSON document; a verb that failed left the store's contents as they were.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import shutil
import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from click.testing import CliRunner
from tests.fuzz.engine import Target, refusal

from tallystick.cli import main
from tallystick.cli.app import VERBS
from tallystick.demo.git import read_commits
from tallystick.demo.otc import read_ratings
from tallystick.errors import BadInput

LONG = frozenset({"serve", "tour", "load", "completion"})
KEEPS = frozenset({"sync", "import"})
"""These keep what they verified before they failed."""
STORES = ("ana.tally", "eve.tally")
SHOP = '{"shop": "bread", "stars": 4}'


def invoke(*words: str, stdin: bytes = b""):
    """One command line in this process; the environment has no passphrase."""
    env = {"TALLYSTICK_PASSPHRASE": None, "TALLYSTICK_DEBUG": None, "COLUMNS": "80"}
    return CliRunner().invoke(main, list(words), input=stdin, env=env)


_FOLDERS: list[tempfile.TemporaryDirectory] = []


@cache
def template() -> Path:
    """Two stores with one log, a few events, names and opinions."""
    folder = tempfile.TemporaryDirectory(prefix="tallystick-fuzz-")
    _FOLDERS.append(folder)  # removed with the process
    home = Path(folder.name) / "home"
    home.mkdir()
    with contextlib.chdir(home):
        for line in (
            ("init", "ana.tally", "--name", "ana"),
            ("init", "eve.tally", "--name", "eve"),
            ("log", "create", "ana.tally", "market"),
            ("write", "ana.tally", "review/post", SHOP),
            ("set", "ana.tally", "todo/1/title", "buy bread"),
            ("sync", "eve.tally", "ana.tally"),
            ("write", "eve.tally", "review/post", SHOP),
            ("sync", "ana.tally", "eve.tally"),
            ("name", "ana.tally", "EVE", "eve"),
            ("export", "eve.tally", "eve.bundle"),
        ):
            done = invoke(*(eve_did() if word == "EVE" else word for word in line))
            assert done.exit_code == 0, (line, done.output)
    return home


def eve_did() -> str:
    """The key of the second store."""
    return json.loads(invoke("id", "eve.tally", "--json").stdout)["did"]


def contents(path: Path) -> list[object]:
    """Every row of a store file that a user could see."""
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(path)) as db:
        names = [row[0] for row in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )]  # fmt: skip
        found = [(name, sorted(map(repr, db.execute(f'SELECT * FROM "{name}"'))))
                 for name in sorted(names)]  # fmt: skip
    return [entry for entry in found if entry[1]]


def softened(word: str) -> str:
    """The word, kept inside the folder and off the network; the system lets no NUL through."""
    word = word.replace("\0", "")
    if "://" in word:
        return re.sub(r"tcp://[^\s]*", "tcp://127.0.0.1:1", word)
    return word.lstrip("/").replace("..", ".") if "/" in word or "." in word else word


def parsed(data: bytes) -> tuple[list[str], bytes]:
    """Words and stdin of an input."""
    top, _, stdin = data.partition(b"\n\n")
    words = top.decode("utf-8", "surrogateescape").split("\n")
    words = [softened(word) for word in words[:20]]
    if any(word in LONG for word in words):
        words = [*words[:1], "--help"]
    return words, stdin[:20_000]


def command(data: bytes) -> str:
    """See the module's docstring."""
    words, stdin = parsed(data)
    with tempfile.TemporaryDirectory(prefix="tallystick-fuzz-") as place:
        home = Path(shutil.copytree(template(), Path(place) / "home"))
        before = [contents(home / store) for store in STORES]
        os.umask(0o077)
        with contextlib.chdir(home):
            done = invoke(*words, stdin=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        said = done.stdout + done.stderr
        assert 0 <= done.exit_code <= 5, (done.exit_code, said)
        assert "internal/unexpected" not in said, said
        assert "Traceback (most recent call last)" not in done.stderr, said
        if "--json" in words[: words.index("--") if "--" in words else None] and not (
            {"--help", "-h", "--version"} & set(words) or not done.stdout
        ):
            json.loads(done.stdout)
        if done.exit_code and not KEEPS & set(words):
            assert [contents(home / store) for store in STORES] == before, words
        verb = next((word for word in words if word in _verbs()), "-")
    return f"ok {verb}" if done.exit_code == 0 else f"exit {done.exit_code} {verb}"


@cache
def _verbs() -> frozenset[str]:
    return frozenset(verb for verbs in VERBS.values() for verb in verbs)


@cache
def _shelf() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="tallystick-fuzz-")
    _FOLDERS.append(folder)  # removed with the process
    return Path(folder.name)


def table_of(data: bytes, read) -> str:
    """A file of rows is read to its end, or refused with the line; plain or gzipped."""
    path = _shelf() / ("rows.csv.gz" if data[:2] == b"\x1f\x8b" else "rows.csv")
    path.write_bytes(data)
    try:
        rows = read(path)
    except BadInput as error:
        return refusal(error, data)
    assert all(0 <= row.time_ms < 2**63 for row in rows)
    return f"ok {min(len(rows), 3)}"


def ratings(data: bytes) -> str:
    """The file that ``tally load otc`` reads."""
    return table_of(data, read_ratings)


def commits(data: bytes) -> str:
    """The file that ``tally load git-dag`` reads."""
    return table_of(data, read_commits)


RATINGS = b"source,target,rating,time\n6,2,4,1289241911.72836\n6,5,2,1289241941\n1,15,-10,1e9\n"
COMMITS = b"commit,parents,author,time\n0,,3,1112911993\n1,0,3,1112912000\n2,0 1,4,1112912001\n"


def _lines() -> list[bytes]:
    """A good command line of every verb, and some with stdin."""
    lines = [
        "id ana.tally", "log ls ana.tally", "name ana.tally eve evelyn", "names ana.tally",
        "verify ana.tally --json", "doctor ana.tally", "write ana.tally note/text - --json",
        "history ana.tally --kind review/* --newest --limit 10 --json", "heads ana.tally",
        "graph ana.tally", "digest ana.tally", "sync ana.tally eve.tally",
        "sync ana.tally tcp://127.0.0.1:1", "export ana.tally a.bundle",
        "import ana.tally eve.bundle", "ban ana.tally eve --scope review/*",
        "ban ana.tally eve --private --reason spam", "allow ana.tally eve", "adopt ana.tally eve",
        "verdict ana.tally eve", "standing ana.tally --json", "what-if ana.tally ban eve",
        'set ana.tally todo/1/title {"a":[1,2]}', "add ana.tally todo/1/tags food",
        "remove ana.tally todo/1/tags food", "inc ana.tally stock/bread -3",
        "enable ana.tally todo/1/done", "disable ana.tally todo/1/done",
        "define ana.tally stars --kind review/post --key shop --amount stars",
        "views ana.tally", "view ana.tally places --as eve --at claimed:2030-01-01",
        "why ana.tally todo/1/title", "show ana.tally bafyrei", "policy ana.tally",
        "init new.tally --name new", "init ana.tally", "log create ana.tally second", "--version",
    ]  # fmt: skip
    found = ["\n".join(line.split(" ")).encode() for line in lines]
    found.append(b"sql\nana.tally\nselect place, value from places\n--json")
    return [*found, found[6] + b'\n\n{"a": 1}\n{"b": [true, null, 1.5]}\n"text"\n']


TARGETS = (
    Target("command", command, _lines, "text", ci_runs=100, states=True),
    Target("ratings", ratings, lambda: [RATINGS, gzip.compress(RATINGS, mtime=0)], "text"),
    Target("commits", commits, lambda: [COMMITS, gzip.compress(COMMITS, mtime=0)], "text"),
)
