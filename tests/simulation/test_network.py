"""The wire below sessions: it repairs what links do, or breaks."""

from __future__ import annotations

from random import Random

import pytest
from tests.simulation.network import PATIENCE_MS, Network, Weather
from tests.simulation.timeline import HOUR_MS, Timeline


class Ends:
    """A wire from 0 to 1, and what came out at either end."""

    def __init__(self, seed: int) -> None:
        self.timeline = Timeline()
        self.network = Network(self.timeline, seed)
        self.network.accept = self._accept
        self.heard: dict[int, list[bytes]] = {0: [], 1: []}
        self.over: list[int] = []
        self.other = None
        self.wire = self.network.connect(0, 1)
        self._listen(self.wire)

    def _accept(self, wire) -> None:
        self.other = wire
        self._listen(wire)

    def _listen(self, wire) -> None:
        wire.received = self.heard[wire.here].append
        wire.ended = lambda: self.over.append(wire.here)


@pytest.mark.parametrize("seed", range(20))
def test_messages_arrive_whole_once_and_in_order_whatever_the_weather(seed):
    rng, ends = Random(seed), Ends(seed)
    for link in ((0, 1), (1, 0)):
        ends.network.weather[link] = Weather(0.3, 0.3, 20, rng.choice((0, 500)))
    sent = [rng.randbytes(rng.choice((0, 1, 100, 9_000))) for _ in range(40)]
    for message in sent:
        ends.timeline.after(rng.randrange(100), lambda: None)
        ends.wire.send(message)
    ends.timeline.run(HOUR_MS)
    assert ends.heard[1] == sent
    ends.other.send(b"back")
    ends.timeline.run(2 * HOUR_MS)
    assert ends.heard[0] == [b"back"]
    assert ends.network.lost
    assert ends.network.doubled


def test_a_blocked_direction_breaks_the_wire_of_who_speaks_after_a_while():
    ends = Ends(1)
    ends.wire.send(b"one")
    ends.timeline.run(1_000)
    ends.network.blocked.add((0, 1))
    ends.wire.send(b"two")
    ends.timeline.run(PATIENCE_MS)
    assert not ends.over
    ends.timeline.run(3 * PATIENCE_MS)
    assert ends.over == [0]
    assert ends.heard[1] == [b"one"]


def test_what_was_said_before_closing_still_arrives():
    ends = Ends(1)
    ends.network.weather[0, 1] = Weather(0.5, 0.0, 20, 300)
    for number in range(5):
        ends.wire.send(b"%d" % number)
    ends.wire.close()
    ends.wire.send(b"too late")
    ends.timeline.run(HOUR_MS)
    assert ends.heard[1] == [b"0", b"1", b"2", b"3", b"4"]
    assert ends.over == [1]


def test_a_cut_wire_is_noticed_when_something_is_said_into_it():
    ends = Ends(1)
    ends.wire.send(b"hello")
    ends.timeline.run(1_000)
    ends.wire.cut()
    ends.timeline.run(10_000)
    assert not ends.over
    ends.other.send(b"are you there?")
    ends.timeline.run(20_000)
    assert ends.over == [1]
    assert not ends.heard[0]
