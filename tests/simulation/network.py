"""Links that lose, delay, repeat and reorder; and the small reliable wire that sessions run on.

    Session ── message ──► Wire ── segments ──► Link ── some, late, twice, shuffled ──► Wire
                             ▲                                                            │
                             └───────────── how far everything has come ◄─────────────────┘

A session expects what TCP promises: whole messages in order, or an end. So loss, repetition and
reordering happen to segments below the wire, and the wire repairs them or breaks; what a session
itself gets to see is delay, silence and broken connections at any message. Messages that are
repeated, left out or out of order *inside* a session are lies, and belong to the liars.

Law: what a wire delivers is a prefix of what was sent into it, each message once; a direction
that is blocked delivers nothing, and the other direction does not notice before its patience ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.simulation.timeline import Timeline, Timer

PATIENCE_MS = 90_000
"""A wire that cannot get a segment across for so long is broken, as with TCP."""
RETRY_MS = 900
SEGMENT_BYTES = 4_096
FLIGHT = 16
"""Segments that are sent again at once."""


@dataclass(frozen=True, slots=True)
class Weather:
    """How one direction of a link behaves.

    Args:
        loss, twice: probability that a segment is lost, or comes twice.
        delay_ms, jitter_ms: how long it takes at least, and how much longer at most. Jitter above
            the time between two segments reorders them.
    """

    loss: float = 0.0
    twice: float = 0.0
    delay_ms: int = 20
    jitter_ms: int = 0


CALM = Weather()


class Network:
    """All links; replicas are numbers."""

    def __init__(self, timeline: Timeline, seed: object) -> None:
        self.timeline = timeline
        self.weather: dict[tuple[int, int], Weather] = {}
        self.blocked: set[tuple[int, int]] = set()
        self.accept: Callable[[Wire], None] = lambda wire: None
        self.carried: Callable[[int, bytes], None] = lambda sender, data: None
        """Shown everything that leaves a replica."""
        self.lost = self.doubled = self.segments = self.broken = 0
        self._seed = seed
        self._links: dict[tuple[int, int], Random] = {}
        self._made = 0

    def connect(self, here: int, there: int) -> Wire:
        """This replica's end of a new wire; the other end is there when the first segment is."""
        self._made += 1
        return Wire(self, here, there, number=self._made)

    def heal(self) -> None:
        """Calm weather everywhere."""
        self.weather.clear()
        self.blocked.clear()

    def carry(self, here: int, there: int, arrive: Callable[[], None]) -> None:
        """Takes one segment along a link, perhaps."""
        weather = self.weather.get((here, there), CALM)
        rng = self._links.get((here, there))
        if rng is None:
            rng = self._links[here, there] = Random(f"{self._seed}/link/{here}/{there}")
        self.segments += 1
        if (here, there) in self.blocked or rng.random() < weather.loss:
            self.lost += 1
            return
        copies = 1
        if rng.random() < weather.twice:
            copies = 2
            self.doubled += 1
        for _ in range(copies):
            late = rng.randint(0, weather.jitter_ms) if weather.jitter_ms else 0
            self.timeline.after(weather.delay_ms + late, arrive)


class Wire:
    """One end of a connection: whole messages in order, or an end.

    Args:
        other: the end that began, for the end that answers.
    """

    def __init__(
        self, network: Network, here: int, there: int, *, number: int, other: Wire | None = None
    ) -> None:
        self.here, self.there, self.number = here, there, number
        self.received: Callable[[bytes], None] = lambda data: None
        self.ended: Callable[[], None] = lambda: None
        self.open = True
        self._gone = False
        self._network = network
        self._other = other
        self._sent: dict[int, tuple[bytes, bool]] = {}
        self._next = self._heard = self._tries = 0
        self._waiting: dict[int, tuple[bytes, bool]] = {}
        self._parts: list[bytes] = []
        self._retry: Timer | None = None
        self._since = 0

    def send(self, message: bytes) -> None:
        """Sends one message; lost if the wire is broken."""
        if not self.open:
            return
        self._network.carried(self.here, message)
        for at in range(0, max(len(message), 1), SEGMENT_BYTES):
            last = at + SEGMENT_BYTES >= len(message)
            self._queue(message[at : at + SEGMENT_BYTES], last=last)

    def close(self) -> None:
        """Nothing more will be said; what was said still arrives."""
        if self.open:
            self._queue(b"", last=False)
            self.open = False

    def cut(self) -> None:
        """The connection is gone on this side; the other finds out when it next says something."""
        self.open, self._gone = False, True
        self._sent.clear()
        self._stop()

    # --- sending --------------------------------------------------------------------------------

    def _queue(self, data: bytes, *, last: bool) -> None:
        """A segment without bytes that ends no message is the end of the wire."""
        if not self._sent:
            self._since = self._network.timeline.now
        self._sent[self._next] = (data, last)
        self._carry(self._next)
        self._next += 1
        if self._retry is None:
            self._retry = self._network.timeline.after(RETRY_MS, self._again)

    def _carry(self, number: int) -> None:
        data, last = self._sent[number]
        self._network.carry(self.here, self.there, lambda: self._arrive(number, data, last))

    def _arrive(self, number: int, data: bytes, last: bool) -> None:
        if self._other is None:
            self._other = Wire(self._network, self.there, self.here, number=self.number, other=self)
            self._network.accept(self._other)
        self._other._hear(number, data, last)

    def _again(self) -> None:
        self._retry = None
        if not self._sent:
            return
        if self._network.timeline.now - self._since > PATIENCE_MS:
            self._break()
            return
        for number in list(self._sent)[:FLIGHT]:
            self._carry(number)
        self._tries += 1
        wait = RETRY_MS * min(2**self._tries, 16)
        self._retry = self._network.timeline.after(wait, self._again)

    def _acknowledged(self, upto: int) -> None:
        before = len(self._sent)
        for number in [one for one in self._sent if one < upto]:
            del self._sent[number]
        if len(self._sent) != before:
            self._since, self._tries = self._network.timeline.now, 0
        if not self._sent:
            self._stop()

    def _stop(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _break(self) -> None:
        self._network.broken += 1
        self.cut()
        self.ended()

    # --- hearing --------------------------------------------------------------------------------

    def _hear(self, number: int, data: bytes, last: bool) -> None:
        other = self._other
        assert other is not None
        if self._gone:
            self._network.carry(self.here, self.there, other._reset)
            return
        if number >= self._heard:
            self._waiting.setdefault(number, (data, last))
        while self._heard in self._waiting:
            part, last = self._waiting.pop(self._heard)
            self._heard += 1
            if not part and not last:
                self.open = False
                self.ended()
                break
            self._parts.append(part)
            if last:
                message, self._parts = b"".join(self._parts), []
                if self.open:
                    self.received(message)
        heard = self._heard
        self._network.carry(self.here, self.there, lambda: other._acknowledged(heard))

    def _reset(self) -> None:
        if not self._gone:
            self._break()
