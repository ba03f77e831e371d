"""Deps as rows, and the one rule of a header that needs them: lamport = 1 + max over parents.

Law: a row is handed out only for a parent that is stored; an event whose lamport is wrong, or
whose parent turned out invalid, ends its chain there.

Reads: kernels, store. Read by: replica.ingest.
"""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.graph.runs import Run
from tallystick.kernels import Pack
from tallystick.limits import DIGEST_BYTES
from tallystick.store.lookups import lamports_at
from tallystick.store.store import Store


class Parents:
    """What the events of one batch name, found once for the whole batch.

    Args:
        runs: what is about to be stored, in causal order.
    """

    def __init__(self, store: Store, packs: Sequence[Pack], runs: Sequence[Run]) -> None:
        self._packs = packs
        self._offsets = [memoryview(pack.dep_offsets).cast("I") for pack in packs]
        self._lamports = [memoryview(pack.lamports).cast("Q") for pack in packs]
        wanted: dict[bytes, tuple[int, int] | None] = {}
        for index in {run.pack for run in runs}:
            deps = packs[index].deps
            for at in range(0, len(deps), DIGEST_BYTES):
                wanted[deps[at : at + DIGEST_BYTES]] = None
        ids = list(wanted)
        rows = store.rows_of(ids)
        here = sorted({row for row in rows if row is not None})
        lamport_of = dict(zip(here, lamports_at(store, here), strict=True))
        for id, row in zip(ids, rows, strict=True):
            if row is not None:
                wanted[id] = (row, lamport_of[row])
        self._wanted = wanted

    def of(self, run: Run, lamport: int) -> tuple[list[list[int]], int, str | None]:
        """Rows of the deps of each event of a run, as far as the chain goes on.

        Args:
            lamport: of the event before the run.

        Returns:
            (rows per event, where it stops, the code of what is wrong there or None); the rows
            are empty when no event of the run has deps.
        """
        pack, offsets = self._packs[run.pack], self._offsets[run.pack]
        lamports = self._lamports[run.pack]
        if offsets[run.begin] == offsets[run.end]:
            return self._without_deps(run, lamport)
        found: list[list[int]] = []
        for row in range(run.begin, run.end):
            greatest, rows = lamport, []
            for at in range(offsets[row], offsets[row + 1]):
                parent = self._wanted[pack.deps[at * DIGEST_BYTES : (at + 1) * DIGEST_BYTES]]
                if parent is None:
                    return found, row, "chain/invalid-parent"
                rows.append(parent[0])
                greatest = max(greatest, parent[1])
            lamport = greatest + 1
            if lamports[row] != lamport:
                return found, row, "event/lamport"
            found.append(rows)
        return found, run.end, None

    def inserted(self, run: Run, first_row: int) -> None:
        """Rows run.begin.. are stored as first_row..: later runs may name them."""
        if not self._wanted:
            return
        pack, lamports = self._packs[run.pack], self._lamports[run.pack]
        ids = pack.ids
        for row in range(run.begin, run.end):
            id = ids[row * DIGEST_BYTES : (row + 1) * DIGEST_BYTES]
            if id in self._wanted:
                self._wanted[id] = (first_row + row - run.begin, lamports[row])

    def _without_deps(self, run: Run, lamport: int) -> tuple[list[list[int]], int, str | None]:
        """A run that names nobody: lamports count up by one."""
        got = self._lamports[run.pack][run.begin : run.end].tolist()
        expected = range(lamport + 1, lamport + 1 + len(got))
        if got == list(expected):
            return [], run.end, None
        wrong = next(i for i, (a, b) in enumerate(zip(got, expected, strict=True)) if a != b)
        return [], run.begin + wrong, "event/lamport"
