"""The ledger's events: what can be owed and paid, as frames.

    ledger/asset     {code, precision, [issuers], [credit]}     something that is counted: HOUR, EUR
    ledger/issue     {asset, to, amount}                        an issuer makes some
    ledger/transfer  {from, to, amount, asset, [delegation]}    one account pays another
                     {legs, [delegations]}                      several at once, or none
    ledger/delegate  {to, [asset]}                              another key may act for me
    ledger/refund    {transfer, [delegation]}                   the payee gives all of it back

    refund ──► transfer ──► asset        grounds: an event counts only while what it stands on does
                  └───────► delegation

Amounts are whole numbers of the asset's smallest unit; accounts are author keys. Nothing is refused
for lack of funds: what is missing shows as a debt. Memos and names are content and have no effect.

**Law:** the rules look at header and frame of an event and of those it names, so that it is void
for everyone or for no one.

Reads: kernels, errors, limits, state.grounds. Read by: state.views_ledger, replica.
Source: spec/ledger.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeGuard

from tallystick.errors import BadInput
from tallystick.kernels import Link, decode_item, encode_item, open_transfers
from tallystick.limits import (
    DIGEST_BYTES,
    INT_MAX,
    ISSUERS_MAX,
    LEGS_MAX,
    PRECISION_MAX,
)
from tallystick.state.grounds import Deed, GroundRule

ASSET: Final = "ledger/asset"
ISSUE: Final = "ledger/issue"
TRANSFER: Final = "ledger/transfer"
DELEGATE: Final = "ledger/delegate"
REFUND: Final = "ledger/refund"
KINDS: Final = (ASSET, ISSUE, TRANSFER, DELEGATE, REFUND)
MOVES: Final = (ISSUE, TRANSFER)
"""Kinds that move amounts."""
CODE: Final = re.compile(r"[A-Z][A-Z0-9-]{0,15}")


class Asset(NamedTuple):
    """Something that is counted.

    Args:
        code: what people call it; two assets may have one code.
        precision: digits after the point: 2 means that 1250 is 12.50.
        issuers: author keys that may issue it, sorted.
        credit: how far an account should go below zero (advice), in smallest units; None: no word.
    """

    code: str
    precision: int
    issuers: tuple[bytes, ...]
    credit: int | None = None


class Leg(NamedTuple):
    """What an event does to one account in one asset (id of its declaration)."""

    account: bytes
    asset: bytes
    amount: int


LegTuple = tuple[bytes, bytes, int]
"""A leg, as a plain tuple will do."""


class Issue(NamedTuple):
    """An issuer makes an amount and gives it to an account."""

    legs: tuple[Leg, ...]


class Transfer(NamedTuple):
    """Amounts that go from accounts to accounts, none lost and none made.

    ``delegations`` (ids) let the author pay for others; ``legs`` are sorted by (account, asset).
    """

    legs: tuple[Leg, ...]
    delegations: tuple[bytes, ...] = ()


class Delegate(NamedTuple):
    """The author lets another key pay and refund from the author's account."""

    to: bytes
    asset: bytes | None = None


class Refund(NamedTuple):
    """The payee of a transfer or issue (id) gives it back."""

    transfer: bytes
    delegation: bytes | None = None


Entry = Asset | Issue | Transfer | Delegate | Refund


# --- reading ------------------------------------------------------------------------------------


class _Void(Exception):
    def __init__(self, code: str) -> None:
        self.code = code


@lru_cache(maxsize=8_192)
def parse_entry(kind: str, frame: bytes, author: bytes) -> Entry | str:
    """What a ledger event does, or the code of why it is void by itself. Never raises.

    Remembered for a batch or two: what it stands on, its rule and its view all ask.

    Args:
        author: of the event, 32 bytes.
    """
    try:
        item: Any = decode_item(frame) if frame else None
    except BadInput:
        return "void/frame"
    if type(item) is not dict:
        return "void/frame"
    try:
        return _PARSERS[kind](item, author)
    except _Void as void:
        return void.code


