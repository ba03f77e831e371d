"""Marks against a plain set, and what a question about the end of a line may cost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tallystick.policy.marks import Marks

STEPS = st.lists(
    st.tuples(
        st.booleans(), st.integers(0, 2), st.integers(0, 9), st.binary(min_size=1, max_size=1)
    )
)


@given(STEPS, st.integers(0, 10), st.integers(0, 10))
def test_marks_are_a_sorted_set_of_events_per_line(steps, begin, end):
    marks, plain = Marks(), set()
    for adding, line, seq, id in steps:
        (marks.add if adding else marks.discard)(line, seq, id)
        (plain.add if adding else plain.discard)((line, seq, id))
    for line in range(3):
        of_line = sorted((seq, id) for at, seq, id in plain if at == line)
        assert marks.on(line) == [id for _, id in of_line]
        assert marks.between(line, begin, end) == [i for s, i in of_line if begin <= s < end]
        for seq in range(10):
            assert marks.holds(line, seq, b"a") == ((line, seq, b"a") in plain)
    assert bool(marks) == bool(plain)
    assert sorted(marks) == sorted(id for _, _, id in plain)


class Counted(list):
    """A list that counts how often it is looked into."""

    looks = 0

    def __getitem__(self, at):
        Counted.looks += 1
        return super().__getitem__(at)

    def __iter__(self):
        Counted.looks += len(self)
        return super().__iter__()


def test_what_is_marked_elsewhere_on_a_line_costs_nothing():
    marks = Marks()
    for seq in range(10_000):
        marks.add(1, seq, b"x")
    marks._lines[1] = Counted(marks._lines[1])
    assert marks.between(1, 20_000, 20_001) == []
    assert len(marks.between(1, 5_000, 5_003)) == 3
    assert Counted.looks < 100
