"""Texts that are measured: published traces, typed once, as saved bytes, a whole, and updates.

    trace ──► typed by all its authors ──► updates of an event each, joined into one stream
                                      └──► a sequence, saved

Where the traces are not at hand, and for growth, a text is made up: words typed and deleted at
random places by authors who take turns.

Law: what is measured was checked: it reads as the trace's end, where the recorder and we cannot
differ.

Reads: bench.traces, kernels, state.snapshot. Read by: bench.text.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.peers import Peers
from bench.traces import (
    AMBIGUOUS,
    Trace,
    Txn,
    Update,
    acquaint,
    find_traces,
    joined,
    lacking,
    load_trace,
    typed,
)

from tallystick.kernels import Sequence
from tallystick.state.snapshot import write_snapshot

SMALLEST = 19
"""zstd's level where bytes count and time does not."""
WORD = 5
"""Characters of one patch in a text that is made up."""


@dataclass
class Text:
    """One trace, typed; whatever is asked of it is made once."""

    trace: Trace
    peers: Peers
    folder: Path
    _prepared: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The trace's."""
        return self.trace.name

    @cached_property
    def _typed(self) -> tuple[Any, list[Update]]:
        sequence = Sequence()
        updates = list(typed(self.trace, sequence))
        if self.trace.end is not None and self.name not in AMBIGUOUS:
            assert sequence.text() == self.trace.end, self.name
        return sequence, updates

    @property
    def sequence(self) -> Any:
        """With everything in it that was typed."""
        return self._typed[0]

    @property
    def updates(self) -> list[Update]:
        """Of one event each."""
        return self._typed[1]

    @cached_property
    def whole(self) -> tuple[bytes, str]:
        """All events as one stream, and its text."""
        return joined(self.updates)

    @cached_property
    def saved(self) -> bytes:
        """As a store would keep it."""
        return write_snapshot(self.sequence)

    @cached_property
    def smallest(self) -> bytes:
        """The same, packed as well as can be."""
        return write_snapshot(self.sequence, level=SMALLEST)

    def fresh(self) -> Any:
        """An empty sequence that knows the authors."""
        return acquaint(Sequence(), self.trace)

    def ask(self, peer: str, do: str, **given: Any) -> dict[str, Any] | None:
        """What a peer answers that typed the same; None if it is not here."""
        if peer not in self._prepared:
            prepare = {"of": self.name, "path": str(self._file)}
            self._prepared[peer] = self.peers.ask(peer, "prepare", **prepare)
        if do == "prepare" or self._prepared[peer] is None:
            return self._prepared[peer]
        return self.peers.ask(peer, do, of=self.name, **given)

    @cached_property
    def _file(self) -> Path:
        """The trace as peers read it (``peers/texts.py``)."""
        txns = [
            {"author": txn.author, "parents": txn.parents, "lacks": lacks, "patches": txn.patches}
            for txn, lacks in lacking(self.trace)
        ]
        path = self.folder / f"{self.name}.json"
        path.write_text(json.dumps({"txns": txns}), encoding="utf-8")
        return path


class Texts:
    """The published traces of a folder.

    Args:
        patches: of the longest; the beginning of longer ones is taken, a tenth of it made up.
    """

    def __init__(self, folder: Path, peers: Peers, data: Path | None, patches: int) -> None:
        self._folder = folder
        self._peers = peers
        self._files = find_traces(data)
        self._most = patches
        self._known: dict[str, Text] = {}

    def named(self, name: str) -> Text:
        """A published one; a small one that is made up where it is not at hand."""
        if name not in self._known:
            file = self._files.get(name)
            made = made_up(min(self._most // 10, 20_000), authors=2, name=f"{name} (made up)")
            self._known[name] = self.of(made if file is None else load_trace(file))
        return self._known[name]

    def of(self, trace: Trace) -> Text:
        """Any, in ASCII, not longer than asked for."""
        if trace.patches > self._most:
            trace = trace.part(self._most / trace.patches)
        return Text(trace.in_ascii(), self._peers, self._folder)


def made_up(patches: int, *, authors: int, name: str = "made up", seed: int = 1) -> Trace:
    """Words at random places by authors in turn; every tenth patch deletes one instead."""
    draw, length, txns = random.Random(seed), 0, []
    for n in range(patches):
        author, seq = n % authors, n // authors
        position = draw.randrange(length + 1)
        deleted = min(WORD, length - position) if n % 10 == 9 else 0
        word = "" if deleted else "".join(draw.choices("abcdefgh ", k=WORD))
        length += len(word) - deleted
        txns.append(Txn((n - 1,) * (n > 0), author, seq, ((position, deleted, word),)))
    return Trace(name, tuple(txns), None)