def read_transfers(found: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[LegTuple, ...]]:
    """What each of many transfers, (author, frame) and none void, does to which accounts."""
    opened = open_transfers([frame for _, frame in found])
    for plain, (author, frame) in zip(opened, found, strict=True):
        if plain is not None:
            payer, to, asset, amount = plain
            yield (payer, asset, -amount), (to, asset, amount)
        else:
            entry = parse_entry(TRANSFER, frame, author)
            assert isinstance(entry, Transfer), "void events are left out"
            yield entry.legs


def _pair(payer: bytes, to: bytes, asset: bytes, amount: int) -> tuple[Leg, ...]:
    legs = (Leg(payer, asset, -amount), Leg(to, asset, amount))
    return legs if payer < to else legs[::-1]


def _asset(item: Mapping[str, Any], author: bytes) -> Asset:
    _only(item, {"code", "precision", "issuers", "credit"})
    code, precision = item.get("code"), item.get("precision")
    if not (isinstance(code, str) and CODE.fullmatch(code)):
        raise _Void("void/frame")
    if type(precision) is not int:
        raise _Void("void/frame")
    issuers = _issuers(item["issuers"], author) if "issuers" in item else (author,)
    credit = item.get("credit")
    if "credit" in item and type(credit) is not int:
        raise _Void("void/frame")
    if not 0 <= precision <= PRECISION_MAX or (credit is not None and credit < 0):
        raise _Void("void/value")
    return Asset(code, precision, issuers, credit)


def _issuers(value: Any, author: bytes) -> tuple[bytes, ...]:
    if type(value) is not list or not 1 <= len(value) <= ISSUERS_MAX or value == [author]:
        raise _Void("void/frame")
    if not all(_is_key(one) for one in value) or any(a >= b for a, b in pairwise(value)):
        raise _Void("void/frame")
    return tuple(value)


def _issue(item: Mapping[str, Any], _author: bytes) -> Issue:
    _only(item, {"asset", "to", "amount"})
    leg = Leg(_key(item, "to"), _link(item, "asset"), _amount(item))
    _check_positive(leg.amount)
    return Issue((leg,))


def _transfer(item: Mapping[str, Any], author: bytes) -> Transfer:
    if "legs" in item:
        return _several(item, author)
    _only(item, {"from", "to", "amount", "asset", "delegation"})
    payer, to, asset = _key(item, "from"), _key(item, "to"), _link(item, "asset")
    delegations = (_link(item, "delegation"),) if "delegation" in item else ()
    amount = _amount(item)
    if payer == author and delegations:
        raise _Void("void/frame")
    _check_positive(amount)
    if payer == to:
        raise _Void("void/value")
    if payer != author and not delegations:
        raise _Void("void/payer")
    return Transfer(_pair(payer, to, asset, amount), delegations)


def _several(item: Mapping[str, Any], author: bytes) -> Transfer:
    _only(item, {"legs", "delegations"})
    rows = item["legs"]
    if type(rows) is not list or not 2 <= len(rows) <= LEGS_MAX:
        raise _Void("void/frame")
    legs = tuple(_leg(row) for row in rows)
    if any(a[:2] >= b[:2] for a, b in pairwise(legs)):
        raise _Void("void/frame")
    delegations = _delegations(item["delegations"]) if "delegations" in item else ()
    others = {leg.account for leg in legs if leg.amount < 0} - {author}
    if delegations and not others:
        raise _Void("void/frame")
    if any(leg.amount == 0 for leg in legs):
        raise _Void("void/value")
    totals: dict[bytes, int] = {}
    paid: dict[bytes, int] = {}
    for leg in legs:
        totals[leg.asset] = totals.get(leg.asset, 0) + leg.amount
        paid[leg.asset] = paid.get(leg.asset, 0) + max(leg.amount, 0)
    if any(totals.values()):
        raise _Void("void/legs")
    if any(amount > INT_MAX for amount in paid.values()):
        raise _Void("void/overflow")
    if others and not delegations:
        raise _Void("void/payer")
    return Transfer(legs, delegations)


def _leg(row: Any) -> Leg:
    if type(row) is not list or len(row) != 3:
        raise _Void("void/frame")
    account, asset, amount = row
    if not (_is_key(account) and isinstance(asset, Link) and type(amount) is int):
        raise _Void("void/frame")
    return Leg(account, asset.digest, amount)


