"""Void rules of the kinds that make up a log itself, and the content that names one.

    log/create   frame empty; content {name: text, purpose: text}: the genesis event
    log/merge    both parts empty: it joins heads and says nothing

Law: void is decided by header and frame; a genesis event whose content reads badly still makes its
log, which is then named by its id alone.

Reads: kernels, errors. Read by: chain.rules, replica.
Source: spec/packs.md.
"""

from __future__ import annotations

from typing import Final

from tallystick.event.absent import Absent, Bad
from tallystick.event.event import read_part
from tallystick.kernels import encode_item

CREATE: Final = "log/create"
MERGE: Final = "log/merge"
LOG_KINDS: Final = frozenset({CREATE, MERGE})


def void_log(kind: str, *, frame: bytes, content_size: int) -> str | None:
    """void/frame when a log/* event breaks its kind's rule; None otherwise, and for other kinds."""
    broken = kind in LOG_KINDS and bool(frame)
    broken = broken or (kind == MERGE and content_size > 0)
    return "void/frame" if broken else None


def log_content(name: str, purpose: str = "") -> bytes:
    """The content of a genesis event."""
    return encode_item({"name": name, "purpose": purpose})


def read_log_content(content: bytes) -> tuple[str, str] | Absent:
    """Name and purpose of a log, or ``Bad``."""
    match read_part(content, floats=True):
        case {"name": str(name), "purpose": str(purpose)}:
            return name, purpose
        case _:
            return Bad
