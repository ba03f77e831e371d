"""Whether reasons are reasons: asked why, then judged from scratch without what was named.

Law: a cause that is called necessary changes the answer when it alone is left out, a redundant one
does not, and nothing that is not named does.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from tests.simulation.finding import Finding
from tests.simulation.person import Person

from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key, parse_did_key
from tallystick.policy import Policy, Statement, exclude
from tallystick.policy.judge import Judge

SUPPOSED = 2**61


def check_explanations(one: Person, rng: Random) -> None:
    """Asks why, and then judges from scratch without what was called the reason."""
    replica = one.replica
    events = replica.history()
    statements = replica._log.judging.public_statements()
    subjects = [parse_cid(event.id) for event in rng.sample(events, min(3, len(events)))]
    actors = sorted({event.author for event in events})
    about = [parse_did_key(actor) for actor in rng.sample(actors, min(3, len(actors)))]
    judge = replica._log.judging.judge
    for event, subject in [*((True, id) for id in subjects), *((False, a) for a in about)]:
        verdict = (judge.event_verdict if event else judge.actor_verdict)(subject)
        now = _value(_judge_without(one), subject, event=event)
        if (verdict.included, verdict.contested) != now:
            raise Finding("explained", f"r{one.number}: {verdict} is not {now} from scratch")
        named = {cause.statement: cause.necessary for cause in verdict.causes}
        check_causes(one, subject, named, now, event=event)
        others = [s.id for s in statements if s.id not in named and s.id != subject]
        if verdict.complete and others:
            other = rng.choice(others)
            if _value(_judge_without(one, other), subject, event=event) != now:
                raise Finding("explained", f"r{one.number}: {verdict} does not name {other.hex()}")


def check_why(one: Person, rng: Random) -> None:
    """What is named for a value is here, counts or does not as it is told, and matters."""
    replica = one.replica
    places = [(place, None) for place in replica.view("places")]
    places += [(key, "ratings") for key in replica.view("ratings")]
    for subject, view in rng.sample(places, min(3, len(places))):
        found = replica.why(subject, view=view).data
        counted = [*found.live, *found.lost, *found.covered]
        for item in (*counted, *found.excluded):
            named = [id for id in (item.event, *item.by) if id]
            if any(replica._store.row_of(id) is None for id in named):
                raise Finding("explained", f"r{one.number}: {subject} names what is not here")
            counts = replica._log.judging.judge.counts(item.event)
            if item.event and counts != (item in counted):
                raise Finding("explained", f"r{one.number}: {item.event.hex()} of {subject}")
        for item in found.live[:1]:
            if item.event:
                preview = replica.what_if(exclude(cid_text(item.event)), private=True)
                if not preview.events_lost:
                    raise Finding("explained", f"r{one.number}: {subject} stands without a reason")


def check_causes(
    one: Person, subject: bytes, named: Mapping[bytes, bool], now: tuple[bool, bool], *,
    event: bool,
) -> None:  # fmt: skip
    """Each of the first few causes is here, and as necessary as it is called."""
    mine = {s.id for s in one.replica._log.judging.mine}
    for id, necessary in list(named.items())[:6]:
        if id not in mine and one.replica._store.row_of(id) is None:
            raise Finding("explained", f"r{one.number}: a cause that is not here: {id.hex()}")
        changes = _value(_judge_without(one, id), subject, event=event) != now
        if changes != necessary:
            says = "necessary" if necessary else "redundant"
            raise Finding(
                "explained", f"r{one.number}: {id.hex()} is not {says} for {subject.hex()}"
            )
        if not event and necessary and id not in mine:
            _check_what_if(one, id, subject, now)


def _check_what_if(one: Person, id: bytes, actor: bytes, now: tuple[bool, bool]) -> None:
    """The preview that people see says the same."""
    preview = one.replica.what_if(exclude(cid_text(id)), private=True)
    after = _value(_judge_without(one, id), actor, event=False)
    moved = {found["actor"] for found in preview.actors}
    if after[0] != now[0] and did_key(actor) not in moved:
        raise Finding("explained", f"r{one.number}: what_if does not see {did_key(actor)} move")


def policy_without(one: Person, *ids: bytes) -> Policy:
    """One's own policy, with private words that exclude some events."""
    log = one.replica._log
    policy = log.policy
    words = [
        Statement(id[::-1], policy.viewer, SUPPOSED + n, "exclude", id, private=True)
        for n, id in enumerate(ids)
    ]
    return policy.with_statements((*log.judging.mine, *words))


def _judge_without(one: Person, *ids: bytes) -> Judge:
    """A judge from scratch."""
    return one.replica._log.judging.judge_under(policy_without(one, *ids))


def _value(judge: Judge, subject: bytes, *, event: bool) -> tuple[bool, bool]:
    found = (judge.event_verdict if event else judge.actor_verdict)(subject, thorough=False)
    return found.included, found.contested
