"""What must hold of money and property in a quiet: the books, and the reasons given for them.

    check_grounds   events stand on what their frames name, and on nothing else
    check_books     balances, debts with their causes, owners: as the oracle has them
    check_whys      what is named for them is so, and matters: without it they are otherwise

Law: under every policy the balances of an asset add up to what was issued of it; a debt is the
payments that only the policy excludes, and overdraft.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from tests.simulation.explanations import check_causes, policy_without
from tests.simulation.finding import Finding
from tests.simulation.oracle import Books, Holder, Key, oracle_of
from tests.simulation.oracle import named_by as stands_on
from tests.simulation.person import Person

from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import parse_did_key
from tallystick.policy import exclude
from tallystick.replica.reading import Reading
from tallystick.state.explain import Item

ASKED = 3
"""Accounts, and things, that are asked why in one quiet."""


def books_of(one: Person, reading: Reading) -> Books:
    """The oracle's books under the policy of a reading."""

    def would(refunds: list[str]) -> set[str]:
        """Of refunds that do not count: those that stand in nobody's way but what they give back"""
        if not refunds:
            return set()
        by = {id: stands_on(event) for id in refunds for event in [events[id]]}
        alone = oracle_of(one, reading.policy, standing_alone=refunds)
        return {
            id
            for id, (_, *others) in by.items()
            if alone.counts(parse_cid(id)) and all(map(books.counts, others))
        }

    books = Books(one, lambda id: reading.judge.counts(parse_cid(id)), would)
    events = books.events
    return books


def check_grounds(one: Person) -> None:
    """What an event stands on is what its frame says, and is here."""
    facts, store = one.replica._log.judging.facts, one.replica._store
    for event in one.replica.history():
        if event.void:
            continue
        id, named = parse_cid(event.id), stands_on(event)
        if sorted(map(cid_text, facts.grounds(id))) != sorted(named):
            raise Finding("diverged", f"r{one.number}: {event.id} does not stand on {named}")
        for ground in map(parse_cid, named):
            if store.row_of(ground) is None or id not in facts.stands_on(ground):
                raise Finding("diverged", f"r{one.number}: {event.id} is not led to by {named}")


def check_books(one: Person, reading: Reading) -> Books:
    """Balances, debts and owners are the oracle's, under one policy."""
    books = books_of(one, reading)
    ledger = reading.ledger
    scale = {asset.id: 10**asset.precision for asset in ledger.assets(everything=True)}
    held = {(b.account, b.asset): units(b.balance, scale[b.asset]) for b in ledger.balances()}
    if held != books.held:
        raise Finding("diverged", f"r{one.number}: balances are not what a recount says")
    issued = {a.id: units(a.issued, scale[a.id]) for a in ledger.assets() if a.issued}
    if issued != books.issued:
        raise Finding("diverged", f"r{one.number}: issued is not what a recount says")
    for asset in {asset for _, asset in held} | issued.keys():
        total = sum(amount for (_, of), amount in held.items() if of == asset)
        if total != issued.get(asset, 0):
            raise Finding("diverged", f"r{one.number}: {asset} is not conserved")
    debts: dict[Key, Any] = {
        (debt.account, debt.asset): (
            units(debt.amount, scale[debt.asset]),
            [(c.event, c.payers, units(c.amount, scale[debt.asset])) for c in debt.causes],
            units(debt.overdraft, scale[debt.asset]),
        )
        for debt in ledger.debts()
    }
    owed = {key: (-n, *books.causes(key)) for key, n in books.held.items() if n < 0}
    if debts != owed:
        wrong = [key for key in debts.keys() | owed.keys() if debts.get(key) != owed.get(key)]
        said = [(debts.get(key), owed.get(key)) for key in wrong[:1]]
        raise Finding("diverged", f"r{one.number}: debts are not the oracle's: {said}")
    things = {
        info.id: Holder(info.owner, info.contested, frozenset(
            step.event for step in reading.titles.chain(info.id) if step.live
        ))
        for info in reading.titles.list()
    }  # fmt: skip
    if things != books.things:
        raise Finding("diverged", f"r{one.number}: owners are not the oracle's")
    one.world.tally.debts += len(debts)
    one.world.tally.debt_causes += sum(len(causes) for _, causes, _ in debts.values())
    return books


