"""Rows ``ledger``, ``compare`` and ``poll``: payments, and what others make of a log.

Payments are the slices of row 3 with other events in them: ten authors pay fifty accounts, or a
thousand, in one asset, and every replica keeps the accounts. An agent pays a thousand times from
the account of somebody who let it: taking back the leave takes all of these along.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from bench.context import Bench
from bench.figures import Figure
from bench.ingest import growth, rate_of
from bench.measure import median, settle, timed
from bench.peers import Turns
from bench.standing import moved
from bench.worlds import FEW, FEW_EVENTS, NOW_MS, RATING, SUM, Market

import tallystick
from tallystick.demo import otc
from tallystick.demo.builder import LogBuilder, user_key
from tallystick.demo.loading import in_batches, take_in
from tallystick.event.ids import cid_text
from tallystick.policy import Statement
from tallystick.replica.replica import Replica

LEDGER, COMPARE, POLL = "ledger", "compare", "poll"
PAGE_LINES = 1_000
PAYER = 1
"""An author of a tenth of everything."""
SCATTERED = 100_000
VIEWERS = 200
RATINGS = 20_000


def ledger(bench: Bench) -> Iterator[Figure]:
    """Payments come in, growing; pages of a statement; a payer, and an agent's leave, go."""
    rates = []
    for events in bench.sizes:
        rate, limit = rate_of(bench, bench.payments, events, Turns(bench.peers, 3))
        rates.append(rate)
        work = f"ingest {events:,} payments in slices of 1,000, to 50 accounts"
        yield Figure(LEDGER, work, rate, "events/s", 80_000, [limit])
    if len(rates) > 1:
        yield growth(LEDGER, "payments", bench.sizes, [1 / rate for rate in rates])
    events = bench.scaled(SCATTERED, 1)
    rate, limit = rate_of(bench, bench.scattered, events, Turns(bench.peers, 3))
    work = f"ingest {events:,} payments in slices of 1,000, each of a slice to another account"
    yield Figure(LEDGER, work, rate, "events/s", 80_000, [limit])
    yield from _pages(bench)
    world, events = bench.payments.world, bench.events
    assert isinstance(world, Market)
    did, leave = world.did(FEW), cid_text(world.leave)
    out, back, beside = moved(
        bench, bench.payments, events, lambda replica: replica.ban(did, private=True)
    )
    work = f"somebody who paid {FEW_EVENTS} times, of {events:,}"
    yield Figure(LEDGER, f"exclude {work}", out, "ms", 5, beside)
    yield Figure(LEDGER, f"include {work}", back, "ms", 5, beside)
    out, back, beside = moved(
        bench, bench.payments, events, lambda replica: replica.exclude(leave, private=True)
    )
    work = f"a leave on which {Market.AGENT_EVENTS:,} payments stand, of {events:,}"
    yield Figure(LEDGER, f"exclude {work}", out, "ms", None, beside)
    yield Figure(LEDGER, f"include {work}", back, "ms", None, beside)


def _pages(bench: Bench) -> Iterator[Figure]:
    did = bench.payments.world.did(PAYER)
    with tallystick.open(bench.payments.copy(bench.events)) as replica:
        late = replica.history(author=did, newest=True, limit=2 * PAGE_LINES)[0].id
        settle()
        for where, after in (("first", None), ("late", late)):
            took = [
                timed(
                    lambda after=after: replica.ledger.statement(did, after=after, limit=PAGE_LINES)
                )
                for _ in range(bench.runs)
            ]
            lines = len(replica.ledger.statement(did))
            work = f"statement of an account: a {where} page of {PAGE_LINES:,} of {lines:,} lines"
            yield Figure(LEDGER, work, 1e3 * median(took), "ms", 20)


def compare(bench: Bench) -> Iterator[Figure]:
    """Two policies over the payments, one of which leaves somebody out."""
    with tallystick.open(bench.payments.copy(bench.events)) as replica:
        policy, key = replica.policy, bench.payments.world.keys[FEW].public
        word = Statement(bytes(32), policy.viewer, 1, "ban", key, private=True)
        other = policy.with_statements((word,))
        replica.compare(policy, other)  # what is loaded lazily is loaded
        settle()
        took = [timed(lambda: replica.compare(policy, other)) for _ in range(bench.runs)]
        differ = len(replica.compare(policy, other).values)
    work = f"compare two policies over {bench.events:,} payments: {differ} balances differ"
    yield Figure(COMPARE, work, 1e3 * median(took), "ms", 50)


def poll(bench: Bench) -> Iterator[Figure]:
    """What the published policies of two hundred people make of somebody's reputation."""
    ratings, viewers = bench.scaled(RATINGS, 0.5), bench.scaled(VIEWERS, 0.02)
    with tallystick.init(bench.folder / "poll.tally") as replica:
        target = _rated(replica, ratings, viewers)
        among = [user_key("poll", n).did for n in range(viewers)]
        settle()
        took = [
            timed(lambda: replica.poll(target, view=SUM, among=among)) for _ in range(bench.runs)
        ]
    work = f"poll {viewers} published policies about one sum of {ratings:,} ratings"
    yield Figure(POLL, work, median(took), "s", 2)


def _rated(replica: Replica, ratings: int, people: int) -> str:
    """A community in which everybody rates, adopts and bans; somebody who is often rated."""
    draw, builder = Random(7), LogBuilder("poll", "poll")

    def add(row: int, rating: otc.Rating) -> None:
        otc.add_rating(builder, row, rating)

    rows = [
        otc.Rating(*draw.sample(range(people), 2), draw.choice((-10, -3, 1, 2, 5, 9)), NOW_MS + n)
        for n in range(ratings)
    ]
    take_in(
        replica, in_batches(builder, rows, add, size=otc.ROWS_A_BATCH), total=ratings, what=RATING
    )
    replica.define_sum(SUM, kind=RATING)
    return user_key("poll", 0).did
