"""Store figures: insert rate, durable append rate, reading, look-ups, bytes on disk, opening.

    .venv/bin/python bench/store.py [--events 100000] [--batch 1000] [--json]

The packs are opened before the clock starts: what is timed is the store alone. Bare SQLite runs
beside it, in the same folder, so that a figure can be read as a ratio on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallystick import kernels
from tallystick.kernels import Draft, Pack
from tallystick.store import Store

SINGLES = 1_000
"""Events appended one by one."""


def author_keys(count: int) -> list[bytes]:
    """Keys that are valid points, from fixed seeds."""
    return [
        Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32).public_key().public_bytes_raw()
        for n in range(count)
    ]


class World:
    """Chains that grow, as opened packs."""

    def __init__(self, authors: int) -> None:
        self.keys = author_keys(authors)
        self.log = b""
        self.tips: dict[bytes, tuple[int, bytes]] = dict.fromkeys(self.keys, (0, b""))

    def pack(self, author: bytes, count: int) -> Pack:
        """The next ``count`` events of an author; chains know the genesis event and themselves."""
        seq, prev = self.tips[author]
        first = not self.log
        lamport = seq if author == self.keys[0] else seq + 1
        draft = Draft(
            list(range(lamport, lamport + count)),
            [1_700_000_000_000 + lamport + n for n in range(count)],
            ["log/create"] if first else ["record/edit"] * count,
            [b""] * count,
            [b""] * count,
            [b"" if first else b"\x83\x01\x02\x18\x2a"] * count,
            [b"\x78\x3c" + b"x" * 60] * count,
            [os.urandom(16) for _ in range(count)],
        )
        data = kernels.seal_pack(draft, log=self.log, author=author, seq=seq, prev=prev)
        pack = kernels.open_pack(data, log=self.log, author=author)
        assert pack.stopped is None
        assert pack.count == count
        self.log = pack.log
        self.tips[author] = (seq + count, pack.id(count - 1))
        return pack


def put(store: Store, log: int, pack: Pack, now: int) -> None:
    """Store one pack under a head, as a replica does."""
    line = store.find_line(log, pack.author) or store.add_line(log, pack.author)
    row = store.insert(line, pack, 0, pack.count)
    line = store.line(line.no)
    store.set_line(
        replace(
            line,
            head_size=line.size,
            head_root=kernels.merkle_root(line.peaks),
            head_signature=bytes(64),
            received_ms=now,
        )
    )
    store.record_arrival(row, received_ms=now, peer=b"p" * 32)
    store.feed_append(log, [(row, pack.count)], weight=1)


def body_bytes(store: Store) -> int:
    """Bytes of frames, contents and seeds: what the store cannot help keeping."""
    found = store.db.row("SELECT sum(length(frame) + length(content) + length(seal)) FROM event")
    assert found is not None
    return int(found[0])


def figures(events: int, batch: int, folder: Path) -> dict[str, float]:
    """Everything measured on one store."""
    world = World(10)
    packs = [world.pack(world.keys[0], 1)]
    packs += [world.pack(world.keys[n % 10], batch) for n in range(events // batch)]
    path = folder / "bench.tally"
    out = beside(folder, packs[1])
    with Store.create(path, now=0) as store:
        with store.write():
            log = store.add_log(world.log, name="bench", purpose="")
        out |= inserting(store, log, packs)
        bodies = body_bytes(store)
        out |= finding(store, packs)
        out |= reading(store, log, world, events)
        out |= appending(store, log, world)
    stored = 1 + events + SINGLES
    size = path.stat().st_size
    out["bytes on disk per event"] = size / stored
    out["bytes on disk per event beyond its body"] = size / stored - bodies / (1 + events)
    return out | opening(path, events)


def beside(folder: Path, pack: Pack) -> dict[str, float]:
    """The limits of this machine at this moment: bare SQLite rows, bare durable writes."""
    db = sqlite3.connect(folder / "bare.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE t (row INTEGER PRIMARY KEY, id BLOB, body BLOB)")
    ids = [pack.id(row) for row in range(pack.count)]
    rows = [(id, pack.data[at : at + 90]) for at, id in enumerate(ids)]
    begin = time.perf_counter()
    for _ in range(20):
        db.execute("BEGIN")
        db.executemany("INSERT INTO t (id, body) VALUES (?, ?)", rows)
        db.execute("COMMIT")
    bare = 20 * len(rows) / (time.perf_counter() - begin)
    spent = []
    for row in rows[:SINGLES]:
        begin = time.perf_counter()
        db.execute("INSERT INTO t (id, body) VALUES (?, ?)", row)
        spent.append(time.perf_counter() - begin)
    db.close()
    return {
        "beside: bare SQLite rows of 3 columns, batches, per s": bare,
        "beside: bare SQLite, one durable row at a time, per s": 1 / statistics.median(spent),
    }


def inserting(store: Store, log: int, packs: list[Pack]) -> dict[str, float]:
    """Batches, each in a durable transaction, with the index's upkeep after it."""
    upkeep, begin = 0.0, time.perf_counter()
    for now, pack in enumerate(packs):
        with store.write():
            put(store, log, pack, now)
        started = time.perf_counter()
        store.maintain()
        upkeep += time.perf_counter() - started
    took = time.perf_counter() - begin
    while store.maintain():
        pass
    events = sum(pack.count for pack in packs)
    return {
        "insert in batches, durable, with maintain, per s": events / took,
        "insert in batches, durable, per s": events / (took - upkeep),
    }


