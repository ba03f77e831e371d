"""Reading the ledger's view: assets, balances, statements, debts with causes, and why.

    runs of postings, merged by lamport ─► those of one lamport put in canonical order ─► lines
    debt ◄── idle payments in that only the policy excludes, oldest first, then overdraft

**Law:** the balance of the last line is the account's balance; the parts of a debt add up to it.

Reads: graph.order, state.ledger, views_ledger, views_ledger_holdings, source, explain.
Read by: replica.ledger_reading.
Source: spec/ledger.md ("State", "Debts").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from tallystick.graph.order import canonical_key
from tallystick.identity.did import did_key, parse_did_key
from tallystick.limits import DIGEST_BYTES
from tallystick.state.explain import VerdictLike, VerdictOf
from tallystick.state.ledger import TRANSFER, LegTuple, read_transfers
from tallystick.state.source import EventRow, EventSource
from tallystick.state.view import Db, row_list
from tallystick.state.views_ledger import LedgerView
from tallystick.state.views_ledger_holdings import Posting, read_postings

WALK_ROWS: Final = 1_024
"""Postings that are read at a time."""
RUNS_READ: Final = 64

Keeps = Callable[[bytes], bool]
"""Event id -> whether the version that is read holds the event."""
CountsIf = Callable[[bytes, bytes], bool]
"""(Event id, one it stands on) -> whether it counts, or would if that one did."""


class AssetRow(NamedTuple):
    """A declared asset. ``issued`` is what counting issues made of it, in smallest units."""

    row: int
    event: bytes
    author: bytes
    code: str
    precision: int
    issuers: tuple[bytes, ...]
    credit: int | None
    issued: int
    included: bool


@dataclass(frozen=True, slots=True)
class Line:
    """What one event does to one account, and what the account has after it.

    Args:
        amount: in smallest units; below zero when it pays.
        included: whether the event counts; ``refunds`` are the ids of refunds of it that count.
        balance: after this line; lines without effect leave it as it was.
        others: the accounts that pay when this one receives, or receive when it pays; of an
            issue its author.
    """

    event: EventRow
    amount: int
    included: bool
    refunds: tuple[bytes, ...]
    balance: int
    others: tuple[bytes, ...]

    @property
    def effect(self) -> bool:
        """Whether it moves the balance."""
        return self.included and not self.refunds


@dataclass(frozen=True, slots=True)
class Cause:
    """A part of a debt: a payment in that does not count, and why not."""

    event: bytes
    payers: tuple[bytes, ...]
    amount: int
    verdict: VerdictLike


@dataclass(frozen=True, slots=True)
class Debt:
    """What an account owes of an asset: causes and ``overdraft`` add up to ``amount``."""

    account: bytes
    asset: AssetRow
    amount: int
    causes: tuple[Cause, ...]
    overdraft: int


class LedgerTables:
    """The view's tables as they are read: one view, one database, one log's events.

    Args:
        keeps: what of the events is in the version that is read; None: all.
    """

    def __init__(
        self, view: LedgerView, db: Db, source: EventSource, *, keeps: Keeps | None = None
    ) -> None:
        self._view, self._db, self._source, self._keeps = view, db, source, keeps

    # --- what there is ---------------------------------------------------------------------------

    def assets(self) -> list[AssetRow]:
        """Every declared asset, counted or not, by code and id."""
        query = (
            "SELECT row, event, author, code, precision, issuers, credit, issued, included"
            f" FROM {self._view.own('asset')} ORDER BY code, event"
        )
        return [
            AssetRow(
                row, event, author, code, precision,
                _keys(issuers), credit, int(issued), bool(included),
            )
            for row, event, author, code, precision, issuers, credit, issued, included
            in self._db.rows(query)
            if self._keeps is None or self._keeps(event)
        ]  # fmt: skip

    def balances(
        self, account: bytes | None = None, *, owing: bool = False
    ) -> list[tuple[bytes, str, int]]:
        """(account, text id of the asset, balance) of what is not 0; or only below 0."""
        query, params = f"SELECT account, asset, balance FROM {self._view.people}", []
        if account is not None:
            query, params = f"{query} WHERE account = ?", [did_key(account)]
        elif owing:
            query += " WHERE balance < 0 OR balance LIKE '-%'"
        return [
            (parse_did_key(key), asset, held)
            for key, asset, balance in self._db.rows(query, params)
            if (held := int(balance)) < 0 or not owing
        ]

    def balance(self, account: bytes, asset: str) -> int:
        """One balance; 0 for an account nobody ever paid. ``asset`` is its text id."""
        query = f"SELECT balance FROM {self._view.people} WHERE account = ? AND asset = ?"
        found = self._db.rows(query, (did_key(account), asset))
        return int(found[0][0]) if found else 0

    def delegation(self, giver: bytes, taker: bytes, asset: AssetRow) -> bytes | None:
        """The id of a counting delegation by which one key may act for another's account."""
        query = (
            f"SELECT event FROM {self._view.own('delegate')} WHERE included AND giver = ?"
            " AND taker = ? AND (asset IS NULL OR asset = ?) ORDER BY row LIMIT 1"
        )
        found = self._db.rows(query, (giver, taker, asset.row))
        return bytes(found[0][0]) if found else None

    # --- statements ------------------------------------------------------------------------------

    def statement(
        self,
        account: bytes,
        asset: AssetRow,
        *,
        after: EventRow | None = None,
        limit: int | None = None,
    ) -> list[Line]:
        """Lines of an account in canonical order.

        Cost: O(lines), and a sum over the postings before ``after``.
        """
        no = self._number(account, asset)
        if no is None:
            return []
        first = 0 if after is None else after.lamport
        held = self._sum_before(no, first)
        found: list[Line] = []
        size = WALK_ROWS if limit is None else min(limit + 1, WALK_ROWS)
        for chunk in self._chunks(self._postings(no, first), size):
            idle = self._idle(no, chunk)
            refunds = self._refunds(list(idle))
            for (row, amount, event), legs in zip(chunk, _legs(chunk), strict=True):
                included, given_back = idle.get(row, True), refunds.get(row, ())
                held += 0 if row in idle else amount
                if after is not None and canonical_key(event) <= canonical_key(after):
                    continue
                if self._keeps is not None and not self._keeps(event.id):
                    continue
                others = counterparts(event, legs, (account, asset.event), amount)
                found.append(Line(event, amount, included, given_back, held, others))
                if len(found) == limit:
                    return found
        return found

    def _number(self, account: bytes, asset: AssetRow) -> int | None:
        query = f"SELECT no FROM {self._view.own('holding')} WHERE key = ? AND asset = ?"
        found = self._db.rows(query, (account, asset.row))
        return found[0][0] if found else None

    def _sum_before(self, holding: int, lamport: int) -> int:
        """What the postings before a lamport come to. Cost: the runs that begin before it."""
        if lamport == 0:
            return 0
        post, idle = self._view.own("post"), self._view.own("idle")
        whole = f"SELECT total FROM {post} WHERE holding = ? AND last < ?"
        cut = f"SELECT postings FROM {post} WHERE holding = ? AND first < ?2 AND last >= ?2"
        out = f"SELECT amount FROM {idle} WHERE holding = ? AND lamport < ?"
        held = 0
        for (total,) in self._db.rows(whole, (holding, lamport)):
            held += int(total)
        for (run,) in self._db.rows(cut, (holding, lamport)):
            held += sum(amount for at, _, amount in read_postings(run) if at < lamport)
        for (amount,) in self._db.rows(out, (holding, lamport)):
            held -= amount
        return held

    def _postings(self, holding: int, first: int) -> Iterator[Posting]:
        """From a lamport on, by lamport and row. A run is read when its first posting is due."""
        query = (
            f"SELECT first, row, postings FROM {self._view.own('post')} WHERE holding = ?"
            " AND last >= ? AND (first, row) > (?, ?) ORDER BY first, row LIMIT ?"
        )
        waiting: list[Posting] = []
        for begin, _, run in self._pages(query, (holding, first), RUNS_READ):
            while waiting and waiting[0][0] < begin:
                yield heappop(waiting)
            for posting in read_postings(run):
                if posting[0] >= first:
                    heappush(waiting, posting)
        while waiting:
            yield heappop(waiting)

    def _pages(self, query: str, params: tuple[int, ...], size: int) -> Iterator[tuple[Any, ...]]:
        """Rows of a query, some at a time; they begin with the two numbers they are sorted by."""
        last = (-1, -1)
        while found := self._db.rows(query, (*params, *last, size)):
            yield from found
            last = found[-1][:2]

    def _chunks(
        self, postings: Iterable[Posting], size: int = WALK_ROWS
    ) -> Iterator[list[tuple[int, int, EventRow]]]:
        """(row, amount, event) of postings in canonical order, some at a time.

        All of one lamport come together, so that they can be put in order.
        """
        part: list[Posting] = []
        for _, same in groupby(postings, key=itemgetter(0)):
            part += same
            if len(part) >= size:
                yield self._ordered(part)
                part = []
        if part:
            yield self._ordered(part)

    def _ordered(self, part: Sequence[Posting]) -> list[tuple[int, int, EventRow]]:
        events = self._events([row for _, row, _ in part])
        found = [(row, amount, events[row]) for _, row, amount in part]
        return sorted(found, key=lambda one: canonical_key(one[2]))

    def _idle(self, holding: int, chunk: Sequence[tuple[int, int, EventRow]]) -> dict[int, bool]:
        """Row -> whether the event counts, of postings without effect."""
        query = (
            f"SELECT row, included FROM {self._view.own('idle')} WHERE holding = ?"
            " AND lamport >= ? AND lamport <= ?"
        )
        ends = chunk[0][2].lamport, chunk[-1][2].lamport
        return {row: bool(counts) for row, counts in self._db.rows(query, (holding, *ends))}

    def _events(self, rows: Sequence[int]) -> dict[int, EventRow]:
        return {event.row: event for event in self._source.events_at(rows)}

    def _refunds(
        self, rows: Sequence[int], *, counted: bool = True
    ) -> dict[int, tuple[bytes, ...]]:
        """Row of a transfer -> ids of its refunds that count (or of all), where there are any."""
        query = (
            f"SELECT r.transfer, r.row FROM json_each(?) j JOIN {self._view.own('refund')} r"
            f" ON r.transfer = j.value{' WHERE r.included' if counted else ''} ORDER BY r.row"
        )
        pairs = self._db.rows(query, (row_list(rows),))
        events = self._events([row for _, row in pairs])
        found: defaultdict[int, tuple[bytes, ...]] = defaultdict(tuple)
        for transfer, row in pairs:
            if self._keeps is None or self._keeps(events[row].id):
                found[transfer] += (events[row].id,)
        return found

    # --- debts -----------------------------------------------------------------------------------

    def debt(
        self, account: bytes, asset: AssetRow, amount: int, verdict_of: VerdictOf,
        counts_if: CountsIf,
    ) -> Debt:  # fmt: skip
        """What a debt comes from. Cost: O(payments in that do not count), until it is explained."""
        left, causes = amount, []
        no = self._number(account, asset)
        assert no is not None, "who owes has paid"
        query = (
            f"SELECT lamport, row, amount FROM {self._view.own('idle')} WHERE holding = ?"
            " AND amount > 0 AND NOT included AND NOT refunds"
            " AND (lamport, row) > (?, ?) ORDER BY lamport, row LIMIT ?"
        )
        for chunk in self._chunks(self._pages(query, (no,), WALK_ROWS)):
            refunds = self._refunds([row for row, *_ in chunk], counted=False)
            for (row, came, event), legs in zip(chunk, _legs(chunk), strict=True):
                if self._keeps is not None and not self._keeps(event.id):
                    continue
                if any(counts_if(id, event.id) for id in refunds.get(row, ())):
                    continue  # counted, it would be given back
                part = min(came, left)
                payers = counterparts(event, legs, (account, asset.event), came)
                payers = payers if len(payers) == 1 else (event.author,)
                causes.append(Cause(event.id, payers, part, verdict_of(event.id)))
                left -= part
                if not left:
                    return Debt(account, asset, amount, tuple(causes), 0)
        return Debt(account, asset, amount, tuple(causes), left)


def counterparts(
    event: EventRow, legs: Sequence[LegTuple], place: tuple[bytes, bytes], amount: int
) -> tuple[bytes, ...]:
    """Who paid what an account received, or received what it paid; of an issue its author.

    Args:
        legs: of a transfer; of an issue none.
        place: the account and the id of the asset.
    """
    account, asset = place
    found = tuple(
        [
            other
            for other, what, moved in legs
            if what == asset and other != account and (moved < 0) == (amount > 0)
        ]
    )
    return found or (event.author,)


def _legs(chunk: Sequence[tuple[int, int, EventRow]]) -> Iterator[Sequence[LegTuple]]:
    """The legs of each event that is a transfer, none of an issue."""
    frames = [(event.author, event.frame) for *_, event in chunk if event.kind == TRANSFER]
    legs = read_transfers(frames)
    return (next(legs) if event.kind == TRANSFER else () for *_, event in chunk)


def _keys(packed: bytes) -> tuple[bytes, ...]:
    return tuple(packed[at : at + DIGEST_BYTES] for at in range(0, len(packed), DIGEST_BYTES))
