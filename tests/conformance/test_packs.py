"""spec/vectors/packs.json: packs opened, sealed, rebuilt, cut off and broken rule by rule."""

from __future__ import annotations

import hashlib
import itertools
import struct
from dataclasses import asdict, replace

import pytest

from tallystick.errors import BadInput
from tallystick.kernels import Draft, status

PARTS = ("header", "skeleton", "whole")
AUTHOR = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
LOG = hashlib.sha256(b"log").digest()


def hex_or_empty(text):
    return bytes.fromhex(text or "")


def u32(column):
    return struct.unpack(f"<{len(column) // 4}I", column)


def u64(column):
    return struct.unpack(f"<{len(column) // 8}Q", column)


def open_case(kernel, case):
    return kernel.open_pack(
        bytes.fromhex(case["pack"]),
        log=hex_or_empty(case["log"]),
        author=bytes.fromhex(case["author"]),
    )


def event_of(pack, row):
    """One row of a pack in the form of the vectors."""
    deps = u32(pack.dep_offsets)
    word = u32(pack.schema)[row]
    part = pack.part[row]
    frame_at, seal_at = u32(pack.frame_start)[row], u32(pack.seal_start)[row]
    content_at, content_size = u32(pack.content_start)[row], u32(pack.content_size)[row]
    shown = {
        "id": pack.id(row).hex(),
        "log": None if pack.seq + row == 0 and pack.id(row) == pack.log else pack.log.hex(),
        "seq": str(pack.seq + row),
        "lamport": str(u64(pack.lamports)[row]),
        "time": str(u64(pack.times)[row]),
        "kind": pack.kinds[u32(pack.kind)[row]],
        "deps": [pack.deps[32 * n : 32 * n + 32].hex() for n in range(deps[row], deps[row + 1])],
        "schema": pack.schemas[word - 1].hex() if word else None,
        "frame_size": u32(pack.frame_size)[row],
        "content_size": content_size,
        "body": pack.bodies[32 * row : 32 * row + 32].hex(),
        "part": PARTS[part],
        "body_fits": pack.body_status[row] == status.OK,
    }
    assert pack.body_status[row] in (status.OK, status.BODY_MISMATCH)
    if part:
        assert seal_at == frame_at + u32(pack.frame_size)[row]
        shown["frame"] = pack.data[frame_at:seal_at].hex()
    if part == 2:
        assert content_at == seal_at + 16
        shown["seed"] = pack.data[seal_at:content_at].hex()
        shown["content"] = pack.data[content_at : content_at + content_size].hex()
    return shown


def stopped_of(pack):
    if pack.stopped is None:
        return None
    row, found, at = pack.stopped
    return {"row": row, "code": status.CODE[found], "at": at}


@pytest.mark.parametrize("section", ["opens", "stops"])
def test_every_pack_opens_as_the_vectors_say(kernel, vectors, section):
    for case in vectors("packs")[section]:
        pack, expected = open_case(kernel, case), case["opens_as"]
        assert stopped_of(pack) == expected["stopped"], case["name"]
        assert pack.count == len(expected["events"]), case["name"]
        assert [event_of(pack, n) for n in range(pack.count)] == expected["events"], case["name"]
        assert pack.log == hex_or_empty(expected["log"]), case["name"]
        assert pack.prev == hex_or_empty(expected["prev"]), case["name"]
        assert str(pack.seq) == expected["seq"], case["name"]
        assert pack.author.hex() == case["author"]


def test_headers_are_where_the_columns_say(kernel, vectors):
    for case in vectors("packs")["opens"]:
        pack = open_case(kernel, case)
        spans = zip(u32(pack.header_start), u32(pack.header_size), strict=True)
        headers = [pack.data[start : start + size] for start, size in spans]
        assert b"".join(hashlib.sha256(h).digest() for h in headers) == pack.ids


