"""The session's own promises: what it costs, who may join, live push, budgets, dropped peers."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from tests.model.sync_world import Store, create, key_of, pipe_of, sync
from tests.model.test_sync_convergence import two_with_news, world

from tallystick.chain.slice import slice_value
from tallystick.kernels import PART_WHOLE
from tallystick.limits import SYNC_WINDOW_MESSAGES
from tallystick.sync import messages as m
from tallystick.sync.budget import Budget
from tallystick.sync.holdings import Outcome
from tallystick.sync.session import Session, State
from tallystick.sync.vector import Keyed, encode_relative, encode_vector


def wire_bytes(report) -> int:
    return report.meter.bytes_in + report.meter.bytes_out


# --- what it costs ------------------------------------------------------------------------------


def test_equal_replicas_spend_one_round_trip_and_under_100_bytes():
    first, second = world(2, 1000)
    for name in range(50):
        first.log.write(key_of(name), 1)
    sync(first, second)
    report, theirs = sync(first, second, number=1)
    print(f"equal: {wire_bytes(report)} bytes, {report.meter.round_trips} round trip")
    assert report.equal
    assert theirs.equal
    assert report.meter.round_trips == 1
    assert wire_bytes(report) < 100
    assert wire_bytes(report) == wire_bytes(theirs)


@pytest.mark.parametrize("asks", [True, False])
def test_100_new_events_at_the_end_cost_two_round_trips_and_little_more_than_themselves(asks):
    ahead, behind = world(2, 1000)
    for name in range(20):
        ahead.log.write(key_of(name), 20)
    sync(behind, ahead)
    behind.log.agreements.clear()
    ahead.log.write(key_of(3), 100, word="news")
    report, _ = sync(behind, ahead) if asks else sync(ahead, behind)
    print(f"100 new: {report.meter.overhead_bytes} bytes, {report.meter.round_trips} trips")
    assert report.equal
    assert report.meter.events_in + report.meter.events_out == 100
    assert report.meter.overhead_bytes < 700
    assert report.meter.round_trips == 2
    kinds = 4 if asks else 3  # vector, slices if any, sent, bye
    assert report.meter.messages_in == kinds


def test_a_vector_costs_a_dozen_bytes_an_author_and_five_a_changed_one():
    first, second = world(2, 1000)
    for name in range(300):
        first.log.write(key_of(name), 1, deps=[])
    sync(first, second)
    agreed = first.log.records()
    for name in range(10):
        first.log.write(key_of(name * 29), 2, word="more", deps=[])
    keyed = Keyed(first.log.log_id, bytes(8))
    assert len(encode_vector(keyed, first.log.records())) <= 12.7 * 301
    assert len(encode_relative(keyed, first.log.records(), agreed)) <= 1 + 5 * 10
    report, _ = sync(second, first, number=1)
    assert report.equal
    assert report.meter.events_in == 20
    for store in (first, second):
        store.log.agreements.clear()
    for name in range(10):
        first.log.write(key_of(name * 29), 2, word="again", deps=[])
    full, _ = sync(second, first, number=2)
    assert full.meter.overhead_bytes > report.meter.overhead_bytes + 290 * 10


@pytest.mark.parametrize("responder_forgets", [True, False])
def test_a_peer_that_lost_its_data_is_noticed_and_refilled(responder_forgets):
    first, second = two_with_news()
    sync(first, second)
    agreed = first.log.agreements["store 1"]
    assert agreed == second.log.agreements["store 0"]
    lost = Store("store 1" if responder_forgets else "store 0")
    pair = (first, lost) if responder_forgets else (lost, second)
    report, _ = sync(*pair, number=1)
    assert report.equal
    assert lost.log.records() == first.log.records()
    # Worse: the memory of the agreement survived and the events did not.
    half = Store(lost.name)
    half.join(first.log.log_id)
    half.log.agreements = dict.fromkeys(("store 0", "store 1"), agreed)
    pair = (first, half) if responder_forgets else (half, second)
    report, _ = sync(*pair, number=2)
    assert report.equal
    assert half.log.records() == first.log.records()


def test_no_more_messages_are_in_flight_than_the_window_holds():
    first, _ = two_with_news(window=1)
    first.log.write(key_of("ada"), 60, word="many")
    fresh = Store("fresh", window=1)
    pipe = pipe_of(fresh, first)
    most = 0
    while pipe.deliver():
        most = max(most, len(pipe.first.inbox))
    assert fresh.log.records() == first.log.records()
    assert len(fresh.batches) > 2 * SYNC_WINDOW_MESSAGES
    assert 4 <= most <= SYNC_WINDOW_MESSAGES + 2


# --- which log ----------------------------------------------------------------------------------


def test_a_store_without_a_log_joins_the_peers_only_one():
    for initiates in (True, False):
        full, fresh = world(1, 1000)[0], Store("fresh")
        report, other = sync(*((fresh, full) if initiates else (full, fresh)))
        assert report.equal
        assert other.equal
        assert fresh.log.records() == full.log.records()


def test_a_store_without_a_log_refuses_to_choose_among_several():
    fresh, full = Store("fresh"), Store("full")
    logs = [create(full, "one").log_id, create(full, "two").log_id]
    report, other = sync(fresh, full)
    assert report.code == other.code == "sync/several-logs"
    assert other.by_peer
    assert not fresh.shelf
    report, _ = sync(fresh, full, log=logs[1])
    assert report.equal
    assert list(fresh.shelf) == [logs[1]]
    assert sync(full, fresh)[0].code == "sync/several-logs"
    assert sync(full, fresh, log=logs[1])[0].equal


def test_stores_that_share_no_log_say_so():
    first, second, neither = Store("first"), Store("second"), Store("neither")
    create(first, "one")
    create(second, "two")
    assert sync(first, second)[0].code == "sync/no-common-log"
    assert sync(neither, Store("nor"))[0].code == "sync/no-common-log"
    assert not neither.shelf
    unwilling = Store("unwilling", joins=False)
    assert sync(unwilling, first)[0].code == "sync/no-common-log"
    assert sync(first, unwilling)[0].code == "sync/no-common-log"
    restricted = sync(first, second, theirs={"log": next(iter(second.shelf))})
    assert restricted[0].code == "sync/no-common-log"


def test_nobody_can_make_a_store_take_part_in_a_log_that_does_not_exist():
    full, fresh = world(1, 1000)[0], Store("fresh")
    one = full.log.write(key_of("ada"), 1)
    made_up = m.Hello(1, sha256(b"no log").digest(), bytes(32), b"", b"", b"", 0)
    for hello, slices in (
        (made_up, (slice_value(one),)),
        (first_hello(full), (slice_value(one),)),
        (first_hello(full), ([],)),
    ):
        session = responder(fresh)
        assert isinstance(m.decode(say(session, hello).send[0]), m.VectorOf)
        assert say(session, m.Slices(slices)).code == "sync/missing-parents"
        assert not fresh.shelf
    assert sync(full, fresh)[0].equal


def test_contents_are_asked_of_a_peer_that_misses_none():
    first, second = two_with_news()
    sync(first, second)
    victim = next(one for one in first.log.arrival if one != first.log.log_id)
    event = first.log.included[victim]
    first.log.included[victim] = first.log.proven[victim] = skeleton(event)
    for store in (first, second):
        text = "".join(str(span) for span in store.log.contents_missing()).encode()
        digest = sha256(text).digest() if text else b""
        store.log.bodies_digest = digest.__bytes__
    report, _ = sync(first, second, number=1)
    assert report.equal
    assert not first.log.contents_missing()


def test_declined_authors_are_neither_sent_nor_counted():
    first, second = world(2, 1000)
    first.log.write(key_of("spam"), 5, deps=[])
    first.log.write(key_of("ada"), 3, deps=[])
    second.log.write(key_of("junk"), 4, deps=[])
    second.log.declines = {key_of("spam").public}
    first.log.declines = {key_of("junk").public}
    for pair in ((first, second), (second, first)):
        report, _ = sync(*pair)
        assert report.equal
    assert not [e for e in second.log.included.values() if e.author == key_of("spam").public]
    assert not [e for e in first.log.included.values() if e.author == key_of("junk").public]
    assert len([e for e in second.log.included.values() if e.author == key_of("ada").public]) == 3
    second.log.declines = set()
    first.log.declines = set()
    assert sync(second, first)[0].equal
    assert second.log.records() == first.log.records()


def test_contents_that_are_missing_come_from_whoever_has_them():
    first, second = two_with_news()
    sync(first, second)
    for victim in (first, second):
        victim_ids = [one for one in victim.log.arrival if one != victim.log.log_id][3:6]
        for one in victim_ids:
            event = victim.log.included[one]
            victim.log.included[one] = victim.log.proven[one] = skeleton(event)
    assert [len(store.log.contents_missing()) for store in (first, second)] == [3, 3]
    overlap = {str(s) for s in first.log.contents_missing()} & {
        str(s) for s in second.log.contents_missing()
    }
    report, _ = sync(first, second, number=1)
    assert report.equal
    left = [len(store.log.contents_missing()) for store in (first, second)]
    assert left == [len(overlap)] * 2
    assert all(one.part == PART_WHOLE for one in first.log.included.values()) == (not overlap)


def skeleton(event):
    """The event with its content taken out: salt and commitment instead of seed and content."""
    seed, content = seed_and_content(event.data)
    salts = sha256(seed).digest()
    commitment = sha256(salts[16:] + content).digest()
    header = event.data[1 : len(event.data) - 16 - len(content)]
    return replace(event, part=1, data=b"\x01" + header + salts[:16] + commitment)


def seed_and_content(data: bytes) -> tuple[bytes, bytes]:
    """Contents of the test world are short texts, at the end, behind the seed."""
    at = max(place for place in range(len(data) - 30, len(data)) if tail_is_text(data[place:]))
    while at > 0 and tail_is_text(data[at - 1 :]):
        at -= 1
    return data[at - 16 : at], data[at:]


def tail_is_text(tail: bytes) -> bool:
    return 0x60 <= tail[0] < 0x78 and tail[0] - 0x60 == len(tail) - 1


# --- live ---------------------------------------------------------------------------------------


def test_live_peers_push_what_is_new_and_part_in_agreement():
    first, second = two_with_news()
    pipe = pipe_of(first, second, live=True)
    pipe.run()
    assert pipe.first.session.state is pipe.second.session.state is State.LIVE
    for number in range(20):
        end, store = [(pipe.first, first), (pipe.second, second)][number % 2]
        one = store.log.write(key_of(f"writer {number % 2}"), 1, word=f"live {number}")
        pipe.act(end, end.session.push([one]))
        pipe.run()
        assert first.log.records() == second.log.records()
    pipe.act(pipe.first, pipe.first.session.close())
    reports = pipe.run()
    assert all(report.equal and report.code is None for report in reports)
    assert pipe.first.done
    assert pipe.second.done
    assert first.log.agreements["store 1"] == second.log.agreements["store 0"]


def test_replicas_that_are_equal_from_the_start_can_stay_live():
    first, second = world(2, 10)
    pipe = pipe_of(first, second, live=True)
    pipe.run()
    pipe.act(pipe.second, pipe.second.session.push([second.log.write(key_of("bob"))]))
    pipe.run()
    assert first.log.records() == second.log.records()
    pipe.act(pipe.second, pipe.second.session.close())
    assert all(report.equal for report in pipe.run())


def test_a_session_is_live_only_if_both_want_it():
    first, second = two_with_news()
    reports = pipe_of(first, second, live=True, theirs={"live": False}).run()
    assert all(report.equal and report.code is None for report in reports)


def test_pushes_go_round_a_ring_and_stop_at_those_who_know():
    stores = world(4, 10)
    pipes = [
        pipe_of(one, other, live=True, number=number)
        for number, (one, other) in enumerate(zip(stores, [*stores[1:], stores[0]], strict=True))
    ]
    for pipe in pipes:
        pipe.run()
    one = stores[0].log.write(key_of("ada"), 3, word="news")
    spread = [(0, one)]
    pushes = 0
    while spread:
        at, news = spread.pop()
        for number, end_name in ((at, "first"), ((at - 1) % 4, "second")):
            pipe = pipes[number]
            neighbour = stores[(number + 1) % 4] if end_name == "first" else stores[number]
            before = len(neighbour.log.arrival)
            end = getattr(pipe, end_name)
            pipe.act(end, end.session.push([news]))
            pipe.run()
            pushes += 1
            if len(neighbour.log.arrival) > before:
                spread.append((stores.index(neighbour), news))
    assert all(store.log.records() == stores[0].log.records() for store in stores)
    assert pushes == 8, "each replica told its two neighbours once"


def test_a_live_peer_that_never_acknowledges_is_dropped_at_last():
    first, second = world(2, 10)
    pipe = pipe_of(first, second, live=True)
    pipe.run()
    one = first.log.write(key_of("ada"))
    session = pipe.first.session
    sent = sum(len(session.push([one]).send) for _ in range(100))
    assert sent == SYNC_WINDOW_MESSAGES
    for _ in range(5000):
        step = session.push([one])
    assert step.done
    assert step.code == "sync/budget"


# --- peers that misbehave -----------------------------------------------------------------------


def responder(store: Store, **options) -> Session:
    return Session(store, initiator=False, peer="stranger", nonce=bytes(8), **options)


def say(session: Session, message: m.Message):
    return session.receive(m.encode(message))


def test_a_forged_event_is_rejected_and_everything_else_is_kept():
    first, second = two_with_news(window=1000)
    good = first.log.write(key_of("ada"), 2, word="good")
    forged = replace(good, pack=good.pack[:-1] + bytes([good.pack[-1] ^ 1]))
    other = first.log.write(key_of("fay"), 2, word="fine", deps=[])
    session = responder(second)
    say(session, first_hello(first))
    step = say(session, m.Slices((slice_value(forged), slice_value(other), [1, 2])))
    assert [one.code for one in step.rejected] == ["sync/message-shape"]
    outcome = second.receive(first.log.log_id, step.slices, "stranger")
    assert "event/body-mismatch" in {one.code for one in outcome.rejected}
    step = session.ingested(outcome)
    assert not step.done
    assert outcome.accepted >= 2


def first_hello(store: Store) -> m.Hello:
    session = Session(store, initiator=True, peer="x", nonce=bytes(8))
    hello = m.decode(session.start().send[0])
    assert isinstance(hello, m.Hello)
    return hello


HELLO = m.Hello(1, bytes(32), bytes(32), b"", b"", b"", 0)
UNEXPECTED = [
    m.Same(1, 0),
    m.Logs((bytes(32),)),
    m.VectorOf(1, bytes(32), b"", bytes(8), b"", b"", 0, b""),
    m.Slices(([],)),
    m.Want(b""),
    m.Lines(bytes(8), ()),
    m.Contents(()),
    m.Sent(0),
    m.Ack(1),
    m.Bye("", bytes(32)),
    m.Bundle(1, bytes(32), bytes(32)),
    m.BundleEnd(0, 0),
]


@pytest.mark.parametrize("message", UNEXPECTED, ids=lambda one: type(one).__name__)
def test_a_message_out_of_place_ends_the_session_with_a_code(message):
    store = world(1, 10)[0]
    step = say(responder(store), message)
    assert step.done
    assert step.code == "sync/unexpected"
    assert m.decode(step.send[-1]) == m.Bye("sync/unexpected", b"")


@pytest.mark.parametrize(
    "message",
    [HELLO, m.Same(1, 0), m.Logs(()), m.Ack(1), m.Sent(1), m.Bundle(1, bytes(32), bytes(32))],
    ids=lambda one: type(one).__name__,
)
def test_a_message_out_of_place_ends_a_session_that_is_talking_too(message):
    first, second = two_with_news()
    session = responder(second)
    say(session, first_hello(first))
    assert session.state is State.TALKING
    assert say(session, message).code == "sync/unexpected"


def test_questions_are_answered_once():
    first, second = two_with_news()
    for message in (m.Want(b""), m.Contents(()), m.Lines(bytes(8), ())):
        session = responder(second)
        say(session, first_hello(first))
        assert not say(session, message).done
        assert say(session, message).code == "sync/unexpected"
    session = responder(second)
    assert isinstance(m.decode(say(session, replace(HELLO, log=None)).send[0]), m.Logs)
    assert say(session, replace(HELLO, log=None)).code == "sync/unexpected"


def test_another_version_is_refused():
    store = world(1, 10)[0]
    assert say(responder(store), replace(HELLO, version=0)).code == "sync/version"
    for answer in (m.Same(2, 0), m.VectorOf(2, bytes(32), b"", bytes(8), b"", b"", 0, b"")):
        session = Session(store, initiator=True, peer="x", nonce=bytes(8))
        session.start()
        assert say(session, answer).code == "sync/version"


def test_a_vector_relative_to_a_state_never_named_is_refused():
    store = world(1, 10)[0]
    session = Session(store, initiator=True, peer="x", nonce=bytes(8))
    session.start()
    said = m.VectorOf(1, bytes(32), b"", bytes(8), b"strange!", b"", 0, b"")
    assert say(session, said).code == "sync/unexpected"


@pytest.mark.parametrize(
    ("budget", "outcome", "code"),
    [
        (Budget(pending_events=5), Outcome(pending=6), "sync/pending-full"),
        (Budget(pending_bytes=5), Outcome(pending=1, pending_bytes=6), "sync/pending-full"),
        (Budget(rejected=0), None, "sync/budget"),
        (Budget(bytes_in=300), None, "sync/budget"),
    ],
)
def test_a_peer_that_uses_up_its_budget_is_dropped_and_what_came_is_kept(budget, outcome, code):
    first, second = two_with_news()
    session = responder(second, budget=budget)
    say(session, first_hello(first))
    one = first.log.write(key_of("ada"), 1)
    values = (slice_value(one), [0]) if budget.rejected == 0 else (slice_value(one),)
    step = say(session, m.Slices(values))
    if step.slices is not None:
        step = session.ingested(outcome or second.receive(first.log.log_id, step.slices, "x"))
    assert step.done
    assert step.code == code
    assert session.report().code == code
    assert session.receive(b"anything").code == code
    assert session.ingested(Outcome()).done


def test_a_peer_that_sends_what_is_known_over_and_over_is_dropped():
    first, second = two_with_news()
    session = responder(second, budget=Budget(waste=100))
    say(session, first_hello(first))
    values = (slice_value(first.log.write(key_of("zoe"), 40, deps=())),)
    spent = []
    for _ in range(4):
        step = say(session, m.Slices(values))
        if step.slices is not None:
            step = session.ingested(second.receive(first.log.log_id, step.slices, "x"))
        spent.append(step.code)
    # 40 new events cost nothing; known again they cost 40 and a signature each time
    assert spent == [None, None, "sync/budget", "sync/budget"]


@pytest.mark.parametrize("budget", [Budget(author_waste=100), Budget(author_bytes=9_000)])
def test_an_author_beyond_his_budget_is_passed_over_and_others_are_not(budget):
    first, second = two_with_news()
    session = responder(second, budget=budget)
    say(session, first_hello(first))
    flood = slice_value(first.log.write(key_of("zoe"), 40, deps=()))
    taken, codes = [], []
    for n in range(5):
        other = first.log.write(key_of("yan"), 1, deps=())
        step = say(session, m.Slices((flood, slice_value(other))))
        codes += [one.code for one in step.rejected]
        taken.append(len(step.slices))
        outcome = second.receive(first.log.log_id, step.slices, "x")
        assert outcome.accepted_of[key_of("yan").public] == 1, n
        step = session.ingested(outcome)
        assert not step.done
    assert taken[0] == 2
    assert taken[-1] == 1
    assert codes == ["sync/author-budget"]


def test_events_whose_ancestors_never_come_are_counted_against_the_sender():
    first, second = world(2, 1000)
    first.log.write(key_of("ada"), 2)
    child = first.log.write(key_of("bob"), 1)
    session = responder(second)
    say(session, first_hello(first))
    step = say(session, m.Slices((slice_value(child),)))
    session.ingested(second.receive(first.log.log_id, step.slices, "x"))
    step = say(session, m.Sent(0))
    step = say(session, m.Bye("", bytes(32)))
    assert step.done
    assert [one.code for one in step.rejected] == ["sync/missing-parents"]
    assert session.report().equal is False
    assert session.report().pending == 1


def test_the_peers_reason_is_passed_on():
    store = world(1, 10)[0]
    session = responder(store)
    step = say(session, m.Bye("sync/budget", b""))
    assert step.done
    assert session.report().code == "sync/budget"
    assert session.report().by_peer


def test_a_lost_connection_is_an_end_with_a_code():
    session = responder(world(1, 10)[0])
    session.lost()
    assert session.report().code == "sync/closed"
    with pytest.raises(ValueError):
        Session(Store("x"), initiator=True, peer="x", nonce=b"short")


def test_the_worlds_events_are_cut_where_packs_are():
    store = world(1, 10)[0]
    one = store.log.write(key_of("ada"), 3, word="abc")
    parts = [event.data for event in store.log.included.values() if event.author == one.author]
    assert b"".join(parts) == one.pack
