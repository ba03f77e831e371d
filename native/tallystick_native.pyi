# The hot code of Tallystick. Private: used through ``tallystick.kernels`` alone.
#
# Arguments, results and errors are those of ``tallystick.kernels.reference``, where they are
# documented; only ``ItemError`` and the raw tuple of ``open_pack`` are this module's own.

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol, TypeAlias

__all__ = [
    "ABI",
    "STATUSES",
    "ItemError",
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
    "read_fields",
    "rebuild_headers",
    "reconcile_items",
    "reconcile_ranges",
    "seal_pack",
    "set_link_type",
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

class _Draft(Protocol):
    lamports: Sequence[int]
    times: Sequence[int]
    kinds: Sequence[str]
    deps: Sequence[bytes]
    schemas: Sequence[bytes]
    frames: Sequence[bytes]
    contents: Sequence[bytes]
    seeds: Sequence[bytes]

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
