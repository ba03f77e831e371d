"""Walks of the graph against plain closures over parent lists."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.world import World, key, put

from tallystick.graph import (
    Heads,
    MemoryGraph,
    causal_runs,
    first_wrong_lamport,
    has_ancestor,
    is_ancestor,
    join_pasts,
    maximal,
    meet_pasts,
    past,
    retreat,
)
from tallystick.graph.vector import covers
from tallystick.store import Store


@st.composite
def graphs(draw) -> MemoryGraph:
    """Random chains with deps among them; now and then an author splits."""
    graph = MemoryGraph()
    graph.append(graph.add_line())
    lines = [0, graph.add_line(), graph.add_line()]
    for _ in range(draw(st.integers(0, 30))):
        own = draw(st.sampled_from(lines))
        if draw(st.integers(0, 9)) == 0:
            rows = [row for row in range(len(graph)) if graph.line(row) == own]
            if rows:
                own = graph.add_line(draw(st.sampled_from(rows)))
                lines.append(own)
        deps = draw(st.lists(st.integers(0, len(graph) - 1), max_size=3, unique=True))
        graph.append(own, deps)
    return graph


def closures(graph: MemoryGraph) -> list[set[int]]:
    """Each event's past, itself included."""
    found: list[set[int]] = []
    for row in range(len(graph)):
        found.append({row}.union(*(found[parent] for parent in graph.parents(row))))
    return found


@settings(max_examples=150)
@given(graph=graphs())
def test_ancestry_is_membership_in_the_closure(graph):
    truth = closures(graph)
    for x in range(len(graph)):
        for y in range(len(graph)):
            assert is_ancestor(graph, x, y) == (x in truth[y]), (x, y)


@settings(max_examples=150)
@given(graph=graphs(), data=st.data())
def test_one_of_several_is_in_the_past_when_any_is(graph, data):
    truth = closures(graph)
    rows = st.integers(0, len(graph) - 1)
    xs = data.draw(st.lists(rows, max_size=4))
    for y in range(len(graph)):
        assert has_ancestor(graph, xs, y) == (not truth[y].isdisjoint(xs)), (xs, y)


@settings(max_examples=150)
@given(graph=graphs(), data=st.data())
def test_maximal_events_are_in_no_others_past(graph, data):
    truth = closures(graph)
    rows = data.draw(st.sets(st.integers(0, len(graph) - 1)))
    assert maximal(graph, rows) == {
        row for row in rows if not any(row in truth[other] for other in rows - {row})
    }


def expand(graph: MemoryGraph, counts: dict[int, int]) -> set[int]:
    """The events a past counts; a side's base is counted by its own entry."""
    return {row for row in range(len(graph)) if graph.seq(row) < counts.get(graph.line(row), 0)}


@settings(max_examples=150)
@given(graph=graphs(), data=st.data())
def test_pasts_join_and_meet_as_sets(graph, data):
    truth = closures(graph)
    some = st.sets(st.integers(0, len(graph) - 1), max_size=4)
    a, b = data.draw(some), data.draw(some)
    sets = [set().union(*(truth[row] for row in rows)) for rows in (a, b)]
    counts = [past(graph, rows) for rows in (a, b)]
    assert [expand(graph, x) for x in counts] == sets
    assert expand(graph, join_pasts(*counts)) == sets[0] | sets[1]
    assert expand(graph, meet_pasts(*counts)) == sets[0] & sets[1]
    assert covers(*counts) == (sets[0] >= sets[1])


@settings(max_examples=150)
@given(graph=graphs(), data=st.data())
def test_heads_are_the_maximal_events_that_count(graph, data):
    truth = closures(graph)

    def wanted(counting: set[int]) -> set[int]:
        return {r for r in counting if not any(r in truth[o] for o in counting - {r})}

    heads = Heads()
    for row in range(len(graph)):
        heads.add(row, graph.parents(row))
    everything = set(range(len(graph)))
    assert set(heads) == wanted(everything)
    before = everything
    for _ in range(3):
        out = data.draw(st.sets(st.integers(0, len(graph) - 1)))
        counting = everything - out
        heads.settle(graph, counting.__contains__, more=counting - before)
        assert set(heads) == wanted(counting)
        before = counting
    again = Heads.from_bytes(bytes(heads))
    assert list(again) == list(heads)
    assert retreat(graph, heads, lambda _: False) == set()


