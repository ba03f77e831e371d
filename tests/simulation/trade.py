"""What people do with money and property in a hostile world.

    declare · issue · pay · split · let_pay · pay_for · refund · refund_for
    create · pass_on · restitute · argue

Law: they write events as anybody could, whether the money is there or not; what a replica refuses
is refused with a code that is expected.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.person import Person

from tallystick.event.ids import parse_cid
from tallystick.identity.did import parse_did_key
from tallystick.kernels import Link
from tallystick.replica.reports import EventInfo
from tallystick.state import ledger

if TYPE_CHECKING:
    from tests.simulation.world import World

REFUSED = {
    "void/payer", "void/issuer", "void/payee", "void/owner", "void/ground", "void/asset",
    "void/value", "void/overflow", "usage/argument", "usage/not-found",
}  # fmt: skip
AMOUNTS = (1, 5, 20, 100, 2**40)
Deed = Callable[["World", Person, Random], Any]
TRADES: dict[str, Deed] = {}


def trade(function: Deed) -> Deed:
    TRADES[function.__name__] = function
    return function


def write(one: Person, kind: str, frame: dict[str, Any]) -> None:
    """An event with a frame; what the replica refuses is refused with one of the codes above."""
    codes = REFUSED | ({"chain/restored"} if one.two_histories else set())
    if one.joined and not one.catching_up:
        one.do(lambda r: r.write(kind, frame=frame), refused=codes)


def seen(one: Person, *kinds: str) -> list[EventInfo]:
    if not one.joined:
        return []
    events = [e for kind in kinds for e in one.replica.history(kind=kind)]
    return [event for event in events if not event.void]


def link(event: EventInfo | str) -> Link:
    return Link(parse_cid(event if isinstance(event, str) else event.id))


def somebody(world: World, one: Person, rng: Random) -> bytes:
    others = [actor for actor in world.known() if actor != one.did]
    return parse_did_key(rng.choice(others))


@trade
def declare(world: World, one: Person, rng: Random) -> None:
    write(one, ledger.ASSET, {"code": rng.choice(("EUR", "HOUR")), "precision": rng.randrange(3)})


@trade
def issue(world: World, one: Person, rng: Random) -> None:
    mine = [event for event in seen(one, ledger.ASSET) if event.author == one.did]
    if not mine:
        declare(world, one, rng)
        return
    to = rng.choice((one.key.public, somebody(world, one, rng)))
    frame = {"asset": link(rng.choice(mine)), "to": to, "amount": rng.choice(AMOUNTS)}
    write(one, ledger.ISSUE, frame)


@trade
def pay(world: World, one: Person, rng: Random) -> None:
    """Whether there is anything to pay with or not."""
    assets = seen(one, ledger.ASSET)
    if assets:
        asset, to = link(rng.choice(assets)), somebody(world, one, rng)
        frame = {"from": one.key.public, "to": to, "amount": rng.choice(AMOUNTS), "asset": asset}
        write(one, ledger.TRANSFER, frame)


@trade
def split(world: World, one: Person, rng: Random) -> None:
    """One payment to several, perhaps in two assets."""
    assets = seen(one, ledger.ASSET)
    if not assets:
        return
    legs: dict[tuple[bytes, bytes], int] = {}
    for asset in rng.sample(assets, min(len(assets), rng.randint(1, 2))):
        for to in {somebody(world, one, rng) for _ in range(2)}:
            amount = rng.choice(AMOUNTS)
            for account, more in ((to, amount), (one.key.public, -amount)):
                key = (account, parse_cid(asset.id))
                legs[key] = legs.get(key, 0) + more
    rows = [[account, Link(asset), amount] for (account, asset), amount in sorted(legs.items())]
    write(one, ledger.TRANSFER, {"legs": rows})


@trade
def let_pay(world: World, one: Person, rng: Random) -> None:
    write(one, ledger.DELEGATE, {"to": somebody(world, one, rng)})


@trade
def pay_for(world: World, one: Person, rng: Random) -> None:
    """From the account of somebody who let one, and now and then of somebody who did not."""
    assets, given = seen(one, ledger.ASSET), seen(one, ledger.DELEGATE)
    fit = [event for event in given if event.frame["to"] == one.key.public]
    if assets and (chosen := fit if rng.random() < 0.8 else given):
        by = rng.choice(chosen)
        payer, to = parse_did_key(by.author), somebody(world, one, rng)
        if by.author != one.did and payer != to:
            frame = {"from": payer, "to": to, "amount": 5, "asset": link(rng.choice(assets))}
            write(one, ledger.TRANSFER, frame | {"delegation": link(by)})


@trade
def refund(world: World, one: Person, rng: Random) -> None:
    moves = seen(one, ledger.ISSUE, ledger.TRANSFER)
    mine = [event for event in moves if event.frame.get("to") == one.key.public]
    if chosen := mine or moves:
        write(one, ledger.REFUND, {"transfer": link(rng.choice(chosen))})


@trade
def refund_for(world: World, one: Person, rng: Random) -> None:
    """What somebody received who let one act for them."""
    given = [e for e in seen(one, ledger.DELEGATE) if e.frame["to"] == one.key.public]
    if given:
        by = rng.choice(given)
        payee = parse_did_key(by.author)
        theirs = [e for e in seen(one, *ledger.MOVES) if e.frame.get("to") == payee]
        if theirs:
            frame = {"transfer": link(rng.choice(theirs)), "delegation": link(by)}
            write(one, ledger.REFUND, frame)


@trade
def create(world: World, one: Person, rng: Random) -> None:
    write(one, "title/create", {"type": rng.choice(("bike", "book"))})


@trade
def pass_on(world: World, one: Person, rng: Random) -> None:
    """A thing one had, perhaps for the second time: nobody is asked."""
    ops = seen(one, "title/create", "title/transfer")
    mine = [op for op in ops if op.frame.get("to", parse_did_key(op.author)) == one.key.public]
    if mine:
        over = rng.choice(mine)
        title = over.frame["title"] if over.kind == "title/transfer" else link(over)
        frame = {"title": title, "over": link(over), "to": somebody(world, one, rng)}
        write(one, "title/transfer", frame)


@trade
def restitute(world: World, one: Person, rng: Random) -> None:
    """Of things of one type, what is stolen goes back to its owner, or stays where it is."""
    rules = {rng.choice(("bike", "book")): rng.choice(("keep", "keep", "return"))}
    if one.joined:
        refused = {"chain/restored"} if one.two_histories else set()
        one.do(lambda r: r.set_policy(restitution=rules), refused=refused)


@trade
def argue(world: World, one: Person, rng: Random) -> None:
    """A payment is charged back, by one's own word or by a claim that others answer."""
    kinds = ledger.KINDS if rng.random() < 0.4 else ledger.MOVES
    if moves := seen(one, *kinds, "title/create", "title/transfer"):
        target = rng.choice(moves).id
        verb = rng.choice(("exclude", "exclude", "include", "dispute"))
        if verb == "dispute":
            one.do(lambda r: r.dispute(target, "not what was agreed"), refused={"chain/restored"})
        elif not one.catching_up:
            one.do(lambda r: getattr(r, verb)(target), refused={"chain/restored"})
