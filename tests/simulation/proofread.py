"""What must hold of texts, lists and records in a quiet: they read as plain lists say.

    history ─► the laws' World ─► tests/laws: every character in a tree, walked and filtered
                                  tests/laws: every field of a record put together by hand

Law: under every policy the state of ``texts`` and of a collection is the oracle's; what is in
memory is what the tables hold; who is named for a text wrote it.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from tests.laws import record_oracle, text_oracle
from tests.laws.world import Event
from tests.laws.world import World as Edits
from tests.simulation.explanations import policy_without
from tests.simulation.finding import Finding
from tests.simulation.person import Person
from tests.simulation.writing import LIST, RECORDS, TEXT, reads

from tallystick.errors import Ambiguous
from tallystick.event.ids import parse_cid
from tallystick.kernels import encode_item
from tallystick.replica.reading import Reading
from tallystick.state.ops import KIND
from tallystick.state.view import state_hash
from tallystick.state.views_texts import TextsView

VIEWS = ("texts", RECORDS)


class Pages(Edits):
    """What one replica holds, as the laws' oracles read it."""

    def __init__(self, one: Person) -> None:
        super().__init__()
        self.absent: dict[bytes, bool] = {}
        log = one.replica._log
        stored = {e.id: e for e in log.source.iter_rows(1, log.source.end_row())}
        history = {parse_cid(event.id): event for event in one.replica.history()}
        for id, e in sorted(stored.items(), key=lambda pair: pair[1].row):
            info = history[id]
            prev = parse_cid(info.prev) if info.prev else None
            parents = [*map(parse_cid, info.deps), *([prev] if prev else [])]
            kind = e.kind if e.void is None else "void"
            if e.content is None:
                self.absent[id] = e.erased
            self.events[id] = Event(
                id, e.author, e.seq, prev, (), e.lamport, e.time, kind, e.frame,
                bytes(e.content_size) if e.content is None else e.content,
            )  # fmt: skip
            self.past[id] = frozenset(parents).union(*(self.past[p] for p in parents))
        self.chain = cache(super().chain)  # type: ignore[method-assign]

    def expected(self, view: str, included: set[bytes]) -> Any:
        oracle = text_oracle if view == "texts" else record_oracle
        return oracle.state(self, included, self.absent)


def check_pages(one: Person, rng: Random) -> None:
    """Under one's own policy, and without one edit."""
    pages = Pages(one)
    check_reading(one, pages, one.replica.reading())
    edits = sorted(id for id, event in pages.events.items() if event.kind == KIND)
    for id in rng.sample(edits, min(1, len(edits))):
        check_reading(one, pages, one.replica.under(policy_without(one, id)))
    check_tables(one)
    check_blame(one)


def check_reading(one: Person, pages: Pages, reading: Reading) -> None:
    """Both views are the oracle's."""
    included = {id for id, e in pages.events.items() if e.kind != "void" and reading.counts(id)}
    for name in VIEWS:
        found, expected = state_of(reading, name), pages.expected(name, included)
        if encode_item(found, floats=True) != encode_item(expected, floats=True):
            raise Finding("diverged", f"r{one.number}: {name} reads {found}, and not {expected}")


def state_of(reading: Reading, name: str) -> Any:
    reading._ready(name)
    with reading.log.store.read():
        view, db = reading._find(name)
        return view.state(db)


def check_tables(one: Person) -> None:
    """Out of the tables, with nothing in memory, a text is what it is in memory."""
    log = one.replica._log
    view = log.views.get("texts")
    assert isinstance(view, TextsView)
    with log.store.read():
        held = state_hash(view, log.store.db)
        view.kept.forget()
        if state_hash(view, log.store.db) != held:
            raise Finding("corrupt", f"r{one.number}: the tables hold another text than memory")


def check_blame(one: Person) -> None:
    """Whoever is named for a stretch wrote it, and the stretches are the text."""
    replica = one.replica
    for place in (TEXT, LIST):
        if not reads(one, place):
            continue
        try:
            runs = list(replica.blame(place))
        except Ambiguous:  # a liar made the place one of two types
            continue
        if place == TEXT and "".join(run.said for run in runs) != reads(one, TEXT):
            raise Finding("explained", f"r{one.number}: the stretches of {place} are not the text")
        for run in runs:
            if not replica.reading().counts(parse_cid(run.event)):
                raise Finding("explained", f"r{one.number}: {run} does not count")
