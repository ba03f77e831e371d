"""Every bound at n - 1, n and n + 1, and every number at 2^k - 1, 2^k and 2^k + 1."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.attacks.registry import Run, attack
from tests.attacks.talk import NONCE, Talk, told
from tests.attacks.world import (
    Hand,
    Raw,
    answers,
    cbor,
    check,
    founded,
    joined,
    log_of,
)

from tallystick import limits
from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.slice import Slice, slice_from_value, slice_value
from tallystick.errors import BadInput, ChainError, Rejected, VerificationError
from tallystick.kernels import Draft, Link, open_pack
from tallystick.policy import Policy
from tallystick.proofs.note import open_note
from tallystick.state.ledger import parse_entry
from tallystick.state.ops import Frame, parse_frame
from tallystick.state.snapshot import open_snapshot
from tallystick.state.title_chain import check_title_chain
from tallystick.sync import messages as m
from tallystick.sync.ranges import read_split
from tallystick.sync.side import EMPTY_ROOT

FITS: dict[str, Callable[[Run, int], bool]] = {}
"""Constant of ``limits`` -> whether something of that size is taken by the real thing."""
ELSEWHERE = {
    "KIB", "MIB",  # units
    "VERSION", "DIGEST_BYTES", "SIGNATURE_BYTES", "SEED_BYTES",  # one value only: replay, packs
    "PENDING_EVENTS_MAX", "PENDING_BYTES_MAX",  # missing-parent flood
    "PENDING_AUTHOR_EVENTS_MAX", "PENDING_AUTHOR_BYTES_MAX",  # the same
    "SYNC_WINDOW_MESSAGES", "SYNC_PUSHES_MAX", "SYNC_SESSIONS_MAX", "SYNC_IDLE_SECONDS",  # queues
    "SYNC_SESSIONS_PEER_MAX", "SYNC_BYTES_IN_MAX", "SYNC_REJECTED_MAX", "SYNC_WASTE_MAX",  # queues
    "SYNC_AUTHOR_BYTES_MAX", "SYNC_AUTHOR_WASTE_MAX", "SYNC_CONTENTS_MAX",  # queues
    "SYNC_VECTOR_BYTES_MAX",  # a choice of one's own: what is longer is said in another way
    "UINT_MAX", "INT_MIN", "INT_MAX", "SUM_BITS",  # numeric overflow
}  # fmt: skip


def bound(name: str) -> Callable[[Callable[[Run, int], bool]], Callable[[Run, int], bool]]:
    def enrol(fits: Callable[[Run, int], bool]) -> Callable[[Run, int], bool]:
        FITS[name] = fits
        return fits

    return enrol


@attack("huge or wide events and messages", source="gossip clients", seeds=1)
def huge(run: Run) -> None:
    known = {name for name in vars(limits) if name.isupper()}
    assert set(FITS) | ELSEWHERE == known, "every bound has its row"
    floods = (Path(__file__).parent / "floods.py").read_text(encoding="utf-8")
    flooded = {name for name in ELSEWHERE if name.startswith(("SYNC", "PENDING"))}
    elsewhere = {"SYNC_IDLE_SECONDS", "SYNC_VECTOR_BYTES_MAX"}  # tests/{e2e,model}/test_sync_*.py
    assert {name for name in flooded if name not in floods} == elsewhere
    for name, fits in FITS.items():
        most = getattr(limits, name)
        found = [fits(run, size) for size in (most - 1, most, most + 1)]
        assert found == [True, True, False], (name, found)
        run.work["bounds"] += 1


def taken(run: Run, one: Any, sent: Slice) -> bool:
    """Whether an event comes in over a session; if not, there is a code."""
    before = len(one.history())
    codes = run.saw(told(one, sent).codes())
    came = len(one.history()) > before
    assert came is not bool(codes), codes
    return came


def decoded(run: Run, message: list[Any]) -> bool:
    """Whether a message can be read."""
    found = m.decode(cbor(message))
    if isinstance(found, Rejected):
        run.saw([found])
        return False
    return True


def raised(run: Run, act: Callable[[], object]) -> bool:
    """Whether something is done rather than refused with a code."""
    try:
        act()
    except (BadInput, ChainError, VerificationError) as error:
        run.saw([error.code])
        return False
    return True


@bound("HEADER_BYTES_MAX")
def header_fits(run: Run, size: int) -> bool:
    """Whatever is wrong with a header, it is looked at only when it is not too large."""
    one = founded(run.key("ada"))
    hand = Hand(run.key("eve"), log_of(one))
    fields = hand.fields(deps=[Link(bytes((n,)) * 32) for n in range(80)], kind="")
    room = size - len(cbor(fields)) - 2  # a text of 256 bytes and more needs two bytes of length
    fields[8] = "x" * room
    assert len(cbor(fields)) == size
    codes = run.saw(told(one, hand.forge(fields)).codes())
    assert codes <= {"event/kind", "event/too-large"}
    return codes == {"event/kind"}


@bound("BODY_BYTES_MAX")
def body_fits(run: Run, size: int) -> bool:
    one = founded(run.key("ada"))
    hand = Hand(run.key("eve"), log_of(one))
    frame = run.random.randbytes(run.random.choice([0, size // 2, size]))
    content = run.random.randbytes(size - len(frame))
    sent = hand.forge(hand.fields(frame=frame, content=content), frame=frame, content=content)
    return taken(run, one, sent)


@bound("STRETCH_MAX")
def stretch_fits(run: Run, count: int) -> bool:
    """Of a deletion; of an insert the content's size is the narrower bound."""
    frame = cbor([[], [[7, ["a"], [], 1, 0], [8, ["a"], [[0]], count]]])
    return isinstance(parse_frame(frame), Frame)