def test_headers_are_rebuilt_from_columns_to_the_same_bytes(kernel, vectors):
    for case in vectors("packs")["opens"]:
        pack = open_case(kernel, case)
        spans = list(zip(u32(pack.header_start), u32(pack.header_size), strict=True))
        expected = [pack.data[start : start + size] for start, size in spans]
        headers, offsets = kernel.rebuild_headers(**place_of(pack), **columns_of(pack))
        assert headers == b"".join(expected), case["name"]
        assert list(u32(offsets)) == list(itertools.accumulate(map(len, expected), initial=0))


def place_of(pack):
    """log is empty when the first row is the genesis event itself."""
    genesis = pack.count > 0 and pack.seq == 0 and pack.id(0) == pack.log
    log = b"" if genesis else pack.log
    return {"log": log, "author": pack.author, "seq": pack.seq, "prev": pack.prev}


def columns_of(pack):
    names = ("lamports", "times", "kinds", "kind", "schemas", "schema", "dep_offsets", "deps")
    return {name: getattr(pack, name) for name in (*names, "bodies")} | {
        "frame_sizes": pack.frame_size,
        "content_sizes": pack.content_size,
    }


def draft_of(pack):
    """The draft that a whole pack was sealed from."""
    rows = [event_of(pack, row) for row in range(pack.count)]
    return Draft(
        lamports=[int(row["lamport"]) for row in rows],
        times=[int(row["time"]) for row in rows],
        kinds=[row["kind"] for row in rows],
        deps=[bytes.fromhex("".join(row["deps"])) for row in rows],
        schemas=[hex_or_empty(row["schema"]) for row in rows],
        frames=[bytes.fromhex(row["frame"]) for row in rows],
        contents=[bytes.fromhex(row["content"]) for row in rows],
        seeds=[bytes.fromhex(row["seed"]) for row in rows],
    )


def test_what_opens_whole_comes_out_of_sealing_again(kernel, vectors):
    sealed = 0
    for case in vectors("packs")["opens"]:
        pack = open_case(kernel, case)
        if set(pack.part) == {2}:
            assert kernel.seal_pack(draft_of(pack), **place_of(pack)).hex() == case["pack"]
            sealed += 1
    assert sealed >= 6


def test_bodies_commit_to_frame_content_and_seed(kernel, vectors):
    cases = vectors("packs")["bodies"]
    column = {name: [bytes.fromhex(case[name]) for case in cases] for name in cases[0]}
    found = kernel.commit_bodies(column["frame"], column["content"], b"".join(column["seed"]))
    assert found == tuple(b"".join(column[name]) for name in ("body", "salt_f", "c"))
    assert kernel.commit_bodies([], [], b"") == (b"", b"", b"")


def some_draft(count=1, **changes):
    draft = Draft(
        lamports=list(range(1, count + 1)),
        times=[7] * count,
        kinds=["a/b"] * count,
        deps=[b""] * count,
        schemas=[b""] * count,
        frames=[b"\x01"] * count,
        contents=[b"\x02"] * count,
        seeds=[bytes(16)] * count,
    )
    return replace(draft, **changes)


def seal(kernel, draft, **changes):
    place = {"log": LOG, "author": AUTHOR, "seq": 0, "prev": b""} | changes
    return kernel.seal_pack(draft, **place)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kinds": ["A"]}, "event/kind"),
        ({"kinds": ["log/create"]}, "event/genesis"),
        ({"lamports": [0]}, "event/genesis"),
        ({"lamports": [2**63]}, "event/uint-range"),
        ({"times": [-1]}, "event/uint-range"),
        ({"times": [2**70]}, "event/uint-range"),
        ({"deps": [b"\x02" * 32 + b"\x01" * 32]}, "event/deps"),
        ({"deps": [b"\x02" * 64]}, "event/deps"),
        ({"contents": [bytes(2**20)]}, "event/too-large"),
        ({"deps": [b"".join(bytes([n]) * 32 for n in range(33))]}, "event/deps"),
    ],
)
def test_nothing_is_sealed_that_no_one_may_accept(kernel, changes, code):
    with pytest.raises(BadInput) as caught:
        seal(kernel, some_draft(**changes))
    assert (caught.value.code, caught.value.where) == (code, "event 0")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"author": bytes(32)}, "event/author-key"),
        ({"log": b""}, "event/genesis"),
        ({"seq": 2**63, "prev": LOG}, "event/uint-range"),
    ],
)
def test_no_pack_is_sealed_at_a_place_it_may_not_have(kernel, changes, code):
    with pytest.raises(BadInput) as caught:
        seal(kernel, some_draft(), **changes)
    assert caught.value.code == code


