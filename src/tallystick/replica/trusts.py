"""Living together: disputes and their answers, as one policy reads them.

Law: asking changes nothing; what is told is what the judge counts, never more.

Reads: replica.reads. Read by: replica.shares.
"""

from __future__ import annotations

from typing import Any

from tallystick.replica.reads import Reads
from tallystick.replica.reports import DisputeInfo


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
