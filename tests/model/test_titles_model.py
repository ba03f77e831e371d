"""Titles of real replicas against a list and a filter: who counts, who stands on what, who owns."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.replica_world import check, refusal, replica
from tests.simulation.audit import check_books, check_claims

from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key, parse_did_key
from tallystick.kernels import Link, encode_item
from tallystick.replica.writing import Row
from tallystick.state.titles import create_frame, transfer_frame

TYPES = ("tool", "car")


class Street:
    """Three people, the first of them on two machines that do not know of each other."""

    def __init__(self):
        self.stores = [replica(n) for n in range(3)] + [replica(0, machine="other")]
        self.stores[0].create_log("street")
        for one in self.stores[1:]:
            one.sync(self.stores[0])
        self.dids = [one.did for one in self.stores[:3]]

    def ops(self, one):
        kinds = ("title/create", "title/transfer")
        return [event for event in one.history() if event.kind in kinds]

    def do(self, action, who, what, whom):
        one = self.stores[who % 4]
        ops = self.ops(one)
        if action == "sync":
            one.sync(self.stores[what % 4])
        elif action == "rule":
            one.set_policy(restitution={TYPES[what % 2]: ("keep", "return")[whom % 2]})
        elif action == "create" or not ops:
            frame = create_frame(TYPES[what % 2])
            self.write(one, Row("title/create", frame=frame))
        elif action == "pass":  # what is in one's own past, whoever it names: honest, or void
            over = ops[-1 - what % len(ops)]
            if whom % 4:  # mostly what names oneself
                over = next((op for op in reversed(ops) if owner_of(op) == one.did), over)
            title = over.id if over.kind == "title/create" else over.frame["title"]
            title = title if isinstance(title, str) else cid_text(title.digest)
            frame = transfer_frame(
                parse_cid(title), parse_cid(over.id), parse_did_key(self.dids[whom % 3])
            )
            self.write(one, Row("title/transfer", frame=frame))
        elif action == "exclude":
            event = ops[what % len(ops)].id
            refusal(lambda: one.exclude(event, private=True))
        elif action == "ban" and self.dids[whom % 3] != one.did:
            one.ban(self.dids[whom % 3], private=True)
        elif action == "withdraw" and one.policy.statements:
            said = one.policy.statements[what % len(one.policy.statements)]
            refusal(lambda: one.withdraw(cid_text(said.id)))

    def write(self, one, row):
        """Past the door that would bring what is named into the past: void transfers, too."""
        refusal(lambda: one._log.append([row]))


def owner_of(op):
    to = op.frame.get("to")
    return op.author if to is None else did_key(to)


def expected(one):
    """Void codes of title events, and the state, by the definitions."""
    events = {event.id: event for event in one.history()}
    words = one.policy.statements
    banned = {did_key(s.target) for s in words if s.verb == "ban"}
    out = {cid_text(s.target) for s in words if s.verb == "exclude"}
    rules = one.policy.restitution

    @cache
    def past(id):
        event = events[id]
        parents = [*event.deps, *([event.prev] if event.prev else [])]
        return frozenset(parents).union(*(past(parent) for parent in parents))

    @cache
    def chain(id):
        prev = events[id].prev
        return frozenset((id,)) | (chain(prev) if prev else frozenset())

    ops, void = {}, {}
    for event in one.history():
        if event.kind == "title/create":
            ops[event.id] = (event.id, event.frame["type"], None, owner_of(event))
        elif event.kind == "title/transfer":
            title, over = (cid_text(event.frame[name].digest) for name in ("title", "over"))
            good = {title, over} <= past(event.id) & set(ops) and ops[title][2] is None
            if not good:
                void[event.id] = "void/ground"
            elif (ops[over][0], ops[over][3]) != (title, event.author):
                void[event.id] = "void/owner"
            else:
                ops[event.id] = (title, ops[title][1], over, owner_of(event))

    @cache
    def counts(id):
        event = events[id]
        mine = id not in out and (event.author == one.did or event.author not in banned)
        title, type_, over, _ = ops[id]
        if over is None or rules.get(type_) == "keep":
            return mine
        return mine and counts(over) and counts(title)

    @cache
    def bears(id):
        return counts(id) or covered(id)

    def covered(id):
        return any(bears(other) for other, op in ops.items() if op[2] == id)

    def holder(id):
        sales = [other for other, op in ops.items() if op[2] == id and bears(other)]
        if not sales:
            return ops[id][3]
        first = next(event for event in events if event in sales)  # canonical order
        return holder(first) if all(first in chain(sale) for sale in sales) else None

    state = []
    for title in sorted((id for id, op in ops.items() if op[2] is None), key=parse_cid):
        live = [id for id, op in ops.items() if op[0] == title and counts(id) and not covered(id)]
        if live:
            named = {ops[id][3] for id in live}
            owner = next(iter(named)) if len(named) == 1 else holder(title)
            state.append([
                Link(parse_cid(title)), ops[title][1],
                None if owner is None else parse_did_key(owner), len(named) > 1,
                [Link(id) for id in sorted(map(parse_cid, live))],
            ])  # fmt: skip
    return void, state


def one_of(replica):
    """A person of the simulator, as far as its auditor looks."""
    tally = SimpleNamespace(debts=0, debt_causes=0)
    return SimpleNamespace(replica=replica, number=0, world=SimpleNamespace(tally=tally))


def state_of(one):
    with one.reading().within("titles") as (view, db):
        return view.state(db)


ACTIONS = ("create", *["pass"] * 5, *["sync"] * 3, "exclude", "ban", "withdraw", "rule")
scripts = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3), st.integers(0, 7), st.integers(0, 7)),
    min_size=6, max_size=22,
)  # fmt: skip


@given(script=scripts)
@settings(max_examples=40, deadline=None)
def test_titles_are_what_a_list_and_a_filter_say(script):
    street = Street()
    for step in script:
        street.do(*step)
    for one in street.stores * 2:
        one.sync(street.stores[0])
    for one in street.stores:
        void, state = expected(one)
        assert {op.id: op.void for op in street.ops(one) if op.void} == void
        assert encode_item(state_of(one)) == encode_item(state)
        reading = one.reading()
        check_claims(one_of(one), reading, check_books(one_of(one), reading))
        before = one.state_hash("titles")
        if one.policy.statements:
            other = one.as_seen_by(one.did)  # private words left out
            other.state_hash("titles")
        assert one.state_hash("titles") == before
    check(street.stores[1])
