"""The view of places: reading, why, history, and references that lead where they must not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.laws.world import AUTHORS, MemorySource, World

from tallystick.errors import Ambiguous, BadInput, NotFound, UsageError
from tallystick.event.absent import Erased, Missing
from tallystick.kernels import Link, encode_item
from tallystick.state.ops import KIND, Draft, Target, build
from tallystick.state.view import state_hash
from tallystick.state.views import evaluate
from tallystick.state.views_places import PlacesView
from tallystick.state.views_places_read import history, live_ops, value, why

ANA, BEN, CY = AUTHORS
NAMES = {ANA: "Ana", BEN: "Ben", CY: "Cy"}


@dataclass
class Judged:
    included: bool
    text: str = ""

    def sentence(self, names):
        return f"it does not count; because {self.text}." if self.text else "it counts."


class Scene:
    """A world, and what it reads as when some of it does not count."""

    def __init__(self):
        self.world = World()

    def edit(self, who, fill, *, sees=()):
        mind = self.world.minds[who]
        for other in sees:
            mind.seen |= self.world.minds[other].seen
        edit = self.world.edit(who)
        fill(edit)
        return self.world.write_edit(who, edit)

    def read(self, *, out=(), absent=None):
        self.source = MemorySource(self.world, list(self.world.events))
        self.source.absent = dict(absent or {})
        self.out = set(out)
        self.view = PlacesView()
        rows = [(row, 1) for id, row in self.source.rows.items() if id not in self.out]
        self.db = evaluate(self.view, self.source, rows)
        return self

    def value(self, place, **options):
        return value(self.view, self.db, place, **options)

    def verdict(self, id):
        author = NAMES[self.world.events[id].author]
        return Judged(id not in self.out, f"somebody banned {author}" if id in self.out else "")

    def why(self, place, **options):
        return why(self.view, self.db, self.source, place, self.verdict, **options)


@pytest.fixture
def scene():
    return Scene()


def test_concurrent_writes_are_a_conflict_that_each_way_of_reading_answers(scene):
    scene.edit(ANA, lambda e: e.set("title", "first"))
    scene.edit(ANA, lambda e: e.set("title", "ana"))
    scene.edit(BEN, lambda e: e.set("title", "ben"))
    scene.read()
    assert scene.value("title") == "ana"
    assert scene.value("title", mode="all") == ["ben", "ana"]
    with pytest.raises(UsageError) as caught:
        scene.value("title", mode="one")
    assert caught.value.code == "state/conflict"
    assert scene.db.rows("SELECT value, conflict FROM places") == [('"ana"', 1)]


def test_reading_by_time_trusts_the_clocks_that_the_default_does_not(scene):
    first = scene.edit(ANA, lambda e: e.set("a", "ana"))
    second = scene.edit(BEN, lambda e: e.set("a", "ben").set("a", "ben 2"))
    times = {id: scene.world.events[id].time for id in (first, second)}
    scene.read()
    later = max(times, key=times.get)
    assert scene.value("a", mode="time") == {first: "ana", second: "ben 2"}[later]


def test_a_flag_reads_as_its_mode_says(scene):
    scene.edit(ANA, lambda e: e.enable("on"))
    scene.edit(BEN, lambda e: e.disable("on"))
    scene.read()
    assert scene.value("on") is True
    assert scene.value("on", mode="disable") is False


def test_a_set_keeps_an_element_that_somebody_added_without_seeing_its_removal(scene):
    scene.edit(ANA, lambda e: e.add("tags", "x").add("tags", "y"))
    scene.edit(BEN, lambda e: e.remove("tags", "x").remove("tags", "y"), sees=[ANA])
    scene.edit(CY, lambda e: e.add("tags", "x"))
    assert scene.read().value("tags") == ["x"]
    assert scene.read(out=[list(scene.world.events)[1]]).value("tags") == ["x", "y"]


def test_a_place_without_live_ops_has_no_value(scene):
    only = scene.edit(ANA, lambda e: e.set("a", 1).inc("n", 5).add("s", 1).enable("f"))
    scene.read(out=[only])
    assert [scene.value(p, default="none") for p in ("a", "n", "s", "f")] == ["none"] * 4
    assert scene.value("never", default=7) == 7
    assert scene.view.state(scene.db) == []
    assert scene.db.rows("SELECT * FROM places") == []


def test_sums_go_beyond_64_bits(scene):
    for _ in range(5):
        scene.edit(ANA, lambda e: e.inc("n", 2**63 - 1))
    scene.read()
    total = 5 * (2**63 - 1)
    assert scene.value("n") == total
    assert scene.db.rows("SELECT value FROM places") == [(str(total),)]
    assert scene.view.state(scene.db) == [[["n"], "counter", total.to_bytes(16, "big")]]
    for _ in range(9):
        scene.edit(BEN, lambda e: e.inc("n", -(2**63)))
    assert scene.read().value("n") == total - 9 * 2**63


def test_types_at_one_path_never_touch_and_must_be_named(scene):
    scene.edit(ANA, lambda e: e.set("a", "text").inc("a", 3))
    scene.read()
    assert (scene.value("a", type_="register"), scene.value("a", type_="counter")) == ("text", 3)
    with pytest.raises(Ambiguous) as caught:
        scene.value("a")
    assert caught.value.code == "state/place"
    with pytest.raises(BadInput):
        scene.value("a", type_="banana")
    with pytest.raises(BadInput):
        scene.value("a", type_="counter", mode="all")
    with pytest.raises(NotFound):
        scene.why("nowhere")


def test_values_that_are_not_here_read_as_missing_and_keep_what_they_cover(scene):
    old = scene.edit(ANA, lambda e: e.set("a", "old").add("s", "x"))
    new = scene.edit(ANA, lambda e: e.set("a", "new").add("s", "y"))
    scene.read(absent={new: False})
    assert scene.value("a") is Missing
    assert scene.value("s") == ["x", Missing]
    assert scene.db.rows("SELECT value FROM places WHERE type = 'register'") == [(None,)]
    scene.read(absent={new: True, old: True})
    assert scene.value("a") is Erased


# --- references ---------------------------------------------------------------------------------


def naming(scene, who, verb, place, *targets, value=None, side_of=lambda _: None, sees=()):
    for other in sees:
        scene.world.minds[who].seen |= scene.world.minds[other].seen
    frame, content = build([Draft(verb, (place,), targets, value=value)], side_of=side_of)
    return scene.world.write(who, KIND, frame, content)


def target(scene, id, index=0):
    event = scene.world.events[id]
    return Target(event.author, event.seq, id, index)


def test_a_reference_into_the_past_covers(scene):
    first = scene.edit(ANA, lambda e: e.set("a", "old"))
    naming(scene, BEN, 1, "a", target(scene, first), value="new", sees=[ANA])
    assert scene.read().value("a", mode="all") == ["new"]


def test_a_reference_out_of_the_past_is_ignored(scene):
    first = scene.edit(ANA, lambda e: e.set("a", "old"))
    naming(scene, BEN, 1, "a", target(scene, first), value="new")
    assert sorted(scene.read().value("a", mode="all")) == ["new", "old"]


def test_a_reference_to_another_place_is_ignored(scene):
    first = scene.edit(ANA, lambda e: e.set("a", "old"))
    naming(scene, BEN, 1, "b", target(scene, first), value="new", sees=[ANA])
    assert scene.read().value("a", mode="all") == ["old"]


def test_a_reference_to_another_type_at_the_same_path_is_ignored(scene):
    first = scene.edit(ANA, lambda e: e.set("a", "old"))
    naming(scene, BEN, 3, "a", target(scene, first), sees=[ANA])
    assert scene.read().value("a", type_="register") == "old"


def test_a_reference_to_an_op_that_is_not_there_is_ignored(scene):
    first = scene.edit(ANA, lambda e: e.set("a", "old"))
    naming(scene, BEN, 1, "a", target(scene, first, 1), value="new", sees=[ANA])
    huge = Target(ANA, 0, first, 2**20)
    naming(scene, CY, 1, "a", huge, Target(ANA, 99, first, 0), value="newer", sees=[BEN])
    assert sorted(scene.read().value("a", mode="all")) == ["new", "newer", "old"]


def test_an_add_goes_over_nothing_whatever_it_names(scene):
    first = scene.edit(ANA, lambda e: e.add("s", "x"))
    naming(scene, BEN, 4, "s", target(scene, first), value="y", sees=[ANA])
    assert scene.read().value("s") == ["x", "y"]


def test_a_remove_cannot_be_removed(scene):
    add = scene.edit(ANA, lambda e: e.add("s", "x"))
    remove = scene.edit(BEN, lambda e: e.remove("s", "x"), sees=[ANA])
    over = naming(scene, CY, 5, "s", target(scene, remove), sees=[BEN])
    assert scene.read(out=[remove]).value("s") == ["x"]
    assert {add, remove, over} == set(scene.world.events)


def test_a_reference_named_twice_covers_once(scene):
    first = scene.edit(ANA, lambda e: e.set("a", "old"))
    twice = (target(scene, first), target(scene, first))
    last = naming(scene, BEN, 1, "a", *twice, value="new", sees=[ANA])
    assert scene.read().value("a", mode="all") == ["new"]
    assert scene.read(out=[last]).value("a", mode="all") == ["old"]


def test_after_a_split_a_bare_author_names_nothing_and_a_side_names_its_own(scene):
    mind = scene.world.minds[ANA]
    base = scene.edit(ANA, lambda e: e.set("z", 0))
    left = scene.edit(ANA, lambda e: e.set("a", "left"))
    mind.seen.discard(left)
    mind.last = base
    right = scene.edit(ANA, lambda e: e.set("a", "right"))
    scene.world.minds[BEN].seen |= {base, left, right}
    naming(scene, BEN, 1, "a", target(scene, left), value="bare")
    assert sorted(scene.read().value("a", mode="all")) == ["bare", "left", "right"]
    naming(scene, BEN, 1, "a", target(scene, left), value="sided", side_of=lambda t: t.id)
    assert sorted(scene.read().value("a", mode="all")) == ["bare", "right", "sided"]


def test_a_writer_who_sees_both_sides_goes_over_both(scene):
    mind = scene.world.minds[ANA]
    base = scene.edit(ANA, lambda e: e.set("z", 0))
    left = scene.edit(ANA, lambda e: e.set("a", "left"))
    mind.seen.discard(left)
    mind.last = base
    right = scene.edit(ANA, lambda e: e.set("a", "right"))
    scene.world.minds[BEN].seen |= {base, left, right}
    scene.edit(BEN, lambda e: e.set("a", "both"))
    assert scene.read().value("a", mode="all") == ["both"]


def test_an_event_of_a_verb_nobody_knows_yet_leaves_the_rest_of_it_readable(scene):
    frame = encode_item([[], [[99, ["a"], [], 3], [1, ["a"], []]]])
    scene.world.write(ANA, KIND, frame, encode_item([None, "known"]))
    assert scene.read().value("a") == "known"


# --- why and history ----------------------------------------------------------------------------


def test_why_names_what_won_what_lost_what_was_replaced_and_what_does_not_count(scene):
    scene.edit(ANA, lambda e: e.set("a", "first"))
    scene.edit(ANA, lambda e: e.set("a", "ana"))
    scene.edit(BEN, lambda e: e.set("a", "ben"))
    bad = scene.edit(CY, lambda e: e.set("a", "cy"), sees=[ANA, BEN])
    worse = scene.edit(CY, lambda e: e.set("a", "cy again"))
    scene.read(out=[bad, worse])
    explained = scene.why("a")
    assert explained.value == "ana"
    assert [(item.author, item.value) for item in explained.live] == [(ANA, "ana")]
    assert [item.value for item in explained.lost] == ["ben"]
    assert [item.value for item in explained.covered] == ["first"]
    assert explained.covered[0].by == (explained.live[0].event,)
    assert [item.value for item in explained.excluded] == ["cy", "cy again"]
    said = explained.sentences(NAMES.__getitem__)
    assert said[0] == 'a is "ana" because Ana set it to "ana"'
    assert "2 events do not count: 2 by Cy (because somebody banned Cy)" in said
    data = explained.as_dict()
    assert (data["value"], len(data["excluded"]), data["type"]) == ("ana", 2, "register")


def test_what_an_excluded_op_covers_is_live_again_and_said_to_be(scene):
    scene.edit(ANA, lambda e: e.set("a", "old"))
    bad = scene.edit(BEN, lambda e: e.set("a", "new"), sees=[ANA])
    explained = scene.read(out=[bad]).why("a")
    assert (explained.value, explained.covered) == ("old", ())


def test_why_of_a_counter_adds_up_by_author_and_names_the_events_that_do_not_count(scene):
    scene.edit(ANA, lambda e: e.inc("n", 2).inc("n", 3))
    scene.edit(BEN, lambda e: e.inc("n", -1))
    bad = scene.edit(BEN, lambda e: e.inc("n", 100))
    explained = scene.read(out=[bad]).why("n")
    assert explained.value == 4
    assert sum(item.value for item in explained.live) == 4
    assert [(item.event, item.value) for item in explained.excluded] == [(bad, 100)]
    assert "1 event does not count: 1 by Ben" in explained.sentences(NAMES.__getitem__)[-1]


def test_history_lists_every_op_in_canonical_order_counted_or_not(scene):
    scene.edit(ANA, lambda e: e.add("s", "x").inc("n"))
    bad = scene.edit(BEN, lambda e: e.add("s", "y"), sees=[ANA])
    scene.edit(CY, lambda e: e.remove("s", "x").inc("n", 5), sees=[BEN])
    scene.read(out=[bad])
    past = history(scene.view, scene.db, scene.source, "s")
    told = [(op.item.what, op.included, op.live) for op in past]
    assert told == [
        ('added "x"', True, False), ('added "y"', False, False), ("removed it", True, True),
    ]  # fmt: skip
    assert [op.item.value for op in history(scene.view, scene.db, scene.source, "n")] == [1, 5]


def test_live_ops_are_what_a_writer_goes_over(scene):
    scene.edit(ANA, lambda e: e.set("a", 1))
    scene.edit(BEN, lambda e: e.set("a", 2))
    scene.read()
    seen = live_ops(scene.view, scene.db, "a", "register")
    assert sorted(op.value for op in seen) == [1, 2]
    assert seen[-1].value == scene.value("a")
    assert live_ops(scene.view, scene.db, "a", "flag") == []


def test_the_hash_is_of_name_reducer_version_and_state_alone(scene):
    id = scene.edit(ANA, lambda e: e.set("a", 1.5))
    scene.read()
    assert scene.view.state(scene.db) == [[["a"], "register", [[1, [1.5], Link(id), 0]]]]
    before = state_hash(scene.view, scene.db)
    scene.edit(BEN, lambda e: e.set("a", 1.5))
    assert state_hash(scene.view, scene.db) == before
    assert state_hash(scene.read().view, scene.db) != before
