"""What if is what is: every kind of statement asked about, then really said in a copy of the store.

One street is built once; each case takes a copy of the store's folder, asks, sees that nothing
moved, acts, and compares standings, events and every value of every view.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import tallystick
from tallystick.policy.say import Say
from tallystick.policy.statement import SLOT

NAMES = ("ana", "bob", "cy", "dan", "eve", "mal", "zed", "phone", "tablet")


@dataclass
class Street:
    """Ana's folder, and events and statements by what they are called."""

    folder: Path
    ids: dict[str, str]

    def open(self, at: Path) -> tallystick.Replica:
        shutil.copytree(self.folder, at)
        return tallystick.open(at / "ana.tally")


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    home = tmp_path_factory.mktemp("street")
    people = {}
    for name in NAMES:
        (home / name).mkdir()
        people[name] = tallystick.open(home / name / f"{name}.tally", create=True, name=name)
    ids = fill(home, people)
    for one in people.values():
        one.close()
    return Street(home / "ana", ids)


def fill(home: Path, people: dict[str, tallystick.Replica]) -> dict[str, str]:
    ana, bob, cy, dan, _, mal, _, phone, tablet = people.values()
    ana.create_log("street")

    def meet() -> None:
        for _ in range(2):
            for one in people.values():
                if one is not ana:
                    one.sync(ana)

    meet()
    for other in people.values():
        if other is not ana:
            ana.name_actor(other.did, other.name or "")
            bob.name_actor(other.did, other.name or "")
    ids = {}
    for one in people.values():
        for n in range(2):
            ids[f"{one.name}{n}"] = one.inc(f"count/{one.name}", n + 1)
    meet()
    ids["title"] = cy.set("doc/title", "cy's")
    meet()
    ids["over"] = bob.set("doc/title", "bob's")
    ids["mine"] = ana.inc("count/ana", 10)
    ids["taken back"] = ana.inc("count/ana", 20)
    meet()
    ana.retract(ids["taken back"])
    ana.set_policy(max_depth=2, fork_rule="none")
    ana.adopt("bob", depth=1)
    bob.adopt("cy")
    bob.ban("eve")
    cy.ban(mal.did)
    bob.exclude(ids["dan0"])
    ids["claim"] = cy.dispute(ids["bob0"], "too few").id
    ids["upheld"] = mal.dispute(ids["dan1"], "too many").id
    meet()
    bob.uphold(ids["upheld"])
    dan.inc("count/dan", 5)
    ids["word"] = ana.ban("zed").id
    ids["secret"] = ana.ban("cy", private=True, scope="chat/*").id
    tablet.link_key(ana.did)
    tablet.ban(dan.did)
    phone.link_key(ana.did)
    ana.link_key("phone")
    meet()
    split(home, phone, ids)
    meet()
    return ids


def split(home: Path, phone: tallystick.Replica, ids: dict[str, str]) -> None:
    """The phone's store was copied, and both copies wrote."""
    assert phone.path is not None
    (home / "twin").mkdir()
    for file in phone.path.parent.iterdir():
        shutil.copy(file, home / "twin" / file.name)
    ids["left"] = phone.inc("count/phone", 100)
    with tallystick.open(home / "twin" / phone.path.name) as twin:
        ids["right"] = twin.inc("count/phone", 1_000)
        phone.sync(twin)


CASES = {
    "ban": ("ban", "bob", {}),
    "ban, one kind": ("ban", "bob", {"scope": "record/*"}),
    "ban beyond a cut": ("ban", "bob", {"cut": ["bob0"]}),
    "ban of somebody who speaks for me": ("ban", "cy", {}),
    "allow": ("allow", "eve", {}),
    "allow, one kind": ("allow", "mal", {"scope": "record/*"}),
    "adopt": ("adopt", "tablet", {"weight": 3}),
    "adopt somebody who bans others": ("adopt", "mal", {}),
    "adopt as of": ("adopt", "bob", {"depth": 1, "as_of": ["bob1"]}),
    "adopt no more": ("adopt", "bob", {"weight": 0}),
    "not even by way of others": ("adopt", "cy", {"weight": 0}),
    "exclude": ("exclude", "cy1", {}),
    "exclude with what builds on it": ("exclude", "title", {"cascade": True}),
    "exclude a statement": ("exclude", "word", {}),
    "include": ("include", "dan0", {}),
    "include of a banned one": ("include", "eve1", {}),
    "retract": ("retract", "mine", {}),
    "restore": ("restore", "taken back", {}),
    "dispute": ("dispute", "cy1", {"remedy": "count again"}),
    "uphold": ("uphold", "claim", {}),
    "dismiss": ("dismiss", "upheld", {}),
    "withdraw": ("withdraw", "word", {}),
    "withdraw a private one": ("withdraw", "secret", {}),
    "key": ("key", "tablet", {}),
    "repair": ("repair", "left", {}),
}
IDLE = {"dispute", "withdraw a private one"}
"""They change no event that counts."""
KEPT = sorted(name for name, case in CASES.items() if SLOT[case[0]] <= SLOT["exclude"])


