"""What the compiled module keeps by itself: its tables, its stub, its manners with odd callers.

Results are compared with the reference in ``test_kernels_agree.py``; here is what that cannot see:
big batches that take other paths inside, and calls that no kernel is meant to get.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallystick.kernels import Draft, loader, reference, status

WHY_NOT = loader.native_fault()
REQUIRED = os.environ.get("TALLYSTICK_REQUIRE_NATIVE") == "1"
pytestmark = [
    pytest.mark.skipif(WHY_NOT is not None and not REQUIRED, reason=str(WHY_NOT)),
    pytest.mark.one_kernel("native is called here, whichever is active"),
]

ROOT = Path(__file__).resolve().parents[2]
KEY = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
AUTHOR = KEY.public_key().public_bytes_raw()
LOG = hashlib.sha256(b"log").digest()


@pytest.fixture(scope="module")
def native():
    importlib.import_module("tallystick.kernels.native")  # hands over the class of links
    return importlib.import_module("tallystick_native")


def u32(*numbers):
    return struct.pack(f"<{len(numbers)}I", *numbers)


def draft(rows, **columns):
    plain = {
        "lamports": list(range(1, rows + 1)),
        "times": [1_700_000_000_000] * rows,
        "kinds": [f"kind/{row % 7}" for row in range(rows)],
        "deps": [b""] * rows,
        "schemas": [hashlib.sha256(bytes([row % 9])).digest() for row in range(rows)],
        "frames": [bytes([row % 251]) * (row % 40) for row in range(rows)],
        "contents": [b"c" * (row % 90) for row in range(rows)],
        "seeds": [struct.pack("<QQ", row, row) for row in range(rows)],
    }
    return Draft(**(plain | columns))


PLACE = {"log": LOG, "author": AUTHOR, "seq": 0, "prev": b""}


def test_both_languages_list_the_same_statuses(native):
    ours = {name: value for name, value in vars(status).items() if isinstance(value, int)}
    assert ours == native.STATUSES


def test_version_and_abi_are_the_loaders(native):
    assert loader.native_fault() is None
    assert loader.ABI == native.ABI


@pytest.mark.slow
def test_the_stub_says_what_the_module_has(native):
    allowed = ROOT / "native" / "stubtest-allowlist.txt"
    command = [sys.executable, "-m", "mypy.stubtest", "tallystick_native", "--allowlist", allowed]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_full_pack_is_sealed_and_opened_as_the_reference_does(native):
    full = draft(4096)
    data = native.seal_pack(full, **PLACE)
    assert data == reference.seal_pack(full, **PLACE)
    pack = reference.open_pack(data, author=AUTHOR)
    assert native.open_pack(data, author=AUTHOR) == tuple(
        getattr(pack, name) for name in type(pack).__slots__
    )
    assert pack.count == 4096
    assert len(pack.kinds) == 7
    assert len(pack.schemas) == 9


def test_many_different_kinds_are_numbered_as_they_appear(native):
    kinds = [f"k/{row * 37 % 200}" for row in range(400)]
    opened = native.open_pack(native.seal_pack(draft(400, kinds=kinds), **PLACE), author=AUTHOR)
    words, numbers = opened[9], struct.unpack("<400I", opened[10])
    assert words == list(dict.fromkeys(kinds))
    assert [words[number] for number in numbers] == kinds


def test_one_event_more_than_a_pack_holds_is_left_out(native):
    first = native.seal_pack(draft(4096), **PLACE)
    last = native.open_pack(first, author=AUTHOR)[6][-32:]
    more = native.seal_pack(draft(1), **(PLACE | {"seq": 4096, "prev": last}))
    opened = native.open_pack(first + more, author=AUTHOR)
    assert opened[3] == 4096
    assert opened[-1] == (4096, status.TOO_MANY, len(first))


@pytest.mark.parametrize("seed", range(4))
def test_ancestry_of_wide_and_of_narrow_graphs_is_the_references(native, seed):
    source = random.Random(seed)
    width = [3, 30, 200, 1500][seed]
    rows = 1500
    parents, offsets = [], [0]
    for row in range(rows):
        if row:
            near = range(max(0, row - width), row)
            parents += sorted(set(source.choices(near, k=source.choice([0, 1, 1, 1, 2, 3]))))
        offsets.append(len(parents))
    pairs = [source.randrange(rows) for _ in range(3000)]
    arguments = u32(*offsets), u32(*parents), u32(*pairs)
    expected = reference.graph_ancestry(*arguments)
    assert native.graph_ancestry(*arguments) == expected
    one_by_one = (u32(*pairs[at : at + 2]) for at in range(0, 300, 2))
    assert b"".join(native.graph_ancestry(*arguments[:2], q) for q in one_by_one) == expected[:150]


def test_a_batch_on_all_cores_finds_every_bad_signature_in_its_row(native):
    messages = [struct.pack("<Q", row) for row in range(300)]
    signed = [bytearray(KEY.sign(message)) for message in messages]
    bad = {0, 31, 32, 63, 64, 149, 150, 151, 299}
    for row in bad:
        signed[row][row % 64] ^= 1
    found = native.verify_signatures(AUTHOR * 300, b"".join(map(bytes, signed)), messages)
    assert {row for row, said in enumerate(found) if said != status.OK} == bad


def test_bytes_may_come_in_anything_that_holds_bytes(native):
    data = native.seal_pack(draft(3), **PLACE)
    expected = native.open_pack(data, log=LOG, author=AUTHOR)
    for wrap in (bytearray, memoryview):
        assert native.open_pack(wrap(data), log=wrap(LOG), author=wrap(AUTHOR)) == expected
        assert native.decode_item(wrap(b"\x83\x01\x02\x03")) == [1, 2, 3]
        assert native.merkle_append(0, wrap(b""), wrap(LOG)) == native.merkle_append(0, b"", LOG)
    assert native.encode_item(memoryview(b"abcdef")[::2]) == native.encode_item(b"ace")


BAD_CALLS = {
    "text for bytes": lambda n: n.decode_item("00"),
    "a number for bytes": lambda n: n.is_author_key(32),
    "a negative size": lambda n: n.merkle_append(-1, b"", b""),
    "a size beyond 64 bits": lambda n: n.merkle_append(2**64, b"", b""),
    "more leaves than can be counted": lambda n: n.merkle_append(2**64 - 1, LOG * 64, LOG),
    "a level beyond any tree": lambda n: n.merkle_nodes(b"", 64),
    "half a leaf": lambda n: n.merkle_append(0, b"", LOG[:16]),
    "offsets that run backwards": lambda n: n.check_items(b"\x00\x00", u32(0, 2, 1)),
    "offsets past the end": lambda n: n.check_items(b"\x00", u32(0, 2)),
    "no offsets": lambda n: n.graph_heads(b"", b""),
    "a child before its parent": lambda n: n.graph_lamports(u32(0, 1), u32(0)),
    "a row that is not there": lambda n: n.graph_ancestry(u32(0, 0), b"", u32(0, 1)),
    "a chain that is not there": lambda n: n.graph_vector(
        u32(0, 0), b"", u32(5), bytes(8), u32(0), 5
    ),
    "half a question": lambda n: n.graph_ancestry(u32(0, 0), b"", u32(0)),
    "a short author": lambda n: n.open_pack(b"", author=AUTHOR[:31]),
    "a short log": lambda n: n.open_pack(b"", log=LOG[:31], author=AUTHOR),
    "too many events": lambda n: n.seal_pack(draft(4097), **PLACE),
    "columns of different length": lambda n: n.seal_pack(draft(2, seeds=[bytes(16)]), **PLACE),
    "a short seed": lambda n: n.seal_pack(draft(1, seeds=[b"seed"]), **PLACE),
    "a kind that is no text": lambda n: n.seal_pack(draft(1, kinds=[7]), **PLACE),
    "prev at seq 0": lambda n: n.seal_pack(draft(1), **(PLACE | {"prev": LOG})),
    "a negative seq": lambda n: n.seal_pack(draft(1), **(PLACE | {"seq": -1, "prev": LOG})),
    "frames that are not bytes": lambda n: n.open_frames([b"", "text"]),
    "fields of what is not bytes": lambda n: n.read_fields([b"", "text"], ["a"]),
    "names that are not text": lambda n: n.read_fields([b""], [b"a"]),
    "transfers that are not bytes": lambda n: n.open_transfers([b"", "text"]),
    "more lamports than transfers": lambda n: n.post_transfers([b""], bytes(16), bytes(8)),
    "a row of 2^63": lambda n: n.post_transfers([b""], bytes(8), b"\xff" * 8),
    "ids cut short": lambda n: n.index_pairs(LOG + b"x", 1),
    "rows beyond 2^32": lambda n: n.index_pairs(LOG + LOG, 2**32 - 1),
    "a negative row": lambda n: n.index_pairs(LOG, -1),
    "pairs cut short": lambda n: n.merge_pairs(bytes(13)),
    "frames that are a number": lambda n: n.open_frames(3),
    "messages that are not bytes": lambda n: n.verify_signatures(AUTHOR, bytes(64), ["text"]),
    "fewer messages than keys": lambda n: n.verify_signatures(AUTHOR, bytes(64), []),
}


@pytest.mark.parametrize("call", BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_bad_call_is_a_value_or_type_error(native, call):
    with pytest.raises((ValueError, TypeError)):
        call(native)


def test_bad_data_tells_its_status_and_place(native):
    with pytest.raises(native.ItemError) as caught:
        native.encode_item({"a": [1, 2, {"b": 2**63}]})
    assert caught.value.args == (status.INT_RANGE, "$.a[2].b")
    assert (caught.value.status, caught.value.where) == caught.value.args
    with pytest.raises(native.ItemError) as caught:
        native.decode_item(b"\x82\x00\x18\x00")
    assert caught.value.args == (status.NOT_SHORTEST, "byte 2")


def test_the_end_of_the_numbers_is_not_the_end_of_the_process(native):
    last = PLACE | {"seq": 2**63 - 1, "prev": LOG}
    pack = native.seal_pack(draft(1), **last)
    assert native.open_pack(pack + pack, author=AUTHOR)[-1] == (1, status.CHAIN_SEQ, len(pack))
    for seq in (2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**200):
        with pytest.raises(native.ItemError) as caught:
            native.seal_pack(draft(2), **(last | {"seq": seq}))
        assert caught.value.args == (status.UINT_RANGE, f"event {int(seq < 2**63)}")
