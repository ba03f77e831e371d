"""What must hold whenever a world is quiet.

    kept        everything that was ever said to be kept is there, in its place, with its parents
    equal       the same log checkpoint and the same missing contents everywhere
    one answer  the same policy gives the same bytes, whoever evaluates it, and however often
    true        what an explanation calls necessary is; what it does not name changes nothing
    fair        nobody honest is accused of two histories

Law: a check reads; it asks production code in ways that do not share what they remember (a feed
against a judge from scratch, one replica against another).
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from tests.model.policy_oracle import Oracle
from tests.simulation.finding import Finding
from tests.simulation.kept import check_kept
from tests.simulation.person import MONEY, THINGS, Person, letters
from tests.simulation.trade import check_money

from tallystick.errors import ChainError
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key, parse_did_key
from tallystick.policy import SLOT, Policy, Statement, exclude
from tallystick.policy.judge import Judge
from tallystick.policy.statement import EVENT
from tallystick.replica.reading import Reading
from tallystick.testing.world import Event

if TYPE_CHECKING:
    from tests.simulation.world import World

LOOKED_AT = 3
"""Replicas that are looked at closely in one quiet."""
SUPPOSED = 2**61


def check_quiet(world: World, rng: Random) -> None:
    """All of it. Raises Finding."""
    present = world.here()
    for one in present:
        check_kept(one)
    check_equal(present)
    close = rng.sample(present, min(LOOKED_AT, len(present)))
    for one in close:
        check_store(one)
        check_own_answers(one)
        check_money(one)
    check_fair(world, close)
    for one in present:
        check_refused(one)
    check_one_answer(world, close, rng)
    for one in close[:1]:
        check_explanations(one, rng)
        check_why(one, rng)
        check_banned_say_nothing(one)
    check_oracle(rng.choice(close))
    world.tally.checks += len(present)


# --- kept ---------------------------------------------------------------------------------------


def check_equal(present: list[Person]) -> None:
    """One log everywhere."""
    digests = {one.number: one.replica.digest() for one in present}
    if len(set(digests.values())) > 1:
        raise Finding("diverged", f"log checkpoints after a quiet: {digests}")
    missing = {one.number: one.replica._log.holdings.bodies_digest() for one in present}
    if len(set(missing.values())) > 1:
        raise Finding("diverged", "other contents are missing at some than at others")
    held = set(present[0].replica._store.ids_at(range(1, present[0].replica._store.next_row)))
    for one in present:
        log = one.replica._log
        for waiting in one.replica._store.pending_of(log.no):
            if waiting.waits_for in held:
                what = cid_text(waiting.waits_for)
                raise Finding("diverged", f"r{one.number} waits for {what}, which is here")
        lost = {id for id in one.acked if id not in held}
        if lost:
            raise Finding("lost", f"r{one.number} said it keeps {len(lost)} that nobody has")


def check_store(one: Person) -> None:
    """The store proves what it holds, and holds the parents of everything."""
    verified = one.replica.verify()
    if not verified.ok:
        raise Finding("corrupt", f"r{one.number}: {verified.problems[:3]}")
    events = one.replica.history()
    ids = {event.id for event in events}
    for event in events:
        if not ids.issuperset(event.deps) or (event.prev is not None and event.prev not in ids):
            raise Finding("corrupt", f"r{one.number}: {event.id} without its parents")
    if len(events) != one.replica._store.next_row - 1:
        raise Finding("corrupt", f"r{one.number}: a history of {len(events)} events")


# --- one answer -----------------------------------------------------------------------------------


def answers(reading: Reading, events: list[str], actors: list[str]) -> dict[str, Any]:
    """Everything a policy says that can be compared."""
    return {
        "policy": reading.policy.bytes(),
        "places": reading.state_hash("places"),
        "ratings": reading.state_hash("ratings"),
        "letters": reading.state_hash(letters),
        "money": reading.state_hash(MONEY),
        "things": reading.state_hash(THINGS),
        "standing": reading.standing(),
        "events": [reading.judge.event_verdict(parse_cid(event)) for event in events],
        "actors": [reading.judge.actor_verdict(parse_did_key(actor)) for actor in actors],
    }


def differing(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    return [name for name in first if first[name] != second[name]]


def check_own_answers(one: Person) -> None:
    """What was kept up to date change by change is what comes out from scratch."""
    replica = one.replica
    scratch = replica.under(replica.policy)
    for view in ("places", "ratings", letters, MONEY, THINGS):
        if replica.state_hash(view) != scratch.state_hash(view):
            raise Finding("diverged", f"r{one.number}: {view} is not what a fresh one is")
    if replica.standing() != scratch.standing():
        raise Finding("diverged", f"r{one.number}: standing is not what a fresh one is")
    sums: dict[int, int] = {}
    log, pos = replica._log, 0
    while part := log.store.feed_read(log.no, pos, 1000):
        for entry in part:
            for row in range(entry.row, entry.row + entry.count):
                sums[row] = sums.get(row, 0) + entry.weight
            pos = entry.pos + entry.count
    ids = log.store.ids_at(range(1, log.store.next_row))
    for row, id in enumerate(ids, 1):
        if sums.get(row, 0) != scratch.judge.counts(id):
            raise Finding("diverged", f"r{one.number}: the feed and the judge differ on row {row}")


def check_banned_say_nothing(one: Person) -> None:
    """What is said by people without a vote changes nothing, whether it is there or not."""
    log = one.replica._log
    whole, statements = log.judging.judge_under(log.policy), log.judging.public_statements()
    scopes = (None, *sorted({event.kind for event in one.replica.history()}))
    if log.policy.fork_rule.startswith("side"):
        return
    voters = {actor for scope in scopes for actor in whole.standing(scope).rank}
    kept = [s for s in statements if s.voter in voters or SLOT[s.verb] > EVENT]
    without = Judge(log.policy, log.judging.facts, kept, log.judging.equivocations())
    for scope in scopes:
        if without.standing(scope) != whole.standing(scope):
            raise Finding("diverged", f"r{one.number}: words without a vote moved {scope}")
    ids = log.store.ids_at(range(1, log.store.next_row))
    moved = [id.hex() for id in ids if without.counts(id) != whole.counts(id)]
    if moved:
        raise Finding("diverged", f"r{one.number}: words without a vote moved {moved[:3]}")


def check_oracle(one: Person) -> None:
    """The replica's own answers are those of judgement written as plainly as can be."""
    log = one.replica._log
    statements = {s.id: s for s in log.judging.public_statements()}
    events = [
        Event(
            id := parse_cid(info.id),
            parse_did_key(info.author),
            info.seq,
            parse_cid(info.prev) if info.prev else b"",
            info.kind,
            info.void,
            tuple(log.judging.facts.grounds(id)),
            statements.get(id),
        )
        for info in one.replica.history()
    ]
    oracle = Oracle(log.policy, events, log.judging.equivocations())
    judge = log.judging.judge
    for scope in (None, *sorted({event.kind for event in events})):
        found = judge.standing(scope)
        rank, banned, contested = oracle.standing(scope or "*")
        if (found.rank, set(found.banned), set(found.contested)) != (rank, banned, contested):
            raise Finding("diverged", f"r{one.number}: standing in {scope} is not the oracle's")
    wrong = [e.id.hex() for e in events if judge.counts(e.id) != oracle.counts(e.id)]
    if wrong:
        raise Finding("diverged", f"r{one.number}: the oracle judges otherwise of {wrong[:3]}")


