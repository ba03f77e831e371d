"""Frames of the kinds that state reduces by rules of their own: the ledger's and titles'."""

from __future__ import annotations

from itertools import product

from tests.fuzz.engine import Target

from tallystick.errors import CODES
from tallystick.kernels import Link, encode_item
from tallystick.state import ledger, titles

AUTHOR, OTHER = bytes([7]) * 32, bytes([9]) * 32
ONE, TWO = bytes([1]) * 32, bytes([2]) * 32


def entry(data: bytes) -> str:
    """``kind(1) frame``: an entry that writes the same frame and moves nothing away, or a code."""
    kind = ledger.KINDS[data[0] % len(ledger.KINDS)] if data else ledger.ASSET
    found = ledger.parse_entry(kind, data[1:], AUTHOR)
    if isinstance(found, str):
        assert found in CODES
        return found
    assert ledger.entry_frame(found, AUTHOR) == data[1:]
    assert ledger.GROUND_RULES[kind].read(AUTHOR, data[1:]) == ledger.grounds_of(found)
    if isinstance(found, ledger.Transfer):
        (legs,) = ledger.read_transfers([(AUTHOR, data[1:])])
        assert sorted(legs) == sorted(found.legs)
        for asset in {leg.asset for leg in found.legs}:
            assert not sum(leg.amount for leg in found.legs if leg.asset == asset)
    return f"ok {type(found).__name__}"


def title(data: bytes) -> str:
    """``kind(1) frame``: an op that writes the same frame, or a void code."""
    kind = titles.KINDS[data[0] % len(titles.KINDS)] if data else titles.CREATE
    found = titles.parse_title(kind, data[1:], AUTHOR)
    if isinstance(found, str):
        assert found in CODES
        return found
    if isinstance(found, titles.Created):
        to = None if found.to == AUTHOR else found.to
        assert titles.create_frame(found.type, to) == data[1:]
    else:
        assert titles.transfer_frame(found.title, found.over, found.to) == data[1:]
    return f"ok {type(found).__name__}"


# --- seeds --------------------------------------------------------------------------------------


def _entries() -> list[bytes]:
    legs = [ledger.Leg(AUTHOR, ONE, -5), ledger.Leg(OTHER, ONE, 5)]
    more = [ledger.Leg(AUTHOR, TWO, 3), ledger.Leg(OTHER, TWO, -3)]
    good: list[tuple[str, ledger.Entry]] = [
        (ledger.ASSET, ledger.Asset("EUR", 2, (AUTHOR,))),
        (ledger.ASSET, ledger.Asset("HOUR", 0, (AUTHOR, OTHER), 100)),
        (ledger.ISSUE, ledger.Issue((ledger.Leg(OTHER, ONE, 2**63 - 1),))),
        (ledger.TRANSFER, ledger.Transfer(tuple(legs))),
        (ledger.TRANSFER, ledger.Transfer(tuple(sorted(legs + more)), (TWO,))),
        (ledger.DELEGATE, ledger.Delegate(OTHER)),
        (ledger.DELEGATE, ledger.Delegate(OTHER, ONE)),
        (ledger.REFUND, ledger.Refund(ONE)),
        (ledger.REFUND, ledger.Refund(ONE, TWO)),
    ]
    found = [_framed(kind, ledger.entry_frame(entry, AUTHOR)) for kind, entry in good]
    for amount, payer in product((0, -1, 2**63 - 1), (AUTHOR, OTHER)):
        item = {"from": payer, "to": OTHER, "amount": amount, "asset": Link(ONE)}
        found.append(_framed(ledger.TRANSFER, encode_item(item)))
    return found


def _framed(kind: str, frame: bytes) -> bytes:
    return bytes((ledger.KINDS.index(kind),)) + frame


def _titles() -> list[bytes]:
    return [
        b"\x00" + titles.create_frame("tool"),
        b"\x00" + titles.create_frame("tool/hand", OTHER),
        b"\x01" + titles.transfer_frame(ONE, TWO, OTHER),
    ]


TARGETS = (
    Target("ledger", entry, _entries, "bytes"),
    Target("title", title, _titles, "bytes"),
)
