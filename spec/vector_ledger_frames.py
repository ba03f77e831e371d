"""Frames of the ledger by themselves: good ones, and void ones with their code.

Reads: spec/plain.py. Read by: spec/vector_ledger.py.
"""

from __future__ import annotations

from typing import Any

from plain import Link, cbor, digest

ANA, BEN, CY, DI = tuple(digest(name) for name in ("ana", "ben", "cy", "di"))
ASSET, ISSUE, TRANSFER = "ledger/asset", "ledger/issue", "ledger/transfer"
DELEGATE, REFUND = "ledger/delegate", "ledger/refund"
EUR, HOUR, LEAVE = (Link(digest(name)) for name in ("eur", "hour", "leave"))
MOST = 2**63 - 1


def legs(*rows: tuple[bytes, Link, object]) -> list[list[object]]:
    """Legs in the order in which they are written."""
    return [list(row) for row in sorted(rows, key=lambda row: (row[0], row[1].digest))]


def frames() -> list[dict[str, object]]:
    """Frames by Ana with what they say, or their void code by themselves."""
    rows: list[tuple[str, str, bytes, str | None]] = [
        (name, kind, cbor(frame), code)
        for kind, cases in (
            (ASSET, asset_frames()), (ISSUE, issue_frames()), (TRANSFER, transfer_frames()),
            (TRANSFER, leg_frames()), (DELEGATE, delegate_frames()), (REFUND, refund_frames()),
        )
        for name, frame, code in cases
    ]  # fmt: skip
    rows += [(f"zero bytes: {kind}", kind, b"", "void/frame") for kind in (ASSET, REFUND)]
    rows += [
        ("something after it", DELEGATE, cbor({"to": BEN}) + b"\x00", "void/frame"),
        ("a list", REFUND, cbor([EUR]), "void/frame"),
        ("a float", ASSET, bytes.fromhex("a164636f6465fb3ff8000000000000"), "void/frame"),
    ]
    return [
        {"name": name, "kind": kind, "author": ANA.hex(), "frame": frame.hex(), "void": code}
        for name, kind, frame, code in rows
    ]


Cases = list[tuple[str, Any, str | None]]


def asset_frames() -> Cases:
    """Declarations."""
    plain = {"code": "EUR", "precision": 2}
    two = sorted([ANA, BEN])
    many = sorted(digest(str(n)) for n in range(65))
    return [
        ("an asset", plain, None),
        ("sixteen letters, digits and dashes", plain | {"code": "A-0" * 5 + "Z"}, None),
        ("eighteen digits", plain | {"precision": 18}, None),
        ("others issue it", plain | {"issuers": [BEN]}, None),
        ("two issuers", plain | {"issuers": two}, None),
        ("64 issuers", plain | {"issuers": many[:64]}, None),
        ("a credit of 0", plain | {"credit": 0}, None),
        ("no code", {"precision": 2}, "void/frame"),
        ("no precision", {"code": "EUR"}, "void/frame"),
        ("a small letter", plain | {"code": "EUr"}, "void/frame"),
        ("a digit first", plain | {"code": "1A"}, "void/frame"),
        ("seventeen letters", plain | {"code": "A" * 17}, "void/frame"),
        ("a code that ends in a newline", plain | {"code": "EUR\n"}, "void/frame"),
        ("a precision that is true", plain | {"precision": True}, "void/frame"),
        ("the author alone, written out", plain | {"issuers": [ANA]}, "void/frame"),
        ("no issuers", plain | {"issuers": []}, "void/frame"),
        ("65 issuers", plain | {"issuers": many}, "void/frame"),
        ("issuers unsorted", plain | {"issuers": two[::-1]}, "void/frame"),
        ("an issuer twice", plain | {"issuers": [BEN, BEN]}, "void/frame"),
        ("an issuer of 31 bytes", plain | {"issuers": [BEN[:31]]}, "void/frame"),
        ("no credit, written out", plain | {"credit": None}, "void/frame"),
        ("another key", plain | {"name": "Euro"}, "void/frame"),
        ("a precision of -1", plain | {"precision": -1}, "void/value"),
        ("nineteen digits", plain | {"precision": 19}, "void/value"),
        ("a credit below 0", plain | {"credit": -1}, "void/value"),
        ("two faults, the shape first", plain | {"precision": 19, "credit": "1"}, "void/frame"),
    ]


def issue_frames() -> Cases:
    """Issues."""
    plain = {"asset": EUR, "to": BEN, "amount": MOST}
    return [
        ("the most there is", plain, None),
        ("to oneself", plain | {"to": ANA}, None),
        ("an asset that is bytes", plain | {"asset": EUR.digest}, "void/frame"),
        ("to a link", plain | {"to": Link(BEN)}, "void/frame"),
        ("an amount in words", plain | {"amount": "5"}, "void/frame"),
        ("more than the most", plain | {"amount": 2**63}, "void/frame"),
        ("by leave", plain | {"delegation": LEAVE}, "void/frame"),
        ("nothing", plain | {"amount": 0}, "void/value"),
        ("less than nothing", plain | {"amount": -5}, "void/value"),
        ("nothing, to nobody", {"asset": EUR, "amount": 0}, "void/frame"),
    ]


