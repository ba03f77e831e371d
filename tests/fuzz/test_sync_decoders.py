"""Whatever comes over the wire: a message, a ``Rejected``, or a session that ends with a code."""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.sync_world import Store, pipe_of, sync
from tests.model.test_sync_convergence import everything, two_with_news

from tallystick.errors import CODES, BadInput, Rejected
from tallystick.kernels import encode_item
from tallystick.limits import MESSAGE_BYTES_MAX, SYNC_VECTOR_BYTES_MAX
from tallystick.sync import messages as m
from tallystick.sync.bundle import read_bundle, write_bundle
from tallystick.sync.holdings import Span
from tallystick.sync.ranges import Listed, Parts, read_leaves, read_split
from tallystick.sync.session import Session, State
from tallystick.sync.vector import (
    Entry,
    Vector,
    decode_vector,
    decode_wants,
    encode_wants,
    uvarint,
)

UINTS = st.integers(0, 2**63 - 1)
DIGESTS = st.binary(min_size=32, max_size=32)
EIGHT = st.binary(min_size=8, max_size=8)
MAYBE_EIGHT = st.one_of(st.just(b""), EIGHT)
HASHES = st.lists(EIGHT, max_size=3).map(b"".join)
PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.binary(), st.text()),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=10,
)
SPANS = st.builds(Span, DIGESTS, st.one_of(st.just(b""), DIGESTS), st.integers(0, 9),
                  st.integers(10, 2**62))  # fmt: skip
SAMPLES = st.builds(m.LineSamples, UINTS, HASHES)
MESSAGES = st.one_of(
    st.builds(m.Hello, UINTS, st.one_of(st.none(), DIGESTS), DIGESTS, MAYBE_EIGHT, MAYBE_EIGHT,
              HASHES, UINTS),
    st.builds(m.Logs, st.lists(DIGESTS, max_size=3).map(tuple)),
    st.builds(m.Same, UINTS, UINTS),
    st.builds(m.VectorOf, st.just(1), DIGESTS, MAYBE_EIGHT, EIGHT, MAYBE_EIGHT, HASHES, UINTS,
              st.binary(max_size=60)),
    st.builds(m.Want, st.binary(max_size=60)),
    st.integers(0, 4).flatmap(
        lambda bits: st.builds(m.RangesOf, st.just(1), DIGESTS, MAYBE_EIGHT, EIGHT, HASHES, UINTS,
                               st.just(bits), st.binary(min_size=4 << bits, max_size=4 << bits))
    ),
    st.builds(m.Split, st.integers(0, 8), st.binary(max_size=60)),
    st.builds(m.Leaves, st.binary(max_size=60)),
    st.builds(m.Lines, EIGHT, st.lists(SAMPLES, max_size=3).map(tuple)),
    st.builds(m.Contents, st.lists(SPANS, max_size=3).map(tuple)),
    st.builds(m.Slices, st.lists(PLAIN, min_size=1, max_size=3).map(tuple)),
    st.builds(m.Ack, UINTS),
    st.builds(m.Sent, UINTS),
    st.builds(m.Bye, st.sampled_from(["", *CODES]), st.one_of(st.just(b""), DIGESTS)),
    st.builds(m.Bundle, UINTS, DIGESTS, DIGESTS),
    st.builds(m.BundleEnd, UINTS, UINTS),
)  # fmt: skip


@settings(max_examples=300)
@given(MESSAGES)
def test_every_message_is_read_back_as_it_was_said(message):
    assert m.decode(m.encode(message)) == message


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=300), PLAIN.map(encode_item)))
def test_any_bytes_are_a_message_or_rejected(data):
    found = m.decode(data)
    assert isinstance(found, Rejected) or m.encode(found) == data


@settings(max_examples=300)
@given(MESSAGES, st.data())
def test_a_damaged_message_is_another_message_or_rejected(message, data):
    sent = bytearray(m.encode(message))
    place = data.draw(st.integers(0, len(sent) - 1))
    sent[place] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.integers(0, len(sent)))
    for damaged in (bytes(sent), bytes(sent[:cut])):
        found = m.decode(damaged)
        assert isinstance(found, Rejected) or m.encode(found) == damaged


def test_what_is_too_long_is_rejected_unread():
    assert m.decode(bytes(MESSAGE_BYTES_MAX + 1)) == Rejected(b"", "sync/message-size")
    assert m.frame_length(bytes(4)) == Rejected(b"", "sync/message-size")
    assert m.frame_length(b"\xff\xff\xff\xff") == Rejected(b"", "sync/message-size")
    assert m.frame_length((MESSAGE_BYTES_MAX).to_bytes(4, "big")) == MESSAGE_BYTES_MAX
    assert m.frame(b"abc") == b"\x00\x00\x00\x03abc"


@settings(max_examples=300)
@given(st.binary(max_size=80), st.one_of(st.none(), st.integers(0, 5)))
def test_any_bytes_are_a_vector_or_rejected(data, agreed):
    found = decode_vector(data, agreed_authors=agreed)
    assert isinstance(found, Vector | Rejected)
    if isinstance(found, Vector):
        assert all(0 <= place < (agreed or 0) for place in found.changed)
    wants = decode_wants(data)
    assert isinstance(wants, Rejected) or encode_wants(wants) == data


