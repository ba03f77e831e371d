"""Statements as frames, policies as documents, and small worlds whose answers were found by hand.

Reads: spec/plain.py, spec/vector_cascades.py. Read by: spec/make_vectors.py.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from plain import Link, cbor
from vector_cascades import CASCADES

OUT = "void/frame"
RANGE = "void/value"


def bytes_of(name: str) -> bytes:
    """Authors and events of the vectors are named; this is their id."""
    return sha256(name.encode()).digest()


ACTOR, EVENT, OTHER = (bytes_of(name) for name in ("actor", "event", "other"))
ENTRY = [ACTOR, 3, Link(EVENT)]
LATER = [ACTOR, 4, Link(OTHER)]
PAIR = [Link(id) for id in sorted((EVENT, OTHER))]
MANY = [Link(id) for id in sorted(bytes_of(f"evidence {n}") for n in range(33))]

FRAMES: list[tuple[str, object, object]] = [
    ("ban", {"actor": ACTOR}, {}),
    ("ban", {"actor": ACTOR, "scope": "review/*"}, {"scope": "review/*"}),
    ("ban", {"actor": ACTOR, "cut": [ENTRY, LATER]}, {"cut": [ENTRY, LATER]}),
    ("allow", {"actor": ACTOR, "scope": "note"}, {"scope": "note"}),
    ("adopt", {"actor": ACTOR}, {}),
    ("adopt", {"actor": ACTOR, "weight": 0}, {"weight": 0}),
    ("adopt", {"actor": ACTOR, "weight": 2**31 - 1, "depth": 9}, {"weight": 2**31 - 1, "depth": 9}),
    ("adopt", {"actor": ACTOR, "as_of": []}, {"as_of": []}),
    ("adopt", {"actor": ACTOR, "as_of": [ENTRY]}, {"as_of": [ENTRY]}),
    ("exclude", {"event": Link(EVENT)}, {}),
    ("exclude", {"event": Link(EVENT), "cascade": True}, {"cascade": True}),
    ("include", {"event": Link(EVENT), "scope": "a/b/*"}, {"scope": "a/b/*"}),
    ("retract", {"event": Link(EVENT)}, {}),
    ("restore", {"event": Link(EVENT)}, {}),
    ("withdraw", {"statement": Link(EVENT)}, {}),
    ("dispute", {"event": Link(EVENT), "remedy": "refund"}, {"remedy": "refund"}),
    ("dispute", {"event": Link(EVENT)}, {}),
    (
        "dispute",
        {"event": Link(EVENT), "evidence": PAIR, "answer_by": 2**63 - 1},
        {"evidence": PAIR, "answer_by": 2**63 - 1},
    ),
    ("dispute", {"event": Link(EVENT), "answer_by": 0}, {"answer_by": 0}),
    ("dispute", {"event": Link(EVENT), "evidence": MANY[:32]}, {"evidence": MANY[:32]}),
    ("uphold", {"event": Link(EVENT), "dispute": Link(OTHER)}, {"dispute": Link(OTHER)}),
    ("dismiss", {"event": Link(EVENT), "dispute": Link(OTHER)}, {"dispute": Link(OTHER)}),
    ("ban", {}, OUT),
    ("ban", [ACTOR], OUT),
    ("ban", {"actor": ACTOR[:31]}, OUT),
    ("ban", {"actor": Link(ACTOR)}, OUT),
    ("ban", {"actor": ACTOR, "why": "spam"}, OUT),
    ("ban", {"actor": ACTOR, "cut": []}, OUT),
    ("ban", {"actor": ACTOR, "cut": [LATER, ENTRY]}, OUT),
    ("ban", {"actor": ACTOR, "cut": [ENTRY, ENTRY]}, OUT),
    ("ban", {"actor": ACTOR, "cut": [[ACTOR, -1, Link(EVENT)]]}, RANGE),
    ("ban", {"actor": ACTOR, "cut": [[ACTOR, 3, EVENT]]}, OUT),
    ("ban", {"actor": ACTOR, "scope": "*"}, OUT),
    ("ban", {"actor": ACTOR, "scope": "trust/*"}, OUT),
    ("ban", {"actor": ACTOR, "scope": "trusted"}, OUT),
    ("ban", {"actor": ACTOR, "scope": "review/"}, OUT),
    ("ban", {"actor": ACTOR, "scope": "a" * 65}, OUT),
    ("adopt", {"actor": ACTOR, "weight": 1}, OUT),
    ("adopt", {"actor": ACTOR, "weight": 2**31}, RANGE),
    ("adopt", {"actor": ACTOR, "weight": -1}, RANGE),
    ("adopt", {"actor": ACTOR, "depth": 0}, OUT),
    ("adopt", {"actor": ACTOR, "depth": True}, OUT),
    ("exclude", {"event": EVENT}, OUT),
    ("exclude", {"event": Link(EVENT), "cascade": False}, OUT),
    ("retract", {"event": Link(EVENT), "scope": "note"}, OUT),
    ("withdraw", {"event": Link(EVENT)}, OUT),
    ("uphold", {"event": Link(EVENT)}, OUT),
    ("dispute", {"event": Link(EVENT), "remedy": ""}, OUT),
    ("dispute", {"event": Link(EVENT), "evidence": []}, OUT),
    ("dispute", {"event": Link(EVENT), "evidence": PAIR[::-1]}, OUT),
    ("dispute", {"event": Link(EVENT), "evidence": PAIR[:1] * 2}, OUT),
    ("dispute", {"event": Link(EVENT), "evidence": [EVENT]}, OUT),
    ("dispute", {"event": Link(EVENT), "evidence": MANY}, RANGE),
    ("dispute", {"event": Link(EVENT), "answer_by": -1}, RANGE),
    ("dispute", {"event": Link(EVENT), "answer_by": True}, OUT),
    ("dispute", {"event": Link(EVENT), "scope": "note"}, OUT),
    ("exclude", {"event": Link(EVENT), "evidence": PAIR}, OUT),
    ("praise", {"actor": ACTOR}, OUT),
]


def plain(value: object) -> object:
    """A value as JSON: bytes and links as hex."""
    if isinstance(value, Link):
        return value.digest.hex()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def statements() -> dict[str, Any]:
    """Frames with what they say, or why they are void."""
    good, void = [], []
    for verb, frame, said in FRAMES:
        row = {"kind": f"trust/{verb}", "frame": cbor(frame).hex()}
        if isinstance(said, str):
            void.append(row | {"code": said})
        else:
            target = next(v for k, v in frame.items() if k in ("actor", "event", "statement"))
            fields = {name: plain(value) for name, value in said.items()}
            good.append(row | {"target": plain(target), "fields": fields})
    void += [
        {"kind": "trust/ban", "frame": "", "code": OUT},
        {"kind": "trust/ban", "frame": cbor({"actor": ACTOR}).hex() + "00", "code": OUT},
    ]
    viewer = bytes_of("viewer")
    ids = {
        str(n): sha256(b"tallystick/private/1" + viewer + n.to_bytes(8, "big")).hexdigest()
        for n in (0, 1, 2**32)
    }
    return {
        "about": "Statements (spec/statements.md). Bytes and links as hex. `fields` are those not "
        "at their default.",
        "good": good,
        "void": void,
        "private": {"viewer": viewer.hex(), "ids": ids},
    }


# --- documents ----------------------------------------------------------------------------------


def document(**fields: object) -> dict[str, object]:
    """A policy's fields; what is not given is at its default."""
    return {
        "version": 1,
        "viewer": bytes_of("viewer"),
        "log": Link(bytes_of("genesis")),
        "stance": "open",
        "threshold": 1,
        "max_depth": 1,
        "fork_rule": "both",
        "restitution": {},
        "erasers": [],
        "statements": [],
    } | fields


