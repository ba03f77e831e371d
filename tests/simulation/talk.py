"""One end of one session: the production ``Session`` on a wire, driven as ``sync.driver`` does it.

    wire ── message ──► mouth? ──► Session.receive ──► Step ─┬─► mouth? ──► wire
                                        ▲                    └─► endpoint.receive(slices) ─┐
                                        └────────────── Session.ingested(outcome) ◄────────┘

Law: one message is taken in before the next; silence for ``SYNC_IDLE_SECONDS`` ends a session that
waits, and not a live one. What a store refuses ends the session and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.simulation.network import Wire
from tests.simulation.timeline import SECOND_MS, Timeline

from tallystick.chain.slice import Slice
from tallystick.errors import StoreError
from tallystick.limits import SYNC_IDLE_SECONDS
from tallystick.sync import messages as m
from tallystick.sync.holdings import Endpoint
from tallystick.sync.session import Session, State, Step

IDLE_MS = int(SYNC_IDLE_SECONDS) * SECOND_MS
Mouth = Callable[["Talk", bytes], list[bytes]]
"""What is really sent in place of what the session says."""


class Talk:
    """Args:
    mouth: None says what the session says.
    note: told of everything worth a line in the trace, if there is one.
    failed: told when the store behind it refused.
    over: told once, when it has ended.
    """

    def __init__(
        self,
        timeline: Timeline,
        wire: Wire,
        session: Session,
        endpoint: Endpoint,
        *,
        note: Callable[[str], None] | None,
        failed: Callable[[StoreError], None],
        over: Callable[[Talk], None],
        mouth: Mouth | None = None,
    ) -> None:
        self.session = session
        self.wire = wire
        self.done = False
        self.delivered = 0
        self.pushed = False
        """Whether the production pusher knows of it."""
        self._timeline = timeline
        self._endpoint = endpoint
        self._note, self._failed, self._over = note, failed, over
        self._mouth = mouth
        self._last = timeline.now
        wire.received, wire.ended = self.receive, self.lost
        self._watch()

    @property
    def peer(self) -> int:
        return self.wire.there

    @property
    def live(self) -> bool:
        return not self.done and self.session.state is State.LIVE

    # --- what happens to it -----------------------------------------------------------------------

    def start(self) -> None:
        self._do(self.session.start)

    def receive(self, data: bytes) -> None:
        self._last = self._timeline.now
        self.delivered += 1
        self._do(lambda: self.session.receive(data))

    def push(self, slices: Sequence[Slice]) -> None:
        """As ``sync.driver.Driver`` has it: the production pusher calls this."""
        self._do(lambda: self.session.push(slices))

    def close(self) -> None:
        self._do(self.session.close)

    def say(self, data: bytes) -> None:
        """Sends what no session said."""
        self.wire.send(data)

    def lost(self) -> None:
        """The wire broke, or the other end has closed it."""
        if not self.done:
            self.session.lost()
            self._end()

    def cut(self) -> None:
        """This end disappears."""
        self.wire.cut()
        self.lost()

    # --- inside -----------------------------------------------------------------------------------

    def _do(self, act: Callable[[], Step]) -> None:
        """One step and all that follows from it."""
        if self.done:
            return
        try:
            self._perform(act())
        except StoreError as error:
            if self._note is not None:
                self._note(f"!{error.code}")
            self.cut()
            self._failed(error)

    def _perform(self, step: Step) -> None:
        while True:
            for message in step.send:
                if self._note is not None:
                    self._note(f">{self.peer} {named(message)}")
                for data in [message] if self._mouth is None else self._mouth(self, message):
                    self.wire.send(data)
            if step.slices is None:
                break
            log = self.session.log
            assert log is not None, "slices come after the log is known"
            outcome = self._endpoint.receive(log, step.slices, self.session.peer)
            if self._note is not None:
                events = sum(one.count for one in step.slices)
                self._note(f"<{self.peer} {events}ev +{outcome.accepted} ?{outcome.pending}")
            step = self.session.ingested(outcome)
        if step.done and not self.done:
            self.wire.close()
            self._end()

    def _end(self) -> None:
        self.done = True
        if self._note is not None:
            report = self.session.report()
            how = report.code or ("equal" if report.equal else "over")
            self._note(f"x{self.peer} {how}{' by peer' if report.by_peer else ''}")
        self._over(self)

    def _watch(self) -> None:
        """Ends it when the peer has been silent for too long."""
        if self.done:
            return
        now = self._timeline.now
        if self.session.state is State.LIVE:
            self._last = now
        elif now >= self._last + IDLE_MS:
            self.cut()
            return
        self._timeline.at(self._last + IDLE_MS, self._watch)


def named(message: bytes) -> str:
    """What a message is, for the trace."""
    found = m.decode(message)
    name = type(found).__name__
    if isinstance(found, m.Slices):
        return f"{name}({len(found.slices)})"
    if isinstance(found, m.Bye):
        return f"{name}({found.code})"
    return name
