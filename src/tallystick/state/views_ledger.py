"""The view of the ledger: what every account has of every asset, by the events that count.

    ledger                account, asset, code, balance         for people: what is not 0
    state_asset_ledger    row -> id, code, precision, credit, issued, included
    state_account_ledger  no -> key
    state_post_ledger     (account, asset, lamport, row) -> amount, included, refunds
    state_refund_ledger   row -> the row it gives back, included
    state_delegate_ledger row -> giver, taker, asset, included

A posting is what one event does to one account; it has effect while its event counts and no refund
of it does. Events that do not count are kept too, so that statements and debts can tell of them.
What an event touches is read from its frame again, so an exclusion costs what it excludes.

**Law:** balances are the sums of the postings that have effect; under every policy those of an
asset add up to what was issued of it.

Reads: state.ledger, source, view. Read by: state.views, views_ledger_read, replica.
Source: spec/ledger.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from zlib import crc32

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key, parse_did_key
from tallystick.kernels import Link
from tallystick.state.ledger import (
    ASSET,
    DELEGATE,
    ISSUE,
    KINDS,
    MOVES,
    REFUND,
    Asset,
    Delegate,
    Issue,
    Leg,
    Refund,
    Transfer,
    parse_entry,
)
from tallystick.state.source import END, Changes, EventSource, Spans
from tallystick.state.types.counter import column_sum, pack_sum
from tallystick.state.view import Db, View, row_list, within

NAME: Final = "ledger"
CHUNK_ROWS: Final = 16_384
KEYS_A_QUERY: Final = 500
_TABLES: Final = """
CREATE TABLE {people} (
  account TEXT NOT NULL,
  asset TEXT NOT NULL,
  code TEXT NOT NULL,
  balance NOT NULL,
  PRIMARY KEY (account, asset)
) WITHOUT ROWID;
CREATE TABLE {asset} (
  row INTEGER PRIMARY KEY,
  event BLOB NOT NULL,
  author BLOB NOT NULL,
  code TEXT NOT NULL,
  precision INTEGER NOT NULL,
  issuers BLOB NOT NULL,
  credit INTEGER,
  issued NOT NULL,
  included INTEGER NOT NULL
);
CREATE TABLE {account} (no INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE);
CREATE TABLE {post} (
  account INTEGER NOT NULL,
  asset INTEGER NOT NULL,
  lamport INTEGER NOT NULL,
  row INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  included INTEGER NOT NULL,
  refunds INTEGER NOT NULL,
  PRIMARY KEY (account, asset, lamport, row)
) WITHOUT ROWID;
CREATE TABLE {refund} (
  row INTEGER PRIMARY KEY,
  transfer INTEGER NOT NULL,
  included INTEGER NOT NULL
);
CREATE INDEX {refund}_transfer ON {refund} (transfer);
CREATE TABLE {delegate} (
  row INTEGER PRIMARY KEY,
  event BLOB NOT NULL,
  giver BLOB NOT NULL,
  taker BLOB NOT NULL,
  asset INTEGER,
  included INTEGER NOT NULL
);
CREATE TABLE {cursor} (row INTEGER NOT NULL);
INSERT INTO {cursor} VALUES (1)
"""
_FLAGGED: Final = ("asset", "refund", "delegate")
"""Tables of events that are not moves; they only note whether the event counts."""

Move = tuple[int, bool, tuple[Leg, ...]]
"""(row, whether it issues, what it does)."""


class LedgerView(View):
    """The view of all accounts. There is one per log."""

    parts = ("asset", "account", "post", "refund", "delegate", "cursor")
    schema = _TABLES

    def __init__(self) -> None:
        super().__init__(NAME, reducer=NAME, version=1)

    def reads_only(self) -> tuple[str, ...]:
        """The kinds of the ledger."""
        return KINDS

    # --- taking in -------------------------------------------------------------------------------

    def change(self, db: Db, source: EventSource, changes: Changes) -> None:
        """Take in changes. Cost: the events that came, and those that flip."""
        cursor, end = self.cursor(db), source.end_row()
        sums = _Sums(self, db, source)
        for first in range(cursor, end, CHUNK_ROWS):
            self._enter(db, source, (first, min(CHUNK_ROWS, end - first)), changes.added, sums)
        if end > cursor:
            db.execute(f"UPDATE {self.own('cursor')} SET row = ?", (end,))
        flips: dict[int, bool] = {}
        again = changes.added.clip(0, cursor)
        for spans, included in ((changes.removed, False), (again, True)):
            if not spans.ranges:
                continue
            self._flag(db, spans, included=included)
            flips |= {row: included for row, _, _ in _moves(source, spans.ranges)}
        refunds = self._refunds(db, source, changes, cursor)
        self._flip(db, source, flips, refunds, sums)
        sums.settle()

    def _enter(
        self, db: Db, source: EventSource, piece: tuple[int, int], added: Spans, sums: _Sums
    ) -> None:
        """Keep what is new of a stretch of rows, whether it counts or not."""
        whole = added.covers(*piece)
        self._enter_few(db, source, piece, added)
        moves = _moves(source, [piece])
        if not moves:
            return
        lamports = source.lamports(Spans((row, 1) for row, _, _ in moves).ranges)
        sums.know({leg.account for _, _, legs in moves for leg in legs})
        posts: list[tuple[int, ...]] = []
        accounts, assets = sums.accounts, sums.assets
        for row, issues, legs in moves:
            counts = whole or row in added
            lamport = lamports[row]
            for account, asset, amount in legs:
                no = accounts[account]
                asset_row = assets[asset]
                posts.append((no, asset_row, lamport, row, amount, counts, 0))
                if counts:
                    sums.add(no, asset_row, amount)
                    if issues:
                        sums.issued[asset_row] += amount
        posts.sort()
        db.executemany(f"INSERT INTO {self.own('post')} VALUES (?, ?, ?, ?, ?, ?, ?)", posts)

    def _enter_few(self, db: Db, source: EventSource, piece: tuple[int, int], added: Spans) -> None:
        """Assets, delegations and refunds."""
        for row, author, entry in _entries(source, [piece], ASSET):
            assert isinstance(entry, Asset)
            (event,) = source.events(row, 1)
            db.execute(
                f"INSERT INTO {self.own('asset')} VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)",
                (row, event.id, author, *entry[:2], b"".join(entry.issuers), entry.credit,
                 row in added),
            )  # fmt: skip
        for row, author, entry in _entries(source, [piece], DELEGATE):
            assert isinstance(entry, Delegate)
            (event,) = source.events(row, 1)
            asset = None if entry.asset is None else source.row_of(entry.asset)
            db.execute(
                f"INSERT INTO {self.own('delegate')} VALUES (?, ?, ?, ?, ?, ?)",
                (row, event.id, author, entry.to, asset, row in added),
            )
        for row, _, entry in _entries(source, [piece], REFUND):
            assert isinstance(entry, Refund)
            db.execute(
                f"INSERT INTO {self.own('refund')} VALUES (?, ?, 0)",
                (row, source.row_of(entry.transfer)),
            )

    def _flag(self, db: Db, spans: Spans, *, included: bool) -> None:
        for part in _FLAGGED:
            if part == "refund":
                continue  # told by _refunds, which needs to know what it was
            for where, params in within(self.own(part), spans):
                db.execute(
                    f"UPDATE {self.own(part)} SET included = {int(included)}"
                    f" WHERE row IN (SELECT p.row FROM {where})",
                    params,
                )

    def _refunds(
        self, db: Db, source: EventSource, changes: Changes, cursor: int
    ) -> dict[int, int]:
        """Row of a transfer -> by how many more refunds it is given back now."""
        del source, cursor
        moved: defaultdict[int, int] = defaultdict(int)
        table = self.own("refund")
        for spans, included in ((changes.removed, 0), (changes.added, 1)):
            for where, params in within(table, spans) if spans.ranges else ():
                found = db.rows(
                    f"SELECT p.row, p.transfer FROM {where} AND p.included <> {included}", params
                )
                for _, transfer in found:
                    moved[transfer] += 1 if included else -1
                db.executemany(
                    f"UPDATE {table} SET included = {included} WHERE row = ?",
                    [(row,) for row, _ in found],
                )
        return moved

    def _flip(
        self, db: Db, source: EventSource, flips: dict[int, bool], refunds: dict[int, int],
        sums: _Sums,
    ) -> None:  # fmt: skip
        """Postings of moves that count now, or no longer, or are given back, or no longer."""
        rows = sorted(flips.keys() | {row for row, more in refunds.items() if more})
        if not rows:
            return
        ranges = Spans((row, 1) for row in rows).ranges
        lamports = source.lamports(ranges)
        moves = _moves(source, ranges)
        sums.know({leg.account for _, _, legs in moves for leg in legs})
        table, updates = self.own("post"), []
        query = (
            f"SELECT included, refunds FROM {table}"
            " WHERE account = ? AND asset = ? AND lamport = ? AND row = ?"
        )
        for row, issues, legs in moves:
            keys = [
                (sums.accounts[leg.account], sums.assets[leg.asset], lamports[row], row)
                for leg in legs
            ]
            ((included, given_back),) = db.rows(query, keys[0])
            counts, more = flips.get(row, bool(included)), given_back + refunds.get(row, 0)
            assert more >= 0, row
            sign = int(counts and not more) - int(included and not given_back)
            for (account, asset, _, _), leg in zip(keys, legs, strict=True):
                if sign:
                    sums.add(account, asset, sign * leg.amount)
                    if issues:
                        sums.issued[asset] += sign * leg.amount
            updates += [(counts, more, *key) for key in keys]
        db.executemany(
            f"UPDATE {table} SET included = ?, refunds = ?"
            " WHERE account = ? AND asset = ? AND lamport = ? AND row = ?",
            updates,
        )

    # --- what there is ---------------------------------------------------------------------------

    def state(self, db: Db) -> dict[str, Any]:
        """{"assets": [[link, code, precision, issued]], "balances": [[key, link, balance]]}.

        Assets that count and balances that are not 0, sorted.
        """
        assets = db.rows(
            f"SELECT event, code, precision, issued FROM {self.own('asset')} WHERE included"
            " ORDER BY event"
        )
        ids = {cid_text(id): id for (id,) in db.rows(f"SELECT event FROM {self.own('asset')}")}
        balances = sorted(
            (parse_did_key(account), ids[asset], int(balance))
            for account, asset, _, balance in db.rows(f"SELECT * FROM {self.people}")
        )
        return {
            "assets": [
                [Link(id), code, precision, pack_sum(int(issued))]
                for id, code, precision, issued in assets
            ],
            "balances": [[key, Link(asset), pack_sum(held)] for key, asset, held in balances],
        }

    # --- key by key ------------------------------------------------------------------------------

    def touched(self, db: Db, source: EventSource, spans: Spans) -> Iterator[tuple[str, int]]:
        """``account/asset`` and row of each move, and of each refund of one."""
        del db
        for row, _, legs in _moves(source, spans.ranges):
            yield from ((_key(leg), row) for leg in legs)
        refunds = self._refunded(source, spans)
        moves = Spans((transfer, 1) for transfer in refunds)
        for transfer, _, legs in _moves(source, moves.ranges):
            yield from ((_key(leg), row) for leg in legs for row in refunds[transfer])

    def rows_of(self, db: Db, source: EventSource, key: str) -> list[int]:
        """Rows of the moves of one account in one asset and of their refunds."""
        account, _, asset = key.partition("/")
        query = (
            f"SELECT p.row FROM {self.own('post')} p JOIN {self.own('account')} a"
            f" ON a.no = p.account JOIN {self.own('asset')} s ON s.row = p.asset"
            " WHERE a.key = ? AND s.event = ?"
        )
        try:
            moves = {row for (row,) in db.rows(query, (parse_did_key(account), parse_cid(asset)))}
        except BadInput:
            return []
        later = entries_later(self, db, source)
        moves.update(row for row, _, legs in later if key in map(_key, legs))
        refunds = self._refunded(source, Spans([(0, source.end_row())]))
        return sorted(moves.union(*(refunds.get(row, ()) for row in moves)))

    def values(self, db: Db, keys: Iterable[str]) -> dict[str, int]:
        """Balances by ``account/asset``; accounts that hold nothing are left out."""
        query = f"SELECT balance FROM {self.people} WHERE account = ? AND asset = ?"
        found: dict[str, int] = {}
        for key in keys:
            account, _, asset = key.partition("/")
            found.update((key, int(balance)) for (balance,) in db.rows(query, (account, asset)))
        return found

    @staticmethod
    def _refunded(source: EventSource, spans: Spans) -> dict[int, list[int]]:
        """Row of a move -> rows of those refunds of it that are among the spans."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for row, _, entry in _entries(source, spans.ranges, REFUND):
            assert isinstance(entry, Refund)
            transfer = source.row_of(entry.transfer)
            if transfer is not None:
                found[transfer].append(row)
        return found

    def damage(self, db: Db, source: EventSource) -> Iterator[str]:
        """Whether the postings are those that the events say."""
        cursor = self.cursor(db)
        keys = dict(db.rows(f"SELECT no, key FROM {self.own('account')}"))
        assets = dict(db.rows(f"SELECT row, event FROM {self.own('asset')}"))
        kept = said = 0
        query = f"SELECT account, asset, lamport, row, amount FROM {self.own('post')}"
        for account, asset, lamport, row, amount in db.rows(query):
            kept += _mark(row, lamport, Leg(keys[account], assets[asset], amount))
        for first in range(1, cursor, CHUNK_ROWS):  # rows begin with 1
            piece = (first, min(CHUNK_ROWS, cursor - first))
            moves = _moves(source, [piece])
            lamports = source.lamports(Spans((row, 1) for row, _, _ in moves).ranges)
            for row, _, legs in moves:
                said += sum(_mark(row, lamports[row], leg) for leg in legs)
        if kept != said:
            yield "postings are kept otherwise than their events say"


