"""Two sessions in one process: store to store, without a socket or a loop.

    endpoint a ◄─ Session a ──► queue ──► Session b ─► endpoint b
                      ▲                       │
                      └──────── queue ◄───────┘

Law: the same bytes cross as on any other transport, in the same order; one message is delivered
at a time, so a run is reproducible and may be cut between any two messages.

Reads: sync.session, sync.holdings. Read by: replica, testing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tallystick.sync.holdings import Endpoint
from tallystick.sync.meter import Report
from tallystick.sync.session import Session, Step

Progress = Callable[[Report], None]
"""Called after every message this side has taken in."""


@dataclass(slots=True)
class End:
    """One end of a pipe: a session, the store behind it, and what is on its way to it."""

    session: Session
    endpoint: Endpoint
    inbox: deque[bytes] = field(default_factory=deque)
    done: bool = False


class Pipe:
    """Carries messages between two sessions.

    Args:
        first: the initiator's end.
        second: the responder's end.
        progress: told about the initiator's side.
    """

    def __init__(self, first: End, second: End, *, progress: Progress | None = None) -> None:
        self.first = first
        self.second = second
        self._progress = progress
        self._take(first, second, first.session.start())

    def deliver(self) -> bool:
        """Delivers one message, the responder's first; False when none is on its way."""
        for end, other in ((self.second, self.first), (self.first, self.second)):
            if end.inbox:
                self._take(end, other, end.session.receive(end.inbox.popleft()))
                if end is self.first and self._progress is not None:
                    self._progress(end.session.report())
                return True
        return False

    def run(self) -> tuple[Report, Report]:
        """Delivers until nobody has anything to say: both are done, or both stay live."""
        while self.deliver():
            pass
        return self.first.session.report(), self.second.session.report()

    def cut(self) -> tuple[Report, Report]:
        """The pipe breaks: what is on its way is lost."""
        for end in (self.first, self.second):
            end.inbox.clear()
            end.session.lost()
            end.done = True
        return self.first.session.report(), self.second.session.report()

    def act(self, end: End, step: Step) -> None:
        """Carries out a step that was not caused by a message: a push, a close."""
        self._take(end, self.second if end is self.first else self.first, step)

    def _take(self, end: End, other: End, step: Step) -> None:
        while True:
            if not other.done:
                other.inbox.extend(step.send)
            if step.done:
                end.done = True
            if step.slices is None:
                return
            log = end.session.log
            assert log is not None, "slices come after the log is known"
            outcome = end.endpoint.receive(log, step.slices, end.session.peer)
            step = end.session.ingested(outcome)


def run_pair(
    first: Session,
    first_endpoint: Endpoint,
    second: Session,
    second_endpoint: Endpoint,
    *,
    progress: Progress | None = None,
) -> tuple[Report, Report]:
    """Runs two sessions against each other to their end; reports of both, the initiator's first."""
    pipe = Pipe(End(first, first_endpoint), End(second, second_endpoint), progress=progress)
    return pipe.run()