BAN = [bytes_of("ban"), bytes_of("viewer"), 9, 7, False, "trust/ban", cbor({"actor": ACTOR})]
SECRET = [bytes_of("secret"), bytes_of("viewer"), 0, 0, True, "trust/allow", cbor({"actor": OTHER})]
RETRACT = [EVENT, bytes_of("viewer"), 2, 1, False, "trust/retract", cbor({"event": Link(OTHER)})]
DOCUMENTS = {
    "nothing said": document(),
    "every parameter": document(
        stance="invited",
        threshold=3,
        max_depth=4,
        fork_rule="side:" + EVENT.hex(),
        restitution={"car": "return", "house": "keep"},
        erasers=sorted([ACTOR, OTHER]),
        statements=[BAN, SECRET],
    ),
}
REFUSED = {
    "policy/document": [
        document(version=2),
        {k: v for k, v in document().items() if k != "erasers"},
        document(more=1),
        document(log=bytes_of("genesis")),
        document(statements=[SECRET, BAN]),
        document(statements=[BAN[:6]]),
        document(statements=[[*BAN[:6], cbor({"actor": b""})]]),
    ],
    "policy/parameter": [
        document(stance="shut"),
        document(threshold=0),
        document(max_depth=-1),
        document(fork_rule="side:12"),
        document(restitution={"house": "sell"}),
        document(viewer=b"me"),
    ],
    "policy/target": [
        document(statements=[RETRACT]),
    ],
}


