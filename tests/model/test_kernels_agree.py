"""Native kernels against the reference: the same bytes, statuses, codes and places, always.

Good input is made, then broken: a byte changed, a span cut out or doubled, a byte slipped in.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import itertools
import os
import struct
from dataclasses import asdict

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.errors import BadInput
from tallystick.kernels import Draft, Link, loader, reference, status

WHY_NOT = loader.native_fault()
REQUIRED = os.environ.get("TALLYSTICK_REQUIRE_NATIVE") == "1"
needs_native = pytest.mark.skipif(WHY_NOT is not None and not REQUIRED, reason=str(WHY_NOT))
pytestmark = [needs_native, pytest.mark.one_kernel("both are called here, whichever is active")]

KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
AUTHORS = [key.public_key().public_bytes_raw() for key in KEYS]
LOG = hashlib.sha256(b"log").digest()


@functools.cache
def native():
    if WHY_NOT is not None:
        pytest.fail(WHY_NOT)
    return importlib.import_module("tallystick.kernels.native")


def outcome(kernel, name, *args, **named):
    """What a call says, so that two can be compared: a value, a code and place, or a refusal."""
    try:
        found = getattr(kernel, name)(*args, **named)
    except BadInput as error:
        return error.code, error.where
    except (ValueError, OverflowError):
        return "bad call"
    if name == "open_pack":
        return asdict(found)
    return repr(found)  # tells 1 from True and 0.0 from -0.0


def agree(name, *args, **named):
    expected = outcome(reference, name, *args, **named)
    assert outcome(native(), name, *args, **named) == expected
    return expected


def u32(numbers):
    return struct.pack(f"<{len(numbers)}I", *numbers)


def u64(numbers):
    return struct.pack(f"<{len(numbers)}Q", *numbers)


digests = st.integers(0, 5).map(lambda n: hashlib.sha256(bytes([n])).digest())
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, -24, -25, 2**63 - 1]),
    st.text(max_size=30),
    st.binary(max_size=30),
    digests.map(Link),
    st.floats(allow_nan=False, allow_infinity=False),
)
keys = st.one_of(st.text(max_size=4), st.sampled_from(["a", "b", "aa", "é", ""]))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=5),
    ),
    max_leaves=20,
)
strange = st.one_of(
    st.just(object()),
    st.integers(2**63, 2**66),
    st.integers(-(2**66), -(2**63) - 1),
    st.sampled_from([float("nan"), float("inf"), "\ud800", 1j, {1}, {2: 3}, {"\udc00": 1}]),
)
strange_values = st.recursive(
    st.one_of(strange, scalars),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(keys, inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@st.composite
def broken(draw, whole):
    """Bytes that were good before one to three small accidents."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        end = at + draw(st.integers(1, 40))
        match draw(st.sampled_from(["set", "flip", "cut", "double", "insert", "end"])):
            case "set" if data:
                data[at] = draw(st.integers(0, 255))
            case "flip" if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del data[at:end]
            case "double":
                data[at:at] = data[at:end]
            case "insert":
                data[at:at] = bytes([draw(st.integers(0, 255))])
            case "end":
                del data[at:]
    return bytes(data)


encoded = values.map(lambda value: reference.encode_item(value, floats=True))
items = st.one_of(encoded, broken(encoded), st.binary(max_size=20))


@given(st.one_of(values, strange_values), st.booleans())
def test_values_are_encoded_or_refused_alike(value, floats):
    agree("encode_item", value, floats=floats)


@given(items, st.booleans())
def test_items_are_decoded_or_refused_alike(data, floats):
    agree("decode_item", data, floats=floats)


@given(st.integers(28, 36), st.sampled_from(["list", "map", "link", "cut"]))
def test_depth_ends_at_the_same_level(levels, inside):
    value: object = Link(LOG) if inside == "link" else []
    for _ in range(levels):
        value = {"k": value} if inside == "map" else [value]
    agree("encode_item", value)
    agree("decode_item", (b"\x81" * levels) + (b"" if inside == "cut" else b"\x80"))
    agree("decode_item", (b"\xa1\x61k" * levels) + b"\x00")


