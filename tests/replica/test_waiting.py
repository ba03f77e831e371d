"""What waits for a parent stays its sender's, whoever brings the parent."""

from __future__ import annotations

from tests.model.replica_world import check, key_of
from tests.model.test_replica_hostile import LOG, chain, newcomer

from tallystick.replica.serving import Live

BAD, GOOD = "bad", "good"


def family(*, lamport=2):
    """A parent's slice, and that of a child of another author which names it."""
    first, parent = chain([1], key=key_of("parent"))
    _, child = chain([2], deps=first.opened.id(0), lamport=lamport)
    return parent, child


def test_a_live_peer_that_brings_a_parent_is_sent_the_child_that_waited_for_it():
    fresh = newcomer()
    live = Live(fresh._store.next_row)
    endpoint = fresh._endpoint(None).listening(live.hear)
    parent, child = family()
    fresh._endpoint(None).receive(LOG, [child], BAD)
    endpoint.receive(LOG, [parent], GOOD)
    spans = [(line.no, 0, line.size) for line in fresh._store.lines(fresh._log.no)][1:]
    pushed = {fresh._store.line(line).author for line, _, _ in live.lacks(spans)}
    assert child.author in pushed
    assert parent.author not in pushed
    check(fresh)


def test_what_was_wrong_with_a_child_is_not_held_against_who_brought_the_parent():
    fresh = newcomer()
    parent, child = family(lamport=9)
    assert fresh._endpoint(None).receive(LOG, [child], BAD).pending == 1
    outcome = fresh._endpoint(None).receive(LOG, [parent], GOOD)
    assert (outcome.accepted, outcome.pending, outcome.rejected) == (1, 0, ())
    assert child.author not in outcome.accepted_of
    assert fresh._store.pending_stats() == (0, 0)


def test_what_goes_on_waiting_stays_with_who_sent_it():
    fresh = newcomer()
    (first, one), (second, two) = (chain([n], key=key_of(f"parent {n}")) for n in (1, 2))
    deps = b"".join(sorted((first.opened.id(0), second.opened.id(0))))
    _, child = chain([3], deps=deps, lamport=2)
    endpoint = fresh._endpoint(None)
    endpoint.receive(LOG, [child], BAD)
    for parent in (one, two):
        assert fresh._store.pending_stats(BAD.encode())[0] == 1
        assert endpoint.receive(LOG, [parent], GOOD).pending == 0
    assert fresh._store.pending_stats() == (0, 0)
    assert len(fresh.history()) == 4
    check(fresh)


def test_a_peer_that_sends_the_child_first_answers_for_it():
    fresh = newcomer()
    parent, child = family(lamport=9)
    endpoint = fresh._endpoint(None)
    endpoint.receive(LOG, [child], BAD)
    outcome = endpoint.receive(LOG, [parent], BAD)
    assert [one.code for one in outcome.rejected] == ["event/lamport"]
