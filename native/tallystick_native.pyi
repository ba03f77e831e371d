# The hot code of Tallystick. Private: used through ``tallystick.kernels`` alone.
#
# Arguments, results and errors are those of ``tallystick.kernels.reference``, where they are
# documented; only ``ItemError`` and the raw tuple of ``open_pack`` are this module's own.

import collections.abc
from collections.abc import Iterable
from typing import Any, Final, Protocol, TypeAlias, final

__all__ = [
    "ABI",
    "STATUSES",
    "ItemError",
    "Sequence",
    "__version__",
    "check_items",
    "commit_bodies",
    "decode_item",
    "encode_item",
    "graph_ancestry",
    "graph_heads",
    "graph_lamports",
    "graph_order",
    "graph_vector",
    "index_pairs",
    "is_author_key",
    "merge_pairs",
    "merkle_append",
    "merkle_consistency",
    "merkle_nodes",
    "merkle_prove",
    "merkle_range",
    "merkle_root",
    "merkle_verify",
    "merkle_verify_consistency",
    "open_frames",
    "open_pack",
    "open_transfers",
    "post_transfers",
    "read_fields",
    "rebuild_headers",
    "reconcile_items",
    "reconcile_ranges",
    "seal_pack",
    "set_link_type",
    "set_run_type",
    "verify_signatures",
]

_Bytes: TypeAlias = bytes | bytearray | memoryview

_Pack: TypeAlias = tuple[
    bytes,  # data
    bytes,  # log
    bytes,  # author
    int,  # count
    int,  # seq
    bytes,  # prev
    bytes,  # ids
    bytes,  # lamports
    bytes,  # times
    list[str],  # kinds
    bytes,  # kind
    list[bytes],  # schemas
    bytes,  # schema
    bytes,  # dep_offsets
    bytes,  # deps
    bytes,  # bodies
    bytes,  # header_start
    bytes,  # header_size
    bytes,  # part
    bytes,  # body_status
    bytes,  # frame_start
    bytes,  # frame_size
    bytes,  # seal_start
    bytes,  # content_start
    bytes,  # content_size
    tuple[int, int, int] | None,  # stopped
]

_Author: TypeAlias = tuple[bytes, bytes | None]
_Ref: TypeAlias = tuple[int, int, int]
_Op: TypeAlias = tuple[int, tuple[str, ...], tuple[_Ref, ...], tuple[int, ...]]

_Char: TypeAlias = tuple[int, int] | None
_Plan: TypeAlias = tuple[int, _Char, _Char, list[tuple[int, int, int]]]

class _Draft(Protocol):
    lamports: collections.abc.Sequence[int]
    times: collections.abc.Sequence[int]
    kinds: collections.abc.Sequence[str]
    deps: collections.abc.Sequence[bytes]
    schemas: collections.abc.Sequence[bytes]
    frames: collections.abc.Sequence[bytes]
    contents: collections.abc.Sequence[bytes]
    seeds: collections.abc.Sequence[bytes]

__version__: Final[str]
ABI: Final[int]
STATUSES: Final[dict[str, int]]

class ItemError(Exception):
    # Bad data in a single item.
    args: tuple[int, str]
    status: int
    where: str