@settings(max_examples=100)
@given(graph=graphs(), data=st.data())
def test_a_lamport_is_right_only_as_one_more_than_the_parents(graph, data):
    line = graph.line(data.draw(st.integers(0, len(graph) - 1)))
    rows = [row for row in range(len(graph)) if graph.line(row) == line]
    before = max((graph.lamport(parent) for parent in graph.parents(rows[0])), default=-1)
    lamports = [graph.lamport(row) for row in rows]
    deps = [[graph.lamport(parent) for parent in graph.parents(row)] for row in rows]
    assert first_wrong_lamport(lamports, before, deps) is None
    at = data.draw(st.integers(0, len(rows) - 1))
    lamports[at] += data.draw(st.sampled_from([-1, 1, 7]))
    assert first_wrong_lamport(lamports, before, deps) == at


@st.composite
def batches(draw):
    """Packs of several authors whose events name one another, cut and shuffled, some lost."""
    world = World()
    genesis = world.genesis(key(1))
    made = [genesis]
    seen = [genesis.id(0)]
    for _ in range(draw(st.integers(1, 10))):
        count = draw(st.integers(1, 5))
        deps = {}
        for at in range(count):
            if draw(st.booleans()):
                deps[at] = list(set(draw(st.lists(st.sampled_from(seen), max_size=2))))
        pack = world.pack(key(draw(st.integers(1, 4))), count, deps=deps)
        seen += [pack.id(at) for at in range(count)]
        made.append(pack)
    lost = draw(st.sets(st.integers(0, len(made) - 1), max_size=2))
    stored = draw(st.integers(0, 3))
    return made, lost, stored, draw(st.permutations(range(len(made))))


@settings(max_examples=150)
@given(batch=batches())
def test_causal_runs_store_all_that_can_be_stored_parents_first(batch):
    made, lost, stored, order = batch
    known = {pack.id(at) for pack in made[:stored] for at in range(pack.count)}
    packs = [made[at] for at in order if at >= stored and at not in lost]
    runs, missing = causal_runs(packs, known=known.__contains__)

    @cache
    def parents(number: int, row: int) -> tuple[bytes, ...]:
        pack = packs[number]
        cut = memoryview(pack.dep_offsets).cast("I")
        named = [pack.deps[32 * at : 32 * at + 32] for at in range(cut[row], cut[row + 1])]
        if row:
            return (*named, pack.id(row - 1))
        if pack.seq:
            return (*named, pack.prev)
        return tuple(named) if pack.id(0) == pack.log else (*named, pack.log)

    here = set(known)
    for number, begin, end in runs:
        assert begin < end
        for row in range(begin, end):
            assert here.issuperset(parents(number, row))
            assert packs[number].id(row) not in here
            here.add(packs[number].id(row))
    assert all(a.pack != b.pack for a, b in pairwise(runs)), "a run cut in two"
    stopped = {number: (row, id) for number, row, id in missing}
    for number, pack in enumerate(packs):
        at = next((row for row in range(pack.count) if pack.id(row) not in here), pack.count)
        if at == pack.count:
            assert number not in stopped
        else:
            assert stopped[number][0] == at
            assert stopped[number][1] in set(parents(number, at)) - here


@settings(max_examples=40)
@given(batch=batches())
def test_the_stored_graph_walks_as_the_one_in_memory(batch):
    made = batch[0]
    graph = MemoryGraph()
    lines: dict[bytes, int] = {}
    rows: dict[bytes, int] = {}
    with Store.memory() as store:
        for pack in made:
            put(store, pack)
            line = lines.get(pack.author)
            if line is None:
                line = lines[pack.author] = graph.add_line()
            cut = memoryview(pack.dep_offsets).cast("I")
            for at in range(pack.count):
                named = [pack.deps[32 * x : 32 * x + 32] for x in range(cut[at], cut[at + 1])]
                rows[pack.id(at)] = graph.append(line, [rows[id] for id in named])
        walked = store.graph()
        for x in range(len(graph)):
            assert set(walked.parents(x + 1)) == {parent + 1 for parent in graph.parents(x)}
            for y in range(len(graph)):
                assert is_ancestor(walked, x + 1, y + 1) == is_ancestor(graph, x, y)
        some = range(0, len(graph), 3)
        assert maximal(walked, [x + 1 for x in some]) == {x + 1 for x in maximal(graph, some)}
