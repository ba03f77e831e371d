"""A git repository's commits are the same log on every load and every kernel, and none is lost."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

import tallystick
from tallystick.demo import git
from tallystick.demo.builder import user_key
from tallystick.errors import BadInput
from tallystick.limits import DEPS_MAX

DATA = Path(os.environ.get("TALLYSTICK_DATA", "../shared/data"))
FILE = DATA / "git-dag" / "git.csv.gz"
PREFIX = 3_000
PREFIX_DIGEST = "2bafa9c334f44db009b29bd51f122d7defdc8ff25ec6fae9023b86f945bfa031"
SMALL_DIGEST = "f0feb8083166e9ecf984753c9ab9671c7ca8d6ba8bd3f01d4e1f91404f3a85e8"
SMALL = """\
commit,parents,author,time
0,,7,1000
1,0,7,1001
2,0,8,999
3,1 2,7,1002
4,2,9,1003
5,3 4 2,8,1004
"""


def loaded(path: Path, text: str | bytes) -> tallystick.Replica:
    """A store that holds the commits of a file."""
    file = path.with_suffix(".csv.gz" if isinstance(text, bytes) else ".csv")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    replica = tallystick.open(path, create=True)
    git.load(replica, file)
    return replica


def ids(replica: tallystick.Replica) -> dict[int, tallystick.EventInfo]:
    """commit -> event."""
    events = replica.history(kind=git.KIND, limit=100_000)
    return {event.content["commit"]: event for event in events}


def did(author: int) -> str:
    return user_key(git.NAMESPACE, author).did


def test_authors_commits_are_chains_and_parents_by_others_are_deps(tmp_path: Path) -> None:
    """What becomes prev, what becomes a dep, and what needs neither."""
    with loaded(tmp_path / "store", SMALL) as replica:
        found = ids(replica)
        assert {event.author for event in found.values()} == {did(7), did(8), did(9)}
        prev = {
            n: next((m for m in found if found[m].id == e.prev), None) for n, e in found.items()
        }
        deps = {n: {m for m in found if found[m].id in e.deps} for n, e in found.items()}
        assert prev == {0: None, 1: 0, 2: None, 3: 1, 4: None, 5: 2}
        assert deps == {0: set(), 1: set(), 2: {0}, 3: {2}, 4: {2}, 5: {3, 4}}
        assert found[5].content == {"commit": 5, "parents": [3, 4, 2], "author": 8}
        assert [found[n].lamport for n in range(6)] == [1, 2, 2, 3, 3, 4]
        assert [found[n].time for n in (0, 2)] == [1_000_000, 999_000]
        assert replica.digest() == SMALL_DIGEST


def test_of_two_parents_by_one_author_the_last_is_named(tmp_path: Path) -> None:
    """The other is in its past."""
    text = "0,,7,1\n1,,7,2\n2,1 0,8,3\n"
    with loaded(tmp_path / "store", text) as replica:
        found = ids(replica)
        assert found[2].deps == (found[1].id,)


def test_an_octopus_with_more_arms_than_an_event_has_deps_is_joined_first(tmp_path: Path) -> None:
    """70 parents by 70 authors: two events join 32 each, the merge names the 6 that are left."""
    rows = [f"{n},,{n},{n}" for n in range(70)] + [f"70,{' '.join(map(str, range(70)))},99,70"]
    with loaded(tmp_path / "store", "\n".join(rows)) as replica:
        found = ids(replica)
        joins = replica.history(kind="log/merge")
        assert [len(event.deps) for event in joins] == [DEPS_MAX, DEPS_MAX]
        assert {event.author for event in joins} == {did(99)}
        assert len(found[70].deps) == 6
        assert {id for event in [*joins, found[70]] for id in event.deps} == {
            found[n].id for n in range(70)
        }


def test_loading_again_and_loading_packed_rows_give_the_same_log(tmp_path: Path) -> None:
    """Nothing is random, and nothing is taken in twice."""
    with loaded(tmp_path / "a", SMALL) as plain:
        before = plain.digest()
        again = git.load(plain, tmp_path / "a.csv")
        assert (again["events"], again["authors"]) == (7, 4)
        assert plain.digest() == before
    with loaded(tmp_path / "b", gzip.compress(SMALL.encode())) as packed:
        assert packed.digest() == before


def test_batches_do_not_show_in_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads lie elsewhere, events are the same."""
    monkeypatch.setattr(git, "COMMITS_A_BATCH", 2)
    told: list[tuple[int, int | None]] = []
    (tmp_path / "small.csv").write_text(SMALL)
    with tallystick.open(tmp_path / "store", create=True) as replica:
        git.load(
            replica,
            tmp_path / "small.csv",
            progress=lambda done, total, _: told.append((done, total)),
        )
        assert replica.digest() == SMALL_DIGEST
    assert told == [(2, 6), (4, 6), (6, 6)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0,,7", 1),
        ("commit,parents,author,time\n1,,7,1", 2),
        ("0,,7,1\n1,1,7,2", 2),
        ("0,,7,1\n1,-1,7,2", 2),
        ("0,,7,1\n1,0 0,7,2", 2),
        ("0,,-7,1", 1),
        ("0,,7,-1", 1),
        ("0,,7,9223372036854775807", 1),
        ("0,,x,1", 1),
    ],
)
def test_a_malformed_row_is_named_and_nothing_is_loaded(
    tmp_path: Path, text: str, line: int
) -> None:
    """The store is as it was."""
    file = tmp_path / "commits.csv"
    file.write_text(text)
    with tallystick.open(tmp_path / "store", create=True) as replica:
        with pytest.raises(BadInput) as refused:
            git.load(replica, file)
        assert refused.value.code == "usage/argument"
        assert refused.value.where == f"line {line}"
        assert replica.logs() == []


@pytest.mark.skipif(not FILE.is_file(), reason="the commits of git are not here")
def test_the_first_commits_of_git_are_the_same_log_everywhere(tmp_path: Path) -> None:
    """A prefix of the real repository: one log checkpoint, and the file can be written anew."""
    commits = git.read_commits(FILE)[:PREFIX]
    with tallystick.open(tmp_path / "store", create=True) as replica:
        for _, batch in git.build(commits):
            taken = replica.receive(batch, log=batch[0].log)
            assert (taken.rejected, taken.pending) == ([], 0)
        assert replica.digest() == PREFIX_DIGEST
        found = ids(replica)
        assert commits == [
            git.Commit(tuple(e.content["parents"]), e.content["author"], e.time)
            for e in (found[n] for n in range(PREFIX))
        ]