@settings(max_examples=300)
@given(st.binary(max_size=120), st.integers(0, 12), st.integers(0, 8))
def test_any_bytes_are_ranges_or_rejected(data, bits, deeper):
    parts = read_split(data, bits=bits, deeper=deeper)
    assert isinstance(parts, Parts | Rejected)
    if isinstance(parts, Parts):
        assert all(0 <= prefix < 1 << bits + deeper for prefix in parts.prefixes)
        assert list(parts.prefixes) == sorted(set(parts.prefixes))
        assert len(parts.sums) == len(parts.prefixes) <= len(data)
    asked = Parts(3, [1, 2, 6], [1, 1, 1])
    found = read_leaves(data, asked)
    assert isinstance(found, Listed | Rejected)
    if isinstance(found, Listed):
        assert all(one in {1, 2, 6} for one in found.prefixes)
        assert all(tag[0] >> 5 in found.prefixes for tag in found.entries)


ENTRIES = st.builds(Entry, st.binary(min_size=2, max_size=2), UINTS, split=st.just(False))


@given(st.dictionaries(EIGHT, ENTRIES, max_size=5), UINTS)
def test_wants_and_numbers_are_read_back_as_they_were_written(wants, number):
    assert decode_wants(encode_wants(wants)) == wants
    one = Entry(b"ab", number, split=False)
    data = b"12345678ab" + uvarint(number << 1)
    assert decode_wants(data) == {b"12345678": one}
    assert isinstance(decode_wants(data[:-1] + bytes([data[-1] | 0x80, 0])), Rejected)


# --- whole sessions -----------------------------------------------------------------------------


def feed(store: Store, session: Session, data: bytes) -> bool:
    """What a driver does with one message; whether the session is over."""
    step = session.receive(data)
    while step.slices is not None:
        step = session.ingested(store.receive(session.log, step.slices, session.peer))
    assert step.code is None or step.code in CODES
    assert step.done == (session.state is State.CLOSED)
    return step.done


def transcript(vector_bytes: int) -> tuple[list[bytes], list[bytes]]:
    """What each side of an honest session receives."""
    first, second = two_with_news()
    pipe = pipe_of(first, second, vector_bytes=vector_bytes)
    heard: tuple[list[bytes], list[bytes]] = ([], [])
    for end, inbox in zip((pipe.first, pipe.second), heard, strict=True):
        original = end.session.receive
        end.session.receive = recorded(original, inbox)
    pipe.run()
    return heard


def recorded(receive, inbox):
    def record(data):
        inbox.append(data)
        return receive(data)

    return record


HEARD = {longest: transcript(longest) for longest in (0, SYNC_VECTOR_BYTES_MAX)}


@settings(max_examples=200)
@given(st.booleans(), st.sampled_from(sorted(HEARD)), st.data())
def test_a_session_survives_any_order_of_messages_and_what_it_keeps_is_sound(
    initiator, longest, data
):
    first, second = two_with_news()
    union = everything([first, second])
    store, other = (first, second) if initiator else (second, first)
    heard = HEARD[longest][0 if initiator else 1]
    session = Session(
        store, initiator=initiator, peer="stranger", nonce=bytes(8), vector_bytes=longest
    )
    session.start()
    held = set(store.log.included)
    script = data.draw(
        st.lists(
            st.one_of(
                st.integers(0, len(heard) - 1).map(heard.__getitem__),
                MESSAGES.map(m.encode),
                st.binary(max_size=40),
                st.integers(0, len(heard) - 1).flatmap(lambda at: flipped(heard[at])),
            ),
            max_size=12,
        )
    )
    script = [*heard[: data.draw(st.integers(0, 3))], *script]
    for message in script:
        if feed(store, session, message):
            break
    assert held <= set(store.log.included) <= union
    assert sync(store, other, number=1)[0].equal
    assert set(store.log.included) == union


def flipped(message: bytes):
    return st.tuples(st.integers(0, len(message) - 1), st.integers(1, 255)).map(
        lambda where: (
            message[: where[0]] + bytes([message[where[0]] ^ where[1]]) + message[where[0] + 1 :]
        )
    )


@settings(max_examples=100)
@given(st.data())
def test_a_damaged_bundle_is_refused_with_a_place_and_what_came_before_is_kept(data):
    first, second = two_with_news()
    file = io.BytesIO()
    write_bundle(first.log, file)
    sent = bytearray(file.getvalue())
    place = data.draw(st.integers(0, len(sent) - 1))
    sent[place] ^= data.draw(st.integers(1, 255))
    union = everything([first, second])
    held = set(second.log.included)
    code, rejected = read_damaged(bytes(sent), second)
    assert code in {None, "sync/bundle", "sync/no-common-log"}
    assert rejected or code or place < 100, "only the writer's root can change unnoticed"
    log = first.log.log_id
    assert held <= set(second.shelf[log].included) <= union


def read_damaged(data: bytes, store: Store) -> tuple[str | None, int]:
    """The code a bundle is refused with, if it is, and how much was rejected or waits."""
    try:
        report = read_bundle(io.BytesIO(data), store, peer="file")
    except BadInput as error:
        return error.code, 0
    return None, len(report.rejected) + report.pending
