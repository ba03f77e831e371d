"""What this replica would have first, and whom it does not fetch: handed to sync as predicates.

    judge ──► prefers(author): chains of people with a vote leave first, with what they stand on
    owner ──► declined(): authors neither fetched nor sent

Law: neither changes what anything means. Everything preferred comes sooner, nothing else is left
out; nothing that is kept descends from an author who is declined, because nothing of his is here
and, as soon as an event waits for a parent, nobody is declined.

Reads: store, replica.judging. Read by: replica.holdings, replica.shares.
Source: spec/sync.md, "Records and the log checkpoint", "Who sends what".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from tallystick.errors import BadInput
from tallystick.identity.did import did_key
from tallystick.limits import DIGEST_BYTES, SYNC_DECLINED_MAX
from tallystick.replica.judging import Judging
from tallystick.store.store import Store

_DECLINED: Final = "declined"


class Choosing:
    """The choices of one log of one store."""

    def __init__(self, store: Store, log_no: int, judging: Judging) -> None:
        self._store = store
        self._log_no = log_no
        self._judging = judging

    def prefers(self, author: bytes) -> bool:
        """Whether an author's chain goes first: he has a vote for me."""
        return self._judging.judge.has_vote(author)

    def chosen(self) -> list[bytes]:
        """Whom the owner chose to decline, in force or not."""
        found = self._store.kept(self._log_no, _DECLINED) or b""
        return [found[at : at + DIGEST_BYTES] for at in range(0, len(found), DIGEST_BYTES)]

    def declined(self) -> Collection[bytes]:
        """Whom sessions leave out now."""
        chosen = [one for one in self.chosen() if not self._store.lines(self._log_no, one)]
        if not chosen or self._store.pending_of(self._log_no):
            return ()
        return chosen

    def decline(self, author: bytes) -> None:
        """Leaves an author out of sessions from now on; the caller holds the transaction.

        Raises:
            BadInput: policy/target, when events of his are here: others may build upon them.
        """
        where = did_key(author)
        if self._store.lines(self._log_no, author):
            raise BadInput(
                "policy/target", "events of this author are here, and others may build upon them",
                got=where, hint="Ban the author instead: the events stay and do not count.",
            )  # fmt: skip
        chosen = {*self.chosen(), author}
        if len(chosen) > SYNC_DECLINED_MAX:
            raise BadInput(
                "policy/target", expected=f"at most {SYNC_DECLINED_MAX} authors", got=where
            )
        self._keep(chosen)

    def accept(self, author: bytes) -> None:
        """Takes an author's events again; the caller holds the transaction."""
        self._keep({one for one in self.chosen() if one != author})

    def _keep(self, chosen: Collection[bytes]) -> None:
        self._store.keep(self._log_no, _DECLINED, b"".join(sorted(chosen)) or None)
