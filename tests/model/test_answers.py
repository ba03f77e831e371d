"""Comparing, polling and remembering beliefs, against reading everything under every policy."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.replica_world import replica, settle, world

import tallystick
from tallystick.errors import NotFound, TallyError
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key
from tallystick.policy import Policy, holding
from tallystick.replica.replica import Replica
from tallystick.replica.writing import Row
from tallystick.state.ledger import (
    ASSET,
    ISSUE,
    REFUND,
    TRANSFER,
    Asset,
    Issue,
    Leg,
    Refund,
    Transfer,
    entry_frame,
)
from tallystick.state.view import View
from tallystick.state.views_ledger import LedgerView

PLACES = ("todo/1/title", "todo/2/title", "stock")
VERBS = ("ban", "allow", "adopt", "exclude", "include", "retract", "withdraw")
KEYS = ("shop", "pub")


@tallystick.fold(kinds=["review/post"])
def stars(state: Any, event: Any) -> Any:
    """A view that cannot say which key an event touches."""
    state = state or {}
    key = event.content["target"]
    return state | {key: state.get(key, 0) + event.content["rating"]}


def act(random: Random, who: Replica, everybody: list[Replica]) -> None:
    """One deed: an edit, a rating, or something said."""
    choice = random.random()
    if choice < 0.3:
        who.set(random.choice(PLACES[:2]), random.randrange(9))
    elif choice < 0.4:
        who.inc(PLACES[2], random.randrange(1, 4))
    elif choice < 0.6:
        rating = {"target": random.choice(KEYS), "rating": random.randrange(1, 6)}
        who.write("review/post", rating)
    else:
        verb = random.choice(VERBS)
        events = who.history()
        target: str = random.choice(everybody).did
        if verb not in ("ban", "allow", "adopt"):
            target = random.choice(events).id
        private = verb != "retract" and random.random() < 0.3
        statement = getattr(tallystick, verb)(target)
        try:
            who.say(statement, private=private)
        except TallyError:
            return  # nobody can say that: a word about himself, a retract of another's event


def story(seed: int) -> tuple[Random, list[Replica]]:
    random = Random(seed)
    replicas = world(4)
    replicas[0].define_sum("rating", kind="review/post", key="target", amount="rating")
    replicas[0].view(stars)
    for _ in range(4):
        for _ in range(6):
            act(random, random.choice(replicas), replicas)
        settle(replicas)
    return random, replicas


def published(me: Replica, did: str, **options: Any) -> Policy:
    viewer = me._names.author(did)
    said = [s for s in me._log.judging.public_statements() if s.voter == viewer]
    return Policy(viewer, me._log.id, statements=holding(said), **options)


def naively(me: Replica, a: Policy, b: Policy) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Everything read under both, and compared."""
    found = {}
    for view in me.views():
        before, after = (me.under(policy).view(view.name) for policy in (a, b))
        before, after = before or {}, after or {}
        for key in {*before, *after}:
            if before.get(key) != after.get(key):
                found[view.name, key] = (before.get(key), after.get(key))
    return found


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_a_comparison_tells_what_reading_under_both_policies_tells(seed: int) -> None:
    random, replicas = story(seed)
    me = replicas[0]
    before = me.state_hash(), me.policy.hash, me._store.feed_end(me._log.no)
    policies = [me.policy, *(published(me, one.did) for one in replicas)]
    mine = me.policy.statements
    if mine:
        fewer = me.policy.with_statements(tuple(random.sample(mine, random.randrange(len(mine)))))
        policies += [fewer, fewer]
    policies.append(published(me, replicas[1].did, threshold=2, max_depth=2))
    a, b = random.choices(policies, k=2)
    found = me.compare(a, b)
    told = {(one.view, one.key): (one.a, one.b) for one in found.values}
    assert told == naively(me, a, b)
    counts = [set(), set()]  # type: list[set[str]]
    for at, policy in enumerate((a, b)):
        judge = me.under(policy).judge
        counts[at] = {one.id for one in me.history() if judge.counts(me._names.event_id(one.id))}
    assert found.only_a == len(counts[0] - counts[1])
    assert found.only_b == len(counts[1] - counts[0])
    for one in found.values:
        for why in one.because:
            assert (why["event"] in counts[0]) == (why["counts_for"] == "a")
            assert (why["event"] in counts[1]) == (why["counts_for"] == "b")
        if one.events is not None:
            assert sum(why["events"] for why in one.because) == one.events > 0
    after = me.state_hash(), me.policy.hash, me._store.feed_end(me._log.no)
    assert after == before, "asking changes nothing"


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_a_poll_tells_what_each_policy_reads_and_names_only_what_moves_somebody(seed: int) -> None:
    random, replicas = story(seed)
    me, names = replicas[0], [one.did for one in replicas]
    depth = random.choice((None, 0, 2))
    options = {} if depth is None else {"max_depth": depth}
    policies = {did: published(me, did, **options) for did in names}
    events = [one.id for one in me.history()]
    asked = [*((place, "places") for place in PLACES), *((key, "rating") for key in KEYS)]
    asked += [(random.choice(events), ""), (random.choice(names), "")]
    for subject, view in asked:
        if view and not me._log.views.get(view).rows_of(me._store.db, me._log.source, subject):
            with pytest.raises(NotFound):
                me.poll(subject, among=names, view=view)
            continue
        found = me.poll(subject, among=names, view=view or None, max_depth=depth)
        values = {did: read(me, policy, subject, view) for did, policy in policies.items()}
        told = {who["actor"]: one.value for one in found.answers for who in one.who}
        assert told == values
        assert [one.count for one in found.answers] == [len(one.who) for one in found.answers]
        for turn in found.turns_on:
            groups = [{who["actor"] for who in one.who} for one in found.answers[:2]]
            for did in turn["moved"]:
                value = without(me, policies[did], turn["statement"], subject, view)
                other = found.answers[0 if did in groups[1] else 1]
                assert did in groups[0] | groups[1]
                assert value == other.value


