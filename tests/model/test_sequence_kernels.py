"""Both kernels' sequences, hand in hand: every method, good calls and bad ones, damaged streams.

one  ── merge, count, edit, load... ──► value or exception, text, names, saved bytes
other ───────── the same ─────────────► the same
"""

from __future__ import annotations

import importlib
import os
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.kernels import loader, reference
from tallystick.kernels.stream import (
    DELETE,
    DELETE_BACK,
    LEFT_OF,
    RIGHT_OF,
    Run,
    Span,
    write,
)

WHY_NOT = loader.native_fault()
REQUIRED = os.environ.get("TALLYSTICK_REQUIRE_NATIVE") == "1"
pytestmark = [
    pytest.mark.skipif(WHY_NOT is not None and not REQUIRED, reason=str(WHY_NOT)),
    pytest.mark.one_kernel("both are called here, whichever is active"),
]

AUTHORS = 3
LETTERS = "abcdefghij"
WIDE = "abc€𝄞\x00é"
FAR = (0, 1, 2**31, 2**32, 2**40, 2**61, 2**62 - 1, 2**62, 2**63, 2**64 - 1, 2**64, 2**70, -1)


def native():
    if WHY_NOT is not None:
        pytest.fail(WHY_NOT)
    return importlib.import_module("tallystick.kernels.native")


def outcome(call):
    """What a call says: a value, or which exception."""
    try:
        return call()
    except (ValueError, IndexError, KeyError) as error:
        kinds = ValueError, IndexError, KeyError
        return next(kind for kind in kinds if isinstance(error, kind))


