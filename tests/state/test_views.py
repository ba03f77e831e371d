"""Views in a store: positions, definitions, names, failures, checkpoints, explanations."""

from __future__ import annotations

import pytest
from tests.laws.world import AUTHORS, RATING, MemorySource, World
from tests.state.test_places import NAMES, Judged

from tallystick.errors import BadInput, NotFound, UsageError
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.kernels import encode_item, read_fields
from tallystick.state import views_fold
from tallystick.state.source import CONTENT, ChangeRange
from tallystick.state.types.counter import pack_sum
from tallystick.state.view import state_hash
from tallystick.state.views import Views, evaluate
from tallystick.state.views_fold import fold, kept
from tallystick.state.views_places import PlacesView
from tallystick.state.views_places_read import value
from tallystick.state.views_sum import GroupSum
from tallystick.store.adapter import Adapter

ANA, BEN, CY = AUTHORS


def rating(world, who, target, stars):
    return world.write(who, RATING, b"", encode_item({"target": target, "rating": stars}))


def feed_of(*changes):
    """A feed from (row, count, weight, cause)."""
    pos, feed = 0, []
    for row, count, weight, cause in changes:
        feed.append(ChangeRange(pos, row, count, weight, cause))
        pos += count
    return feed


def reader(feed):
    return lambda pos, limit: [c for c in feed if c.pos + c.count > pos][: limit and 2]


@pytest.fixture
def world():
    world = World()
    rating(world, ANA, "x", 5)
    rating(world, BEN, "x", -2)
    rating(world, BEN, "y", 1)
    rating(world, CY, "x", 9)
    return world


@pytest.fixture
def source(world):
    return MemorySource(world, list(world.events))


@pytest.fixture
def db():
    db = Adapter(None, create=True)
    yield db
    db.close()


def reputation():
    return GroupSum("reputation", kind=RATING)


@fold(kinds="review/*", key=lambda event: event.content["target"])
def stars(state, event):
    """Sum, and who spoke last: order matters."""
    target = event.content["target"]
    total, _ = state.get(target, [0, ""])
    state[target] = [total + event.content["rating"], event.author]


ALL = feed_of((1, 4, 1, "arrived"))


def test_a_view_takes_in_every_change_once_whatever_the_feed_hands_out(db, source):
    views = Views(db)
    view = views.attach(reputation())
    feed = feed_of((1, 2, 1, "arrived"), (3, 2, 1, "arrived"), (4, 1, -1, "statement"))
    assert views.catch_up(reader(feed[:1]), source) == 2
    assert views.catch_up(lambda pos, _: feed if pos < 5 else [], source) == 3
    assert views.catch_up(reader(feed), source) == 0
    assert view.totals(db) == {"x": 3, "y": 1}
    assert views.pos("reputation") == 5


def test_views_at_different_positions_end_at_the_same(db, source):
    views = Views(db)
    views.attach(reputation())
    feed = feed_of((1, 1, 1, "arrived"), (2, 3, 1, "arrived"))
    views.catch_up(reader(feed[:1]), source)
    other = views.attach(GroupSum("stars", kind=RATING))
    views.catch_up(reader(feed), source)
    assert {row.pos for row in views.list()} == {4}
    assert other.totals(db) == views.get("reputation").totals(db) == {"x": 12, "y": 1}


def test_another_definition_is_another_view_and_the_same_one_is_kept(db, source):
    views = Views(db)
    views.attach(reputation())
    views.catch_up(reader(ALL), source)
    again = Views(db)
    again.attach(reputation())
    assert again.pos("reputation") == 4
    changed = again.attach(GroupSum("reputation", kind=RATING, key=None))
    assert again.pos("reputation") == 0
    again.catch_up(reader(ALL), source)
    assert changed.totals(db) == {"": 13}


def test_declared_views_are_known_again_from_the_store_alone(db, source):
    views = Views(db)
    views.attach(PlacesView())
    views.attach(reputation())
    views.attach(stars)
    views.catch_up(reader(ALL), source)
    again = Views(db)
    assert {view.name for view in again.attach_stored()} == {"places", "reputation"}
    assert again.read("reputation", source)["keys"]["x"] == [12, 3]
    assert [(row.name, row.attached) for row in again.list()] == [
        ("places", True), ("reputation", True), ("stars", False),
    ]  # fmt: skip
    with pytest.raises(NotFound) as caught:
        again.get("stars")
    assert caught.value.code == "state/view"
    again.detach("stars")
    names = {name for (name,) in db.rows("SELECT name FROM sqlite_master")}
    assert not [name for name in names if "stars" in name]


