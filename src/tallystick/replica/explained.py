"""An explanation as one reading tells it: with names, and with the causes behind what is left out.

Law: data and sentences say the same; only names of actors differ from viewer to viewer.

Reads: state.explain, policy.verdict. Read by: replica.{reading, ledger_reading, comparing}, cli.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.policy.statement import ADOPTION, SLOT
from tallystick.policy.verdict import Cause
from tallystick.state.explain import SHOWN_MAX, Explanation, grouped

if TYPE_CHECKING:
    from tallystick.replica.reading import Reading


class Explained:
    """An explanation with names: ``str`` is what a person reads, ``as_dict`` what programs do."""

    def __init__(self, explanation: Explanation, reading: Reading) -> None:
        self.data = explanation
        self._reading = reading

    def __str__(self) -> str:
        return "; ".join(self.sentences())

    def sentences(self) -> list[str]:
        """The answer in sentences."""
        return self.data.sentences(self._reading.name_of)

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain data.

        The largest groups of what does not count have their causes, each marked necessary or not.

        Cost: a thorough verdict (``Judge.event_verdict``) for each of these groups.
        """
        reading = self._reading
        found = self.data.as_dict(reading.name_of)
        groups = grouped(self.data.excluded, reading.name_of)
        for group, told in list(zip(groups, found["not_counted"], strict=True))[:SHOWN_MAX]:
            if group.event:
                causes = reading.judge.event_verdict(group.event).causes
                told["causes"] = [cause_dict(cause) for cause in causes]
        return found


def cause_dict(cause: Cause) -> dict[str, Any]:
    """A cause of a verdict as plain data, ids and keys as text."""
    about_actor = SLOT[cause.verb] <= ADOPTION or cause.verb == "key"
    return {
        "statement": cid_text(cause.statement),
        "verb": cause.verb,
        "voter": did_key(cause.voter),
        "target": did_key(cause.target) if about_actor else cid_text(cause.target),
        "branch": did_key(cause.branch) if cause.branch else None,
        "rank": cause.rank,
        "weight": cause.weight,
        "path": cause.path,
        "necessary": cause.necessary,
    }
