"""A CAR file is read by a program that never heard of us; its roots lead to everything."""

from __future__ import annotations

import shutil
from pathlib import Path

import libipld
import pytest

import tallystick
from tallystick.demo import git, market, otc
from tallystick.errors import StoreError
from tallystick.event.car import car_header
from tallystick.event.ids import CID_HEAD, cid_text, parse_cid
from tallystick.kernels.varint import uvarint
from tallystick.store.adapter import Adapter

COMMITS = [
    git.Commit((), 1, 1000),
    git.Commit((0,), 2, 2000),
    git.Commit((0,), 3, 3000),
    git.Commit((1, 2), 1, 4000),
    git.Commit((2,), 3, 5000),
    git.Commit((), 4, 6000),
]


def links(value: object) -> set[bytes]:
    """libipld gives links as the bytes of a CID; no other bytes of a header look like one."""
    if isinstance(value, list):
        return set().union(*map(links, value))
    is_link = isinstance(value, bytes) and len(value) == 36 and value.startswith(CID_HEAD)
    return {value} if is_link else set()


def walked(path: Path) -> tuple[list[bytes], dict[bytes, list]]:
    """The roots, and every block that is reached from them by links."""
    header, blocks = libipld.decode_car(path.read_bytes())
    assert header["version"] == 1
    found: dict[bytes, list] = {}
    stack = list(header["roots"])
    while stack:
        cid = stack.pop()
        if cid not in found:
            found[cid] = blocks[cid]
            stack += links(blocks[cid])
    assert found.keys() == blocks.keys()
    return header["roots"], found


def check(replica: tallystick.Replica, path: Path) -> list[str]:
    """Exports, walks, compares with what the replica says; the ids of the roots."""
    report = replica.export_car(path)
    roots, found = walked(path)
    events = replica.history()
    assert {cid_text(cid[4:]) for cid in found} == {event.id for event in events}
    named = {link for header in found.values() for link in links(header)}
    assert set(roots) == found.keys() - named
    assert (report.roots, report.events) == (len(roots), len(events))
    assert report.bytes == path.stat().st_size
    for event in events:
        header = found[CID_HEAD + parse_cid(event.id)]
        assert (header[3], header[6], header[8]) == (event.seq, event.lamport, event.kind)
        assert {cid_text(link[4:]) for link in header[5]} == set(event.deps)
    return [cid_text(root[4:]) for root in roots]


def test_every_event_of_a_graph_with_merges_is_reached_from_its_heads(tmp_path: Path) -> None:
    """Three heads: of author 1 (the merge), 3 and 4; the genesis event is under all of them."""
    with tallystick.open(tmp_path / "store", create=True) as replica:
        for _, batch in git.build(COMMITS):
            replica.receive(batch, log=batch[0].log)
        assert len(check(replica, tmp_path / "git.car")) == 3


def test_a_log_with_its_genesis_event_alone_has_it_as_root(tmp_path: Path) -> None:
    """The smallest file there is."""
    with tallystick.open(tmp_path / "store", create=True) as replica:
        replica.create_log("shared")
        assert check(replica, tmp_path / "one.car") == [replica.logs()[0].id]


def test_only_the_log_that_was_asked_for_is_in_the_file(tmp_path: Path) -> None:
    """Two logs in one store, their events in turns; windows of one row and of many."""
    with tallystick.open(tmp_path / "store", create=True) as replica:
        replica.create_log("one")
        for _, batch in otc.build(market.ratings()):
            replica.receive(batch, log=batch[0].log)
        replica.write("note/text", "between")
        check(replica, tmp_path / "one.car")
        replica.bind(batch[0].log)
        check(replica, tmp_path / "market.car")


def test_whom_i_ban_is_in_the_file_all_the_same(tmp_path: Path) -> None:
    """A file holds what happened; what counts is everybody's own affair."""
    with tallystick.open(tmp_path / "store", create=True) as replica:
        for _, batch in git.build(COMMITS):
            replica.receive(batch, log=batch[0].log)
        replica.bind(batch[0].log)
        before = check(replica, tmp_path / "before.car")
        replica.ban(replica.show(before[0]).author, private=True)
        assert check(replica, tmp_path / "after.car") == before


def test_both_histories_of_a_split_key_are_reached(tmp_path: Path) -> None:
    """Two sides of one chain are two heads; what they share is there once."""
    ana = tallystick.open(tmp_path / "ana", create=True)
    ana.create_log("shared")
    with tallystick.open(tmp_path / "mal", create=True) as mal:
        mal.sync(ana)
        mal.write("note/text", "first")
    for end in ("", ".key"):
        shutil.copy(tmp_path / f"mal{end}", tmp_path / f"copy{end}")
    for path, text in (("mal", "one story"), ("copy", "another story")):
        with tallystick.open(tmp_path / path) as split:
            split.write("note/text", text)
            ana.sync(split)
    with ana:
        assert len(check(ana, tmp_path / "split.car")) == 2


def test_windows_of_any_size_give_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in memory at once does not show in the file."""
    with tallystick.open(tmp_path / "store", create=True) as replica:
        for _, batch in otc.build(market.ratings()):
            replica.receive(batch, log=batch[0].log)
        told: list[int] = []
        replica.export_car(tmp_path / "a", progress=lambda done, total, what: told.append(done))
        assert told == [replica.logs()[0].events]
        for size in (1, 7):
            monkeypatch.setattr("tallystick.replica.exporting.WINDOW_ROWS", size)
            replica.export_car(tmp_path / f"b{size}")
            assert (tmp_path / f"b{size}").read_bytes() == (tmp_path / "a").read_bytes()


def test_a_file_is_never_written_over_and_a_damaged_store_leaves_none(tmp_path: Path) -> None:
    """Either a whole CAR of true blocks or no file."""
    path = tmp_path / "store"
    with tallystick.open(path, create=True) as replica:
        replica.create_log("shared")
        replica.write("note/text", "a")
        replica.export_car(tmp_path / "log.car")
        with pytest.raises(StoreError) as refused:
            replica.export_car(tmp_path / "log.car")
        assert refused.value.code == "store/exists"
    db = Adapter(path, create=False)
    db.execute("UPDATE event SET time = time + 1 WHERE row = 2")
    db.close()
    with tallystick.open(path) as replica, pytest.raises(StoreError) as refused:
        replica.export_car(tmp_path / "bad.car")
    assert refused.value.code == "store/damaged"
    assert not (tmp_path / "bad.car").exists()


def test_the_header_is_the_one_that_the_format_describes() -> None:
    """Lengths, order of keys and the form of a link."""
    id = bytes(range(32))
    expected = "3aa265726f6f747381d82a58250001711220" + id.hex() + "6776657273696f6e01"
    assert car_header([id]).hex() == expected
    assert [uvarint(n).hex() for n in (0, 127, 128, 300, 2**35)] == [
        *("00", "7f", "8001", "ac02", "808080808001"),
    ]