def read(me: Replica, policy: Policy, subject: str, view: str) -> Any:
    reading = me.under(policy)
    if view:
        return reading.view(view, key=subject)
    verdict = reading.verdict(subject)
    words = ("counts", "does not count")
    if subject.startswith("did:"):
        words = ("heeded", "not heeded")
    return words[0 if verdict.included else 1]


def without(me: Replica, policy: Policy, statement: str, subject: str, view: str) -> Any:
    """What a policy reads had its viewer excluded one statement: said, not supposed."""
    id = me._names.event_id(statement)
    word = tallystick.policy.Statement(b"\xff" * 32, policy.viewer, 10**6, "exclude", id)
    kept = tuple(s for s in policy.statements if s.id != id)
    if len(kept) < len(policy.statements):
        said = [s for s in me._log.judging.public_statements() if s.voter == policy.viewer]
        kept = holding([s for s in said if s.id != id])
    fuller = Policy(policy.viewer, policy.log, max_depth=policy.max_depth, statements=(*kept, word))
    return read(me, fuller, subject, view)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_beliefs_are_what_was_read_here_after_every_deed(seed: int) -> None:
    random = Random(seed)
    replicas = world(3)
    me = replicas[0]
    me.define_sum("rating", kind="review/post", key="target", amount="rating")
    seen: dict[tuple[str, str], list[Any]] = {}
    subjects = [*((place, "places") for place in PLACES), *((key, "rating") for key in KEYS)]
    for _ in range(24):
        who = random.choice(replicas)
        act(random, who, replicas)
        if who is not me:
            me.sync(who)
        else:
            for one in replicas[1:]:
                one.sync(me)
        for subject, view in subjects:
            values = seen.setdefault((subject, view), [])
            value = me.view(view, key=subject)
            if not values or values[-1] != value:
                values.append(value)
    for (subject, view), values in seen.items():
        if not me._log.views.get(view).rows_of(me._store.db, me._log.source, subject):
            assert values == [None]
            continue
        steps = me.beliefs(subject, view=view)
        told = [one.value for one in steps]
        assert told[-1:] == values[-1:] or (not told and values == [None])
        rest = iter([None, *told])
        assert all(value in rest for value in values), "each value seen, in that order"
        assert all(one.since_ms is not None and one.sentence for one in steps)


def test_every_standard_view_says_what_it_can_of_its_keys() -> None:
    me = replica("keys")
    me.create_log("world")
    for row in me.views():
        view = me._log.views.get(row.name)
        said = view.rows_of(me._store.db, me._log.source, "nothing")
        assert said is not None or type(view).rows_of is View.rows_of


def pay(who: Replica, kind: str, entry: Any) -> bytes:
    frame = entry_frame(entry, who._owner.public)
    return parse_cid(who._append([Row(kind, frame=frame)])[0])


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_balances_are_compared_and_polled_key_by_key(seed: int) -> None:
    random = Random(seed)
    replicas = world(3)
    me, keys = replicas[0], [one._owner.public for one in replicas]
    me.view(LedgerView())
    asset = pay(me, ASSET, Asset("EUR", 2, (keys[0],), None))
    payments = [(at, pay(me, ISSUE, Issue((Leg(key, asset, 100),)))) for at, key in enumerate(keys)]
    settle(replicas)
    for _ in range(8):
        at, to = random.sample(range(3), 2)
        legs = (Leg(keys[at], asset, -5), Leg(keys[to], asset, 5))
        payments.append((to, pay(replicas[at], TRANSFER, Transfer(tuple(sorted(legs)), ()))))
        if random.random() < 0.4:
            settle(replicas)
            payee, id = random.choice(payments)
            pay(replicas[payee], REFUND, Refund(id))
        replicas[at].sync(me)
    for one in replicas:
        target = random.choice([other for other in replicas if other is not one])
        one.ban(target.did) if random.random() < 0.5 else one.exclude(
            cid_text(random.choice(payments)[1])
        )
    settle(replicas)
    policies = [published(me, one.did) for one in replicas]
    read = [me.under(policy).view("ledger") for policy in policies]
    for a in range(3):
        for b in range(3):
            told = {
                one.key: (one.a or 0, one.b or 0)
                for one in me.compare(policies[a], policies[b], view="ledger").values
            }
            assert told == {
                key: (read[a].get(key, 0), read[b].get(key, 0))
                for key in read[a].keys() | read[b].keys()
                if read[a].get(key, 0) != read[b].get(key, 0)
            }
    for key in keys:
        place = f"{did_key(key)}/{cid_text(asset)}"
        found = me.poll(place, view="ledger", among=[one.did for one in replicas])
        told = {who["actor"]: one.value or 0 for one in found.answers for who in one.who}
        assert told == {
            one.did: values.get(place, 0) for one, values in zip(replicas, read, strict=True)
        }
