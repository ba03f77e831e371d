"""A peer that may say anything, at the other end of a replica's real session.

hostile bytes ─► Session ─► StoreEndpoint ─► Replica       as TCP or a pipe would hand them over
             ◄─ what it answers, decoded
"""

from __future__ import annotations

from typing import Any

from tests.attacks.world import cbor, log_of

from tallystick.chain.slice import Slice, slice_value
from tallystick.errors import Rejected
from tallystick.sync import messages as m
from tallystick.sync.meter import Report
from tallystick.sync.session import Budget, Session, State
from tallystick.sync.side import EMPTY_ROOT

NONCE = b"\x07" * 8


class Talk:
    """One conversation with a replica.

    Args:
        one: the replica.
        calls: the hostile side speaks first.
        peer: the name the replica knows it by.
    """

    def __init__(
        self,
        one: Any,
        *,
        calls: bool = True,
        peer: str = "tcp://mallory",
        live: bool = False,
        budget: Budget | None = None,
    ) -> None:
        self.replica = one
        self._endpoint = one._endpoint(None)
        self.session = Session(
            self._endpoint, initiator=not calls, peer=peer, nonce=NONCE, live=live, budget=budget
        )
        self.heard: list[m.Message] = []
        """All that the replica said."""
        self._flags = m.LIVE if live else 0
        if calls:
            self.hello()
        else:
            self._carry(self.session.start())

    def hello(self) -> list[m.Message]:
        """As somebody who has nothing of the log."""
        log = log_of(self.replica)
        return self.say(m.Hello(1, log, EMPTY_ROOT, b"", b"", b"", self._flags))

    def vector(self, **changed: Any) -> m.VectorOf:
        """What somebody who has nothing would answer, any field replaced."""
        known: dict[str, Any] = {
            "version": 1, "root": EMPTY_ROOT, "bodies": b"", "nonce": NONCE, "base": b"",
            "declined": b"", "flags": self._flags, "entries": b"",
        }  # fmt: skip
        return m.VectorOf(**(known | changed))

    def say(self, message: Any) -> list[m.Message]:
        """A message, bytes, or a list that becomes CBOR of any shape; what was answered."""
        if isinstance(message, list):
            data = cbor(message)
        else:
            data = message if isinstance(message, bytes) else m.encode(message)
        if self.closed:
            return []
        return self._carry(self.session.receive(data))

    def send(self, *slices: Slice) -> list[m.Message]:
        """Slices in one message."""
        return self.say([7, [slice_value(one) for one in slices]])

    @property
    def closed(self) -> bool:
        """Whether the replica has ended it."""
        return self.session.state is State.CLOSED

    @property
    def report(self) -> Report:
        """How the replica sees it."""
        return self.session.report()

    def codes(self) -> list[Rejected | str | None]:
        """Everything that was refused, and why it ended early."""
        return [*self.report.rejected, *filter(None, [self.report.code])]

    def _carry(self, step: Any) -> list[m.Message]:
        said: list[m.Message] = []
        while True:
            for data in step.send:
                found = m.decode(data)
                assert not isinstance(found, Rejected), "a replica says what can be read"
                said.append(found)
            if step.slices is None:
                break
            log = self.session.log
            assert log is not None
            outcome = self._endpoint.receive(log, step.slices, self.session.peer)
            step = self.session.ingested(outcome)
        self.heard += said
        return said


def told(one: Any, *slices: Slice, **options: Any) -> Talk:
    """One conversation in which somebody sends some slices."""
    talk = Talk(one, **options)
    talk.send(*slices)
    return talk
