"""Questions about the graph of events: levels, order, heads, ancestry, vectors.

    rows 0..n-1, parents before children; the parents of row i are parents[o[i]:o[i+1]]

        0 ── 1 ── 3        offsets  0 0 1 2 4
         └── 2 ──┘         parents  0 0 1 2

Law: canonical order extends causal order; no answer depends on the rows' numbering beyond it.

Reads: limits, kernels.status. Read by: kernels.loader.
Source: the canonical order of spec/order.md; Kahn 1962 for the numbering that callers hand in.
"""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.kernels.reference.casts import (
    expect_rows,
    read_offsets,
    read_u32,
    read_u64,
    split,
    write_u32,
    write_u64,
)
from tallystick.limits import DIGEST_BYTES


class _Graph:
    """Parent lists, checked once."""

    __slots__ = ("offsets", "parents", "rows")

    def __init__(self, offsets: bytes, parents: bytes) -> None:
        self.parents = read_u32(parents)
        self.offsets = read_offsets(offsets, len(self.parents))
        self.rows = len(self.offsets) - 1
        for row in range(self.rows):
            if any(parent >= row for parent in self.of(row)):
                raise ValueError(f"row {row} comes before one of its parents")

    def of(self, row: int) -> Sequence[int]:
        """Parents of a row."""
        return self.parents[self.offsets[row] : self.offsets[row + 1]]

    def lamports(self) -> list[int]:
        """Longest way to a root, per row."""
        found: list[int] = []
        for row in range(self.rows):
            found.append(1 + max((found[parent] for parent in self.of(row)), default=-1))
        return found

    def check(self, rows: Sequence[int]) -> None:
        """Rows a caller names are rows there are. Raises ValueError."""
        if any(row >= self.rows for row in rows):
            raise ValueError(f"a row beyond the graph's {self.rows}")


def graph_lamports(offsets: bytes, parents: bytes) -> bytes:
    """u64[n]: 0 for roots, else 1 + the greatest of the parents'.

    Args:
        offsets: u32[n + 1] into ``parents``.
        parents: u32[m], each smaller than the row that names it.

    Raises:
        ValueError: columns that do not fit, or a child before its parent.
    """
    return write_u64(_Graph(offsets, parents).lamports())


def graph_order(lamports: bytes, authors: bytes, seqs: bytes, ids: bytes) -> bytes:
    """u32[n]: the rows in canonical order, by (lamport, author, seq, id).

    Args:
        lamports, seqs: u64[n].
        authors, ids: 32 * n, compared as bytes.

    Cost: O(n log n).
    """
    keys = list(
        zip(
            read_u64(lamports),
            split(authors, DIGEST_BYTES),
            read_u64(seqs),
            split(ids, DIGEST_BYTES),
            strict=True,
        )
    )
    return write_u32(sorted(range(len(keys)), key=keys.__getitem__))


def graph_heads(offsets: bytes, parents: bytes) -> bytes:
    """u32[k]: the rows that no row names as a parent, ascending. Raises ValueError."""
    graph = _Graph(offsets, parents)
    named = set(graph.parents[graph.offsets[0] : graph.offsets[-1]])
    return write_u32([row for row in range(graph.rows) if row not in named])


def graph_ancestry(offsets: bytes, parents: bytes, queries: bytes) -> bytes:
    """u8[q]: for each pair (x, y), 1 when x is y or an ancestor of y, else 0.

    Args:
        offsets, parents: the graph, as in ``graph_lamports``.
        queries: u32[2 * q], the pairs one after the other.

    Cost: O(n + m) once, and up to the rows between x and y for each pair.

    Raises:
        ValueError: columns that do not fit, or rows that are not there.
    """
    graph = _Graph(offsets, parents)
    pairs = read_u32(queries)
    if len(pairs) % 2:
        raise ValueError("queries are pairs of rows")
    graph.check(pairs)
    lamports = graph.lamports()
    return bytes(
        _is_ancestor(graph, lamports, x, y) for x, y in zip(pairs[::2], pairs[1::2], strict=True)
    )


def _is_ancestor(graph: _Graph, lamports: list[int], x: int, y: int) -> bool:
    """Walk from y towards the roots, never below x's level: ancestors have smaller lamports."""
    seen = {y}
    waiting = [y]
    while waiting:
        row = waiting.pop()
        if row == x:
            return True
        for parent in graph.of(row):
            if parent not in seen and (parent == x or lamports[parent] > lamports[x]):
                seen.add(parent)
                waiting.append(parent)
    return False


def graph_vector(  # noqa: PLR0917 (a graph is two columns, and so is an answer per chain)
    offsets: bytes, parents: bytes, chains: bytes, seqs: bytes, frontier: bytes, chain_count: int
) -> bytes:
    """u64[chain_count]: per chain, 1 + the greatest seq in a frontier's past; 0 for none.

    Args:
        offsets, parents: the graph, as in ``graph_lamports``.
        chains: u32[n], the chain each row belongs to, below ``chain_count``.
        seqs: u64[n].
        frontier: u32[k], rows whose past, themselves included, is meant.
        chain_count: number of chains.

    Raises:
        ValueError: columns that do not fit, or rows or chains that are not there.
    """
    graph = _Graph(offsets, parents)
    chain_of, seq_of, wanted = read_u32(chains), read_u64(seqs), read_u32(frontier)
    expect_rows("chains", len(chain_of), graph.rows)
    expect_rows("seqs", len(seq_of), graph.rows)
    if any(chain >= chain_count for chain in chain_of):
        raise ValueError(f"a chain beyond the {chain_count} there are")
    graph.check(wanted)
    counts = [0] * chain_count
    past = set(wanted)
    for row in range(max(wanted, default=-1), -1, -1):
        if row in past:
            past.update(graph.of(row))
            counts[chain_of[row]] = max(counts[chain_of[row]], seq_of[row] + 1)
    return write_u64(counts)
