"""The targets of sequences: streams taken in on both kernels, and sequences that are kept."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.fuzz.engine import Target
from tests.fuzz.of_items import KERNELS, same

from tallystick.errors import CODES, BadInput
from tallystick.kernels import Sequence, reference
from tallystick.kernels.stream import Run, Span, read, write
from tallystick.state.snapshot import open_snapshot, write_snapshot

STREAM_CHARS_MAX = 300
"""More would only be slow."""


def stream(data: bytes) -> str:
    """Spans and runs that write the same ones; merged alike on both kernels, all or nothing."""
    try:
        spans, runs = read(data)
    except ValueError:
        spans, runs = [], []
    else:
        assert read(write(spans, runs)) == (spans, runs)
    count = min(STREAM_CHARS_MAX, sum(run.count for run in runs if run.inserts))
    text = "".join(chr(97 + nth % 26) for nth in range(count))
    return same([taken_in(kernel, data, text) for kernel in KERNELS])[0]


def taken_in(kernel: ModuleType, data: bytes, text: str) -> tuple[str, Any]:
    """What a sequence makes of a stream, and what it then saves."""
    sequence = kernel.Sequence()
    for author in range(4):
        sequence.author(author, bytes([author // 2]), bytes([author]))
    before = sequence.save()
    try:
        sequence.merge(data, text)
    except ValueError:
        assert sequence.save() == before
        return "sequence/stream", None
    saved = sequence.save()
    for some in ([(0, 2**61)], [(2, 5)]):
        without = sequence.text_as(some)
        sequence.count(some, on=False)
        assert sequence.text() == without
        sequence.count(some, on=True)
        assert sequence.save() == saved
    return f"ok {min(9, len(saved[0]) // 8)}", saved


def streams() -> list[bytes]:
    """A sentence that three people write."""
    sequence = reference.Sequence()
    for author in range(3):
        sequence.author(author, bytes([author]))
    for event in range(12):
        sequence.begin(event + event // 4, event % 3, event)
        sequence.edit(event * 7 % (len(sequence) + 1), 0, "abcde"[: 1 + event % 5])
        gone = min(event % 4, len(sequence))
        sequence.edit(len(sequence) - gone, gone, "")
    written = [write([Span(0, 9, 0, 0)], [Run(0, n, 0, 1)]) for n in range(3)]
    return [sequence.save()[0], *written]


def snapshot(data: bytes) -> str:
    """A kept sequence that is what it shows, and is kept again as itself, or a code."""
    sequence = Sequence()
    for author in range(3):
        sequence.author(author, bytes([author]))
    try:
        found = open_snapshot(data)
        shown = found.text()
        found.fill(sequence)
    except BadInput as error:
        assert error.code in CODES  # noqa: PT017
        return error.code
    try:
        saved = sequence.save()
    except ValueError:
        return "state/snapshot"
    assert sequence.text() == shown == saved[1]
    again = Sequence()
    for author in range(3):
        again.author(author, bytes([author]))
    open_snapshot(write_snapshot(sequence)).fill(again)
    assert again.save() == saved
    return f"ok {min(9, len(shown))}"


def snapshots() -> list[bytes]:
    """One of each level, and something that does not count."""
    sequence = Sequence()
    for author in range(3):
        sequence.author(author, bytes([author]))
    sequence.merge(streams()[0], "abc" * 11)
    sequence.count([(2, 3)], on=False)
    return [write_snapshot(sequence, level=level) for level in (1, 3, 19)]


TARGETS = (
    Target("sequence", stream, streams, ci_runs=400),
    Target("snapshot", snapshot, snapshots, ci_runs=600),
)
