"""Published editing traces: hours of real typing, alone and together, end where they ended.

The compiled kernel types whole traces, the reference the first tenth of the shorter ones. Without
the folder of traces there is nothing to do.
"""

from __future__ import annotations

import heapq
import random

import pytest
from bench.__main__ import data_folder
from bench.traces import Update, acquaint, find_traces, joined, load_trace, typed

from tallystick import kernels
from tallystick.kernels import Sequence
from tallystick.kernels.stream import DELETE, Run
from tallystick.state.snapshot import open_snapshot, write_snapshot

TRACES = find_traces(data_folder(None))
NATIVE = kernels.active_name == "native"
SHARE = 1 if NATIVE else 0.1
LONG = {"automerge-paper": 1 if NATIVE else 0.01}
SEQUENTIAL = [
    pytest.param("automerge-paper", marks=pytest.mark.slow),
    "friendsforever_flat",
    "json-crdt-blog-post",
    "json-crdt-patch",
    "sveltecomponent",
    *(["egwalker", "rustcode"] if NATIVE else []),  # they begin with a hundred thousand characters
]
ORDERS = 2 if NATIVE else 1
pytestmark = pytest.mark.skipif(not TRACES, reason="the editing traces are not at hand")


def trace_of(name):
    trace = load_trace(TRACES[name])
    share = LONG.get(name, SHARE)
    return trace if share == 1 else trace.part(share)


def spliced(trace):
    """List and splice."""
    text = []
    for txn in trace.txns:
        for position, deleted, new in txn.patches:
            text[position : position + deleted] = new
    return "".join(text)


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_what_one_person_typed_ends_in_the_recorded_text(name):
    trace = trace_of(name)
    sequence = acquaint(Sequence(), trace)
    for number, txn in enumerate(trace.txns, 1):
        sequence.begin(number, txn.author, txn.seq)
        for position, deleted, new in txn.patches:
            sequence.edit(position, deleted, new)
    assert sequence.text() == (trace.end or spliced(trace))
    snapshot = open_snapshot(write_snapshot(sequence))
    again = acquaint(Sequence(), trace)
    snapshot.fill(again)
    assert snapshot.text() == again.text() == sequence.text()
    assert again.save() == sequence.save()


@pytest.fixture(scope="module", params=["friendsforever", "git-makefile"])
def together(request):
    """A trace of many authors, the sequence they typed into, and what they sent."""
    trace = trace_of(request.param)
    sequence = acquaint(Sequence(), trace)
    updates = list(typed(trace, sequence))
    return trace, sequence, updates


def delivered(trace, updates, seed):
    """The updates in another order, parents first, numbered as they arrive."""
    rng, numbers, found = random.Random(seed), {}, []
    waiting = [len(set(txn.parents)) for txn in trace.txns]
    children = [[] for _ in trace.txns]
    for n, txn in enumerate(trace.txns):
        for parent in set(txn.parents):
            children[parent].append(n)
    ready = [(rng.random(), n) for n, count in enumerate(waiting) if not count]
    while ready:
        _, n = heapq.heappop(ready)
        old, number = updates[n], len(numbers) + 1
        numbers[old.number] = number
        runs = tuple(new for run in old.runs for new in renumbered(run, numbers))
        found.append(Update(number, old.author, old.seq, runs, old.text))
        for child in children[n]:
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(ready, (rng.random(), child))
    assert len(found) == len(updates)
    return found, numbers


def renumbered(run, numbers):
    """A run's own event and those it names by other numbers; neighbours are none any more."""

    def named(name):
        return name and (numbers[name[0]], name[1])

    if run.inserts:
        yield run._replace(event=numbers[run.event], first=named(run.first), right=named(run.right))
        return
    for nth in range(run.count):
        yield Run(DELETE, numbers[run.event], run.index, 1, first=named(run.target(nth)))


def test_whatever_arrives_when_everybody_reads_the_same(together):
    trace, sequence, updates = together
    text = sequence.text()
    if trace.name == "friendsforever" and trace.end:
        assert text == trace.end  # nobody inserts at one place at once, so nobody may differ
    for seed in range(ORDERS):
        arrived, _ = delivered(trace, updates, seed)
        one = acquaint(Sequence(), trace)
        for update in arrived:
            one.merge(update.stream, update.text)
        whole = acquaint(Sequence(), trace)
        whole.merge(*joined(arrived))
        assert one.text() == whole.text() == text
        assert one.save() == whole.save()


def test_an_author_out_and_in_again_leaves_every_byte_as_it_was(together):
    trace, sequence, updates = together
    busiest = max(trace.authors, key=[txn.author for txn in trace.txns].count)
    events = trace.events_of(busiest)
    before = write_snapshot(sequence)
    shown = sequence.text_as(events)
    assert shown != sequence.text()
    sequence.count(events, on=False)
    assert sequence.text() == shown
    assert write_snapshot(sequence) != before
    sequence.count(events, on=True)
    assert write_snapshot(sequence) == before
    never = acquaint(Sequence(), trace)
    for update in updates:
        never.merge(update.stream, update.text, counted=update.author != busiest)
    assert never.text() == shown
