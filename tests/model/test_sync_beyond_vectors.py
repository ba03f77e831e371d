"""What no vector can tell: hundreds of sides of one chain, and contents missing here and there."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from inspect import stack
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.replica_world import everything, key_of, replica
from tests.model.sync_world import draft

from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.slice import Slice
from tallystick.event.ids import parse_cid
from tallystick.kernels import merkle_append
from tallystick.replica.replica import Replica
from tallystick.store.lookups import absent_seqs
from tallystick.store.store import Store
from tallystick.sync import compare, messages, session, side
from tallystick.sync.session import Session, State

EVE = key_of("eve")


def grown(log: bytes, path: list[bytes], count: int, word: str) -> tuple[Slice, list[bytes]]:
    """Events of Eve's behind these, under a head of their own; and their ids."""
    end = ChainEnd(
        len(path), merkle_append(0, b"", b"".join(path)), path[-1] if path else b"", len(path)
    )
    made = prepare(EVE, log, end, draft(count, len(path) + 1, [], word))
    one = Slice(log, EVE.public, len(path), count, made.pack, made.head, b"")
    return one, [made.opened.id(row) for row in range(count)]


def tree(
    log: bytes, *, trunk: int, sides: int, length: int, upon: int = 1 << 30, seed: int = 1
) -> list[Slice]:
    """A chain of Eve's and sides that leave it, or leave another of the first ones, anywhere."""
    random = Random(seed)
    first, ids = grown(log, [], trunk, "trunk")
    found, paths = [first], [ids]
    for number in range(sides):
        path = random.choice(paths[:upon])
        path = path[: random.randint(1, len(path))]
        one, ids = grown(log, path, length, f"side {number}")
        found.append(one)
        paths.append([*path, *ids])
    return found


def pair() -> tuple[Replica, Replica, bytes]:
    """Two replicas of one log that hold its genesis event."""
    founder, first, second = replica("ada"), replica("one"), replica("two")
    founder.create_log("log")
    for one in (first, second):
        one.sync(founder)
    return first, second, founder._log.id


def take(one: Replica, slices: Iterable[Slice]) -> None:
    slices = list(slices)
    taken = one.receive(slices, log=one._log.id)
    assert not taken.rejected
    assert taken.accepted == sum(part.count for part in slices)


def sides_held(one: Replica) -> set[tuple[bytes, int, bytes]]:
    return {
        (record.side, record.size, record.root)
        for record in one._log.holdings.records()
        if record.author == EVE.public
    }


def both_sides(seed: int) -> tuple[Replica, Replica, int]:
    """A trunk of 60 and 50 sides that both replicas hold, and 50 more upon these at each."""
    first, second, log = pair()
    slices = tree(log, trunk=60, sides=150, length=2, upon=51, seed=seed)
    take(first, slices[:101])
    take(second, [*slices[:51], *slices[101:]])
    return first, second, len(slices)


@pytest.mark.slow
@pytest.mark.parametrize("longest", [compare.SYNC_LINES_MAX, 40])
def test_hundreds_of_sides_reach_both_replicas_in_one_session(longest, monkeypatch):
    monkeypatch.setattr(compare, "SYNC_LINES_MAX", longest)
    first, second, count = both_sides(7)
    before = [len(sides_held(one)) for one in (first, second)]
    assert min(before) > 60
    report = first.sync(second)
    assert report.equal
    assert not report.rejected
    assert sides_held(first) == sides_held(second)
    assert len(sides_held(first)) > max(before)
    assert longest < count or report.events_out <= 2 * 100, "50 sides of two, at most as much again"
    assert first.digest() == second.digest()
    assert len(first.history()) == 1 + 60 + 2 * (count - 1)
    again = first.sync(second)
    assert (again.round_trips, again.events_in + again.events_out) == (1, 0)


@pytest.mark.slow
def test_what_sides_share_is_looked_up_once(monkeypatch):
    first, second, _ = both_sides(8)
    seen: list[int] = []
    holdings = type(first._log.holdings)
    original = holdings.ids_at

    def counting(self, author, side, seqs):
        seen.append(len(seqs))
        return original(self, author, side, seqs)

    monkeypatch.setattr(holdings, "ids_at", counting)
    assert first.sync(second).equal
    lines, events = len(sides_held(first)), len(first.history())
    samples = 2 * 7 * lines
    assert sum(seen) <= samples + 2 * events


