"""What must hold whenever a world is quiet.

    kept        everything that was ever said to be kept is there, in its place, with its parents
    equal       the same log checkpoint and the same missing contents everywhere
    one answer  the same policy gives the same bytes, whoever evaluates it, and however often
    true        what an explanation calls necessary is (explanations); the books are (audit)
    fair        nobody honest is accused of two histories

Law: a check reads; it asks production code in ways that do not share what they remember (a feed
against a judge from scratch, one replica against another).
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.audit import check_books, check_grounds, check_whys
from tests.simulation.explanations import check_explanations, check_why
from tests.simulation.finding import Finding
from tests.simulation.kept import check_kept
from tests.simulation.oracle import oracle_of
from tests.simulation.person import MONEY, THINGS, Person, letters
from tests.simulation.proofread import VIEWS, check_pages

from tallystick.errors import ChainError
from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import parse_did_key
from tallystick.policy import SLOT, Policy
from tallystick.policy.judge import Judge
from tallystick.policy.statement import EVENT
from tallystick.replica.reading import Reading

if TYPE_CHECKING:
    from tests.simulation.world import World

LOOKED_AT = 3
"""Replicas that are looked at closely in one quiet."""


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
        check_grounds(one)
        check_books(one, one.replica.reading())
    check_fair(world, close)
    for one in present:
        check_refused(one)
    check_one_answer(world, close, rng)
    for one in close[:1]:
        check_explanations(one, rng)
        check_why(one, rng)
        check_whys(one, rng)
        check_banned_say_nothing(one)
    if world.plan.writers:
        check_pages(rng.choice(close), rng)
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
        "pages": [reading.state_hash(name) for name in pages_of(reading)],
        "standing": reading.standing(),
        "events": [reading.judge.event_verdict(parse_cid(event)) for event in events],
        "actors": [reading.judge.actor_verdict(parse_did_key(actor)) for actor in actors],
    }


def pages_of(reading: Reading) -> list[str]:
    """The views of texts and, where people keep some, of records."""
    return [name for name in VIEWS if name in {view.name for view in reading.log.views.list()}]


def differing(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    return [name for name in first if first[name] != second[name]]


def check_own_answers(one: Person) -> None:
    """What was kept up to date change by change is what comes out from scratch."""
    replica = one.replica
    scratch = replica.under(replica.policy)
    for view in ("places", "ratings", letters, MONEY, THINGS, *pages_of(scratch)):
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
    log, oracle = one.replica._log, oracle_of(one)
    events = list(oracle.events.values())
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
