"""Ratings as money: every positive rating pays so much; then the most banned stop counting.

    bank ──issue──► whoever paid out more than came in, exactly as much as was missing
    source ──transfer rating──► target          for every rating above zero

So nobody owes anything while everybody counts, and whatever is owed after a ban is owed because of
it: who received from the banned, and passed it on, is short of just that.

Law, checked at every step against a recount that knows nothing of the view: positive balances less
debts are what was issued.

Reads: community, tallystick. Read by: main.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from community import Community

import tallystick
from tallystick.demo import otc
from tallystick.demo.builder import Chain, LogBuilder, Place
from tallystick.demo.loading import Batch, in_batches
from tallystick.state import ledger
from tallystick.state.views_ledger import LedgerView

CODE = "POINT"
BANK = "bank"


@dataclass(frozen=True, slots=True)
class Payment:
    """One positive rating as money; accounts are did:key."""

    payer: str
    to: str
    amount: int


@dataclass(frozen=True, slots=True)
class Step:
    """What is owed after one more actor stopped counting."""

    banned: str | None
    payments: int
    """of this actor, that count no longer"""
    debts: int
    owing: int
    explained: int
    """of the debts, what came in from those who do not count any more"""


def payments(community: Community) -> list[Payment]:
    """Every rating above zero that is not about oneself."""
    return [
        Payment(community.did(r.source), community.did(r.target), r.rating)
        for r in community.ratings
        if r.rating > 0 and r.source != r.target
    ]


def needed(paid: Sequence[Payment]) -> dict[str, int]:
    """What the bank gives to whom, so that nobody ends below zero."""
    return {account: -held for account, held in recount(paid, {}, set()).items() if held < 0}


def recount(paid: Sequence[Payment], issued: dict[str, int], out: set[str]) -> Counter[str]:
    """Balances the slow way: everything that counts, added up."""
    held: Counter[str] = Counter(issued)
    for one in paid:
        if one.payer not in out:
            held[one.payer] -= one.amount
            held[one.to] += one.amount
    return held


# --- the log ------------------------------------------------------------------------------------


def build(community: Community, issued: dict[str, int]) -> Iterator[Batch]:
    """Ratings, what they say about trust, and the payments, as batches of slices."""
    builder = LogBuilder(community.namespace, "market")
    bank, keys = builder.user(BANK), {}
    for user in community.users():
        keys[community.did(user)] = builder.user(user).key.public
    asset = _entry(builder, bank, ledger.Asset(CODE, 0, (bank.key.public,)), ("asset",))
    for number, (account, amount) in enumerate(issued.items()):
        leg = ledger.Leg(keys[account], asset.id, amount)
        _entry(builder, bank, ledger.Issue((leg,)), ("issue", number))
    known: set[bytes] = set()
    add = partial(_add, builder, asset, known)
    yield from in_batches(builder, community.ratings, add, size=otc.ROWS_A_BATCH)


def _add(
    builder: LogBuilder, asset: Place, known: set[bytes], row: int, rating: otc.Rating
) -> None:
    otc.add_rating(builder, row, rating)
    if rating.rating <= 0 or rating.source == rating.target:
        return
    source = builder.user(rating.source)
    payer, to = source.key.public, builder.user(rating.target).key.public
    legs = (
        ledger.Leg(payer, asset.id, -rating.rating),
        ledger.Leg(to, asset.id, rating.rating),
    )
    deps = () if payer in known else (asset,)
    known.add(payer)
    _entry(
        builder, source, ledger.Transfer(tuple(sorted(legs))), (row, 2),
        time_ms=rating.time_ms, deps=deps,
    )  # fmt: skip


def _entry(
    builder: LogBuilder, chain: Chain, entry: ledger.Entry, seed: tuple[int | str, ...],
    *, time_ms: int = 0, deps: Sequence[Place] = (),
) -> Place:  # fmt: skip
    kind = {
        ledger.Asset: ledger.ASSET, ledger.Issue: ledger.ISSUE, ledger.Transfer: ledger.TRANSFER
    }[type(entry)]  # fmt: skip
    frame = ledger.entry_frame(entry, chain.key.public)
    return builder.append(chain, kind, frame=frame, time_ms=time_ms, seed=seed, deps=deps)


# --- what happens -------------------------------------------------------------------------------


def exclude_one_by_one(
    replica: tallystick.Replica, community: Community, banned: Sequence[int | str]
) -> Iterator[Step]:
    """Bans actors one after the other; at the end all bans are withdrawn. Checks every step."""
    paid = payments(community)
    issued = needed(paid)
    replica.view(LedgerView())  # kept up to date from here on
    before = replica.state_hash("ledger")
    yield _checked(replica, paid, issued, [], community)
    out: list[int | str] = []
    receipts = []
    for actor in banned:
        receipts.append(replica.ban(community.did(actor), reason="banned by most"))
        out.append(actor)
        yield _checked(replica, paid, issued, out, community)
    _explained(replica, {community.did(actor) for actor in banned})
    for receipt in receipts:
        replica.withdraw(receipt)
    assert replica.state_hash("ledger") == before, "withdrawing the bans restores every byte"


def _explained(replica: tallystick.Replica, gone: set[str]) -> None:
    """What the ledger says of the debts: payments by those who are gone, and nothing else."""
    for debt in replica.ledger.debts():
        assert not debt.overdraft, debt.sentence
        assert sum(cause.amount for cause in debt.causes) == debt.amount, debt.sentence
        assert all(gone.issuperset(cause.payers) for cause in debt.causes), debt.sentence


def _checked(
    replica: tallystick.Replica, paid: Sequence[Payment], issued: dict[str, int],
    out: Sequence[int | str], community: Community,
) -> Step:  # fmt: skip
    gone = {community.did(actor) for actor in out}
    rows = replica.sql("SELECT account, balance FROM ledger WHERE balance <> 0").rows
    held = {account: int(balance) for account, balance in rows}
    counted = {a: n for a, n in recount(paid, issued, gone).items() if n}
    assert held == counted, "the view says what the recount says"
    debts = {account: -n for account, n in held.items() if n < 0}
    positive = sum(n for n in held.values() if n > 0)
    assert positive - sum(debts.values()) == sum(issued.values()), "nothing is made, nothing lost"
    came = Counter[str]()
    for one in paid:
        if one.payer in gone:
            came[one.to] += one.amount
    assert all(debt <= came[account] for account, debt in debts.items()), "every debt has a cause"
    last = community.did(out[-1]) if out else None
    return Step(
        banned=str(out[-1]) if out else None,
        payments=sum(one.payer == last for one in paid),
        debts=sum(debts.values()),
        owing=len(debts),
        explained=sum(min(debt, came[account]) for account, debt in debts.items()),
    )
