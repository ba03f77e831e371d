"""Small worlds of cascades, whose answers were found by hand (spec/policy.md, "Cascade").

Reads: spec/vector_policy.py's way of writing events. Read by: spec/vector_policy.py.
"""

from __future__ import annotations

from typing import Any

Row = tuple[str, str, str, dict[str, object]]


def begun(*people: str) -> list[Row]:
    """The log, and a note by everybody that others build on."""
    return [("genesis", "me", "log/create", {}), *((f"{p}-0", p, "note", {}) for p in people)]


def on(id: str, who: str, *over: str) -> Row:
    """An event each op of which goes over one of some events."""
    return (id, who, "note", {"over": list(over)})


def say(id: str, who: str, verb: str, target: str, **more: object) -> Row:
    """A statement."""
    return (id, who, f"trust/{verb}", {"target": target, **more})


TOWER = [*begun("mal", "ana", "bo"), on("x", "ana", "mal-0"), on("y", "bo", "x")]
"""On Mal's note stands Ana's x, and on that Bo's y."""

CASCADES: list[dict[str, Any]] = [
    {
        "name": "an exclude takes nothing along",
        "events": [*TOWER, say("e", "me", "exclude", "mal-0")],
        "rank": {"me": 0},
        "out": {"mal-0": "my-word"},
    },
    {
        "name": "an exclude with cascade takes along what is built on it, at any height",
        "events": [*TOWER, say("e", "me", "exclude", "mal-0", cascade=True)],
        "rank": {"me": 0},
        "out": {"mal-0": "my-word", "x": "cascade", "y": "cascade"},
    },
    {
        "name": "what is built on something else too stays, and so does what is built on that",
        "events": [
            *TOWER,
            on("z", "cy", "mal-0", "ana-0"),
            on("v", "cy", "z", "x"),
            on("w", "cy", "x", "y"),
            say("e", "me", "exclude", "mal-0", cascade=True),
        ],
        "rank": {"me": 0},
        "out": {"mal-0": "my-word", "x": "cascade", "y": "cascade", "w": "cascade"},
    },
    {
        "name": "two that are excluded with cascade take along what is built on both",
        "events": [
            *begun("mal", "ana"),
            on("z", "cy", "mal-0", "ana-0"),
            say("e", "me", "exclude", "mal-0", cascade=True),
            say("f", "me", "exclude", "ana-0", cascade=True),
        ],
        "rank": {"me": 0},
        "out": {"mal-0": "my-word", "ana-0": "my-word", "z": "cascade"},
    },
    {
        "name": "a ban of the author takes nothing along",
        "events": [*TOWER, say("e", "me", "ban", "mal")],
        "rank": {"me": 0},
        "banned": ["mal"],
        "out": {"mal-0": "actor-my-word"},
    },
    {
        "name": "my include stops a cascade",
        "events": [
            *TOWER,
            say("e", "me", "exclude", "mal-0", cascade=True),
            say("f", "me", "include", "x"),
        ],
        "rank": {"me": 0},
        "out": {"mal-0": "my-word"},
    },
    {
        "name": "my exclude without cascade half way up does not stop one",
        "events": [
            *TOWER,
            say("e", "me", "exclude", "mal-0", cascade=True),
            say("f", "me", "exclude", "x"),
        ],
        "rank": {"me": 0},
        "out": {"mal-0": "my-word", "x": "my-word", "y": "cascade"},
    },
    {
        "name": "votes for a cascade are tallied apart",
        "events": [
            *TOWER,
            say("a", "me", "adopt", "cy"),
            say("b", "me", "adopt", "di"),
            say("e", "cy", "exclude", "mal-0", cascade=True),
            say("f", "di", "exclude", "mal-0"),
        ],
        "policy": {"threshold": 2},
        "rank": {"me": 0, "cy": 1, "di": 1},
        "out": {"mal-0": "tally"},
    },
    {
        "name": "two votes for a cascade reach the threshold",
        "events": [
            *TOWER,
            say("a", "me", "adopt", "cy"),
            say("b", "me", "adopt", "di"),
            say("e", "cy", "exclude", "mal-0", cascade=True),
            say("f", "di", "exclude", "mal-0", cascade=True),
        ],
        "policy": {"threshold": 2},
        "rank": {"me": 0, "cy": 1, "di": 1},
        "out": {"mal-0": "tally", "x": "cascade", "y": "cascade"},
    },
    {
        "name": "an include by another branch weighs against a cascade",
        "events": [
            *TOWER,
            say("a", "me", "adopt", "cy"),
            say("b", "me", "adopt", "di"),
            say("e", "cy", "exclude", "mal-0", cascade=True),
            say("f", "di", "include", "mal-0"),
        ],
        "rank": {"me": 0, "cy": 1, "di": 1},
        "out": {},
    },
    {
        "name": "an uphold asks for no cascade",
        "events": [
            *TOWER,
            say("a", "me", "adopt", "cy"),
            say("d", "cy", "dispute", "mal-0"),
            say("e", "cy", "uphold", "mal-0", dispute="d"),
        ],
        "rank": {"me": 0, "cy": 1},
        "out": {"mal-0": "tally"},
        "disputes": {"d": ["upheld", 1, "answered"]},
    },
    {
        "name": "nobody further than its author takes an event along, nor what is built on it",
        "events": [
            *TOWER,
            on("z", "mal", "mal-0"),
            say("a", "me", "adopt", "ana", depth=1),
            say("b", "ana", "adopt", "cy"),
            say("e", "cy", "exclude", "mal-0", cascade=True),
        ],
        "policy": {"max_depth": 2},
        "rank": {"me": 0, "ana": 1, "cy": 2},
        "out": {"mal-0": "tally", "z": "cascade"},
    },
    {
        "name": "what is taken along is so whatever its author took back",
        "events": [
            *TOWER,
            say("r", "ana", "retract", "x"),
            say("e", "me", "exclude", "mal-0", cascade=True),
        ],
        "rank": {"me": 0},
        "out": {"mal-0": "my-word", "x": "retracted", "y": "cascade"},
    },
]
