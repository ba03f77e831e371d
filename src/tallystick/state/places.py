"""Places: where ops act, as lists of segments in frames and as text for people.

    ("todos", "7f", "a/b")  ◄──►  "todos/7f/a~1b"        "~" is "~0", "/" is "~1" (RFC 6901)

The type of an op belongs to its place: a register and a counter at one path never touch.

**Law:** a place has one text and one list of segments, and each gives back the other.

Reads: errors. Read by: state.ops, views, replica.
Source: RFC 6901 (the two escapes).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tallystick.errors import BadInput

SEGMENTS_MAX: Final = 8
"""Collection, record, field and what is nested in it."""
SEGMENT_BYTES_MAX: Final = 200
PLACE_BYTES_MAX: Final = 1024
"""All segments together; a place is written in every op that acts there."""

_BAD_ESCAPE: Final = re.compile("~(?![01])")

Place = tuple[str, ...]


def fits(segments: Sequence[str]) -> bool:
    """Whether the segments are within the format's bounds."""
    if not 1 <= len(segments) <= SEGMENTS_MAX:
        return False
    total = 0
    for segment in segments:
        size = len(segment) if segment.isascii() else len(segment.encode())
        if not 1 <= size <= SEGMENT_BYTES_MAX:
            return False
        total += size
    return total <= PLACE_BYTES_MAX


def place_text(place: Sequence[str]) -> str:
    """A place as people write it.

    >>> place_text(("todos", "a/b"))
    'todos/a~1b'
    """
    return "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)


def parse_place(text: str) -> Place:
    """The segments of a place.

    Raises:
        BadInput: state/place, for an empty or too long segment, a bad escape, too many segments.
    """
    parts = text.split("/")
    if _BAD_ESCAPE.search(text):
        raise BadInput("state/place", expected="~0 for ~ and ~1 for /", got=repr(text[:80]))
    place = tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)
    try:
        good = fits(place)
    except UnicodeEncodeError:
        good = False
    if not good:
        raise BadInput(
            "state/place",
            expected=f"1 to {SEGMENTS_MAX} segments of 1 to {SEGMENT_BYTES_MAX} bytes, "
            f"{PLACE_BYTES_MAX} together",
            got=repr(text[:80]),
        )
    return place