@pytest.mark.slow
def test_a_slice_is_placed_among_many_sides_by_looking_at_one_tree(monkeypatch):
    first, _, log = pair()
    slices = tree(log, trunk=40, sides=60, length=2)
    take(first, slices[:-1])
    looks: list[int] = []
    original = Store.peaks_at

    def counting(self, line_no, size):
        looks.append(line_no)
        return original(self, line_no, size)

    monkeypatch.setattr(Store, "peaks_at", counting)
    take(first, slices[-1:])
    assert len(looks) <= 3


@pytest.mark.slow
def test_sides_upon_sides_without_end_do_not_exhaust_the_stack():
    first, second, log = pair()
    path: list[bytes] = []
    slices = []
    for number in range(110):
        one, ids = grown(log, path, 2, f"turn {number}")
        slices.append(one)
        path = [*path, ids[0]]
    for one in slices:
        take(first, [one])
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(stack()) + 90)
    try:
        store, log_no = first._store, first._log.no
        (deepest,) = [line for line in store.lines(log_no, EVE.public) if line.size == 111]
        assert sum(count for _, count in store.ranges(deepest.no, 0, 111)) == 111
        assert [store.leaf_ids(deepest.no, seq, seq + 1) for seq in range(110)] == path
        assert second.sync(first).equal
        assert first.verify().ok
    finally:
        sys.setrecursionlimit(limit)
    assert sides_held(second) == sides_held(first)


# --- contents -----------------------------------------------------------------------------------


def as_skeletons(source: Replica, slices: Iterable[Slice], bare: set[bytes]) -> list[Slice]:
    """The same slices, where some events go without their content."""
    store, log_no = source._store, source._log.no
    by_head = {
        (line.author, line.head_root): line.no
        for line in store.lines(log_no)
    }  # fmt: skip
    found = []
    for one in slices:
        line = by_head[one.author, one.head.root]
        pack = store.read_pack(line, one.seq, one.end, skeleton=lambda event: event.id in bare)
        found.append(replace(one, pack=pack))
    return found


def missing(one: Replica) -> set[bytes]:
    """Ids of events whose content is not here."""
    store, log_no = one._store, one._log.no
    rows = [store.row_at(line, seq) for line, seq in absent_seqs(store, log_no)]
    return set(store.ids_at(rows))


def bare_pair(first_lacks: float, second_lacks: float, *, seed: int, sides: int = 0):
    """A source that holds all, and two replicas that lack contents here and there."""
    random = Random(seed)
    source = replica("ada")
    source.create_log("log")
    for name in ("bob", "cy"):
        writer = replica(name)
        writer.sync(source)
        writer.write_many([("note", {"by": name, "n": n}) for n in range(60)])
        source.sync(writer)
    source.receive(tree(source._log.id, trunk=60, sides=sides, length=3), log=source._log.id)
    ids = [parse_cid(event.id) for event in source.history() if event.kind == "note"]
    ids += [parse_cid(event.id) for event in source.history() if event.kind == "test/note"]
    lacks = [
        {one for one in ids if random.random() < share} for share in (first_lacks, second_lacks)
    ]
    return source, lacks


