"""Cascades over real edits and titles: what goes over what is found the same way by everyone."""

from __future__ import annotations

from random import Random

import pytest
from tests.model.replica_world import check, settle, world

from tallystick import withdraw
from tallystick.event.ids import cid_text, parse_cid
from tallystick.replica.writing import Row
from tallystick.state.ops import KIND, OWN, Draft, Target, build, parse_frame
from tallystick.state.types import VERBS
from tallystick.state.types.register import SET


def value(who, place):
    return who.view().get(place)


def reasons(who, *ids):
    return [who.verdict(id).reason for id in ids]


def test_what_was_built_on_the_excluded_goes_and_comes_back_with_it():
    ana, bob, cyn = world(3)
    ana.set("title", "Good")
    settle([ana, bob, cyn])
    first = bob.set("title", "Spam")
    settle([ana, bob, cyn])
    second = cyn.set("title", "Spam, spelt right")
    settle([ana, bob, cyn])
    said = ana.exclude(first)
    assert value(ana, "title") == "Spam, spelt right"
    ana.withdraw(said.id)
    said = ana.exclude(first, cascade=True)
    assert value(ana, "title") == "Good"
    verdict = ana.verdict(second)
    assert (verdict.included, verdict.reason) == (False, "cascade")
    assert [(cause["statement"], cause["necessary"]) for cause in verdict.causes] == [
        (said.id, True)
    ]
    assert "was excluded with all that was built on it" in verdict.sentence
    settle([ana, bob, cyn])
    assert value(cyn, "title") == "Spam, spelt right", "another viewer"
    assert value(cyn.as_seen_by(ana.did), "title") == "Good"
    third = cyn.set("title", "Spam, spelt better")
    settle([ana, bob, cyn])
    assert reasons(ana, first, second, third) == ["my-word", "cascade", "cascade"]
    ana.withdraw(said.id)
    assert value(ana, "title") == "Spam, spelt better"
    check(ana)


def test_an_edit_that_also_adds_something_of_its_own_stays():
    ana, bob, cyn = world(3)
    first = bob.set("title", "Spam")
    settle([ana, bob, cyn])
    with cyn.edit() as edit:
        edit.set("title", "Ham").inc("seen")
    with cyn.edit() as edit:
        edit.set("title", "Hams").set("title", "Hams and eggs")
    settle([ana, bob, cyn])
    ana.exclude(first, cascade=True)
    assert value(ana, "title") == "Hams and eggs"
    assert value(ana, "seen") == 1


def test_what_comes_in_one_batch_is_taken_along_through_what_came_in_it():
    ana, bob, cyn = world(3)
    first = bob.set("title", "Spam")
    settle([ana, bob, cyn])
    said = ana.exclude(first, cascade=True)
    ids = [cyn.set("title", f"Spam {number}") for number in range(5)]
    settle([ana, bob, cyn])
    assert reasons(ana, *ids) == ["cascade"] * 5
    assert ana.what_if(withdraw(said.id)).events_gained == 6
    check(ana)


def test_what_goes_over_itself_goes_along_and_a_name_of_another_place_is_nothing():
    ana, bob, cyn = world(3)
    first = bob.set("title", "Spam")
    settle([ana, bob, cyn])
    with cyn.edit() as edit:
        edit.set("title", "Hams").set("title", "Hams and eggs")
    event = cyn._store.event(cyn._store.row_of(parse_cid(first)))
    target = Target(event.author, event.seq, event.id, 0)
    frame, content = build([Draft(SET, ("elsewhere",), (target,), value="stays")])
    ana.exclude(first, cascade=True)
    cyn._append([Row(KIND, content=content, frame=frame)])
    settle([ana, bob, cyn])
    assert ana.view() == {"elsewhere": "stays"}
    check(ana)


def edges(who):
    """Of every edit the events it goes over, read from frames alone; no chain here is split."""
    store, frames, rows, found = who._store, {}, {}, {}
    for row in range(1, store.next_row):
        event = store.event(row)
        if event.kind == KIND:
            frames[row] = parse_frame(event.frame)
            rows[event.author, event.seq] = row
    for row, frame in frames.items():
        over, whole = set(), True
        for op in frame.ops:
            targets = {
                row if table == OWN else rows[frame.authors[table][0], seq]
                for table, seq, _ in op.over
            }
            whole &= bool(targets) and bool(VERBS[op.verb].replaces)
            over |= targets
        found[row] = over - {row} if whole else set()
    return found


def act(random, who):
    place = random.choice("ab")
    match random.randrange(8):
        case 0 | 1:
            who.set(place, random.random())
        case 2:
            who.add(f"{place}/set", random.randrange(3))
        case 3:
            elements = value(who, f"{place}/set")
            if elements:
                who.remove(f"{place}/set", random.choice(list(elements)))
        case 4:
            (who.enable if random.random() < 0.5 else who.disable)(f"{place}/flag")
        case 5:
            with who.edit() as edit:
                edit.set("a", 1).set("b", 2)
        case 6:
            with who.edit() as edit:
                edit.set(place, "first").set(place, "on second thoughts")
        case 7:
            who.inc(f"{place}/count")


@pytest.mark.parametrize("seed", range(5))
def test_random_edits_agree_with_reading_every_frame(seed):
    random = Random(seed)
    people = world(3)
    ana = people[0]
    for place in "ab":
        ana.add(f"{place}/set", 0)
        ana.enable(f"{place}/flag")
    settle(people)
    words: dict[bytes, tuple[bool, bool]] = {}
    for _ in range(60):
        who = random.choice(people)
        if random.random() < 0.7:
            act(random, who)
        elif random.random() < 0.4:
            settle(people)
        else:
            here = [ana._store.event(row) for row in range(1, ana._store.next_row)]
            id = random.choice([event.id for event in here if event.kind == KIND])
            counts, cascade = random.random() < 0.3, random.random() < 0.7
            words[id] = counts, cascade and not counts
            say(ana, id, *words[id])
    settle(people)
    over = edges(ana)
    out: dict[int, bool] = {}
    for row, below in over.items():
        word = words.get(ana._store.event(row).id)
        taken = bool(below) and all(out[at] for at in below)
        out[row] = not word[0] and (word[1] or taken) if word is not None else taken
        expected = word[0] if word is not None else not taken
        assert ana.verdict(cid_text(ana._store.event(row).id)).included == expected
    facts = ana._log.judging.facts
    for row, below in over.items():
        id = ana._store.event(row).id
        assert set(facts.over(id)) == set(ana._store.ids_at(sorted(below)))
        assert set(facts.followers(id)) >= {
            ana._store.event(above).id for above, others in over.items() if row in others
        }
    check(ana)


def say(ana, id, counts, cascade):
    """A private word, so that it holds from now on, whatever was said before."""
    if counts:
        ana.include(cid_text(id), private=True)
    else:
        ana.exclude(cid_text(id), cascade=cascade, private=True)
