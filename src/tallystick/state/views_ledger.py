"""The view of the ledger: what every account has of every asset, by the events that count.

    ledger                account, asset, code, balance         for people: what is not 0
    state_asset_ledger    row -> id, code, precision, credit, issued, included
    state_holding_ledger  no -> account, asset                  these three: views_ledger_holdings
    state_post_ledger     what events did to holdings
    state_idle_ledger     what of that has no effect
    state_refund_ledger   row -> the row it gives back, included
    state_delegate_ledger row -> giver, taker, asset, included

A posting is what one event does to one account; it has effect while its event counts and no refund
of it does. Events that do not count are kept too, so that statements and debts can tell of them.
What an event touches is read from its frame again, so an exclusion costs what it excludes.

**Law:** balances are the sums of the postings that have effect; under every policy those of an
asset add up to what was issued of it.

Reads: state.ledger, source, view, views_ledger_holdings. Read by: state.views, views_ledger_read,
replica.
Source: spec/ledger.md.
"""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from zlib import crc32

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key, parse_did_key
from tallystick.kernels import Link, post_transfers
from tallystick.state.ledger import (
    ASSET,
    DELEGATE,
    ISSUE,
    KINDS,
    REFUND,
    TRANSFER,
    Asset,
    Delegate,
    Issue,
    LegTuple,
    Refund,
    Transfer,
    parse_entry,
    read_transfers,
)
from tallystick.state.source import END, Changes, EventSource, Spans
from tallystick.state.types.counter import pack_sum
from tallystick.state.view import Db, View, within
from tallystick.state.views_ledger_holdings import TABLES as HOLDING_TABLES
from tallystick.state.views_ledger_holdings import Holdings, read_postings, single_run

