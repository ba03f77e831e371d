"""Rows put in as one statement are those that one INSERT per event makes."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.world import key

from tallystick import kernels
from tallystick.kernels import PART_SKELETON, PART_WHOLE, Draft, Pack
from tallystick.limits import UINT_MAX
from tallystick.store import Store, bulk

KINDS, SCHEMAS = ("note/text", "rating/rate", "x"), (b"", sha256(b"a").digest(), bytes(32))
DEP, LOG = sha256(b"dep").digest(), sha256(b"log").digest()


@st.composite
def packs(draw: st.DrawFn) -> Pack:
    """One chain's events: all alike in some columns, each its own way in others, some odd."""
    count = draw(st.integers(1, 60))

    def column(one: st.SearchStrategy) -> list:
        if draw(st.booleans()):
            return [draw(one)] * count
        return draw(st.lists(one, min_size=count, max_size=count))

    steps = column(st.integers(1, 3))
    first = draw(st.sampled_from((1, 7, UINT_MAX - 300)))
    with_deps = draw(st.sets(st.integers(0, count - 1), max_size=3))
    draft = Draft(
        [first + sum(steps[:at]) for at in range(count)],
        column(st.sampled_from((0, 1, 1_700_000_000_000, UINT_MAX))),
        column(st.sampled_from(KINDS)),
        [DEP if at in with_deps else b"" for at in range(count)],
        column(st.sampled_from(SCHEMAS)),
        column(st.sampled_from((b"", b"\x00", b"\x82\x00\x18\xff"))),
        column(st.sampled_from((b"", b"\xf6", b"\x45\x00\x31\x32\x00\x33"))),
        [sha256(b"%d" % at).digest()[:16] for at in range(count)],
    )
    seq = draw(st.integers(1, 5))
    data = kernels.seal_pack(draft, log=LOG, author=key(1), seq=seq, prev=DEP)
    pack = kernels.open_pack(data, log=LOG, author=key(1))
    assert pack.stopped is None
    skeletons = draw(st.sets(st.integers(0, count - 1), max_size=2))
    part = bytes(PART_SKELETON if at in skeletons else PART_WHOLE for at in range(count))
    return replace(pack, part=part)


def stored(pack: Pack, begin: int, end: int, voids: dict[int, str]) -> list[tuple]:
    """What the table holds, with the type of each value."""
    offsets = memoryview(pack.dep_offsets).cast("I")
    deps = [[1] if offsets[at] < offsets[at + 1] else [] for at in range(begin, end)]
    with Store.memory() as store, store.write():
        log = store.add_log(LOG, name="n", purpose="p")
        base = store.add_line(log, key(1))
        size = pack.seq + begin
        line = store.line(base.no)._replace(
            size=size, peaks=bytes(32 * size.bit_count()), head_size=UINT_MAX, run_row=0
        )
        store.set_line(line)
        store.db.execute(
            "INSERT INTO event (row, line, seq, id, lamport, time, kind, seal, frame)"
            " VALUES (1, 9, 0, x'00', 0, 0, 1, x'', x'')"
        )
        store.insert(line, pack, begin, end, deps, voids=voids)
        names = [name for _, name, *_ in store.db.rows("PRAGMA table_info(event)")]
        typed = ", ".join(f"{name}, typeof({name})" for name in names)
        return store.db.rows(f"SELECT {typed} FROM event ORDER BY row")


@given(packs(), st.data())
def test_rows_in_bulk_are_those_one_by_one(pack, data):
    begin = data.draw(st.integers(0, pack.count - 1))
    end = data.draw(st.integers(begin + 1, pack.count))
    voids = dict.fromkeys(data.draw(st.sets(st.integers(begin, end - 1), max_size=2)), "void/frame")
    with patch.object(bulk, "BULK_MIN", 2):
        fast = stored(pack, begin, end, voids)
    with patch.object(bulk, "BULK_MIN", 1 << 30):
        assert fast == stored(pack, begin, end, voids)


@pytest.mark.parametrize("least", [1, 2, 5])
@given(st.integers(0, 9), st.integers(0, 30), st.sets(st.integers(0, 40)))
def test_stretches_are_all_rows_once_and_no_plain_one_is_odd(least, begin, count, odd):
    rows = sorted(row for row in odd if begin <= row < begin + count)
    with patch.object(bulk, "BULK_MIN", least):
        found = list(bulk.stretches(begin, begin + count, rows))
    assert [row for first, end, _ in found for row in range(first, end)] == [
        *range(begin, begin + count)
    ]
    for first, end, plain in found:
        assert not plain or (end - first >= least and not set(rows) & set(range(first, end)))
    short = sum(end - first for first, end, plain in found if not plain)
    assert short <= len(rows) * least + least - 1, "plain rows are put in one by one"