class TestContents:
    @settings(max_examples=6)
    @given(
        st.sampled_from([0.0, 0.1, 0.5, 1.0]),
        st.sampled_from([0.0, 0.1, 0.5, 1.0]),
        st.integers(0, 99),
    )
    def test_after_a_session_both_hold_all_contents_that_either_had(self, one, other, seed):
        source, lacks = bare_pair(one, other, seed=seed)
        first, second = replica("one"), replica("two")
        for some, bare in zip((first, second), lacks, strict=True):
            some.receive(as_skeletons(source, everything(source), bare), log=source._log.id)
            assert missing(some) == bare
        report = first.sync(second)
        assert report.equal
        assert not report.rejected
        assert missing(first) == missing(second) == lacks[0] & lacks[1]
        assert first.sync(second).round_trips == 1
        assert first.digest() == source.digest()
        assert first.verify().ok

    def test_contents_that_the_other_lacks_too_are_not_sent_in_vain(self):
        source, (bare, _) = bare_pair(0.08, 0, seed=3)
        first, second = replica("one"), replica("two")
        few = set(sorted(bare)[:5])
        for some, lacks in ((first, bare), (second, bare - few)):
            some.receive(as_skeletons(source, everything(source), lacks), log=source._log.id)
        report = first.sync(second)
        assert missing(first) == missing(second) == bare - few
        assert len(bare) > 8
        assert report.events_out + len(few) <= len(bare)

    def test_more_stretches_than_a_message_may_name_are_asked_for_in_several(self, monkeypatch):
        source, (bare, _) = bare_pair(0.2, 0, seed=4)
        first = replica("one")
        first.receive(as_skeletons(source, everything(source), bare), log=source._log.id)
        spans = len(first._log.holdings.contents_missing())
        assert spans >= 12
        for room in (side, session):
            monkeypatch.setattr(room, "SYNC_SPANS_MAX", 4)
        monkeypatch.setattr(side, "SYNC_CONTENTS_MAX", 2)
        sessions = 0
        while missing(first):
            before = len(first._log.holdings.contents_missing())
            assert first.sync(source).equal
            sessions += 1
            assert len(first._log.holdings.contents_missing()) == max(0, before - 8)
        assert sessions == -(-spans // 8)

    def test_contents_of_a_chain_that_only_one_knows_to_be_split_come_at_once(self):
        source, (bare, _) = bare_pair(0.3, 0, seed=5, sides=6)
        slices = everything(source)
        first, second = replica("one"), replica("two")
        second.receive(slices, log=source._log.id)
        trunk = tree(source._log.id, trunk=60, sides=0, length=3)
        others = [one for one in slices if one.author != EVE.public]
        first.receive(as_skeletons(source, others, bare), log=source._log.id)
        helper = replica("helper")
        helper.sync(replica_of(others, source._log.id))
        helper.receive(trunk, log=source._log.id)
        first.receive(as_skeletons(helper, trunk, bare), log=source._log.id)
        assert missing(first)
        assert len(sides_held(first)) == 1 < len(sides_held(second))
        report = first.sync(second)
        assert report.equal
        assert sides_held(first) == sides_held(second)
        assert not missing(first)


def replica_of(slices: Iterable[Slice], log: bytes) -> Replica:
    one = replica("of slices")
    one.receive(slices, log=log)
    return one


def test_a_slice_across_a_split_brings_contents_to_both_of_its_parts():
    source, _ = bare_pair(0, 0, seed=6, sides=1)
    line = next(line for line in source._store.lines(source._log.no) if line.base is not None)
    (across,) = source._log.holdings._slices(line, 0, line.size)
    bare = {parse_cid(event.id) for event in source.history() if event.kind == "test/note"}
    first = replica("one")
    first.receive(as_skeletons(source, everything(source), bare), log=source._log.id)
    assert missing(first) == bare
    first.receive([across], log=source._log.id)
    ids = source._store.leaf_ids(line.no, 0, line.size)
    assert missing(first) == bare - {ids[at : at + 32] for at in range(0, len(ids), 32)}


def test_contents_are_asked_for_at_most_sixteen_times_and_repeats_bring_nothing_more(monkeypatch):
    for room in (side, session):
        monkeypatch.setattr(room, "SYNC_SPANS_MAX", 500)
    source, _ = bare_pair(0, 0, seed=7)
    endpoint = source._endpoint(None)
    peer = Session(endpoint, initiator=False, peer="x", nonce=bytes(8))
    record = max(source._log.holdings.records(), key=lambda one: one.size)
    span = messages.Span(record.author, record.side, 0, record.size)
    log = source._log.id
    hello = messages.Hello(1, log, bytes(32), bytes(8), b"", b"", 0)
    peer.receive(messages.encode(hello))
    sent = 0
    for turn in range(17):
        assert peer.state is State.TALKING or turn == 0
        step = peer.receive(messages.encode(messages.Contents((span,) * 500)))
        answers = [messages.decode(one) for one in step.send]
        slices = [one for one in answers if isinstance(one, messages.Slices)]
        sent += sum(value[2] for one in slices for value in one.slices)
        if turn < 16:
            assert step.code is None
            peer.receive(messages.encode(messages.Ack(turn + 1)))
    assert step.code == "sync/unexpected"
    assert sent == 16 * record.size