@given(st.lists(items, max_size=8), st.booleans(), st.integers(-2, 2))
def test_batches_of_items_are_checked_alike(pieces, floats, shift):
    ends = list(itertools.accumulate(map(len, pieces), initial=0))
    ends[-1] = max(0, ends[-1] + shift)
    agree("check_items", b"".join(pieces), u32(ends), floats=floats)


field_names = st.sampled_from(["a", "b", "rating", "\u00e9", ""])
maps = st.dictionaries(field_names, st.one_of(scalars, values), max_size=4)
encoded_maps = maps.map(lambda value: reference.encode_item(value, floats=True))
whole_maps = st.one_of(encoded_maps, broken(encoded_maps), items)


@given(st.lists(whole_maps, max_size=6), st.lists(field_names, max_size=3), st.booleans())
@settings(max_examples=300)
def test_fields_of_maps_are_read_alike(data, names, floats):
    agree("read_fields", data, names, floats=floats)


@given(st.lists(maps, max_size=5), st.lists(field_names, max_size=3))
def test_a_field_is_what_the_map_says_where_that_is_one_number_text_or_bytes(found, names):
    data = [reference.encode_item(item, floats=True) for item in found]
    plain_ones = (int, str, bytes)
    assert native().read_fields(data, names, floats=True) == tuple(
        [value if type(value := item.get(name)) in plain_ones else None for item in found]
        for name in names
    )


@given(st.lists(digests, max_size=30), st.integers(0, 2**32 - 30))
def test_ids_are_indexed_alike(ids, first):
    agree("index_pairs", b"".join(ids), first)


@given(st.lists(st.lists(st.binary(min_size=12, max_size=12)), max_size=5))
def test_pairs_are_merged_alike(runs):
    agree("merge_pairs", b"".join(pair for run in runs for pair in sorted(run)))


kinds = st.sampled_from(["record/edit", "a", "x-1/y", "log/create", "k" * 64])
numbers = st.one_of(st.integers(1, 30), st.integers(1, 2**63 - 1))


@st.composite
def drafts(draw, *, odd=False):
    """Some events to seal; odd ones break a rule now and then."""
    n = draw(st.integers(0, 6))

    def column(entries):
        return draw(st.lists(entries, min_size=n, max_size=n))

    deps = st.sets(digests, max_size=4).map(sorted)
    some_kinds = st.one_of(kinds, st.text("aA/-0\n", max_size=4)) if odd else kinds
    some_numbers = st.one_of(numbers, st.sampled_from([0, 2**63, 2**64 - 1])) if odd else numbers
    some_deps = st.one_of(deps, st.lists(digests, max_size=3)) if odd else deps
    return Draft(
        lamports=column(some_numbers),
        times=column(some_numbers),
        kinds=column(some_kinds),
        deps=[b"".join(row) for row in column(some_deps)],
        schemas=column(st.one_of(st.just(b""), digests)),
        frames=column(st.binary(max_size=40)),
        contents=column(st.binary(max_size=40)),
        seeds=column(st.binary(min_size=16, max_size=16)),
    )


@st.composite
def places(draw):
    seq = draw(st.sampled_from([0, 1, 23, 255, 70000, 2**63 - 3]))
    prev = draw(digests) if seq else b""
    return {"log": LOG, "author": AUTHORS[0], "seq": seq, "prev": prev}


@given(drafts(odd=True), places(), st.sampled_from([LOG, b""]))
def test_drafts_are_sealed_or_refused_alike(draft, place, log):
    agree("seal_pack", draft, **(place | {"log": log}))


