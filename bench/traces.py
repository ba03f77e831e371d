"""Editing traces: what people typed, as published, and as events of a sequence.

    sequential   {startContent, endContent, txns: [{patches}]}
    concurrent   {kind, endContent, numAgents, txns: [{parents, numChildren, agent, patches}]}
    patch        [position, how many deleted, text], of code points; one after the other

Every txn is one event: of the one author, or of its agent, whose seq counts up; the event's number
is the txn's place in the file, from 1. A txn's positions are of the text its ancestors make, so one
sequence holds all that was written before, and of it counts what is in the txn's past.

Law: what comes out depends on the file and on the order of a sequence, not on the kernel.

Reads: kernels. Read by: bench.text, tests.
Source: https://github.com/josephg/editing-traces (README of each folder).
"""

from __future__ import annotations

import gzip
import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from tallystick.kernels.stream import Run, Span, write

Patch: TypeAlias = tuple[int, int, str]
FOLDER = "editing-traces"
AMBIGUOUS = frozenset({"git-makefile"})
"""Traces in which people insert at one place at once: every algorithm ends in a text of its own."""


class Txn(NamedTuple):
    """What one author wrote at once, after some others."""

    parents: tuple[int, ...]
    author: int
    seq: int
    patches: tuple[Patch, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A file's name, its txns, and the text that they end in (None of a part of a trace)."""

    name: str
    txns: tuple[Txn, ...]
    end: str | None

    @property
    def authors(self) -> set[int]:
        """Whoever wrote something."""
        return {txn.author for txn in self.txns}

    @property
    def patches(self) -> int:
        """How many there are."""
        return sum(len(txn.patches) for txn in self.txns)

    @property
    def concurrent(self) -> bool:
        """Whether somebody wrote without knowing all that was written before."""
        return any(txn.parents != (n - 1,) * (n > 0) for n, txn in enumerate(self.txns))

    def in_ascii(self) -> Trace:
        """The same with ``_`` for whatever is not ASCII: everybody counts characters alike then."""
        txns = (
            txn._replace(patches=tuple((at, gone, ascii_of(new)) for at, gone, new in txn.patches))
            for txn in self.txns
        )
        return Trace(self.name, tuple(txns), None if self.end is None else ascii_of(self.end))

    def events_of(self, author: int) -> list[tuple[int, int]]:
        """The numbers of an author's events: (first, how many)."""
        return _ranges(n for n, txn in enumerate(self.txns, 1) if txn.author == author)

    def part(self, share: float) -> Trace:
        """Its beginning: so much of the patches, whole txns but for the last one."""
        left, txns = int(self.patches * share), list[Txn]()
        for txn in self.txns:
            if left <= 0:
                break
            txns.append(txn._replace(patches=txn.patches[:left]))
            left -= len(txn.patches)
        return Trace(self.name, tuple(txns), None)


@dataclass(frozen=True, slots=True)
class Update:
    """One event as others receive it: what ``Sequence.merge`` takes."""

    number: int
    author: int
    seq: int
    runs: tuple[Run, ...]
    text: str

    @property
    def stream(self) -> bytes:
        """The bytes of it alone."""
        return write([Span(self.number, 1, self.author, self.seq)], self.runs)


def load_trace(path: Path) -> Trace:
    """A trace of either kind. Raises OSError, ValueError or KeyError: it is no trace."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        data = json.load(file)
    if data.get("startContent"):
        raise ValueError(f"{path.name}: begins with a text that nobody wrote")
    txns: list[Txn] = []
    seqs: dict[int, int] = {}
    for n, txn in enumerate(data["txns"]):
        author = txn.get("agent", 0)
        parents = tuple(txn.get("parents", [n - 1] if n else []))
        patches = tuple(map(tuple, txn["patches"]))
        txns.append(Txn(parents, author, seqs.get(author, 0), patches))
        seqs[author] = seqs.get(author, 0) + 1
    return Trace(path.name.partition(".")[0], tuple(txns), data["endContent"])


def find_traces(data: Path | None) -> dict[str, Path]:
    """Name of a trace -> its file, in the folder of data."""
    files = sorted((data / FOLDER).glob("*/*.json.gz")) if data else []
    return {path.name.partition(".")[0]: path for path in files}


def ascii_of(text: str) -> str:
    """With ``_`` for every other character."""
    return text if text.isascii() else "".join(c if c.isascii() else "_" for c in text)


def key_of(author: int) -> bytes:
    """Agents are told apart as the trace's recorder did: by their numbers."""
    return author.to_bytes(4, "big")


def acquaint(sequence: Any, trace: Trace) -> Any:
    """A sequence that knows all authors; the same one."""
    for author in trace.authors:
        sequence.author(author, key_of(author))
    return sequence


def typed(trace: Trace, sequence: Any) -> Iterator[Update]:
    """Let all authors write into an empty sequence, each seeing their past: the events they send.

    When all are taken, everything in the sequence counts.

    Where concurrent inserts come in another order than the recorder's, positions may lead beyond
    the text: they are cut to it, as other converters of these traces do.
    """
    acquaint(sequence, trace)
    outside: set[int] = set()
    for number, (txn, gone, back) in enumerate(_pasts(trace), 1):
        sequence.count(_ranges(gone), on=False)
        sequence.count(_ranges(back), on=True)
        outside |= gone
        outside -= back
        sequence.begin(number, txn.author, txn.seq)
        unseen = sorted(outside)
        for position, deleted, text in txn.patches:
            start = min(position, len(sequence))
            sequence.edit(start, min(deleted, len(sequence) - start), text, unseen)
        runs = tuple(run._replace(next=False) for run in sequence.written(number))
        text = "".join(patch[2] for patch in txn.patches)
        yield Update(number, txn.author, txn.seq, runs, text)
    sequence.count(_ranges(outside), on=True)


def joined(updates: Iterable[Update]) -> tuple[bytes, str]:
    """A whole history as one stream: runs that go on from each other are one."""
    spans: list[Span] = []
    runs: list[Run] = []
    texts: list[str] = []
    for update in updates:
        last = spans[-1] if spans else Span(0, 0, -1, 0)
        goes_on = (last.end, last.author, last.seq + last.count)
        if goes_on == (update.number, update.author, update.seq):
            spans[-1] = last._replace(count=last.count + 1)
        else:
            spans.append(Span(update.number, 1, update.author, update.seq))
            last = Span(0, 0, -1, 0)
        for run in update.runs:
            long = runs[-1].joined(run) if runs and runs[-1].event >= spans[-1].event else None
            if long is None:
                runs.append(run.normal())
            else:
                runs[-1] = long
        texts.append(update.text)
    return write(spans, runs), "".join(texts)


def lacking(trace: Trace) -> Iterator[tuple[Txn, list[int]]]:
    """Each txn with those before it that its author's replica has yet to hear of."""
    own: dict[int, tuple[int, ...]] = {}
    for n, txn in enumerate(trace.txns):
        _, lacks = _differing(trace, own.get(txn.author, ()), txn.parents)
        yield txn, [number - 1 for number in sorted(lacks)]
        own[txn.author] = (n,)


def _pasts(trace: Trace) -> Iterator[tuple[Txn, set[int], set[int]]]:
    """Each txn with the events before it that leave the past, and that come back to it."""
    at: tuple[int, ...] = ()
    for n, txn in enumerate(trace.txns):
        gone, back = _differing(trace, at, txn.parents)
        yield txn, gone, back
        at = (n,)


def _differing(
    trace: Trace, one: tuple[int, ...], other: tuple[int, ...]
) -> tuple[set[int], set[int]]:
    """Events in the past of one version alone, and of the other alone.

    Walks down from both until all that is left to look at is in both pasts.
    """
    marks: dict[int, int] = {}
    heap: list[int] = []
    alone = 0  # in the heap, of one past as far as is known

    def meet(txn: int, mark: int) -> None:
        nonlocal alone
        before = marks.get(txn)
        if before is None:
            heapq.heappush(heap, -txn)
        after = marks[txn] = (before or 0) | mark
        alone += (after != _BOTH) - (before is not None and before != _BOTH)

    for mark, version in ((1, one), (2, other)):
        for txn in version:
            meet(txn, mark)
    found: dict[int, set[int]] = {1: set(), 2: set()}
    while alone:
        txn = -heapq.heappop(heap)
        mark = marks[txn]
        if mark != _BOTH:
            alone -= 1
            found[mark].add(txn + 1)
        for parent in trace.txns[txn].parents:
            meet(parent, mark)
    return found[1], found[2]


_BOTH = 3


def _ranges(events: Iterable[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for event in sorted(events):
        if found and sum(found[-1]) == event:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((event, 1))
    return found
