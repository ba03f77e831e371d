"""A mouth that lies: what a session says, and what is said in its place.

    honest bytes ──► flip · cut · swallow · twice · old · fields · noise · stream · bodies ──► wire

Law: a lie is a function of the message and the generator handed in. Whoever hears it keeps to its
own laws: nothing raises, nothing false is kept.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.forge import without_bodies

from tallystick.chain.slice import Slice, slice_from_value, slice_value
from tallystick.errors import TallyError
from tallystick.limits import UINT_MAX
from tallystick.sync import messages as m
from tallystick.sync.holdings import Span

if TYPE_CHECKING:
    from tests.simulation.talk import Talk

NUMBERS = (0, 1, 2, 3, 7, 255, 4096, 2**31, 2**62, UINT_MAX)
STREAM = 40
"""Messages of one endless stream, as far as anybody listens."""


class Lies:
    """The mouth of one session.

    Args:
        often: probability that a message is lied about.
        forged: encoded messages that were forged beforehand and are slipped in.
    """

    def __init__(self, rng: Random, *, often: float, forged: list[bytes]) -> None:
        self.rng, self.often, self.forged = rng, often, forged
        self.told = 0
        self._said: list[bytes] = []

    def __call__(self, talk: Talk, message: bytes) -> list[bytes]:
        self._said.append(message)
        out = [message]
        if self.rng.random() < self.often:
            self.told += 1
            out = self.rng.choice(LIES)(self, message)
        if self.forged and isinstance(m.decode(message), m.Want | m.Sent | m.Slices):
            out = [self.forged.pop(), *out]
        return out

    # --- sorts of lies ----------------------------------------------------------------------------

    def flip(self, message: bytes) -> list[bytes]:
        data = bytearray(message)
        for _ in range(self.rng.randint(1, 4)):
            data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        return [bytes(data)]

    def cut(self, message: bytes) -> list[bytes]:
        return [message[: self.rng.randrange(len(message))]]

    def swallow(self, message: bytes) -> list[bytes]:
        return []

    def twice(self, message: bytes) -> list[bytes]:
        return [message, message]

    def old(self, message: bytes) -> list[bytes]:
        return [self.rng.choice(self._said)]

    def both(self, message: bytes) -> list[bytes]:
        return [message, self.rng.choice(self._said)]

    def fields(self, message: bytes) -> list[bytes]:
        """One field is another than it was."""
        found = m.decode(message)
        if not is_dataclass(found):
            return [message]
        name = self.rng.choice([one.name for one in fields(found)] or [""])
        if not name:
            return [message]
        return [encoded(replace(found, **{name: self._other(getattr(found, name))})) or message]

    def noise(self, message: bytes) -> list[bytes]:
        """A message of any type, well formed and untrue."""
        return [message, encoded(self._any()) or message]

    def stream(self, message: bytes) -> list[bytes]:
        """Far more than was asked for."""
        more = self.rng.choice([message, encoded(self._any()) or message])
        return [message] + [more] * STREAM

    def bodies(self, message: bytes) -> list[bytes]:
        """Slices without contents, or with others, or cut to pieces and shuffled."""
        found = m.decode(message)
        if not isinstance(found, m.Slices):
            return self.fields(message)
        values: list[Any] = []
        for value in found.slices:
            one = slice_from_value(value, log=bytes(32))
            if isinstance(one, Slice):
                lot = self.rng.randrange(4)
                if lot == 0:
                    one = without_bodies(one, self.rng)
                elif lot == 1:
                    at = len(one.pack) - 1 - self.rng.randrange(min(24, len(one.pack)))
                    flipped = bytes((one.pack[at] ^ 1,))
                    one = replace(one, pack=one.pack[:at] + flipped + one.pack[at + 1 :])
                elif lot == 2:
                    name = self.rng.choice(("author", "seq", "count", "proof", "head"))
                    other = getattr(one, name)
                    if name == "head":
                        other = replace(other, root=self.rng.randbytes(32))
                    else:
                        other = self._other(other)
                    one = replace(one, **{name: other})
                values.append(slice_value(one))
        self.rng.shuffle(values)
        return [encoded(m.Slices(tuple(values))) or message]

    # --- inside -----------------------------------------------------------------------------------

    def _other(self, was: Any) -> Any:
        rng = self.rng
        if isinstance(was, bytes):
            size = len(was)
            return rng.choice(
                (b"", rng.randbytes(size), was + was, was[: size // 2], rng.randbytes(8), was[::-1])
            )
        if isinstance(was, int):
            return rng.choice(NUMBERS)
        if isinstance(was, str):
            return rng.choice(("", "sync/closed", "sync/unheard-of", "x" * 99))
        if isinstance(was, tuple):
            parts = list(was) * rng.choice((0, 1, 1, 2))
            rng.shuffle(parts)
            return tuple(parts[: rng.randint(0, len(parts))])
        return rng.choice((None, rng.randbytes(32)))

    def _any(self) -> m.Message:
        rng = self.rng
        number = rng.choice(NUMBERS)
        span = Span(rng.randbytes(32), b"", 0, rng.choice((1, 5, 4096)))
        return rng.choice((
            m.Hello(1, rng.randbytes(32), rng.randbytes(32), b"", b"", b"", rng.randrange(4)),
            m.Logs((rng.randbytes(32),)), m.Same(1, 1), m.Want(rng.randbytes(rng.randrange(60))),
            m.VectorOf(1, rng.randbytes(32), b"", rng.randbytes(8), b"", b"", 1,
                       rng.randbytes(rng.randrange(90))),
            m.Lines(rng.randbytes(8), (m.LineSamples(number, rng.randbytes(8)),)),
            m.Contents((span,)), m.Slices(()), m.Ack(number), m.Sent(number),
            m.Bye("", rng.randbytes(32)), m.Bye("sync/budget", b""),
            m.Bundle(1, rng.randbytes(32), rng.randbytes(32)), m.BundleEnd(number, number),
        ))  # fmt: skip


LIES = (
    Lies.flip, Lies.cut, Lies.swallow, Lies.twice, Lies.old, Lies.both, Lies.fields, Lies.fields,
    Lies.noise, Lies.noise, Lies.stream, Lies.bodies, Lies.bodies,
)  # fmt: skip


def encoded(message: m.Message) -> bytes | None:
    """The bytes of a message that may be too wrong to have any."""
    try:
        return m.encode(message)
    except (TallyError, AssertionError, TypeError, ValueError, OverflowError):
        return None
