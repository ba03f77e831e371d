"""A store as sync sessions see it: which logs, joining one, and the way in.

Law: a session reaches only the logs it was opened for; joining happens to a store without a log.

Reads: replica.openlog, sync.holdings. Read by: replica, replica.serving.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from tallystick.chain.slice import Slice
from tallystick.replica.openlog import OpenLog, Taken
from tallystick.store.store import Store
from tallystick.sync.holdings import Holdings, Outcome


class StoreEndpoint:
    """``sync.holdings.Endpoint`` over a store.

    Args:
        open_log: id -> the log at work, made when it is in the store.
        only: the one log it would sync; None is all of them.
        received: told what each message brought.
    """

    def __init__(
        self,
        store: Store,
        open_log: Callable[[bytes], OpenLog],
        *,
        only: bytes | None = None,
        received: Callable[[Taken], None] | None = None,
    ) -> None:
        self._store = store
        self._open_log = open_log
        self._only = only
        self._received = received

    def listening(self, received: Callable[[Taken], None]) -> StoreEndpoint:
        """The same for one session, which is told what its own messages brought."""
        return StoreEndpoint(self._store, self._open_log, only=self._only, received=received)

    def logs(self) -> Sequence[bytes]:
        """Ids of the logs it would sync."""
        known = [log.id for log in self._store.logs()]
        return known if self._only is None else [id for id in known if id == self._only]

    def open(self, log: bytes) -> Holdings | None:
        """What it holds of a log; None when it does not know it."""
        if log not in self.logs():
            return None
        return self._open_log(log).holdings

    def join(self, log: bytes) -> Holdings | None:
        """Takes part in a log it does not know yet: the one named, or the first of all."""
        if self._only not in (None, log) or (self._only is None and self._store.logs()):
            return None
        with self._store.write():
            self._store.add_log(log, name="", purpose="")
        return self._open_log(log).holdings

    def receive(self, log: bytes, slices: Sequence[Slice], peer: str) -> Outcome:
        """Verifies and stores one message's slices as one batch."""
        taken = self._open_log(log).receive(slices, peer=peer)
        if self._received is not None:
            self._received(taken)
        events, size = self._store.pending_stats(peer.encode())
        accepted_of: Counter[bytes] = Counter()
        for line, begin, end in taken.sent:
            accepted_of[self._store.line(line).author] += end - begin
        return Outcome(taken.accepted, events, size, tuple(taken.rejected), accepted_of)