class _Sums:
    """Numbers of accounts and assets, and what a batch adds to balances and issues."""

    def __init__(self, view: LedgerView, db: Db, source: EventSource) -> None:
        self._view, self._db = view, db
        self.accounts: dict[bytes, int] = {}
        self.assets = _AssetRows(source)
        self.issued: defaultdict[int, int] = defaultdict(int)
        self._moved: defaultdict[tuple[int, int], int] = defaultdict(int)

    def add(self, account: int, asset: int, amount: int) -> None:
        """Some more on an account."""
        self._moved[account, asset] += amount

    def know(self, keys: set[bytes]) -> None:
        """Accounts get their numbers, new ones the next that are free."""
        table = self._view.own("account")
        unknown = sorted(keys - self.accounts.keys())
        for at in range(0, len(unknown), KEYS_A_QUERY):
            part = unknown[at : at + KEYS_A_QUERY]
            marks = ", ".join("?" * len(part))
            self.accounts.update(
                self._db.rows(f"SELECT key, no FROM {table} WHERE key IN ({marks})", part)
            )
        for key in unknown:
            if key not in self.accounts:
                sql = f"INSERT INTO {table} (key) VALUES (?)"
                self.accounts[key] = self._db.execute(sql, (key,))

    def settle(self) -> None:
        """Write the balances and issues that changed."""
        db, view = self._db, self._view
        for asset, more in self.issued.items():
            ((old,),) = db.rows(f"SELECT issued FROM {view.own('asset')} WHERE row = ?", (asset,))
            sql = f"UPDATE {view.own('asset')} SET issued = ? WHERE row = ?"
            db.execute(sql, (column_sum(int(old) + more), asset))
        moved = {pair: more for pair, more in self._moved.items() if more}
        if not moved:
            return
        numbers = row_list({account for account, _ in moved})
        accounts = {
            no: did_key(key)
            for no, key in db.rows(
                f"SELECT a.no, a.key FROM json_each(?) j JOIN {view.own('account')} a"
                " ON a.no = j.value",
                (numbers,),
            )
        }
        assets = {
            row: (cid_text(event), code)
            for row, event, code in db.rows(f"SELECT row, event, code FROM {view.own('asset')}")
        }
        kept: list[tuple[Any, ...]] = []
        gone: list[tuple[str, str]] = []
        query = f"SELECT balance FROM {view.people} WHERE account = ? AND asset = ?"
        for (account, asset), more in moved.items():
            name, (id, code) = accounts[account], assets[asset]
            found = db.rows(query, (name, id))
            balance = more + (int(found[0][0]) if found else 0)
            if balance:
                kept.append((name, id, code, column_sum(balance)))
            else:
                gone.append((name, id))
        db.executemany(f"INSERT OR REPLACE INTO {view.people} VALUES (?, ?, ?, ?)", kept)
        db.executemany(f"DELETE FROM {view.people} WHERE account = ? AND asset = ?", gone)


