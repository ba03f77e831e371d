"""The laws that every type and every view keeps, on random graphs of people who disagree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.registry import CASES, Site
from tests.laws.world import MemorySource, build_world, phases, steps

from tallystick.event.jsonio import to_json
from tallystick.kernels import encode_item
from tallystick.state import views_fold, views_places, views_sum, views_titles
from tallystick.state.types.counter import pack_sum
from tallystick.state.view import state_hash
from tallystick.state.views import evaluate


@pytest.fixture(autouse=True, scope="module")
def _many_small_steps():
    """Checkpoints every 3 events and batches of 5 rows: borders everywhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views_fold, "STEP", 3)
        patch.setattr(views_places, "CHUNK_ROWS", 5)
        patch.setattr(views_sum, "CHUNK_ROWS", 5)
        patch.setattr(views_titles, "CHUNK_ROWS", 5)
        yield


ranks = st.lists(st.integers(0, 5), max_size=12)
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
some = settings(max_examples=60)


def site_of(case, world, rank=(), first_row=1):
    return Site(case, MemorySource(world, world.order(rank), first_row))


def packed(state):
    """The state as bytes; sums as formats hold them."""
    return encode_item(pack(state), floats=True)


def pack(item):
    if isinstance(item, list):
        return [pack(part) for part in item]
    if isinstance(item, dict):
        return {key: pack(part) for key, part in item.items()}
    return pack_sum(item) if type(item) is int else item


@every_case
@given(script=steps, rank=ranks, played=phases, lazy=st.booleans())
@some
def test_a_view_equals_the_naive_oracle_whatever_came_and_went(case, script, rank, played, lazy):
    site = site_of(case, build_world(script, case.write), rank)
    site.play(played, lazy=lazy)
    assert packed(site.state()) == packed(site.expected())


@every_case
@given(script=steps, ranks=st.tuples(ranks, ranks), played=st.tuples(phases, phases))
@some
def test_any_order_of_arrival_and_batching_gives_identical_bytes(case, script, ranks, played):
    world = build_world(script, case.write)
    sites = [site_of(case, world, ranks[0]), site_of(case, world, ranks[1], first_row=9)]
    for site, mine in zip(sites, played, strict=True):
        site.play([*mine, played[0][-1]])
    hashes = {state_hash(site.view, site.db) for site in sites}
    assert len(hashes) == 1
    assert sites[0].table() == sites[1].table()


@every_case
@given(script=steps, played=phases, who=st.integers(0, 3), together=st.booleans())
@some
def test_excluding_and_including_again_leaves_identical_bytes(case, script, played, who, together):
    world = build_world(script, case.write)
    site = site_of(case, world)
    site.play(played)
    before, table, included = packed(site.state()), site.table(), set(site.included)
    authors = sorted({event.author for event in world.events.values()})
    rest = {i for i in included if world.events[i].author != authors[who % len(authors)]}
    site.judge(rest)
    if not together:
        site.catch_up()
        assert packed(site.state()) == packed(site.expected())
    site.judge(included)
    site.catch_up()
    assert packed(site.state()) == before
    assert site.table() == table


@every_case
@given(script=steps, played=phases, bits=st.integers(0, 2**24))
@some
def test_taking_events_away_equals_never_having_had_them(case, script, played, bits):
    world = build_world(script, case.write)
    site = site_of(case, world)
    site.play(played)
    left = {i for n, i in enumerate(sorted(site.included)) if bits >> n & 1}
    site.judge(left)
    site.catch_up()
    rows = [(site.source.rows[id], 1) for id in sorted(left, key=site.source.rows.__getitem__)]
    view = case.view()
    scratch = evaluate(view, site.source, rows)
    assert packed(site.state()) == packed(view.state(scratch))