@bound("DEPS_MAX")
def deps_fit(run: Run, count: int) -> bool:
    one = founded(run.key("ada"))
    log = log_of(one)
    others = [Hand(run.key(f"other {n}"), log) for n in range(count)]
    assert not told(one, *(other.write("note") for other in others)).codes()
    deps = [Link(id) for id in sorted(other.ids[0] for other in others)]
    hand = Hand(run.key("eve"), log)
    return taken(run, one, hand.forge(hand.fields(deps=deps, lamport=2)))


@bound("KIND_BYTES_MAX")
def kind_fits(run: Run, size: int) -> bool:
    one = founded(run.key("ada"))
    hand = Hand(run.key("eve"), log_of(one))
    return taken(run, one, hand.forge(hand.fields(kind="k" * size)))


def shaped(run: Run, kind: str, item: Any) -> bool:
    """Whether a ledger frame has the shape of its kind, whatever it names."""
    del run
    return parse_entry(kind, cbor(item), bytes(32)) != "void/frame"


@bound("LEGS_MAX")
def legs_fit(run: Run, count: int) -> bool:
    legs = [[bytes(31) + bytes((n,)), Link(bytes(32)), -1 if n % 2 else 1] for n in range(count)]
    return shaped(run, "ledger/transfer", {"legs": legs, "delegations": [Link(bytes(32))]})


@bound("ISSUERS_MAX")
def issuers_fit(run: Run, count: int) -> bool:
    issuers = [bytes(31) + bytes((n + 1,)) for n in range(count)]
    return shaped(run, "ledger/asset", {"code": "EUR", "precision": 2, "issuers": issuers})


@bound("PRECISION_MAX")
def precision_fits(run: Run, digits: int) -> bool:
    del run
    frame = cbor({"code": "EUR", "precision": digits})
    return parse_entry("ledger/asset", frame, bytes(32)) != "void/value"