def documents() -> dict[str, Any]:
    """Policies with their hashes, and documents that are none."""
    good = [
        {"name": name, "bytes": cbor(fields).hex(), "hash": sha256(cbor(fields)).hexdigest()}
        for name, fields in DOCUMENTS.items()
    ]
    bad = [
        {"code": code, "bytes": cbor(fields).hex()}
        for code, rows in REFUSED.items()
        for fields in rows
    ]
    return {"good": good, "refused": bad}


# --- worlds -------------------------------------------------------------------------------------
# An event: (id, author, kind, more). `more`: prev (default: the author's event before), void,
# grounds, over; of a statement: target, and what is not at its default (cut, as_of: event ids).
# Events of an author are in order; the first event of the world is the genesis, by the viewer.

Row = tuple[str, str, str, dict[str, object]]


def notes(*people: str) -> list[Row]:
    """Everybody begins with a note; the genesis is ``me``'s."""
    return [("genesis", "me", "log/create", {}), *((f"{p}-0", p, "note", {}) for p in people)]


def say(id: str, who: str, verb: str, target: str, **more: object) -> Row:
    """A statement."""
    return (id, who, f"trust/{verb}", {"target": target, **more})


WORLDS: list[dict[str, Any]] = [
    {
        "name": "my ban",
        "events": [*notes("ana", "mal"), say("b", "me", "ban", "mal")],
        "rank": {"me": 0},
        "banned": ["mal"],
        "out": {"mal-0": "actor-my-word"},
    },
    {
        "name": "a delegate's ban counts, a stranger's does not",
        "events": [
            *notes("ana", "bo", "mal"),
            say("a", "me", "adopt", "ana"),
            say("b", "ana", "ban", "mal"),
            say("c", "mal", "ban", "bo"),
        ],
        "rank": {"me": 0, "ana": 1},
        "banned": ["mal"],
        "out": {"mal-0": "actor-tally", "c": "actor-tally"},
    },
    {
        "name": "two in one branch are one vote, the closest speaks",
        "events": [
            *notes("ana", "bo", "mal"),
            say("a", "me", "adopt", "ana", depth=1),
            say("b", "ana", "adopt", "bo", weight=5),
            say("c", "bo", "ban", "mal"),
            say("d", "ana", "allow", "mal"),
        ],
        "policy": {"max_depth": 2},
        "rank": {"me": 0, "ana": 1, "bo": 2},
        "out": {},
    },
    {
        "name": "weights of two branches reach the threshold",
        "events": [
            *notes("ana", "bo", "mal"),
            say("a", "me", "adopt", "ana", weight=2),
            say("b", "me", "adopt", "bo"),
            say("c", "bo", "ban", "mal"),
            say("d", "ana", "ban", "mal"),
        ],
        "policy": {"threshold": 3},
        "rank": {"me": 0, "ana": 1, "bo": 1},
        "banned": ["mal"],
        "out": {"mal-0": "actor-tally"},
    },
    {
        "name": "an allow by another branch holds a ban off, which is then contested",
        "events": [
            *notes("ana", "bo", "mal"),
            say("a", "me", "adopt", "ana"),
            say("b", "me", "adopt", "bo"),
            say("c", "bo", "ban", "mal"),
            say("d", "ana", "allow", "mal"),
        ],
        "rank": {"me": 0, "ana": 1, "bo": 1},
        "contested": ["mal"],
        "out": {},
    },
    {
        "name": "a candidate banned by somebody nearer is stopped at the door",
        "events": [
            *notes("ana", "bo", "cy", "mal"),
            say("a", "me", "adopt", "ana", depth=2),
            say("b", "me", "adopt", "bo"),
            say("c", "ana", "adopt", "mal", depth=1),
            say("d", "bo", "ban", "mal"),
            say("e", "mal", "ban", "cy"),
        ],
        "policy": {"max_depth": 3},
        "rank": {"me": 0, "ana": 1, "bo": 1},
        "banned": ["mal"],
        "out": {"mal-0": "actor-tally", "e": "actor-tally"},
    },
    {
        "name": "equals that ban each other are contested",
        "events": [
            *notes("ana", "bo"),
            say("a", "me", "adopt", "ana"),
            say("b", "me", "adopt", "bo"),
            say("c", "ana", "ban", "bo"),
            say("d", "bo", "ban", "ana"),
        ],
        "rank": {"me": 0, "ana": 1, "bo": 1},
        "contested": ["ana", "bo"],
        "out": {},
    },
    {
        "name": "a cut spares what came up to it, statements too",
        "events": [
            *notes("ana", "mal", "bo"),
            say("a", "me", "adopt", "ana"),
            say("b", "ana", "ban", "mal"),
            say("c", "ana", "ban", "bo"),
            say("d", "me", "ban", "ana", cut=["b"]),
        ],
        "rank": {"me": 0, "ana": 1},
        "banned": ["ana", "mal"],
        "out": {"c": "actor-my-word", "mal-0": "actor-tally"},
    },
    {
        "name": "a cut whose event is not here spares nothing",
        "events": [*notes("mal"), say("b", "me", "ban", "mal", cut=["nowhere"])],
        "rank": {"me": 0},
        "banned": ["mal"],
        "out": {"mal-0": "actor-my-word"},
    },
    {
        "name": "as_of pins what is read",
        "events": [
            *notes("ana", "mal", "bo"),
            say("b", "ana", "ban", "mal"),
            say("c", "ana", "ban", "bo"),
            say("a", "me", "adopt", "ana", as_of=["b"]),
        ],
        "rank": {"me": 0, "ana": 1},
        "banned": ["mal"],
        "out": {"mal-0": "actor-tally"},
    },
    {
        "name": "scopes: the latest matching word holds, a ban of one kind is no ban of another",
        "events": [
            *notes("mal"),
            ("r", "mal", "review/film", {}),
            ("s", "mal", "review/book", {}),
            say("a", "me", "ban", "mal", scope="review/*"),
            say("b", "me", "allow", "mal", scope="review/film"),
        ],
        "rank": {"me": 0},
        "out": {"s": "actor-my-word"},
    },
    {
        "name": "withdraw lets the statement before hold again",
        "events": [
            *notes("ana", "mal"),
            say("a", "me", "adopt", "ana"),
            say("b", "ana", "ban", "mal"),
            say("c", "ana", "allow", "mal"),
            say("d", "ana", "withdraw", "c"),
        ],
        "rank": {"me": 0, "ana": 1},
        "banned": ["mal"],
        "out": {"mal-0": "actor-tally"},
    },
    {
        "name": "a statement excluded by somebody nearer is not made",
        "events": [
            *notes("ana", "bo", "mal"),
            say("a", "me", "adopt", "ana", depth=1),
            say("b", "ana", "adopt", "bo"),
            say("c", "bo", "ban", "mal"),
            say("d", "ana", "exclude", "c"),
        ],
        "policy": {"max_depth": 2},
        "rank": {"me": 0, "ana": 1, "bo": 2},
        "out": {"c": "tally"},
    },
    {
        "name": "retract, restore, and what cannot be retracted",
        "events": [
            *notes("ana"),
            ("n", "ana", "note", {}),
            ("t", "ana", "ledger/transfer", {}),
            say("a", "ana", "retract", "ana-0"),
            say("b", "ana", "retract", "n"),
            say("c", "ana", "restore", "n"),
            say("d", "me", "include", "ana-0"),
            say("e", "me", "retract", "t"),
        ],
        "rank": {"me": 0},
        "out": {"ana-0": "retracted"},
    },
    {
        "name": "grounds: what stands on an excluded event does not count either",
        "events": [
            *notes("mal"),
            ("n", "ana", "note", {"grounds": ["mal-0"]}),
            ("o", "ana", "note", {"grounds": ["n"]}),
            ("v", "ana", "note", {"void": "void/value"}),
            say("a", "me", "ban", "mal"),
        ],
        "rank": {"me": 0},
        "banned": ["mal"],
        "out": {"mal-0": "actor-my-word", "n": "ungrounded", "o": "ungrounded", "v": "void"},
    },
    {
        "name": "an equivocating voter is read below the split; prefix keeps what is below",
        "events": [
            *notes("ana", "mal", "bo"),
            say("a", "me", "adopt", "ana"),
            say("b", "ana", "ban", "mal"),
            say("c", "ana", "ban", "bo"),
            ("x", "ana", "note", {"prev": "b"}),
        ],
        "policy": {"fork_rule": "prefix"},
        "rank": {"me": 0, "ana": 1},
        "banned": ["mal"],
        "out": {"mal-0": "actor-tally", "c": "equivocation", "x": "equivocation"},
    },
    {
        "name": "one side of a split is chosen",
        "events": [
            *notes("ana"),
            ("x", "ana", "note", {"prev": "ana-0"}),
            ("y", "ana", "note", {"prev": "ana-0"}),
            ("z", "ana", "note", {"prev": "y"}),
        ],
        "policy": {"fork_rule": "side:y"},
        "rank": {"me": 0},
        "out": {"x": "equivocation"},
    },
    {
        "name": "invited: rank, my allow, or enough allows",
        "events": [
            *notes("ana", "bo", "cy", "di"),
            say("a", "me", "adopt", "ana"),
            say("b", "me", "allow", "bo"),
            say("c", "ana", "allow", "cy"),
        ],
        "policy": {"stance": "invited"},
        "rank": {"me": 0, "ana": 1},
        "out": {"di-0": "stance"},
    },
    {
        "name": "weight 0 of mine keeps somebody from being adopted",
        "events": [
            *notes("ana", "bo", "mal"),
            say("a", "me", "adopt", "ana", depth=1),
            say("b", "ana", "adopt", "bo"),
            say("c", "bo", "ban", "mal"),
            say("d", "me", "adopt", "bo", weight=0),
        ],
        "policy": {"max_depth": 2},
        "rank": {"me": 0, "ana": 1},
        "out": {},
    },
    {
        "name": "a dispute by itself changes nothing and is open",
        "events": [
            *notes("ana", "mal"),
            say("a", "me", "adopt", "ana"),
            say("d", "ana", "dispute", "mal-0"),
        ],
        "rank": {"me": 0, "ana": 1},
        "out": {},
        "disputes": {"d": ["open", 0]},
    },
    {
        "name": "upheld by a branch, and so is another dispute about the same event; a stranger's "
        "answer is none",
        "events": [
            *notes("ana", "bo", "mal"),
            say("a", "me", "adopt", "ana"),
            say("d", "bo", "dispute", "mal-0"),
            say("e", "mal", "dispute", "mal-0"),
            say("f", "mal", "dismiss", "mal-0", dispute="d"),
            say("g", "ana", "uphold", "mal-0", dispute="d"),
        ],
        "rank": {"me": 0, "ana": 1},
        "out": {"mal-0": "tally"},
        "disputes": {"d": ["upheld", 1, "answered"], "e": ["upheld", 1]},
    },
    {
        "name": "two branches that differ leave a dispute open and contested; my word settles it",
        "events": [
            *notes("ana", "bo", "mal"),
            say("a", "me", "adopt", "ana"),
            say("b", "me", "adopt", "bo"),
            say("d", "bo", "dispute", "mal-0"),
            say("e", "bo", "dispute", "ana-0"),
            say("f", "ana", "dismiss", "mal-0", dispute="d"),
            say("g", "bo", "uphold", "mal-0", dispute="d"),
            say("h", "bo", "uphold", "ana-0", dispute="e"),
            say("i", "ana", "include", "ana-0"),
            say("j", "me", "dismiss", "ana-0", dispute="e"),
        ],
        "rank": {"me": 0, "ana": 1, "bo": 1},
        "out": {},
        "disputes": {
            "d": ["open", 0, "answered", "contested"],
            "e": ["dismissed", 0, "answered"],
        },
    },
    {
        "name": "the latest of the four words of a voter holds, and outlives the dispute",
        "events": [
            *notes("ana", "bo", "mal"),
            say("a", "me", "adopt", "ana"),
            say("d", "bo", "dispute", "mal-0"),
            say("e", "ana", "exclude", "mal-0"),
            say("f", "ana", "dismiss", "mal-0", dispute="d"),
            say("g", "bo", "withdraw", "d"),
        ],
        "rank": {"me": 0, "ana": 1},
        "out": {},
        "disputes": {"d": ["dismissed", -1, "answered", "withdrawn"]},
    },
    {
        "name": "a dispute about a ban is for people nearer than who banned",
        "events": [
            *notes("ana", "bo", "cy", "mal"),
            say("a", "me", "adopt", "ana", depth=1),
            say("b", "ana", "adopt", "bo"),
            say("c", "bo", "ban", "mal"),
            say("d", "mal", "dispute", "c"),
            say("e", "me", "adopt", "cy"),
            say("f", "bo", "uphold", "c", dispute="d"),
            say("g", "cy", "uphold", "c", dispute="d"),
            say("h", "cy", "dispute", "e"),
            say("i", "cy", "uphold", "e", dispute="h"),
        ],
        "policy": {"max_depth": 2},
        "rank": {"me": 0, "ana": 1, "bo": 2, "cy": 1},
        "out": {"c": "tally"},
        "disputes": {
            "d": ["upheld", 1, "answered"],
            "h": ["open", 0, "contested"],
        },
    },
]


