"""The ledger of real replicas against a list and a filter, one of the three people on two machines.

Balances, debts with their causes, and what was issued are recounted under everybody's policy: with
refunds from both machines, payments by leave, bans and exclusions that come and go, two histories.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.replica_world import check
from tests.model.test_titles_model import Street, one_of
from tests.simulation.audit import check_books, check_grounds

from tallystick.event.ids import parse_cid
from tallystick.identity.did import parse_did_key
from tallystick.replica.writing import Row
from tallystick.state import ledger
from tallystick.state.ledger import Leg


class Market(Street):
    """The street, where people pay."""

    def ops(self, one):
        return [event for event in one.history() if event.kind.startswith("ledger/")]

    def do(self, action, who, what, whom):
        one = self.stores[who % 4]
        me, other = (parse_did_key(did) for did in (one.did, self.dids[whom % 3]))
        there = [event for event in self.ops(one) if not event.void]
        assets = [parse_cid(event.id) for event in there if event.kind == ledger.ASSET]
        if action not in ("asset", "issue", "pay", "let", "refund"):
            super().do(action, who, what, whom)
        elif action == "asset" or not assets:
            self.say(one, ledger.ASSET, ledger.Asset("EUR", 0, (me,)))
        elif action == "issue":
            self.say(one, ledger.ISSUE, ledger.Issue((Leg(other, assets[0], 1 + what),)))
        elif action == "let":
            if other != me:
                self.say(one, ledger.DELEGATE, ledger.Delegate(other))
        elif action == "pay":
            leave = [event for event in there if event.frame.get("to") == me]
            leave = [event for event in leave if event.kind == ledger.DELEGATE]
            payer = parse_did_key(leave[-1].author) if leave and what % 3 == 0 else me
            if payer != other:
                legs = (Leg(payer, assets[-1], -1 - what), Leg(other, assets[-1], 1 + what))
                named = () if payer == me else (parse_cid(leave[-1].id),)
                self.say(one, ledger.TRANSFER, ledger.Transfer(tuple(sorted(legs)), named))
        elif moves := [event for event in there if event.kind in ledger.MOVES]:
            mine = [event for event in moves if event.frame.get("to") == me]
            chosen = mine or moves
            back = parse_cid(chosen[what % len(chosen)].id)
            self.say(one, ledger.REFUND, ledger.Refund(back))

    def say(self, one, kind, entry):
        frame = ledger.entry_frame(entry, parse_did_key(one.did))
        self.write(one, Row(kind, frame=frame))


ACTIONS = (
    "asset", "issue", "issue", *["pay"] * 5, "let", *["refund"] * 4, *["sync"] * 3,
    *["exclude"] * 3, "ban", "withdraw",
)  # fmt: skip
small = st.integers(0, 7)
scripts = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3), small, small),
    min_size=10, max_size=28,
)  # fmt: skip


def settled(script) -> Market:
    market = Market()
    for step in (("issue", 0, 4, 1), ("issue", 0, 4, 1), ("sync", 1, 0, 0), *script):
        market.do(*step)
    for one in market.stores * 2:
        one.sync(market.stores[0])
    return market


@given(script=scripts, pick=small)
@settings(max_examples=20, deadline=None)
def test_balances_and_debts_are_what_a_list_and_a_filter_say(script, pick):
    market = settled(script)
    for one in market.stores:
        check_grounds(one_of(one))
        check_books(one_of(one), one.reading())
    one = market.stores[pick % 4]
    before = one.state_hash("ledger")
    there = [event.id for event in market.ops(one)]
    out = there[pick * len(there) // 8]
    said = one.exclude(out, private=True)
    check_books(one_of(one), one.reading())
    one.withdraw(said)
    check_books(one_of(one), one.reading())
    assert one.state_hash("ledger") == before
    check(market.stores[1])


def test_what_is_to_come_up_does():
    """Debts with causes, refunds of one payment from two machines, and what is given back out."""
    seen: Counter = Counter()
    for seed in range(8):
        random = Random(seed)
        size = [len(ACTIONS), 4, 8, 8]
        draws = [tuple(map(random.randrange, size)) for _ in range(28)]
        market = settled([(ACTIONS[action], *rest) for action, *rest in draws])
        one = market.stores[0]
        backs = Counter(e.frame["transfer"] for e in market.ops(one) if e.kind == ledger.REFUND)
        seen["refunded twice"] += any(count > 1 for count in backs.values())
        for other in market.stores:
            seen["debts"] += len(other.ledger.debts())
            seen["causes"] += sum(len(debt.causes) for debt in other.ledger.debts())
    assert min(seen[name] for name in ("refunded twice", "debts", "causes")) > 2, seen