def meant(street: Street, name: str) -> Say:
    verb, target, more = CASES[name]
    given = dict(more)
    for cut in ("cut", "as_of"):
        if cut in given:
            given[cut] = [street.ids[one] for one in given[cut]]
    return Say(verb, street.ids.get(target, target), **given)


def seen(replica: tallystick.Replica) -> tuple[set[str], dict[tuple[str, str], object]]:
    """Events that count, and every value of every view by its key."""
    values = {}
    for one in replica.views():
        found = replica.view(one.name)
        items = found.items() if isinstance(found, dict) else [("", found)]
        values |= {(one.name, key): value for key, value in items}
    return {event.id for event in replica.history() if event.counts}, values


def standings(replica: tallystick.Replica) -> dict[str, bool]:
    return {name: replica.verdict(did).included for name, did in replica.names().items()}


def test_every_verb_there_is_has_a_case() -> None:
    assert {verb for verb, _, _ in CASES.values()} == set(SLOT)


@pytest.mark.parametrize(
    ("name", "private"), [*((one, False) for one in CASES), *((one, True) for one in KEPT)]
)
def test_what_a_statement_would_do_is_what_it_does(street, tmp_path, name, private) -> None:
    say = meant(street, name)
    with street.open(tmp_path / "copy") as ana:
        counted, values = seen(ana)
        stood = standings(ana)
        foretold = ana.what_if(say, private=private)
        assert seen(ana) == (counted, values), "asking changes nothing"
        assert standings(ana) == stood
        receipt = ana.say(say, private=private)
        now, then = seen(ana)
        moved = {other for other, did in standings(ana).items() if did != stood[other]}
        now.discard(receipt.id)
        assert (foretold.events_lost, foretold.events_gained) == (
            len(counted - now), len(now - counted)
        )  # fmt: skip
        effect = receipt.effect
        assert (effect.events_lost, effect.events_gained) == (
            foretold.events_lost, foretold.events_gained
        )  # fmt: skip
        assert effect.actors == foretold.actors
        changes = {(c["view"], c["key"]): (c["before"], c["after"]) for c in foretold.changes}
        assert changes == {
            at: (values.get(at), then.get(at))
            for at in values.keys() | then.keys()
            if values.get(at) != then.get(at)
        }
        assert moved <= {one["name"] for one in foretold.actors}
        assert (name in IDLE) == (counted == now), "a case that does nothing tests nothing"


PARAMETERS = {
    "threshold": {"threshold": 2},
    "max depth": {"max_depth": 1},
    "both": {"threshold": 2, "max_depth": 0},
    "stance": {"stance": "invited"},
    "fork rule": {"fork_rule": "both"},
    "nothing": {},
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_what_other_parameters_would_do_is_what_they_do(street, tmp_path, name) -> None:
    given = PARAMETERS[name]
    with street.open(tmp_path / "copy") as ana:
        counted, values = seen(ana)
        foretold = ana.what_if_policy(**given)
        assert seen(ana) == (counted, values), "asking changes nothing"
        ana.set_policy(**given)
        now, then = seen(ana)
        assert (foretold.only_a, foretold.only_b) == (len(counted - now), len(now - counted))
        assert {(one.view, one.key): (one.a, one.b) for one in foretold.values} == {
            at: (values.get(at), then.get(at))
            for at in values.keys() | then.keys()
            if values.get(at) != then.get(at)
        }
        assert foretold.policy_b == ana.policy.hash.hex()
        assert (given == {}) == (counted == now)
