"""Holdings of the ledger's view: what one account has of one asset, and what moved it.

    holding   no -> key, asset, account            numbers, for short rows
    post      (holding, first, row) -> postings    a run: what one batch did to one holding
    idle      (holding, lamport, row) -> why       the few postings that have no effect
    ledger    (account, asset) -> balance          for people

    balance = totals of its runs - its idle postings

A posting is (lamport, row, amount): what one event does to one holding. Runs are written once and
never changed, so that a thousand payments of one account are a row or two; runs of one holding may
overlap in lamports, since events come in any order.

**Law:** what flips changes idle postings and balances, and nothing else.

Reads: state.source, view. Read by: state.views_ledger, views_ledger_read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from struct import pack
from typing import TYPE_CHECKING, Any, Final

from tallystick.identity.did import did_key
from tallystick.state.source import EventSource
from tallystick.state.types.counter import column_sum
from tallystick.state.view import Db, row_list

if TYPE_CHECKING:
    from tallystick.state.views_ledger import LedgerView

PAIRS_A_QUERY: Final = 256
TABLES: Final = """
CREATE TABLE {people} (
  account TEXT NOT NULL,
  asset TEXT NOT NULL,
  code TEXT NOT NULL,
  balance NOT NULL,
  PRIMARY KEY (account, asset)
) WITHOUT ROWID;
CREATE TABLE {holding} (
  no INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  asset INTEGER NOT NULL,
  account TEXT NOT NULL,
  UNIQUE (key, asset)
);
CREATE TABLE {post} (
  holding INTEGER NOT NULL,
  first INTEGER NOT NULL,
  row INTEGER NOT NULL,
  last INTEGER NOT NULL,
  total NOT NULL,
  postings BLOB NOT NULL,
  PRIMARY KEY (holding, first, row)
) WITHOUT ROWID;
CREATE TABLE {idle} (
  holding INTEGER NOT NULL,
  lamport INTEGER NOT NULL,
  row INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  included INTEGER NOT NULL,
  refunds INTEGER NOT NULL,
  PRIMARY KEY (holding, lamport, row)
) WITHOUT ROWID"""

Pair = tuple[bytes, bytes]
"""(account key, id of the asset)"""
Posting = tuple[int, int, int]
"""(lamport, row, amount); a row has at most one in a holding."""
Run = tuple[bytes, bytes, int, int, int, int, bytes]
"""(account, asset, first lamport, its row, last lamport, total, postings): see the kernel
``post_transfers``."""


def single_run(account: bytes, asset: bytes, posting: Posting) -> Run:
    """A run of one posting, as the kernel would make it."""
    lamport, row, amount = posting
    return account, asset, lamport, row, lamport, amount, pack("<3q", lamport, row, amount)


def read_postings(packed: bytes) -> Iterable[Posting]:
    """The postings of a run, by lamport and row."""
    numbers = memoryview(packed).cast("q")
    return zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)


class Holdings:
    """The holdings a batch touches: their numbers, and what the batch adds to balances."""

    def __init__(self, view: LedgerView, db: Db, source: EventSource) -> None:
        self._view, self._db = view, db
        self.assets = _AssetRows(source)
        self.issued: defaultdict[int, int] = defaultdict(int)
        self._numbers: dict[Pair, int] = {}
        self._moved: defaultdict[int, int] = defaultdict(int)

    def numbers(self, pairs: Iterable[Pair]) -> Mapping[Pair, int]:
        """The numbers of holdings; new ones get the next that are free."""
        table, assets = self._view.own("holding"), self.assets
        unknown = sorted(set(pairs) - self._numbers.keys())
        for at in range(0, len(unknown), PAIRS_A_QUERY):
            part = unknown[at : at + PAIRS_A_QUERY]
            marks = ", ".join(["(?, ?)"] * len(part))
            keys = [one for key, asset in part for one in (key, assets[asset])]
            query = (
                f"SELECT h.key, h.asset, h.no FROM (VALUES {marks}) v CROSS JOIN {table} h"
                " ON h.key = v.column1 AND h.asset = v.column2"  # an IN of pairs would scan
            )
            found = {(key, asset): no for key, asset, no in self._db.rows(query, keys)}
            for pair in part:
                key, asset = pair[0], assets[pair[1]]
                no = found.get((key, asset))
                if no is None:
                    sql = f"INSERT INTO {table} (key, asset, account) VALUES (?, ?, ?)"
                    no = self._db.execute(sql, (key, asset, did_key(key)))
                self._numbers[pair] = no
        return self._numbers

    def add(self, holding: int, amount: int) -> None:
        """Some more in a holding."""
        self._moved[holding] += amount

    def enter(self, runs: Sequence[Run]) -> None:
        """Keeps runs of new postings, as if all of them had effect."""
        numbers = self.numbers((account, asset) for account, asset, *_ in runs)
        lines = []
        for account, asset, first, row, last, total, postings in runs:
            no = numbers[account, asset]
            lines.append((no, first, row, last, column_sum(total), postings))
            self.add(no, total)
        sql = f"INSERT INTO {self._view.own('post')} VALUES (?, ?, ?, ?, ?, ?)"
        self._db.executemany(sql, sorted(lines))

    def settle(self) -> None:
        """Write the balances and issues that changed."""
        db, own, people = self._db, self._view.own, self._view.people
        for asset, more in self.issued.items():
            ((old,),) = db.rows(f"SELECT issued FROM {own('asset')} WHERE row = ?", (asset,))
            sql = f"UPDATE {own('asset')} SET issued = ? WHERE row = ?"
            db.execute(sql, (column_sum(int(old) + more), asset))
        moved = {no: more for no, more in self._moved.items() if more}
        found = db.rows(
            f"SELECT h.no, h.account, a.link, a.code, p.balance FROM json_each(?) j"
            f" CROSS JOIN {own('holding')} h ON h.no = j.value"
            f" JOIN {own('asset')} a ON a.row = h.asset"
            f" LEFT JOIN {people} p ON p.account = h.account AND p.asset = a.link",
            (row_list(moved),),
        )
        assert len(found) == len(moved), "an asset is kept before what moves it is settled"
        kept: list[tuple[Any, ...]] = []
        gone: list[tuple[str, str]] = []
        for no, account, asset, code, old in found:
            balance = moved[no] + int(old or 0)
            if balance:
                kept.append((account, asset, code, column_sum(balance)))
            else:
                gone.append((account, asset))
        db.executemany(f"INSERT OR REPLACE INTO {people} VALUES (?, ?, ?, ?)", kept)
        db.executemany(f"DELETE FROM {people} WHERE account = ? AND asset = ?", gone)


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
