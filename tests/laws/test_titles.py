"""Titles where people sell twice, in one history and in two: against the definitions."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import oracle
from tests.laws.registry import CASES, Site
from tests.laws.world import AUTHORS, MemorySource, World

from tallystick.kernels import encode_item
from tallystick.state.titles import create_frame, transfer_frame
from tallystick.state.view import state_hash

CASE = CASES["title"]
sales = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 2), st.booleans(), st.booleans()),
    min_size=2,
    max_size=9,
)
"""(which op is passed on, to whom, whether it goes over the newest, whether history is rewound)"""


def build(script) -> tuple[World, bytes]:
    """One thing whose owners pass it on again and again, from whatever op names them."""
    world = World()
    title = world.write(AUTHORS[0], "title/create", create_frame("tool"), b"")
    held = {title: AUTHORS[0]}
    for pick, whom, newest, rewound in script:
        over = list(held)[-1 - pick % min(2, len(held)) if newest else pick % len(held)]
        seller = held[over]
        mind = world.minds[seller]
        mind.seen |= {over, *world.past[over]}
        last = mind.last
        if rewound and last is not None and over != last and last not in world.past[over]:
            before = world.events[last].prev
            mind.seen -= {id for id in mind.seen if last in world.past[id] | {id}}
            mind.seen |= {over, *world.past[over]}
            mind.last = before
        frame = transfer_frame(title, over, AUTHORS[whom])
        held[world.write(seller, "title/transfer", frame, b"")] = AUTHORS[whom]
    return world, title


@given(
    script=sales, out=st.lists(st.integers(0, 9), max_size=3),
    ranks=st.tuples(*[st.lists(st.integers(0, 5), max_size=9)] * 2),
)  # fmt: skip
@settings(max_examples=300)
def test_who_holds_what_was_sold_twice_is_what_the_definitions_say(script, out, ranks):
    world, _ = build(script)
    assert not oracle.title_ops(world)[1]
    ids = sorted(world.events)
    included = {id for n, id in enumerate(ids) if n not in out}
    hashes = set()
    for rank in ranks:
        site = Site(CASE, MemorySource(world, world.order(rank)))
        site.source.end = site.source.first + len(site.source.order)
        site.judge(set(ids))
        site.catch_up()
        site.judge(included)
        site.catch_up()
        expected = oracle.titles(world, included, {})
        assert encode_item(site.state()) == encode_item(expected)
        hashes.add(state_hash(site.view, site.db))
    assert len(hashes) == 1