@bound("CBOR_DEPTH_MAX")
def depth_fits(run: Run, depth: int) -> bool:
    one = founded(run.key("ada"))
    hand = Hand(run.key("eve"), log_of(one))
    content = b"\x81" * (depth - 1) + b"\x01"
    assert taken(run, one, hand.forge(hand.fields(content=content), content=content))
    return str(one.history(author=hand.did)[0].content) != "Bad"


@bound("WEIGHT_MAX")
def weight_fits(run: Run, weight: int) -> bool:
    one = founded(run.key("ada"))
    hand = Hand(run.key("eve"), log_of(one))
    frame = cbor({"actor": one._owner.public, "weight": weight})
    assert taken(run, one, hand.write(frames=[frame], kind="trust/adopt"))
    void = one.history(author=hand.did)[0].void
    run.saw([void])
    return void is None


@bound("EVIDENCE_MAX")
def evidence_fits(run: Run, links: int) -> bool:
    one = founded(run.key("ada"))
    hand = Hand(run.key("eve"), log_of(one))
    evidence = [Link(n.to_bytes(32, "big")) for n in range(links)]
    frame = cbor({"event": Link(log_of(one)), "evidence": evidence})
    assert taken(run, one, hand.write(frames=[frame], kind="trust/dispute"))
    void = one.history(author=hand.did)[0].void
    run.saw([void])
    return void is None


@bound("MESSAGE_BYTES_MAX")
def message_fits(run: Run, size: int) -> bool:
    framed = m.frame_length(size.to_bytes(4, "big"))
    read = m.decode(cbor([4, Raw(b"\x5a" + (size - 7).to_bytes(4, "big") + bytes(size - 7))]))
    alone = slice_from_bytes(size)
    assert isinstance(framed, Rejected) is isinstance(read, Rejected) is alone
    run.saw([one for one in (framed, read) if isinstance(one, Rejected)])
    return isinstance(read, m.Want)


def slice_from_bytes(size: int) -> bool:
    """Whether a slice of that many encoded bytes is refused for its size."""
    from tallystick.chain.slice import decode_slice

    found = decode_slice(bytes(size), log=bytes(32))
    assert isinstance(found, Rejected)
    return found.code == "sync/message-size"


@bound("SLICE_EVENTS_MAX")
def slice_fits(run: Run, count: int) -> bool:
    wire: list[Any] = [bytes(32), 0, count, count, bytes(32), bytes(64), b"", b""]
    found = slice_from_value(wire, log=bytes(32))
    if isinstance(found, Rejected):
        run.saw([found])
    return not isinstance(found, Rejected)


@bound("COMMIT_EVENTS_MAX")
def commit_fits(run: Run, count: int) -> bool:
    """Neither writer nor reader takes more events at once; the reader keeps none of a longer pack.

    The pack that is too long is made of two that are not.
    """
    one = founded(run.key("ada"))
    hand = Hand(run.key("eve"), log_of(one))
    first = hand.write(*[0] * (count - 5))
    second = hand.write(*[0] * 5)
    both = Slice(first.log, first.author, 0, count, first.pack + second.pack, second.head, b"")
    opened = open_pack(both.pack, log=both.log, author=both.author)
    assert opened.count == min(count, limits.COMMIT_EVENTS_MAX)
    talk = told(one, both)
    run.saw(talk.codes())
    came = len(one.history(author=hand.did)) == count
    assert came is not bool(talk.codes())
    wrote = raised(run, lambda: prepare(hand.key, hand.log, ChainEnd(), notes(count)))
    assert wrote is came
    return came


def notes(count: int, content: bytes = b"\x01") -> Draft:
    nothing = [b""] * count
    return Draft(
        range(1, count + 1), [1] * count, ["note"] * count, nothing, nothing, nothing,
        [content] * count, [bytes(16)] * count,
    )  # fmt: skip


