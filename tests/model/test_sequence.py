"""A sequence against list and filter: many writers, bans, any order of arrival, made-up origins."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.sequence_world import Event, Reader, naive

from tallystick import kernels
from tallystick.kernels.stream import DELETE, LEFT_OF, RIGHT_OF

WRITERS = 4
LETTERS = "abcdefghijklmnopqrstuvwxyz€𝄞"


def history(rng, steps, *, hostile=False):
    """Events of some writers on replicas of their own, who let each other count as they please."""
    readers = [Reader(kernels) for _ in range(WRITERS)]
    events = []
    for _ in range(steps):
        who = rng.randrange(WRITERS)
        reader, seq = readers[who], sum(event.author == who for event in events)
        roll = rng.random()
        if roll < 0.15:
            others = [n for n in range(WRITERS) if n != who]
            reader.ban(frozenset(rng.sample(others, rng.randrange(3))))
        elif roll < 0.45:
            lacking = [e for e in events if e.name not in reader.here]
            fits = [e for e in lacking if e.past <= reader.here.keys()]
            for event in rng.sample(fits, min(len(fits), 3)):
                reader.take(event)
        elif hostile and roll < 0.65:
            event = made_up(rng, reader, who, seq)
            reader.take(event)
            events.append(event)
        else:
            events.append(reader.write(who, seq, edits(rng, len(reader.sequence))))
    return events


def edits(rng, length):
    """One to three edits that fit a text of a length."""
    found = []
    for _ in range(rng.randrange(1, 4)):
        position = rng.randrange(length + 1)
        deleted = min(rng.randrange(4), length - position) if rng.random() < 0.4 else 0
        text = "".join(rng.choices(LETTERS, k=rng.randrange(4)))
        found.append((position, deleted, text))
        length += len(text) - deleted
    return found


def made_up(rng, reader, who, seq):
    """An event whose references are no neighbours, and sometimes lead nowhere."""
    past, names = reader.past(who), reader.order()
    known = [name for name in names if name[0] in past] + [None, ((9, 9), 0)]
    ops, index = [], 0
    for _ in range(rng.randrange(1, 4)):
        kind = rng.choice([RIGHT_OF, RIGHT_OF, LEFT_OF, DELETE])
        first = rng.choice(known)
        if kind == DELETE:
            ops.append((DELETE, index, rng.randrange(1, 4), first or ((9, 9), 0), None))
            index += 1
        else:
            text = "".join(rng.choices(LETTERS, k=rng.randrange(1, 4)))
            right = rng.choice(known) if kind == RIGHT_OF else None
            ops.append((kind, index, text, first, right))
            index += len(text)
    return Event(who, seq, past, tuple(ops))


def arrive(rng, events):
    """The events in a random order that has each after its past."""
    waiting, here = list(events), set()
    while waiting:
        event = rng.choice([e for e in waiting if e.past <= here])
        waiting.remove(event)
        here.add(event.name)
        yield event


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), hostile=st.booleans())
def test_whatever_arrives_when_everybody_reads_what_list_and_filter_says(seed, hostile):
    rng = random.Random(seed)
    events = history(rng, 25, hostile=hostile)
    for _ in range(3):
        reader = Reader(kernels)
        for event in arrive(rng, events):
            if rng.random() < 0.3:
                reader.ban(frozenset(rng.sample(range(WRITERS), rng.randrange(3))))
            reader.take(event)
        text, order = naive(events, reader.out)
        assert reader.order() == order
        assert reader.sequence.text() == text
        assert len(reader.sequence) == len(text)