def test_a_fold_found_again_in_a_new_process_says_the_same(db, source):
    views = Views(db)
    views.attach(stars)
    views.catch_up(reader(ALL), source)
    before = state_hash(views.get("stars"), db)
    fresh = fold(kinds="review/*", name="stars")(stars.function)
    again = Views(db)
    assert again.is_current(fresh)
    again.adopt(fresh)
    assert again.read("stars", source)["x"] == [12, did_key(CY)]
    assert state_hash(fresh, db) == before


def test_the_tables_of_another_log_have_its_number(db, source):
    first, second = Views(db), Views(db, log=2)
    first.attach(reputation())
    second.attach(reputation())
    second.catch_up(reader(ALL), source)
    assert db.rows("SELECT COUNT(*) FROM reputation") == [(0,)]
    assert db.rows("SELECT total FROM reputation_2 WHERE key = 'x'") == [(12,)]


@pytest.mark.parametrize(
    "name", ["", "X", "1a", "event", "places", "state_x", "sqlite_x", "a-b", "a" * 41, "a;drop"]
)
def test_a_name_that_cannot_be_a_views_is_refused(name):
    with pytest.raises(BadInput) as caught:
        GroupSum(name, kind=RATING)
    assert caught.value.code == "state/view"


def test_a_table_that_is_there_already_is_not_touched(db):
    db.execute("CREATE TABLE mine (x)")
    with pytest.raises(UsageError) as caught:
        Views(db).attach(GroupSum("mine", kind=RATING))
    assert caught.value.code == "state/view"
    assert db.rows("SELECT * FROM mine") == []


def test_rebuilding_gives_the_same_state_and_tells_how_far_it_is(db, source):
    views, told = Views(db), []
    view = views.attach(reputation())
    views.catch_up(reader(ALL), source)
    before = state_hash(view, db)
    db.execute("UPDATE reputation SET total = 99")
    assert state_hash(view, db) != before
    views.rebuild("reputation", reader(ALL), source, progress=lambda *step: told.append(step))
    assert state_hash(view, db) == before
    assert told[-1][0] == 4


# --- folds --------------------------------------------------------------------------------------


@fold(kinds="*")
def fragile(state, event):
    """Fails on what it does not expect."""
    state["sum"] = state.get("sum", 0) + event.content["rating"]


def test_a_fold_that_fails_keeps_no_other_view_from_going_on(db, world):
    bad = world.write(CY, RATING, b"", encode_item({"stars": 3}))
    source = MemorySource(world, list(world.events))
    views = Views(db)
    views.attach(fragile)
    other = views.attach(reputation())
    feed = feed_of((1, 4, 1, "arrived"), (5, 1, 1, "arrived"))
    views.catch_up(reader(feed[:1]), source)
    views.catch_up(reader(feed), source)
    assert other.totals(db) == {"x": 12, "y": 1}
    assert (views.pos("fragile"), views.pos("reputation")) == (4, 5)
    with pytest.raises(UsageError) as caught:
        views.read("fragile", source)
    assert caught.value.code == "state/fold"
    assert caught.value.where == cid_text(bad)
    assert "KeyError" in str(caught.value)
    feed = [*feed, ChangeRange(5, 5, 1, -1, "statement")]
    views.catch_up(reader(feed), source)
    assert views.read("fragile", source) == {"sum": 13}


@pytest.mark.parametrize(
    "bad", [(1, 2), {1: 2}, {"a": {1, 2}}, object(), 2**63, float("nan"), [None, (1,)]]
)
def test_a_state_that_is_not_plain_data_is_refused(db, source, bad):
    careless = fold(kinds=RATING, name="careless")(lambda _state, _event: bad)
    views = Views(db)
    views.attach(careless)
    views.catch_up(reader(ALL), source)
    with pytest.raises(UsageError) as caught:
        views.read("careless", source)
    assert caught.value.code == "state/fold"


