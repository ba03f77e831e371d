"""Rows 21 and 22, and the rates of every other batch function, native and reference.

Calls go through the gate (``tallystick.kernels``), in one process. Only ``verify_signatures`` uses
more than one core, and only for its large batch. Row 21 reads the raw parent lists of
``git-dag/git.csv.gz`` (commit, parents, author, time) in the folder of ``--data``; without it the
graph is made up: 300 authors, each third event a merge.
"""

from __future__ import annotations

import hashlib
import random
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.context import Bench
from bench.figures import Beside, Figure
from bench.measure import median, settle, timed
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallystick.demo.git import read_commits
from tallystick.errors import UsageError
from tallystick.kernels import Draft, active, loader

ROW = "kernels"
"""What has no bar."""
GIT_FILE = Path("git-dag") / "git.csv.gz"
MADE_UP_EVENTS = 200_000
QUESTIONS = 1_000
MERKLE = {
    "append": (2_000_000.0, 64_000.0),
    "prove": (100_000.0, 5_700.0),
    "verify": (100_000.0, 49_000.0),
}
"""work -> (bar, what pymerkle did when it was set), per second"""
PYMERKLE_LEAVES = 100_000
PYMERKLE_PROOFS = 2_000
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
    rating = kernels.encode_item({"target": "did:key:" + "z" * 48, "rating": 5})
    ratings, names = [rating] * rows, ["target", "rating"]
    yield Work("read_fields", "items/s", rows, lambda: kernels.read_fields(ratings, names))
    edit = [AUTHORS[:2], [[1, ["todos", "7f", "title"], [[0, 5, 1]]]]]
    edits = [kernels.encode_item(edit)] * rows
    ids = SOURCE.randbytes(32 * rows)
    pairs = kernels.index_pairs(ids, 1)
    yield Work("index_pairs", "ids/s", rows, lambda: kernels.index_pairs(ids, 1))
    yield Work("merge_pairs", "pairs/s", 4 * rows, lambda: kernels.merge_pairs(4 * pairs))
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
    yield Work("append", "leaves/s", size, lambda: kernels.merkle_append(0, b"", leaves))
    yield Work("prove", "proofs/s", len(chosen), lambda: kernels.merkle_prove(leaves, u32(chosen)))
    yield Work("verify", "proofs/s", len(chosen), lambda: kernels.merkle_verify(*check))


def reconcile_works(kernels: Any, size: int) -> Iterator[Work]:
    """What a sync hashes of many authors, and the sums of a first message."""
    key, authors, lines = (SOURCE.randbytes(n) for n in (32, 32 * size, 40 * size))
    said = (key, authors, lines, u32([*range(0, 40 * size + 1, 40)]))
    tags, _, sums = kernels.reconcile_items(*said)
    asked = (tags, sums, u32([*range(1 << 12)]), 12)
    yield Work("reconcile_items", "authors/s", size, lambda: kernels.reconcile_items(*said))
    yield Work("reconcile_ranges", "sums/s", 1 << 12, lambda: kernels.reconcile_ranges(*asked))


def range_works(kernels: Any, size: int) -> Iterator[Work]:
    """The hashes that prove a range, and consistency of two sizes."""
    leaves = SOURCE.randbytes(32 * size)
    yield Work("merkle_range", "leaves/s", size, lambda: kernels.merkle_range(leaves, size // 80))
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


def graph_of(bench: Bench) -> tuple[str, list[list[int]], list[bytes]]:
    """Git's commits where they are at hand, else a graph that is made up; at most ``events``."""
    file = None if bench.data is None else bench.data / GIT_FILE
    if file is None or not file.is_file():
        return "made-up events", *make_graph(bench.scaled(MADE_UP_EVENTS, 1))
    commits = read_commits(file)[: bench.events]
    authors = [hashlib.sha256(str(commit.author).encode()).digest() for commit in commits]
    return "commits of git", [list(commit.parents) for commit in commits], authors


def graph(bench: Bench) -> Iterator[Figure]:
    """Row 21: canonical order and 1,000 random questions, from raw lists of parents."""
    what, lists, authors = graph_of(bench)
    rows = len(lists)
    ends = list(accumulate(map(len, lists), initial=0))
    offsets, parents = u32(ends), u32([parent for row in lists for parent in row])
    seqs, column = u64(list(range(rows))), b"".join(authors)
    ids = b"".join(hashlib.sha256(struct.pack("<I", row)).digest() for row in range(rows))
    asked = u32([SOURCE.randrange(rows) for _ in range(2 * QUESTIONS)])

    def order() -> None:
        lamports = active.graph_lamports(offsets, parents)
        active.graph_order(lamports, column, seqs, ids)

    settle()
    took = [timed(order) for _ in range(bench.runs)]
    what = f"{rows:,} {what}, {ends[-1]:,} parents"
    yield Figure(21, f"canonical order of {what}", 1e3 * median(took), "ms", 100)
    took = [
        timed(lambda: active.graph_ancestry(offsets, parents, asked)) for _ in range(bench.runs)
    ]
    work = f"ancestry in {what}: one of {QUESTIONS:,} random questions"
    yield Figure(21, work, 1e6 * median(took) / QUESTIONS, "us", 5)


def merkle(bench: Bench) -> Iterator[Figure]:
    """Row 22: append, prove, verify; pymerkle beside, on a smaller tree."""
    size, leaves = bench.scaled(1_000_000, 1), bench.scaled(PYMERKLE_LEAVES, 0.1)
    proofs = min(PYMERKLE_PROOFS, leaves)
    beside: dict[str, list[float]] = {name: [] for name in MERKLE}
    settle()
    works = list(tree_works(active, size))
    took: dict[str, list[float]] = {work.name: [] for work in works}
    for _ in range(bench.runs):
        for work in works:
            took[work.name].append(timed(work.call))
        found = bench.peers.ask("pymerkle", "tree", leaves=leaves, proofs=proofs)
        for name in beside if found else ():
            beside[name].append((leaves if name == "append" else proofs) / found[name])
    for work in works:
        bar, listed = MERKLE[work.name]
        rates = beside[work.name]
        peers = [Beside("pymerkle", median(rates), listed)] if rates else []
        value = work.count / median(took[work.name])
        yield Figure(22, f"Merkle tree of {size:,}: {work.name}", value, work.unit, bar, peers)


def others(bench: Bench) -> Iterator[Figure]:
    """What has no row: every other batch function, native and reference (a tenth of a batch)."""
    for name in ("native", "reference"):
        try:
            kernels, name, _ = loader.choose(name)  # noqa: PLW2901
        except UsageError as error:
            print(error, file=sys.stderr)
            continue
        share = 1 if name == "native" else 10
        for works in (
            event_works(kernels, bench.scaled(4096, 1) // share),
            item_works(kernels, bench.scaled(20_000, 0.1) // share),
            range_works(kernels, bench.scaled(1_000_000, 1) // share),
            reconcile_works(kernels, bench.scaled(100_000, 1) // share),
            signature_works(kernels, bench.scaled(2_000, 0.1) // share),
        ):
            for work in works:
                took = median(timed(work.call) for _ in range(bench.runs))
                yield Figure(ROW, f"{name}: {work.name}", work.count / took, work.unit)