def parts_changed(data, parts, kernel=reference):
    """The same events with other parts of their bodies sent along."""
    pack = kernel.open_pack(data, author=AUTHORS[0])
    starts, sizes = columns(pack, "header_start"), columns(pack, "header_size")
    frames, seals = columns(pack, "frame_start"), columns(pack, "seal_start")
    contents, lengths = columns(pack, "content_start"), columns(pack, "content_size")
    out = bytearray()
    for row in range(pack.count):
        part = parts[row % len(parts)]
        header = data[starts[row] : starts[row] + sizes[row]]
        frame, seed = data[frames[row] : seals[row]], data[seals[row] : contents[row]]
        content = data[contents[row] : contents[row] + lengths[row]]
        _, salt, hashed = kernel.commit_bodies([frame], [content], seed)
        out += bytes([part]) + header
        out += (b"", frame + salt + hashed, frame + seed + content)[part]
    return bytes(out)


def columns(pack, name):
    return struct.unpack(f"<{pack.count}I", getattr(pack, name))


@st.composite
def packs(draw):
    """A good pack: a new log's, or a slice of a chain, with parts of any kind."""
    draft, place = draw(drafts()), draw(places())
    draft.kinds = [kind if kind != "log/create" else "a" for kind in draft.kinds]
    if place["seq"] > 2**62:
        place |= {"seq": 2**63 - 1 - len(draft.kinds)}
    if place["seq"] == 0 and draft.kinds and draw(st.booleans()):
        place |= {"log": b""}
        draft.kinds[0], draft.lamports[0], draft.deps[0] = "log/create", 0, b""
    parts = draw(st.lists(st.integers(0, 2), min_size=1, max_size=3))
    return parts_changed(reference.seal_pack(draft, **place), parts)


@given(packs())
def test_good_packs_open_alike_and_whole(data):
    for log in (b"", LOG):
        found = agree("open_pack", data, log=log, author=AUTHORS[0])
        assert log or found["stopped"] is None
    agree("open_pack", data, author=AUTHORS[1])


@given(st.one_of(broken(packs()), st.binary(max_size=60)))
@settings(max_examples=300)
def test_broken_packs_open_alike(data):
    agree("open_pack", data, log=LOG, author=AUTHORS[0])
    agree("open_pack", data, author=AUTHORS[0])


HEADER_FIELDS = st.one_of(
    scalars, st.lists(digests.map(Link), max_size=3), st.just({}), st.sampled_from(AUTHORS)
)


@given(packs(), st.dictionaries(st.integers(0, 13), HEADER_FIELDS, max_size=2), st.integers(0, 3))
def test_headers_with_other_fields_are_judged_alike(data, fields, part):
    pack = reference.open_pack(data, author=AUTHORS[0])
    if not pack.count:
        return
    size = columns(pack, "header_size")[0]
    header = reference.decode_item(data[1 : 1 + size])
    for number, value in sorted(fields.items()):
        header[number : number + 1] = [value]
    changed = bytes([part]) + reference.encode_item(header, floats=True) + data[1 + size :]
    agree("open_pack", changed, log=LOG, author=AUTHORS[0])
    agree("open_pack", changed, author=AUTHORS[0])


@given(packs(), st.sampled_from(["", "lamports", "kind", "schema", "dep_offsets", "bodies"]))
def test_headers_are_rebuilt_alike(data, short):
    pack = reference.open_pack(data, author=AUTHORS[0])
    genesis = pack.count > 0 and pack.seq == 0 and pack.id(0) == pack.log
    names = ("lamports", "times", "kinds", "kind", "schemas", "schema", "dep_offsets", "deps")
    given_columns = {name: getattr(pack, name) for name in (*names, "bodies")} | {
        "log": b"" if genesis else pack.log,
        "author": pack.author,
        "seq": pack.seq,
        "prev": pack.prev,
        "frame_sizes": pack.frame_size,
        "content_sizes": pack.content_size,
    }
    if short:
        given_columns[short] = given_columns[short][:-4]
    agree("rebuild_headers", **given_columns)


@given(st.lists(st.tuples(st.binary(max_size=90), st.binary(max_size=90)), max_size=5), digests)
def test_bodies_are_committed_alike(parts, salt):
    seeds = b"".join(hashlib.md5(salt + bytes([n])).digest() for n in range(len(parts)))
    agree("commit_bodies", [frame for frame, _ in parts], [content for _, content in parts], seeds)