@bound("COMMIT_BYTES_MAX")
def commit_bytes_fit(run: Run, size: int) -> bool:
    key, log = Hand(run.key("eve"), bytes(32)).key, bytes(32)
    count = 17
    draft = notes(count, b"")
    empty = len(prepare(key, log, ChainEnd(), notes(count, bytes(70_000))).pack) - 70_000 * count
    room = size - empty
    draft.contents = [bytes(room // count)] * (count - 1)
    draft.contents = [*draft.contents, bytes(room - (count - 1) * (room // count))]
    return raised(run, lambda: prepare(key, log, ChainEnd(), draft))


@bound("POLICY_BYTES_MAX")
def policy_fits(run: Run, size: int) -> bool:
    try:
        Policy.from_bytes(bytes(size))
    except BadInput as error:
        run.saw([error.code])
        return "at most" not in str(error)
    raise AssertionError("a policy of zeros")


@bound("TITLE_CHAIN_BYTES_MAX")
def title_chain_fits(run: Run, size: int) -> bool:
    try:
        check_title_chain(bytes(size))
    except BadInput as error:
        run.saw([error.code])
        return f"a file of {size} bytes" not in str(error)
    raise AssertionError("a chain of zeros")


@bound("SNAPSHOT_BYTES_MAX")
def snapshot_fits(run: Run, size: int) -> bool:
    digits = [size >> shift & 0x7F for shift in range(0, 35, 7)]
    told = bytes(digit | 0x80 for digit in digits[:-1]) + bytes(digits[-1:])
    try:
        open_snapshot(b"\x01" + told + bytes(7))
    except BadInput as error:
        run.saw([error.code])
        return False
    return True


@bound("NOTE_BYTES_MAX")
def note_fits(run: Run, size: int) -> bool:
    line = "\u2014 x " + "A" * 8 + "\n"
    tail = "\n" + line
    text = "t" * (size - len(tail.encode()) - 1) + "\n"
    data = (text + tail).encode()
    assert len(data) == size
    return note_is_read(run, data)


@bound("NOTE_SIGNATURES_MAX")
def signatures_fit(run: Run, count: int) -> bool:
    return note_is_read(run, ("text\n\n" + "\u2014 x AAAAAAAA\n" * count).encode())


def note_is_read(run: Run, data: bytes) -> bool:
    """A note that nobody known has signed is read, and then refused for that."""
    try:
        open_note(data, [])
    except (BadInput, VerificationError) as error:
        run.saw([error.code])
        return error.code == "proof/unknown-key"
    raise AssertionError("nobody's note")


@bound("SYNC_LOGS_MAX")
def logs_fit(run: Run, count: int) -> bool:
    return decoded(run, [1, [bytes(32)] * count])


@bound("SYNC_DECLINED_MAX")
def declined_fit(run: Run, count: int) -> bool:
    return decoded(run, [0, 1, None, bytes(32), b"", b"", bytes(8 * count), 0])


@bound("SYNC_LINES_MAX")
def lines_fit(run: Run, count: int) -> bool:
    return decoded(run, [5, bytes(8), [[1, b""]] * count])


@bound("SYNC_SAMPLES_MAX")
def samples_fit(run: Run, count: int) -> bool:
    return decoded(run, [5, bytes(8), [[1, bytes(8 * count)]]])


@bound("SYNC_SPANS_MAX")
def spans_fit(run: Run, count: int) -> bool:
    return decoded(run, [6, [[bytes(32), b"", 0, 1]] * count])


@bound("SYNC_RANGE_BITS_MAX")
def ranges_fit(run: Run, bits: int) -> bool:
    return decoded(run, [16, 1, bytes(32), b"", bytes(8), b"", 0, bits, bytes(4 << bits)])


@bound("SYNC_SPLIT_BITS_MAX")
def parts_fit(run: Run, bits: int) -> bool:
    return decoded(run, [17, bits, b""])


@bound("SYNC_SUMS_MAX")
def range_sums_fit(run: Run, count: int) -> bool:
    """At one sum a range the count is any number; every range is named, none passed over."""
    found = read_split(bytes(5 * count), bits=30, deeper=0)
    if isinstance(found, Rejected):
        run.saw([found])
        return False
    return len(found.sums) == count


# --- numbers ------------------------------------------------------------------------------------

POWERS = (7, 8, 15, 16, 24, 31, 32, 53, 62, 63, 64, 127, 128)
NUMBERS = sorted({sign * 2**k + more for k in POWERS for more in (-1, 0, 1) for sign in (1, -1)})


@attack("numeric overflow from a peer", source="CVE-2026-33040, CVE-2026-34219", seeds=1)
def overflow(run: Run) -> None:
    one = founded(run.key("ada"))
    told(one, Hand(run.key("bob"), log_of(one)).write(1, 2, 3))
    for number in [*run.random.sample(NUMBERS, 12), 2**63 - 1, 2**63]:
        run.work["numbers"] += 1
        before = answers(one)
        messages_of(run, one, number)
        headers_of(run, one, number)
        heads_of(run, one, number)
        assert answers(one) == before
    frames_of(run)
    sums(run)


def messages_of(run: Run, one: Any, number: int) -> None:
    """Every integer of every message, in the state in which it is listened to."""
    line, span = [number, bytes(8)], [bytes(32), b"", 0, 1]
    calls: list[list[Any]] = [
        [0, number, log_of(one), EMPTY_ROOT, b"", b"", b"", 0],
        [0, 1, log_of(one), EMPTY_ROOT, b"", b"", b"", number],
        [4, entry(number)],
        [5, Raw(cbor(tag_of(one))), [line]],
        [6, [[*span[:2], number, 5]]],
        [6, [[*span[:2], 0, number]]],
        [8, number],
        [9, number],
        [number, b""],
    ]
    for message in calls:
        listening = message[0] != 0
        talk = Talk(one) if listening else Talk(one, calls=False)
        talk.say(message)
        settled(run, talk, number, message)
    for at in (1, 6, 7):
        said: list[Any] = [16, 1, EMPTY_ROOT, b"", NONCE, b"", 0, 2, bytes(16)]
        talk = Talk(one, calls=False)
        talk.say([*said[:at], number, *said[at + 1 :]])
        settled(run, talk, number, "ranges")
        for deeper in ([18, entry(number)], [17, number, entry(number)], [17, 0, entry(number)]):
            talk = Talk(one, calls=False)
            talk.say(said)
            talk.say(deeper)
            settled(run, talk, number, "parts")
    for changed in ({"version": number}, {"flags": number}, {"entries": entry(number)}):
        if "entries" not in changed and not 0 <= number < 2**63:
            continue
        talk = Talk(one, calls=False)
        talk.say(talk.vector(**changed))
        settled(run, talk, number, changed)
    talk = Talk(one, calls=False)
    talk.say([2, number, number])
    settled(run, talk, number, "same")


def settled(run: Run, talk: Talk, number: int, message: Any) -> None:
    """A number out of range ends a session with a code; any other leaves it able to go on."""
    codes = run.saw(talk.codes())
    if isinstance(message, list) and message[0] != 4 and not 0 <= number < 2**63:
        assert talk.closed, message
        assert codes, message
    talk.say([10, "", b""])
    talk.session.lost()


def entry(number: int) -> bytes:
    """A vector's entry that announces so many events, in as many bits as it takes."""
    value = (abs(number) << 1) & (2**70 - 1)
    out = bytearray(bytes(10))
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag_of(one: Any) -> bytes:
    """A tag that means somebody in a session with our nonce."""
    from tallystick.sync.vector import Keyed

    return Keyed(log_of(one), NONCE).tag(one._owner.public)


def headers_of(run: Run, one: Any, number: int) -> None:
    """Every integer of a header; the claimed time alone may be any number there is room for."""
    hand = Hand(run.key("eve"), log_of(one))
    for name in ("version", "seq", "lamport", "frame_size", "content_size"):
        if number == hand.fields()[list(FIELDS).index(name)]:
            continue
        sent = hand.forge(hand.fields(**{name: number}))
        codes = run.saw(told(one, sent).codes())
        assert codes, (name, number)
    hand = Hand(run.key(f"eve {number}"), log_of(one))
    fresh = joined(run.key("zoe"), one)
    sent = hand.forge(hand.fields(time=number))
    came = taken(run, fresh, sent)
    assert came is (0 <= number < 2**63)
    check(fresh)


FIELDS = (
    "version", "log", "author", "seq", "prev", "deps", "lamport", "time", "kind", "schema",
    "frame_size", "content_size", "body",
)  # fmt: skip


def heads_of(run: Run, one: Any, number: int) -> None:
    """Every integer of a slice and its head."""
    good = Hand(run.key("eve"), log_of(one)).write("x")
    wire = slice_value(good)
    for at in (1, 2, 3):
        if number == wire[at]:
            continue
        for proof in (b"", bytes(32 * 63)):
            talk = Talk(one)
            talk.say([7, [[*wire[:at], number, *wire[at + 1 : 6], proof, wire[7]]]])
            assert run.saw(talk.codes()), (at, number)


def frames_of(run: Run) -> None:
    """Every integer of statements and ops: void or harmless, and the same on two replicas."""
    one = founded(run.key("ada's frames"))
    other = joined(run.key("other"), one)
    hand = Hand(run.key("mal"), log_of(one))
    me, target = hand.public, Link(log_of(one))
    kinds: list[tuple[str, Callable[[int], Any]]] = [
        ("trust/adopt", lambda n: {"actor": one._owner.public, "weight": n}),
        ("trust/adopt", lambda n: {"actor": one._owner.public, "depth": n}),
        ("trust/ban", lambda n: {"actor": one._owner.public, "cut": [[me, n, target]]}),
        ("record/edit", lambda n: [[], [[n, ["a"], []]]]),
        ("record/edit", lambda n: [[], [[6, ["a"], [], n]]]),
        ("record/edit", lambda n: [[me], [[1, ["a"], [[n, 0, 0]]]]]),
        ("record/edit", lambda n: [[me], [[1, ["a"], [[0, n, 0]]]]]),
        ("record/edit", lambda n: [[me], [[1, ["a"], [[0, 0, n]]]]]),
        ("record/edit", lambda n: [[], [[1, ["a"], [[n]]]]]),
        ("proof/equivocation", lambda n: [[b"", b"", n, bytes(32), bytes(64)]] * 2),
    ]
    sent = [
        hand.write(None, frames=[cbor(frame(number))], kind=kind)
        for kind, frame in kinds
        for number in run.random.sample(NUMBERS, 20)
    ]
    talk = told(one, *sent)
    assert not talk.codes()
    adopted = one.adopt(hand.did, depth=limits.UINT_MAX, weight=limits.WEIGHT_MAX)
    assert adopted.id
    other.sync(one)
    run.saw(event.void for event in one.history() if event.void)
    assert answers(other, one) == answers(one, one)
    check(one)
    check(other)


def sums(run: Run) -> None:
    """Counters whose amounts all stand at an end of their range add up exactly."""
    one = founded(run.key("ada's sums"))
    other = joined(run.key("other's sums"), one)
    hand = Hand(run.key("sums"), log_of(one))
    ends = [2**63 - 1, -(2**63)]
    amounts = [run.random.choice(ends) for _ in range(300)]
    frames = [cbor([[], [[6, ["a"], [], amount]]]) for amount in amounts]
    told(one, hand.write(*[None] * 300, frames=frames, kind="record/edit"))
    assert one.view()["a"] == sum(amounts)
    one.exclude(one.history(author=hand.did)[7].id)
    other.sync(one)
    left = sum(amounts) - amounts[7]
    assert one.view()["a"] == left
    assert other.as_seen_by(one.did).view()["a"] == left
    run.work["sums"] += 1
