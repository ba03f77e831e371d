"""What goes first in a sync, and who is left out of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.model.sync_world import key_of

import tallystick
from tallystick.errors import BadInput, TallyError
from tallystick.event.ids import parse_cid
from tallystick.identity.did import did_key, parse_did_key
from tallystick.sync.holdings import Outcome
from tallystick.sync.messages import WINDOW_BYTES


def opened(tmp_path: Path, *names: str) -> list[tallystick.Replica]:
    """Replicas of one log, which the first one made."""
    found = [tallystick.open(tmp_path / name, create=True, name=name) for name in names]
    found[0].create_log("shared")
    for other in found[1:]:
        other.sync(found[0])
    return found


def causes_of_disorder(replica: tallystick.Replica, lists) -> list[str]:
    """Events that leave before one of their parents."""
    store, log = replica._store, replica._log
    sent, bad = {log.id}, []
    for batch in lists:
        here = set()
        for one in batch:
            (line,) = store.lines(log.no, one.author)
            here |= set(store.ids_at([store.row_at(line.no, s) for s in range(one.seq, one.end)]))
        sent |= here
        for id in here:
            parents = store.ids_at(store.parents(store.row_of(id)))
            bad += [id.hex() for parent in parents if parent not in sent]
    return bad


@pytest.mark.parametrize("seed", range(5))
def test_chains_of_people_with_a_vote_leave_first_and_parents_before_them(
    tmp_path: Path, seed: int
) -> None:
    """Bob is adopted, Cay is what he builds on, Dan nobody's: Dan's events leave last."""
    dice = random.Random(seed)
    ana, bob, cay, dan = opened(tmp_path, "ana", "bob", "cay", "dan")
    for n in range(40):
        one = dice.choice((bob, cay, dan))
        if one is bob and dice.random() < 0.4:
            bob.sync(cay)  # what Bob writes next stands on Cay's
        one.write("note/text", f"{n} {'x' * 300}")
    bob.write("note/text", "the last word")
    for one in (dan, cay, bob):
        ana.sync(one)
    ana.adopt(bob.did, private=True)  # a public one would stand on everything
    log, authors = ana._log, [parse_did_key(one.did) for one in (bob, cay, dan)]
    lists = list(log.holdings.slices_for({}, max_bytes=15_000))
    assert len(lists) > 3
    assert causes_of_disorder(ana, lists) == []
    order = [one.author for batch in lists for one in batch]
    last_of_bob = max(n for n, author in enumerate(order) if author == authors[0])
    first_of_dan = order.index(authors[2])
    assert last_of_bob < first_of_dan
    plain = {(one.author, seq) for b in lists for one in b for seq in range(one.seq, one.end)}
    assert len(plain) == len(ana.history(limit=1000))


def test_everything_arrives_whoever_is_preferred(tmp_path: Path) -> None:
    """Order is all that preference changes: a newcomer ends equal, with nothing left waiting."""
    ana, bob, cay = opened(tmp_path, "ana", "bob", "cay")
    for n in range(10):
        for one, other in ((bob, cay), (cay, bob)):
            one.write("note/text", n)
            one.sync(other)
    ana.sync(bob)
    ana.adopt(cay.did)
    new = tallystick.open(tmp_path / "new", create=True)
    report = new.sync(ana)
    assert report.equal
    assert (report.pending, report.rejected) == (0, ())
    assert new.digest() == ana.digest()


def test_a_declined_author_is_left_out_until_somebody_builds_upon_him(tmp_path: Path) -> None:
    """Eve's events stay away; when Bob builds on them they are fetched, and both are equal."""
    ana, bob, eve = opened(tmp_path, "ana", "bob", "eve")
    assert ana.decline(eve.did) == [eve.did]
    eve.write("note/text", "buy eggs")
    bob.sync(eve)
    assert ana.sync(bob).equal  # without her, as either side names her
    assert ana.digest() != bob.digest()
    assert [one.author for one in ana.history(limit=100)] == [ana.did]

    answer = bob.write("note/text", "no, thanks")  # stands on Eve's
    waiting = ana.sync(bob)
    assert waiting.pending == 1
    assert [one["code"] for one in waiting.rejected] == ["sync/missing-parents"]
    assert ana.sync(bob).equal
    assert ana.digest() == bob.digest()
    assert ana._store.row_of(parse_cid(answer)) is not None
    with pytest.raises(BadInput) as refused:
        ana.decline(eve.did)
    assert refused.value.code == "policy/target"


def test_a_choice_is_kept_and_can_be_taken_back(tmp_path: Path) -> None:
    """Declined in one process, declined in the next; accepted, fetched."""
    ana, bob, eve = opened(tmp_path, "ana", "bob", "eve")
    eve.write("note/text", "hello")
    bob.sync(eve)
    ana.decline(eve.did)
    ana.close()
    with tallystick.open(tmp_path / "ana") as again:
        assert again.declined() == [eve.did]
        assert again.accept(eve.did) == []
        assert again.sync(bob).equal
        assert again.digest() == bob.digest()


def test_what_was_accepted_is_told_by_author(tmp_path: Path) -> None:
    """The session's budgets need to know whose events were new."""
    (ana,) = opened(tmp_path, "ana")
    (bob,) = [tallystick.open(tmp_path / "bob", create=True)]
    endpoint = bob._endpoint(None)
    endpoint.join(ana._log.id)
    (batch,) = ana._log.holdings.slices_for({}, max_bytes=WINDOW_BYTES)
    first = endpoint.receive(ana._log.id, batch, "peer")
    assert first == Outcome(1, 0, 0, (), {parse_did_key(ana.did): 1})
    assert endpoint.receive(ana._log.id, batch, "peer").accepted_of == {}


def test_nobody_is_declined_who_is_not_an_actor(tmp_path: Path) -> None:
    """A key without events may be declined by its full name; a word that names nobody may not."""
    (ana,) = opened(tmp_path, "ana")
    assert ana.decline(did_key(key_of("stranger").public)) == ana.declined()
    for bad in ("nobody", "", 7):
        with pytest.raises(TallyError):
            ana.decline(bad)  # type: ignore[arg-type]