class Twins:
    """A sequence of each kernel; what is done to one is done to the other, and compared."""

    def __init__(self, rng, letters):
        self.rng, self.letters = rng, letters
        self.kernels = (reference, native())
        self.both = [kernel.Sequence() for kernel in self.kernels]
        for author in range(AUTHORS):
            self.do("author", author, bytes([author % 2]), bytes([author]))
        self.event = 0  # the next one

    def do(self, method, *args, **named):
        one, other = (outcome(lambda s=s: getattr(s, method)(*args, **named)) for s in self.both)
        assert one == other, (method, args, named)
        return one

    def compare(self):
        one, other = self.both
        assert one.all_ids() == other.all_ids()
        assert one.text() == other.text()
        assert (len(one), one.total) == (len(other), other.total)
        assert one.save() == other.save()

    # --- what there is to be done ---

    def name(self):
        """A character that is here, more often than not."""
        names = self.both[0].all_ids()
        if not names or self.rng.random() < 0.1:
            return self.rng.choice([None, (self.event + 5, 0), (0, 2**40), (2**61, 3)])
        event, index, many, _ = self.rng.choice(names)
        return event, index + self.rng.randrange(many)

    def text_of(self, count):
        return "".join(self.rng.choices(self.letters, k=count))

    def stream(self):
        """A stream of later events, and the text of its inserts."""
        rng, spans, runs, text = self.rng, [], [], ""
        for _ in range(rng.randrange(1, 4)):
            span = Span(self.event + rng.randrange(3), rng.randrange(1, 7), rng.randrange(AUTHORS),
                        rng.randrange(5))  # fmt: skip
            self.event = span.end
            spans.append(span)
            at = span.event, 0
            while at[0] < span.end and rng.random() < 0.8:
                run = self.run(span, at)
                runs.append(run)
                at = run.stop
                if run.inserts:
                    text += self.text_of(run.count)
                if rng.random() < 0.3:
                    at = at[0] + 1, 0
        return write(spans, runs), text

    def run(self, span, at):
        rng = self.rng
        each = rng.random() < 0.5
        count = rng.randrange(1, (span.end - at[0] if each else 5) + 1)
        kind = rng.choice([RIGHT_OF] * 3 + [LEFT_OF, DELETE, DELETE_BACK])
        first = self.name() if rng.random() < 0.7 else (at[0], max(0, at[1] - 1))
        if kind >= DELETE:
            first, step = first or (0, 0), rng.random() < 0.5
            back = first[0] if step else first[1]
            kind = DELETE if count - 1 > back else kind
            return Run(kind, *at, count, each=each, first=first, step=step)
        following = kind == RIGHT_OF and rng.random() < 0.2
        right = self.name() if kind == RIGHT_OF and not following else None
        return Run(kind, *at, count, each=each, first=first, right=right, next=following)

    def ranges(self):
        some = range(self.rng.randrange(4))
        return [(self.rng.randrange(self.event + 2), self.rng.randrange(6)) for _ in some]

    def merge(self):
        stream, text = self.stream()
        if self.rng.random() < 0.2:  # a damaged one before it: nothing is taken in
            before = self.both[0].save()
            if self.do("merge", damaged(self.rng, stream), text) is None:
                self.event = max([self.event, *(span.end for span in self.both[0]._spans)])
                return
            assert self.both[0].save() == before
        self.do("merge", stream, text, counted=self.rng.random() < 0.8)

    def begin(self):
        event = self.event + self.rng.randrange(2)
        said = self.do("begin", event, self.rng.randrange(AUTHORS), self.rng.randrange(9),
                       self.rng.choice([0, 0, 0, 5]))  # fmt: skip
        self.event = event + 1 if said is None else self.event

    def edit(self):
        shown = len(self.both[0])
        position = self.rng.randrange(shown + 1) if self.rng.random() < 0.9 else shown + 1
        deleted = min(self.rng.choice([0, 0, 1, 1, 4]), max(0, shown - position))
        outside = [self.rng.randrange(self.event + 2) for _ in range(self.rng.randrange(4))]
        self.do("gap", position)
        self.do("plan", position, deleted, outside)
        self.do("edit", position, deleted, self.text_of(self.rng.randrange(4)), outside)

    def edit_many(self):
        rng, shown, edits, text = self.rng, len(self.both[0]), [], ""
        for _ in range(rng.randrange(6)):
            position = rng.randrange(shown + 1)
            deleted = min(rng.choice([0, 0, 1, 3]), shown - position)
            count = rng.randrange(4)
            edits.append((position, deleted, count))
            text += self.text_of(count)
            shown += count - deleted
        if edits and rng.random() < 0.2:
            edits[-1] = shown + 9, 0, edits[-1][2]
        columns = list(zip(*edits, strict=True)) or [(), (), ()]
        self.do("edit_many", *(struct.pack(f"<{len(c)}I", *c) for c in columns), text)

    def read(self):
        shown = len(self.both[0])
        start = self.rng.randrange(-2, shown + 2)
        self.do("ids", start, start + self.rng.randrange(-1, 9))
        self.do("position", *(self.name() or (1, 1)))
        self.do("text_as", self.ranges())
        self.do("written", self.rng.randrange(self.event + 1))
        self.do("set_text", *(self.name() or (1, 1)), self.text_of(self.rng.randrange(3)))

    def count(self):
        self.do("count", self.ranges(), on=self.rng.random() < 0.5)

    def reload(self):
        """Save and load; each loads what the other one saved."""
        saved = self.both[0].save()
        authors = [(a, bytes([a % 2]), bytes([a])) for a in range(AUTHORS)]
        fresh = [kernel.Sequence() for kernel in self.kernels]
        for sequence in fresh:
            for author in authors:
                sequence.author(*author)
            sequence.load(*saved)
            assert (sequence.text(), len(sequence)) == (saved[1], len(saved[1]))
            assert sequence.save() == saved
        self.both = fresh if self.rng.random() < 0.5 else [one.clone() for one in self.both]

    def bad(self):
        far, rng = self.rng.choice(FAR), self.rng
        self.do("plan", far, 0)
        self.do("plan", 0, far or 2**40)
        self.do("position", far, far)
        self.do("gap", far)
        self.do("plan", 0, 0, [far])
        self.do("ids", far, far)
        self.do("count", [(far, rng.choice(FAR))], on=rng.random() < 0.5)
        self.do("text_as", [(far, rng.choice(FAR))])
        self.do("begin", self.event, 99, far)
        self.do("edit", far or 2**40, 0, "x")
        self.do("edit", 0, 0, "x\ud800")
        self.do("edit_many", b"\0\0\0\0", b"", b"", "")
        self.do("edit_many", b"\0\0\0", b"", b"", "")
        self.do("author", far + 7, b"k")
        self.do("written", far + 2**60)
        self.do("set_text", far, 2**62, "x")
        if rng.random() < 0.1:
            self.do("load", *self.both[0].save())


def damaged(rng, stream):
    data = bytearray(stream)
    for _ in range(rng.randrange(1, 3)):
        at = rng.randrange(len(data))
        roll = rng.randrange(4)
        if roll == 0:
            data[at] = rng.randrange(256)
        elif roll == 1:
            data[at:at] = bytes(rng.choice([0x80, 0xFF, 1]) for _ in range(rng.randrange(10)))
        elif roll == 2 and len(data) > 1:
            del data[at : at + rng.randrange(1, 3)]
        else:
            data += data[at:]
    return bytes(data) or b"\1"


STEPS = ("merge", "begin", "edit", "edit", "edit", "edit_many", "read", "count", "reload", "bad")


def walk(seed, steps, letters):
    twins = Twins(random.Random(seed), letters)
    for _ in range(steps):
        getattr(twins, twins.rng.choice(STEPS))()
        twins.compare()
    return twins


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), wide=st.booleans())
def test_both_kernels_say_the_same_whatever_is_done(seed, wide):
    walk(seed, 25, WIDE if wide else LETTERS)