def finding(store: Store, packs: list[Pack]) -> dict[str, float]:
    """Look-ups of ids that are in the runs, and of ids that are nowhere."""
    ids = [pack.id(row) for pack in packs for row in range(0, pack.count, 97)]
    begin = time.perf_counter()
    assert None not in store.rows_of(ids)
    found = (time.perf_counter() - begin) / len(ids)
    misses = [os.urandom(32) for _ in range(1000)]
    begin = time.perf_counter()
    store.rows_of(misses)
    missed = (time.perf_counter() - begin) / len(misses)
    return {"find an old id, us": found * 1e6, "miss an id, us": missed * 1e6}


def reading(store: Store, log: int, world: World, events: int) -> dict[str, float]:
    """Events as values, as raw columns, as pack bytes; peaks of an older size."""
    begin = time.perf_counter()
    values = sum(1 for _ in store.iter_events([(1, events)]))
    as_values = values / (time.perf_counter() - begin)
    fields = ("row", "seq", "kind", "frame")
    begin = time.perf_counter()
    raw = sum(len(store.raw(at, 4096, fields)) for at in range(1, events, 4096))
    as_columns = raw / (time.perf_counter() - begin)
    line = store.find_line(log, world.keys[1])
    assert line is not None
    begin = time.perf_counter()
    for at in range(0, line.size, 1000):
        store.read_pack(line.no, at, min(line.size, at + 1000))
    as_packs = line.size / (time.perf_counter() - begin)
    begin = time.perf_counter()
    store.peaks_at(line.no, line.size - 3)
    peaks = time.perf_counter() - begin
    begin = time.perf_counter()
    assert not list(store.scan(line.no))
    return {
        "verify (rebuild, hash, links, tree), per s": line.size / (time.perf_counter() - begin),
        "read as values, per s": as_values,
        "read as raw columns, per s": as_columns,
        "read as packs, per s": as_packs,
        "peaks of an older size, ms": peaks * 1e3,
    }


def appending(store: Store, log: int, world: World) -> dict[str, float]:
    """One event, one durable transaction."""
    spent = []
    for now in range(SINGLES):
        pack = world.pack(world.keys[2], 1)
        begin = time.perf_counter()
        with store.write():
            put(store, log, pack, now)
        spent.append(time.perf_counter() - begin)
    return {"append one durable event at a time, per s": 1 / statistics.median(spent)}


def opening(path: Path, events: int) -> dict[str, float]:
    """Opening and the first answers; Python memory of the open store."""
    tracemalloc.start()
    begin = time.perf_counter()
    with Store.open(path) as store:
        assert store.event(1 + events // 2).row == 1 + events // 2
        opened = time.perf_counter() - begin
        begin = time.perf_counter()
        assert store.row_of(bytes(32)) is None
        return {
            "open and read one event, ms": opened * 1e3,
            "first id look-up after opening, ms": (time.perf_counter() - begin) * 1e3,
            "Python memory of an open store, KiB": tracemalloc.get_traced_memory()[0] / 1024,
        }


def main() -> None:
    """Print a table, or a JSON line per figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = figures(asked.events, asked.batch, Path(folder))
    print(f"kernels: {kernels.active_name}, {asked.events} events", file=sys.stderr)
    for name, value in found.items():
        if asked.json:
            print(json.dumps({"bench": name, "value": value, "events": asked.events}))
        else:
            print(f"{value:14,.1f}  {name}")


if __name__ == "__main__":
    main()
