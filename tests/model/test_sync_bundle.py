"""Bundles: a session's messages in a file; whole, cut off, partial, foreign."""

from __future__ import annotations

import io

import pytest
from tests.model.sync_world import Store, create, key_of, sync
from tests.model.test_sync_convergence import two_with_news

from tallystick.errors import BadInput
from tallystick.sync.bundle import MAGIC, bundle_log, read_bundle, write_bundle
from tallystick.sync.log_checkpoint import log_checkpoint


def bundle_of(store: Store, **options) -> bytes:
    file = io.BytesIO()
    report = write_bundle(store.log, file, **options)
    assert report.size == len(file.getvalue())
    assert report.root == log_checkpoint(store.log.records())
    return file.getvalue()


def test_a_bundle_carries_a_log_to_a_store_that_has_none():
    first, _ = two_with_news()
    data = bundle_of(first)
    fresh = Store("fresh")
    report = read_bundle(io.BytesIO(data), fresh, peer="file")
    assert fresh.log.records() == first.log.records()
    assert report.accepted == report.events == len(first.log.included)
    assert report.size == len(data)
    assert not report.rejected
    assert report.pending == 0
    assert bundle_log(io.BytesIO(data)) == first.log.log_id == report.log
    again = read_bundle(io.BytesIO(data), fresh, peer="file")
    assert again.accepted == 0
    assert again.events == report.events


def test_a_bundle_may_hold_only_what_a_reader_lacks():
    first, second = two_with_news()
    sync(first, second)
    have = {record.key: record.size for record in second.log.records()}
    first.log.write(key_of("ada"), 3, word="news")
    data = bundle_of(first, have=have)
    report = read_bundle(io.BytesIO(data), second, peer="file")
    assert report.accepted == report.events == 3
    assert second.log.records() == first.log.records()
    behind = Store("behind")
    create(behind)
    report = read_bundle(io.BytesIO(data), behind, peer="file")
    assert report.accepted == 0
    assert report.pending == 3, "its parents are not in this file"
    stranger = Store("stranger")
    with pytest.raises(BadInput) as error:
        read_bundle(io.BytesIO(data), stranger, peer="file")
    assert error.value.code == "sync/no-common-log"
    assert not stranger.shelf


def test_a_file_cut_off_anywhere_says_so_and_keeps_what_came_before():
    first, _ = two_with_news()
    data = bundle_of(first)
    kept = []
    for cut in range(0, len(data), 37):
        fresh = Store("fresh")
        with pytest.raises(BadInput) as error:
            read_bundle(io.BytesIO(data[:cut]), fresh, peer="file")
        assert error.value.code == "sync/bundle"
        kept.append(len(fresh.log.included) if fresh.shelf else 0)
        if fresh.shelf:
            read_bundle(io.BytesIO(data), fresh, peer="file")
            assert fresh.log.records() == first.log.records()
    assert kept == sorted(kept)
    assert len(set(kept)) > 5


def test_what_is_no_bundle_is_refused_before_anything_is_stored():
    fresh = Store("fresh")
    for data in (b"", b"SQLite format 3\x00", MAGIC[:-1], MAGIC, MAGIC + bytes(40)):
        with pytest.raises(BadInput) as error:
            read_bundle(io.BytesIO(data), fresh, peer="file")
        assert error.value.code == "sync/bundle"
    assert not fresh.shelf


def test_bytes_behind_the_end_and_a_missing_message_are_noticed():
    first, second = two_with_news()
    data = bundle_of(first)
    for damaged in (data + b"x", without_a_message(data)):
        with pytest.raises(BadInput) as error:
            read_bundle(io.BytesIO(damaged), second, peer="file")
        assert error.value.code == "sync/bundle"


def without_a_message(data: bytes) -> bytes:
    """The bundle with its second message of slices taken out."""
    at = len(MAGIC)
    borders = []
    while at < len(data):
        borders.append(at)
        at += 4 + int.from_bytes(data[at : at + 4], "big")
    return data[: borders[2]] + data[borders[3] :]


def test_a_bundle_of_another_log_needs_a_willing_store():
    first, other = Store("first"), Store("other", joins=False)
    create(first, "one")
    create(other, "two")
    with pytest.raises(BadInput) as error:
        read_bundle(io.BytesIO(bundle_of(first)), other, peer="file")
    assert error.value.code == "sync/no-common-log"