def test_a_state_that_was_handed_out_can_be_changed_without_harm(db, source):
    views = Views(db)
    views.attach(stars)
    views.catch_up(reader(ALL), source)
    views.read("stars", source)["x"].append("scribble")
    assert views.read("stars", source)["x"] == [12, did_key(CY)]


def test_a_late_event_is_replayed_from_the_nearest_checkpoint(monkeypatch, db):
    monkeypatch.setattr(views_fold, "STEP", 10)
    world = World()
    for n in range(205):
        rating(world, ANA, "x", n)
    late = rating(world, BEN, "x", 1000)
    steps = []
    order = fold(kinds="review/*", name="order")(
        lambda state, event: steps.append(event.seq) or [*state[-3:], event.content["rating"]]
    )
    order.initial = list
    source = MemorySource(world, list(world.events))
    views = Views(db)
    views.attach(order)
    views.catch_up(reader(feed_of((1, 205, 1, "arrived"))), source)
    assert len(steps) == 205
    assert world.events[late].lamport == 1, "it comes second at the latest"
    points = [n for (n,) in db.rows("SELECT n FROM state_checkpoint_order")]
    assert points[-1] == 200
    assert len(points) < 14
    steps.clear()
    views.catch_up(reader(feed_of((1, 205, 1, "a"), (200, 1, -1, "b"))), source)
    assert len(steps) <= 24, "row 200 is near the end"
    steps.clear()
    feed = feed_of((1, 205, 1, "a"), (200, 1, -1, "b"), (206, 1, 1, "c"))
    views.catch_up(reader(feed), source)
    assert len(steps) == 205
    assert views.read("order", source) == [201, 202, 203, 204]


def test_checkpoints_get_sparser_and_none_is_wanted_back():
    for last in range(300):
        points = {at for at in range(1, last + 1) if kept(at, last)}
        assert last == 0 or last in points
        before = {at for at in range(1, last) if kept(at, last - 1)}
        assert points <= before | {last}
        assert len(points) <= 4 * max(1, last.bit_length())
        for back in range(1, last):
            nearest = max((at for at in points if at <= last - back), default=0)
            assert last - nearest <= 2 * back + 2


def test_the_table_of_a_large_fold_lags_until_somebody_asks(monkeypatch, db, world):
    monkeypatch.setattr(views_fold, "ROWS_SHOWN_SOON", 2)
    wide = fold(kinds=RATING, name="wide")(
        lambda state, event: state.update({f"{event.id}{n}": event.seq for n in range(40)})
    )
    source = MemorySource(world, list(world.events))
    views = Views(db)
    views.attach(wide)
    views.catch_up(reader(ALL), source)
    assert db.rows("SELECT COUNT(*) FROM wide") == [(0,)]
    views.settle(source)
    assert db.rows("SELECT COUNT(*) FROM wide") == [(160,)]


# --- why ----------------------------------------------------------------------------------------


def judge(world, out):
    def verdict(id):
        if id not in out:
            return Judged(included=True)
        return Judged(False, f"Ana banned {NAMES[world.events[id].author]}")

    return verdict


def test_why_of_a_sum_names_what_counts_and_what_does_not(db, world, source):
    views = Views(db)
    view = views.attach(reputation())
    feed = feed_of((1, 4, 1, "arrived"), (4, 1, -1, "statement"))
    views.catch_up(reader(feed), source)
    out = {list(world.events)[3]}
    explained = view.why(db, source, "x", judge(world, out))
    assert explained.value == sum(item.value for item in explained.live) == 3
    assert [item.value for item in explained.excluded] == [9]
    gave = {ANA: "Ana gave 5", BEN: "Ben gave -2"}
    told = ", ".join(gave[author] for author in sorted(gave))
    assert explained.sentences(NAMES.__getitem__) == [
        f"reputation of x is 3 because {told}",
        "1 event does not count: 1 by Cy (because Ana banned Cy)",
    ]


def test_an_event_that_never_counted_is_named_too(db, world, source):
    views = Views(db)
    view = views.attach(reputation())
    views.catch_up(reader(feed_of((1, 3, 1, "arrived"))), source)
    explained = view.why(db, source, "x", judge(world, {list(world.events)[3]}))
    assert [item.value for item in explained.excluded] == [9]


