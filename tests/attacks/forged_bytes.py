"""Bytes that no honest replica writes, under heads that somebody really signed."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.attacks.registry import Run, attack
from tests.attacks.talk import Talk, told
from tests.attacks.world import (
    Hand,
    Raw,
    answers,
    cbor,
    check,
    founded,
    head,
    joined,
    key_of,
    log_of,
    replica,
)
from tests.model.replica_world import stamp

from tallystick.chain.head import sign_head
from tallystick.chain.slice import Slice, slice_value
from tallystick.errors import BadInput
from tallystick.event.jsonio import parse_json
from tallystick.kernels import Link, loader, reference, status
from tallystick.kernels.reference.verify import verify_signatures as slowly

VECTORS = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "ed25519.json"
ORDER = 2**252 + 27742317777372353535851937790883648493


def backends() -> list[Any]:
    """Every kernel that can run here."""
    found: list[Any] = [reference]
    if loader.native_fault() is None:
        found.append(loader.choose("native")[0])
    return found


def refused(run: Run, one: Any, bad: Slice, *expected: str) -> set[str]:
    """Sends one bad slice over a session: it is refused with a code, and nothing is left of it."""
    before = stamp(one)
    talk = told(one, bad)
    codes = run.saw(talk.codes())
    assert codes, "what is bad is refused"
    assert not expected or codes & set(expected), (codes, expected)
    assert stamp(one) == before
    return codes


@attack("verifier disagreement", source="speccheck; a libsodium point release")
def verifier_disagreement(run: Run) -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    grid = [
        case | {"message": vectors["small_order_grid_message"], "ok": False}
        for case in vectors["small_order_grid"]
    ]
    cases = vectors["signatures"] + grid
    assert sum("speccheck" in case.get("name", "") for case in cases) == 12
    assert len(grid) == 196
    columns = (
        b"".join(bytes.fromhex(case["key"]) for case in cases),
        b"".join(bytes.fromhex(case["signature"]) for case in cases),
        [bytes.fromhex(case["message"]) for case in cases],
    )
    expected = bytes(status.OK if case["ok"] else status.SIGNATURE for case in cases)
    for kernel in backends():
        assert kernel.verify_signatures(*columns) == expected
    one = founded(run.key("ada"))
    hand = Hand(run.key("eve"), log_of(one))
    good = hand.write("signed")
    for signature in bent(run, good.head.signature):
        message = [b"any"]
        found = {k.verify_signatures(good.author, signature, message) for k in backends()}
        assert len(found) == 1
        refused(run, one, replace(good, head=replace(good.head, signature=signature)))
    assert slowly(good.author, good.head.signature, [b"another message"]) != bytes(1)
    small = bytes.fromhex(run.random.choice(vectors["small_order_grid"])["key"])
    fields = hand.at(0).fields(author=small)
    refused(run, one, replace(hand.at(0).forge(fields), author=small), "event/author-key")
    run.saw(told(one, good).codes())
    assert one.history(author=hand.did)[0].content == "signed"


def bent(run: Run, signature: bytes) -> list[bytes]:
    """A good signature in forms that some verifier somewhere has taken for good."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    at = run.random.randrange(512)
    flipped = int.from_bytes(signature, "little") ^ 1 << at
    return [
        r + (s + ORDER).to_bytes(32, "little"),
        r + (ORDER - s).to_bytes(32, "little"),
        bytes(32) + signature[32:],
        (1).to_bytes(32, "little") + signature[32:],
        b"\xff" * 31 + b"\x7f" + signature[32:],
        r[:31] + bytes((r[31] ^ 0x80,)) + signature[32:],
        bytes(64),
        flipped.to_bytes(64, "little"),
    ]


@attack("non-canonical encoding and duplicate keys", source="oasis-core 2020", seeds=1)
def non_canonical(run: Run) -> None:
    one = founded(run.key("ada"))
    told(one, Hand(run.key("bob"), log_of(one)).write("first"))
    hand = Hand(run.key("eve"), log_of(one))
    fields = hand.fields()
    for at, value in enumerate(fields):
        for other in longer(value):
            header = cbor([*fields[:at], Raw(other), *fields[at + 1 :]])
            bad = hand.sign(header, bytes(16) + b"\xf6")
            refused(run, one, bad)
            wire = slice_value(bad)
            assert Talk(one).say([7, [wire]]) is not None
    indefinite = b"\x9f" + cbor(fields)[1:] + b"\xff"
    refused(run, one, hand.sign(indefinite, bytes(16) + b"\xf6"), "codec/indefinite")
    refused(run, one, hand.sign(b"\x98\x0d" + cbor(fields)[1:], bytes(16) + b"\xf6"))
    for text in ('{"a":1,"a":2}', '{"a":{"b":1,"b":1}}', "[NaN]", "[1e999]"):
        try:
            parse_json(text)
        except BadInput as error:
            run.saw([error.code])
        else:
            raise AssertionError(text)
    spoilt_frames(run, one)
    told(one, hand.forge(fields))
    assert one.history(author=hand.did), "the same fields in their one form are taken"
    check(one)