def leaves_of(count, salt=0):
    rows = (hashlib.sha256(struct.pack("<2I", salt, n)).digest() for n in range(count))
    return b"".join(rows)


@given(st.integers(0, 300), st.integers(0, 300))
def test_trees_grow_alike(first, second):
    leaves = leaves_of(first + second)
    peaks = reference.merkle_append(0, b"", leaves[: 32 * first])
    agree("merkle_append", 0, b"", leaves)
    agree("merkle_append", first, peaks, leaves[32 * first :])
    agree("merkle_append", second, peaks, leaves)
    agree("merkle_root", peaks)
    for level in range(10):
        agree("merkle_nodes", leaves, level)
        agree("merkle_nodes", leaves[: (first >> level << level) * 32], level)


@given(st.integers(1, 200), st.data())
def test_proofs_are_made_and_verified_alike(size, data):
    leaves = leaves_of(size)
    indices = data.draw(st.lists(st.integers(0, size + size // 8), max_size=6))
    agree("merkle_prove", leaves, u32(indices))
    indices = [index % size for index in indices]
    proofs, offsets = reference.merkle_prove(leaves, u32(indices))
    root = reference.merkle_root(reference.merkle_append(0, b"", leaves))
    chosen = b"".join(leaves[32 * index : 32 * index + 32] for index in indices)
    said = data.draw(st.sampled_from([size, size + 1, 0, 2**64 - 1]))
    bad = bytearray(proofs)
    if bad and data.draw(st.booleans()):
        bad[data.draw(st.integers(0, len(bad) - 1))] ^= 1
    shifted = [index + data.draw(st.sampled_from([0, 0, 1, 2**40])) for index in indices]
    good = agree("merkle_verify", root, size, chosen, u64(indices), proofs, offsets)
    assert good == repr(bytes(len(indices)))
    agree("merkle_verify", root, said, chosen, u64(shifted), bytes(bad), offsets)


@given(
    st.integers(0, 150),
    st.one_of(
        st.integers(0, 300),
        st.integers(2**63 - 200, 2**63 + 9),
        st.integers(2**64 - 200, 2**64 + 9),
    ),
)
def test_ranges_are_hashed_or_refused_alike(count, begin):
    agree("merkle_range", leaves_of(count), begin)


@st.composite
def consistency_batches(draw):
    """Good columns: sizes, both roots, proofs, offsets; and the leaves they are of."""
    size = draw(st.integers(1, 120))
    leaves = leaves_of(size)
    pair = st.tuples(st.integers(1, size), st.integers(1, size)).map(sorted)
    sizes = list(itertools.chain(*draw(st.lists(pair, max_size=6))))
    tops = [
        reference.merkle_root(reference.merkle_append(0, b"", leaves[: 32 * end])) for end in sizes
    ]
    proofs, offsets = reference.merkle_consistency(leaves, u64(sizes))
    columns = u64(sizes), b"".join(tops[::2]), b"".join(tops[1::2]), proofs, offsets
    return leaves, columns


@given(consistency_batches(), st.integers(-1, 1))
def test_consistency_proofs_are_made_or_refused_alike_and_verify(batch, shift):
    leaves, columns = batch
    agree("merkle_consistency", leaves, columns[0])
    good = agree("merkle_verify_consistency", *columns)
    assert good == repr(bytes(len(columns[0]) // 16))
    sizes = struct.unpack(f"<{len(columns[0]) // 8}Q", columns[0])
    agree("merkle_consistency", leaves, u64([size + shift for size in sizes]))


@given(consistency_batches(), st.data())
@settings(max_examples=200)
def test_broken_consistency_proofs_are_judged_alike(batch, data):
    sizes, *roots, proofs, offsets = batch[1]
    numbers = list(struct.unpack(f"<{len(sizes) // 8}Q", sizes))
    ends = list(struct.unpack(f"<{len(offsets) // 4}I", offsets))
    match data.draw(st.sampled_from(["bytes", "size", "cut", "swap", "lengths"])):
        case "size" if numbers:
            at = data.draw(st.integers(0, len(numbers) - 1))
            near = st.integers(0, 130)
            numbers[at] = data.draw(st.one_of(near, st.sampled_from([2**63, 2**64 - 1])))
        case "cut" if len(ends) > 1:  # a row gets hashes of its neighbour's, or loses some
            at = data.draw(st.integers(0, len(ends) - 1))
            ends[at] = max(0, ends[at] + data.draw(st.integers(-2, 2)))
        case "swap":
            proofs = proofs[32:] + proofs[:32]
        case "lengths":
            roots[0] = roots[0][:-1]
        case _ if proofs:
            at = data.draw(st.integers(0, len(proofs) - 1))
            proofs = proofs[:at] + bytes([proofs[at] ^ 1]) + proofs[at + 1 :]
    agree("merkle_verify_consistency", u64(numbers), *roots, proofs, u32(ends))


@given(
    st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=9), st.integers(-1, 95)), max_size=9)
)
@settings(max_examples=40)
def test_signatures_are_judged_alike_one_by_one_and_in_batches(rows):
    authors, signatures, messages = b"", b"", []
    for who, message, touched in rows:
        both = bytearray(AUTHORS[who] + KEYS[who].sign(message))
        if touched >= 0:
            both[touched] ^= 1 << touched % 8
        authors, signatures = authors + both[:32], signatures + both[32:]
        messages.append(message)
    agree("verify_signatures", bytes(authors), bytes(signatures), messages)
    agree("verify_signatures", bytes(authors) * 20, bytes(signatures) * 20, messages * 20)


P = 2**255 - 19
near_the_field = st.integers(-20, 20).map(lambda n: (P + n) % 2**255)


@given(
    st.one_of(
        st.binary(max_size=34),
        st.binary(min_size=32, max_size=32),
        st.tuples(near_the_field, st.booleans()).map(
            lambda pair: (pair[0] | pair[1] << 255).to_bytes(32, "little")
        ),
    )
)
def test_author_keys_are_judged_alike(key):
    agree("is_author_key", key)


@st.composite
def graphs(draw, *, ordered=True):
    """Parent lists of up to 40 rows, as columns."""
    n = draw(st.integers(0, 40))
    rows = []
    for row in range(n):
        top = row - 1 if ordered else n
        size = draw(st.integers(0, 3)) if top >= 0 else 0
        near = st.integers(max(0, top - 6), max(top, 0))
        entry = st.one_of(near, st.integers(0, max(top, 0)))
        rows.append(draw(st.lists(entry, min_size=size, max_size=size)))
    offsets = u32(list(itertools.accumulate(map(len, rows), initial=0)))
    return n, offsets, u32(list(itertools.chain(*rows)))


@given(graphs(), st.data())
def test_graphs_are_read_alike(graph, data):
    n, offsets, parents = graph
    agree("graph_lamports", offsets, parents)
    agree("graph_heads", offsets, parents)
    pairs = u32([number for pair in itertools.product(range(n), repeat=2) for number in pair])
    agree("graph_ancestry", offsets, parents, pairs)
    some = data.draw(st.lists(st.integers(0, max(n, 1)), max_size=4))
    agree("graph_ancestry", offsets, parents, u32(some))
    chains = u32([row * row % 5 for row in range(n)])
    seqs = u64([2**63 - 1 if row % 7 == 6 else row for row in range(n)])
    agree("graph_vector", offsets, parents, chains, seqs, u32(some), 5)
    agree("graph_vector", offsets, parents, chains, seqs, u32(some), 4)


@given(graphs(ordered=False))
def test_graphs_out_of_order_are_refused_alike(graph):
    _, offsets, parents = graph
    agree("graph_lamports", offsets, parents)
    agree("graph_heads", offsets, parents)
    agree("graph_ancestry", offsets, parents, b"")


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 2**63]), digests, st.sampled_from([0, 256]), digests),
        max_size=12,
    )
)
def test_canonical_order_is_alike_whatever_the_ties(rows):
    lamports, authors, seqs, ids = zip(*rows, strict=True) if rows else ((), (), (), ())
    agree("graph_order", u64(lamports), b"".join(authors), u64(seqs), b"".join(ids))


