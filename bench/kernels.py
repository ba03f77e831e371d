"""Kernel figures: rates of every batch function, on the native kernels and on the reference.

    .venv/bin/python -m bench.kernels [--data DIR] [--json] [--runs 5]

One process, the calls through the gate (``tallystick.kernels.native``), medians of ``--runs``. The
reference runs a tenth of each batch. Only ``verify_signatures`` uses more than one core, and only
for its large batch. ``--data`` is a folder with ``git-dag/git.csv.gz`` (commit, parents, author,
time); without it the graph is made up: 200,000 rows by 300 authors, each third one a merge.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import random
import statistics
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallystick.errors import UsageError
from tallystick.kernels import Draft, loader

SOURCE = random.Random(1)
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 51)]
AUTHORS = [key.public_key().public_bytes_raw() for key in KEYS]
LOG = hashlib.sha256(b"bench").digest()


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to measure: ``call`` does ``count`` units."""

    name: str
    unit: str
    count: int
    call: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Figure:
    """What came out, per second or, where the unit is ms, as it is."""

    kernels: str
    name: str
    value: float
    unit: str


def u32(numbers: list[int]) -> bytes:
    """A u32 column."""
    return struct.pack(f"<{len(numbers)}I", *numbers)


def u64(numbers: list[int]) -> bytes:
    """A u64 column."""
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def event_works(kernels: Any, rows: int) -> Iterator[Work]:
    """Events of about 260 bytes, every tenth with one dep."""
    frames = [SOURCE.randbytes(24) for _ in range(rows)]
    contents = [SOURCE.randbytes(30) for _ in range(rows)]
    seeds = [SOURCE.randbytes(16) for _ in range(rows)]
    draft = Draft(
        lamports=list(range(1, rows + 1)),
        times=list(range(1_700_000_000_000, 1_700_000_000_000 + rows)),
        kinds=["record/edit"] * rows,
        deps=[b"" if row % 10 else SOURCE.randbytes(32) for row in range(rows)],
        schemas=[b""] * rows,
        frames=frames,
        contents=contents,
        seeds=seeds,
    )
    place = {"log": LOG, "author": AUTHORS[0], "seq": 0, "prev": b""}
    data = kernels.seal_pack(draft, **place)
    pack = kernels.open_pack(data, log=LOG, author=AUTHORS[0])
    assert pack.count == rows
    columns = {
        name: getattr(pack, name)
        for name in ("lamports", "times", "kinds", "kind", "schemas", "schema")
    } | {
        "dep_offsets": pack.dep_offsets,
        "deps": pack.deps,
        "frame_sizes": pack.frame_size,
        "content_sizes": pack.content_size,
        "bodies": pack.bodies,
    }
    all_seeds = b"".join(seeds)
    yield Work("seal_pack", "events/s", rows, lambda: kernels.seal_pack(draft, **place))
    yield Work(
        "open_pack", "events/s", rows, lambda: kernels.open_pack(data, log=LOG, author=AUTHORS[0])
    )
    yield Work(
        "rebuild_headers", "events/s", rows, lambda: kernels.rebuild_headers(**place, **columns)
    )
    yield Work(
        "commit_bodies",
        "events/s",
        rows,
        lambda: kernels.commit_bodies(frames, contents, all_seeds),
    )


def item_works(kernels: Any, rows: int) -> Iterator[Work]:
    """A frame with a place, a table of authors and what the op goes over: 90 bytes or so."""
    value = [1, [AUTHORS[0], AUTHORS[1]], {"op": "set", "path": ["title"], "over": [[0, 5, 1]]}]
    item = kernels.encode_item(value)
    data, offsets = item * rows, u32([row * len(item) for row in range(rows + 1)])

    def repeat(function: Callable[[Any], object], argument: object) -> None:
        for _ in range(rows):
            function(argument)

    yield Work("encode_item", "items/s", rows, lambda: repeat(kernels.encode_item, value))
    yield Work("decode_item", "items/s", rows, lambda: repeat(kernels.decode_item, item))
    yield Work("check_items", "items/s", rows, lambda: kernels.check_items(data, offsets))
    edit = [AUTHORS[:2], [[1, ["todos", "7f", "title"], [[0, 5, 1]]]]]
    edits = [kernels.encode_item(edit)] * rows
    yield Work("open_frames", "frames/s", rows, lambda: kernels.open_frames(edits))


