"""The one gate to the compiled kernels: raw tuples become packs, its one error becomes ours.

``tallystick_native`` has the reference's functions with the same arguments, and

    __version__, ABI          compared by the loader before this module is imported
    set_link_type(Link)       the type its codec makes and recognises; handed over once, here
    ItemError(status, where)  bad data in a single item; here it becomes ``BadInput``
    open_pack(...) -> tuple   the fields of ``Pack``, in their order

Law: nothing of the compiled module is used but through here.

Reads: errors, kernels.columns, kernels.status. Read by: kernels.loader.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from tallystick.errors import BadInput
from tallystick.kernels import status
from tallystick.kernels.columns import Link, Pack

A = ParamSpec("A")
R = TypeVar("R")

_native: Final[Any] = importlib.import_module("tallystick_native")
_native.set_link_type(Link)


def _mapped(function: Callable[A, R]) -> Callable[A, R]:
    """The function, with its ``ItemError`` turned into ``BadInput``."""
    item_error = _native.ItemError

    @wraps(function)
    def call(*args: A.args, **named: A.kwargs) -> R:
        try:
            return function(*args, **named)
        except item_error as error:
            found, where = error.args
            raise BadInput(status.CODE[found], where=where or None) from None

    return call


def open_pack(data: bytes, *, log: bytes = b"", author: bytes) -> Pack:
    """See ``kernels.reference.packs.open_pack``."""
    return Pack(*_native.open_pack(data, log=log, author=author))


encode_item = _mapped(_native.encode_item)
decode_item = _mapped(_native.decode_item)
seal_pack = _mapped(_native.seal_pack)
check_items = _native.check_items
open_frames = _native.open_frames
rebuild_headers = _native.rebuild_headers
commit_bodies = _native.commit_bodies
merkle_append = _native.merkle_append
merkle_consistency = _native.merkle_consistency
merkle_root = _native.merkle_root
merkle_nodes = _native.merkle_nodes
merkle_prove = _native.merkle_prove
merkle_range = _native.merkle_range
merkle_verify = _native.merkle_verify
merkle_verify_consistency = _native.merkle_verify_consistency
is_author_key = _native.is_author_key
verify_signatures = _native.verify_signatures
graph_lamports = _native.graph_lamports
graph_order = _native.graph_order
graph_heads = _native.graph_heads
graph_ancestry = _native.graph_ancestry
graph_vector = _native.graph_vector
reconcile_items = _native.reconcile_items
reconcile_ranges = _native.reconcile_ranges
