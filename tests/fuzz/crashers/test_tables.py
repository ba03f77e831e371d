"""Files of rows that raised what is no code, or kept a processor busy for half a minute."""

from __future__ import annotations

import pytest

from tallystick.demo.git import read_commits
from tallystick.demo.otc import read_ratings
from tallystick.errors import BadInput

ENDLESS = '"' + "a" * 200_000 + '",2,3,4\n'


def refused(tmp_path, read, text):
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="ascii")
    with pytest.raises(BadInput) as found:
        read(path)
    assert found.value.code == "usage/argument"
    return str(found.value.where)


@pytest.mark.parametrize("time", ["1e999999999", "1e999990", "-1e999990", "NaN", "sNaN", "1e17"])
def test_a_time_that_no_clock_shows_is_refused_before_it_is_a_number(tmp_path, time):
    assert refused(tmp_path, read_ratings, f"1,2,3,4\n1,2,3,{time}\n") == "line 2"


@pytest.mark.parametrize("read", [read_ratings, read_commits])
def test_a_cell_without_end_is_refused_with_its_line(tmp_path, read):
    first = "1,2,3,4\n" if read is read_ratings else "0,,3,4\n"
    assert refused(tmp_path, read, first + ENDLESS) == "line 2"


def test_a_time_is_read_to_the_millisecond(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("6,2,4,1289241911.72836\n", encoding="ascii")
    assert [rating.time_ms for rating in read_ratings(path)] == [1289241911728]
