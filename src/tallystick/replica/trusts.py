"""Living together: disputes, clashes, first contact, as one policy reads them.

Law: asking changes nothing; what is told is what the judge counts, never more.

Reads: replica.{reads, clashing}. Read by: replica.shares.
"""

from __future__ import annotations

from typing import Any

from tallystick.replica.clashing import contested_infos
from tallystick.replica.reads import Reads
from tallystick.replica.reports import ContestedInfo, DisputeInfo


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