frame_parts = st.one_of(
    scalars, st.sampled_from([[], [[]], {}, [0], [0, 0, 0], "a", LOG, Link(LOG)])
)


@st.composite
def edits(draw):
    """The item of a good frame: authors some of whom have a side, ops that go over others."""
    entry = st.one_of(digests, st.tuples(digests, digests.map(Link)))
    some_keys = draw(st.lists(entry, max_size=3, unique=True))
    ops = []
    for index in range(draw(st.integers(1, 4))):
        places = st.lists(st.text(max_size=5), max_size=3)
        whole = st.integers(0, 2**63 - 1)
        refs = [st.tuples(st.integers(0, index - 1)).map(list)] if index else []
        if some_keys:
            named = st.tuples(st.integers(0, len(some_keys) - 1), whole, whole)
            refs.append(named.map(list))
        over = st.lists(st.one_of(refs), max_size=3) if refs else st.just([])
        numbers = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=2)
        ops.append([draw(whole), draw(places), draw(over), *draw(numbers)])
    return [[list(e) if isinstance(e, tuple) else e for e in some_keys], ops]


@st.composite
def misshapen(draw):
    """A frame's item with one entry somewhere in it changed, taken out, put in or doubled."""
    item = inside = draw(edits())
    while True:
        at = draw(st.integers(0, len(inside) - 1))
        if not (isinstance(inside[at], list) and inside[at]) or draw(st.integers(0, 3)) == 0:
            break
        inside = inside[at]
    match draw(st.sampled_from(["change", "out", "in", "double"])):
        case "change":
            inside[at] = draw(frame_parts)
        case "out":
            del inside[at]
        case "in":
            inside.insert(at, draw(frame_parts))
        case "double":
            inside.insert(at, inside[at])
    return item


