"""Undo and redo of one's own edits, by taking them back and restoring them.

    own chain, in order   edit edit · edit · retract retract · restore ...
    groups of edits        [a b]     [c]                          undone: those to be redone

There are no inverse edits: an undone edit does not count, and what others wrote stays as it is. All
is worked out from the chain, so it goes on after the store was closed; only groups that were made
with ``group`` are then told apart by their times, as all others are.

Law: nothing but one's own edits is ever named, and whatever was undone can be found in the history.

Reads: replica.{openlog, names, saying}, policy. Read by: replica.reads.
Source: state.md of the specification, "Time and undo".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from tallystick.errors import BadInput
from tallystick.event.ids import cid_texts
from tallystick.policy import Say
from tallystick.policy import say as says
from tallystick.policy.statement import parse_statement
from tallystick.replica.arguments import checked
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.saying import resolve, to_row
from tallystick.state.ops import KIND as EDIT
from tallystick.store.rows import EventRow

GROUP_MS: Final = 300
"""Edits closer together than this are one step."""
_OPPOSITE: Final = {"retract": "restore", "restore": "retract"}


@checked
class UndoManager:
    """Steps back and forth through one's own edits. Made by ``replica.undo_manager``.

    Args:
        log: id of a log -> it, as it is now; None -> that which is meant, None while there is none.
        group_ms: edits whose claimed times are closer than this are one step; 0: each is its own.
    """

    def __init__(
        self, log: Callable[[bytes | None], OpenLog | None], names: Names, *, group_ms: int
    ) -> None:
        self._log_now, self._names, self._group_ms = log, names, group_ms
        self._log: bytes | None = None  # that of all steps, once there is one
        self._seen: dict[int, int] = {}  # line -> how many of its events were looked at
        self._groups: list[list[bytes]] = []
        self._group_of: dict[bytes, int] = {}
        self._out: set[bytes] = set()  # edits that are taken back
        self._undone: list[list[bytes]] = []  # steps to be redone, the next one last
        self._words: dict[bytes, tuple[str, bytes]] = {}  # own retracts and restores
        self._last_ms = 0
        self._apart = True  # the next edit begins a group
        self._together = False  # inside ``group``
        self._look()

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to be undone."""
        self._look()
        return any(not self._out.issuperset(group) for group in self._groups)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to be redone."""
        self._look()
        return bool(self._undone)

    def undo(self, steps: int = 1) -> tuple[str, ...]:
        """Takes the last steps back, as one commit; ids of the edits, the newest first.

        None are there when there is nothing to undo. Cost: the groups since; once, the own chain.

        Raises:
            BadInput: usage/argument, for less than one step. KeyNeeded.
        """
        self._look(steps)
        found: list[bytes] = []
        for group in reversed(self._groups):
            live = [id for id in reversed(group) if id not in self._out]
            found += live
            steps -= bool(live)
            if not steps:
                break
        return self._say([says.retract(id) for id in found], found)

    def redo(self, steps: int = 1) -> tuple[str, ...]:
        """Restores what was undone last, as one commit; ids of the edits, the oldest first.

        None are there when nothing was undone since one's last edit.

        Raises:
            BadInput: usage/argument, for less than one step. KeyNeeded.
        """
        self._look(steps)
        found = [id for step in self._undone[-1 : -steps - 1 : -1] for id in reversed(step)]
        return self._say([says.restore(id) for id in found], found)

    @contextmanager
    def group(self) -> Iterator[None]:
        """Edits made within are one step, however long they take: ``with undo.group(): ...``."""
        self._look()
        outer, self._together = self._together, True
        self._apart = self._apart or not outer
        try:
            yield
        finally:
            self._look()
            self._together = outer
            self._apart = self._apart or not outer

    # --- inside -----------------------------------------------------------------------------------

    def _say(self, sayings: list[Say], ids: list[bytes]) -> tuple[str, ...]:
        log = self._log_now(self._log)
        if log is None or not ids:
            return ()
        log.append([to_row(resolve(one, log, self._names)) for one in sayings])
        self._look()
        return tuple(cid_texts(b"".join(ids)))

    def _look(self, steps: int = 1) -> None:
        """Take in what was written since, here or by another process."""
        if steps < 1:
            raise BadInput("usage/argument", where="steps", expected="1 or more", got=steps)
        log = self._log_now(self._log)
        if log is None:
            return
        self._log = log.id
        new: list[EventRow] = []
        for line in log.store.lines(log.no, log.owner.public):
            begin = self._seen.get(line.no, line.first_seq)
            if begin < line.size:
                new += log.store.iter_events(log.store.ranges(line.no, begin, line.size))
                self._seen[line.no] = line.size
        for event in sorted(new, key=lambda one: (one.lamport, one.seq, one.id)):
            if event.void is not None:
                continue
            if event.kind == EDIT:
                self._edited(event)
            elif event.kind.startswith("trust/"):
                self._said(event)

    def _edited(self, event: EventRow) -> None:
        near = self._together or abs(event.time - self._last_ms) < self._group_ms
        if self._apart or not near:
            self._groups.append([])
        self._groups[-1].append(event.id)
        self._group_of[event.id] = len(self._groups) - 1
        self._last_ms, self._apart = event.time, False
        self._undone.clear()

    def _said(self, event: EventRow) -> None:
        found = parse_statement(
            event.kind, event.frame, id=event.id, voter=event.author, seq=event.seq
        )
        if isinstance(found, str):
            return
        verb, target = found.verb, found.target
        if verb == "withdraw":
            verb, target = self._words.get(target, ("", target))
            verb = _OPPOSITE.get(verb, "")
        if verb not in _OPPOSITE or target not in self._group_of:
            return
        self._words[event.id] = verb, target
        self._apart = True
        if verb == "retract" and target not in self._out:
            self._out.add(target)
            last = self._undone[-1] if self._undone else None
            if last is not None and self._group_of[last[-1]] == self._group_of[target]:
                last.append(target)
            else:
                self._undone.append([target])
        elif verb == "restore":
            self._out.discard(target)
            left = ([id for id in step if id != target] for step in self._undone)
            self._undone = [step for step in left if step]