def tree_works(kernels: Any, size: int) -> Iterator[Work]:
    """Proofs of a tenth of the leaves, in random order."""
    leaves = SOURCE.randbytes(32 * size)
    chosen = [SOURCE.randrange(size) for _ in range(size // 10)]
    picked = b"".join(leaves[32 * index : 32 * index + 32] for index in chosen)
    root = kernels.merkle_root(kernels.merkle_append(0, b"", leaves))
    proofs, offsets = kernels.merkle_prove(leaves, u32(chosen))
    check = (root, size, picked, u64(chosen), proofs, offsets)
    assert not any(kernels.merkle_verify(*check))
    yield Work("merkle_append", "leaves/s", size, lambda: kernels.merkle_append(0, b"", leaves))
    yield Work(
        "merkle_prove, tree included",
        "proofs/s",
        len(chosen),
        lambda: kernels.merkle_prove(leaves, u32(chosen)),
    )
    yield Work("merkle_verify", "proofs/s", len(chosen), lambda: kernels.merkle_verify(*check))
    yield Work("merkle_range", "leaves/s", size, lambda: kernels.merkle_range(leaves, 12_345))
    yield from consistency_works(kernels, leaves)


def consistency_works(kernels: Any, leaves: bytes) -> Iterator[Work]:
    """From a thousand random sizes to that of all leaves."""
    size = len(leaves) // 32
    firsts = sorted(SOURCE.randrange(1, size) for _ in range(1_000))
    sizes = u64([number for first in firsts for number in (first, size)])
    peaks, olds = b"", b""
    for before, first in zip([0, *firsts], firsts, strict=False):
        peaks = kernels.merkle_append(before, peaks, leaves[32 * before : 32 * first])
        olds += kernels.merkle_root(peaks)
    new = kernels.merkle_root(kernels.merkle_append(firsts[-1], peaks, leaves[32 * firsts[-1] :]))
    check = (sizes, olds, new * len(firsts), *kernels.merkle_consistency(leaves, sizes))
    assert not any(kernels.merkle_verify_consistency(*check))
    yield Work(
        "merkle_consistency, tree included",
        "proofs/s",
        len(firsts),
        lambda: kernels.merkle_consistency(leaves, sizes),
    )
    yield Work(
        "merkle_verify_consistency",
        "proofs/s",
        len(firsts),
        lambda: kernels.merkle_verify_consistency(*check),
    )


def signature_works(kernels: Any, rows: int) -> Iterator[Work]:
    """Messages of 150 bytes, as heads are; every author's turn comes each 50 rows."""
    messages = [SOURCE.randbytes(150) for _ in range(rows)]
    keys = b"".join(AUTHORS[row % len(AUTHORS)] for row in range(rows))
    signed = b"".join(KEYS[row % len(KEYS)].sign(message) for row, message in enumerate(messages))
    assert not any(kernels.verify_signatures(keys, signed, messages))
    for count in (50, rows):
        batch = (keys[: 32 * count], signed[: 64 * count], messages[:count])
        yield Work(
            f"verify_signatures of {count}",
            "signatures/s",
            count,
            partial(kernels.verify_signatures, *batch),
        )


def read_git(folder: Path) -> tuple[list[list[int]], list[bytes]]:
    """Parents and authors, row by row."""
    parents, authors = [], []
    with gzip.open(folder / "git-dag" / "git.csv.gz", "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            parents.append([int(parent) for parent in row["parents"].split()])
            authors.append(hashlib.sha256(row["author"].encode()).digest())
    return parents, authors


def make_graph(rows: int) -> tuple[list[list[int]], list[bytes]]:
    """Parents and authors: everyone goes on from their own, each third time from another's too."""
    newest: list[int | None] = [None] * 300
    parents, authors = [], []
    for row in range(rows):
        author = SOURCE.randrange(len(newest))
        known = {newest[author], newest[SOURCE.randrange(300)] if row % 3 == 0 else None}
        parents.append(sorted(parent for parent in known if parent is not None))
        authors.append(hashlib.sha256(struct.pack("<I", author)).digest())
        newest[author] = row
    return parents, authors


def graph_works(kernels: Any, graph: tuple[list[list[int]], list[bytes]]) -> Iterator[Work]:
    """Order and 1,000 random questions, each with the reading of the lists it needs."""
    lists, authors = graph
    rows = len(lists)
    ends = [0]
    for row in lists:
        ends.append(ends[-1] + len(row))
    offsets, parents = u32(ends), u32([parent for row in lists for parent in row])
    lamports = kernels.graph_lamports(offsets, parents)
    seqs = u64(list(range(rows)))
    ids = b"".join(hashlib.sha256(struct.pack("<I", row)).digest() for row in range(rows))
    column = b"".join(authors)
    questions = [SOURCE.randrange(rows) for _ in range(20_000)]
    order = (lamports, column, seqs, ids)
    yield Work(
        f"graph_lamports, {rows} rows", "ms", 1, lambda: kernels.graph_lamports(offsets, parents)
    )
    yield Work(f"graph_order, {rows} rows", "ms", 1, lambda: kernels.graph_order(*order))
    for count in (8, 1_000, 10_000)[: 3 if rows > 100_000 else 1]:
        asked = u32(questions[: 2 * count])
        yield Work(
            f"graph_ancestry, {count} questions",
            "ms",
            1,
            partial(kernels.graph_ancestry, offsets, parents, asked),
        )


def measure(work: Work, runs: int) -> float:
    """Median of some runs: milliseconds, or units per second."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work.call()
        times.append(time.perf_counter() - start)
    middle = statistics.median(times)
    return middle * 1000 if work.unit == "ms" else work.count / middle


def figures(name: str, *, data: Path | None, runs: int) -> Iterator[Figure]:
    """All figures of the kernels of this name."""
    kernels, name, _ = loader.choose(name)
    share = 1 if name == "native" else 10
    if data is None:
        graph = make_graph(200_000 // share)
    else:
        lists, authors = read_git(data)
        graph = lists[: len(lists) // share], authors[: len(lists) // share]
    for works in (
        event_works(kernels, 4096 // share),
        item_works(kernels, 20_000 // share),
        tree_works(kernels, 1_000_000 // share),
        signature_works(kernels, 2_000 // share),
        graph_works(kernels, graph),
    ):
        for work in works:
            yield Figure(name, work.name, measure(work, runs), work.unit)


def main() -> int:
    """Print a table, or one JSON object a line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path)
    options.add_argument("--json", action="store_true")
    options.add_argument("--runs", type=int, default=5)
    wish = options.parse_args()
    for name in ("native", "reference"):
        try:
            for figure in figures(name, data=wish.data, runs=wish.runs):
                if wish.json:
                    values = (figure.kernels, figure.name, round(figure.value, 3), figure.unit)
                    names = ("kernels", "name", "value", "unit")
                    print(json.dumps(dict(zip(names, values, strict=True))), flush=True)
                else:
                    value = f"{figure.value:14,.{2 if figure.unit == 'ms' else 0}f}"
                    line = f"{figure.kernels:10} {figure.name:34} {value} {figure.unit}"
                    print(line, flush=True)
        except UsageError as error:
            print(error, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