def longer(value: Any) -> list[bytes]:
    """The item in forms that mean the same elsewhere."""
    found = []
    major = {bytes: 2, str: 3, list: 4, int: 0}.get(type(value))
    if major is None:
        return (
            [b"\xf7", b"\xfa\x00\x00\x00\x00"] if value is None else [b"\xd8\x2b" + cbor(value)[2:]]
        )
    number = value if isinstance(value, int) else len(value)
    plain = cbor(value)
    rest = plain[len(head(major, number)) :]
    for width in (1, 2, 4, 8):
        longer_head = head(major, number, width) if number < 1 << 8 * width else b""
        if len(longer_head) > len(head(major, number)):
            found.append(longer_head + rest)
    if isinstance(value, int):
        found.append(b"\xc2" + head(2, 8) + number.to_bytes(8, "big"))
        found.append(b"\xfb" + bytes(8))
    return found


def spoilt_frames(run: Run, one: Any) -> None:
    """A statement in any form but its one form counts for nobody, everywhere."""
    target = key_of(run.key("bob")).public
    other = replica(run.key("other"))
    hand = Hand(run.key("eve's statements"), log_of(one))
    actor = head(3, 5) + b"actor"
    frames = [
        b"\xa2" + (actor + cbor(target)) * 2,
        b"\xb8\x01" + actor + cbor(target),
        b"\xa1" + actor + head(2, 32, 2) + target,
        b"\xbf" + actor + cbor(target) + b"\xff",
        b"\xa2" + actor + cbor(target) + head(3, 5) + b"scope" + cbor("*"),
        b"\xa2" + head(3, 5) + b"scope" + cbor("note") + actor + cbor(target),
        b"\xa1" + actor + cbor(target) + b"\x00",
    ]
    before = one.standing(as_actor=one.did)
    sent = [hand.write(frames=[frame], kind="trust/ban") for frame in frames]
    told(one, *sent)
    voids = [event.void for event in one.history(author=hand.did)]
    assert run.saw(voids) == {"void/frame"}
    assert len(voids) == len(frames)
    assert one.standing(as_actor=one.did) == before
    other.sync(one)
    assert answers(other)[0] == answers(one)[0]


@attack("nesting and length bombs", source="CVE-2026-26209", seeds=1)
def bombs(run: Run) -> None:
    one = founded(run.key("ada"))
    hand = Hand(run.key("eve"), log_of(one))
    depth = run.random.choice([33, 100, 10_000, 500_000])
    nested = b"\x81" * depth + b"\xf6"
    before = stamp(one)
    lengths = [2**power + more for power in (31, 32, 48, 63) for more in (-1, 0, 1)] + [2**64 - 1]
    for major in (2, 3, 4, 5):
        for length in lengths:
            bomb = Raw(head(major, length) + b"\x00")
            for message in bombed(bomb, hand):
                talk = Talk(one)
                talk.say(message)
                assert talk.closed
                assert run.saw(talk.codes()) <= {"sync/message-shape"}
    for message in bombed(Raw(nested), hand):
        talk = Talk(one)
        talk.say(message)
        assert run.saw(talk.codes()) & {"sync/message-shape", "event/shape", "codec/too-deep"}
    assert stamp(one) == before
    header = cbor([*hand.fields()[:5], Raw(nested), *hand.fields()[6:]])
    refused(run, one, hand.sign(header, bytes(16) + b"\xf6"), "codec/too-deep")
    frame = nested[:1_000_000]
    told(one, hand.write(frames=[frame], kind="record/edit"))
    told(one, hand.write(frames=[frame], kind="trust/ban"))
    told(one, hand.write(frames=[b""], kind="note"))
    content = hand.forge(hand.fields(content=frame), content=frame)
    told(one, content)
    assert [event.void for event in one.history(author=hand.did)][:2] == ["void/frame"] * 2
    assert str(one.history(author=hand.did)[-1].content) == "Bad"
    for kernel in backends():
        for data in (nested, head(4, 2**62), head(5, 2**40) + nested):
            try:
                kernel.decode_item(data)
            except BadInput as error:
                run.saw([error.code])
            else:
                raise AssertionError("a bomb was read")
    check(one)


