"""The graph of who counts for whom: its data, its lines, and a picture nothing can break out of."""

from __future__ import annotations

import random
from math import hypot
from xml.etree import ElementTree as ET

import pytest

from tallystick.policy import Judge, Policy, holding
from tallystick.replica.trust_graph import counted, graph_of, tree_lines
from tallystick.replica.trust_picture import picture
from tallystick.testing.world import World

SVG = "{http://www.w3.org/2000/svg}"


def key(n: int) -> bytes:
    return bytes([n % 256, n // 256 + 1]) * 16


def graph(people: int, *, branches: int, banned: int, name=lambda n: f"person {n}", limit=None):
    """A random community as its first member sees it."""
    r, world = random.Random(people), World()
    world.write(key(0), "log/create")
    for n in range(people):
        world.write(key(n), "note")
    for n in range(1, people - banned):
        by = 0 if n <= branches else r.randint(1, n - 1)
        world.say(key(by), "adopt", key(n), weight=r.choice((1, 1, 2)), depth=9)
    for n in range(people - banned, people):
        world.say(key(r.randint(1, people - banned - 1)), "ban", key(n))
    world.say(key(1), "ban", key(2))
    world.say(key(2), "ban", key(1))
    mine = [s for s in world.statements if s.voter == key(0)]
    policy = Policy(key(0), world.genesis, max_depth=9, statements=holding(mine))
    number = {key(n): n for n in range(people)}
    judge = Judge(policy, world, world.statements)
    return graph_of(judge, judge.facts, lambda k: name(number[k]), limit=limit), judge


def test_everybody_with_a_vote_and_everybody_banned_is_in_it_once():
    found, judge = graph(40, branches=4, banned=6)
    standing = judge.standing()
    assert len({p["actor"] for p in found.people}) == len(found.people)
    assert sum(p["rank"] is not None for p in found.people) == len(standing.voters)
    assert sum(p["banned"] for p in found.people) == len(standing.banned)
    assert {p["name"] for p in found.people if p["contested"]} == {"person 1", "person 2"}
    used = [(one["from"], one["to"]) for one in found.adoptions if one["used"]]
    through = [(p["through"], p["actor"]) for p in found.people if p["through"]]
    assert sorted(used) == sorted(through)
    assert counted(found).startswith(f"{len(standing.voters) - 1} voters in 4 branches")


def test_lines_show_each_voter_once_below_whom_they_came_through():
    found, _ = graph(12, branches=3, banned=2)
    lines = tree_lines(found)
    assert lines[0] == "person 0"
    voters = [p["name"] for p in found.people if p["rank"]]
    tree = [line.lstrip("│├└─ ").split("  ")[0] for line in lines[1 : lines.index("banned")]]
    assert sorted(tree) == sorted(voters)
    assert any("contested: banned by person 2" in line for line in lines)
    assert all(": by person" in line for line in lines[lines.index("banned") + 1 :])


@pytest.mark.parametrize(("people", "branches", "banned"), [(5, 2, 1), (30, 4, 5), (200, 8, 30)])
def test_a_picture_names_everybody_and_no_two_stand_in_one_place(people, branches, banned):
    found, _ = graph(people, branches=branches, banned=banned)
    root = ET.fromstring(picture(found))
    dots = [c for c in root.iter(f"{SVG}circle") if c.find(f"{SVG}title") is not None]
    assert len(dots) == len(found.people)
    size = float(root.get("width"))
    places = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in dots]
    assert all(0 < x < size and 0 < y < size for x, y in places)
    for at, (x, y) in enumerate(places):
        assert all(hypot(x - a, y - b) > 12 for a, b in places[:at]), "dots have a radius of 6"
    words = "".join(root.itertext())
    assert all(p["name"] in words for p in found.people)


@pytest.mark.parametrize("limit", [1, 2, 7, 20, 33, 39, 40, 41])
def test_a_limit_leaves_out_the_furthest_and_says_how_many(limit):
    whole, _ = graph(40, branches=4, banned=6)
    found, _ = graph(40, branches=4, banned=6, limit=limit)
    assert found.people == whole.people[:limit]
    assert found.left_out == len(whole.people) - len(found.people)
    assert found.outside == whole.outside
    shown = {p["actor"] for p in found.people}
    for part, all_of_it in ((found.adoptions, whole.adoptions), (found.bans, whole.bans)):
        assert part == tuple(x for x in all_of_it if {x["from"], x["to"]} <= shown)
    assert {p["through"] for p in found.people} - {None} <= shown, "nobody hangs in the air"
    said = any(line.startswith(f"{found.left_out} more have a vote") for line in tree_lines(found))
    assert said == (found.left_out > 0)
    ET.fromstring(picture(found))


def test_a_name_is_never_markup():
    evil = '</text><script>alert("1")</script>\x1b[31m&'
    found, _ = graph(6, branches=2, banned=1, name=lambda n: evil)
    text = picture(found)
    assert "<script" not in text
    assert "\x1b" not in text
    assert not [e for e in ET.fromstring(text).iter() if "script" in e.tag]


def test_a_picture_of_somebody_who_heeds_nobody():
    world = World()
    world.write(key(0), "log/create")
    world.write(key(1), "note")
    judge = Judge(Policy(key(0), world.genesis), world, ())
    found = graph_of(judge, judge.facts, lambda _: "me")
    assert tree_lines(found) == ["me", "1 more wrote here and have no vote"]
    assert ET.fromstring(picture(found)).tag == f"{SVG}svg"
