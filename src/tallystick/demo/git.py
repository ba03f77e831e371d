"""The commits of a git repository as a log: a large, real graph with thousands of authors.

    commit,parents,author,time  ──►  git/commit {commit, parents, author}   an event of the author
    12,9 11,7,1113000000             prev: author 7's event before; deps: commits of others

git's graph is one of commits, ours one of chains, and a person's commits are not linear among
themselves (branches). So:

- an author's commits, in the order of the file, are their chain: prev is the commit before;
- a parent of another author becomes a dep, of several by one author only the last: the others are
  in its past already;
- a parent by the same author needs no dep: the chain holds it in the past;
- a merge of more than 32 such parents is joined by ``log/merge`` events of the author first.

Everything that git calls an ancestor is an ancestor here; the chains add ancestors that git does
not know (a person's other branches). git's own parents stand in the content, so the file can be
written anew from the log.

Law: the log depends on the file alone. Keys, seeds, times and parents are derived from it, so
every load on every kernel gives the same ids and the same log checkpoint. The private keys are
public knowledge; this log is for trying things out.

Reads: demo.builder, demo.loading, replica. Read by: cli, bench.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.demo.builder import Chain, LogBuilder, Place
from tallystick.demo.loading import Batch, in_batches, read_rows, take_in
from tallystick.errors import BadInput
from tallystick.event.rules import MERGE
from tallystick.kernels import encode_item
from tallystick.limits import DEPS_MAX, UINT_MAX
from tallystick.replica.replica import Progress, Replica

NAMESPACE: Final = "git"
NAME: Final = "git-dag"
KIND: Final = "git/commit"
COLUMNS: Final = ["commit", "parents", "author", "time"]
COMMITS_A_BATCH: Final = 8_000
"""Built, signed and stored at a time: large enough that a signature covers many events."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One row of the file; its number is its place, from 0. ``time_ms`` is since 1970."""

    parents: tuple[int, ...]
    author: int
    time_ms: int


def read_commits(path: str | Path) -> list[Commit]:
    """Rows of the file, plain or gzipped, with or without a header row.

    Raises:
        NotFound: no such file.
        BadInput: ``usage/argument`` with the line that is malformed; nothing is half read.
    """
    commits: list[Commit] = []
    for line, row in read_rows(path, "a file of commits"):
        if not (line == 1 and [cell.strip().lower() for cell in row] == COLUMNS):
            commits.append(_commit(row, line, len(commits)))
    return commits


def _commit(row: list[str], line: int, number: int) -> Commit:
    try:
        commit, parents, author, time = row
        found = Commit(tuple(map(int, parents.split())), int(author), 1000 * int(time))
        fits = int(commit) == number and 0 <= found.time_ms <= UINT_MAX
        fits = fits and 0 <= found.author <= UINT_MAX
        fits = fits and all(0 <= parent < number for parent in found.parents)
        fits = fits and len(set(found.parents)) == len(found.parents)
    except ValueError:
        fits = False
    if not fits:
        raise BadInput(
            "usage/argument",
            "a row is not the next commit",
            expected=f"{number},earlier commits separated by spaces,author,seconds",
            got=",".join(row)[:80],
            where=f"line {line}",
        )
    return found


def build(commits: Iterable[Commit]) -> Iterator[Batch]:
    """The log as batches of slices, parents before children."""
    builder = LogBuilder(NAMESPACE, NAME)
    places: list[Place] = []

    def add(number: int, commit: Commit) -> None:
        places.append(_append(builder, number, commit, places))

    return in_batches(builder, commits, add, size=COMMITS_A_BATCH)


def _append(builder: LogBuilder, number: int, commit: Commit, places: Sequence[Place]) -> Place:
    """One commit, after what joins its parents if they are too many."""
    chain = builder.user(commit.author)
    deps = _of_others(chain, [places[parent] for parent in commit.parents])
    joined = 0
    while len(deps) > DEPS_MAX:
        builder.append(
            chain, MERGE, time_ms=commit.time_ms, seed=(number, joined), deps=deps[:DEPS_MAX]
        )
        deps, joined = deps[DEPS_MAX:], joined + 1
    content = {"commit": number, "parents": list(commit.parents), "author": commit.author}
    return builder.append(
        chain,
        KIND,
        content=encode_item(content),
        time_ms=commit.time_ms,
        seed=(number,),
        deps=deps,
    )


def _of_others(chain: Chain, parents: Iterable[Place]) -> list[Place]:
    """The last parent of each other author."""
    last: dict[int, Place] = {}
    for place in parents:
        if place.chain is not chain:
            known = last.get(id(place.chain))
            if known is None or known.size < place.size:
                last[id(place.chain)] = place
    return list(last.values())


def load(replica: Replica, file: str | Path, *, progress: Progress | None = None) -> dict[str, Any]:
    """Loads commits into a store as the log ``git-dag``.

    Loading twice changes nothing.

    Returns:
        ``{"events", "authors", "seconds"}``: what the log holds of them, and how long it took.

    Raises:
        NotFound, BadInput: as ``read_commits``; the store is as it was.
    """
    commits = read_commits(file)
    return take_in(replica, build(commits), total=len(commits), what="commits", progress=progress)