def test_an_event_that_came_later_and_never_counted_is_named_too(db, world, source):
    """The newest events of somebody banned were no change of any view: they are looked for."""
    views = Views(db)
    view = views.attach(reputation())
    source.end -= 1
    views.catch_up(reader(feed_of((1, 3, 1, "arrived"))), source)
    source.end += 1
    explained = view.why(db, source, "x", judge(world, {list(world.events)[3]}))
    assert sorted(item.value for item in explained.live) == [-2, 5]
    assert [item.value for item in explained.excluded] == [9]


def test_who_counts_again_is_not_decoded_again(db, world, source, monkeypatch):
    """What an event came to was kept when it was first read."""
    views = Views(db)
    view = views.attach(reputation())
    feed = feed_of((1, 4, 1, "arrived"), (2, 2, -1, "statement"))
    views.catch_up(reader(feed), source)
    decoded: list[bytes] = []

    def read(contents, names, *, floats):
        decoded.extend(contents)
        return read_fields(contents, names, floats=floats)

    monkeypatch.setattr("tallystick.state.views_sum.read_fields", read)
    feed = feed_of((1, 4, 1, "arrived"), (2, 2, -1, "statement"), (2, 2, 1, "statement"))
    views.catch_up(reader(feed), source)
    assert decoded == []
    assert view.totals(db) == {"x": 12, "y": 1}


@pytest.mark.parametrize("many", [False, True], ids=["a few rows", "a long range"])
def test_what_went_or_came_while_it_did_not_count_is_seen_when_it_counts_again(db, many):
    """One content is erased in the meantime, another comes; the rest is as it was."""
    world = World()
    count = 100 if many else 4
    for n in range(count):
        rating(world, BEN, "x", n)
    events = list(world.events)
    source = MemorySource(world, events)
    source.absent = {events[0]: False}
    views = Views(db)
    view = views.attach(reputation())
    changes = [(1, count, weight, "statement") for weight in (1, -1, 1)]
    views.catch_up(reader(feed_of(*changes[:1])), source)
    views.catch_up(reader(feed_of(*changes[:2])), source)
    source.absent = {events[1]: True}
    views.catch_up(reader(feed_of(*changes)), source)
    assert view.state(db) == {
        "keys": {"x": [pack_sum(sum(range(count)) - 1), count - 1]},
        "missing": 0,
        "erased": 1,
        "bad": 0,
    }


def test_a_sum_reads_every_event_once_however_many_batches_the_feed_has(db, world, source):
    """What a later batch will bring is left to it."""
    read: list[int] = []

    class Counting(MemorySource):
        def bodies(self, ranges, *, kind):
            for found in super().bodies(ranges, kind=kind):
                read.append(found[0])
                yield found

    counting = Counting(world, list(world.events))
    feed = feed_of(*((row, 1, 1, "arrived") for row in range(1, 5)))
    views = Views(db)
    views.attach(reputation())
    views.catch_up(lambda pos, limit: [c for c in feed if c.pos >= pos][:1], counting)
    assert read == [1, 2, 3, 4]
    assert views.read("reputation", counting)["keys"]["x"][1] == 3


def test_why_of_a_fold_needs_a_key_and_uses_it(db, world, source):
    views = Views(db)
    views.attach(stars)
    views.catch_up(reader(feed_of((1, 3, 1, "arrived"))), source)
    out = {list(world.events)[3]}
    explained = stars.why(source, "x", 3, judge(world, out))
    assert (len(explained.live), len(explained.excluded)) == (2, 1)
    said = explained.sentences(NAMES.__getitem__)[0]
    assert said.startswith("stars of x is 3 because ")
    assert 'Ana wrote review/stars {"rating": 5, "target": "x"}' in said
    with pytest.raises(UsageError) as caught:
        fragile.why(source, "x", 3, judge(world, out))
    assert caught.value.code == "state/fold"