@every_case
@given(script=steps, played=phases, gone=st.lists(st.integers(0, 23), max_size=6), late=phases)
@some
def test_contents_that_come_or_go_change_only_how_values_read(case, script, played, gone, late):
    world = build_world(script, case.write)
    site = site_of(case, world)
    ids = sorted(world.events)
    absent = {ids[n]: bool(n % 2) for n in gone if n < len(ids)}
    site.set_absent(absent)
    site.play(played)
    assert packed(site.state()) == packed(site.expected())
    site.set_absent({id: erased for id, erased in absent.items() if erased})
    site.play(late)
    assert packed(site.state()) == packed(site.expected())
    site.set_absent({id: not erased for id, erased in absent.items()})
    site.catch_up()
    assert packed(site.state()) == packed(site.expected())


@every_case
@given(script=steps, played=phases, after=st.integers(0, 4))
@some
def test_a_crash_between_apply_and_commit_loses_and_repeats_nothing(case, script, played, after):
    world = build_world(script, case.write)
    site = site_of(case, world)
    site.play(played[:1])
    site.source.end = site.source.first + len(site.source.order)
    site.judge(site.wanted(played[-1]))
    kept, pos = packed(site.state()), site.views.pos(site.view.name)
    site.db.begin(write=True)
    site.catch_up()
    site.db.rollback()
    assert site.views.pos(site.view.name) == pos
    assert packed(site.state()) == kept
    if after % 2:
        site.view = site.views.attach(case.view())
    site.catch_up()
    assert packed(site.state()) == packed(site.expected())


@pytest.mark.parametrize("name", ["register", "flag", "set", "title"])
@given(script=steps, rank=ranks)
@some
def test_what_somebody_replaced_comes_back_when_they_are_excluded(name, script, rank):
    case = CASES[name]
    world = build_world(script, case.write)
    author = min({event.author for event in world.events.values()} or {b""})
    site = site_of(case, world, rank)
    site.source.end = site.source.first + len(site.source.order)
    others = {id for id, event in world.events.items() if event.author != author}
    site.judge(set(world.events))
    site.catch_up()
    site.judge(others)
    site.catch_up()
    never = site_of(case, world)
    never.source.end = never.source.first + len(never.source.order)
    never.judge(others)
    never.catch_up()
    assert packed(site.state()) == packed(never.state())
    assert site.table() == never.table()


@pytest.mark.parametrize("name", ["register", "flag", "set", "counter"])
@given(script=steps, played=phases)
@some
def test_the_table_for_people_says_what_the_state_says(name, script, played):
    site = site_of(CASES[name], build_world(script, CASES[name].write))
    site.play(played)
    shown = {}
    for place, type_, value, conflict, *_ in site.table():
        shown.setdefault((place, type_), []).append((value, conflict))
    wanted = {}
    for (segment,), type_, live in site.state():
        wanted[segment, type_] = sorted(rows_of(type_, live), key=repr)
    assert {key: sorted(rows, key=repr) for key, rows in shown.items()} == wanted


def rows_of(type_, live):
    if type_ == "counter":
        number = live if isinstance(live, int) else int.from_bytes(live, "big", signed=True)
        return [(str(number), 0)]
    if type_ == "set":
        return [(to_json(value), 0) for value in live[0]] + [(None, 0) for _ in live[1]]
    if type_ == "flag":
        verbs = {verb for verb, *_ in live}
        return [(to_json(2 in verbs), int(len(verbs) > 1))]
    distinct = {encode_item(value, floats=True) for _, value, *_ in live}
    return [(to_json(live[-1][1][0]), int(len(distinct) > 1))]


@given(script=steps, played=phases)
@some
def test_the_tables_of_sums_and_folds_say_what_the_states_say(script, played):
    for name in ("sum", "fold"):
        site = site_of(CASES[name], build_world(script, CASES[name].write))
        site.play(played)
        state = site.state()
        if name == "sum":
            wanted = [(key, total, count) for key, (total, count) in state["keys"].items()]
        else:
            wanted = [(key, to_json(value)) for key, value in state.items()]
        assert site.table() == sorted(wanted, key=repr)
