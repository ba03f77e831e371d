"""Living together: disputes, clashes, first contact, as one policy reads them.

Law: asking changes nothing; what is told is what the judge counts, never more.

Reads: replica.{reads, clashing, meeting, trust_graph}. Read by: replica.shares.
"""

from __future__ import annotations

from typing import Any

from tallystick.policy import say as says
from tallystick.replica.clashing import contested_infos
from tallystick.replica.meeting import adoptions, newcomers, preview_adopt
from tallystick.replica.reads import Reads
from tallystick.replica.reports import (
    AdoptionInfo,
    AdoptPreview,
    ContestedInfo,
    DisputeInfo,
    NewcomerInfo,
    TrustGraph,
)
from tallystick.replica.trust_graph import trust_graph


class Trusts(Reads):
    """The verbs about what people make of each other."""

    def disputes(self, *, as_actor: str | None = None, **options: Any) -> list[DisputeInfo]:
        """Disputes with their status for me, oldest first.

        Args:
            as_actor: as the published statements of somebody else have it.
            options: ``status``, ``about``, ``by``, ``event``, ``everything``, ``now``, as
                ``Reading.disputes`` takes them.
        """
        return self._reading_as(as_actor, None, None).disputes(**options)

    def contested(
        self, *, scope: str | None = None, as_actor: str | None = None
    ) -> list[ContestedInfo]:
        """What opinions I heed clash about, and which one word of mine would settle it.

        Args:
            scope: a kind, ``prefix/*`` or ``*``: the actors of that cell.
            as_actor: as the published statements of somebody else have it, and their words.

        Raises:
            BadInput: policy/scope. NotFound, Ambiguous: usage/*.

        Cost: two updates of the judge for each word tried.
        """
        return contested_infos(self._reading_as(as_actor, None, None), scope=scope)

    # --- first contact --------------------------------------------------------------------------

    def newcomers(self, *, since: int = 0, limit: int = 100) -> list[NewcomerInfo]:
        """People with events here who have no rank for me and of whom I said nothing, newest first.

        Args:
            since: milliseconds since 1970; only those whose first event came then or later.
            limit: at most so many.
        """
        return newcomers(self.reading(), since=since, limit=limit)

    def preview_adopt(self, actor: str, **options: Any) -> AdoptPreview:
        """The bans and exclusions I would inherit by adopting somebody, and what would change.

        Args:
            options: as ``tallystick.adopt`` takes them. Changes nothing.
        """
        return preview_adopt(says.adopt(actor, **options), self._log, self._names, self.reading())

    def adoptions(
        self, *, now: int | None = None, quiet_ms: int | None = None
    ) -> list[AdoptionInfo]:
        """Whom I adopt, and which of these lists are stale.

        Args:
            now: milliseconds since 1970 to count silence from.
            quiet_ms: how long somebody may say nothing before the adoption is called stale.

        Raises:
            BadInput: usage/argument, for ``quiet_ms`` without ``now``.
        """
        return adoptions(self.reading(), now=now, quiet_ms=quiet_ms)

    def trust_graph(self, *, scope: str | None = None, as_actor: str | None = None) -> TrustGraph:
        """Who counts for me, through whom, and who bans whom.

        Args:
            scope: a kind, ``prefix/*`` or ``*``: the cell to show.
            as_actor: as the published statements of somebody else have it.

        Raises:
            BadInput: policy/scope.
        """
        return trust_graph(self._reading_as(as_actor, None, None), scope=scope)