def units(amount: Decimal, scale: int) -> int:
    found = amount * scale
    assert found == int(found)
    return int(found)


# --- reasons --------------------------------------------------------------------------------------


def check_whys(one: Person, rng: Random) -> None:
    """Asks why of some accounts and things, and then reads the books without what was named."""
    reading = one.replica.reading()
    books = books_of(one, reading)
    keys = sorted({leg[:2] for legs in books.moves.values() for leg in legs})
    owing = [key for key in keys if books.held.get(key, 0) < 0]
    chosen = rng.sample(owing, min(1, len(owing))) + rng.sample(keys, min(ASKED - 1, len(keys)))
    for key in dict.fromkeys(chosen):
        check_account(one, reading, books, key)
    titles = sorted(id for id, below in books.ops.items() if not below)
    for title in rng.sample(titles, min(ASKED, len(titles))):
        check_title(one, reading, books, title)
    check_claims(one, reading, books)
    if books.events:
        market = [id for id in (*books.moves, *books.ops) if books.counts(id)]
        out = [id for id in (*books.moves, *books.ops) if not books.counts(id)]
        for id in rng.sample(market, min(1, len(market))):
            check_supposed(one, books, parse_cid(id))
        for id in rng.sample(out, min(1, len(out))):
            check_reason(one, reading, books, id)


def check_account(one: Person, reading: Reading, books: Books, key: Key) -> None:
    """Every move of an account is told once, as what it is; the parts make the balance."""
    found = reading.ledger.why(*key).data
    told = {"live": found.live, "covered": found.covered, "excluded": found.excluded}
    kinds = {cid_text(item.event): (kind, _refunds(item)) for kind, items in told.items()
             for item in items}  # fmt: skip
    expected = {
        id: ("excluded", ()) if not books.counts(id)
        else ("covered", tuple(sorted(back))) if (back := books.given_back(id))
        else ("live", ())
        for id in books.touching(key)
    }  # fmt: skip
    if kinds != expected or len(kinds) != sum(map(len, told.values())):
        wrong = dict(kinds.items() ^ expected.items())
        raise Finding("explained", f"r{one.number}: why of {key} tells otherwise: {wrong}")
    sign = {"from": 1, "issued by": 1, "to": -1}
    parts = sum(sign[part.way] * Decimal(part.amount) for part in found.parts)
    if not parts == sum(Decimal(item.value) for item in found.live) == Decimal(found.value):
        raise Finding("explained", f"r{one.number}: the parts of {key} are not its balance")
    if (found.debt is not None) != (books.held.get(key, 0) < 0):
        raise Finding("explained", f"r{one.number}: why of {key} leaves out a debt")
    if found.debt is not None:
        causes = [(cid_text(c.event), c.amount) for c in found.debt.causes]
        if causes != [(c.event, c.amount) for c in books.causes(key)[0]]:
            raise Finding("explained", f"r{one.number}: why of {key} names other causes")
        for cause in found.debt.causes[:1]:
            if cause.verdict.included:
                raise Finding("explained", f"r{one.number}: {cause} counts")
            check_reason(one, reading, books, cid_text(cause.event))
    for item in found.live[-1:]:
        after = check_supposed(one, books, item.event)
        moved = books.held.get(key, 0) - after.held.get(key, 0)
        if moved != sum(n for who, of, n in books.moves[cid_text(item.event)] if (who, of) == key):
            raise Finding("explained", f"r{one.number}: {key} stands without {item}")


def _refunds(item: Item) -> tuple[str, ...]:
    return tuple(sorted(map(cid_text, item.by)))


