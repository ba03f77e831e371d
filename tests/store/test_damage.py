"""Whoever edits the file behind the store's back is found, and the row is named."""

from __future__ import annotations

import pytest
from tests.store.world import World, key, put

from tallystick.store import StatementRow, Store

B, C = key(2), key(3)


@pytest.fixture
def store():
    world = World()
    with Store.memory() as store:
        put(store, world.genesis())
        put(store, world.pack(B, 600))
        put(store, world.pack(C, 4, deps={2: [world.tips[B][1]]}))
        yield store


def found(store: Store) -> list[tuple[int, str]]:
    return [(x.row, x.what) for line in (1, 2, 3) for x in store.scan(line)]


def test_an_untouched_store_has_no_damage(store):
    assert found(store) == []
    assert list(store.scan_index()) == []


@pytest.mark.parametrize(
    "change",
    [
        "time = time + 1",
        "frame = x'8102'",
        "content = x'6162'",
        "seal = x'00000000000000000000000000000000'",
        "kind = (SELECT min(no) FROM kind)",
        "id = zeroblob(32)",
        "deps = x'01'",
        "content = NULL, absent = 2, seal = zeroblob(48)",
    ],
)
def test_an_edited_column_names_its_row(store, change):
    store.db.execute(f"UPDATE event SET {change} WHERE row = 100")
    assert (100, "its columns do not hash to its id") in found(store)
    named = {row for row, what in found(store) if "hash to its id" in what}
    assert named == ({100, 101} if change.startswith("id") else {100})


@pytest.mark.parametrize(
    "change",
    [
        "kind = 99",
        "schema = 99",
        "time = -1",
        "lamport = 'x'",
        "seal = x'00'",
        "deps = x'ff7f'",
        "frame = 7",
        "id = x'01'",
        "content = NULL",
        "line = 99",
        "line = 1",
    ],
)
def test_columns_that_make_no_sense_are_damage_and_never_a_crash(store, change):
    store.db.execute(f"UPDATE event SET {change} WHERE row = 100")
    rows = {row for row, _ in found(store)}
    assert 100 in rows
    assert not rows - {-1, 100, 101}


def test_a_raised_lamport_is_found_twice(store):
    store.db.execute("UPDATE event SET lamport = lamport + 1 WHERE row = 100")
    assert {row for row, _ in found(store)} == {100, 101}


def test_a_dropped_row_is_found(store):
    store.db.execute("DELETE FROM event WHERE row = 100")
    assert (-1, "its row is missing") in found(store)


def test_two_rows_that_changed_places_are_found(store):
    columns = "time, frame, content, seal, id"
    store.db.execute("CREATE TEMP TABLE t AS SELECT * FROM event WHERE row IN (100, 101)")
    for row in (100, 101):
        store.db.execute(
            f"UPDATE event SET ({columns}) = (SELECT {columns} FROM t WHERE row = ?) WHERE row = ?",
            (201 - row, row),
        )
    assert {100, 101} <= {row for row, _ in found(store)}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE merkle SET hash = zeroblob(32) WHERE idx = 1", "node 1 of level 8 is wrong"),
        ("DELETE FROM merkle WHERE idx = 0", "node 0 of level 8 is wrong"),
        ("UPDATE line SET peaks = zeroblob(length(peaks))", "the kept tree"),
        ("UPDATE line SET head_root = zeroblob(32)", "the head signs"),
        ("UPDATE line SET lamport = lamport + 1", "last id or lamport"),
    ],
)
def test_an_edited_tree_is_found(store, change, what):
    store.db.execute(change)
    store._forget()
    assert any(what in said for _, said in found(store))


def test_an_index_that_lost_an_event_is_found(store, monkeypatch):
    monkeypatch.setattr("tallystick.store.ids.TAIL_MAX", 100)
    while store.maintain():
        pass
    assert list(store.scan_index()) == []
    store.db.execute(
        "UPDATE id_page SET pairs = substr(pairs, 13) WHERE no = (SELECT min(no) FROM id_page)"
    )
    store._forget()
    assert len(list(store.scan_index())) == 1


def rows_found(store: Store) -> list[str]:
    return [damage.what for damage in store.scan_rows()]


NOTES = {
    "feed": "cause = 'x'",
    "arrival": "received_ms = received_ms + 1",
    "petname": "author = zeroblob(32)",
    "private_statement": "reason = 'another'",
    "policy": "document = x'6f6f65'",
    "policy_history": "pos = pos + 1",
    "statement": "target = zeroblob(32)",
    "pending": "waits_for = zeroblob(32)",
    "peer": "vector = x'00'",
    "view": "definition = x'00'",
    "kept": "value = x'00'",
    "log": "purpose = 'another'",
    "meta": "value = 7",
}


@pytest.mark.parametrize("table", NOTES)
def test_a_row_that_nothing_hashes_is_named_by_its_checksum(store, table):
    with store.write():
        store.feed_append(1, [(1, 3)], weight=1, cause="why")
        store.feed_append(1, [(4, 3)], weight=1, cause="why")
        store.record_arrival(1, received_ms=5, peer=b"p")
        store.set_petname("bob", B)
        store.add_private(1, kind="trust/ban", frame=b"f", reason="r")
        store.set_policy(1, b"one", pos=0, changed_ms=5)
        store.add_statements(1, [StatementRow(7, b"i" * 32, B, 3, 5, "ban", C, b"\xf6")])
        store.add_pending(
            1, B, seq=0, count=2, slice=b"s", waits_for=b"w" * 32, peer=b"p", received_ms=1
        )
        store.set_peer(b"k", 1, checkpoint=b"c", vector=b"v")
        store.set_view(1, "v", definition=b"d", policy=b"h", pos=4)
        store.keep(0, "x", b"y")
        store.set_log(1, name="another", purpose="than before")
    assert rows_found(store) == []
    store.db.execute(f"UPDATE {table} SET {NOTES[table]}")
    assert rows_found(store)
    assert all(f"a row of {table} was changed" in what for what in rows_found(store))
