"""Batches of slices whose events are invalid by their parents, or void by what they name.

Reads: spec/plain.py, spec/vector_chains.py. Read by: spec/make_vectors.py.
"""

from __future__ import annotations

from hashlib import sha256

from plain import Body, Link, cbor, digest
from vector_chains import ALICE, BOB, Chain, Key, founded, wire


def add(
    chain: Chain,
    words: str,
    *,
    lamport: int,
    deps: tuple[bytes, ...] = (),
    kind: str = "note/write",
    frame: object = None,
) -> bytes:
    """One more event with the lamport and deps given; its id."""
    seq = len(chain.headers)
    framed = b"" if frame is None else cbor(frame)
    body = Body(framed, cbor(words), digest(f"seed {kind} {words}")[:16])
    header = [
        1,
        Link(chain.log),
        chain.key.public,
        seq,
        Link(chain.ids[-1]) if seq else None,
        [Link(dep) for dep in sorted(deps)],
        lamport,
        1_700_000_000_000 + seq,
        kind,
        None,
        len(framed),
        len(body.content),
        body.commitment,
    ]
    chain.headers.append(cbor(header))
    chain.bodies.append(body.packed(2))
    return sha256(chain.headers[-1]).digest()


def fresh(key: Key) -> Chain:
    """An author's chain, empty."""
    return Chain(key, founded().log)


def case(
    name: str,
    *chains: Chain,
    stored: int,
    rejected: list[tuple[bytes, str]] | None = None,
    void: dict[bytes, str] | None = None,
) -> dict[str, object]:
    """One batch: the log's own chain, then the chains, each as one slice under its head."""
    batch = [founded(), *chains]
    return {
        "name": name,
        "slices": [
            wire(one, 0, len(one.headers), one.head(len(one.headers))).hex() for one in batch
        ],
        "stored": stored,
        "rejected": [[subject.hex(), code] for subject, code in rejected or []],
        "void": {one.hex(): code for one, code in (void or {}).items()},
    }


def by_lamport() -> list[dict[str, object]]:
    """A chain ends before an event whose lamport is not its parents'."""
    jump = fresh(ALICE)
    add(jump, "one", lamport=1)
    bad = add(jump, "two", lamport=3)
    add(jump, "three", lamport=4)
    first = fresh(ALICE)
    early = add(first, "one", lamport=2)
    other, unseen = fresh(BOB), fresh(ALICE)
    dep = add(other, "b one", lamport=1)
    dep = add(other, "b two", lamport=2)
    low = add(unseen, "one", lamport=1, deps=(dep,))
    child, parent = fresh(BOB), fresh(ALICE)
    wrong = add(parent, "one", lamport=7)
    heir = add(child, "b one", lamport=8, deps=(wrong,))
    return [
        case("a lamport that jumps", jump, stored=3, rejected=[(bad, "event/lamport")]),
        case("a first lamport of 2", first, stored=2, rejected=[(early, "event/lamport")]),
        case("a dep overlooked", other, unseen, stored=4, rejected=[(low, "event/lamport")]),
        case(
            "a child of an invalid event",
            parent,
            child,
            stored=2,
            rejected=[(wrong, "event/lamport"), (heir, "chain/invalid-parent")],
        ),
    ]


def by_target() -> list[dict[str, object]]:
    """Statements that name, in their past, what they may not name."""
    own = fresh(ALICE)
    frame = {"actor": BOB.public}
    ban = add(own, "ban", lamport=1, kind="trust/ban", frame=frame)
    undo = add(own, "undo", lamport=2, kind="trust/retract", frame={"event": Link(ban)})
    back = add(own, "back", lamport=3, kind="trust/withdraw", frame={"statement": Link(ban)})
    again = add(own, "again", lamport=4, kind="trust/withdraw", frame={"statement": Link(back)})
    bob, alice = fresh(BOB), fresh(ALICE)
    note = add(bob, "a note", lamport=1)
    add(
        alice,
        "not mine",
        lamport=2,
        deps=(note,),
        kind="trust/retract",
        frame={"event": Link(note)},
    )
    late, before = fresh(ALICE), fresh(BOB)
    unseen = add(before, "a note", lamport=1)
    add(late, "unseen", lamport=1, kind="trust/retract", frame={"event": Link(unseen)})
    return [
        case("a statement undone, a withdraw withdrawn", own, stored=6,
             void={undo: "void/target", again: "void/target"}),
        case("another key's event undone: no effect, not void", bob, alice, stored=4),
        case("another's event undone unseen: no effect, not void", before, late, stored=4),
    ]  # fmt: skip


def validity() -> dict[str, object]:
    """The file."""
    return {"log": founded().log.hex(), "cases": by_lamport() + by_target()}