def test_a_sum_counts_contents_it_cannot_use(db, world):
    for content in (encode_item("text"), encode_item({"target": "x"}), b"", b"\xff"):
        world.write(ANA, RATING, b"", content)
    world.write(ANA, RATING, b"", encode_item({"target": "x", "rating": 1}))
    world.write(ANA, RATING, b"", encode_item({"target": "x", "rating": 1}))
    source = MemorySource(world, list(world.events))
    ids = list(world.events)
    source.absent = {ids[-1]: True, ids[-2]: False}
    view = reputation()
    scratch = evaluate(view, source, [(1, len(ids))])
    found = view.state(scratch)
    assert (found["bad"], found["missing"], found["erased"]) == (4, 1, 1)
    source.absent = {}
    changes = [ChangeRange(0, len(ids) - 1, 2, weight, CONTENT) for weight in (-1, 1)]
    view.apply(scratch, source, changes)
    assert view.state(scratch) == {
        "keys": {"x": [14, 5], "y": [1, 1]}, "missing": 0, "erased": 0, "bad": 4,
    }  # fmt: skip


def test_a_sum_beyond_64_bits_is_exact(db, world):
    for _ in range(4):
        rating(world, CY, "z", 2**63 - 1)
    source = MemorySource(world, list(world.events))
    view = reputation()
    scratch = evaluate(view, source, [(1, 8)])
    assert view.value(scratch, "z") == 4 * (2**63 - 1)
    view.apply(scratch, source, [ChangeRange(8, 5, 4, -1, "statement")])
    assert view.value(scratch, "z") is None


def test_counters_can_be_read_under_another_policy_without_touching_the_store(db, world):
    edit = world.edit(ANA).inc("n", 3)
    world.write_edit(ANA, edit)
    world.write_edit(BEN, world.edit(BEN).inc("n", 4))
    source = MemorySource(world, list(world.events))
    view = PlacesView()
    assert value(view, evaluate(view, source, [(5, 1)]), "n") == 3
    assert value(view, evaluate(view, source, [(5, 2)]), "n") == 7
    assert db.rows("SELECT name FROM sqlite_master") == []


# --- changes that do not concern a view -----------------------------------------------------------


def saved_pos(db):
    return db.rows("SELECT pos FROM view WHERE name = 'reputation'")[0][0]


def notes(world, count):
    return [world.write(ANA, "note/text", b"", b"") for _ in range(count)]


def test_a_change_of_another_kind_is_passed_over_and_the_next_that_matters_saves_it(db, world):
    notes(world, 3)
    rating(world, BEN, "x", 1)
    source, undone = MemorySource(world, list(world.events)), [0]
    views = Views(db, forgotten=lambda: undone[0])
    view = views.attach(reputation())
    views.catch_up(reader(ALL), source)
    passed = feed_of((1, 7, 1, "arrived"))
    assert views.catch_up(reader(passed), source) == 0
    assert (views.pos("reputation"), saved_pos(db)) == (7, 4)
    assert [row.pos for row in views.list()] == [7]
    assert views.catch_up(reader(feed_of((1, 8, 1, "arrived"))), source) == 1
    assert (views.pos("reputation"), saved_pos(db)) == (8, 8)
    assert view.totals(db) == {"x": 13, "y": 1}


def test_what_was_passed_over_is_forgotten_with_the_transaction_and_found_out_again(db, world):
    notes(world, 3)
    source, undone = MemorySource(world, list(world.events)), [0]
    views = Views(db, forgotten=lambda: undone[0])
    views.attach(reputation())
    views.catch_up(reader(ALL), source)
    feed = feed_of((1, 7, 1, "arrived"))
    views.catch_up(reader(feed), source)
    undone[0] += 1
    assert views.pos("reputation") == 4
    views.skim(reader(feed), source)
    assert (views.pos("reputation"), saved_pos(db)) == (7, 4)


def test_what_is_passed_over_before_it_is_saved_is_bounded(db, world, monkeypatch):
    monkeypatch.setattr("tallystick.state.views.PASSED_MAX", 5)
    notes(world, 20)
    source = MemorySource(world, list(world.events))
    views = Views(db, forgotten=lambda: 0)
    views.attach(reputation())
    for end in range(4, 25):
        views.catch_up(reader(feed_of((1, end, 1, "arrived"))), source)
        assert views.pos("reputation") == end
        assert end - saved_pos(db) <= 5


def test_a_caller_that_cannot_tell_what_was_undone_has_every_position_saved(db, world):
    notes(world, 3)
    source = MemorySource(world, list(world.events))
    views = Views(db)
    views.attach(reputation())
    views.catch_up(reader(feed_of((1, 4, 1, "arrived"))), source)
    views.catch_up(reader(feed_of((1, 7, 1, "arrived"))), source)
    assert saved_pos(db) == 7
