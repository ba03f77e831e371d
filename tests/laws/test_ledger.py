"""The ledger: conservation under any exclusion, and rules held against rules written again."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from tests.laws.ledger_oracle import Rules
from tests.laws.registry import CASES, Site
from tests.laws.world import MemorySource, build_world, phases, steps

from tallystick.state.grounds import Deed
from tallystick.state.ledger import GROUND_RULES, MOVES

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
        for event in world.events.values():
            if event.kind in MOVES and event.id not in void:
                seen["moves"] += 1
    for wanted in ("void/ground", "void/issuer", "void/payer", "void/payee", "refunds", "legs"):
        assert seen[wanted] > 3, seen
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
