"""spec/vectors/sync.json against the sync room."""

from __future__ import annotations

import pytest

from tallystick.errors import Rejected
from tallystick.sync import messages as m
from tallystick.sync import ranges
from tallystick.sync.holdings import Record
from tallystick.sync.log_checkpoint import declined_hash, log_checkpoint, record_bytes
from tallystick.sync.vector import (
    Keyed,
    Vector,
    by_author,
    decode_vector,
    encode_relative,
    encode_vector,
    sample_seqs,
)


@pytest.fixture(scope="module")
def sync(vectors):
    return vectors("sync")


@pytest.fixture(scope="module")
def keyed(sync):
    return Keyed(bytes.fromhex(sync["log"]), bytes.fromhex(sync["nonce"]))


def records_of(rows) -> list[Record]:
    return [
        Record(bytes.fromhex(author), bytes.fromhex(side), int(size), bytes.fromhex(root))
        for author, side, size, root in rows
    ]


def test_records_and_log_checkpoints(sync):
    for case in sync["checkpoints"]:
        records = records_of(case["records"])
        assert [record_bytes(one).hex() for one in records] == case["encoded"]
        assert log_checkpoint(records).hex() == case["root"], case["name"]
        assert [declined_hash(one.author).hex() for one in records] == case["declined"]


def test_version_vectors_full_and_relative(sync, keyed):
    for case in sync["vectors"]:
        records, agreed = records_of(case["records"]), records_of(case["agreed"])
        full = encode_vector(keyed, records)
        assert full.hex() == case["full"], case["name"]
        groups = by_author(records)
        expected = {keyed.tag(author): keyed.entry(group) for author, group in groups.items()}
        assert decode_vector(full, agreed_authors=None) == Vector(expected, {})
        short = encode_relative(keyed, records, agreed)
        assert short.hex() == case["relative"], case["name"]
        before = by_author(agreed)
        found = decode_vector(short, agreed_authors=len(before))
        assert isinstance(found, Vector)
        changed = {
            place: keyed.entry(groups[author]) if author in groups else None
            for place, (author, group) in enumerate(before.items())
            if groups.get(author) != group
        }
        assert changed == {at: one if one.size else None for at, one in found.changed.items()}
        assert set(found.named) == {keyed.tag(one) for one in groups if one not in before}


def test_ranges_are_said_cut_up_and_listed(sync, keyed):
    for case in sync["ranges"]:
        ours, theirs = (
            ranges.Index(keyed, records_of(case[side])) for side in ("initiator", "responder")
        )
        sums = ranges.first_sums(theirs, case["bits"])
        assert sums.hex() == case["sums"], case["name"]
        deeper, said, parts = ranges.split(ours, case["bits"], sums, deeper=case["deeper"])
        assert (deeper, said.hex()) == (case["deeper"], case["ranges"]), case["name"]
        heard = ranges.read_split(said, bits=case["bits"], deeper=deeper)
        assert isinstance(heard, ranges.Parts)
        assert (heard.bits, list(heard.prefixes), list(heard.sums)) == (
            parts.bits, list(parts.prefixes), list(parts.sums),
        )  # fmt: skip
        listed, lacked = ranges.leaves(theirs, heard)
        assert listed.hex() == case["parts"], case["name"]
        assert sorted(author.hex() for author in lacked) == case["lacked"]
        found = ranges.read_leaves(listed, parts)
        assert isinstance(found, ranges.Listed)


def test_samples(sync, keyed):
    for case in sync["samples"]:
        assert [str(seq) for seq in sample_seqs(int(case["size"]))] == case["seqs"]
        assert [keyed.sample(bytes.fromhex(one)).hex() for one in case["ids"]] == case["samples"]


def test_messages_and_frames(sync):
    for case in sync["messages"]:
        data = bytes.fromhex(case["message"])
        message = m.decode(data)
        assert not isinstance(message, Rejected), case["name"]
        assert type(message).__name__ == case["name"].split(",")[0]
        assert m.encode(message) == data
        assert m.frame(data).hex() == case["frame"]


def test_what_is_no_message_is_refused(sync):
    for case in sync["refused"]:
        found = m.decode(bytes.fromhex(case["message"]))
        assert found == Rejected(b"", "sync/message-shape"), case["name"]
