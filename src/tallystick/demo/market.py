"""A street market, written by hand: a fraud, praise of oneself, a ban that divides people.

Ana has run the market for years. Ben and Cleo trust her, Dora trusts Ben. Mallory sells cameras
that never arrive and keeps three puppets who praise him. Ivo is liked by some and banned by
Cleo, whom Ana trusts: about him the market is of two minds.

Law: like every demo log it depends on these lines alone.

Reads: demo.otc (a rating is a rating). Read by: tour.
"""

from __future__ import annotations

from typing import Final

from tallystick.demo.otc import Rating

NAMESPACE: Final = "market"
NAME: Final = "street-market"
_DAY_MS: Final = 86_400_000
_FIRST_MS: Final = 1_262_304_000_000

STORY: Final = (
    ("Ana", "Ben", 8, "honest fruit, three years running"),
    ("Ben", "Ana", 9, "runs the place"),
    ("Ana", "Cleo", 8, "pays at once"),
    ("Cleo", "Ana", 8, "fair"),
    ("Cleo", "Ben", 5, "good bread"),
    ("Ben", "Dora", 4, "sews well"),
    ("Dora", "Ben", 9, "my best customer"),
    ("Puppet1", "Mallory", 10, "best camera ever"),
    ("Puppet2", "Mallory", 10, "wonderful man"),
    ("Puppet3", "Mallory", 10, "buy from Mallory"),
    ("Mallory", "Puppet1", 10, "great buyer"),
    ("Mallory", "Puppet2", 10, "great buyer"),
    ("Mallory", "Puppet3", 10, "great buyer"),
    ("Dora", "Mallory", 3, "cheap lens, came late"),
    ("Erik", "Mallory", -10, "paid, no camera"),
    ("Ben", "Mallory", -10, "my nephew paid too; no camera"),
    ("Mallory", "Ben", -10, "liar"),
    ("Mallory", "Erik", -10, "liar"),
    ("Puppet1", "Ana", -10, "unfair"),
    ("Dora", "Ivo", 6, "repaired my machine"),
    ("Ivo", "Dora", 6, "nice to work for"),
    ("Cleo", "Ivo", -10, "broke my scale and left"),
    ("Ivo", "Cleo", -10, "never paid me"),
    ("Ben", "Ivo", 2, "fine so far"),
    ("Erik", "Ana", 5, "listened to me"),
    ("Ana", "Erik", 3, "bought flowers"),
    ("Frida", "Ana", 7, "found my purse"),
    ("Frida", "Ivo", 3, "quick"),
    ("Ana", "Frida", 1, "new here"),
    ("Dora", "Cleo", 2, "polite"),
)
"""(who, whom, rating, why): a rating a day, in order."""
VIEWERS: Final = ("Ana", "Dora", "Mallory")


def ratings() -> list[Rating]:
    """The story as rows."""
    return [
        Rating(source, target, rating, _FIRST_MS + day * _DAY_MS)
        for day, (source, target, rating, _) in enumerate(STORY)
    ]