def plain(opened):
    """The item that authors and ops came from."""
    authors, ops = opened
    return [
        [key if side is None else [key, Link(side)] for key, side in authors],
        [
            [verb, list(place), [[i] if a < 0 else [a, s, i] for a, s, i in over], *numbers]
            for verb, place, over, numbers in ops
        ],
    ]


frames = edits().map(reference.encode_item)
misshapen_frames = misshapen().map(lambda item: reference.encode_item(item, floats=True))


@given(st.lists(edits(), max_size=3))
def test_good_frames_open_alike_and_whole(items):
    data = [reference.encode_item(item) for item in items]
    agree("open_frames", data)
    assert [plain(opened) for opened in native().open_frames(data)] == items


@given(st.lists(st.one_of(misshapen_frames, broken(frames), st.binary(max_size=12)), max_size=4))
@settings(max_examples=300)
def test_frames_of_any_bytes_open_or_are_refused_alike(data):
    agree("open_frames", data)


@given(frames)
@settings(max_examples=20)
def test_a_frame_that_ends_anywhere_else_is_refused(data):
    cut = [data[:end] for end in range(len(data))] + [data + b"\x00"]
    agree("open_frames", cut)
    assert set(native().open_frames(cut)) == {status.FRAME}


@pytest.mark.parametrize("count", [1, 8, 9, 40])
def test_an_author_who_is_there_twice_is_found_however_many_there_are(count):
    entries = [hashlib.sha256(bytes([n])).digest() for n in range(count)]
    entries += [[key, Link(LOG)] for key in entries]
    op = [1, ["a"], []]
    good = reference.encode_item([entries, [op]])
    twice = [reference.encode_item([[*entries, entry], [op]]) for entry in entries]
    agree("open_frames", [good, *twice])
    opened, *refused = native().open_frames([good, *twice])
    assert len(opened[0]) == 2 * count
    assert refused == [status.FRAME] * (2 * count)
