"""Whether a replica still holds what it said it keeps.

Law: what a method returned or a session acknowledged is there, in its place, whatever happened to
process and disk in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.finding import Finding

if TYPE_CHECKING:
    from tests.simulation.person import Person


def check_kept(one: Person) -> None:
    """What was said to be kept is there: events in their rows, private words, the policy."""
    replica = one.replica
    store = replica._store
    if store.next_row <= len(one.acked):
        raise Finding("lost", f"r{one.number} holds {store.next_row - 1} of {len(one.acked)}")
    if one.acked and store.ids_at(range(1, len(one.acked) + 1)) != one.acked:
        raise Finding("lost", f"r{one.number} holds other events than it said")
    if not one.promised.issubset(one.acked):
        raise Finding("lost", f"r{one.number} was handed an id of what it does not hold")
    if not store.logs():
        return
    if one.policy is not None and replica.policy.bytes() != one.policy:
        raise Finding("lost", f"r{one.number} has another policy than it said")
    if len(store.privates(replica._log.no)) < one.privates:
        raise Finding("lost", f"r{one.number} forgot something said in private")
