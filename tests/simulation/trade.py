"""What people do with money and property in a hostile world, and what must hold of it in a quiet.

    declare · issue · pay · let_pay · pay_for · refund · create · pass_on · argue

They write events as anybody could, whether the money is there or not; the checks recount plainly.

Law: under every policy the balances of an asset add up to what was issued of it, and equal a list
that is filtered and added up; titles and balances are the same bytes for whoever reads them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.finding import Finding
from tests.simulation.person import Person

from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key, parse_did_key
from tallystick.kernels import Link
from tallystick.replica.reading import Reading
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
def argue(world: World, one: Person, rng: Random) -> None:
    """A payment is charged back, by one's own word or by a claim that others answer."""
    if moves := seen(one, ledger.TRANSFER, "title/transfer"):
        target = rng.choice(moves).id
        verb = rng.choice(("exclude", "exclude", "include", "dispute"))
        if verb == "dispute":
            one.do(lambda r: r.dispute(target, "not what was agreed"), refused={"chain/restored"})
        elif not one.catching_up:
            one.do(lambda r: getattr(r, verb)(target), refused={"chain/restored"})


# --- what must hold -------------------------------------------------------------------------------


def check_money(one: Person) -> None:
    """Balances are a plain recount, under one's own policy and with whatever bans there are."""
    replica = one.replica
    counted = plain(one, replica.under(replica.policy))
    rows = replica.sql("SELECT account, asset, balance FROM ledger").rows
    held = {(account, asset): int(balance) for account, asset, balance in rows if int(balance)}
    if held != counted[0]:
        raise Finding("diverged", f"r{one.number}: balances are not what a recount says")
    issued = counted[1]
    for asset in {asset for _, asset in held} | issued.keys():
        amounts = [amount for (_, of), amount in held.items() if of == asset]
        positive, debts = sum(a for a in amounts if a > 0), -sum(a for a in amounts if a < 0)
        if positive - debts != issued.get(asset, 0):
            raise Finding("diverged", f"r{one.number}: {asset} is not conserved")


def plain(one: Person, reading: Reading) -> tuple[dict[tuple[str, str], int], Counter[str]]:
    """(account, asset) -> balance, and asset -> issued: what counts, filtered and added up."""
    store = one.replica._store
    given_back, moves = set(), []
    for event in store.iter_events([(1, store.next_row - 1)]):
        if event.kind not in ledger.KINDS or event.void or not reading.judge.counts(event.id):
            continue
        entry = ledger.parse_entry(event.kind, event.frame, event.author)
        if isinstance(entry, ledger.Refund):
            given_back.add(entry.transfer)
        elif isinstance(entry, ledger.Issue | ledger.Transfer):
            moves.append((event.id, entry))
    held: Counter[tuple[str, str]] = Counter()
    issued: Counter[str] = Counter()
    for id, entry in moves:
        for leg in () if id in given_back else entry.legs:
            asset = cid_text(leg.asset)
            held[did_key(leg.account), asset] += leg.amount
            if isinstance(entry, ledger.Issue):
                issued[asset] += leg.amount
    return {key: amount for key, amount in held.items() if amount}, issued