def _delegations(value: Any) -> tuple[bytes, ...]:
    if type(value) is not list or not 1 <= len(value) <= LEGS_MAX:
        raise _Void("void/frame")
    if not all(isinstance(one, Link) for one in value):
        raise _Void("void/frame")
    found = tuple(one.digest for one in value)
    if any(a >= b for a, b in pairwise(found)):
        raise _Void("void/frame")
    return found


def _delegate(item: Mapping[str, Any], author: bytes) -> Delegate:
    _only(item, {"to", "asset"})
    to = _key(item, "to")
    asset = _link(item, "asset") if "asset" in item else None
    if to == author:
        raise _Void("void/value")
    return Delegate(to, asset)


def _refund(item: Mapping[str, Any], _author: bytes) -> Refund:
    _only(item, {"transfer", "delegation"})
    delegation = _link(item, "delegation") if "delegation" in item else None
    return Refund(_link(item, "transfer"), delegation)


def _only(item: Mapping[str, Any], names: set[str]) -> None:
    if not item.keys() <= names:
        raise _Void("void/frame")


def _key(item: Mapping[str, Any], name: str) -> bytes:
    value = item.get(name)
    if not _is_key(value):
        raise _Void("void/frame")
    return value


def _is_key(value: object) -> TypeGuard[bytes]:
    return isinstance(value, bytes) and len(value) == DIGEST_BYTES


def _link(item: Mapping[str, Any], name: str) -> bytes:
    value = item.get(name)
    if not isinstance(value, Link):
        raise _Void("void/frame")
    return value.digest


def _amount(item: Mapping[str, Any]) -> int:
    value = item.get("amount")
    if type(value) is not int:
        raise _Void("void/frame")
    return value


def _check_positive(amount: int) -> None:
    if amount <= 0:
        raise _Void("void/value")


_PARSERS: Final[Mapping[str, Callable[[Mapping[str, Any], bytes], Entry]]] = {
    ASSET: _asset,
    ISSUE: _issue,
    TRANSFER: _transfer,
    DELEGATE: _delegate,
    REFUND: _refund,
}


# --- what an entry stands on --------------------------------------------------------------------


def _reads(kind: str) -> Callable[[bytes, bytes], tuple[bytes, ...] | str]:
    def read(author: bytes, frame: bytes) -> tuple[bytes, ...] | str:
        entry = parse_entry(kind, frame, author)
        return entry if isinstance(entry, str) else grounds_of(entry)

    return read


def grounds_of(entry: Entry) -> tuple[bytes, ...]:
    """Ids of the events an entry stands on: what it gives back, assets, delegations; none twice."""
    if isinstance(entry, Asset):
        return ()
    if isinstance(entry, Delegate):
        return () if entry.asset is None else (entry.asset,)
    if isinstance(entry, Refund):
        named = (entry.transfer, *(() if entry.delegation is None else (entry.delegation,)))
    elif isinstance(entry, Issue):
        return (entry.legs[0].asset,)
    elif len(entry.legs) == 2 and not entry.delegations:
        a, b = entry.legs[0].asset, entry.legs[1].asset
        return (a,) if a == b else (a, b)
    else:
        named = (*(leg.asset for leg in entry.legs), *entry.delegations)
    return tuple(dict.fromkeys(named))


def check_entry(deed: Deed, named: Sequence[Deed]) -> str | None:
    """Void code of an entry by what it names, or None.

    Args:
        named: the events of ``grounds_of``, in that order: in its past, and not void.
    """
    entry = parse_entry(deed.kind, deed.frame, deed.author)
    assert not isinstance(entry, str), "it was read before"
    if isinstance(entry, Asset):
        return None
    by_id = {one.id: one for one in named}
    if isinstance(entry, Refund):
        return _check_refund(entry, deed.author, by_id)
    if isinstance(entry, Delegate):
        return None if all(one.kind == ASSET for one in named) else "void/asset"
    if isinstance(entry, Transfer) and any(by_id[x].kind != DELEGATE for x in entry.delegations):
        return "void/ground"
    if any(by_id[leg.asset].kind != ASSET for leg in entry.legs):
        return "void/asset"
    if isinstance(entry, Issue):
        asset = _parsed(by_id[entry.legs[0].asset])
        assert isinstance(asset, Asset)
        return None if deed.author in asset.issuers else "void/issuer"
    return _check_payers(entry, deed.author, by_id) if entry.delegations else None


