"""Reading the ledger's view: assets, balances, statements, debts with causes, and why.

    postings of (account, asset) by lamport ─► those of one lamport put in canonical order ─► lines
    debt ◄── payments in that only the policy excludes, oldest first, then overdraft

**Law:** the balance of the last line is the account's balance; the parts of a debt add up to it.

Reads: graph.order, state.ledger, views_ledger, source, explain. Read by: replica.ledger_reading.
Source: spec/ledger.md ("State", "Debts").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tallystick.graph.order import canonical_key
from tallystick.identity.did import did_key, parse_did_key
from tallystick.limits import DIGEST_BYTES
from tallystick.state.explain import VerdictLike, VerdictOf
from tallystick.state.ledger import Asset, Delegate, Refund, parse_entry
from tallystick.state.source import EventRow, EventSource, Spans
from tallystick.state.view import Db, row_list
from tallystick.state.views_ledger import LedgerView

WALK_ROWS: Final = 1_024
"""Postings that are read at a time."""
_HALF: Final = (1 << 32) - 1
_UNBOUNDED: Final = -1

Keeps = Callable[[bytes], bool]
"""Event id -> whether the version that is read holds the event."""


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
        no = self._number(account)
        if no is None:
            return []
        first = 0 if after is None else after.lamport
        held = self._sum_before(no, asset.row, first)
        found: list[Line] = []
        size = WALK_ROWS if limit is None else min(limit + 1, WALK_ROWS)
        for chunk in self._chunks(no, asset.row, first=first, size=size):
            refunds = self._refunds([row for row, *_ in chunk])
            for row, amount, included, event in chunk:
                given_back = refunds.get(row, ())
                held += amount if included and not given_back else 0
                if after is not None and canonical_key(event) <= canonical_key(after):
                    continue
                if self._keeps is not None and not self._keeps(event.id):
                    continue
                others = counterparts(event, account, asset.event, amount)
                found.append(Line(event, amount, included, given_back, held, others))
                if len(found) == limit:
                    return found
        return found

    def _number(self, account: bytes) -> int | None:
        query = f"SELECT no FROM {self._view.own('account')} WHERE key = ?"
        found = self._db.rows(query, (account,))
        return found[0][0] if found else None

    def _sum_before(self, account: int, asset: int, lamport: int) -> int:
        if lamport == 0:
            return 0
        # In halves: a sum of 64-bit numbers does not fit into SQLite's.
        query = (
            f"SELECT sum(amount >> 32), sum(amount & {_HALF}) FROM {self._view.own('post')}"
            " WHERE account = ? AND asset = ? AND lamport < ? AND included AND NOT refunds"
        )
        ((high, low),) = self._db.rows(query, (account, asset, lamport))
        return ((high or 0) << 32) + (low or 0)

    def _chunks(
        self, account: int, asset: int, *, first: int = 0, size: int = WALK_ROWS, where: str = ""
    ) -> Iterator[list[tuple[int, int, bool, EventRow]]]:
        """(row, amount, included, event) of postings in canonical order, some at a time."""
        query = (
            f"SELECT lamport, row, amount, included FROM {self._view.own('post')}"
            f" WHERE account = ? AND asset = ? AND {{}} {where} ORDER BY lamport, row LIMIT ?"
        )
        while True:
            from_first = query.format("lamport >= ?")
            rows = self._db.rows(from_first, (account, asset, first, size))
            if not rows:
                return
            last, row = rows[-1][:2]
            if len(rows) == size:  # all of one lamport together: they are put in order
                rest = query.format("lamport = ? AND row > ?")
                rows += self._db.rows(rest, (account, asset, last, row, _UNBOUNDED))
            events = self._events([row for _, row, *_ in rows])
            chunk = [
                (row, amount, bool(included), events[row]) for _, row, amount, included in rows
            ]
            yield sorted(chunk, key=lambda one: canonical_key(one[3]))
            if len(rows) < size:
                return
            first = last + 1

    def _events(self, rows: Sequence[int]) -> dict[int, EventRow]:
        ranges = Spans((row, 1) for row in rows).ranges
        found = (event for row, count in ranges for event in self._source.events(row, count))
        return {event.row: event for event in found}

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

    def debt(self, account: bytes, asset: AssetRow, amount: int, verdict_of: VerdictOf) -> Debt:
        """What a debt comes from. Cost: O(payments in that do not count), until it is explained."""
        left, causes = amount, []
        no = self._number(account)
        assert no is not None, "who owes has paid"
        outside = "AND amount > 0 AND NOT included AND NOT refunds"
        for chunk in self._chunks(no, asset.row, where=outside):
            refunds = self._refunds([row for row, *_ in chunk], counted=False)
            for row, came, _, event in chunk:
                if self._keeps is not None and not self._keeps(event.id):
                    continue
                if any(_would_count(verdict_of(id), event.id) for id in refunds.get(row, ())):
                    continue  # counted, it would be given back
                part = min(came, left)
                payers = counterparts(event, account, asset.event, came)
                payers = payers if len(payers) == 1 else (event.author,)
                causes.append(Cause(event.id, payers, part, verdict_of(event.id)))
                left -= part
                if not left:
                    return Debt(account, asset, amount, tuple(causes), 0)
        return Debt(account, asset, amount, tuple(causes), left)


def counterparts(event: EventRow, account: bytes, asset: bytes, amount: int) -> tuple[bytes, ...]:
    """Who paid what an account received, or received what it paid; of an issue its author."""
    entry = parse_entry(event.kind, event.frame, event.author)
    assert not isinstance(entry, str | Asset | Delegate | Refund), event.kind
    found = tuple(
        leg.account
        for leg in entry.legs
        if leg.asset == asset and leg.account != account and (leg.amount < 0) == (amount > 0)
    )
    return found or (event.author,)


def _would_count(verdict: Any, transfer: bytes) -> bool:
    """Whether a refund counts, or would if what it gives back did."""
    if verdict.included:
        return True
    return bool(verdict.reason == "ungrounded" and verdict.by == transfer)


def _keys(packed: bytes) -> tuple[bytes, ...]:
    return tuple(packed[at : at + DIGEST_BYTES] for at in range(0, len(packed), DIGEST_BYTES))
