"""Drawings of the graph: every link once, whatever the shape."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.graph.layout import Node, as_dot, as_svg, as_text, layout

DRAWING = """\
*  g
|-.
* |  f
|-|-.
| * |  e
| |-'
| *  d
* |  c
|-'
*  b
*  a
""".splitlines()


def test_a_drawing_is_as_in_the_books():
    nodes = [
        Node("g", ("f", "e"), "g"),
        Node("f", ("c", "d"), "f"),
        Node("e", ("d",), "e"),
        Node("d", ("b",), "d"),
        Node("c", ("b",), "c"),
        Node("b", ("a",), "b"),
        Node("a", (), "a"),
    ]
    assert [line.rstrip() for line in as_text(layout(nodes))] == DRAWING


@st.composite
def histories(draw) -> list[Node]:
    count = draw(st.integers(0, 14))
    nodes = []
    for at in range(count):
        older = range(at + 1, count)
        parents = draw(st.lists(st.sampled_from(older), max_size=3, unique=True)) if older else []
        nodes.append(Node(str(at), tuple(map(str, parents)), f"event {at} <&>"))
    return nodes


@settings(max_examples=100)
@given(nodes=histories())
def test_every_link_is_drawn_once_and_ends_at_its_parent(nodes):
    waits: dict[int, str] = {}
    drawn: set[tuple[str, str]] = set()
    for placed in layout(nodes):
        node = placed.node
        assert set(placed.closing) == {x for x, key in waits.items() if key == node.key} - {
            placed.lane
        }
        for lane in (*placed.closing, placed.lane):
            assert waits.pop(lane, node.key) == node.key, "a lane that ends at another event"
        assert set(placed.live) == set(waits), "a lane that appears or ends nowhere"
        assert placed.ends == (not node.parents)
        for at, parent in enumerate(node.parents):
            lane, new = (placed.lane, True) if at == 0 else placed.opening[at - 1]
            assert (lane in waits) != new, "one lane for two links"
            assert waits.setdefault(lane, parent) == parent
            drawn.add((node.key, parent))
    assert waits == {}
    assert drawn == {(node.key, parent) for node in nodes for parent in node.parents}


@settings(max_examples=50)
@given(nodes=histories())
def test_text_dot_and_svg_have_every_event_and_link(nodes):
    links = sum(len(node.parents) for node in nodes)
    text = as_text(layout(nodes))
    assert [line.split("  event ")[1] for line in text if "event" in line] == [
        f"{node.key} <&>" for node in nodes
    ]
    assert as_dot(nodes).count(" -> ") == links
    root = ET.fromstring(as_svg(layout(nodes)))
    assert sum(1 for x in root.iter() if x.tag.endswith("path")) == links
    assert sum(1 for x in root.iter() if x.tag.endswith("circle")) == len(nodes)


def test_parents_outside_the_drawing_are_left_out():
    nodes = [Node('a"b', ("elsewhere",), "x\ny")]
    assert as_text(layout(nodes)) == ["*  x\ny"]
    assert as_dot(nodes) == (
        'digraph log {\n  node [shape=box, fontname="monospace"];\n  "a\\"b" [label="x\\ny"];\n}\n'
    )