def test_the_second_event_at_fault_is_named(kernel):
    with pytest.raises(BadInput) as caught:
        seal(kernel, some_draft(3, kinds=["a", "b", ""]))
    assert (caught.value.code, caught.value.where) == ("event/kind", "event 2")


@pytest.mark.parametrize(
    "changes",
    [
        {"lamports": [1, 2]},
        {"kinds": []},
        {"seeds": [bytes(15)]},
        {"schemas": [bytes(31)]},
        {"deps": [bytes(33)]},
    ],
)
def test_columns_that_do_not_fit_are_a_bad_call(kernel, changes):
    with pytest.raises(ValueError, match=r".+"):
        seal(kernel, some_draft(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"log": bytes(31)},
        {"author": bytes(33)},
        {"prev": bytes(32)},
        {"seq": 1},
        {"seq": 1, "prev": bytes(31)},
    ],
)
def test_a_place_that_does_not_fit_is_a_bad_call(kernel, changes):
    with pytest.raises(ValueError, match=r".+"):
        seal(kernel, some_draft(), **changes)


def test_a_pack_holds_4096_events_and_no_more(kernel):
    with pytest.raises(ValueError, match=r".+"):
        seal(kernel, some_draft(4097))
    data = seal(kernel, some_draft(4096))
    full = kernel.open_pack(data, log=LOG, author=AUTHOR)
    assert (full.count, full.stopped) == (4096, None)
    more = seal(kernel, some_draft(), seq=4096, prev=full.id(4095))
    over = kernel.open_pack(data + more, log=LOG, author=AUTHOR)
    assert (over.count, over.stopped) == (4096, (4096, status.TOO_MANY, len(data)))


def test_a_pack_cut_anywhere_keeps_its_whole_events_and_says_so(kernel):
    data = seal(kernel, some_draft(2))
    first = len(seal(kernel, some_draft(1)))
    for cut in range(len(data)):
        pack = kernel.open_pack(data[:cut], log=LOG, author=AUTHOR)
        whole, start = (1, first) if cut >= first else (0, 0)
        expected = (whole, status.TRUNCATED, start) if cut > start else None
        assert (pack.count, pack.stopped) == (whole, expected)


def test_a_log_or_author_of_the_wrong_length_is_a_bad_call(kernel):
    for log, author in ((bytes(31), AUTHOR), (LOG, bytes(31)), (LOG, b"")):
        with pytest.raises(ValueError, match=r".+"):
            kernel.open_pack(b"", log=log, author=author)


def test_an_index_beyond_the_words_is_a_bad_call(kernel):
    pack = kernel.open_pack(seal(kernel, some_draft()), log=LOG, author=AUTHOR)
    for change in ({"kind": struct.pack("<I", 1)}, {"schema": struct.pack("<I", 1)}):
        with pytest.raises(ValueError, match=r".+"):
            kernel.rebuild_headers(**place_of(pack), **(columns_of(pack) | change))


def test_both_spellings_of_a_buffer_open_alike(kernel):
    data = seal(kernel, some_draft(2))
    plain = kernel.open_pack(data, author=AUTHOR)
    assert asdict(kernel.open_pack(memoryview(data), author=AUTHOR)) == asdict(plain)
