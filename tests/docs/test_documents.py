"""What the documents show is true: programs run, pages are fresh, links lead somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "spec").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    ]
)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ONE_PROGRAM = "<!-- one program"
"""A page that says so is read from top to bottom: its blocks are one program."""


def programs(page):
    """The programs of a page."""
    text = page.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    return ["".join(blocks)] if ONE_PROGRAM in text else blocks


PROGRAMS = [
    pytest.param(program, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, program in enumerate(programs(page), 1)
]
README_PROGRAM_LINES_MAX = 32


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_in_the_documents_runs(program, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_begins_with_a_program_of_one_screen():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = readme.index("```")
    assert readme[first:].startswith("```python\n")
    assert len(BLOCK.findall(readme)[0].splitlines()) <= README_PROGRAM_LINES_MAX


@pytest.mark.parametrize("tool", ["errors_page.py", "cli_page.py"])
def test_a_generated_page_is_fresh(tool):
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / tool), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def tally(tmp_path_factory):
    """A folder with ``tally``: of its hundreds of processes here, none starts from nothing."""
    home = tmp_path_factory.mktemp("bin")
    prefork = Path(__file__).parent / "prefork.py"
    command = home / "tally"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {prefork} {home}/door "$@"\n')
    command.chmod(0o755)
    serve = [sys.executable, str(prefork), f"{home}/door"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout.readline() == "ready\n"
            yield home
        finally:
            server.kill()


@pytest.fixture(scope="module")
def street(tmp_path_factory, tally):
    """A folder with what the examples of the command line speak of."""
    home = tmp_path_factory.mktemp("street")
    (home / "ratings.csv").write_text("1,2,8,100\n2,3,-10,101\n")
    (home / "git.csv").write_text("0,,1,100\n1,0,2,101\n")
    run(
        tally,
        home,
        """
        for name in ana bob eve; do tally init $name.tally --name $name; done
        tally log create ana.tally market
        for name in bob eve; do
            tally sync $name.tally ana.tally
            tally write $name.tally review/post '{"shop": "bread", "stars": 3}'
            tally sync ana.tally $name.tally
            tally name ana.tally "$(tally id $name.tally)" $name
        done
        """,
    )
    return home


def run(tally, home, script):
    """A shell script in a folder, with ``tally`` first on the path; it must succeed.

    No time-out of its own: a script takes a second or a minute, as the machine's other work allows,
    and one that hangs is ended by that of every test (``timeout`` in pyproject.toml).
    """
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", script],
        cwd=home,
        env=os.environ | {"PATH": f"{tally}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def examples():
    """Every example in the page of the command line, with the files it makes gone before."""
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL)


SLOW = ("tally tour",)
"""Run by tests of their own."""


@pytest.mark.parametrize("example", [one for one in examples() if one not in SLOW])
def test_every_example_of_the_command_line_works(example, tally, street, tmp_path):
    home = shutil.copytree(street, tmp_path / "street")
    if " init " in example:
        for old in home.glob("ana.tally*"):
            old.unlink()
    # What serves until it is told to stop is told so, and is a process that hears it.
    alone = f"{sys.executable} -m tallystick.cli serve"
    serve = f"timeout --preserve-status -s TERM 2 {alone}"
    run(tally, home, example.replace("tally serve", serve))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert not [link for link in local if not (page.parent / link).exists()]


def test_the_readme_names_only_commands_and_targets_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make ([a-z]+)", readme, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    from tallystick.cli import main

    for verb in re.findall(r"(?:^    |&& )tally ([a-z-]+)", readme, re.MULTILINE):
        assert main.get_command(None, verb) is not None, verb


def test_the_index_of_the_formats_names_every_page_and_every_file_of_vectors():
    folder = ROOT / "spec"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for page in folder.glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in index, page.name
    for vectors in (folder / "vectors").glob("*.json"):
        row = next(line for line in index.splitlines() if f"`{vectors.name}`" in line)
        page = folder / re.findall(r"\]\(([a-z0-9]+\.md)\)", row)[0]
        assert f"vectors/{vectors.name}" in page.read_text(encoding="utf-8"), vectors.name
        described = re.search(rf"^\| .*`{vectors.stem}`.* \|", index, re.MULTILINE)
        assert described, f"the layout of {vectors.name} is not described"


def test_the_bounds_of_the_formats_are_those_of_the_code():
    from tallystick import limits

    index = (ROOT / "spec" / "README.md").read_text(encoding="utf-8")
    bounds = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", index, re.MULTILINE))
    assert bounds["header"] == f"{limits.HEADER_BYTES_MAX:,} bytes"
    assert bounds["frame + content"] == f"{limits.BODY_BYTES_MAX:,} bytes"
    assert bounds["deps"] == str(limits.DEPS_MAX)
    assert bounds["kind, scope"] == f"{limits.KIND_BYTES_MAX} bytes"
    assert bounds["levels of nesting in an item"] == str(limits.CBOR_DEPTH_MAX)
    assert bounds["slice, pack"] == f"{limits.SLICE_EVENTS_MAX:,} events"
    commit = f"{limits.COMMIT_EVENTS_MAX:,} events, {limits.COMMIT_BYTES_MAX // limits.MIB} MiB"
    assert bounds["commit"] == commit
    assert bounds["message"] == f"{limits.MESSAGE_BYTES_MAX // limits.MIB} MiB"
    assert bounds["policy document"] == f"{limits.POLICY_BYTES_MAX // limits.MIB} MiB"
    assert limits.WEIGHT_MAX == 2**31 - 1
    assert bounds["weight of an adoption"] == "2^31 - 1"


def test_every_code_that_the_formats_name_is_in_the_table_of_codes():
    from tallystick.errors import CODES

    rooms = "codec|event|chain|sync|void|proof|policy|state|key|store|usage"
    kinds = {"proof/equivocation"}
    for page in (ROOT / "spec").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(rf"`((?:{rooms})/[a-z0-9-]+)`", text)) - kinds
        assert named <= set(CODES), page.name
