"""The ledger: conservation under any exclusion, and rules held against rules written again."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.ledger_oracle import Rules, Told
from tests.laws.registry import CASES, Site
from tests.laws.world import AUTHORS, MemorySource, build_world, phases, step, steps

from tallystick.event.ids import cid_text, parse_cid
from tallystick.state import views_ledger_read
from tallystick.state.grounds import Deed
from tallystick.state.ledger import GROUND_RULES
from tallystick.state.views_ledger_read import LedgerTables, Line

CASE = CASES["ledger"]


@given(script=steps, moments=phases)
@settings(max_examples=150)
def test_what_is_held_less_what_is_owed_is_what_was_issued(script, moments):
    world = build_world(script, CASE.write)
    site = Site(CASE, MemorySource(world, world.order([])))
    site.play(moments)
    state = site.state()
    held: Counter = Counter()
    for _, asset, balance in state["balances"]:
        held[asset.digest] += (
            balance if isinstance(balance, int) else int.from_bytes(balance, signed=True)
        )
    issued = dict(site.db.rows(f"SELECT event, issued FROM {site.view.own('asset')}"))
    assert {a: n for a, n in held.items() if n} == {a: int(n) for a, n in issued.items() if int(n)}
    assert not list(site.view.damage(site.db, site.source))


def found_void(world) -> dict[bytes, str]:
    """Rules as the code has them, asked in causal order with what is in the past."""
    void: dict[bytes, str] = {}
    for event in sorted(world.events.values(), key=lambda e: (e.lamport, e.id)):
        rule = GROUND_RULES.get(event.kind)
        if rule is None:
            continue
        named = rule.read(event.author, event.frame)
        if not isinstance(named, str):
            known = [id for id in named if id in world.past[event.id] and id not in void]
            deeds = [world.events[id] for id in known]
            named = (
                "void/ground"
                if len(known) < len(named)
                else rule.check(
                    Deed(event.id, event.author, event.kind, event.frame),
                    [Deed(one.id, one.author, one.kind, one.frame) for one in deeds],
                )
            )
        if named is not None:
            void[event.id] = named
    return void


@given(script=steps)
@settings(max_examples=150)
def test_the_rules_are_those_of_the_page(script):
    world = build_world(script, CASE.write)
    assert found_void(world) == Rules(world).void


def test_the_worlds_hold_what_they_are_to_hold():
    """Refunds, delegations, several legs and voids of all kinds do come up."""
    seen: Counter = Counter()
    for seed in range(400):
        random = Random(seed)
        script = [tuple(map(random.randrange, (12, 3, 3, 6))) for _ in range(24)]
        world = build_world(script, CASE.write)
        rules = Rules(world)
        moves, refunds, void = rules.moves, rules.refunds, rules.void
        seen.update(void.values())
        seen["refunds"] += len(refunds)
        seen["legs"] += sum(len(legs) > 2 for legs in moves.values())
        seen["moves"] += len(moves)
        told = left_out(world, ((), [random.randrange(24) for _ in range(4)], seed % 2))
        for move in moves:
            back = [refund for refund in refunds if refunds[refund] == move]
            seen["refunded twice"] += sum(map(told.counts, back)) > 1
            if back and not told.counts(move):
                seen["out"] += any(told.counts(refund, given=move) for refund in back)
                seen["out, as its refunds"] += not any(told.counts(r, given=move) for r in back)
        for account, asset in told.pairs():
            if told.statement(account, asset)[-1][4] < 0:
                _, causes, overdraft = told.debt(account, asset)
                seen["debts"] += bool(causes)
                seen["in part"] += bool(causes and overdraft)
                others = [id for id, payer, _ in causes if payer != world.events[id].author]
                seen["for somebody"] += len(others)
    for wanted in (
        "void/ground", "void/issuer", "void/payer", "void/payee", "refunds", "legs",
        "refunded twice", "out", "out, as its refunds", "debts", "in part", "for somebody",
    ):  # fmt: skip
        assert seen[wanted] > 3, (wanted, seen)
    assert seen["refunds"] > 150, seen


@given(script=steps, moments=phases)
@settings(max_examples=40)
def test_what_leaves_and_comes_back_one_by_one_leaves_nothing_behind(script, moments):
    world = build_world(script, CASE.write)
    site = Site(CASE, MemorySource(world, world.order([])))
    site.play(moments)
    before = site.state()
    counted = set(site.included)
    for out in sorted(counted):
        site.judge(counted - {out})
        site.catch_up()
        assert site.state() == site.expected()
    site.judge(counted)
    site.catch_up()
    assert site.state() == before


# --- statements and debts -----------------------------------------------------------------------

outs = st.tuples(
    st.lists(st.integers(0, 2), max_size=1),
    st.lists(st.integers(0, 23), max_size=6),
    st.booleans(),
)
"""(authors who do not count; moves, refunds and delegations that do not; all their refunds, too)"""
drawn = {
    "script": st.lists(step, min_size=12, max_size=30),
    "moments": st.just([]) | phases,
    "out": outs,
    "chunk": st.integers(1, 4),
}


@dataclass(frozen=True)
class Included:
    """As much of a verdict as reading a debt asks for."""

    included: bool

    def sentence(self, names) -> str:
        return "so it is"


def left_out(world, out) -> Told:
    """The world as a policy leaves it: these authors and events are out."""
    rules, authors = Rules(world), {AUTHORS[i] for i in out[0]}
    choice = [*sorted(rules.moves), *sorted(rules.refunds), *sorted(rules.delegations)]
    ids = {choice[i % len(choice)] for i in out[1] if choice}
    ids |= {refund for refund, move in rules.refunds.items() if out[2] and move in ids}
    return Told(world, rules, lambda id: id in ids or world.events[id].author in authors)


@contextmanager
def readings(script, moments, out, chunk):
    """What is expected, tables that came to judge so, and the assets by id.

    Args:
        moments: what was judged before; none: what counts came as early as it could, and what
            does not came last, of which no change tells.
        chunk: how many postings are read at a time.
    """
    world = build_world(script, CASE.write)
    expected = left_out(world, out)
    order = world.order([1]) if moments else world.order([], first=expected.counts)
    site = Site(CASE, MemorySource(world, order))
    counted = {id for id in order if expected.counts(id)}
    if moments:
        site.play(moments)
    else:
        last = max((order.index(id) for id in counted), default=-1)
        site.source.end = site.source.first + last + 1
        site.judge(counted)
        site.catch_up()
        site.source.end = site.source.first + len(order)
    site.judge(counted)
    site.catch_up()
    if site.views.lags("ledger", site.source):
        site.views.keep_up("ledger", site.source)
    tables = LedgerTables(site.view, site.db, site.source)
    with patch.multiple(views_ledger_read, WALK_ROWS=chunk, RUNS_READ=chunk):
        yield expected, tables, {asset.event: asset for asset in tables.assets()}


def row(line):
    return line.event.id, line.amount, line.included, set(line.refunds), line.balance


@given(**drawn)
@settings(max_examples=100)
def test_statements_are_a_plain_fold_and_pages_joined_are_the_whole(**world):
    with readings(**world) as (expected, tables, assets):
        for account, asset in expected.pairs():
            lines = expected.statement(account, asset)
            whole = tables.statement(account, assets[asset])
            assert [row(line) for line in whole] == lines
            for size in range(1, 4):
                pages: list[Line] = []
                while page := tables.statement(
                    account, assets[asset], after=pages[-1].event if pages else None, limit=size
                ):
                    assert len(page) == min(size, len(lines) - len(pages))
                    pages += page
                assert pages == whole
            assert tables.balance(account, cid_text(asset)) == lines[-1][4]


@given(**drawn)
@settings(max_examples=150)
def test_debts_are_accounts_below_zero_and_what_explains_them(**world):
    with readings(**world) as (expected, tables, assets):
        ends = {pair: expected.statement(*pair)[-1][4] for pair in expected.pairs()}
        found = tables.balances(owing=True)
        owing = {pair for pair, balance in ends.items() if balance < 0}
        assert {(account, parse_cid(asset)) for account, asset, _ in found} == owing
        for account, name, held in found:
            asset = assets[parse_cid(name)]
            debt = tables.debt(
                account, asset, -held, lambda id: Included(expected.counts(id)), expected.counts
            )
            assert all(len(cause.payers) == 1 for cause in debt.causes)
            causes = [(cause.event, cause.payers[0], cause.amount) for cause in debt.causes]
            assert (debt.amount, causes, debt.overdraft) == expected.debt(account, asset.event)