def _check_payers(entry: Transfer, author: bytes, by_id: Mapping[bytes, Deed]) -> str | None:
    given = [by_id[id] for id in entry.delegations]
    for leg in entry.legs:
        others = leg.amount < 0 and leg.account != author
        if others and not any(_lets(one, leg.account, author, leg.asset) for one in given):
            return "void/payer"
    return None


def _check_refund(entry: Refund, author: bytes, by_id: Mapping[bytes, Deed]) -> str | None:
    given = None if entry.delegation is None else by_id[entry.delegation]
    if by_id[entry.transfer].kind not in MOVES or (given and given.kind != DELEGATE):
        return "void/ground"
    moved = _parsed(by_id[entry.transfer])
    assert isinstance(moved, Issue | Transfer)
    needed = False
    for leg in moved.legs:
        if leg.amount > 0 and leg.account != author:
            needed = True
            if given is None or not _lets(given, leg.account, author, leg.asset):
                return "void/payee"
    return "void/payee" if given is not None and not needed else None


def _lets(given: Deed, giver: bytes, taker: bytes, asset: bytes) -> bool:
    """Whether a delegation lets a key act for an account in an asset."""
    entry = _parsed(given)
    assert isinstance(entry, Delegate)
    return given.author == giver and entry.to == taker and entry.asset in {None, asset}


def _parsed(deed: Deed) -> Entry:
    entry = parse_entry(deed.kind, deed.frame, deed.author)
    assert not isinstance(entry, str), "void events ground nothing"
    return entry


def _sole_assets(author: bytes, frames: Sequence[bytes]) -> list[bytes | None]:
    """The asset of each transfer that is plain and from the author to somebody else."""
    return [
        plain[2] if plain is not None and plain[0] == author != plain[1] else None
        for plain in open_transfers(frames)
    ]


GROUND_RULES: Final[Mapping[str, GroundRule]] = {
    kind: GroundRule(_reads(kind), check_entry, sole=_sole_assets if kind == TRANSFER else None)
    for kind in KINDS
}
"""The rules of all kinds of the ledger."""


# --- writing ------------------------------------------------------------------------------------


def entry_frame(entry: Entry, author: bytes) -> bytes:
    """The canonical frame of an entry by an author; ``parse_entry`` gives it back."""
    item: dict[str, Any]
    if isinstance(entry, Asset):
        item = {"code": entry.code, "precision": entry.precision}
        if entry.issuers != (author,):
            item["issuers"] = list(entry.issuers)
        if entry.credit is not None:
            item["credit"] = entry.credit
    elif isinstance(entry, Issue):
        (leg,) = entry.legs
        item = {"asset": Link(leg.asset), "to": leg.account, "amount": leg.amount}
    elif isinstance(entry, Transfer):
        item = _transfer_item(entry)
    elif isinstance(entry, Delegate):
        item = {"to": entry.to} | ({} if entry.asset is None else {"asset": Link(entry.asset)})
    else:
        item = {"transfer": Link(entry.transfer)}
        if entry.delegation is not None:
            item["delegation"] = Link(entry.delegation)
    return encode_item(item)


def _transfer_item(entry: Transfer) -> dict[str, Any]:
    legs = entry.legs
    simple = len(legs) == 2 and legs[0].asset == legs[1].asset and len(entry.delegations) < 2
    if simple and legs[0].amount + legs[1].amount == 0:
        payer, payee = sorted(legs, key=lambda leg: leg.amount)
        item: dict[str, Any] = {
            "from": payer.account,
            "to": payee.account,
            "amount": payee.amount,
            "asset": Link(payee.asset),
        }
        if entry.delegations:
            item["delegation"] = Link(entry.delegations[0])
        return item
    item = {"legs": [[leg.account, Link(leg.asset), leg.amount] for leg in legs]}
    if entry.delegations:
        item["delegations"] = [Link(id) for id in entry.delegations]
    return item
