"""Which keys an actor has for a viewer, and what was said to link them.

Law: what is told is what the judge counts.

Reads: replica.reading, policy. Read by: replica.trusts.
"""

from __future__ import annotations

from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.replica.reading import Reading
from tallystick.replica.trust_reports import ActorInfo


def actor_info(reading: Reading, key: bytes) -> ActorInfo:
    """The actor of a key; links are everything one of its keys says, or is said of it."""
    judge = reading.judge
    facts = judge.facts
    name = facts.actor(key)
    keys = facts.authors(name)
    said = [s for s in reading.log.judging.public_statements() if s.verb == "key"]
    about = [s for s in said if s.voter in keys or s.target in keys]
    return ActorInfo(
        id=did_key(name),
        name=reading.name_of(key),
        keys=tuple(did_key(one) for one in keys),
        mine=name == facts.actor(judge.policy.viewer),
        links=tuple(
            {
                "id": cid_text(s.id),
                "key": did_key(s.voter),
                "of": did_key(s.target),
                "counts": judge.links(s),
            }
            for s in about
        ),
    )