def check_title(one: Person, reading: Reading, books: Books, title: str) -> None:
    """Every op is told as what it is; without the op that makes it somebody's it is not."""
    why = reading.titles.why(title)
    steps = {step.event: step for step in why.steps}
    ops = books.ops_of(title)
    if sorted(steps) != sorted(ops) or len(steps) != len(why.steps):
        raise Finding("explained", f"r{one.number}: the history of {title} is another")
    holder = books.things.get(title, Holder(None, False, frozenset()))
    info, since = why.title, why.title.since
    if (info.owner, info.contested) != holder[:2] or (since is None) != (info.owner is None):
        raise Finding("explained", f"r{one.number}: why of {title} names another owner")
    leading = set()
    if since is not None:
        leading, at = {since}, since
        while below := books.ops[at]:
            (at,) = below
            leading.add(at)
    for id, step in steps.items():
        said = (step.counts, step.live, step.holds, not step.why)
        if said != (books.counts(id), books.live(id), id in leading, books.counts(id)):
            raise Finding("explained", f"r{one.number}: {id} of {title} is told otherwise")
    if since is not None:
        if since not in holder.live or books.named_owner(since) != info.owner:
            raise Finding("explained", f"r{one.number}: {title} is not its owner's by {since}")
        after = check_supposed(one, books, parse_cid(since)).things.get(title)
        if after is not None and since in after.live:
            raise Finding("explained", f"r{one.number}: {title} stands without {since}")


def check_claims(one: Person, reading: Reading, books: Books) -> None:
    """Whoever lost a thing has a claim, against the other side, for a reason that is so."""
    expected = set()
    for id, below in books.ops.items():
        if not below or books.counts(id):
            continue
        seller, buyer = books.events[id].author, books.named_owner(id)
        if books.bears(id):
            expected.add((id, seller, buyer, "kept"))
        else:
            verdict = reading.judge.event_verdict(parse_cid(id), thorough=False)
            reason = "ungrounded" if verdict.reason == "ungrounded" else "undone"
            expected.add((id, buyer, seller, reason))
    for title, holder in books.things.items():
        for sale in books.lost(title) if holder.contested else ():
            expected.add((*sale, "sold-twice" if holder.owner else "two-histories"))
    told = {(c.transfer, c.claimant, c.against, c.reason) for c in reading.titles.claims()}
    wrong = {claim for claim in expected ^ told if _may_claim(reading, claim)}
    if wrong or not told <= expected:
        raise Finding("explained", f"r{one.number}: claims are not the oracle's: {wrong}")


def _may_claim(reading: Reading, claim: tuple[str, str, str, str]) -> bool:
    heeded = reading.judge.actor_verdict(parse_did_key(claim[1]), "title/transfer", thorough=False)
    return claim[1] != claim[2] and (heeded.included or heeded.partly)


def check_reason(one: Person, reading: Reading, books: Books, id: str) -> None:
    """Why something does not count is so, and its books without the reason are as supposed."""
    event = parse_cid(id)
    verdict = reading.judge.event_verdict(event)
    if verdict.included:
        raise Finding("explained", f"r{one.number}: {id} counts after all")
    named = {cause.statement: cause.necessary for cause in verdict.causes}
    check_causes(one, event, named, (verdict.included, verdict.contested), event=True)
    public = [s for s in named if one.replica._store.row_of(s) is not None]
    for statement in public[:1]:
        check_supposed(one, books, statement)


def check_supposed(one: Person, books: Books, without: bytes) -> Books:
    """The books without one event are the oracle's, and ``what_if`` tells the difference."""
    after = check_books(one, one.replica.under(policy_without(one, without)))
    preview = one.replica.what_if(exclude(cid_text(without)), private=True)
    told = {(c["view"], c["key"], c["before"], c["after"]) for c in preview.changes
            if c["view"] in ("ledger", "titles")}  # fmt: skip
    lines = {
        "ledger": [{f"{who}/{asset}": n for (who, asset), n in b.held.items()}
                   for b in (books, after)],
        "titles": [{id: found.owner for id, found in b.things.items()} for b in (books, after)],
    }  # fmt: skip
    expected = {
        (view, key, old.get(key), new.get(key))
        for view, (old, new) in lines.items()
        for key in old.keys() | new.keys()
        if (key in old) != (key in new) or old.get(key) != new.get(key)
    }
    if told != expected:
        raise Finding("explained", f"r{one.number}: what_if tells {told}, and not {expected}")
    return after