NAME: Final = "ledger"
CHUNK_ROWS: Final = 16_384
_TABLES: Final = """
CREATE TABLE {asset} (
  row INTEGER PRIMARY KEY,
  event BLOB NOT NULL,
  link TEXT NOT NULL,
  author BLOB NOT NULL,
  code TEXT NOT NULL,
  precision INTEGER NOT NULL,
  issuers BLOB NOT NULL,
  credit INTEGER,
  issued NOT NULL,
  included INTEGER NOT NULL
);
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
_FLAGGED: Final = ("asset", "delegate")
"""Tables that only note whether the event counts."""

Move = tuple[int, int, bool, tuple[LegTuple, ...]]
"""(row, lamport, whether it issues, what it does)."""


class LedgerView(View):
    """The view of all accounts. There is one per log."""

    parts = ("asset", "holding", "post", "idle", "refund", "delegate", "cursor")
    schema = f"{HOLDING_TABLES};\n{_TABLES.strip()}"

    def __init__(self) -> None:
        super().__init__(NAME, reducer=NAME, version=1)

    def reads_only(self) -> tuple[str, ...]:
        """The kinds of the ledger."""
        return KINDS

    # --- taking in -------------------------------------------------------------------------------

    def change(self, db: Db, source: EventSource, changes: Changes) -> None:
        """Take in changes. Cost: the events that came, and those that flip."""
        cursor, end = self.cursor(db), source.end_row()
        holdings = Holdings(self, db, source)
        for first in range(cursor, end, CHUNK_ROWS):
            piece = Spans([(first, min(CHUNK_ROWS, end - first))])
            if self._enter(source, piece, holdings) < len(piece):
                self._enter_few(db, source, piece.ranges, changes.added)
            idle = piece.without(changes.added)
            self._flip(db, _moves(source, idle.ranges), holdings, included=False)
        if end > cursor:
            db.execute(f"UPDATE {self.own('cursor')} SET row = ?", (end,))
        again = changes.added.clip(0, cursor)
        for spans, included in ((changes.removed, False), (again, True)):
            self._flag(db, spans, included=included)
            for part in spans.pieces(CHUNK_ROWS):
                self._flip(db, _moves(source, part.ranges), holdings, included=included)
        refunds = self._refunds(db, changes)
        given_back = Spans((row, 1) for row in refunds)
        self._flip(db, _moves(source, given_back.ranges), holdings, refunds=refunds)
        holdings.settle()

    def _enter(self, source: EventSource, piece: Spans, holdings: Holdings) -> int:
        """Keep what moves amounts in a stretch of rows, as if it counted; how many events do."""
        found = source.frames(piece.ranges, kind=TRANSFER)
        runs, rest = post_transfers(
            [frame for _, _, _, frame in found],
            array("Q", [lamport for _, _, lamport, _ in found]).tobytes(),
            array("Q", [row for row, *_ in found]).tobytes(),
        )
        moves = [] if len(found) == len(piece) else _issues(source, piece.ranges)
        moves += _transfers([found[at] for at in rest])
        for row, lamport, issues, legs in moves:
            for account, asset, amount in legs:
                runs.append(single_run(account, asset, (lamport, row, amount)))
                if issues:
                    holdings.issued[holdings.assets[asset]] += amount
        holdings.enter(runs)
        return len(found) + len(moves) - len(rest)

    def _enter_few(
        self, db: Db, source: EventSource, ranges: Sequence[tuple[int, int]], added: Spans
    ) -> None:
        """Assets, delegations and refunds."""
        for row, author, entry in _entries(source, ranges, ASSET):
            assert isinstance(entry, Asset)
            (event,) = source.events(row, 1)
            db.execute(
                f"INSERT INTO {self.own('asset')} VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
                (row, event.id, cid_text(event.id), author, *entry[:2], b"".join(entry.issuers),
                 entry.credit, row in added),
            )  # fmt: skip
        for row, author, entry in _entries(source, ranges, DELEGATE):
            assert isinstance(entry, Delegate)
            (event,) = source.events(row, 1)
            asset = None if entry.asset is None else source.row_of(entry.asset)
            db.execute(
                f"INSERT INTO {self.own('delegate')} VALUES (?, ?, ?, ?, ?, ?)",
                (row, event.id, author, entry.to, asset, row in added),
            )
        for row, _, entry in _entries(source, ranges, REFUND):
            assert isinstance(entry, Refund)
            db.execute(
                f"INSERT INTO {self.own('refund')} VALUES (?, ?, 0)",
                (row, source.row_of(entry.transfer)),
            )

    def _flag(self, db: Db, spans: Spans, *, included: bool) -> None:
        for part in _FLAGGED:
            for where, params in within(self.own(part), spans):
                db.execute(
                    f"UPDATE {self.own(part)} SET included = {int(included)}"
                    f" WHERE row IN (SELECT p.row FROM {where})",
                    params,
                )

    def _refunds(self, db: Db, changes: Changes) -> dict[int, int]:
        """Row of a transfer -> by how many more refunds it is given back now."""
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
        self, db: Db, moves: Sequence[Move], holdings: Holdings,
        *, included: bool | None = None, refunds: Mapping[int, int] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """Moves that count now, or no longer, or are given back, or no longer.

        Args:
            included: whether they count now; None: as before.
            refunds: row -> by how many more refunds it is given back now.
        """
        if not moves:
            return
        numbers = holdings.numbers((leg[0], leg[1]) for *_, legs in moves for leg in legs)
        keyed = [
            [(numbers[one, asset], lamport, row, amount) for one, asset, amount in legs]
            for row, lamport, _, legs in moves
        ]
        known = self._idle(db, [keys[0][:3] for keys in keyed])
        quiet: list[tuple[int, ...]] = []
        loud: list[tuple[int, ...]] = []
        for (row, _, issues, legs), keys in zip(moves, keyed, strict=True):
            counted, given_back = known.get(row, (1, 0))
            counts = bool(counted) if included is None else included
            more = given_back + refunds.get(row, 0)
            assert more >= 0, row
            sign = int(counts and not more) - int(counted and not given_back)
            for no, _, _, amount in keys if sign else ():
                holdings.add(no, sign * amount)
            if issues:
                holdings.issued[holdings.assets[legs[0][1]]] += sign * legs[0][2]
            if counts and not more:
                loud += [key[:3] for key in keys]
            else:
                quiet += [(*key, counts, more) for key in keys]
        table = self.own("idle")
        db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?, ?)", quiet)
        sql = f"DELETE FROM {table} WHERE holding = ? AND lamport = ? AND row = ?"
        db.executemany(sql, loud)

    def _idle(self, db: Db, keys: Sequence[tuple[int, ...]]) -> dict[int, tuple[int, int]]:
        """Row -> (included, refunds) of those of some postings that have no effect."""
        found = db.rows(
            f"SELECT i.row, i.included, i.refunds FROM json_each(?) j CROSS JOIN {self.own('idle')}"
            " i ON i.holding = json_extract(j.value, '$[0]') AND"
            " i.lamport = json_extract(j.value, '$[1]') AND i.row = json_extract(j.value, '$[2]')",
            (json.dumps(keys),),
        )
        return {row: (included, refunds) for row, included, refunds in found}

    # --- what there is ---------------------------------------------------------------------------

    def state(self, db: Db) -> dict[str, Any]:
        """{"assets": [[link, code, precision, issued]], "balances": [[key, link, balance]]}.

        Assets that count and balances that are not 0, sorted.
        """
        assets = db.rows(
            f"SELECT event, code, precision, issued FROM {self.own('asset')} WHERE included"
            " ORDER BY event"
        )
        ids = dict(db.rows(f"SELECT link, event FROM {self.own('asset')}"))
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
        for row, *_, legs in _moves(source, spans.ranges):
            yield from ((_key(leg), row) for leg in legs)
        refunds = self._refunded(source, spans)
        moves = Spans((transfer, 1) for transfer in refunds)
        for transfer, *_, legs in _moves(source, moves.ranges):
            yield from ((_key(leg), row) for leg in legs for row in refunds[transfer])

    def rows_of(self, db: Db, source: EventSource, key: str) -> list[int]:
        """Rows of the moves of one account in one asset and of their refunds."""
        account, _, asset = key.partition("/")
        query = (
            f"SELECT p.postings FROM {self.own('holding')} h JOIN {self.own('asset')} a"
            f" ON a.row = h.asset JOIN {self.own('post')} p ON p.holding = h.no"
            " WHERE h.key = ? AND a.event = ?"
        )
        try:
            runs = db.rows(query, (parse_did_key(account), parse_cid(asset)))
        except BadInput:
            return []
        moves = {row for (run,) in runs for _, row, _ in read_postings(run)}
        later = entries_later(self, db, source)
        moves.update(row for row, *_, legs in later if key in map(_key, legs))
        refunds = self._refunded(source, Spans([(0, source.end_row())]))
        return sorted(moves.union(*(refunds.get(row, ()) for row in moves)))

    def totals(self, db: Db) -> dict[str, int]:
        """Balances that are not 0, in smallest units, by ``account/asset``."""
        rows = db.rows(f"SELECT account, asset, balance FROM {self.people}")
        return {f"{account}/{asset}": int(balance) for account, asset, balance in rows}

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
        """Whether postings, and those without effect, are what the events say."""
        whose = (
            f" JOIN {self.own('holding')} h ON h.no = p.holding"
            f" JOIN {self.own('asset')} a ON a.row = h.asset"
        )
        runs = f"p.first, p.row, p.last, p.total, p.postings FROM {self.own('post')} p"
        quiet = f"p.lamport, p.row, p.amount FROM {self.own('idle')} p"
        kept = said = 0
        for key, asset, first, row, last, total, run in db.rows(
            f"SELECT h.key, a.event, {runs}{whose}"
        ):
            postings = list(read_postings(run))
            ends = (*postings[0][:2], postings[-1][0], sum(amount for *_, amount in postings))
            if (first, row, last, int(total)) != ends:
                yield f"postings of row {row} and later add up otherwise than is kept"
            kept += sum(_mark(row, lamport, (key, asset, n)) for lamport, row, n in postings)
        idle = set()
        for key, asset, lamport, row, amount in db.rows(f"SELECT h.key, a.event, {quiet}{whose}"):
            idle.add(row)
            kept += _mark(row, lamport, (key, asset, amount))
        yield from self._misjudged(db)
        cursor = self.cursor(db)
        for first in range(1, cursor, CHUNK_ROWS):  # rows begin with 1
            piece = (first, min(CHUNK_ROWS, cursor - first))
            for row, lamport, _, legs in _moves(source, [piece]):
                marks = sum(_mark(row, lamport, leg) for leg in legs)
                said += 2 * marks if row in idle else marks
        if kept != said:
            yield "postings are kept otherwise than their events say"

    def _misjudged(self, db: Db) -> Iterator[str]:
        """Whether what has no effect has a reason, and what is given back has no effect."""
        idle, refund = self.own("idle"), self.own("refund")
        back = f"SELECT count(*) FROM {refund} WHERE transfer = i.row AND included"
        query = (
            f"SELECT i.row FROM {idle} i WHERE (i.included AND NOT i.refunds)"
            f" OR i.refunds <> ({back}) UNION SELECT transfer FROM {refund} WHERE included"
            f" AND transfer NOT IN (SELECT row FROM {idle})"
        )
        for (row,) in db.rows(query):
            yield f"whether row {row} has an effect is kept otherwise than its refunds say"


def _entries(
    source: EventSource, ranges: Sequence[tuple[int, int]], kind: str
) -> Iterator[tuple[int, bytes, Asset | Issue | Transfer | Delegate | Refund]]:
    """(row, author, entry) of the events of one kind, by row, none void."""
    for row, author, frame, _, _ in source.bodies(ranges, kind=kind):
        entry = parse_entry(kind, frame, author)
        assert not isinstance(entry, str), "void events are left out"
        yield row, author, entry


def _moves(source: EventSource, ranges: Sequence[tuple[int, int]]) -> list[Move]:
    """What the events of some rows move."""
    found = _transfers(source.frames(ranges, kind=TRANSFER))
    if len(found) < sum([count for _, count in ranges]):
        found += _issues(source, ranges)
    return found


def _transfers(found: Sequence[tuple[int, bytes, int, bytes]]) -> list[Move]:
    legs = read_transfers([(author, frame) for _, author, _, frame in found])
    return [
        (row, lamport, False, what) for (row, _, lamport, _), what in zip(found, legs, strict=True)
    ]


def _issues(source: EventSource, ranges: Sequence[tuple[int, int]]) -> list[Move]:
    found: list[Move] = []
    for row, author, lamport, frame in source.frames(ranges, kind=ISSUE):
        entry = parse_entry(ISSUE, frame, author)
        assert isinstance(entry, Issue), "void events are left out"
        found.append((row, lamport, True, entry.legs))
    return found


def _key(leg: LegTuple) -> str:
    return f"{did_key(leg[0])}/{cid_text(leg[1])}"


def _mark(row: int, lamport: int, leg: LegTuple) -> int:
    return crc32(repr((row, lamport, *leg)).encode())


def entries_later(view: LedgerView, db: Db, source: EventSource) -> Iterable[Move]:
    """Moves that came after the last change and are not kept yet: none of them counts."""
    cursor, end = view.cursor(db), source.end_row()
    return _moves(source, [(cursor, end - cursor)]) if cursor < end else []


__all__ = ["END", "LedgerView", "Move", "entries_later"]