def check_one_answer(world: World, close: list[Person], rng: Random) -> None:
    """Published policies, and the very document somebody judges by, mean the same everywhere."""
    first = close[0].replica
    history = [event.id for event in first.history()]
    events = rng.sample(history, min(5, len(history)))
    actors = rng.sample(world.known(), min(4, len(world.known())))
    viewers = rng.sample([one.did for one in world.here()], min(1, len(close)))
    for viewer in viewers:
        expected = answers(first.as_seen_by(viewer), events, actors)
        for one in close[1:]:
            found = answers(one.replica.as_seen_by(viewer), events, actors)
            if found != expected:
                where = f"as seen by {viewer}: r{close[0].number} and r{one.number}"
                raise Finding("diverged", f"{where} differ in {differing(expected, found)}")
    owner = close[-1]
    document = owner.replica.policy.bytes()
    expected = answers(owner.replica.under(owner.replica.policy), events, actors)
    for one in close[:-1]:
        found = answers(one.replica.under(Policy.from_bytes(document)), events, actors)
        if found != expected:
            where = f"under r{owner.number}'s document: r{one.number}"
            raise Finding("diverged", f"{where} differs in {differing(expected, found)}")


# --- explanations ---------------------------------------------------------------------------------


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
        _check_causes(one, subject, named, now, event=event)
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


def _check_causes(
    one: Person, subject: bytes, named: dict[bytes, bool], now: tuple[bool, bool], *, event: bool
) -> None:
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


def _judge_without(one: Person, *ids: bytes) -> Judge:
    """A judge from scratch, with private words that exclude some statements."""
    log = one.replica._log
    policy = log.policy
    words = [
        Statement(id[::-1], policy.viewer, SUPPOSED + n, "exclude", id, private=True)
        for n, id in enumerate(ids)
    ]
    mine = [*log.judging.mine, *words]
    return log.judging.judge_under(policy.with_statements(tuple(mine)))


def _value(judge: Judge, subject: bytes, *, event: bool) -> tuple[bool, bool]:
    found = (judge.event_verdict if event else judge.actor_verdict)(subject, thorough=False)
    return found.included, found.contested


# --- fair -----------------------------------------------------------------------------------------


def check_fair(world: World, close: list[Person]) -> None:
    """Only who wrote two histories is said to have done so."""
    honest = {parse_did_key(one.did): one.number for one in world.people if not one.two_histories}
    for one in close:
        for author in one.replica._log.judging.equivocations():
            if author in honest:
                raise Finding("accused", f"r{one.number} accuses r{honest[author]}")


def check_refused(one: Person) -> None:
    """A key with two histories that both are here writes no third."""
    log = one.replica._log
    if len(log.store.lines(log.no, one.key.public)) < 2:
        return
    if not one.two_histories:
        raise Finding("accused", f"r{one.number} finds two histories of its own")
    try:
        one.replica.write("note/text", {"n": 0})
    except ChainError as error:
        if error.code == "chain/restored":
            return
        raise
    raise Finding("corrupt", f"r{one.number} went on with one of two histories")