def transfer_frames() -> Cases:
    """Transfers of one amount."""
    plain = {"from": ANA, "to": BEN, "amount": 5, "asset": EUR}
    of_ben = plain | {"from": BEN, "to": CY, "delegation": LEAVE}
    return [
        ("a payment", plain, None),
        ("Ben's money, by his leave", of_ben, None),
        ("Ben's money to Ana", of_ben | {"to": ANA}, None),
        ("leave that is not needed", plain | {"delegation": LEAVE}, "void/frame"),
        ("a delegation that is bytes", of_ben | {"delegation": b"x" * 32}, "void/frame"),
        ("no asset", {"from": ANA, "to": BEN, "amount": 5}, "void/frame"),
        ("a memo", plain | {"memo": "bread"}, "void/frame"),
        ("needless leave for nothing", plain | {"amount": 0, "delegation": LEAVE}, "void/frame"),
        ("nothing paid", plain | {"amount": 0}, "void/value"),
        ("a negative amount", plain | {"amount": -1}, "void/value"),
        ("to oneself", plain | {"to": ANA}, "void/value"),
        ("to oneself, of another", of_ben | {"to": BEN}, "void/value"),
        ("somebody else's money", plain | {"from": BEN, "to": CY}, "void/payer"),
        ("nothing of somebody else's", {**plain, "from": BEN, "to": CY, "amount": 0}, "void/value"),
    ]


def leg_frames() -> Cases:
    """Transfers of several amounts."""
    pay, get = (ANA, EUR, -5), (BEN, EUR, 5)
    swap = [*(pay, get), (ANA, HOUR, 1), (BEN, HOUR, -1)]
    crowd = [digest(str(n)) for n in range(64)]
    most = [(CY, EUR, MOST), (DI, EUR, 1), (ANA, EUR, -MOST), (BEN, EUR, -1)]

    def moved(*rows: tuple[bytes, Link, object], **more: object) -> dict[str, object]:
        return {"legs": legs(*rows), **more}

    given = {"delegations": [LEAVE]}
    return [
        ("two legs", moved(pay, get), None),
        ("from one to two", moved((ANA, EUR, -7), get, (CY, EUR, 2)), None),
        ("two assets, both pay", moved(*swap, **given), None),
        ("64 legs", moved((ANA, EUR, -63), *((one, EUR, 1) for one in crowd[1:])), None),
        ("one leg", moved((ANA, EUR, 5)), "void/frame"),
        ("65 legs", moved((ANA, EUR, -64), *((one, EUR, 1) for one in crowd)), "void/frame"),
        ("legs unsorted", {"legs": legs(pay, get)[::-1]}, "void/frame"),
        ("an account twice in an asset", moved(pay, (ANA, EUR, 5)), "void/frame"),
        ("a leg of two", {"legs": [[ANA, EUR], [BEN, EUR]]}, "void/frame"),
        ("a leg's asset that is bytes", {"legs": [[ANA, b"e" * 32, 1]] * 2}, "void/frame"),
        ("an amount too", moved(pay, get, amount=5), "void/frame"),
        ("one delegation, by the other name", moved(*swap, delegation=LEAVE), "void/frame"),
        ("no delegations, written out", moved(*swap, delegations=[]), "void/frame"),
        ("a delegation twice", moved(*swap, delegations=[LEAVE, LEAVE]), "void/frame"),
        ("only the author pays", moved(pay, get, **given), "void/frame"),
        ("only the author pays, too little", moved(pay, (BEN, EUR, 6), **given), "void/frame"),
        ("a leg of 0", moved(pay, get, (CY, EUR, 0)), "void/value"),
        ("a leg of 0, and too little", moved(pay, (BEN, EUR, 6), (CY, EUR, 0)), "void/value"),
        ("more comes in than goes out", moved(pay, (BEN, EUR, 6)), "void/legs"),
        ("of two assets neither", moved(pay, (BEN, HOUR, 5)), "void/legs"),
        ("2^63 in all", moved(*most, **given), "void/overflow"),
        ("a leg of -2^63", moved((ANA, EUR, -(2**63)), *most[:2]), "void/overflow"),
        ("Ben pays too", moved(*swap), "void/payer"),
        ("2^63, and somebody else's", moved(*most), "void/overflow"),
    ]


def delegate_frames() -> Cases:
    """Delegations."""
    return [
        ("of everything", {"to": BEN}, None),
        ("of one asset", {"to": BEN, "asset": EUR}, None),
        ("to nobody", {"asset": EUR}, "void/frame"),
        ("of no asset, written out", {"to": BEN, "asset": None}, "void/frame"),
        ("from somebody", {"to": BEN, "from": ANA}, "void/frame"),
        ("to oneself", {"to": ANA}, "void/value"),
    ]


def refund_frames() -> Cases:
    """Refunds."""
    return [
        ("given back", {"transfer": EUR}, None),
        ("given back by leave", {"transfer": EUR, "delegation": LEAVE}, None),
        ("nothing given back", {"delegation": LEAVE}, "void/frame"),
        ("a transfer that is bytes", {"transfer": EUR.digest}, "void/frame"),
        ("a part of it", {"transfer": EUR, "amount": 1}, "void/frame"),
    ]
