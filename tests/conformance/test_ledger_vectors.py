"""spec/vectors/ledger.json against the real rooms: void rules, judge, view and readings."""

from __future__ import annotations

import pytest
from tests.conformance.stories import code_of, read_world
from tests.laws.ledger_oracle import Rules
from tests.laws.registry import CASES, Site
from tests.laws.test_ledger import found_void
from tests.laws.world import MemorySource

from tallystick.event.ids import parse_cid
from tallystick.kernels import encode_item
from tallystick.policy import Judge, Policy, Statement
from tallystick.state.ledger import GROUND_RULES, KINDS, parse_entry
from tallystick.state.view import state_hash
from tallystick.state.views_ledger_read import LedgerTables
from tallystick.testing.world import Event, World

ME, LOG = b"m" * 32, b"l" * 32
CODES = {
    "frame", "value", "legs", "overflow", "payer", "ground", "asset", "issuer", "payee",
}  # fmt: skip


def test_every_frame_is_void_as_it_says(vectors):
    for case in vectors("ledger")["frames"]:
        author, frame = bytes.fromhex(case["author"]), bytes.fromhex(case["frame"])
        found = parse_entry(case["kind"], frame, author)
        assert code_of(found) == case["void"], case["name"]


def test_every_kind_has_frames_good_and_void_and_every_code_is_met(vectors):
    cases = vectors("ledger")["frames"]
    assert {case["kind"] for case in cases if case["void"] is None} == set(KINDS)
    events = [event for world in vectors("ledger")["worlds"] for event in world["events"]]
    met = {one["void"] for one in (*cases, *events)} - {None}
    assert met == {f"void/{code}" for code in CODES}


def judge_of(world, void, out) -> Judge:
    """The judge of somebody who left out some events and some people."""
    facts = World()
    for event in world.events.values():
        named = GROUND_RULES[event.kind].read(event.author, event.frame)
        grounds = () if event.id in void else named
        facts.add(
            Event(event.id, event.author, event.seq, event.prev or b"", event.kind,
                  void.get(event.id), grounds)
        )  # fmt: skip
    said = tuple(
        Statement(bytes([n]) * 32, ME, n, "exclude" if id in world.events else "ban", id)
        for n, id in enumerate(out)
    )
    return Judge(Policy(ME, LOG).with_statements(said), facts, said, {})


def lines_of(tables, account, asset):
    return [
        {
            "event": line.event.id.hex(),
            "amount": str(line.amount),
            "counts": line.included,
            "refunds": sorted(id.hex() for id in line.refunds),
            "balance": str(line.balance),
        }
        for line in tables.statement(account, asset)
    ]


def debt_of(tables, judge, account, asset, balance):
    def verdict_of(id):
        return judge.event_verdict(id, thorough=False)

    debt = tables.debt(account, asset, -balance, verdict_of, judge.counts_if)
    return {
        "account": account.hex(),
        "asset": asset.event.hex(),
        "amount": str(debt.amount),
        "causes": [[c.event.hex(), c.payers[0].hex(), str(c.amount)] for c in debt.causes],
        "overdraft": str(debt.overdraft),
    }


@pytest.mark.parametrize("number", range(7))
def test_every_world_comes_to_what_it_says_under_each_policy_in_turn(vectors, number):
    story = vectors("ledger")["worlds"][number]
    world = read_world(story["events"])
    void = {bytes.fromhex(e["id"]): e["void"] for e in story["events"] if e["void"]}
    assert found_void(world) == void == Rules(world).void
    site = Site(CASES["ledger"], MemorySource(world, list(world.events)))
    site.source.end = site.source.first + len(world.events)
    for answer in [*story["answers"], story["answers"][0]]:
        judge = judge_of(world, void, list(map(bytes.fromhex, answer["out"])))
        counted = {id for id in world.events if judge.counts(id)}
        assert sorted(id.hex() for id in counted) == answer["counted"], answer["name"]
        site.judge(counted)
        site.catch_up()
        if site.views.lags("ledger", site.source):
            site.views.keep_up("ledger", site.source)
        assert encode_item(site.state()).hex() == answer["state"], answer["name"]
        assert state_hash(site.view, site.db).hex() == answer["hash"]
        tables = LedgerTables(site.view, site.db, site.source)
        assets = {asset.event.hex(): asset for asset in tables.assets()}
        for told in answer["statements"]:
            account = bytes.fromhex(told["account"])
            assert lines_of(tables, account, assets[told["asset"]]) == told["lines"]
        debts = [
            debt_of(tables, judge, account, assets[parse_cid(asset).hex()], held)
            for account, asset, held in tables.balances(owing=True)
        ]
        assert sorted(debts, key=lambda one: (one["account"], one["asset"])) == answer["debts"]


def test_there_is_a_test_for_every_world(vectors):
    assert len(vectors("ledger")["worlds"]) == 7
