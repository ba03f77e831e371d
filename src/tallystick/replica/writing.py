"""Writing: a user's events become commits of the store's own chain.

    rows ─► deps (what I heed) ─► lamports ─► prepare (seal, sign) ─► ingest ─► judged

Law: a commit stands on heads that count for me, so that all it names is in its past; it enters
the store through the same door as everybody's, and no byte of it leaves before it is durable.

Reads: chain.commit, store, replica.{ingest, tips}. Read by: replica.
Source: spec/validity.md, "Writing".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tallystick.chain.commit import ChainEnd, commit_borders, prepare
from tallystick.errors import ChainError, UsageError
from tallystick.event.rules import MERGE
from tallystick.identity.did import did_key
from tallystick.kernels import Draft
from tallystick.limits import BODY_BYTES_MAX, DEPS_MAX, DIGEST_BYTES, SEED_BYTES
from tallystick.replica.ingest import Ingest, Stored
from tallystick.replica.owner import Owner
from tallystick.replica.tips import Tips
from tallystick.store.lookups import lamports_at
from tallystick.store.store import Store

HEADER_ROOM_BYTES = 2_048
"""Of each event when a batch is cut into commits; the kernel checks the exact bounds."""
HEADS_LOOKED_AT = 4 * DEPS_MAX


class Row(NamedTuple):
    """One event to be written. A named tuple, not a data class: they are made by the thousand.

    Args:
        frame, content: encoded items, or empty.
        names: rows of events that must be in its past (ops gone over, grounds).
        time: milliseconds since 1970 as claimed; None is now.
        schema: digest of the content's JSON Schema, or empty.
    """

    kind: str
    frame: bytes = b""
    content: bytes = b""
    names: tuple[int, ...] = ()
    time: int | None = None
    schema: bytes = b""


class Writer:
    """The own chain of one log.

    Args:
        now: milliseconds since 1970.
        entropy: n -> n random bytes, for the seeds of bodies.
    """

    def __init__(
        self,
        store: Store,
        log_no: int,
        owner: Owner,
        *,
        ingest: Ingest,
        tips: Tips,
        now: Callable[[], int],
        entropy: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._log_no = log_no
        self._log_id = store.log(log_no).id
        self._owner = owner
        self._ingest = ingest
        self._tips = tips
        self._now = now
        self._entropy = entropy

    def append(self, rows: Sequence[Row], taken: Callable[[Stored], None]) -> list[bytes]:
        """Writes events as one or more commits; the caller holds the transaction.

        Args:
            taken: told of each commit that was stored, to judge and reduce it.

        Returns:
            their ids, in order.

        Raises:
            ChainError: chain/restored, while peers hold more of this chain, or two versions.
            BadInput: an event no one may accept (event/kind, event/too-large...).
        """
        ids: list[bytes] = []
        sizes = [len(row.frame) + len(row.content) + HEADER_ROOM_BYTES for row in rows]
        borders = commit_borders(sizes, bytes_max=4 * BODY_BYTES_MAX - HEADER_ROOM_BYTES)
        for begin, end in borders:
            part = rows[begin:end]
            deps = self._deps({name for row in part for name in row.names}, taken)
            ids += self._commit(part, deps, taken)
        return ids

    def _commit(
        self, rows: Sequence[Row], deps: Sequence[int], taken: Callable[[Stored], None]
    ) -> list[bytes]:
        end = self._end()
        named = sorted(zip(self._store.ids_at(deps), deps, strict=True))
        first = 1 + max([end.lamport, *lamports_at(self._store, deps)])
        count, now = len(rows), self._now()
        seeds = self._entropy(SEED_BYTES * count)
        draft = Draft(
            lamports=range(first, first + count),
            times=[now if row.time is None else row.time for row in rows],
            kinds=[row.kind for row in rows],
            deps=[b"".join(id for id, _ in named), *[b""] * (count - 1)],
            schemas=[row.schema for row in rows],
            frames=[row.frame for row in rows],
            contents=[row.content for row in rows],
            seeds=[seeds[at : at + SEED_BYTES] for at in range(0, len(seeds), SEED_BYTES)],
        )
        commit = prepare(self._owner.key(), self._log_id, end, draft)
        stored = self._ingest.receive_own(self._owner.public, commit, [row for _, row in named])
        taken(stored)
        found = commit.opened.ids
        return [found[at : at + DIGEST_BYTES] for at in range(0, len(found), DIGEST_BYTES)]

    def _end(self) -> ChainEnd:
        """Where the own chain ends; refused while it is known to go on elsewhere."""
        author = self._owner.public
        lines = self._store.lines(self._log_no, author)
        if len(lines) > 1:
            raise ChainError(
                "chain/restored",
                "this key has written two different histories",
                where=did_key(self._owner.public),
                hint="Make a new key with `tally init` and go on with that one.",
            )
        if self._store.pending_of(self._log_no, author):
            raise ChainError(
                "chain/restored", where=did_key(self._owner.public), hint="Sync again first."
            )
        if not lines:
            if self._store.genesis_row(self._log_no) is None:  # joined, and cut off before it came
                raise UsageError(
                    "usage/no-log", "nothing of that log is here yet",
                    hint="Sync with a peer that has it, then write.",
                )  # fmt: skip
            return ChainEnd()
        line = lines[0]
        if line.head_size > line.size:
            raise ChainError(
                "chain/restored",
                where=did_key(self._owner.public),
                expected=f"{line.head_size} events of this key",
                got=line.size,
                hint="Sync with a peer that has the rest, then write.",
            )
        return ChainEnd(line.size, line.peaks, line.last_id, line.lamport)

    def heeds(self, row: int) -> bool:
        """Whether an event is in the past of what is written next, whatever that names."""
        own = {line.no for line in self._store.lines(self._log_no, self._owner.public)}
        tops = [*self._last_rows(own), *self._tips.newest(DEPS_MAX // 2)]
        return self._tips.holds(row, tops)

    # --- deps -----------------------------------------------------------------------------------

    def _deps(self, names: set[int], taken: Callable[[Stored], None]) -> list[int]:
        """Rows to name as deps: what holds the named events first, then the newest heads."""
        own = {line.no for line in self._store.lines(self._log_no, self._owner.public)}
        needed = self._needed(names, own)
        while len(needed) > DEPS_MAX:
            part, needed = needed[:DEPS_MAX], needed[DEPS_MAX:]
            self._commit([Row(MERGE)], part, taken)
        chosen = list(needed)
        passed = set(needed).union(self._last_rows(own))
        if not own:  # the genesis event is a parent of every first event without being named
            passed.add(self._store.genesis_row(self._log_no) or 0)
        for row in self._tips.newest(HEADS_LOOKED_AT):
            if len(chosen) == DEPS_MAX:
                break
            if row not in passed and self._store.links(row)[0] not in own:
                chosen.append(row)
        return chosen

    def _last_rows(self, lines: set[int]) -> list[int]:
        return [self._store.row_at(line, self._store.line(line).size - 1) for line in lines]

    def _needed(self, names: set[int], own: set[int]) -> list[int]:
        """The fewest heads that bring the named events into the past."""
        last = self._last_rows(own)
        needed: list[int] = []
        for row in sorted(names, reverse=True):
            if self._store.links(row)[0] in own or self._tips.holds(row, [*needed, *last]):
                continue
            top = self._tips.last_counted(row)
            needed.append(row if top is None else top)
        return needed