def worlds() -> list[dict[str, Any]]:
    """The worlds as JSON; defaults written out."""
    return [
        {
            "name": world["name"],
            "policy": world.get("policy", {}),
            "events": [
                {"id": id, "author": author, "kind": kind, **more}
                for id, author, kind, more in world["events"]
            ],
            "standing": {
                "rank": world["rank"],
                "banned": world.get("banned", []),
                "contested": world.get("contested", []),
            },
            "does_not_count": world["out"],
            "disputes": [
                {
                    "id": id,
                    "status": status,
                    "tally": tally,
                    **{mark: mark in marks for mark in ("answered", "contested", "withdrawn")},
                }
                for id, (status, tally, *marks) in world.get("disputes", {}).items()
            ],
        }
        for world in (*WORLDS, *CASCADES)
    ]


def policy() -> dict[str, Any]:
    """Documents and worlds."""
    return {
        "about": "Policies (spec/policy.md). In `worlds`, authors and events are named: bytes are "
        "SHA-256 of the name. The viewer is `me`, the log's genesis is `genesis`; the policy's "
        "statements are what `me` says, reduced to what holds; other parameters are at their "
        "default unless `policy` gives them. An event follows its author's one before, or `prev`. "
        "Cuts and as_of list events, and `over` what an event goes over. `does_not_count`: event "
        "-> the rule that decides; all others count. `standing` is that of the "
        "cell of `*`. `disputes` are all there are.",
        "documents": documents(),
        "worlds": worlds(),
    }
