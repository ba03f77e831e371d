"""What the ledger keeps for statements and debts is checked against the events, from row 1 on."""

from __future__ import annotations

import struct

import pytest
from tests.laws.registry import CASES, Site
from tests.laws.world import AUTHORS, MemorySource, World

from tallystick.state import ledger
from tallystick.state.views_ledger_holdings import read_postings

ANA, BEN, CY = AUTHORS


class Rows(MemorySource):
    """There is no row 0, and nothing at or beyond the end."""

    def bodies(self, ranges, *, kind):
        self.check(ranges)
        return super().bodies(ranges, kind=kind)

    def lamports(self, ranges):
        self.check(ranges)
        return super().lamports(ranges)

    def check(self, ranges):
        assert all(row >= 1 and row + count <= self.end for row, count in ranges), ranges


def write(world, author, kind, entry):
    for mind in world.minds.values():
        mind.seen |= set(world.events)
    return world.write(author, kind, ledger.entry_frame(entry, author), b"")


def transfer(payer, to, asset, amount):
    legs = (ledger.Leg(payer, asset, -amount), ledger.Leg(to, asset, amount))
    return ledger.Transfer(tuple(sorted(legs)))


@pytest.fixture
def site():
    """An asset in row 1, an issue, a payment, one that is given back, and one that is left out."""
    world = World()
    asset = write(world, ANA, ledger.ASSET, ledger.Asset("EUR", 2, (ANA,)))
    write(world, ANA, ledger.ISSUE, ledger.Issue((ledger.Leg(BEN, asset, 9),)))
    write(world, BEN, ledger.TRANSFER, transfer(BEN, CY, asset, 4))
    back = write(world, BEN, ledger.TRANSFER, transfer(BEN, CY, asset, 2))
    write(world, CY, ledger.REFUND, ledger.Refund(back))
    out = write(world, BEN, ledger.TRANSFER, transfer(BEN, CY, asset, 1))
    site = Site(CASES["ledger"], Rows(world, world.order([])))
    site.source.end = site.source.first + len(world.events)
    site.judge(set(world.events) - {out})
    return site


def damage(site):
    return list(site.view.damage(site.db, site.source))


def test_what_is_kept_is_checked_from_row_1_to_the_last_that_was_taken_in(site):
    assert damage(site) == [], "nothing was taken in yet"
    site.catch_up()
    assert site.source.rows[site.source.order[0]] == 1
    assert damage(site) == []


def runs(site):
    return site.db.rows("SELECT holding, first, row, postings FROM state_post_ledger")


def test_an_amount_a_row_or_a_lamport_that_is_changed_is_found(site):
    site.catch_up()
    for *key, run in runs(site):
        for at, what in ((0, 2), (0, 1), (-1, 0)):
            postings = [list(posting) for posting in read_postings(run)]
            postings[at][what] += 1
            sql = (
                "UPDATE state_post_ledger SET postings = ? WHERE (holding, first, row) = (?, ?, ?)"
            )
            packed = b"".join(struct.pack("<3q", *posting) for posting in postings)
            site.db.execute(sql, (packed, *key))
            assert damage(site), (key, at, what)
            site.db.execute(sql, (run, *key))
    assert damage(site) == []


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM state_post_ledger WHERE holding = 1",
        "DELETE FROM state_idle_ledger WHERE row = 4",
        "DELETE FROM state_idle_ledger WHERE row = 6 AND holding = 1",
        "UPDATE state_post_ledger SET total = total + 1 WHERE holding = 1",
        "UPDATE state_post_ledger SET last = last + 1 WHERE holding = 1",
        "UPDATE state_post_ledger SET first = first - 1 WHERE holding = 1",
        "UPDATE state_post_ledger SET row = row - 1 WHERE holding = 1",
        "UPDATE state_idle_ledger SET amount = amount + 1 WHERE row = 6",
        "UPDATE state_idle_ledger SET lamport = lamport + 1 WHERE row = 6",
        "UPDATE state_idle_ledger SET row = 3 WHERE row = 6",
        "UPDATE state_idle_ledger SET included = 1 WHERE row = 6",
        "UPDATE state_idle_ledger SET refunds = 2 WHERE row = 4",
        "UPDATE state_refund_ledger SET included = 0",
        "UPDATE state_refund_ledger SET transfer = 3",
    ],
)
def test_whatever_else_a_statement_reads_is_found_when_it_is_changed(site, sql):
    site.catch_up()
    site.db.execute(sql)
    assert damage(site)
