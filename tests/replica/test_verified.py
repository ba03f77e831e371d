"""What was derived is verified by doing it again."""

from __future__ import annotations

import pytest
from tests.model.replica_world import world

from tallystick.store.crc import COVERED


def problems(one) -> list[str]:
    return [problem["what"] for problem in one.verify().problems]


def test_a_view_that_is_not_what_its_events_add_up_to_is_named():
    (one,) = world(1)
    one.define_sum("sums", kind="rating/rate")
    one.write("rating/rate", {"target": one.did, "rating": 3})
    assert problems(one) == []
    assert one.view("sums")
    one._store.db.execute("UPDATE state_part_sums SET amount = amount + 1")
    one._store.db.execute("UPDATE sums SET total = 4")
    row = one._store.next_row - 1
    assert problems(one) == [
        "the view sums is not what its events add up to",
        f"the view sums: row {row} is kept otherwise than its event says",
    ]


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        ("UPDATE state_key_sums SET no = 99 WHERE no = 1", "otherwise than its event says"),
        ("UPDATE state_part_sums SET amount = 4", "otherwise than its event says"),
        ("DELETE FROM state_part_sums", "otherwise than its event says"),
        ("INSERT INTO state_part_sums VALUES (1, 1, 5)", "is no event of kind rating/rate"),
    ],
)
def test_what_a_sum_keeps_to_answer_why_is_held_against_its_events(harm, what):
    (one,) = world(1)
    one.define_sum("sums", kind="rating/rate")
    ids = [one.write("rating/rate", {"target": target, "rating": 3}) for target in "ab"]
    one.exclude(ids[1])
    assert problems(one) == []
    assert one.view("sums") == {"a": 3}
    one._store.db.execute(harm)
    found = problems(one)
    assert found
    assert all(problem.startswith("the view sums: row") for problem in found)
    assert any(what in problem for problem in found)


def test_a_feed_that_says_otherwise_than_the_policy_is_named():
    (one,) = world(1)
    one.write("note", "a")
    one.write("note", "b")
    row = one._store.next_row - 1
    with one._store.write():
        one._store.feed_append(1, [(row, 1)], weight=-1, cause="nobody")
    assert f"the feed says otherwise of row {row} than the policy" in problems(one)


def test_every_table_that_is_covered_has_a_checksum_of_all_its_other_columns():
    (one,) = world(1)
    for table, columns in COVERED.items():
        found = [name for _, name, *_ in one._store.db.rows(f"PRAGMA table_info({table})")]
        left = {"pos"} if table == "view" else set()
        assert set(found) == {*columns, "crc"} | left, table