def set_link_type(cls: type) -> None: ...
def encode_item(value: object, *, floats: bool = False) -> bytes: ...
def decode_item(data: _Bytes, *, floats: bool = False) -> Any: ...
def check_items(data: _Bytes, offsets: _Bytes, *, floats: bool = False) -> bytes: ...
def open_frames(
    frames: Iterable[_Bytes],
) -> list[tuple[tuple[_Author, ...], tuple[_Op, ...]] | int]: ...
def open_transfers(
    frames: Iterable[_Bytes],
) -> list[tuple[bytes, bytes, bytes, int] | None]: ...
def post_transfers(
    frames: Iterable[_Bytes], lamports: _Bytes, rows: _Bytes
) -> tuple[list[tuple[bytes, bytes, int, int, int, int, bytes]], list[int]]: ...
def index_pairs(ids: _Bytes, first_row: int) -> bytes: ...
def merge_pairs(pairs: _Bytes) -> bytes: ...
def read_fields(
    items: Iterable[_Bytes], names: Iterable[str], *, floats: bool = False
) -> tuple[list[int | str | bytes | None], ...]: ...
def seal_pack(draft: _Draft, *, log: _Bytes, author: _Bytes, seq: int, prev: _Bytes) -> bytes: ...
def open_pack(data: _Bytes, *, log: _Bytes | None = None, author: _Bytes) -> _Pack: ...
def rebuild_headers(
    *,
    log: _Bytes,
    author: _Bytes,
    seq: int,
    prev: _Bytes,
    lamports: _Bytes,
    times: _Bytes,
    kinds: Iterable[str],
    kind: _Bytes,
    schemas: Iterable[_Bytes],
    schema: _Bytes,
    dep_offsets: _Bytes,
    deps: _Bytes,
    frame_sizes: _Bytes,
    content_sizes: _Bytes,
    bodies: _Bytes,
) -> tuple[bytes, bytes]: ...
def commit_bodies(
    frames: Iterable[_Bytes], contents: Iterable[_Bytes], seeds: _Bytes
) -> tuple[bytes, bytes, bytes]: ...
def merkle_append(size: int, peaks: _Bytes, leaves: _Bytes) -> bytes: ...
def merkle_root(peaks: _Bytes) -> bytes: ...
def merkle_nodes(leaves: _Bytes, level: int) -> bytes: ...
def merkle_prove(leaves: _Bytes, indices: _Bytes) -> tuple[bytes, bytes]: ...
def merkle_verify(
    root: _Bytes,
    size: int,
    leaves: _Bytes,
    indices: _Bytes,
    proofs: _Bytes,
    offsets: _Bytes,
) -> bytes: ...
def merkle_range(leaves: _Bytes, begin: int) -> bytes: ...
def merkle_consistency(leaves: _Bytes, sizes: _Bytes) -> tuple[bytes, bytes]: ...
def merkle_verify_consistency(
    sizes: _Bytes,
    first_roots: _Bytes,
    second_roots: _Bytes,
    proofs: _Bytes,
    offsets: _Bytes,
) -> bytes: ...
def is_author_key(key: _Bytes) -> bool: ...
def verify_signatures(keys: _Bytes, signatures: _Bytes, messages: Iterable[_Bytes]) -> bytes: ...
def graph_lamports(offsets: _Bytes, parents: _Bytes) -> bytes: ...
def graph_order(lamports: _Bytes, authors: _Bytes, seqs: _Bytes, ids: _Bytes) -> bytes: ...
def graph_heads(offsets: _Bytes, parents: _Bytes) -> bytes: ...
def graph_ancestry(offsets: _Bytes, parents: _Bytes, queries: _Bytes) -> bytes: ...
def graph_vector(
    offsets: _Bytes,
    parents: _Bytes,
    chains: _Bytes,
    seqs: _Bytes,
    tips: _Bytes,
    chain_count: int,
) -> bytes: ...
def reconcile_items(
    key: _Bytes, authors: _Bytes, lines: _Bytes, offsets: _Bytes
) -> tuple[bytes, bytes, bytes]: ...
def reconcile_ranges(
    tags: _Bytes, sums: _Bytes, prefixes: _Bytes, bits: int
) -> tuple[bytes, bytes]: ...
def set_run_type(cls: type) -> None: ...

@final
class Sequence:
    def __new__(cls) -> Sequence: ...
    def author(self, number: int, key: _Bytes, side: _Bytes | None = None) -> None: ...
    def merge(self, stream: _Bytes, text: str | None = None, *, counted: bool = True) -> None: ...
    def set_text(self, event: int, index: int, text: str) -> None: ...
    def count(self, events: Iterable[tuple[int, int]], *, on: bool) -> None: ...
    def plan(self, position: int, deleted: int, outside: Iterable[int] | None = None) -> _Plan: ...
    def gap(self, position: int) -> list[int]: ...
    def begin(self, event: int, author: int, seq: int, index: int | None = None) -> None: ...
    def edit(
        self,
        position: int,
        deleted: int,
        text: str,
        outside: Iterable[int] | None = None,
    ) -> None: ...
    def edit_many(
        self, positions: _Bytes, deleted: _Bytes, inserted: _Bytes, text: str
    ) -> None: ...
    def written(self, event: int) -> list[Any]: ...
    def clone(self) -> Sequence: ...
    def __len__(self) -> int: ...
    @property
    def total(self) -> int: ...
    def text(self) -> str: ...
    def text_as(self, out: Iterable[tuple[int, int]]) -> str: ...
    def ids(self, start: int, end: int) -> list[tuple[int, int, int]]: ...
    def all_ids(self) -> list[tuple[int, int, int, bool]]: ...
    def position(self, event: int, index: int) -> tuple[int, bool]: ...
    def save(self) -> tuple[bytes, str, str, list[tuple[int, int]]]: ...
    def load(
        self, stream: _Bytes, shown: str, hidden: str, out: Iterable[tuple[int, int]]
    ) -> None: ...