def bombed(bomb: Raw, hand: Hand) -> list[list[Any]]:
    """Messages with something monstrous in every place that holds bytes or a list."""
    slice_fields: list[Any] = [hand.public, 0, 1, 1, bytes(32), bytes(64), b"", b"x"]
    slices = [[7, [[*slice_fields[:at], bomb, *slice_fields[at + 1 :]]]] for at in (0, 4, 6, 7)]
    return [
        [0, 1, bomb, bytes(32), b"", b"", b"", 0],
        [4, bomb],
        [5, bytes(8), bomb],
        [6, bomb],
        [7, bomb],
        [10, bomb, b""],
        *slices,
    ]


@attack("replay and cross-space reuse", source="domain separation", seeds=2)
def replay(run: Run) -> None:
    one, other = founded(run.key("ada")), founded(run.key("bob"))
    log, foreign = log_of(one), log_of(other)
    eve, dan = Hand(run.key("eve"), log), Hand(run.key("dan"), log)
    abroad = Hand(run.key("eve"), foreign)
    mine = [eve.write(n) for n in range(run.random.randint(1, 4))]
    theirs = [dan.write(n) for n in range(len(mine))]
    there = [abroad.write(n) for n in range(len(mine))]
    told(one, *mine, *theirs)
    told(other, *there)
    for source, target in ((mine, other), (there, one)):
        home = log_of(target)
        moved = [replace(part, log=home) for part in source]
        for part in moved:
            refused(run, target, part)
        last = source[-1]
        signed = replace(last, log=home, head=sign_head(eve.key, home, last.end, last.head.root))
        if last.seq == 0:  # even with a head for this log: its headers name the other one
            refused(run, target, signed, "event/other-log")
    fresh = joined(run.key("zoe"), founded_with(one))
    swapped(run, fresh, mine, theirs)
    for header in swapped_headers(eve, dan, abroad):
        at = eve.at(0)
        refused(run, fresh, at.forge(header))
    told(fresh, *mine, *theirs)
    before = answers(fresh)
    talk = Talk(fresh)
    for _ in range(3):  # the very same bytes again change nothing and say nothing
        talk.send(*mine, *theirs)
    assert not talk.codes()
    assert answers(fresh) == before
    assert answers(fresh, one) == answers(one, one)
    run.work["mutations"] += 1
    check(fresh)


def founded_with(one: Any) -> Any:
    """A replica that holds nothing but the genesis event of another's log."""
    fresh = replica("replayed")
    first = next(one._log.holdings.slices_for({}, max_bytes=3_000_000))
    genesis = [part for part in first if part.seq == 0 and part.author == one._owner.public]
    fresh.receive(genesis[:1], log=log_of(one))
    return fresh


def swapped(run: Run, fresh: Any, mine: list[Slice], theirs: list[Slice]) -> None:
    """Every field of a slice in the place of another's: under that head nothing of it is proven."""
    for left, right in zip(mine, theirs, strict=True):
        wire, other = slice_value(left), slice_value(right)
        for at in range(8):
            if wire[at] == other[at]:
                continue
            bent_wire = [*wire[:at], other[at], *wire[at + 1 :]]
            before = stamp(fresh)
            talk = Talk(fresh)
            talk.say([7, [bent_wire]])
            assert run.saw(talk.codes())
            assert stamp(fresh) == before
            run.work["mutations"] += 1


def swapped_headers(eve: Hand, dan: Hand, abroad: Hand) -> list[list[Any]]:
    """Headers of eve's first event with one field that belongs to another event or log."""
    at = eve.at(0)
    genesis_of_another = Link(abroad.log)
    return [
        at.fields(log=genesis_of_another),
        at.fields(log=Link(dan.ids[0])),
        at.fields(log=None),
        at.fields(log=None, kind="log/create", lamport=0),
        at.fields(author=dan.public),
        at.fields(seq=1),
        at.fields(seq=1, prev=Link(dan.ids[0])),
        at.fields(prev=Link(eve.ids[0])),
        at.fields(version=2),
        at.fields(version=0),
        at.fields(kind="log/create"),
        at.fields(deps=[Link(sha256(b"x").digest())] * 2),
        at.fields(lamport=0),
        at.fields(lamport=5),
    ]