class _AssetRows(dict[bytes, int]):
    """Asset id -> row of its declaration, looked up once."""

    def __init__(self, source: EventSource) -> None:
        super().__init__()
        self._source = source

    def __missing__(self, id: bytes) -> int:
        row = self._source.row_of(id)
        assert row is not None, "what names an asset that is not here is void"
        self[id] = row
        return row


def _entries(
    source: EventSource, ranges: Sequence[tuple[int, int]], kind: str
) -> Iterator[tuple[int, bytes, Asset | Issue | Transfer | Delegate | Refund]]:
    """(row, author, entry) of the events of one kind, by row, none void."""
    for row, author, frame, _, _ in source.bodies(ranges, kind=kind):
        entry = parse_entry(kind, frame, author)
        assert not isinstance(entry, str), "void events are left out"
        yield row, author, entry


def _moves(source: EventSource, ranges: Sequence[tuple[int, int]]) -> list[Move]:
    """What the events of some rows move; transfers after issues."""
    found: list[Move] = []
    for kind in MOVES:
        for row, _, entry in _entries(source, ranges, kind):
            assert isinstance(entry, Issue | Transfer)
            found.append((row, kind == ISSUE, entry.legs))
    return found


def _key(leg: Leg) -> str:
    return f"{did_key(leg.account)}/{cid_text(leg.asset)}"


def _mark(row: int, lamport: int, leg: Leg) -> int:
    return crc32(repr((row, lamport, leg)).encode())


def entries_later(view: LedgerView, db: Db, source: EventSource) -> Iterable[Move]:
    """Moves that came after the last change and are not kept yet: none of them counts."""
    cursor, end = view.cursor(db), source.end_row()
    return _moves(source, [(cursor, end - cursor)]) if cursor < end else []


__all__ = ["END", "LedgerView", "Move", "entries_later"]
