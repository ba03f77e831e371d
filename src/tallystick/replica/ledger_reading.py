"""The ledger as one reading has it: assets, balances, statements, debts with causes, why.

    replica.ledger.balance("Bob", "EUR")              as the replica's owner sees it
    replica.as_seen_by("Cy").ledger.balance(...)      as Cy does; replica.at(version).ledger ...

Law: all of one answer is read from one snapshot, under one policy.

Reads: state.views_ledger*, replica.{reading, names, ledger_infos}. Read by: replica.ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache, cached_property
from typing import TYPE_CHECKING

from tallystick.errors import Ambiguous, NotFound
from tallystick.event.event import read_part
from tallystick.event.ids import cid_text, cid_texts
from tallystick.identity.did import did_key
from tallystick.kernels import read_fields
from tallystick.replica.arguments import check_limit, checked
from tallystick.replica.explained import Explained
from tallystick.replica.ledger_infos import (
    AssetInfo,
    BalanceInfo,
    DebtCause,
    DebtInfo,
    StatementLine,
)
from tallystick.state.amounts import to_decimal
from tallystick.state.views_ledger import NAME, LedgerView
from tallystick.state.views_ledger_read import AssetRow, Debt, LedgerTables, Line
from tallystick.state.views_ledger_why import explain, owes

if TYPE_CHECKING:
    from tallystick.replica.reading import Reading

LINES_MAX = 1_000_000
"""Of one statement."""
ID_CHARS_MIN = 8


@checked
class LedgerReading:
    """One policy's ledger of one version. Made by ``Reading.ledger``.

    Args:
        reading: asked for when first needed: of a store without a log there is none.
    """

    def __init__(self, reading: Callable[[], Reading]) -> None:
        self._made = reading

    @cached_property
    def _reading(self) -> Reading:
        return self._made()

    # --- what there is --------------------------------------------------------------------------

    def assets(self, *, everything: bool = False) -> list[AssetInfo]:
        """Declared assets, by code.

        Args:
            everything: also those whose declaration does not count.
        """
        with self._tables() as tables:
            return [self._asset(one) for one in tables.assets() if one.included or everything]

    def balance(self, account: str, asset: str | None = None) -> Decimal:
        """What an account has of an asset; below zero it owes.

        Args:
            account: an author: petname, did:key, ``me``.
            asset: code or id; None when there is only one.

        Raises:
            NotFound, Ambiguous: usage/*.
        """
        key = self._key(account)
        with self._tables() as tables:
            found = find_asset(tables, asset)
            return to_decimal(tables.balance(key, cid_text(found.event)), found.precision)

    def balances(self, account: str | None = None, asset: str | None = None) -> list[BalanceInfo]:
        """Balances that are not 0, by asset, greatest first; all of them, or of one account."""
        key = None if account is None else self._key(account)
        with self._tables() as tables:
            by_id = {cid_text(one.event): one for one in tables.assets()}
            wanted = None if asset is None else cid_text(find_asset(tables, asset).event)
            found = [
                (by_id[id], balance, owner)
                for owner, id, balance in tables.balances(key)
                if wanted in (None, id)
            ]
        return [
            BalanceInfo(
                account=did_key(owner),
                account_name=self._reading.names.called(owner),
                asset=cid_text(one.event),
                code=one.code,
                balance=to_decimal(balance, one.precision),
            )
            for one, balance, owner in sorted(
                found, key=lambda row: (row[0].code, row[0].event, -row[1], row[2])
            )
        ]

    def statement(
        self,
        account: str,
        asset: str | None = None,
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[StatementLine]:
        """What moved an account, in canonical order, with the balance after each line.

        What does not count and what was given back is listed too, and moves nothing.

        Args:
            after: id of an event: only lines after it in canonical order, for page after page.
            limit: most lines.
        """
        check_limit(limit, LINES_MAX)
        key = self._key(account)
        start = None
        if after is not None:
            (start,) = self._reading.log.source.events(self._reading.names.event(after), 1)
        with self._tables() as tables:
            found = find_asset(tables, asset)
            lines = tables.statement(key, found, after=start, limit=limit)
            return self._lines(lines, found)

    def debts(self, account: str | None = None) -> list[DebtInfo]:
        """Accounts below zero, the greatest debt of each asset first, with what they come from."""
        key = None if account is None else self._key(account)
        with self._tables() as tables:
            by_id = {cid_text(one.event): one for one in tables.assets()}
            found = [
                self._owed(tables, owner, by_id[id], balance)
                for owner, id, balance in tables.balances(key, owing=True)
            ]
        ranked = sorted(found, key=lambda one: (one.asset.code, one.asset.event, -one.amount))
        return [self._debt(one) for one in ranked]

    def warnings(self) -> list[DebtInfo]:
        """Debts beyond the credit limit of their asset. They are advice: nothing is refused."""
        return [debt for debt in self.debts() if debt.over_credit]

    def why(self, account: str, asset: str | None = None) -> Explained:
        """Why an account has what it has, or owes what it owes.

        What counts, what was given back, what does not count; of a debt what it comes from.

        Cost: O(lines of the account), and a verdict for each that does not count.
        """
        key = self._key(account)
        with self._tables() as tables:
            found = find_asset(tables, asset)
            lines = tables.statement(key, found)
            balance = tables.balance(key, cid_text(found.event))
            verdict_of = self._reading.verdict_of
            debt = None if balance >= 0 else self._owed(tables, key, found, balance)
            told = explain(key, found, lines, verdict_of, balance=balance, debt=debt)
            return Explained(told, self._reading)

    # --- inside ---------------------------------------------------------------------------------

    @contextmanager
    def _tables(self) -> Iterator[LedgerTables]:
        reading = self._reading
        if reading.is_own:
            reading.log.keep_up(NAME)
        with reading.within(NAME) as (view, db):
            assert isinstance(view, LedgerView)
            keeps = None if reading.is_whole else reading.holds
            yield LedgerTables(view, db, reading.log.source, keeps=keeps)

    def _key(self, account: str) -> bytes:
        return self._reading.names.author(account)

    def _asset(self, one: AssetRow) -> AssetInfo:
        (event,) = self._reading.log.source.events(one.row, 1)
        credit = one.credit
        return AssetInfo(
            id=cid_text(one.event),
            code=one.code,
            name=_said(event.content, "name"),
            precision=one.precision,
            issuers=tuple(map(did_key, one.issuers)),
            credit=None if credit is None else to_decimal(credit, one.precision),
            issued=to_decimal(one.issued, one.precision),
            counts=one.included,
        )

    def _lines(self, lines: Sequence[Line], asset: AssetRow) -> list[StatementLine]:
        """Lines as people read them; whoever comes up again and again is looked up once."""
        called, key_text = cache(self._reading.names.caller()), cache(did_key)
        ids = cid_texts(b"".join(line.event.id for line in lines))
        contents = [line.event.content or b"" for line in lines]
        (memos,) = read_fields(contents, ["memo"], floats=True)
        return [
            StatementLine(
                event=id,
                time=line.event.time,
                kind=line.event.kind,
                author=key_text(line.event.author),
                amount=to_decimal(line.amount, asset.precision),
                balance=to_decimal(line.balance, asset.precision),
                others=tuple(map(key_text, line.others)),
                others_names=tuple(map(called, line.others)),
                memo=memo if type(memo) is str else None,
                counts=line.included,
                refunded_by=tuple(map(cid_text, line.refunds)),
            )
            for id, memo, line in zip(ids, memos, lines, strict=True)
        ]

    def _owed(self, tables: LedgerTables, key: bytes, asset: AssetRow, balance: int) -> Debt:
        reading = self._reading
        return tables.debt(key, asset, -balance, reading.verdict_of, reading.judge.counts_if)

    def _debt(self, debt: Debt) -> DebtInfo:
        asset, name_of = debt.asset, self._reading.name_of
        causes = tuple(
            DebtCause(
                event=cid_text(cause.event),
                payers=tuple(map(did_key, cause.payers)),
                payers_names=tuple(map(name_of, cause.payers)),
                amount=to_decimal(cause.amount, asset.precision),
                verdict=cause.verdict.sentence(name_of),
            )
            for cause in debt.causes
        )
        return DebtInfo(
            account=did_key(debt.account),
            account_name=name_of(debt.account),
            asset=cid_text(asset.event),
            code=asset.code,
            amount=to_decimal(debt.amount, asset.precision),
            causes=causes,
            overdraft=to_decimal(debt.overdraft, asset.precision),
            over_credit=asset.credit is not None and debt.amount > asset.credit,
            sentence=owes(debt, name_of),
        )


def find_asset(tables: LedgerTables, wanted: str | None) -> AssetRow:
    """The asset that a code or id means; None means the only one.

    Raises:
        NotFound: usage/not-found. Ambiguous: usage/ambiguous.
    """
    there = tables.assets()
    counted = [one for one in there if one.included]
    if wanted is None:
        found = counted
    else:
        by_id = [one for one in there if cid_text(one.event).startswith(wanted)]
        is_id = wanted.startswith("bafy") and len(wanted) >= ID_CHARS_MIN
        found = by_id if is_id else [one for one in counted if one.code == wanted]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(
            "usage/not-found", "there is no such asset", got=wanted,
            expected=", ".join(sorted({one.code for one in counted})) or None,
            hint="Assets are declared with `tally ledger asset`.",
        )  # fmt: skip
    raise Ambiguous(
        "usage/ambiguous", "several assets fit",
        got=", ".join(f"{one.code} {cid_text(one.event)}" for one in found[:4]),
        hint="Name one by its code, or by its id where codes are the same.",
    )  # fmt: skip


def _said(content: bytes | None, field: str) -> str | None:
    """A text of the content; None when there is none that can be read."""
    found = None if not content else read_part(content, floats=True)
    said = found.get(field) if isinstance(found, dict) else None
    return said if isinstance(said, str) else None
