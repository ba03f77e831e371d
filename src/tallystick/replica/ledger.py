"""The ledger's verbs: declare an asset, issue it, pay, give back, let others act for you.

    replica.ledger.create_asset("EUR", precision=2)
    replica.ledger.issue("Ana", "100", "EUR")
    replica.ledger.pay("Bob", "12.50", "EUR", memo="for the bread")

    with replica.batch() as batch:                     thousands as one commit
        batch.ledger.pay("Bob", "0.10", "EUR")

Law: an amount is exact or refused; what would count for nobody is refused; nothing is refused for
lack of funds.

Reads: state.{ledger, amounts}, replica.ledger_reading. Read by: replica.writes.
Source: spec/ledger.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text
from tallystick.kernels import encode_item
from tallystick.limits import INT_MAX, ISSUERS_MAX, LEGS_MAX, PRECISION_MAX
from tallystick.replica.arguments import checked
from tallystick.replica.ledger_reading import LedgerReading, find_asset
from tallystick.replica.names import Names
from tallystick.replica.writing import Row
from tallystick.state.amounts import to_units
from tallystick.state.ledger import (
    ASSET,
    CODE,
    DELEGATE,
    ISSUE,
    MOVES,
    REFUND,
    TRANSFER,
    Asset,
    Delegate,
    Entry,
    Issue,
    Leg,
    Refund,
    Transfer,
    entry_frame,
    parse_entry,
)
from tallystick.state.views_ledger_read import AssetRow

if TYPE_CHECKING:
    from tallystick.replica.reading import Reading

Amount = str | int | Decimal
Put = Callable[[Row], str]
"""Writes an event, or puts it into a batch; its id, empty in a batch."""


@checked
class Ledger(LedgerReading):
    """Reads as ``LedgerReading`` does, and writes. Made by ``replica.ledger``.

    Accounts are names as everywhere (petname, did:key, ``me``); an asset goes by its code, or by
    its id where codes are the same; None means the only one there is. Every verb returns the id of
    the event, or "" in a batch, whose ids come when it ends.
    """

    def __init__(
        self, reading: Callable[[], Reading], names: Names, author: bytes, put: Put
    ) -> None:
        super().__init__(reading)
        self._names, self._author, self._put = names, author, put
        self._keys: dict[str, bytes] = {}
        self._assets: dict[str | None, AssetRow] = {}

    def create_asset(
        self,
        code: str,
        *,
        precision: int = 2,
        name: str | None = None,
        issuers: Sequence[str] = (),
        credit: str | int | Decimal | None = None,
    ) -> str:
        """Declares something that is counted.

        Args:
            code: [A-Z][A-Z0-9-]*, at most 16 characters.
            precision: digits after the point, 0 to 18.
            name: in words.
            issuers: who may issue it, at most 64; by default only its author.
            credit: how far below zero an account should go at most; advice.

        Raises:
            BadInput: usage/argument, ledger/amount.
        """
        if not CODE.fullmatch(code):
            raise BadInput("usage/argument", where="code", got=code[:80],
                           expected="capital letters, digits and -, at most 16, a letter first",
                           hint="The name in words goes into name.")  # fmt: skip
        if not 0 <= precision <= PRECISION_MAX:
            raise BadInput("usage/argument", where="precision", expected=f"0 to {PRECISION_MAX}",
                           got=precision)  # fmt: skip
        keys = tuple(sorted({self._account(one) for one in issuers})) or (self._author,)
        if len(keys) > ISSUERS_MAX:
            raise BadInput("usage/argument", where="issuers", expected=f"at most {ISSUERS_MAX}",
                           got=len(keys))  # fmt: skip
        limit = None if credit is None else to_units(credit, precision)
        if limit is not None and limit < 0:
            raise BadInput("ledger/amount", where="credit", expected="0 or more", got=credit)
        return self._write(ASSET, Asset(code, precision, keys, limit), {"name": name})

    def issue(
        self,
        to: str,
        amount: str | int | Decimal,
        asset: str | None = None,
        *,
        memo: str | None = None,
    ) -> str:
        """Makes some of an asset and gives it to an account. Only issuers of the asset may.

        Raises:
            BadInput: ledger/amount, void/issuer. NotFound, Ambiguous: usage/*.
        """
        found = self._asset_row(asset)
        units = _positive(amount, found)
        return self._write(
            ISSUE, Issue((Leg(self._account(to), found.event, units),)), {"memo": memo}
        )

    def pay(
        self,
        to: str,
        amount: str | int | Decimal,
        asset: str | None = None,
        *,
        payer: str | None = None,
        memo: str | None = None,
    ) -> str:
        """Pays from one's own account, or from that of somebody who delegated to me.

        Raises:
            BadInput: ledger/amount, void/payer, void/value (to oneself). NotFound, Ambiguous.
        """
        found = self._asset_row(asset)
        units = _positive(amount, found)
        source = self._author if payer is None else self._account(payer)
        legs = [(source, found, -units), (self._account(to), found, units)]
        if legs[0][0] == legs[1][0]:
            raise BadInput("void/value", "nobody pays themselves", got=to)
        return self._move(legs, memo)

    def transfer(self, legs: Sequence[tuple[str, Any, Any]], *, memo: str | None = None) -> str:
        """Several amounts at once, all or none: an exchange, a bill that is split.

        Args:
            legs: (account, amount, asset) each; below zero it pays. Of each asset they sum to 0.

        Raises:
            BadInput: ledger/amount, void/legs, void/payer. NotFound, Ambiguous: usage/*.
        """
        sums: dict[tuple[bytes, bytes], tuple[AssetRow, int]] = {}
        for account, amount, asset in legs:
            found, key = self._asset_row(asset), self._account(account)
            before = sums.get((key, found.event), (found, 0))[1]
            sums[key, found.event] = found, before + to_units(amount, found.precision)
        moved = [(key, found, units) for (key, _), (found, units) in sums.items() if units]
        if not 2 <= len(moved) <= LEGS_MAX:
            raise BadInput("usage/argument", where="legs", expected=f"2 to {LEGS_MAX}",
                           got=len(moved))  # fmt: skip
        totals: dict[AssetRow, int] = {}
        for _, found, units in moved:
            totals[found] = totals.get(found, 0) + units
        for found, total in totals.items():
            if total:
                raise BadInput("void/legs", got=f"{total:+d} smallest units of {found.code}",
                               expected="what is paid is what is received")  # fmt: skip
        return self._move(moved, memo)

    def refund(self, transfer: str, *, memo: str | None = None) -> str:
        """Gives a payment back, whole. Only who received it may, or whom they delegated to.

        Refunding twice is one refund.

        Raises:
            BadInput: void/payee, void/ground. NotFound, Ambiguous: usage/*.
        """
        source, names = self._reading.log.source, self._reading.names
        (event,) = source.events(names.event(transfer), 1)
        entry = parse_entry(event.kind, event.frame, event.author) if event.kind in MOVES else ""
        if not isinstance(entry, Issue | Transfer):
            raise BadInput("void/ground", "that is not a payment", got=event.kind,
                           hint="Refund the id of a transfer or issue.")  # fmt: skip
        receivers = {leg.account: leg.asset for leg in entry.legs if leg.amount > 0}
        others = [
            (key, self._asset_row(cid_text(asset)))
            for key, asset in receivers.items()
            if key != self._author
        ]
        delegation = self._delegation(*others[0], code="void/payee") if others else None
        return self._write(REFUND, Refund(event.id, delegation), {"memo": memo})

    def delegate(self, to: str, asset: str | None = None, *, memo: str | None = None) -> str:
        """Lets somebody pay and refund from my account, in one asset or in all.

        Excluding the event takes it back, and with it what was paid by it.

        Raises:
            BadInput: void/value (to oneself). NotFound, Ambiguous: usage/*.
        """
        key = self._account(to)
        if key == self._author:
            raise BadInput("void/value", "nobody needs their own leave", got=to)
        of = None if asset is None else self._asset_row(asset).event
        return self._write(DELEGATE, Delegate(key, of), {"memo": memo})

    # --- inside ---------------------------------------------------------------------------------

    def _move(self, moved: Sequence[tuple[bytes, AssetRow, int]], memo: str | None) -> str:
        given = {
            self._delegation(account, asset, code="void/payer")
            for account, asset, units in moved
            if units < 0 and account != self._author
        }
        legs = sorted(Leg(account, asset.event, units) for account, asset, units in moved)
        paid: dict[bytes, int] = {}
        for leg in legs:
            paid[leg.asset] = paid.get(leg.asset, 0) + max(leg.amount, 0)
        if any(units > INT_MAX for units in paid.values()):
            raise BadInput("void/overflow")
        return self._write(TRANSFER, Transfer(tuple(legs), tuple(sorted(given))), {"memo": memo})

    def _delegation(self, giver: bytes, asset: AssetRow, *, code: str) -> bytes:
        with self._tables() as tables:
            found = tables.delegation(giver, self._author, asset)
        if found is None:
            who = self._reading.name_of(giver)
            raise BadInput(
                code, f"{who} did not let you act for them in {asset.code}",
                hint="They can, with `tally ledger delegate`.",
            )  # fmt: skip
        return found

    def _write(self, kind: str, entry: Entry, said: dict[str, str | None]) -> str:
        words = {name: text for name, text in said.items() if text is not None}
        content = encode_item(words) if words else b""
        return self._put(Row(kind, frame=entry_frame(entry, self._author), content=content))

    def _account(self, account: str) -> bytes:
        if account not in self._keys:
            self._keys[account] = self._names.author(account)
        return self._keys[account]

    def _asset_row(self, asset: str | None) -> AssetRow:
        if asset not in self._assets:
            with self._tables() as tables:
                self._assets[asset] = find_asset(tables, asset)
        return self._assets[asset]


def _positive(amount: Amount, asset: AssetRow) -> int:
    units = to_units(amount, asset.precision)
    if units <= 0:
        raise BadInput("ledger/amount", expected="more than 0", got=str(amount))
    return units
